//! The scripted peer's language: the bytes that a server or a middlebox sends, drips, splits, cuts,
//! injects and mangles, as lines of text. `docs/scripts.md` describes it.

mod parse;
mod text;

use crate::pki::ServerIdentity;
use crate::scripted::Step;
use crate::tls::{TlsVersions, server_config};

/// One script: the peer's actions, and the outcome that the client must report.
#[derive(Clone, Debug)]
pub struct Script {
    /// The ids of the catalogue rows that it covers.
    pub ids: Vec<String>,
    /// The title, with the variant.
    pub title: String,
    /// Settings of the client: key and value.
    pub client: Vec<(String, String)>,
    /// The expected outcome, stage and status.
    pub expect: (String, String, String),
    /// The data that may have been released: nothing, secret, content.
    pub released: String,
    /// Texts that must be, or must not be, in the bytes that the peer received or the text that the client shows.
    pub texts: Vec<Text>,
    actions: Vec<Action>,
}

/// A text that is searched for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// `received`, `not-received`, `shown`, `not-shown`; `clear` is all that was received before TLS.
    pub place: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

#[derive(Clone, Debug)]
enum Action {
    Step(Step),
    /// A handshake with the identity of this name, in these versions.
    Tls(String, TlsVersions),
}

impl Script {
    /// Reads a file of scripts, each with all its variants.
    ///
    /// # Errors
    /// The first line that is not valid.
    pub fn parse_file(text: &str) -> Result<Vec<Self>, String> {
        parse::file(text)
    }

    /// A text of the language as bytes.
    ///
    /// # Errors
    /// An unknown escape.
    pub fn bytes(text: &str) -> Result<Vec<u8>, String> {
        text::unescape(text)
    }

    /// The steps, with identities by their names.
    ///
    /// # Errors
    /// An unknown name.
    pub fn steps(
        &self,
        identity: impl Fn(&str) -> Option<ServerIdentity>,
    ) -> Result<Vec<Step>, String> {
        let step = |action: &Action| match action {
            Action::Step(step) => Ok(step.clone()),
            Action::Tls(name, versions) => {
                let identity =
                    identity(name).ok_or_else(|| format!("no identity has the name {name:?}"))?;
                let config = server_config(&identity, *versions).map_err(|e| e.to_string())?;
                Ok(Step::StartTlsWith(config))
            }
        };
        self.actions.iter().map(step).collect()
    }

    /// The name of the identity in the first TLS handshake.
    #[must_use]
    pub fn first_identity(&self) -> Option<&str> {
        self.actions.iter().find_map(|action| match action {
            Action::Tls(name, _) => Some(name.as_str()),
            Action::Step(_) => None,
        })
    }
}

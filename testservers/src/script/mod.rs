//! The scripted peer's language: what a server or a middlebox says, when it drips, splits, cuts,
//! injects and mangles, as lines of text. `docs/scripts.md` describes it.

mod parse;
mod text;

use crate::pki::ServerIdentity;
use crate::scripted::Step;
use crate::tls::{TlsVersions, server_config};

/// One script: whom it plays, and what must come of it.
#[derive(Clone, Debug)]
pub struct Script {
    /// The catalogue's rows that it covers.
    pub ids: Vec<String>,
    /// What it is about, with its variant.
    pub title: String,
    /// Settings of the client: key and value.
    pub client: Vec<(String, String)>,
    /// What must come of it: outcome, stage, status.
    pub expect: (String, String, String),
    /// What may have been released: nothing, secret, content.
    pub released: String,
    /// Texts that must be, or must not be, in what the peer heard or the client shows.
    pub texts: Vec<Text>,
    actions: Vec<Action>,
}

/// A text that is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// `heard`, `unheard`, `shown`, `unshown`; `clear` is all that was heard before TLS.
    pub place: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

#[derive(Clone, Debug)]
enum Action {
    Step(Step),
    /// A handshake as somebody, in some versions.
    Tls(String, TlsVersions),
}

impl Script {
    /// Reads a file of scripts, each with all its variants.
    ///
    /// # Errors
    /// The first line that makes no sense.
    pub fn parse_file(text: &str) -> Result<Vec<Self>, String> {
        parse::file(text)
    }

    /// A text of the language as bytes.
    ///
    /// # Errors
    /// An escape that is none.
    pub fn bytes(text: &str) -> Result<Vec<u8>, String> {
        text::unescape(text)
    }

    /// The steps, with identities by their names.
    ///
    /// # Errors
    /// A name that nobody has.
    pub fn steps(
        &self,
        identity: impl Fn(&str) -> Option<ServerIdentity>,
    ) -> Result<Vec<Step>, String> {
        let step = |action: &Action| match action {
            Action::Step(step) => Ok(step.clone()),
            Action::Tls(name, versions) => {
                let identity = identity(name).ok_or_else(|| format!("nobody is {name:?}"))?;
                let config = server_config(&identity, *versions).map_err(|e| e.to_string())?;
                Ok(Step::StartTlsWith(config))
            }
        };
        self.actions.iter().map(step).collect()
    }

    /// As whom it shows itself in TLS, the first time that it does.
    #[must_use]
    pub fn shows(&self) -> Option<&str> {
        self.actions.iter().find_map(|action| match action {
            Action::Tls(name, _) => Some(name.as_str()),
            Action::Step(_) => None,
        })
    }
}

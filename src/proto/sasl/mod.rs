//! SASL mechanisms (RFC 4422) as pure steps over bytes: a challenge in, a response out.

mod login;
mod oauth;
mod plain;

use zeroize::Zeroizing;

pub use login::Login;
pub use oauth::{OAuthBearer, XOAuth2};
pub use plain::Plain;

/// The longest challenge taken, encoded (RFC 4954 section 4).
pub const MAX_CHALLENGE: usize = 12_288;

/// A response, and whether anything in it was computed from the secret.
pub struct Response {
    /// The octets before base64; wiped when dropped.
    pub octets: Zeroizing<Vec<u8>>,
    /// Whether writing it releases the secret.
    pub secret: bool,
}

/// The challenge does not fit the mechanism: give the exchange up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unfitting;

/// One exchange of one mechanism.
pub trait Mechanism {
    /// The initial response, for the mechanisms in which the client speaks first.
    fn initial(&mut self) -> Option<Response>;

    /// The answer to a challenge (decoded).
    ///
    /// # Errors
    /// When no challenge is due, or not this one.
    fn step(&mut self, challenge: &[u8]) -> Result<Response, Unfitting>;

    /// Whether a 235 may be believed now.
    fn complete(&self) -> bool;
}

/// The mechanisms, strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// RFC 7628, for a token.
    OAuthBearer,
    /// The older form of it, for a token.
    XOAuth2,
    /// RFC 4616, for a password.
    Plain,
    /// The older form of it, for a password.
    Login,
}

impl Kind {
    /// All, strongest first.
    pub const ALL: [Self; 4] = [Self::OAuthBearer, Self::XOAuth2, Self::Plain, Self::Login];

    /// The registered name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OAuthBearer => "OAUTHBEARER",
            Self::XOAuth2 => "XOAUTH2",
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
        }
    }

    /// The mechanism of a name, in any case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name().eq_ignore_ascii_case(name))
    }

    /// Whether the secret is a token, not a password.
    #[must_use]
    pub fn wants_token(self) -> bool {
        matches!(self, Self::OAuthBearer | Self::XOAuth2)
    }
}

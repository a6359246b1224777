//! SASL mechanisms (RFC 4422) as pure steps over bytes: a challenge in, a response out.
//!
//! ```
//! use secsmtp::sasl::{Mechanism, Plain, SaslError};
//!
//! let mut plain = Plain::new("alice", b"secret");
//! let response = plain.initial().expect("the client begins");
//! assert_eq!(&**response.bytes, b"\0alice\0secret");
//! assert!(response.secret && plain.complete());
//! // A server that asks on does not get the secret again.
//! assert_eq!(plain.step(b"").err(), Some(SaslError::UNEXPECTED_CHALLENGE));
//! ```

mod binding;
mod choice;
mod external;
mod kind;
mod login;
mod oauth;
mod plain;
mod prepare;
mod prepare_tables;
mod scram;
mod scram_message;
#[cfg(test)]
mod scram_vectors;

use zeroize::Zeroizing;

pub use binding::{Binding, BindingType, ChannelBinding, EXPORTER_LABEL, EXPORTER_LEN};
pub use choice::MechanismPolicy;
pub use external::External;
pub use kind::{CredentialKind, Hash, Kind};
pub use login::Login;
pub use oauth::{OAuthBearer, XOAuth2};
pub use plain::Plain;
pub use prepare::prepare;
pub use scram::{DEFAULT_MAX_ITERATIONS, Gs2, NONCE_LEN, Scram};
pub use scram_message::MIN_ITERATIONS;

/// The longest accepted challenge, encoded (RFC 4954 section 4).
pub const MAX_CHALLENGE: usize = 12_288;

/// A response, and a flag whether any of it was computed from the secret.
pub struct Response {
    /// The bytes before base64; wiped when dropped.
    pub bytes: Zeroizing<Vec<u8>>,
    /// True if writing it releases the secret.
    pub secret: bool,
}

/// The reason to abort an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaslError {
    /// The challenge is not valid; with the expected form.
    InvalidChallenge(&'static str),
    /// The challenge reports that the login was rejected.
    Refused,
    /// The server did not prove that it knows the password.
    ServerNotAuthenticated,
}

impl SaslError {
    /// No challenge is due, or none of this form.
    pub const UNEXPECTED_CHALLENGE: Self = Self::InvalidChallenge("a challenge of this mechanism");
}

/// One exchange of one mechanism.
pub trait Mechanism {
    /// The initial response, for the mechanisms in which the client sends first.
    fn initial(&mut self) -> Option<Response>;

    /// Returns the response to a challenge (decoded).
    ///
    /// # Errors
    /// When no challenge is due, or not this one.
    fn step(&mut self, challenge: &[u8]) -> Result<Response, SaslError>;

    /// Returns whether a 235 may be accepted now.
    fn complete(&self) -> bool;

    /// The type of channel binding whose data the completed exchange contained.
    fn bound(&self) -> Option<&'static str> {
        None
    }
}

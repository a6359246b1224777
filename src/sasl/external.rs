//! EXTERNAL (RFC 4422 appendix A): the server authenticates the client by its TLS certificate; the
//! only message contains the authorization identity, or is empty to derive it from the certificate.

use zeroize::Zeroizing;

use super::{Mechanism, Response, SaslError};

/// One exchange of EXTERNAL.
pub struct External {
    identity: String,
    sent: bool,
}

impl External {
    /// Makes an exchange for an authorization identity that `Credential` has checked; empty for the
    /// certificate's own.
    #[must_use]
    pub fn new(identity: &str) -> Self {
        Self {
            identity: identity.to_owned(),
            sent: false,
        }
    }
}

impl Mechanism for External {
    fn initial(&mut self) -> Option<Response> {
        self.sent = true;
        Some(Response {
            bytes: Zeroizing::new(self.identity.clone().into_bytes()),
            secret: false,
        })
    }

    fn step(&mut self, challenge: &[u8]) -> Result<Response, SaslError> {
        // Reached only when the initial response was left out: the server's empty challenge.
        if self.sent || !challenge.is_empty() {
            return Err(SaslError::UNEXPECTED_CHALLENGE);
        }
        self.initial().ok_or(SaslError::UNEXPECTED_CHALLENGE)
    }

    fn complete(&self) -> bool {
        self.sent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_rfc_4422_appendix_a() {
        for identity in ["", "fred@example.com"] {
            let mut external = External::new(identity);
            assert!(!external.complete());
            let said = external.initial().unwrap();
            assert_eq!(&**said.bytes, identity.as_bytes());
            assert!(!said.secret && external.complete());
        }
    }

    #[test]
    fn f05_a_challenge_is_answered_only_if_it_is_empty_and_the_first() {
        let mut external = External::new("u");
        assert!(external.step(b"x").is_err() && !external.complete());
        assert!(external.step(b"").is_ok() && external.complete());
        assert!(external.step(b"").is_err());
    }
}

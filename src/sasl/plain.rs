//! PLAIN (RFC 4616): one message, `NUL user NUL password`.

use zeroize::Zeroizing;

use super::{Mechanism, Response, SaslError};

/// One exchange of PLAIN.
pub struct Plain {
    message: Zeroizing<Vec<u8>>,
    sent: bool,
}

impl Plain {
    /// Makes an exchange for a user and password without NUL, which `Credential` has checked.
    #[must_use]
    pub fn new(user: &str, password: &[u8]) -> Self {
        let size = user.len().saturating_add(password.len()).saturating_add(2);
        let mut message = Zeroizing::new(Vec::with_capacity(size));
        message.push(0);
        message.extend_from_slice(user.as_bytes());
        message.push(0);
        message.extend_from_slice(password);
        Self {
            message,
            sent: false,
        }
    }
}

impl Mechanism for Plain {
    fn initial(&mut self) -> Option<Response> {
        self.sent = true;
        Some(Response {
            bytes: self.message.clone(),
            secret: true,
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
    fn the_example_of_rfc_4616() {
        let mut plain = Plain::new("tim", b"tanstaaftanstaaf");
        assert_eq!(&*plain.initial().unwrap().bytes, b"\0tim\0tanstaaftanstaaf");
        assert!(plain.complete());
    }

    #[test]
    fn f05_a_challenge_after_the_message_is_refused() {
        let mut plain = Plain::new("u", b"p");
        assert!(plain.step(b"x").is_err() && !plain.complete());
        assert!(plain.step(b"").is_ok());
        assert!(plain.step(b"").is_err());
    }
}

//! LOGIN, never standardised: two prompts with any text, user then password.

use zeroize::Zeroizing;

use super::{Mechanism, Response, SaslError};

/// One exchange of LOGIN.
pub struct Login {
    answers: [Zeroizing<Vec<u8>>; 2],
    given: usize,
}

impl Login {
    /// Makes an exchange for a user and password that `Credential` has checked.
    #[must_use]
    pub fn new(user: &str, password: &[u8]) -> Self {
        let answers = [user.as_bytes(), password].map(|text| Zeroizing::new(text.to_vec()));
        Self { answers, given: 0 }
    }
}

impl Mechanism for Login {
    fn initial(&mut self) -> Option<Response> {
        None
    }

    fn step(&mut self, _prompt: &[u8]) -> Result<Response, SaslError> {
        let bytes = self
            .answers
            .get(self.given)
            .ok_or(SaslError::UNEXPECTED_CHALLENGE)?
            .clone();
        let secret = self.given == 1;
        self.given = self.given.saturating_add(1);
        Ok(Response { bytes, secret })
    }

    fn complete(&self) -> bool {
        self.given == 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f04_two_prompts_whatever_their_words_and_no_third() {
        let mut login = Login::new("u", b"p");
        assert!(login.initial().is_none());
        let first = login.step(b"Password:").unwrap();
        assert_eq!(
            (&**first.bytes, first.secret, login.complete()),
            (&b"u"[..], false, false)
        );
        let second = login.step(b"Username:").unwrap();
        assert_eq!(
            (&**second.bytes, second.secret, login.complete()),
            (&b"p"[..], true, true)
        );
        assert!(login.step(b"Password:").is_err());
    }
}

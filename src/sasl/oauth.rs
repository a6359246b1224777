//! OAUTHBEARER (RFC 7628) and XOAUTH2: one message with the token; when the server rejects it, it
//! sends a challenge with the reason and expects one more message before its 535.

use zeroize::Zeroizing;

use super::{Mechanism, Response, SaslError};

/// One exchange of OAUTHBEARER.
pub struct OAuthBearer(State);

/// One exchange of XOAUTH2.
pub struct XOAuth2(State);

struct State {
    message: Zeroizing<Vec<u8>>,
    /// The response that ends the exchange after a rejection.
    farewell: &'static [u8],
    sent: usize,
}

impl OAuthBearer {
    /// Makes an exchange for a user, the token, and the server that it is for.
    #[must_use]
    pub fn new(user: &str, token: &[u8], host: &str, port: u16) -> Self {
        // RFC 7628 section 3.1, RFC 5801 section 4: comma and equals sign of the name are escaped.
        let name = user.replace('=', "=3D").replace(',', "=2C");
        let head = format!("n,a={name},\x01host={host}\x01port={port}\x01auth=Bearer ");
        Self(State::new(&head, token, b"\x01"))
    }
}

impl XOAuth2 {
    /// Makes an exchange for a user and the token.
    #[must_use]
    pub fn new(user: &str, token: &[u8]) -> Self {
        Self(State::new(
            &format!("user={user}\x01auth=Bearer "),
            token,
            b"",
        ))
    }
}

impl State {
    fn new(head: &str, token: &[u8], farewell: &'static [u8]) -> Self {
        let size = head.len().saturating_add(token.len()).saturating_add(2);
        let mut message = Zeroizing::new(Vec::with_capacity(size));
        message.extend_from_slice(head.as_bytes());
        message.extend_from_slice(token);
        message.extend_from_slice(b"\x01\x01");
        Self {
            message,
            farewell,
            sent: 0,
        }
    }

    fn initial(&mut self) -> Option<Response> {
        self.sent = 1;
        Some(Response {
            bytes: self.message.clone(),
            secret: true,
        })
    }

    fn step(&mut self, challenge: &[u8]) -> Result<Response, SaslError> {
        match self.sent {
            0 if challenge.is_empty() => self.initial().ok_or(SaslError::UNEXPECTED_CHALLENGE),
            1 => {
                self.sent = 2;
                Ok(Response {
                    bytes: Zeroizing::new(self.farewell.to_vec()),
                    secret: false,
                })
            }
            _ => Err(SaslError::UNEXPECTED_CHALLENGE),
        }
    }
}

impl Mechanism for OAuthBearer {
    fn initial(&mut self) -> Option<Response> {
        self.0.initial()
    }

    fn step(&mut self, challenge: &[u8]) -> Result<Response, SaslError> {
        self.0.step(challenge)
    }

    fn complete(&self) -> bool {
        self.0.sent == 1
    }
}

impl Mechanism for XOAuth2 {
    fn initial(&mut self) -> Option<Response> {
        self.0.initial()
    }

    fn step(&mut self, challenge: &[u8]) -> Result<Response, SaslError> {
        self.0.step(challenge)
    }

    fn complete(&self) -> bool {
        self.0.sent == 1
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    #[test]
    fn the_messages_have_the_form_of_rfc_7628_section_4() {
        let mut m = OAuthBearer::new(
            "user@example.com",
            b"vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==",
            "server.example.com",
            587,
        );
        assert_eq!(
            &*m.initial().unwrap().bytes,
            b"n,a=user@example.com,\x01host=server.example.com\x01\
            port=587\x01auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01"
        );
        // The example that Google publishes for XOAUTH2
        let token = b"ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg";
        let mut x = XOAuth2::new("someuser@example.com", token);
        assert_eq!(
            STANDARD.encode(&*x.initial().unwrap().bytes),
            "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNr\
             QmhkSFJoZG1semRHRXVZMjl0Q2cBAQ=="
        );
    }

    #[test]
    fn f22_a_refusal_is_answered_once_and_235_after_it_is_not_believed() {
        let mut m = OAuthBearer::new("u", b"t", "h", 1);
        m.initial();
        assert_eq!(&*m.step(b"{\"status\":\"401\"}").unwrap().bytes, b"\x01");
        assert!(!m.complete() && m.step(b"").is_err());
        let mut x = XOAuth2::new("u", b"t");
        x.initial();
        assert_eq!(&*x.step(b"{}").unwrap().bytes, b"");
    }

    /// RFC 4954 section 4: without an initial response the server's first challenge is empty.
    #[test]
    fn the_message_answers_an_empty_first_challenge_and_no_other() {
        let mut m = OAuthBearer::new("u", b"t", "h", 1);
        assert!(m.step(b"{}").is_err());
        let message = m.step(b"").unwrap().bytes;
        assert_eq!(
            &*message,
            b"n,a=u,\x01host=h\x01port=1\x01auth=Bearer t\x01\x01"
        );
        assert!(m.complete());
    }
}

//! Who logs in: a user with a password or a token, and the mechanisms that may carry it.

#![forbid(unsafe_code)]

use std::sync::Arc;

use crate::error::{Cause, Error};
use crate::proto::sasl::{Kind, Login, Mechanism, OAuthBearer, Plain, XOAuth2};
use crate::secret::{MaySendCredentials, Secret};
use crate::status::Status;

/// The longest user name, password or token, in octets: an AUTH line has at most 12,288
/// (RFC 4954 section 4), in base64.
const MAX_USER: usize = 1024;
const MAX_SECRET: usize = 7168;

/// A login.
#[derive(Debug, Clone)]
pub struct Credential {
    user: String,
    /// Shared, not copied: there is one place in memory to wipe.
    secret: Arc<Secret>,
    is_token: bool,
    allowed: Vec<Kind>,
}

impl Credential {
    /// A user with a password, for PLAIN and LOGIN.
    ///
    /// # Errors
    /// [`Status::User`] or [`Status::Secret`] for what no mechanism can carry.
    pub fn password(user: &str, password: &[u8]) -> Result<Self, Error> {
        Self::new(user, password, false)
    }

    /// A user with an OAuth 2.0 access token, for OAUTHBEARER and XOAUTH2.
    ///
    /// # Errors
    /// [`Status::User`] or [`Status::Secret`] for what no mechanism can carry.
    pub fn token(user: &str, token: &[u8]) -> Result<Self, Error> {
        Self::new(user, token, true)
    }

    fn new(user: &str, secret: &[u8], is_token: bool) -> Result<Self, Error> {
        let wrong_user = |why| Err(Error::argument(Status::User, "user", why));
        if user.is_empty() {
            return wrong_user("is empty");
        }
        if user.len() > MAX_USER {
            return wrong_user("is longer than 1024 octets");
        }
        if user.chars().any(char::is_control) {
            return wrong_user("has a control character (NUL, CR, LF or the like)");
        }
        let name = if is_token { "token" } else { "password" };
        let wrong_secret = |why| Err(Error::argument(Status::Secret, name, why));
        if secret.is_empty() {
            return wrong_secret("is empty");
        }
        if secret.len() > MAX_SECRET {
            return wrong_secret("is longer than 7168 octets");
        }
        if secret.iter().any(|b| matches!(b, 0 | b'\r' | b'\n')) {
            return wrong_secret("has a NUL or a line break");
        }
        // RFC 6750 section 2.1: a token is visible ASCII, and must not end its field early.
        if is_token && !secret.iter().all(u8::is_ascii_graphic) {
            return wrong_secret("has a character that no token has");
        }
        Ok(Self {
            user: user.to_owned(),
            secret: Arc::new(Secret::new(secret)),
            is_token,
            allowed: Vec::new(),
        })
    }

    /// Allows only this mechanism, and those allowed before.
    ///
    /// # Errors
    /// [`Status::Mechanism`] for one that is unknown or can't carry this kind of secret.
    pub fn add_mechanism(&mut self, name: &str) -> Result<(), Error> {
        let wrong = |why: &str| Error::argument(Status::Mechanism, "mechanism", why);
        let kind = Kind::from_name(name)
            .ok_or_else(|| wrong("is none of OAUTHBEARER, XOAUTH2, PLAIN, LOGIN"))?;
        if kind.wants_token() != self.is_token {
            let own = if self.is_token {
                "a password, and this is a token"
            } else {
                "a token, and this is a password"
            };
            return Err(wrong(&format!("wants {own}")));
        }
        self.allowed.push(kind);
        Ok(())
    }

    /// The strongest mechanism that the server offers and the caller allows.
    ///
    /// # Errors
    /// That there is none.
    pub(crate) fn choose(&self, offered: &[String]) -> Result<Kind, Cause> {
        let allowed = |kind: &Kind| {
            kind.wants_token() == self.is_token
                && (self.allowed.is_empty() || self.allowed.contains(kind))
        };
        let candidates = Kind::ALL.into_iter().filter(allowed);
        candidates
            .clone()
            .find(|kind| offered.iter().any(|name| name == kind.name()))
            .ok_or_else(|| Cause::MechanismMissing {
                offered: offered.to_vec(),
                allowed: candidates.map(Kind::name).collect(),
            })
    }

    /// Begins an exchange, for the holder of a verified channel.
    pub(crate) fn begin<W: MaySendCredentials>(
        &self,
        kind: Kind,
        witness: &W,
        host: &str,
        port: u16,
    ) -> Box<dyn Mechanism> {
        self.secret.expose(witness, |secret| match kind {
            Kind::OAuthBearer => {
                Box::new(OAuthBearer::new(&self.user, secret, host, port)) as Box<dyn Mechanism>
            }
            Kind::XOAuth2 => Box::new(XOAuth2::new(&self.user, secret)),
            Kind::Plain => Box::new(Plain::new(&self.user, secret)),
            Kind::Login => Box::new(Login::new(&self.user, secret)),
        })
    }

    /// Lends the secret to the holder of a verified channel.
    pub(crate) fn secret(&self) -> &Secret {
        &self.secret
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f19_f20_what_could_end_a_field_early_is_refused() {
        for user in ["", "a\0b", "a\r\nb", "a\x01b", &"a".repeat(1025)] {
            let error = Credential::password(user, b"p").unwrap_err();
            assert_eq!(error.status(), Status::User, "{user:?}");
        }
        for secret in [&b""[..], b"a\0b", b"a\nb", b"a\rb", &[b'a'; 7169]] {
            let error = Credential::password("u", secret).unwrap_err();
            assert_eq!(error.status(), Status::Secret);
        }
        assert_eq!(
            Credential::token("u", b"a\x01b").unwrap_err().status(),
            Status::Secret
        );
        assert!(Credential::password("jörg", "pässwörd with space".as_bytes()).is_ok());
    }

    #[test]
    fn f01_what_is_offered_never_lowers_what_is_allowed() {
        let offered = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        let mut credential = Credential::password("u", b"p").unwrap();
        assert_eq!(
            credential.choose(&offered(&["LOGIN", "PLAIN"])),
            Ok(Kind::Plain)
        );
        assert_eq!(credential.choose(&offered(&["LOGIN"])), Ok(Kind::Login));
        credential.add_mechanism("plain").unwrap();
        assert!(credential.choose(&offered(&["LOGIN", "CRAM-MD5"])).is_err());
        assert!(credential.choose(&offered(&["XOAUTH2"])).is_err());
        assert_eq!(
            credential.add_mechanism("XOAUTH2").unwrap_err().status(),
            Status::Mechanism
        );
        assert_eq!(
            credential.add_mechanism("NTLM").unwrap_err().status(),
            Status::Mechanism
        );
        let token = Credential::token("u", b"t").unwrap();
        assert_eq!(
            token.choose(&offered(&["PLAIN", "XOAUTH2", "OAUTHBEARER"])),
            Ok(Kind::OAuthBearer)
        );
    }
}

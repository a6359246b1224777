//! Credentials: a user with a password or a token, which is given or requested when it is needed, or
//! the holder of a client certificate; and the mechanisms that may carry them.
//!
//! ```
//! use secsmtp::{Credential, Status};
//!
//! let mut login = Credential::password("alice", b"correct horse")?;
//! login.set_min_mechanism("SCRAM-SHA-256")?; // never PLAIN, whatever the server offers
//! assert!(!format!("{login:?}").contains("correct horse"));
//!
//! let error = login.set_min_mechanism("XOAUTH2").unwrap_err();
//! assert_eq!(error.status(), Status::Mechanism);
//! assert_eq!(error.to_string(), "min_mechanism expects a token, found a password.");
//! # Ok::<_, secsmtp::Error>(())
//! ```

#![forbid(unsafe_code)]

mod provider;

use std::sync::Arc;

use crate::deadline::Deadline;
use crate::error::{Cause, Error, RejectedStep};
use crate::sasl::{
    Binding, BindingType, ChannelBinding, CredentialKind, DEFAULT_MAX_ITERATIONS, External, Kind,
    Login, MIN_ITERATIONS, Mechanism, MechanismPolicy, NONCE_LEN, OAuthBearer, Plain, Scram,
    XOAuth2,
};
use crate::status::Status;
use crate::support::secret::{MaySendCredentials, Secret};

pub use provider::{
    NoSecret, Reason, SecretContext, SecretProvider, SecretRequest, WaitingChannel,
};

/// The longest user name, password or token, in bytes: an AUTH line has at most 12,288
/// (RFC 4954 section 4), in base64.
const MAX_USER: usize = 1024;
pub(crate) const MAX_SECRET: usize = 7168;
/// The maximum number of SCRAM iterations that a caller may allow: seconds of work.
const MOST_ITERATIONS: u32 = 10_000_000;

/// A login.
#[derive(Debug, Clone)]
pub struct Credential {
    user: String,
    source: Source,
    mechanism_policy: MechanismPolicy,
    max_iterations: u32,
}

/// The source of the secret.
#[derive(Debug, Clone)]
enum Source {
    /// The key of the TLS handshake: there is no secret to send.
    Certificate,
    /// Shared, not copied: there is one place in memory to wipe.
    Given(Arc<Secret>),
    /// A provider that is asked when the secret is needed.
    Asked(Arc<dyn SecretProvider>),
}

/// The parameters of an exchange besides the user and the secret.
pub(crate) struct SaslInput<'a> {
    /// The mechanism.
    pub(crate) kind: Kind,
    /// The mechanisms offered over the verified channel.
    pub(crate) offered: &'a [String],
    /// The channel binding data of the channel.
    pub(crate) binding: Option<Binding>,
    /// New random bytes.
    pub(crate) nonce: [u8; NONCE_LEN],
    /// The name that was verified.
    pub(crate) host: &'a str,
    /// The port of the client.
    pub(crate) port: u16,
}

impl Credential {
    /// A user with a password, for SCRAM, PLAIN and LOGIN.
    ///
    /// # Errors
    /// [`Status::User`] or [`Status::Secret`] for a value that no mechanism can carry.
    pub fn password(user: &str, password: &[u8]) -> Result<Self, Error> {
        check_secret(CredentialKind::Password, password)?;
        let secret = Arc::new(Secret::new(password));
        Self::new(user, CredentialKind::Password, Source::Given(secret))
    }

    /// A user with an OAuth 2.0 access token, for OAUTHBEARER and XOAUTH2.
    ///
    /// # Errors
    /// [`Status::User`] or [`Status::Secret`] for a value that no mechanism can carry.
    pub fn token(user: &str, token: &[u8]) -> Result<Self, Error> {
        check_secret(CredentialKind::Token, token)?;
        let secret = Arc::new(Secret::new(token));
        Self::new(user, CredentialKind::Token, Source::Given(secret))
    }

    /// A user whose password is requested when it is needed, over a verified channel.
    ///
    /// # Errors
    /// [`Status::User`] for a value that no mechanism can carry.
    pub fn password_from(user: &str, provider: Arc<dyn SecretProvider>) -> Result<Self, Error> {
        Self::new(user, CredentialKind::Password, Source::Asked(provider))
    }

    /// A user whose token is requested when it is needed, over a verified channel; if the server rejects
    /// it, a second token is requested once, for one more login on a new connection.
    ///
    /// # Errors
    /// [`Status::User`] for a value that no mechanism can carry.
    pub fn token_from(user: &str, provider: Arc<dyn SecretProvider>) -> Result<Self, Error> {
        Self::new(user, CredentialKind::Token, Source::Asked(provider))
    }

    /// The holder of the policy's client certificate, for EXTERNAL; `identity` is the authorization
    /// identity, or empty to derive it from the certificate.
    ///
    /// # Errors
    /// [`Status::User`] for a value that the mechanism can't carry.
    pub fn external(identity: &str) -> Result<Self, Error> {
        Self::new(identity, CredentialKind::Certificate, Source::Certificate)
    }

    fn new(user: &str, credential_kind: CredentialKind, source: Source) -> Result<Self, Error> {
        let wrong_user = |why| Err(Error::argument(Status::User, "user", why));
        if user.is_empty() && credential_kind != CredentialKind::Certificate {
            return wrong_user("is empty");
        }
        if user.len() > MAX_USER {
            return wrong_user("is longer than 1024 bytes");
        }
        if user.chars().any(char::is_control) {
            return wrong_user("has a control character (NUL, CR, LF or the like)");
        }
        Ok(Self {
            user: user.to_owned(),
            source,
            mechanism_policy: MechanismPolicy {
                credential_kind,
                ..MechanismPolicy::default()
            },
            max_iterations: DEFAULT_MAX_ITERATIONS,
        })
    }

    /// Allows only this mechanism, and those allowed before.
    ///
    /// # Errors
    /// [`Status::Mechanism`] for one that is unknown or can't carry this kind of secret.
    pub fn add_mechanism(&mut self, name: &str) -> Result<(), Error> {
        let kind = self.kind("mechanism", name)?;
        self.mechanism_policy.allowed.push(kind);
        Ok(())
    }

    /// Allows nothing weaker than this mechanism: no smaller hash, and for a minimum with -PLUS
    /// nothing that is not tied to the channel. What the server offers never lowers it.
    ///
    /// # Errors
    /// [`Status::Mechanism`] for one that is unknown or can't carry this kind of secret.
    pub fn set_min_mechanism(&mut self, name: &str) -> Result<(), Error> {
        self.mechanism_policy.minimum = Some(self.kind("min_mechanism", name)?);
        Ok(())
    }

    /// Sets whether the login must be bound to the TLS channel (RFC 5802 section 6).
    pub fn set_channel_binding(&mut self, binding: ChannelBinding) {
        self.mechanism_policy.binding = binding;
    }

    /// Sets the type of channel binding: to this TLS session, unless the server supports only the older
    /// type.
    pub fn set_binding_type(&mut self, binding_type: BindingType) {
        self.mechanism_policy.binding_type = binding_type;
    }

    /// Sets the maximum iteration count of a SCRAM server, from 4096 (RFC 7677 section 4) to ten million;
    /// 100,000 by default. A higher count is rejected before any work.
    ///
    /// # Errors
    /// [`Status::Value`] for another number.
    pub fn set_max_iterations(&mut self, max: u32) -> Result<(), Error> {
        if !(MIN_ITERATIONS..=MOST_ITERATIONS).contains(&max) {
            let why = format!("is {max}, expected {MIN_ITERATIONS} to {MOST_ITERATIONS}");
            return Err(Error::argument(Status::Value, "max_iterations", why));
        }
        self.max_iterations = max;
        Ok(())
    }

    fn kind(&self, argument: &'static str, name: &str) -> Result<Kind, Error> {
        let wrong = |why: &str| Error::argument(Status::Mechanism, argument, why);
        let kind = Kind::from_name(name).ok_or_else(|| {
            wrong(
                "is not one of SCRAM-SHA-512, SCRAM-SHA-256, SCRAM-SHA-1, each also with -PLUS, \
                 OAUTHBEARER, XOAUTH2, EXTERNAL, PLAIN, LOGIN",
            )
        })?;
        let (wanted, had) = (
            kind.credential_kind(),
            self.mechanism_policy.credential_kind,
        );
        if wanted == had {
            return Ok(kind);
        }
        Err(wrong(&format!(
            "expects a {}, found a {}",
            wanted.name(),
            had.name()
        )))
    }

    /// The user.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The kind of the credential.
    #[must_use]
    pub fn credential_kind(&self) -> CredentialKind {
        self.mechanism_policy.credential_kind
    }

    /// Returns whether the secret is requested when it is needed.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        matches!(self.source, Source::Asked(_))
    }

    /// A copy of this credential that requests its secret from this provider.
    #[must_use]
    pub fn asking(&self, provider: Arc<dyn SecretProvider>) -> Self {
        let mut other = self.clone();
        if other.is_asked() {
            other.source = Source::Asked(provider);
        }
        other
    }

    /// Returns whether to retry a login after this failure, with a new token. A rejected password would
    /// be rejected again, and may lock the account.
    pub(crate) fn may_be_renewed(&self, error: &Error) -> bool {
        let final_answer = error.record.reply.as_ref();
        self.is_asked()
            && self.credential_kind() == CredentialKind::Token
            && *error.cause == Cause::Rejected(RejectedStep::Auth)
            && final_answer.is_some_and(|answer| answer.code >= 500)
    }

    /// The caller's policy for the mechanism.
    pub(crate) fn mechanism_policy(&self) -> &MechanismPolicy {
        &self.mechanism_policy
    }

    /// Begins an exchange, for the holder of a verified channel.
    ///
    /// # Errors
    /// When the mechanism can't carry this user or password.
    pub(crate) fn begin<W: MaySendCredentials>(
        &self,
        witness: &W,
        secret: &Secret,
        exchange: SaslInput<'_>,
    ) -> Result<Box<dyn Mechanism>, Cause> {
        let user = &self.user;
        secret.expose(witness, |secret| {
            Ok(match exchange.kind {
                Kind::ScramPlus(hash) | Kind::Scram(hash) => {
                    let gs2 = self.mechanism_policy.gs2(
                        exchange.kind,
                        exchange.offered,
                        exchange.binding,
                    );
                    let nonce = &exchange.nonce;
                    let scram = Scram::new(hash, user, secret, gs2, nonce, self.max_iterations);
                    Box::new(scram.map_err(Cause::Argument)?) as Box<dyn Mechanism>
                }
                Kind::OAuthBearer => {
                    Box::new(OAuthBearer::new(user, secret, exchange.host, exchange.port))
                }
                Kind::XOAuth2 => Box::new(XOAuth2::new(user, secret)),
                Kind::External => Box::new(External::new(user)),
                Kind::Plain => Box::new(Plain::new(user, secret)),
                Kind::Login => Box::new(Login::new(user, secret)),
            })
        })
    }

    /// The secret, for the holder of a verified channel; an empty one where none is needed.
    ///
    /// # Errors
    /// The provider has no secret.
    pub(crate) fn secret<W: WaitingChannel>(
        &self,
        channel: &mut W,
        deadline: Deadline,
        secret_context: SecretContext<'_>,
    ) -> Result<Arc<Secret>, NoSecret> {
        match &self.source {
            Source::Certificate => Ok(Arc::new(Secret::new(&[]))),
            Source::Given(secret) => Ok(Arc::clone(secret)),
            Source::Asked(provider) => {
                let mut request = SecretRequest::new(channel, deadline, secret_context);
                let secret = provider.secret(&mut request)?;
                secret.expose(channel, |bytes| check_secret(self.credential_kind(), bytes))?;
                Ok(Arc::new(secret))
            }
        }
    }
}

/// Returns whether a mechanism can carry it.
pub(crate) fn check_secret(credential_kind: CredentialKind, secret: &[u8]) -> Result<(), Error> {
    let wrong = |why| Err(Error::argument(Status::Secret, credential_kind.name(), why));
    if secret.is_empty() {
        return wrong("is empty");
    }
    if secret.len() > MAX_SECRET {
        return wrong("is longer than 7168 bytes");
    }
    if secret.iter().any(|b| matches!(b, 0 | b'\r' | b'\n')) {
        return wrong("has a NUL or a line break");
    }
    // RFC 6750 section 2.1: a token is visible ASCII, and must not end its field early.
    if credential_kind == CredentialKind::Token && !secret.iter().all(u8::is_ascii_graphic) {
        return wrong("has a character that is not visible ASCII");
    }
    Ok(())
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
        let choose =
            |c: &Credential, list: &[&str]| c.mechanism_policy().choose(&offered(list), true);
        let mut credential = Credential::password("u", b"p").unwrap();
        assert_eq!(choose(&credential, &["LOGIN", "PLAIN"]), Ok(Kind::Plain));
        assert_eq!(choose(&credential, &["LOGIN"]), Ok(Kind::Login));
        credential.add_mechanism("plain").unwrap();
        assert!(choose(&credential, &["LOGIN", "CRAM-MD5"]).is_err());
        assert!(choose(&credential, &["XOAUTH2"]).is_err());
        for name in ["XOAUTH2", "NTLM"] {
            let added = credential.add_mechanism(name).unwrap_err();
            let too_low = credential.set_min_mechanism(name).unwrap_err();
            assert_eq!(added.status(), Status::Mechanism);
            assert_eq!(too_low.status(), Status::Mechanism);
        }
        let token = Credential::token("u", b"t").unwrap();
        assert_eq!(
            choose(&token, &["PLAIN", "XOAUTH2", "OAUTHBEARER"]),
            Ok(Kind::OAuthBearer)
        );
    }

    #[test]
    fn f10_the_maximum_has_bounds_of_its_own() {
        let mut credential = Credential::password("u", b"p").unwrap();
        for wrong in [0, 4095, 10_000_001, u32::MAX] {
            let error = credential.set_max_iterations(wrong).unwrap_err();
            assert_eq!(error.status(), Status::Value);
        }
        assert!(credential.set_max_iterations(4096).is_ok());
    }
}

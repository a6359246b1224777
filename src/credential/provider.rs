//! Secrets that are requested only when they are needed: over a verified channel, and not before.

use std::fmt;
use std::time::{Duration, Instant};

use super::check_secret;
use crate::channel::Verified;
use crate::deadline::Deadline;
use crate::error::Error;
use crate::net::{Transport, WaitEnd};
use crate::sasl::CredentialKind;
use crate::support::secret::{MaySendCredentials, Secret};

/// A source of a password or token, which is returned only for a verified channel.
///
/// It is called on the thread of the send, with no lock held, once for each login. It may block; to
/// wait for another thread it uses [`SecretRequest::wait`], which a cancel and the deadline end.
pub trait SecretProvider: Send + Sync {
    /// Returns the secret for this login.
    ///
    /// # Errors
    /// There is no secret: the login ends, and is not retried.
    fn secret(&self, request: &mut SecretRequest<'_>) -> Result<Secret, NoSecret>;
}

impl fmt::Debug for dyn SecretProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretProvider")
    }
}

/// The reason why a secret is requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(i32)]
pub enum Reason {
    /// For the first login of a send.
    #[default]
    First = 1,
    /// The previous token was rejected. This occurs once in a send, for a new connection, which was
    /// verified again.
    Refused = 2,
}

impl Reason {
    /// The name of the reason.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Refused => "refused",
        }
    }
}

/// The reason why there is no secret.
#[derive(Debug)]
pub enum NoSecret {
    /// The provider has none.
    Declined,
    /// The wait for it was ended.
    Stopped(WaitEnd),
    /// No mechanism can carry the returned value.
    Unfit(Error),
}

impl From<Error> for NoSecret {
    fn from(error: Error) -> Self {
        Self::Unfit(error)
    }
}

impl From<WaitEnd> for NoSecret {
    fn from(stop: WaitEnd) -> Self {
        Self::Stopped(stop)
    }
}

/// A channel that can wait without reading or writing. Only a verified one can.
pub trait WaitingChannel: MaySendCredentials {
    /// Waits until another thread wakes the call.
    ///
    /// # Errors
    /// When it was cancelled or the deadline passed.
    fn wait(&mut self, deadline: Deadline) -> Result<(), WaitEnd>;
}

impl<T: Transport> WaitingChannel for Verified<T> {
    fn wait(&mut self, deadline: Deadline) -> Result<(), WaitEnd> {
        Self::wait(self, deadline)
    }
}

/// A request for a secret. It borrows a verified channel, so that no secret can be requested before
/// there is one.
pub struct SecretRequest<'a> {
    channel: &'a mut dyn WaitingChannel,
    deadline: Deadline,
    secret_context: SecretContext<'a>,
}

/// The context of a request for a secret.
#[derive(Debug, Clone, Copy)]
pub struct SecretContext<'a> {
    /// The name that was verified.
    pub host: &'a str,
    /// Its port.
    pub port: u16,
    /// The user.
    pub user: &'a str,
    /// A password or a token.
    pub credential_kind: CredentialKind,
    /// The reason of the request.
    pub reason: Reason,
}

impl<'a> SecretRequest<'a> {
    /// Makes a request over a verified channel.
    #[must_use]
    pub fn new<W: WaitingChannel>(
        channel: &'a mut W,
        deadline: Deadline,
        secret_context: SecretContext<'a>,
    ) -> Self {
        Self {
            channel,
            deadline,
            secret_context,
        }
    }

    /// The context of the request.
    #[must_use]
    pub fn secret_context(&self) -> SecretContext<'a> {
        self.secret_context
    }

    /// Waits until another thread wakes the call. Wake-ups may be spurious: check the condition and
    /// wait again.
    ///
    /// # Errors
    /// The send was cancelled, or the timeout of its stage or of the whole send has passed.
    pub fn wait(&mut self) -> Result<(), WaitEnd> {
        self.channel.wait(self.deadline)
    }

    /// Waits like [`Self::wait`], but no longer than `limit`: for a provider that polls.
    ///
    /// # Errors
    /// Those of [`Self::wait`].
    pub fn wait_for(&mut self, most: Duration) -> Result<(), WaitEnd> {
        match self.channel.wait(self.deadline.min(Deadline::after(most))) {
            Err(WaitEnd::TimedOut) if !self.deadline.passed(Instant::now()) => Ok(()),
            ended => ended,
        }
    }

    /// Makes a secret from bytes that are valid for this request.
    ///
    /// # Errors
    /// [`crate::status::Status::Secret`] for a value that no mechanism can carry.
    pub fn answer(&self, secret: &[u8]) -> Result<Secret, Error> {
        check_secret(self.secret_context.credential_kind, secret)?;
        Ok(Secret::new(secret))
    }
}

impl fmt::Debug for SecretRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SecretRequest")
            .field(&self.secret_context)
            .finish()
    }
}

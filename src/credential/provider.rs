//! Secrets that are asked for only when they are needed: over a verified channel, and not before.

use std::fmt;
use std::time::{Duration, Instant};

use super::check_secret;
use crate::channel::Verified;
use crate::deadline::Deadline;
use crate::error::Error;
use crate::net::{Transport, WaitEnd};
use crate::sasl::CredentialKind;
use crate::support::secret::{MaySendCredentials, Secret};

/// Knows a password or token, and gives it to who presents a verified channel.
///
/// It is asked on the thread of the send, with no lock held, once for each login. It may block; what
/// waits for somebody else waits by [`SecretRequest::wait`], which a cancel and the deadline end.
pub trait SecretProvider: Send + Sync {
    /// The secret for this login.
    ///
    /// # Errors
    /// That there is none: the login ends, and is not tried again.
    fn secret(&self, request: &mut SecretRequest<'_>) -> Result<Secret, NoSecret>;
}

impl fmt::Debug for dyn SecretProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretProvider")
    }
}

/// Why a secret is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(i32)]
pub enum Reason {
    /// For the first login of a send.
    #[default]
    First = 1,
    /// The token given before was refused; asked once in a send, for another connection, which was
    /// verified anew.
    Refused = 2,
}

impl Reason {
    /// The reason in one word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Refused => "refused",
        }
    }
}

/// Why there is no secret.
#[derive(Debug)]
pub enum NoSecret {
    /// The provider has none to give.
    Declined,
    /// The wait for it was ended.
    Stopped(WaitEnd),
    /// What was given is none that a mechanism can carry.
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

/// A channel that can wait while nothing is said over it. Only a verified one can.
pub trait WaitingChannel: MaySendCredentials {
    /// Waits until somebody wakes the call.
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

/// A question for a secret. There is none without a verified channel, which it borrows: so nobody
/// can be asked before there is one.
pub struct SecretRequest<'a> {
    channel: &'a mut dyn WaitingChannel,
    deadline: Deadline,
    secret_context: SecretContext<'a>,
}

/// What a secret is meant for.
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
    /// Why it is asked for.
    pub reason: Reason,
}

impl<'a> SecretRequest<'a> {
    /// On presenting a verified channel.
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

    /// What the secret is meant for.
    #[must_use]
    pub fn secret_context(&self) -> SecretContext<'a> {
        self.secret_context
    }

    /// Waits until somebody wakes the call, perhaps for another reason: look, and wait again.
    ///
    /// # Errors
    /// When the send was cancelled, or the patience of its stage or of all of it is over.
    pub fn wait(&mut self) -> Result<(), WaitEnd> {
        self.channel.wait(self.deadline)
    }

    /// Waits as [`Self::wait`] does, but no longer than this: for a provider that looks now and then.
    ///
    /// # Errors
    /// As those of [`Self::wait`].
    pub fn wait_for(&mut self, most: Duration) -> Result<(), WaitEnd> {
        match self.channel.wait(self.deadline.min(Deadline::after(most))) {
            Err(WaitEnd::TimedOut) if !self.deadline.passed(Instant::now()) => Ok(()),
            ended => ended,
        }
    }

    /// Makes a secret of bytes that fit what was asked for.
    ///
    /// # Errors
    /// [`crate::status::Status::Secret`] for what no mechanism can carry.
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

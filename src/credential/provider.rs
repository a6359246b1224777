//! Secrets that are asked for only when they are needed: over a verified channel, and not before.

use std::fmt;
use std::time::{Duration, Instant};

use super::check_secret;
use crate::channel::Verified;
use crate::deadline::Deadline;
use crate::error::Error;
use crate::net::{Stop, Transport};
use crate::sasl::Proof;
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

/// Why there is no secret.
#[derive(Debug)]
pub enum NoSecret {
    /// The provider has none to give.
    Declined,
    /// The wait for it was ended.
    Stopped(Stop),
    /// What was given is none that a mechanism can carry.
    Unfit(Error),
}

impl From<Error> for NoSecret {
    fn from(error: Error) -> Self {
        Self::Unfit(error)
    }
}

impl From<Stop> for NoSecret {
    fn from(stop: Stop) -> Self {
        Self::Stopped(stop)
    }
}

/// A channel that can wait while nothing is said over it. Only a verified one can.
pub trait Patient: MaySendCredentials {
    /// Waits until somebody wakes the call.
    ///
    /// # Errors
    /// When it was cancelled or the deadline passed.
    fn wait(&mut self, deadline: Deadline) -> Result<(), Stop>;
}

impl<T: Transport> Patient for Verified<T> {
    fn wait(&mut self, deadline: Deadline) -> Result<(), Stop> {
        Self::wait(self, deadline)
    }
}

/// A question for a secret. There is none without a verified channel, which it borrows: so nobody
/// can be asked before there is one.
pub struct SecretRequest<'a> {
    channel: &'a mut dyn Patient,
    deadline: Deadline,
    meant: Meant<'a>,
}

/// What a secret is meant for.
#[derive(Debug, Clone, Copy)]
pub struct Meant<'a> {
    /// The name that was verified.
    pub host: &'a str,
    /// Its port.
    pub port: u16,
    /// The user.
    pub user: &'a str,
    /// A password or a token.
    pub proof: Proof,
    /// Why it is asked for.
    pub reason: Reason,
}

impl<'a> SecretRequest<'a> {
    /// On presenting a verified channel.
    #[must_use]
    pub fn new<W: Patient>(channel: &'a mut W, deadline: Deadline, meant: Meant<'a>) -> Self {
        Self {
            channel,
            deadline,
            meant,
        }
    }

    /// What the secret is meant for.
    #[must_use]
    pub fn meant(&self) -> Meant<'a> {
        self.meant
    }

    /// Waits until somebody wakes the call, perhaps for another reason: look, and wait again.
    ///
    /// # Errors
    /// When the send was cancelled, or the patience of its stage or of all of it is over.
    pub fn wait(&mut self) -> Result<(), Stop> {
        self.channel.wait(self.deadline)
    }

    /// Waits as [`Self::wait`] does, but no longer than this: for a provider that looks now and then.
    ///
    /// # Errors
    /// As those of [`Self::wait`].
    pub fn wait_for(&mut self, most: Duration) -> Result<(), Stop> {
        match self.channel.wait(self.deadline.min(Deadline::after(most))) {
            Err(Stop::TimedOut) if !self.deadline.passed(Instant::now()) => Ok(()),
            ended => ended,
        }
    }

    /// Makes a secret of bytes that fit what was asked for.
    ///
    /// # Errors
    /// [`crate::status::Status::Secret`] for what no mechanism can carry.
    pub fn answer(&self, secret: &[u8]) -> Result<Secret, Error> {
        check_secret(self.meant.proof, secret)?;
        Ok(Secret::new(secret))
    }
}

impl fmt::Debug for SecretRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SecretRequest").field(&self.meant).finish()
    }
}

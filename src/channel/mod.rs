//! Typed byte channels. What may be written depends on the type: see [`crate::smtp::Session`].
//!
//! [`Cleartext`] is what a connection begins as; the handshake consumes it and gives a
//! [`Verified`] channel, or for a probe a [`Probed`] one.

#![forbid(unsafe_code)]

mod cleartext;
mod config;
mod tls_stream;
mod verified;
mod verifier;
mod words;
mod write_buffer;

use std::io;

use crate::deadline::Deadline;
use crate::net::WaitEnd;

pub use cleartext::Cleartext;
pub use config::{ProbeSetup, Setup};
pub use verified::{HandshakeFault, Probed, Verified, probe, verify};

/// The most bytes received and not yet read: a server that says more unasked is cut off.
pub const MAX_PENDING: usize = 128 * 1024;

/// Why a channel can't go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Somebody cancelled.
    Cancelled,
    /// The deadline passed.
    TimedOut,
    /// The stream broke; `UnexpectedEof` when the peer closed it.
    Lost(io::ErrorKind),
    /// The peer ended TLS with this alert, or with what is none.
    Alert(&'static str),
    /// The peer said more than anybody asked for.
    Flooded,
}

impl From<WaitEnd> for Fault {
    fn from(stop: WaitEnd) -> Self {
        match stop {
            WaitEnd::Cancelled => Self::Cancelled,
            WaitEnd::TimedOut => Self::TimedOut,
            WaitEnd::Failed(error) => Self::Lost(error.kind()),
        }
    }
}

impl From<io::ErrorKind> for Fault {
    fn from(kind: io::ErrorKind) -> Self {
        Self::Lost(kind)
    }
}

/// What the three kinds of channel have in common. Of this crate alone: outside it, a channel can
/// be given to a session and to nothing else.
pub(crate) trait Channel {
    /// Whether the peer is verified: its refusals are the server's.
    const VERIFIED: bool;

    /// Writes all of `bytes`, reading meanwhile what the peer says, so that neither side waits for
    /// the other.
    ///
    /// # Errors
    /// Why it was not all taken by the system.
    fn send(&mut self, bytes: &[u8], deadline: Deadline) -> Result<(), Fault>;

    /// Waits for at least one more byte in [`Channel::pending`].
    ///
    /// # Errors
    /// Why none will come.
    fn receive(&mut self, deadline: Deadline) -> Result<(), Fault>;

    /// Reads into [`Channel::pending`] what is there, without waiting.
    ///
    /// # Errors
    /// Why no more will come.
    fn receive_ready(&mut self, deadline: Deadline) -> Result<(), Fault>;

    /// What was received and not yet taken.
    fn pending(&mut self) -> &mut Vec<u8>;

    /// Bytes that the system took of what was sent since the channel was made (for TLS: of
    /// records). Grows if and only if something may have left.
    fn bytes_written(&self) -> u64;

    /// Says farewell: writes `bytes` and the end of the stream as far as the system takes them at
    /// once, and waits for nothing.
    fn finish(&mut self, bytes: &[u8]);
}

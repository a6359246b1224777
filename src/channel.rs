//! Typed byte channels. What may be written depends on the type: see [`crate::smtp::Session`].
//!
//! [`Cleartext`] is what a connection begins as; the handshake consumes it and gives a
//! [`Verified`] channel, or for a probe a [`Probed`] one.

#![forbid(unsafe_code)]

use std::io;

use crate::deadline::Deadline;
use crate::net::{Interest, Stop, Transport};

pub use crate::tls::{Probed, Verified};

/// The most octets received and not yet read: a server that says more unasked is cut off.
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

impl From<Stop> for Fault {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Cancelled => Self::Cancelled,
            Stop::TimedOut => Self::TimedOut,
            Stop::Failed(error) => Self::Lost(error.kind()),
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

    /// Waits for at least one more octet in [`Channel::pending`].
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

    /// Octets that the system took of what was sent since the channel was made (for TLS: of
    /// records). Grows if and only if something may have left.
    fn octets_out(&self) -> u64;

    /// Says farewell: writes `bytes` and the end of the stream as far as the system takes them at
    /// once, and waits for nothing.
    fn finish(&mut self, bytes: &[u8]);
}

/// A connection in clear text: good for EHLO, STARTTLS and QUIT.
#[derive(Debug)]
pub struct Cleartext<T> {
    transport: T,
    pending: Vec<u8>,
    octets_out: u64,
}

impl<T: Transport> Cleartext<T> {
    /// A fresh connection.
    pub fn new(transport: T) -> Self {
        Self {
            transport,
            pending: Vec::new(),
            octets_out: 0,
        }
    }

    /// Gives the connection up to the handshake.
    pub(crate) fn into_transport(self) -> T {
        self.transport
    }
}

impl<T: Transport> Channel for Cleartext<T> {
    const VERIFIED: bool = false;

    fn send(&mut self, bytes: &[u8], deadline: Deadline) -> Result<(), Fault> {
        let mut rest = bytes;
        while !rest.is_empty() {
            self.transport.check(deadline)?;
            match self.transport.write(rest) {
                Ok(0) => return Err(Fault::Lost(io::ErrorKind::WriteZero)),
                Ok(n) => {
                    self.octets_out = self.octets_out.saturating_add(n as u64);
                    rest = rest.get(n..).unwrap_or_default();
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.receive_ready(deadline)?;
                    self.transport.wait(Interest::ReadOrWrite, deadline)?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.kind().into()),
            }
        }
        Ok(())
    }

    fn receive(&mut self, deadline: Deadline) -> Result<(), Fault> {
        let before = self.pending.len();
        loop {
            self.transport.check(deadline)?;
            let ready = self.receive_ready(deadline);
            // What came before a break is looked at first; the break shows again.
            if self.pending.len() > before {
                return Ok(());
            }
            ready?;
            self.transport.wait(Interest::Read, deadline)?;
        }
    }

    fn receive_ready(&mut self, deadline: Deadline) -> Result<(), Fault> {
        let mut buffer = [0_u8; 4096];
        let before = self.pending.len();
        loop {
            self.transport.check(deadline)?;
            if self.pending.len() > MAX_PENDING {
                return Err(Fault::Flooded);
            }
            match self.transport.read(&mut buffer) {
                // What came before the end is looked at first; the end shows again.
                Ok(0) if self.pending.len() > before => return Ok(()),
                Ok(0) => return Err(Fault::Lost(io::ErrorKind::UnexpectedEof)),
                Ok(n) => self
                    .pending
                    .extend_from_slice(buffer.get(..n).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.kind().into()),
            }
        }
    }

    fn pending(&mut self) -> &mut Vec<u8> {
        &mut self.pending
    }

    fn octets_out(&self) -> u64 {
        self.octets_out
    }

    fn finish(&mut self, bytes: &[u8]) {
        // Best effort: a farewell that is not taken at once is not worth a wait.
        let _ = self.transport.write(bytes);
        self.transport.finish();
    }
}

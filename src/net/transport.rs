//! A stream of bytes that blocks only in `wait`: a TCP connection, or memory in tests.

use std::io::{self, Read, Write};
use std::net::Shutdown;

use mio::net::TcpStream;

use super::wait::{WaitEnd, Waiter};
use crate::deadline::Deadline;

/// The readiness that a wait is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interest {
    /// Until bytes can be read.
    Read,
    /// Until bytes can be read or written.
    ReadOrWrite,
}

/// A duplex stream. `read` and `write` return `WouldBlock` instead of blocking.
pub trait Transport {
    /// Reads available bytes; 0 at the end of the stream.
    ///
    /// # Errors
    /// `WouldBlock`, `Interrupted`, or the error of the stream.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Writes as many bytes as there is room for.
    ///
    /// # Errors
    /// `WouldBlock`, `Interrupted`, or the error of the stream.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Waits for readiness.
    ///
    /// # Errors
    /// When the wait was cancelled, its deadline passed, or it can't be done.
    fn wait(&mut self, interest: Interest, deadline: Deadline) -> Result<(), WaitEnd>;

    /// Checks whether to stop now, although the stream may be ready.
    ///
    /// # Errors
    /// When it was cancelled or the deadline passed.
    fn check(&self, deadline: Deadline) -> Result<(), WaitEnd>;

    /// Makes the next read ask the system, although the last one found nothing and there was no wait since.
    fn refresh(&mut self) {}

    /// Shuts down the writing side, without waiting for the peer.
    fn finish(&mut self);
}

/// A TCP connection with the selector that waits for it.
#[derive(Debug)]
pub struct TcpTransport {
    stream: TcpStream,
    waiter: Waiter,
    /// True if the last read found nothing and there was no wait since: then the system is not asked again.
    dry: bool,
}

impl TcpTransport {
    /// A connected stream, registered with `waiter` for both directions.
    pub(super) fn new(stream: TcpStream, waiter: Waiter) -> Self {
        Self {
            stream,
            waiter,
            dry: false,
        }
    }
}

impl Transport for TcpTransport {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.dry {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let read = self.stream.read(buffer);
        let nothing = |error: &io::Error| error.kind() == io::ErrorKind::WouldBlock;
        self.dry = read.as_ref().err().is_some_and(nothing);
        read
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn wait(&mut self, _interest: Interest, deadline: Deadline) -> Result<(), WaitEnd> {
        // Registered once for both directions and edge-triggered: a caller waits only after
        // WouldBlock in the direction that matters, and retries after any wake-up.
        self.dry = false;
        self.waiter.wait(deadline)
    }

    fn refresh(&mut self) {
        self.dry = false;
    }

    fn check(&self, deadline: Deadline) -> Result<(), WaitEnd> {
        self.waiter.check(deadline)
    }

    fn finish(&mut self) {
        // Ignore the error: the peer may have closed already.
        let _ = self.stream.shutdown(Shutdown::Write);
    }
}

//! A stream of bytes that never blocks but in `wait`: a TCP connection, or a test's memory.

use std::io::{self, Read, Write};
use std::net::Shutdown;

use mio::net::TcpStream;

use super::wait::{WaitEnd, Waiter};
use crate::deadline::Deadline;

/// What a wait is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interest {
    /// Until something can be read.
    Read,
    /// Until something can be read or written.
    ReadOrWrite,
}

/// A duplex stream. `read` and `write` answer `WouldBlock` instead of blocking.
pub trait Transport {
    /// Reads what is there; 0 at the end of the stream.
    ///
    /// # Errors
    /// `WouldBlock`, `Interrupted`, or why the stream is broken.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Writes what there is room for.
    ///
    /// # Errors
    /// `WouldBlock`, `Interrupted`, or why the stream is broken.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Waits for readiness.
    ///
    /// # Errors
    /// When the wait was cancelled, its deadline passed, or it can't be done.
    fn wait(&mut self, interest: Interest, deadline: Deadline) -> Result<(), WaitEnd>;

    /// Whether to stop now, although the stream may be ready.
    ///
    /// # Errors
    /// When it was cancelled or the deadline passed.
    fn check(&self, deadline: Deadline) -> Result<(), WaitEnd>;

    /// Looks anew at the next read, although the last one found nothing and nobody waited since.
    fn refresh(&mut self) {}

    /// Says that nothing more will be written; the answer is not waited for.
    fn finish(&mut self);
}

/// A TCP connection with the selector that waits for it.
#[derive(Debug)]
pub struct TcpTransport {
    stream: TcpStream,
    waiter: Waiter,
    /// Whether the last read found nothing, and nobody waited since: the system is not asked again.
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
        // Registered once for both directions and edge-triggered: whoever waits has seen
        // WouldBlock in the direction that matters, and looks again at whatever wakes it.
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
        // The peer may have closed already: nothing to be done about it.
        let _ = self.stream.shutdown(Shutdown::Write);
    }
}

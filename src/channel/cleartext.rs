//! The clear-text channel with which each connection begins.

use std::io;

use super::{Channel, Fault, MAX_PENDING};
use crate::deadline::Deadline;
use crate::net::{Interest, Transport};

/// A connection in clear text: for EHLO, STARTTLS and QUIT only.
#[derive(Debug)]
pub struct Cleartext<T> {
    transport: T,
    pending: Vec<u8>,
    bytes_written: u64,
}

impl<T: Transport> Cleartext<T> {
    /// A new connection.
    pub fn new(transport: T) -> Self {
        Self {
            transport,
            pending: Vec::new(),
            bytes_written: 0,
        }
    }

    /// Hands the connection over to the handshake.
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
                    self.bytes_written = self.bytes_written.saturating_add(n as u64);
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
            // Return the bytes received before an error first; the error will occur again.
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
                // Return the bytes received before the end first; the end will be read again.
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

    fn bytes_written(&self) -> u64 {
        self.bytes_written
    }

    fn finish(&mut self, bytes: &[u8]) {
        // Best effort: a QUIT that can't be written at once is dropped.
        let _ = self.transport.write(bytes);
        self.transport.finish();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;
    use crate::net::WaitEnd;

    /// A transport whose reads and writes end as they are listed, and then block.
    #[derive(Default)]
    struct Script {
        reads: VecDeque<io::Result<Vec<u8>>>,
        writes: VecDeque<io::Result<usize>>,
        written: Vec<u8>,
        waits: Vec<Interest>,
        finished: bool,
    }

    impl Transport for Script {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let bytes = self.reads.pop_front().unwrap_or_else(|| Err(blocked()))?;
            buffer[..bytes.len()].copy_from_slice(&bytes);
            Ok(bytes.len())
        }

        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let len = self.writes.pop_front().unwrap_or_else(|| Err(blocked()))?;
            let len = len.min(bytes.len());
            self.written.extend_from_slice(&bytes[..len]);
            Ok(len)
        }

        fn wait(&mut self, interest: Interest, _: Deadline) -> Result<(), WaitEnd> {
            self.waits.push(interest);
            Ok(())
        }

        fn check(&self, _: Deadline) -> Result<(), WaitEnd> {
            // A transport that blocks for ever has no more in its script.
            match self.waits.len() {
                0..10 => Ok(()),
                _ => Err(WaitEnd::TimedOut),
            }
        }

        fn finish(&mut self) {
            self.finished = true;
        }
    }

    fn blocked() -> io::Error {
        io::ErrorKind::WouldBlock.into()
    }

    fn interrupted<T>() -> io::Result<T> {
        Err(io::ErrorKind::Interrupted.into())
    }

    fn channel(
        reads: impl Into<VecDeque<io::Result<Vec<u8>>>>,
        writes: impl Into<VecDeque<io::Result<usize>>>,
    ) -> Cleartext<Script> {
        Cleartext::new(Script {
            reads: reads.into(),
            writes: writes.into(),
            ..Script::default()
        })
    }

    #[test]
    fn a_send_reads_while_the_system_takes_nothing_and_writes_each_byte_once() {
        let reads = [Ok(b"220 ".to_vec()), Err(blocked()), Ok(b"hello".to_vec())];
        let writes = [interrupted(), Ok(3), Err(blocked()), Err(blocked()), Ok(9)];
        let mut channel = channel(reads, writes);
        assert_eq!(channel.bytes_written(), 0);
        assert_eq!(channel.send(b"EHLO x\r\n", Deadline::NEVER), Ok(()));
        assert_eq!(channel.transport.written, b"EHLO x\r\n");
        assert_eq!(channel.bytes_written(), 8);
        assert_eq!(channel.pending(), b"220 hello");
        assert_eq!(channel.transport.waits, [Interest::ReadOrWrite; 2]);
    }

    #[test]
    fn a_send_ends_with_the_fault_of_the_transport() {
        let broken = || Err(io::ErrorKind::BrokenPipe.into());
        for (write, kind) in [
            (Ok(0), io::ErrorKind::WriteZero),
            (broken(), io::ErrorKind::BrokenPipe),
        ] {
            let mut channel = channel([], [Ok(2), write]);
            let sent = channel.send(b"QUIT\r\n", Deadline::NEVER);
            assert_eq!(sent, Err(Fault::Lost(kind)));
            assert_eq!(channel.bytes_written(), 2);
        }
    }

    #[test]
    fn bytes_before_the_end_are_handed_out_before_it() {
        let mut channel = channel(
            [
                interrupted(),
                Ok(b"221 ".to_vec()),
                Ok(Vec::new()),
                Ok(Vec::new()),
            ],
            [],
        );
        assert_eq!(channel.receive(Deadline::NEVER), Ok(()));
        assert_eq!(channel.pending(), b"221 ");
        let end = Err(Fault::Lost(io::ErrorKind::UnexpectedEof));
        assert_eq!(channel.receive(Deadline::NEVER), end);
        assert_eq!(channel.pending(), b"221 ");
        assert_eq!(channel.transport.waits, []);
    }

    #[test]
    fn bytes_before_a_fault_are_handed_out_before_it() {
        let reset = || Err(io::ErrorKind::ConnectionReset.into());
        let mut channel = channel([Ok(b"421 ".to_vec()), reset(), reset()], []);
        assert_eq!(channel.receive(Deadline::NEVER), Ok(()));
        let lost = Err(Fault::Lost(io::ErrorKind::ConnectionReset));
        assert_eq!(channel.receive(Deadline::NEVER), lost);
    }

    #[test]
    fn a_peer_may_be_ahead_by_max_pending_bytes_and_by_no_more() {
        for (len, result) in [
            (MAX_PENDING, Ok(())),
            (MAX_PENDING + 1, Err(Fault::Flooded)),
        ] {
            let mut channel = channel([], []);
            channel.pending = vec![b'x'; len];
            assert_eq!(channel.receive_ready(Deadline::NEVER), result);
        }
    }

    #[test]
    fn a_farewell_is_written_once_and_not_waited_for() {
        let mut channel = channel([], [Ok(2), Ok(9)]);
        channel.finish(b"QUIT\r\n");
        assert_eq!(channel.transport.written, b"QU");
        assert!(channel.transport.finished && channel.transport.waits.is_empty());
    }
}

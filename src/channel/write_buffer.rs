//! The buffer of data to write: plaintext until it fills a record, records until the system has
//! accepted them, and exact counters of both.

use std::collections::VecDeque;
use std::io::{self, Write as _};

use rustls::ClientConnection;
use zeroize::Zeroize as _;

use crate::channel::Fault;
use crate::net::Transport;

/// The maximum plaintext of a record (RFC 8446 section 5.1).
const MAX_RECORD: usize = 16 * 1024;

/// The end of a record in the plaintext and on the wire, and its beginning on the wire; counted from
/// the beginning of the connection.
#[derive(Clone, Copy)]
struct Mark {
    text: u64,
    begin: u64,
    end: u64,
}

/// Plaintext that waits for its record, and records that wait for the system.
#[derive(Default)]
pub(super) struct WriteBuffer {
    /// Plaintext that is in no record yet.
    staged: Vec<u8>,
    /// Records; the system has accepted those before `from`.
    sealed: Vec<u8>,
    from: usize,
    /// The records of plaintext that the system has not completely accepted.
    marks: VecDeque<Mark>,
    /// The size of all queued plaintext, staged or not.
    pub(super) queued: u64,
    /// The size of the plaintext whose records the system has completely accepted: the peer may have read it.
    pub(super) sent: u64,
    /// The size of the plaintext of whose records the system has accepted at least one byte.
    pub(super) partially_sent: u64,
    /// The number of bytes that the system has accepted.
    pub(super) bytes_written: u64,
}

impl WriteBuffer {
    /// Queues plaintext; each record that it fills is encrypted.
    pub(super) fn push(&mut self, tls: &mut ClientConnection, text: &[u8]) -> Result<(), Fault> {
        self.queued = advanced(self.queued, text.len())?;
        let mut rest = text;
        if !self.staged.is_empty() {
            let room = MAX_RECORD.checked_sub(self.staged.len());
            let room = room.ok_or(Fault::Internal("more staged than a record"))?;
            let (head, tail) = rest.split_at_checked(room).unwrap_or((rest, &[]));
            self.staged.extend_from_slice(head);
            rest = tail;
            if self.staged.len() < MAX_RECORD {
                return Ok(());
            }
            self.seal(tls)?;
        }
        while let Some((record, tail)) = rest.split_at_checked(MAX_RECORD) {
            self.seal_record(tls, record)?;
            rest = tail;
        }
        self.staged.extend_from_slice(rest);
        Ok(())
    }

    /// Makes a record of the staged plaintext, full or not. Never an empty one.
    pub(super) fn seal(&mut self, tls: &mut ClientConnection) -> Result<(), Fault> {
        if self.staged.is_empty() {
            return Ok(());
        }
        let mut staged = std::mem::take(&mut self.staged);
        let sealed = self.seal_record(tls, &staged);
        staged.clear();
        self.staged = staged;
        sealed
    }

    /// Overwrites plaintext that was encrypted: it may have been a secret.
    pub(super) fn wipe(&mut self) {
        if self.staged.is_empty() {
            self.staged.zeroize();
        }
    }

    fn seal_record(&mut self, tls: &mut ClientConnection, text: &[u8]) -> Result<(), Fault> {
        let begin = advanced(self.bytes_written, self.backlog())?;
        let mut rest = text;
        while !rest.is_empty() {
            let taken = tls.writer().write(rest).map_err(|error| error.kind())?;
            let left = rest.get(taken..);
            rest = left.ok_or(Fault::Internal("TLS took more than was given"))?;
            self.collect(tls)?;
        }
        // Collect the engine's other records first, so that the plaintext ends with its record.
        let before = self.marks.back().map_or(self.sent, |mark| mark.text);
        self.marks.push_back(Mark {
            text: advanced(before, text.len())?,
            begin,
            end: advanced(self.bytes_written, self.backlog())?,
        });
        Ok(())
    }

    /// Collects the records that the engine has produced.
    pub(super) fn collect(&mut self, tls: &mut ClientConnection) -> Result<(), Fault> {
        if self.from > 0 && self.from >= self.backlog() {
            self.sealed.drain(..self.from);
            self.from = 0;
        }
        while tls.wants_write() {
            tls.write_tls(&mut self.sealed)
                .map_err(|error| error.kind())?;
        }
        Ok(())
    }

    /// The number of bytes of records that the system has not accepted.
    pub(super) fn backlog(&self) -> usize {
        self.sealed.len() - self.from
    }

    /// Returns whether no data waits, in a record or not.
    pub(super) fn is_empty(&self) -> bool {
        self.staged.is_empty() && self.backlog() == 0
    }

    /// Writes records until there are none, or the system accepts no more. Returns whether it accepted any.
    pub(super) fn flush<T: Transport>(&mut self, transport: &mut T) -> Result<bool, Fault> {
        let mut moved = false;
        while let Some(rest) = self.sealed.get(self.from..).filter(|rest| !rest.is_empty()) {
            match transport.write(rest) {
                Ok(0) => return Err(Fault::Lost(io::ErrorKind::WriteZero)),
                Ok(n) => {
                    self.took(n)?;
                    moved = true;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(moved),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.kind().into()),
            }
        }
        self.sealed.clear();
        self.from = 0;
        Ok(moved)
    }

    /// Counts accepted bytes. A transport that reports more than it was given has accepted all of them, so that
    /// no message which may have left is taken for one that has not.
    fn took(&mut self, reported: usize) -> Result<(), Fault> {
        let bytes = reported.min(self.backlog());
        self.from += bytes;
        self.bytes_written = advanced(self.bytes_written, bytes)?;
        while let Some(mark) = self.marks.front() {
            if mark.end > self.bytes_written {
                break;
            }
            self.sent = mark.text;
            self.marks.pop_front();
        }
        let begun = self.marks.front().filter(|m| m.begin < self.bytes_written);
        self.partially_sent = begun.map_or(self.sent, |mark| mark.text);
        match reported == bytes {
            true => Ok(()),
            false => Err(Fault::Internal("the system took more than was given")),
        }
    }
}

/// A counter after so many bytes more.
fn advanced(counter: u64, bytes: usize) -> Result<u64, Fault> {
    let sum = counter.checked_add(bytes as u64);
    sum.ok_or(Fault::Internal("a counter of bytes is at its end"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deadline::Deadline;
    use crate::net::{Interest, WaitEnd};

    /// A system that reports this number of bytes, whatever it was given.
    struct Reports(usize);

    impl Transport for Reports {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::WouldBlock.into())
        }

        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Ok(self.0)
        }

        fn wait(&mut self, _: Interest, _: Deadline) -> Result<(), WaitEnd> {
            Ok(())
        }

        fn check(&self, _: Deadline) -> Result<(), WaitEnd> {
            Ok(())
        }

        fn finish(&mut self) {}
    }

    #[test]
    fn more_bytes_than_were_given_are_a_fault_and_all_of_them_have_left() {
        for (reported, is_fault) in [(4, false), (5, true)] {
            let mut buffer = WriteBuffer {
                sealed: vec![0; 4],
                ..WriteBuffer::default()
            };
            let flushed = buffer.flush(&mut Reports(reported));
            assert_eq!(matches!(flushed, Err(Fault::Internal(_))), is_fault);
            assert_eq!(buffer.bytes_written, 4);
        }
    }

    #[test]
    fn a_counter_at_its_end_is_a_fault() {
        assert_eq!(advanced(u64::MAX - 2, 2), Ok(u64::MAX));
        assert!(matches!(advanced(u64::MAX - 2, 3), Err(Fault::Internal(_))));
    }
}

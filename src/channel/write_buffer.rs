//! What is to be written: text gathered to whole records, records until the system has taken them,
//! and an exact account of both.

use std::collections::VecDeque;
use std::io::{self, Write as _};

use rustls::ClientConnection;
use zeroize::Zeroize as _;

use crate::channel::Fault;
use crate::net::Transport;

/// The most text that one record holds (RFC 8446 section 5.1).
const MAX_RECORD: usize = 16 * 1024;

/// Where a record ends, in text and on the wire, and where it begins on the wire; counted from the
/// beginning of the connection.
#[derive(Clone, Copy)]
struct Mark {
    text: u64,
    begin: u64,
    end: u64,
}

/// Text on its way into records, and records on their way to the system.
#[derive(Default)]
pub(super) struct WriteBuffer {
    /// Text that is in no record yet.
    staged: Vec<u8>,
    /// Records; those before `from` were taken.
    sealed: Vec<u8>,
    from: usize,
    /// The records of text that were not wholly taken.
    marks: VecDeque<Mark>,
    /// All text given, staged or not.
    pub(super) queued: u64,
    /// Text whose records were wholly taken by the system: the peer may have read it.
    pub(super) sent: u64,
    /// Text of whose records at least a byte was taken.
    pub(super) partially_sent: u64,
    /// All bytes that the system took.
    pub(super) bytes_written: u64,
}

impl WriteBuffer {
    /// Takes text; each record that it fills is sealed.
    pub(super) fn push(&mut self, tls: &mut ClientConnection, text: &[u8]) -> Result<(), Fault> {
        self.queued = self.queued.saturating_add(text.len() as u64);
        let mut rest = text;
        if !self.staged.is_empty() {
            let room = MAX_RECORD.saturating_sub(self.staged.len());
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

    /// Makes a record of what is staged, full or not. Never an empty one.
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

    /// Overwrites what is left of text that was sealed: it may have been a secret.
    pub(super) fn wipe(&mut self) {
        if self.staged.is_empty() {
            self.staged.zeroize();
        }
    }

    fn seal_record(&mut self, tls: &mut ClientConnection, text: &[u8]) -> Result<(), Fault> {
        let begin = self.bytes_written.saturating_add(self.backlog() as u64);
        let mut rest = text;
        while !rest.is_empty() {
            let taken = tls.writer().write(rest).map_err(|error| error.kind())?;
            rest = rest.get(taken..).unwrap_or_default();
            self.collect(tls)?;
        }
        // Whatever else the engine has to say goes before: the text's end is the record's.
        let before = self.marks.back().map_or(self.sent, |mark| mark.text);
        self.marks.push_back(Mark {
            text: before.saturating_add(text.len() as u64),
            begin,
            end: self.bytes_written.saturating_add(self.backlog() as u64),
        });
        Ok(())
    }

    /// Takes the records that the engine has ready.
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

    /// Bytes of records that the system has not taken.
    pub(super) fn backlog(&self) -> usize {
        self.sealed.len().saturating_sub(self.from)
    }

    /// Whether nothing waits, in a record or not.
    pub(super) fn is_empty(&self) -> bool {
        self.staged.is_empty() && self.backlog() == 0
    }

    /// Writes records until there are none, or the system takes no more; tells whether it took any.
    pub(super) fn flush<T: Transport>(&mut self, transport: &mut T) -> Result<bool, Fault> {
        let mut moved = false;
        while let Some(rest) = self.sealed.get(self.from..).filter(|rest| !rest.is_empty()) {
            match transport.write(rest) {
                Ok(0) => return Err(Fault::Lost(io::ErrorKind::WriteZero)),
                Ok(n) => {
                    self.took(n);
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

    fn took(&mut self, bytes: usize) {
        self.from = self.from.saturating_add(bytes);
        self.bytes_written = self.bytes_written.saturating_add(bytes as u64);
        while let Some(mark) = self.marks.front() {
            if mark.end > self.bytes_written {
                break;
            }
            self.sent = mark.text;
            self.marks.pop_front();
        }
        let begun = self.marks.front().filter(|m| m.begin < self.bytes_written);
        self.partially_sent = begun.map_or(self.sent, |mark| mark.text);
    }
}

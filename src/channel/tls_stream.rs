//! The TLS engine driven by our own loops: bytes in, bytes out, under a deadline, full duplex.

use std::io::{self, BufRead as _};

use rustls::ClientConnection;

use super::words;
use super::write_buffer::WriteBuffer;
use crate::channel::{Fault, MAX_PENDING};
use crate::deadline::Deadline;
use crate::net::{Interest, Transport};

/// The most bytes in a row that say nothing to us, tickets, key updates, empty records: an honest
/// server sends a few tickets.
const MAX_IDLE: usize = 256 * 1024;

/// Bytes read from the transport at a time: a whole record and its frame.
const READ: usize = 17 * 1024;

/// A TLS connection over a transport.
pub(super) struct TlsStream<T> {
    pub(super) connection: ClientConnection,
    pub(super) transport: T,
    pub(super) pending: Vec<u8>,
    pub(super) write_buffer: WriteBuffer,
    incoming: Box<[u8]>,
    /// Bytes read since the last that were meant for us.
    idle: usize,
    /// Why TLS can't go on, once it can't: the transport would have nothing more to say of it.
    broken: Option<Fault>,
    /// Whether the peer has said, sealed, that nothing more will come.
    pub(super) received_close_notify: bool,
}

/// What one look at the transport brought.
enum Found {
    /// So many bytes, none of them needing to be text.
    Bytes(usize),
    Nothing,
    End,
}

impl<T: Transport> TlsStream<T> {
    pub(super) fn new(connection: ClientConnection, transport: T) -> Self {
        Self {
            connection,
            transport,
            pending: Vec::new(),
            write_buffer: WriteBuffer::default(),
            incoming: vec![0; READ].into_boxed_slice(),
            idle: 0,
            broken: None,
            received_close_notify: false,
        }
    }

    /// Runs the handshake to its end. `sample` gets the first bytes that the peer says.
    pub(super) fn handshake(
        &mut self,
        sample: &mut Vec<u8>,
        deadline: Deadline,
    ) -> Result<(), HandshakeStop> {
        while self.connection.is_handshaking() {
            self.transport.check(deadline).map_err(Fault::from)?;
            self.write_buffer.collect(&mut self.connection)?;
            let wrote = self.write_buffer.flush(&mut self.transport)?;
            let found = self.look()?;
            match found {
                Found::End => return Err(Fault::Lost(io::ErrorKind::UnexpectedEof).into()),
                Found::Bytes(n) => {
                    keep_sample(sample, self.incoming.get(..n).unwrap_or_default());
                    if let Err(error) = self.digest(n) {
                        // The alert tells an honest peer what is wrong; nobody waits for it.
                        self.tell_alert();
                        return Err(HandshakeStop::Tls(error));
                    }
                }
                Found::Nothing if wrote => {}
                Found::Nothing => self
                    .transport
                    .wait(Interest::ReadOrWrite, deadline)
                    .map_err(Fault::from)?,
            }
        }
        Ok(())
    }

    /// Takes text to be written: it leaves with [`Self::exchange`].
    pub(super) fn push(&mut self, text: &[u8]) -> Result<(), Fault> {
        self.write_buffer.push(&mut self.connection, text)
    }

    /// Writes what the system takes and reads what is there, without waiting; whether anything was
    /// read. With `all`, what does not fill a record is written too.
    pub(super) fn exchange(&mut self, all: bool, deadline: Deadline) -> Result<bool, Fault> {
        self.transport.check(deadline)?;
        if all {
            self.write_buffer.seal(&mut self.connection)?;
        }
        self.write_buffer.collect(&mut self.connection)?;
        self.write_buffer.flush(&mut self.transport)?;
        let before = self.pending.len();
        let ready = self.receive_some(deadline, true);
        // What came before a break is looked at first; the break shows again.
        if self.pending.len() > before {
            return Ok(true);
        }
        ready.map(|()| false)
    }

    /// Waits until something may have become possible.
    pub(super) fn wait(&mut self, deadline: Deadline) -> Result<(), Fault> {
        Ok(self.transport.wait(Interest::ReadOrWrite, deadline)?)
    }

    pub(super) fn send(&mut self, bytes: &[u8], deadline: Deadline) -> Result<(), Fault> {
        self.push(bytes)?;
        self.write_buffer.seal(&mut self.connection)?;
        self.write_buffer.wipe();
        loop {
            self.transport.check(deadline)?;
            self.write_buffer.collect(&mut self.connection)?;
            let wrote = self.write_buffer.flush(&mut self.transport)?;
            if self.write_buffer.is_empty() {
                return Ok(());
            }
            if !wrote {
                self.receive_ready(deadline)?;
                self.transport.wait(Interest::ReadOrWrite, deadline)?;
            }
        }
    }

    pub(super) fn receive(&mut self, deadline: Deadline) -> Result<(), Fault> {
        let before = self.pending.len();
        loop {
            self.transport.check(deadline)?;
            self.write_buffer.collect(&mut self.connection)?;
            self.write_buffer.flush(&mut self.transport)?;
            let ready = self.receive_some(deadline, false);
            // What came before a break is looked at first; the break shows again.
            if self.pending.len() > before {
                return Ok(());
            }
            ready?;
            self.transport.wait(Interest::ReadOrWrite, deadline)?;
        }
    }

    /// Moves what is there into `pending`, until the transport has no more. It is asked anew, although
    /// the last look may have found nothing: whoever calls this wants to know how it stands now.
    pub(super) fn receive_ready(&mut self, deadline: Deadline) -> Result<(), Fault> {
        self.transport.refresh();
        self.receive_some(deadline, false)
    }

    /// The same, and with `once` no more than one read brings.
    fn receive_some(&mut self, deadline: Deadline, once: bool) -> Result<(), Fault> {
        let before = self.pending.len();
        loop {
            if let Some(fault) = self.broken {
                return Err(fault);
            }
            let ended = self.take_plaintext()?;
            if self.pending.len() > before && (ended || once) {
                return Ok(()); // what came before the end is looked at first; the end shows again
            }
            if ended {
                return Err(Fault::Lost(io::ErrorKind::UnexpectedEof));
            }
            let n = match self.look()? {
                Found::Nothing => return Ok(()),
                // The engine judges an end without close_notify.
                Found::End => 0,
                Found::Bytes(n) => n,
            };
            self.idle = self.idle.saturating_add(n);
            if let Err(error) = self.digest(n) {
                // An alert tells an honest peer; and what came before the fault counts.
                self.tell_alert();
                let fault = refusal(&error);
                self.broken = Some(fault);
                self.take_plaintext()?;
                return Err(fault);
            }
            self.transport.check(deadline)?;
        }
    }

    /// Reads from the transport into `incoming`.
    fn look(&mut self) -> Result<Found, Fault> {
        loop {
            match self.transport.read(&mut self.incoming) {
                Ok(0) => return Ok(Found::End),
                Ok(n) => return Ok(Found::Bytes(n)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Ok(Found::Nothing);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.kind().into()),
            }
        }
    }

    /// Gives the engine the first `n` bytes of `incoming`; 0 tells it that no more will come.
    fn digest(&mut self, n: usize) -> Result<(), rustls::Error> {
        let mut rest = self.incoming.get(..n).unwrap_or_default();
        loop {
            // From memory, and with its text taken each time: the engine always has room.
            let taken = self.connection.read_tls(&mut rest);
            taken.map_err(|error| rustls::Error::General(error.to_string()))?;
            self.connection.process_new_packets()?;
            if rest.is_empty() {
                return Ok(());
            }
            // The engine holds little text back.
            let mut reader = self.connection.reader();
            while let Ok(text) = reader.fill_buf() {
                let length = text.len();
                if length == 0 {
                    break;
                }
                self.idle = 0;
                self.pending.extend_from_slice(text);
                reader.consume(length);
            }
        }
    }

    /// Takes decrypted bytes; true at the end of the stream, however it came about: a reply is
    /// whole only at its CRLF, so a missing close_notify can't cut one short unseen.
    fn take_plaintext(&mut self) -> Result<bool, Fault> {
        let mut reader = self.connection.reader();
        loop {
            if self.pending.len() > MAX_PENDING || self.idle > MAX_IDLE {
                return Err(Fault::Flooded);
            }
            match reader.fill_buf() {
                Ok([]) => {
                    self.received_close_notify = true;
                    return Ok(true);
                }
                Ok(text) => {
                    let length = text.len();
                    self.idle = 0;
                    self.pending.extend_from_slice(text);
                    reader.consume(length);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(_) => return Ok(true),
            }
        }
    }

    /// Lets the engine's alert go, as far as the system takes it at once.
    fn tell_alert(&mut self) {
        // Behind records that were given up, nothing is said.
        if self.write_buffer.backlog() == 0
            && self.write_buffer.collect(&mut self.connection).is_ok()
        {
            let _ = self.write_buffer.flush(&mut self.transport);
        }
    }

    pub(super) fn finish(&mut self, bytes: &[u8]) {
        // What the system has not taken may be content that was given up: it stays here, and
        // nothing may be said behind the part that left.
        if self.write_buffer.is_empty() && self.push(bytes).is_ok() {
            let sealed = self.write_buffer.seal(&mut self.connection);
            self.connection.send_close_notify();
            // Best effort: a farewell that is not taken at once is not worth a wait.
            if sealed.is_ok() && self.write_buffer.collect(&mut self.connection).is_ok() {
                let _ = self.write_buffer.flush(&mut self.transport);
            }
        }
        self.transport.finish();
    }
}

/// What the TLS layer's refusal of a record means.
fn refusal(error: &rustls::Error) -> Fault {
    match error {
        rustls::Error::AlertReceived(alert) => Fault::Alert(words::alert(*alert)),
        _ => Fault::Lost(io::ErrorKind::InvalidData),
    }
}

/// Why a handshake did not come to its end.
pub(super) enum HandshakeStop {
    Fault(Fault),
    Tls(rustls::Error),
}

impl From<Fault> for HandshakeStop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Keeps the first bytes that a peer says, to show what answered instead of TLS.
fn keep_sample(sample: &mut Vec<u8>, heard: &[u8]) {
    /// As many as are worth showing.
    const SAMPLE: usize = 120;
    let room = SAMPLE.saturating_sub(sample.len()).min(heard.len());
    sample.extend_from_slice(heard.get(..room).unwrap_or_default());
}

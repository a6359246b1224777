//! The TLS engine driven by our own loops: bytes in, bytes out, under a deadline, full duplex.

use std::io::{self, BufRead as _};

use rustls::ClientConnection;

use super::tls_error_text;
use super::write_buffer::WriteBuffer;
use crate::channel::{Fault, MAX_PENDING};
use crate::deadline::Deadline;
use crate::net::{Interest, Transport};

/// The maximum number of consecutive bytes without application data, such as tickets, key updates
/// and empty records. A correct server sends a few tickets.
const MAX_IDLE: usize = 256 * 1024;

/// The number of bytes read from the transport at a time: a whole record with its header.
const READ: usize = 17 * 1024;

/// A TLS connection over a transport.
pub(super) struct TlsStream<T> {
    pub(super) connection: ClientConnection,
    pub(super) transport: T,
    pub(super) pending: Vec<u8>,
    pub(super) write_buffer: WriteBuffer,
    incoming: Box<[u8]>,
    /// Bytes read since the last application data.
    idle: usize,
    /// The error that ended TLS, kept because the transport can't report it again.
    broken: Option<Fault>,
    /// True if the peer has sent close_notify.
    pub(super) received_close_notify: bool,
}

/// The result of one read from the transport.
enum Found {
    /// This number of bytes, perhaps without application data.
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

    /// Runs the handshake to its end. `sample` gets the first bytes that the peer sends.
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
                        // The alert reports the error to a correct peer; it is not waited for.
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

    /// Queues plaintext; [`Self::transfer`] writes it.
    pub(super) fn push(&mut self, text: &[u8]) -> Result<(), Fault> {
        self.write_buffer.push(&mut self.connection, text)
    }

    /// Writes as much as the system accepts and reads the available bytes, without waiting. Returns
    /// whether anything was read. With `all`, an incomplete record is written too.
    pub(super) fn transfer(&mut self, all: bool, deadline: Deadline) -> Result<bool, Fault> {
        self.transport.check(deadline)?;
        if all {
            self.write_buffer.seal(&mut self.connection)?;
        }
        self.write_buffer.collect(&mut self.connection)?;
        self.write_buffer.flush(&mut self.transport)?;
        let before = self.pending.len();
        let ready = self.receive_some(deadline, true);
        // Return the bytes received before an error first; the error will occur again.
        if self.pending.len() > before {
            return Ok(true);
        }
        ready.map(|()| false)
    }

    /// Waits until the transport may be ready.
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
            // Return the bytes received before an error first; the error will occur again.
            if self.pending.len() > before {
                return Ok(());
            }
            ready?;
            self.transport.wait(Interest::ReadOrWrite, deadline)?;
        }
    }

    /// Moves the available bytes into `pending`, until the transport has no more. Reads from the system
    /// even if the last read found nothing, because the caller needs the current state.
    pub(super) fn receive_ready(&mut self, deadline: Deadline) -> Result<(), Fault> {
        self.transport.refresh();
        self.receive_some(deadline, false)
    }

    /// Moves the available bytes into `pending`; with `once`, those of one read.
    fn receive_some(&mut self, deadline: Deadline, once: bool) -> Result<(), Fault> {
        let before = self.pending.len();
        loop {
            if let Some(fault) = self.broken {
                return Err(fault);
            }
            let ended = self.take_plaintext()?;
            if self.pending.len() > before && (ended || once) {
                return Ok(()); // return the bytes received before the end first; the end will be read again
            }
            if ended {
                return Err(Fault::Lost(io::ErrorKind::UnexpectedEof));
            }
            let n = match self.look()? {
                Found::Nothing => return Ok(()),
                // The engine decides about an end without close_notify.
                Found::End => 0,
                Found::Bytes(n) => n,
            };
            self.idle = self.idle.saturating_add(n);
            if let Err(error) = self.digest(n) {
                // An alert reports the error to a correct peer; bytes received before it are valid.
                self.tell_alert();
                let fault = record_fault(&error);
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

    /// Passes the first `n` bytes of `incoming` to the engine; 0 means the end of the stream.
    fn digest(&mut self, n: usize) -> Result<(), rustls::Error> {
        let mut rest = self.incoming.get(..n).unwrap_or_default();
        loop {
            // The source is memory, and plaintext is read each time, so the engine always has room.
            let taken = self.connection.read_tls(&mut rest);
            taken.map_err(|error| rustls::Error::General(error.to_string()))?;
            self.connection.process_new_packets()?;
            if rest.is_empty() {
                return Ok(());
            }
            // The engine buffers little plaintext.
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

    /// Reads decrypted bytes. Returns true at the end of the stream, with or without close_notify: a
    /// reply is complete only at its CRLF, so a missing close_notify can't truncate one unnoticed.
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

    /// Writes the engine's alert, as far as the system accepts it at once.
    fn tell_alert(&mut self) {
        // After abandoned records, nothing is sent.
        if self.write_buffer.backlog() == 0
            && self.write_buffer.collect(&mut self.connection).is_ok()
        {
            let _ = self.write_buffer.flush(&mut self.transport);
        }
    }

    pub(super) fn finish(&mut self, bytes: &[u8]) {
        // Bytes that the system has not accepted may be content of an aborted message: they are never
        // sent, and nothing may be sent after the part that left.
        if self.write_buffer.is_empty() && self.push(bytes).is_ok() {
            let sealed = self.write_buffer.seal(&mut self.connection);
            self.connection.send_close_notify();
            // Best effort: a QUIT that can't be written at once is dropped.
            if sealed.is_ok() && self.write_buffer.collect(&mut self.connection).is_ok() {
                let _ = self.write_buffer.flush(&mut self.transport);
            }
        }
        self.transport.finish();
    }
}

/// Converts the TLS layer's error about a record.
fn record_fault(error: &rustls::Error) -> Fault {
    match error {
        rustls::Error::AlertReceived(alert) => Fault::Alert(tls_error_text::alert(*alert)),
        _ => Fault::Lost(io::ErrorKind::InvalidData),
    }
}

/// The reason why a handshake did not complete.
pub(super) enum HandshakeStop {
    Fault(Fault),
    Tls(rustls::Error),
}

impl From<Fault> for HandshakeStop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Keeps the first bytes that a peer sends, to show them if they are not TLS.
fn keep_sample(sample: &mut Vec<u8>, received: &[u8]) {
    /// The number of bytes that are shown.
    const SAMPLE: usize = 120;
    let room = SAMPLE.saturating_sub(sample.len()).min(received.len());
    sample.extend_from_slice(received.get(..room).unwrap_or_default());
}

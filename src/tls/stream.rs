//! The TLS engine driven by our own loops: bytes in, bytes out, under a deadline, full duplex.

use std::io::{self, Read, Write};

use rustls::ClientConnection;

use crate::channel::{Fault, MAX_PENDING};
use crate::deadline::Deadline;
use crate::net::{Interest, Transport};

/// A transport as the TLS engine wants to see it, counting what the system took.
struct Socket<'a, T> {
    transport: &'a mut T,
    octets_out: &'a mut u64,
}

impl<T: Transport> Read for Socket<'_, T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.transport.read(buffer)
    }
}

impl<T: Transport> Write for Socket<'_, T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.transport.write(bytes)?;
        *self.octets_out = self.octets_out.saturating_add(n as u64);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether a pass over the socket moved something.
#[derive(PartialEq, Eq)]
enum Moved {
    Something,
    Nothing,
}

/// A TLS connection over a transport.
pub(super) struct TlsStream<T> {
    pub(super) connection: ClientConnection,
    pub(super) transport: T,
    pub(super) pending: Vec<u8>,
    pub(super) octets_out: u64,
    /// Octets read since the last that were meant for us: tickets, key updates, empty records.
    idle: usize,
    /// Why TLS can't go on, once it can't: the transport would have nothing more to say of it.
    broken: Option<Fault>,
}

/// The most of those in a row: an honest server sends a few tickets.
const MAX_IDLE: usize = 256 * 1024;

impl<T: Transport> TlsStream<T> {
    pub(super) fn new(connection: ClientConnection, transport: T) -> Self {
        Self {
            connection,
            transport,
            pending: Vec::new(),
            octets_out: 0,
            idle: 0,
            broken: None,
        }
    }

    /// Runs the handshake to its end. `sample` gets the first octets that the peer says.
    pub(super) fn handshake(
        &mut self,
        sample: &mut Vec<u8>,
        deadline: Deadline,
    ) -> Result<(), HandshakeStop> {
        while self.connection.is_handshaking() {
            self.transport.check(deadline).map_err(Fault::from)?;
            let wrote = self.write_records()?;
            if !self.connection.is_handshaking() {
                break;
            }
            let mut socket = Sampler {
                transport: &mut self.transport,
                sample,
            };
            let read = match self.connection.read_tls(&mut socket) {
                Ok(0) => return Err(Fault::Lost(io::ErrorKind::UnexpectedEof).into()),
                Ok(_) => {
                    if let Err(error) = self.connection.process_new_packets() {
                        // The alert tells an honest peer what is wrong; nobody waits for it.
                        let _ = self.write_records();
                        return Err(HandshakeStop::Tls(error));
                    }
                    Moved::Something
                }
                Err(error) => quiet(&error)?,
            };
            if read == Moved::Nothing && wrote == Moved::Nothing {
                self.transport
                    .wait(Interest::ReadOrWrite, deadline)
                    .map_err(Fault::from)?;
            }
        }
        Ok(())
    }

    pub(super) fn send(&mut self, bytes: &[u8], deadline: Deadline) -> Result<(), Fault> {
        let mut rest = bytes;
        while !rest.is_empty() || self.connection.wants_write() {
            self.transport.check(deadline)?;
            // The engine takes what fits into its buffer, and encrypts it at once.
            // An empty write would queue a key update behind the last record, whose fate must stay
            // exact.
            if !rest.is_empty() {
                let taken = self
                    .connection
                    .writer()
                    .write(rest)
                    .map_err(|error| error.kind())?;
                rest = rest.get(taken..).unwrap_or_default();
            }
            if self.write_records()? == Moved::Nothing {
                self.receive_ready(deadline)?;
                self.transport.wait(Interest::ReadOrWrite, deadline)?;
            }
        }
        Ok(())
    }

    pub(super) fn receive(&mut self, deadline: Deadline) -> Result<(), Fault> {
        let before = self.pending.len();
        loop {
            self.transport.check(deadline)?;
            if self.connection.wants_write() {
                self.write_records()?;
            }
            let ready = self.receive_ready(deadline);
            // What came before a break is looked at first; the break shows again.
            if self.pending.len() > before {
                return Ok(());
            }
            ready?;
            self.transport.wait(Interest::ReadOrWrite, deadline)?;
        }
    }

    /// Moves what is there into `pending`, until the transport has no more.
    pub(super) fn receive_ready(&mut self, deadline: Deadline) -> Result<(), Fault> {
        let before = self.pending.len();
        loop {
            self.transport.check(deadline)?;
            if let Some(fault) = self.broken {
                return Err(fault);
            }
            let ended = self.take_plaintext()?;
            if self.pending.len() > before && ended {
                return Ok(()); // what came before the end is looked at first; the end shows again
            }
            if ended {
                return Err(Fault::Lost(io::ErrorKind::UnexpectedEof));
            }
            let mut socket = Socket {
                transport: &mut self.transport,
                octets_out: &mut self.octets_out,
            };
            match self.connection.read_tls(&mut socket) {
                Ok(n) => {
                    self.idle = self.idle.saturating_add(n);
                    if let Err(error) = self.connection.process_new_packets() {
                        // An alert tells an honest peer; and what came before the fault counts.
                        let _ = self.write_records();
                        let fault = refusal(&error);
                        self.broken = Some(fault);
                        self.take_plaintext()?;
                        return Err(fault);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.kind().into()),
            }
        }
    }

    /// Takes decrypted octets; true at the end of the stream, however it came about: a reply is
    /// whole only at its CRLF, so a missing close_notify can't cut one short unseen.
    fn take_plaintext(&mut self) -> Result<bool, Fault> {
        let mut buffer = [0_u8; 4096];
        loop {
            if self.pending.len() > MAX_PENDING || self.idle > MAX_IDLE {
                return Err(Fault::Flooded);
            }
            match self.connection.reader().read(&mut buffer) {
                Ok(0) => return Ok(true),
                Ok(n) => {
                    self.idle = 0;
                    self.pending
                        .extend_from_slice(buffer.get(..n).unwrap_or_default());
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(_) => return Ok(true),
            }
        }
    }

    /// Writes records until there are none, or the system takes no more.
    fn write_records(&mut self) -> Result<Moved, Fault> {
        let mut moved = Moved::Nothing;
        while self.connection.wants_write() {
            let mut socket = Socket {
                transport: &mut self.transport,
                octets_out: &mut self.octets_out,
            };
            match self.connection.write_tls(&mut socket) {
                Ok(0) => return Err(Fault::Lost(io::ErrorKind::WriteZero)),
                Ok(_) => moved = Moved::Something,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    quiet(&error)?;
                    break;
                }
            }
        }
        Ok(moved)
    }

    pub(super) fn finish(&mut self, bytes: &[u8]) {
        // Records that the system has not taken may hold content that was given up: they stay here.
        if !self.connection.wants_write() {
            // Best effort: a farewell that is not taken at once is not worth a wait.
            let _ = self.connection.writer().write(bytes);
            self.connection.send_close_notify();
            let _ = self.write_records();
        }
        self.transport.finish();
    }
}

/// What the TLS layer's refusal of a record means.
fn refusal(error: &rustls::Error) -> Fault {
    match error {
        rustls::Error::AlertReceived(alert) => Fault::Alert(alert.as_str().unwrap_or("unknown")),
        _ => Fault::Lost(io::ErrorKind::InvalidData),
    }
}

/// A read or write that has only to be tried again; anything else ends the stream.
fn quiet(error: &io::Error) -> Result<Moved, Fault> {
    match error.kind() {
        io::ErrorKind::WouldBlock => Ok(Moved::Nothing),
        io::ErrorKind::Interrupted => Ok(Moved::Something),
        kind => Err(kind.into()),
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

/// Keeps the first octets that a peer says, to show what answered instead of TLS.
struct Sampler<'a, T> {
    transport: &'a mut T,
    sample: &'a mut Vec<u8>,
}

/// As many as are worth showing.
const SAMPLE: usize = 120;

impl<T: Transport> Read for Sampler<'_, T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.transport.read(buffer)?;
        let room = SAMPLE.saturating_sub(self.sample.len()).min(n);
        self.sample
            .extend_from_slice(buffer.get(..room).unwrap_or_default());
        Ok(n)
    }
}

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

//! One connection: buffered lines over TCP, clear at first and inside TLS later.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, Connection, ServerConfig, ServerConnection};

use crate::record::Recorder;

/// The timeout for a peer that sends nothing.
const IDLE: Duration = Duration::from_secs(30);
/// The first byte of a TLS handshake record.
const TLS_HANDSHAKE: u8 = 0x16;

pub(crate) struct Channel {
    tcp: TcpStream,
    tls: Option<Connection>,
    buf: Vec<u8>,
    pos: usize,
    recorder: Option<Arc<dyn Recorder>>,
}

impl Channel {
    pub(crate) fn new(tcp: TcpStream, recorder: Option<Arc<dyn Recorder>>) -> io::Result<Self> {
        tcp.set_read_timeout(Some(IDLE))?;
        tcp.set_write_timeout(Some(IDLE))?;
        tcp.set_nodelay(true)?;
        Ok(Self {
            tcp,
            tls: None,
            buf: Vec::new(),
            pos: 0,
            recorder,
        })
    }

    pub(crate) fn connect(addr: SocketAddr) -> io::Result<Self> {
        Self::new(TcpStream::connect_timeout(&addr, IDLE)?, None)
    }

    pub(crate) fn set_read_timeout(&self, limit: Duration) -> io::Result<()> {
        self.tcp.set_read_timeout(Some(limit))
    }

    /// The bytes that were received and not yet consumed.
    pub(crate) fn buffered(&self) -> &[u8] {
        &self.buf[self.pos..]
    }

    /// The server name that the client requested, when this is the server's end of a TLS connection.
    pub(crate) fn server_name(&self) -> Option<&str> {
        match &self.tls {
            Some(Connection::Server(server)) => server.server_name(),
            _ => None,
        }
    }

    /// The keying material that the TLS session exports for channel binding (RFC 9266).
    pub(crate) fn exported(&self) -> Option<[u8; 32]> {
        let Some(Connection::Server(server)) = &self.tls else {
            return None;
        };
        server
            .export_keying_material([0; 32], b"EXPORTER-Channel-Binding", Some(b""))
            .ok()
    }

    /// Performs the server's end of the handshake. Clear text instead of it is recorded as an error.
    pub(crate) fn accept_tls(&mut self, config: Arc<ServerConfig>) -> io::Result<()> {
        let mut first = [0_u8; 1];
        if self.tcp.peek(&mut first)? == 1 && first[0] != TLS_HANDSHAKE {
            self.receive()?;
            return Err(io::Error::new(
                ErrorKind::InvalidData,
                "clear text instead of TLS",
            ));
        }
        let server = ServerConnection::new(config).map_err(io::Error::other)?;
        self.handshake(Connection::Server(server))
    }

    /// Performs the client's end of the handshake.
    pub(crate) fn connect_tls(
        &mut self,
        config: Arc<ClientConfig>,
        name: ServerName<'static>,
    ) -> io::Result<()> {
        let client = ClientConnection::new(config, name).map_err(io::Error::other)?;
        self.handshake(Connection::Client(client))
    }

    fn handshake(&mut self, mut tls: Connection) -> io::Result<()> {
        while tls.is_handshaking() {
            flush(&mut tls, &mut self.tcp)?;
            if tls.is_handshaking() && pull(&mut tls, &mut self.tcp)? == 0 {
                return Err(io::Error::new(
                    ErrorKind::UnexpectedEof,
                    "closed in the handshake",
                ));
            }
        }
        flush(&mut tls, &mut self.tcp)?;
        let protocol = tls.protocol_version().and_then(|version| version.as_str());
        self.tls = Some(tls);
        if let Some(recorder) = &self.recorder {
            recorder.handshake(self.server_name(), protocol.map(str::to_owned));
        }
        Ok(())
    }

    /// Waits for bytes and buffers them. Returns their number, zero at the end of the stream.
    pub(crate) fn receive(&mut self) -> io::Result<usize> {
        self.buf.drain(..self.pos);
        self.pos = 0;
        let mut chunk = [0_u8; 16 * 1024];
        let read = match &mut self.tls {
            None => self.tcp.read(&mut chunk)?,
            Some(tls) => read_inside(tls, &mut self.tcp, &mut chunk)?,
        };
        let fresh = &chunk[..read];
        self.buf.extend_from_slice(fresh);
        if let (Some(recorder), false) = (&self.recorder, fresh.is_empty()) {
            if self.tls.is_some() {
                recorder.decrypted(fresh);
            } else {
                recorder.clear(fresh);
            }
        }
        Ok(read)
    }

    /// Reads the next line, without its CRLF (a bare CR or LF is kept); `None` at the end.
    pub(crate) fn read_line(&mut self, max: usize) -> io::Result<Option<Vec<u8>>> {
        let mut seen = 0_usize;
        loop {
            let rest = self.buffered();
            // The CR may have been the last byte of the previous chunk.
            let from = seen.saturating_sub(1);
            if let Some(at) = rest[from..].windows(2).position(|pair| pair == b"\r\n") {
                let line = rest[..from + at].to_vec();
                self.pos += from + at + 2;
                return Ok(Some(line));
            }
            seen = rest.len();
            if seen > max {
                return Err(io::Error::new(ErrorKind::InvalidData, "line too long"));
            }
            if self.receive()? == 0 {
                return match seen {
                    0 => Ok(None),
                    _ => Err(io::Error::new(
                        ErrorKind::UnexpectedEof,
                        "closed inside a line",
                    )),
                };
            }
        }
    }

    /// Reads `count` bytes.
    pub(crate) fn read_bytes(&mut self, count: usize) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        while bytes.len() < count {
            if self.buffered().is_empty() && self.receive()? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            let rest = self.buffered();
            let taken = rest.len().min(count - bytes.len());
            bytes.extend_from_slice(&rest[..taken]);
            self.pos += taken;
        }
        Ok(bytes)
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(tls) = &mut self.tls else {
            return self.tcp.write_all(bytes);
        };
        let mut rest = bytes;
        while !rest.is_empty() {
            let taken = tls.writer().write(rest)?;
            rest = &rest[taken..];
            flush(tls, &mut self.tcp)?;
        }
        Ok(())
    }

    /// Reads and drops this number of bytes.
    pub(crate) fn skip(&mut self, bytes: u64) -> io::Result<()> {
        let mut left = bytes;
        while left > 0 {
            if self.buffered().is_empty() && self.receive()? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            let there = self.buffered().len();
            let taken = usize::try_from(left).map_or(there, |left| left.min(there));
            self.pos += taken;
            left -= taken as u64;
        }
        Ok(())
    }

    /// Waits until a byte can be read, and leaves it unread.
    pub(crate) fn await_byte(&mut self) -> io::Result<()> {
        self.tcp.peek(&mut [0]).map(drop)
    }

    /// Writes to the socket, not encrypted even if TLS is active.
    pub(crate) fn write_beneath(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.tcp.write_all(bytes)
    }

    /// Writes inside TLS, and changes the last byte of the records.
    pub(crate) fn write_corrupt(&mut self, bytes: &[u8]) -> io::Result<()> {
        let tls = self.tls.as_mut().ok_or(ErrorKind::NotConnected)?;
        tls.writer().write_all(bytes)?;
        let mut records = Vec::new();
        flush(tls, &mut records)?;
        if let Some(last) = records.last_mut() {
            *last ^= 1;
        }
        self.tcp.write_all(&records)
    }

    /// Updates the keys of TLS 1.3 this number of times.
    pub(crate) fn update_keys(&mut self, times: u64) -> io::Result<()> {
        let tls = self.tls.as_mut().ok_or(ErrorKind::NotConnected)?;
        for _ in 0..times {
            tls.refresh_traffic_keys().map_err(io::Error::other)?;
            flush(tls, &mut self.tcp)?;
        }
        Ok(())
    }

    /// Closes the socket without close_notify.
    pub(crate) fn cut(mut self) {
        (self.tls, self.recorder) = (None, None);
        self.close();
    }

    /// Closes the connection in order: what was written arrives although the peer may still send.
    pub(crate) fn close(mut self) {
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
            let _ = flush(tls, &mut self.tcp);
        }
        let _ = self.tcp.shutdown(Shutdown::Write);
        let _ = self.tcp.set_read_timeout(Some(Duration::from_secs(1)));
        // An unread byte would turn the close into a reset, which can overtake the last reply.
        for _ in 0..64 {
            match self.receive() {
                Ok(read) if read > 0 => {}
                _ => break,
            }
        }
    }
}

fn flush(tls: &mut Connection, tcp: &mut impl io::Write) -> io::Result<()> {
    while tls.wants_write() {
        tls.write_tls(tcp)?;
    }
    Ok(())
}

/// Reads records from the socket. On an error the alert is still sent to the peer.
fn pull(tls: &mut Connection, tcp: &mut TcpStream) -> io::Result<usize> {
    let read = tls.read_tls(tcp)?;
    if let Err(error) = tls.process_new_packets() {
        let _ = flush(tls, tcp);
        return Err(io::Error::new(ErrorKind::InvalidData, error));
    }
    Ok(read)
}

fn read_inside(tls: &mut Connection, tcp: &mut TcpStream, chunk: &mut [u8]) -> io::Result<usize> {
    loop {
        match tls.reader().read(chunk) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            done => return done,
        }
        flush(tls, tcp)?;
        pull(tls, tcp)?;
    }
}

//! rustls without buffers of its own: records are opened where they were received, many at a time.

use std::io;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::{
    ConnectionState, EncodeError, EncryptError, InsufficientSizeError, UnbufferedStatus,
};

/// The sink's end of TLS.
pub(crate) struct Tls {
    connection: UnbufferedServerConnection,
    /// Returns whether the handshake is complete.
    pub(crate) established: bool,
    /// Records with application data that came.
    pub(crate) records: u64,
    /// The peer has sent close_notify.
    pub(crate) ended: bool,
}

impl Tls {
    pub(crate) fn new(config: Arc<ServerConfig>) -> io::Result<Self> {
        Ok(Self {
            connection: UnbufferedServerConnection::new(config).map_err(io::Error::other)?,
            established: false,
            records: 0,
            ended: false,
        })
    }

    /// Decrypts the complete records in `input`, and returns their size. Handshake messages to send
    /// are appended to `out`.
    pub(crate) fn open(
        &mut self,
        input: &mut [u8],
        out: &mut Vec<u8>,
        plain: &mut dyn FnMut(&[u8]),
    ) -> io::Result<usize> {
        let mut taken = 0;
        loop {
            let UnbufferedStatus { discard, state } =
                self.connection.process_tls_records(&mut input[taken..]);
            let mut discard = discard;
            let mut done = false;
            match state.map_err(io::Error::other)? {
                ConnectionState::ReadTraffic(mut traffic) => {
                    while let Some(record) = traffic.next_record() {
                        let record = record.map_err(io::Error::other)?;
                        discard += record.discard;
                        self.records += 1;
                        plain(record.payload);
                    }
                }
                ConnectionState::EncodeTlsData(mut data) => {
                    append(out, |room| match data.encode(room) {
                        Err(EncodeError::InsufficientSize(size)) => Err(Some(size)),
                        other => other.map_err(|_| None),
                    })?;
                }
                ConnectionState::TransmitTlsData(data) => data.done(),
                ConnectionState::WriteTraffic(_) => {
                    self.established = true;
                    done = true;
                }
                ConnectionState::PeerClosed | ConnectionState::Closed => {
                    self.ended = true;
                    done = true;
                }
                _ => done = true,
            }
            taken += discard;
            if done {
                return Ok(taken);
            }
        }
    }

    /// Appends `plain` to `out` as records.
    pub(crate) fn seal(&mut self, plain: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
        let status = self.connection.process_tls_records(&mut []);
        let ConnectionState::WriteTraffic(mut traffic) = status.state.map_err(io::Error::other)?
        else {
            return Err(io::ErrorKind::NotConnected.into());
        };
        append(out, |room| match traffic.encrypt(plain, room) {
            Err(EncryptError::InsufficientSize(size)) => Err(Some(size)),
            other => other.map_err(|_| None),
        })
    }
}

/// Lets `write` fill the room behind `out`, and makes more of it when it asks for that.
fn append(
    out: &mut Vec<u8>,
    mut write: impl FnMut(&mut [u8]) -> Result<usize, Option<InsufficientSizeError>>,
) -> io::Result<()> {
    let before = out.len();
    let mut room = 0;
    loop {
        out.resize(before + room, 0);
        match write(&mut out[before..]) {
            Ok(written) => {
                out.truncate(before + written);
                return Ok(());
            }
            Err(Some(size)) if size.required_size > room => room = size.required_size,
            Err(_) => return Err(io::ErrorKind::Other.into()),
        }
    }
}

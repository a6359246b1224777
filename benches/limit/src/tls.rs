//! rustls without buffers of its own, as a client: records go from and to buffers of the caller's.

use std::fs;
use std::io;
use std::sync::Arc;

use rustls::client::{Resumption, UnbufferedClientConnection};
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::unbuffered::{
    ConnectionState, EncodeError, EncryptError, InsufficientSizeError, UnbufferedStatus,
};
use rustls::{ClientConfig, RootCertStore};

/// The client's end of TLS.
pub(crate) struct Tls {
    connection: UnbufferedClientConnection,
    pub(crate) established: bool,
}

impl Tls {
    /// For 127.0.0.1, vouched for by the CA in the file.
    pub(crate) fn new(ca_file: &str) -> io::Result<Self> {
        let mut roots = RootCertStore::empty();
        let ca = CertificateDer::from_pem_slice(&fs::read(ca_file)?).map_err(io::Error::other)?;
        roots.add(ca).map_err(io::Error::other)?;
        let provider = Arc::new(ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(io::Error::other)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.resumption = Resumption::disabled();
        let name = "127.0.0.1".try_into().map_err(io::Error::other)?;
        let connection = UnbufferedClientConnection::new(Arc::new(config), name);
        Ok(Self {
            connection: connection.map_err(io::Error::other)?,
            established: false,
        })
    }

    /// Decrypts the complete records in `input`, and returns their size. Handshake messages to send
    /// are appended to `out`.
    pub(crate) fn open(
        &mut self,
        input: &mut [u8],
        out: &mut Vec<u8>,
        plain: &mut Vec<u8>,
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
                        plain.extend_from_slice(record.payload);
                    }
                }
                ConnectionState::EncodeTlsData(mut data) => {
                    append(out, 0, |room| match data.encode(room) {
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
                    return Err(io::ErrorKind::UnexpectedEof.into());
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
        let records = plain.len().div_ceil(16 * 1024);
        append(out, plain.len() + records * 32, |room| {
            match traffic.encrypt(plain, room) {
                Err(EncryptError::InsufficientSize(size)) => Err(Some(size)),
                other => other.map_err(|_| None),
            }
        })
    }
}

/// Lets `write` fill the room behind `out`, and makes more of it when it asks for that.
fn append(
    out: &mut Vec<u8>,
    mut room: usize,
    mut write: impl FnMut(&mut [u8]) -> Result<usize, Option<InsufficientSizeError>>,
) -> io::Result<()> {
    let before = out.len();
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

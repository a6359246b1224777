//! A lock-step SMTP client over a rustls stream, for the self tests alone.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

pub(crate) struct Client {
    stream: Box<dyn Stream>,
    tcp: TcpStream,
}

impl Client {
    pub(crate) fn connect(addr: SocketAddr) -> io::Result<Self> {
        let tcp = TcpStream::connect(addr)?;
        tcp.set_read_timeout(Some(Duration::from_secs(10)))?;
        Ok(Self {
            stream: Box::new(tcp.try_clone()?),
            tcp,
        })
    }

    pub(crate) fn enter_tls(
        self,
        root: CertificateDer<'static>,
        name: &'static str,
    ) -> io::Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(root).map_err(io::Error::other)?;
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from(name).map_err(io::Error::other)?;
        let mut connection =
            ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
        let mut tcp = self.tcp.try_clone()?;
        while connection.is_handshaking() {
            connection.complete_io(&mut tcp)?;
        }
        Ok(Self {
            stream: Box::new(StreamOwned::new(connection, tcp)),
            tcp: self.tcp,
        })
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("sent");
        self.stream.flush().expect("flushed");
    }

    /// Reads one whole reply.
    pub(crate) fn reply(&mut self) -> String {
        let mut text = String::new();
        let mut byte = [0_u8; 1];
        loop {
            let line = text.len();
            while !text[line..].ends_with("\r\n") {
                self.stream.read_exact(&mut byte).expect("a reply");
                text.push(char::from(byte[0]));
            }
            if text.as_bytes().get(line + 3) != Some(&b'-') {
                return text;
            }
        }
    }

    pub(crate) fn exchange(&mut self, line: &str) -> String {
        self.send(format!("{line}\r\n").as_bytes());
        self.reply()
    }

    /// Sends a line and asserts the beginning of the reply.
    pub(crate) fn must(&mut self, line: &str, code: &str) -> String {
        let reply = self.exchange(line);
        assert!(
            reply.starts_with(code),
            "{line:?} got {reply:?} instead of {code}"
        );
        reply
    }
}

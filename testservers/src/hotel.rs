//! The hotel's mail proxy between a client and a reference server, and the bytes it captures.

mod capture;
mod forger;
mod hide;
mod own_certificate;
mod relay;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;

use self::capture::Capture;
use self::forger::Forger;
use crate::listen::Listeners;
use crate::pki::{CertKind, Pki};
use crate::record::{Recorder, lock};
use crate::tls::resolving_config;
use crate::wire::Channel;

/// The attack that a [`Hotel`] runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trick {
    /// Removes STARTTLS from the EHLO reply, offers AUTH in clear text and accepts the mail
    /// itself, so that a careless client reports success.
    HideStarttls,
    /// Presents a certificate for the requested name from its own CA, which the system trusts but
    /// its owner did not choose, and relays the commands and replies inside TLS.
    OwnCertificate,
}

/// The configuration of a [`Hotel`].
#[derive(Clone, Debug)]
pub struct HotelConfig {
    /// The attack.
    pub trick: Trick,
    /// The reference server's STARTTLS port.
    pub upstream_starttls: SocketAddr,
    /// The reference server's port for implicit TLS ([`Trick::OwnCertificate`] alone uses it).
    pub upstream_implicit: SocketAddr,
    /// The folder in which received bytes are appended at once to `hotel-clear.bin` and `hotel-decrypted.bin`.
    pub dir: Option<PathBuf>,
}

impl HotelConfig {
    /// A proxy before these ports of a reference server.
    #[must_use]
    pub fn new(trick: Trick, upstream_implicit: SocketAddr, upstream_starttls: SocketAddr) -> Self {
        Self {
            trick,
            upstream_starttls,
            upstream_implicit,
            dir: None,
        }
    }
}

/// State shared by all connections of one proxy.
struct ProxyState {
    config: HotelConfig,
    capture: Arc<Capture>,
    tls: Arc<ServerConfig>,
}

/// A running proxy on 127.0.0.1; dropping it ends its threads and connections.
pub struct Hotel {
    starttls: SocketAddr,
    implicit: Option<SocketAddr>,
    ca_pem: String,
    capture: Arc<Capture>,
    listeners: Listeners,
}

impl Hotel {
    /// Starts the proxy. Only [`Trick::OwnCertificate`] has a listener for implicit TLS.
    ///
    /// # Errors
    /// No port is free, or the files cannot be written.
    pub fn start(config: HotelConfig) -> io::Result<Self> {
        let pki = Pki::of("Grand Hotel Wi-Fi", &[]);
        let ca_pem = pki.pem(CertKind::Root);
        let capture = Arc::new(Capture::open(config.dir.as_deref())?);
        let tls = resolving_config(Arc::new(Forger::new(pki)))?;
        let trick = config.trick;
        let state = Arc::new(ProxyState {
            config,
            capture: Arc::clone(&capture),
            tls,
        });
        let mut listeners = Listeners::default();
        let own = Arc::clone(&state);
        let starttls = listeners.add(0, move |tcp| {
            own.serve(tcp, |state, client| match state.config.trick {
                Trick::HideStarttls => hide::serve(state, client),
                Trick::OwnCertificate => own_certificate::serve_starttls(state, client),
            });
        })?;
        let mut implicit = None;
        if trick == Trick::OwnCertificate {
            let serve = move |tcp| state.serve(tcp, own_certificate::serve_implicit);
            implicit = Some(listeners.add(0, serve)?);
        }
        Ok(Self {
            starttls,
            implicit,
            ca_pem,
            capture,
            listeners,
        })
    }

    /// The address for clients that use STARTTLS.
    #[must_use]
    pub fn starttls_addr(&self) -> SocketAddr {
        self.starttls
    }

    /// The address for clients that use implicit TLS.
    #[must_use]
    pub fn implicit_addr(&self) -> Option<SocketAddr> {
        self.implicit
    }

    /// The root of the hotel's authority.
    #[must_use]
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// All bytes that clients sent in clear text.
    #[must_use]
    pub fn captured_clear(&self) -> Vec<u8> {
        lock(&self.capture.bytes).clear.clone()
    }

    /// All bytes that clients sent inside TLS and that the proxy could decrypt.
    #[must_use]
    pub fn captured_decrypted(&self) -> Vec<u8> {
        lock(&self.capture.bytes).tls.clone()
    }

    /// All bytes that clients sent, first those in clear text, then the decrypted ones.
    #[must_use]
    pub fn captured(&self) -> Vec<u8> {
        let mut captured = self.captured_clear();
        captured.extend(self.captured_decrypted());
        captured
    }

    /// The errors of connections that did not end in order, such as a rejected certificate.
    #[must_use]
    pub fn errors(&self) -> Vec<String> {
        lock(&self.capture.errors).clone()
    }

    /// Waits until no connection is open. Returns false after a timeout.
    #[must_use]
    pub fn wait_idle(&self, limit: Duration) -> bool {
        self.listeners.wait_idle(limit)
    }
}

impl ProxyState {
    fn serve(
        &self,
        tcp: std::net::TcpStream,
        play: impl FnOnce(&ProxyState, Channel) -> io::Result<()>,
    ) {
        let recorder = Arc::clone(&self.capture) as Arc<dyn Recorder>;
        if let Err(error) = Channel::new(tcp, Some(recorder)).and_then(|client| play(self, client))
        {
            lock(&self.capture.errors).push(error.to_string());
        }
    }
}

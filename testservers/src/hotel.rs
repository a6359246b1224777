//! The hotel's mail proxy between a client and a reference server, and what it got to see.

mod forger;
mod hide;
mod own_certificate;
mod relay;
mod seen;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;

use self::forger::Forger;
use self::seen::Seen;
use crate::listen::Listeners;
use crate::pki::{CertKind, Pki};
use crate::record::{Tape, lock};
use crate::tls::resolving_config;
use crate::wire::Channel;

/// What the hotel does to its guests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trick {
    /// It takes STARTTLS out of the EHLO reply, offers AUTH in clear text and takes the mail
    /// itself, so that a careless client believes it has succeeded.
    HideStarttls,
    /// It shows a certificate for the asked name from its own authority, one that the machine
    /// trusts but the owner did not choose, and relays what is said inside.
    OwnCertificate,
}

/// How a [`Hotel`] behaves.
#[derive(Clone, Debug)]
pub struct HotelConfig {
    /// The trick.
    pub trick: Trick,
    /// The reference server's STARTTLS port.
    pub upstream_starttls: SocketAddr,
    /// The reference server's port for implicit TLS ([`Trick::OwnCertificate`] alone uses it).
    pub upstream_implicit: SocketAddr,
    /// Where what it sees is appended at once, to `hotel-clear.bin` and `hotel-decrypted.bin`.
    pub dir: Option<PathBuf>,
}

impl HotelConfig {
    /// The hotel before these ports of a reference server.
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

/// What all connections of one hotel share.
struct House {
    config: HotelConfig,
    seen: Arc<Seen>,
    tls: Arc<ServerConfig>,
}

/// A running proxy on 127.0.0.1; dropping it ends its threads and connections.
pub struct Hotel {
    starttls: SocketAddr,
    implicit: Option<SocketAddr>,
    ca_pem: String,
    seen: Arc<Seen>,
    listeners: Listeners,
}

impl Hotel {
    /// Starts the proxy. Only [`Trick::OwnCertificate`] has a listener for implicit TLS.
    ///
    /// # Errors
    /// No port can be had, or the files cannot be written.
    pub fn start(config: HotelConfig) -> io::Result<Self> {
        let pki = Pki::of("Grand Hotel Wi-Fi", &[]);
        let ca_pem = pki.pem(CertKind::Root);
        let seen = Arc::new(Seen::open(config.dir.as_deref())?);
        let tls = resolving_config(Arc::new(Forger::new(pki)))?;
        let trick = config.trick;
        let house = Arc::new(House {
            config,
            seen: Arc::clone(&seen),
            tls,
        });
        let mut listeners = Listeners::default();
        let own = Arc::clone(&house);
        let starttls = listeners.add(0, move |tcp| {
            own.serve(tcp, |house, client| match house.config.trick {
                Trick::HideStarttls => hide::serve(house, client),
                Trick::OwnCertificate => own_certificate::serve_starttls(house, client),
            });
        })?;
        let mut implicit = None;
        if trick == Trick::OwnCertificate {
            let serve = move |tcp| house.serve(tcp, own_certificate::serve_implicit);
            implicit = Some(listeners.add(0, serve)?);
        }
        Ok(Self {
            starttls,
            implicit,
            ca_pem,
            seen,
            listeners,
        })
    }

    /// Where clients for the STARTTLS port come to.
    #[must_use]
    pub fn starttls_addr(&self) -> SocketAddr {
        self.starttls
    }

    /// Where clients for implicit TLS come to.
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
    pub fn seen_clear(&self) -> Vec<u8> {
        lock(&self.seen.bytes).clear.clone()
    }

    /// All bytes that clients sent inside TLS that the hotel could decrypt.
    #[must_use]
    pub fn seen_decrypted(&self) -> Vec<u8> {
        lock(&self.seen.bytes).tls.clone()
    }

    /// Both, the clear ones first.
    #[must_use]
    pub fn seen(&self) -> Vec<u8> {
        let mut seen = self.seen_clear();
        seen.extend(self.seen_decrypted());
        seen
    }

    /// How the connections failed that did not end in order, a refused certificate for example.
    #[must_use]
    pub fn errors(&self) -> Vec<String> {
        lock(&self.seen.errors).clone()
    }

    /// Waits until no connection is open; false when the time ran out.
    #[must_use]
    pub fn wait_idle(&self, limit: Duration) -> bool {
        self.listeners.wait_idle(limit)
    }
}

impl House {
    fn serve(
        &self,
        tcp: std::net::TcpStream,
        play: impl FnOnce(&House, Channel) -> io::Result<()>,
    ) {
        let tape = Arc::clone(&self.seen) as Arc<dyn Tape>;
        if let Err(error) = Channel::new(tcp, Some(tape)).and_then(|client| play(self, client)) {
            lock(&self.seen.errors).push(error.to_string());
        }
    }
}

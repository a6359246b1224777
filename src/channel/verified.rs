//! The handshake: the one place that makes a [`Verified`] channel, out of a clear one that it
//! consumes and of evidence that it takes from this very connection.

use std::fmt;

use rustls::pki_types::CertificateDer;
use rustls::{CertificateError, ClientConnection, HandshakeKind, ProtocolVersion};
use zeroize::Zeroizing;

use super::config::{ProbeSetup, Setup};
use super::tls_stream::{HandshakeStop, TlsStream};
use super::verifier::RejectionError;
use super::words;
use crate::channel::{Channel, Cleartext, Fault};
use crate::deadline::Deadline;
use crate::error::Peer;
use crate::net::{Interest, Transport, WaitEnd};
use crate::sasl::{Binding, BindingType, EXPORTER_LABEL, EXPORTER_LEN};
use crate::support::redact;
use crate::support::secret;
use crate::trust::certificate::{Certificate, MAX_CHAIN, describe_chain, spki};
use crate::trust::rejection::Rejection;
use crate::trust::verdict::{TrustBasis, verify_chain};

/// Why a handshake did not give a channel.
#[derive(Debug)]
pub enum HandshakeFault {
    /// The channel broke, timed out or was cancelled.
    Channel(Fault),
    /// Clear text came; a sample, escaped.
    NotTls(String),
    /// The TLS layer refused; its words.
    Tls(String),
    /// The system gave no random numbers.
    Random,
    /// The policy does not believe the peer.
    Untrusted(Box<Rejection>),
}

/// A channel to a peer that the policy believes.
pub struct Verified<T> {
    stream: TlsStream<T>,
    evidence: VerifiedPeer,
}

/// A channel to a peer that was looked at: its signature is checked, its identity is not.
pub struct Probed<T> {
    stream: TlsStream<T>,
    peer: Peer,
    chain: Vec<CertificateDer<'static>>,
}

/// What was proven of one connection. Only [`verify`] makes one; it can't be copied.
struct VerifiedPeer {
    peer: Peer,
    basis: TrustBasis,
}

/// Runs the handshake and judges the peer: inside it, and once more from outside.
///
/// # Errors
/// What was met instead. Nothing but handshake messages was written.
pub fn verify<T: Transport>(
    clear: Cleartext<T>,
    setup: &Setup,
    deadline: Deadline,
) -> Result<Verified<T>, HandshakeFault> {
    let name = setup.host.server_name().clone();
    let connection = ClientConnection::new(setup.config.clone(), name);
    let stream = run(connection, clear, deadline)?;
    let (peer, chain) = assess(&stream.connection)?;
    // Not on the callback's word alone: a handshake that skipped it would end here.
    let now = setup.policy.clock.now();
    let basis =
        verify_chain(&setup.policy, &setup.host, &chain, now).map_err(HandshakeFault::Untrusted)?;
    let peer = Peer {
        matched_pin: basis.matched_pin,
        ..peer
    };
    Ok(Verified {
        stream,
        evidence: VerifiedPeer { peer, basis },
    })
}

/// Runs the handshake with whoever answers.
///
/// # Errors
/// What was met instead of TLS.
pub fn probe<T: Transport>(
    clear: Cleartext<T>,
    setup: &ProbeSetup,
    deadline: Deadline,
) -> Result<Probed<T>, HandshakeFault> {
    let name = setup.host.server_name().clone();
    let connection = ClientConnection::new(setup.config.clone(), name);
    let stream = run(connection, clear, deadline)?;
    let (peer, chain) = assess(&stream.connection)?;
    Ok(Probed {
        stream,
        peer,
        chain,
    })
}

fn run<T: Transport>(
    connection: Result<ClientConnection, rustls::Error>,
    clear: Cleartext<T>,
    deadline: Deadline,
) -> Result<TlsStream<T>, HandshakeFault> {
    let connection = connection.map_err(|error| refusal(&error, &[]))?;
    let mut stream = TlsStream::new(connection, clear.into_transport());
    let mut sample = Vec::new();
    match stream.handshake(&mut sample, deadline) {
        Ok(()) => Ok(stream),
        Err(HandshakeStop::Fault(fault)) => Err(HandshakeFault::Channel(fault)),
        Err(HandshakeStop::Tls(error)) => Err(refusal(&error, &sample)),
    }
}

/// What the TLS layer's refusal means.
fn refusal(error: &rustls::Error, sample: &[u8]) -> HandshakeFault {
    if let rustls::Error::InvalidCertificate(CertificateError::Other(other)) = error
        && let Some(RejectionError(rejection)) = other.0.downcast_ref()
    {
        return HandshakeFault::Untrusted(Box::new(rejection.clone()));
    }
    if matches!(error, rustls::Error::FailedToGetRandomBytes) {
        return HandshakeFault::Random;
    }
    // TLS begins with a handshake record (22) or an alert (21): RFC 8446 section 5.1.
    match sample.first() {
        Some(21 | 22) | None => HandshakeFault::Tls(words::error(error)),
        Some(_) => HandshakeFault::NotTls(redact::escape(sample.trim_ascii_end(), 80)),
    }
}

/// Who answered, and that it was a full handshake with a certificate.
fn assess(
    connection: &ClientConnection,
) -> Result<(Peer, Vec<CertificateDer<'static>>), HandshakeFault> {
    let odd = |what: &str| HandshakeFault::Tls(what.to_owned());
    let full = [
        HandshakeKind::Full,
        HandshakeKind::FullWithHelloRetryRequest,
    ];
    if !connection
        .handshake_kind()
        .is_some_and(|kind| full.contains(&kind))
    {
        return Err(odd("it was not a full handshake"));
    }
    let tls_version = match connection.protocol_version() {
        Some(ProtocolVersion::TLSv1_3) => "1.3",
        Some(ProtocolVersion::TLSv1_2) => "1.2",
        _ => return Err(odd("it ended in another version than those offered")),
    };
    let chain: Vec<_> = connection
        .peer_certificates()
        .filter(|chain| !chain.is_empty())
        .ok_or_else(|| odd("the peer showed no certificate"))?
        .iter()
        .map(|der| der.clone().into_owned())
        .collect();
    let suite = connection
        .negotiated_cipher_suite()
        .map(|suite| suite.suite());
    let peer = Peer {
        tls_version,
        cipher_suite: suite
            .and_then(|s| s.as_str())
            .unwrap_or("unknown")
            .replace("TLS13_", "TLS_"),
        spki: chain.iter().take(MAX_CHAIN).filter_map(spki).collect(),
        ..Peer::default()
    };
    Ok((peer, chain))
}

/// Writing ahead of the answers, with an account of what left.
impl<T: Transport> Verified<T> {
    /// Waits while nothing is said, until somebody wakes the call.
    pub(crate) fn wait(&mut self, deadline: Deadline) -> Result<(), WaitEnd> {
        self.stream.transport.wait(Interest::Read, deadline)
    }

    /// Takes text to be written, by [`Self::exchange`].
    pub(crate) fn push(&mut self, text: &[u8]) -> Result<(), Fault> {
        self.stream.push(text)
    }

    /// Writes what the system takes and reads what is there, without waiting; whether anything was
    /// read. Without `all`, text that does not fill a record is held back.
    pub(crate) fn exchange(&mut self, all: bool, deadline: Deadline) -> Result<bool, Fault> {
        self.stream.exchange(all, deadline)
    }

    /// Has the next look go to the system, although nobody waited since the last.
    pub(crate) fn refresh(&mut self) {
        self.stream.transport.refresh();
    }

    /// Waits until more can be read or written.
    pub(crate) fn wait_ready(&mut self, deadline: Deadline) -> Result<(), Fault> {
        self.stream.wait(deadline)
    }

    /// Bytes of text pushed since the channel was made.
    pub(crate) fn queued(&self) -> u64 {
        self.stream.write_buffer.queued
    }

    /// Bytes of text that the system has taken in whole records: the peer may have read them.
    pub(crate) fn sent(&self) -> u64 {
        self.stream.write_buffer.sent
    }

    /// Bytes of text of whose records the system has taken at least one byte.
    pub(crate) fn partially_sent(&self) -> u64 {
        self.stream.write_buffer.partially_sent
    }

    /// Whether the peer has said, by close_notify, that nothing more will come. Anybody on the way can
    /// end a connection; this nobody else can say.
    pub(crate) fn received_close_notify(&self) -> bool {
        self.stream.received_close_notify
    }

    /// Bytes of records that the system has not taken.
    pub(crate) fn backlog(&self) -> usize {
        self.stream.write_buffer.backlog()
    }
}

impl<T> Verified<T> {
    /// Who was met.
    #[must_use]
    pub fn peer(&self) -> &Peer {
        &self.evidence.peer
    }

    /// What the peer was believed for.
    #[must_use]
    pub fn basis(&self) -> &TrustBasis {
        &self.evidence.basis
    }

    /// The verdict once more, on the chain of this connection, as the clock stands now: a pin's
    /// time or a certificate may have run out since.
    #[must_use]
    pub fn is_still_believed(&self, setup: &Setup) -> bool {
        let chain = self.stream.connection.peer_certificates();
        chain.is_some_and(|chain| {
            verify_chain(&setup.policy, &setup.host, chain, setup.policy.clock.now()).is_ok()
        })
    }

    /// What ties a login to this channel. `None` where that type is undefined; it never becomes the
    /// other by itself.
    pub(crate) fn channel_binding(&self, binding_type: BindingType) -> Option<Binding> {
        let connection = &self.stream.connection;
        match binding_type {
            BindingType::TlsExporter => {
                // An empty context is not the same as none in TLS 1.2, and RFC 9266 asks for the
                // empty one.
                let exported = Zeroizing::new([0; EXPORTER_LEN]);
                let exported =
                    connection.export_keying_material(exported, EXPORTER_LABEL, Some(b""));
                Some(Binding::tls_exporter(&*exported.ok()?))
            }
            BindingType::TlsServerEndPoint => {
                Binding::tls_server_end_point(connection.peer_certificates()?.first()?)
            }
        }
    }
}

impl<T> Probed<T> {
    /// Who was met.
    #[must_use]
    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    /// The chain that was served, leaf first.
    #[must_use]
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.chain
    }

    /// The chain in words.
    #[must_use]
    pub fn certificates(&self) -> Vec<Certificate> {
        describe_chain(&self.chain)
    }
}

impl<T> fmt::Debug for Verified<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified")
            .field("peer", &self.evidence.peer)
            .finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Probed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Probed")
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}

impl<T> secret::sealed::Verified for Verified<T> {}
impl<T> secret::MaySendCredentials for Verified<T> {}

/// What a channel over TLS has, so that both kinds speak alike.
trait OverTls {
    const VERIFIED: bool;
    type Transport: Transport;
    fn stream(&self) -> &TlsStream<Self::Transport>;
    fn stream_mut(&mut self) -> &mut TlsStream<Self::Transport>;
}

impl<T: Transport> OverTls for Verified<T> {
    const VERIFIED: bool = true;
    type Transport = T;

    fn stream(&self) -> &TlsStream<T> {
        &self.stream
    }

    fn stream_mut(&mut self) -> &mut TlsStream<T> {
        &mut self.stream
    }
}

impl<T: Transport> OverTls for Probed<T> {
    const VERIFIED: bool = false;
    type Transport = T;

    fn stream(&self) -> &TlsStream<T> {
        &self.stream
    }

    fn stream_mut(&mut self) -> &mut TlsStream<T> {
        &mut self.stream
    }
}

impl<C: OverTls> Channel for C {
    const VERIFIED: bool = C::VERIFIED;

    fn send(&mut self, bytes: &[u8], deadline: Deadline) -> Result<(), Fault> {
        self.stream_mut().send(bytes, deadline)
    }

    fn receive(&mut self, deadline: Deadline) -> Result<(), Fault> {
        self.stream_mut().receive(deadline)
    }

    fn receive_ready(&mut self, deadline: Deadline) -> Result<(), Fault> {
        self.stream_mut().receive_ready(deadline)
    }

    fn pending(&mut self) -> &mut Vec<u8> {
        &mut self.stream_mut().pending
    }

    fn bytes_written(&self) -> u64 {
        self.stream().write_buffer.bytes_written
    }

    fn finish(&mut self, bytes: &[u8]) {
        self.stream_mut().finish(bytes);
    }
}

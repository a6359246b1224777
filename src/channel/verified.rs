//! The handshake: the only place that makes a [`Verified`] channel, from a clear-text one that it
//! consumes and from evidence of this connection.

use std::fmt;

use rustls::pki_types::CertificateDer;
use rustls::{CertificateError, ClientConnection, HandshakeKind, ProtocolVersion};
use zeroize::Zeroizing;

use super::config::{ProbeSetup, Setup};
use super::tls_error_text;
use super::tls_stream::{HandshakeStop, TlsStream};
use super::verifier::RejectionError;
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

/// The reason why a handshake failed.
#[derive(Debug)]
pub enum HandshakeFault {
    /// The channel failed, timed out or was cancelled.
    Channel(Fault),
    /// The peer sent clear text; a sample, escaped.
    NotTls(String),
    /// The TLS layer reported an error; its text.
    Tls(String),
    /// The system returned no random numbers.
    Random,
    /// The policy does not trust the peer.
    Untrusted(Box<Rejection>),
}

/// A channel to a peer that the policy trusts.
pub struct Verified<T> {
    stream: TlsStream<T>,
    evidence: VerifiedPeer,
}

/// A channel to the peer of a probe: its signature is verified, its identity is not.
pub struct Probed<T> {
    stream: TlsStream<T>,
    peer: Peer,
    chain: Vec<CertificateDer<'static>>,
}

/// The evidence about one connection. Only [`verify`] makes one; it can't be copied.
struct VerifiedPeer {
    peer: Peer,
    basis: TrustBasis,
}

/// Runs the handshake and verifies the peer: inside it, and again afterwards.
///
/// # Errors
/// The reason of the failure. Only handshake messages were written.
pub fn verify<T: Transport>(
    clear: Cleartext<T>,
    setup: &Setup,
    deadline: Deadline,
) -> Result<Verified<T>, HandshakeFault> {
    let name = setup.host.server_name().clone();
    let connection = ClientConnection::new(setup.config.clone(), name);
    let stream = run(connection, clear, deadline)?;
    let (peer, chain) = assess(&stream.connection)?;
    // Don't rely on the callback: a handshake that skipped it fails here.
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

/// Runs the handshake with any peer.
///
/// # Errors
/// The reason why TLS was not established.
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
    let connection = connection.map_err(|error| handshake_fault(&error, &[]))?;
    let mut stream = TlsStream::new(connection, clear.into_transport());
    let mut sample = Vec::new();
    match stream.handshake(&mut sample, deadline) {
        Ok(()) => Ok(stream),
        Err(HandshakeStop::Fault(fault)) => Err(HandshakeFault::Channel(fault)),
        Err(HandshakeStop::Tls(error)) => Err(handshake_fault(&error, &sample)),
    }
}

/// Converts the TLS layer's error.
fn handshake_fault(error: &rustls::Error, sample: &[u8]) -> HandshakeFault {
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
        Some(21 | 22) | None => HandshakeFault::Tls(tls_error_text::error(error)),
        Some(_) => HandshakeFault::NotTls(redact::escape(sample.trim_ascii_end(), 80)),
    }
}

/// Checks that it was a full handshake with a certificate, and returns the peer's identity.
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

/// Writing ahead of the replies, with counters of what left this machine.
impl<T: Transport> Verified<T> {
    /// Waits without reading or writing, until another thread wakes the call.
    pub(crate) fn wait(&mut self, deadline: Deadline) -> Result<(), WaitEnd> {
        self.stream.transport.wait(Interest::Read, deadline)
    }

    /// Queues plaintext, which [`Self::transfer`] writes.
    pub(crate) fn push(&mut self, text: &[u8]) -> Result<(), Fault> {
        self.stream.push(text)
    }

    /// Writes as much as the system accepts and reads the available bytes, without waiting. Returns
    /// whether anything was read. Without `all`, plaintext that does not fill a record is held back.
    pub(crate) fn transfer(&mut self, all: bool, deadline: Deadline) -> Result<bool, Fault> {
        self.stream.transfer(all, deadline)
    }

    /// Makes the next read ask the system, even without a wait since the last one.
    pub(crate) fn refresh(&mut self) {
        self.stream.transport.refresh();
    }

    /// Waits until more can be read or written.
    pub(crate) fn wait_ready(&mut self, deadline: Deadline) -> Result<(), Fault> {
        self.stream.wait(deadline)
    }

    /// The number of plaintext bytes queued since the channel was made.
    pub(crate) fn queued(&self) -> u64 {
        self.stream.write_buffer.queued
    }

    /// The number of plaintext bytes that the system has accepted in complete records: the peer may
    /// have read them.
    pub(crate) fn sent(&self) -> u64 {
        self.stream.write_buffer.sent
    }

    /// The number of plaintext bytes of whose records the system has accepted at least one byte.
    pub(crate) fn partially_sent(&self) -> u64 {
        self.stream.write_buffer.partially_sent
    }

    /// Returns whether the peer has sent close_notify. An attacker on the network can end a connection,
    /// but can't forge this.
    pub(crate) fn received_close_notify(&self) -> bool {
        self.stream.received_close_notify
    }

    /// The number of bytes of records that the system has not accepted.
    pub(crate) fn backlog(&self) -> usize {
        self.stream.write_buffer.backlog()
    }
}

impl<T> Verified<T> {
    /// The identity of the peer.
    #[must_use]
    pub fn peer(&self) -> &Peer {
        &self.evidence.peer
    }

    /// The reason why the peer was trusted.
    #[must_use]
    pub fn basis(&self) -> &TrustBasis {
        &self.evidence.basis
    }

    /// Verifies the chain of this connection again, at the current time: a pin's period or a
    /// certificate may have expired since.
    #[must_use]
    pub fn is_still_trusted(&self, setup: &Setup) -> bool {
        let chain = self.stream.connection.peer_certificates();
        chain.is_some_and(|chain| {
            verify_chain(&setup.policy, &setup.host, chain, setup.policy.clock.now()).is_ok()
        })
    }

    /// The channel binding data of this channel. `None` where that type is undefined; one type never
    /// replaces the other.
    pub(crate) fn channel_binding(&self, binding_type: BindingType) -> Option<Binding> {
        let connection = &self.stream.connection;
        match binding_type {
            BindingType::TlsExporter => {
                // In TLS 1.2 an empty context differs from none, and RFC 9266 requires the empty one.
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
    /// The identity of the peer.
    #[must_use]
    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    /// The chain that was served, leaf first.
    #[must_use]
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.chain
    }

    /// The descriptions of the chain.
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

/// Access to the TLS stream, from which both kinds of TLS channel implement [`Channel`].
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

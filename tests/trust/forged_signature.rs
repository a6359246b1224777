//! C10: a server that shows the trusted certificate and holds another key. Certificates are public;
//! only the handshake's signature proves who has the key.

use std::sync::Arc;

use rustls::crypto::ring;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, SupportedProtocolVersion};
use secsmtp::error::Outcome;
use secsmtp::status::Status;
use secsmtp::trust::{Policy, TlsMode};
use secsmtp_testservers::{KeyKind, Scripted, ServerIdentity, Step};

use crate::world::{HOST, MODES, World, assert_nothing_left, ca, certificate, pin, send};

#[derive(Debug)]
struct Forger(Arc<CertifiedKey>);

impl ResolvesServerCert for Forger {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

/// The chain of one and the key of another: `CertifiedKey::new` does not compare them.
fn forger(
    shown: &ServerIdentity,
    held: &ServerIdentity,
    version: &'static SupportedProtocolVersion,
) -> Arc<ServerConfig> {
    let provider = Arc::new(ring::default_provider());
    let key = provider.key_provider.load_private_key(held.key.clone_key());
    let pair = CertifiedKey::new(shown.chain.clone(), key.expect("a key"));
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .expect("a version")
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Forger(Arc::new(pair))));
    Arc::new(config)
}

fn policies(w: &World, shown: &ServerIdentity) -> Vec<(&'static str, Policy)> {
    let mut pinned = Policy::new();
    pin(&mut pinned, &shown.spki_pin());
    let mut exact = Policy::new();
    certificate(&mut exact, shown);
    let mut anchored = Policy::new();
    ca(w, &mut anchored);
    let mut all = anchored.clone();
    pin(&mut all, &shown.spki_pin());
    certificate(&mut all, shown);
    vec![
        ("pin", pinned),
        ("certificate", exact),
        ("CA", anchored),
        ("all", all),
    ]
}

#[test]
fn c10_the_trusted_certificate_without_its_key_is_refused() {
    let w = World::get();
    for kind in [KeyKind::P256, KeyKind::Ed25519] {
        let shown = w.leaf(|spec| spec.key_kind(kind));
        let held = w.leaf(|spec| spec.key_kind(kind));
        for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
            for (name, policy) in policies(w, &shown) {
                for mode in MODES {
                    let name = format!("C10 {name} {kind:?} {:?} {mode:?}", version.version);
                    refused(&name, policy.clone(), mode, forger(&shown, &held, version));
                }
            }
        }
    }
}

/// The server is trusted with the right key: only the signature made the difference.
#[test]
fn c10_the_same_with_its_key_gets_past_the_handshake() {
    let w = World::get();
    let shown = w.good();
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        for (name, policy) in policies(w, &shown) {
            let steps = vec![
                Step::StartTlsWith(forger(&shown, &shown, version)),
                Step::send("220 hi\r\n"),
                Step::ReadLine,
            ];
            let server = Scripted::start(steps).expect("a server");
            let error = send(HOST, server.addr(), &policy).expect_err("it goes away");
            assert_eq!(error.status(), Status::ConnectionLost, "{name}: {error}");
            assert!(server.join().tls.starts_with(b"EHLO "), "{name}");
        }
    }
}

fn refused(name: &str, mut policy: Policy, mode: TlsMode, config: Arc<ServerConfig>) {
    policy.tls_mode = mode;
    let mut steps = vec![
        Step::StartTlsWith(config),
        Step::send("220 hi\r\n"),
        Step::ReadToEnd,
    ];
    if mode == TlsMode::Starttls {
        let clear = [
            Step::send("220 hi\r\n"),
            Step::ReadLine,
            Step::send("250-hi\r\n250 STARTTLS\r\n"),
            Step::ReadLine,
            Step::send("220 go\r\n"),
        ];
        steps.splice(..0, clear);
    }
    let server = Scripted::start(steps).expect("a server");
    let error = send(HOST, server.addr(), &policy).expect_err(name);
    assert_eq!(error.status(), Status::Handshake, "{name}: {error}");
    assert_eq!(error.record.outcome, Outcome::NotSent, "{name}");
    assert!(!error.record.secret_released && !error.record.content_released);
    assert_nothing_left(name, mode, &server.join());
}

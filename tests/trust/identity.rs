//! C27: the client's own certificate: shown to a verified server, on TLS 1.3, and nowhere else.

use std::sync::Arc;

use rustls::crypto::ring;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use secsmtp::log::Log;
use secsmtp::status::Status;
use secsmtp::trust::{MinTls, Policy};
use secsmtp_testservers::{CertKind, CertSpec, Scripted, ServerIdentity, Step, TlsVersions};

use crate::authority::{block, pem};
use crate::world::{HOST, UNKNOWN_PIN, World, ca, client, pin, send};

/// A server that demands a certificate of the provider's CA.
fn demanding(versions: TlsVersions) -> Arc<ServerConfig> {
    let w = World::get();
    let provider = Arc::new(ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(w.pki.der(CertKind::Root)).expect("a root");
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .expect("a verifier");
    let versions: &[_] = match versions {
        TlsVersions::Only12 => &[&rustls::version::TLS12],
        _ => &[&rustls::version::TLS13, &rustls::version::TLS12],
    };
    let identity = w.good();
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .expect("versions")
        .with_client_cert_verifier(verifier)
        .with_single_cert(identity.chain, identity.key)
        .expect("an identity");
    Arc::new(config)
}

fn start(versions: TlsVersions) -> Scripted {
    Scripted::start(vec![
        Step::StartTlsWith(demanding(versions)),
        Step::send("220 hi\r\n"),
        Step::ReadLine,
        Step::send("421 later\r\n"),
    ])
    .expect("a server")
}

fn own() -> ServerIdentity {
    World::get()
        .pki
        .issue(&CertSpec::new(&["alice.example"]).client_auth_only())
}

fn with_identity(policy: &mut Policy, identity: &ServerIdentity) {
    let chain: String = identity.chain.iter().map(|der| pem(der)).collect();
    let key = block("PRIVATE KEY", identity.key.secret_der());
    policy
        .set_client_certificate(chain.as_bytes(), key.as_bytes())
        .expect("an identity");
}

#[test]
fn c27_shown_to_a_verified_server_on_tls_1_3() {
    let mut policy = Policy::new();
    ca(World::get(), &mut policy);
    // Both positions: without it the server ends the connection, with it the dialogue begins.
    let server = start(TlsVersions::Both);
    let error = send(HOST, server.addr(), &policy).expect_err("a certificate is demanded");
    assert_ne!(error.status(), Status::Closing, "{error}");
    assert!(!server.join().handshake_done);

    with_identity(&mut policy, &own());
    assert_eq!(policy.effective_min_tls(), MinTls::V1_3);
    let server = start(TlsVersions::Both);
    let error = send(HOST, server.addr(), &policy).expect_err("421");
    assert_eq!(error.status(), Status::Closing, "{error}");
    let record = server.join();
    assert!(record.handshake_done && record.tls.starts_with(b"EHLO "));
}

#[test]
fn c27_never_on_tls_1_2_to_a_stranger_or_in_a_probe() {
    let mut policy = Policy::new();
    ca(World::get(), &mut policy);
    with_identity(&mut policy, &own());
    let server = start(TlsVersions::Only12);
    let error = send(HOST, server.addr(), &policy).expect_err("TLS 1.2");
    assert_eq!(error.status(), Status::Handshake, "{error}");
    assert!(!server.join().handshake_done);

    let mut stranger = policy.clone();
    pin(&mut stranger, UNKNOWN_PIN);
    let server = start(TlsVersions::Both);
    let error = send(HOST, server.addr(), &stranger).expect_err("another pin");
    assert_eq!(error.status(), Status::PinMismatch, "{error}");
    assert!(!server.join().handshake_done);

    let server = start(TlsVersions::Both);
    let probed = client(HOST, server.addr(), &policy)
        .expect("a client")
        .probe(Log::off());
    assert!(
        probed.is_err(),
        "the server wants a certificate, and a probe has none"
    );
    assert!(!server.join().handshake_done);
}

#[test]
fn c27_a_chain_and_another_key_are_rejected() {
    let (one, two) = (own(), own());
    let chain = pem(&one.chain[0]);
    let key = block("PRIVATE KEY", one.key.secret_der());
    let other = block("PRIVATE KEY", two.key.secret_der());
    for (chain, key) in [
        (chain.as_str(), other.as_str()),
        (chain.as_str(), ""),
        (chain.as_str(), chain.as_str()),
        ("", key.as_str()),
        (key.as_str(), key.as_str()),
        (
            chain.as_str(),
            "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n",
        ),
    ] {
        let mut policy = Policy::new();
        let error = policy.set_client_certificate(chain.as_bytes(), key.as_bytes());
        let error = error.expect_err("no identity");
        assert_eq!(error.status(), Status::Certificate);
        assert!(!error.to_string().contains("PRIVATE"));
    }
    let mut policy = Policy::new();
    with_identity(&mut policy, &one);
    assert!(format!("{policy:?}").contains("key not shown"));
}

//! D07, D09, D10: each connection does a full handshake, whatever tickets a server hands out.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::{JoinHandle, spawn};

use rustls::crypto::ring;
use rustls::server::ServerSessionMemoryCache;
use rustls::{HandshakeKind, ServerConfig, ServerConnection, StreamOwned};
use secsmtp::channel::Setup;
use secsmtp::channel::{Cleartext, Verified};
use secsmtp::deadline::{Deadline, Timeouts};
use secsmtp::error::Record;
use secsmtp::log::Log;
use secsmtp::net::{Waiter, dial};
use secsmtp::smtp::{Context, Opening, Session, upgrade};
use secsmtp::status::Status;
use secsmtp::trust::{Host, Policy};

use crate::world::{HOST, TIMEOUT, World, ca, client, pin};

/// A server that would resume and take early data; it tells which handshakes it made.
fn generous(
    connections: usize,
    version: &'static rustls::SupportedProtocolVersion,
) -> (SocketAddr, JoinHandle<Vec<HandshakeKind>>) {
    let identity = World::get().good();
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[version])
        .expect("a version")
        .with_no_client_auth()
        .with_single_cert(identity.chain, identity.key)
        .expect("an identity");
    config.session_storage = ServerSessionMemoryCache::new(32);
    config.ticketer = ring::Ticketer::new().expect("a ticketer");
    config.send_tls13_tickets = 4;
    config.max_early_data_size = 16 * 1024;
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = spawn(move || {
        (0..connections)
            .filter_map(|_| {
                let (tcp, _) = listener.accept().expect("a client");
                let tls = ServerConnection::new(Arc::clone(&config)).expect("a connection");
                let mut stream = BufReader::new(StreamOwned::new(tls, tcp));
                stream.get_mut().write_all(b"220 hi\r\n").ok()?;
                let mut line = String::new();
                stream.read_line(&mut line).ok()?;
                assert!(
                    stream.get_mut().conn.early_data().is_none(),
                    "D10: early data"
                );
                stream.get_mut().write_all(b"421 later\r\n").ok()?;
                stream.get_ref().conn.handshake_kind()
            })
            .collect()
    });
    (address, server)
}

#[test]
fn d07_every_handshake_is_full() {
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let (address, server) = generous(3, version);
        let mut policy = Policy::new();
        ca(World::get(), &mut policy);
        // One client for all: its configuration is where sessions would be kept.
        let client = client(HOST, address, &policy).expect("a client");
        for _ in 0..3 {
            let error = client
                .send(&crate::world::message(), Log::off())
                .expect_err("421");
            assert_eq!(error.status(), Status::Closing, "{error}");
        }
        let kinds = server.join().expect("a server");
        assert_eq!(kinds, [HandshakeKind::Full; 3], "{version:?}");
    }
}

/// Beneath the client, which makes a configuration for each send: one configuration for all.
#[test]
fn d07_one_configuration_keeps_no_session() {
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let (address, server) = generous(3, version);
        let mut policy = Policy::new();
        ca(World::get(), &mut policy);
        let host = Host::parse(HOST).expect("a host");
        let setup = Setup::new(&Arc::new(policy), &host).expect("a setup");
        for _ in 0..3 {
            let timeouts = Timeouts::default();
            let deadline = Deadline::after(TIMEOUT);
            let waiter = Waiter::new().expect("a selector");
            let tcp = dial(&[address], waiter, deadline).expect("a connection");
            let mut cx = Context::new(HOST, address.port(), timeouts, Log::off());
            let mut opening = Opening::new(&mut cx, Record::default());
            let verified = upgrade(Cleartext::new(tcp), &setup, &mut opening).expect("verified");
            // The greeting is read, and so the tickets in front of it.
            let opened = Session::<Verified<_>>::open(verified, &mut opening, None);
            assert_eq!(opened.expect_err("421").status(), Status::Closing);
        }
        let kinds = server.join().expect("a server");
        assert_eq!(kinds, [HandshakeKind::Full; 3], "{version:?}");
    }
}

#[test]
fn d07_a_change_of_pins_is_felt_at_once() {
    let (address, server) = generous(2, &rustls::version::TLS13);
    let mut policy = Policy::new();
    pin(&mut policy, &World::get().good().spki_pin());
    let error = crate::world::send(HOST, address, &policy).expect_err("421");
    assert_eq!(error.status(), Status::Closing, "{error}");
    let mut changed = Policy::new();
    pin(&mut changed, crate::world::UNKNOWN_PIN);
    let error = crate::world::send(HOST, address, &changed).expect_err("another pin");
    assert_eq!(error.status(), Status::PinMismatch, "{error}");
    assert_eq!(server.join().expect("a server").len(), 1);
}

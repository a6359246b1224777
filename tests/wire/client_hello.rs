//! The ClientHello: its extensions, and changes of a middlebox that fail the handshake.

use std::sync::Arc;

use secsmtp::error::Outcome;
use secsmtp::status::Status;
use secsmtp::trust::TlsMode;

use crate::leak_check;
use crate::memory::{Answer, Esmtp, HOST, Memory, Peer, World};

fn server() -> Box<Esmtp> {
    Box::new(Esmtp::new(true, &["AUTH PLAIN"], |_| Answer::Good))
}

/// The numbers of the extensions in a ClientHello (RFC 8446 section 4.1.2), and whether it offers a
/// session to resume.
fn extensions(raw: &[u8]) -> (Vec<u16>, usize) {
    let number = |at: usize| usize::from(raw[at]) << 8 | usize::from(raw[at + 1]);
    // Record, handshake header, version and random.
    let mut at = 5 + 4 + 2 + 32;
    let session = usize::from(raw[at]);
    at += 1 + session;
    at += 2 + number(at);
    at += 1 + usize::from(raw[at]);
    let end = at + 2 + number(at);
    at += 2;
    let mut found = Vec::new();
    while at < end {
        found.push(u16::try_from(number(at)).expect("two bytes"));
        at += 4 + number(at + 2);
    }
    (found, session)
}

#[test]
fn d08_d09_d10_d16_each_hello_is_a_first_one_with_the_name_and_nothing_early() {
    let world = World::new();
    let stranger = World::new();
    for round in 0..4 {
        // In between, one whose peer is refused: nothing of it may be kept.
        let refused = Peer::new(Arc::clone(&stranger.server), true, server());
        let ended = world.send_to(TlsMode::Implicit, Memory::new(refused, None));
        let error = ended.result.expect_err("a stranger");
        assert_eq!(error.status(), Status::PinMismatch);
        let ended = world.send(TlsMode::Implicit, server(), None);
        assert_eq!(ended.outcome(), Outcome::Accepted);
        let state = ended.memory.state();
        let (found, _) = extensions(&state.peer.raw);
        for (number, what) in [
            (41, "a session to resume"),
            (42, "early data"),
            (35, "a ticket"),
        ] {
            assert!(
                !found.contains(&number),
                "round {round}: {what} in {found:?}"
            );
        }
        assert!(found.contains(&0), "no name in {found:?}");
        assert!(
            state
                .peer
                .raw
                .windows(HOST.len())
                .any(|w| w == HOST.as_bytes())
        );
    }
}

#[test]
fn d15_the_hello_asks_for_the_extended_master_secret() {
    let world = World::new();
    let ended = world.send(TlsMode::Implicit, server(), None);
    let (found, _) = extensions(&ended.memory.state().peer.raw);
    assert!(found.contains(&23), "{found:?}");
}

#[test]
fn c24_the_hello_offers_no_compressed_certificate_and_no_compressed_record() {
    let world = World::new();
    let ended = world.send(TlsMode::Implicit, server(), None);
    let raw = &ended.memory.state().peer.raw;
    let (found, session) = extensions(raw);
    // compress_certificate (RFC 8879): without the request, a compressed one is an unexpected message.
    assert!(!found.contains(&27), "{found:?}");
    // Behind the session's name and the suites stand the ways to compress: none alone.
    let suites = 5 + 4 + 2 + 32 + 1 + session;
    let length = usize::from(raw[suites]) << 8 | usize::from(raw[suites + 1]);
    assert_eq!(raw[suites + 2 + length..][..2], [1, 0]);
}

#[test]
fn d19_a_provider_of_the_whole_process_is_not_asked() {
    let mut useless = rustls::crypto::ring::default_provider();
    useless.cipher_suites.clear();
    useless.kx_groups.clear();
    // Using it would find no mechanisms, in this test and in every other of the process.
    assert!(useless.install_default().is_ok());
    let ended = World::new().send(TlsMode::Implicit, server(), None);
    assert_eq!(ended.outcome(), Outcome::Accepted, "{}", ended.log);
}

#[test]
fn d11_a_handshake_message_in_clear_behind_the_hello_is_refused() {
    let world = World::new();
    let tampers: [fn(&mut Vec<u8>); 4] = [
        // EncryptedExtensions, empty, in clear.
        |records| insert(records, &[0x16, 3, 3, 0, 6, 8, 0, 0, 2, 0, 0]),
        // Finished, in clear.
        |records| insert(records, &[0x16, 3, 3, 0, 8, 20, 0, 0, 4, 1, 2, 3, 4]),
        // Application data that is no record of this session.
        |records| {
            insert(
                records,
                &[
                    0x17, 3, 3, 0, 17, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                ],
            )
        },
        // An alert in clear.
        |records| insert(records, &[0x15, 3, 3, 0, 2, 2, 40]),
    ];
    for tamper in tampers {
        let mut peer = Peer::new(Arc::clone(&world.server), true, server());
        peer.tamper = Some(tamper);
        let ended = world.send_to(TlsMode::Implicit, Memory::new(peer, None));
        let error = ended.result.expect_err("tampered with");
        assert_eq!(error.status(), Status::Handshake, "{error}");
        leak_check::assert_nothing_in_clear(&ended.memory.state().peer);
        assert!(ended.memory.state().peer.inside.is_empty());
    }
}

/// Puts a record behind the first one, which is the ServerHello.
fn insert(records: &mut Vec<u8>, record: &[u8]) {
    let first = 5 + (usize::from(records[3]) << 8 | usize::from(records[4]));
    records.splice(first..first, record.iter().copied());
}

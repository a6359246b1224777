//! Section 1.4: peers that speak TLS wrongly, or not at all, as raw bytes in both modes.

use std::time::Duration;

use secsmtp::error::{Outcome, Stage};
use secsmtp::log::Log;
use secsmtp::status::Status::{self, ConnectionLost, Handshake, NotTls, Timeout};
use secsmtp::trust::{Policy, TlsMode};
use secsmtp_testservers::{ReferenceConfig, ReferenceServer, Scripted, Step};

use crate::world::{HOST, MODES, TIMEOUT, World, ca, client, message, send};

/// The random of a server that could have done TLS 1.3 (RFC 8446 section 4.1.3).
const DOWNGRADE: &[u8; 8] = b"DOWNGRD\x01";

/// Extended master secret (RFC 7627) and secure renegotiation (RFC 5746).
const EMS: &[u8] = &[0, 23, 0, 0];
const RENEGOTIATION: &[u8] = &[0xff, 1, 0, 1, 0];

/// A ServerHello of this version and suite.
fn server_hello(
    version: [u8; 2],
    suite: [u8; 2],
    random_end: &[u8; 8],
    extensions: &[&[u8]],
) -> Vec<u8> {
    let extensions = extensions.concat();
    let mut body = version.to_vec();
    body.extend([7; 24]);
    body.extend(random_end);
    body.push(0);
    body.extend(suite);
    body.push(0);
    body.extend(
        u16::try_from(extensions.len())
            .expect("short")
            .to_be_bytes(),
    );
    body.extend(extensions);
    let len = u16::try_from(body.len()).expect("short");
    let mut message = vec![2, 0];
    message.extend(len.to_be_bytes());
    message.extend(body);
    record(22, version, &message)
}

fn record(kind: u8, version: [u8; 2], payload: &[u8]) -> Vec<u8> {
    let mut record = vec![kind, version[0], version[1]];
    record.extend(u16::try_from(payload.len()).expect("short").to_be_bytes());
    record.extend(payload);
    record
}

const TLS12: [u8; 2] = [3, 3];
const ECDHE_GCM: [u8; 2] = [0xc0, 0x2b];

fn wrong_hellos() -> Vec<(&'static str, Status, Vec<Step>)> {
    // The client has read the 220 when its ClientHello comes: in one read with it, this would be an error of
    // another kind.
    let say = |bytes: Vec<u8>| vec![Step::AwaitByte, Step::Send(bytes), Step::ReadToEnd];
    let hello = |version, suite, end: &[u8; 8], extensions: &[&[u8]]| {
        say(server_hello(version, suite, end, extensions))
    };
    let end = &[7; 8];
    let usual: &[&[u8]] = &[RENEGOTIATION, EMS];
    // A handshake message that promises 16 MiB.
    let promise = record(22, TLS12, &[11, 0xff, 0xff, 0xff, 0, 0]);
    let warnings = record(21, TLS12, &[1, 90]).repeat(200);
    vec![
        ("D01 SSL 3", Handshake, hello([3, 0], ECDHE_GCM, end, usual)),
        (
            "D01 TLS 1.0",
            Handshake,
            hello([3, 1], ECDHE_GCM, end, usual),
        ),
        (
            "D01 TLS 1.1",
            Handshake,
            hello([3, 2], ECDHE_GCM, end, usual),
        ),
        (
            "D02 downgrade to 1.2",
            Handshake,
            hello(TLS12, ECDHE_GCM, DOWNGRADE, usual),
        ),
        ("D03 CBC", Handshake, hello(TLS12, [0xc0, 0x13], end, usual)),
        (
            "D03 RSA key exchange",
            Handshake,
            hello(TLS12, [0x00, 0x9c], end, usual),
        ),
        (
            "D03 3DES",
            Handshake,
            hello(TLS12, [0x00, 0x0a], end, usual),
        ),
        (
            "D03 NULL",
            Handshake,
            hello(TLS12, [0x00, 0x00], end, usual),
        ),
        (
            "D03 anonymous",
            Handshake,
            hello(TLS12, [0x00, 0xa6], end, usual),
        ),
        (
            "D15 no extended master secret",
            Handshake,
            hello(TLS12, ECDHE_GCM, end, &[RENEGOTIATION]),
        ),
        ("D06 an alert", Handshake, say(record(21, TLS12, &[2, 40]))),
        (
            "D06 the end",
            ConnectionLost,
            vec![Step::AwaitByte, Step::Drop],
        ),
        (
            "D11 application data at once",
            NotTls,
            say(record(23, TLS12, b"220 hi\r\n")),
        ),
        ("D12 a flood of warnings", Handshake, say(warnings)),
        (
            "D14 a message larger than the limit",
            Handshake,
            say(promise),
        ),
        (
            "A05 clear text where TLS is due",
            NotTls,
            say(b"220 mail.example ESMTP\r\n".to_vec()),
        ),
        (
            "A13 a web page",
            NotTls,
            say(b"HTTP/1.1 200 OK\r\n\r\n<html>".to_vec()),
        ),
        ("D13 silence", Timeout, vec![Step::Stall]),
    ]
}

#[test]
fn whoever_speaks_tls_wrongly_gets_nothing() {
    for mode in MODES {
        for (name, expected, steps) in wrong_hellos() {
            let name = format!("{name} ({mode:?})");
            let server = Scripted::start(in_mode(mode, steps)).expect("a server");
            let mut policy = Policy::new();
            ca(World::get(), &mut policy);
            policy.tls_mode = mode;
            let client = client(HOST, server.addr(), &policy).expect("a client");
            if expected == Timeout {
                client.set_timeout(Stage::Tls, Duration::from_millis(300));
            }
            let error = client.send(&message(), Log::off()).expect_err(&name);
            assert_eq!(error.status(), expected, "{name}: {error}");
            assert_eq!(
                (error.record.stage, error.record.outcome),
                (Stage::Tls, Outcome::NotSent),
                "{name}"
            );
            assert!(
                !error.record.secret_released && !error.record.content_released,
                "{name}"
            );
            assert_only_tls(&name, mode, &server.join().clear);
        }
    }
}

/// The dialogue up to where TLS is due.
fn in_mode(mode: TlsMode, mut steps: Vec<Step>) -> Vec<Step> {
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
    steps
}

/// That the peer got records of the handshake or alerts (20 to 22), and nothing else.
fn assert_only_tls(name: &str, mode: TlsMode, received: &[u8]) {
    let mut rest = match mode {
        TlsMode::Implicit => received,
        TlsMode::Starttls => received
            .strip_prefix(b"EHLO [127.0.0.1]\r\nSTARTTLS\r\n")
            .expect(name),
    };
    while let [kind, 3, _, high, low, after @ ..] = rest {
        assert!((20..=22).contains(kind), "{name}: a record of type {kind}");
        let len = usize::from(u16::from_be_bytes([*high, *low]));
        assert!(after.len() >= len, "{name}: half a record");
        rest = &after[len..];
    }
    assert!(rest.is_empty(), "{name}: {rest:?}");
}

#[test]
fn d16_the_name_is_sent_for_names_and_not_for_addresses() {
    let server =
        ReferenceServer::start(ReferenceConfig::new(World::get().good())).expect("a server");
    let mut policy = Policy::new();
    ca(World::get(), &mut policy);
    for (host, expected) in [
        ("MAIL.example.", Some(HOST)),
        ("127.0.0.1", None),
        ("::1", None),
    ] {
        send(host, server.implicit_addr(), &policy).expect("sent");
        assert!(server.wait_idle(TIMEOUT));
        let sessions = server.sessions();
        let last = sessions.last().expect("a session");
        assert_eq!(last.server_name.as_deref(), expected, "{host}");
    }
}

#[test]
fn no_trust_is_an_error_before_the_connection() {
    let server =
        ReferenceServer::start(ReferenceConfig::new(World::get().good())).expect("a server");
    let error =
        send(HOST, server.implicit_addr(), &Policy::new()).expect_err("C08 an empty policy");
    assert_eq!(error.status(), Status::NoTrust);
    assert_eq!(error.record.stage, Stage::Local);
    // A revocation list alone trusts no server.
    let mut policy = Policy::new();
    policy.strict = true;
    assert!(send(HOST, server.implicit_addr(), &policy).is_err());
    assert!(server.sessions().is_empty());
}

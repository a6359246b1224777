//! Bytes of a hostile or broken peer before it is verified: the result is an error, and nothing leaves.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::sync::mpsc::channel;
use std::time::Duration;

use secsmtp::client::Client;
use secsmtp::error::{Cause, Outcome, Stage};
use secsmtp::log::{Level, Log};
use secsmtp::status::Status;
use secsmtp::trust::TlsMode;
use secsmtp_testservers::{CertSpec, ClosedPort, KeyKind, Pki, ReferenceServer, Scripted, Step};

use crate::support::*;

/// Plays steps in clear text to a client that wants `mode`, and gives the error.
#[track_caller]
fn clear(mode: TlsMode, steps: Vec<Step>, status: Status, stage: Stage) -> secsmtp::error::Error {
    let pki = pki();
    let server = Scripted::start(steps).unwrap();
    let client = client(&policy(&pki, mode), server.addr());
    let error = fails(&client, &message(), status, stage, Outcome::NotSent);
    assert!(!error.record.secret_released && !error.record.content_released);
    assert!(error.to_string().contains("Nothing was sent."), "{error}");
    assert_silent(&server.join());
    error
}

const EHLO: &str = "250-mail.test\r\n250-AUTH PLAIN LOGIN\r\n250 STARTTLS\r\n";

fn after_ehlo(capabilities: &str, mut more: Vec<Step>) -> Vec<Step> {
    let mut steps = vec![
        Step::send("220 mail.test\r\n"),
        Step::expect("EHLO"),
        Step::send(capabilities),
    ];
    steps.append(&mut more);
    steps.push(Step::ReadToEnd);
    steps
}

#[test]
fn a01_b01_b02_b12_starttls_missing_or_mangled() {
    for offer in [
        "250-mail.test\r\n250 AUTH PLAIN LOGIN\r\n",
        "250-mail.test\r\n250 XXXXXXXA\r\n",
        "250-mail.test\r\n250 STARTTLSX\r\n",
        "250 STARTTLS\r\n",
        "250-mail.test\r\n250-XXXXXXXX\r\n250 AUTH PLAIN\r\n",
    ] {
        clear(
            TlsMode::Starttls,
            after_ehlo(offer, vec![]),
            Status::StarttlsMissing,
            Stage::Starttls,
        );
    }
}

#[test]
fn b03_ehlo_refused_and_helo_never_tried() {
    for code in ["500", "502", "504", "550"] {
        let steps = after_ehlo(&format!("{code} what?\r\n"), vec![]);
        clear(
            TlsMode::Starttls,
            steps,
            Status::SessionRefused,
            Stage::Ehlo,
        );
    }
}

#[test]
fn b04_b05_starttls_answered_with_anything_but_220() {
    for (code, status) in [
        ("454", Status::StarttlsRefused),
        ("500", Status::StarttlsRefused),
        ("501", Status::StarttlsRefused),
        ("502", Status::StarttlsRefused),
        ("530", Status::StarttlsRefused),
        ("221", Status::UnexpectedReply),
        ("235", Status::UnexpectedReply),
        ("250", Status::UnexpectedReply),
        ("354", Status::UnexpectedReply),
        ("334", Status::UnexpectedReply),
        ("421", Status::Closing),
    ] {
        let answer = Step::send(&format!("{code} so\r\n"));
        let steps = after_ehlo(EHLO, vec![Step::expect("STARTTLS"), answer]);
        clear(TlsMode::Starttls, steps, status, Stage::Starttls);
    }
}

#[test]
fn b06_220_and_then_clear_text() {
    let steps = vec![
        Step::expect("STARTTLS"),
        Step::send("220 go\r\n"),
        Step::AwaitByte,
        Step::send("250 not TLS\r\n"),
    ];
    let steps = after_ehlo(EHLO, steps);
    clear(TlsMode::Starttls, steps, Status::NotTls, Stage::Tls);
}

#[test]
fn b07_b08_b09_replies_after_the_220_are_an_error() {
    for answer in [
        "220 go\r\n250-mail.test\r\n250 AUTH PLAIN\r\n",
        "220 go\r\n250 unfinis",
        "220-go\r\n220 on\r\nx",
    ] {
        let steps = after_ehlo(EHLO, vec![Step::expect("STARTTLS"), Step::send(answer)]);
        clear(
            TlsMode::Starttls,
            steps,
            Status::BytesBeforeTls,
            Stage::Starttls,
        );
    }
}

#[test]
fn b13_greetings_that_are_none() {
    for (greeting, status) in [
        ("235 ok\r\n", Status::UnexpectedReply),
        ("250 ok\r\n", Status::UnexpectedReply),
        ("221 bye\r\n", Status::UnexpectedReply),
        ("354 go\r\n", Status::UnexpectedReply),
        ("421 no\r\n", Status::Closing),
        ("554 no\r\n", Status::SessionRefused),
        ("HTTP/1.1 302 Found\r\n", Status::MalformedReply),
        ("<html>", Status::MalformedReply),
        ("\u{1}\u{2}\u{3}", Status::MalformedReply),
        ("220 a\n", Status::MalformedReply),
        ("220-a\r\n250 b\r\n", Status::MalformedReply),
        ("120 wait\r\n", Status::MalformedReply),
    ] {
        let steps = vec![Step::send(greeting), Step::ReadToEnd];
        let error = clear(TlsMode::Starttls, steps, status, Stage::Greeting);
        assert!(!error.to_string().contains('\u{1}'));
    }
}

#[test]
fn b15_an_unsolicited_reply_ends_the_session() {
    let steps = vec![Step::send("220 a\r\n250 b\r\n"), Step::ReadToEnd];
    clear(TlsMode::Starttls, steps, Status::Unsolicited, Stage::Ehlo);
}

#[test]
fn b15_an_unsolicited_reply_in_its_own_write_ends_the_session() {
    let pki = pki();
    let ok = "250 ok\r\n";
    let dialogue = [
        ("220 m\r\n", "EHLO"),
        ("250-m\r\n250 AUTH PLAIN\r\n", "AUTH"),
        ("235 in\r\n", "MAIL"),
        ("250 sender\r\n", "RCPT"),
        ("250 recipient\r\n", "DATA"),
    ];
    for (place, (reply, command)) in dialogue.into_iter().enumerate() {
        let (tell, reported) = channel();
        let (read, may) = channel();
        let mut may = Some(may);
        let mut steps = vec![];
        for (index, (said, next)) in dialogue.into_iter().enumerate() {
            steps.push(Step::send(said));
            if let Some(may) = may.take_if(|_| index == place) {
                steps.extend([Step::wait_for(may), Step::send(ok)]);
                steps.push(Step::Tell(tell.clone()));
            }
            steps.push(Step::expect(next));
        }
        steps.extend([Step::send("354 go\r\n"), Step::ReadToEnd]);
        let server = Scripted::start_implicit(pki.identity(), steps).unwrap();
        let client = client(&policy(&pki, TlsMode::Implicit), server.addr());
        // More is said once this reply was read, and before the next command is written.
        let shown = reply.lines().next_back().unwrap_or_default();
        let mut sink = |_: Level, _: Stage, line: &str| {
            if line == format!("< {shown}") {
                read.send(()).expect("a server");
                reported.recv_timeout(LONG).expect("more was said");
            }
        };
        let log = Log::to(&mut sink, Level::Debug);
        let error = client.send(&message(), log).unwrap_err();
        let status = error.status();
        assert_eq!(status, Status::Unsolicited, "{command}: {error}");
        assert_eq!(error.record.outcome, Outcome::NotSent, "{command}: {error}");
        assert!(!error.record.content_released, "{command}: {error}");
        let received = server.join().tls;
        assert!(!holds(&received, command), "{command}");
    }
}

#[test]
fn e02_e03_endless_replies_are_cut_off() {
    for flood in [
        b"250-more\r\n".repeat(100_000),
        b"2".repeat(1_000_000),
        [b"220 ".as_slice(), &vec![b'a'; 1_000_000]].concat(),
    ] {
        let pki = pki();
        let server = Scripted::start(vec![Step::Send(flood), Step::ReadToEnd]).unwrap();
        let client = client(&policy(&pki, TlsMode::Starttls), server.addr());
        let error = send(&client, &message()).unwrap_err();
        assert!(
            matches!(
                error.status(),
                Status::ReplyTooLong | Status::MalformedReply | Status::Unsolicited
            ),
            "{error}"
        );
        assert_eq!(
            (error.record.stage, error.record.outcome),
            (Stage::Greeting, Outcome::NotSent)
        );
        assert_silent(&server.join());
    }
}

#[test]
fn e17_closed_in_the_middle_of_a_reply() {
    for part in ["", "220 half a li", "220-a\r\n"] {
        let error = clear(
            TlsMode::Starttls,
            vec![Step::send(part), Step::Close],
            Status::ConnectionLost,
            Stage::Greeting,
        );
        assert_eq!(
            *error.cause,
            Cause::Lost {
                kind: ErrorKind::UnexpectedEof
            }
        );
    }
}

/// Listeners on the mail ports that are free and permitted for this user.
fn ports_of_mail() -> Vec<TcpListener> {
    let listen = |port: u16| TcpListener::bind(("127.0.0.1", port)).ok();
    let listeners: Vec<_> = [25, 465, 587].into_iter().filter_map(listen).collect();
    for listener in &listeners {
        listener.set_nonblocking(true).unwrap();
    }
    listeners
}

#[test]
fn a12_a_blocked_port_leads_to_no_other() {
    let pki = pki();
    let good = ReferenceServer::start(reference_config(&pki)).unwrap();
    let others = ports_of_mail();
    let hangs_up = Scripted::start(vec![Step::Close]).unwrap();
    let clear = vec![Step::send("554 not for you\r\n"), Step::ReadToEnd];
    let speaks = Scripted::start(clear).unwrap();
    let closed = ClosedPort::take().unwrap();
    for blocked in [closed.addr().unwrap(), hangs_up.addr(), speaks.addr()] {
        for mode in BOTH {
            // The host's own port would do, and is not what the caller said.
            let port = u32::from(address(&good, mode).port());
            let client = Client::new("127.0.0.1", port, &policy(&pki, mode)).unwrap();
            let blocked = u32::from(blocked.port());
            client.set_connect("127.0.0.1", blocked).unwrap();
            client.set_timeout(Stage::Local, LONG);
            let error = send(&client, &message()).unwrap_err();
            assert_eq!(error.record.outcome, Outcome::NotSent);
        }
    }
    assert!(good.sessions().is_empty());
    for other in others {
        let refused = other.accept().map(|_| ()).map_err(|error| error.kind());
        assert_eq!(refused, Err(ErrorKind::WouldBlock));
    }
}

#[test]
fn a05_implicit_tls_answered_in_clear() {
    for words in [
        "220 mail.test ESMTP\r\n",
        "HTTP/1.1 400 Bad Request\r\n\r\n",
    ] {
        let error = clear(
            TlsMode::Implicit,
            vec![Step::send(words), Step::ReadToEnd],
            Status::NotTls,
            Stage::Tls,
        );
        assert!(error.to_string().contains(&words[..8]), "{error}");
    }
}

#[test]
fn a06_tls_where_starttls_is_due() {
    let pki = pki();
    let server = Scripted::start_implicit(
        pki.identity(),
        vec![Step::send("220 a\r\n"), Step::ReadToEnd],
    )
    .unwrap();
    let client = client(&policy(&pki, TlsMode::Starttls), server.addr());
    client.set_timeout(Stage::Greeting, Duration::from_millis(300));
    fails(
        &client,
        &message(),
        Status::Timeout,
        Stage::Greeting,
        Outcome::NotSent,
    );
    drop(client);
    assert_silent(&server.join());
}

#[test]
fn d06_closed_during_the_handshake() {
    clear(
        TlsMode::Implicit,
        vec![Step::AwaitByte, Step::Close],
        Status::ConnectionLost,
        Stage::Tls,
    );
    let steps = vec![
        Step::send("220 m\r\n"),
        Step::expect("EHLO"),
        Step::send(EHLO),
        Step::expect("STARTTLS"),
        Step::send("220 go\r\n"),
        Step::Close,
    ];
    clear(TlsMode::Starttls, steps, Status::ConnectionLost, Stage::Tls);
}

#[test]
fn b11_capabilities_from_before_tls_are_dropped() {
    let pki = pki();
    // In clear it offers AUTH, SIZE 10 and more; inside TLS nothing.
    let server = Scripted::start(vec![
        Step::send("220 m\r\n"),
        Step::expect("EHLO"),
        Step::send("250-m\r\n250-AUTH PLAIN\r\n250-8BITMIME\r\n250 STARTTLS\r\n"),
        Step::expect("STARTTLS"),
        Step::send("220 go\r\n"),
        Step::StartTls(pki.identity()),
        Step::expect("EHLO"),
        Step::send("250 m\r\n"),
        Step::ReadToEnd,
    ])
    .unwrap();
    let client = client(&policy(&pki, TlsMode::Starttls), server.addr());
    fails(
        &client,
        &message(),
        Status::AuthMissing,
        Stage::Auth,
        Outcome::NotSent,
    );
    assert_silent(&server.join());
}

#[test]
fn c01_to_c08_the_wrong_certificate_in_each_mode() {
    let ours = pki();
    let stranger = Pki::new(&[HOST]);
    let cases = [
        (
            ours.issue(&CertSpec::new(&["other.test"])),
            Status::NameMismatch,
        ),
        (
            ours.issue(&CertSpec::new(&[HOST]).expired()),
            Status::Expired,
        ),
        (
            ours.issue(&CertSpec::new(&[HOST]).not_yet_valid()),
            Status::NotYetValid,
        ),
        (
            ours.issue(&CertSpec::new(&[HOST]).self_signed()),
            Status::UnknownIssuer,
        ),
        (
            ours.issue(&CertSpec::new(&[HOST]).client_auth_only()),
            Status::BadCertificate,
        ),
        (
            ours.issue(&CertSpec::new(&[HOST]).ca()),
            Status::BadCertificate,
        ),
        (
            ours.issue(&CertSpec::new(&[HOST]).without_intermediate()),
            Status::UnknownIssuer,
        ),
        (
            ours.issue(&CertSpec::new(&[]).without_san().common_name(HOST)),
            Status::NameMismatch,
        ),
        (stranger.identity(), Status::UnknownIssuer),
    ];
    for (identity, status) in cases {
        for mode in BOTH {
            let steps = match mode {
                TlsMode::Implicit => vec![
                    Step::StartTls(identity.clone()),
                    Step::send("220 m\r\n"),
                    Step::ReadToEnd,
                ],
                TlsMode::Starttls => after_ehlo(
                    EHLO,
                    vec![
                        Step::expect("STARTTLS"),
                        Step::send("220 go\r\n"),
                        Step::StartTls(identity.clone()),
                    ],
                ),
            };
            clear_with(&ours, mode, steps, status);
        }
    }
}

#[track_caller]
fn clear_with(pki: &Pki, mode: TlsMode, steps: Vec<Step>, status: Status) {
    let server = Scripted::start(steps).unwrap();
    let client = client(&policy(pki, mode), server.addr());
    let error = fails(&client, &message(), status, Stage::Tls, Outcome::NotSent);
    assert!(!error.record.peer.unwrap().spki.is_empty());
    assert_silent(&server.join());
}

#[test]
fn c05_c06_pins_and_single_certificates() {
    let ours = pki();
    let next = ours.issue(&CertSpec::new(&[HOST]).key_kind(KeyKind::P384));
    let leaf_pin = ours.spki_pin(secsmtp_testservers::CertKind::Leaf);
    let der = ours.der(secsmtp_testservers::CertKind::Leaf).to_vec();
    for (identity, pinned, anchored, certified, status) in [
        (ours.identity(), true, false, false, None),
        (ours.identity(), true, true, true, None),
        (ours.identity(), false, false, true, None),
        (next.clone(), true, true, false, Some(Status::PinMismatch)),
        (next.clone(), true, false, false, Some(Status::PinMismatch)),
        (
            next.clone(),
            false,
            false,
            true,
            Some(Status::CertificateMismatch),
        ),
        (next, false, true, true, Some(Status::CertificateMismatch)),
        // With a pin or a certificate alone, dates and names are reported, and do not decide.
        (
            ours.issue(
                &CertSpec::new(&["other.test"])
                    .expired()
                    .key_of(&ours.identity()),
            ),
            true,
            false,
            false,
            None,
        ),
        (
            ours.issue(&CertSpec::new(&["other.test"]).key_of(&ours.identity())),
            true,
            true,
            false,
            Some(Status::NameMismatch),
        ),
    ] {
        let mut config = reference_config(&ours);
        config.identity = identity;
        let server = secsmtp_testservers::ReferenceServer::start(config).unwrap();
        for mode in BOTH {
            let mut policy = if anchored {
                policy(&ours, mode)
            } else {
                secsmtp::trust::Policy::new()
            };
            policy.tls_mode = mode;
            if pinned {
                policy.add_pin(&leaf_pin).unwrap();
            }
            if certified {
                policy.add_certificate(&der).unwrap();
            }
            let client = client(&policy, address(&server, mode));
            match status {
                None => assert_eq!(
                    send(&client, &message()).unwrap().outcome,
                    Outcome::Accepted
                ),
                Some(status) => {
                    fails(&client, &message(), status, Stage::Tls, Outcome::NotSent);
                    assert!(server.wait_idle(LONG));
                    server.sessions().iter().for_each(assert_silent);
                }
            }
        }
    }
}

#[test]
fn c07_an_issuers_pin_makes_name_and_dates_decide_and_a_decoy_does_not_count() {
    use secsmtp_testservers::CertKind::{Intermediate, Leaf};
    let ours = pki();
    let stranger = Pki::new(&[HOST]);
    let mut decoy = stranger.identity();
    decoy.chain.push(ours.der(Intermediate));
    decoy.chain.push(ours.der(Leaf));
    for (identity, status) in [
        (ours.identity(), None),
        (
            ours.issue(&CertSpec::new(&["other.test"])),
            Some(Status::NameMismatch),
        ),
        (
            ours.issue(&CertSpec::new(&[HOST]).expired()),
            Some(Status::Expired),
        ),
        (decoy, Some(Status::UnknownIssuer)),
        (stranger.identity(), Some(Status::PinMismatch)),
    ] {
        let mut config = reference_config(&ours);
        config.identity = identity;
        let server = secsmtp_testservers::ReferenceServer::start(config).unwrap();
        let mut policy = secsmtp::trust::Policy::new();
        policy.add_pin(&ours.spki_pin(Intermediate)).unwrap();
        let client = client(&policy, server.implicit_addr());
        match status {
            None => assert!(send(&client, &message()).is_ok()),
            Some(status) => drop(fails(
                &client,
                &message(),
                status,
                Stage::Tls,
                Outcome::NotSent,
            )),
        }
    }
}

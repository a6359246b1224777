//! Silence, drips and cancels: each ends by its deadline, at its stage, with its outcome.

use std::net::TcpListener;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use secsmtp::error::{Cause, Outcome, Stage};
use secsmtp::log::{Level, Log};
use secsmtp::status::Status;
use secsmtp::trust::TlsMode;
use secsmtp_testservers::{ClosedPort, Scripted, Step};

use crate::support::*;

const SHORT: Duration = Duration::from_millis(150);

fn dialogue(pki: &secsmtp_testservers::Pki) -> Vec<(Stage, Vec<Step>)> {
    vec![
        (Stage::Tls, vec![Step::StartTls(pki.identity())]),
        (
            Stage::Greeting,
            vec![Step::send("220 m\r\n"), Step::expect("EHLO")],
        ),
        (
            Stage::Ehlo,
            vec![
                Step::send("250-m\r\n250 AUTH PLAIN\r\n"),
                Step::expect("AUTH"),
            ],
        ),
        (
            Stage::Auth,
            vec![Step::send("235 ok\r\n"), Step::expect("MAIL")],
        ),
        (
            Stage::Mail,
            vec![Step::send("250 ok\r\n"), Step::expect("RCPT")],
        ),
        (
            Stage::Rcpt,
            vec![Step::send("250 ok\r\n"), Step::expect("DATA")],
        ),
        (
            Stage::Data,
            vec![Step::send("354 go\r\n"), Step::ReadMessage],
        ),
        (Stage::Reply, vec![]),
    ]
}

/// A server that falls silent where `stage` is to be answered.
fn silent_at(pki: &secsmtp_testservers::Pki, stage: Stage) -> Scripted {
    let steps = dialogue(pki)
        .into_iter()
        .take_while(|part| part.0 != stage)
        .flat_map(|part| part.1);
    Scripted::start(steps.chain([Step::Stall]).collect()).unwrap()
}

#[test]
fn e01_d13_silence_at_each_stage_ends_at_its_deadline() {
    let pki = pki();
    for (stage, _) in dialogue(&pki) {
        let server = silent_at(&pki, stage);
        let client = client(&policy(&pki, TlsMode::Implicit), server.addr());
        client.set_timeout(stage, SHORT);
        let outcome = if stage == Stage::Reply {
            Outcome::Unknown
        } else {
            Outcome::NotSent
        };
        let error = fails(&client, &message(), Status::Timeout, stage, outcome);
        assert_eq!(*error.cause, Cause::Timeout { overall: false });
    }
}

#[test]
fn the_deadline_of_the_whole_call_rules_over_the_stages() {
    let pki = pki();
    for stage in [Stage::Tls, Stage::Auth, Stage::Reply] {
        let server = silent_at(&pki, stage);
        let client = client(&policy(&pki, TlsMode::Implicit), server.addr());
        client.set_timeout(Stage::Local, Duration::from_millis(600));
        let error = send(&client, &message()).unwrap_err();
        assert_eq!(*error.cause, Cause::Timeout { overall: true });
    }
}

#[test]
fn e01_a_drip_of_bytes_does_not_stretch_the_deadline() {
    let pki = pki();
    let drip = Step::Drip(b"220-a\r\n".to_vec(), Duration::from_millis(20));
    let steps = vec![Step::StartTls(pki.identity()), drip];
    let server = Scripted::start(steps).unwrap();
    let client = client(&policy(&pki, TlsMode::Implicit), server.addr());
    client.set_timeout(Stage::Greeting, SHORT);
    fails(
        &client,
        &message(),
        Status::Timeout,
        Stage::Greeting,
        Outcome::NotSent,
    );
}

#[test]
fn a_cancel_from_another_thread_ends_each_stage() {
    let pki = pki();
    for (stage, _) in dialogue(&pki) {
        let server = silent_at(&pki, stage);
        let client = Arc::new(client(&policy(&pki, TlsMode::Implicit), server.addr()));
        let sender = Arc::clone(&client);
        let sending = thread::spawn(move || send(&sender, &message()).unwrap_err());
        // No time is right for every stage: cancel until the call has ended.
        while !sending.is_finished() {
            thread::sleep(Duration::from_millis(30));
            client.cancel();
        }
        let error = sending.join().unwrap();
        assert_eq!(error.status(), Status::Cancelled, "{error}");
    }
}

#[test]
fn a_cancel_ends_only_running_calls() {
    let pki = pki();
    let server = secsmtp_testservers::ReferenceServer::start(reference_config(&pki)).unwrap();
    let client = client(&policy(&pki, TlsMode::Implicit), server.implicit_addr());
    client.cancel();
    assert!(send(&client, &message()).is_ok());
}

#[test]
fn a_cancel_from_within_the_log_ends_the_call() {
    let pki = pki();
    let server = secsmtp_testservers::ReferenceServer::start(reference_config(&pki)).unwrap();
    let client = client(&policy(&pki, TlsMode::Implicit), server.implicit_addr());
    let mut sink = |_: Level, stage: Stage, _: &str| {
        if stage == Stage::Auth {
            client.cancel();
        }
    };
    let error = client
        .send(&message(), Log::to(&mut sink, Level::Debug))
        .unwrap_err();
    assert_eq!(
        (error.status(), error.record.outcome),
        (Status::Cancelled, Outcome::NotSent)
    );
    assert_eq!(server.mail_count(), 0);
}

#[test]
fn a_cancel_from_the_first_line_of_the_log_is_not_lost() {
    let pki = pki();
    let server = secsmtp_testservers::ReferenceServer::start(reference_config(&pki)).unwrap();
    let mut policy = secsmtp::trust::Policy::new();
    policy
        .add_pin(&pki.spki_pin(secsmtp_testservers::CertKind::Leaf))
        .unwrap();
    let client = client(&policy, server.implicit_addr());
    let mut sink = |_: Level, _: Stage, _: &str| client.cancel();
    let error = client
        .send(&message(), Log::to(&mut sink, Level::Debug))
        .unwrap_err();
    assert_eq!(
        (error.status(), error.record.outcome),
        (Status::Cancelled, Outcome::NotSent)
    );
    assert_eq!(server.mail_count(), 0);
}

#[test]
fn a_closed_client_sends_nothing_more() {
    let pki = pki();
    let server = secsmtp_testservers::ReferenceServer::start(reference_config(&pki)).unwrap();
    let client = client(&policy(&pki, TlsMode::Implicit), server.implicit_addr());
    client.close(Duration::ZERO).unwrap();
    assert_eq!(
        send(&client, &message()).unwrap_err().status(),
        Status::Closed
    );
    assert_eq!(server.mail_count(), 0);
}

#[test]
fn each_address_without_a_listener_is_reported() {
    let pki = pki();
    let port = ClosedPort::take().unwrap();
    let closed = port.addr().unwrap();
    let client = client(&policy(&pki, TlsMode::Implicit), closed);
    let error = fails(
        &client,
        &message(),
        Status::Connect,
        Stage::Connect,
        Outcome::NotSent,
    );
    assert!(error.to_string().contains(&closed.to_string()), "{error}");
    let error = fails_for("name.that.does.not.exist.invalid");
    assert_eq!(
        (error.status(), error.record.stage),
        (Status::Lookup, Stage::Resolve)
    );
}

fn fails_for(host: &str) -> secsmtp::error::Error {
    let client = secsmtp::client::Client::new(host, 0, &policy(&pki(), TlsMode::Implicit)).unwrap();
    client.set_timeout(Stage::Local, LONG);
    send(&client, &message()).unwrap_err()
}

#[test]
#[allow(
    clippy::print_stderr,
    reason = "the plain line that a skipped test leaves"
)]
fn ipv6_is_dialled_as_well() {
    let Ok(listener) = TcpListener::bind("[::1]:0") else {
        eprintln!("skipped: this machine has no IPv6 loopback");
        return;
    };
    let address = listener.local_addr().unwrap();
    let peer = thread::spawn(move || {
        use std::io::Write as _;
        listener
            .accept()
            .unwrap()
            .0
            .write_all(b"554 not today\r\n")
            .unwrap();
    });
    let client = client(&policy(&pki(), TlsMode::Starttls), address);
    fails(
        &client,
        &message(),
        Status::SessionRefused,
        Stage::Greeting,
        Outcome::NotSent,
    );
    peer.join().unwrap();
}

#[test]
fn sends_run_side_by_side_on_one_client() {
    let pki = pki();
    let server = secsmtp_testservers::ReferenceServer::start(reference_config(&pki)).unwrap();
    let client = client(&policy(&pki, TlsMode::Starttls), server.starttls_addr());
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..5).for_each(|_| drop(send(&client, &message()).unwrap())));
        }
    });
    assert_eq!(server.mail_count(), 40);
}

//! Requests of a message beyond delivery: sent completely where they are offered, and where one
//! is not, nothing of the message is written.

use secsmtp::error::{Outcome, Stage};
use secsmtp::message::Message;
use secsmtp::message::delivery::{ByMode, DeliverBy, FutureRelease, Notify, Return};
use secsmtp::status::Status;
use secsmtp::trust::TlsMode;
use secsmtp_testservers::{Pki, ReferenceServer, Scripted, Step};

use crate::support::*;

/// Each extension: its line, a message that asks for it, and what must be said.
fn cases() -> Vec<(&'static str, Message, &'static str)> {
    let with = |change: &dyn Fn(&mut Message)| {
        let mut message = message();
        change(&mut message);
        message
    };
    let by = |seconds, late, trace| {
        with(&|m| {
            let by = DeliverBy {
                seconds,
                mode: late,
                trace,
            };
            m.set_deliver_by(Some(by)).unwrap();
        })
    };
    vec![
        (
            "DSN",
            with(&|m| m.set_notify(Notify::SUCCESS + Notify::FAILURE).unwrap()),
            "> NOTIFY=SUCCESS,FAILURE\r\n",
        ),
        (
            "DSN",
            with(&|m| m.set_notify(Notify::NEVER).unwrap()),
            "> NOTIFY=NEVER\r\n",
        ),
        (
            "DSN",
            with(&|m| m.set_return(Some(Return::Full))),
            " RET=FULL\r\n",
        ),
        (
            "DSN",
            with(&|m| m.set_return(Some(Return::Header))),
            " RET=HDRS\r\n",
        ),
        (
            "DSN",
            with(&|m| m.set_envelope_id("a=b").unwrap()),
            " ENVID=a+3Db\r\n",
        ),
        (
            "DSN",
            with(&|m| m.set_original_recipient(0, "list+x@mail.test").unwrap()),
            "> ORCPT=rfc822;list+2Bx@mail.test\r\n",
        ),
        ("DELIVERBY", by(60, ByMode::Return, false), " BY=60;R\r\n"),
        (
            "DELIVERBY 60",
            by(-1, ByMode::Notify, true),
            " BY=-1;NT\r\n",
        ),
        (
            "FUTURERELEASE 3600 2027-01-01T00:00:00Z",
            with(&|m| m.set_hold(Some(FutureRelease::For(3600))).unwrap()),
            " HOLDFOR=3600\r\n",
        ),
        (
            "FUTURERELEASE 3600 2027-01-01T00:00:00Z",
            with(&|m| {
                m.set_hold(Some(FutureRelease::Until(1_795_464_000)))
                    .unwrap()
            }),
            " HOLDUNTIL=2026-11-23T20:00:00Z\r\n",
        ),
        (
            "MT-PRIORITY",
            with(&|m| m.set_mt_priority(Some(-9)).unwrap()),
            " MT-PRIORITY=-9\r\n",
        ),
        (
            "REQUIRETLS",
            with(&|m| m.set_require_tls(true)),
            " REQUIRETLS\r\n",
        ),
    ]
}

fn server(pki: &Pki, lines: &[&str], after_login: &[&str]) -> ReferenceServer {
    let own = |list: &[&str]| list.iter().map(|line| (*line).to_owned()).collect();
    let mut config = reference_config(pki);
    config.extensions = own(lines);
    config.extensions_after_auth = own(after_login);
    ReferenceServer::start(config).unwrap()
}

fn said(server: &ReferenceServer) -> String {
    assert!(server.wait_idle(LONG));
    let session = server.sessions().pop().unwrap();
    String::from_utf8_lossy(&session.tls).into_owned()
}

#[test]
fn requested_extensions_are_sent_where_they_are_offered() {
    let pki = pki();
    for (line, message, words) in cases() {
        let server = server(&pki, &["PIPELINING", "CHUNKING", line], &[]);
        let client = client(&policy(&pki, TlsMode::Implicit), server.implicit_addr());
        assert_eq!(send(&client, &message).unwrap().outcome, Outcome::Accepted);
        let said = said(&server);
        assert!(said.contains(words), "{words:?} is not in {said}");
        assert_eq!(said.matches("EHLO").count(), 1);
    }
}

#[test]
fn a_missing_extension_is_looked_up_once_more_and_then_nothing_is_written() {
    let pki = pki();
    for (line, message, _) in cases() {
        let server = server(&pki, &["PIPELINING", "CHUNKING"], &[]);
        let client = client(&policy(&pki, TlsMode::Implicit), server.implicit_addr());
        let error = fails(
            &client,
            &message,
            Status::ExtensionMissing,
            Stage::Auth,
            Outcome::NotSent,
        );
        let keyword = line.split(' ').next().unwrap();
        assert!(error.to_string().contains(keyword), "{error}");
        let said = said(&server);
        assert!(!said.contains("MAIL"), "{said}");
        assert_eq!(said.matches("EHLO").count(), 2);
    }
}

#[test]
fn some_servers_tell_extensions_only_after_the_login() {
    let pki = pki();
    let server = server(
        &pki,
        &["PIPELINING", "CHUNKING"],
        &["DSN", "SMTPUTF8", "8BITMIME"],
    );
    let client = client(&policy(&pki, TlsMode::Implicit), server.implicit_addr());
    client.set_reuse(LONG, 100).unwrap();
    let mut with_report = message();
    with_report.set_notify(Notify::FAILURE).unwrap();
    send(&client, &message()).unwrap();
    send(&client, &with_report).unwrap();
    send(&client, &message_to(&["j\u{f6}rg@mail.test"])).unwrap();
    drop(client);
    let said = said(&server);
    assert_eq!(
        said.matches("EHLO").count(),
        2,
        "once more, and only when it was needed"
    );
    assert_eq!(server.sessions().len(), 1);
}

#[test]
fn a_rejected_second_ehlo_does_not_end_the_session() {
    let pki = pki();
    let server = Scripted::start(vec![
        Step::StartTls(pki.identity()),
        Step::send("220 m\r\n"),
        Step::expect("EHLO"),
        Step::send("250-m\r\n250 AUTH PLAIN\r\n"),
        Step::expect("AUTH"),
        Step::send("235 ok\r\n"),
        Step::expect("EHLO"),
        Step::send("503 Already identified\r\n"),
        Step::expect("MAIL"),
        Step::send("250 ok\r\n"),
        Step::expect("RCPT"),
        Step::send("250 ok\r\n"),
        Step::expect("DATA"),
        Step::send("354 go\r\n"),
        Step::ReadMessage,
        Step::send("250 ok\r\n"),
        Step::ReadToEnd,
    ])
    .unwrap();
    let client = client(&policy(&pki, TlsMode::Implicit), server.addr());
    client.set_reuse(LONG, 100).unwrap();
    let mut with_report = message();
    with_report.set_notify(Notify::FAILURE).unwrap();
    fails(
        &client,
        &with_report,
        Status::ExtensionMissing,
        Stage::Auth,
        Outcome::NotSent,
    );
    assert_eq!(
        send(&client, &message()).unwrap().outcome,
        Outcome::Accepted
    );
}

#[test]
fn the_servers_limits_hold() {
    let pki = pki();
    let lines = ["DELIVERBY 60", "FUTURERELEASE 3600 2027-01-01T00:00:00Z"];
    let server = server(&pki, &lines, &[]);
    let client = client(&policy(&pki, TlsMode::Implicit), server.implicit_addr());
    let mut soon = message();
    let by = DeliverBy {
        seconds: 59,
        mode: ByMode::Return,
        trace: false,
    };
    soon.set_deliver_by(Some(by)).unwrap();
    let mut later = message();
    later.set_hold(Some(FutureRelease::For(3601))).unwrap();
    for message in [soon, later] {
        let error = send(&client, &message).unwrap_err();
        assert_eq!(error.status(), Status::BeyondLimit);
        assert_eq!(error.record.outcome, Outcome::NotSent);
    }
    assert!(!said(&server).contains("MAIL"));
}

#[test]
fn arguments_out_of_range_are_refused() {
    let mut message = message();
    let status = |result: Result<(), secsmtp::error::Error>| result.unwrap_err().status();
    for events in [-1, 9, 12, 16] {
        assert_eq!(status(message.set_notify(events)), Status::Value);
    }
    assert_eq!(status(message.set_envelope_id("a\r\nb")), Status::Value);
    assert_eq!(
        status(message.set_original_recipient(0, "no")),
        Status::Address
    );
    assert_eq!(
        status(message.set_original_recipient(10_000, TO)),
        Status::Value
    );
    for (seconds, late) in [
        (0, ByMode::Return),
        (-5, ByMode::Return),
        (1_000_000_000, ByMode::Notify),
    ] {
        let by = DeliverBy {
            seconds,
            mode: late,
            trace: false,
        };
        assert_eq!(status(message.set_deliver_by(Some(by))), Status::Value);
    }
    for hold in [
        FutureRelease::For(0),
        FutureRelease::For(1_000_000_000),
        FutureRelease::Until(i64::MAX),
    ] {
        assert_eq!(status(message.set_hold(Some(hold))), Status::Value);
    }
    for priority in [-10, 10, i32::MAX] {
        assert_eq!(
            status(message.set_mt_priority(Some(priority))),
            Status::Value
        );
    }
}

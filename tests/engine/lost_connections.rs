//! The rule for a dead connection: the message goes over a new one, and never arrives twice. A connection
//! is dead when the server, or whatever is on the way to it, has ended it, whether or not this machine
//! knows: by a reset, an end of TCP, close_notify or 421.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use secsmtp::client::{BatchOptions, Client};
use secsmtp::error::{Error, Outcome, Record};
use secsmtp::log::Log;
use secsmtp::message::Message;
use secsmtp::smtp::Window;
use secsmtp::trust::TlsMode;
use secsmtp_testservers::{Ending, Pki, ReferenceServer, Scripted, SessionRecord, Step};

use crate::jobs_stream::{completion, over_one_connection};
use crate::stream::with_extensions;
use crate::support::*;

const FORMS: [&str; 4] = [
    "250-PIPELINING\r\n250-CHUNKING\r\n",
    "250-PIPELINING\r\n",
    "250-CHUNKING\r\n",
    "",
];

/// In which way messages are given to a client.
#[derive(Debug, Clone, Copy)]
enum By {
    Send,
    Batch,
    Jobs,
}

const WAYS: [By; 3] = [By::Send, By::Batch, By::Jobs];

/// Sends so many, each of which begins when the one before is over.
fn send_all(client: &Client, by: By, messages: &[Message]) -> Vec<Result<Record, Error>> {
    match by {
        By::Send => messages
            .iter()
            .map(|message| send(client, message))
            .collect(),
        By::Batch => {
            let results = Mutex::new(BTreeMap::new());
            let bulk = BatchOptions {
                window: Window {
                    messages: 1,
                    ..Window::default()
                },
                ..BatchOptions::default()
            };
            let done = |number: u64, result: Result<Record, Error>| {
                let known = results.lock().unwrap().insert(number, result);
                assert!(known.is_none(), "{number} has two outcomes");
            };
            client.send_many(messages, &bulk, done, Log::off());
            let results = results.into_inner().unwrap();
            results.into_values().collect()
        }
        By::Jobs => messages
            .iter()
            .map(|message| {
                let job = client.submit(message).unwrap();
                completion(client, job)
            })
            .collect(),
    }
}

fn keeping(pki: &Pki, server: &Scripted) -> Client {
    let client = over_one_connection(pki, server, 1);
    client.set_reuse(LONG, 100).unwrap();
    client
}

/// A server that takes a message on each connection, and then goes on so.
fn one_and_then(pki: &Pki, offers: &str, then: &[Step]) -> Scripted {
    let mut steps = vec![
        Step::StartTls(pki.identity()),
        Step::send("220 m\r\n"),
        Step::expect("EHLO"),
        Step::send(&format!("250-m\r\n{offers}250 AUTH PLAIN\r\n")),
        Step::expect("AUTH PLAIN "),
        Step::send("235 ok\r\n"),
        Step::expect("MAIL"),
        Step::send("250 a\r\n"),
        Step::expect("RCPT"),
        Step::send("250 b\r\n"),
    ];
    match offers.contains("CHUNKING") {
        true => steps.extend(["BDAT", "Subject", "", ".A line"].map(Step::expect)),
        false => steps.extend([
            Step::expect("DATA"),
            Step::send("354 go\r\n"),
            Step::ReadMessage,
        ]),
    }
    steps.push(Step::send("250 kept\r\n"));
    steps.extend_from_slice(then);
    Scripted::start(steps).unwrap()
}

fn ended_contents(sessions: &[SessionRecord]) -> usize {
    let count = |session: &SessionRecord| {
        let said = String::from_utf8_lossy(&session.tls);
        said.matches(".A line of the body").count()
    };
    sessions.iter().map(count).sum()
}

/// The bytes that are written before the reply to MAIL shows that the connection is alive.
fn envelope() -> u64 {
    let mail = format!("MAIL FROM:<{FROM}>\r\nRCPT TO:<{TO}>\r\n");
    mail.len() as u64
}

#[test]
fn j04_behind_an_old_reply_a_connection_dead_at_any_byte_leads_to_a_new_one() {
    let pki = pki();
    let ends: [(&str, &[Step]); 3] = [
        ("close_notify", &[Step::Close]),
        ("end of TCP", &[Step::Drop]),
        ("421", &[Step::Send(Vec::new()), Step::Close]),
    ];
    for by in WAYS {
        for offers in FORMS {
            for (name, end) in &ends {
                let step = match by {
                    By::Send => 5,
                    By::Batch | By::Jobs => 17,
                };
                // Without PIPELINING RCPT waits for the reply to MAIL.
                let most = match offers.contains("PIPELINING") {
                    true => envelope(),
                    false => format!("MAIL FROM:<{FROM}>\r\n").len() as u64,
                };
                for at in (0..most).step_by(step).chain([most]) {
                    let mut then = vec![Step::ReadBytes(at)];
                    then.extend_from_slice(end);
                    if *name == "421" {
                        then[1] = Step::send("421 4.4.2 closing\r\n");
                    }
                    let server = one_and_then(&pki, offers, &then);
                    let client = keeping(&pki, &server);
                    client.set_reply_age(Duration::ZERO);
                    let results = send_all(&client, by, &[message(), message()]);
                    let reported = format!("{by:?} {offers:?} {name} at {at}: {results:?}");
                    assert!(results.iter().all(Result::is_ok), "{reported}");
                    drop(client);
                    let sessions = server.join_all(2);
                    assert_eq!(sessions.len(), 2, "{reported}");
                    assert_eq!(ended_contents(&sessions), 2, "{reported}");
                }
            }
        }
    }
}

#[test]
fn j04_a_reset_at_the_first_byte_of_a_forgotten_connection_leads_to_a_new_one() {
    let pki = pki();
    for by in WAYS {
        for offers in FORMS {
            let server = one_and_then(&pki, offers, &Step::reset());
            let client = keeping(&pki, &server);
            client.set_reply_age(Duration::ZERO);
            let results = send_all(&client, by, &[message(), message(), message()]);
            assert!(
                results.iter().all(Result::is_ok),
                "{by:?} {offers:?}: {results:?}"
            );
            drop(client);
            let sessions = server.join_all(3);
            assert_eq!(sessions.len(), 3, "{by:?} {offers:?}");
            assert_eq!(ended_contents(&sessions), 3, "{by:?} {offers:?}");
        }
    }
}

#[test]
fn j04_several_recipients_move_like_one() {
    let pki = pki();
    for by in WAYS {
        for partial in [false, true] {
            let mut server = with_extensions(&pki, &["PIPELINING", "CHUNKING"]);
            server.mails_per_connection = vec![1];
            let server = ReferenceServer::start(server).unwrap();
            let client = client(&policy(&pki, TlsMode::Implicit), server.implicit_addr());
            client.set_reuse(LONG, 100).unwrap();
            client.set_reply_age(Duration::ZERO);
            let mut message = message_to(&[TO, "second@mail.test", "third@mail.test"]);
            message.partial = partial;
            let results = send_all(&client, by, &[message.clone(), message.clone(), message]);
            assert!(results.iter().all(Result::is_ok), "{by:?}: {results:?}");
            assert_eq!(server.mail_count(), 3);
            assert_eq!(server.login_count(), 3);
            assert!(server.mails().iter().all(|mail| mail.to.len() == 3));
        }
    }
}

#[test]
fn j04_behind_a_young_reply_a_message_that_left_whole_is_in_doubt_or_moves_by_421() {
    let pki = pki();
    let whole = ["MAIL", "RCPT", "BDAT", "Subject", "", ".A line"].map(Step::expect);
    for by in WAYS {
        for (end, expected) in [
            (vec![Step::Close], Err(Outcome::Unknown)),
            (vec![Step::Drop], Err(Outcome::Unknown)),
            (
                vec![Step::send("421 4.4.2 closing\r\n"), Step::Close],
                Ok(()),
            ),
        ] {
            let then = [whole.to_vec(), end].concat();
            let server = one_and_then(&pki, FORMS[0], &then);
            let client = keeping(&pki, &server);
            let results = send_all(&client, by, &[message(), message()]);
            assert!(results[0].is_ok());
            let second = results[1].as_ref().map(drop);
            let second = second.map_err(|error| error.record.outcome);
            assert_eq!(second, expected, "{by:?} {then:?}");
        }
    }
}

/// close_notify, or an end, with no reply, while content is on its way: the byte that completes the message
/// was not handed over.
#[test]
fn j04_a_message_that_was_not_sent_completely_moves_although_a_part_of_the_content_left() {
    let pki = pki();
    let mut large = message();
    large
        .set_content("a line of the content\r\n".repeat(700_000).as_bytes())
        .unwrap();
    for by in WAYS {
        for ending in [Ending::Close, Ending::Cut] {
            let mut server = with_extensions(&pki, &["PIPELINING", "CHUNKING"]);
            server.mails_per_connection = vec![1];
            server.last_reply = String::new();
            server.ending = ending;
            let server = ReferenceServer::start(server).unwrap();
            let client = client(&policy(&pki, TlsMode::Implicit), server.implicit_addr());
            client.set_reuse(LONG, 100).unwrap();
            let results = send_all(&client, by, &[message(), large.clone()]);
            let reported = format!("{by:?} {ending:?}");
            let record = results[1]
                .as_ref()
                .unwrap_or_else(|o| panic!("{reported}: {o:?}"));
            assert_eq!(record.outcome, Outcome::Accepted, "{reported}");
            assert!(!record.reused && record.content_released, "{reported}");
            assert_eq!(server.mail_count(), 2, "{reported}");
        }
    }
}

#[test]
fn bytes_that_left_before_are_reported_although_the_new_connection_fails() {
    let pki = pki();
    for by in WAYS {
        let mut server = with_extensions(&pki, &["PIPELINING", "CHUNKING"]);
        server.mails_per_connection = vec![1, 0];
        let server = ReferenceServer::start(server).unwrap();
        let client = client(&policy(&pki, TlsMode::Implicit), server.implicit_addr());
        client.set_reuse(LONG, 100).unwrap();
        let mut results = send_all(&client, by, &[message(), message()]);
        let error = results.pop().unwrap().unwrap_err();
        // The content went along with MAIL over the first connection.
        assert_eq!(error.record.outcome, Outcome::NotSent, "{by:?}");
        assert!(error.record.secret_released && error.record.content_released);
        assert_eq!(server.mail_count(), 1);
        assert_eq!(server.login_count(), 2, "{by:?}");
    }
}

#[test]
fn a_connection_that_is_known_to_have_ended_gets_nothing() {
    let pki = pki();
    // In one record with the reply to the login: it is there for certain.
    let mut steps = vec![
        Step::StartTls(pki.identity()),
        Step::send("220 m\r\n"),
        Step::expect("EHLO"),
        Step::send("250-m\r\n250-PIPELINING\r\n250-CHUNKING\r\n250 AUTH PLAIN\r\n"),
        Step::expect("AUTH PLAIN "),
        Step::send("235 ok\r\n421 4.3.2 closing\r\n"),
    ];
    steps.push(Step::Close);
    let server = Scripted::start(steps).unwrap();
    let client = client(&policy(&pki, TlsMode::Implicit), server.addr());
    let error = send(&client, &message()).unwrap_err();
    assert_eq!(error.record.outcome, Outcome::NotSent);
    assert!(!error.record.content_released);
    let said = server.join().tls;
    assert!(!String::from_utf8_lossy(&said).contains("MAIL"));
}

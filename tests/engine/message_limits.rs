//! Servers that take so many messages a connection and say 421 to the next: what was not sent goes over
//! another connection, each of which is paid for with a message.

use std::collections::BTreeSet;
use std::sync::Mutex;

use secsmtp::client::jobs::Limits;
use secsmtp::client::{BatchOptions, Client};
use secsmtp::error::{Error, Outcome, Record};
use secsmtp::log::Log;
use secsmtp::message::Message;
use secsmtp::smtp::Window;
use secsmtp::trust::TlsMode;
use secsmtp_testservers::{Ending, Pki, ReferenceConfig, ReferenceServer, SessionRecord};

use crate::jobs_stream::completion;
use crate::stream::with_extensions;
use crate::support::*;

const MESSAGES: usize = 8;

const FORMS: [&[&str]; 4] = [
    &["PIPELINING", "CHUNKING"],
    &["PIPELINING"],
    &["CHUNKING"],
    &[],
];

#[derive(Debug, Clone, Copy, PartialEq)]
enum By {
    Batch,
    Jobs,
}

fn messages(count: usize, to: &[&str]) -> Vec<Message> {
    let numbered = |number| {
        let mut message = message_to(to);
        let content = format!("Subject: {number}\r\n\r\nThe text\r\n");
        message.set_content(content.as_bytes()).unwrap();
        message
    };
    (0..count).map(numbered).collect()
}

/// Sends all of them over one connection at a time.
fn send_all(client: &Client, by: By, window: usize, messages: &[Message]) -> Vec<Outcome> {
    let window = Window {
        messages: window,
        bytes: u64::MAX,
    };
    let reported = |result: &Result<Record, Error>| match result {
        Ok(record) => record.outcome,
        Err(error) => error.record.outcome,
    };
    match by {
        By::Batch => {
            let outcomes = Mutex::new(vec![None; messages.len()]);
            let bulk = BatchOptions {
                window,
                ..BatchOptions::default()
            };
            let done = |number: u64, result: Result<Record, Error>| {
                let slot = &mut outcomes.lock().unwrap()[usize::try_from(number).unwrap()];
                assert!(slot.is_none(), "{number} has two outcomes");
                *slot = Some(reported(&result));
            };
            client.send_many(messages, &bulk, done, Log::off());
            let outcomes = outcomes.into_inner().unwrap();
            outcomes.into_iter().map(Option::unwrap).collect()
        }
        By::Jobs => {
            let limits = Limits {
                connections: 1,
                ..Limits::default()
            };
            client.set_limits(limits).unwrap();
            client.set_window(window).unwrap();
            let jobs: Vec<_> = messages.iter().map(|m| client.submit(m).unwrap()).collect();
            let completions = jobs.iter().map(|job| reported(&completion(client, *job)));
            completions.collect()
        }
    }
}

fn limited(pki: &Pki, form: &[&str], numbers: &[usize], ending: Ending) -> ReferenceConfig {
    let mut config = with_extensions(pki, form);
    config.mails_per_connection = numbers.to_vec();
    config.ending = ending;
    config
}

/// The numbers of the messages that the server has.
fn kept(server: &ReferenceServer) -> BTreeSet<usize> {
    let mails = server.mails();
    let number = |content: &[u8]| {
        let text = String::from_utf8_lossy(content).into_owned();
        let line = text.lines().next().unwrap().to_owned();
        line.rsplit(' ').next().unwrap().parse().unwrap()
    };
    let numbers: BTreeSet<usize> = mails.iter().map(|mail| number(&mail.content)).collect();
    assert_eq!(numbers.len(), mails.len(), "one came twice");
    numbers
}

fn mails_asked(session: &SessionRecord) -> usize {
    String::from_utf8_lossy(&session.tls)
        .matches("MAIL FROM")
        .count()
}

struct RunResult {
    outcomes: Vec<Outcome>,
    logins: usize,
    sessions: Vec<SessionRecord>,
}

/// Each outcome agrees with what the server has.
fn run(pki: &Pki, config: ReferenceConfig, by: By, window: usize, to: &[&str]) -> RunResult {
    let server = ReferenceServer::start(config).unwrap();
    let client = client(&policy(pki, TlsMode::Implicit), server.implicit_addr());
    let outcomes = send_all(&client, by, window, &messages(MESSAGES, to));
    drop(client);
    assert!(server.wait_idle(LONG));
    let kept = kept(&server);
    for (number, outcome) in outcomes.iter().enumerate() {
        match outcome {
            Outcome::Accepted => assert!(kept.contains(&number), "{number}"),
            Outcome::NotSent | Outcome::Refused => assert!(!kept.contains(&number), "{number}"),
            Outcome::Unknown => {}
            Outcome::None => panic!("{number} has no outcome"),
        }
    }
    RunResult {
        outcomes,
        logins: server.login_count(),
        sessions: server.sessions(),
    }
}

#[test]
fn all_are_accepted_where_the_server_closes_in_order_or_stays_and_no_login_is_in_vain() {
    let pki = pki();
    for by in [By::Batch, By::Jobs] {
        for (form, ending) in [
            (FORMS[0], Ending::Close),
            (FORMS[0], Ending::Stay),
            (FORMS[1], Ending::Close),
            (FORMS[1], Ending::Stay),
            (FORMS[2], Ending::Close),
            (FORMS[3], Ending::Stay),
        ] {
            for number in 1..=3 {
                for window in [1, 3, 16] {
                    let to: &[&str] = match window {
                        3 => &[TO, "second@mail.test"],
                        _ => &[TO],
                    };
                    let config = limited(&pki, form, &[number], ending);
                    let reported = run(&pki, config, by, window, to);
                    let case = format!(
                        "{by:?} {form:?} {ending:?} {number} {window}: {:?}",
                        reported.outcomes
                    );
                    assert_eq!(reported.outcomes, [Outcome::Accepted; MESSAGES], "{case}");
                    assert_eq!(reported.logins, MESSAGES.div_ceil(number), "{case}");
                }
            }
        }
    }
}

#[test]
fn a_cut_after_421_leaves_messages_in_flight_in_doubt_and_narrows_the_next_window() {
    let pki = pki();
    for by in [By::Batch, By::Jobs] {
        for number in 1..=3 {
            for window in [1, 2, 4, 16] {
                let config = limited(&pki, FORMS[0], &[number], Ending::Cut);
                let reported = run(&pki, config, by, window, &[TO]);
                let case = format!("{by:?} {number} {window}: {:?}", reported.outcomes);
                // Behind the first 421, or behind one of those that follow.
                let unknown = reported.outcomes.iter().filter(|o| **o == Outcome::Unknown);
                let first = window.min(MESSAGES).saturating_sub(1);
                let others = (reported.logins - 1) * (number - 1);
                assert!(unknown.count() <= first + others, "{case}");
                assert!(!reported.outcomes.contains(&Outcome::NotSent), "{case}");
                for session in reported.sessions.iter().skip(1) {
                    assert!(mails_asked(session) <= 2 * number, "{case}");
                }
            }
        }
    }
}

#[test]
fn a_number_that_shrinks_is_followed_down() {
    let pki = pki();
    for by in [By::Batch, By::Jobs] {
        for window in [1, 16] {
            let config = limited(&pki, FORMS[0], &[3, 2, 1], Ending::Close);
            let reported = run(&pki, config, by, window, &[TO]);
            assert_eq!(
                reported.outcomes,
                [Outcome::Accepted; MESSAGES],
                "{by:?} {window}"
            );
            assert_eq!(reported.logins, 5, "{by:?} {window}");
        }
    }
}

#[test]
fn a_server_that_accepts_no_message_is_not_retried_repeatedly() {
    let pki = pki();
    for ending in [Ending::Close, Ending::Cut, Ending::Stay] {
        for (numbers, taken) in [(vec![0], 0), (vec![2, 0], 2)] {
            let config = limited(&pki, FORMS[0], &numbers, ending);
            let reported = run(&pki, config, By::Batch, 2, &[TO]);
            let accepted = reported
                .outcomes
                .iter()
                .filter(|o| **o == Outcome::Accepted);
            assert_eq!(accepted.count(), taken, "{:?}", reported.outcomes);
            // Three in a row without a message.
            assert!(reported.logins <= numbers.len() + 2, "{}", reported.logins);
            let config = limited(&pki, FORMS[0], &numbers, ending);
            let reported = run(&pki, config, By::Jobs, 16, &[TO]);
            // Each login ends a job, and waits longer than the one before.
            assert!(reported.logins <= MESSAGES, "{}", reported.logins);
        }
    }
}

#[test]
fn between_two_connections_there_is_a_pause() {
    let pki = pki();
    for by in [By::Batch, By::Jobs] {
        let server = ReferenceServer::start(limited(&pki, FORMS[0], &[3], Ending::Close)).unwrap();
        let client = client(&policy(&pki, TlsMode::Implicit), server.implicit_addr());
        // Longer than the call may take.
        client.set_back_off(LONG * 2);
        let outcomes = send_all(&client, by, 16, &messages(MESSAGES, &[TO]));
        let accepted = outcomes.iter().filter(|o| **o == Outcome::Accepted);
        assert_eq!(accepted.count(), 3, "{by:?}");
        assert!(outcomes.iter().all(|o| *o != Outcome::Unknown), "{by:?}");
        assert_eq!(server.login_count(), 1, "{by:?}");
    }
}

#[test]
fn several_connections_share_the_messages_that_were_put_back() {
    let pki = pki();
    let server = ReferenceServer::start(limited(&pki, FORMS[0], &[2], Ending::Close)).unwrap();
    let client = client(&policy(&pki, TlsMode::Implicit), server.implicit_addr());
    let bulk = BatchOptions {
        connections: 3,
        ..BatchOptions::default()
    };
    let accepted = Mutex::new(0);
    let done = |_, result: Result<Record, Error>| {
        result.unwrap();
        *accepted.lock().unwrap() += 1;
    };
    let begun = client.send_many(messages(20, &[TO]), &bulk, done, Log::off());
    assert_eq!((begun, accepted.into_inner().unwrap()), (20, 20));
    assert_eq!(kept(&server).len(), 20);
    assert!(server.login_count() <= 20);
}

//! Jobs that share a connection: each has its own outcome, whatever becomes of the others.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use secsmtp::client::Client;
use secsmtp::client::jobs::{
    Completion, Event, EventData, EventMask, JobId, JobWait, Kind, Limits, PollResult,
};
use secsmtp::credential::Credential;
use secsmtp::deadline::Deadline;
use secsmtp::error::{Outcome, Stage};
use secsmtp::log::Level;
use secsmtp::message::{Field, Message, Part};
use secsmtp::smtp::Window;
use secsmtp::status::Status;
use secsmtp::trust::TlsMode;
use secsmtp_testservers::{Pki, ReferenceServer, Scripted, Step};

use crate::stream::answering;
use crate::support::*;

const ONE: &str = "250 a\r\n250 b\r\n250 c\r\n";
const NEXT: &str = "250 r\r\n250 a\r\n250 b\r\n250 c\r\n";

pub(crate) fn over_one_connection(pki: &Pki, server: &Scripted, window: usize) -> Client {
    let client = client(&policy(pki, TlsMode::Implicit), server.addr());
    client
        .set_limits(Limits {
            connections: 1,
            ..Limits::default()
        })
        .unwrap();
    client
        .set_window(Window {
            messages: window,
            bytes: u64::MAX,
        })
        .unwrap();
    client
}

#[track_caller]
fn next(client: &Client) -> Event {
    match client.poll(Deadline::after(LONG)).unwrap() {
        PollResult::Event(event) => event,
        other => panic!("no event came: {other:?}"),
    }
}

#[track_caller]
pub(crate) fn completion(client: &Client, job: JobId) -> Completion {
    match client.wait(job, Deadline::after(LONG)).unwrap() {
        JobWait::Done(completion) => *completion,
        other => panic!("{job}: {other:?}"),
    }
}

pub(crate) fn outcome(completion: &Completion) -> Outcome {
    match completion {
        Ok(record) => record.outcome,
        Err(error) => error.record.outcome,
    }
}

/// A server that says so when it has read the last line of what it waits for, and answers when it
/// may.
struct Held {
    server: Scripted,
    read: Receiver<()>,
    go: Sender<&'static str>,
}

impl Held {
    /// Reads `lines` behind the login; what is said then goes on with `last`.
    fn start(pki: &Pki, lines: &[&str], last: Step) -> Self {
        let mut steps = vec![
            Step::StartTls(pki.identity()),
            Step::send("220 m\r\n"),
            Step::expect("EHLO"),
            Step::send("250-m\r\n250-PIPELINING\r\n250-CHUNKING\r\n250 AUTH PLAIN\r\n"),
            Step::expect("AUTH PLAIN "),
            Step::send("235 ok\r\n"),
        ];
        let (_, expected) = lines.split_last().unwrap();
        steps.extend(expected.iter().map(|line| Step::expect(line)));
        let (tell, read) = channel();
        let (go, may) = channel();
        let may = Mutex::new(may);
        steps.push(Step::respond(move |_, _| {
            let _ = tell.send(());
            let answers: Result<&str, _> = may.lock().unwrap().recv_timeout(LONG);
            answers.unwrap_or_default().as_bytes().to_vec()
        }));
        steps.push(last);
        Self {
            server: Scripted::start(steps).unwrap(),
            read,
            go,
        }
    }
}

/// The lines of so many messages.
fn messages(count: usize) -> Vec<&'static str> {
    let mut lines = Vec::new();
    for number in 0..count {
        lines.extend((number > 0).then_some("RSET"));
        lines.extend(["MAIL", "RCPT", "BDAT", "Subject", "", ".A line"]);
    }
    lines
}

#[test]
fn a_broken_line_gives_each_job_its_outcome_and_the_rest_go_over_another() {
    use Outcome::{Accepted, Refused, Unknown};
    let pki = pki();
    for (answers, expected) in [
        (String::new(), [Unknown, Unknown, Unknown, Unknown]),
        (ONE.to_owned(), [Accepted, Unknown, Unknown, Unknown]),
        (
            format!("{ONE}250 r\r\n250 a\r\n550 b\r\n554 c\r\n{NEXT}"),
            [Accepted, Refused, Accepted, Unknown],
        ),
        (
            format!("{ONE}250-r\r\n251 x\r\n"),
            [Accepted, Unknown, Unknown, Unknown],
        ),
    ] {
        // Each connection takes four and breaks.
        let server = answering(&pki, 4, &answers, Step::Close);
        let client = over_one_connection(&pki, &server, 4);
        // A connection without replies has no room for other jobs, which wait for the next one.
        let (rounds, each) = if answers.is_empty() { (1, 12) } else { (2, 4) };
        for _ in 0..rounds {
            let jobs: Vec<_> = (0..each)
                .map(|_| client.submit(&message()).unwrap())
                .collect();
            for (job, expected) in jobs.iter().zip(expected.iter().cycle()) {
                let completion = completion(&client, *job);
                assert_eq!(outcome(&completion), *expected, "{job}: {answers:?}");
            }
        }
        drop(client);
        assert!(server.join_all(2).len() >= 2, "{answers:?}");
    }
}

#[test]
fn a_window_of_one_waits_for_each_answer() {
    let pki = pki();
    // It would hang where the second was written before the first is answered, or not at all.
    let server = Held::start(&pki, &messages(1), Step::ReadToEnd);
    let client = over_one_connection(&pki, &server.server, 1);
    let jobs = [0; 2].map(|_| client.submit(&message()).unwrap());
    server.read.recv_timeout(LONG).unwrap();
    client.cancel_job(jobs[1]).unwrap();
    let second = completion(&client, jobs[1]).unwrap_err();
    assert_eq!(second.record.outcome, Outcome::NotSent);
    server.go.send(ONE).unwrap();
    assert_eq!(outcome(&completion(&client, jobs[0])), Outcome::Accepted);
    drop(client);
    let said = server.server.join().tls;
    assert_eq!(String::from_utf8_lossy(&said).matches("MAIL").count(), 1);
    let none = Window {
        messages: 0,
        bytes: 1,
    };
    let client = over_one_connection(&pki, &answering(&pki, 1, ONE, Step::Close), 1);
    let error = client.set_window(none).unwrap_err();
    assert_eq!(error.status(), Status::Value);
}

#[test]
fn a_job_cancelled_among_others_ends_at_once_and_they_go_on() {
    let pki = pki();
    for cancelled in 0..3 {
        let server = Held::start(&pki, &messages(3), Step::ReadToEnd);
        let client = over_one_connection(&pki, &server.server, 8);
        let jobs = [0; 3].map(|_| client.submit(&message()).unwrap());
        server.read.recv_timeout(LONG).unwrap();
        client.cancel_job(jobs[cancelled]).unwrap();
        // All of it was sent, and there was no reply.
        let error = completion(&client, jobs[cancelled]).unwrap_err();
        assert_eq!(error.status(), Status::Cancelled);
        assert_eq!(error.record.outcome, Outcome::Unknown);
        server
            .go
            .send(Box::leak(format!("{ONE}{NEXT}{NEXT}").into_boxed_str()))
            .unwrap();
        for (index, job) in jobs.iter().enumerate() {
            if index != cancelled {
                assert_eq!(outcome(&completion(&client, *job)), Outcome::Accepted);
            }
        }
        assert!(matches!(
            client.poll(Deadline::after(Duration::ZERO)),
            Ok(PollResult::Nothing)
        ));
    }
}

/// The replies to a job that was given up are read, and make no event.
#[test]
fn no_event_follows_the_completion_of_a_job() {
    let pki = pki();
    for cancelled in 0..3 {
        let server = Held::start(&pki, &messages(3), Step::ReadToEnd);
        let client = over_one_connection(&pki, &server.server, 8);
        client.set_events(EventMask {
            kinds: Kind::ALL.into_iter().fold(0, |all, kind| all | kind as i32),
            level: Some(Level::Debug),
        });
        let jobs = [0; 3].map(|_| client.submit(&message()).unwrap());
        server.read.recv_timeout(LONG).unwrap();
        client.cancel_job(jobs[cancelled]).unwrap();
        // Its completion is there, and not taken while the others' replies come.
        let answers = format!("{ONE}{NEXT}{NEXT}");
        server.go.send(Box::leak(answers.into_boxed_str())).unwrap();
        for (index, job) in jobs.iter().enumerate() {
            if index != cancelled {
                assert_eq!(outcome(&completion(&client, *job)), Outcome::Accepted);
            }
        }
        let (mut over, mut recipients) = (None, 0);
        while let Some(event) = client.next_event().unwrap() {
            let own = event.job == jobs[cancelled];
            assert!(
                !own || over.is_none(),
                "{cancelled}: {:?} behind {over:?}",
                event.data
            );
            match event.data {
                EventData::Completed(completion) => over = Some(outcome(&completion)),
                EventData::Recipient(..) => recipients += 1,
                _ => {}
            }
        }
        assert_eq!(over, Some(Outcome::Unknown));
        assert_eq!(recipients, 2, "of those that were waited for");
        client.close(LONG).unwrap();
        let rest = client.poll(Deadline::after(LONG));
        assert!(matches!(rest, Ok(PollResult::Closed)), "{rest:?}");
    }
}

#[test]
fn a_connection_ends_when_its_last_message_is_cancelled() {
    let pki = pki();
    let server = Held::start(&pki, &messages(2), Step::ReadToEnd);
    let client = over_one_connection(&pki, &server.server, 8);
    let jobs = [0; 2].map(|_| client.submit(&message()).unwrap());
    server.read.recv_timeout(LONG).unwrap();
    for job in jobs {
        client.cancel_job(job).unwrap();
        let error = completion(&client, job).unwrap_err();
        assert_eq!(error.record.outcome, Outcome::Unknown);
    }
    // No QUIT is sent while a reply is incomplete.
    server.go.send("").unwrap();
    drop(client);
    let said = server.server.join().tls;
    assert!(!String::from_utf8_lossy(&said).contains("QUIT"));
}

#[test]
fn a_message_cancelled_while_it_is_written_is_not_sent_and_earlier_ones_get_their_replies() {
    let pki = pki();
    let mut lines = messages(1);
    lines.extend(["RSET", "MAIL", "RCPT", "BDAT"]);
    let server = Held::start(&pki, &lines, Step::ReadToEnd);
    let client = over_one_connection(&pki, &server.server, 8);
    let mut large = message();
    let line = "x".repeat(70) + "\r\n";
    large.set_content(line.repeat(400_000).as_bytes()).unwrap();
    let first = client.submit(&message()).unwrap();
    let second = client.submit(&large).unwrap();
    server.read.recv_timeout(LONG).unwrap();
    client.cancel_job(second).unwrap();
    let error = completion(&client, second).unwrap_err();
    assert_eq!(error.status(), Status::Cancelled);
    assert_eq!(error.record.outcome, Outcome::NotSent);
    assert!(error.record.content_released);
    server.go.send(ONE).unwrap();
    assert_eq!(outcome(&completion(&client, first)), Outcome::Accepted);
    drop(client);
    let said = server.server.join();
    assert!(!holds(&said.tls, "QUIT"));
}

#[test]
fn the_timeout_of_the_whole_call_applies_to_each_job() {
    let pki = pki();
    let server = Held::start(&pki, &messages(2), Step::ReadToEnd);
    let client = over_one_connection(&pki, &server.server, 8);
    client.set_timeout(Stage::Local, Duration::from_secs(1));
    let jobs = [0; 2].map(|_| client.submit(&message()).unwrap());
    let read = server.read.recv_timeout(Duration::from_secs(1)).is_ok();
    for job in jobs {
        let error = completion(&client, job).unwrap_err();
        assert_eq!(error.status(), Status::Timeout);
        if read {
            assert_eq!(error.record.outcome, Outcome::Unknown);
        }
    }
}

#[test]
fn events_are_those_of_their_own_job() {
    let pki = pki();
    let mut config = reference_config(&pki);
    config.reject_rcpt = vec!["person7@mail.test".to_owned()];
    let server = ReferenceServer::start(config).unwrap();
    let client = client(&policy(&pki, TlsMode::Implicit), server.implicit_addr());
    client
        .set_limits(Limits {
            connections: 1,
            events: 10_000,
            ..Limits::default()
        })
        .unwrap();
    client.set_events(EventMask {
        kinds: Kind::ALL.into_iter().fold(0, |all, kind| all | kind as i32),
        level: Some(Level::Debug),
    });
    let size = |number: u64| 40 + number;
    let mut jobs = BTreeMap::new();
    for number in 0..30_u64 {
        let mut message: Message = message_to(&[&format!("person{number}@mail.test")]);
        let mut content = b"Subject: x\r\n\r\n".to_vec();
        content.resize(size(number) as usize - 2, b'.');
        content.extend_from_slice(b"\r\n");
        message.set_content(&content).unwrap();
        jobs.insert(client.submit(&message).unwrap(), number);
    }
    let mut done = BTreeMap::new();
    let (mut recipients, mut progress, mut began, mut said) = (0, 0, 0, 0);
    while done.len() < jobs.len() {
        let event = next(&client);
        let number = jobs[&event.job];
        let address = format!("person{number}@mail.test");
        assert!(
            !done.contains_key(&event.job),
            "{:?} after the end",
            event.data
        );
        match event.data {
            EventData::Recipient(0, recipient) => {
                assert_eq!(*recipient.address, *address);
                recipients += 1;
            }
            EventData::Progress(_, total) => {
                assert_eq!(total, Some(size(number)));
                progress += 1;
            }
            EventData::Stage(Stage::Mail) => began += 1,
            EventData::Line(_, _, line) if line.contains("RCPT TO") => {
                assert!(line.contains(&address), "{line}");
                said += 1;
            }
            EventData::Completed(completion) => {
                let expected = match number {
                    7 => Outcome::Refused,
                    _ => Outcome::Accepted,
                };
                assert_eq!(outcome(&completion), expected);
                done.insert(event.job, ());
            }
            _ => {}
        }
    }
    assert_eq!((recipients, began, said), (30, 30, 30));
    assert!(progress >= 29, "{progress}");
}

/// The server says that it closes, and does not: a job that is given up meanwhile ends at once.
#[test]
fn a_job_after_a_421_can_be_cancelled() {
    let pki = pki();
    let held = Held::start(&pki, &messages(3), Step::Stall);
    let client = over_one_connection(&pki, &held.server, 8);
    client.set_events(EventMask {
        kinds: Kind::Line as i32,
        level: Some(Level::Debug),
    });
    let jobs = [0; 3].map(|_| client.submit(&message()).unwrap());
    held.read.recv_timeout(LONG).unwrap();
    held.go.send("421 4.3.2 closing\r\n").unwrap();
    let received =
        |event: Event| matches!(event.data, EventData::Line(_, _, line) if line.contains("421"));
    while !received(next(&client)) {}
    // Nothing has ended the wait for what the server may still say to each.
    for job in [jobs[2], jobs[1]] {
        client.cancel_job(job).unwrap();
        let given_up = completion(&client, job).unwrap_err();
        assert_eq!(given_up.status(), Status::Cancelled);
        assert_eq!(given_up.record.outcome, Outcome::Unknown);
    }
    client.cancel_job(jobs[0]).unwrap();
    let first = completion(&client, jobs[0]).unwrap_err();
    assert_eq!(first.record.outcome, Outcome::NotSent);
}

#[test]
fn j04_jobs_over_a_connection_that_the_server_gave_up_go_over_a_fresh_one() {
    let pki = pki();
    let answers = format!("{ONE}421 4.4.2 closing\r\n");
    // Sent after the first reply, while the client assumes that the connection is kept.
    let server = answering(&pki, 1, &answers, Step::Close);
    let client = over_one_connection(&pki, &server, 8);
    for _ in 0..3 {
        let job = client.submit(&message()).unwrap();
        assert_eq!(outcome(&completion(&client, job)), Outcome::Accepted);
    }
}

#[test]
fn j03_a_job_submitted_after_a_change_of_login_uses_the_new_one() {
    let pki = pki();
    let server = Held::start(&pki, &messages(2), Step::ReadToEnd);
    let client = over_one_connection(&pki, &server.server, 8);
    let first = [0; 2].map(|_| client.submit(&message()).unwrap());
    server.read.recv_timeout(LONG).unwrap();
    let other = Credential::password("another", b"secret of another").unwrap();
    client.set_credential(Some(Arc::new(other)));
    let second = [0; 2].map(|_| client.submit(&message()).unwrap());
    let all = format!("{ONE}{NEXT}");
    let all: &str = Box::leak(all.into_boxed_str());
    server.go.send(all).unwrap();
    server.read.recv_timeout(LONG).unwrap();
    server.go.send(all).unwrap();
    for job in first.into_iter().chain(second) {
        assert_eq!(outcome(&completion(&client, job)), Outcome::Accepted);
    }
    drop(client);
    let sessions = server.server.join_all(2);
    let logins: Vec<_> = sessions
        .iter()
        .map(|session| {
            let said = String::from_utf8_lossy(&session.tls).into_owned();
            assert_eq!(said.matches("MAIL").count(), 2, "{said}");
            let login = said.lines().find(|line| line.starts_with("AUTH"));
            login.map(str::to_owned)
        })
        .collect();
    assert_eq!(logins.len(), 2);
    assert_ne!(logins[0], logins[1]);
}

#[test]
fn a_job_after_a_cancelled_one_has_its_own_timeout() {
    let pki = pki();
    let server = Held::start(&pki, &messages(2), Step::ReadToEnd);
    let client = over_one_connection(&pki, &server.server, 8);
    // Time enough for the first two on a busy machine; what runs keeps the timeouts that it began with.
    client.set_timeout(Stage::Local, Duration::from_secs(8));
    let jobs = [0; 2].map(|_| client.submit(&message()).unwrap());
    server.read.recv_timeout(LONG).unwrap();
    client.cancel_job(jobs[1]).unwrap();
    completion(&client, jobs[1]).unwrap_err();
    // The second message is no longer waited for, and its reply never comes.
    server.go.send(ONE).unwrap();
    completion(&client, jobs[0]).unwrap();
    let third = client.submit(&message()).unwrap();
    let error = completion(&client, third).unwrap_err();
    assert_eq!(error.status(), Status::Timeout);
    drop(client);
    let said = server.server.join().tls;
    let whole = String::from_utf8_lossy(&said).matches(".A line").count() == 3;
    assert_eq!(error.record.outcome == Outcome::Unknown, whole, "{error}");
}

#[test]
fn a_job_cancelled_while_the_next_is_written_leaves_the_next_to_its_own_outcome() {
    let pki = pki();
    let server = Scripted::start(vec![
        Step::StartTls(pki.identity()),
        Step::send("220 m\r\n"),
        Step::expect("EHLO"),
        Step::send("250-m\r\n250-PIPELINING\r\n250-CHUNKING\r\n250 AUTH PLAIN\r\n"),
        Step::expect("AUTH PLAIN "),
        Step::send("235 ok\r\n"),
        Step::ReadToEnd,
    ])
    .unwrap();
    let client = Arc::new(over_one_connection(&pki, &server, 8));
    client.set_timeout(Stage::Mail, Duration::from_secs(6));
    let first = client.submit(&message()).unwrap();
    // Reading the second message's content cancels the first one.
    let giver = Arc::downgrade(&client);
    let pull = move |offset: u64, buffer: &mut [u8]| {
        if let Some(client) = giver.upgrade().filter(|_| offset > 100_000) {
            let _ = client.cancel_job(first);
        }
        let left = 400_000_u64.saturating_sub(offset).min(buffer.len() as u64);
        let left = usize::try_from(left).unwrap();
        buffer[..left].fill(b'a');
        Ok(left)
    };
    let mut second = Message::new();
    second.add_address(Field::From, FROM, "").unwrap();
    second.add_address(Field::To, TO, "").unwrap();
    let part = Part::pull(Arc::new(pull), Some(400_000));
    second.add_part(&part).unwrap();
    let second = client.submit(&second).unwrap();
    let given_up = completion(&client, first).unwrap_err();
    assert_eq!(given_up.status(), Status::Cancelled, "{given_up}");
    // The wait for the first one's answers goes on for the sake of the second.
    let late = completion(&client, second).unwrap_err();
    let reported = (late.status(), late.record.outcome);
    assert_eq!(reported, (Status::Timeout, Outcome::NotSent), "{late}");
}

#[test]
fn a_job_that_waits_for_another_connection_can_be_cancelled() {
    let pki = pki();
    let answers = format!("{ONE}421 4.3.2 closing\r\n");
    let server = answering(&pki, 2, &answers, Step::Close);
    let client = over_one_connection(&pki, &server, 8);
    // Longer than the test may take, and each job has the time.
    client.set_timeout(Stage::Local, LONG * 100);
    client.set_timeout(Stage::Connect, LONG * 100);
    client.set_back_off(LONG * 10);
    let jobs = [0; 2].map(|_| client.submit(&message()).unwrap());
    completion(&client, jobs[0]).unwrap();
    client.cancel_job(jobs[1]).unwrap();
    let error = completion(&client, jobs[1]).unwrap_err();
    // The cancel may come before the 421.
    let either = [Status::Cancelled, Status::Closing];
    assert!(either.contains(&error.status()), "{error}");
    assert_eq!(error.record.outcome, Outcome::NotSent, "{error}");
    assert_eq!(server.records().len(), 1);
}

/// The worker is at the reply to a job that was given up: no job is open, and its connection is not yet put
/// away.
#[test]
fn no_connection_is_kept_by_a_client_that_is_closed() {
    let pki = pki();
    let (tell, read) = channel();
    let (go, may) = channel::<&str>();
    let may = Arc::new(Mutex::new(may));
    let held = || {
        let (tell, may) = (tell.clone(), Arc::clone(&may));
        Step::respond(move |_, _| {
            let _ = tell.send(());
            let answer = may.lock().unwrap().recv_timeout(LONG);
            answer.unwrap_or_default().as_bytes().to_vec()
        })
    };
    let mut steps = vec![
        Step::StartTls(pki.identity()),
        Step::send("220 m\r\n"),
        Step::expect("EHLO"),
        Step::send("250-m\r\n250-PIPELINING\r\n250-CHUNKING\r\n250 AUTH PLAIN\r\n"),
        Step::expect("AUTH PLAIN "),
        Step::send("235 ok\r\n"),
    ];
    // The content of the second is there with its last line but one.
    let lines = messages(2);
    let expected = lines[..lines.len() - 2].iter();
    steps.extend(expected.map(|line| Step::expect(line)));
    steps.extend([held(), held(), Step::ReadToEnd]);
    let server = Scripted::start(steps).unwrap();
    let client = over_one_connection(&pki, &server, 8);
    let jobs = [0; 2].map(|_| client.submit(&message()).unwrap());
    read.recv_timeout(LONG).unwrap();
    client.cancel_job(jobs[1]).unwrap();
    let given_up = completion(&client, jobs[1]).unwrap_err();
    assert_eq!(given_up.record.outcome, Outcome::Unknown);
    go.send(ONE).unwrap();
    completion(&client, jobs[0]).unwrap();
    client.abandon();
    go.send(NEXT).unwrap();
    // It is closed in order, although the client is still there.
    let said = server.join().tls;
    assert!(String::from_utf8_lossy(&said).ends_with("QUIT\r\n"));
    drop(client);
}

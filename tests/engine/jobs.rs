//! Jobs: each id completes exactly once, whichever thread asks and whatever is done meanwhile.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use secsmtp::client::jobs::{
    Completion, Event, EventData, EventMask, EventWait, JobId, JobWait, Kind, Limits, PollResult,
};
use secsmtp::client::{BatchOptions, Client};
use secsmtp::credential::{Credential, NoSecret, SecretProvider, SecretRequest};
use secsmtp::deadline::Deadline;
use secsmtp::error::{Outcome, Retry, Stage};
use secsmtp::log::{Level, Log};
use secsmtp::message::{ContentRules, Message, Pull};
use secsmtp::status::Status;
use secsmtp::support::secret::Secret;
use secsmtp::trust::TlsMode;
use secsmtp_testservers::{Pki, ReferenceServer, Scripted, Step};

use crate::support::*;

fn patient(pki: &Pki, server: &ReferenceServer) -> Client {
    client(&policy(pki, TlsMode::Implicit), server.implicit_addr())
}

fn limits(connections: usize, jobs: usize) -> Limits {
    Limits {
        connections,
        jobs,
        ..Limits::default()
    }
}

fn everything() -> EventMask {
    EventMask {
        kinds: Kind::ALL.into_iter().fold(0, |all, kind| all | kind as i32),
        level: Some(Level::Debug),
    }
}

/// The next event, which must come.
#[track_caller]
fn next(client: &Client) -> Event {
    match client.poll(Deadline::after(LONG)).unwrap() {
        PollResult::Event(event) => event,
        other => panic!("no event came: {other:?}"),
    }
}

/// So many completions, each of another job.
#[track_caller]
fn completions(client: &Client, count: usize) -> BTreeMap<JobId, Completion> {
    let mut found = BTreeMap::new();
    while found.len() < count {
        let event = next(client);
        if let EventData::Completed(completion) = event.data {
            let twice = found.insert(event.job, *completion);
            assert!(twice.is_none(), "job {} completed twice", event.job);
        }
    }
    found
}

fn nothing_is_left(client: &Client) {
    assert!(matches!(
        client.poll(Deadline::after(Duration::ZERO)),
        Ok(PollResult::Nothing)
    ));
}

/// A server that takes a connection and says nothing.
fn silent(pki: &Pki) -> (Scripted, Client) {
    let server = Scripted::start(vec![Step::Stall]).unwrap();
    let client = client(&policy(pki, TlsMode::Implicit), server.addr());
    (server, client)
}

#[test]
fn many_jobs_over_few_connections_complete_once_each() {
    let pki = pki();
    let server = ReferenceServer::start(reference_config(&pki)).unwrap();
    let client = patient(&pki, &server);
    client.set_limits(limits(3, 200)).unwrap();
    let ids: Vec<_> = (0..100)
        .map(|_| client.submit(&message()).unwrap())
        .collect();
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
    let done = completions(&client, ids.len());
    assert!(done.keys().eq(ids.iter()));
    let accepted = done
        .values()
        .filter(|c| c.as_ref().is_ok_and(|r| r.outcome == Outcome::Accepted));
    assert_eq!(accepted.count(), ids.len());
    let reused = done.values().flatten().filter(|r| r.reused).count();
    assert!(reused >= 90, "{reused} over a connection that was there");
    nothing_is_left(&client);
    client.close(Duration::ZERO).unwrap();
    assert!(matches!(
        client.poll(Deadline::NEVER),
        Ok(PollResult::Closed)
    ));
    assert!(server.wait_idle(LONG));
    assert_eq!(server.mail_count(), ids.len());
    assert!(server.sessions().len() <= 3);
}

#[test]
fn events_tell_the_way_of_a_message() {
    let pki = pki();
    let server = ReferenceServer::start(reference_config(&pki)).unwrap();
    let client = patient(&pki, &server);
    client.set_events(everything());
    let mut large = message();
    let body = format!(
        "Subject: x\r\n\r\n{}",
        "x".repeat(70).as_str().to_owned() + "\r\n"
    );
    large.set_content(body.repeat(10_000).as_bytes()).unwrap();
    let job = client.submit(&large).unwrap();
    let (mut stages, mut lines, mut recipients, mut last) = (vec![], String::new(), 0, 0);
    let record = loop {
        let event = next(&client);
        assert_eq!(event.job, job);
        match event.data {
            EventData::Stage(stage) => stages.push(stage),
            EventData::Line(_, _, line) => lines += &line,
            EventData::Recipient(0, recipient) => {
                assert_eq!(recipient.reply.unwrap().code, 250);
                recipients += 1;
            }
            EventData::Progress(written, total) => {
                assert!(
                    written > last && Some(written) <= total,
                    "{written} of {total:?}"
                );
                last = written;
            }
            EventData::Completed(completion) => break completion.unwrap(),
            other => panic!("{other:?}"),
        }
    };
    let names: Vec<_> = stages.iter().map(|stage| stage.name()).collect();
    let way = "resolve connect tls greeting ehlo auth mail";
    assert!(
        names.join(" ").starts_with(way) && names.contains(&"content"),
        "{names:?}"
    );
    assert!(
        stages.windows(2).all(|pair| pair[0] != pair[1]),
        "{names:?}"
    );
    assert_eq!(recipients, 1);
    assert!(last >= 700_000, "{last}");
    assert!(lines.contains("MAIL FROM") && !holds(lines.as_bytes(), PASSWORD));
    assert_eq!(record.outcome, Outcome::Accepted);
}

#[test]
fn a_wait_returns_the_completion_and_a_poll_gets_none() {
    let pki = pki();
    let server = ReferenceServer::start(reference_config(&pki)).unwrap();
    let client = patient(&pki, &server);
    let first = client.submit(&message()).unwrap();
    let JobWait::Done(completion) = client.wait(first, Deadline::after(LONG)).unwrap() else {
        panic!("it is not over");
    };
    assert_eq!(completion.unwrap().outcome, Outcome::Accepted);
    nothing_is_left(&client);
    let again = client.wait(first, Deadline::NEVER).unwrap();
    assert!(matches!(again, JobWait::Taken));
    let second = client.submit(&message()).unwrap();
    assert_eq!(next(&client).job, second);
    assert!(matches!(
        client.wait(second, Deadline::NEVER),
        Ok(JobWait::Taken)
    ));
    for none in [0, second + 1, JobId::MAX] {
        let error = client.wait(none, Deadline::NEVER).unwrap_err();
        assert_eq!(error.status(), Status::Value);
        assert_eq!(client.cancel_job(none).unwrap_err().status(), Status::Value);
    }
    // A late cancel changes nothing.
    client.cancel_job(first).unwrap();
    nothing_is_left(&client);
}

#[test]
fn of_many_waits_for_one_job_one_gets_it_and_none_hangs() {
    let pki = pki();
    let server = ReferenceServer::start(reference_config(&pki)).unwrap();
    let client = patient(&pki, &server);
    for _ in 0..20 {
        let job = client.submit(&message()).unwrap();
        let got = std::thread::scope(|scope| {
            let waits: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| client.wait(job, Deadline::after(LONG)).unwrap()))
                .collect();
            let poll = scope.spawn(|| client.poll(Deadline::after(Duration::from_millis(20))));
            let waited = waits.into_iter().map(|w| w.join().unwrap());
            let mut got = waited.filter(|w| matches!(w, JobWait::Done(_))).count();
            got += usize::from(matches!(poll.join().unwrap(), Ok(PollResult::Event(_))));
            got
        });
        assert_eq!(got, 1);
    }
}

#[test]
fn a_full_queue_is_a_status_and_a_polled_completion_makes_room() {
    let pki = pki();
    let (_server, client) = silent(&pki);
    client.set_limits(limits(1, 3)).unwrap();
    let jobs: Vec<_> = (0..3).map(|_| client.submit(&message()).unwrap()).collect();
    assert_eq!(
        client.submit(&message()).unwrap_err().status(),
        Status::Full
    );
    client.cancel_job(jobs[2]).unwrap();
    // It has completed, but its completion was not polled.
    assert_eq!(
        client.submit(&message()).unwrap_err().status(),
        Status::Full
    );
    let event = next(&client);
    assert_eq!(event.job, jobs[2]);
    assert!(client.submit(&message()).is_ok());
    for limits in [
        limits(0, 1),
        limits(65, 1),
        limits(1, 0),
        limits(1, 2_000_000),
    ] {
        assert_eq!(
            client.set_limits(limits).unwrap_err().status(),
            Status::Value
        );
    }
}

#[test]
fn an_invalid_message_is_reported_at_once() {
    let pki = pki();
    let (_server, client) = silent(&pki);
    let error = client
        .submit(&secsmtp::message::Message::new())
        .unwrap_err();
    assert_eq!(error.status(), Status::NoSender);
    let empty = secsmtp::trust::Policy::new();
    let untrusting = Client::new(HOST, 0, &empty).unwrap();
    assert_eq!(
        untrusting.submit(&message()).unwrap_err().status(),
        Status::NoTrust
    );
    nothing_is_left(&client);
}

#[test]
fn a_cancelled_job_ends_at_once_queued_or_stalled() {
    let pki = pki();
    let (_server, client) = silent(&pki);
    client.set_limits(limits(2, 100)).unwrap();
    client.set_events(everything());
    let jobs: Vec<_> = (0..10)
        .map(|_| client.submit(&message()).unwrap())
        .collect();
    // Two of them hang in the server's silence.
    let mut hanging = 0;
    while hanging < 2 {
        if let EventData::Stage(secsmtp::error::Stage::Tls) = next(&client).data {
            hanging += 1;
        }
    }
    for job in &jobs {
        client.cancel_job(*job).unwrap();
    }
    for (_, completion) in completions(&client, jobs.len()) {
        let error = completion.unwrap_err();
        assert_eq!(error.status(), Status::Cancelled);
        assert_eq!(error.record.outcome, Outcome::NotSent);
        assert_eq!(error.record.recipients.len(), 1);
    }
}

#[test]
fn ten_thousand_queued_jobs_end_when_the_client_is_closed() {
    let pki = pki();
    let (_server, client) = silent(&pki);
    client.set_limits(limits(4, 10_000)).unwrap();
    let jobs: Vec<_> = (0..10_000)
        .map(|_| client.submit(&message()).unwrap())
        .collect();
    let closed = client.close(Duration::ZERO).unwrap_err();
    assert_eq!(closed.status(), Status::Timeout);
    assert_eq!(
        client.submit(&message()).unwrap_err().status(),
        Status::Closed
    );
    let done = completions(&client, jobs.len());
    assert!(done.keys().eq(jobs.iter()));
    assert!(
        done.values()
            .all(|c| c.as_ref().is_err_and(|e| e.status() == Status::Cancelled))
    );
    assert!(matches!(
        client.poll(Deadline::NEVER),
        Ok(PollResult::Closed)
    ));
}

#[test]
fn a_close_with_grace_lets_the_queue_run_dry() {
    let pki = pki();
    let server = ReferenceServer::start(reference_config(&pki)).unwrap();
    let client = patient(&pki, &server);
    client.set_limits(limits(2, 100)).unwrap();
    let jobs: Vec<_> = (0..30)
        .map(|_| client.submit(&message()).unwrap())
        .collect();
    client.close(LONG).unwrap();
    let done = completions(&client, jobs.len());
    assert!(done.values().all(Result::is_ok));
    assert_eq!(server.mail_count(), jobs.len());
}

#[test]
fn a_wake_ends_a_poll_that_waits_or_the_next_one() {
    let pki = pki();
    let (_server, client) = silent(&pki);
    client.wake();
    client.wake();
    assert!(matches!(
        client.poll(Deadline::NEVER),
        Ok(PollResult::Nothing)
    ));
    let woken = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let polls: Vec<_> = (0..3)
            .map(|_| scope.spawn(|| client.poll(Deadline::NEVER)))
            .collect();
        scope.spawn(|| {
            while !woken.load(Ordering::Acquire) {
                client.wake();
                std::thread::yield_now();
            }
        });
        for poll in polls {
            assert!(matches!(poll.join().unwrap(), Ok(PollResult::Nothing)));
        }
        woken.store(true, Ordering::Release);
    });
}

#[test]
fn a_wake_while_an_event_is_waiting_ends_the_next_poll_and_leaves_the_event() {
    let pki = pki();
    let (_server, client) = silent(&pki);
    let job = client.submit(&message()).unwrap();
    client.cancel_job(job).unwrap();
    assert_eq!(client.await_event(Deadline::NEVER), Ok(EventWait::Event));
    client.wake();
    client.wake();
    let now = Deadline::after(Duration::ZERO);
    assert_eq!(client.await_event(now), Ok(EventWait::Nothing));
    assert_eq!(client.await_event(now), Ok(EventWait::Event));
    client.wake();
    assert!(matches!(
        client.poll(Deadline::NEVER),
        Ok(PollResult::Nothing)
    ));
    // It ends no watch, which belongs to the library: the wake is still there for the poll behind it.
    client.wake();
    assert_eq!(client.watch(|| false), Ok(EventWait::Event));
    assert!(matches!(
        client.poll(Deadline::NEVER),
        Ok(PollResult::Nothing)
    ));
    assert!(matches!(
        client.poll(Deadline::NEVER),
        Ok(PollResult::Event(_))
    ));
}

/// Calls its client, also when it is dropped.
struct Caller(Arc<Client>, Arc<AtomicUsize>);

impl Pull for Caller {
    fn pull(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, String> {
        self.0.wake();
        let rest = MAIL
            .get(usize::try_from(offset).unwrap()..)
            .unwrap_or_default();
        let n = rest.len().min(buffer.len());
        buffer[..n].copy_from_slice(&rest[..n]);
        Ok(n)
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        self.0.wake();
        self.0.set_credential(None);
        self.0.cancel();
        let _ = self.0.submit(&message());
        self.1.fetch_add(1, Ordering::AcqRel);
    }
}

const MAIL: &[u8] = b"Subject: x\r\n\r\nbody\r\n";

#[test]
fn content_that_calls_the_client_when_it_is_dropped_may_be_dropped_by_any_call() {
    let pki = pki();
    let (_server, client) = silent(&pki);
    let client = Arc::new(client);
    client.set_limits(limits(1, 8)).unwrap();
    let dropped = Arc::new(AtomicUsize::new(0));
    let submit = || {
        let caller = Arc::new(Caller(Arc::clone(&client), Arc::clone(&dropped)));
        let mut message = message();
        message
            .set_content_pull(caller, None, ContentRules::default())
            .unwrap();
        client.submit(&message)
    };
    // One that a worker has, one that is cancelled in the queue, one too many, one that a close ends.
    let running = submit().unwrap();
    client.cancel_job(submit().unwrap()).unwrap();
    assert_eq!(dropped.load(Ordering::Acquire), 1);
    while submit().is_ok() {}
    client.cancel_job(running).unwrap();
    assert!(client.close(Duration::ZERO).is_err());
    assert_eq!(submit().unwrap_err().status(), Status::Closed);
    let given = Arc::strong_count(&dropped) - 1;
    assert_eq!(given, 0, "each was dropped");
}

#[test]
fn a_provider_that_calls_its_client_when_it_is_dropped_may_be_replaced() {
    struct Asker(Weak<Client>, Arc<AtomicBool>);

    impl SecretProvider for Asker {
        fn secret(&self, _: &mut SecretRequest<'_>) -> Result<Secret, NoSecret> {
            Err(NoSecret::Declined)
        }
    }

    impl Drop for Asker {
        fn drop(&mut self) {
            if let Some(client) = self.0.upgrade() {
                client.set_ehlo_name("inside.example").unwrap();
                self.1.store(true, Ordering::Release);
            }
        }
    }

    let pki = pki();
    let (_server, client) = silent(&pki);
    let (client, called) = (Arc::new(client), Arc::new(AtomicBool::new(false)));
    let asker = Asker(Arc::downgrade(&client), Arc::clone(&called));
    let credential = Credential::password_from("alice", Arc::new(asker)).unwrap();
    client.set_credential(Some(Arc::new(credential)));
    client.set_credential(None);
    assert!(called.load(Ordering::Acquire));
}

#[test]
fn a_dropped_client_ends_hanging_calls() {
    let pki = pki();
    let (server, client) = silent(&pki);
    client.set_limits(limits(4, 100)).unwrap();
    for _ in 0..50 {
        client.submit(&message()).unwrap();
    }
    drop(client);
    assert!(
        !server
            .join_all(0)
            .iter()
            .any(|session| session.handshake_done)
    );
}

/// Must not be asked: jobs ask by an event.
struct NotThisOne;

impl SecretProvider for NotThisOne {
    fn secret(&self, _: &mut SecretRequest<'_>) -> Result<Secret, NoSecret> {
        panic!("asked on a worker's thread");
    }
}

#[test]
fn a_secret_is_requested_by_an_event_and_answered_from_any_thread() {
    let pki = pki();
    let server = ReferenceServer::start(reference_config(&pki)).unwrap();
    let client = patient(&pki, &server);
    let asked = Credential::password_from(USER, Arc::new(NotThisOne)).unwrap();
    client.set_credential(Some(Arc::new(asked)));
    client.set_limits(limits(1, 10)).unwrap();
    let jobs: Vec<_> = (0..4).map(|_| client.submit(&message()).unwrap()).collect();
    let event = next(&client);
    assert!(matches!(event.data, EventData::SecretWanted(ref q) if q.user == USER));
    for other in &jobs[1..] {
        let error = client.answer_secret(*other, Some(b"x")).unwrap_err();
        assert_eq!(error.status(), Status::Nothing);
    }
    std::thread::scope(|scope| {
        scope.spawn(|| {
            client
                .answer_secret(jobs[0], Some(PASSWORD.as_bytes()))
                .unwrap()
        });
    });
    // Asked once: the connection stays logged in.
    for job in jobs {
        let event = next(&client);
        assert_eq!(event.job, job);
        assert!(matches!(event.data, EventData::Completed(c) if c.is_ok()));
    }
    client.set_credential(Some(Arc::new(
        Credential::password_from(USER, Arc::new(NotThisOne)).unwrap(),
    )));
    for answer in [None, Some(&b"wr\0ng"[..])] {
        let job = client.submit(&message()).unwrap();
        assert!(matches!(next(&client).data, EventData::SecretWanted(_)));
        client.answer_secret(job, answer).unwrap();
        let EventData::Completed(completion) = next(&client).data else {
            panic!("it goes on without a secret");
        };
        assert_eq!(completion.unwrap_err().record.outcome, Outcome::NotSent);
    }
    // An unanswered request ends with its job.
    let job = client.submit(&message()).unwrap();
    assert!(matches!(next(&client).data, EventData::SecretWanted(_)));
    client.cancel_job(job).unwrap();
    let JobWait::Done(completion) = client.wait(job, Deadline::after(LONG)).unwrap() else {
        panic!("it hangs");
    };
    assert_eq!(completion.unwrap_err().status(), Status::Cancelled);
}

#[test]
fn an_error_that_is_not_about_a_message_has_no_outcome() {
    let pki = pki();
    let (_server, client) = silent(&pki);
    let job = client.submit(&message()).unwrap();
    let now = Deadline::after(Duration::ZERO);
    assert!(matches!(client.wait(job, now), Ok(JobWait::Pending)));
    let errors = [
        client.wait(job + 1, now).unwrap_err(),
        client.answer_secret(job, Some(b"x")).unwrap_err(),
        client.set_limits(limits(0, 1)).unwrap_err(),
        client.close(Duration::ZERO).unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.record.outcome, Outcome::None, "{error}");
        assert_eq!(error.retry(), Retry::Never, "{error}");
        assert!(!error.to_string().contains("Nothing was sent"), "{error}");
    }
    let completed = completions(&client, 1).remove(&job).unwrap();
    assert_eq!(completed.unwrap_err().record.outcome, Outcome::NotSent);
    // Each call that would have sent a message reports its outcome.
    let mut many = Vec::new();
    let bulk = BatchOptions::default();
    client.send_many([message()], &bulk, |_, sent| many.push(sent), Log::off());
    let sends = [
        client.submit(&message()).unwrap_err(),
        client.send(&message(), Log::off()).unwrap_err(),
        client.send(&Message::new(), Log::off()).unwrap_err(),
        many.remove(0).unwrap_err(),
    ];
    for error in sends {
        assert_eq!(error.record.outcome, Outcome::NotSent, "{error}");
        assert!(error.to_string().ends_with("Nothing was sent."), "{error}");
    }
    assert_eq!(
        client.probe(Log::off()).unwrap_err().record.outcome,
        Outcome::None
    );
}

#[test]
fn a_probe_that_meets_no_server_has_no_outcome() {
    let pki = pki();
    for steps in [vec![], vec![Step::Send(b"220 in clear\r\n".to_vec())]] {
        let server = Scripted::start(steps).unwrap();
        let client = client(&policy(&pki, TlsMode::Implicit), server.addr());
        let error = client.probe(Log::off()).unwrap_err();
        assert_eq!(error.record.outcome, Outcome::None, "{error}");
        assert!(error.record.stage >= Stage::Connect, "{error}");
    }
}

#[test]
fn each_event_of_a_job_carries_its_tag() {
    let pki = pki();
    let server = ReferenceServer::start(reference_config(&pki)).unwrap();
    let client = patient(&pki, &server);
    client.set_events(everything());
    // The largest number, one that is used twice, and none given.
    let tags = [u64::MAX, 7, 7, 0];
    let mut submitted = BTreeMap::new();
    for tag in tags {
        let job = match tag {
            0 => client.submit(&message()).unwrap(),
            tag => client.submit_tagged(&message(), tag).unwrap(),
        };
        submitted.insert(job, tag);
    }
    let (mut completed, mut kinds) = (0, 0);
    while completed < tags.len() {
        let event = next(&client);
        assert_eq!(event.tag, submitted[&event.job], "{event:?}");
        kinds |= event.data.kind() as i32;
        completed += usize::from(matches!(event.data, EventData::Completed(_)));
    }
    let log = [
        Kind::Line,
        Kind::Stage,
        Kind::Progress,
        Kind::Recipient,
        Kind::Completed,
    ];
    assert_eq!(
        kinds,
        log.into_iter().fold(0, |all, kind| all | kind as i32)
    );
    nothing_is_left(&client);
}

#[test]
fn a_job_that_was_not_begun_and_one_that_asks_carry_their_tags() {
    let pki = pki();
    let (_server, busy) = silent(&pki);
    busy.set_limits(limits(1, 10)).unwrap();
    busy.submit_tagged(&message(), 1).unwrap();
    let queued = busy.submit_tagged(&message(), 2).unwrap();
    busy.cancel_job(queued).unwrap();
    let cancelled = next(&busy);
    assert_eq!((cancelled.job, cancelled.tag), (queued, 2));
    busy.abandon();
    assert_eq!(next(&busy).tag, 1);

    let server = ReferenceServer::start(reference_config(&pki)).unwrap();
    let client = patient(&pki, &server);
    let asked = Credential::password_from(USER, Arc::new(NotThisOne)).unwrap();
    client.set_credential(Some(Arc::new(asked)));
    let job = client.submit_tagged(&message(), 3).unwrap();
    let question = next(&client);
    assert!(matches!(question.data, EventData::SecretWanted(_)));
    assert_eq!((question.job, question.tag), (job, 3));
    client
        .answer_secret(job, Some(PASSWORD.as_bytes()))
        .unwrap();
    assert_eq!(next(&client).tag, 3);
}

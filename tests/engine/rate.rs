//! A limit of the rate: what may not begin yet waits where it is, and can be cancelled there.

use std::time::Duration;

use secsmtp::client::jobs::{Completion, JobId, JobWait, Limits};
use secsmtp::client::{BatchOptions, Client, Rate};
use secsmtp::deadline::Deadline;
use secsmtp::error::{Error, Outcome, Record, Stage};
use secsmtp::log::Log;
use secsmtp::message::Message;
use secsmtp::status::Status;
use secsmtp::trust::TlsMode;
use secsmtp_testservers::{ClosedPort, Pki, ReferenceServer, Step};

use crate::stream::answering;
use crate::support::*;

const HOUR: Duration = Duration::from_secs(3600);

/// So many at once, and then one an hour.
fn slow(burst: u32) -> Option<Rate> {
    Some(Rate {
        messages: 1,
        per: HOUR,
        burst,
    })
}

fn quick() -> Option<Rate> {
    Some(Rate {
        messages: 1000,
        per: Duration::from_secs(1),
        burst: 1,
    })
}

fn server(pki: &Pki) -> (ReferenceServer, Client) {
    let server = ReferenceServer::start(reference_config(pki)).unwrap();
    let client = client(&policy(pki, TlsMode::Implicit), server.implicit_addr());
    (server, client)
}

#[track_caller]
fn completion(client: &Client, job: JobId) -> Completion {
    match client.wait(job, Deadline::after(LONG)).unwrap() {
        JobWait::Done(completion) => *completion,
        other => panic!("{job}: {other:?}"),
    }
}

type Results = Vec<Result<Record, Error>>;

fn send_many(client: &Client, count: usize, connections: usize) -> (u64, Results) {
    let messages: Vec<Message> = (0..count).map(|_| message()).collect();
    let mut results = Vec::new();
    let bulk = BatchOptions {
        connections,
        ..BatchOptions::default()
    };
    let begun = client.send_many(
        &messages,
        &bulk,
        |_, result| results.push(result),
        Log::off(),
    );
    (begun, results)
}

fn accepted(results: &Results) -> usize {
    results.iter().filter(|result| result.is_ok()).count()
}

#[test]
fn jobs_beyond_the_burst_stay_queued_and_can_be_cancelled() {
    let pki = pki();
    let (server, client) = server(&pki);
    client.set_rate(slow(3)).unwrap();
    let jobs: Vec<_> = (0..8).map(|_| client.submit(&message()).unwrap()).collect();
    for job in &jobs[..3] {
        assert!(completion(&client, *job).is_ok());
    }
    for job in &jobs[3..5] {
        client.cancel_job(*job).unwrap();
        let error = completion(&client, *job).unwrap_err();
        assert_eq!(error.status(), Status::Cancelled);
        assert_eq!(error.record.outcome, Outcome::NotSent);
    }
    // Without a limit they go at once, in their order.
    client.set_rate(None).unwrap();
    for job in &jobs[5..] {
        assert!(completion(&client, *job).is_ok());
    }
    client.set_rate(slow(1)).unwrap();
    let last = [0; 2].map(|_| client.submit(&message()).unwrap());
    assert!(completion(&client, last[0]).is_ok());
    // The workers that wait for their time end with the client.
    assert!(client.close(Duration::ZERO).is_err());
    let error = completion(&client, last[1]).unwrap_err();
    assert_eq!(error.status(), Status::Cancelled);
    assert!(server.wait_idle(LONG));
    assert_eq!(server.mail_count(), 7);
}

#[test]
fn jobs_go_on_when_their_time_has_come() {
    let pki = pki();
    let (server, client) = server(&pki);
    client.set_rate(quick()).unwrap();
    let jobs: Vec<_> = (0..60)
        .map(|_| client.submit(&message()).unwrap())
        .collect();
    for job in jobs {
        assert!(completion(&client, job).is_ok());
    }
    assert_eq!(server.mail_count(), 60);
}

#[test]
fn a_server_that_goes_away_meanwhile_costs_nothing() {
    let pki = pki();
    // It closes while the next has to wait: that one goes over another connection.
    for answers in [
        "250 a\r\n250 b\r\n250 c\r\n",
        "250 a\r\n250 b\r\n250 c\r\n421 x\r\n",
    ] {
        let server = answering(&pki, 1, answers, Step::Close);
        let client = client(&policy(&pki, TlsMode::Implicit), server.addr());
        client
            .set_limits(Limits {
                connections: 1,
                ..Limits::default()
            })
            .unwrap();
        client.set_rate(slow(1)).unwrap();
        let jobs = [0; 2].map(|_| client.submit(&message()).unwrap());
        assert!(completion(&client, jobs[0]).is_ok());
        while server.ended() == 0 {
            std::thread::yield_now();
        }
        client.set_rate(None).unwrap();
        let record = completion(&client, jobs[1]).unwrap();
        assert!(!record.reused);
    }
}

#[test]
fn send_many_waits_for_its_time_and_the_call_for_no_longer_than_it_may() {
    let pki = pki();
    let (server, client) = server(&pki);
    client.set_rate(quick()).unwrap();
    client.set_reuse(LONG, 1000).unwrap();
    for connections in [1, 3] {
        let (begun, results) = send_many(&client, 40, connections);
        assert_eq!((begun, accepted(&results)), (40, 40));
    }
    assert_eq!(server.mail_count(), 80);
    // A message that can't begin before the call's deadline is not sent.
    client.set_rate(slow(3)).unwrap();
    // Time enough for three over the connection that stands, on a busy machine too.
    client.set_timeout(Stage::Local, Duration::from_secs(6));
    let (begun, results) = send_many(&client, 9, 1);
    assert_eq!((begun, accepted(&results)), (9, 3));
    for failed in &results[3..] {
        let error = failed.as_ref().unwrap_err();
        assert_eq!(error.status(), Status::Timeout);
        assert_eq!(error.record.outcome, Outcome::NotSent);
        assert_eq!(error.record.recipients.len(), 1);
    }
}

#[test]
fn a_cancel_ends_a_wait_and_begins_no_other() {
    let pki = pki();
    for reuse in [false, true] {
        let (_server, client) = server(&pki);
        if reuse {
            client.set_reuse(LONG, 100).unwrap();
        }
        client.set_rate(slow(2)).unwrap();
        let mut results = Vec::new();
        let messages: Vec<Message> = (0..50).map(|_| message()).collect();
        let done = |_, result: Result<Record, Error>| {
            results.push(result);
            if results.len() == 2 {
                client.cancel();
            }
        };
        let begun = client.send_many(&messages, &BatchOptions::default(), done, Log::off());
        assert_eq!((begun, results.len(), accepted(&results)), (3, 3, 2));
        let error = results[2].as_ref().unwrap_err();
        assert_eq!(error.status(), Status::Cancelled);
        assert_eq!(error.record.outcome, Outcome::NotSent);
    }
}

#[test]
fn a_producer_is_asked_for_one_that_waits_and_no_more() {
    let pki = pki();
    let (_server, client) = server(&pki);
    client.set_rate(slow(2)).unwrap();
    let given = std::sync::atomic::AtomicUsize::new(0);
    let producer = std::iter::repeat_with(|| {
        given.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        message()
    });
    let bulk = BatchOptions {
        stop_on_error: true,
        ..BatchOptions::default()
    };
    // It has no end of its own.
    let done = |number, _| {
        if number == 1 {
            client.cancel();
        }
    };
    let begun = client.send_many(producer, &bulk, done, Log::off());
    assert_eq!(begun, 3);
    assert_eq!(given.into_inner(), 3);
}

#[test]
fn a_producer_without_an_end_is_cancelled_where_there_is_no_hope_and_not_asked_by_the_closed() {
    let pki = pki();
    let closed = ClosedPort::take().unwrap();
    let client = client(&policy(&pki, TlsMode::Implicit), closed.addr().unwrap());
    let reported = std::sync::Mutex::new(Vec::new());
    let send = |stop_after| {
        let done = |_, result: Result<Record, Error>| {
            let mut reported = reported.lock().unwrap();
            reported.push(result.unwrap_err().status());
            if reported.len() == stop_after {
                client.cancel();
            }
        };
        // It would be without an end, if this test could fail then.
        let producer = std::iter::repeat_with(message).take(1000);
        client.send_many(producer, &BatchOptions::default(), done, Log::off())
    };
    assert_eq!(send(5), 6);
    assert_eq!(reported.lock().unwrap().last(), Some(&Status::Cancelled));
    client.close(LONG).unwrap();
    reported.lock().unwrap().clear();
    assert_eq!(send(0), 1);
    assert_eq!(*reported.lock().unwrap(), [Status::Closed]);
}

#[test]
fn a_closed_client_does_not_wait_for_its_rate() {
    let pki = pki();
    let (_server, client) = server(&pki);
    client.set_rate(slow(1)).unwrap();
    assert_eq!(accepted(&send_many(&client, 1, 1).1), 1);
    client.close(LONG).unwrap();
    let (begun, results) = send_many(&client, 2, 3);
    assert_eq!(begun, 1);
    let error = results[0].as_ref().unwrap_err();
    assert_eq!(error.status(), Status::Closed);
    assert_eq!(error.record.recipients.len(), 1);
}

#[test]
fn another_rate_holds_for_messages_that_wait_already() {
    let pki = pki();
    for reuse in [false, true] {
        let (_server, client) = server(&pki);
        if reuse {
            client.set_reuse(LONG, 1).unwrap();
        }
        client.set_rate(slow(1)).unwrap();
        let waiting = std::sync::Barrier::new(2);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                waiting.wait();
                std::thread::sleep(Duration::from_millis(300));
                client.set_rate(None).unwrap();
            });
            let messages: Vec<Message> = (0..3).map(|_| message()).collect();
            let mut results = Vec::new();
            let done = |number, result: Result<Record, Error>| {
                results.push(result);
                if number == 0 {
                    waiting.wait();
                }
            };
            client.send_many(&messages, &BatchOptions::default(), done, Log::off());
            assert_eq!(accepted(&results), 3);
        });
    }
}

#[test]
fn a_rate_of_nothing_is_none() {
    let pki = pki();
    let (_server, client) = server(&pki);
    let rate = slow(1).unwrap();
    for wrong in [
        Rate {
            messages: 0,
            ..rate
        },
        Rate { burst: 0, ..rate },
        Rate {
            per: Duration::ZERO,
            ..rate
        },
    ] {
        let error = client.set_rate(Some(wrong)).unwrap_err();
        assert_eq!(error.status(), Status::Value);
    }
}

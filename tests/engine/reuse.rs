//! A connection carries several messages, and a message is never sent twice for it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use secsmtp::client::jobs::Limits;
use secsmtp::client::{BatchOptions, Client};
use secsmtp::credential::Credential;
use secsmtp::error::{Error, Outcome, Record, Retry, Stage};
use secsmtp::log::{Level, Log};
use secsmtp::status::Status;
use secsmtp::trust::{Clock, Policy, RELEASED, TlsMode};
use secsmtp_testservers::{CertKind, Pki, ReferenceServer, Scripted, SessionRecord, Step};

use crate::jobs_stream::completion;
use crate::stream::with_extensions;
use crate::support::*;

/// A client that keeps its connections for long.
fn keeping(pki: &Pki, address: std::net::SocketAddr) -> Client {
    let client = client(&policy(pki, TlsMode::Implicit), address);
    client.set_reuse(LONG, 100).unwrap();
    client
}

fn said(session: &SessionRecord, verb: &str) -> usize {
    let words = String::from_utf8_lossy(&session.tls);
    words.lines().filter(|line| line.starts_with(verb)).count()
}

/// Greeting to login.
fn login() -> Vec<Step> {
    vec![
        Step::send("220 mail.test\r\n"),
        Step::expect("EHLO"),
        Step::send("250-mail.test\r\n250 AUTH PLAIN\r\n"),
        Step::expect("AUTH"),
        Step::send("235 welcome\r\n"),
    ]
}

/// One message, up to the answer to its content.
fn taken(answer: &str) -> Vec<Step> {
    vec![
        Step::expect("MAIL"),
        Step::send("250 ok\r\n"),
        Step::expect("RCPT"),
        Step::send("250 ok\r\n"),
        Step::expect("DATA"),
        Step::send("354 go\r\n"),
        Step::ReadMessage,
        Step::send(answer),
    ]
}

fn scripted(pki: &Pki, more: Vec<Step>) -> Scripted {
    let steps = [login(), more].concat();
    Scripted::start_implicit(pki.identity(), steps).unwrap()
}

#[test]
fn messages_share_a_connection_and_its_login() {
    let pki = pki();
    let server = ReferenceServer::start(reference_config(&pki)).unwrap();
    let client = keeping(&pki, server.implicit_addr());
    for index in 0..3 {
        let record = send(&client, &message()).unwrap();
        assert_eq!(record.reused, index > 0);
        let peer = record
            .peer
            .expect("the identity of the peer is reported each time");
        assert_eq!(peer.mechanism, Some("PLAIN"));
        assert!(record.secret_released);
    }
    drop(client);
    assert!(server.wait_idle(LONG));
    let sessions = server.sessions();
    assert_eq!(sessions.len(), 1);
    let said = ["EHLO", "AUTH", "MAIL", "QUIT"].map(|verb| said(&sessions[0], verb));
    assert_eq!(said, [1, 1, 3, 1]);
    assert_eq!(server.mail_count(), 3);
}

#[test]
fn without_being_asked_a_send_closes_its_connection() {
    let pki = pki();
    let server = ReferenceServer::start(reference_config(&pki)).unwrap();
    let client = client(&policy(&pki, TlsMode::Starttls), server.starttls_addr());
    for _ in 0..2 {
        assert!(!send(&client, &message()).unwrap().reused);
    }
    client.set_reuse(Duration::ZERO, 100).unwrap();
    assert!(!send(&client, &message()).unwrap().reused);
    assert!(!send(&client, &message()).unwrap().reused);
    assert!(server.wait_idle(LONG));
    assert_eq!(server.sessions().len(), 4);
}

#[test]
fn a_connection_carries_no_more_than_so_many_messages() {
    let pki = pki();
    let server = ReferenceServer::start(reference_config(&pki)).unwrap();
    let client = keeping(&pki, server.implicit_addr());
    client.set_reuse(LONG, 2).unwrap();
    let reused: Vec<_> = (0..5)
        .map(|_| send(&client, &message()).unwrap().reused)
        .collect();
    assert_eq!(reused, [false, true, false, true, false]);
    let refused = client.set_reuse(LONG, 0).unwrap_err();
    assert_eq!(refused.status(), Status::Value);
}

#[test]
fn a_message_to_one_domain_too_many_goes_over_another_connection() {
    let pki = pki();
    let limits = ["PIPELINING", "LIMITS RCPTDOMAINMAX=1"];
    let server = ReferenceServer::start(with_extensions(&pki, &limits)).unwrap();
    let client = keeping(&pki, server.implicit_addr());
    let reused = ["a@one.test", "b@one.test", "a@two.test", "b@two.test"]
        .map(|to| send(&client, &message_to(&[to])).unwrap().reused);
    assert_eq!(reused, [false, true, false, true]);
    assert_eq!(server.mail_count(), 4);
}

#[test]
fn a_connection_over_which_no_message_was_begun_is_not_reported_as_reused() {
    let pki = pki();
    let limits = ["PIPELINING", "LIMITS RCPTMAX=2"];
    let server = ReferenceServer::start(with_extensions(&pki, &limits)).unwrap();
    let client = keeping(&pki, server.implicit_addr());
    let three = message_to(&["a@x.test", "b@x.test", "c@x.test"]);
    let error = send(&client, &three).unwrap_err();
    assert_eq!(error.status(), Status::TooManyRecipients);
    let reused = [(); 2].map(|()| send(&client, &message()).unwrap().reused);
    assert_eq!(reused, [false, true]);
    drop(client);
    assert!(server.wait_idle(LONG));
    assert_eq!(server.sessions().len(), 1);
}

#[test]
fn j03_no_connection_outlives_its_settings() {
    let pki = pki();
    let server = ReferenceServer::start(reference_config(&pki)).unwrap();
    let client = keeping(&pki, server.implicit_addr());
    let address = server.implicit_addr();
    let changes: [&dyn Fn(); 3] = [
        &|| client.set_ehlo_name("me.test").unwrap(),
        &|| {
            let again = Credential::password(USER, PASSWORD.as_bytes()).unwrap();
            client.set_credential(Some(Arc::new(again)));
        },
        &|| {
            let (ip, port) = (address.ip().to_string(), u32::from(address.port()));
            client.set_connect(&ip, port).unwrap();
        },
    ];
    for change in changes {
        send(&client, &message()).unwrap();
        assert!(send(&client, &message()).unwrap().reused);
        change();
        assert!(!send(&client, &message()).unwrap().reused);
    }
    drop(client);
    assert!(server.wait_idle(LONG));
    let sessions = server.sessions();
    assert_eq!(sessions.len(), 4);
    assert!(sessions.iter().all(|s| said(s, "QUIT") == 1));
}

#[test]
fn a_rejected_transaction_is_reset_before_the_next_message() {
    let pki = pki();
    let mut config = reference_config(&pki);
    config.reject_rcpt = vec!["unknown@mail.test".to_owned()];
    let server = ReferenceServer::start(config).unwrap();
    let client = keeping(&pki, server.implicit_addr());
    let refused = message_to(&["unknown@mail.test"]);
    for _ in 0..2 {
        let error = send(&client, &refused).unwrap_err();
        assert_eq!(error.status(), Status::RecipientRefused);
        assert!(send(&client, &message()).unwrap().reused);
    }
    drop(client);
    assert!(server.wait_idle(LONG));
    assert_eq!(server.sessions().len(), 1);
    assert_eq!(said(&server.sessions()[0], "RSET"), 2);
}

#[test]
fn a_late_cancel_does_not_hit_the_next_message() {
    let pki = pki();
    let server = ReferenceServer::start(reference_config(&pki)).unwrap();
    let client = keeping(&pki, server.implicit_addr());
    for index in 0..3 {
        let record = send(&client, &message()).unwrap();
        assert_eq!(record.reused, index > 0);
        client.cancel();
    }
}

#[test]
fn j04_a_server_that_spoke_or_hung_up_meanwhile_is_left() {
    let pki = pki();
    for ends in [
        vec![Step::Close],
        vec![Step::Drop],
        vec![Step::send("421 4.4.2 idle for too long\r\n"), Step::Close],
        // Unsolicited bytes, and an end without close_notify: unusable for a message.
        vec![Step::send("250 ok\r\n"), Step::ReadToEnd],
        // After MAIL was written: its only answer is that there is none.
        vec![Step::expect("MAIL"), Step::Close],
        vec![Step::expect("MAIL"), Step::Drop],
        vec![Step::expect("MAIL"), Step::send("421 closing\r\n")],
    ] {
        let reported = format!("{ends:?}");
        let spoke = matches!(ends[0], Step::Send(_));
        let mut script = taken("250 taken\r\n");
        if let [Step::Send(more), ..] = ends.as_slice() {
            // In one record with the answer, so that it is there for certain.
            let answer = [b"250 taken\r\n", more.as_slice()].concat();
            script.pop();
            script.push(Step::Send(answer));
            script.extend_from_slice(&ends[1..]);
        } else {
            script.extend(ends);
        }
        let server = scripted(&pki, script);
        let client = keeping(&pki, server.addr());
        for _ in 0..2 {
            let record = send(&client, &message()).unwrap_or_else(|e| panic!("{reported}: {e}"));
            assert_eq!(record.outcome, Outcome::Accepted);
            assert!(!record.reused, "{reported}");
        }
        drop(client);
        let sessions = server.join_all(2);
        assert_eq!(sessions.len(), 2, "{reported}");
        let contents = sessions.iter().map(|s| said(s, "DATA")).sum::<usize>();
        assert_eq!(contents, 2, "{reported}");
        // Unsolicited bytes end a connection before another message is begun on it.
        let begun = said(&sessions[0], "MAIL");
        assert!(!spoke || begun == 1, "{reported}: {begun}");
    }
}

#[test]
fn j_nothing_is_retried_once_the_server_has_accepted_a_part() {
    let pki = pki();
    let cases: [(&str, usize, Stage, Outcome, Retry); 4] = [
        // The number of steps of the second message before the connection breaks.
        ("MAIL taken", 2, Stage::Rcpt, Outcome::NotSent, Retry::Later),
        ("RCPT taken", 4, Stage::Data, Outcome::NotSent, Retry::Later),
        (
            "354 said",
            6,
            Stage::Content,
            Outcome::NotSent,
            Retry::Later,
        ),
        (
            "all taken",
            7,
            Stage::Reply,
            Outcome::Unknown,
            Retry::Unknown,
        ),
    ];
    for (reported, steps, stage, outcome, retry) in cases {
        let mut script = taken("250 taken\r\n");
        script.extend(taken("").into_iter().take(steps));
        // Read what comes, so that the break is an end and not a reset that overtakes replies.
        if steps < 7 {
            script.push(Step::ReadLine);
        }
        script.push(Step::Close);
        let server = scripted(&pki, script);
        let client = keeping(&pki, server.addr());
        send(&client, &message()).unwrap();
        let error = send(&client, &message()).unwrap_err();
        let reported = format!("{reported}: {error}");
        assert!(error.record.reused, "{reported}");
        // The time at which the break is found, while the content is written or after it, is the system's
        // doing; what was written whole is unknown.
        if stage != Stage::Content {
            assert_eq!(error.record.stage, stage, "{reported}");
            assert_eq!(error.record.outcome, outcome, "{reported}");
            assert_eq!(error.retry(), retry, "{reported}");
        }
        assert_eq!(server.join().error, None, "{reported}");
    }
}

#[test]
fn after_421_a_fresh_connection_waits_or_is_refused() {
    let pki = pki();
    let steps = vec![Step::send("421 too many connections\r\n"), Step::ReadToEnd];
    let server = Scripted::start_implicit(pki.identity(), steps).unwrap();
    let client = client(&policy(&pki, TlsMode::Implicit), server.addr());
    // Longer than a call may take.
    client.set_back_off(LONG * 2);
    for status in [Status::Closing, Status::BackOff, Status::BackOff] {
        let error = send(&client, &message()).unwrap_err();
        assert_eq!(error.status(), status, "{error}");
        assert_eq!(error.record.outcome, Outcome::NotSent);
        assert_eq!(error.retry(), Retry::Later);
        assert!(error.to_string().contains("421"), "{error}");
    }
    assert_eq!(server.records().len(), 1);
}

#[test]
fn j02_j06_another_policy_has_connections_and_verdicts_of_its_own() {
    let pki = pki();
    let server = ReferenceServer::start(reference_config(&pki)).unwrap();
    let mut trust = policy(&pki, TlsMode::Implicit);
    let keeping = |policy: &Policy| {
        let client = client(policy, server.implicit_addr());
        client.set_reuse(LONG, 100).unwrap();
        client
    };
    let first = keeping(&trust);
    send(&first, &message()).unwrap();
    // Later additions affect only clients that are made after them.
    trust
        .add_pin(&Pki::new(&[HOST]).spki_pin(CertKind::Leaf))
        .unwrap();
    let doubting = keeping(&trust);
    for _ in 0..2 {
        assert!(send(&first, &message()).unwrap().reused);
        // Its own judgement, though a connection to the same place is open.
        let error = send(&doubting, &message()).unwrap_err();
        assert_eq!(error.status(), Status::PinMismatch, "{error}");
        assert!(!error.record.secret_released && !error.record.reused);
    }
    let equal = keeping(&policy(&pki, TlsMode::Implicit));
    assert!(!send(&equal, &message()).unwrap().reused);
    drop((first, doubting, equal));
    assert!(server.wait_idle(LONG));
    // One connection for each trusted verdict, and one for each doubtful one.
    assert_eq!(server.sessions().len(), 4);
    assert_eq!(server.mail_count(), 4);
}

/// A reply that comes when the client has left.
fn late(words: &str) -> Vec<Step> {
    vec![Step::ReadToEnd, Step::send(words)]
}

/// The first steps of a login, or of a message behind one.
fn first(count: usize) -> Vec<Step> {
    let steps = [login(), taken("")].concat();
    steps.into_iter().take(count).collect()
}

#[test]
fn e16_j05_behind_a_late_or_odd_reply_or_a_refused_login_nothing_follows() {
    let pki = pki();
    let odd = |words: &str| vec![Step::send(words), Step::ReadToEnd];
    let cases = [
        (4, late("235 in\r\n"), Stage::Auth, Status::Timeout),
        (4, odd("535 5.7.8 no\r\n"), Stage::Auth, Status::AuthRefused),
        (6, late("250 ok\r\n"), Stage::Mail, Status::Timeout),
        (6, odd("354 go\r\n"), Stage::Mail, Status::UnexpectedReply),
        (6, odd("2x0 ok\r\n"), Stage::Mail, Status::MalformedReply),
        (8, late("250 ok\r\n"), Stage::Rcpt, Status::Timeout),
        (10, odd("250 ok\r\n"), Stage::Data, Status::UnexpectedReply),
        (12, late("250 ok\r\n"), Stage::Reply, Status::Timeout),
        (12, odd("354 go\r\n"), Stage::Reply, Status::UnexpectedReply),
    ];
    let play = |(count, ends, stage, status): &(usize, Vec<Step>, Stage, Status)| {
        let steps = [first(*count), ends.clone()].concat();
        let server = Scripted::start_implicit(pki.identity(), steps).unwrap();
        let client = keeping(&pki, server.addr());
        if *status == Status::Timeout {
            client.set_timeout(*stage, Duration::from_millis(200));
        }
        for connections in 1..=3 {
            let error = send(&client, &message()).unwrap_err();
            let met = (error.status(), error.record.stage, error.record.reused);
            assert_eq!(met, (*status, *stage, false), "{error}");
            assert_eq!(server.records().len(), connections);
        }
    };
    std::thread::scope(|scope| {
        let playing: Vec<_> = cases
            .iter()
            .map(|case| scope.spawn(|| play(case)))
            .collect();
        for one in playing {
            one.join().unwrap();
        }
    });
}

#[test]
fn h20_a_connection_whose_rset_fails_is_closed() {
    let pki = pki();
    for (answer, status) in [
        ("500 what?\r\n", Status::SessionRefused),
        ("450 later\r\n", Status::SessionRefused),
        ("354 go\r\n", Status::UnexpectedReply),
    ] {
        let more = vec![
            Step::expect("MAIL"),
            Step::send("250 ok\r\n"),
            Step::expect("RCPT"),
            Step::send("550 unknown\r\n"),
            Step::expect("RSET"),
            Step::send(answer),
            Step::ReadToEnd,
        ];
        let server = scripted(&pki, more);
        let client = keeping(&pki, server.addr());
        for (status, reused) in [
            (Status::RecipientRefused, false),
            (status, true),
            (Status::RecipientRefused, false),
        ] {
            let error = send(&client, &message()).unwrap_err();
            let met = (error.status(), error.record.reused);
            assert_eq!(met, (status, reused), "{answer}: {error}");
        }
        drop(client);
        let sessions = server.join_all(2);
        let said: Vec<_> = sessions
            .iter()
            .map(|session| ["MAIL", "RSET"].map(|verb| said(session, verb)))
            .collect();
        assert_eq!(said, [[1, 1], [1, 0]], "{answer}");
    }
}

/// The policy's time in the tests of what runs out.
static NOW: AtomicU64 = AtomicU64::new(0);

#[test]
fn j_the_peer_of_a_kept_connection_is_judged_again_when_its_time_may_be_over() {
    /// The first time that a policy may have.
    const BEGIN: u64 = RELEASED + 86_400;
    let pki = pki();
    let leaf = pki.spki_pin(CertKind::Leaf);
    for by in [By::Send, By::Batch, By::Job] {
        // When the second message is sent, and whether the pin still counts.
        for (at, reused, status) in [
            (BEGIN + 59, true, Status::Ok),
            // Known to be good a moment ago: the verdict is a minute old at most.
            (BEGIN + 60, true, Status::Ok),
            (BEGIN + 100, true, Status::Ok),
            (BEGIN + 101, false, Status::PinMismatch),
            (BEGIN + 86_400, false, Status::PinMismatch),
            // A clock that was set back is asked too.
            (BEGIN - 1, false, Status::PinMismatch),
            (0, false, Status::PinMismatch),
        ] {
            let server = ReferenceServer::start(reference_config(&pki)).unwrap();
            let mut policy = Policy::new();
            policy.clock = Clock::By(|| NOW.load(Ordering::SeqCst));
            policy
                .add_pin_with_window(&leaf, BEGIN, BEGIN + 100)
                .unwrap();
            NOW.store(BEGIN, Ordering::SeqCst);
            let client = client(&policy, server.implicit_addr());
            client.set_reuse(LONG, 100).unwrap();
            // Another worker would have a connection of its own.
            let limits = Limits {
                connections: 1,
                ..Limits::default()
            };
            client.set_limits(limits).unwrap();
            by.send(&client).unwrap();
            NOW.store(at, Ordering::SeqCst);
            let second = by.send(&client);
            let case = format!("{by:?} at {at}: {second:?}");
            let met = match &second {
                Ok(record) => (record.reused, Status::Ok),
                Err(error) => (error.record.reused, error.status()),
            };
            assert_eq!(met, (reused, status), "{case}");
            if let Err(error) = second {
                assert_eq!(error.record.outcome, Outcome::NotSent, "{case}");
                assert!(!error.record.secret_released, "{case}");
            }
            drop(client);
            assert!(server.wait_idle(LONG));
            // A connection whose peer is no longer trusted is closed in order.
            let sessions = server.sessions();
            assert_eq!(said(&sessions[0], "QUIT"), 1, "{case}");
            assert_eq!(server.mail_count(), 1 + usize::from(reused), "{case}");
        }
    }
}

/// In which way a message is given to a client.
#[derive(Debug, Clone, Copy)]
enum By {
    Send,
    Batch,
    Job,
}

impl By {
    fn send(self, client: &Client) -> Result<Record, Error> {
        match self {
            By::Send => send(client, &message()),
            By::Batch => {
                let result = Mutex::new(None);
                let done = |_, sent| *result.lock().unwrap() = Some(sent);
                client.send_many([message()], &BatchOptions::default(), done, Log::off());
                result.into_inner().unwrap().expect("an outcome")
            }
            By::Job => completion(client, client.submit(&message()).unwrap()),
        }
    }
}

/// A server that ends a kept connection when the next message begins, and would take it over another.
fn ending(pki: &Pki) -> Scripted {
    let more = [
        taken("250 taken\r\n"),
        vec![Step::expect("MAIL"), Step::Close],
    ];
    scripted(pki, more.concat())
}

#[test]
fn j_a_call_that_was_cancelled_is_not_tried_again() {
    let pki = pki();
    for (line, status, reused) in [
        // The error of the kept connection is known, and then it is cancelled.
        ("lost", Status::ConnectionLost, true),
        // It has been decided to try again.
        ("opening another", Status::Cancelled, false),
        ("connecting to", Status::Cancelled, false),
    ] {
        let server = ending(&pki);
        let client = keeping(&pki, server.addr());
        client.set_reply_age(Duration::ZERO);
        send(&client, &message()).unwrap();
        let mut log = String::new();
        let mut sink = |level: Level, _: Stage, text: &str| {
            log.push_str(text);
            let here = match line {
                "lost" => level == Level::Error,
                line => text.contains(line),
            };
            if here {
                client.cancel();
            }
        };
        let sent = client.send(&message(), Log::to(&mut sink, Level::Debug));
        let error = sent.unwrap_err();
        let met = (error.status(), error.record.reused, error.record.outcome);
        assert_eq!(
            met,
            (status, reused, Outcome::NotSent),
            "{line}: {error}\n{log}"
        );
        assert_eq!(log.contains("opening another"), line != "lost", "{log}");
        // A cancel is for the calls that were running: the next one goes its own way.
        let record = send(&client, &message()).unwrap();
        assert!(!record.reused, "{line}");
        drop(client);
        let sessions = server.join_all(2);
        let taken = sessions.iter().map(|s| said(s, "DATA")).sum::<usize>();
        assert_eq!(taken, 2, "{line}");
    }
}

#[test]
fn j_a_batch_that_was_cancelled_is_not_tried_again() {
    let pki = pki();
    let server = ending(&pki);
    let client = keeping(&pki, server.addr());
    client.set_reply_age(Duration::ZERO);
    send(&client, &message()).unwrap();
    let mut sink = |level: Level, _: Stage, _: &str| {
        if level == Level::Error {
            client.cancel();
        }
    };
    let results = Mutex::new(Vec::new());
    let done = |_, sent: Result<Record, Error>| results.lock().unwrap().push(sent);
    let messages = [message(), message()];
    let log = Log::to(&mut sink, Level::Debug);
    client.send_many(&messages, &BatchOptions::default(), done, log);
    let results = results.into_inner().unwrap();
    let not_sent = |sent: &Result<Record, Error>| match sent {
        Ok(_) => false,
        Err(error) => error.record.outcome == Outcome::NotSent,
    };
    assert!(results.iter().all(not_sent), "{results:?}");
    assert_eq!(server.records().len(), 1);
}

/// The outcome is known, and the call has not returned.
#[test]
fn j_a_cancel_behind_the_outcome_changes_nothing_for_this_message_nor_the_next() {
    let pki = pki();
    let server = ReferenceServer::start(reference_config(&pki)).unwrap();
    let client = keeping(&pki, server.implicit_addr());
    for _ in 0..3 {
        let mut cancelled = false;
        let mut sink = |_: Level, _: Stage, text: &str| {
            if text == "accepted" {
                cancelled = true;
                client.cancel();
            }
        };
        let sent = client.send(&message(), Log::to(&mut sink, Level::Debug));
        assert_eq!(sent.unwrap().outcome, Outcome::Accepted);
        assert!(cancelled);
        assert_eq!(
            send(&client, &message()).unwrap().outcome,
            Outcome::Accepted
        );
    }
    assert_eq!(server.mail_count(), 6);
}

#[test]
fn j_after_421_at_any_stage_and_in_any_way_the_next_connection_waits() {
    let pki = pki();
    let farewell = || vec![Step::send("421 4.3.2 too busy\r\n"), Step::ReadToEnd];
    for by in [By::Send, By::Batch, By::Job] {
        // In the place of the greeting and of the replies to EHLO, AUTH, MAIL, RCPT, DATA, the content.
        for steps in [0, 2, 4, 6, 8, 10, 12] {
            let script = [first(steps), farewell()].concat();
            let server = Scripted::start_implicit(pki.identity(), script).unwrap();
            let client = keeping(&pki, server.addr());
            client.set_back_off(LONG * 2);
            let error = by.send(&client).unwrap_err();
            let case = format!("{by:?} {steps}: {error}");
            assert_eq!(error.status(), Status::Closing, "{case}");
            for other in [by, By::Send, By::Batch, By::Job] {
                let error = other.send(&client).unwrap_err();
                assert_eq!(
                    error.status(),
                    Status::BackOff,
                    "{case}, {other:?}: {error}"
                );
                assert_eq!(error.record.outcome, Outcome::NotSent);
            }
            assert_eq!(server.records().len(), 1, "{case}");
        }
    }
}

/// A batch of five messages, to a server that has this script for each connection.
#[test]
fn a_batch_gives_up_at_once_where_no_connection_can_help_and_else_after_three() {
    let pki = pki();
    let refused = vec![
        Step::send("220 mail.test\r\n"),
        Step::expect("EHLO"),
        Step::send("250-mail.test\r\n250 AUTH PLAIN\r\n"),
        Step::expect("AUTH"),
        Step::send("535 5.7.8 no such user\r\n"),
        Step::ReadToEnd,
    ];
    for (script, status, connections) in [
        (refused, Status::AuthRefused, 1),
        (vec![Step::Close], Status::ConnectionLost, 3),
    ] {
        let server = Scripted::start_implicit(pki.identity(), script).unwrap();
        let client = client(&policy(&pki, TlsMode::Implicit), server.addr());
        let results = Mutex::new(Vec::new());
        let done = |_, sent: Result<Record, Error>| results.lock().unwrap().push(sent);
        let messages = [(); 5].map(|()| message());
        client.send_many(&messages, &BatchOptions::default(), done, Log::off());
        let results = results.into_inner().unwrap();
        assert_eq!(results.len(), 5, "{status:?}");
        for sent in results {
            let error = sent.unwrap_err();
            assert_eq!(error.status(), status, "{error}");
        }
        assert_eq!(server.records().len(), connections, "{status:?}");
    }
}

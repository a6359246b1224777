//! The time until a cancel from another thread ends a send, at each stage at which a server can
//! fall silent: the time from `cancel` to the return of `send`. A bench: it prints and asserts no time.
//!
//!     make cancel-bench

#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use secsmtp::client::Client;
use secsmtp::client::jobs::{EventData, PollResult};
use secsmtp::credential::Credential;
use secsmtp::deadline::Deadline;
use secsmtp::error::Error;
use secsmtp::log::Log;
use secsmtp::message::Message;
use secsmtp::status::Status;
use secsmtp::trust::{Policy, TlsMode};
use secsmtp_testservers::{CertKind, Pki, Scripted, Step};

use crate::memory::HOST;

const RUNS: usize = 21;
/// More than the buffers of a connection hold.
const LARGE: usize = 16 * 1024 * 1024;

/// The cancelled call, and the stage.
#[derive(Clone, Copy)]
struct Case<'a> {
    pki: &'a Pki,
    mode: TlsMode,
    content: &'a [u8],
    by_job: bool,
}

type Dialogue = Vec<(&'static str, Vec<Step>)>;

/// From the TCP connection to TLS, in clear.
fn in_clear() -> Dialogue {
    let offer = Step::send("250-m\r\n250 STARTTLS\r\n");
    vec![
        ("greeting, in clear", vec![]),
        ("ehlo, in clear", to("220 m\r\n", "EHLO")),
        ("starttls", vec![offer, Step::expect("STARTTLS")]),
        ("tls behind it", vec![Step::send("220 go\r\n")]),
    ]
}

fn inside(pki: &Pki) -> Dialogue {
    vec![
        ("tls", vec![]),
        ("greeting", vec![Step::StartTls(pki.identity())]),
        ("ehlo", to("220 m\r\n", "EHLO")),
        ("auth", to("250-m\r\n250 AUTH PLAIN\r\n", "AUTH")),
        ("mail", to("235 in\r\n", "MAIL")),
        ("rcpt", to("250 ok\r\n", "RCPT")),
        ("data", to("250 ok\r\n", "DATA")),
        ("answer", vec![Step::send("354 go\r\n"), Step::ReadMessage]),
    ]
}

fn to(reply: &str, command: &str) -> Vec<Step> {
    vec![Step::send(reply), Step::expect(command)]
}

#[test]
#[ignore = "a bench"]
fn a_cancel_at_each_stage() {
    let pki = Pki::new(&[]);
    let small = b"Subject: x\r\n\r\nx\r\n";
    let large = [small.as_slice(), &b"a line of it\r\n".repeat(LARGE / 14)].concat();
    let case = Case {
        pki: &pki,
        mode: TlsMode::Implicit,
        content: small,
        by_job: false,
    };
    println!("{:20} {:>12} {:>12}", "silent at", "median", "longest");
    let clear = Case {
        mode: TlsMode::Starttls,
        ..case
    };
    along(clear, "", in_clear());
    along(case, "", inside(&pki));
    let mut steps: Vec<Step> = inside(&pki).into_iter().flat_map(|part| part.1).collect();
    // The server does not read, and the system's buffer is full.
    steps.pop();
    let content = &large;
    measure(Case { content, ..case }, "content, unread", &steps);
    let by_job = true;
    along(Case { by_job, ..case }, "job: ", inside(&pki));
}

/// Each place of a dialogue, behind all that stands before it.
fn along(case: Case<'_>, before: &str, dialogue: Dialogue) {
    let mut steps = Vec::new();
    for (stage, more) in dialogue {
        steps.extend(more);
        measure(case, &format!("{before}{stage}"), &steps);
    }
}

fn measure(case: Case<'_>, stage: &str, steps: &[Step]) {
    let mut times: Vec<Duration> = (0..RUNS).map(|_| cancel(case, steps)).collect();
    times.sort();
    let (median, longest) = (times[RUNS / 2], times[RUNS - 1]);
    println!("{stage:20} {median:>12?} {longest:>12?}");
}

/// One send to a server that plays these steps and falls silent, and its cancel.
fn cancel(case: Case<'_>, steps: &[Step]) -> Duration {
    let steps: Vec<Step> = steps.iter().cloned().chain([Step::Stall]).collect();
    let server = Scripted::start(steps).expect("a server");
    let mut policy = Policy::new();
    policy.tls_mode = case.mode;
    policy
        .add_pin(&case.pki.spki_pin(CertKind::Leaf))
        .expect("a pin");
    let client = Arc::new(Client::new(HOST, 0, &policy).expect("a client"));
    let port = u32::from(server.addr().port());
    client.set_connect("127.0.0.1", port).expect("an address");
    let login = Credential::password("alice", b"secret").expect("a login");
    client.set_credential(Some(Arc::new(login)));
    let mut message = Message::new();
    message.set_sender("alice@mail.test").expect("an address");
    message.add_recipient("bob@mail.test").expect("an address");
    message.set_content(case.content).expect("content");
    let job = case.by_job.then(|| client.submit(&message).expect("a job"));
    let (done, ended) = mpsc::channel();
    let sender = Arc::clone(&client);
    let sending = thread::spawn(move || {
        let error = match job {
            Some(_) => completion(&sender),
            None => sender
                .send(&message, Log::off())
                .expect_err("there was no reply"),
        };
        let _ = done.send((Instant::now(), error.status()));
    });
    // Long enough to reach the silence; what is measured begins behind it.
    thread::sleep(Duration::from_millis(40));
    let begin = Instant::now();
    match job {
        Some(job) => drop(client.cancel_job(job)),
        None => client.cancel(),
    }
    let (end, status) = ended.recv().expect("an end");
    assert_eq!(status, Status::Cancelled);
    sending.join().expect("no panic");
    end.saturating_duration_since(begin)
}

/// The result of the only job of a client.
fn completion(client: &Client) -> Error {
    loop {
        match client.poll(Deadline::NEVER).expect("an open client") {
            PollResult::Event(event) => {
                if let EventData::Completed(completion) = event.data {
                    return completion.expect_err("there was no reply");
                }
            }
            other => panic!("no end came: {other:?}"),
        }
    }
}

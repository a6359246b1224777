//! How long a cancel from another thread takes to end a send, at each stage at which a server can
//! fall silent: the time from `cancel` to the return of `send`. A bench: it prints and asserts no time.
//!
//!     make cancel-bench

#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use secsmtp::client::Client;
use secsmtp::credential::Credential;
use secsmtp::log::Log;
use secsmtp::message::Message;
use secsmtp::status::Status;
use secsmtp::tls::Policy;
use secsmtp_testservers::{CertKind, Pki, Scripted, Step};

use crate::memory::HOST;

const RUNS: usize = 21;

#[test]
#[ignore = "a bench"]
fn a_cancel_at_each_stage() {
    let pki = Pki::new(&[]);
    let dialogue = [
        ("tls", vec![]),
        ("greeting", vec![Step::StartTls(pki.identity())]),
        ("ehlo", vec![Step::send("220 m\r\n"), Step::expect("EHLO")]),
        (
            "auth",
            vec![
                Step::send("250-m\r\n250 AUTH PLAIN\r\n"),
                Step::expect("AUTH"),
            ],
        ),
        ("mail", vec![Step::send("235 in\r\n"), Step::expect("MAIL")]),
        ("rcpt", vec![Step::send("250 ok\r\n"), Step::expect("RCPT")]),
        ("data", vec![Step::send("250 ok\r\n"), Step::expect("DATA")]),
        ("answer", vec![Step::send("354 go\r\n"), Step::ReadMessage]),
    ];
    println!("{:10} {:>12} {:>12}", "silent at", "median", "longest");
    let mut steps = Vec::new();
    for (stage, more) in dialogue {
        steps.extend(more);
        let mut times: Vec<Duration> = (0..RUNS).map(|_| cancel(&pki, &steps)).collect();
        times.sort();
        println!(
            "{stage:10} {:>12?} {:>12?}",
            times[RUNS / 2],
            times[RUNS - 1]
        );
    }
}

/// One send to a server that plays these steps and falls silent, and its cancel.
fn cancel(pki: &Pki, steps: &[Step]) -> Duration {
    let steps: Vec<Step> = steps.iter().cloned().chain([Step::Stall]).collect();
    let server = Scripted::start(steps).expect("a server");
    let mut policy = Policy::new();
    policy
        .add_pin(&pki.spki_pin(CertKind::Leaf))
        .expect("a pin");
    let client = Arc::new(Client::new(HOST, 0, &policy).expect("a client"));
    let port = u32::from(server.addr().port());
    client.set_connect("127.0.0.1", port).expect("an address");
    let login = Credential::password("alice", b"secret").expect("a login");
    client.set_credential(Some(Arc::new(login)));
    let mut message = Message::new();
    message.set_sender("alice@mail.test").expect("an address");
    message.add_recipient("bob@mail.test").expect("an address");
    message
        .set_content(b"Subject: x\r\n\r\nx\r\n")
        .expect("content");
    let (done, ended) = mpsc::channel();
    let sender = Arc::clone(&client);
    let sending = thread::spawn(move || {
        let error = sender
            .send(&message, Log::off())
            .expect_err("nobody answers");
        let _ = done.send((Instant::now(), error.status()));
    });
    // Long enough to reach the silence; what is measured begins behind it.
    thread::sleep(Duration::from_millis(40));
    let begin = Instant::now();
    client.cancel();
    let (end, status) = ended.recv().expect("an end");
    assert_eq!(status, Status::Cancelled);
    sending.join().expect("no panic");
    end.saturating_duration_since(begin)
}

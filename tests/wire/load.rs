//! 200 clients in one process before a server that misbehaves at random: nothing panics, hangs or
//! grows, and each message has exactly one outcome, which is the one that the server's words make it.
//!
//! Three seconds in the tests; `make soak` sets SECSMTP_SOAK_SECONDS to 60.

#![allow(clippy::print_stdout, reason = "the figures of a run")]

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use secsmtp::client::Client;
use secsmtp::credential::Credential;
use secsmtp::error::{Outcome, Stage};
use secsmtp::log::Log;
use secsmtp::message::Message;
use secsmtp::smtp::wire::reply::parse;

use crate::memory::{Answer, Esmtp, FROM, HOST, PASSWORD, Peer, Point, TO, USER, World};
use crate::random::Random;

const CLIENTS: usize = 200;
/// More messages than any run sends. There is a place for each from the beginning, so that what
/// grows is the library's.
const MESSAGES: usize = 1 << 20;
/// The tolerance of a count with this number of threads.
const GROWTH: u64 = 4 * 1024 * 1024;

/// So much longer than it is meant to the run may take, to come to most outcomes.
const AT_MOST: Duration = Duration::from_secs(60);

/// The server's record of a message.
const WHOLE: u8 = 1;
/// It said 2yz to the content.
const YES: u8 = 2;
/// It said 4yz or 5yz to anything, and not 421.
const NO: u8 = 4;
/// It said 421.
const CLOSING: u8 = 8;
/// It said more or less than one reply to a question, so that others were shifted.
const SHIFTED: u8 = 16;

/// The server's notes and the clients' outcomes, by a message's number.
struct Book {
    notes: Vec<AtomicU8>,
    outcomes: Vec<AtomicU8>,
    sent: AtomicUsize,
    /// Outcomes that there were, a bit for each.
    kinds: AtomicUsize,
    /// Connections that the server has open.
    open: AtomicUsize,
}

impl Book {
    fn new() -> Self {
        // Write to the memory: pages that were not touched are not allocated yet.
        let places = || (0..MESSAGES).map(|_| AtomicU8::new(0)).collect();
        Self {
            notes: places(),
            outcomes: places(),
            sent: AtomicUsize::new(0),
            kinds: AtomicUsize::new(0),
            open: AtomicUsize::new(0),
        }
    }

    /// Returns whether each outcome except `unknown` occurred.
    fn saw_most(&self) -> bool {
        let kinds = self.kinds.load(Ordering::Acquire);
        let most = [Outcome::NotSent, Outcome::Refused, Outcome::Accepted];
        most.iter()
            .all(|outcome| kinds & 1 << *outcome as usize != 0)
    }

    /// Holds each outcome against what was said; how often there was which.
    fn check(&self) -> [usize; 4] {
        let mut counts = [0; 4];
        for number in 0..self.sent.load(Ordering::Acquire) {
            let outcome = usize::from(self.outcomes[number].load(Ordering::Acquire));
            assert_ne!(outcome, 0, "message {number} has no outcome");
            counts[outcome - 1] += 1;
            let notes = self.notes[number].load(Ordering::Acquire);
            let noted = |bits: u8| notes & bits != 0;
            let right = if outcome == Outcome::Accepted as usize {
                noted(WHOLE) && noted(YES | SHIFTED)
            } else if outcome == Outcome::Refused as usize {
                noted(NO)
            } else if outcome == Outcome::NotSent as usize {
                !noted(WHOLE) || noted(CLOSING)
            } else {
                // A peer may be gone before it has read all that was written.
                true
            };
            assert!(
                right,
                "message {number}: outcome {outcome}, notes {notes:#b}"
            );
        }
        counts
    }
}

/// The record of a reply.
fn noted(point: Point, said: &[u8]) -> u8 {
    let Ok(Some((reply, taken))) = parse(said) else {
        return SHIFTED;
    };
    let shifted = if taken == said.len() { 0 } else { SHIFTED };
    shifted
        | match (point, reply.code) {
            (_, 421) => CLOSING,
            (_, 400..) => NO,
            (Point::Content, ..300) => YES,
            _ => 0,
        }
}

/// One connection, in order but for what chance brings.
fn serve(mut tcp: TcpStream, world: &World, seed: u64, book: &Book) {
    let mut random = Random(seed | 1);
    let cut_at = match random.below(6) {
        0 => random.below(6000) as u64,
        _ => u64::MAX,
    };
    let mut drawn = Random(seed.rotate_left(32) | 1);
    let choose = move |point: Point| match drawn.below(60) {
        // The client is identified by its EHLO only.
        0 | 1 if point == Point::Greeting => Answer::Good,
        0 => Answer::Reply(b"450 4.2.0 later\r\n".to_vec()),
        1 => Answer::Reply(b"550 5.7.1 never\r\n".to_vec()),
        2 => Answer::Last(b"421 4.3.2 closing\r\n".to_vec()),
        3 => Answer::Last(b"250-half of".to_vec()),
        4 => Answer::Reply(b"garbage\n".to_vec()),
        5 => Answer::Double,
        6 => Answer::Reply(Vec::new()),
        7 => Answer::Reply(b"250-more\r\n".repeat(500)),
        8 => Answer::Reply(b"354 what\r\n".to_vec()),
        _ => Answer::Good,
    };
    let offers: &[&str] = match random.below(3) {
        0 => &["AUTH PLAIN"],
        1 => &["AUTH PLAIN", "PIPELINING"],
        _ => &["AUTH PLAIN", "PIPELINING", "CHUNKING"],
    };
    let server = Esmtp::new(true, offers, choose);
    let mut peer = Peer::new(Arc::clone(&world.server), true, Box::new(server));
    let _ = tcp.set_read_timeout(Some(Duration::from_secs(3)));
    let (mut total, mut said, mut buffer) = (0, 0, [0; 4096]);
    let mut number = None;
    while let Ok(n @ 1..) = tcp.read(&mut buffer) {
        total += n as u64;
        peer.receive(&buffer[..n], total);
        let out: Vec<u8> = peer.outgoing().drain(..).collect();
        said += out.len() as u64;
        number = number.or_else(|| number_of(&peer.inside));
        // Noted before it is said: the client may be done before this thread goes on.
        if let Some(number) = number {
            let replies = peer.replies.iter();
            let replies = replies.fold(0, |all, reply| all | noted(reply.point, &reply.said));
            let whole = if peer.taken_at.is_empty() { 0 } else { WHOLE };
            book.notes[number].fetch_or(replies | whole, Ordering::AcqRel);
        }
        if total + said > cut_at || tcp.write_all(&out).is_err() || peer.has_closed() {
            break;
        }
    }
}

/// The message's number, once the client has introduced itself by it.
fn number_of(inside: &[u8]) -> Option<usize> {
    let text = String::from_utf8_lossy(inside);
    let (_, behind) = text.split_once("EHLO number")?;
    behind.split_once(".test\r")?.0.parse().ok()
}

fn listen(world: &Arc<World>, book: &Arc<Book>, over: &Arc<AtomicBool>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address");
    let (world, book, over) = (Arc::clone(world), Arc::clone(book), Arc::clone(over));
    thread::spawn(move || {
        for (seed, tcp) in (1_u64..).zip(listener.incoming()) {
            if over.load(Ordering::Acquire) {
                return;
            }
            let (world, book) = (Arc::clone(&world), Arc::clone(&book));
            let seed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            if let Ok(tcp) = tcp {
                book.open.fetch_add(1, Ordering::AcqRel);
                thread::spawn(move || {
                    serve(tcp, &world, seed, &book);
                    book.open.fetch_sub(1, Ordering::AcqRel);
                });
            }
        }
    });
    address
}

/// Sends until the time is over, and on a busy machine for a while longer.
fn send_many(client: &Client, until: Instant, book: &Book) {
    while Instant::now() < until || !book.saw_most() && Instant::now() < until + AT_MOST {
        let number = book.sent.fetch_add(1, Ordering::AcqRel);
        let name = format!("number{number}.test");
        client.set_ehlo_name(&name).expect("a name");
        let mut message = Message::new();
        message.set_sender(FROM).expect("an address");
        message.add_recipient(TO).expect("an address");
        let content = format!("Subject: number {number}\r\n\r\nA line of the body\r\n");
        message.set_content(content.as_bytes()).expect("content");
        let outcome = match client.send(&message, Log::off()) {
            Ok(record) => record.outcome,
            Err(error) => {
                assert_ne!(error.record.outcome, Outcome::Accepted);
                error.record.outcome
            }
        };
        let before = book.outcomes[number].swap(outcome as u8, Ordering::AcqRel);
        assert_eq!(before, 0, "message {number} was sent twice");
        book.kinds.fetch_or(1 << outcome as usize, Ordering::AcqRel);
    }
}

/// In a process of its own: what other tests hold is not counted as growth.
#[test]
fn h17_i09_two_hundred_clients_and_a_server_that_misbehaves() {
    const ALONE: &str = "SECSMTP_SOAK_ALONE";
    if std::env::var_os(ALONE).is_some() {
        return load();
    }
    let name = "load::h17_i09_two_hundred_clients_and_a_server_that_misbehaves";
    let this = std::env::current_exe().expect("this program");
    let ended = Command::new(this)
        .args(["--exact", name, "--nocapture"])
        .env(ALONE, "1")
        .output()
        .expect("it can be run");
    let reported = String::from_utf8_lossy(&ended.stdout);
    let errors = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{reported}{errors}");
    let figures = reported.lines().find(|line| line.starts_with("sent="));
    println!("{}", figures.expect("the test was run"));
}

fn load() {
    let seconds = std::env::var("SECSMTP_SOAK_SECONDS").ok();
    let seconds = seconds.and_then(|text| text.parse().ok()).unwrap_or(3);
    let world = Arc::new(World::new());
    let (book, over) = (Arc::new(Book::new()), Arc::<AtomicBool>::default());
    let address = listen(&world, &book, &over);
    // A little longer than they are looked at.
    let looked = Instant::now() + Duration::from_secs(seconds);
    let until = looked + Duration::from_millis(500);
    let clients: Vec<Client> = (0..CLIENTS).map(|_| client(&world, address)).collect();
    let grown = thread::scope(|scope| {
        for client in &clients {
            scope.spawn(|| send_many(client, until, &book));
        }
        // Both with all at work: a thread that has ended would hide what it left.
        thread::sleep(Duration::from_secs(seconds) / 2);
        let warm = resident();
        thread::sleep(looked.saturating_duration_since(Instant::now()));
        resident().saturating_sub(warm)
    });
    drop(clients);
    over.store(true, Ordering::Release);
    let _ = TcpStream::connect(address);
    // Bytes that the server has not read yet may still belong to a message.
    let patience = Instant::now() + Duration::from_secs(60);
    while book.open.load(Ordering::Acquire) > 0 {
        assert!(Instant::now() < patience, "a connection does not end");
        thread::sleep(Duration::from_millis(10));
    }
    let outcomes = book.check();
    // Some of most kinds.
    let [not_sent, refused, accepted, _] = outcomes;
    assert!(not_sent > 0 && refused > 0 && accepted > 0, "{outcomes:?}");
    let sent = book.sent.load(Ordering::Acquire);
    assert!(grown < GROWTH, "grew by {grown} bytes with {sent} messages");
    println!("\nsent={sent} outcomes={outcomes:?} grown={grown}");
}

fn client(world: &World, address: SocketAddr) -> Client {
    let client = Client::new(HOST, 0, &world.policy).expect("a client");
    let (ip, port) = (address.ip().to_string(), u32::from(address.port()));
    client.set_connect(&ip, port).expect("a peer");
    for stage in [
        Stage::Greeting,
        Stage::Ehlo,
        Stage::Auth,
        Stage::Mail,
        Stage::Rcpt,
        Stage::Reply,
    ] {
        client.set_timeout(stage, Duration::from_millis(1500));
    }
    client.set_timeout(Stage::Local, Duration::from_secs(20));
    let login = Credential::password(USER, PASSWORD.as_bytes()).expect("a login");
    client.set_credential(Some(Arc::new(login)));
    client
}

/// Bytes of memory that this process has, where that can be read: the least of some moments.
fn resident() -> u64 {
    let look = |_| {
        thread::sleep(Duration::from_millis(20));
        let text = fs::read_to_string("/proc/self/statm").unwrap_or_default();
        let pages = text.split(' ').nth(1).and_then(|n| n.parse::<u64>().ok());
        pages.unwrap_or(0) * 4096
    };
    (0..10).map(look).min().unwrap_or(0)
}

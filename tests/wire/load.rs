//! 200 clients in one process before a server that misbehaves at random: nothing panics, hangs or
//! grows, and each message has exactly one outcome, which the server's own notes agree with.
//!
//! Three seconds in the tests; `make soak` sets SECSMTP_SOAK_SECONDS to 60.

#![allow(clippy::print_stdout, reason = "the figures of a run")]

use std::collections::HashSet;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use secsmtp::client::Client;
use secsmtp::credential::Credential;
use secsmtp::error::{Outcome, Stage};
use secsmtp::log::Log;
use secsmtp::message::Message;

use crate::memory::{Answer, Esmtp, FROM, HOST, PASSWORD, Peer, Point, TO, USER, World};
use crate::random::Random;

const CLIENTS: usize = 200;

/// What the server noted of each message, by its number.
#[derive(Default)]
struct Notes {
    taken: HashSet<u64>,
    answered: HashSet<u64>,
}

/// One connection, in order but for what chance brings.
fn serve(mut tcp: TcpStream, world: &World, seed: u64, notes: &Mutex<Notes>) {
    let mut random = Random(seed | 1);
    let cut_at = match random.below(6) {
        0 => random.below(6000) as u64,
        _ => u64::MAX,
    };
    let mut drawn = Random(seed.rotate_left(32) | 1);
    let choose = move |_: Point| match drawn.below(60) {
        0 => Answer::Reply(b"450 4.2.0 later\r\n".to_vec()),
        1 => Answer::Reply(b"550 5.7.1 never\r\n".to_vec()),
        2 => Answer::Last(b"421 4.3.2 closing\r\n".to_vec()),
        3 => Answer::Last(b"250-half of".to_vec()),
        4 => Answer::Reply(b"garbage\n".to_vec()),
        5 => Answer::Double,
        6 => Answer::Reply(Vec::new()),
        7 => Answer::Reply(b"250-more\r\n".repeat(500)),
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
            let mut notes = notes.lock().expect("no panic");
            if !peer.taken_at.is_empty() {
                notes.taken.insert(number);
            }
            if !peer.answered_at.is_empty() {
                notes.answered.insert(number);
            }
        }
        if total + said > cut_at || tcp.write_all(&out).is_err() || peer.has_closed() {
            break;
        }
    }
}

/// The message's number, once its subject is heard.
fn number_of(inside: &[u8]) -> Option<u64> {
    let text = String::from_utf8_lossy(inside);
    let (_, behind) = text.split_once("Subject: number ")?;
    behind.split_once('\r')?.0.parse().ok()
}

fn listen(world: &Arc<World>, notes: &Arc<Mutex<Notes>>, over: &Arc<AtomicBool>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address");
    let (world, notes, over) = (Arc::clone(world), Arc::clone(notes), Arc::clone(over));
    thread::spawn(move || {
        for (seed, tcp) in (1_u64..).zip(listener.incoming()) {
            if over.load(Ordering::Acquire) {
                return;
            }
            let (world, notes) = (Arc::clone(&world), Arc::clone(&notes));
            let seed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            if let Ok(tcp) = tcp {
                thread::spawn(move || serve(tcp, &world, seed, &notes));
            }
        }
    });
    address
}

/// Sends until the time is over; how many messages came to each outcome.
fn send_many(
    client: &Client,
    numbers: &AtomicU64,
    until: Instant,
    notes: &Mutex<Notes>,
) -> [u64; 4] {
    let mut outcomes = [0; 4];
    while Instant::now() < until {
        let number = numbers.fetch_add(1, Ordering::Relaxed);
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
        outcomes[outcome as usize - 1] += 1;
        if outcome == Outcome::Accepted {
            let notes = notes.lock().expect("no panic");
            let known = notes.taken.contains(&number) && notes.answered.contains(&number);
            assert!(known, "{number} was accepted by nobody");
        }
    }
    outcomes
}

#[test]
fn h17_i09_two_hundred_clients_and_a_server_that_misbehaves() {
    let seconds = std::env::var("SECSMTP_SOAK_SECONDS").ok();
    let seconds = seconds.and_then(|text| text.parse().ok()).unwrap_or(3);
    let world = Arc::new(World::new());
    let (notes, over) = (Arc::<Mutex<Notes>>::default(), Arc::<AtomicBool>::default());
    let address = listen(&world, &notes, &over);
    let numbers = AtomicU64::new(0);
    let until = Instant::now() + Duration::from_secs(seconds);
    let clients: Vec<Client> = (0..CLIENTS).map(|_| client(&world, address)).collect();
    let (middle, outcomes) = thread::scope(|scope| {
        let notes = &*notes;
        let send = |client| {
            scope.spawn({
                let numbers = &numbers;
                move || send_many(client, numbers, until, notes)
            })
        };
        let sending: Vec<_> = clients.iter().map(send).collect();
        thread::sleep(Duration::from_secs(seconds) / 2);
        let middle = resident();
        let add = |sum: [u64; 4], one: [u64; 4]| std::array::from_fn(|i| sum[i] + one[i]);
        let ended = sending.into_iter().map(|one| one.join().expect("no panic"));
        (middle, ended.fold([0; 4], add))
    });
    let grown = resident().saturating_sub(middle);
    drop(clients);
    over.store(true, Ordering::Release);
    let _ = TcpStream::connect(address);
    // Each send came to one outcome, and there were some of most kinds.
    let sent = numbers.load(Ordering::Relaxed);
    assert_eq!(outcomes.iter().sum::<u64>(), sent);
    let [not_sent, refused, accepted, _] = outcomes;
    assert!(not_sent > 0 && refused > 0 && accepted > 0, "{outcomes:?}");
    // The server's own notes grow with the messages; a leak of connections would be far more.
    let room = 64 * 1024 * 1024 + sent * 256;
    assert!(grown < room, "grew by {grown} octets with {sent} messages");
    println!("sent={sent} outcomes={outcomes:?} grown={grown}");
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
        Stage::Answer,
    ] {
        client.set_timeout(stage, Duration::from_millis(1500));
    }
    client.set_timeout(Stage::Local, Duration::from_secs(20));
    let login = Credential::password(USER, PASSWORD.as_bytes()).expect("a login");
    client.set_credential(Some(Arc::new(login)));
    client
}

/// Octets of memory that this process has, where that can be read.
fn resident() -> u64 {
    let text = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text.split(' ').nth(1).and_then(|n| n.parse::<u64>().ok());
    pages.unwrap_or(0) * 4096
}

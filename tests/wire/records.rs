//! Records that are right and say nothing: session tickets, empty ones, requests to renegotiate.
//! However many come and however slowly, a cap or a deadline ends it.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustls::{ContentType, ServerConfig};
use secsmtp::client::Client;
use secsmtp::client::jobs::JobWait;
use secsmtp::credential::Credential;
use secsmtp::deadline::Deadline;
use secsmtp::error::{Error, Outcome, Stage};
use secsmtp::log::Log;
use secsmtp::status::Status;
use secsmtp::trust::TlsMode;

use crate::leak_check;
use crate::memory::{
    Act, Answer, Dialogue, Esmtp, HOST, Memory, PASSWORD, Peer, Point, USER, World,
};
use crate::stream_sequences::outcome;

/// A NewSessionTicket (RFC 8446 section 4.6.1) with a ticket of so many bytes.
fn ticket(size: u16) -> Act {
    let mut body = vec![0, 0, 0x1c, 0x20, 1, 2, 3, 4, 1, 0];
    body.extend(size.to_be_bytes());
    body.resize(body.len() + usize::from(size), 0xaa);
    body.extend([0, 0]);
    let length = u32::try_from(body.len()).expect("short").to_be_bytes();
    Act::FloodSealed(ContentType::Handshake, [&[4], &length[1..], &body].concat())
}

/// A correct server up to a command, from which on it only replies with `flood`.
struct Until {
    server: Esmtp,
    command: &'static str,
    flood: Act,
}

impl Until {
    fn new(command: &'static str, flood: Act) -> Box<Self> {
        let offers = &["AUTH PLAIN", "PIPELINING"];
        let server = Esmtp::new(true, offers, |_| Answer::Good);
        Box::new(Self {
            server,
            command,
            flood,
        })
    }
}

impl Dialogue for Until {
    fn begin(&mut self) -> Vec<Act> {
        match self.command {
            "" => vec![self.flood.clone()],
            _ => self.server.begin(),
        }
    }

    fn hear(&mut self, bytes: &[u8]) -> Vec<Act> {
        if self.command.is_empty() {
            return Vec::new();
        }
        if bytes.starts_with(self.command.as_bytes()) {
            self.command = "";
            return vec![self.flood.clone()];
        }
        self.server.hear(bytes)
    }
}

/// The points at which a server may become silent: before its greeting, instead of each reply, and instead
/// of the answer to the content.
const PLACES: [&str; 5] = ["", "EHLO", "AUTH", "MAIL", "Subject"];

#[test]
fn d12_tickets_alone_are_cut_off_wherever_they_come() {
    let world = World::new();
    for place in PLACES {
        for size in [16, 16_000] {
            let ended = world.send(TlsMode::Implicit, Until::new(place, ticket(size)), None);
            let error = ended.result.expect_err("tickets are no answer");
            assert_eq!(error.status(), Status::Unsolicited, "{place} {error}");
            let outcome = match place {
                "Subject" => Outcome::Unknown,
                _ => Outcome::NotSent,
            };
            assert_eq!(error.record.outcome, outcome, "{place}");
            let state = ended.memory.state();
            let flooded = state.peer.flooded;
            assert!((200_000..300_000).contains(&flooded), "{place} {flooded}");
            leak_check::assert_nothing_in_clear(&state.peer);
        }
    }
    // A probe is no more patient.
    for place in ["", "EHLO"] {
        let peer = Peer::new(
            Arc::clone(&world.server),
            true,
            Until::new(place, ticket(16)),
        );
        let error = world.probe(Memory::new(peer, None)).expect_err("no server");
        assert_eq!(error.status(), Status::Unsolicited, "{place} {error}");
    }
}

#[test]
fn d12_a_tls_library_may_give_some_tickets_and_not_thousands() {
    let mut world = World::new();
    for (tickets, fits) in [(0, true), (500, true), (5000, false)] {
        let mut config = ServerConfig::clone(&world.server);
        config.send_tls13_tickets = tickets;
        world.server = Arc::new(config);
        let server = Esmtp::new(true, &["AUTH PLAIN"], |_| Answer::Good);
        let ended = world.send(TlsMode::Implicit, Box::new(server), None);
        let right = match &ended.result {
            Ok(()) => fits,
            // In one flight they meet the TLS layer's limit or ours, whichever is first.
            Err(error) => {
                let cut = [Status::ConnectionLost, Status::Unsolicited];
                !fits && cut.contains(&error.status()) && error.record.stage == Stage::Greeting
            }
        };
        assert!(right, "{tickets}\n{}", ended.log);
    }
}

#[test]
fn d12_empty_records_end_it() {
    let world = World::new();
    let empty = Act::FloodSealed(ContentType::ApplicationData, Vec::new());
    for place in PLACES {
        let ended = world.send(TlsMode::Implicit, Until::new(place, empty.clone()), None);
        let error = ended.result.expect_err("nothing was said");
        assert_eq!(error.status(), Status::ConnectionLost, "{place} {error}");
        assert!(ended.memory.state().peer.flooded < 10_000, "{place}");
    }
}

/// HelloRequest (RFC 5246 section 7.4.1.1).
const HELLO_REQUEST: [u8; 4] = [0, 0, 0, 0];

/// A reference server that asks for so many renegotiations before it answers EHLO.
struct Renegotiating {
    server: Esmtp,
    times: usize,
}

impl Dialogue for Renegotiating {
    fn begin(&mut self) -> Vec<Act> {
        self.server.begin()
    }

    fn hear(&mut self, bytes: &[u8]) -> Vec<Act> {
        let ask = Act::Seal(ContentType::Handshake, HELLO_REQUEST.to_vec());
        let mut acts = vec![ask; std::mem::take(&mut self.times)];
        acts.extend(self.server.hear(bytes));
        acts
    }
}

#[test]
fn d04_one_request_to_renegotiate_is_declined_and_a_second_ends_it() {
    let world = World::over(&rustls::version::TLS12);
    for (times, expected) in [(0, Ok(&())), (1, Ok(&())), (2, Err(Status::ConnectionLost))] {
        let server = Esmtp::new(true, &["AUTH PLAIN"], |_| Answer::Good);
        let server = Box::new(Renegotiating { server, times });
        let ended = world.send(TlsMode::Implicit, server, None);
        let status = ended.result.as_ref().map_err(Error::status);
        assert_eq!(status, expected, "{times}\n{}", ended.log);
        // No hello but the first was ever said: of handshake records there are three.
        let raw = &ended.memory.state().peer.raw;
        assert_eq!(handshake_records(raw), 3, "{times}");
    }
}

/// The number of handshake records among these.
fn handshake_records(mut raw: &[u8]) -> usize {
    let mut count = 0;
    while let [kind, _, _, high, low, rest @ ..] = raw {
        count += usize::from(*kind == 22);
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        raw = rest.get(length..).expect("whole records");
    }
    count
}

/// A server that sends 421 in the middle of a stream, and corrupt bytes after it.
struct Spoilt(Esmtp);

impl Dialogue for Spoilt {
    fn begin(&mut self) -> Vec<Act> {
        self.0.begin()
    }

    fn hear(&mut self, bytes: &[u8]) -> Vec<Act> {
        let mut acts = self.0.hear(bytes);
        let closing = |act: &Act| matches!(act, Act::Reply(_, said) if said.starts_with(b"421"));
        if let Some(at) = acts.iter().position(closing) {
            acts.truncate(at + 1);
            let record = [&[23, 3, 3, 0, 40], [0xaa; 40].as_slice()].concat();
            acts.extend([Act::Raw(record), Act::Close]);
        }
        acts
    }
}

#[test]
fn h15_d05_behind_421_a_record_that_cant_be_read_is_no_silence() {
    let world = World::new();
    let offers = &["AUTH PLAIN", "PIPELINING", "CHUNKING"];
    let mut mails = 0;
    let choose = move |point| {
        mails += usize::from(point == Point::Mail);
        match (mails, point) {
            (2, Point::Mail) => Answer::Reply(b"421 4.3.2 closing\r\n".to_vec()),
            _ => Answer::Good,
        }
    };
    let server = Spoilt(Esmtp::new(true, offers, choose));
    let (results, _) = world.stream(3, Box::new(server), None);
    let reported: Vec<_> = results.iter().map(outcome).collect();
    // The unreadable reply to the third may have been an acceptance.
    let expected = [Outcome::Accepted, Outcome::NotSent, Outcome::Unknown];
    assert_eq!(reported, expected);
}

/// The repetitions of a server that drips, and their maximum time.
const DRIP: Duration = Duration::from_millis(10);
const DRIPS: u32 = 1500;

/// A server on a port of its own whose flood drips, one record at a time.
fn dripping(world: &World, dialogue: Box<dyn Dialogue>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address");
    let mut peer = Peer::new(Arc::clone(&world.server), true, dialogue);
    thread::spawn(move || {
        let (mut tcp, _) = listener.accept().expect("a client");
        tcp.set_read_timeout(Some(DRIP)).expect("a timeout");
        let (mut total, mut buffer) = (0, [0; 4096]);
        for _ in 0..DRIPS {
            match tcp.read(&mut buffer) {
                Ok(0) => return,
                Ok(n) => {
                    total += n as u64;
                    peer.receive(&buffer[..n], total);
                }
                Err(_) => peer.refill(),
            }
            let out: Vec<u8> = peer.outgoing().drain(..).collect();
            if tcp.write_all(&out).is_err() {
                return;
            }
        }
    });
    address
}

/// A client with a short timeout for one stage.
fn impatient(world: &World, address: SocketAddr, stage: Stage) -> Client {
    let client = Client::new(HOST, 0, &world.policy).expect("a client");
    let (ip, port) = (address.ip().to_string(), u32::from(address.port()));
    client.set_connect(&ip, port).expect("a peer");
    client.set_timeout(stage, Duration::from_millis(400));
    let login = Credential::password(USER, PASSWORD.as_bytes()).expect("a login");
    client.set_credential(Some(Arc::new(login)));
    client
}

#[test]
fn d12_d13_tickets_that_drip_stretch_no_deadline() {
    let world = World::new();
    let stages = [
        Stage::Greeting,
        Stage::Ehlo,
        Stage::Auth,
        Stage::Mail,
        Stage::Reply,
    ];
    for (place, stage) in PLACES.into_iter().zip(stages) {
        let address = dripping(&world, Until::new(place, ticket(16)));
        let sent = impatient(&world, address, stage).send(&world.message, Log::off());
        let error = sent.expect_err("tickets are no answer");
        // The deadline's, not the end of the drip's.
        let reported = (error.status(), error.record.stage);
        assert_eq!(reported, (Status::Timeout, stage), "{error}");
    }
    // A job is given up as well, although each drip wakes its worker to look for another one.
    let address = dripping(&world, Until::new("Subject", ticket(16)));
    let client = impatient(&world, address, Stage::Reply);
    let job = client.submit(&world.message).expect("room");
    let Ok(JobWait::Done(completion)) = client.wait(job, Deadline::NEVER) else {
        panic!("the job is lost");
    };
    let error = completion.expect_err("tickets are no answer");
    let reported = (error.status(), error.record.stage, error.record.outcome);
    let expected = (Status::Timeout, Stage::Reply, Outcome::Unknown);
    assert_eq!(reported, expected, "{error}");
    for (place, stage) in [("", Stage::Greeting), ("EHLO", Stage::Ehlo)] {
        let address = dripping(&world, Until::new(place, ticket(16)));
        let looked = impatient(&world, address, stage).probe(Log::off());
        let error = looked.expect_err("tickets are no answer");
        assert_eq!(error.status(), Status::Timeout, "{place} {error}");
    }
}

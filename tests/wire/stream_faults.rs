//! Every byte of a stream of several messages is a place to fail, some of them refused: each
//! message's outcome follows from whether the server has it completely and from which of its replies came
//! back, and by nothing else.

use std::sync::Arc;
use std::time::Duration;

use secsmtp::error::Outcome;

use crate::leak_check;
use crate::memory::{
    Answer, Direction, Esmtp, Fault, Kind, Memory, Peer, Point, Shape, World, expected,
};
use crate::stream_sequences::outcome;

/// Accepted, refused by its sender, its recipient and its content, and accepted.
const MESSAGES: usize = 5;
const REFUSED: [Option<Point>; MESSAGES] = [
    None,
    Some(Point::Mail),
    Some(Point::Rcpt),
    Some(Point::Content),
    None,
];

/// The extensions that the server offers, which decide the form of the messages.
const FORMS: [&[&str]; 4] = [
    &["AUTH PLAIN", "PIPELINING", "CHUNKING"],
    &["AUTH PLAIN", "PIPELINING"],
    &["AUTH PLAIN"],
    &["AUTH PLAIN", "CHUNKING"],
];

/// A server that refuses what is to be refused, and what follows from it.
fn server(offers: &[&'static str]) -> Box<Esmtp> {
    let (mut mails, mut refused) = (0, false);
    let choose = move |point| {
        if point == Point::Mail {
            (mails, refused) = (mails + 1, false);
        }
        let own = mails > 0 && REFUSED[mails - 1] == Some(point);
        let behind = matches!(point, Point::Rcpt | Point::Data | Point::Content);
        refused |= own;
        match refused && (own || behind) {
            true => Answer::Reply(b"550 5.7.1 no\r\n".to_vec()),
            false => Answer::Good,
        }
    };
    Box::new(Esmtp::new(true, offers, choose))
}

/// One that says to the second message that it is closing, and takes all of them nevertheless.
fn careless(offers: &[&'static str]) -> Box<Esmtp> {
    let mut mails = 0;
    let choose = move |point| {
        mails += usize::from(point == Point::Mail);
        match (point, mails) {
            (Point::Mail, 2) => Answer::Reply(b"421 4.3.2 closing\r\n".to_vec()),
            _ => Answer::Good,
        }
    };
    Box::new(Esmtp::new(true, offers, choose))
}

fn sweep(offers: &[&'static str], kind: Kind, reply_age: Duration) {
    let mut world = World::new();
    world.reply_age = reply_age;
    let (results, _) = world.stream(MESSAGES, server(offers), None);
    let refused = |at: usize| REFUSED[at].is_some();
    assert!((0..MESSAGES).all(|at| results[at].is_err() == refused(at)));
    let every = Steps(1, 1);
    let outcomes = fail_at(&world, kind, ONE, every, || server(offers));
    let [not_sent, refused, accepted, unknown] = outcomes;
    assert!(accepted > 0 && refused > 0, "{offers:?} {kind:?}");
    let broken = not_sent > 0 && unknown > 0;
    assert_eq!(broken, !kind.is_harmless(), "{offers:?} {kind:?}");
}

const ONE: Shape = Shape {
    recipients: 1,
    partial: false,
};

/// The bytes from one place of a fault to the next: to the server, to the client.
#[derive(Clone, Copy)]
struct Steps(usize, usize);

/// The number of each outcome.
fn fail_at(
    world: &World,
    kind: Kind,
    shape: Shape,
    steps: Steps,
    server: impl Fn() -> Box<Esmtp>,
) -> [usize; 4] {
    let mut seen = [0; 4];
    let (_, memory) = world.stream(MESSAGES, server(), None);
    for direction in [Direction::ToClient, Direction::ToServer] {
        // The handshake's bytes have their turn in the runs of one message.
        let (bytes, handshake) = memory.state().passed(direction);
        let step = match direction {
            Direction::ToServer => steps.0,
            Direction::ToClient => steps.1,
        };
        for at in (handshake..=bytes).step_by(step) {
            let fault = Fault {
                direction,
                at,
                kind,
            };
            let (results, memory) = world.stream(MESSAGES, server(), Some(fault));
            let state = memory.state();
            leak_check::assert_nothing_in_clear(&state.peer);
            let reported: Vec<Outcome> = results.iter().map(outcome).collect();
            let expected = expected(&state, reported.len(), shape).expect("one reply each");
            for (reported, expected) in reported.iter().zip(&expected) {
                // A cancel that comes with an answer's last byte may win the race or lose it.
                let tie = kind == Kind::Cancel && *reported == Outcome::Unknown;
                let tie = tie && matches!(expected, Outcome::Accepted | Outcome::Refused);
                assert!(reported == expected || tie, "{fault:?}: {results:?}");
                seen[*reported as usize - 1] += 1;
            }
            assert!(
                !kind.is_harmless() || reported.len() == MESSAGES,
                "{fault:?}"
            );
        }
    }
    seen
}

fn sweep_all(kind: Kind) {
    for offers in FORMS {
        sweep(offers, kind, Duration::MAX);
    }
    // The case in which each first message waits for the reply to MAIL.
    sweep(FORMS[0], kind, Duration::ZERO);
}

#[test]
fn h16_h17_a_cut_at_every_byte_of_a_stream() {
    sweep_all(Kind::Cut);
}

/// Its 421 does not show that it has not accepted the data after it, even if the connection is cut then.
#[test]
fn h15_h17_a_cut_after_a_421_leaves_written_messages_in_doubt() {
    let world = World::new();
    for offers in &FORMS[..2] {
        for kind in [Kind::Cut, Kind::Error, Kind::Stall, Kind::Cancel] {
            let every = Steps(1, 1);
            let outcomes = fail_at(&world, kind, ONE, every, || careless(offers));
            let [_, _, accepted, unknown] = outcomes;
            assert!(accepted > 0 && unknown > 0, "{offers:?} {kind:?}");
        }
    }
}

#[test]
fn h16_h17_a_stall_at_every_byte_of_a_stream() {
    sweep_all(Kind::Stall);
}

#[test]
fn h17_an_error_of_the_system_at_every_byte_of_a_stream() {
    sweep_all(Kind::Error);
}

#[test]
fn h16_h17_a_cancel_at_every_byte_of_a_stream() {
    sweep_all(Kind::Cancel);
}

#[test]
fn h08_a_short_read_or_write_at_every_byte_of_a_stream_changes_nothing() {
    sweep_all(Kind::Short);
}

#[test]
fn h08_a_pause_at_every_byte_of_a_stream_changes_nothing() {
    sweep_all(Kind::Pause);
}

#[test]
fn i09_a_signal_at_every_byte_of_a_stream_changes_nothing() {
    sweep_all(Kind::Interrupt);
}

#[test]
fn progress_is_the_content_that_the_system_has_taken() {
    let mut world = World::new();
    let content = "Subject: x\r\n\r\n".to_owned() + &"A line of the body\r\n".repeat(50_000);
    let content = content.as_bytes();
    world.message.set_content(content).expect("content");
    for offers in FORMS {
        for (at, pieces) in [(100_000, 0), (400_000, 1), (700_000, 2)] {
            let server = Box::new(Esmtp::new(true, offers, |_| Answer::Good));
            let peer = Peer::new(Arc::clone(&world.server), true, server);
            let cut = Fault {
                direction: Direction::ToServer,
                at,
                kind: Kind::Cut,
            };
            let progress = world.progress(Memory::new(peer, Some(cut)));
            assert_eq!(progress.len(), pieces, "{at} {progress:?}");
            assert!(progress.iter().all(|bytes| *bytes <= at), "{progress:?}");
        }
    }
}

/// Content of many records and chunks, to two recipients of which one is rejected: faults at some bytes.
#[test]
fn g15_h16_h17_a_fault_here_and_there_in_much_content_to_several() {
    for partial in [false, true] {
        let mut world = World::new();
        let second = world.message.add_recipient("second.recipient@mail.test");
        second.expect("an address");
        world.message.partial = partial;
        let content = "Subject: x\r\n\r\n".to_owned() + &".A line of the body\r\n".repeat(14_000);
        let content = content.as_bytes();
        world.message.set_content(content).expect("content");
        let shape = Shape {
            recipients: 2,
            partial,
        };
        for offers in FORMS {
            let server = || {
                let mut recipients = 0;
                let choose = move |point| {
                    recipients += usize::from(point == Point::Rcpt);
                    match partial && point == Point::Rcpt && recipients % 2 == 0 {
                        true => Answer::Reply(b"550 5.1.1 no\r\n".to_vec()),
                        false => Answer::Good,
                    }
                };
                Box::new(Esmtp::new(true, offers, choose))
            };
            for kind in [Kind::Cut, Kind::Pause] {
                let here_and_there = Steps(200_003, 127);
                fail_at(&world, kind, shape, here_and_there, server);
            }
        }
    }
}

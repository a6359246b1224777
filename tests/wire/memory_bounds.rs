//! Peers that never stop: what they can make a send hold in memory is counted by the allocator, on
//! the thread that sends, and is bounded.
#![allow(clippy::print_stdout, reason = "the figures of a run")]

use secsmtp::error::Outcome;
use secsmtp::status::Status;
use secsmtp::trust::TlsMode;

use crate::allocator::{LIVE, PEAK};
use crate::memory::{Act, Dialogue, Direction, Fault, Kind, World};

/// The most that a flood may make a send hold: the unread input of 128 KiB, a reply of 64 KiB and
/// the TLS layer's own buffers, each of them while it grows.
const BOUND: i64 = 1024 * 1024;

/// Floods while large content is in flight: half a mebibyte of records waits for the system, in a
/// buffer that has grown, and a block of the content for its turn.
const WRITING: i64 = 3 * 1024 * 1024;

/// Answers in order up to a command, and then never stops.
struct Endless {
    before: &'static str,
    flood: Act,
    answers: Vec<&'static str>,
}

impl Dialogue for Endless {
    fn begin(&mut self) -> Vec<Act> {
        if self.before.is_empty() {
            return vec![self.flood.clone()];
        }
        vec![Act::Say(b"220 mail.test\r\n".to_vec())]
    }

    fn hear(&mut self, bytes: &[u8]) -> Vec<Act> {
        if bytes.starts_with(self.before.as_bytes()) {
            return vec![self.flood.clone()];
        }
        let answer = if self.answers.is_empty() {
            ""
        } else {
            self.answers.remove(0)
        };
        vec![Act::Say(answer.as_bytes().to_vec())]
    }
}

/// The status that a flood ends with, and the most that was held meanwhile.
fn flooded(mode: TlsMode, before: &'static str, flood: Act) -> (Status, i64) {
    let answers = vec![
        "250-mail.test\r\n250 AUTH PLAIN\r\n",
        "235 in\r\n",
        "250 ok\r\n",
        "250 ok\r\n",
        "354 go\r\n",
    ];
    let server = Endless {
        before,
        flood,
        answers,
    };
    sent(&World::new(), mode, Box::new(server), None)
}

fn sent(world: &World, mode: TlsMode, server: Box<Endless>, fault: Option<Fault>) -> (Status, i64) {
    let before = server.before;
    let start = LIVE.get();
    PEAK.set(start);
    let ended = world.send(mode, server, fault);
    let held = PEAK.get() - start;
    println!("{before:8} held={held}");
    let error = ended.result.expect_err("a flood is no success");
    assert_ne!(error.record.outcome, Outcome::Accepted);
    let state = ended.memory.state();
    assert!(state.peer.flooded > 0, "nothing was a flood");
    (error.status(), held)
}

#[test]
fn e02_e03_d12_no_flood_makes_a_send_hold_more_than_a_mebibyte() {
    let say = |text: &str| Act::Flood(text.as_bytes().to_vec());
    let line = "a".repeat(4000);
    for (mode, before, flood, status) in [
        (
            TlsMode::Starttls,
            "",
            say("220-more\r\n"),
            Status::ReplyTooLong,
        ),
        (
            TlsMode::Starttls,
            "",
            say("220 more\r\n"),
            Status::Unsolicited,
        ),
        (TlsMode::Starttls, "EHLO", say(&line), Status::ReplyTooLong),
        (
            TlsMode::Implicit,
            "EHLO",
            say("250-more of it\r\n"),
            Status::ReplyTooLong,
        ),
        (
            TlsMode::Implicit,
            "MAIL",
            say("250 more of it\r\n"),
            Status::Unsolicited,
        ),
        (
            TlsMode::Implicit,
            "EHLO",
            Act::FloodKeys,
            Status::ConnectionLost,
        ),
        (
            TlsMode::Implicit,
            "MAIL",
            Act::FloodKeys,
            Status::ConnectionLost,
        ),
    ] {
        let what = format!("{flood:?}").chars().take(30).collect::<String>();
        let (met, held) = flooded(mode, before, flood);
        assert!(held < BOUND, "{before} {what}: {held} bytes held");
        assert!(
            met == status || met == Status::Timeout,
            "{before} {what}: {met:?}"
        );
    }
}

#[test]
fn f06_e03_a_challenge_without_end_is_cut_off_within_the_same_bound() {
    let challenge = Act::Flood("QUFB".repeat(1000).into_bytes());
    let (met, held) = flooded(TlsMode::Implicit, "AUTH", challenge);
    assert_eq!(met, Status::ReplyTooLong);
    assert!(held < BOUND, "{held}");
    // The first line of 334, with its code, has the maximum length of a line.
    let lines = Act::Flood(format!("334-{}\r\n", "QUFB".repeat(3000)).into_bytes());
    let (met, held) = flooded(TlsMode::Implicit, "AUTH", lines);
    assert_eq!(met, Status::ReplyTooLong);
    assert!(held < BOUND, "{held}");
}

/// A server that takes nothing and says much, while eight megabytes of dots want to go.
#[test]
fn e02_h12_no_flood_makes_a_send_of_much_content_hold_more_than_three_mebibytes() {
    let mut world = World::new();
    let content = "Subject: x\r\n\r\n".to_owned() + &".\r\n".repeat(8_000_000 / 3);
    let content = content.as_bytes();
    world.message.set_content(content).expect("content");
    let offers = [
        "",
        "250-PIPELINING\r\n",
        "250-PIPELINING\r\n250-CHUNKING\r\n",
    ];
    let replies = ["250 ok\r\n", "250 ok\r\n", "354 go\r\n"];
    for (offer, replies) in offers
        .into_iter()
        .zip([&replies[..], &[&*replies.concat()], &[]])
    {
        let hello: &str = format!("250-mail.test\r\n{offer}250 AUTH PLAIN\r\n").leak();
        let replies = replies.iter().map(|reply| &*(*reply).to_owned().leak());
        let server = Endless {
            before: if replies.len() == 0 {
                "MAIL"
            } else {
                "Subject"
            },
            flood: Act::Flood(b"250-more of it\r\n".to_vec()),
            answers: [hello, "235 in\r\n"].into_iter().chain(replies).collect(),
        };
        let fault = Fault {
            direction: Direction::ToServer,
            at: 100_000,
            kind: Kind::Stall,
        };
        let (_, held) = sent(&world, TlsMode::Implicit, Box::new(server), Some(fault));
        assert!(held < WRITING, "{offer} {held}");
    }
}

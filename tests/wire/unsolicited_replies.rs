//! A server that speaks where no reply is due: a reply too many before a command, a refusal between two
//! blocks of content. Each record is read by itself, so that what was said is there and not yet read.

use std::sync::Arc;

use secsmtp::error::Outcome;
use secsmtp::message::{ContentRules, Message, Pull};
use secsmtp::status::Status;
use secsmtp::trust::TlsMode;

use crate::memory::{Act, Answer, Dialogue, Ended, Esmtp, Memory, Peer, Point, TO, World};

/// Content is handed over in blocks, and by BDAT in chunks, of so many bytes.
const BLOCK: usize = 256 * 1024;

/// One reply at a time, by DATA and by BDAT.
const LOCKSTEP: [&[&str]; 2] = [&["AUTH PLAIN"], &["AUTH PLAIN", "CHUNKING"]];
/// The commands in a group, likewise.
const GROUPS: [&[&str]; 2] = [
    &["AUTH PLAIN", "PIPELINING"],
    &["AUTH PLAIN", "PIPELINING", "CHUNKING"],
];

/// Says something in a record of its own behind the reply at a point, when that has come so many times.
struct Interjecting {
    server: Esmtp,
    behind: Point,
    times: usize,
    said: &'static str,
}

impl Interjecting {
    fn interject(&mut self, acts: Vec<Act>) -> Vec<Act> {
        let mut all = Vec::new();
        for act in acts {
            let here = matches!(act, Act::Reply(point, _) if point == self.behind);
            all.push(act);
            if here {
                self.times = self.times.wrapping_sub(1);
                if self.times == 0 {
                    all.push(Act::Say(self.said.as_bytes().to_vec()));
                }
            }
        }
        all
    }
}

impl Dialogue for Interjecting {
    fn begin(&mut self) -> Vec<Act> {
        let acts = self.server.begin();
        self.interject(acts)
    }

    fn hear(&mut self, bytes: &[u8]) -> Vec<Act> {
        let acts = self.server.hear(bytes);
        self.interject(acts)
    }
}

fn memory(world: &World, dialogue: Box<dyn Dialogue>) -> Memory {
    let memory = Memory::new(Peer::new(Arc::clone(&world.server), true, dialogue), None);
    memory.state().read_by_record = true;
    memory
}

fn interjecting(
    offers: &[&'static str],
    behind: Point,
    times: usize,
    said: &'static str,
) -> Box<Interjecting> {
    let server = Esmtp::new(true, offers, |_| Answer::Good);
    Box::new(Interjecting {
        server,
        behind,
        times,
        said,
    })
}

fn received(ended: &Ended) -> String {
    String::from_utf8_lossy(&ended.memory.state().peer.inside).into_owned()
}

/// A reply too many would be taken for the reply to the next command, each reply for that to the one
/// behind its own, and the last of them for the reply to the content.
#[test]
fn h14_a_reply_too_many_before_a_command_ends_it_before_that_is_written() {
    let two = |world: &mut World| {
        world
            .message
            .add_recipient("second@mail.test")
            .expect("an address");
    };
    let mut world = World::new();
    let mut several = World::new();
    two(&mut several);
    let extra = [
        "250 2.0.0 more\r\n",
        "354 more\r\n",
        "235 more\r\n",
        "550 more\r\n",
    ];
    for said in extra {
        for (world, forms, behind, times, next) in [
            (&world, &LOCKSTEP[..], Point::Greeting, 1, "EHLO"),
            (&world, &LOCKSTEP[..], Point::Ehlo, 1, "AUTH"),
            (&world, &LOCKSTEP[..], Point::Auth, 1, "MAIL"),
            (&world, &LOCKSTEP[..], Point::Mail, 1, "RCPT"),
            (&world, &LOCKSTEP[..1], Point::Rcpt, 1, "DATA"),
            (&world, &LOCKSTEP[1..], Point::Rcpt, 1, "BDAT"),
            (&several, &LOCKSTEP[..], Point::Rcpt, 1, "second"),
            (&several, &LOCKSTEP[..1], Point::Rcpt, 2, "DATA"),
            (&several, &LOCKSTEP[1..], Point::Rcpt, 2, "BDAT"),
            // Each recipient's reply is waited for before there is content.
            (&several, &GROUPS[..1], Point::Rcpt, 2, "DATA"),
            (&several, &GROUPS[1..], Point::Rcpt, 2, "BDAT"),
        ] {
            for offers in forms {
                let memory = memory(world, interjecting(offers, behind, times, said));
                let ended = world.send_to(TlsMode::Implicit, memory);
                let case = format!(
                    "{said:?} behind {behind:?} {times}, {offers:?}: {}",
                    ended.log
                );
                let error = ended.result.as_ref().expect_err(&case);
                let got = (error.status(), error.record.outcome);
                assert_eq!(got, (Status::Unsolicited, Outcome::NotSent), "{case}");
                assert!(!received(&ended).contains(next), "{next} {case}");
            }
        }
    }
    // No content is written, where only that is left.
    world.message = world.message.clone();
    for offers in [LOCKSTEP[0], GROUPS[0]] {
        for said in extra {
            let memory = memory(&world, interjecting(offers, Point::Data, 1, said));
            let ended = world.send_to(TlsMode::Implicit, memory);
            let case = format!("{said:?} {offers:?}: {}", ended.log);
            let refused = match said.starts_with('5') {
                true => Outcome::Refused,
                false => Outcome::NotSent,
            };
            assert_eq!(ended.outcome(), refused, "{case}");
            assert!(received(&ended).ends_with("DATA\r\n"), "{case}");
        }
    }
}

/// Behind the reply to a message nothing is due until the next one is begun.
#[test]
fn h14_a_reply_too_many_between_two_messages_is_never_one_to_the_second() {
    let world = World::new();
    for offers in LOCKSTEP.into_iter().chain(GROUPS) {
        let mut kept = world.keep(interjecting(offers, Point::Content, 1, "250 more\r\n"));
        kept.memory.state().read_by_record = true;
        kept.send(&world.message).expect("a reply that fits");
        let error = kept.send(&world.message).expect_err("a reply too many");
        let got = (error.status(), error.record.outcome);
        assert_eq!(got, (Status::Unsolicited, Outcome::NotSent), "{offers:?}");
        let state = kept.memory.state();
        assert!(state.peer.inside.is_empty(), "{offers:?}");
    }
}

/// Content of so many bytes, in memory or from a function.
fn large(size: usize, pulled: bool) -> Message {
    let mut content = b"Subject: The content marker\r\n\r\n".to_vec();
    while content.len() + 20 < size {
        content.extend_from_slice(b"a line of the text\r\n");
    }
    content.resize(size - 2, b'x');
    content.extend_from_slice(b"\r\n");
    let mut message = Message::new();
    message.set_sender(crate::memory::FROM).expect("an address");
    message.add_recipient(TO).expect("an address");
    match pulled {
        false => message.set_content(&content).expect("content"),
        true => {
            let pull = move |offset: u64, buffer: &mut [u8]| {
                let rest = content.get(usize::try_from(offset).expect("small")..);
                let rest = rest.unwrap_or_default();
                let length = rest.len().min(buffer.len());
                buffer[..length].copy_from_slice(&rest[..length]);
                Ok(length)
            };
            let pull: Arc<dyn Pull> = Arc::new(pull);
            message
                .set_content_pull(pull, None, ContentRules::default())
                .expect("content");
        }
    }
    message
}

/// Refuses when the first bytes of content come, and reads on.
struct Refusing {
    server: Esmtp,
    said: &'static str,
}

impl Dialogue for Refusing {
    fn begin(&mut self) -> Vec<Act> {
        self.server.begin()
    }

    fn hear(&mut self, bytes: &[u8]) -> Vec<Act> {
        let begun = bytes.windows(14).any(|w| w == b"content marker");
        match begun && !self.said.is_empty() {
            true => vec![Act::Say(std::mem::take(&mut self.said).as_bytes().to_vec())],
            false => self.server.hear(bytes),
        }
    }
}

#[test]
fn h12_a_refusal_between_two_blocks_of_data_is_read_before_the_next_is_written() {
    let mut world = World::new();
    for offers in [LOCKSTEP[0], GROUPS[0]] {
        for (size, pulled) in [
            (2 * BLOCK, false),
            (2 * BLOCK, true),
            (5 * BLOCK, false),
            (5 * BLOCK, true),
        ] {
            for (said, outcome) in [
                ("552 5.3.4 too large\r\n", Outcome::Refused),
                ("450 4.2.2 full\r\n", Outcome::Refused),
                ("421 4.3.2 closing\r\n", Outcome::NotSent),
                ("250 2.0.0 taken\r\n", Outcome::NotSent),
            ] {
                world.message = large(size, pulled);
                let server = Esmtp::new(true, offers, |_| Answer::Good);
                let memory = memory(&world, Box::new(Refusing { server, said }));
                let ended = world.send_to(TlsMode::Implicit, memory);
                let case = format!("{offers:?} {size} {pulled} {said}: {}", ended.log);
                assert_eq!(ended.outcome(), outcome, "{case}");
                let received = received(&ended);
                let (_, content) = received.split_once("DATA\r\n").expect("content");
                assert!(content.len() <= BLOCK, "{} {case}", content.len());
                assert!(!content.contains("\r\n.\r\n"), "{case}");
            }
        }
    }
}

#[test]
fn h12_a_refusal_between_two_chunks_is_read_before_the_next_is_begun() {
    let mut world = World::new();
    for offers in [LOCKSTEP[1], GROUPS[1]] {
        for pulled in [false, true] {
            for (said, outcome) in [
                ("552 5.3.4 too large\r\n", Outcome::Refused),
                ("421 4.3.2 closing\r\n", Outcome::NotSent),
                ("354 go\r\n", Outcome::NotSent),
            ] {
                world.message = large(3 * BLOCK, pulled);
                let choose = move |point| match point {
                    Point::Chunk => Answer::Reply(said.as_bytes().to_vec()),
                    _ => Answer::Good,
                };
                let memory = memory(&world, Box::new(Esmtp::new(true, offers, choose)));
                let ended = world.send_to(TlsMode::Implicit, memory);
                let case = format!("{offers:?} {pulled} {said}: {}", ended.log);
                assert_eq!(ended.outcome(), outcome, "{case}");
                assert_eq!(received(&ended).matches("BDAT ").count(), 1, "{case}");
            }
        }
    }
}

//! A content source that fails half-way: the connection is dropped, the final dot or chunk is never
//! written, and the message is "not sent", in each form and wherever it fails.

use std::sync::Arc;

use secsmtp::error::Outcome;
use secsmtp::message::{Field, Message, Part};
use secsmtp::status::Status;
use secsmtp::trust::TlsMode;

use crate::memory::{Act, Answer, Dialogue, Ended, Esmtp, FROM, Point, TO, World};

const FORMS: [&[&str]; 4] = [
    &["AUTH PLAIN"],
    &["AUTH PLAIN", "CHUNKING"],
    &["AUTH PLAIN", "PIPELINING", "SIZE 100000000"],
    &["AUTH PLAIN", "PIPELINING", "CHUNKING"],
];

/// The action of a source after this number of bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Then {
    Fails,
    Ends,
}

/// A message with an attachment of a function that gives `good` bytes, and then this.
fn message(good: usize, then: Then, announced: Option<u64>) -> Message {
    let pull = move |offset: u64, buffer: &mut [u8]| {
        let left = good.saturating_sub(usize::try_from(offset).expect("small"));
        let n = left.min(buffer.len());
        buffer[..n].fill(b'x');
        match then {
            Then::Fails if n == 0 => Err("the disk is gone".to_owned()),
            _ => Ok(n),
        }
    };
    let mut part = Part::pull(Arc::new(pull), announced);
    part.set_name("large.bin").expect("a name");
    let mut message = Message::new();
    message
        .add_address(Field::From, FROM, "")
        .expect("an address");
    message.add_address(Field::To, TO, "").expect("an address");
    message.set_subject("A large one").expect("a subject");
    message.set_text("Here it is.\n");
    message.add_part(&part).expect("a part");
    message
}

#[test]
fn h07_a_source_that_fails_half_way_is_not_sent_and_never_finished() {
    let mut world = World::new();
    for offers in FORMS {
        for good in [0, 1, 56, 57, 58, 40_000, 65_536, 400_000, 2_000_000] {
            for (then, announced) in [
                (Then::Fails, None),
                (Then::Fails, Some(good as u64 + 10)),
                (Then::Ends, Some(good as u64 + 1)),
                (Then::Ends, Some((good as u64).saturating_sub(1))),
            ] {
                if then == Then::Ends && good == 0 && announced == Some(0) {
                    continue;
                }
                world.message = message(good, then, announced);
                let server = Esmtp::new(true, offers, |_| Answer::Good);
                let ended = world.send(TlsMode::Implicit, Box::new(server), None);
                let what = format!("{offers:?} {good} {then:?} {announced:?}");
                let error = ended.result.as_ref().expect_err(&what);
                let got = (error.status(), error.record.outcome);
                assert_eq!(got, (Status::Source, Outcome::NotSent), "{what}: {error}");
                assert_never_finished(&ended, &what);
            }
        }
    }
}

#[track_caller]
fn assert_never_finished(ended: &Ended, what: &str) {
    let state = ended.memory.state();
    assert!(
        state.peer.taken_at.is_empty(),
        "{what}: the server has it whole"
    );
    let received = String::from_utf8_lossy(&state.peer.inside);
    assert!(
        !received.contains("\r\n.\r\n") && !received.contains(" LAST"),
        "{what}"
    );
    // Behind content that was begun nothing follows, not even a farewell.
    let begun = received.contains("Here it is");
    assert!(!begun || !received.contains("QUIT"), "{what}");
}

/// Sends bytes once, when it has received this much of the content.
struct Interrupting {
    server: Esmtp,
    left: usize,
    begun: bool,
    said: &'static [u8],
}

impl Dialogue for Interrupting {
    fn begin(&mut self) -> Vec<Act> {
        self.server.begin()
    }

    fn hear(&mut self, bytes: &[u8]) -> Vec<Act> {
        self.begun |= bytes.windows(10).any(|w| w == b"Here it is");
        if self.begun && !self.said.is_empty() {
            self.left = self.left.saturating_sub(bytes.len());
            if self.left == 0 {
                return vec![Act::Say(std::mem::take(&mut self.said).to_vec())];
            }
        }
        self.server.hear(bytes)
    }
}

/// The first of the two is reported: the error of the source, or the reply of the server.
#[test]
fn h07_h12_a_source_that_fails_while_a_refusal_is_on_its_way_is_never_finished() {
    let mut world = World::new();
    let mut met = Vec::new();
    let places = [Point::Mail, Point::Rcpt, Point::Chunk, Point::Content];
    for offers in FORMS {
        for place in places {
            for words in ["552 5.3.4 no\r\n", "421 4.3.2 closing\r\n"] {
                for good in [57, 40_000, 65_536, 400_000] {
                    world.message = message(good, Then::Fails, None);
                    let mut refused = false;
                    let choose = move |point| {
                        let behind = matches!(point, Point::Rcpt | Point::Data | Point::Chunk);
                        let said = match (point == place, refused && behind) {
                            (true, _) => words,
                            (false, true) => "503 5.5.1 not now\r\n",
                            (false, false) => return Answer::Good,
                        };
                        refused = true;
                        Answer::Reply(said.as_bytes().to_vec())
                    };
                    let early = place == Point::Content;
                    let server = Box::new(Interrupting {
                        server: Esmtp::new(true, offers, choose),
                        left: 30_000,
                        begun: false,
                        said: if early { words.as_bytes() } else { b"" },
                    });
                    let ended = world.send(TlsMode::Implicit, server, None);
                    let what = format!("{offers:?} {place:?} {words:?} {good}");
                    assert_never_finished(&ended, &what);
                    let error = ended.result.as_ref().expect_err(&what);
                    let expected = match error.status() {
                        Status::Source | Status::Closing => Outcome::NotSent,
                        Status::SenderRefused
                        | Status::RecipientRefused
                        | Status::ContentRefused => Outcome::Refused,
                        _ => panic!("{what}: {error}"),
                    };
                    assert_eq!(error.record.outcome, expected, "{what}: {error}");
                    met.push((offers, error.status()));
                }
            }
        }
    }
    // Each form comes to each of these.
    for offers in FORMS {
        for status in [Status::Source, Status::Closing, Status::SenderRefused] {
            assert!(met.contains(&(offers, status)), "{offers:?} {status:?}");
        }
    }
}

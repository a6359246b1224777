//! A content source that fails half-way: the connection is dropped, the final dot or chunk is never
//! written, and the message is "not sent", in each form and wherever it fails.

use std::sync::Arc;

use secsmtp::error::Outcome;
use secsmtp::message::{Field, Message, Part};
use secsmtp::status::Status;
use secsmtp::tls::TlsMode;

use crate::memory::{Answer, Esmtp, FROM, TO, World};

const FORMS: [&[&str]; 3] = [
    &["AUTH PLAIN"],
    &["AUTH PLAIN", "PIPELINING", "SIZE 100000000"],
    &["AUTH PLAIN", "PIPELINING", "CHUNKING"],
];

/// What a source does after so many octets.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Then {
    Fails,
    Ends,
}

/// A message with an attachment of a function that gives `good` octets, and then this.
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
                let error = ended.result.expect_err(&what);
                let got = (error.status(), error.record.outcome);
                assert_eq!(got, (Status::Source, Outcome::NotSent), "{what}: {error}");
                let state = ended.memory.state();
                assert!(
                    state.peer.taken_at.is_empty(),
                    "{what}: the server has it whole"
                );
                let heard = String::from_utf8_lossy(&state.peer.inside);
                assert!(
                    !heard.contains("\r\n.\r\n") && !heard.contains(" LAST"),
                    "{what}"
                );
                // Behind content that was begun nothing follows, not even a farewell.
                let begun = heard.contains("Here it is");
                assert!(!begun || !heard.contains("QUIT"), "{what}");
            }
        }
    }
}

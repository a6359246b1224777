//! A stream of messages to a server that replies in order with the replies in the input: the outcome
//! of each message follows from its own replies or, where there are too few or too many replies, does
//! not contradict what the server has accepted.

use std::cell::RefCell;

use crate::memory::{Answer, CONTENT, Esmtp, FROM, Point, Shape, TO, World, expected, is_possible};
use secsmtp::error::{Error, Outcome};
use secsmtp::message::Message;

/// A target: its name, which is also that of its corpus folder, and its function.
pub type Target = (&'static str, fn(&[u8]));

/// All targets of this file.
pub const ALL: [Target; 1] = [("wire_stream", stream)];

const FORMS: [&[&str]; 4] = [
    &["AUTH PLAIN", "PIPELINING", "CHUNKING"],
    &["AUTH PLAIN", "PIPELINING"],
    &["AUTH PLAIN", "CHUNKING"],
    &["AUTH PLAIN"],
];

/// The reply for a byte of the input; other bytes select the expected reply.
const WORDS: [&[u8]; 12] = [
    b"450 4.2.0 later\r\n",
    b"550 5.1.1 never\r\n",
    b"251 will forward\r\n",
    b"250-two\r\n250 lines\r\n",
    b"250 ok\r\n",
    b"354 go\r\n",
    b"421 4.3.2 closing\r\n",
    b"220 what\r\n",
    b"2x0 what\r\n",
    b"250 ok\r\n250 more\r\n",
    b"250 half",
    b"",
];

/// The first byte selects the form and the number of recipients and messages; each of the others
/// the reply to one command.
pub fn stream(data: &[u8]) {
    thread_local! {
        static WORLD: RefCell<World> = RefCell::new(World::new());
    }
    let [how, answers @ ..] = data else { return };
    let shape = Shape {
        recipients: usize::from(how / 4 % 3) + 1,
        partial: how / 12 % 2 == 1,
    };
    let messages = usize::from(how / 24 % 4) + 1;
    let mut bytes = Vec::from(answers).into_iter();
    let choose = move |point| match point {
        Point::Greeting | Point::Ehlo | Point::Auth | Point::Quit | Point::Other => Answer::Good,
        _ => answer(&mut bytes),
    };
    let server = Esmtp::new(true, FORMS[usize::from(how % 4)], choose);
    let (results, memory) = WORLD.with_borrow_mut(|world| {
        world.message = message(shape);
        world.stream(messages, Box::new(server), None)
    });
    let state = memory.state();
    let reported: Vec<Outcome> = results
        .iter()
        .map(|result| {
            let outcome = |error: &Error| error.record.outcome;
            result
                .as_ref()
                .map_or_else(outcome, |record| record.outcome)
        })
        .collect();
    match expected(&state, reported.len(), shape) {
        Some(expected) => assert_eq!(reported, expected, "{results:?}"),
        None => assert!(is_possible(&state, &reported), "{results:?}"),
    }
}

fn answer(bytes: &mut impl Iterator<Item = u8>) -> Answer {
    match bytes.next() {
        // The number of replies that come from the input.
        Some(length @ 0xe0..) => {
            let own = bytes.take(usize::from(length - 0xe0));
            Answer::Reply(own.collect())
        }
        Some(word @ 0xd0..) => match WORDS.get(usize::from(word - 0xd0)) {
            Some(word) => Answer::Reply(word.to_vec()),
            None => Answer::Last(WORDS[usize::from(word - 0xd0) - 9].to_vec()),
        },
        Some(word @ 0x80..) => {
            let word = WORDS[usize::from(word % 3)];
            Answer::Reply(word.to_vec())
        }
        _ => Answer::Good,
    }
}

fn message(shape: Shape) -> Message {
    let mut message = Message::new();
    message.set_sender(FROM).expect("an address");
    for number in 0..shape.recipients {
        let to = format!("{number}.{TO}");
        message.add_recipient(&to).expect("an address");
    }
    message.partial = shape.partial;
    message.set_content(CONTENT.as_bytes()).expect("content");
    message
}

//! Content in a whole session, by BDAT and after DATA: the content that a server parses is the
//! content of the message, byte for byte.

use std::cell::RefCell;
use std::sync::Arc;

use crate::memory::{Answer, Esmtp, FROM, Kept, TO, World};
use secsmtp::message::{ContentRules, Field, Message, Part};

/// A target: its name, which is also that of its corpus folder, and its function.
pub type Target = (&'static str, fn(&[u8]));

/// All targets of this file.
pub const ALL: [Target; 1] = [("wire_bdat", framing)];

/// The extensions that the server offers, which decide how the content is sent.
const FORMS: [&[&str]; 4] = [
    &[
        "AUTH PLAIN",
        "PIPELINING",
        "CHUNKING",
        "BINARYMIME",
        "8BITMIME",
        "SMTPUTF8",
    ],
    &[
        "AUTH PLAIN",
        "CHUNKING",
        "BINARYMIME",
        "8BITMIME",
        "SMTPUTF8",
    ],
    &["AUTH PLAIN", "PIPELINING", "8BITMIME", "SMTPUTF8"],
    &["AUTH PLAIN", "8BITMIME", "SMTPUTF8"],
];

/// Content of about one or two chunks, or longer: rarely, because it takes a hundred times as long.
const LONG: [usize; 5] = [262_143, 262_144, 262_145, 524_288, 600_000];

/// The first byte selects the form and the source; the second, how often the rest is repeated, and
/// the size of the pieces in which it is read.
pub fn framing(data: &[u8]) {
    thread_local! {
        static WORLD: World = World::new();
        static KEPT: RefCell<[Option<Kept>; 4]> = RefCell::default();
    }
    let [how, times, text @ ..] = data else {
        return;
    };
    let form = usize::from(how % 4);
    let text = match (how / 4) % 8 {
        7 => repeated(text, *times),
        _ => text.to_vec(),
    };
    let Some(message) = message(how / 32, usize::from(*times) + 1, text) else {
        return;
    };
    let mut shown = Vec::new();
    let preview = message.preview(&mut |piece| {
        shown.extend_from_slice(piece);
        Ok(())
    });
    preview.expect("from memory");
    KEPT.with_borrow_mut(|kept| {
        let kept = kept[form].get_or_insert_with(|| {
            let server = Esmtp::new(true, FORMS[form], |_| Answer::Good);
            WORLD.with(|world| world.keep(Box::new(server)))
        });
        let sent = kept.send(&message);
        assert!(kept.can_go_on(), "{sent:?}");
        let state = kept.memory.state();
        let received = &state.peer.inside;
        if sent.is_err() {
            // DATA can't carry it, and no transaction was begun.
            let begun = received.windows(4).any(|w| w == b"MAIL");
            assert!(form >= 2 && !begun, "{sent:?}");
            return;
        }
        let read = if form < 2 {
            chunks(received)
        } else {
            lines(received)
        };
        assert!(read == shown, "{} bytes of {}", read.len(), shown.len());
    });
}

fn repeated(text: &[u8], times: u8) -> Vec<u8> {
    let long = usize::from(times).checked_sub(256 - LONG.len());
    let size = long.map_or(usize::from(times) * 64, |which| LONG[which]);
    let mut all = text.repeat(size / text.len().max(1) + 1);
    all.truncate(size);
    all
}

/// A message from finished content, by each of the rules, or composed from a part that is read in
/// pieces of this size.
fn message(how: u8, room: usize, text: Vec<u8>) -> Option<Message> {
    let mut message = Message::new();
    if how < 6 {
        let rules = ContentRules {
            strict: how % 2 == 1,
            binary: how / 2 % 2 == 1,
            envelope: false,
        };
        message.set_sender(FROM).expect("an address");
        message.add_recipient(TO).expect("an address");
        message.set_content_by(&text, rules).ok()?;
        return Some(message);
    }
    let size = text.len() as u64;
    let pull = move |offset: u64, buffer: &mut [u8]| {
        let rest = &text[usize::try_from(offset).map_err(|e| e.to_string())?..];
        let piece = &rest[..rest.len().min(buffer.len()).min(room)];
        buffer[..piece.len()].copy_from_slice(piece);
        Ok(piece.len())
    };
    let part = Part::pull(Arc::new(pull), (how == 6).then_some(size));
    message
        .add_address(Field::From, FROM, "")
        .expect("an address");
    message.add_address(Field::To, TO, "").expect("an address");
    message.set_text("A text beside it\n");
    message.add_part(&part).expect("a part");
    Some(message)
}

/// Joins the content of chunks (RFC 3030): each has the announced size, and the last is marked LAST.
fn chunks(received: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    let mut rest = received;
    let mut over = false;
    while !rest.is_empty() {
        let end = rest.windows(2).position(|w| w == b"\r\n");
        let (line, behind) = rest.split_at(end.expect("a command") + 2);
        rest = behind;
        let words = std::str::from_utf8(line).expect("ASCII").trim_end();
        let Some(words) = words.strip_prefix("BDAT ") else {
            assert!(!words.contains("DATA"), "{words}");
            continue;
        };
        assert!(!over, "{words} behind the last chunk");
        let (size, last) = words.split_once(' ').unwrap_or((words, ""));
        assert!(["", "LAST"].contains(&last), "{words}");
        over = last == "LAST";
        let (chunk, behind) = rest.split_at(size.parse().expect("a number"));
        content.extend_from_slice(chunk);
        rest = behind;
    }
    assert!(over, "there was no last chunk");
    content
}

/// The content after DATA (RFC 5321 section 4.5.2): up to the line of a single dot, with dot-stuffing
/// removed.
fn lines(received: &[u8]) -> Vec<u8> {
    let begin = received
        .windows(6)
        .position(|w| w == b"DATA\r\n")
        .expect("DATA")
        + 6;
    let mut content = Vec::new();
    let mut lines = received[begin..].split_inclusive(|byte| *byte == b'\n');
    for line in lines.by_ref() {
        assert!(line.ends_with(b"\r\n"), "a bare line feed");
        if line == b".\r\n" {
            break;
        }
        content.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
    }
    assert_eq!(lines.next(), None, "behind the final dot");
    content
}

//! A whole dialogue: octets become what a server says, in clear or inside TLS, piece by piece as the
//! session writes. Whatever they are, the send ends, its outcome is true, and nothing leaks.

use std::collections::VecDeque;

use crate::memory::{Act, CONTENT, Dialogue, FROM, PASSWORD, Point, TO, USER, World};
use secsmtp::error::Outcome;
use secsmtp::status::Status;
use secsmtp::tls::TlsMode;
use secsmtp_testservers::Leaks;

/// A target's name, which is its corpus folder's, and its function.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const ALL: [Target; 1] = [("wire_dialogue", dialogue)];

/// Says one piece at the beginning and one each time it hears something.
struct Pieces {
    pieces: VecDeque<Vec<u8>>,
    clear: bool,
    heard: Vec<u8>,
    said_250: bool,
}

impl Pieces {
    fn next(&mut self) -> Vec<Act> {
        let Some(piece) = self.pieces.pop_front() else {
            return vec![Act::Close];
        };
        // A 250 counts only where it follows the content's end.
        let ended = is_whole(&self.heard) == Some(self.heard.len());
        self.said_250 |= ended && piece.starts_with(b"250");
        let mut acts = vec![if ended {
            Act::Reply(Point::Content, piece.clone())
        } else {
            Act::Say(piece.clone())
        }];
        if ended {
            acts.insert(0, Act::Taken);
        }
        if self.clear && self.heard.ends_with(b"STARTTLS\r\n") && piece.starts_with(b"220 ") {
            acts.push(Act::StartTls);
            self.clear = false;
        }
        acts
    }
}

impl Dialogue for Pieces {
    fn begin(&mut self) -> Vec<Act> {
        self.next()
    }

    fn hear(&mut self, octets: &[u8]) -> Vec<Act> {
        self.heard.extend_from_slice(octets);
        self.next()
    }
}

/// The first octet says in which mode; `|` ends a piece, and a lone line feed stands for CRLF.
pub fn dialogue(data: &[u8]) {
    thread_local! {
        static WORLD: World = World::new();
        static LEAKS: Leaks =
            Leaks::new(USER, PASSWORD.as_bytes(), &[FROM, TO], CONTENT.as_bytes());
    }
    let [first, rest @ ..] = data else { return };
    let mode = if first % 2 == 0 {
        TlsMode::Implicit
    } else {
        TlsMode::Starttls
    };
    let pieces = rest.split(|b| *b == b'|').map(with_crlf).collect();
    let clear = mode == TlsMode::Starttls;
    let server = Pieces {
        pieces,
        clear,
        heard: Vec::new(),
        said_250: false,
    };
    let ended = WORLD.with(|world| world.send(mode, Box::new(server), None));
    let state = ended.memory.state();
    LEAKS.with(|leaks| {
        leaks.assert_only_allowed_lines(&state.peer.clear);
        leaks.assert_absent(&state.peer.raw);
    });
    let whole = is_whole(&state.peer.inside).is_some();
    // Said in the place of the sender's or the recipient's answer, 421 leaves nobody to take it.
    let closing = (ended.result.as_ref().err()).is_some_and(|e| e.status() == Status::Closing);
    match ended.outcome() {
        Outcome::Accepted => assert!(whole && !state.peer.answered_at.is_empty()),
        Outcome::Unknown => assert!(whole),
        Outcome::NotSent => assert!(!whole || closing, "{:?}\n{}", ended.result, ended.log),
        Outcome::Refused => {}
    }
    for text in [
        &ended.log,
        &ended
            .result
            .as_ref()
            .map_or_else(ToString::to_string, |()| String::new()),
    ] {
        // What the server says by itself before the login is its own, whatever it is.
        let guessed = data
            .windows(PASSWORD.len())
            .any(|w| w == PASSWORD.as_bytes());
        assert!(guessed || !text.contains(PASSWORD), "{text}");
        assert!(
            !text.chars().any(|c| c.is_control() && c != '\n'),
            "{text:?}"
        );
    }
}

/// Where a whole message ends: behind a lone dot, or behind the octets of BDAT LAST.
fn is_whole(heard: &[u8]) -> Option<usize> {
    let dot = heard.windows(5).position(|w| w == b"\r\n.\r\n");
    let last = b" LAST\r\n";
    let chunk = heard.windows(last.len()).position(|w| w == last);
    let chunk = chunk.and_then(|at| {
        let digits = heard[..at].rsplit(|b| *b == b' ').next()?;
        let size: usize = std::str::from_utf8(digits).ok()?.parse().ok()?;
        let end = at + last.len() + size;
        (end <= heard.len()).then_some(end)
    });
    chunk.or(dot.map(|at| at + 5))
}

fn with_crlf(piece: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(piece.len());
    for (at, octet) in piece.iter().enumerate() {
        if *octet == b'\n' && (at == 0 || piece[at - 1] != b'\r') {
            out.push(b'\r');
        }
        out.push(*octet);
    }
    out
}

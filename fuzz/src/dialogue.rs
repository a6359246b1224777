//! A whole session: the input becomes the server's replies, in clear text or inside TLS, piece by
//! piece as the client writes. With any input the send ends, its outcome is the one that the replies
//! imply, and nothing leaks.

use std::collections::VecDeque;

use crate::memory::{
    Act, CONTENT, Dialogue, FROM, PASSWORD, Point, State, TO, USER, World, outcome_of_one,
};
use secsmtp::error::Outcome;
use secsmtp::smtp::wire::ehlo::capabilities;
use secsmtp::smtp::wire::reply::{parse, parse_greeting};
use secsmtp::trust::TlsMode;
use secsmtp_testservers::Leaks;

/// A target: its name, which is also that of its corpus folder, and its function.
pub type Target = (&'static str, fn(&[u8]));

/// All targets of this file.
pub const ALL: [Target; 1] = [("wire_dialogue", dialogue)];

/// The placeholder in a piece for the bytes received last: what a server may know of a secret.
const ECHO: u8 = 5;
/// The maximum size of a TLS record: the client may receive a part of a longer piece.
const RECORD: usize = 16 * 1024;

/// Sends one piece at the beginning and one after each read.
struct Pieces {
    pieces: VecDeque<Vec<u8>>,
    clear: bool,
}

impl Pieces {
    fn next(&mut self, received: &[u8]) -> Vec<Act> {
        let Some(piece) = self.pieces.pop_front() else {
            return vec![Act::Close];
        };
        let piece = with_echo(&piece, received);
        let agrees = piece.starts_with(b"220 ");
        let mut acts = vec![Act::Reply(Point::Other, piece)];
        if self.clear && agrees && received.ends_with(b"STARTTLS\r\n") {
            acts.push(Act::StartTls);
            self.clear = false;
        }
        acts
    }
}

impl Dialogue for Pieces {
    fn begin(&mut self) -> Vec<Act> {
        self.next(b"")
    }

    fn hear(&mut self, bytes: &[u8]) -> Vec<Act> {
        self.next(bytes)
    }
}

/// The first byte selects the mode; `|` ends a piece, and a bare LF stands for CRLF.
pub fn dialogue(data: &[u8]) {
    thread_local! {
        static WORLD: World = World::new();
        static LEAKS: Leaks =
            Leaks::new(USER, PASSWORD.as_bytes(), &[FROM, TO], CONTENT.as_bytes());
        static LOGIN: Leaks = Leaks::of_login(USER, PASSWORD.as_bytes());
    }
    let [first, rest @ ..] = data else { return };
    let mode = if first % 2 == 0 {
        TlsMode::Implicit
    } else {
        TlsMode::Starttls
    };
    let pieces = rest.split(|b| *b == b'|').map(with_crlf).collect();
    let clear = mode == TlsMode::Starttls;
    let server = Pieces { pieces, clear };
    let ended = WORLD.with(|world| world.send(mode, Box::new(server), None));
    let state = ended.memory.state();
    LEAKS.with(|leaks| {
        leaks.assert_only_allowed_lines(&state.peer.clear);
        leaks.assert_absent(&state.peer.raw);
    });
    let (result, log) = (&ended.result, &ended.log);
    assert_eq!(
        ended.outcome(),
        expected(&state, !clear),
        "{result:?}\n{log}"
    );
    let words = result
        .as_ref()
        .map_or_else(ToString::to_string, |()| String::new());
    for text in [log, &words] {
        LOGIN.with(|login| {
            // Bytes that the server sends before the login are its own, so they are no leak.
            if login.find(data).is_none() {
                login.assert_absent(text.as_bytes());
            }
        });
        assert!(
            !text.chars().any(|c| c.is_control() && c != '\n'),
            "{text:?}"
        );
    }
}

/// The expected result of the send: each complete reply answers the next command.
fn expected(state: &State, greets: bool) -> Outcome {
    let inside = &state.peer.inside;
    let whole = is_whole(inside);
    let came = replies_inside(state);
    let (mut rest, mut said, mut answers) = (&*came, 0, Vec::new());
    let mut together = false;
    for question in questions(inside, greets) {
        // No command follows a DATA that was rejected.
        if matches!(answers.last(), Some((Point::Data, code)) if *code != 354) {
            break;
        }
        assert!(question != Point::Mail || said == 235, "not logged in");
        let parsed = match question {
            Point::Greeting => parse_greeting(rest),
            _ => parse(rest),
        };
        let Ok(Some((reply, taken))) = parsed else {
            break;
        };
        rest = &rest[taken..];
        said = reply.code;
        if question == Point::Ehlo {
            together = capabilities(&reply).is_ok_and(|offers| offers.pipelining);
        }
        match (question, said) {
            (Point::Greeting, 220) | (Point::Ehlo, 250) | (Point::Auth, 235 | 334) => {}
            (Point::Greeting | Point::Ehlo | Point::Auth, 400..) if said != 421 => {
                return Outcome::Refused;
            }
            (Point::Greeting | Point::Ehlo | Point::Auth, _) => return Outcome::NotSent,
            // A positive reply to an extension that the server does not offer.
            (Point::Content, ..400) if !whole => break,
            _ => answers.push((question, said)),
        }
    }
    // One reply too many after a group, so that replies can't be assigned to commands.
    let last = matches!(answers.last(), Some((Point::Content, _)));
    let one_more = last && together && !rest.is_empty() && !rest.starts_with(b"421");
    match whole && one_more {
        true => Outcome::Unknown,
        false => outcome_of_one(whole, &answers),
    }
}

/// The bytes that the server sent inside TLS, as far as the client has read them.
fn replies_inside(state: &State) -> Vec<u8> {
    let (clear, _) = state.peer.handshake_at;
    let inside = state.peer.replies.iter().filter(|reply| reply.end > clear);
    let came = inside.filter(|reply| reply.end <= state.to_client || reply.said.len() > RECORD);
    came.flat_map(|reply| reply.said.clone()).collect()
}

/// The commands that the client sent inside TLS, in order; the greeting counts as the first.
fn questions(inside: &[u8], greets: bool) -> Vec<Point> {
    let mut asked = Vec::new();
    if greets {
        asked.push(Point::Greeting);
    }
    let mut rest = inside;
    while let Some(end) = rest.windows(2).position(|w| w == b"\r\n") {
        let (line, behind) = rest.split_at(end);
        rest = &behind[2..];
        match line.split(|byte| *byte == b' ').next().unwrap_or_default() {
            b"EHLO" => asked.push(Point::Ehlo),
            b"MAIL" => asked.push(Point::Mail),
            b"RCPT" => asked.push(Point::Rcpt),
            b"DATA" => {
                asked.extend([Point::Data, Point::Content]);
                break;
            }
            // The content is one chunk.
            b"BDAT" => {
                asked.push(Point::Content);
                break;
            }
            // An aborted login, which needs no reply.
            b"*" => break,
            _ => asked.push(Point::Auth),
        }
    }
    asked
}

/// Returns whether a message was received completely.
fn is_whole(inside: &[u8]) -> bool {
    let dotted = CONTENT.replace("\r\n.", "\r\n..");
    let data = format!("DATA\r\n{dotted}.\r\n");
    let chunk = format!("BDAT {} LAST\r\n{CONTENT}", CONTENT.len());
    let holds = |form: &str| inside.windows(form.len()).any(|w| w == form.as_bytes());
    holds(&data) || holds(&chunk)
}

fn with_echo(piece: &[u8], received: &[u8]) -> Vec<u8> {
    let parts: Vec<_> = piece.split(|byte| *byte == ECHO).collect();
    parts.join(received.trim_ascii_end())
}

fn with_crlf(piece: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(piece.len());
    for (at, byte) in piece.iter().enumerate() {
        if *byte == b'\n' && (at == 0 || piece[at - 1] != b'\r') {
            out.push(b'\r');
        }
        out.push(*byte);
    }
    out
}

//! A whole dialogue: bytes become what a server says, in clear or inside TLS, piece by piece as the
//! session writes. Whatever they are, the send ends, its outcome is the one that the server's words
//! give, and nothing leaks.

use std::collections::VecDeque;

use crate::memory::{
    Act, CONTENT, Dialogue, FROM, PASSWORD, Point, State, TO, USER, World, outcome_of_one,
};
use secsmtp::error::Outcome;
use secsmtp::smtp::wire::ehlo::capabilities;
use secsmtp::smtp::wire::reply::{parse, parse_greeting};
use secsmtp::trust::TlsMode;
use secsmtp_testservers::Leaks;

/// A target's name, which is its corpus folder's, and its function.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const ALL: [Target; 1] = [("wire_dialogue", dialogue)];

/// In a piece it stands for what was heard last: what a server may know of a secret.
const ECHO: u8 = 5;
/// The most bytes of one TLS record: of a longer piece a part may come.
const RECORD: usize = 16 * 1024;

/// Says one piece at the beginning and one each time it hears something.
struct Pieces {
    pieces: VecDeque<Vec<u8>>,
    clear: bool,
}

impl Pieces {
    fn next(&mut self, heard: &[u8]) -> Vec<Act> {
        let Some(piece) = self.pieces.pop_front() else {
            return vec![Act::Close];
        };
        let piece = with_echo(&piece, heard);
        let agrees = piece.starts_with(b"220 ");
        let mut acts = vec![Act::Reply(Point::Other, piece)];
        if self.clear && agrees && heard.ends_with(b"STARTTLS\r\n") {
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

/// The first byte says in which mode; `|` ends a piece, and a lone line feed stands for CRLF.
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
            // What the server says by itself before the login is its own, whatever it is.
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

/// What the send must come to: each reply that came whole is the answer to the next question.
fn expected(state: &State, greets: bool) -> Outcome {
    let inside = &state.peer.inside;
    let whole = is_whole(inside);
    let came = replies_inside(state);
    let (mut rest, mut said, mut answers) = (&*came, 0, Vec::new());
    let mut together = false;
    for question in questions(inside, greets) {
        // Nothing is asked behind a DATA that was not agreed to.
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
            // A yes to what the server has not.
            (Point::Content, ..400) if !whole => break,
            _ => answers.push((question, said)),
        }
    }
    // Behind the last answer of a group one more, so that nobody knows which was whose.
    let last = matches!(answers.last(), Some((Point::Content, _)));
    let one_more = last && together && !rest.is_empty() && !rest.starts_with(b"421");
    match whole && one_more {
        true => Outcome::Unknown,
        false => outcome_of_one(whole, &answers),
    }
}

/// What the server said inside TLS, as far as the client has read it.
fn replies_inside(state: &State) -> Vec<u8> {
    let (clear, _) = state.peer.handshake_at;
    let inside = state.peer.replies.iter().filter(|reply| reply.end > clear);
    let came = inside.filter(|reply| reply.end <= state.to_client || reply.said.len() > RECORD);
    came.flat_map(|reply| reply.said.clone()).collect()
}

/// What a client asked inside TLS, in order; of a greeting it asks without a word.
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
            // A login that is given up, which nobody has to answer.
            b"*" => break,
            _ => asked.push(Point::Auth),
        }
    }
    asked
}

/// Whether a message is there to its end.
fn is_whole(inside: &[u8]) -> bool {
    let dotted = CONTENT.replace("\r\n.", "\r\n..");
    let data = format!("DATA\r\n{dotted}.\r\n");
    let chunk = format!("BDAT {} LAST\r\n{CONTENT}", CONTENT.len());
    let holds = |form: &str| inside.windows(form.len()).any(|w| w == form.as_bytes());
    holds(&data) || holds(&chunk)
}

fn with_echo(piece: &[u8], heard: &[u8]) -> Vec<u8> {
    let parts: Vec<_> = piece.split(|byte| *byte == ECHO).collect();
    parts.join(heard.trim_ascii_end())
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

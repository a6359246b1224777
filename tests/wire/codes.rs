//! Each reply code from 200 to 599, and those beside them, in the place of each reply: one table says
//! what it comes to, for a message alone and for one among others.

use std::sync::{Arc, Mutex};

use secsmtp::error::{Cause, Error, Outcome, RejectedStep, Retry};
use secsmtp::status::Status;
use secsmtp::trust::TlsMode;

use crate::leak_check;
use crate::memory::{Answer, Esmtp, Point, Shape, World, expected};
use crate::stream_sequences::outcome;

const LOCKSTEP: &[&str] = &["AUTH PLAIN"];
const GROUP: &[&str] = &["AUTH PLAIN", "PIPELINING"];
const CHUNKS: &[&str] = &["AUTH PLAIN", "CHUNKING"];
const FLIGHT: &[&str] = &["AUTH PLAIN", "PIPELINING", "CHUNKING"];

const CODES: std::ops::Range<u16> = 195..605;
const WORDS: &str = "words of a filter";

/// The meaning of a code as the reply to a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Accepts,
    Refuses,
    Closes,
    /// A reply that does not fit.
    Odd,
    /// No reply.
    Malformed,
}

fn meaning(point: Point, code: u16) -> Meaning {
    match (point, code) {
        (_, ..200 | 600..) => Meaning::Malformed,
        (_, 421) => Meaning::Closes,
        (_, 400..) => Meaning::Refuses,
        (Point::Greeting | Point::Starttls, 220)
        | (Point::Ehlo, 250)
        | (Point::Auth, 235)
        | (Point::Data, 354)
        | (Point::Rset | Point::Mail | Point::Rcpt | Point::Chunk | Point::Content, ..300) => {
            Meaning::Accepts
        }
        _ => Meaning::Odd,
    }
}

fn refusal(point: Point) -> RejectedStep {
    match point {
        Point::Auth => RejectedStep::Auth,
        Point::Mail => RejectedStep::Sender,
        Point::Rcpt => RejectedStep::Recipient,
        Point::Data | Point::Chunk | Point::Content => RejectedStep::Content,
        _ => RejectedStep::Session,
    }
}

/// Every fourth code, and those at which something changes; four forms together try each.
fn some(form: usize) -> impl Iterator<Item = u16> {
    let edges = [
        199, 200, 299, 300, 334, 354, 399, 400, 421, 499, 500, 571, 599, 600,
    ];
    CODES.skip(form % 4).step_by(4).chain(edges)
}

/// Says this code the `nth` time that it comes to `at`, and otherwise what fits; behind a refusal it
/// refuses the rest of the message, and behind 421 it says nothing else. RSET is asked for behind a refused message alone, so the first
/// recipient is refused there.
fn answers(
    (at, nth): (Point, usize),
    code: u16,
    asked: &Arc<Mutex<Vec<Point>>>,
) -> impl FnMut(Point) -> Answer + Send + 'static {
    let (asked, mut refused, mut closing) = (Arc::clone(asked), None, false);
    move |point| {
        let mut asked = asked.lock().expect("one thread");
        asked.push(point);
        let seen = asked.iter().filter(|other| **other == point).count();
        if point == Point::Rset || point == Point::Mail && refused != Some(Point::Rset) {
            refused = None;
        }
        let code = match (point, seen) {
            _ if closing => 421,
            _ if refused.is_some() => 503,
            (Point::Rcpt, 1) if at == Point::Rset => 550,
            _ if (point, seen) == (at, nth) => code,
            _ => return Answer::Good,
        };
        let meaning = meaning(point, code);
        closing |= meaning == Meaning::Closes;
        if meaning == Meaning::Refuses {
            refused = refused.or(Some(point));
        }
        let begins = matches!(
            point,
            Point::Greeting | Point::Ehlo | Point::Starttls | Point::Auth | Point::Data
        );
        match begins && meaning == Meaning::Accepts {
            true => Answer::Good,
            false => Answer::Reply(format!("{code:03} {WORDS}\r\n").into_bytes()),
        }
    }
}

/// Holds an error that a code was the reason of against the table.
#[track_caller]
fn check(error: &Error, (point, code): (Point, u16), outcome: Outcome) {
    let text = error.to_string();
    let met = (error.record.outcome, error.retry());
    let retry = match (outcome, code) {
        (Outcome::Unknown, _) => Retry::Unknown,
        (_, 400..500) => Retry::Later,
        _ => Retry::Never,
    };
    assert_eq!(met, (outcome, retry), "{point:?} {code}: {text}");
    let cause = &*error.cause;
    let fits = match meaning(point, code) {
        Meaning::Refuses if point == Point::Starttls => *cause == Cause::StarttlsRefused,
        Meaning::Refuses => *cause == Cause::Rejected(refusal(point)),
        Meaning::Closes => *cause == Cause::Closing,
        Meaning::Odd => matches!(cause, Cause::Unexpected { .. }),
        Meaning::Malformed => error.status() == Status::MalformedReply,
        Meaning::Accepts => false,
    };
    assert!(fits, "{point:?} {code}: {cause:?}");
    let said = error
        .record
        .reply
        .as_ref()
        .map(|answer| (answer.code, &*answer.text));
    if meaning(point, code) != Meaning::Malformed {
        assert_eq!(said, Some((code, WORDS)), "{point:?}: {text}");
        let shown = format!("The server replied: \"{code} {WORDS}\".");
        assert!(text.contains(&shown), "{point:?}: {text}");
    }
}

/// The outcome of one message when a reply can't be an acceptance; `written` if it was written to its end.
fn comes_to(point: Point, code: u16, written: bool) -> Outcome {
    match meaning(point, code) {
        Meaning::Accepts => Outcome::Accepted,
        Meaning::Refuses => Outcome::Refused,
        // Nothing could be delivered without an accepted recipient.
        Meaning::Closes if matches!(point, Point::Rset | Point::Mail | Point::Rcpt) => {
            Outcome::NotSent
        }
        _ if written => Outcome::Unknown,
        _ => Outcome::NotSent,
    }
}

/// Plays each of these codes in its place.
fn play(
    mode: TlsMode,
    offers: &'static [&'static str],
    places: impl Iterator<Item = ((Point, usize), u16)>,
) {
    let world = World::new();
    for (place, code) in places {
        let (point, nth) = place;
        let asked = Arc::default();
        let answers = answers(place, code, &asked);
        let server = Esmtp::new(mode == TlsMode::Implicit, offers, answers);
        let ended = world.send(mode, Box::new(server), None);
        leak_check::assert_nothing_in_clear(&ended.memory.state().peer);
        let clear = mode == TlsMode::Starttls
            && (matches!(point, Point::Greeting | Point::Starttls) || place == (Point::Ehlo, 1));
        let whole = point == Point::Content
            || offers == FLIGHT && matches!(point, Point::Mail | Point::Rcpt);
        let outcome = match comes_to(point, code, whole) {
            Outcome::Refused if clear => Outcome::NotSent,
            outcome => outcome,
        };
        let times = asked
            .lock()
            .expect("one thread")
            .iter()
            .filter(|at| **at == point)
            .count();
        assert!(times >= nth, "{point:?} was not asked");
        match ended.result {
            Ok(()) => assert_eq!(outcome, Outcome::Accepted, "{point:?} {code}"),
            Err(error) => check(&error, (point, code), outcome),
        }
    }
}

#[test]
fn e07_e14_each_code_to_each_command_of_a_dialogue_in_lockstep() {
    let points = [
        Point::Greeting,
        Point::Ehlo,
        Point::Auth,
        Point::Mail,
        Point::Rcpt,
        Point::Data,
        Point::Content,
    ];
    let places = points
        .into_iter()
        .flat_map(|at| CODES.map(move |code| ((at, 1), code)));
    play(TlsMode::Implicit, LOCKSTEP, places);
}

#[test]
fn b04_b05_b13_each_code_to_each_command_around_starttls() {
    let points = [
        (Point::Greeting, 1),
        (Point::Ehlo, 1),
        (Point::Starttls, 1),
        (Point::Ehlo, 2),
    ];
    let places = points
        .into_iter()
        .flat_map(|at| CODES.map(move |code| (at, code)));
    play(TlsMode::Starttls, LOCKSTEP, places);
}

#[test]
fn e07_h14_each_code_to_each_command_of_a_group_and_of_one_flight() {
    for (form, offers) in [FLIGHT, GROUP, CHUNKS].into_iter().enumerate() {
        let points = [Point::Mail, Point::Rcpt, Point::Data, Point::Content];
        let points = points
            .into_iter()
            .filter(|at| *at != Point::Data || offers == GROUP);
        let places = points.flat_map(|at| some(form).map(move |code| ((at, 1), code)));
        play(TlsMode::Implicit, offers, places);
    }
}

/// To the name and to the password of a login in three steps.
#[test]
fn f04_each_code_to_each_step_of_a_login() {
    let world = World::new();
    for (nth, code) in (1..=3).flat_map(|nth| CODES.map(move |code| (nth, code))) {
        let step = nth < 3;
        if code == if step { 334 } else { 235 } {
            continue;
        }
        let mut seen = 0;
        let choose = move |point| {
            seen += usize::from(point == Point::Auth);
            match point == Point::Auth && seen == nth {
                true => Answer::Reply(format!("{code:03} {WORDS}\r\n").into_bytes()),
                false => Answer::Good,
            }
        };
        let server = Esmtp::new(true, &["AUTH LOGIN"], choose);
        let ended = world.send(TlsMode::Implicit, Box::new(server), None);
        let error = ended.result.expect_err("not logged in");
        // 235 before its time proves nothing, and a third challenge is one too many.
        if matches!(code, 235 | 334) {
            assert_eq!(
                error.status(),
                Status::UnexpectedReply,
                "{nth} {code}: {error}"
            );
            assert_eq!(error.record.outcome, Outcome::NotSent);
            continue;
        }
        check(
            &error,
            (Point::Auth, code),
            comes_to(Point::Auth, code, false),
        );
    }
}

#[test]
fn h10_each_code_to_a_chunk() {
    let mut world = World::new();
    let content = "Subject: x\r\n\r\n".to_owned() + &"A line of the body\r\n".repeat(14_000);
    world
        .message
        .set_content(content.as_bytes())
        .expect("content");
    for (form, offers) in [CHUNKS, FLIGHT].into_iter().enumerate() {
        for code in some(form) {
            let asked = Arc::default();
            let answers = answers((Point::Chunk, 1), code, &asked);
            let server = Esmtp::new(true, offers, answers);
            let ended = world.send(TlsMode::Implicit, Box::new(server), None);
            assert!(asked.lock().expect("one thread").contains(&Point::Chunk));
            // In one flight the last chunk may have left before the reply to the first is looked at.
            let whole = !ended.memory.state().peer.taken_at.is_empty();
            match ended.result {
                Ok(()) => assert_eq!(meaning(Point::Chunk, code), Meaning::Accepts, "{code}"),
                Err(error) => check(
                    &error,
                    (Point::Chunk, code),
                    comes_to(Point::Chunk, code, whole),
                ),
            }
        }
    }
}

/// The message before is accepted whatever comes, and so is the one behind unless the code ends the
/// connection.
#[test]
fn h14_each_code_to_a_message_of_a_stream_leaves_its_neighbours_alone() {
    let world = World::new();
    let shape = Shape {
        recipients: 1,
        partial: false,
    };
    let forms = [FLIGHT, GROUP, LOCKSTEP, CHUNKS];
    for (form, offers) in forms.into_iter().enumerate() {
        for point in [Point::Mail, Point::Rcpt, Point::Content] {
            for code in some(form) {
                let answers = answers((point, 2), code, &Arc::default());
                let server = Esmtp::new(true, offers, answers);
                let (results, memory) = world.stream(3, Box::new(server), None);
                let reported: Vec<_> = results.iter().map(outcome).collect();
                assert_eq!(
                    Some(&reported),
                    expected(&memory.state(), reported.len(), shape).as_ref()
                );
                let whole = point == Point::Content || offers == FLIGHT;
                let own = comes_to(point, code, whole);
                assert_eq!(
                    reported[..2],
                    [Outcome::Accepted, own],
                    "{offers:?} {point:?} {code}"
                );
                if let Err(error) = &results[1] {
                    check(error, (point, code), own);
                }
                if matches!(own, Outcome::Accepted | Outcome::Refused) {
                    assert_eq!(
                        reported[2..],
                        [Outcome::Accepted],
                        "{offers:?} {point:?} {code}"
                    );
                }
            }
        }
    }
}

/// RSET stands before the second message, because the first one was refused.
#[test]
fn h14_each_code_to_rset() {
    let world = World::new();
    let forms = [FLIGHT, GROUP, LOCKSTEP, CHUNKS];
    for (form, offers) in forms.into_iter().enumerate() {
        for code in some(form) {
            let asked = Arc::default();
            let answers = answers((Point::Rset, 1), code, &asked);
            let server = Esmtp::new(true, offers, answers);
            let (results, _) = world.stream(2, Box::new(server), None);
            assert!(asked.lock().expect("one thread").contains(&Point::Rset));
            assert_eq!(outcome(&results[0]), Outcome::Refused);
            // The server may accept the data after it all the same.
            let alone = [LOCKSTEP, CHUNKS].contains(&offers);
            let own = match comes_to(Point::Rset, code, offers == FLIGHT) {
                Outcome::Refused if offers == FLIGHT => Outcome::Unknown,
                Outcome::Refused if !alone => Outcome::NotSent,
                own => own,
            };
            assert_eq!(outcome(&results[1]), own, "{offers:?} {code}");
            match &results[1] {
                Err(error) if alone || meaning(Point::Rset, code) != Meaning::Refuses => {
                    check(error, (Point::Rset, code), own);
                }
                Err(error) => assert_eq!(error.status(), Status::UnexpectedReply, "{code}"),
                Ok(_) => {}
            }
        }
    }
}

/// A server that refuses the sender and accepts the recipient all the same: the refusal is the outcome,
/// whatever the code of the other is, unless it then accepts the content too.
#[test]
fn h14_the_refusal_of_the_sender_stands_whatever_follows() {
    let world = World::new();
    for (offers, last) in [(FLIGHT, "554 no"), (GROUP, "354 go"), (GROUP, "503 no")] {
        for code in
            some(last.len()).filter(|code| matches!(code, 200..300 | 400..600) && *code != 421)
        {
            let choose = move |point| match point {
                Point::Mail => Answer::Reply(format!("550 5.7.1 {WORDS}\r\n").into_bytes()),
                Point::Rcpt => Answer::Reply(format!("{code} any\r\n").into_bytes()),
                Point::Data | Point::Content => Answer::Reply(format!("{last}\r\n").into_bytes()),
                _ => Answer::Good,
            };
            let server = Box::new(Esmtp::new(true, offers, choose));
            let error = world
                .send(TlsMode::Implicit, server, None)
                .result
                .expect_err("refused");
            let met = (error.status(), error.record.outcome, error.retry());
            assert_eq!(
                met,
                (Status::SenderRefused, Outcome::Refused, Retry::Never),
                "{code}"
            );
            let said = format!(
                "Could not send the message: the server rejected the sender. The server replied: \
                 \"550 5.7.1 {WORDS}\"."
            );
            assert!(error.to_string().starts_with(&said), "{error}");
        }
    }
}

//! Every sequence of reply classes to depth 8, from the greeting on, over TLS: what is written before the peer
//! is verified, and what an outcome says about the records that the system has taken. The protocol behind the
//! login has its own walk without TLS, in `src/smtp/pipeline`. A sequence whose dialogue ended before its last reply was asked for stands for all its
//! extensions, so that the walk visits each state once.

use std::sync::{Arc, Mutex};

use secsmtp::error::Outcome;
use secsmtp::trust::TlsMode;

use crate::leak_check;
use crate::memory::{Answer, Ended, Esmtp, Point, TO, World, is_possible};

/// The depth of the walk; after it, all replies are as expected.
const DEPTH: usize = 8;

/// A class of replies: what it says at a point, or `None` where that is what fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Good,
    /// 2yz, another one than is usual.
    Positive,
    /// 251.
    OtherPositive,
    /// 354.
    Intermediate,
    /// 334.
    Challenge,
    /// 4yz.
    Later,
    /// 5yz.
    Never,
    /// 421, and the server goes on.
    Closing,
    /// 421, and the end.
    Hangup,
    /// The expected reply, and another one.
    Double,
    /// No reply at all.
    Malformed,
    /// The end.
    Close,
    /// Nothing, for ever.
    Silence,
}

const CLASSES: [Class; 13] = [
    Class::Challenge,
    Class::Positive,
    Class::OtherPositive,
    Class::Good,
    Class::Intermediate,
    Class::Later,
    Class::Never,
    Class::Closing,
    Class::Hangup,
    Class::Double,
    Class::Malformed,
    Class::Close,
    Class::Silence,
];

impl Class {
    pub(crate) fn answer(self, point: Point) -> Answer {
        let text = match self {
            Self::Good => return Answer::Good,
            Self::Positive if fits_250(point) => "220 what\r\n",
            Self::Positive => "250 what\r\n",
            Self::OtherPositive => "251 what\r\n",
            Self::Intermediate if point == Point::Data => return Answer::Good,
            Self::Intermediate => "354 what\r\n",
            Self::Challenge => "334 \r\n",
            Self::Later => "450 4.2.0 later\r\n",
            Self::Never => "550 5.1.1 never\r\n",
            Self::Closing => "421 4.3.2 closing\r\n",
            Self::Double => return Answer::Double,
            Self::Hangup => return Answer::Last(b"421 4.3.2 closing\r\n".to_vec()),
            Self::Malformed => "2x0 what\r\n",
            Self::Close => return Answer::Last(Vec::new()),
            Self::Silence => "",
        };
        Answer::Reply(text.as_bytes().to_vec())
    }
}

/// Returns whether a class accepts the command that it replies to.
fn accepts(point: Point, class: Class) -> bool {
    match class {
        Class::Good | Class::Double => true,
        Class::Intermediate => point == Point::Data,
        Class::Positive | Class::OtherPositive => fits_250(point) && point != Point::Ehlo,
        _ => false,
    }
}

/// Returns whether a class leads to the state that `Good` leads to. To RCPT, 251 is tried on all ways.
fn is_like_good(point: Point, class: Class) -> bool {
    let other = matches!(class, Class::Positive | Class::OtherPositive);
    let tried = (point, class) == (Point::Rcpt, Class::OtherPositive);
    other && accepts(point, class) && !tried
}

fn refuses(class: Class) -> bool {
    matches!(class, Class::Later | Class::Never)
}

fn fits_250(point: Point) -> bool {
    !matches!(
        point,
        Point::Greeting | Point::Starttls | Point::Auth | Point::Data
    )
}

/// The parameters of one walk.
struct Walk<'a> {
    world: &'a World,
    mode: TlsMode,
    offers: &'static [&'static str],
    outcomes: [usize; 4],
    deepest: usize,
}

impl Walk<'_> {
    /// Visits all sequences that begin so.
    fn visit(&mut self, prefix: &mut Vec<Class>) {
        // Several answers are on their way at once: what leads to the same state as another class
        // is left out there.
        let classes = match self.offers.contains(&"PIPELINING") {
            true => &CLASSES[2..],
            false => &CLASSES[..],
        };
        for class in classes.iter().copied() {
            prefix.push(class);
            let asked = self.run(prefix);
            let went_on = asked.len() > prefix.len();
            self.deepest = self.deepest.max(prefix.len());
            let point = asked.get(prefix.len() - 1).map(|(point, _)| *point);
            let like_good = point.is_some_and(|point| is_like_good(point, class));
            if went_on && prefix.len() < DEPTH && !like_good {
                self.visit(prefix);
            }
            prefix.pop();
        }
    }

    /// Plays a sequence, checks the four properties, and gives the replies that were asked for.
    fn run(&mut self, sequence: &[Class]) -> Vec<(Point, Class)> {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (trace, classes) = (Arc::clone(&asked), sequence.to_vec());
        let choose = move |point| {
            let mut trace = trace.lock().expect("one thread");
            let class = classes.get(trace.len()).copied().unwrap_or(Class::Good);
            trace.push((point, class));
            class.answer(point)
        };
        let server = Esmtp::new(self.mode == TlsMode::Implicit, self.offers, choose);
        let ended = self.world.send(self.mode, Box::new(server), None);
        let asked = asked.lock().expect("one thread").clone();
        match self.offers.contains(&"PIPELINING") {
            true => check_flight(&ended, &asked, sequence),
            false => check(&ended, &asked, sequence, self.mode),
        }
        self.outcomes[ended.outcome() as usize - 1] += 1;
        asked
    }
}

#[track_caller]
fn check(ended: &Ended, asked: &[(Point, Class)], sequence: &[Class], mode: TlsMode) {
    let state = ended.memory.state();
    let says = || {
        format!(
            "{sequence:?} asked {asked:?}\n{:?}\n{}",
            ended.result, ended.log
        )
    };
    // No secret before the peer is verified.
    leak_check::assert_nothing_in_clear(&state.peer);
    let of = |point: Point| {
        asked
            .iter()
            .filter(move |(at, _)| *at == point)
            .map(|(_, class)| *class)
    };
    // No content without a recipient that was accepted, and without being asked for it.
    let received = String::from_utf8_lossy(&state.peer.inside);
    if received.contains("content marker") {
        for point in [Point::Rcpt, Point::Data] {
            let accepted = of(point).any(|class| accepts(point, class));
            assert!(accepted, "{}", says());
        }
    }
    let first_auth = received.find("AUTH ");
    assert!(
        first_auth.is_none_or(|at| received.find("EHLO").is_some_and(|ehlo| ehlo < at)),
        "{}",
        says()
    );
    // Accepted by the fitting answer to the whole message alone; in doubt only where it must be.
    let taken = !state.peer.taken_at.is_empty();
    let verdict = of(Point::Content).next();
    let expected = match verdict {
        Some(class) if accepts(Point::Content, class) => Outcome::Accepted,
        Some(class) if refuses(class) => Outcome::Refused,
        Some(_) => Outcome::Unknown,
        None => Outcome::NotSent,
    };
    assert_eq!(taken, verdict.is_some(), "{}", says());
    match ended.outcome() {
        Outcome::Refused if verdict.is_none() => {
            // In clear there is no refusal: STARTTLS comes before all that counts.
            let clear = match mode {
                TlsMode::Implicit => 0,
                TlsMode::Starttls => 3,
            };
            let mut inside = asked.iter().skip(clear);
            assert!(inside.any(|(_, class)| refuses(*class)), "{}", says());
        }
        outcome => assert_eq!(outcome, expected, "{}", says()),
    }
}

/// Walks in which commands, and perhaps the content, are written before their replies are known.
#[track_caller]
fn check_flight(ended: &Ended, asked: &[(Point, Class)], sequence: &[Class]) {
    let state = ended.memory.state();
    let says = || {
        format!(
            "{sequence:?} asked {asked:?}\n{:?}\n{}",
            ended.result, ended.log
        )
    };
    leak_check::assert_nothing_in_clear(&state.peer);
    let received = String::from_utf8_lossy(&state.peer.inside);
    let of = |point: Point| {
        asked
            .iter()
            .filter(move |(at, _)| *at == point)
            .map(|(_, class)| *class)
    };
    // One reply too many or too few inside a group shifts all that follow by one, and if they fit where they
    // came can't be known: a verified server is trusted to count, but not to have data that was not written.
    let group = [Point::Mail, Point::Rcpt, Point::Data];
    if group
        .into_iter()
        .any(|point| of(point).any(|class| matches!(class, Class::Double | Class::Silence)))
    {
        return assert!(is_possible(&state, &[ended.outcome()]), "{}", says());
    }
    let mail = of(Point::Mail).next();
    // A server that hangs up early was given the rest all the same.
    let written = match received.contains("BDAT ") {
        true => received.contains("A line of the body\r\n"),
        false => received.contains("\r\n.\r\n"),
    };
    let none_wanted =
        mail.is_some_and(refuses) || (of(Point::Rcpt).count() > 0 && of(Point::Rcpt).all(refuses));
    // DATA still waits for its recipient; a chunk may go before, and counts for nothing then.
    if received.contains("content marker") && !received.contains("BDAT ") {
        let mut recipients = of(Point::Rcpt);
        assert!(
            recipients.any(|class| accepts(Point::Rcpt, class)),
            "{}",
            says()
        );
    }
    match ended.outcome() {
        Outcome::None => panic!("a send without an outcome: {}", says()),
        Outcome::Accepted => {
            for point in [Point::Mail, Point::Content] {
                let first = of(point).next();
                assert!(
                    first.is_some_and(|class| accepts(point, class)),
                    "{}",
                    says()
                );
            }
            assert!(written && !none_wanted, "{}", says());
        }
        // Also where it was refused its recipients and says yes to the content all the same.
        Outcome::Unknown => {
            let contradicts = of(Point::Content).any(|class| !refuses(class));
            // Or where a reply fits nothing, behind which none is read.
            let odd = |point| of(point).any(|class| !refuses(class) && !accepts(point, class));
            let broken = odd(Point::Mail) || odd(Point::Rcpt);
            assert!(
                written && (!none_wanted || contradicts || broken),
                "{}",
                says()
            );
        }
        // A message that the server has completely and has not rejected is never reported as not sent.
        // A 421 says that nothing behind it was looked at.
        Outcome::NotSent => {
            let envelope =
                |(point, _): &&(Point, Class)| matches!(point, Point::Mail | Point::Rcpt);
            let closing = asked
                .iter()
                .filter(envelope)
                .any(|(_, class)| matches!(class, Class::Closing | Class::Hangup));
            assert!(!written || none_wanted || closing, "{}", says());
        }
        Outcome::Refused => {
            assert!(asked.iter().any(|(_, class)| refuses(*class)), "{}", says());
        }
    }
}

/// Walks over one kind of message; it is not sent, refused and accepted. Returns how often it was in doubt,
/// which needs a choice of the reply to the content.
fn walk(mode: TlsMode, offers: &'static [&'static str], change: impl FnOnce(&mut World)) -> usize {
    let mut world = World::new();
    change(&mut world);
    let mut walk = Walk {
        world: &world,
        mode,
        offers,
        outcomes: [0; 4],
        deepest: 0,
    };
    walk.visit(&mut Vec::new());
    assert!(walk.deepest >= DEPTH.min(7), "{}", walk.deepest);
    let [decided @ .., unknown] = walk.outcomes;
    assert!(decided.iter().all(|count| *count > 0), "{decided:?}");
    unknown
}

const LOCKSTEP: &[&str] = &["AUTH PLAIN"];

#[test]
fn e14_e15_each_sequence_of_replies_over_implicit_tls() {
    assert!(walk(TlsMode::Implicit, LOCKSTEP, |_| {}) > 0);
}

#[test]
fn b03_b05_b11_b13_each_sequence_of_replies_over_starttls() {
    walk(TlsMode::Starttls, LOCKSTEP, |_| {});
}

#[test]
fn f04_f05_each_sequence_of_replies_with_a_login_in_two_steps() {
    walk(TlsMode::Implicit, &["AUTH LOGIN"], |_| {});
}

#[test]
fn g15_g16_each_sequence_of_replies_to_several_recipients() {
    for partial in [false, true] {
        walk(TlsMode::Implicit, LOCKSTEP, |world| {
            world
                .message
                .add_recipient("second.recipient@mail.test")
                .expect("an address");
            world
                .message
                .add_recipient(&format!("third.{TO}"))
                .expect("an address");
            world.message.partial = partial;
        });
    }
}

const GROUP: &[&str] = &["AUTH PLAIN", "PIPELINING"];
const GROUP_WITH_CONTENT: &[&str] = &["AUTH PLAIN", "PIPELINING", "CHUNKING"];

#[test]
fn h14_h09_h10_each_sequence_of_replies_to_a_message_in_one_group() {
    for offers in [GROUP, GROUP_WITH_CONTENT] {
        assert!(walk(TlsMode::Implicit, offers, |_| {}) > 0);
    }
}

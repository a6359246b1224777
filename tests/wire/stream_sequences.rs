//! Sequences of reply classes to a stream of messages over TLS, each of which is written before the replies to
//! the one before are known; with servers that send fewer or more replies than there are commands. Deeper ones,
//! and several recipients, are walked without TLS, in `src/smtp/pipeline`.

use std::sync::{Arc, Mutex};

use secsmtp::error::{Error, Outcome, Record};

use crate::leak_check;
use crate::memory::{Answer, Esmtp, Memory, Point, Shape, World, expected, is_possible};
use crate::reply_sequences::Class;

/// The replies chosen, from the first MAIL on; behind them, all fit.
const DEPTH: usize = 6;
const MESSAGES: usize = 3;

const FORMS: [&[&str]; 4] = [
    &["AUTH PLAIN", "PIPELINING", "CHUNKING"],
    &["AUTH PLAIN", "PIPELINING"],
    &["AUTH PLAIN"],
    &["AUTH PLAIN", "CHUNKING"],
];

/// Each says something of its own here; 220, 334 and 5yz are what 251, 354 and 4yz are.
const CLASSES: [Class; 9] = [
    Class::Good,
    Class::OtherPositive,
    Class::Later,
    Class::Intermediate,
    Class::Closing,
    Class::Hangup,
    Class::Malformed,
    Class::Close,
    Class::Double,
];

pub(crate) fn outcome(result: &Result<Record, Error>) -> Outcome {
    result
        .as_ref()
        .map_or_else(|error| error.record.outcome, |record| record.outcome)
}

struct Walk<'a> {
    world: &'a World,
    offers: &'static [&'static str],
    shape: Shape,
    outcomes: [usize; 4],
}

impl Walk<'_> {
    fn visit(&mut self, prefix: &mut Vec<Class>) {
        for class in CLASSES {
            prefix.push(class);
            let asked = self.run(prefix);
            let at = asked.get(prefix.len() - 1).map(|(point, _)| *point);
            if asked.len() > prefix.len() && prefix.len() < DEPTH && goes_on(at, class) {
                self.visit(prefix);
            }
            prefix.pop();
        }
    }

    /// Plays a sequence, and gives the replies that were asked for behind the login.
    fn run(&mut self, sequence: &[Class]) -> Vec<(Point, Class)> {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (trace, classes) = (Arc::clone(&asked), sequence.to_vec());
        let choose = move |point| {
            if !is_of_a_message(point) {
                return Answer::Good;
            }
            let mut trace = trace.lock().expect("one thread");
            let class = classes.get(trace.len()).copied().unwrap_or(Class::Good);
            trace.push((point, class));
            class.answer(point)
        };
        let server = Esmtp::new(true, self.offers, choose);
        let (results, memory) = self.world.stream(MESSAGES, Box::new(server), None);
        let asked = asked.lock().expect("one thread").clone();
        self.check(&results, &memory, &asked);
        for result in &results {
            self.outcomes[outcome(result) as usize - 1] += 1;
        }
        asked
    }

    #[track_caller]
    fn check(&self, results: &[Result<Record, Error>], memory: &Memory, asked: &[(Point, Class)]) {
        let state = memory.state();
        leak_check::assert_nothing_in_clear(&state.peer);
        let reported: Vec<_> = results.iter().map(outcome).collect();
        let expected = expected(&state, reported.len(), self.shape);
        let right = match &expected {
            Some(expected) => reported == *expected,
            None => is_possible(&state, &reported),
        };
        let errors: Vec<_> = results.iter().filter_map(|r| r.as_ref().err()).collect();
        let causes: Vec<_> = errors.iter().map(|error| &error.cause).collect();
        assert!(
            right,
            "{:?} {asked:?}\n{reported:?}, not {expected:?}: {causes:?}",
            self.offers
        );
    }
}

/// Returns whether the client continues to read after it: a server in a flight answers what was written anyway.
fn goes_on(point: Option<Point>, class: Class) -> bool {
    match class {
        Class::Good => true,
        Class::Later => point != Some(Point::Rset),
        Class::OtherPositive => point == Some(Point::Rcpt),
        _ => false,
    }
}

fn is_of_a_message(point: Point) -> bool {
    matches!(
        point,
        Point::Rset | Point::Mail | Point::Rcpt | Point::Data | Point::Chunk | Point::Content
    )
}

/// Each outcome occurs.
fn walk(offers: &'static [&'static str]) {
    let mut walk = Walk {
        world: &World::new(),
        offers,
        shape: Shape {
            recipients: 1,
            partial: false,
        },
        outcomes: [0; 4],
    };
    walk.visit(&mut Vec::new());
    assert!(walk.outcomes.iter().all(|n| *n > 0), "{:?}", walk.outcomes);
}

#[test]
fn h14_h10_each_sequence_of_replies_to_a_stream_in_one_group() {
    walk(FORMS[0]);
}

#[test]
fn h14_h13_each_sequence_of_replies_to_a_stream_of_groups() {
    walk(FORMS[1]);
}

#[test]
fn h13_h15_each_sequence_of_replies_to_a_stream_one_at_a_time() {
    walk(FORMS[2]);
    walk(FORMS[3]);
}

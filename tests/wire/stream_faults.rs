//! Every octet of a stream of several messages is a place to fail: each message's outcome is told by
//! whether the server has it whole and whether its own answer came back, and by nothing else.

use secsmtp::error::Outcome;

use crate::memory::{Answer, Direction, Esmtp, Fault, Kind, World};

const MESSAGES: usize = 4;

fn server(offers: &[&'static str]) -> Box<Esmtp> {
    Box::new(Esmtp::new(true, offers, |_| Answer::Good))
}

fn sweep(offers: &[&'static str], kind: Kind) {
    let world = World::new();
    let mut seen = [0_usize; 4];
    for direction in [Direction::ToClient, Direction::ToServer] {
        let (results, memory) = world.stream(MESSAGES, server(offers), None);
        assert!(results.len() == MESSAGES && results.iter().all(Result::is_ok));
        let octets = match direction {
            Direction::ToClient => memory.state().to_client,
            Direction::ToServer => memory.state().to_server,
        };
        for at in 0..=octets {
            let fault = Fault {
                direction,
                at,
                kind,
            };
            let (results, memory) = world.stream(MESSAGES, server(offers), Some(fault));
            let state = memory.state();
            let (taken, answered) = (&state.peer.taken_at, &state.peer.answered_at);
            for (index, result) in results.iter().enumerate() {
                let outcome = match result {
                    Ok(record) => record.outcome,
                    Err(error) => error.record.outcome,
                };
                let is_answered = answered
                    .get(index)
                    .is_some_and(|end| state.to_client >= *end);
                let expected = match (taken.len() > index, is_answered) {
                    (_, true) => Outcome::Accepted,
                    (true, false) => Outcome::Unknown,
                    (false, false) => Outcome::NotSent,
                };
                assert_eq!(outcome, expected, "{fault:?}: message {index}: {result:?}");
                seen[outcome as usize - 1] += 1;
            }
            if kind.is_harmless() {
                assert_eq!(results.len(), MESSAGES);
            }
        }
    }
    assert!(seen[2] > 0, "{seen:?}");
    assert!(
        kind.is_harmless() || (seen[0] > 0 && seen[3] > 0),
        "{seen:?}"
    );
}

const BDAT: &[&str] = &["AUTH PLAIN", "PIPELINING", "CHUNKING"];
const DATA: &[&str] = &["AUTH PLAIN", "PIPELINING"];

#[test]
fn h16_h17_a_cut_at_every_octet_of_a_stream() {
    sweep(BDAT, Kind::Cut);
}

#[test]
fn h16_h17_a_cut_at_every_octet_of_a_stream_without_chunking() {
    sweep(DATA, Kind::Cut);
}

#[test]
fn h17_an_error_of_the_system_at_every_octet_of_a_stream() {
    sweep(BDAT, Kind::Error);
}

#[test]
fn h08_a_short_read_or_write_at_every_octet_of_a_stream_changes_nothing() {
    sweep(BDAT, Kind::Short);
}

//! Every byte of a session is a place to fail, in each direction, in each way. What a send comes to
//! depends on two positions only: where the server has the message whole, and where its answer is
//! there whole. They are taken from the very run, since TLS makes each run a little different.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secsmtp::error::Outcome;
use secsmtp::status::Status;
use secsmtp::trust::TlsMode;

use crate::leak_check;
use crate::memory::{Answer, Direction, Ended, Esmtp, Fault, Kind, PASSWORD, World};

const DIRECTIONS: [Direction; 2] = [Direction::ToClient, Direction::ToServer];

/// The extensions that the server offers, which decide the form of the message.
const FORMS: [(&str, &[&str]); 4] = [
    ("DATA in lockstep", &["AUTH PLAIN"]),
    ("BDAT in lockstep", &["AUTH PLAIN", "CHUNKING"]),
    (
        "DATA behind a group",
        &["AUTH PLAIN", "PIPELINING", "SIZE 1000000"],
    ),
    (
        "BDAT in one flight",
        &["AUTH PLAIN", "PIPELINING", "CHUNKING"],
    ),
];

fn server(mode: TlsMode, offers: &[&'static str]) -> Box<Esmtp> {
    Box::new(Esmtp::new(mode == TlsMode::Implicit, offers, |_| {
        Answer::Good
    }))
}

/// Runs one kind of fault at each byte, and gives the number of each outcome.
fn sweep(world: &World, mode: TlsMode, offers: &[&'static str], kind: Kind) -> [usize; 3] {
    let mut seen = [0; 3];
    for direction in DIRECTIONS {
        let reference = world.send(mode, server(mode, offers), None);
        assert!(reference.result.is_ok(), "{:?}", reference.result);
        let (bytes, handshake) = reference.memory.state().passed(direction);
        // A fault without effect runs to the end each time: in the handshake, which is the TLS
        // layer's own, every 16th byte is enough.
        let coarse = |at: &u64| !kind.is_harmless() || *at >= handshake || at.is_multiple_of(16);
        for at in (0..=bytes).filter(coarse) {
            let fault = Fault {
                direction,
                at,
                kind,
            };
            let ended = world.send(mode, server(mode, offers), Some(fault));
            check(&ended, fault);
            check_release(&ended, fault, offers);
            seen[match ended.outcome() {
                Outcome::NotSent => 0,
                Outcome::Unknown => 1,
                _ => 2,
            }] += 1;
        }
    }
    seen
}

/// The outcome, to the byte, and nothing released without a verified peer.
#[track_caller]
fn check(ended: &Ended, fault: Fault) {
    let state = ended.memory.state();
    let whole = !state.peer.taken_at.is_empty();
    let answered = state
        .peer
        .answered_at
        .first()
        .is_some_and(|end| state.to_client >= *end);
    let expected = match (whole, answered) {
        (_, true) => Outcome::Accepted,
        (true, false) => Outcome::Unknown,
        (false, false) => Outcome::NotSent,
    };
    // A cancel that comes with the answer's last byte may win the race or lose it.
    let tie = fault.kind == Kind::Cancel && answered && ended.outcome() == Outcome::Unknown;
    assert!(
        ended.outcome() == expected || tie,
        "{fault:?}: {:?}, not {expected:?}\n{}",
        ended.result,
        ended.log
    );
    if let Err(error) = &ended.result {
        assert!(
            !fault.kind.is_harmless(),
            "{fault:?}: {error}\n{}",
            ended.log
        );
        let fits = match fault.kind {
            Kind::Stall => error.status() == Status::Timeout,
            Kind::Cancel => error.status() == Status::Cancelled,
            _ => error.status() == Status::ConnectionLost,
        };
        assert!(fits, "{fault:?}: {error}");
        // Exactly the written data is reported as released.
        let record = &error.record;
        let received = &state.peer.inside;
        let login = STANDARD.encode(PASSWORD).into_bytes();
        let holds = |text: &[u8]| received.windows(text.len()).any(|w| w == text);
        assert!(
            record.secret_released || !(holds(b"AUTH PLAIN A") || holds(&login)),
            "{fault:?}"
        );
        assert!(
            record.content_released || !holds(b"content marker"),
            "{fault:?}"
        );
    }
    leak_check::assert_nothing_in_clear(&state.peer);
}

/// The secret and the content count as released from the first byte of their record on, and not before. The
/// record that the content begins in is the one behind this command.
#[track_caller]
fn check_release(ended: &Ended, fault: Fault, offers: &[&str]) {
    let Err(error) = &ended.result else {
        return;
    };
    // A login in several steps has other records before the content's.
    if !offers.contains(&"AUTH PLAIN") {
        return;
    }
    let state = ended.memory.state();
    let received = String::from_utf8_lossy(&state.peer.inside);
    let last = received.lines().last().unwrap_or_default();
    let last = last.split(' ').next().unwrap_or_default();
    // A record of which not all came.
    let mut rest = &state.peer.raw[state.peer.clear.len()..];
    while let [_, _, _, high, low, ..] = rest {
        let length = 5 + usize::from(u16::from_be_bytes([*high, *low]));
        match rest.get(length..) {
            Some(behind) => rest = behind,
            None => break,
        }
    }
    let begun = |before: &str| !rest.is_empty() && last == before;
    let content = match (offers.contains(&"PIPELINING"), offers.contains(&"CHUNKING")) {
        (_, false) => begun("DATA"),
        (false, true) => begun("RCPT"),
        (true, true) => begun("AUTH"),
    };
    let content = content || received.contains("content marker");
    assert_eq!(error.record.content_released, content, "{fault:?}: {error}");
    let secret = begun("EHLO") || received.contains("AUTH PLAIN ");
    assert_eq!(error.record.secret_released, secret, "{fault:?}: {error}");
}

fn sweep_all(kind: Kind) {
    let world = World::new();
    for (number, (name, offers)) in FORMS.into_iter().enumerate() {
        let mut modes = vec![TlsMode::Implicit];
        // The modes differ before the login alone, and the forms behind it.
        if number == 0 {
            modes.push(TlsMode::Starttls);
        }
        for mode in modes {
            assert_each_outcome(name, kind, sweep(&world, mode, offers, kind));
        }
    }
}

#[track_caller]
fn assert_each_outcome(name: &str, kind: Kind, outcomes: [usize; 3]) {
    let [not_sent, unknown, accepted] = outcomes;
    assert!(accepted > 0, "{name}");
    assert_eq!(kind.is_harmless(), not_sent + unknown == 0, "{name}");
    let enough = kind.is_harmless() || (not_sent > 1000 && unknown > 20);
    assert!(enough, "{name} {not_sent} {unknown}");
}

/// TLS 1.2, STARTTLS before BDAT, and a login in three steps.
#[test]
fn d05_h16_h17_a_cut_or_stall_at_every_byte_of_another_way() {
    let world = World::over(&rustls::version::TLS12);
    let offers = ["AUTH LOGIN", "PIPELINING", "CHUNKING"];
    for kind in [Kind::Cut, Kind::Stall] {
        let outcomes = sweep(&world, TlsMode::Starttls, &offers, kind);
        assert_each_outcome("TLS 1.2", kind, outcomes);
    }
}

#[test]
fn d05_e17_h16_h17_h19_a_cut_at_every_byte() {
    sweep_all(Kind::Cut);
}

#[test]
fn e01_h13_h17_a_stall_at_every_byte() {
    sweep_all(Kind::Stall);
}

#[test]
fn h16_h17_a_cancel_at_every_byte() {
    sweep_all(Kind::Cancel);
}

#[test]
fn h16_h17_an_error_of_the_system_at_every_byte() {
    sweep_all(Kind::Error);
}

#[test]
fn h08_a_short_read_or_write_at_every_byte_changes_nothing() {
    sweep_all(Kind::Short);
}

#[test]
fn h08_a_pause_at_every_byte_changes_nothing() {
    sweep_all(Kind::Pause);
}

#[test]
fn i09_a_signal_at_every_byte_changes_nothing() {
    sweep_all(Kind::Interrupt);
}

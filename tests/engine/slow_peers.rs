//! Bytes that drip in one by one without an end: each stage is given up when its time is over. A clock that a
//! byte starts anew would not end.

use std::thread;
use std::time::Duration;

use secsmtp::client::Client;
use secsmtp::client::jobs::{EventData, PollResult};
use secsmtp::deadline::Deadline;
use secsmtp::error::{Cause, Error, Outcome, Stage};
use secsmtp::trust::TlsMode;
use secsmtp_testservers::{Pki, Scripted, Step};

use crate::support::*;

const SHORT: Duration = Duration::from_millis(300);
/// Long enough to come to most stages on a busy machine, and far shorter than the drip.
const WHOLE: Duration = Duration::from_secs(5);
/// The pause between two bytes: shorter than any timeout here.
const PAUSE: Duration = Duration::from_millis(25);

/// The way in which a message is sent.
#[derive(Clone, Copy, Debug)]
enum Way {
    Send,
    Job,
}

/// One place for a drip.
struct Case {
    reported: String,
    mode: TlsMode,
    /// The stage with a short timeout.
    stage: Stage,
    /// The expected result of the message.
    ends: (Stage, Outcome),
    /// All that comes before the drip.
    before: Vec<Step>,
    /// The beginning of the drip, so that it may become the awaited reply.
    head: &'static [u8],
}

/// The head of a record that holds the beginning of a ServerHello.
const RECORD: &[u8] = b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03";

/// A stage, what the server does to come to it, and what it begins to say there.
type Part = (Stage, Vec<Step>, &'static [u8]);

fn implicit(pki: &Pki) -> Vec<Part> {
    vec![
        (Stage::Tls, vec![], RECORD),
        (
            Stage::Greeting,
            vec![Step::StartTls(pki.identity())],
            b"220 ",
        ),
        (
            Stage::Ehlo,
            vec![Step::send("220 m\r\n"), Step::expect("EHLO")],
            b"250-",
        ),
    ]
}

fn starttls() -> Vec<Part> {
    let offer = Step::send("250-m\r\n250 STARTTLS\r\n");
    vec![
        (Stage::Greeting, vec![], b"220 "),
        (
            Stage::Ehlo,
            vec![Step::send("220 m\r\n"), Step::expect("EHLO")],
            b"250-",
        ),
        (
            Stage::Starttls,
            vec![offer, Step::expect("STARTTLS")],
            b"220 ",
        ),
        // The hello is waited for: words behind the 220 would be an error of another kind.
        (
            Stage::Tls,
            vec![Step::send("220 go\r\n"), Step::ReadBytes(1)],
            RECORD,
        ),
    ]
}

fn one_at_a_time(pki: &Pki) -> Vec<Part> {
    let offer = Step::send("250-m\r\n250 AUTH PLAIN\r\n");
    let ok = Step::send("250 ok\r\n");
    let mut parts = implicit(pki);
    parts.extend([
        (
            Stage::Auth,
            vec![offer, Step::expect("AUTH")],
            b"235 ".as_slice(),
        ),
        (
            Stage::Mail,
            vec![Step::send("235 in\r\n"), Step::expect("MAIL")],
            b"250 ",
        ),
        (Stage::Rcpt, vec![ok.clone(), Step::expect("RCPT")], b"250 "),
        (Stage::Data, vec![ok, Step::expect("DATA")], b"354 "),
        (
            Stage::Reply,
            vec![Step::send("354 go\r\n"), Step::ReadMessage],
            b"250 ",
        ),
    ]);
    parts
}

/// MAIL, RCPT and the content leave together, and are answered one by one.
fn one_flight(pki: &Pki) -> Vec<Part> {
    let offer = "250-m\r\n250-PIPELINING\r\n250-CHUNKING\r\n250 AUTH PLAIN\r\n";
    let mut login: Vec<Step> = implicit(pki).into_iter().flat_map(|part| part.1).collect();
    login.extend([
        Step::send(offer),
        Step::expect("AUTH"),
        Step::send("235 in\r\n"),
    ]);
    // The content's last line ends the flight.
    let received = ["MAIL", "RCPT", "BDAT", "Subject", "", ".A line"].map(Step::expect);
    login.extend(received);
    vec![
        (Stage::Mail, login, b"250 "),
        (Stage::Rcpt, vec![Step::send("250 ok\r\n")], b"250 "),
        (Stage::Reply, vec![Step::send("250 ok\r\n")], b"250 "),
    ]
}

fn case(reported: &str, mode: TlsMode, part: &Part, before: Vec<Step>) -> Case {
    let stage = part.0;
    let outcome = match stage {
        Stage::Reply => Outcome::Unknown,
        _ => Outcome::NotSent,
    };
    Case {
        reported: format!("{reported}, {}", stage.name()),
        mode,
        stage,
        ends: (stage, outcome),
        before,
        head: part.2,
    }
}

/// A case for each part, behind all that stands before it.
fn along(reported: &str, mode: TlsMode, parts: &[Part]) -> Vec<Case> {
    let mut before = Vec::new();
    let at = |part: &Part| {
        before.extend(part.1.clone());
        case(reported, mode, part, before.clone())
    };
    parts.iter().map(at).collect()
}

fn cases(pki: &Pki) -> Vec<Case> {
    let mut cases = along("in clear", TlsMode::Starttls, &starttls());
    let lockstep = one_at_a_time(pki);
    cases.extend(along("one at a time", TlsMode::Implicit, &lockstep));
    let mut flight = along("one flight", TlsMode::Implicit, &one_flight(pki));
    // The server has the message whole, whichever answer is late.
    for case in &mut flight {
        case.ends = (Stage::Reply, Outcome::Unknown);
    }
    cases.append(&mut flight);
    cases
}

/// A server that drips at this place.
fn dripping(case: &Case) -> Scripted {
    let head = case.head.iter();
    let head = head.flat_map(|byte| [Step::Send(vec![*byte]), Step::Sleep(PAUSE)]);
    let steps = case.before.iter().cloned().chain(head);
    let drip = Step::Drip(b"x".to_vec(), PAUSE);
    Scripted::start(steps.chain([drip]).collect()).unwrap()
}

fn fails_by(way: Way, client: &Client) -> Error {
    match way {
        Way::Send => send(client, &message()).unwrap_err(),
        Way::Job => {
            client.submit(&message()).unwrap();
            loop {
                match client.poll(Deadline::after(LONG)).unwrap() {
                    PollResult::Event(event) => {
                        if let EventData::Completed(completion) = event.data {
                            return completion.unwrap_err();
                        }
                    }
                    other => panic!("no end came: {other:?}"),
                }
            }
        }
    }
}

/// Plays all cases at once in both ways, each to a client with this timeout.
fn play(overall: bool, set: impl Fn(&Client, Stage) + Sync) {
    let pki = pki();
    let cases = cases(&pki);
    let play = &|way: Way, case: &Case| {
        let server = dripping(case);
        let client = client(&policy(&pki, case.mode), server.addr());
        set(&client, case.stage);
        let error = fails_by(way, &client);
        let reported = format!("{way:?}, {}: {error}", case.reported);
        assert_eq!(*error.cause, Cause::Timeout { overall }, "{reported}");
        let ends = (error.record.stage, error.record.outcome);
        // On a busy machine the time of the whole may be over before the drip is reached.
        let early = overall && ends.0 < case.ends.0 && ends.1 == Outcome::NotSent;
        assert!(early || ends == case.ends, "{reported}");
    };
    thread::scope(|scope| {
        let begin = |way, case| scope.spawn(move || play(way, case));
        let ways = |case| [begin(Way::Send, case), begin(Way::Job, case)];
        let playing: Vec<_> = cases.iter().flat_map(ways).collect();
        let wrong = playing.into_iter().filter_map(|one| one.join().err());
        assert_eq!(wrong.count(), 0, "reported above");
    });
}

#[test]
fn e01_d13_a_drip_at_any_stage_does_not_stretch_its_deadline() {
    play(false, |client, stage| client.set_timeout(stage, SHORT));
}

#[test]
fn e01_d13_a_drip_at_any_stage_does_not_stretch_the_deadline_of_the_whole() {
    play(true, |client, _| client.set_timeout(Stage::Local, WHOLE));
}

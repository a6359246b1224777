//! Rare behaviour of servers: replies before their time, odd answers to a second EHLO, a server that speaks
//! while it is let rest.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use secsmtp::error::{Cause, Error, Outcome, Stage};
use secsmtp::message::delivery::{ByMode, DeliverBy, Notify};
use secsmtp::smtp::{NextMessage, StreamEnd};
use secsmtp::status::Status;
use secsmtp::trust::TlsMode;

use crate::memory::{
    Act, Answer, Dialogue, Direction, Esmtp, Fault, Kind, Memory, Peer, Point, Shape, World,
    expected, is_possible,
};
use crate::stream_sequences::outcome;

const FLIGHT: &[&str] = &["AUTH PLAIN", "PIPELINING", "CHUNKING"];

fn reply(text: &str) -> Answer {
    Answer::Reply(text.as_bytes().to_vec())
}

#[test]
fn e02_an_answer_of_many_lines_is_shown_to_its_bound() {
    let world = World::new();
    let line = "x".repeat(300);
    let said = format!("550-{line}\r\n").repeat(9) + "550 end\r\n";
    let choose = move |point| match point {
        Point::Content => reply(&said),
        _ => Answer::Good,
    };
    let server = Esmtp::new(true, FLIGHT, choose);
    let ended = world.send(TlsMode::Implicit, Box::new(server), None);
    let error = ended.result.expect_err("refused");
    let answer = error.record.reply.expect("what was said");
    assert!(answer.text.starts_with(&format!("{line}\n{line}\n")));
    assert!(answer.text.ends_with('…') && answer.text.chars().count() < 1010);
}

#[test]
fn h11_a_time_limit_that_the_server_keeps_is_asked_of_it() {
    let mut world = World::new();
    let offers = &["AUTH PLAIN", "PIPELINING", "DELIVERBY 60"];
    for (seconds, status) in [
        (59, Status::BeyondLimit),
        (60, Status::Ok),
        (-1, Status::Ok),
    ] {
        let by = DeliverBy {
            seconds,
            mode: if seconds < 0 {
                ByMode::Notify
            } else {
                ByMode::Return
            },
            trace: false,
        };
        world.message.set_deliver_by(Some(by)).expect("a time");
        let server = Esmtp::new(true, offers, |_| Answer::Good);
        let ended = world.send(TlsMode::Implicit, Box::new(server), None);
        let met = ended
            .result
            .as_ref()
            .map_or_else(|e| e.status(), |()| Status::Ok);
        assert_eq!(met, status, "{seconds}");
    }
}

/// A message that needs what the server has not named makes it be asked once more.
#[test]
fn e14_e15_the_answer_to_a_second_ehlo_decides_for_that_message_and_the_line() {
    let mut world = World::new();
    let events = Notify::SUCCESS;
    world.message.set_notify(events).expect("an event");
    for (said, status, stage) in [
        ("503 5.5.1 again\r\n", Status::ExtensionMissing, Stage::Auth),
        ("421 4.3.2 closing\r\n", Status::Closing, Stage::Auth),
        ("220 what\r\n", Status::UnexpectedReply, Stage::Auth),
        ("2x0 what\r\n", Status::MalformedReply, Stage::Ehlo),
    ] {
        let mut hellos = 0;
        let choose = move |point| {
            hellos += usize::from(point == Point::Ehlo);
            match (point, hellos) {
                (Point::Ehlo, 2) => reply(said),
                _ => Answer::Good,
            }
        };
        let server = Esmtp::new(true, FLIGHT, choose);
        let ended = world.send(TlsMode::Implicit, Box::new(server), None);
        let error = ended.result.expect_err("no server offers it");
        let met = (error.status(), error.record.stage, error.record.outcome);
        assert_eq!(met, (status, stage, Outcome::NotSent), "{said}: {error}");
    }
}

/// A refused second EHLO ends no transaction: RSET does, before the next message.
#[test]
fn h19_a_transaction_left_open_is_reset_although_ehlo_was_refused_in_between() {
    let world = World::new();
    let mut several = world.message.clone();
    several
        .add_recipient("second@mail.test")
        .expect("an address");
    let mut wants_dsn = world.message.clone();
    wants_dsn.set_notify(Notify::SUCCESS).expect("an event");
    let mut left = [several, wants_dsn, world.message.clone()]
        .into_iter()
        .enumerate();
    let (mut hellos, mut recipients) = (0, 0);
    let choose = move |point| {
        hellos += usize::from(point == Point::Ehlo);
        recipients += usize::from(point == Point::Rcpt);
        match (point, hellos, recipients) {
            (Point::Ehlo, 2, _) => reply("503 5.5.1 again\r\n"),
            (Point::Rcpt, _, 2) => reply("550 5.1.1 unknown\r\n"),
            _ => Answer::Good,
        }
    };
    let received = Arc::<Mutex<Vec<String>>>::default();
    let server = Box::new(Noting {
        server: Esmtp::new(true, FLIGHT, choose),
        received: Arc::clone(&received),
    });
    let next = || match left.next() {
        Some((id, message)) => NextMessage::Message(id as u64, message.prepare().unwrap()),
        None => NextMessage::End,
    };
    let peer = Peer::new(Arc::clone(&world.server), true, server);
    let (_, results) = world.stream_over(Memory::new(peer, None), next);
    let outcomes: Vec<_> = results.iter().map(outcome).collect();
    assert_eq!(
        outcomes,
        [Outcome::Refused, Outcome::NotSent, Outcome::Accepted]
    );
    let received = received.lock().expect("one thread").concat();
    let behind = received.rsplit("EHLO ").next().expect("the second EHLO");
    let (reset, mail) = (behind.find("RSET"), behind.find("MAIL "));
    assert!(reset.is_some() && reset < mail, "{received}");
}

#[test]
fn b15_a_server_that_sends_while_idle_gets_no_further_message() {
    let world = World::new();
    let choose = |point| match point {
        Point::Content => Answer::Double,
        _ => Answer::Good,
    };
    let server = Box::new(Esmtp::new(true, &["AUTH PLAIN"], choose));
    let mut asked = 0;
    let next = || {
        asked += 1;
        match asked {
            1 => NextMessage::Message(0, world.message.prepare().unwrap()),
            _ => NextMessage::Later(Instant::now() + Duration::from_secs(3600)),
        }
    };
    let peer = Peer::new(Arc::clone(&world.server), true, server);
    let (ended, results) = world.stream_over(Memory::new(peer, None), next);
    assert!(matches!(ended, Some(StreamEnd::Closed)), "{ended:?}");
    let reported: Vec<_> = results.iter().map(outcome).collect();
    assert_eq!(reported, [Outcome::Accepted]);
}

/// Sends all its replies with the first received byte.
struct Hasty {
    server: Esmtp,
    word: &'static [u8],
    said: &'static [u8],
}

impl Dialogue for Hasty {
    fn begin(&mut self) -> Vec<Act> {
        self.server.begin()
    }

    fn hear(&mut self, bytes: &[u8]) -> Vec<Act> {
        let met = |w: &[u8]| w == self.word;
        if !self.said.is_empty() && bytes.windows(self.word.len()).any(met) {
            return vec![Act::Say(std::mem::take(&mut self.said).to_vec())];
        }
        self.server.hear(bytes)
    }
}

#[test]
fn h12_h09_a_chunk_answered_before_it_was_written_ends_it() {
    let mut world = World::new();
    let content = "Subject: x\r\n\r\n".to_owned() + &"A line of the body\r\n".repeat(20_000);
    let content = content.as_bytes();
    world.message.set_content(content).expect("content");
    let hasty = || {
        Box::new(Hasty {
            server: Esmtp::new(true, FLIGHT, |_| Answer::Good),
            word: b"BDAT ",
            said: b"250 a\r\n250 b\r\n250 c\r\n",
        })
    };
    let fault = Fault {
        direction: Direction::ToServer,
        at: 100_000,
        kind: Kind::Pause,
    };
    let ended = world.send(TlsMode::Implicit, hasty(), Some(fault));
    let error = ended.result.expect_err("too soon");
    assert_eq!(error.status(), Status::UnexpectedReply, "{error}");
    assert_eq!(error.record.outcome, Outcome::NotSent);
}

#[test]
fn h10_a_chunk_accepted_behind_refused_recipients_leaves_the_refusal_and_ends_the_connection() {
    let mut world = World::new();
    let content = "Subject: x\r\n\r\n".to_owned() + &"A line of the body\r\n".repeat(20_000);
    let content = content.as_bytes();
    world.message.set_content(content).expect("content");
    let choose = |point| match point {
        Point::Rcpt => reply("550 5.1.1 unknown\r\n"),
        _ => Answer::Good,
    };
    let server = Esmtp::new(true, FLIGHT, choose);
    let ended = world.send(TlsMode::Implicit, Box::new(server), None);
    let error = ended.result.expect_err("unknown");
    assert_eq!(error.status(), Status::RecipientRefused, "{error}");
    assert_eq!(error.record.outcome, Outcome::Refused, "{error}");
    // The rest was not begun.
    let received = &ended.memory.state().peer.inside;
    assert!(!received.windows(4).any(|w| w == b"LAST"));
}

/// Each message fills its records to the byte, so that the line can pause between two of them.
#[test]
fn h14_a_reply_to_a_command_that_was_not_written_ends_the_stream() {
    const RECORD: usize = 16 * 1024;
    let mut world = World::new();
    let message = |world: &mut World, size: usize| {
        let content = format!("Subject: x\r\n\r\n{:a<1$}\r\n", "", 900).repeat(40);
        let content = &content.as_bytes()[..size - 2];
        let content = [content, b"\r\n"].concat();
        world.message.set_content(&content).expect("content");
    };
    let whole = |world: &World| {
        let choose = |_| Answer::Good;
        let server = Box::new(Esmtp::new(true, FLIGHT, choose));
        let (results, memory) = world.stream(1, server, None);
        assert!(results[0].is_ok());
        let state = memory.state();
        let text = &state.peer.inside;
        let begin = text.windows(5).position(|w| w == b"MAIL ").expect("MAIL");
        text.len() - b"QUIT\r\n".len() - begin
    };
    message(&mut world, 16_000);
    let size = 16_000 + RECORD - whole(&world);
    message(&mut world, size);
    assert_eq!(whole(&world), RECORD);
    let server = || {
        let mut contents = 0;
        let choose = move |point| {
            contents += usize::from(point == Point::Content);
            match (point, contents) {
                (Point::Content, 1) => Answer::Double,
                _ => Answer::Good,
            }
        };
        Box::new(Esmtp::new(true, FLIGHT, choose))
    };
    let (_, memory) = world.stream(3, server(), None);
    let (bytes, handshake) = memory.state().passed(Direction::ToServer);
    let mut early = 0;
    for at in (handshake..bytes).step_by(700) {
        let fault = Fault {
            direction: Direction::ToServer,
            at,
            kind: Kind::Pause,
        };
        let (results, memory) = world.stream(3, server(), Some(fault));
        let reported: Vec<_> = results.iter().map(outcome).collect();
        assert!(is_possible(&memory.state(), &reported), "{at}: {results:?}");
        let unasked = |error: &secsmtp::error::Error| *error.cause == Cause::Unsolicited;
        let errors = results.iter().filter_map(|result| result.as_ref().err());
        early += errors.filter(|error| unasked(error)).count();
    }
    assert!(early > 0);
}

/// Sender, two recipients of which one is rejected, and the content: the replies come in any
/// order. An order that looks like the expected one is read as such.
#[test]
fn h14_replies_in_another_order_accept_nothing_by_mistake() {
    let mut world = World::new();
    let second = world.message.add_recipient("second.recipient@mail.test");
    second.expect("an address");
    world.message.partial = true;
    let shape = Shape {
        recipients: 2,
        partial: true,
    };
    for (offers, last) in [(FLIGHT, "250 2.0.0 queued"), (&FLIGHT[..2], "354 go")] {
        let replies = [
            "250 2.1.0 ok",
            "251 2.1.5 will forward",
            "550 5.1.1 no",
            last,
        ];
        let mut accepted = 0;
        for order in orders() {
            let mut said = order.map(|at| format!("{}\r\n", replies[at])).into_iter();
            let choose = move |point| match point {
                Point::Mail | Point::Rcpt | Point::Data | Point::Content => {
                    said.next().map_or(Answer::Good, |text| reply(&text))
                }
                _ => Answer::Good,
            };
            let server = Box::new(Esmtp::new(true, offers, choose));
            let (results, memory) = world.stream(1, server, None);
            let state = memory.state();
            let reported: Vec<_> = results.iter().map(outcome).collect();
            assert_eq!(
                Some(&reported),
                expected(&state, 1, shape).as_ref(),
                "{order:?}"
            );
            assert!(is_possible(&state, &reported), "{order:?}: {results:?}");
            accepted += usize::from(reported == [Outcome::Accepted]);
        }
        // The recipients exchanged; in one flight, each order that refuses a recipient.
        assert!((2..=12).contains(&accepted), "{accepted}");
    }
}

/// A reply too many somewhere shows with the last answer, and which one that is can't be known.
#[test]
fn h14_more_replies_than_questions_leave_a_message_in_doubt() {
    let world = World::new();
    for (offers, queued) in [(FLIGHT, "250 2.0.0 queued"), (FLIGHT, "552 5.3.4 too big")] {
        for too_many in [Point::Mail, Point::Rcpt, Point::Content] {
            let said = format!("{queued}\r\n");
            let choose = move |point| match point {
                Point::Content if point == too_many => reply(&format!("{said}250 more\r\n")),
                Point::Content => reply(&said),
                point if point == too_many => Answer::Double,
                _ => Answer::Good,
            };
            let ended = world.send(
                TlsMode::Implicit,
                Box::new(Esmtp::new(true, offers, choose)),
                None,
            );
            assert_eq!(ended.outcome(), Outcome::Unknown, "{queued} {too_many:?}");
            let error = ended.result.expect_err("in doubt");
            assert_eq!(error.status(), Status::Unsolicited, "{error}");
            let received = &ended.memory.state().peer.inside;
            assert!(!received.windows(4).any(|w| w == b"QUIT"));
        }
    }
    // A farewell is no reply too many, and with one question at a time there is no doubt.
    for (offers, said) in [
        (FLIGHT, "250 queued\r\n421 4.3.2 closing\r\n"),
        (&["AUTH PLAIN"], "250 queued\r\n250 more\r\n"),
    ] {
        let choose = move |point| match point {
            Point::Content => reply(said),
            _ => Answer::Good,
        };
        let server = Box::new(Esmtp::new(true, offers, choose));
        let ended = world.send(TlsMode::Implicit, server, None);
        assert_eq!(ended.outcome(), Outcome::Accepted, "{said}");
    }
}

/// The server that has the message, and says that it took it, must not be called one that refused it.
#[test]
fn h14_a_recipient_accepted_after_a_rejected_sender_leaves_a_message_in_doubt() {
    for (to_mail, recipients) in [
        ("550 5.0.0 no\r\n", 1),
        ("550 5.0.0 no\r\n", 2),
        ("550 5.0.0 stray\r\n250 2.1.0 ok\r\n", 1),
    ] {
        let mut world = World::new();
        if recipients == 2 {
            let second = world.message.add_recipient("second.recipient@mail.test");
            second.expect("an address");
            world.message.partial = true;
        }
        let choose = move |point| match point {
            Point::Mail => reply(to_mail),
            _ => Answer::Good,
        };
        let server = Box::new(Esmtp::new(true, FLIGHT, choose));
        let ended = world.send(TlsMode::Implicit, server, None);
        assert_eq!(ended.memory.state().peer.taken_at.len(), 1);
        assert_eq!(ended.outcome(), Outcome::Unknown, "{to_mail}");
        let error = ended.result.expect_err("in doubt");
        let recipients = error.record.recipients.iter();
        assert!(
            recipients
                .map(|one| one.outcome)
                .all(|o| o == Outcome::Unknown)
        );
    }
}

/// Bytes that a middlebox added after STARTTLS are answered inside TLS by a server that keeps them: its
/// words come before ours were said, or before the login.
#[test]
fn b10_b15_an_unsolicited_reply_inside_tls_ends_the_session_before_the_login() {
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let world = World::over(version);
        let server = Box::new(Esmtp::new(false, FLIGHT, |_| Answer::Good));
        let mut peer = Peer::new(Arc::clone(&world.server), false, server);
        peer.eager = Some(b"250 2.0.0 the answer to another's command\r\n".to_vec());
        let ended = world.send_to(TlsMode::Starttls, Memory::new(peer, None));
        let error = ended.result.expect_err("not ours");
        assert!(!error.record.secret_released, "{version:?} {error}");
        let received = &ended.memory.state().peer.inside;
        assert!(!received.windows(4).any(|w| w == b"AUTH"), "{version:?}");
        if *version == rustls::version::TLS12 {
            assert_eq!(error.status(), Status::Unsolicited, "{error}");
            assert_eq!(*received, b"", "not even our name was said");
        }
    }
}

/// Sends bytes that are no record of this connection, once it has received some content.
struct Forging(Esmtp);

impl Dialogue for Forging {
    fn begin(&mut self) -> Vec<Act> {
        self.0.begin()
    }

    fn hear(&mut self, bytes: &[u8]) -> Vec<Act> {
        let mut acts = self.0.hear(bytes);
        if bytes.windows(8).any(|w| w == b"Subject:") {
            acts.push(Act::Raw(b"\x17\x03\x03\x00\x10a forged record!".to_vec()));
        }
        acts
    }
}

/// No alert goes behind records of content that was given up.
#[test]
fn h12_h16_a_forged_record_while_the_server_does_not_read_ends_the_content() {
    let mut world = World::new();
    let content = "Subject: x\r\n\r\n".to_owned() + &"A line of the body\r\n".repeat(20_000);
    let content = content.as_bytes();
    world.message.set_content(content).expect("content");
    for offers in [FLIGHT, &FLIGHT[..1]] {
        let fault = Fault {
            direction: Direction::ToServer,
            at: 60_000,
            kind: Kind::Stall,
        };
        let server = Forging(Esmtp::new(true, offers, |_| Answer::Good));
        let ended = world.send(TlsMode::Implicit, Box::new(server), Some(fault));
        assert_eq!(ended.outcome(), Outcome::NotSent);
        let error = ended.result.expect_err("a forged record");
        assert_eq!(error.status(), Status::ConnectionLost, "{error}");
    }
}

/// All orders of four.
fn orders() -> impl Iterator<Item = [usize; 4]> {
    let all = (0..256).map(|n| [n / 64, n / 16 % 4, n / 4 % 4, n % 4]);
    all.filter(|order| (0..4).all(|at| order.contains(&at)))
}

/// Records each received piece.
struct Noting {
    server: Esmtp,
    received: Arc<Mutex<Vec<String>>>,
}

impl Dialogue for Noting {
    fn begin(&mut self) -> Vec<Act> {
        self.server.begin()
    }

    fn hear(&mut self, bytes: &[u8]) -> Vec<Act> {
        let text = String::from_utf8_lossy(bytes).into_owned();
        self.received.lock().expect("one thread").push(text);
        self.server.hear(bytes)
    }
}

#[test]
fn h14_an_extension_missing_in_the_second_ehlo_is_not_used() {
    let mut world = World::new();
    let events = Notify::SUCCESS;
    world.message.set_notify(events).expect("an event");
    for (again, together) in [("PIPELINING", true), ("SIZE", false)] {
        let mut hellos = 0;
        let choose = move |point| {
            hellos += usize::from(point == Point::Ehlo);
            match (point, hellos) {
                (Point::Ehlo, 2) => reply(&format!("250-m\r\n250-{again}\r\n250 DSN\r\n")),
                _ => Answer::Good,
            }
        };
        let received = Arc::<Mutex<Vec<String>>>::default();
        let server = Box::new(Noting {
            server: Esmtp::new(true, FLIGHT, choose),
            received: Arc::clone(&received),
        });
        let ended = world.send(TlsMode::Implicit, server, None);
        assert_eq!(ended.outcome(), Outcome::Accepted, "{}", ended.log);
        let received = received.lock().expect("one thread");
        let both = |text: &String| text.contains("MAIL ") && text.contains("RCPT ");
        assert_eq!(received.iter().any(both), together, "{again} {received:?}");
    }
}

/// The default timeouts are those of RFC 5321 from MAIL on, and ten minutes for the reply to the
/// content.
#[test]
fn h18_each_answer_is_awaited_as_long_as_the_rfc_has_it() {
    let world = World::new();
    for (silent, seconds) in [
        (Point::Greeting, 60),
        (Point::Ehlo, 60),
        (Point::Auth, 60),
        (Point::Mail, 300),
        (Point::Rcpt, 300),
        (Point::Data, 120),
        (Point::Content, 600),
    ] {
        for offers in [&["AUTH PLAIN"], FLIGHT] {
            if silent == Point::Data && offers == FLIGHT {
                continue;
            }
            let server = Esmtp::new(true, offers, |_| Answer::Good);
            let server = Box::new(Mute { server, silent });
            let ended = world.send(TlsMode::Implicit, server, None);
            let error = ended.result.expect_err("silence");
            assert_eq!(error.status(), Status::Timeout, "{silent:?} {offers:?}");
            let left = ended.memory.state().patience.expect("a deadline");
            // Time that passed since the stage began is that of a busy machine.
            let least = Duration::from_secs(seconds - 30);
            let whole = Duration::from_secs(seconds);
            assert!(least < left && left <= whole, "{silent:?}: {left:?}");
        }
    }
}

/// A server that says nothing more from a point on.
struct Mute {
    server: Esmtp,
    silent: Point,
}

impl Mute {
    fn silence(&self, mut acts: Vec<Act>) -> Vec<Act> {
        let here = |act: &Act| matches!(act, Act::Reply(point, _) if *point == self.silent);
        let at = acts.iter().position(here);
        acts.truncate(at.unwrap_or(acts.len()));
        acts
    }
}

impl Dialogue for Mute {
    fn begin(&mut self) -> Vec<Act> {
        let acts = self.server.begin();
        self.silence(acts)
    }

    fn hear(&mut self, bytes: &[u8]) -> Vec<Act> {
        let acts = self.server.hear(bytes);
        self.silence(acts)
    }
}

/// The end of a pause that a rate asks for is no deadline of the answer that is awaited meanwhile.
#[test]
fn h18_a_pause_between_messages_ends_no_wait_for_an_answer() {
    let world = World::new();
    let choose = |point| match point {
        Point::Content => Answer::Reply(Vec::new()),
        _ => Answer::Good,
    };
    let server = Box::new(Esmtp::new(true, FLIGHT, choose));
    let mut asked = 0;
    let next = || {
        asked += 1;
        match asked {
            1 => NextMessage::Message(0, world.message.prepare().unwrap()),
            2..5 => NextMessage::Later(Instant::now() + Duration::from_secs(1)),
            _ => NextMessage::Nothing,
        }
    };
    let peer = Peer::new(Arc::clone(&world.server), true, server);
    let (ended, results) = world.stream_over(Memory::new(peer, None), next);
    assert!(matches!(ended, Some(StreamEnd::Closed)), "{ended:?}");
    let error = results[0].as_ref().expect_err("silence");
    let reported = (error.status(), error.record.outcome);
    assert_eq!(reported, (Status::Timeout, Outcome::Unknown));
    assert!(asked >= 5, "the pauses were no end");
}

/// The end comes with the reply to the login: it is known before MAIL.
#[test]
fn j04_on_a_connection_that_ended_with_the_login_nothing_is_written() {
    let world = World::new();
    for offers in [
        &["AUTH PLAIN", "PIPELINING", "CHUNKING"][..],
        &["AUTH PLAIN"],
    ] {
        let choose = |point| match point {
            Point::Auth => Answer::Last(b"235 2.7.0 in\r\n".to_vec()),
            _ => Answer::Good,
        };
        let server = Box::new(Esmtp::new(true, offers, choose));
        let ended = world.send(TlsMode::Implicit, server, None);
        let error = ended.result.as_ref().expect_err("the connection has ended");
        assert_eq!(error.record.outcome, Outcome::NotSent, "{offers:?}");
        assert!(!error.record.content_released, "{offers:?}");
        let inside = ended.memory.state().peer.inside.clone();
        let inside = String::from_utf8_lossy(&inside);
        assert!(!inside.contains("MAIL"), "{offers:?}: {inside}");
    }
}

/// A server that reads slowly is waited for anew with each 64 KiB that it takes (RFC 5321 section
/// 4.5.3.2.5), and not with each byte.
#[test]
fn h18_the_time_for_content_begins_anew_with_each_block_and_not_with_each_byte() {
    const STEP: usize = 64 * 1024;
    const SIZE: usize = 10 * STEP;
    let mut world = World::new();
    let content = [
        b"Subject: x\r\n\r\n".as_slice(),
        &b"0123456789abcde\r\n".repeat(SIZE / 17),
    ];
    world
        .message
        .set_content(&content.concat())
        .expect("content");
    for offers in [&["AUTH PLAIN"][..], &["AUTH PLAIN", "CHUNKING"], FLIGHT] {
        for sip in [100, 5_000, 50_000] {
            let server = Esmtp::new(true, offers, |_| Answer::Good);
            let peer = Peer::new(Arc::clone(&world.server), true, Box::new(server));
            let memory = Memory::new(peer, None);
            memory.state().sip = Some(sip);
            let ended = world.send_to(TlsMode::Implicit, memory);
            assert_eq!(ended.outcome(), Outcome::Accepted, "{}", ended.log);
            let state = ended.memory.state();
            // Behind the envelope, before the end.
            let content = |(_, taken): &&(_, u64)| (4_000..SIZE as u64).contains(taken);
            let mut ends: Vec<_> = state.waits.iter().filter(content).map(|it| it.0).collect();
            assert!(ends.len() >= SIZE / sip / 2, "{} waits", ends.len());
            ends.dedup();
            let case = format!("{offers:?} {sip}: {} times", ends.len());
            // A block of 256 KiB that is begun is looked at besides.
            let most = SIZE / STEP + SIZE / (4 * STEP) + 2;
            assert!((SIZE / STEP / 2..=most).contains(&ends.len()), "{case}");
        }
    }
}

/// The message whose fault ends a connection has the cause, those after it report that
/// the connection broke, and none has another's reply.
#[test]
fn h14_h15_each_message_of_a_stream_has_its_own_cause() {
    use Status::{
        Closing, ConnectionLost, ContentRefused, MalformedReply, Ok as Sent, RecipientRefused,
        SenderRefused, UnexpectedReply,
    };
    let world = World::new();
    for (point, said, statuses) in [
        (
            Point::Mail,
            "354 odd\r\n",
            [Sent, UnexpectedReply, ConnectionLost, ConnectionLost],
        ),
        (
            Point::Rcpt,
            "354 odd\r\n",
            [Sent, UnexpectedReply, ConnectionLost, ConnectionLost],
        ),
        (
            Point::Content,
            "354 odd\r\n",
            [Sent, UnexpectedReply, ConnectionLost, ConnectionLost],
        ),
        (
            Point::Mail,
            "250 ok\n",
            [Sent, MalformedReply, MalformedReply, MalformedReply],
        ),
        (
            Point::Content,
            "2x0 ok\r\n",
            [Sent, MalformedReply, MalformedReply, MalformedReply],
        ),
        (
            Point::Mail,
            "550 5.7.1 own\r\n",
            [Sent, SenderRefused, Sent, Sent],
        ),
        (
            Point::Rcpt,
            "550 5.1.1 own\r\n",
            [Sent, RecipientRefused, Sent, Sent],
        ),
        (
            Point::Content,
            "554 5.7.1 own\r\n",
            [Sent, ContentRefused, Sent, Sent],
        ),
        (
            Point::Content,
            "421 4.3.2 own\r\n",
            [Sent, Closing, Closing, Closing],
        ),
    ] {
        let (mut mails, mut refused) = (0, false);
        let choose = move |at| {
            if at == Point::Mail {
                (mails, refused) = (mails + 1, false);
            }
            if (mails, at) == (2, point) {
                refused = said.starts_with('5');
                return match said.starts_with("421") {
                    true => Answer::Last(said.as_bytes().to_vec()),
                    false => reply(said),
                };
            }
            match (refused, at) {
                (true, Point::Rcpt | Point::Content) => reply("503 5.5.1 behind\r\n"),
                _ => Answer::Good,
            }
        };
        let server = Box::new(Esmtp::new(true, FLIGHT, choose));
        let (results, _) = world.stream(4, server, None);
        let status =
            |result: &Result<_, Error>| result.as_ref().map_or_else(Error::status, |_| Sent);
        let case = format!("{said:?} at {point:?}: {results:?}");
        assert_eq!(
            results.iter().map(status).collect::<Vec<_>>(),
            statuses,
            "{case}"
        );
        for (number, result) in results.iter().enumerate() {
            let Err(error) = result else { continue };
            let answer = error
                .record
                .reply
                .as_ref()
                .map(|answer| answer.text.as_str());
            let own = said[..3].parse::<u16>().is_ok() && said.ends_with("\r\n");
            assert_eq!(answer.is_some(), own && number == 1, "{case}");
            assert!(answer.is_none_or(|text| said.contains(text)), "{case}");
        }
    }
}

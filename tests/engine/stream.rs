//! Many messages over one session: each has its own outcome, whatever becomes of its neighbours.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use secsmtp::channel::Setup;
use secsmtp::channel::{Cleartext, Verified};
use secsmtp::client::BatchOptions;
use secsmtp::credential::Credential;
use secsmtp::deadline::{Deadline, Timeouts};
use secsmtp::error::{Error, Outcome, Record, Stage};
use secsmtp::log::Log;
use secsmtp::message::Message;
use secsmtp::net::{TcpTransport, Waiter, dial};
use secsmtp::smtp::{Context, NextMessage, Opening, Session, StreamEnd, Window, upgrade};
use secsmtp::status::Status;
use secsmtp::trust::{Host, TlsMode};
use secsmtp_testservers::{Pki, ReferenceConfig, ReferenceServer, Scripted, Step};

use crate::stream_of::stream_of;
use crate::support::*;

type Results = BTreeMap<u64, Result<Record, Error>>;

/// A session that is logged in.
fn open<'a>(pki: &Pki, address: SocketAddr) -> (Session<Verified<TcpTransport>>, Context<'a>) {
    open_with(pki, address, Waiter::new().unwrap(), |_| {})
}

fn open_with<'a>(
    pki: &Pki,
    address: SocketAddr,
    waiter: Waiter,
    change: impl FnOnce(&mut Timeouts),
) -> (Session<Verified<TcpTransport>>, Context<'a>) {
    let policy = Arc::new(policy(pki, TlsMode::Implicit));
    let setup = Setup::new(&policy, &Host::parse(HOST).unwrap()).unwrap();
    let mut timeouts = Timeouts::default();
    timeouts.set(Stage::Local, LONG);
    timeouts.set_reply_age(Duration::MAX);
    change(&mut timeouts);
    let mut cx = Context::new(HOST, 465, timeouts, Log::off());
    let transport = dial(&[address], waiter, Deadline::after(LONG)).unwrap();
    let mut opening = Opening::new(&mut cx, Record::default());
    let verified = upgrade(Cleartext::new(transport), &setup, &mut opening).unwrap();
    let mut session = Session::<Verified<_>>::open(verified, &mut opening, None).unwrap();
    let login = Credential::password(USER, PASSWORD.as_bytes()).unwrap();
    session.authenticate(&mut opening, &login).unwrap();
    (session, cx)
}

/// Streams these, and gives what became of each that was begun.
fn stream(
    pki: &Pki,
    address: SocketAddr,
    window: Window,
    messages: Vec<Message>,
) -> (Results, StreamEnd) {
    let (mut session, mut cx) = open(pki, address);
    let results = RefCell::new(Results::new());
    let mut rest = messages.into_iter().enumerate();
    let ended = session.send_all(
        &mut cx,
        window,
        &stream_of(
            || match rest.next() {
                Some((tag, message)) => {
                    NextMessage::Message(tag as u64, message.prepare().unwrap())
                }
                None => NextMessage::End,
            },
            |tag, result| {
                let known = results.borrow_mut().insert(tag, result);
                assert!(known.is_none(), "{tag} has two outcomes");
            },
        ),
        Record::default(),
    );
    if session.can_go_on() {
        session.quit(&mut cx);
    }
    (results.into_inner(), ended)
}

fn outcome(result: &Result<Record, Error>) -> Outcome {
    result
        .as_ref()
        .map_or_else(|error| error.record.outcome, |record| record.outcome)
}

fn outcomes(results: &Results) -> Vec<Outcome> {
    results.values().map(outcome).collect()
}

/// The content of a message, unlike any other's.
fn content(number: usize) -> String {
    let body = format!(".line of message {number}\r\n").repeat(1 + number % 70);
    format!("Subject: {number}\r\n\r\n{body}")
}

fn numbered(number: usize, to: &[&str]) -> Message {
    let mut message = message_to(to);
    message.set_content(content(number).as_bytes()).unwrap();
    message
}

pub(crate) fn with_extensions(pki: &Pki, extensions: &[&str]) -> ReferenceConfig {
    let mut config = reference_config(pki);
    config.extensions = extensions.iter().map(|line| (*line).to_owned()).collect();
    config
}

const FORMS: [&[&str]; 4] = [
    &["PIPELINING", "CHUNKING"],
    &["PIPELINING"],
    &["CHUNKING"],
    &[],
];

#[test]
fn a_refusal_in_the_middle_never_disturbs_its_neighbours() {
    let pki = pki();
    for form in FORMS {
        for window in [
            Window::default(),
            Window {
                messages: 1,
                bytes: 0,
            },
            Window {
                messages: 5,
                bytes: 3000,
            },
        ] {
            let mut config = with_extensions(&pki, form);
            config.reject_rcpt = vec!["unknown@mail.test".to_owned()];
            config.reject_mail = vec!["stranger@mail.test".to_owned()];
            config.size_limit = 5000;
            let server = ReferenceServer::start(config).unwrap();
            let mut messages = Vec::new();
            let mut expected = Vec::new();
            for number in 0..100 {
                let mut message = match number % 10 {
                    3 => numbered(number, &["unknown@mail.test"]),
                    4 => numbered(number, &[TO, "unknown@mail.test"]),
                    7 => numbered(number, &[TO, "second@mail.test"]),
                    _ => numbered(number, &[TO]),
                };
                if number % 10 == 5 {
                    message.set_sender("stranger@mail.test").unwrap();
                }
                if number % 10 == 6 {
                    message
                        .set_content("too large\r\n".repeat(600).as_bytes())
                        .unwrap();
                }
                if number % 10 == 8 {
                    message = numbered(number, &["unknown@mail.test", TO]);
                    message.partial = true;
                }
                expected.push(match number % 10 {
                    3..=6 => Outcome::Refused,
                    _ => Outcome::Accepted,
                });
                messages.push(message);
            }
            let (results, ended) = stream(&pki, server.implicit_addr(), window, messages);
            assert!(matches!(ended, StreamEnd::Done), "{ended:?}");
            assert_eq!(outcomes(&results), expected, "{form:?}");
            for (number, result) in &results {
                let status = result.as_ref().map_or_else(Error::status, |_| Status::Ok);
                let fits = match number % 10 {
                    3 | 4 => Status::RecipientRefused,
                    5 => Status::SenderRefused,
                    6 => Status::ContentRefused,
                    _ => Status::Ok,
                };
                assert_eq!(status, fits, "{number} {form:?}");
            }
            let accepted = (0..100).filter(|n| expected[*n] == Outcome::Accepted);
            let mails = server.mails();
            assert_eq!(mails.len(), 60);
            for (mail, number) in mails.iter().zip(accepted) {
                assert_eq!(mail.from, FROM);
                assert_eq!(
                    mail.content,
                    content(number).as_bytes(),
                    "{number} {form:?}"
                );
                let to: &[&str] = match number % 10 {
                    7 => &[TO, "second@mail.test"],
                    _ => &[TO],
                };
                assert_eq!(mail.to, to);
            }
        }
    }
}

#[test]
fn a_window_of_one_begins_a_message_when_the_last_is_answered() {
    let pki = pki();
    let server = ReferenceServer::start(reference_config(&pki)).unwrap();
    for (messages, most) in [(0, 0), (1, 0), (4, 3)] {
        let (mut session, mut cx) = open(&pki, server.implicit_addr());
        let open = Cell::new(0_usize);
        let seen = Cell::new(0_usize);
        let mut begun = 0_u64;
        let window = Window {
            messages,
            bytes: u64::MAX,
        };
        let ended = session.send_all(
            &mut cx,
            window,
            &stream_of(
                || {
                    let now = open.get();
                    assert!(now <= most, "{now} of {messages}");
                    seen.set(now.max(seen.get()));
                    if begun == 20 {
                        return NextMessage::End;
                    }
                    begun += 1;
                    open.set(open.get() + 1);
                    NextMessage::Message(begun, message().prepare().unwrap())
                },
                |_, result| {
                    assert!(result.is_ok());
                    open.set(open.get() - 1);
                },
            ),
            Record::default(),
        );
        assert!(matches!(ended, StreamEnd::Done));
        assert_eq!(seen.get(), most);
    }
}

#[test]
fn a_message_without_a_sender_or_too_large_is_reported_and_the_others_are_sent() {
    let pki = pki();
    let server = ReferenceServer::start(with_extensions(
        &pki,
        &["PIPELINING", "CHUNKING", "SIZE 1000"],
    ));
    let server = server.unwrap();
    let mut large = message();
    large
        .set_content("large\r\n".repeat(200).as_bytes())
        .unwrap();
    let messages = vec![message(), Message::new(), large, message()];
    let client = client(&policy(&pki, TlsMode::Implicit), server.implicit_addr());
    let mut results = Results::new();
    let done = |id, result| drop(results.insert(id, result));
    let begun = client.send_many(&messages, &BatchOptions::default(), done, Log::off());
    assert_eq!(begun, 4);
    use Outcome::{Accepted, NotSent};
    assert_eq!(outcomes(&results), [Accepted, NotSent, NotSent, Accepted]);
    assert_eq!(results[&1].as_ref().unwrap_err().status(), Status::NoSender);
    assert_eq!(results[&2].as_ref().unwrap_err().status(), Status::TooLarge);
    assert_eq!(server.mail_count(), 2);
}

#[test]
fn limits_of_the_server_end_the_stream_in_time() {
    let pki = pki();
    for (limits, fit) in [
        ("LIMITS MAILMAX=3", 3),
        ("LIMITS RCPTDOMAINMAX=2", 2),
        ("LIMITS MAILMAX=9 RCPTDOMAINMAX=9", 4),
    ] {
        let server =
            ReferenceServer::start(with_extensions(&pki, &["PIPELINING", "CHUNKING", limits]));
        let server = server.unwrap();
        let messages = ["a@one.test", "a@two.test", "a@three.test", "a@four.test"];
        let messages = messages.iter().map(|to| message_to(&[to])).collect();
        let (results, ended) = stream(&pki, server.implicit_addr(), Window::default(), messages);
        assert_eq!(outcomes(&results), vec![Outcome::Accepted; fit], "{limits}");
        match ended {
            StreamEnd::Full(tag, _) => assert_eq!(tag, fit as u64),
            StreamEnd::Done => assert_eq!(fit, 4),
            other => panic!("{other:?}"),
        }
    }
    let server = ReferenceServer::start(with_extensions(&pki, &["PIPELINING", "LIMITS RCPTMAX=2"]));
    let server = server.unwrap();
    let messages = vec![message_to(&["a@x.test", "b@x.test", "c@x.test"]), message()];
    let (results, _) = stream(&pki, server.implicit_addr(), Window::default(), messages);
    assert_eq!(outcomes(&results), [Outcome::NotSent, Outcome::Accepted]);
    let error = results[&0].as_ref().unwrap_err();
    assert_eq!(error.status(), Status::TooManyRecipients);
    let record = results[&1].as_ref().unwrap();
    assert!(!record.reused, "the message before was not begun");
}

/// Reads the login and `whole` messages of a stream before it says `answers`, and then goes.
pub(crate) fn answering(pki: &Pki, whole: usize, answers: &str, last: Step) -> Scripted {
    let mut steps = vec![
        Step::StartTls(pki.identity()),
        Step::send("220 m\r\n"),
        Step::expect("EHLO"),
        Step::send("250-m\r\n250-PIPELINING\r\n250-CHUNKING\r\n250 AUTH PLAIN\r\n"),
        Step::expect("AUTH PLAIN "),
        Step::send("235 ok\r\n"),
    ];
    for number in 0..whole {
        if number > 0 {
            steps.push(Step::expect("RSET"));
        }
        for line in ["MAIL", "RCPT", "BDAT", "Subject", "", ".A line"] {
            steps.push(Step::expect(line));
        }
    }
    steps.extend([Step::send(answers), last]);
    Scripted::start(steps).unwrap()
}

/// The clock of a wait runs on while the caller is asked for more; what came meanwhile is in time.
#[test]
fn a_reply_that_arrived_before_the_timeout_was_checked_counts_and_silence_does_not() {
    const PATIENCE: Duration = Duration::from_secs(2);
    let pki = pki();
    for (answers, status) in [
        ("250 a\r\n250 b\r\n250 c\r\n", Status::Ok),
        ("", Status::Timeout),
    ] {
        let (go, may) = channel();
        let (tell, reported) = channel();
        let mut steps = vec![
            Step::StartTls(pki.identity()),
            Step::send("220 m\r\n"),
            Step::expect("EHLO"),
            Step::send("250-m\r\n250-PIPELINING\r\n250-CHUNKING\r\n250 AUTH PLAIN\r\n"),
            Step::expect("AUTH PLAIN "),
            Step::send("235 ok\r\n"),
        ];
        for line in ["MAIL", "RCPT", "BDAT", "Subject", "", ".A line"] {
            steps.push(Step::expect(line));
        }
        steps.extend([
            Step::wait_for(may),
            Step::send(answers),
            Step::Tell(tell),
            Step::ReadToEnd,
        ]);
        let server = Scripted::start(steps).unwrap();
        let waiter = Waiter::new().unwrap();
        let wait = waiter.canceller();
        let (mut session, mut cx) = open_with(&pki, server.addr(), waiter, |timeouts| {
            timeouts.set(Stage::Mail, PATIENCE);
        });
        let mut asked = 0;
        let next = || {
            asked += 1;
            match asked {
                1 => return NextMessage::Message(0, message().prepare().unwrap()),
                // Ends the wait that begins now, without an answer.
                2 => wait.wake(),
                3 => {
                    go.send(()).unwrap();
                    reported.recv_timeout(LONG).unwrap();
                    thread::sleep(PATIENCE);
                }
                _ => {}
            }
            NextMessage::Nothing
        };
        let mut results = Vec::new();
        session.send_all(
            &mut cx,
            Window::default(),
            &stream_of(next, |_, result| {
                results.push(result);
            }),
            Record::default(),
        );
        let result = results.pop().unwrap();
        let met = result.as_ref().map_or_else(Error::status, |_| Status::Ok);
        assert_eq!(met, status, "{result:?}");
    }
}

#[test]
fn a_server_that_reads_late_is_waited_for_and_the_content_is_not_piled_up() {
    let pki = pki();
    let server = Scripted::start(vec![
        Step::StartTls(pki.identity()),
        Step::send("220 m\r\n"),
        Step::expect("EHLO"),
        Step::send("250-m\r\n250 AUTH PLAIN\r\n"),
        Step::expect("AUTH PLAIN "),
        Step::send("235 ok\r\n"),
        Step::expect("MAIL"),
        Step::send("250 ok\r\n"),
        Step::expect("RCPT"),
        Step::send("250 ok\r\n"),
        Step::expect("DATA"),
        Step::send("354 go\r\n"),
        Step::Sleep(Duration::from_millis(200)),
        Step::ReadMessage,
        Step::send("250 ok\r\n"),
    ])
    .unwrap();
    let mut large = message();
    // More than the system keeps for a reader that sleeps.
    let content = "a line of the content\r\n".repeat(700_000);
    large.set_content(content.as_bytes()).unwrap();
    let (results, _) = stream(&pki, server.addr(), Window::default(), vec![large]);
    assert_eq!(outcomes(&results), [Outcome::Accepted]);
}

#[test]
fn a_broken_line_gives_each_message_its_own_outcome() {
    use Outcome::{Accepted, NotSent, Refused, Unknown};
    let pki = pki();
    let one = "250 a\r\n250 b\r\n250 c\r\n";
    let next = "250 r\r\n250 a\r\n250 b\r\n250 c\r\n";
    for (answers, expected) in [
        (String::new(), [Unknown, Unknown, Unknown, Unknown]),
        (one.to_owned(), [Accepted, Unknown, Unknown, Unknown]),
        (
            format!("{one}{next}"),
            [Accepted, Accepted, Unknown, Unknown],
        ),
        (
            format!("{one}250 r\r\n550 a\r\n"),
            [Accepted, Refused, Unknown, Unknown],
        ),
        (
            format!("{one}250 r\r\n250 a\r\n550 b\r\n554 c\r\n{next}"),
            [Accepted, Refused, Accepted, Unknown],
        ),
        // Closing: what is behind was not looked at.
        (
            format!("{one}421 r\r\n"),
            [Accepted, NotSent, NotSent, NotSent],
        ),
        (
            format!("{one}250 r\r\n421 a\r\n"),
            [Accepted, NotSent, NotSent, NotSent],
        ),
        (
            format!("{one}250 r\r\n250 a\r\n250 b\r\n421 c\r\n"),
            [Accepted, Unknown, NotSent, NotSent],
        ),
        // Unless the server goes on speaking.
        (
            format!("{one}421 r\r\n250 a\r\n"),
            [Accepted, NotSent, Unknown, Unknown],
        ),
        // An invalid reply, or bytes that are not SMTP, end the connection for all messages.
        (
            format!("{one}500 r\r\n"),
            [Accepted, Unknown, Unknown, Unknown],
        ),
        (
            format!("{one}250-r\r\n251 x\r\n"),
            [Accepted, Unknown, Unknown, Unknown],
        ),
        (
            format!("{one}{one}{one}"),
            [Accepted, Unknown, Unknown, Unknown],
        ),
    ] {
        let server = answering(&pki, 4, &answers, Step::Close);
        let messages = (0..4).map(|_| message()).collect();
        let (results, ended) = stream(&pki, server.addr(), Window::default(), messages);
        assert!(matches!(ended, StreamEnd::Closed), "{ended:?}");
        let list = outcomes(&results);
        // Replies one too few shift those that follow: what the last one came to differs then.
        let shifted = answers == format!("{one}{one}{one}");
        match shifted {
            true => assert!(list.iter().skip(1).all(|o| *o != NotSent), "{list:?}"),
            false => assert_eq!(list, expected, "{answers:?}"),
        }
        assert_eq!(server.join().error, None, "{answers:?}");
    }
}

#[test]
fn more_replies_than_questions_end_the_session() {
    let pki = pki();
    let one = "250 a\r\n250 b\r\n250 c\r\n";
    let server = answering(
        &pki,
        1,
        &format!("{one}250 unsolicited\r\n"),
        Step::ReadToEnd,
    );
    let (mut session, mut cx) = open(&pki, server.addr());
    let (mut left, mut got) = (Some(message()), None);
    let ended = session.send_all(
        &mut cx,
        Window::default(),
        &stream_of(
            || {
                left.take().map_or(NextMessage::End, |message| {
                    NextMessage::Message(0, message.prepare().unwrap())
                })
            },
            |_, result| got = Some(result),
        ),
        Record::default(),
    );
    // Which of them was too many is not known.
    let error = got.unwrap().unwrap_err();
    assert_eq!(error.status(), Status::Unsolicited);
    assert_eq!(error.record.outcome, Outcome::Unknown);
    assert!(matches!(ended, StreamEnd::Closed));
    assert!(!session.can_go_on());
    drop(session);
    assert_eq!(
        String::from_utf8_lossy(&server.join().tls)
            .matches("MAIL")
            .count(),
        1
    );
}

#[test]
fn a_cut_during_a_write_reports_the_complete_messages() {
    let pki = pki();
    // The server reads one message and no more, and resets: most of the others never left.
    let server = answering(&pki, 1, "250 a\r\n250 b\r\n250 c\r\n", Step::Drop);
    let mut large = message();
    large
        .set_content("a line\r\n".repeat(30_000).as_bytes())
        .unwrap();
    let mut messages = vec![message()];
    messages.extend(std::iter::repeat_n(large, 60));
    let window = Window {
        messages: 100,
        bytes: u64::MAX,
    };
    let (results, ended) = stream(&pki, server.addr(), window, messages);
    assert!(matches!(ended, StreamEnd::Closed));
    let list = outcomes(&results);
    assert_ne!(list[0], Outcome::NotSent);
    // Whole ones come before those that were not: what was written was written in order.
    let whole = list.iter().rposition(|o| *o == Outcome::Unknown);
    let first = list.iter().position(|o| *o == Outcome::NotSent);
    assert!(
        first.is_none_or(|first| whole.is_none_or(|whole| whole < first)),
        "{list:?}"
    );
    assert!(
        list.len() < 61 || list.contains(&Outcome::NotSent),
        "{list:?}"
    );
}

//! The texts that are sent on the wire and shown to users.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secsmtp::credential::Credential;
use secsmtp::error::{Error, Outcome};
use secsmtp::message::Message;
use secsmtp::message::address::Address;
use secsmtp::smtp::wire::transaction_commands;
use secsmtp::status::Status;
use secsmtp::trust::TlsMode;

use crate::memory::{Answer, CONTENT, Direction, Esmtp, FROM, Fault, Kind, Point, World};

#[test]
fn g04_wide_characters_do_not_become_line_ends() {
    // Cut to their low bytes these would be CR, LF, NUL, a space and a bracket.
    for wide in [
        "\u{760d}",
        "\u{560a}",
        "\u{4e00}",
        "\u{4e20}",
        "\u{4e3e}",
        "\u{10000d}",
    ] {
        for text in [format!("a{wide}b@mail.test"), format!("a@{wide}.test")] {
            let Ok(address) = Address::parse(&text) else {
                continue;
            };
            let mut wire = Vec::new();
            transaction_commands::rcpt(
                &mut wire,
                &address,
                0,
                &secsmtp::message::delivery::Options::NOTHING,
            );
            let line = wire.strip_suffix(b"\r\n").expect("a line");
            assert!(!line.iter().any(u8::is_ascii_control), "{line:?}");
            // A domain goes as its A-labels; a local part goes as it is.
            let local = text.split_once('@').map_or("", |(local, _)| local);
            assert!(
                line.windows(local.len()).any(|w| w == local.as_bytes()),
                "{line:?}"
            );
        }
    }
}

#[test]
fn i06_no_text_for_people_holds_content() {
    let world = World::new();
    for at in [Point::Mail, Point::Data, Point::Content] {
        for words in ["550 5.7.1 no\r\n", "421 4.3.2 closing\r\n", "2x0\r\n"] {
            let choose = move |point| match point == at {
                true => Answer::Reply(words.as_bytes().to_vec()),
                false => Answer::Good,
            };
            for offers in [
                &["AUTH PLAIN"][..],
                &["AUTH PLAIN", "PIPELINING", "CHUNKING"],
            ] {
                let server = Esmtp::new(true, offers, choose);
                let ended = world.send(TlsMode::Implicit, Box::new(server), None);
                let error = ended
                    .result
                    .as_ref()
                    .err()
                    .map(|error| format!("{error} {error:?}"));
                let text = format!("{}{}", error.unwrap_or_default(), ended.log);
                for line in ["content marker", "line of the body"] {
                    assert!(!text.contains(line), "{text}");
                }
            }
        }
    }
}

#[test]
fn e02_g17_a_reply_that_is_too_long_is_rejected_before_its_end() {
    use secsmtp::error::ReplyFault;
    use secsmtp::smtp::wire::reply::{MAX_LINE, parse};
    let line = [b"250-".as_slice(), &vec![b'a'; 12_000], b"\r\n"].concat();
    let mut unfinished = line.repeat(5);
    unfinished.extend_from_slice(b"250-");
    unfinished.extend(vec![b'a'; MAX_LINE - 4]);
    assert!(matches!(
        parse(&unfinished),
        Err(ReplyFault::TooLong { .. })
    ));
    let domain = vec!["a".repeat(60); 6].join(".");
    assert!(Address::parse(&format!("a@{domain}")).is_err());
}

#[test]
fn e12_limits_that_are_none_limit_nothing_and_domains_are_counted() {
    for (limits, refused) in [
        ("LIMITS RCPTDOMAINMAX", false),
        ("LIMITS RCPTDOMAINMAX=x RCPTMAX=", false),
        ("LIMITS RCPTDOMAINMAX=2", false),
        ("LIMITS RCPTDOMAINMAX=1", true),
        ("LIMITS RCPTMAX=1", true),
    ] {
        let mut world = World::new();
        world
            .message
            .add_recipient("c@another.test")
            .expect("an address");
        let offers = ["AUTH PLAIN", "PIPELINING", limits];
        let server = Esmtp::new(true, &offers, |_| Answer::Good);
        let ended = world.send(TlsMode::Implicit, Box::new(server), None);
        let status = ended.result.err().map(|error| error.status());
        assert_eq!(
            status,
            refused.then_some(Status::TooManyRecipients),
            "{limits}"
        );
    }
}

#[test]
fn f05_f08_f26_a_login_that_waits_for_its_challenge_accepts_no_other_reply() {
    for (words, status) in [
        ("235 in\r\n", Status::UnexpectedReply),
        ("334 QUFB\r\n", Status::UnexpectedReply),
        ("334 !\r\n", Status::UnexpectedReply),
    ] {
        let mut world = World::new();
        world.credential = Credential::password("alice", &[b'p'; 600]).expect("a login");
        let server = Esmtp::new(true, &["AUTH PLAIN"], move |point| match point {
            Point::Auth => Answer::Reply(words.as_bytes().to_vec()),
            _ => Answer::Good,
        });
        let ended = world.send(TlsMode::Implicit, Box::new(server), None);
        let error = ended.result.expect_err(words);
        assert_eq!(
            (error.status(), error.record.secret_released),
            (status, false),
            "{words}"
        );
    }
}

/// Servers cut what they echo, and a token is longer than what is shown of a reply.
#[test]
fn e18_i02_no_part_of_a_token_that_is_echoed_is_shown() {
    let token = "ya29.".to_owned() + &"abcdefghijKLMNOPQRST0123456789".repeat(40);
    let blob = STANDARD.encode(format!("user=alice\x01auth=Bearer {token}\x01\x01"));
    let mut world = World::new();
    world.credential = Credential::token("alice", token.as_bytes()).expect("a token");
    for (code, echo) in [
        ("535 5.7.8", &token[..]),
        ("535 5.7.8", &token[..200]),
        ("535 5.7.8", &token[600..700]),
        ("535 5.7.8", &blob[..200]),
        ("535 5.7.8", &blob[300..]),
        ("999", &token[..]),
        ("999", &token[..700]),
        ("2x0", &blob[..]),
    ] {
        let said = format!("{code} bad token {echo}\r\n");
        let choose = move |point| match point {
            Point::Auth => Answer::Reply(said.clone().into_bytes()),
            _ => Answer::Good,
        };
        let server = Box::new(Esmtp::new(true, &["AUTH XOAUTH2"], choose));
        let ended = world.send(TlsMode::Implicit, server, None);
        let error = ended.result.expect_err("refused");
        for shown in [&ended.log, &error.to_string(), &format!("{error:?}")] {
            let echoed = echo.as_bytes().windows(8);
            let shown = shown.as_bytes();
            let mut parts = echoed.filter(|part| shown.windows(8).any(|window| window == *part));
            assert_eq!(parts.next(), None, "{code} {}", echo.len());
        }
        assert!(error.to_string().contains("bad token [secret]"), "{error}");
    }
}

const FLIGHT: &[&str] = &["AUTH PLAIN", "PIPELINING", "CHUNKING"];

#[test]
fn a_content_that_broke_off_was_sent_in_part() {
    let mut world = World::new();
    let content = "Subject: x\r\n\r\n".to_owned() + &"A line of the body\r\n".repeat(30_000);
    world
        .message
        .set_content(content.as_bytes())
        .expect("content");
    for offers in [&["AUTH PLAIN"][..], FLIGHT] {
        for kind in [Kind::Cancel, Kind::Cut, Kind::Error, Kind::Stall] {
            let server = Box::new(Esmtp::new(true, offers, |_| Answer::Good));
            let fault = Fault {
                direction: Direction::ToServer,
                at: 100_000,
                kind,
            };
            let ended = world.send(TlsMode::Implicit, server, Some(fault));
            let error = ended.result.expect_err("not finished");
            assert_eq!(error.record.outcome, Outcome::NotSent, "{kind:?}");
            let text = error.to_string();
            let part = "Part of the content was sent to the verified server.";
            assert!(text.contains(part), "{kind:?}: {text}");
        }
    }
}

/// A reply to the content that came is never missing in the text, and one that did not come is.
#[test]
fn the_text_of_an_unknown_outcome_names_the_reply() {
    let world = World::new();
    let all = "All of the content was sent to the verified server, and ";
    for (said, words) in [
        (
            "250 2.0.0 queued\r\n250 more\r\n",
            "more replies than commands came",
        ),
        (
            "354 go\r\n",
            "the reply to it neither accepts nor rejects it.",
        ),
        (
            "421 4.3.2 closing\r\n",
            "the reply to it neither accepts nor rejects it.",
        ),
        ("2x0 queued\r\n", "no reply to it could be read."),
        ("250-2.0.0 half", "no complete reply to it came."),
        ("", "no complete reply to it came."),
    ] {
        let choose = move |point| match point {
            Point::Content => Answer::Last(said.as_bytes().to_vec()),
            _ => Answer::Good,
        };
        let server = Box::new(Esmtp::new(true, FLIGHT, choose));
        let error = world.send(TlsMode::Implicit, server, None).result;
        let error = error.expect_err("not accepted");
        assert_eq!(error.record.outcome, Outcome::Unknown, "{said}");
        let text = error.to_string();
        assert!(text.contains(&format!("{all}{words}")), "{said}: {text}");
        if error.record.reply.is_some() {
            let reply = said.lines().next().unwrap_or_default();
            let shown = format!("The server replied: \"{reply}");
            assert!(text.contains(&shown), "{text}");
        }
        let missing = text.contains("no complete reply") || text.contains("could be read");
        assert_eq!(error.record.reply.is_none(), missing, "{text}");
    }
}

/// The third message gets a reply to its MAIL that does not fit: the replies to the fourth are there too,
/// and not looked at.
#[test]
fn the_text_of_another_message_reports_that_a_message_ended_the_connection() {
    let world = World::new();
    let mut mails = 0;
    let choose = move |point| {
        mails += usize::from(point == Point::Mail);
        match (point, mails) {
            (Point::Mail, 3) => Answer::Reply(b"354 what\r\n".to_vec()),
            _ => Answer::Good,
        }
    };
    let server = Box::new(Esmtp::new(true, FLIGHT, choose));
    let (results, _) = world.stream(4, server, None);
    let error = results[3].as_ref().expect_err("its replies are not read");
    assert_eq!(error.record.outcome, Outcome::Unknown);
    let text = error.to_string();
    for words in [
        "the connection was closed because of another message on it.",
        "All of the content was sent to the verified server, and no reply to it was read.",
    ] {
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn a_refused_recipient_is_named() {
    let names = ["first@mail.test", "second@mail.test", "third@mail.test"];
    for (refused, partial, words) in [
        (
            &[0][..],
            false,
            "the server rejected the recipient first@mail.test.",
        ),
        (
            &[2],
            false,
            "the server rejected the recipient third@mail.test.",
        ),
        (
            &[1, 2],
            false,
            "the server rejected 2 of 3 recipients, the first of them second@mail.test.",
        ),
        (
            &[0, 1, 2],
            true,
            "the server rejected 3 of 3 recipients, the first of them first@mail.test.",
        ),
    ] {
        for offers in [&["AUTH PLAIN"][..], FLIGHT] {
            let mut world = World::new();
            world.message = Message::new();
            world.message.set_sender(FROM).expect("an address");
            for name in names {
                world.message.add_recipient(name).expect("an address");
            }
            world
                .message
                .set_content(CONTENT.as_bytes())
                .expect("content");
            world.message.partial = partial;
            let mut asked = 0;
            let choose = move |point| {
                asked += usize::from(point == Point::Rcpt);
                match point {
                    Point::Rcpt if refused.contains(&(asked - 1)) => {
                        Answer::Reply(b"571 5.7.1 not here\r\n".to_vec())
                    }
                    Point::Data | Point::Content if refused.len() == 3 => {
                        Answer::Reply(b"554 5.5.1 no recipients\r\n".to_vec())
                    }
                    _ => Answer::Good,
                }
            };
            let server = Box::new(Esmtp::new(true, offers, choose));
            let error = world.send(TlsMode::Implicit, server, None).result;
            let text = error.expect_err("refused").to_string();
            let whole = format!(
                "Could not send the message: {words} The server replied: \"571 5.7.1 not here\"."
            );
            assert!(text.starts_with(&whole), "{text}");
        }
    }
}

#[test]
fn e12_an_error_names_the_limit_that_a_reply_is_beyond() {
    let many = (0..200).map(|n| format!(" X{n}")).collect::<String>();
    for (said, words) in [
        (
            "250-more\r\n".repeat(129),
            "of at most 128 lines, found more.",
        ),
        (
            format!("250 {}\r\n", "a".repeat(13_000)),
            "of at most 12300 bytes in one line, found more.",
        ),
        (
            format!("250-m\r\n250 AUTH{many}\r\n"),
            "of at most 128 login mechanisms, found more.",
        ),
    ] {
        let choose = move |point| match point {
            Point::Ehlo => Answer::Reply(said.clone().into_bytes()),
            _ => Answer::Good,
        };
        let server = Box::new(Esmtp::new(true, FLIGHT, choose));
        let error = world_error(server);
        assert_eq!(error.status(), Status::ReplyTooLong, "{error}");
        assert!(
            error.to_string().starts_with(&format!(
                "Could not open a session: expected a reply {words}"
            )),
            "{error}"
        );
    }
}

fn world_error(server: Box<Esmtp>) -> Error {
    let ended = World::new().send(TlsMode::Implicit, server, None);
    ended.result.expect_err("not accepted")
}

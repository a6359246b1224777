//! What may become words, on the wire and for people.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secsmtp::credential::Credential;
use secsmtp::proto::address::Address;
use secsmtp::proto::transaction;
use secsmtp::tls::TlsMode;

use crate::memory::{Answer, Esmtp, Point, World};

#[test]
fn g04_wide_characters_do_not_become_line_ends() {
    // Cut to their low octets these would be CR, LF, NUL, a space and a bracket.
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
            transaction::rcpt(
                &mut wire,
                &address,
                0,
                &secsmtp::proto::options::Options::NOTHING,
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
fn e02_g17_what_is_too_long_is_seen_before_it_is_whole() {
    use secsmtp::error::ReplyFault;
    use secsmtp::proto::reply::{MAX_LINE, parse};
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
    use secsmtp::status::Status;
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
fn f05_f08_f26_a_login_that_waits_for_its_challenge_takes_no_other_answer() {
    use secsmtp::credential::Credential;
    use secsmtp::status::Status;
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

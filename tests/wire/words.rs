//! What may become words, on the wire and for people.

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
            transaction::rcpt(&mut wire, &address);
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

//! Content of each kind on its way: raw by its rules, and composed while it is read.

use std::sync::Arc;

use secsmtp::error::{Outcome, Stage};
use secsmtp::message::{ContentRules, Field, Message, Part};
use secsmtp::status::Status;
use secsmtp::trust::TlsMode;
use secsmtp_testservers::{ReferenceConfig, ReferenceServer};

use crate::support::*;

/// The reference server, which accepts content by BDAT or by DATA.
fn server(chunking: bool, binary: bool) -> (ReferenceServer, secsmtp::client::Client) {
    let pki = pki();
    let mut config: ReferenceConfig = reference_config(&pki);
    if !chunking {
        config.extensions.retain(|line| line != "CHUNKING");
    }
    if binary {
        config.extensions.push("BINARYMIME".to_owned());
    }
    let server = ReferenceServer::start(config).unwrap();
    let client = client(&policy(&pki, TlsMode::Implicit), server.implicit_addr());
    (server, client)
}

#[test]
fn h03_smuggling_endings_arrive_as_lines_by_data_and_bdat() {
    // As the public scanners have them; a NUL stands in no line that DATA may carry.
    let endings: [&[u8]; 8] = [
        b"\n.\n", b"\r.\r", b"\r.\n", b"\n.\r", b"\n.\r\n", b"\r\n.\n", b"\r.\r\n", b"\r\n.\r",
    ];
    for chunking in [false, true] {
        let (server, client) = server(chunking, false);
        let mut count = 0;
        for ending in endings {
            for (before, after) in [("", "MAIL FROM:<x@y>\n"), ("a", "b"), ("a\r\n", "")] {
                let body = [before.as_bytes(), ending, after.as_bytes()].concat();
                let mut message = message_to(&[TO]);
                message
                    .set_content(&[b"A: b\n\n", body.as_slice()].concat())
                    .unwrap();
                send(&client, &message).unwrap();
                count += 1;
                let mails = server.mails();
                assert_eq!(mails.len(), count, "{body:?} became several");
                let lines = String::from_utf8(body.clone()).unwrap();
                let lines = lines.replace("\r\n", "\n").replace('\r', "\n");
                let end = if lines.ends_with('\n') { "" } else { "\n" };
                let expected = format!("A: b\n\n{lines}{end}").replace('\n', "\r\n");
                assert_eq!(
                    mails.last().unwrap().content,
                    expected.as_bytes(),
                    "{body:?}"
                );
            }
        }
    }
    for nul in [&b"\r\n\0.\r\n"[..], b"\r\n.\0\r\n"] {
        let error = message().set_content(nul).unwrap_err();
        assert_eq!(error.status(), Status::Content);
    }
}

#[test]
fn h04_binary_content_goes_by_binarymime_alone_and_byte_by_byte() {
    let content = [b"A: b\r\n\r\n\0\n.\n\r.\r".as_slice(), &[b'x'; 3000]].concat();
    let mut message = message_to(&[TO]);
    let rules = ContentRules {
        binary: true,
        ..ContentRules::default()
    };
    message.set_content_by(&content, rules).unwrap();
    for (chunking, binary) in [(true, false), (false, true)] {
        let (server, client) = server(chunking, binary);
        fails(
            &client,
            &message,
            Status::NeedsBinary,
            Stage::Auth,
            Outcome::NotSent,
        );
        assert_eq!(server.mail_count(), 0);
    }
    let (server, client) = server(true, true);
    send(&client, &message).unwrap();
    assert_eq!(server.mails()[0].content, content);
    // The public scanners' endings with a NUL, which stand in no line that DATA may carry.
    for (i, nul) in [&b"\r\n\0.\r\n"[..], b"\r\n.\0\r\n"].iter().enumerate() {
        for (j, (before, after)) in [("", "RSET\r\n"), ("a", "b"), ("a\r\n", "")]
            .iter()
            .enumerate()
        {
            let content = [b"A: b\r\n\r\n", before.as_bytes(), nul, after.as_bytes()].concat();
            message.set_content_by(&content, rules).unwrap();
            send(&client, &message).unwrap();
            assert_eq!(server.mail_count(), 2 + 3 * i + j);
            assert_eq!(server.mails().last().unwrap().content, content);
        }
    }
}

#[test]
fn the_envelope_of_a_header_is_used() {
    let (server, client) = server(true, false);
    let mut message = Message::new();
    let rules = ContentRules {
        envelope: true,
        ..ContentRules::default()
    };
    let content = "From: A <a@mail.test>\nTo: B <b@mail.test>\nBcc: c@mail.test\n\nx\n";
    message.set_content_by(content.as_bytes(), rules).unwrap();
    send(&client, &message).unwrap();
    let mail = &server.mails()[0];
    assert_eq!(mail.from, "a@mail.test");
    assert_eq!(mail.to, ["b@mail.test", "c@mail.test"]);
    assert!(
        !mail
            .content
            .windows(3)
            .any(|w| w.eq_ignore_ascii_case(b"bcc"))
    );
}

fn composed(part: Part) -> Message {
    let mut message = Message::new();
    message.add_address(Field::From, "a@mail.test", "").unwrap();
    message.add_address(Field::To, "b@mail.test", "").unwrap();
    message.set_text("text");
    message.add_part(&part).unwrap();
    message
}

#[test]
fn h07_h09_a_part_that_fails_half_way_is_never_a_mail() {
    let give = |n: u64, end: Option<&'static str>| {
        move |offset: u64, buffer: &mut [u8]| {
            let left = usize::try_from(n.saturating_sub(offset)).unwrap();
            match end {
                Some(why) if left == 0 => Err(why.to_owned()),
                _ => Ok(left.min(buffer.len())),
            }
        }
    };
    let nonsense = |_: u64, buffer: &mut [u8]| Ok(buffer.len() + 1);
    for chunking in [false, true] {
        for n in [0, 1000, 500_000, 3_000_000] {
            for part in [
                Part::pull(Arc::new(give(n, Some("the disk is gone"))), Some(4_000_000)),
                Part::pull(Arc::new(give(n, Some("the disk is gone"))), None),
                Part::pull(Arc::new(give(n, None)), Some(4_000_000)),
                Part::pull(Arc::new(give(n + 1, None)), Some(n)),
                Part::pull(Arc::new(nonsense), None),
            ] {
                let (server, client) = server(chunking, false);
                let error = send(&client, &composed(part)).unwrap_err();
                assert_eq!(error.status(), Status::Source, "{error}");
                assert_eq!(error.record.outcome, Outcome::NotSent, "{error}");
                assert!(server.wait_idle(LONG));
                assert_eq!(server.mail_count(), 0);
            }
        }
    }
}

#[test]
fn g14_an_address_in_the_header_alone_needs_smtputf8_too() {
    let pki = pki();
    let mut config = reference_config(&pki);
    config.extensions.retain(|line| line != "SMTPUTF8");
    let server = ReferenceServer::start(config).unwrap();
    let client = client(&policy(&pki, TlsMode::Implicit), server.implicit_addr());
    let mut message = Message::new();
    message
        .add_address(Field::From, "jörg@mail.test", "")
        .unwrap();
    message.set_sender("a@mail.test").unwrap();
    message.add_recipient("b@mail.test").unwrap();
    let error = send(&client, &message).unwrap_err();
    assert_eq!(error.status(), Status::NeedsSmtputf8);
    assert_eq!(server.mail_count(), 0);
    let words = error.to_string();
    assert!(
        words.starts_with("Could not send the message: the header field From is not ASCII, "),
        "{words}"
    );
    // It is the field that is named, where no address is the cause.
    for (name, field) in [
        ("Subject", "Subject: Grüße"),
        ("To", "Date: x\r\nTo: Jörg <b@mail.test>\r\nSubject: ä"),
    ] {
        let content = format!("{field}\r\n\r\ntext\r\n");
        let mut message = Message::new();
        message.set_sender("a@mail.test").unwrap();
        message.add_recipient("b@mail.test").unwrap();
        message.set_content(content.as_bytes()).unwrap();
        let words = send(&client, &message).unwrap_err().to_string();
        let named =
            format!("the header field {name} is not ASCII, and the server does not offer SMTPUTF8");
        assert!(words.contains(&named), "{words}");
    }
    assert_eq!(server.mail_count(), 0);
    // A domain beyond ASCII needs nothing.
    let mut message = Message::new();
    message
        .add_address(Field::From, "a@bücher.example", "Jörg")
        .unwrap();
    message.add_recipient("b@bücher.example").unwrap();
    send(&client, &message).unwrap();
    assert_eq!(server.mails()[0].to, ["b@xn--bcher-kva.example"]);
}

#[test]
fn one_message_is_sent_often_and_at_once_and_is_the_same() {
    let (server, client) = server(true, false);
    let message = composed(Part::memory(vec![7_u8; 700_000]));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| send(&client, &message.clone()).unwrap());
        }
    });
    let mails = server.mails();
    assert_eq!(mails.len(), 4);
    assert!(mails.iter().all(|mail| mail.content == mails[0].content));
}

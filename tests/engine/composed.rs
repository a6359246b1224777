//! Composed messages read back by the `mail-parser` crate, field by field.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mail_parser::{Address as Parsed, MessageParser, MimeHeaders as _};
use secsmtp::message::{Field, Message, Part};
use secsmtp::status::Status;

/// A small generator with a fixed seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).unwrap() % bound
    }

    /// Up to `most` characters, none of them a space at an end.
    fn text(&mut self, most: usize) -> String {
        const LETTERS: [char; 24] = [
            'a', 'b', 'C', ' ', ' ', ',', ';', '"', '\\', '<', '>', '(', ')', '@', '=', '?', '_',
            '.', 'é', 'я', '日', '👍', 'א', '-',
        ];
        let count = self.below(most);
        let text: String = (0..count)
            .map(|_| LETTERS[self.below(LETTERS.len())])
            .collect();
        text.trim().to_owned()
    }
}

fn bytes(message: &Message) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut take = |piece: &[u8]| {
        bytes.extend_from_slice(piece);
        Ok(())
    };
    message.preview(&mut take).unwrap();
    bytes
}

fn pairs(list: Option<&Parsed<'_>>) -> Vec<(String, String)> {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    list.into_iter()
        .flat_map(|list| list.iter())
        .map(|one| (text(one.name()), text(one.address())))
        .collect()
}

fn lines(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let end = if text.is_empty() || text.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    text + end
}

#[test]
fn generated_messages_come_back_equal() {
    for seed in 1..=200 {
        let mut chance = Chance(seed);
        let mut message = Message::new();
        message
            .add_address(Field::From, "a@mail.test", "Änne")
            .unwrap();
        let mut to = Vec::new();
        for i in 0..=chance.below(30) {
            let (name, address) = (chance.text(80), format!("u{i}@mail.test"));
            message.add_address(Field::To, &address, &name).unwrap();
            to.push((name, address));
        }
        let subject = chance.text(400);
        message.set_subject(&subject).unwrap();
        let (text, html) = (chance.text(3000), chance.text(3000));
        let with_html = chance.below(2) == 0;
        message.set_text(&text);
        if with_html {
            message.set_html(&html);
        }
        let mut parts = Vec::new();
        for i in 0..chance.below(4) {
            // A backslash would cut off what stands before it.
            let name = format!("{i}{}", chance.text(60).replace('\\', "*"));
            let sizes = [0, 1, 56, 57, 58, 5000, 200_000];
            let bytes: Vec<u8> = vec![seed as u8; sizes[chance.below(sizes.len())]];
            let mut part = Part::memory(bytes.clone());
            part.set_name(&name).unwrap();
            part.set_type("application/x-test").unwrap();
            message.add_part(&part).unwrap();
            parts.push((name, bytes));
        }
        let composed = bytes(&message);
        assert_eq!(message.size().unwrap(), Some(composed.len() as u64));
        let back = MessageParser::default().parse(&composed).unwrap();
        assert_eq!(pairs(back.to()), to, "seed {seed}");
        assert_eq!(
            pairs(back.from()),
            [("Änne".to_owned(), "a@mail.test".to_owned())]
        );
        assert_eq!(back.subject().unwrap_or_default(), subject, "seed {seed}");
        let id = message.message_id().unwrap();
        assert_eq!(format!("<{}>", back.message_id().unwrap()), &*id);
        let found = back.body_text(0).unwrap_or_default();
        assert_eq!(lines(&found), lines(&text), "seed {seed}");
        if with_html {
            let found = back.body_html(0).unwrap_or_default();
            assert_eq!(lines(&found), lines(&html), "seed {seed}");
        }
        let attached: Vec<(String, Vec<u8>)> = back
            .attachments()
            .map(|part| {
                let name = part.attachment_name().unwrap_or_default().to_owned();
                (name, part.contents().to_vec())
            })
            .collect();
        assert_eq!(attached, parts, "seed {seed}");
    }
}

/// A message that lacks nothing.
fn complete() -> Message {
    let mut message = Message::new();
    message.add_address(Field::From, "a@mail.test", "").unwrap();
    message.add_address(Field::To, "b@mail.test", "").unwrap();
    message.set_text("x");
    message
}

#[test]
fn custom_headers_come_back_equal() {
    const WORDS: [&str; 23] = [
        "a",
        "be",
        "=?",
        "?=",
        "=?utf-8?q?x?=",
        "=?utf-8?b?eA==?=",
        "x=?a?Q?b?c?=",
        "=?x",
        "?q?",
        "{\"a\":",
        "\"b\"}",
        "<a@b.test>",
        "é",
        "Grüße",
        "日本語",
        "👩\u{200d}💻",
        "e\u{301}",
        "שלום",
        "\"q\"",
        "\\",
        ",",
        "(c)",
        "_=20",
    ];
    for seed in 1..=100 {
        let mut chance = Chance(seed);
        let mut message = complete();
        let mut values = Vec::new();
        for i in 0..40 {
            let mut value = String::new();
            for _ in 0..chance.below(30) {
                let gap = [" ", " ", " ", " ", "  ", ""][chance.below(6)];
                value.push_str(if value.is_empty() { "" } else { gap });
                value.push_str(WORDS[chance.below(WORDS.len())]);
            }
            message.add_header(&format!("X-{i}"), &value).unwrap();
            values.push(value);
        }
        let composed = bytes(&message);
        let parser = MessageParser::new()
            .with_mime_headers()
            .default_header_text();
        let back = parser.parse(&composed).unwrap();
        for (i, value) in values.iter().enumerate() {
            let found = back.header(format!("X-{i}")).unwrap();
            assert_eq!(found.as_text().unwrap_or_default(), value, "seed {seed}");
        }
        for line in String::from_utf8(composed).unwrap().split("\r\n") {
            assert!(line.is_ascii() && line.len() <= 998, "{line}");
        }
    }
}

#[test]
fn one_click_needs_an_https_address() {
    for (uris, is_complete) in [
        (&[][..], false),
        (&["mailto:u@mail.test"], false),
        (&["mailto:u@mail.test", "HTTPS://mail.test/u"], true),
    ] {
        let mut message = complete();
        message.set_one_click(true);
        for uri in uris {
            message.add_unsubscribe(uri).unwrap();
        }
        if is_complete {
            let text = String::from_utf8(bytes(&message)).unwrap();
            assert!(text.contains("\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"));
            continue;
        }
        let error = message.size().unwrap_err();
        assert_eq!(error.status(), Status::Header);
        assert!(
            error.to_string().starts_with("one click needs an address"),
            "{error}"
        );
        // It is no longer asked for, or it has what it needs.
        message.set_one_click(false);
        message.size().unwrap();
    }
}

#[test]
fn g07_g08_g09_generated_garbage_is_refused_or_stays_inside_its_field() {
    let garbage = [
        "\r\n", "\n", "\r", "\0", "\u{b}", ":", "Bcc: x@y", "\r\n\r\n", "é", " ",
    ];
    for seed in 1..=2000 {
        let mut chance = Chance(seed);
        let mut odd = String::new();
        for _ in 0..=chance.below(6) {
            odd.push_str(garbage[chance.below(garbage.len())]);
        }
        let mut message = Message::new();
        message.add_address(Field::From, "a@mail.test", "").unwrap();
        message.add_address(Field::To, "b@mail.test", "").unwrap();
        message.set_text("x");
        let mut part = Part::memory(*b"x");
        let kept = [
            message.add_address(Field::Cc, "c@mail.test", &odd).is_ok(),
            message.add_addresses(Field::Cc, &odd).is_ok(),
            message.set_subject(&odd).is_ok(),
            message.set_message_id(&format!("{odd}@x")).is_ok(),
            message.add_reference(&format!("x@{odd}")).is_ok(),
            message.add_header("X-A", &odd).is_ok(),
            message.add_finished_header("X-A", &odd).is_ok(),
            message.add_header("List-Id", &odd).is_ok(),
            message.add_header("List-Archive", &odd).is_ok(),
            message.add_header(&odd, "v").is_ok(),
            message.add_unsubscribe(&format!("mailto:{odd}")).is_ok(),
            message.set_calendar(&odd, "x").is_ok(),
            part.set_name(&odd).is_ok(),
            part.set_type(&format!("a/b{odd}")).is_ok(),
            part.set_content_id(&odd).is_ok(),
        ];
        message.add_part(&part).unwrap();
        let composed = String::from_utf8(bytes(&message)).unwrap();
        let header = composed.split("\r\n\r\n").next().unwrap();
        for line in header.split("\r\n") {
            assert!(!line.to_lowercase().starts_with("bcc"), "{odd:?} {kept:?}");
            assert!(
                line.len() <= 998 && !line.contains(['\r', '\n', '\0']),
                "{line:?}"
            );
        }
    }
}

const SIGNED: &str =
    "multipart/signed; boundary=\"s b\"; micalg=pgp-sha256; protocol=\"application/pgp-signature\"";
const SIGNED_BODY: &str = "not shown\r\n--s b\r\nContent-Type: text/plain\r\n\r\ntrailing \t \r\n.\r\n..x\r\n\
    From y\r\n\r\n \r\n--s b\r\nContent-Type: application/pgp-signature\r\n\r\nx\r\n--s b--\r\n";

fn plain_message() -> Message {
    let mut message = Message::new();
    message.add_address(Field::From, "a@mail.test", "").unwrap();
    message.add_address(Field::To, "b@mail.test", "").unwrap();
    message
}

fn typed(bytes: &[u8], media_type: &str) -> Part {
    let mut part = Part::memory(bytes);
    part.set_type(media_type).unwrap();
    part
}

/// Equal bytes in memory, in a file, and from a function.
fn sources(bytes: &[u8], media_type: &str) -> Vec<Part> {
    static FILES: AtomicUsize = AtomicUsize::new(0);
    let number = FILES.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("secsmtp-part-{}-{number}", std::process::id()));
    std::fs::write(&path, bytes).unwrap();
    let held = bytes.to_vec();
    let pull = move |offset: u64, buffer: &mut [u8]| {
        let rest = &held[usize::try_from(offset).unwrap()..];
        let n = rest.len().min(buffer.len()).min(3);
        buffer[..n].copy_from_slice(&rest[..n]);
        Ok(n)
    };
    let mut parts = vec![
        Part::memory(bytes),
        Part::file(&path).unwrap(),
        Part::pull(Arc::new(pull), None),
    ];
    for part in &mut parts {
        part.set_type(media_type).unwrap();
        part.set_name("").unwrap();
    }
    parts
}

#[test]
fn signed_content_is_sent_byte_for_byte_from_any_source() {
    for given in [SIGNED_BODY.to_owned(), SIGNED_BODY.replace("\r\n", "\n")] {
        for part in sources(given.as_bytes(), SIGNED) {
            let mut alone = plain_message();
            alone.add_part(&part).unwrap();
            let whole = String::from_utf8(bytes(&alone)).unwrap();
            let (header, body) = whole.split_once("\r\n\r\n").unwrap();
            assert_eq!(body, SIGNED_BODY);
            assert!(
                header.contains(&format!("Content-Type: {SIGNED}")),
                "{header}"
            );
            assert!(
                header.contains("Content-Transfer-Encoding: 7bit"),
                "{header}"
            );
            assert!(!header.contains("Content-Disposition"), "{header}");
            assert_eq!(alone.size().unwrap(), Some(whole.len() as u64));
            let mut beside = plain_message();
            beside.set_text("x");
            beside.add_part(&part).unwrap();
            let whole = String::from_utf8(bytes(&beside)).unwrap();
            assert!(
                whole.contains("multipart/mixed") && whole.contains(SIGNED_BODY),
                "{whole}"
            );
        }
    }
}

#[test]
fn a_mail_in_a_mail_is_never_base64_and_8bit_is_declared_by_all_around_it() {
    for (mail, encoding) in [
        (
            "From: x@y\r\nBcc: kept@y\r\nSubject: inner\r\n\r\n.dot \r\nbody\r\n",
            "7bit",
        ),
        (
            "From: x@y\nSubject: inner\nContent-Transfer-Encoding: 8bit\n\nGrüße\n",
            "8bit",
        ),
    ] {
        for mut part in sources(mail.as_bytes(), "message/rfc822") {
            part.set_name("forwarded.eml").unwrap();
            let mut message = plain_message();
            message.set_text("x");
            message.set_html("<p>x");
            message.add_part(&part).unwrap();
            let whole = bytes(&message);
            let text = String::from_utf8(whole.clone()).unwrap();
            let inner = mail.replace("\r\n", "\n").replace('\n', "\r\n");
            assert!(text.contains(&format!("\r\n\r\n{inner}\r\n--")), "{text}");
            assert!(text.contains("filename=forwarded.eml"), "{text}");
            let header = text.split("\r\n\r\n").next().unwrap();
            assert_eq!(
                header.contains("Transfer-Encoding: 8bit"),
                encoding == "8bit",
                "{header}"
            );
            let wanted = format!(
                "message/rfc822; name=forwarded.eml\r\nContent-Transfer-Encoding: {encoding}"
            );
            assert!(text.contains(&wanted), "{text}");
            let back = MessageParser::default().parse(&whole).unwrap();
            let attached = back.attachments().next().unwrap();
            assert_eq!(attached.message().unwrap().subject(), Some("inner"));
        }
    }
}

#[test]
fn content_that_cannot_be_sent_unchanged_is_rejected_with_advice() {
    let long = SIGNED_BODY.replace("From y", &"y".repeat(999));
    let umlaut = SIGNED_BODY.replace("From y", "Grüße");
    let mixed = SIGNED_BODY.replacen("\t \r\n", "\t \n", 1);
    let nul = SIGNED_BODY.replace("From y", "a\0b");
    let open = SIGNED_BODY.replace("--s b--", "--s b");
    let mail = format!("Subject: x\r\n\r\n{}\r\n", "y".repeat(999));
    for (given, media_type, words) in [
        (long.as_str(), SIGNED, "has more than 998 bytes in line 8"),
        (&long, SIGNED, "before it is signed"),
        (&umlaut, SIGNED, "byte above 127"),
        (&umlaut, SIGNED, "before it is signed"),
        (&mixed, SIGNED, "has another line end in line 5"),
        (&nul, SIGNED, "has a NUL in line 8"),
        (&open, SIGNED, "has no line --s b--"),
        ("", SIGNED, "has no line --s b"),
        (
            SIGNED_BODY,
            "multipart/encrypted; boundary=s",
            "has no line --s,",
        ),
        (&mail, "message/rfc822", "has more than 998 bytes in line 3"),
        ("Grüße", "message/partial; id=x", "is 7-bit"),
    ] {
        for part in sources(given.as_bytes(), media_type) {
            let mut message = plain_message();
            message.add_part(&part).unwrap();
            let error = message.preview(&mut |_| Ok(())).unwrap_err();
            assert_eq!(error.status(), Status::Content, "{error}");
            assert!(error.to_string().contains(words), "{error}");
        }
    }
}

#[test]
fn a_finished_part_that_changes_is_never_finished() {
    static READINGS: AtomicUsize = AtomicUsize::new(0);
    let pull = |offset: u64, buffer: &mut [u8]| {
        let reading = match offset {
            0 => READINGS.fetch_add(1, Ordering::Relaxed),
            _ => READINGS.load(Ordering::Relaxed) - 1,
        };
        let content: &[u8] = if reading == 0 {
            b"Subject: a\r\n\r\nx\r\n"
        } else {
            b"Subject: b\r\n\r\nx\r\n"
        };
        let rest = &content[usize::try_from(offset).unwrap()..];
        let n = rest.len().min(buffer.len());
        buffer[..n].copy_from_slice(&rest[..n]);
        Ok(n)
    };
    let mut part = Part::pull(Arc::new(pull), None);
    part.set_type("message/rfc822").unwrap();
    let mut message = plain_message();
    message.add_part(&part).unwrap();
    let error = message.preview(&mut |_| Ok(())).unwrap_err();
    assert_eq!(error.status(), Status::Source, "{error}");
}

#[test]
fn alternatives_stand_between_text_and_html_and_calendars_last() {
    let order = |message: &Message| {
        let whole = String::from_utf8(bytes(message)).unwrap();
        let types = whole.split("Content-Type: ").skip(1);
        let kinds = types.map(|text| text.split([';', '\r']).next().unwrap().to_owned());
        kinds.collect::<Vec<_>>().join(" ")
    };
    let mut message = plain_message();
    message
        .add_alternative(&typed(
            b"BEGIN:VCALENDAR\nMETHOD:REPLY\nEND:VCALENDAR\n",
            "text/calendar; method=REPLY",
        ))
        .unwrap();
    assert_eq!(order(&message), "text/calendar");
    message.set_text("t");
    message.set_html("<p>");
    message
        .add_alternative(&typed("<html ⚡4email>".as_bytes(), "text/x-amp-html"))
        .unwrap();
    message
        .add_alternative(&typed(b"*t*", "text/markdown"))
        .unwrap();
    message.set_calendar("REQUEST", "METHOD:REQUEST").unwrap();
    assert_eq!(
        order(&message),
        "multipart/alternative text/plain text/x-amp-html text/markdown text/html text/calendar text/calendar"
    );
    let whole = String::from_utf8(bytes(&message)).unwrap();
    assert!(!whole.contains("Content-Disposition"), "{whole}");
    assert!(whole.contains("text/x-amp-html; charset=utf-8"), "{whole}");
    let error = message.add_alternative(&Part::memory(*b"x")).unwrap_err();
    assert_eq!(error.status(), Status::Header);
    let mut message = plain_message();
    message
        .add_part(&typed(
            b"BEGIN:VCALENDAR\nMETHOD:CANCEL\n",
            "text/calendar; method=REQUEST",
        ))
        .unwrap();
    let error = message.size().unwrap_err();
    assert!(error.to_string().contains("METHOD:CANCEL"), "{error}");
}

#[test]
fn text_attachments_say_their_character_set_where_it_is_known() {
    let header = |part: &Part| {
        let mut message = plain_message();
        message.add_part(part).unwrap();
        let whole = String::from_utf8(bytes(&message)).unwrap();
        let own = whole.split("Content-Type: ").nth(2).unwrap();
        own.split("\r\n").next().unwrap().to_owned()
    };
    let named = |bytes: &[u8], name: &str| {
        let mut part = Part::memory(bytes);
        part.set_name(name).unwrap();
        header(&part)
    };
    assert_eq!(
        named("größe;1\n".as_bytes(), "a.csv"),
        "text/csv; charset=utf-8; name=a.csv"
    );
    assert_eq!(
        named(b"plain", "a.txt"),
        "text/plain; charset=utf-8; name=a.txt"
    );
    assert_eq!(named(b"gr\xf6\xdfe", "a.txt"), "text/plain; name=a.txt");
    assert_eq!(named(b"\xff\xfea\0", "a.txt"), "text/plain; name=a.txt");
    assert_eq!(
        named("ö".as_bytes(), "a.json"),
        "application/json; name=a.json"
    );
    assert_eq!(
        header(&typed(b"x", "text/plain; Charset=\"us-ascii\"")),
        "text/plain; Charset=\"us-ascii\""
    );
    assert_eq!(
        header(&typed(b"x", "text/plain; format=flowed")),
        "text/plain; format=flowed; charset=utf-8"
    );
    let found: Vec<_> = sources("ö".repeat(70_000).as_bytes(), "text/plain")
        .iter()
        .map(header)
        .collect();
    let utf8 = "text/plain; charset=utf-8";
    assert_eq!(
        found,
        [utf8, utf8, "text/plain"],
        "a function's bytes are not looked at"
    );
}

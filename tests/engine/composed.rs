//! Composed messages read back by the `mail-parser` crate, field by field.

use mail_parser::{Address as Parsed, MessageParser, MimeHeaders as _};
use secsmtp::message::{Field, Message, Part};

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

fn octets(message: &Message) -> Vec<u8> {
    let mut octets = Vec::new();
    let mut take = |piece: &[u8]| {
        octets.extend_from_slice(piece);
        Ok(())
    };
    message.preview(&mut take).unwrap();
    octets
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
            let octets: Vec<u8> = vec![seed as u8; sizes[chance.below(sizes.len())]];
            let mut part = Part::memory(octets.clone());
            part.set_name(&name).unwrap();
            part.set_type("application/x-test").unwrap();
            message.add_part(&part).unwrap();
            parts.push((name, octets));
        }
        let composed = octets(&message);
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
            message.add_header(&odd, "v").is_ok(),
            message.add_unsubscribe(&format!("mailto:{odd}")).is_ok(),
            message.set_calendar(&odd, "x").is_ok(),
            part.set_name(&odd).is_ok(),
            part.set_type(&format!("a/b{odd}")).is_ok(),
            part.set_content_id(&odd).is_ok(),
        ];
        message.add_part(&part).unwrap();
        let composed = String::from_utf8(octets(&message)).unwrap();
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

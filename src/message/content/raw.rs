//! Content given whole: looked through once, made canonical, without its blind copies; and the
//! envelope that its header names, for those who ask for that.

use std::borrow::Cow;
use std::sync::Arc;

use super::lines::{InvalidLine, bare_line_end, canonical, inspect};
use super::properties::Properties;
use super::source::InMemory;
use crate::error::Error;
use crate::memory;
use crate::message::address::Address;
use crate::message::header::{
    LinePosition, RawMessage, begins_with_mbox_line, fields, first_beyond_ascii, header_len,
    locate_line, without_bcc,
};
use crate::message::mailbox::{Entry, parse_list};
use crate::message::{Content, MAX_RECIPIENTS};
use crate::status::Status;
use crate::support::redact;
use crate::support::string_set::StringSet;

/// How content that is given whole is treated.
#[derive(Debug, Clone, Copy, Default)]
pub struct ContentRules {
    /// A bare CR or LF is refused, with the line's number; without this each becomes CRLF.
    pub strict: bool,
    /// Content that DATA can't carry (a NUL, a line over 998 bytes) is sent to a server with BINARYMIME:
    /// byte by byte where the header's lines end in CRLF, else with CRLF for each line end; without
    /// this it is refused.
    pub binary: bool,
    /// Sender and recipients are those of the header.
    pub envelope: bool,
}

/// The way out for content that DATA can't carry; the end of such an error's sentence.
pub const BY_BINARY: &str = "send it by the rule \"binary\" to a server with BINARYMIME";
/// The way out for a header that gives no envelope; the end of such an error's sentence.
pub const BY_NAME: &str = "name sender and recipients, in place of the rule \"envelope\"";

/// Refuses what is no message from its first byte on.
pub(in crate::message) fn check_beginning(content: &[u8]) -> Result<(), Error> {
    if content.is_empty() {
        return Err(empty());
    }
    if begins_with_mbox_line(content) {
        let why = "line 1 (\"From ...\") is the line before a message in an mbox file, and no header \
                   field: take it out, and send one message at a time";
        return Err(Error::argument(Status::Content, "content", why));
    }
    Ok(())
}

/// The longest header that an envelope is taken from, and that is held of content that is not.
pub(in crate::message) const MAX_HEADER: usize = 2 << 20;
/// The most memory that a byte of a header takes once its fields and addresses are taken apart.
const ROOM_OF_FIELDS: usize = 64;

pub(in crate::message) fn content(content: &[u8], rules: ContentRules) -> Result<Content, Error> {
    let RawMessage {
        bytes,
        header,
        message_id,
    } = without_bcc(content)?;
    if bytes.is_empty() {
        return Err(empty());
    }
    if rules.strict
        && let Some(line) = bare_line_end(content)
    {
        return Err(bare(line));
    }
    let (head, body) = bytes.split_at(header);
    let utf8_field = utf8_field(head);
    let (bytes, properties) = match inspect(&bytes) {
        Ok(properties) if properties.size == Some(bytes.len() as u64) => (bytes, properties),
        Ok(properties) => (canonical(&bytes)?, properties),
        Err(_) if rules.binary => {
            let bytes = match has_bare_header(head, body) {
                true => canonical(&bytes)?,
                false => bytes,
            };
            let properties = binary(bytes.len() as u64);
            (bytes, properties)
        }
        Err(why) => return Err(invalid(content, why)),
    };
    let properties = Properties {
        utf8_field,
        ..properties
    };
    Ok(Content {
        source: Arc::new(InMemory::new(bytes, properties)),
        message_id: message_id.map(Arc::from),
    })
}

/// Whether the header has a bare CR or LF, the empty line behind it included: then these are the
/// content's line ends, and binary content has CRLF in their place. Behind a header of CRLF each byte is
/// the body's own.
pub(in crate::message) fn has_bare_header(header: &[u8], body: &[u8]) -> bool {
    bare_line_end(header).is_some() || !(body.is_empty() || body.starts_with(b"\r\n"))
}

/// The first field that is UTF-8 beyond ASCII. A header that is not UTF-8 is no internationalised
/// one, but merely old.
pub(in crate::message) fn utf8_field(header: &[u8]) -> Option<Arc<str>> {
    if header.is_ascii() || std::str::from_utf8(header).is_err() {
        return None;
    }
    Some(first_beyond_ascii(header).into())
}

/// The properties of content that is sent byte by byte.
pub(in crate::message) fn binary(size: u64) -> Properties {
    Properties {
        size: Some(size),
        eight_bit: true,
        binary: true,
        ..Properties::default()
    }
}

pub(in crate::message) fn empty() -> Error {
    let why = "is empty (Bcc and Resent-Bcc fields are left out)";
    Error::argument(Status::NoContent, "content", why)
}

pub(in crate::message) fn bare(line: u64) -> Error {
    let why = format!("line {line} ends in a bare CR or LF");
    Error::argument(Status::Content, "content", why)
}

/// The line is that of the content without its blind copies; `given` has the header that was given.
pub(in crate::message) fn invalid(given: &[u8], invalid: InvalidLine) -> Error {
    let (line, what, mend) = match invalid {
        InvalidLine::Nul { line } => (line, "a NUL", "take it out"),
        InvalidLine::TooLong { line } => (line, "more than 998 bytes", "fold it at a space"),
    };
    let (line, place) = locate_line(given, line);
    let (place, way) = match place {
        LinePosition::Field(name) => {
            let name = redact::escape(name.as_bytes(), 80);
            (format!("in the header field {name}"), mend)
        }
        LinePosition::Header => ("in the header".to_owned(), mend),
        LinePosition::Body => {
            let encode = "encode its part as quoted-printable or base64";
            ("in the body".to_owned(), encode)
        }
    };
    let why = format!("line {line} has {what}, {place}: {way}, or {BY_BINARY}");
    Error::argument(Status::Content, "content", why)
}

/// Sender and recipients of a header.
pub(in crate::message) type Envelope = (Option<Address>, Vec<Address>);

/// Who sends it to whom, by the header. What is doubtful is an error, never a guess.
pub(in crate::message) fn envelope(content: &[u8]) -> Result<Envelope, Error> {
    const NAMES: [&str; 5] = ["sender", "from", "to", "cc", "bcc"];
    let wrong = |status, why: String| {
        let why = format!("{why}: {BY_NAME}");
        Error::argument(status, "envelope", why)
    };
    if content.starts_with(b"\r") || content.starts_with(b"\n") {
        let why = "the content begins with an empty line, so it has no header".to_owned();
        return Err(wrong(Status::NoSender, why));
    }
    let header = header_len(content);
    if header > MAX_HEADER {
        let why = format!("the content has a header of more than {MAX_HEADER} bytes");
        return Err(wrong(Status::Content, why));
    }
    memory::check(header, ROOM_OF_FIELDS)?;
    let all: Vec<(String, Vec<u8>)> = fields(content).collect();
    let named = |name: &str| all.iter().filter(|field| field.0 == name).count();
    let resent = |name: &&str| named(&format!("resent-{name}"));
    let blocks = NAMES.iter().map(resent).max().unwrap_or_default();
    if blocks > 1 {
        let why = "the content was sent on more than once".to_owned();
        return Err(wrong(Status::NoSender, why));
    }
    let prefix = if blocks == 1 { "resent-" } else { "" };
    let addresses = |name: &str| -> Result<Vec<Address>, Error> {
        let name = format!("{prefix}{name}");
        let mut found = Vec::new();
        for (_, value) in all.iter().filter(|field| field.0 == name) {
            let doubtful = |why: &str| wrong(Status::Address, format!("the field {name} {why}"));
            let text = String::from_utf8_lossy(value);
            // In some older character sets a backslash is the second byte of a letter.
            if matches!(text, Cow::Owned(_)) && text.contains("\u{fffd}\\") {
                return Err(doubtful("has a backslash behind a byte that is not UTF-8"));
            }
            let before = found.len();
            for entry in parse_list(&text).map_err(|why| doubtful(&why))? {
                match entry {
                    Entry::Mailbox(mailbox) => found.push(mailbox.address),
                    Entry::Group { members, .. } => {
                        found.extend(members.into_iter().map(|mailbox| mailbox.address));
                    }
                }
            }
            // Names and comments may be in any character set, addresses not.
            let clear = |address: &Address| !address.text().contains('\u{fffd}');
            if !found[before..].iter().all(clear) {
                return Err(doubtful("has an address that is not UTF-8"));
            }
        }
        Ok(found)
    };
    let mut authors = addresses("sender")?;
    if authors.is_empty() {
        authors = addresses("from")?;
    }
    let [sender] = authors.as_slice() else {
        let why = format!(
            "the content's header names {} senders, not one",
            authors.len()
        );
        return Err(wrong(Status::NoSender, why));
    };
    let mut recipients: Vec<Address> = Vec::new();
    let mut seen = StringSet::default();
    for name in ["to", "cc", "bcc"] {
        let new = addresses(name)?;
        recipients.extend(
            new.into_iter()
                .filter(|a| seen.insert(Arc::clone(a.text()))),
        );
    }
    if recipients.is_empty() {
        let why = "the content's header names no recipient".to_owned();
        return Err(wrong(Status::NoRecipient, why));
    }
    if recipients.len() > MAX_RECIPIENTS {
        let why = format!("the content's header names more than {MAX_RECIPIENTS} recipients");
        return Err(wrong(Status::Length, why));
    }
    Ok((Some(sender.clone()), recipients))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(header: &str) -> Result<Vec<String>, Error> {
        let (sender, recipients) = envelope(header.as_bytes())?;
        let all = sender.iter().chain(&recipients);
        Ok(all.map(ToString::to_string).collect())
    }

    #[test]
    fn g12_the_envelope_is_what_the_header_says_beyond_doubt() {
        let mail = "From: A <a@b>\r\nTo: \"x@evil\" <c@d>,\r\n G: e@f, c@d;\r\nBcc: h@i\r\n\r\nTo: z@z\r\n";
        assert_eq!(of(mail).unwrap(), ["a@b", "c@d", "e@f", "h@i"]);
        let sender = "From: a@b, c@d\nSender: s@t\nTo: e@f\n";
        assert_eq!(of(sender).unwrap(), ["s@t", "e@f"]);
        let resent = "From: a@b\nTo: c@d\nResent-From: e@f\nResent-To: g@h\n";
        assert_eq!(of(resent).unwrap(), ["e@f", "g@h"]);
        for (bad, status) in [
            ("To: a@b\n", Status::NoSender),
            ("From: a@b, c@d\nTo: e@f\n", Status::NoSender),
            ("From: a@b\nCc:\n", Status::NoRecipient),
            ("From: a@b\nTo: c@d e@f\n", Status::Address),
            ("From: a@b\nTo: \u{202e}c@d\n", Status::Address),
            (
                "Resent-To: a@b\nResent-To: c@d\nFrom: e@f\n",
                Status::NoSender,
            ),
        ] {
            assert_eq!(of(bad).unwrap_err().status(), status, "{bad}");
        }
        assert!(envelope(b"From: a@b\nTo: \xff@d\n").is_err());
    }

    #[test]
    fn g12_a_name_in_an_older_character_set_leaves_no_doubt_about_a_clear_address() {
        for clear in [
            &b"From: J\xf6rg <a@b>\nTo: \"M\xfcller, K\" <c@d>\n"[..],
            b"From: a@b (J\xf6rg)\nTo: T\xe4m: c@d;\n",
            b"From: \xb1\xe8\xc3\xb6 <a@b>\nTo: <c@d>\n",
        ] {
            let (sender, recipients) = envelope(clear).unwrap();
            assert_eq!(sender.unwrap().to_string(), "a@b");
            assert_eq!(recipients[0].to_string(), "c@d");
        }
        for doubtful in [
            &b"From: a@b\nTo: x\xfcy@d\n"[..],
            b"From: a@b\nTo: J\xf6rg <x@\xfc.d>\n",
            b"From: a@b\nTo: \"\x83\\\" <e@f>, y\" <c@d>\n",
            b"From: a@b\nTo: J\xf6rg c@d\n",
        ] {
            assert_eq!(envelope(doubtful).unwrap_err().status(), Status::Address);
        }
    }

    #[test]
    fn g12_each_error_of_the_envelope_names_the_way_out() {
        let many = format!("From: a@b\nTo: {}\n", "x@y, ".repeat(MAX_RECIPIENTS + 1));
        let lists: String = (0..=MAX_RECIPIENTS)
            .map(|n| format!("To: x{n}@y\n"))
            .collect();
        let lists = format!("From: a@b\n{lists}");
        for (header, word) in [
            ("\nFrom: a@b\nTo: c@d\n", "begins with an empty line"),
            ("\r\nTo: c@d\n", "begins with an empty line"),
            ("To: c@d\n", "0 senders"),
            ("From: a@b, c@d\nTo: e@f\n", "2 senders"),
            ("From: a@b\n", "no recipient"),
            ("From: a@b\nTo: c@d e@f\n", "field to"),
            ("Resent-To: a@b\nResent-To: c@d\n", "more than once"),
            (&many, "10000"),
            (&lists, "10000"),
        ] {
            let error = envelope(header.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(word) && error.contains(BY_NAME), "{error}");
        }
    }

    #[test]
    fn h04_h05_an_unfit_line_is_named_as_the_caller_numbers_it() {
        let long = "y".repeat(999);
        for (given, line, place) in [
            (
                format!("Bcc: h@x,\n i@x\nSubject: {long}\n\nx\n"),
                3,
                "in the header field Subject",
            ),
            (format!("A: b\n {long}\n\nx\n"), 2, "in the header field A"),
            (format!("A: b\nBcc: x\n{long}\n\nx\n"), 3, "in the header:"),
            (format!("A: b\r\nBcc: x\r\n\r\n{long}"), 4, "in the body"),
            (
                "Bcc: x\nA: b\0\n\nx\n".to_owned(),
                2,
                "in the header field A: take it out",
            ),
            (
                "Bcc: x\nA: b\n\n\n\0\n".to_owned(),
                5,
                "in the body: encode",
            ),
        ] {
            let Err(error) = content(given.as_bytes(), ContentRules::default()) else {
                panic!("{given:?} was taken");
            };
            let error = error.to_string();
            assert!(error.contains(&format!("line {line} has ")), "{error}");
            assert!(
                error.contains(place) && error.contains(BY_BINARY),
                "{error}"
            );
        }
        let strict = ContentRules {
            strict: true,
            ..ContentRules::default()
        };
        let Err(error) = content(b"Bcc: x\r\nA: b\r\n\r\nc\nd\r\n", strict) else {
            panic!("it was taken");
        };
        assert!(error.to_string().contains("line 4 ends"), "{error}");
    }

    #[test]
    fn h04_binary_content_has_crlf_unless_its_header_has() {
        let rules = ContentRules {
            binary: true,
            ..ContentRules::default()
        };
        let long = "y".repeat(999);
        for (given, sent) in [
            (
                format!("A: b\n\n{long}\nx\n"),
                format!("A: b\r\n\r\n{long}\r\nx\r\n"),
            ),
            (
                format!("A: b\r\n\n{long}\nx"),
                format!("A: b\r\n\r\n{long}\r\nx\r\n"),
            ),
            (
                format!("Bcc: x\nA: b\n\n\0{long}"),
                format!("A: b\r\n\r\n\0{long}\r\n"),
            ),
            (format!("\n{long}"), format!("\r\n{long}\r\n")),
            (
                format!("A: b\r\n\r\n{long}\nx\r"),
                format!("A: b\r\n\r\n{long}\nx\r"),
            ),
            (format!("\r\n{long}\n"), format!("\r\n{long}\n")),
            ("A: b\0".to_owned(), "A: b\0".to_owned()),
        ] {
            let source = content(given.as_bytes(), rules).unwrap().source;
            assert!(source.bytes() == Some(sent.as_bytes()), "{given:?}");
            let properties = source.properties();
            assert!(properties.binary && properties.size == Some(sent.len() as u64));
        }
    }

    #[test]
    fn h02_h04_h05_rules_decide_what_is_normalised_refused_or_sent_as_it_is() {
        let properties = |text: &[u8], strict, binary| {
            let rules = ContentRules {
                strict,
                binary,
                envelope: false,
            };
            content(text, rules).map(|content| content.source.properties())
        };
        assert_eq!(
            properties(b"A: b\n\nc", false, false).unwrap().size,
            Some(11)
        );
        for (text, line) in [(&b"A: b\n"[..], 1), (b"A: b\r\n\r\nc\rd\r\n", 3)] {
            let error = properties(text, true, false).unwrap_err();
            assert_eq!(error.status(), Status::Content);
            assert!(
                error.to_string().contains(&format!("line {line} ends")),
                "{error}"
            );
        }
        let long = [b"A: b\r\n\r\n".as_slice(), &[b'x'; 999]].concat();
        for odd in [b"A: b\r\n\r\na\0b".as_slice(), &long] {
            assert_eq!(
                properties(odd, false, false).unwrap_err().status(),
                Status::Content
            );
            let binary = properties(odd, false, true).unwrap();
            assert!(binary.binary && binary.size == Some(odd.len() as u64));
        }
    }

    #[test]
    fn g14_the_first_field_beyond_ascii_is_named() {
        let named = |text: &[u8]| {
            let content = content(text, ContentRules::default()).unwrap();
            content.source.properties().utf8_field
        };
        for (text, name) in [
            ("From: a@b\r\nSubject: ä\r\n\r\n", Some("Subject")),
            ("FROM: Jörg <a@b>\r\nSubject: ä\r\n\r\n", Some("FROM")),
            ("X-A: b\r\n ä\r\n\r\n", Some("X-A")),
            ("no field ä\r\nA: b\r\n\r\n", Some("")),
            ("A: b\r\n\r\nä", None),
        ] {
            assert_eq!(named(text.as_bytes()).as_deref(), name, "{text}");
        }
        assert_eq!(named(b"Subject: \xe4\r\n\r\n"), None);
    }
}

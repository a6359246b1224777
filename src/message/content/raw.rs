//! Finished content: read through once, made canonical, without its blind copies.

use std::sync::Arc;

use super::lines::{InvalidLine, bare_line_end, canonical, inspect};
use super::properties::Properties;
use super::source::{Content, InMemory};
use crate::error::Error;
use crate::message::header::{
    LinePosition, RawMessage, begins_with_mbox_line, first_beyond_ascii, locate_line, without_bcc,
};
use crate::status::Status;
use crate::support::redact;

/// The rules for finished content.
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

/// Refuses what is no message from its first byte on.
pub(in crate::message) fn check_beginning(content: &[u8]) -> Result<(), Error> {
    if content.is_empty() {
        return Err(empty());
    }
    if begins_with_mbox_line(content) {
        let why = "begins with a line \"From ...\" of an mbox file, expected a header field: remove the line, and \
                   send one message at a time";
        return Err(Error::argument(Status::Content, "content", why));
    }
    Ok(())
}

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

/// True if the header has a bare CR or LF, the empty line behind it included: then these are the
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
    let why = format!("has a bare CR or LF at the end of line {line}");
    Error::argument(Status::Content, "content", why)
}

/// The line is that of the content without its blind copies; `given` has the header that was given.
pub(in crate::message) fn invalid(given: &[u8], invalid: InvalidLine) -> Error {
    let (line, what, advice) = match invalid {
        InvalidLine::Nul { line } => (line, "a NUL", "remove it"),
        InvalidLine::TooLong { line } => (line, "more than 998 bytes", "fold it at a space"),
    };
    let (line, place) = locate_line(given, line);
    let (place, way) = match place {
        LinePosition::Field(name) => {
            let name = redact::escape(name.as_bytes(), 80);
            (format!("in the header field {name}"), advice)
        }
        LinePosition::Header => ("in the header".to_owned(), advice),
        LinePosition::Body => {
            let encode = "encode its part as quoted-printable or base64";
            ("in the body".to_owned(), encode)
        }
    };
    let why = format!("has {what} in line {line}, {place}: {way}, or {BY_BINARY}");
    Error::argument(Status::Content, "content", why)
}

#[cfg(test)]
mod tests {
    use super::*;

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
                "in the header field A: remove it",
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
            assert!(error.contains(&format!(" in line {line}, ")), "{error}");
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
        assert!(error.to_string().contains("end of line 4."), "{error}");
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
                error.to_string().contains(&format!("end of line {line}.")),
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

//! The little of RFC 5322 that a raw message needs: where its header ends, its Message-ID, and the
//! fields that must not leave (Bcc, Resent-Bcc).

use std::collections::TryReserveError;

use memchr::memchr;

use super::content::lines::{lines, split_line};
use crate::memory;
use crate::support::redact;

/// The most bytes of a field's name that are shown.
const MAX_SHOWN_NAME: usize = 200;

/// The mark that an editor may leave at the very beginning of a file.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The first bytes of a line that continues a field: space and tab (RFC 5322 section 2.2.3), and the other
/// white space, so that no part of a blind copy's field is left behind as a line of its own.
const CONTINUES: &[u8] = b" \t\x0b\x0c";

/// A finished message as it may leave this machine.
#[derive(Debug, PartialEq, Eq)]
pub struct RawMessage {
    /// The message without its Bcc and Resent-Bcc fields (catalogue G10, G11); one without such
    /// fields as it was, byte by byte.
    pub bytes: Vec<u8>,
    /// As many of these are the header's.
    pub header: usize,
    /// Its Message-ID.
    pub message_id: Option<String>,
}

/// Leaves out the fields that must not leave.
pub fn without_bcc(content: &[u8]) -> Result<RawMessage, TryReserveError> {
    let mut bytes = memory::with_room(content.len())?;
    let mut message_id = None;
    let mut rest = content;
    while let Some(field) = take_field(rest) {
        let (name, behind) = split_name(field);
        if !is_blind(name) {
            bytes.extend_from_slice(field);
        }
        if message_id.is_none() && is(name, "message-id") {
            message_id = value(behind);
        }
        rest = rest.get(field.len()..).unwrap_or_default();
    }
    // A CR and an LF that meet only now are still two line ends.
    if bytes.ends_with(b"\r") && rest.starts_with(b"\n") {
        bytes.push(b'\n');
    }
    let header = bytes.len();
    bytes.extend_from_slice(rest);
    Ok(RawMessage {
        bytes,
        header,
        message_id,
    })
}

/// The position of a line of a raw message.
#[derive(Debug, PartialEq, Eq)]
pub enum LinePosition {
    /// In the field of this name.
    Field(String),
    /// In the header, in a line that is no field.
    Header,
    /// In the body, or the empty line before it.
    Body,
}

/// The number in `content` of the line that has the number `kept` in what [`without_bcc`] leaves of it
/// (the first is 1), and where it stands. The header of `content` is enough.
#[must_use]
pub fn locate_line(content: &[u8], kept: u64) -> (u64, LinePosition) {
    let (mut line, mut left) = (0_u64, kept);
    let mut rest = content;
    while let Some(field) = take_field(rest) {
        let (name, _) = split_name(field);
        let lines = lines(field).count() as u64;
        if !is_blind(name) {
            if left <= lines {
                let place = match name {
                    b"" => LinePosition::Header,
                    name => {
                        let shown = name.get(..MAX_SHOWN_NAME).unwrap_or(name);
                        LinePosition::Field(String::from_utf8_lossy(shown).into_owned())
                    }
                };
                return (line.saturating_add(left), place);
            }
            left = left.saturating_sub(lines);
        }
        line = line.saturating_add(lines);
        rest = rest.get(field.len()..).unwrap_or_default();
    }
    (line.saturating_add(left), LinePosition::Body)
}

/// True if content begins with the line that stands before each message of an mbox file (`From alice
/// Mon ...`), or with such a line behind a `>`. `From : x` is a field with space before its colon (RFC
/// 5322 section 4.5).
#[must_use]
pub fn begins_with_mbox_line(content: &[u8]) -> bool {
    let content = content.strip_prefix(BYTE_ORDER_MARK).unwrap_or(content);
    let (line, ..) = split_line(content);
    let quotes = line.iter().take_while(|b| **b == b'>').count();
    let behind = line.get(quotes..).and_then(|l| l.strip_prefix(b"From "));
    behind.is_some_and(|behind| !behind.trim_ascii_start().starts_with(b":"))
}

/// Name and unfolded value of each field of a raw message, up to the empty line.
pub fn fields(content: &[u8]) -> impl Iterator<Item = (String, Vec<u8>)> {
    let mut rest = content;
    std::iter::from_fn(move || {
        let field = take_field(rest)?;
        rest = rest.get(field.len()..).unwrap_or_default();
        let (name, value) = split_name(field);
        let value = value.iter().filter(|b| !matches!(b, b'\r' | b'\n'));
        let name = String::from_utf8_lossy(name);
        Some((name.to_ascii_lowercase(), value.copied().collect()))
    })
    .filter(|(name, _)| !name.is_empty())
}

/// The name of the first field that is not ASCII; empty for a line that is no field.
#[must_use]
pub fn first_beyond_ascii(content: &[u8]) -> String {
    let mut rest = content;
    let field = std::iter::from_fn(|| {
        let field = take_field(rest)?;
        rest = rest.get(field.len()..).unwrap_or_default();
        Some(field)
    })
    .find(|field| !field.is_ascii());
    let (name, _) = split_name(field.unwrap_or_default());
    redact::escape(name, 80)
}

/// Bytes of the header.
#[must_use]
pub fn header_len(content: &[u8]) -> usize {
    let mut rest = content;
    while let Some(field) = take_field(rest) {
        rest = rest.get(field.len()..).unwrap_or_default();
    }
    content.len().saturating_sub(rest.len())
}

/// The first field with its continuation lines, or a line that is none; `None` at the empty line
/// that ends the header. A line without a colon does not end it: what stands behind it is still
/// looked at, so that a stray line can't let a Bcc slip through.
fn take_field(input: &[u8]) -> Option<&[u8]> {
    if matches!(input.first(), None | Some(b'\r' | b'\n')) {
        return None;
    }
    let (.., mut rest) = split_line(input);
    while rest.first().is_some_and(|first| CONTINUES.contains(first)) {
        (.., rest) = split_line(rest);
    }
    input.get(..input.len() - rest.len())
}

/// A field's name, empty if this is no field, and what stands behind the colon. Space before the
/// colon is tolerated, as receivers do, so that nothing hides behind it; so is a byte order mark that
/// an editor left at the very beginning.
fn split_name(field: &[u8]) -> (&[u8], &[u8]) {
    let colon = memchr(b':', field).unwrap_or(field.len());
    let (name, behind) = field.split_at(colon);
    let name = name.strip_prefix(BYTE_ORDER_MARK).unwrap_or(name);
    let name = name.trim_ascii_end();
    match behind.strip_prefix(b":") {
        Some(value) if name.iter().all(u8::is_ascii_graphic) => (name, value),
        _ => (b"", b""),
    }
}

/// True for a field that must not leave.
fn is_blind(name: &[u8]) -> bool {
    is(name, "bcc") || is(name, "resent-bcc")
}

fn is(name: &[u8], wanted: &str) -> bool {
    name.len() == wanted.len() && name.eq_ignore_ascii_case(wanted.as_bytes())
}

/// A value as one line of visible ASCII.
fn value(text: &[u8]) -> Option<String> {
    let mut visible = String::with_capacity(text.len().min(998));
    let graphic = text.iter().filter(|b| b.is_ascii_graphic()).take(998);
    visible.extend(graphic.map(|b| char::from(*b)));
    (!visible.is_empty()).then_some(visible)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g10_g11_blind_copies_do_not_leave() {
        let raw = b"From: a@b\r\nbCC: x@y,\r\n z@y\r\nResent-Bcc : q@y\r\nSubject: Bcc: s\r\n\r\nBcc: body\r\n";
        let kept = without_bcc(raw).unwrap().bytes;
        assert_eq!(kept, b"From: a@b\r\nSubject: Bcc: s\r\n\r\nBcc: body\r\n");
        for end in ["\n", "\r", "\r\n"] {
            let raw = ["A: b", "Bcc: x", "C: d", "", "body"].join(end);
            assert_eq!(
                without_bcc(raw.as_bytes()).unwrap().bytes,
                ["A: b", "C: d", "", "body"].join(end).as_bytes()
            );
        }
    }

    #[test]
    fn g10_no_line_that_continues_a_blind_copy_leaves() {
        for end in ["\n", "\r", "\r\n"] {
            for name in ["Bcc:", "bCC\t:", "Resent-Bcc :", "RESENT-BCC:"] {
                for space in [" ", "\t", " \t", "\t ", "\t\t", "\x0b", "\x0c"] {
                    // The names stand in the second line, the third or the last; or behind an empty fold.
                    for value in [
                        format!("{name} a@x,{end}{space}hidden@x"),
                        format!("{name}{end}{space}hidden@x"),
                        format!("{name} a@x,{end}{space}b@x,{end}{space}hidden@x"),
                        format!("{name}{end}{space}{end}{space}hidden@x"),
                    ] {
                        for (before, behind) in [
                            ("A: b", format!("C: d{end}\tfolded{end}{end}{space}body")),
                            ("A: b", format!("{end}\tbody")),
                            ("A: b", String::new()),
                            ("A: b\u{b}", "C: d".to_owned()),
                        ] {
                            let raw = format!("{before}{end}{value}{end}{behind}");
                            let kept = without_bcc(raw.as_bytes()).unwrap().bytes;
                            let kept = String::from_utf8(kept).unwrap();
                            assert_eq!(kept, format!("{before}{end}{behind}"), "{raw:?}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn g10_no_stray_line_lets_a_blind_copy_through() {
        let mbox = "From alice Mon Nov 23 10:00:00 2026\r\n";
        for before in ["\u{feff}", mbox, "no colon\r\n", ": x\r\n"] {
            let raw = format!("{before}Bcc: hidden@x\r\nA: b\r\n\r\nBcc: body");
            let kept = String::from_utf8(without_bcc(raw.as_bytes()).unwrap().bytes).unwrap();
            assert!(!kept.contains("hidden"), "{kept}");
            assert!(kept.ends_with("A: b\r\n\r\nBcc: body"), "{kept}");
        }
    }

    #[test]
    fn the_line_of_an_mbox_file_is_known_from_a_field() {
        for mbox in [
            "From alice Mon Nov 23 10:00:00 2026\r\nA: b",
            ">From alice Mon Nov 23\nA: b",
            ">>From alice: x\rA: b",
            "\u{feff}From a@b Mon",
            "From ",
            "From \n: x\n",
        ] {
            assert!(begins_with_mbox_line(mbox.as_bytes()), "{mbox:?}");
        }
        for other in [
            "",
            "From: x",
            "From : x",
            "From \t : x",
            "From\t: x",
            "From",
            "FROM alice Mon",
            "\r\nFrom alice Mon",
            "A: b\r\nFrom alice Mon\r\n",
            "Fromage fondu",
            "> From alice",
        ] {
            assert!(!begins_with_mbox_line(other.as_bytes()), "{other:?}");
        }
    }

    #[test]
    fn a_line_is_found_again_among_the_blind_copies() {
        for end in ["\n", "\r", "\r\n"] {
            let raw = [
                "Bcc: x", " y", "A: b", "no colon", "Bcc: z", "C: d", " e", "", "body",
            ]
            .join(end);
            let line = |kept| locate_line(raw.as_bytes(), kept);
            let field = |name: &str| LinePosition::Field(name.to_owned());
            assert_eq!(line(1), (3, field("A")));
            assert_eq!(line(2), (4, LinePosition::Header));
            assert_eq!(line(3), (6, field("C")));
            assert_eq!(line(4), (7, field("C")));
            assert_eq!(line(5), (8, LinePosition::Body));
            assert_eq!(line(6), (9, LinePosition::Body));
        }
    }

    #[test]
    fn everything_else_stays_byte_by_byte() {
        for raw in [
            &b""[..],
            b"\r\nbody",
            b"no header at all",
            b"A: b",
            b"A: b\n\n.\n",
            b"\xff: x\r\n\r\n",
            b"A: b\r\n folded\r\n\r\nBcc: in the body\r\n",
        ] {
            assert_eq!(without_bcc(raw).unwrap().bytes, raw);
        }
    }

    #[test]
    fn the_message_id_is_found() {
        let id = |raw: &[u8]| without_bcc(raw).unwrap().message_id;
        assert_eq!(
            id(b"A: b\r\nmessage-ID:\r\n <x@y>\r\n\r\n").as_deref(),
            Some("<x@y>")
        );
        assert_eq!(id(b"A: b\r\n\r\nMessage-ID: <x@y>\r\n"), None);
    }
}

//! The canonical form of content (RFC 5321 section 2.3.8): every line end is CRLF, and the last line has
//! one too. What is not fit for DATA is found here; dots are stuffed by the encoder of DATA.

use std::collections::TryReserveError;
use std::sync::Arc;

use memchr::{memchr, memchr2, memrchr};
use secsmtp_octets::look;

use crate::memory;

/// The longest line, without its CRLF (RFC 5321 section 4.5.3.1.6).
pub const MAX_LINE: usize = 998;

/// What must be known of content before MAIL.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Bytes with normalised line ends, without dot-stuffing: what SIZE counts (RFC 1870); `None`
    /// where only reading it would tell.
    pub size: Option<u64>,
    /// Whether a byte is above 127.
    pub eight_bit: bool,
    /// The first header field that is UTF-8 beyond ASCII (RFC 6532): then the server must know
    /// SMTPUTF8.
    pub utf8_field: Option<Arc<str>>,
    /// Whether only BDAT with BINARYMIME can carry it (RFC 3030 section 3): a NUL, a bare CR or LF,
    /// a line over 998 bytes, or no line end at the end. It is sent byte by byte.
    pub binary: bool,
}

/// Why content can't be sent by DATA.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// A NUL, in this line (the first is 1).
    Nul {
        /// The line's number.
        line: u64,
    },
    /// A line over 998 bytes.
    LongLine {
        /// The line's number.
        line: u64,
    },
}

/// Looks content through once. The size found is the content's own if and only if it is
/// [`canonical`] already.
///
/// # Errors
/// The first line that can't be sent.
pub fn inspect(content: &[u8]) -> Result<Facts, Unfit> {
    let seen = look(content);
    let fit = !seen.bare && !seen.nul && content.ends_with(b"\r\n") && has_short_lines(content);
    let size = match fit {
        true => content.len() as u64,
        false => inspect_lines(content)?,
    };
    Ok(Facts {
        size: Some(size),
        eight_bit: seen.eight_bit,
        ..Facts::default()
    })
}

/// Whether no line is longer than [`MAX_LINE`], where each ends in CRLF: from one line end to the
/// last that it allows, so that most lines are not looked at.
fn has_short_lines(content: &[u8]) -> bool {
    let mut rest = content;
    while let Some((line, _)) = rest.split_at_checked(MAX_LINE.saturating_add(2)) {
        let Some(end) = memrchr(b'\n', line) else {
            return false;
        };
        rest = rest.get(end.saturating_add(1)..).unwrap_or_default();
    }
    true
}

/// The size with normalised line ends, line by line.
fn inspect_lines(content: &[u8]) -> Result<u64, Unfit> {
    let (mut size, mut line) = (0_u64, 1_u64);
    let mut rest = content;
    while !rest.is_empty() {
        let (text, behind) = split_line(rest);
        if memchr(0, text).is_some() {
            return Err(Unfit::Nul { line });
        }
        if text.len() > MAX_LINE {
            return Err(Unfit::LongLine { line });
        }
        size = size.saturating_add(text.len() as u64).saturating_add(2);
        line = line.saturating_add(1);
        rest = behind;
    }
    Ok(size)
}

/// The first line whose end is no CRLF: a bare CR or LF (the first line is 1).
#[must_use]
pub fn bare_line_end(content: &[u8]) -> Option<u64> {
    let (mut line, mut rest) = (1_u64, content);
    while let Some(end) = memchr2(b'\r', b'\n', rest) {
        let ending = rest.get(end..).unwrap_or_default();
        let Some(behind) = ending.strip_prefix(b"\r\n") else {
            return Some(line);
        };
        rest = behind;
        line = line.saturating_add(1);
    }
    None
}

/// The same content with each line, the last one too, ended by CRLF.
pub fn canonical(content: &[u8]) -> Result<Vec<u8>, TryReserveError> {
    let mut out = memory::with_room(content.len().saturating_add(content.len() / 32))?;
    let mut rest = content;
    while !rest.is_empty() {
        let (text, behind) = split_line(rest);
        memory::append(&mut out, text)?;
        memory::append(&mut out, b"\r\n")?;
        rest = behind;
    }
    Ok(out)
}

/// The first line without its ending (CRLF, bare CR or bare LF), and what stands behind it.
fn split_line(input: &[u8]) -> (&[u8], &[u8]) {
    let Some(end) = memchr2(b'\r', b'\n', input) else {
        return (input, b"");
    };
    let (line, ending) = input.split_at(end);
    let behind = match ending {
        [b'\r', b'\n', behind @ ..] | [_, behind @ ..] => behind,
        [] => b"",
    };
    (line, behind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_canonical_exactly_when_its_size_says_so() {
        let pieces = [&b""[..], b"a", b"\r", b"\n", b"\r\n", b"\xe9", b"."];
        for i in 0..pieces.len().pow(5) {
            let piece = |n: u32| pieces[i / pieces.len().pow(n) % pieces.len()];
            let content = [piece(0), piece(1), piece(2), piece(3), piece(4)].concat();
            let facts = inspect(&content).unwrap();
            let made = canonical(&content).unwrap();
            assert_eq!(facts.size, Some(made.len() as u64), "{content:?}");
            assert_eq!(made == content, made.len() == content.len(), "{content:?}");
            assert_eq!(facts.eight_bit, content.contains(&0xe9), "{content:?}");
        }
    }

    #[test]
    fn h04_h05_what_cannot_be_sent_is_named_by_line() {
        assert_eq!(inspect(b"a\nb\0"), Err(Unfit::Nul { line: 2 }));
        for at in [0, 7, 997, 998, 1990, 5000] {
            for (length, fit) in [(998, true), (999, false)] {
                let line = vec![b'x'; length];
                let content =
                    [&[b"y\r\n".repeat(at / 3), line].concat(), &b"\r\nz\r\n"[..]].concat();
                assert_eq!(inspect(&content).is_ok(), fit, "{length} behind {at}");
            }
        }
        let long = [b"a\r\rb".as_slice(), &[b'x'; 998], b"\r\n"].concat();
        assert_eq!(inspect(&long), Err(Unfit::LongLine { line: 3 }));
        assert_eq!(
            inspect(&[b'x'; 998]),
            Ok(Facts {
                size: Some(1000),
                ..Facts::default()
            })
        );
        assert!(inspect("é".as_bytes()).unwrap().eight_bit);
    }
}

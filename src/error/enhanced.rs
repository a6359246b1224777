//! The enhanced status code of a reply (RFC 3463, RFC 2034).

use std::fmt;
use std::ops::Deref;

/// The most bytes of one: a digit, and twice a dot with three.
const MAX: usize = 9;

/// An enhanced status code as the server wrote it, for instance `5.7.8`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Enhanced {
    bytes: [u8; MAX],
    length: u8,
}

impl Enhanced {
    /// The code at the head of a reply's line, if there is one and it is of the class of the reply's
    /// code.
    #[must_use]
    pub fn at_head(line: &[u8], code: u16) -> Option<Self> {
        let head = line.get(..MAX.saturating_add(1)).unwrap_or(line);
        let length = head.iter().position(|b| *b == b' ').unwrap_or(head.len());
        let word = head.get(..length)?;
        let [class @ (b'2' | b'4' | b'5'), b'.', numbers @ ..] = word else {
            return None;
        };
        if u16::from(class.saturating_sub(b'0')) != code / 100 {
            return None;
        }
        let dot = numbers.iter().position(|b| *b == b'.')?;
        let (subject, detail) = numbers.split_at(dot);
        let number =
            |part: &[u8]| matches!(part.len(), 1..=3) && part.iter().all(u8::is_ascii_digit);
        if !number(subject) || !number(detail.get(1..)?) {
            return None;
        }
        let mut bytes = [0; MAX];
        bytes.get_mut(..length)?.copy_from_slice(word);
        let length = length as u8;
        Some(Self { bytes, length })
    }
}

impl Deref for Enhanced {
    type Target = str;

    fn deref(&self) -> &str {
        let bytes = self.bytes.get(..usize::from(self.length));
        bytes
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
            .unwrap_or_default()
    }
}

impl fmt::Debug for Enhanced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl fmt::Display for Enhanced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_taken_as_written_and_only_of_the_replys_class() {
        let of = |line: &str, code| Enhanced::at_head(line.as_bytes(), code);
        for (line, code, expected) in [
            ("5.7.8 no", 535, "5.7.8"),
            ("2.1.5", 250, "2.1.5"),
            ("4.123.456 later", 450, "4.123.456"),
            ("2.07.0 ok", 250, "2.07.0"),
        ] {
            assert_eq!(of(line, code).as_deref(), Some(expected));
        }
        for (line, code) in [
            ("2.1.5 odd", 550),
            ("3.1.5 odd", 354),
            ("5.1 no", 550),
            ("5.1.1000 no", 550),
            ("5.1234.1", 550),
            ("5..1", 550),
            ("5.1.", 550),
            ("5.1.1.1", 550),
            ("5.1.1x", 550),
            ("no", 550),
            ("", 550),
            (" 5.1.1", 550),
        ] {
            assert_eq!(of(line, code), None, "{line}");
        }
    }
}

//! Lines of content. A line ends in CRLF, or in a bare CR or LF. In the canonical form (RFC 5321 section
//! 2.3.8) each line ends in CRLF, the last one too. Dots are stuffed by the encoder of DATA.

use std::collections::TryReserveError;

use memchr::{memchr, memchr2};

use super::properties::Properties;
use crate::memory;

/// The longest line, without its CRLF (RFC 5321 section 4.5.3.1.6).
pub const MAX_LINE: usize = 998;

/// A line that DATA can't carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidLine {
    /// A NUL, in this line (the first is 1).
    Nul {
        /// The line's number.
        line: u64,
    },
    /// A line over 998 bytes.
    TooLong {
        /// The line's number.
        line: u64,
    },
}

/// The characters that end a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LineEnd {
    CrLf,
    Cr,
    Lf,
}

/// The first line of a text, its line end (empty where the text ends instead), and the rest.
pub(crate) fn split_line(text: &[u8]) -> (&[u8], &[u8], &[u8]) {
    let (line, rest) = text.split_at(memchr2(b'\r', b'\n', text).unwrap_or(text.len()));
    let ending = match rest {
        [b'\r', b'\n', ..] => 2,
        [] => 0,
        [..] => 1,
    };
    let (ending, rest) = rest.split_at(ending);
    (line, ending, rest)
}

/// The lines of a text without their line ends.
pub(crate) fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let line;
        (line, _, rest) = Some(rest).filter(|rest| !rest.is_empty()).map(split_line)?;
        Some(line)
    })
}

/// Makes content canonical that comes in pieces, split anywhere, and finds in the same pass what must be
/// known before MAIL.
#[derive(Debug, Default)]
pub struct LineNormalizer {
    /// Lines that have ended.
    count: u64,
    /// Bytes of the line that is being read.
    len: usize,
    /// A CR was the last byte of a piece: an LF at the beginning of the next one is of the same line end.
    after_cr: bool,
    /// Bytes of the canonical form.
    size: u64,
    eight_bit: bool,
    invalid: Option<InvalidLine>,
    bare: Option<u64>,
    first: Option<LineEnd>,
    mixed: Option<u64>,
}

impl LineNormalizer {
    /// Reads content that is in memory.
    fn read(content: &[u8], emit: &mut dyn FnMut(&[u8])) -> Self {
        let mut lines = Self::default();
        lines.push(content, emit);
        lines.finish(emit);
        lines
    }

    /// Reads the next piece. `emit` is called with the pieces of its canonical form.
    pub fn push(&mut self, piece: &[u8], emit: &mut dyn FnMut(&[u8])) {
        let mut rest = piece;
        if self.after_cr && !piece.is_empty() {
            self.after_cr = false;
            rest = piece.strip_prefix(b"\n").unwrap_or(piece);
            let is_crlf = rest.len() < piece.len();
            self.end_line(if is_crlf { LineEnd::CrLf } else { LineEnd::Cr });
        }
        self.eight_bit |= !rest.is_ascii();
        let has_nul = memchr(0, rest).is_some();
        let mut size = 0;
        let mut emit = |bytes: &[u8]| {
            size += bytes.len() as u64;
            emit(bytes);
        };
        // Lines that need no change are given to `emit` together: so many bytes of `rest` up to now.
        let mut unchanged = 0;
        loop {
            let (line, ending, behind) = split_line(&rest[unchanged..]);
            self.read_text(line, has_nul);
            let end = match ending {
                b"" => break,
                b"\r\n" => LineEnd::CrLf,
                b"\r" => LineEnd::Cr,
                _ => LineEnd::Lf,
            };
            if end == LineEnd::CrLf {
                unchanged = rest.len() - behind.len();
                self.end_line(end);
                continue;
            }
            emit(&rest[..unchanged + line.len()]);
            emit(b"\r\n");
            (rest, unchanged) = (behind, 0);
            self.after_cr = end == LineEnd::Cr && behind.is_empty();
            if !self.after_cr {
                self.end_line(end);
            }
        }
        emit(rest);
        self.size += size;
    }

    /// Ends the content, or the part of it that has lines of its own: the last line gets its CRLF.
    pub fn finish(&mut self, emit: &mut dyn FnMut(&[u8])) {
        if std::mem::take(&mut self.after_cr) {
            self.end_line(LineEnd::Cr);
        } else if self.len > 0 {
            emit(b"\r\n");
            self.size += 2;
            self.count += 1;
            self.len = 0;
        }
    }

    /// Bytes of the canonical form, whether DATA can carry it or not.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The properties of all that was read.
    ///
    /// # Errors
    /// The first line that DATA can't carry.
    pub fn properties(&self) -> Result<Properties, InvalidLine> {
        let properties = Properties {
            size: Some(self.size),
            eight_bit: self.eight_bit,
            ..Properties::default()
        };
        self.invalid.map_or(Ok(properties), Err)
    }

    /// The first line that ends in a bare CR or LF (the first line is 1).
    #[must_use]
    pub fn bare(&self) -> Option<u64> {
        self.bare
    }

    /// The first line whose line end is another than that of line 1.
    #[must_use]
    pub fn mixed(&self) -> Option<u64> {
        self.mixed
    }

    /// Reads bytes of the current line. Which of two faults of a line counts does not depend on where the
    /// content was split: a NUL within the first 998 bytes and the one behind them, else the length.
    fn read_text(&mut self, text: &[u8], has_nul: bool) {
        let line = self.count + 1;
        let nul = Some(text)
            .filter(|_| has_nul)
            .and_then(|text| memchr(0, text));
        if nul.is_some_and(|at| self.len.saturating_add(at) <= MAX_LINE) {
            self.invalid.get_or_insert(InvalidLine::Nul { line });
        }
        self.len = self.len.saturating_add(text.len());
        if self.len > MAX_LINE {
            self.invalid.get_or_insert(InvalidLine::TooLong { line });
        }
    }

    fn end_line(&mut self, end: LineEnd) {
        self.count += 1;
        self.len = 0;
        if end != LineEnd::CrLf {
            self.bare.get_or_insert(self.count);
        }
        if *self.first.get_or_insert(end) != end {
            self.mixed.get_or_insert(self.count);
        }
    }
}

/// The properties of content in memory. Its size is the content's own if and only if it is canonical.
///
/// # Errors
/// The first line that DATA can't carry.
pub fn inspect(content: &[u8]) -> Result<Properties, InvalidLine> {
    LineNormalizer::read(content, &mut |_| ()).properties()
}

/// The first line whose end is no CRLF: a bare CR or LF (the first line is 1).
#[must_use]
pub fn bare_line_end(content: &[u8]) -> Option<u64> {
    LineNormalizer::read(content, &mut |_| ()).bare()
}

/// The canonical form of content in memory.
///
/// # Errors
/// There is no memory for it.
pub fn canonical(content: &[u8]) -> Result<Vec<u8>, TryReserveError> {
    let size = LineNormalizer::read(content, &mut |_| ()).size();
    let mut out = memory::with_room(usize::try_from(size).unwrap_or(usize::MAX))?;
    LineNormalizer::read(content, &mut |bytes| out.extend_from_slice(bytes));
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The canonical form and all that is found, of content in these pieces.
    type Reading = (
        Vec<u8>,
        Result<Properties, InvalidLine>,
        Option<u64>,
        Option<u64>,
    );

    fn read(pieces: &[&[u8]]) -> Reading {
        let (mut lines, mut out) = (LineNormalizer::default(), Vec::new());
        for piece in pieces {
            lines.push(piece, &mut |bytes| out.extend_from_slice(bytes));
        }
        lines.finish(&mut |bytes| out.extend_from_slice(bytes));
        (out, lines.properties(), lines.bare(), lines.mixed())
    }

    /// As [`read`], byte by byte and without memory of pieces.
    fn read_slowly(content: &[u8]) -> Reading {
        let (mut out, mut ends, mut invalid) = (Vec::new(), Vec::new(), None);
        let (mut rest, mut len) = (content, 0);
        while let [byte, behind @ ..] = rest {
            let line = ends.len() as u64 + 1;
            let (end, behind) = match rest {
                [b'\r', b'\n', behind @ ..] => (Some(LineEnd::CrLf), behind),
                [b'\r', ..] => (Some(LineEnd::Cr), behind),
                [b'\n', ..] => (Some(LineEnd::Lf), behind),
                _ => (None, behind),
            };
            rest = behind;
            match end {
                Some(end) => {
                    out.extend_from_slice(b"\r\n");
                    ends.push(end);
                    len = 0;
                }
                None => {
                    out.push(*byte);
                    len += 1;
                    if *byte == 0 && invalid.is_none() {
                        invalid = Some(InvalidLine::Nul { line });
                    } else if len > MAX_LINE && invalid.is_none() {
                        invalid = Some(InvalidLine::TooLong { line });
                    }
                }
            }
        }
        if len > 0 {
            out.extend_from_slice(b"\r\n");
        }
        let properties = Properties {
            size: Some(out.len() as u64),
            eight_bit: !content.is_ascii(),
            ..Properties::default()
        };
        let line_where = |odd: &dyn Fn(&LineEnd) -> bool| {
            let at = ends.iter().position(odd);
            at.map(|at| at as u64 + 1)
        };
        let bare = line_where(&|end| *end != LineEnd::CrLf);
        let mixed = line_where(&|end| *end != ends[0]);
        (out, invalid.map_or(Ok(properties), Err), bare, mixed)
    }

    #[test]
    fn h02_h04_h05_h06_content_reads_alike_whole_and_split_anywhere() {
        let long = |n: usize, end: &[u8]| [&vec![b'x'; n][..], end].concat();
        let mut contents = vec![
            [b"a\rb\n".as_slice(), &long(999, b"\r\n\0")].concat(),
            long(998, b""),
            long(999, b""),
            long(997, b"\0"),
            long(998, b"\0"),
            long(999, b"\0"),
            long(997, b"\0x\ny"),
            long(500, b"\r\n.\r\n\0"),
        ];
        let pieces = [&b""[..], b"a", b"\r", b"\n", b"\r\n", b"\xe9", b"\0", b"."];
        for i in 0..pieces.len().pow(5) {
            let piece = |n: u32| pieces[i / pieces.len().pow(n) % pieces.len()];
            contents.push([piece(0), piece(1), piece(2), piece(3), piece(4)].concat());
        }
        for content in contents {
            let expected = read_slowly(&content);
            let step = 1 + content.len() / 50;
            for i in (0..=content.len()).step_by(step) {
                for j in (i..=content.len()).step_by(step) {
                    let found = read(&[&content[..i], &content[i..j], b"", &content[j..]]);
                    assert_eq!(found, expected, "{content:?} {i} {j}");
                }
            }
            assert_eq!(canonical(&content).unwrap(), expected.0, "{content:?}");
            assert_eq!(inspect(&content), expected.1, "{content:?}");
            assert_eq!(bare_line_end(&content), expected.2, "{content:?}");
        }
    }

    #[test]
    fn content_is_canonical_exactly_when_its_size_says_so() {
        for content in [
            &b""[..],
            b"a",
            b"a\r\n",
            b"a\n",
            b"\r",
            b"\r\n",
            b"a\r\nb",
            b"\xe9\n\r",
        ] {
            let made = canonical(content).unwrap();
            let size = inspect(content).unwrap().size;
            assert_eq!(
                size == Some(content.len() as u64),
                made == content,
                "{content:?}"
            );
        }
    }

    #[test]
    fn h04_h05_what_cannot_be_sent_is_named_by_line() {
        assert_eq!(inspect(b"a\nb\0"), Err(InvalidLine::Nul { line: 2 }));
        for at in [0, 7, 997, 998, 1990, 5000] {
            for (length, good) in [(998, true), (999, false)] {
                let line = vec![b'x'; length];
                let content =
                    [&[b"y\r\n".repeat(at / 3), line].concat(), &b"\r\nz\r\n"[..]].concat();
                assert_eq!(inspect(&content).is_ok(), good, "{length} behind {at}");
            }
        }
        let long = [b"a\r\rb".as_slice(), &[b'x'; 998], b"\r\n"].concat();
        assert_eq!(inspect(&long), Err(InvalidLine::TooLong { line: 3 }));
    }
}

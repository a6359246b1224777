//! Content that comes piece by piece, looked through and made canonical in one go: what
//! [`super::canonical`] does with content that lies in memory.

use memchr::{memchr, memchr2};

use super::canonical::{Facts, MAX_LINE, Unfit};

/// Lines on their way; pieces may be split anywhere.
#[derive(Debug, Default)]
pub struct Lines {
    /// Lines that have ended.
    ended: u64,
    /// Bytes of the line that is being read.
    len: usize,
    /// The CR that ended a line was the last byte of a piece.
    after_cr: bool,
    size: u64,
    eight_bit: bool,
    unfit: Option<Unfit>,
    bare: Option<u64>,
    first: Option<End>,
    mixed: Option<u64>,
}

/// How a line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    CrLf,
    Cr,
    Lf,
}

impl Lines {
    /// Appends `piece` to `out` with each line end, CRLF or a bare CR or LF, as CRLF.
    pub fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        let before = out.len();
        let mut rest = piece;
        if self.after_cr && !piece.is_empty() {
            self.after_cr = false;
            match piece.strip_prefix(b"\n") {
                Some(behind) => {
                    rest = behind;
                    self.end(End::CrLf);
                }
                None => self.end(End::Cr),
            }
        }
        self.eight_bit |= !rest.is_ascii();
        let nul = memchr(0, rest).is_some();
        // What needs no change is copied in one go: `clean` bytes of `rest` up to now.
        let mut clean = 0_usize;
        while let Some(line) = rest.get(clean..)
            && let Some(len) = memchr2(b'\r', b'\n', line)
        {
            let (text, ending) = line.split_at(len);
            self.text(text, nul);
            (self.ended, self.len) = (self.ended.saturating_add(1), 0);
            let end = clean.saturating_add(len);
            if ending.starts_with(b"\r\n") {
                clean = end.saturating_add(2);
                self.end(End::CrLf);
                continue;
            }
            match ending {
                b"\r" => self.after_cr = true,
                [b'\r', ..] => self.end(End::Cr),
                _ => self.end(End::Lf),
            }
            out.extend_from_slice(rest.get(..end).unwrap_or_default());
            out.extend_from_slice(b"\r\n");
            rest = ending.get(1..).unwrap_or_default();
            clean = 0;
        }
        self.text(rest.get(clean..).unwrap_or_default(), nul);
        out.extend_from_slice(rest);
        self.count(before, out);
    }

    /// Nothing follows, or nothing of these lines: appends the end of the last one if it has none.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        let before = out.len();
        if std::mem::take(&mut self.after_cr) {
            self.end(End::Cr);
        }
        if self.len > 0 {
            out.extend_from_slice(b"\r\n");
            (self.ended, self.len) = (self.ended.saturating_add(1), 0);
        }
        self.count(before, out);
    }

    /// Bytes with normalised line ends, whether DATA can carry them or not.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// What is known of all that was pushed.
    ///
    /// # Errors
    /// The first line that DATA can't carry.
    pub fn facts(&self) -> Result<Facts, Unfit> {
        let facts = Facts {
            size: Some(self.size),
            eight_bit: self.eight_bit,
            ..Facts::default()
        };
        self.unfit.map_or(Ok(facts), Err)
    }

    /// The first line that ended in a bare CR or LF (the first line is 1).
    #[must_use]
    pub fn bare(&self) -> Option<u64> {
        self.bare
    }

    /// The first line that ended otherwise than the one before all others.
    #[must_use]
    pub fn mixed(&self) -> Option<u64> {
        self.mixed
    }

    /// A stretch of the line that is being read.
    fn text(&mut self, text: &[u8], nul: bool) {
        self.len = self.len.saturating_add(text.len());
        let line = self.ended.saturating_add(1);
        if nul && memchr(0, text).is_some() {
            self.unfit.get_or_insert(Unfit::Nul { line });
        }
        if self.len > MAX_LINE {
            self.unfit.get_or_insert(Unfit::LongLine { line });
        }
    }

    /// The line that was counted last ended so.
    fn end(&mut self, end: End) {
        if end != End::CrLf {
            self.bare.get_or_insert(self.ended);
        }
        if *self.first.get_or_insert(end) != end {
            self.mixed.get_or_insert(self.ended);
        }
    }

    fn count(&mut self, before: usize, out: &[u8]) {
        let more = out.len().saturating_sub(before) as u64;
        self.size = self.size.saturating_add(more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::content::canonical::{bare_line_end, canonical, inspect};

    fn pushed(pieces: &[&[u8]]) -> (Vec<u8>, Result<Facts, Unfit>, Option<u64>) {
        let (mut lines, mut out) = (Lines::default(), Vec::new());
        for piece in pieces {
            lines.push(piece, &mut out);
        }
        lines.finish(&mut out);
        (out, lines.facts(), lines.bare())
    }

    #[test]
    fn h02_h04_h05_h06_pieces_are_judged_and_changed_as_the_whole_is() {
        let long = [b"a\rb\n".as_slice(), &[b'x'; 999], b"\r\n\0"].concat();
        let contents: [&[u8]; 14] = [
            b"",
            b"a",
            b"a\r\n",
            b"\r\n\r\nb",
            b"a\nb\r",
            b"a\rb\n\rc\r\r\n\n",
            b"\r",
            b"\n\r\n\r",
            b"a\r\n.\r\n\n.\n",
            b"a\0\nb",
            "é\r\nb".as_bytes(),
            &[b'x'; 998],
            &[b'x'; 999],
            &long,
        ];
        for content in contents {
            for i in (0..=content.len()).step_by(1 + content.len() / 50) {
                for j in (i..=content.len()).step_by(1 + content.len() / 50) {
                    let (out, facts, bare) =
                        pushed(&[&content[..i], &content[i..j], b"", &content[j..]]);
                    assert_eq!(out, canonical(content).unwrap(), "{content:?} {i} {j}");
                    assert_eq!(facts, inspect(content), "{content:?} {i} {j}");
                    assert_eq!(bare, bare_line_end(content), "{content:?} {i} {j}");
                }
            }
        }
    }

    #[test]
    fn lines_that_end_otherwise_than_the_first_are_named_wherever_they_are_split() {
        for (content, mixed) in [
            (&b""[..], None),
            (b"a", None),
            (b"a\nb\n\nc", None),
            (b"a\r\nb\r\n\r\n", None),
            (b"a\rb\r", None),
            (b"a\nb\r\n", Some(2)),
            (b"a\r\nb\r\nc\nd\r\n", Some(3)),
            (b"a\r\nb\r", Some(2)),
            (b"\r\n\r\r\n", Some(2)),
        ] {
            for i in 0..=content.len() {
                let (mut lines, mut out) = (Lines::default(), Vec::new());
                for piece in [&content[..i], &content[i..]] {
                    lines.push(piece, &mut out);
                }
                lines.finish(&mut out);
                assert_eq!(lines.mixed(), mixed, "{content:?} {i}");
            }
        }
    }
}

//! Content encoded for DATA (RFC 5321 section 4.5.2): every line end becomes CRLF, every line that begins
//! with a dot gets another, and a line with a lone dot ends it.

use memchr::memchr2;

/// Encodes content piece by piece; pieces may be split anywhere.
#[derive(Debug, Clone, Copy)]
pub struct DataEncoder {
    line_start: bool,
    after_cr: bool,
}

impl Default for DataEncoder {
    fn default() -> Self {
        Self {
            line_start: true,
            after_cr: false,
        }
    }
}

impl DataEncoder {
    /// Appends the encoding of `piece` to `out`: at most two bytes for each, and two more.
    pub fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        let mut rest = piece;
        if self.after_cr {
            // The CRLF was written at the CR; skip its LF.
            rest = rest.strip_prefix(b"\n").unwrap_or(rest);
            self.after_cr &= piece.is_empty();
        }
        // Bytes without change are copied at once: `clean` bytes of `rest` up to now.
        let mut clean = 0_usize;
        while let Some(line) = rest.get(clean..).filter(|line| !line.is_empty()) {
            if self.line_start && line.first() == Some(&b'.') {
                rest = copy(rest, clean, out);
                clean = 0;
                out.push(b'.');
            }
            let line = rest.get(clean..).unwrap_or_default();
            let Some(end) = memchr2(b'\r', b'\n', line) else {
                self.line_start = false;
                clean = rest.len();
                break;
            };
            self.line_start = true;
            let end = clean.saturating_add(end);
            let behind = end.saturating_add(2);
            if rest.get(end..behind) == Some(b"\r\n") {
                clean = behind;
                continue;
            }
            self.after_cr = rest.get(end..) == Some(b"\r");
            rest = copy(rest, end, out);
            rest = rest.get(1..).unwrap_or_default();
            clean = 0;
            out.extend_from_slice(b"\r\n");
        }
        copy(rest, clean, out);
    }

    /// Appends text without dots whose line ends are CRLF, such as base64, without a search for them.
    pub fn push_dotless(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        if let Some(last) = piece.last() {
            out.extend_from_slice(piece);
            (self.line_start, self.after_cr) = (*last == b'\n', false);
        }
    }

    /// Appends the end: a CRLF if the last line lacks one, and the lone dot.
    pub fn finish(self, out: &mut Vec<u8>) {
        out.extend_from_slice(if self.line_start {
            b".\r\n"
        } else {
            b"\r\n.\r\n"
        });
    }
}

/// Appends the first `n` bytes and returns the others.
fn copy<'a>(rest: &'a [u8], n: usize, out: &mut Vec<u8>) -> &'a [u8] {
    let (clean, behind) = rest.split_at_checked(n).unwrap_or((rest, b""));
    out.extend_from_slice(clean);
    behind
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::content::lines::{canonical, inspect};

    fn encode(pieces: &[&[u8]]) -> Vec<u8> {
        let mut encoder = DataEncoder::default();
        let mut out = Vec::new();
        for piece in pieces {
            encoder.push(piece, &mut out);
        }
        encoder.finish(&mut out);
        out
    }

    /// Decodes the content as a server does.
    fn decode(wire: &[u8]) -> Vec<u8> {
        let body = wire.strip_suffix(b".\r\n").unwrap();
        assert!(body.is_empty() || body.ends_with(b"\r\n"));
        let mut out = Vec::new();
        for line in body.split_inclusive(|b| *b == b'\n') {
            out.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
        }
        out
    }

    #[test]
    fn h01_h06_dots_are_stuffed_and_the_last_line_ended() {
        assert_eq!(
            encode(&[b"a\r\n.b\r\n..\r\n.\r\nc"]),
            b"a\r\n..b\r\n...\r\n..\r\nc\r\n.\r\n"
        );
        assert_eq!(encode(&[b".\r\n"]), b"..\r\n.\r\n");
        assert_eq!(encode(&[b""]), b".\r\n");
        assert_eq!(encode(&[b"a\r\n"]), b"a\r\n.\r\n");
    }

    #[test]
    fn base64_passes_unlooked_at_between_text() {
        let mut encoder = DataEncoder::default();
        let mut out = Vec::new();
        encoder.push(b"a\r\n", &mut out);
        encoder.push_dotless(b"QUJD\r\nREVG\r\n", &mut out);
        encoder.push_dotless(b"", &mut out);
        encoder.push(b".b", &mut out);
        encoder.push_dotless(b"QQ==", &mut out);
        encoder.finish(&mut out);
        assert_eq!(out, b"a\r\nQUJD\r\nREVG\r\n..bQQ==\r\n.\r\n");
    }

    #[test]
    fn h02_h03_no_smuggling_ending_survives_at_any_place_or_split() {
        let endings: [&[u8]; 12] = [
            b"\n.\n",
            b"\r.\r",
            b"\r.\n",
            b"\n.\r",
            b"\n.\r\n",
            b"\r\n.\n",
            b"\r.\r\n",
            b"\r\n.\r",
            b"\r\n.\r\n",
            b"\r\r\n.\r\n",
            b"\n\n.\n\n",
            b"\r\n\r\n.\r\r\n",
        ];
        for ending in endings {
            for (before, after) in [(&b""[..], &b"x"[..]), (b"a", b"b\r\n"), (b"a\r\n", b"")] {
                let content = [before, ending, after].concat();
                let expected = encode(&[&content]);
                let end = expected.windows(5).position(|w| w == b"\r\n.\r\n");
                let whole = expected == b".\r\n" || end == Some(expected.len() - 5);
                assert!(whole, "{content:?} gives {expected:?}");
                let text = expected.strip_suffix(b".\r\n").unwrap();
                let bare = text.windows(2).any(|w| (w[0] == b'\r') != (w[1] == b'\n'));
                assert!(!bare, "{content:?} leaves a bare CR or LF");
                for i in 0..=content.len() {
                    for j in i..=content.len() {
                        let split = encode(&[&content[..i], &content[i..j], &content[j..]]);
                        assert_eq!(split, expected, "{content:?} split at {i} and {j}");
                    }
                }
                assert_eq!(
                    decode(&expected).len() as u64,
                    inspect(&content).unwrap().size.unwrap()
                );
                assert_eq!(decode(&expected), canonical(&content).unwrap());
            }
        }
    }
}

//! A text on its way into a part (RFC 2045 section 6): as it is where it is plain ASCII of bearable
//! lines, else quoted-printable or base64, whichever is shorter.

use std::collections::TryReserveError;

use super::base64_lines;
use crate::memory;
use crate::message::content::lines::{canonical, lines};

/// Longer lines are not for reading (RFC 5322 section 2.1.1 recommends 78, allows 998).
const MAX_PLAIN_LINE: usize = 200;
/// The longest line of quoted-printable, without its CRLF (RFC 2045 section 6.7).
const QP_LINE: usize = 76;

/// A text as it goes into the message.
pub(crate) struct Encoded {
    pub(crate) encoding: &'static str,
    pub(crate) bytes: Vec<u8>,
}

/// Encodes a text; any of its line ends becomes CRLF, and the last line gets one.
pub(crate) fn encode(text: &str) -> Result<Encoded, TryReserveError> {
    let bytes = canonical(text.as_bytes())?;
    if lines(&bytes).all(is_plain) {
        return Ok(Encoded {
            encoding: "7bit",
            bytes,
        });
    }
    let printable = quoted_printable(&bytes)?;
    let base64 = base64_lines::encoded_len(bytes.len() as u64).unwrap_or(u64::MAX);
    // Readable by eye, where that costs no more than a third.
    if printable.len() as u64 / 4 <= base64 / 3 {
        return Ok(Encoded {
            encoding: "quoted-printable",
            bytes: printable,
        });
    }
    drop(printable);
    let mut out = Vec::new();
    base64_lines::encode(&bytes, &mut out)?;
    Ok(Encoded {
        encoding: "base64",
        bytes: out,
    })
}

/// True for a line that comes through every server as it is: short, no controls, no space at its end
/// that might be cut off, no lone dot, no "From " that a mailbox would put a ">" before.
fn is_plain(line: &[u8]) -> bool {
    line.len() <= MAX_PLAIN_LINE
        && line.iter().all(|b| matches!(b, b'\t' | b' '..=b'~'))
        && !line.ends_with(b" ")
        && !line.ends_with(b"\t")
        && !line.starts_with(b".")
        && !line.starts_with(b"From ")
}

fn quoted_printable(bytes: &[u8]) -> Result<Vec<u8>, TryReserveError> {
    let mut out = memory::with_room(bytes.len() / 4 * 5)?;
    for line in lines(bytes) {
        let mut column = 0;
        for (i, byte) in line.iter().enumerate() {
            // An encoded byte and a soft line break.
            out.try_reserve(6)?;
            let last = i + 1 == line.len();
            let literal = match byte {
                b'=' => false,
                b' ' | b'\t' => !last,
                b => b.is_ascii_graphic(),
            };
            let width = if literal { 1 } else { 3 };
            // Room for the soft line break, unless the line ends here.
            if column + width > QP_LINE - usize::from(!last) {
                out.extend_from_slice(b"=\r\n");
                column = 0;
            }
            // No line begins with what a transport would touch: a dot, or "From ".
            let touched = *byte == b'.' || line[i..].starts_with(b"From ");
            if literal && !(column == 0 && touched) {
                out.push(*byte);
                column += 1;
            } else {
                out.extend_from_slice(&[b'=', hex(byte >> 4), hex(byte & 15)]);
                column += 3;
            }
        }
        memory::append(&mut out, b"\r\n")?;
    }
    Ok(out)
}

fn hex(nibble: u8) -> u8 {
    b"0123456789ABCDEF"[usize::from(nibble)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> (&'static str, String) {
        let encoded = encode(text).unwrap();
        (encoded.encoding, String::from_utf8(encoded.bytes).unwrap())
    }

    #[test]
    fn the_encoding_fits_the_text() {
        assert_eq!(of(""), ("7bit", String::new()));
        assert_eq!(
            of("a\nb\rc\r\nd"),
            ("7bit", "a\r\nb\r\nc\r\nd\r\n".to_owned())
        );
        assert_eq!(
            of("Grüße\n"),
            ("quoted-printable", "Gr=C3=BC=C3=9Fe\r\n".to_owned())
        );
        assert_eq!(of(".\n"), ("quoted-printable", "=2E\r\n".to_owned()));
        assert_eq!(of("x \n"), ("quoted-printable", "x=20\r\n".to_owned()));
        assert_eq!(
            of("From a\n"),
            ("quoted-printable", "=46rom a\r\n".to_owned())
        );
        assert_eq!(of("日本語のテキスト\n").0, "base64");
        assert_eq!(of("a\0b").1, "a=00b\r\n");
    }

    #[test]
    fn h01_h05_no_encoded_line_is_long_or_begins_with_a_dot() {
        for text in ["=", ".", "F", "é", "a.", "F.", " ", "\t.", "日", "a=é."] {
            for n in [1, 37, 75, 76, 77, 400] {
                let encoded = of(&text.repeat(n)).1;
                for line in encoded.split("\r\n") {
                    assert!(
                        line.len() <= MAX_PLAIN_LINE && !line.starts_with('.'),
                        "{line:?}"
                    );
                    assert!(
                        !line.ends_with(' ') && !line.starts_with("From "),
                        "{line:?}"
                    );
                }
            }
        }
        let long = of(&"é.=".repeat(300)).1;
        assert!(long.split("\r\n").all(|line| line.len() <= QP_LINE));
    }
}

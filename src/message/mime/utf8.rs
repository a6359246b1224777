//! Finds out whether bytes that come in pieces are text in UTF-8.

/// Bytes that may be text in UTF-8.
#[derive(Debug)]
pub(super) enum Utf8 {
    /// So far they are, but for the beginning of a character at the end.
    Valid(Vec<u8>),
    /// They are not, or have a NUL or ESC, as UTF-16 and the 7-bit sets of East Asia do.
    Other,
}

impl Default for Utf8 {
    fn default() -> Self {
        Self::Valid(Vec::new())
    }
}

impl Utf8 {
    pub(super) fn push(self, piece: &[u8]) -> Self {
        let Self::Valid(begun) = self else {
            return self;
        };
        if memchr::memchr2(0, 0x1b, piece).is_some() {
            return Self::Other;
        }
        let joined;
        let bytes = match begun.is_empty() {
            true => piece,
            false => {
                joined = [&begun, piece].concat();
                &joined
            }
        };
        match std::str::from_utf8(bytes) {
            Ok(_) => Self::default(),
            Err(error) if error.error_len().is_none() => {
                Self::Valid(bytes[error.valid_up_to()..].to_vec())
            }
            Err(_) => Self::Other,
        }
    }

    pub(super) fn finish(self) -> bool {
        matches!(self, Self::Valid(begun) if begun.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_in_utf8_is_known_wherever_it_is_split() {
        for (bytes, utf8) in [
            (&b""[..], true),
            (b"plain\n", true),
            ("Grüße, 日本語 👍".as_bytes(), true),
            (b"Gr\xfc\xdfe", false),
            (b"a\0b\0", false),
            (b"\xff\xfea\0", false),
            (b"\x1b$B%F%9%H\x1b(B", false),
            (b"cut \xf0\x9f\x91", false),
            (b"\xed\xa0\x80", false),
        ] {
            for i in 0..=bytes.len() {
                for j in i..=bytes.len() {
                    let pieces = [&bytes[..i], &bytes[i..j], &bytes[j..]];
                    let found = pieces.into_iter().fold(Utf8::default(), Utf8::push);
                    assert_eq!(found.finish(), utf8, "{bytes:?} {i} {j}");
                }
            }
        }
    }
}

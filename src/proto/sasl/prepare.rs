//! SASLprep (RFC 4013): one form for the several ways in which the same name or password is typed.

use std::borrow::Cow;

use zeroize::Zeroizing;

/// The longest form made: what was short can grow under normalisation.
const MAX_PREPARED: usize = 8192;

/// A text as SCRAM uses it (RFC 5802 sections 2.2 and 5.1), wiped when dropped.
///
/// # Errors
/// Why it has no such form. The offending character is not told: it may be a password's.
pub fn prepare(text: &[u8]) -> Result<Zeroizing<String>, &'static str> {
    let text = std::str::from_utf8(text).map_err(|_| "is not UTF-8, which SCRAM needs")?;
    // ASCII comes back borrowed, so that of most passwords no further copy is made.
    let prepared = match stringprep::saslprep(text) {
        Ok(Cow::Borrowed(same)) => Zeroizing::new(same.to_owned()),
        Ok(Cow::Owned(text)) => Zeroizing::new(text),
        Err(_) => {
            return Err(
                "has a character, or a mix of writing directions, that SASLprep (RFC 4013) \
                 prohibits, so that SCRAM can't carry it (PLAIN can, where only PLAIN is allowed)",
            );
        }
    };
    match prepared.len() {
        0 => Err("has nothing left after SASLprep (RFC 4013)"),
        1..=MAX_PREPARED => Ok(prepared),
        _ => Err("is too long after SASLprep (RFC 4013)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f25_the_examples_of_rfc_4013_section_3() {
        let of = |text: &str| prepare(text.as_bytes()).map(|text| text.to_string());
        for (given, expected) in [
            ("I\u{ad}X", "IX"),
            ("user", "user"),
            ("USER", "USER"),
            ("\u{aa}", "a"),
            ("\u{2168}", "IX"),
            ("a\u{a0}b", "a b"),
            ("bo\u{308}b", "b\u{f6}b"),
        ] {
            assert_eq!(of(given).as_deref(), Ok(expected));
        }
        for prohibited in ["\u{7}", "\u{627}1", "a\u{e000}", "\u{627}b", "\u{221}", ""] {
            assert!(of(prohibited).is_err(), "{prohibited:?}");
        }
        assert!(of("\u{ad}").is_err() && prepare(b"\xff").is_err());
        assert!(of(&"\u{fdfa}".repeat(1000)).is_err());
    }
}

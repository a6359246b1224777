//! SASLprep (RFC 4013): one form for the several ways in which the same name or password is typed.

use icu_normalizer::ComposingNormalizerBorrowed;
use zeroize::Zeroizing;

use super::prepare_tables::{LEFT_TO_RIGHT, PROHIBITED, RIGHT_TO_LEFT, contains};

/// The longest prepared text: a short text can grow under normalisation.
const MAX_PREPARED: usize = 8192;

const UNFIT: &str = "has a character, or a mix of writing directions, that SASLprep \
                     prohibits, so that SCRAM can't carry it (PLAIN can, where only PLAIN is allowed)";

/// A text as SCRAM uses it (RFC 5802 sections 2.2 and 5.1), wiped when dropped.
///
/// # Errors
/// The reason why it has no such form, without the offending character, which may be a password's.
pub fn prepare(text: &[u8]) -> Result<Zeroizing<String>, &'static str> {
    let text = std::str::from_utf8(text).map_err(|_| "is not UTF-8, which SCRAM needs")?;
    let prepared = normalized(text)?;
    if prepared.chars().any(|c| contains(PROHIBITED, c)) || !one_direction(&prepared) {
        return Err(UNFIT);
    }
    match prepared.is_empty() {
        true => Err("has nothing left after SASLprep"),
        false => Ok(prepared),
    }
}

/// Maps a text to normalisation form KC (sections 2.1 and 2.2). Memory is allocated once: a text that
/// is moved as it grows would leave copies of a password behind.
fn normalized(text: &str) -> Result<Zeroizing<String>, &'static str> {
    let mut prepared = Zeroizing::new(String::with_capacity(MAX_PREPARED));
    let mapped = text.chars().filter_map(mapped);
    for c in ComposingNormalizerBorrowed::new_nfkc().normalize_iter(mapped) {
        if prepared.len().saturating_add(c.len_utf8()) > MAX_PREPARED {
            return Err("is too long after SASLprep");
        }
        prepared.push(c);
    }
    Ok(prepared)
}

/// Maps each space to U+0020 (table C.1.2), and invisible characters to nothing (table B.1).
fn mapped(c: char) -> Option<char> {
    match c {
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200b}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => {
            Some(' ')
        }
        '\u{ad}'
        | '\u{34f}'
        | '\u{1806}'
        | '\u{180b}'..='\u{180d}'
        | '\u{200c}'
        | '\u{200d}'
        | '\u{2060}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' => None,
        other => Some(other),
    }
}

/// Checks that a text with right-to-left characters begins and ends with one, and has no left-to-right
/// character (RFC 3454 section 6).
fn one_direction(text: &str) -> bool {
    let to_left = |c: char| contains(RIGHT_TO_LEFT, c);
    !text.contains(to_left)
        || !text.contains(|c| contains(LEFT_TO_RIGHT, c))
            && text.starts_with(to_left)
            && text.ends_with(to_left)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<String, &'static str> {
        prepare(text.as_bytes()).map(|text| text.to_string())
    }

    #[test]
    fn f25_the_examples_of_rfc_4013_section_3() {
        for (given, expected) in [
            ("I\u{ad}X", "IX"),
            ("user", "user"),
            ("USER", "USER"),
            ("\u{aa}", "a"),
            ("\u{2168}", "IX"),
            ("a\u{a0}b", "a b"),
            ("bo\u{308}b", "b\u{f6}b"),
            ("\u{627}1\u{628}", "\u{627}1\u{628}"),
        ] {
            assert_eq!(of(given).as_deref(), Ok(expected));
        }
        for prohibited in ["\u{7}", "\u{627}1", "a\u{e000}", "\u{627}b", "\u{221}", ""] {
            assert!(of(prohibited).is_err(), "{prohibited:?}");
        }
        assert!(of("\u{ad}").is_err() && prepare(b"\xff").is_err());
        assert!(of(&"\u{fdfa}".repeat(1000)).is_err());
        assert_eq!(of(&"x".repeat(8192)).map(|t| t.len()), Ok(8192));
        assert!(of(&"x".repeat(8193)).is_err());
    }

    /// Every character of the planes in use, alone and among others, comes out as another
    /// implementation has it. Among letters from right to left those differ whose direction
    /// changed after Unicode 3.2, which RFC 3454 stays with.
    #[test]
    fn f25_agrees_with_another_implementation_on_every_character() {
        let theirs = |text: &str| stringprep::saslprep(text).ok().map(|t| t.into_owned());
        let mut turned = Vec::new();
        for c in ('\0'..='\u{30000}').chain('\u{e0000}'..='\u{e0200}') {
            for text in [
                format!("{c}"),
                format!("a{c}\u{308}b"),
                format!("{c}\u{328}{c}"),
            ] {
                assert_eq!(
                    of(&text).ok(),
                    theirs(&text).filter(|t| !t.is_empty()),
                    "{text:?}"
                );
            }
            let among = format!("\u{627}{c}\u{627}");
            if of(&among).ok() != theirs(&among) {
                turned.push(c);
            }
        }
        // The patterns of Braille, and a few more.
        turned.retain(|c| !('\u{2800}'..='\u{28ff}').contains(c));
        let expected =
            "\u{cbf}\u{cc6}\u{1734}\u{17b4}\u{17b5}\u{1885}\u{1886}\u{2132}\u{302e}\u{302f}";
        assert_eq!(turned, expected.chars().collect::<Vec<_>>());
    }
}

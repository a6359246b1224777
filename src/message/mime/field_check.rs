//! Checks of what callers give for header fields.

use crate::error::Error;
use crate::memory;
use crate::status::Status;
use crate::support::redact;

/// The longest text of one header field.
const MAX_FIELD: usize = 2 << 20;
/// The most memory that a byte of a field's value takes once it is taken apart, into words or addresses.
pub(super) const ROOM_OF_FIELD: usize = 96;

/// Refuses what no header field may hold: control and bidirectional characters.
///
/// # Errors
/// [`Status::Header`], with the field's name and the character.
pub(crate) fn check_text(argument: &'static str, text: &str) -> Result<(), Error> {
    let why = match text
        .chars()
        .find(|c| c.is_control() || redact::is_bidi_control(*c))
    {
        None => return Ok(()),
        Some(c) if c.is_control() => format!("has the control character U+{:04X}", u32::from(c)),
        Some(c) => format!(
            "has U+{:04X}, a character that changes the order in which text is shown",
            u32::from(c)
        ),
    };
    Err(Error::argument(Status::Header, argument, why))
}

/// Refuses a name that is not made of printable ASCII without colon (RFC 5322 section 2.2).
///
/// # Errors
/// [`Status::Header`].
pub(crate) fn check_name(name: &str) -> Result<(), Error> {
    let good =
        (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_graphic() && b != b':');
    if good {
        return Ok(());
    }
    let why = format!(
        "is \"{}\", expected 1 to 64 printable ASCII characters without space and colon",
        redact::escape(name.as_bytes(), 80)
    );
    Err(Error::argument(Status::Header, "header name", why))
}

/// Refuses a value that is longer than any field's, or that there is no room to take apart.
pub(super) fn check_room(argument: &'static str, text: &str) -> Result<(), Error> {
    check_len(argument, text)?;
    Ok(memory::check(text.len(), ROOM_OF_FIELD)?)
}

fn check_len(argument: &'static str, text: &str) -> Result<(), Error> {
    match text.len() > MAX_FIELD {
        true => {
            let why = format!("is longer than {MAX_FIELD} bytes");
            Err(Error::argument(Status::Length, argument, why))
        }
        false => Ok(()),
    }
}

/// Checks the text of a field.
pub(super) fn check_field(argument: &'static str, text: &str) -> Result<(), Error> {
    check_len(argument, text)?;
    check_text(argument, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g07_g18_control_and_bidirectional_characters_are_named() {
        for bad in [
            "a\r\nb",
            "a\nb",
            "\0",
            "\u{7f}",
            "\u{85}",
            "\u{202e}fdp.exe",
            "\u{2028}",
            "\u{2066}x",
        ] {
            let error = check_text("subject", bad).unwrap_err();
            assert_eq!(error.status(), Status::Header);
            assert!(error.to_string().starts_with("subject has "), "{error}");
        }
        check_text("subject", "שלום \u{200f}\u{200d}👩").unwrap();
        for bad in ["", "a b", "a:", "a\r\n", "ä", &"x".repeat(65)] {
            assert!(check_name(bad).is_err(), "{bad:?}");
        }
    }
}

//! Texts that the library returns: NUL-terminated UTF-8, owned by an object.

use std::collections::TryReserveError;
use std::ffi::c_char;

use once_cell::race::OnceBox;
use serde_core::Serialize;

use crate::{json, memory};

/// A text that is lent to the caller: its pointer, and the number of its bytes before the NUL.
pub(super) type TextView = (*const c_char, usize);

/// A text of an object, which lives as long as the object: bytes that end with a NUL, or none at all for the
/// empty text.
#[derive(Debug, Default)]
pub(super) struct Text(Vec<u8>);

impl Text {
    /// Copies a text. A NUL inside, at which C would end the text, becomes a replacement character.
    pub(super) fn new(text: &str) -> Self {
        Self::write(text, Vec::with_capacity(Self::size(text)))
    }

    /// Copies a text as [`Text::new`] does, if there is memory for it; absent is empty.
    pub(super) fn try_of(text: Option<&str>) -> Result<Self, TryReserveError> {
        let text = text.unwrap_or_default();
        Ok(Self::write(text, memory::with_room(Self::size(text))?))
    }

    /// Copies a text that may be absent; absent is empty.
    pub(super) fn of(text: Option<&str>) -> Self {
        Self::new(text.unwrap_or_default())
    }

    /// The size of a text with the NUL at its end, and with a replacement character of 3 bytes for each NUL
    /// inside.
    fn size(text: &str) -> usize {
        let nuls = text.bytes().filter(|byte| *byte == 0).count();
        text.len()
            .saturating_add(nuls.saturating_mul(2))
            .saturating_add(1)
    }

    fn write(text: &str, mut room: Vec<u8>) -> Self {
        for (index, part) in text.split('\0').enumerate() {
            if index > 0 {
                room.extend_from_slice("\u{fffd}".as_bytes());
            }
            room.extend_from_slice(part.as_bytes());
        }
        room.push(0);
        Self(room)
    }

    pub(super) fn as_ptr(&self) -> *const c_char {
        match self.0.is_empty() {
            true => c"".as_ptr(),
            false => self.0.as_ptr().cast(),
        }
    }

    /// The number of bytes before the NUL.
    pub(super) fn len(&self) -> usize {
        self.0.len().saturating_sub(1)
    }

    pub(super) fn view(&self) -> TextView {
        (self.as_ptr(), self.len())
    }
}

/// The JSON text of an object, which is made when it is first read.
#[derive(Default)]
pub(super) struct JsonText(OnceBox<Text>);

impl JsonText {
    /// The text of the object's value, which is the same for each call. `None` without memory for it; a
    /// later call tries again.
    pub(super) fn of(&self, value: &impl Serialize) -> Option<&Text> {
        let make = || {
            let mut text = json::text(value).ok()?;
            // There is room for it. JSON escapes a NUL, so this is the only one.
            text.push(0);
            Some(Text(text))
        };
        self.0
            .get_or_try_init(|| make().map(Box::new).ok_or(()))
            .ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_ends_at_its_nul_and_has_no_other() {
        for (text, expected) in [("", ""), ("text", "text"), ("a\0b\0", "a\u{fffd}b\u{fffd}")] {
            for text in [Text::new(text), Text::try_of(Some(text)).unwrap()] {
                assert_eq!(text.0, [expected.as_bytes(), b"\0"].concat());
                assert_eq!(text.0.capacity(), text.0.len());
                assert_eq!(text.len(), expected.len());
            }
        }
        assert_eq!(Text::default().len(), 0);
    }
}

//! Texts that the library returns: NUL-terminated UTF-8, owned by an object.

use std::ffi::{CString, c_char};

use once_cell::race::OnceBox;
use serde_core::Serialize;

use crate::json;

/// A text that is lent to the caller: its pointer, and the number of its bytes before the NUL.
pub(super) type TextView = (*const c_char, usize);

/// A text of an object, which lives as long as the object.
#[derive(Debug, Default)]
pub(super) struct Text(CString);

impl Text {
    /// Copies a text. A NUL inside, at which C would end the text, becomes a replacement character.
    pub(super) fn new(text: &str) -> Self {
        let without_nul = || CString::new(text.replace('\0', "\u{fffd}"));
        Self(
            CString::new(text)
                .or_else(|_| without_nul())
                .unwrap_or_default(),
        )
    }

    /// Copies a text that may be absent; absent is empty.
    pub(super) fn of(text: Option<&str>) -> Self {
        Self::new(text.unwrap_or_default())
    }

    pub(super) fn as_ptr(&self) -> *const c_char {
        self.0.as_ptr()
    }

    /// The number of bytes before the NUL.
    pub(super) fn len(&self) -> usize {
        self.0.as_bytes().len()
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
            text.push(0);
            // JSON escapes a NUL, so the one at the end is the only one.
            CString::from_vec_with_nul(text).ok().map(Text)
        };
        self.0
            .get_or_try_init(|| make().map(Box::new).ok_or(()))
            .ok()
    }
}

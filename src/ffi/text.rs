//! Texts that go out: UTF-8 with a NUL behind it, owned by the object that shows them.

use std::ffi::{CString, c_char};

/// A text that is lent to the host, and its bytes before the NUL.
pub(super) type Lent = (*const c_char, usize);

/// A text of an object, alive as long as it.
#[derive(Debug, Default)]
pub(super) struct Text(CString);

impl Text {
    /// From any text; a NUL inside, which C could not see past, becomes a replacement character.
    pub(super) fn new(text: &str) -> Self {
        let without_nul = || CString::new(text.replace('\0', "\u{fffd}"));
        Self(
            CString::new(text)
                .or_else(|_| without_nul())
                .unwrap_or_default(),
        )
    }

    /// From a text that may be absent; absent is empty.
    pub(super) fn of(text: Option<&str>) -> Self {
        Self::new(text.unwrap_or_default())
    }

    pub(super) fn as_ptr(&self) -> *const c_char {
        self.0.as_ptr()
    }

    /// Bytes before the NUL.
    pub(super) fn len(&self) -> usize {
        self.0.as_bytes().len()
    }

    pub(super) fn lend(&self) -> Lent {
        (self.as_ptr(), self.len())
    }
}

//! A password or token: wiped when dropped, never printed, shown only to a verified channel.

#![forbid(unsafe_code)]

use std::fmt;

use zeroize::Zeroizing;

/// A channel that may carry a secret: verified channels alone implement this, and no other crate can.
pub trait MaySendCredentials: sealed::Verified {}

pub(crate) mod sealed {
    /// Keeps [`super::MaySendCredentials`] to the types of this crate.
    pub trait Verified {}
}

/// Secret bytes. No `Display`, no `Clone`; `Debug` is constant; the memory is wiped on drop.
pub struct Secret(Zeroizing<Box<[u8]>>);

impl Secret {
    /// Copies `bytes` into memory of exactly their size, so that no growth leaves copies behind.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(Box::from(bytes)))
    }

    /// Calls `read` with the bytes. Requires a verified channel.
    pub fn expose<W: MaySendCredentials, R>(
        &self,
        _witness: &W,
        read: impl FnOnce(&[u8]) -> R,
    ) -> R {
        read(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(not shown)")
    }
}

//! Arguments of the exported functions: pointers and lengths become slices, texts and places for
//! results, numbers become choices. The NULL and length rules of the header are implemented here.

use std::ffi::{c_char, c_void};
use std::mem::MaybeUninit;

use super::error_object::secsmtp_error;
use super::handle::{self, HandleKind, Reservation};
use crate::error::Error;
use crate::status::Status;
use crate::trust::host::port_argument;

/// The length of a text that ends at its NUL: `SECSMTP_NUL_TERMINATED`.
const NUL_TERMINATED: i64 = super::constants::SECSMTP_NUL_TERMINATED;
/// The longest text argument; names and addresses have far stricter limits of their own.
const MAX_TEXT: usize = 64 * 1024;
/// The longest bytes argument.
const MAX_BYTES: usize = if usize::BITS >= 64 { 1 << 31 } else { 1 << 30 };

/// An argument as a C caller passed it: in the header it is the pointer alone.
///
/// # The contract
/// Safe code can't make one. The caller from C, or the `unsafe` call of [`Argument::new`], states that
/// for as long as the value lives
/// - a [`TextIn`] is NULL, or has as many readable bytes as the length passed with it says: with
///   `SECSMTP_NUL_TERMINATED`, up to a NUL or to the longest text that the function takes;
/// - a [`BytesIn`] is NULL, or has as many readable bytes as the length passed with it says;
/// - an [`Out`] is NULL, or a place for one value (or for as many as the length passed with it says)
///   that nothing else uses;
/// - a callback is NULL or a function of that type, and may be called with the [`UserIn`] passed with
///   it for as long as the header says.
///
/// The value lives for the call, and the methods lend from it: no slice outlives the call.
#[repr(transparent)]
pub struct Argument<P>(P);

/// A text: `const char *`. Its length is a parameter of its own.
pub type TextIn = Argument<*const c_char>;
/// Bytes: `const uint8_t *`. Their number is a parameter of its own.
pub type BytesIn = Argument<*const u8>;
/// A place for a result: `T *`.
pub type Out<T> = Argument<*mut T>;
/// A place for a handle: `T **`.
pub type HandleOut<T> = Argument<*mut *mut T>;
/// The place for an error: `secsmtp_error **`.
pub type ErrorOut = Argument<*mut *mut secsmtp_error>;
/// A pointer that a callback gets back: `void *`.
pub type UserIn = Argument<*mut c_void>;

impl<P> Argument<P> {
    /// Makes an argument for a call of an exported function from Rust, as tests do.
    ///
    /// # Safety
    /// The contract of [`Argument`].
    pub const unsafe fn new(pointer: P) -> Self {
        Self(pointer)
    }
}

impl<P: Copy> Argument<P> {
    /// The pointer, or the function.
    pub(super) fn raw(&self) -> P {
        self.0
    }
}

impl TextIn {
    /// Lends a text of no more than 64 KiB.
    pub(super) fn get(&self, argument: &'static str, len: i64) -> Result<&str, Error> {
        self.up_to(MAX_TEXT, argument, len)
    }

    /// Lends a text of a message, which may be long.
    pub(super) fn get_long(&self, argument: &'static str, len: i64) -> Result<&str, Error> {
        self.up_to(MAX_BYTES, argument, len)
    }

    fn up_to(&self, max: usize, argument: &'static str, len: i64) -> Result<&str, Error> {
        let len = match usize::try_from(len) {
            Ok(len) => len,
            // More than there is memory where pointers have 32 bits.
            Err(_) if len > 0 => usize::MAX,
            Err(_) if len == NUL_TERMINATED && self.0.is_null() => return Err(null(argument)),
            // SAFETY: not NULL; readable up to a NUL or to the limit, by the contract.
            Err(_) if len == NUL_TERMINATED => unsafe {
                libc::strnlen(self.0, max.saturating_add(1))
            },
            Err(_) => {
                let why = format!("has the length {len}, expected -1, 0 or more");
                return Err(Error::argument(Status::Length, argument, why));
            }
        };
        if len > max {
            let why = format!("is longer than {max} bytes, or has no NUL at its end");
            return Err(Error::argument(Status::Length, argument, why));
        }
        let bytes = self.bytes(argument, len)?;
        std::str::from_utf8(bytes)
            .map_err(|_| Error::argument(Status::Utf8, argument, "is not valid UTF-8"))
    }
}

impl BytesIn {
    /// Lends bytes. NULL with length 0 is empty.
    pub(super) fn get(&self, argument: &'static str, len: usize) -> Result<&[u8], Error> {
        self.bytes(argument, len)
    }
}

impl<T> Argument<*const T> {
    fn bytes(&self, argument: &'static str, len: usize) -> Result<&[u8], Error> {
        if len == 0 {
            return Ok(&[]);
        }
        if self.0.is_null() {
            let why = "is NULL, and its length is not 0";
            return Err(Error::argument(Status::Null, argument, why));
        }
        if len > MAX_BYTES {
            let why = format!("has a length of {len} bytes, expected at most {MAX_BYTES}");
            return Err(Error::argument(Status::Length, argument, why));
        }
        // SAFETY: not NULL, and no longer than a slice can be; readable for `len` bytes by the contract.
        Ok(unsafe { std::slice::from_raw_parts(self.0.cast(), len) })
    }
}

impl<T> Out<T> {
    /// No place: the result is not stored.
    pub(super) const fn none() -> Self {
        Self(std::ptr::null_mut())
    }

    /// Stores a result that the caller may not want.
    pub(super) fn write(self, value: T) {
        if !self.0.is_null() {
            // SAFETY: not NULL, so a place for one value by the contract.
            unsafe { self.0.write(value) };
        }
    }

    /// The place of a result that the caller may not want, if there is one.
    pub(super) fn optional(self) -> Option<Place<T>> {
        (!self.0.is_null()).then_some(Place(self))
    }

    /// The place of a result that the caller has to take; checked before anything is done.
    pub(super) fn require(self, argument: &'static str) -> Result<Place<T>, Error> {
        let why = "is NULL, expected a place for the result";
        self.optional()
            .ok_or_else(|| Error::argument(Status::Null, argument, why))
    }
}

impl Out<u8> {
    /// Room for `room` bytes, which need not be initialised.
    pub(super) fn buffer(
        &mut self,
        argument: &'static str,
        room: usize,
    ) -> Result<&mut [MaybeUninit<u8>], Error> {
        if self.0.is_null() && room > 0 {
            return Err(null(argument));
        }
        if room == 0 {
            return Ok(&mut []);
        }
        let most = isize::MAX.unsigned_abs();
        if room > most {
            let why = format!("has a length of {room} bytes, expected at most {most}");
            return Err(Error::argument(Status::Length, argument, why));
        }
        // SAFETY: not NULL, so a place for `room` bytes by the contract; no longer than a slice can be.
        Ok(unsafe { std::slice::from_raw_parts_mut(self.0.cast(), room) })
    }
}

/// A place for a result, which is not NULL.
pub(super) struct Place<T>(Out<T>);

impl<T> Place<T> {
    pub(super) fn write(self, value: T) {
        self.0.write(value);
    }
}

impl<H: HandleKind> Place<*mut H> {
    /// Puts an object into the table, and its handle into the place.
    pub(super) fn hand_out(self, object: H::Object) -> Result<(), Error> {
        self.write(handle::insert(object)?);
        Ok(())
    }

    /// Reserves a handle for an object that is made later: what succeeded does not end in an error for lack
    /// of one.
    pub(super) fn reserve(self) -> Result<ReservedPlace<H>, Error> {
        let reservation = handle::reserve()?;
        Ok(ReservedPlace {
            place: self,
            reservation,
        })
    }
}

/// A place with a handle that is reserved for it: handing out can't fail any more.
pub(super) struct ReservedPlace<H> {
    place: Place<*mut H>,
    reservation: Reservation,
}

impl<H: HandleKind> ReservedPlace<H> {
    pub(super) fn hand_out(self, object: H::Object) {
        self.place.write(self.reservation.fill(object));
    }
}

/// An argument that must not be NULL.
pub(super) fn null(argument: &'static str) -> Error {
    Error::argument(Status::Null, argument, "is NULL")
}

/// One of a few numbers.
pub(super) fn choice<T: Copy>(
    argument: &'static str,
    number: i32,
    choices: impl IntoIterator<Item = (i32, T)>,
) -> Result<T, Error> {
    let mut known = Vec::new();
    for (value, meaning) in choices {
        if value == number {
            return Ok(meaning);
        }
        known.push(value.to_string());
    }
    let why = format!("is {number}, expected one of {}", known.join(", "));
    Err(Error::argument(Status::Value, argument, why))
}

/// 0 or 1.
pub(super) fn flag(argument: &'static str, number: i32) -> Result<bool, Error> {
    choice(argument, number, [(0, false), (1, true)])
}

/// A port other than 0.
pub(super) fn port(number: u32) -> Result<u16, Error> {
    Ok(port_argument("port", number)?)
}

/// A time in seconds since 1970.
pub(super) fn seconds(argument: &'static str, number: i64) -> Result<u64, Error> {
    let why = || format!("is {number}, expected seconds since 1970");
    u64::try_from(number).map_err(|_| Error::argument(Status::Value, argument, why()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> TextIn {
        // SAFETY: a literal lives as long as the program; the tests pass lengths within it.
        unsafe { Argument::new(text.as_ptr().cast()) }
    }

    #[test]
    fn a_text_has_a_length_or_ends_at_its_nul() {
        let hello = text("hello\0world\0");
        assert_eq!(hello.get("greeting", 4).unwrap(), "hell");
        assert_eq!(hello.get("greeting", 0).unwrap(), "");
        assert_eq!(hello.get("greeting", -1).unwrap(), "hello");
        assert_eq!(hello.get_long("greeting", 7).unwrap(), "hello\0w");
        assert_eq!(
            text("\u{e4}\0").get("greeting", 1).unwrap_err().status(),
            Status::Utf8
        );
    }

    #[test]
    fn a_length_that_is_none_is_refused_unread() {
        let hello = text("hello\0");
        for len in [-2, i64::MIN, i64::MAX, 64 * 1024 + 1] {
            let error = hello.get("greeting", len).unwrap_err();
            assert_eq!(error.status(), Status::Length, "{len}");
        }
    }

    #[test]
    fn null_is_empty_with_length_0_alone() {
        // SAFETY: NULL is within the contract.
        let (text, bytes): (TextIn, BytesIn) = unsafe {
            (
                Argument::new(std::ptr::null()),
                Argument::new(std::ptr::null()),
            )
        };
        assert_eq!(text.get("text", 0).unwrap(), "");
        assert!(bytes.get("bytes", 0).unwrap().is_empty());
        for len in [-1, 1] {
            assert_eq!(text.get("text", len).unwrap_err().status(), Status::Null);
        }
        assert_eq!(bytes.get("bytes", 1).unwrap_err().status(), Status::Null);
    }
}

//! Arguments that come in: pointer and length to slice or text, numbers to choices, places for
//! results. The NULL and length rules of the header stand here, once.

use std::ffi::c_char;

use super::handle::{self, Handle, Reservation};
use crate::error::Error;
use crate::status::Status;
use crate::trust::host::port_argument;

/// The length that says "measure it": all bits set.
const NUL_TERMINATED: usize = usize::MAX;
/// The longest text argument; names and addresses have far stricter limits of their own.
const MAX_TEXT: usize = 64 * 1024;
/// The longest bytes argument.
const MAX_BYTES: usize = if usize::BITS >= 64 { 1 << 31 } else { 1 << 30 };

/// Borrows bytes for the call. NULL with length 0 is empty.
pub(super) unsafe fn bytes<'a>(
    argument: &'static str,
    pointer: *const u8,
    len: usize,
) -> Result<&'a [u8], Error> {
    if len == 0 {
        return Ok(&[]);
    }
    if pointer.is_null() {
        return Err(Error::argument(
            Status::Null,
            argument,
            "is NULL, and its length is not 0",
        ));
    }
    if len > MAX_BYTES {
        let why = format!("a length of {len} bytes is beyond the limit of {MAX_BYTES}");
        return Err(Error::argument(Status::Length, argument, why));
    }
    // SAFETY: the header asks for `len` readable bytes for the time of the call; the pointer is
    // not NULL and the length is within what a slice can have.
    Ok(unsafe { std::slice::from_raw_parts(pointer, len) })
}

/// Borrows a text for the call: counted, or with all bits of the length set up to its NUL.
pub(super) unsafe fn text<'a>(
    argument: &'static str,
    pointer: *const c_char,
    len: usize,
) -> Result<&'a str, Error> {
    // SAFETY: the same demands.
    unsafe { text_up_to(MAX_TEXT, argument, pointer, len) }
}

/// The same for the text of a message, which may be long.
pub(super) unsafe fn long_text<'a>(
    argument: &'static str,
    pointer: *const c_char,
    len: usize,
) -> Result<&'a str, Error> {
    // SAFETY: the same demands.
    unsafe { text_up_to(MAX_BYTES, argument, pointer, len) }
}

unsafe fn text_up_to<'a>(
    max: usize,
    argument: &'static str,
    pointer: *const c_char,
    len: usize,
) -> Result<&'a str, Error> {
    let too_long = || {
        let why = format!("is longer than {max} bytes, or has no NUL at its end");
        Error::argument(Status::Length, argument, why)
    };
    let len = if len == NUL_TERMINATED {
        if pointer.is_null() {
            return Err(null(argument));
        }
        // SAFETY: the header asks for a NUL-terminated text here; no more than the limit is read.
        unsafe { libc::strnlen(pointer, max.saturating_add(1)) }
    } else {
        len
    };
    if len > max {
        return Err(too_long());
    }
    // SAFETY: as `bytes` asks; `len` bytes before the NUL, or as the caller counted.
    let bytes = unsafe { bytes(argument, pointer.cast(), len)? };
    std::str::from_utf8(bytes)
        .map_err(|_| Error::argument(Status::Utf8, argument, "is not valid UTF-8"))
}

/// Checks the place for a result before anything is done.
pub(super) fn place<T>(argument: &'static str, out: *mut *mut T) -> Result<(), Error> {
    if out.is_null() {
        return Err(Error::argument(
            Status::Null,
            argument,
            "is NULL, and the result needs a place",
        ));
    }
    Ok(())
}

/// The same for a place of a number.
pub(super) fn room<T>(argument: &'static str, out: *mut T) -> Result<(), Error> {
    place(argument, out.cast::<*mut T>())
}

/// Puts a new object into the table and its handle into the caller's place.
pub(super) unsafe fn hand_out<T, O: Send + Sync + 'static>(
    out: *mut *mut T,
    object: O,
) -> Result<(), Error> {
    let handle: Handle = handle::insert(object)?;
    // SAFETY: `place` found it not NULL; the header asks for a place for one pointer.
    unsafe { out.write(handle.as_ptr()) };
    Ok(())
}

/// Room for a result that the caller may not want, reserved before anything is done: what succeeds must
/// not end in an error for lack of it.
pub(super) fn reserve_for<T>(out: *mut *mut T) -> Result<Option<Reservation>, Error> {
    (!out.is_null()).then(handle::reserve).transpose()
}

/// The same into room that was reserved before.
pub(super) unsafe fn hand_out_at<T, O: Send + Sync + 'static>(
    out: *mut *mut T,
    room: Reservation,
    object: O,
) {
    let handle = room.fill(object);
    // SAFETY: `place` or `reserve_for` found it not NULL; the header asks for a place for one pointer.
    unsafe { out.write(handle.as_ptr()) };
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
    let found = choices.into_iter().find(|choice| choice.0 == number);
    let why = || format!("{number} is none of its values");
    found
        .map(|choice| choice.1)
        .ok_or_else(|| Error::argument(Status::Value, argument, why()))
}

/// 0 or 1.
pub(super) fn flag(argument: &'static str, number: i32) -> Result<bool, Error> {
    choice(argument, number, [(0, false), (1, true)])
}

/// A port that must be named.
pub(super) fn port(number: u32) -> Result<u16, Error> {
    port_argument("port", number)
}

/// A time in seconds since 1970.
pub(super) fn seconds(argument: &'static str, number: i64) -> Result<u64, Error> {
    let why = || format!("{number} is before 1970");
    u64::try_from(number).map_err(|_| Error::argument(Status::Value, argument, why()))
}

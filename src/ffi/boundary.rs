//! The boundary: every exported function is one call of a function of this file. No panic crosses it, and
//! each failure becomes a number and, where the caller wants one, an error object.

use std::any::Any;
use std::ffi::{CStr, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::arguments::{ErrorOut, Out};
use super::error_object::ErrorObject;
use super::handle::{self, HandleKind};
use super::handle_table::Handle;
use super::text::{Text, TextView};
use crate::error::{Cause, Error};
use crate::status::Status;

/// The result of a body, or the payload of a panic in it.
type BodyResult = std::thread::Result<Result<(), Error>>;

/// Runs a function that can fail on the object of `handle`; a panic poisons that object.
pub(super) fn status<H>(
    handle: *const H,
    error_out: ErrorOut,
    body: impl FnOnce() -> Result<(), Error>,
) -> i32 {
    let result = catch_unwind(AssertUnwindSafe(body));
    report(result, Handle::of(handle), error_out, panic_error)
}

/// Runs a function that can fail and returns no error object.
pub(super) fn status_only<H>(handle: *const H, body: impl FnOnce() -> Result<(), Error>) -> i32 {
    status(handle, ErrorOut::none(), body)
}

/// Runs a function that can fail and has no object yet.
pub(super) fn create(error_out: ErrorOut, body: impl FnOnce() -> Result<(), Error>) -> i32 {
    let result = catch_unwind(AssertUnwindSafe(body));
    report(result, Handle::NONE, error_out, panic_error)
}

/// Runs the send or submission of one message on the object of `handle`: each error is about that message.
/// After a panic its outcome is unknown.
pub(super) fn send<H>(
    handle: *const H,
    error_out: ErrorOut,
    body: impl FnOnce() -> Result<(), Error>,
) -> i32 {
    outcome(handle, error_out, || body().map_err(Error::for_message))
}

/// Runs a function that gives outcomes of messages on the object of `handle`. An error of the call itself is
/// about none of them; after a panic the outcomes are unknown.
pub(super) fn outcome<H>(
    handle: *const H,
    error_out: ErrorOut,
    body: impl FnOnce() -> Result<(), Error>,
) -> i32 {
    let result = catch_unwind(AssertUnwindSafe(body));
    report(result, Handle::of(handle), error_out, Error::after_panic)
}

fn panic_error() -> Error {
    Error::local(Cause::Panic)
}

/// Turns the result of a body into a status and an error object. It is not generic, so that its code is in
/// the library once and not in each exported function.
fn report(result: BodyResult, handle: Handle, error_out: ErrorOut, on_panic: fn() -> Error) -> i32 {
    let error = match result {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error),
        Err(payload) => {
            drop_payload(payload);
            handle::poison(handle);
            Some(on_panic())
        }
    };
    let number = error.as_ref().map_or(0, |error| error.status().number());
    if let Some(place) = error_out.optional() {
        // Making the error's texts could panic too; then there is a number and no object.
        let made = catch_unwind(AssertUnwindSafe(|| {
            error.and_then(|error| handle::insert(ErrorObject::new(error)).ok())
        }));
        let object = made.unwrap_or_else(|payload| {
            drop_payload(payload);
            None
        });
        place.write(object.unwrap_or(std::ptr::null_mut()));
    }
    number
}

/// Runs a function that returns a number of 32 bits, or minus a status.
pub(super) fn integer(body: impl FnOnce() -> Result<i32, Error>) -> i32 {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(number)) => number,
        Ok(Err(error)) => negated(error.status()),
        Err(payload) => {
            drop_payload(payload);
            negated(Status::Panic)
        }
    }
}

/// Runs a function that returns a number of 64 bits, or minus a status.
pub(super) fn large_integer(body: impl FnOnce() -> Result<i64, Error>) -> i64 {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(number)) => number,
        Ok(Err(error)) => i64::from(negated(error.status())),
        Err(payload) => {
            drop_payload(payload);
            i64::from(negated(Status::Panic))
        }
    }
}

/// A status as a getter returns it: below 0.
fn negated(status: Status) -> i32 {
    status.number().saturating_neg()
}

/// Runs a getter of a number of 32 bits.
pub(super) fn number<H: HandleKind>(handle: *const H, get: impl FnOnce(&H::Object) -> i32) -> i32 {
    integer(|| Ok(get(&*handle::get(handle)?)))
}

/// Runs a getter of a number of an element; an index beyond the last is minus SECSMTP_E_VALUE.
pub(super) fn element_number<H: HandleKind>(
    handle: *const H,
    index: i32,
    get: impl FnOnce(&H::Object, usize) -> Option<i32>,
) -> i32 {
    integer(|| {
        let object = handle::get(handle)?;
        let number = usize::try_from(index)
            .ok()
            .and_then(|index| get(&object, index));
        number.ok_or_else(|| Error::argument(Status::Value, "index", "is beyond the last"))
    })
}

/// Runs a getter of an unsigned number of 64 bits, which has no room for a status: 0 instead.
pub(super) fn large<H: HandleKind>(handle: *const H, get: impl FnOnce(&H::Object) -> u64) -> u64 {
    infallible(0, || handle::get(handle).map_or(0, |object| get(&object)))
}

/// Runs a getter of a text that the object of `handle` owns; the empty text where there is none.
pub(super) fn text<H: HandleKind>(
    handle: *const H,
    len_out: Out<usize>,
    get: impl FnOnce(&H::Object) -> Option<&Text>,
) -> *const c_char {
    lent_text(len_out, || {
        let object: Arc<H::Object> = handle::get(handle).ok()?;
        // The table keeps the object, and so the text, until the handle is freed.
        get(&object).map(Text::view)
    })
}

/// Runs a getter of a text of an element; the empty text for an index beyond the last.
pub(super) fn element_text<H: HandleKind>(
    handle: *const H,
    index: i32,
    len_out: Out<usize>,
    get: impl FnOnce(&H::Object, usize) -> Option<&Text>,
) -> *const c_char {
    text(handle, len_out, |object| {
        get(object, usize::try_from(index).ok()?)
    })
}

/// Runs a getter of a text that its object may replace later; the empty text where there is none.
pub(super) fn lent_text(
    len_out: Out<usize>,
    body: impl FnOnce() -> Option<TextView>,
) -> *const c_char {
    let (pointer, len) = infallible(None, body).unwrap_or((c"".as_ptr(), 0));
    len_out.write(len);
    pointer
}

/// Runs a function that can't fail; it returns `fallback` after a panic.
pub(super) fn infallible<R>(fallback: R, body: impl FnOnce() -> R) -> R {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|payload| {
        drop_payload(payload);
        fallback
    })
}

/// Runs a function that returns a text of the library; it can't fail.
pub(super) fn static_text(body: impl FnOnce() -> Option<&'static CStr>) -> *const c_char {
    infallible(None, body).unwrap_or(c"").as_ptr()
}

/// Frees a handle. NULL is a no-op; anything but a live handle of this type is a status.
pub(super) fn free<H: HandleKind>(handle: *const H) -> i32 {
    free_after(handle, |_| ())
}

/// Frees a handle after `end` has ended what its object does.
pub(super) fn free_after<H: HandleKind>(handle: *const H, end: impl FnOnce(&H::Object)) -> i32 {
    if handle.is_null() {
        return 0;
    }
    // Neither an error object nor poisoning: the handle is gone.
    let result = catch_unwind(AssertUnwindSafe(|| {
        handle::remove(handle).map(|object| end(&object))
    }));
    match result {
        Ok(Ok(())) => 0,
        Ok(Err(error)) => error.status().number(),
        Err(payload) => {
            drop_payload(payload);
            Status::Panic.number()
        }
    }
}

/// Drops the payload of a panic, and leaks it if that panics in turn.
fn drop_payload(payload: Box<dyn Any + Send>) {
    let _ = catch_unwind(AssertUnwindSafe(|| drop(payload))).map_err(std::mem::forget);
}

#[cfg(test)]
#[allow(clippy::panic, reason = "it is what is tested")]
mod tests {
    use super::*;
    use crate::error::Outcome;
    use crate::ffi::arguments::Argument;
    use crate::ffi::error_object::secsmtp_error;

    struct Byte;

    impl HandleKind for Byte {
        type Object = u8;
        const NOUN: &'static str = "byte";
    }

    /// Calls `call` with a place for an error, and takes the error out of it.
    fn with_error(call: impl FnOnce(ErrorOut) -> i32) -> (i32, Option<Error>) {
        let mut error: *mut secsmtp_error = std::ptr::without_provenance_mut(8);
        // SAFETY: `error` is a place for one pointer, and outlives the call.
        let number = call(unsafe { Argument::new(&raw mut error) });
        let object = (!error.is_null()).then(|| handle::remove(error).unwrap());
        (number, object.map(|object| object.error.clone()))
    }

    #[test]
    fn i07_a_panic_is_a_status_and_poisons_its_object() {
        let object: *mut Byte = handle::insert(1).unwrap();
        let (number, error) =
            with_error(|error_out| status(object, error_out, || panic!("on purpose")));
        assert_eq!(number, Status::Panic.number());
        assert_eq!(error.unwrap().status(), Status::Panic);
        let later = handle::get(object).unwrap_err();
        assert_eq!(later.status(), Status::Panic);
        assert_eq!(integer(|| panic!("on purpose")), -Status::Panic.number());
        assert_eq!(infallible(5, || panic!("on purpose")), 5);
        assert_eq!(free(object), 0);
    }

    #[test]
    fn a_panic_in_a_send_leaves_the_outcome_unknown() {
        let none: *const Byte = std::ptr::null();
        let (number, error) =
            with_error(|error_out| send(none, error_out, || panic!("on purpose")));
        assert_eq!(number, Status::Panic.number());
        let error = error.unwrap();
        assert_eq!(error.record.outcome, Outcome::Unknown);
        assert!(error.record.content_released);
    }

    #[test]
    fn success_clears_the_error_place() {
        let (number, error) = with_error(|error_out| create(error_out, || Ok(())));
        assert_eq!((number, error.is_none()), (0, true));
    }

    #[test]
    fn a_free_that_panics_is_a_status() {
        let object: *mut Byte = handle::insert(1).unwrap();
        let freed = free_after(object, |_| panic!("on purpose"));
        assert_eq!(freed, Status::Panic.number());
        assert_eq!(free(object), Status::BadHandle.number());
    }
}

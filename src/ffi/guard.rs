//! The boundary that every exported function is one call of: no panic crosses it, each failure
//! becomes a number and, where asked for, an error object.

use std::any::Any;
use std::ffi::{CStr, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::error::{ErrorObject, secsmtp_error};
use super::handle::{self, Handle};
use super::policy::{self, secsmtp_policy};
use super::text::{Lent, Text};
use crate::error::{Cause, Error};
use crate::status::Status;

/// What a body came to, or what a panic in it carried.
type Met<R> = std::thread::Result<Result<R, Error>>;

/// Runs a fallible function on `object`; a panic poisons that object.
pub(super) unsafe fn status<T>(
    object: *const T,
    error_out: *mut *mut secsmtp_error,
    body: impl FnOnce() -> Result<(), Error>,
) -> i32 {
    let met = catch_unwind(AssertUnwindSafe(body));
    let on_panic = || Error::local(Cause::Panic);
    // SAFETY: the same demands.
    unsafe { report(met, Handle::of(object), error_out, on_panic) }
}

/// Runs a setting of a policy: if it fails, the policy is out of use.
pub(super) unsafe fn setting(
    policy: *const secsmtp_policy,
    error_out: *mut *mut secsmtp_error,
    body: impl FnOnce() -> Result<(), Error>,
) -> i32 {
    // SAFETY: the same demands.
    unsafe {
        status(policy, error_out, || {
            body().inspect_err(|error| policy::remember(policy, error))
        })
    }
}

/// Runs the send or submission of one message on `object`: each error is about that message. After a
/// panic its outcome is unknown.
pub(super) unsafe fn send<T>(
    object: *const T,
    error_out: *mut *mut secsmtp_error,
    body: impl FnOnce() -> Result<(), Error>,
) -> i32 {
    // SAFETY: the same demands.
    unsafe { send_many(object, error_out, || body().map_err(Error::for_message)) }
}

/// Runs the send of several messages on `object`: an error of the call itself is about none of them.
pub(super) unsafe fn send_many<T>(
    object: *const T,
    error_out: *mut *mut secsmtp_error,
    body: impl FnOnce() -> Result<(), Error>,
) -> i32 {
    let met = catch_unwind(AssertUnwindSafe(body));
    // SAFETY: the same demands.
    unsafe { report(met, Handle::of(object), error_out, Error::in_doubt) }
}

/// Hands out what a body came to. Not generic: it stands once in the library, and the functions
/// above in each of the exported ones.
unsafe fn report(
    met: Met<()>,
    object: Handle,
    error_out: *mut *mut secsmtp_error,
    on_panic: fn() -> Error,
) -> i32 {
    let failed = match met {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error),
        Err(payload) => {
            forget(payload);
            handle::poison(object);
            Some(on_panic())
        }
    };
    let number = failed.as_ref().map_or(0, |error| error.status().number());
    let place = !error_out.is_null();
    // Making the error's texts could panic too; then there is a number and no object.
    let made = catch_unwind(AssertUnwindSafe(|| {
        failed
            .filter(|_| place)
            .and_then(|error| handle::insert(ErrorObject::new(error)).ok())
    }));
    let pointer = match made {
        Ok(made) => made.map_or(std::ptr::null_mut(), Handle::as_ptr),
        Err(payload) => {
            forget(payload);
            std::ptr::null_mut()
        }
    };
    if place {
        // SAFETY: the header asks for NULL or a place for one pointer, and it is not NULL.
        unsafe { error_out.write(pointer) };
    }
    number
}

/// Runs a getter of a number: the number, or a status with its sign turned.
pub(super) fn integer(body: impl FnOnce() -> Result<i32, Error>) -> i32 {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(number)) => number,
        Ok(Err(error)) => turned(&error),
        Err(payload) => panicked(payload),
    }
}

/// The same for a number that may be large.
pub(super) fn large_integer(body: impl FnOnce() -> Result<i64, Error>) -> i64 {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(number)) => number,
        Ok(Err(error)) => i64::from(turned(&error)),
        Err(payload) => i64::from(panicked(payload)),
    }
}

/// A failure as a status with its sign turned.
fn turned(error: &Error) -> i32 {
    error.status().number().saturating_neg()
}

/// The same for a panic.
fn panicked(payload: Box<dyn Any + Send>) -> i32 {
    forget(payload);
    Status::Panic.number().saturating_neg()
}

/// Runs a getter of a large number, which has no room for a status: 0 instead.
pub(super) fn number(body: impl FnOnce() -> Result<u64, Error>) -> u64 {
    plain(0, || body().unwrap_or(0))
}

/// Runs a getter of a text that `object` owns; the empty text where there is none.
pub(super) unsafe fn text<T: Any + Send + Sync>(
    object: *const c_char,
    len_out: *mut usize,
    pick: impl FnOnce(&T) -> Option<&Text>,
) -> *const c_char {
    // SAFETY: the same demands.
    unsafe {
        lend(len_out, || {
            let object: Arc<T> = handle::get(Handle::of(object), "handle").ok()?;
            // The table keeps the object, and so the text, until the handle is freed.
            pick(&object).map(Text::lend)
        })
    }
}

/// Runs a getter of a text that its object may replace later; the empty text where there is none.
pub(super) unsafe fn lend(
    len_out: *mut usize,
    body: impl FnOnce() -> Option<Lent>,
) -> *const c_char {
    let (pointer, len) = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Some(found)) => found,
        Ok(None) => (c"".as_ptr(), 0),
        Err(payload) => {
            forget(payload);
            (c"".as_ptr(), 0)
        }
    };
    if !len_out.is_null() {
        // SAFETY: the header asks for NULL or a place for one size_t, and it is not NULL.
        unsafe { len_out.write(len) };
    }
    pointer
}

/// Runs a function of numbers and constants that can't fail.
pub(super) fn plain<R>(fallback: R, body: impl FnOnce() -> R) -> R {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|payload| {
        forget(payload);
        fallback
    })
}

/// Frees a handle: NULL is nothing to do, anything but a live handle of this kind is a status.
pub(super) fn free<T: Any + Send + Sync>(object: *const c_char, noun: &'static str) -> i32 {
    free_with::<T>(object, noun, |_| ())
}

/// Frees a handle after a last word to its object.
pub(super) fn free_with<T: Any + Send + Sync>(
    object: *const c_char,
    noun: &'static str,
    last: impl FnOnce(&T),
) -> i32 {
    if object.is_null() {
        return 0;
    }
    let freed = catch_unwind(AssertUnwindSafe(|| {
        handle::remove::<T>(Handle::of(object), noun).map(|object| last(&object))
    }));
    match freed {
        Ok(Ok(())) => 0,
        Ok(Err(error)) => error.status().number(),
        Err(payload) => {
            forget(payload);
            Status::Panic.number()
        }
    }
}

/// A static text for C.
pub(super) fn name(text: &'static CStr) -> *const c_char {
    text.as_ptr()
}

/// Drops what a panic carried, unless dropping it panics in turn.
fn forget(payload: Box<dyn Any + Send>) {
    let _ = catch_unwind(AssertUnwindSafe(|| drop(payload))).map_err(std::mem::forget);
}

#[cfg(test)]
#[allow(clippy::panic, reason = "it is what is tested")]
mod tests {
    use super::*;
    use crate::error::Outcome;

    #[test]
    fn i07_a_panic_is_a_status_and_poisons_its_object() {
        let object = handle::insert(1_u8).unwrap();
        let mut error = std::ptr::null_mut();
        // SAFETY: `error` is a place for one pointer.
        let number = unsafe {
            status(object.as_ptr::<u8>(), &raw mut error, || {
                panic!("on purpose")
            })
        };
        assert_eq!(number, Status::Panic.number());
        let told = handle::get::<ErrorObject>(Handle::of(error), "error").unwrap();
        assert_eq!(told.error.status(), Status::Panic);
        assert_eq!(
            handle::get::<u8>(object, "object").unwrap_err().status(),
            Status::Panic
        );
        assert_eq!(integer(|| panic!("on purpose")), -Status::Panic.number());
        assert_eq!(plain(5, || panic!("on purpose")), 5);
        free::<ErrorObject>(error.cast(), "error");
        free::<u8>(object.as_ptr(), "object");
    }

    #[test]
    fn a_panic_in_a_send_leaves_the_outcome_unknown() {
        let mut error = std::ptr::null_mut();
        // SAFETY: `error` is a place for one pointer.
        let number = unsafe {
            send(std::ptr::null::<u8>(), &raw mut error, || {
                panic!("on purpose")
            })
        };
        assert_eq!(number, Status::Panic.number());
        let told = handle::get::<ErrorObject>(Handle::of(error), "error").unwrap();
        assert_eq!(told.error.record.outcome, Outcome::Unknown);
        assert!(told.error.record.content_released);
        free::<ErrorObject>(error.cast(), "error");
    }

    #[test]
    fn success_clears_the_error_place() {
        let mut error = std::ptr::without_provenance_mut(8);
        // SAFETY: `error` is a place for one pointer.
        let number = unsafe { status(std::ptr::null::<u8>(), &raw mut error, || Ok(())) };
        assert_eq!((number, error.is_null()), (0, true));
    }
}

//! secsmtp_error: why a call failed.

use std::ffi::c_char;
use std::sync::Arc;

use super::handle::{self, Handle};
use super::receipt::{ReceiptObject, secsmtp_receipt};
use super::text::Text;
use super::{arg, guard};
use crate::error::{Error, Stage};
use crate::status::Status;

/// Why a call failed, at which stage, and what left the machine. Texts and numbers behave as those of
/// secsmtp_receipt.
/// Functions: secsmtp_error_status, _stage, _outcome, _secret_released, _content_released, _retry,
/// _smtp_code, _enhanced_code, _server_text, _text, _receipt, _free.
pub struct secsmtp_error(());

/// An error with its texts made ready for C.
pub(super) struct ErrorObject {
    pub(super) error: Error,
    enhanced_code: Text,
    server_text: Text,
    text: Text,
}

impl ErrorObject {
    pub(super) fn new(error: Error) -> Self {
        let answer = error.record.reply.as_ref();
        Self {
            enhanced_code: Text::of(answer.and_then(|a| a.enhanced.as_deref())),
            server_text: Text::of(answer.map(|a| a.text.as_str())),
            text: Text::new(&error.to_string()),
            error,
        }
    }
}

fn get(error: *const secsmtp_error) -> Result<Arc<ErrorObject>, Error> {
    handle::get(Handle::of(error), "error")
}

/// The status that the call returned: SECSMTP_E_...
/// Threads: any. Errors: a negative status.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_error_status(error: *const secsmtp_error) -> i32 {
    guard::integer(|| Ok(get(error)?.error.status().number()))
}

/// The stage at which it failed: SECSMTP_STAGE_...
/// Threads: any. Errors: a negative status.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_error_stage(error: *const secsmtp_error) -> i32 {
    guard::integer(|| Ok(get(error)?.error.record.stage as i32))
}

/// The outcome of the message: SECSMTP_OUTCOME_..., and SECSMTP_OUTCOME_NONE for an error that is not
/// about a message. A timeout of secsmtp_client_wait, a completion that was taken before, and a
/// secsmtp_client_close that had to cancel have none: the outcome of the message is reported elsewhere.
/// Threads: any. Errors: a negative status.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_error_outcome(error: *const secsmtp_error) -> i32 {
    guard::integer(|| Ok(get(error)?.error.record.outcome as i32))
}

/// 1 if a byte of the secret, or of anything computed from it, was written.
/// Threads: any. Errors: a negative status.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_error_secret_released(error: *const secsmtp_error) -> i32 {
    guard::integer(|| Ok(i32::from(get(error)?.error.record.secret_released)))
}

/// 1 if a byte of the content was written.
/// Threads: any. Errors: a negative status.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_error_content_released(error: *const secsmtp_error) -> i32 {
    guard::integer(|| Ok(i32::from(get(error)?.error.record.content_released)))
}

/// Whether the message may be sent again: SECSMTP_RETRY_..., and SECSMTP_RETRY_NEVER for an error that
/// is not about a message.
/// Threads: any. Errors: a negative status.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_error_retry(error: *const secsmtp_error) -> i32 {
    guard::integer(|| Ok(get(error)?.error.retry() as i32))
}

/// The code of the deciding reply, or 0 if there was none (RFC 5321 section 4.2).
/// Threads: any. Errors: a negative status.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_error_smtp_code(error: *const secsmtp_error) -> i32 {
    guard::integer(|| {
        Ok(get(error)?
            .error
            .record
            .reply
            .as_ref()
            .map_or(0, |a| i32::from(a.code)))
    })
}

/// The enhanced status code of that reply (RFC 3463), for instance "5.7.8".
/// Ownership: the error's. Threads: any. Errors: the empty text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_error_enhanced_code(
    error: *const secsmtp_error,
    len_out: *mut usize,
) -> *const c_char {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::text(error.cast(), len_out, |o: &ErrorObject| {
            Some(&o.enhanced_code)
        })
    }
}

/// The text of that reply: controls escaped, own secrets removed, at most 1000 characters.
/// Ownership: the error's. Threads: any. Errors: the empty text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_error_server_text(
    error: *const secsmtp_error,
    len_out: *mut usize,
) -> *const c_char {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::text(error.cast(), len_out, |o: &ErrorObject| {
            Some(&o.server_text)
        })
    }
}

/// The whole error as text for people: what failed, its cause, what left the machine, and what to do.
/// Ownership: the error's. Threads: any. Errors: the empty text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_error_text(
    error: *const secsmtp_error,
    len_out: *mut usize,
) -> *const c_char {
    // SAFETY: the pointers are as the header asks.
    unsafe { guard::text(error.cast(), len_out, |o: &ErrorObject| Some(&o.text)) }
}

/// Gives the record of the send that failed: recipients, keys of the server, and so on.
/// Ownership: *receipt_out is a new object of the caller's; secsmtp_receipt_free. Threads: any. Errors:
/// SECSMTP_E_NOTHING for an error that came before any connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_error_receipt(
    error: *const secsmtp_error,
    receipt_out: *mut *mut secsmtp_receipt,
) -> i32 {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::status(error, std::ptr::null_mut(), || {
            arg::place("receipt_out", receipt_out)?;
            let object = get(error)?;
            if object.error.record.stage == Stage::Local {
                return Err(Error::argument(
                    Status::Nothing,
                    "error",
                    "has no record of a send",
                ));
            }
            arg::hand_out(
                receipt_out,
                ReceiptObject::new((*object.error.record).clone()),
            )
        })
    }
}

/// Frees an error and its texts. NULL is a no-op.
/// Threads: any. Errors: SECSMTP_E_BAD_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_error_free(error: *mut secsmtp_error) -> i32 {
    guard::free::<ErrorObject>(error.cast(), "error")
}

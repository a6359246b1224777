//! secsmtp_event: an event of a job. Its getters are in `getters.txt`.

use super::arguments::HandleOut;
use super::error_object::{ErrorObject, secsmtp_error};
use super::handle::HandleKind;
use super::receipt::{ReceiptObject, secsmtp_receipt};
use super::text::{JsonText, Text};
use super::{boundary, handle};
use crate::client::jobs::Event;
use crate::error::Error;
use crate::status::Status;

/// An event of a job of a client. Its kind (SECSMTP_EVENT_...) determines what it contains; a getter of
/// what this kind does not contain gives 0 or the empty text.
/// Functions: secsmtp_event_kind, _job, _tag, _status, _receipt, _error, _stage, _level, _text,
/// _written, _total, _index, _outcome, _smtp_code, _secret_kind, _secret_reason, _dropped, _json,
/// _free.
pub struct secsmtp_event(());

/// An event with its text made ready for C.
pub(super) struct EventObject {
    pub(super) event: Event,
    pub(super) text: Text,
    pub(super) json: JsonText,
}

impl EventObject {
    pub(super) fn new(event: Event) -> Self {
        let text = Text::of(event.text().as_deref());
        Self {
            event,
            text,
            json: JsonText::default(),
        }
    }
}

impl HandleKind for secsmtp_event {
    type Object = EventObject;
    const NOUN: &'static str = "event";
}

/// With SECSMTP_EVENT_COMPLETED and an accepted message: its receipt.
/// Ownership: *receipt_out is a new object of the caller's; secsmtp_receipt_free. Threads: any. Errors:
/// SECSMTP_E_NOTHING where there is none.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_event_receipt(
    notice: *const secsmtp_event,
    receipt_out: HandleOut<secsmtp_receipt>,
) -> i32 {
    boundary::status_only(notice, || {
        let receipt_out = receipt_out.require("receipt_out")?;
        let object = handle::get(notice)?;
        match object.event.completion() {
            Some(Ok(record)) => receipt_out.hand_out(ReceiptObject::new(record.clone())),
            Some(Err(_)) => Err(nothing("has no receipt: the message was not accepted")),
            None => Err(nothing("has no receipt")),
        }
    })
}

/// With SECSMTP_EVENT_COMPLETED and a message that was not accepted: the error that secsmtp_client_send
/// would have given.
/// Ownership: *failure_out is a new object of the caller's; secsmtp_error_free. Threads: any. Errors:
/// SECSMTP_E_NOTHING where there is none.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_event_error(
    notice: *const secsmtp_event,
    failure_out: HandleOut<secsmtp_error>,
) -> i32 {
    boundary::status_only(notice, || {
        let failure_out = failure_out.require("failure_out")?;
        let object = handle::get(notice)?;
        match object.event.completion() {
            Some(Err(error)) => failure_out.hand_out(ErrorObject::new(error.clone())),
            Some(Ok(_)) => Err(nothing("has no error: the message was accepted")),
            None => Err(nothing("has no error")),
        }
    })
}

/// Frees an event and its text. NULL is a no-op.
/// Threads: any. Errors: SECSMTP_E_BAD_HANDLE.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_event_free(notice: *mut secsmtp_event) -> i32 {
    boundary::free(notice)
}

fn nothing(why: &str) -> Error {
    Error::argument(Status::Nothing, "event", why)
}

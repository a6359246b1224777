//! secsmtp_error: why a call failed. Its getters are in `getters.txt`.

use super::arguments::HandleOut;
use super::error_object::secsmtp_error;
use super::receipt::{ReceiptObject, secsmtp_receipt};
use super::{boundary, handle};
use crate::error::Error;
use crate::status::Status;

/// Gives the record of the send that failed: recipients, keys of the server, and so on.
/// Ownership: *receipt_out is a new object of the caller's; secsmtp_receipt_free. Threads: any. Errors:
/// SECSMTP_E_NOTHING for an error that came before any connection.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_error_receipt(
    error: *const secsmtp_error,
    receipt_out: HandleOut<secsmtp_receipt>,
) -> i32 {
    boundary::status_only(error, || {
        let receipt_out = receipt_out.require("receipt_out")?;
        let object = handle::get(error)?;
        let why = "has no record of a send";
        let nothing = || Error::argument(Status::Nothing, "error", why);
        let record = object.error.receipt().ok_or_else(nothing)?;
        receipt_out.hand_out(ReceiptObject::new(record.clone()))
    })
}

/// Frees an error and its texts. NULL is a no-op.
/// Threads: any. Errors: SECSMTP_E_BAD_HANDLE.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_error_free(error: *mut secsmtp_error) -> i32 {
    boundary::free(error)
}

//! secsmtp_message: what is asked of the server beyond delivery.

use super::arguments::{self, ErrorOut, TextIn};
use super::boundary;
use super::message::{change, secsmtp_message};
use crate::error::Error;
use crate::message::delivery::{ByMode, DeliverBy, FutureRelease, Return};
use crate::status::Status;

use super::constants::SECSMTP_MT_PRIORITY_NONE as NO_PRIORITY;

/// Asks the servers of the recipients for delivery status notifications (DSN, RFC 3461): a sum of
/// SECSMTP_NOTIFY_SUCCESS, _FAILURE and _DELAY, or _NEVER alone; 0 leaves it to the server. An extension
/// that the server does not offer is never left out silently: the send ends with
/// SECSMTP_E_EXTENSION_MISSING before anything of the message is written. This holds for all options of
/// delivery.
/// Threads: any. Errors: SECSMTP_E_VALUE.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_message_set_notify(
    message: *mut secsmtp_message,
    events: i32,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(message, error_out, || {
        change(message, |message| message.set_notify(events))
    })
}

/// Sets what a notification of failure returns (DSN RET): the header (SECSMTP_RETURN_HEADER) or the
/// whole message (SECSMTP_RETURN_FULL); 0 leaves it to the server.
/// Threads: any. Errors: SECSMTP_E_VALUE.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_message_set_return(
    message: *mut secsmtp_message,
    what: i32,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(message, error_out, || {
        let choices = [
            (0, None),
            (Return::Header as i32, Some(Return::Header)),
            (Return::Full as i32, Some(Return::Full)),
        ];
        let what = arguments::choice("what", what, choices)?;
        change(message, |message| {
            message.set_return(what);
            Ok(())
        })
    })
}

/// Sets the envelope id, which notifications repeat (DSN ENVID): printable ASCII, at most 100 bytes as
/// it is sent; empty for none.
/// Ownership: copied. Threads: any. Errors: SECSMTP_E_VALUE.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_message_set_envelope_id(
    message: *mut secsmtp_message,
    id: TextIn,
    id_len: i64,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(message, error_out, || {
        let id = id.get("id", id_len)?;
        change(message, |message| message.set_envelope_id(id))
    })
}

/// Sets the original recipient of the recipient with this index, from 0, for instance a list or an
/// alias; notifications repeat it (DSN ORCPT).
/// Ownership: copied. Threads: any. Errors: SECSMTP_E_ADDRESS, SECSMTP_E_VALUE.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_message_set_original_recipient(
    message: *mut secsmtp_message,
    index: i32,
    address: TextIn,
    address_len: i64,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(message, error_out, || {
        let address = address.get("address", address_len)?;
        let negative = |_| Error::argument(Status::Value, "index", "is negative");
        let index = usize::try_from(index).map_err(negative)?;
        change(message, |message| {
            message.set_original_recipient(index, address)
        })
    })
}

/// Sets a time limit for the delivery (DELIVERBY, RFC 2852): after so many seconds the message is
/// returned (SECSMTP_LATE_RETURN, 1 to 999999999), or its sender is notified (SECSMTP_LATE_NOTIFY, also
/// below 0). With trace 1, each server on the way is asked to report. With late 0 there is no limit.
/// Threads: any. Errors: SECSMTP_E_VALUE; the send's SECSMTP_E_BEYOND_LIMIT below the server's least.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_message_set_deliver_by(
    message: *mut secsmtp_message,
    seconds: i32,
    late: i32,
    trace: i32,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(message, error_out, || {
        let choices = [
            (0, None),
            (ByMode::Return as i32, Some(ByMode::Return)),
            (ByMode::Notify as i32, Some(ByMode::Notify)),
        ];
        let late = arguments::choice("late", late, choices)?;
        let trace = arguments::choice("trace", trace, [(0, false), (1, true)])?;
        let by = late.map(|late| DeliverBy {
            seconds,
            mode: late,
            trace,
        });
        change(message, |message| message.set_deliver_by(by))
    })
}

/// Asks the server to keep the message for so many seconds before it leaves (FUTURERELEASE, RFC 4865),
/// 1 to 999999999; 0 for none.
/// Threads: any. Errors: SECSMTP_E_VALUE; the send's SECSMTP_E_BEYOND_LIMIT above the server's most.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_message_set_hold_for(
    message: *mut secsmtp_message,
    seconds: u32,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(message, error_out, || {
        let hold = Some(FutureRelease::For(seconds)).filter(|_| seconds > 0);
        change(message, |message| message.set_hold(hold))
    })
}

/// Asks the server to keep the message until this moment, in seconds since 1970 (FUTURERELEASE); 0 for
/// none.
/// Threads: any. Errors: SECSMTP_E_VALUE.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_message_set_hold_until(
    message: *mut secsmtp_message,
    moment: i64,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(message, error_out, || {
        let hold = Some(FutureRelease::Until(moment)).filter(|_| moment != 0);
        change(message, |message| message.set_hold(hold))
    })
}

/// Sets the priority of the transfer, -9 to 9 (MT-PRIORITY, RFC 6710); the priority in the header is
/// that of secsmtp_message_set_priority. SECSMTP_MT_PRIORITY_NONE asks for none.
/// Threads: any. Errors: SECSMTP_E_VALUE.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_message_set_mt_priority(
    message: *mut secsmtp_message,
    priority: i32,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(message, error_out, || {
        let priority = Some(priority).filter(|number| *number != NO_PRIORITY);
        change(message, |message| message.set_mt_priority(priority))
    })
}

/// With 1, each server on the way must pass the message on over verified TLS or not at all
/// (REQUIRETLS, RFC 8689). Its opposite is the header field TLS-Required: No, which
/// secsmtp_message_add_header adds.
/// Threads: any. Errors: SECSMTP_E_VALUE for any other number but 0.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_message_set_require_tls(
    message: *mut secsmtp_message,
    require: i32,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(message, error_out, || {
        let require = arguments::choice("require", require, [(0, false), (1, true)])?;
        change(message, |message| {
            message.set_require_tls(require);
            Ok(())
        })
    })
}

//! secsmtp_message: envelope and content.

use std::ffi::c_char;

use parking_lot::Mutex;

use super::error::secsmtp_error;
use super::handle::{self, Handle};
use super::{arg, guard};
use crate::error::Error;
use crate::message::Message;

/// A message: the envelope (sender and recipients) and the content (RFC 5322). It can be sent as
/// often as wanted, also at the same time; a send works on a copy.
/// Functions: secsmtp_message_new, _set_sender, _add_recipient, _set_content, _set_partial, _free.
pub struct secsmtp_message(());

type Object = Mutex<Message>;

fn change(
    message: *const secsmtp_message,
    change: impl FnOnce(&mut Message) -> Result<(), Error>,
) -> Result<(), Error> {
    let object = handle::get::<Object>(Handle::of(message), "message")?;
    change(&mut object.lock())
}

/// A copy of the message of a handle; the content itself is shared.
pub(super) fn copy(message: *const secsmtp_message) -> Result<Message, Error> {
    Ok(handle::get::<Object>(Handle::of(message), "message")?
        .lock()
        .clone())
}

/// Makes an empty message.
/// Ownership: *message_out is the caller's; secsmtp_message_free. Threads: any.
/// Errors: SECSMTP_E_NULL for message_out.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_message_new(
    message_out: *mut *mut secsmtp_message,
    error_out: *mut *mut secsmtp_error,
) -> i32 {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::status(message_out, error_out, || {
            arg::place("message_out", message_out)?;
            arg::hand_out(message_out, Mutex::new(Message::new()))
        })
    }
}

/// Sets the envelope's sender, to whom failures are reported (RFC 5321 section 4.1.1.2); the empty
/// text is the null reverse-path.
/// Ownership: copied. Threads: any. Errors: SECSMTP_E_ADDRESS.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_message_set_sender(
    message: *mut secsmtp_message,
    address: *const c_char,
    address_len: usize,
    error_out: *mut *mut secsmtp_error,
) -> i32 {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::status(message, error_out, || {
            let address = arg::text("sender", address, address_len)?;
            change(message, |message| message.set_sender(address))
        })
    }
}

/// Adds a recipient to the envelope (RFC 5321 section 4.1.1.3): the bare address, 10000 at most.
/// Ownership: copied. Threads: any. Errors: SECSMTP_E_ADDRESS, SECSMTP_E_LENGTH.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_message_add_recipient(
    message: *mut secsmtp_message,
    address: *const c_char,
    address_len: usize,
    error_out: *mut *mut secsmtp_error,
) -> i32 {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::status(message, error_out, || {
            let address = arg::text("recipient", address, address_len)?;
            change(message, |message| message.add_recipient(address))
        })
    }
}

/// Sets the content: header and body as RFC 5322 has them, octets. Any line end becomes CRLF; Bcc
/// and Resent-Bcc fields are left out; everything else is sent as it is.
/// Ownership: copied. Threads: any. Errors: SECSMTP_E_NO_CONTENT if it is empty,
/// SECSMTP_E_CONTENT for a NUL or a line over 998 octets, with the line's number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_message_set_content(
    message: *mut secsmtp_message,
    content: *const u8,
    content_len: usize,
    error_out: *mut *mut secsmtp_error,
) -> i32 {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::status(message, error_out, || {
            let content = arg::bytes("content", content, content_len)?;
            change(message, |message| message.set_content(content))
        })
    }
}

/// With 1, delivers to the accepted recipients when others are refused; with 0, the default, it is
/// all or nothing.
/// Threads: any. Errors: SECSMTP_E_VALUE for another number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_message_set_partial(
    message: *mut secsmtp_message,
    partial: i32,
    error_out: *mut *mut secsmtp_error,
) -> i32 {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::status(message, error_out, || {
            let partial = arg::flag("partial", partial)?;
            change(message, |message| {
                message.partial = partial;
                Ok(())
            })
        })
    }
}

/// Frees a message; sends under way keep their copy. NULL is a no-op.
/// Threads: any. Errors: SECSMTP_E_BAD_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_message_free(message: *mut secsmtp_message) -> i32 {
    guard::free::<Object>(message.cast(), "message")
}

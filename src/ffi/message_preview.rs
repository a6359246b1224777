//! secsmtp_message: looking at it without sending it.

use std::ffi::{c_char, c_void};
use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use super::callback::Callback;
use super::error::secsmtp_error;
use super::message::{self, secsmtp_message};
use super::{arg, guard};
use crate::error::{Error, io_words};
use crate::status::Status;
use crate::support::redact;

/// Receives bytes of a message, valid for the call, and returns 0 to continue. Called on the thread that
/// is inside secsmtp_message_preview, with no lock held. It may call any function of the library; a
/// function that would have to wait returns SECSMTP_E_REENTRANT. It must return normally: no longjmp, no
/// exception.
pub type secsmtp_write_callback =
    Option<unsafe extern "C" fn(user: *mut c_void, bytes: *const u8, bytes_len: usize) -> i32>;

fn failed(why: impl Into<String>) -> Error {
    Error::argument(Status::Output, "preview", why)
}

/// The Message-ID with its angle brackets; empty while the message is incomplete. A composed message has
/// one from the first time that it is asked for or sent, until the message is changed.
/// Ownership: the text is the message's, and valid until the message is changed or freed. Threads: any,
/// but none may change the message while another reads the text. Errors: the empty text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_message_id(
    message: *const secsmtp_message,
    len_out: *mut usize,
) -> *const c_char {
    // SAFETY: the pointers are as the header asks.
    unsafe { guard::lend(len_out, || message::id(message)) }
}

/// The size in bytes of the message as it would be sent, or SECSMTP_SIZE_UNKNOWN if that of a part is
/// not known.
/// Threads: any. Errors: a negative status, beginning at -1000.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_message_size(message: *const secsmtp_message) -> i64 {
    guard::large_integer(|| {
        let size = message::copy(message)?.size()?;
        Ok(size.map_or(-1, |size| i64::try_from(size).unwrap_or(i64::MAX)))
    })
}

/// Gives the message as it would be sent (header and body, lines ended by CRLF) to a callback, piece by
/// piece.
/// Ownership: `user` is passed to the callback. Threads: any; a copy of the message is shown. Errors:
/// those of an incomplete message; SECSMTP_E_SOURCE for a part that can't be read; SECSMTP_E_OUTPUT when
/// the callback returned another number than 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_message_preview(
    message: *const secsmtp_message,
    write: secsmtp_write_callback,
    user: *mut c_void,
    error_out: *mut *mut secsmtp_error,
) -> i32 {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::status(message, error_out, || {
            let write = write.ok_or_else(|| Error::argument(Status::Null, "write", "is NULL"))?;
            let write = Callback::new(write, user);
            message::copy(message)?.preview(&mut |bytes| {
                let said = write.call(|write, user| write(user, bytes.as_ptr(), bytes.len()));
                match said {
                    0 => Ok(()),
                    said => Err(failed(format!("was stopped: the callback returned {said}"))),
                }
            })
        })
    }
}

/// Writes the message as it would be sent into a buffer with room for secsmtp_message_size bytes.
/// Ownership: *len_out becomes the number of bytes; len_out may be NULL. Threads: any. Errors: as
/// secsmtp_message_preview; SECSMTP_E_OUTPUT when there is too little room.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_message_preview_buffer(
    message: *const secsmtp_message,
    buffer: *mut u8,
    room: usize,
    len_out: *mut usize,
    error_out: *mut *mut secsmtp_error,
) -> i32 {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::status(message, error_out, || {
            if buffer.is_null() && room > 0 {
                return Err(Error::argument(Status::Null, "buffer", "is NULL"));
            }
            let mut len = 0_usize;
            message::copy(message)?.preview(&mut |bytes| {
                let end = len.saturating_add(bytes.len());
                if end > room {
                    return Err(failed(format!("does not fit into {room} bytes")));
                }
                // Never a slice of the caller's memory, which need not be initialised.
                std::ptr::copy_nonoverlapping(bytes.as_ptr(), buffer.add(len), bytes.len());
                len = end;
                Ok(())
            })?;
            if !len_out.is_null() {
                len_out.write(len);
            }
            Ok(())
        })
    }
}

/// Writes the message as it would be sent to a file, in place of what was in it. After an error the
/// file may hold a part of it.
/// Ownership: path copied. Threads: any. Errors: as secsmtp_message_preview; SECSMTP_E_OUTPUT when the
/// file can't be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_message_preview_file(
    message: *const secsmtp_message,
    path: *const c_char,
    path_len: usize,
    error_out: *mut *mut secsmtp_error,
) -> i32 {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::status(message, error_out, || {
            let path = arg::text("path", path, path_len)?;
            let wrong = |error: std::io::Error| {
                let path = redact::escape(path.as_bytes(), 300);
                failed(format!("can't be written to {path} ({})", io_words(&error)))
            };
            let message = message::copy(message)?;
            message.size()?;
            let mut file = File::create(Path::new(path)).map_err(wrong)?;
            message.preview(&mut |bytes| file.write_all(bytes).map_err(wrong))
        })
    }
}

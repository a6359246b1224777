//! secsmtp_message: its Message-ID, its size, and its content as it would be sent.

use std::ffi::{c_char, c_void};
use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use super::arguments::{self, Argument, ErrorOut, Out, TextIn, UserIn};
use super::boundary;
use super::callback::Callback;
use super::message::{self, secsmtp_message};
use crate::error::Error;
use crate::status::Status;
use crate::support::io_words::io_words;
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
pub extern "C" fn secsmtp_message_id(
    message: *const secsmtp_message,
    len_out: Out<usize>,
) -> *const c_char {
    boundary::lent_text(len_out, || message::id(message))
}

/// The size in bytes of the message as it would be sent, or SECSMTP_SIZE_UNKNOWN if that of a part is
/// not known.
/// Threads: any. Errors: a negative status, beginning at -1000.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_message_size(message: *const secsmtp_message) -> i64 {
    boundary::large_integer(|| {
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
pub extern "C" fn secsmtp_message_preview(
    message: *const secsmtp_message,
    write: Argument<secsmtp_write_callback>,
    user: UserIn,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(message, error_out, || {
        let write = Callback::new(&write, &user).ok_or_else(|| arguments::null("write"))?;
        message::copy(message)?.preview(&mut |bytes| {
            let result = write.call(|function, user| {
                // SAFETY: function and pointer are as the contract of `Argument` says; the bytes
                // outlive the call.
                unsafe { function(user, bytes.as_ptr(), bytes.len()) }
            });
            match result {
                0 => Ok(()),
                number => Err(failed(format!(
                    "was stopped: the callback returned {number}"
                ))),
            }
        })
    })
}

/// Writes the message as it would be sent into a buffer with room for secsmtp_message_size bytes.
/// Ownership: *len_out becomes the number of bytes; len_out may be NULL. Threads: any. Errors: as
/// secsmtp_message_preview; SECSMTP_E_OUTPUT when there is too little room, SECSMTP_E_LENGTH for a room of
/// more than half of the address space.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_message_preview_buffer(
    message: *const secsmtp_message,
    mut buffer: Out<u8>,
    room: usize,
    len_out: Out<usize>,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(message, error_out, || {
        let mut rest = buffer.buffer("buffer", room)?;
        message::copy(message)?.preview(&mut |bytes| {
            let Some((begin, end)) = std::mem::take(&mut rest).split_at_mut_checked(bytes.len())
            else {
                return Err(failed(format!("does not fit into {room} bytes")));
            };
            for (place, byte) in begin.iter_mut().zip(bytes) {
                place.write(*byte);
            }
            rest = end;
            Ok(())
        })?;
        len_out.write(room.saturating_sub(rest.len()));
        Ok(())
    })
}

/// Writes the message as it would be sent to a file, in place of what was in it. After an error the
/// file may hold a part of it.
/// Ownership: path copied. Threads: any. Errors: as secsmtp_message_preview; SECSMTP_E_OUTPUT when the
/// file can't be written.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_message_preview_file(
    message: *const secsmtp_message,
    path: TextIn,
    path_len: i64,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(message, error_out, || {
        let path = path.get("path", path_len)?;
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

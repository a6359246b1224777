//! secsmtp_part: an attachment, or a picture that the HTML shows.

use std::ffi::{c_char, c_void};
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;

use super::error::secsmtp_error;
use super::handle::{self, Handle};
use super::{arg, guard};
use crate::error::Error;
use crate::message::{Part, Pull};
use crate::status::Status;

/// A part of messages: an attachment, or with a content id a picture that the HTML shows. One part
/// can be added to many messages, which then share its octets.
/// Functions: secsmtp_part_new_file, _new_memory, _new_reader, _set_name, _set_type,
/// _set_content_id, _set_cached, _free.
pub struct secsmtp_part(());

/// Puts up to room octets of a part, from offset on, into buffer, and returns their number: 0 at the
/// end, a negative number if there are none to be had; the message is then not delivered. Each
/// send asks from offset 0 upwards without gaps. Called on the thread that sends, with no lock
/// held; by several threads at once when messages with the part are sent at once. A call that
/// does not return holds up its send, which secsmtp_client_cancel can't end before it does. It must
/// return normally: no longjmp, no exception.
pub type secsmtp_read_callback = Option<
    unsafe extern "C" fn(user: *mut c_void, offset: u64, buffer: *mut u8, room: usize) -> i64,
>;

/// Told once that a read callback will not be called again: the part, and every message and send
/// that had it, are gone. Called on the thread that let go of the last of them.
pub type secsmtp_release_callback = Option<unsafe extern "C" fn(user: *mut c_void)>;

type Object = Mutex<Part>;

/// A copy of the part of a handle; the octets are shared.
pub(super) fn copy(part: *const secsmtp_part) -> Result<Part, Error> {
    Ok(handle::get::<Object>(Handle::of(part), "part")?
        .lock()
        .clone())
}

fn change(
    part: *const secsmtp_part,
    change: impl FnOnce(&mut Part) -> Result<(), Error>,
) -> Result<(), Error> {
    change(&mut handle::get::<Object>(Handle::of(part), "part")?.lock())
}

/// A caller's function as a source of octets. The user's pointer is kept as a number: it is only
/// handed back.
struct Callback {
    read: unsafe extern "C" fn(*mut c_void, u64, *mut u8, usize) -> i64,
    release: secsmtp_release_callback,
    user: usize,
}

impl Pull for Callback {
    fn pull(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, String> {
        let user = std::ptr::with_exposed_provenance_mut(self.user);
        // SAFETY: the host gave this function for this purpose; the buffer has this room, and
        // outlives the call.
        let n = unsafe { (self.read)(user, offset, buffer.as_mut_ptr(), buffer.len()) };
        usize::try_from(n).map_err(|_| format!("could not be read: its function returned {n}"))
    }
}

impl Drop for Callback {
    fn drop(&mut self) {
        if let Some(release) = self.release {
            // SAFETY: the host gave this function for this purpose; it is called once, here.
            unsafe { release(std::ptr::with_exposed_provenance_mut(self.user)) };
        }
    }
}

/// Makes a part of a regular file. Its name and type are the file's own, unless others are set. The
/// file is read anew by each send and never held in memory; when it is gone or was written to since,
/// the send fails and nothing is delivered.
/// Ownership: path copied; *part_out is the caller's; secsmtp_part_free. Threads: any; the file is
/// read on the thread that sends. Errors: SECSMTP_E_FILE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_part_new_file(
    path: *const c_char,
    path_len: usize,
    part_out: *mut *mut secsmtp_part,
    error_out: *mut *mut secsmtp_error,
) -> i32 {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::status(part_out, error_out, || {
            arg::place("part_out", part_out)?;
            let path = arg::text("attachment", path, path_len)?;
            arg::hand_out(part_out, Mutex::new(Part::file(Path::new(path))?))
        })
    }
}

/// Makes a part of octets in memory.
/// Ownership: copied; *part_out is the caller's; secsmtp_part_free. Threads: any. Errors:
/// SECSMTP_E_LENGTH.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_part_new_memory(
    octets: *const u8,
    octets_len: usize,
    part_out: *mut *mut secsmtp_part,
    error_out: *mut *mut secsmtp_error,
) -> i32 {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::status(part_out, error_out, || {
            arg::place("part_out", part_out)?;
            let octets = arg::bytes("attachment", octets, octets_len)?;
            arg::hand_out(part_out, Mutex::new(Part::memory(octets)))
        })
    }
}

/// Makes a part whose octets come from a function; size is their number, or SECSMTP_SIZE_UNKNOWN. Any
/// other number of octets than announced fails the send, and nothing is delivered.
/// Ownership: `user` stays the caller's, and must be there until release was called with it, or, without
/// a release, until the part and each message that has it are freed and no send of them runs; a
/// failed call does not call release. *part_out is the caller's; secsmtp_part_free.
/// Threads: any; read is called on those that send. Errors: SECSMTP_E_NULL for read, SECSMTP_E_VALUE
/// for another negative size.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_part_new_reader(
    read: secsmtp_read_callback,
    release: secsmtp_release_callback,
    user: *mut c_void,
    size: i64,
    part_out: *mut *mut secsmtp_part,
    error_out: *mut *mut secsmtp_error,
) -> i32 {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::status(part_out, error_out, || {
            arg::place("part_out", part_out)?;
            let wrong = |status, what, why: &str| Error::argument(status, what, why);
            let read = read.ok_or_else(|| wrong(Status::Null, "read", "is NULL"))?;
            let size = match size {
                -1 => None,
                size => Some(u64::try_from(size).map_err(|_| {
                    wrong(
                        Status::Value,
                        "size",
                        "is negative, and not SECSMTP_SIZE_UNKNOWN",
                    )
                })?),
            };
            let room = handle::reserve()?;
            let callback = Callback {
                read,
                release,
                user: user.expose_provenance(),
            };
            let part = Part::pull(Arc::new(callback), size);
            arg::hand_out_at(part_out, room, Mutex::new(part));
            Ok(())
        })
    }
}

/// Sets the file name that readers show. What stands before a slash or backslash is cut off; the type
/// is guessed from the name unless one is set.
/// Ownership: copied. Threads: any. Errors: SECSMTP_E_HEADER for controls, characters that turn text
/// around, nothing but dots, or more than 255 octets.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_part_set_name(
    part: *mut secsmtp_part,
    name: *const c_char,
    name_len: usize,
    error_out: *mut *mut secsmtp_error,
) -> i32 {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::status(part, error_out, || {
            let name = arg::text("file name", name, name_len)?;
            change(part, |part| part.set_name(name))
        })
    }
}

/// Sets the media type, image/png for instance, with its parameters.
/// Ownership: copied. Threads: any. Errors: SECSMTP_E_HEADER; also for multipart/ and message/, which
/// may not be encoded as base64 (RFC 2045 section 6.4).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_part_set_type(
    part: *mut secsmtp_part,
    media_type: *const c_char,
    media_type_len: usize,
    error_out: *mut *mut secsmtp_error,
) -> i32 {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::status(part, error_out, || {
            let media_type = arg::text("content type", media_type, media_type_len)?;
            change(part, |part| part.set_type(media_type))
        })
    }
}

/// Sets the content id, without angle brackets: the HTML shows the part where it says `cid:ID`.
/// Ownership: copied. Threads: any. Errors: SECSMTP_E_HEADER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_part_set_content_id(
    part: *mut secsmtp_part,
    id: *const c_char,
    id_len: usize,
    error_out: *mut *mut secsmtp_error,
) -> i32 {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::status(part, error_out, || {
            let id = arg::text("content id", id, id_len)?;
            change(part, |part| part.set_content_id(id))
        })
    }
}

/// With 1, the part's encoding is kept in memory once it is made, for parts that many messages share;
/// with 0, the default, it is made anew by each send. It takes 1.37 octets for each.
/// Threads: any. Errors: SECSMTP_E_VALUE for another number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_part_set_cached(
    part: *mut secsmtp_part,
    cached: i32,
    error_out: *mut *mut secsmtp_error,
) -> i32 {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::status(part, error_out, || {
            let cached = arg::flag("cached", cached)?;
            change(part, |part| {
                part.set_cached(cached);
                Ok(())
            })
        })
    }
}

/// Frees a part; messages that have it keep it. NULL is a no-op.
/// Threads: any. Errors: SECSMTP_E_BAD_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_part_free(part: *mut secsmtp_part) -> i32 {
    guard::free::<Object>(part.cast(), "part")
}

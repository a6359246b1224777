//! secsmtp_part: an attachment, or a picture that the HTML shows.

use std::path::Path;

use super::arguments::{self, Argument, BytesIn, ErrorOut, HandleOut, TextIn, UserIn};
use super::handle::HandleKind;
use super::reader::{self, Reader, secsmtp_read_callback, secsmtp_release_callback};
use super::{boundary, handle};
use crate::error::Error;
use crate::memory;
use crate::message::Part;
use crate::process::ForkMutex;

/// A part of messages: an attachment, or with a content id a picture that the HTML shows. One part can
/// be added to many messages, which share its bytes.
/// Functions: secsmtp_part_new_file, _new_memory, _new_reader, _set_name, _set_type, _set_content_id,
/// _set_cached, _free.
pub struct secsmtp_part(());

impl HandleKind for secsmtp_part {
    type Object = ForkMutex<Part>;
    const NOUN: &'static str = "part";
}

/// A copy of the part of a handle; the bytes are shared.
pub(super) fn copy(part: *const secsmtp_part) -> Result<Part, Error> {
    Ok(handle::get(part)?.lock()?.clone())
}

fn change(
    part: *const secsmtp_part,
    change: impl FnOnce(&mut Part) -> Result<(), Error>,
) -> Result<(), Error> {
    change(&mut *handle::get(part)?.lock()?)
}

/// Makes a part of a regular file. Its name is that of the file and its type is guessed from it, unless
/// others are set. The file is read again by each send and never held in memory. If it was removed or
/// changed since, the send fails and nothing is delivered.
/// Ownership: path copied; *part_out is the caller's; secsmtp_part_free. Threads: any; the file is read
/// on the thread that sends. Errors: SECSMTP_E_FILE.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_part_new_file(
    path: TextIn,
    path_len: i64,
    part_out: HandleOut<secsmtp_part>,
    error_out: ErrorOut,
) -> i32 {
    boundary::create(error_out, || {
        let part_out = part_out.require("part_out")?;
        let path = path.get("attachment", path_len)?;
        part_out.hand_out(ForkMutex::new(Part::file(Path::new(path))?))
    })
}

/// Makes a part of bytes in memory.
/// Ownership: copied; *part_out is the caller's; secsmtp_part_free. Threads: any. Errors:
/// SECSMTP_E_LENGTH.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_part_new_memory(
    bytes: BytesIn,
    bytes_len: usize,
    part_out: HandleOut<secsmtp_part>,
    error_out: ErrorOut,
) -> i32 {
    boundary::create(error_out, || {
        let part_out = part_out.require("part_out")?;
        let bytes = bytes.get("attachment", bytes_len)?;
        part_out.hand_out(ForkMutex::new(Part::memory(memory::copy(bytes)?)))
    })
}

/// Makes a part whose bytes come from a callback. size is their number, or SECSMTP_SIZE_UNKNOWN. Another
/// number of bytes than announced fails the send, and nothing is delivered.
/// Ownership: `user` stays the caller's, and must be there until release was called with it, or, without
/// a release, until the part and each message that has it are freed and no send of them runs; a failed
/// call does not call release. *part_out is the caller's; secsmtp_part_free. Threads: any; read is
/// called on the threads that send. Errors: SECSMTP_E_NULL for read, SECSMTP_E_VALUE for another
/// negative size.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_part_new_reader(
    read: Argument<secsmtp_read_callback>,
    release: Argument<secsmtp_release_callback>,
    user: UserIn,
    size: i64,
    part_out: HandleOut<secsmtp_part>,
    error_out: ErrorOut,
) -> i32 {
    boundary::create(error_out, || {
        let part_out = part_out.require("part_out")?;
        let size = reader::size(size)?;
        let reader = Reader::new(&read, &user)?;
        let part_out = part_out.reserve()?;
        reader.release_by(&release);
        part_out.hand_out(ForkMutex::new(Part::pull(reader, size)));
        Ok(())
    })
}

/// Sets the file name. Everything up to the last slash or backslash is cut off. The type is guessed from
/// the name unless one is set.
/// Ownership: copied. Threads: any. Errors: SECSMTP_E_HEADER for controls, bidirectional control
/// characters, nothing but dots, or more than 255 bytes.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_part_set_name(
    part: *mut secsmtp_part,
    name: TextIn,
    name_len: i64,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(part, error_out, || {
        let name = name.get("file name", name_len)?;
        change(part, |part| part.set_name(name))
    })
}

/// Sets the media type, image/png for instance, with its parameters. A text type without charset gets
/// charset=utf-8 where the bytes are UTF-8; those of a reader are not looked at.
/// A part of a multipart/ or message/ type is finished content of that type, message/rfc822 or
/// multipart/signed with its boundary for instance, and goes as it is (RFC 2045 section 6.4): its lines
/// get CRLF, nothing else changes. It is read through when the message is first needed; a NUL or a line
/// over 998 bytes, a byte above 127 or mixed line ends in multipart/signed, and a missing boundary line
/// are SECSMTP_E_CONTENT then. A byte above 127 in another asks for 8BITMIME. A multipart alone is the
/// message's body, as OpenPGP and S/MIME ask for.
/// Ownership: copied. Threads: any. Errors: SECSMTP_E_HEADER; also for multipart/ without its boundary.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_part_set_type(
    part: *mut secsmtp_part,
    media_type: TextIn,
    media_type_len: i64,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(part, error_out, || {
        let media_type = media_type.get("content type", media_type_len)?;
        change(part, |part| part.set_type(media_type))
    })
}

/// Sets the content id, without angle brackets: the HTML shows the part where it has `cid:ID`.
/// Ownership: copied. Threads: any. Errors: SECSMTP_E_HEADER.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_part_set_content_id(
    part: *mut secsmtp_part,
    id: TextIn,
    id_len: i64,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(part, error_out, || {
        let id = id.get("content id", id_len)?;
        change(part, |part| part.set_content_id(id))
    })
}

/// With 1, the encoded form of the part is kept in memory from the first send on, whatever its size, for
/// parts that many messages share: 1.37 bytes for each byte. With 0, the default, it is kept from the
/// second message on that has the part, if the part has no more than 8 MiB and does not come from a
/// callback; a larger one is read and encoded again by each send. It is freed with the last message that
/// has it.
/// Threads: any. Errors: SECSMTP_E_VALUE for any other number.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_part_set_cached(
    part: *mut secsmtp_part,
    cached: i32,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(part, error_out, || {
        let cached = arguments::flag("cached", cached)?;
        change(part, |part| {
            part.set_cached(cached);
            Ok(())
        })
    })
}

/// Frees a part; messages that have it keep it. NULL is a no-op.
/// Threads: any. Errors: SECSMTP_E_BAD_HANDLE.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_part_free(part: *mut secsmtp_part) -> i32 {
    boundary::free(part)
}

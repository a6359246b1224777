//! secsmtp_message: content given whole, from where it need not be held.

use std::path::Path;

use super::arguments::{Argument, ErrorOut, TextIn, UserIn};
use super::boundary;
use super::message::{self, content_rules, replace, secsmtp_message};
use super::reader::{self, Reader, secsmtp_read_callback, secsmtp_release_callback};
use crate::message::RawContent;

/// Sets the content from a regular file, header and body in the form of RFC 5322. It is read once now
/// and again by each send, and never held in memory. Rules: 0, or a sum as for
/// secsmtp_message_set_content_by. If the file was removed or changed since, the send fails and nothing
/// is delivered.
/// Ownership: path copied. Threads: any; the file is read on the thread that calls or sends. Errors: as
/// secsmtp_message_set_content_by; SECSMTP_E_FILE for a path that can't be read or is not a regular
/// file, SECSMTP_E_SOURCE for a failure to read, SECSMTP_E_CONTENT for a header over 2 MiB.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_message_set_content_file(
    message: *mut secsmtp_message,
    path: TextIn,
    path_len: i64,
    rules: i32,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(message, error_out, || {
        message::copy(message)?;
        let rules = content_rules(rules)?;
        let path = path.get("content", path_len)?;
        replace(message, RawContent::file(Path::new(path), rules)?)
    })
}

/// Sets the content from a callback, as secsmtp_message_set_content_file does from a file. size is the
/// number of bytes, or SECSMTP_SIZE_UNKNOWN. The content is read to its end now, and again by each send;
/// if the bytes differ from the first time the send fails, and nothing is delivered.
/// Ownership: `user` stays the caller's, and must be there until release was called with it, or, without
/// a release, until the message is freed or has other content and no send of it runs; a failed call does
/// not call release. Threads: any; read is called on the thread that calls or sends. Errors: as
/// secsmtp_message_set_content_file; SECSMTP_E_NULL for read, SECSMTP_E_VALUE for another negative size.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_message_set_content_reader(
    message: *mut secsmtp_message,
    read: Argument<secsmtp_read_callback>,
    release: Argument<secsmtp_release_callback>,
    user: UserIn,
    size: i64,
    rules: i32,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(message, error_out, || {
        message::copy(message)?;
        let rules = content_rules(rules)?;
        let size = reader::size(size)?;
        let reader = Reader::new(&read, &user)?;
        let content = RawContent::pull(reader.clone(), size, rules)?;
        replace(message, content)?;
        reader.release_by(&release);
        Ok(())
    })
}

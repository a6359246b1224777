//! secsmtp_message: its texts and parts.

use std::path::Path;

use super::arguments::{BytesIn, ErrorOut, TextIn};
use super::boundary;
use super::message::{change, secsmtp_message};
use super::part::{self, secsmtp_part};
use crate::memory;
use crate::message::Part;

/// Sets the plain text of the message: UTF-8, at most 2 GiB (1 GiB where pointers have 32 bits). Any line
/// end becomes CRLF.
/// Ownership: copied. Threads: any. Errors: SECSMTP_E_UTF8, SECSMTP_E_LENGTH.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_message_set_text(
    message: *mut secsmtp_message,
    text: TextIn,
    text_len: i64,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(message, error_out, || {
        let text = memory::copy_text(text.get_long("text", text_len)?)?;
        change(message, |message| {
            message.set_text(text);
            Ok(())
        })
    })
}

/// Sets the HTML of the message: UTF-8, at most 2 GiB (1 GiB where pointers have 32 bits). With both text
/// and HTML, mail programs show one of them.
/// Ownership: copied. Threads: any. Errors: SECSMTP_E_UTF8, SECSMTP_E_LENGTH.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_message_set_html(
    message: *mut secsmtp_message,
    html: TextIn,
    html_len: i64,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(message, error_out, || {
        let html = memory::copy_text(html.get_long("html", html_len)?)?;
        change(message, |message| {
            message.set_html(html);
            Ok(())
        })
    })
}

/// Adds a calendar object (RFC 5545, UTF-8) as a further form of the text, and its method: REQUEST,
/// CANCEL, REPLY, PUBLISH (RFC 5546), the METHOD inside it.
/// Ownership: copied. Threads: any. Errors: SECSMTP_E_HEADER for a text that is not a method, or not the
/// METHOD of the calendar.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_message_set_calendar(
    message: *mut secsmtp_message,
    calendar_method: TextIn,
    calendar_method_len: i64,
    calendar: TextIn,
    calendar_len: i64,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(message, error_out, || {
        let method = calendar_method.get("calendar method", calendar_method_len)?;
        let calendar = calendar.get_long("calendar", calendar_len)?;
        change(message, |message| message.set_calendar(method, calendar))
    })
}

/// Attaches a file under its own name, from which the type is guessed. The file is read again by each
/// send and never held in memory. If it was removed or changed since, the send fails and nothing is
/// delivered.
/// Ownership: path copied. Threads: any; the file is read on the thread that sends. Errors:
/// SECSMTP_E_FILE for a path that can't be read or is not a regular file.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_message_attach_file(
    message: *mut secsmtp_message,
    path: TextIn,
    path_len: i64,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(message, error_out, || {
        let path = path.get("attachment", path_len)?;
        let part = Part::file(Path::new(path))?;
        change(message, |message| message.add_part(&part))
    })
}

/// Attaches bytes under a file name, from which the type is guessed.
/// Ownership: copied. Threads: any. Errors: SECSMTP_E_HEADER for the name, SECSMTP_E_LENGTH.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_message_attach_memory(
    message: *mut secsmtp_message,
    name: TextIn,
    name_len: i64,
    bytes: BytesIn,
    bytes_len: usize,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(message, error_out, || {
        let name = name.get("file name", name_len)?;
        let bytes = bytes.get("attachment", bytes_len)?;
        let mut part = Part::memory(memory::copy(bytes)?);
        part.set_name(name)?;
        change(message, |message| message.add_part(&part))
    })
}

/// Adds a part. One with a content id is shown where the HTML has `cid:ID`; any other is an attachment.
/// Later changes of the part have no effect on the message.
/// Ownership: the part stays the caller's, who may free it; its bytes are shared. Threads: any. Errors:
/// SECSMTP_E_HEADER if another part has its content id, SECSMTP_E_LENGTH beyond 1000 parts.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_message_add_part(
    message: *mut secsmtp_message,
    part: *const secsmtp_part,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(message, error_out, || {
        let part = part::copy(part)?;
        change(message, |message| message.add_part(&part))
    })
}

/// Adds a part as a further form of the text, for instance AMP (text/x-amp-html). It is placed after the
/// plain text and before the HTML; a calendar (text/calendar) is placed after both. Mail programs show
/// the last form that they support.
/// Ownership: the part stays the caller's, who may free it; its bytes are shared. Threads: any. Errors:
/// SECSMTP_E_HEADER for a part without a type, and as secsmtp_message_add_part.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_message_add_alternative(
    message: *mut secsmtp_message,
    part: *const secsmtp_part,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(message, error_out, || {
        let part = part::copy(part)?;
        change(message, |message| message.add_alternative(&part))
    })
}

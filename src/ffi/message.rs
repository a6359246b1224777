//! secsmtp_message: envelope and content.

use std::ffi::c_char;
use std::sync::Arc;

use super::error::secsmtp_error;
use super::handle::{self, Handle};
use super::text::{Lent, Text};
use super::{arg, constants, guard};
use crate::error::Error;
use crate::message::{ContentRules, Message, RawContent};
use crate::process::ForkMutex;
use crate::status::Status;

/// A message: the envelope (sender and recipients) and the content, which is either given whole
/// (secsmtp_message_set_content) or composed of fields, texts and parts. It can be sent as often as
/// needed, also at the same time; a send works on a copy. A composed message is put together when it is
/// first needed and stays the same, with its Message-ID and date, until it is changed.
/// Envelope: secsmtp_message_new, _set_sender, _add_recipient, _set_partial, _free; finished content:
/// _set_content, _set_content_by, _set_content_file, _set_content_reader; composed: _add_address,
/// _add_addresses, _set_subject, _set_date, _set_message_id, _add_in_reply_to, _add_reference,
/// _add_header, _add_finished_header, _set_priority, _add_unsubscribe, _set_one_click, _set_text,
/// _set_html, _set_calendar, _attach_file, _attach_memory, _add_part, _add_alternative; signatures:
/// _add_signer; options of delivery: _set_notify, _set_return, _set_envelope_id,
/// _set_original_recipient, _set_deliver_by, _set_hold_for, _set_hold_until, _set_mt_priority,
/// _set_require_tls; reading it: _id, _size, _preview, _preview_buffer, _preview_file.
pub struct secsmtp_message(());

pub(super) type Object = ForkMutex<State>;

/// A message, and its Message-ID as it was lent out last: as it was asked for, and made ready for C.
#[derive(Default)]
pub(super) struct State {
    message: Arc<Message>,
    id: Option<(Arc<str>, Text)>,
}

fn get(message: *const secsmtp_message) -> Result<Arc<Object>, Error> {
    handle::get(Handle::of(message), "message")
}

/// Changes a message. No function of the caller's runs meanwhile.
pub(super) fn change(
    message: *const secsmtp_message,
    change: impl FnOnce(&mut Message) -> Result<(), Error>,
) -> Result<(), Error> {
    let object = get(message)?;
    change(Arc::make_mut(&mut object.lock()?.message))
}

/// Gives a message other content. What it had is let go of outside of the lock: that may call out.
pub(super) fn replace(message: *const secsmtp_message, content: RawContent) -> Result<(), Error> {
    let object = get(message)?;
    let before = Arc::make_mut(&mut object.lock()?.message).set_raw_content(content);
    drop(before);
    Ok(())
}

/// The message of a handle as it is now; what is changed later is changed in another.
pub(super) fn copy(message: *const secsmtp_message) -> Result<Arc<Message>, Error> {
    Ok(Arc::clone(&get(message)?.lock()?.message))
}

/// Lends out the Message-ID that the message has now. A text that was lent before stays where it is
/// unless the id is another.
pub(super) fn id(message: *const secsmtp_message) -> Option<Lent> {
    let object = get(message).ok()?;
    loop {
        // Outside of the lock: a message is put together for this, which may call out.
        let copy = Arc::clone(&object.lock().ok()?.message);
        let id = copy.message_id()?;
        let state = &mut *object.lock().ok()?;
        if Arc::ptr_eq(&state.message, &copy) {
            let kept = state.id.take().filter(|(kept, _)| *kept == id);
            let made = || (Arc::clone(&id), Text::new(&id));
            let (_, text) = state.id.insert(kept.unwrap_or_else(made));
            return Some(text.lend());
        }
    }
}

pub(super) fn content_rules(number: i32) -> Result<ContentRules, Error> {
    if !(0..8).contains(&number) {
        let why = format!("{number} is no sum of its values");
        return Err(Error::argument(Status::Value, "rules", why));
    }
    let has = |rule: i32| number & rule != 0;
    Ok(ContentRules {
        strict: has(constants::SECSMTP_CONTENT_STRICT),
        binary: has(constants::SECSMTP_CONTENT_BINARY),
        envelope: has(constants::SECSMTP_CONTENT_ENVELOPE),
    })
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
            arg::hand_out(message_out, Object::default())
        })
    }
}

/// Sets the sender of the envelope, which receives reports of failure (RFC 5321 section 4.1.1.2). The
/// empty text is the null reverse-path.
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

/// Sets the content: header and body in the form of RFC 5322, as bytes. Any line end becomes CRLF; Bcc
/// and Resent-Bcc fields are removed; everything else is sent as it is.
/// Ownership: copied. Threads: any. Errors: SECSMTP_E_NO_CONTENT if it is empty, SECSMTP_E_CONTENT for a
/// NUL or a line over 998 bytes, with the line's number and place, and for content that begins with the
/// "From " line that stands before a message in an mbox file.
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
            let whole = RawContent::memory(content, ContentRules::default())?;
            replace(message, whole)
        })
    }
}

/// Sets the content by other rules: a sum of SECSMTP_CONTENT_STRICT, _BINARY and _ENVELOPE.
/// Ownership: copied. Threads: any. Errors: as secsmtp_message_set_content, with the line's number;
/// SECSMTP_E_VALUE for an unknown rule; SECSMTP_E_ADDRESS, SECSMTP_E_NO_SENDER or
/// SECSMTP_E_NO_RECIPIENT for a header from which no envelope can be taken without doubt.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_message_set_content_by(
    message: *mut secsmtp_message,
    content: *const u8,
    content_len: usize,
    rules: i32,
    error_out: *mut *mut secsmtp_error,
) -> i32 {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::status(message, error_out, || {
            let rules = content_rules(rules)?;
            let content = arg::bytes("content", content, content_len)?;
            replace(message, RawContent::memory(content, rules)?)
        })
    }
}

/// With 1, delivers to the accepted recipients when others are rejected. With 0, the default, a rejected
/// recipient means that the message is not sent to any.
/// Threads: any. Errors: SECSMTP_E_VALUE for any other number.
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

#[cfg(test)]
mod tests {
    use super::super::message_preview::secsmtp_message_id;
    use super::*;

    /// As the header asks: each pointer is to a place or to a text that is long enough.
    fn set_id(message: *mut secsmtp_message, number: usize) {
        let content = format!("Message-ID: <{number}@example.org>\n\ntext\n");
        // SAFETY: the content lives as long as the call.
        let status = unsafe {
            let none = std::ptr::null_mut();
            secsmtp_message_set_content(message, content.as_ptr(), content.len(), none)
        };
        assert_eq!(status, 0);
    }

    fn lent_id(message: *const secsmtp_message) -> (*const c_char, String) {
        let mut len = 0;
        // SAFETY: the text is read before the message changes.
        unsafe {
            let text = secsmtp_message_id(message, &raw mut len);
            let bytes = std::slice::from_raw_parts(text.cast::<u8>(), len + 1);
            let (nul, bytes) = bytes.split_last().unwrap();
            assert_eq!(*nul, 0);
            (text, String::from_utf8(bytes.to_vec()).unwrap())
        }
    }

    #[test]
    fn a_lent_message_id_stays_until_there_is_another() {
        let mut message = std::ptr::null_mut();
        // SAFETY: `message` is a place for one pointer.
        unsafe { secsmtp_message_new(&raw mut message, std::ptr::null_mut()) };
        assert_eq!(lent_id(message).1, "");
        set_id(message, 1);
        let first = lent_id(message);
        assert_eq!(first.1, "<1@example.org>");
        assert_eq!(lent_id(message), first);
        set_id(message, 2);
        assert_eq!(lent_id(message).1, "<2@example.org>");
        // SAFETY: the handle is a live one.
        assert_eq!(unsafe { secsmtp_message_free(message) }, 0);
    }

    #[test]
    fn a_message_that_is_used_again_and_again_keeps_one_message_id() {
        let small = std::thread::Builder::new().stack_size(64 * 1024);
        let reused = small.spawn(|| {
            let mut message = std::ptr::null_mut();
            // SAFETY: `message` is a place for one pointer.
            unsafe { secsmtp_message_new(&raw mut message, std::ptr::null_mut()) };
            for number in 0..50_000 {
                set_id(message, number);
                assert_eq!(lent_id(message).1, format!("<{number}@example.org>"));
            }
            // SAFETY: the handle is a live one.
            assert_eq!(unsafe { secsmtp_message_free(message) }, 0);
        });
        reused.unwrap().join().unwrap();
    }
}

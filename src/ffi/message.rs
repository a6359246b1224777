//! secsmtp_message: the envelope, and content from memory.

use std::sync::Arc;

use super::arguments::{self, BytesIn, ErrorOut, HandleOut, TextIn};
use super::handle::HandleKind;
use super::text::{Text, TextView};
use super::{boundary, constants, handle};
use crate::error::Error;
use crate::message::{ContentRules, Message, RawContent};
use crate::process::ForkMutex;
use crate::status::Status;

/// A message: the envelope (sender and recipients) and the content, which is either given whole
/// (secsmtp_message_set_content) or composed of fields, texts and parts. It can be sent as often as
/// needed, also at the same time; a send works on a copy. A composed message is put together when it is
/// first needed and stays the same, with its Message-ID and date, until it is changed.
/// Functions, for the envelope: secsmtp_message_new, _set_sender, _add_recipient, _set_partial,
/// _free; finished content: _set_content, _set_content_by, _set_content_file, _set_content_reader;
/// composed: _add_address, _add_addresses, _set_subject, _set_date, _set_message_id,
/// _add_in_reply_to, _add_reference, _add_header, _add_finished_header, _set_priority,
/// _add_unsubscribe, _set_one_click, _set_text, _set_html, _set_calendar, _attach_file,
/// _attach_memory, _add_part, _add_alternative; signatures: _add_signer; options of delivery:
/// _set_notify, _set_return, _set_envelope_id, _set_original_recipient, _set_deliver_by,
/// _set_hold_for, _set_hold_until, _set_mt_priority, _set_require_tls; reading it: _id, _size,
/// _preview, _preview_buffer, _preview_file.
pub struct secsmtp_message(());

/// A message, and the Message-ID that was lent to the caller last: as text, and made ready for C.
#[derive(Default)]
pub(super) struct MessageState {
    message: Arc<Message>,
    id: Option<(Arc<str>, Text)>,
}

impl HandleKind for secsmtp_message {
    type Object = ForkMutex<MessageState>;
    const NOUN: &'static str = "message";
}

/// Changes a message. No callback runs meanwhile.
pub(super) fn change(
    message: *const secsmtp_message,
    change: impl FnOnce(&mut Message) -> Result<(), Error>,
) -> Result<(), Error> {
    let object = handle::get(message)?;
    change(Arc::make_mut(&mut object.lock()?.message))
}

/// Gives a message other content. The content before is dropped without the lock: that may run a callback.
pub(super) fn replace(message: *const secsmtp_message, content: RawContent) -> Result<(), Error> {
    let object = handle::get(message)?;
    let before = Arc::make_mut(&mut object.lock()?.message).set_raw_content(content);
    drop(before);
    Ok(())
}

/// The message of a handle as it is now; later changes are made to another copy.
pub(super) fn copy(message: *const secsmtp_message) -> Result<Arc<Message>, Error> {
    Ok(Arc::clone(&handle::get(message)?.lock()?.message))
}

/// Lends the Message-ID that the message has now. A text that was lent before stays valid unless the id is
/// another one.
pub(super) fn id(message: *const secsmtp_message) -> Option<TextView> {
    let object = handle::get(message).ok()?;
    loop {
        // Without the lock: this composes the message, which may run a callback.
        let copy = Arc::clone(&object.lock().ok()?.message);
        let id = copy.message_id()?;
        let state = &mut *object.lock().ok()?;
        if Arc::ptr_eq(&state.message, &copy) {
            let kept = state.id.take().filter(|(kept, _)| *kept == id);
            let made = || (Arc::clone(&id), Text::new(&id));
            let (_, text) = state.id.insert(kept.unwrap_or_else(made));
            return Some(text.view());
        }
    }
}

pub(super) fn content_rules(number: i32) -> Result<ContentRules, Error> {
    if !(0..8).contains(&number) {
        let why = format!("is {number}, expected a sum of its values");
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
pub extern "C" fn secsmtp_message_new(
    message_out: HandleOut<secsmtp_message>,
    error_out: ErrorOut,
) -> i32 {
    boundary::create(error_out, || {
        let message_out = message_out.require("message_out")?;
        message_out.hand_out(ForkMutex::default())
    })
}

/// Sets the sender of the envelope, which receives reports of failure (RFC 5321 section 4.1.1.2). The
/// empty text is the null reverse-path.
/// Ownership: copied. Threads: any. Errors: SECSMTP_E_ADDRESS.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_message_set_sender(
    message: *mut secsmtp_message,
    address: TextIn,
    address_len: i64,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(message, error_out, || {
        let address = address.get("sender", address_len)?;
        change(message, |message| message.set_sender(address))
    })
}

/// Adds a recipient to the envelope (RFC 5321 section 4.1.1.3): the bare address, 10000 at most.
/// Ownership: copied. Threads: any. Errors: SECSMTP_E_ADDRESS, SECSMTP_E_LENGTH.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_message_add_recipient(
    message: *mut secsmtp_message,
    address: TextIn,
    address_len: i64,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(message, error_out, || {
        let address = address.get("recipient", address_len)?;
        change(message, |message| message.add_recipient(address))
    })
}

/// Sets the content: header and body in the form of RFC 5322, as bytes. Any line end becomes CRLF; Bcc
/// and Resent-Bcc fields are removed; everything else is sent as it is.
/// Ownership: copied. Threads: any. Errors: SECSMTP_E_NO_CONTENT if it is empty, SECSMTP_E_CONTENT for a
/// NUL or a line over 998 bytes, with the line's number and place, and for content that begins with the
/// "From " line that stands before a message in an mbox file.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_message_set_content(
    message: *mut secsmtp_message,
    content: BytesIn,
    content_len: usize,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(message, error_out, || {
        let content = content.get("content", content_len)?;
        let content = RawContent::memory(content, ContentRules::default())?;
        replace(message, content)
    })
}

/// Sets the content by other rules: a sum of SECSMTP_CONTENT_STRICT, _BINARY and _ENVELOPE.
/// Ownership: copied. Threads: any. Errors: as secsmtp_message_set_content, with the line's number;
/// SECSMTP_E_VALUE for an unknown rule; SECSMTP_E_ADDRESS, SECSMTP_E_NO_SENDER or
/// SECSMTP_E_NO_RECIPIENT for a header from which no envelope can be taken without doubt.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_message_set_content_by(
    message: *mut secsmtp_message,
    content: BytesIn,
    content_len: usize,
    rules: i32,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(message, error_out, || {
        let rules = content_rules(rules)?;
        let content = content.get("content", content_len)?;
        replace(message, RawContent::memory(content, rules)?)
    })
}

/// With 1, delivers to the accepted recipients when others are rejected. With 0, the default, a rejected
/// recipient means that the message is not sent to any.
/// Threads: any. Errors: SECSMTP_E_VALUE for any other number.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_message_set_partial(
    message: *mut secsmtp_message,
    partial: i32,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(message, error_out, || {
        let partial = arguments::flag("partial", partial)?;
        change(message, |message| {
            message.partial = partial;
            Ok(())
        })
    })
}

/// Frees a message; sends under way keep their copy. NULL is a no-op.
/// Threads: any. Errors: SECSMTP_E_BAD_HANDLE.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_message_free(message: *mut secsmtp_message) -> i32 {
    boundary::free(message)
}

#[cfg(test)]
mod tests {
    use std::ffi::{CStr, c_char};
    use std::ptr::null_mut;

    use super::super::arguments::Argument;
    use super::super::message_preview::secsmtp_message_id;
    use super::*;

    /// An argument as C passes it.
    fn from_c<P>(pointer: P) -> Argument<P> {
        // SAFETY: these tests pass NULL, places on their stack, and bytes that live as long as the call.
        unsafe { Argument::new(pointer) }
    }

    fn new() -> *mut secsmtp_message {
        let mut message = null_mut();
        secsmtp_message_new(from_c(&raw mut message), from_c(null_mut()));
        message
    }

    fn set_id(message: *mut secsmtp_message, number: usize) {
        let content = format!("Message-ID: <{number}@example.org>\n\ntext\n");
        let (bytes, len) = (from_c(content.as_ptr()), content.len());
        let status = secsmtp_message_set_content(message, bytes, len, from_c(null_mut()));
        assert_eq!(status, 0);
    }

    fn lent_id(message: *const secsmtp_message) -> (*const c_char, String) {
        let mut len = 0;
        let text = secsmtp_message_id(message, from_c(&raw mut len));
        // SAFETY: it is read before the message changes.
        let read = unsafe { CStr::from_ptr(text) };
        assert_eq!(read.count_bytes(), len);
        (text, read.to_str().unwrap().to_owned())
    }

    #[test]
    fn a_lent_message_id_stays_until_there_is_another() {
        let message = new();
        assert_eq!(lent_id(message).1, "");
        set_id(message, 1);
        let first = lent_id(message);
        assert_eq!(first.1, "<1@example.org>");
        assert_eq!(lent_id(message), first);
        set_id(message, 2);
        assert_eq!(lent_id(message).1, "<2@example.org>");
        assert_eq!(secsmtp_message_free(message), 0);
    }

    #[test]
    fn a_message_that_is_used_again_and_again_keeps_one_message_id() {
        let small = std::thread::Builder::new().stack_size(64 * 1024);
        let reused = small.spawn(|| {
            let message = new();
            for number in 0..50_000 {
                set_id(message, number);
                assert_eq!(lent_id(message).1, format!("<{number}@example.org>"));
            }
            assert_eq!(secsmtp_message_free(message), 0);
        });
        reused.unwrap().join().unwrap();
    }
}

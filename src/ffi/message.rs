//! secsmtp_message: envelope and content.

use std::ffi::c_char;
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;

use super::error::secsmtp_error;
use super::handle::{self, Handle};
use super::text::Text;
use super::{arg, constants, guard};
use crate::error::Error;
use crate::message::{ContentRules, Message, Whole};
use crate::status::Status;

/// A message: the envelope (sender and recipients) and the content, which is either given whole
/// (secsmtp_message_set_content) or composed of fields, texts and parts. It can be sent as often as
/// wanted, also at the same time; a send works on a copy. What is composed is put together when it
/// is first needed and stays the same, Message-ID and date too, until something of it is changed.
/// Envelope: secsmtp_message_new, _set_sender, _add_recipient, _set_partial, _free; content given
/// whole: _set_content, _set_content_by, _set_content_file, _set_content_reader; composed: _add_address, _add_addresses, _set_subject, _set_date,
/// _set_message_id, _add_in_reply_to, _add_reference, _add_header, _set_priority, _add_unsubscribe,
/// _set_one_click, _set_text, _set_html, _set_calendar, _attach_file, _attach_memory, _add_part; signed: _add_signer;
/// asked of the server: _set_notify,
/// _set_return, _set_envelope_id, _set_original_recipient, _set_deliver_by, _set_hold_for,
/// _set_hold_until, _set_mt_priority, _set_require_tls; looking at it: _id, _size, _preview, _preview_buffer, _preview_file.
pub struct secsmtp_message(());

/// A message, and the texts that were lent out of it.
pub(super) struct Object {
    message: Mutex<Arc<Message>>,
    ids: Ids,
}

/// Message-IDs that were asked for: kept while the message is, and added to, never changed.
#[derive(Default)]
struct Ids(OnceLock<Box<(Text, Ids)>>);

impl Ids {
    fn keep(&self, id: &str) -> &Text {
        let mut ids = self;
        loop {
            let (text, others) = &**ids
                .0
                .get_or_init(|| Box::new((Text::new(id), Ids::default())));
            if text.as_bytes() == id.as_bytes() {
                return text;
            }
            ids = others;
        }
    }
}

impl Object {
    /// The Message-ID that the message has now, kept with it.
    pub(super) fn id(&self) -> Option<&Text> {
        let message = Arc::clone(&self.message.lock());
        Some(self.ids.keep(&message.message_id()?))
    }
}

/// Changes a message. No function of the caller's runs meanwhile.
pub(super) fn change(
    message: *const secsmtp_message,
    change: impl FnOnce(&mut Message) -> Result<(), Error>,
) -> Result<(), Error> {
    let object = handle::get::<Object>(Handle::of(message), "message")?;
    change(Arc::make_mut(&mut object.message.lock()))
}

/// Gives a message other content. What it had is let go of outside of the lock: that may call out.
pub(super) fn replace(message: *const secsmtp_message, whole: Whole) -> Result<(), Error> {
    let object = handle::get::<Object>(Handle::of(message), "message")?;
    let before = Arc::make_mut(&mut object.message.lock()).set_whole(whole);
    drop(before);
    Ok(())
}

/// The message of a handle as it is now; what is changed later is changed in another.
pub(super) fn copy(message: *const secsmtp_message) -> Result<Arc<Message>, Error> {
    let object = handle::get::<Object>(Handle::of(message), "message")?;
    let message = Arc::clone(&object.message.lock());
    Ok(message)
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
            let object = Object {
                message: Mutex::default(),
                ids: Ids::default(),
            };
            arg::hand_out(message_out, object)
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
            let whole = Whole::memory(content, ContentRules::default())?;
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
            replace(message, Whole::memory(content, rules)?)
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

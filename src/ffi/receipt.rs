//! secsmtp_receipt: the record of one send.

use std::ffi::c_char;
use std::sync::Arc;

use once_cell::race::OnceBox;

use super::guard;
use super::handle::{self, Handle};
use super::text::Text;
use crate::error::{Error, Recipient, Record};

/// The record of one send: the outcome of the message and of each recipient, what left the machine, and
/// who the server was. An error of a send has one too (secsmtp_error_receipt).
/// Texts are UTF-8, valid until the receipt is freed, and empty where there is no value; their
/// length is stored in *len_out, which may be NULL. A number below 0 is a negative status: the handle is
/// not a live receipt, or the index is beyond the last.
/// Functions: secsmtp_receipt_outcome, _stage, _secret_released, _content_released,
/// _connection_reused, _smtp_code, _enhanced_code, _server_text, _message_id, _tls_version,
/// _cipher_suite, _mechanism, _channel_binding, _matched_pin, _spki_count, _spki, _recipient_count,
/// _recipient_address, _recipient_outcome, _recipient_smtp_code, _recipient_enhanced_code, _recipient_text, _free.
pub struct secsmtp_receipt(());

/// A record. Most are looked at for their outcome alone, so its texts are made when the first of
/// them is asked for.
pub(super) struct ReceiptObject {
    record: Record,
    texts: OnceBox<Texts>,
}

/// The texts of a record, made ready for C.
struct Texts {
    enhanced_code: Text,
    server_text: Text,
    message_id: Text,
    tls_version: Text,
    cipher_suite: Text,
    mechanism: Text,
    channel_binding: Text,
    matched_pin: Text,
    spki: Vec<Text>,
    recipients: Vec<RecipientTexts>,
}

struct RecipientTexts {
    address: Text,
    enhanced_code: Text,
    text: Text,
}

impl ReceiptObject {
    pub(super) fn new(record: Record) -> Self {
        Self {
            record,
            texts: OnceBox::new(),
        }
    }

    fn texts(&self) -> &Texts {
        self.texts
            .get_or_init(|| Box::new(Texts::new(&self.record)))
    }
}

impl Texts {
    fn new(record: &Record) -> Self {
        let answer = record.reply.as_ref();
        let peer = record.peer.as_deref();
        let pin = peer.and_then(|p| p.matched_pin).map(|pin| pin.to_string());
        let spki = peer.map_or(&[][..], |p| &p.spki).iter();
        Self {
            enhanced_code: Text::of(answer.and_then(|a| a.enhanced.as_deref())),
            server_text: Text::of(answer.map(|a| a.text.as_str())),
            message_id: Text::of(record.message_id.as_deref()),
            tls_version: Text::of(peer.map(|p| p.tls_version)),
            cipher_suite: Text::of(peer.map(|p| p.cipher_suite.as_str())),
            mechanism: Text::of(peer.and_then(|p| p.mechanism)),
            channel_binding: Text::of(peer.and_then(|p| p.channel_binding)),
            matched_pin: Text::of(pin.as_deref()),
            spki: spki.map(|pin| Text::new(&pin.to_string())).collect(),
            recipients: record.recipients.iter().map(RecipientTexts::new).collect(),
        }
    }
}

impl RecipientTexts {
    fn new(recipient: &Recipient) -> Self {
        let answer = recipient.reply.as_ref();
        Self {
            address: Text::new(&recipient.address),
            enhanced_code: Text::of(answer.and_then(|a| a.enhanced.as_deref())),
            text: Text::of(answer.map(|a| a.text.as_str())),
        }
    }
}

fn get(receipt: *const secsmtp_receipt) -> Result<Arc<ReceiptObject>, Error> {
    handle::get(Handle::of(receipt), "receipt")
}

fn at<T>(list: &[T], index: i32) -> Option<&T> {
    list.get(usize::try_from(index).ok()?)
}

fn recipient<R>(
    receipt: *const secsmtp_receipt,
    index: i32,
    pick: impl FnOnce(&Recipient) -> R,
) -> Result<R, Error> {
    let beyond = || {
        Error::argument(
            crate::status::Status::Value,
            "index",
            "is beyond the last recipient",
        )
    };
    get(receipt).and_then(|r| at(&r.record.recipients, index).map(pick).ok_or_else(beyond))
}

fn count(len: usize) -> i32 {
    i32::try_from(len).unwrap_or(i32::MAX)
}

/// The outcome of the message: SECSMTP_OUTCOME_...
/// Threads: any. Errors: a negative status.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_receipt_outcome(receipt: *const secsmtp_receipt) -> i32 {
    guard::integer(|| Ok(get(receipt)?.record.outcome as i32))
}

/// The last stage reached: SECSMTP_STAGE_...
/// Threads: any. Errors: a negative status.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_receipt_stage(receipt: *const secsmtp_receipt) -> i32 {
    guard::integer(|| Ok(get(receipt)?.record.stage as i32))
}

/// 1 if a byte of the secret, or of anything computed from it, was written.
/// Threads: any. Errors: a negative status.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_receipt_secret_released(receipt: *const secsmtp_receipt) -> i32 {
    guard::integer(|| Ok(i32::from(get(receipt)?.record.secret_released)))
}

/// 1 if a byte of the content was written.
/// Threads: any. Errors: a negative status.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_receipt_content_released(receipt: *const secsmtp_receipt) -> i32 {
    guard::integer(|| Ok(i32::from(get(receipt)?.record.content_released)))
}

/// 1 if the connection had carried another message before. A secret was then released when the
/// connection was opened, if there was a login.
/// Threads: any. Errors: a negative status.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_receipt_connection_reused(receipt: *const secsmtp_receipt) -> i32 {
    guard::integer(|| Ok(i32::from(get(receipt)?.record.reused)))
}

/// The code of the deciding reply, or 0 if there was none (RFC 5321 section 4.2).
/// Threads: any. Errors: a negative status.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_receipt_smtp_code(receipt: *const secsmtp_receipt) -> i32 {
    guard::integer(|| {
        Ok(get(receipt)?
            .record
            .reply
            .as_ref()
            .map_or(0, |a| i32::from(a.code)))
    })
}

/// The enhanced status code of that reply (RFC 3463), for instance "2.0.0".
/// Ownership: the receipt's. Threads: any. Errors: the empty text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_receipt_enhanced_code(
    receipt: *const secsmtp_receipt,
    len_out: *mut usize,
) -> *const c_char {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::text(receipt.cast(), len_out, |o: &ReceiptObject| {
            Some(&o.texts().enhanced_code)
        })
    }
}

/// The text of that reply: controls escaped, own secrets removed, at most 1000 characters.
/// Ownership: the receipt's. Threads: any. Errors: the empty text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_receipt_server_text(
    receipt: *const secsmtp_receipt,
    len_out: *mut usize,
) -> *const c_char {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::text(receipt.cast(), len_out, |o: &ReceiptObject| {
            Some(&o.texts().server_text)
        })
    }
}

/// The Message-ID of the content, with its angle brackets.
/// Ownership: the receipt's. Threads: any. Errors: the empty text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_receipt_message_id(
    receipt: *const secsmtp_receipt,
    len_out: *mut usize,
) -> *const c_char {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::text(receipt.cast(), len_out, |o: &ReceiptObject| {
            Some(&o.texts().message_id)
        })
    }
}

/// The TLS version, "1.2" or "1.3".
/// Ownership: the receipt's. Threads: any. Errors: the empty text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_receipt_tls_version(
    receipt: *const secsmtp_receipt,
    len_out: *mut usize,
) -> *const c_char {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::text(receipt.cast(), len_out, |o: &ReceiptObject| {
            Some(&o.texts().tls_version)
        })
    }
}

/// The cipher suite by its IANA name.
/// Ownership: the receipt's. Threads: any. Errors: the empty text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_receipt_cipher_suite(
    receipt: *const secsmtp_receipt,
    len_out: *mut usize,
) -> *const c_char {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::text(receipt.cast(), len_out, |o: &ReceiptObject| {
            Some(&o.texts().cipher_suite)
        })
    }
}

/// The SASL mechanism of the login.
/// Ownership: the receipt's. Threads: any. Errors: the empty text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_receipt_mechanism(
    receipt: *const secsmtp_receipt,
    len_out: *mut usize,
) -> *const c_char {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::text(receipt.cast(), len_out, |o: &ReceiptObject| {
            Some(&o.texts().mechanism)
        })
    }
}

/// The channel binding of the login.
/// Ownership: the receipt's. Threads: any. Errors: the empty text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_receipt_channel_binding(
    receipt: *const secsmtp_receipt,
    len_out: *mut usize,
) -> *const c_char {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::text(receipt.cast(), len_out, |o: &ReceiptObject| {
            Some(&o.texts().channel_binding)
        })
    }
}

/// The pin that matched, as "sha256//BASE64".
/// Ownership: the receipt's. Threads: any. Errors: the empty text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_receipt_matched_pin(
    receipt: *const secsmtp_receipt,
    len_out: *mut usize,
) -> *const c_char {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::text(receipt.cast(), len_out, |o: &ReceiptObject| {
            Some(&o.texts().matched_pin)
        })
    }
}

/// The number of certificates that the server sent.
/// Threads: any. Errors: a negative status.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_receipt_spki_count(receipt: *const secsmtp_receipt) -> i32 {
    guard::integer(|| {
        let peer = get(receipt)?.record.peer.clone();
        Ok(count(peer.map_or(0, |peer| peer.spki.len())))
    })
}

/// The SHA-256 of the public key of a certificate that the server sent, as "sha256//BASE64"; index 0 is
/// the leaf.
/// Ownership: the receipt's. Threads: any. Errors: the empty text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_receipt_spki(
    receipt: *const secsmtp_receipt,
    index: i32,
    len_out: *mut usize,
) -> *const c_char {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::text(receipt.cast(), len_out, |o: &ReceiptObject| {
            at(&o.texts().spki, index)
        })
    }
}

/// The number of recipients of the message.
/// Threads: any. Errors: a negative status.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_receipt_recipient_count(receipt: *const secsmtp_receipt) -> i32 {
    guard::integer(|| Ok(count(get(receipt)?.record.recipients.len())))
}

/// A recipient's address, in the order given.
/// Ownership: the receipt's. Threads: any. Errors: the empty text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_receipt_recipient_address(
    receipt: *const secsmtp_receipt,
    index: i32,
    len_out: *mut usize,
) -> *const c_char {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::text(receipt.cast(), len_out, |o: &ReceiptObject| {
            at(&o.texts().recipients, index).map(|r| &r.address)
        })
    }
}

/// The outcome of the message for a recipient: SECSMTP_OUTCOME_...
/// Threads: any. Errors: a negative status.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_receipt_recipient_outcome(
    receipt: *const secsmtp_receipt,
    index: i32,
) -> i32 {
    guard::integer(|| recipient(receipt, index, |r| r.outcome as i32))
}

/// The code of the last reply about a recipient, or 0.
/// Threads: any. Errors: a negative status.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_receipt_recipient_smtp_code(
    receipt: *const secsmtp_receipt,
    index: i32,
) -> i32 {
    guard::integer(|| {
        recipient(receipt, index, |r| {
            r.reply.as_ref().map_or(0, |a| i32::from(a.code))
        })
    })
}

/// The enhanced status code of that reply.
/// Ownership: the receipt's. Threads: any. Errors: the empty text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_receipt_recipient_enhanced_code(
    receipt: *const secsmtp_receipt,
    index: i32,
    len_out: *mut usize,
) -> *const c_char {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::text(receipt.cast(), len_out, |o: &ReceiptObject| {
            at(&o.texts().recipients, index).map(|r| &r.enhanced_code)
        })
    }
}

/// The text of that reply.
/// Ownership: the receipt's. Threads: any. Errors: the empty text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_receipt_recipient_text(
    receipt: *const secsmtp_receipt,
    index: i32,
    len_out: *mut usize,
) -> *const c_char {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::text(receipt.cast(), len_out, |o: &ReceiptObject| {
            at(&o.texts().recipients, index).map(|r| &r.text)
        })
    }
}

/// Frees a receipt and its texts. NULL is a no-op.
/// Threads: any. Errors: SECSMTP_E_BAD_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_receipt_free(receipt: *mut secsmtp_receipt) -> i32 {
    guard::free::<ReceiptObject>(receipt.cast(), "receipt")
}

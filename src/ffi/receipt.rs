//! secsmtp_receipt: the record of one send. Its getters are in `getters.txt`.

use std::collections::TryReserveError;

use once_cell::race::OnceBox;

use super::boundary;
use super::handle::HandleKind;
use super::text::{JsonText, Text};
use crate::error::{Recipient, Record, ServerReply};

/// The record of one send: the outcome of the message and of each recipient, what left the machine, and
/// who the server was. An error of a send has one too (secsmtp_error_receipt).
/// Texts are UTF-8, valid until the receipt is freed, and empty where there is no value; their
/// length is stored in *len_out, which may be NULL. A number below 0 is a negative status: the handle is
/// not a live receipt, or the index is beyond the last.
/// Functions: secsmtp_receipt_outcome, _stage, _secret_released, _content_released,
/// _connection_reused, _smtp_code, _enhanced_code, _server_text, _message_id, _tls_version,
/// _cipher_suite, _mechanism, _channel_binding, _matched_pin, _spki_count, _spki, _recipient_count,
/// _recipient_address, _recipient_outcome, _recipient_smtp_code, _recipient_enhanced_code,
/// _recipient_text, _json, _free.
pub struct secsmtp_receipt(());

/// A record. Many callers read the outcome alone, so the texts are made when the first one is read.
pub(super) struct ReceiptObject {
    pub(super) record: Record,
    texts: OnceBox<Texts>,
    pub(super) json: JsonText,
}

/// The texts of a record, made ready for C.
pub(super) struct Texts {
    pub(super) enhanced_code: Text,
    pub(super) server_text: Text,
    pub(super) message_id: Text,
    pub(super) tls_version: Text,
    pub(super) cipher_suite: Text,
    pub(super) mechanism: Text,
    pub(super) channel_binding: Text,
    pub(super) matched_pin: Text,
    pub(super) spki: Vec<Text>,
    pub(super) recipients: Vec<RecipientTexts>,
}

pub(super) struct RecipientTexts {
    pub(super) address: Text,
    pub(super) enhanced_code: Text,
    pub(super) text: Text,
}

impl ReceiptObject {
    pub(super) fn new(record: Record) -> Self {
        Self {
            record,
            texts: OnceBox::new(),
            json: JsonText::default(),
        }
    }

    /// `None` without memory for them; a later call tries again.
    pub(super) fn texts(&self) -> Option<&Texts> {
        self.texts
            .get_or_try_init(|| Texts::new(&self.record).map(Box::new))
            .ok()
    }
}

impl Texts {
    fn new(record: &Record) -> Result<Self, TryReserveError> {
        let reply = record.reply.as_deref();
        let peer = record.peer.as_deref();
        let pin = peer
            .and_then(|peer| peer.matched_pin)
            .map(|pin| pin.to_string());
        let spki = peer.map_or(&[][..], |peer| &peer.spki).iter();
        Ok(Self {
            enhanced_code: Text::try_of(reply.and_then(|reply| reply.enhanced.as_deref()))?,
            server_text: Text::try_of(reply.map(|reply| reply.text.as_str()))?,
            message_id: Text::try_of(record.message_id.as_deref())?,
            tls_version: Text::try_of(peer.map(|peer| peer.tls_version))?,
            cipher_suite: Text::try_of(peer.map(|peer| peer.cipher_suite.as_str()))?,
            mechanism: Text::try_of(peer.and_then(|peer| peer.mechanism))?,
            channel_binding: Text::try_of(peer.and_then(|peer| peer.channel_binding))?,
            matched_pin: Text::try_of(pin.as_deref())?,
            spki: collect(spki.map(|pin| Text::try_of(Some(&pin.to_string()))))?,
            recipients: collect(record.recipients.iter().map(RecipientTexts::new))?,
        })
    }
}

impl RecipientTexts {
    fn new(recipient: &Recipient) -> Result<Self, TryReserveError> {
        let reply = recipient.reply.as_deref();
        Ok(Self {
            address: Text::try_of(Some(&recipient.address))?,
            enhanced_code: Text::try_of(reply.and_then(|reply| reply.enhanced.as_deref()))?,
            text: Text::try_of(reply.map(|reply| reply.text.as_str()))?,
        })
    }
}

/// Collects as many elements as the iterator says, if there is memory for them.
fn collect<T>(
    elements: impl ExactSizeIterator<Item = Result<T, TryReserveError>>,
) -> Result<Vec<T>, TryReserveError> {
    let mut all = Vec::new();
    all.try_reserve_exact(elements.len())?;
    for element in elements {
        all.push(element?);
    }
    Ok(all)
}

impl HandleKind for secsmtp_receipt {
    type Object = ReceiptObject;
    const NOUN: &'static str = "receipt";
}

/// The code of a reply as a getter returns it: 0 if there is no reply.
pub(super) fn smtp_code(reply: Option<&ServerReply>) -> i32 {
    reply.map_or(0, |reply| i32::from(reply.code))
}

/// The number of elements as a getter returns it.
pub(super) fn count(len: usize) -> i32 {
    i32::try_from(len).unwrap_or(i32::MAX)
}

/// Frees a receipt and its texts. NULL is a no-op.
/// Threads: any. Errors: SECSMTP_E_BAD_HANDLE.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_receipt_free(receipt: *mut secsmtp_receipt) -> i32 {
    boundary::free(receipt)
}

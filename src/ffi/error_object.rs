//! secsmtp_error: the object. Every exported function can make one.

use super::handle::HandleKind;
use super::text::{JsonText, Text};
use crate::argument::InvalidArgument;
use crate::error::Error;

/// The error of a call: its cause, its stage, and what left the machine. Texts and numbers behave as those
/// of secsmtp_receipt.
/// Functions: secsmtp_error_status, _stage, _outcome, _secret_released, _content_released, _retry,
/// _smtp_code, _enhanced_code, _server_text, _argument, _text, _receipt, _json, _free.
pub struct secsmtp_error(());

/// An error with its texts made ready for C.
pub(super) struct ErrorObject {
    pub(super) error: Error,
    pub(super) enhanced_code: Text,
    pub(super) server_text: Text,
    pub(super) argument: Text,
    pub(super) text: Text,
    pub(super) json: JsonText,
}

impl ErrorObject {
    pub(super) fn new(error: Error) -> Self {
        let reply = error.record.reply.as_deref();
        Self {
            enhanced_code: Text::of(reply.and_then(|a| a.enhanced.as_deref())),
            server_text: Text::of(reply.map(|a| a.text.as_str())),
            argument: Text::of(error.invalid_argument().map(InvalidArgument::argument)),
            text: Text::new(&error.to_string()),
            json: JsonText::default(),
            error,
        }
    }
}

impl HandleKind for secsmtp_error {
    type Object = ErrorObject;
    const NOUN: &'static str = "error";
}

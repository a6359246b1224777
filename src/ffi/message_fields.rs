//! secsmtp_message: the fields of its header.

use super::arguments::{self, ErrorOut, TextIn};
use super::boundary;
use super::message::{change, secsmtp_message};
use crate::error::Error;
use crate::message::{Field, Priority};

fn field(number: i32) -> Result<Field, Error> {
    arguments::choice(
        "field",
        number,
        Field::ALL.map(|field| (field as i32, field)),
    )
}

/// Adds an address to an address field (SECSMTP_FIELD_...): the bare address, and the display name,
/// which may be empty and is never searched for an address. Unless the envelope has recipients of its
/// own, its recipients are all addresses of To, Cc and Bcc, each once; its sender is Sender, or From.
/// Bcc is never part of the header. A domain beyond ASCII is written as A-labels; a local part beyond
/// ASCII needs a server with SMTPUTF8.
/// Ownership: copied. Threads: any. Errors: SECSMTP_E_ADDRESS; SECSMTP_E_HEADER for a name with controls
/// or with bidirectional control characters; SECSMTP_E_LENGTH beyond 10000.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_message_add_address(
    message: *mut secsmtp_message,
    field: i32,
    address: TextIn,
    address_len: i64,
    name: TextIn,
    name_len: i64,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(message, error_out, || {
        let field = self::field(field)?;
        let address = address.get("address", address_len)?;
        let name = name.get("name", name_len)?;
        change(message, |message| message.add_address(field, address, name))
    })
}

/// Adds addresses as people write them (RFC 5322 section 3.4), for instance `Anna Bee <a@example.com>,
/// "Cee, Dee" <c@example.com>, Team: e@example.com, f@example.com;`.
/// Ownership: copied. Threads: any. Errors: as secsmtp_message_add_address; a list that is ambiguous is
/// SECSMTP_E_ADDRESS.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_message_add_addresses(
    message: *mut secsmtp_message,
    field: i32,
    list: TextIn,
    list_len: i64,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(message, error_out, || {
        let field = self::field(field)?;
        let list = list.get_long("address list", list_len)?;
        change(message, |message| message.add_addresses(field, list))
    })
}

/// Sets the subject, in any language.
/// Ownership: copied. Threads: any. Errors: SECSMTP_E_HEADER for controls (CR, LF, NUL and the like) and
/// for bidirectional control characters.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_message_set_subject(
    message: *mut secsmtp_message,
    subject: TextIn,
    subject_len: i64,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(message, error_out, || {
        let subject = subject.get_long("subject", subject_len)?;
        change(message, |message| message.set_subject(subject))
    })
}

/// Sets the date: seconds since 1970, and the offset of its zone east of UTC in minutes. By default it
/// is the moment at which the message is first needed, in UTC.
/// Threads: any. Errors: SECSMTP_E_VALUE.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_message_set_date(
    message: *mut secsmtp_message,
    seconds: i64,
    zone_minutes: i32,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(message, error_out, || {
        change(message, |message| message.set_date(seconds, zone_minutes))
    })
}

/// Sets the Message-ID, with or without its angle brackets. By default a random one is made with the
/// domain of the From address.
/// Ownership: copied. Threads: any. Errors: SECSMTP_E_HEADER.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_message_set_message_id(
    message: *mut secsmtp_message,
    id: TextIn,
    id_len: i64,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(message, error_out, || {
        let id = id.get("message id", id_len)?;
        change(message, |message| message.set_message_id(id))
    })
}

/// Adds the Message-ID of a message that this one replies to (In-Reply-To), unchanged, with or without
/// its angle brackets, visible ASCII.
/// Ownership: copied. Threads: any. Errors: SECSMTP_E_HEADER.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_message_add_in_reply_to(
    message: *mut secsmtp_message,
    id: TextIn,
    id_len: i64,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(message, error_out, || {
        let id = id.get("in-reply-to", id_len)?;
        change(message, |message| message.add_in_reply_to(id))
    })
}

/// Adds a Message-ID of the conversation so far (References), the oldest first, unchanged, with or
/// without its angle brackets, visible ASCII.
/// Ownership: copied. Threads: any. Errors: SECSMTP_E_HEADER, SECSMTP_E_LENGTH beyond 1000.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_message_add_reference(
    message: *mut secsmtp_message,
    id: TextIn,
    id_len: i64,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(message, error_out, || {
        let id = id.get("references", id_len)?;
        change(message, |message| message.add_reference(id))
    })
}

/// Adds a header field of one's own. A value that is ASCII stays as it is, and is folded at white space.
/// Characters beyond ASCII are encoded by the syntax of the field: in addresses
/// (Disposition-Notification-To and the like), List-Id and Keywords the names; in URLs (List-Archive and
/// other List- fields, Archived-At) by percent; in parameters (Auto-Submitted) by RFC 2231; in JSON
/// (X-SMTPAPI and the like) as escapes; in ids, dates and tags (Autocrypt, Supersedes) they are an
/// error. In any other field the value is text, of which each word beyond ASCII is encoded (RFC 2047),
/// and so is one that looks encoded already: what was given is read back, but for white space at the
/// ends, which receivers drop. A tab is white space. Fields that have a function here, Content-, Resent-
/// and transport fields are refused.
/// Ownership: copied. Threads: any. Errors: SECSMTP_E_HEADER for an invalid name, and for a value with
/// controls, with bidirectional control characters, or not of the field's syntax; SECSMTP_E_LENGTH for a
/// word that is too long for a line of 998 bytes, and beyond 1000 fields.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_message_add_header(
    message: *mut secsmtp_message,
    name: TextIn,
    name_len: i64,
    value: TextIn,
    value_len: i64,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(message, error_out, || {
        let name = name.get("header name", name_len)?;
        let value = value.get_long("header value", value_len)?;
        change(message, |message| message.add_header(name, value))
    })
}

/// Adds a header field of your own that is sent as it is, for instance with encoded words that are made
/// already. It may be folded: a line end (LF or CRLF, sent as CRLF) followed by white space and text.
/// With characters beyond ASCII it needs a server with SMTPUTF8.
/// Ownership: copied. Threads: any. Errors: as secsmtp_message_add_header; any other line end is
/// SECSMTP_E_HEADER, and a line over 998 bytes SECSMTP_E_LENGTH.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_message_add_finished_header(
    message: *mut secsmtp_message,
    name: TextIn,
    name_len: i64,
    value: TextIn,
    value_len: i64,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(message, error_out, || {
        let name = name.get("header name", name_len)?;
        let value = value.get_long("header value", value_len)?;
        change(message, |message| message.add_finished_header(name, value))
    })
}

/// Sets the priority that the header shows: SECSMTP_PRIORITY_...
/// Threads: any. Errors: SECSMTP_E_VALUE.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_message_set_priority(
    message: *mut secsmtp_message,
    priority: i32,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(message, error_out, || {
        let priorities = Priority::ALL.map(|priority| (priority as i32, priority));
        let priority = arguments::choice("priority", priority, priorities)?;
        change(message, |message| {
            message.set_priority(priority);
            Ok(())
        })
    })
}

/// Adds a URI for unsubscribing (List-Unsubscribe, RFC 2369): https: or mailto:.
/// Ownership: copied. Threads: any. Errors: SECSMTP_E_HEADER.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_message_add_unsubscribe(
    message: *mut secsmtp_message,
    uri: TextIn,
    uri_len: i64,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(message, error_out, || {
        let uri = uri.get("list-unsubscribe", uri_len)?;
        change(message, |message| message.add_unsubscribe(uri))
    })
}

/// With 1, a POST to the https: URI unsubscribes at once (RFC 8058). With 0, the default, the field is
/// left out. A message with 1 and without an https: URI is not complete: it is SECSMTP_E_HEADER where
/// the message is used.
/// Threads: any. Errors: SECSMTP_E_VALUE for any other number.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_message_set_one_click(
    message: *mut secsmtp_message,
    one_click: i32,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(message, error_out, || {
        let one_click = arguments::flag("one click", one_click)?;
        change(message, |message| {
            message.set_one_click(one_click);
            Ok(())
        })
    })
}

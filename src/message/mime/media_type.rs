//! Media types (RFC 2045 section 5): that of an attachment by the ending of its name, for what people
//! attach, and no more. A crate with every type ever named would cost more
//! than the whole composition.

use std::path::Path;

use super::parameter::parameter;
use crate::error::Error;
use crate::status::Status;
use crate::support::redact;

/// One `ENDING TYPE` a line.
const TYPES: &str = include_str!("media_types.txt");

/// The type that the ending of `name` stands for, in any case.
pub(in crate::message) fn of_name(name: &str) -> Option<&'static str> {
    let ending = Path::new(name).extension()?.to_str()?;
    let rows = TYPES.lines().filter_map(|line| line.split_once(' '));
    let mut found = rows.filter(|(known, _)| known.eq_ignore_ascii_case(ending));
    found.next().map(|(_, media_type)| media_type)
}

/// `type/subtype` in lower case, without parameters.
pub(in crate::message) fn essence(media_type: &str) -> String {
    let essence = media_type.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

/// Checks `type/subtype; key=value`.
pub(super) fn check_type(text: &str) -> Result<(), Error> {
    let wrong = |why: &str| {
        let why = format!("\"{}\" {why}", redact::escape(text.as_bytes(), 80));
        Err(Error::argument(Status::Header, "content type", why))
    };
    let visible = text.len() <= 200 && text.bytes().all(|b| matches!(b, b' '..=b'~'));
    let without_parameters = text.split(';').next().unwrap_or_default().trim_end();
    let token = |t: &str| {
        !t.is_empty()
            && t.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
    };
    let typed = without_parameters
        .split_once('/')
        .is_some_and(|(kind, sub)| token(kind) && token(sub));
    if !visible || !typed {
        return wrong("is not a media type such as image/png");
    }
    if essence(text).starts_with("multipart/") {
        let boundary = parameter(text, "boundary").unwrap_or_default();
        if !(1..=70).contains(&boundary.len()) {
            return wrong("has no boundary of 1 to 70 characters");
        }
    }
    Ok(())
}

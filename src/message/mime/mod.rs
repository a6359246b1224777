//! Content composed from a draft: header fields, MIME parts and their encodings.

pub(super) mod as_given;
pub(super) mod base64_lines;
pub(super) mod calendar;
pub(super) mod compose;
pub(super) mod composed;
pub(super) mod custom;
pub(super) mod field;
pub(super) mod media_type;
pub(super) mod part;
pub(super) mod text;

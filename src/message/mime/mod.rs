//! Content composed from a draft: header fields, MIME parts and their encodings.

pub(super) mod as_given;
pub(super) mod base64_lines;
mod calendar;
pub(super) mod compose;
pub(super) mod composed;
mod custom;
pub(super) mod draft;
mod encoded_words;
pub(super) mod field_check;
mod fields;
mod header_writer;
mod media_type;
mod message_id;
mod parameter;
pub(super) mod part;
mod text;
mod tree;
mod utf8;

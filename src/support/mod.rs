//! Helpers without knowledge of mail: secrets in memory, text made safe to show, dates, host names, string sets.

#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)
)]

pub(crate) mod date;
pub mod idn;
pub mod io_words;
pub mod redact;
pub mod secret;
pub(crate) mod string_set;

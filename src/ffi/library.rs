//! The library itself: versions, names of numbers.

use std::ffi::{CString, c_char};

use once_cell::sync::Lazy;

use super::constants::SECSMTP_ABI_VERSION;
use super::{guard, handle};
use crate::error::{Outcome, Stage};
use crate::status::TABLE;

/// The ABI's number: compare it with SECSMTP_ABI_VERSION before any other call.
/// Threads: any. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_abi_version() -> u32 {
    guard::plain(SECSMTP_ABI_VERSION, || SECSMTP_ABI_VERSION)
}

/// The release as a number: major * 1000000 + minor * 1000 + patch.
/// Threads: any. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_version_number() -> u32 {
    guard::plain(0, || {
        let part = |text: &str| text.parse::<u32>().unwrap_or(0);
        part(env!("CARGO_PKG_VERSION_MAJOR"))
            .saturating_mul(1_000_000)
            .saturating_add(part(env!("CARGO_PKG_VERSION_MINOR")).saturating_mul(1000))
            .saturating_add(part(env!("CARGO_PKG_VERSION_PATCH")))
    })
}

/// The release as text, for instance "0.1.0".
/// Ownership: the library's, for ever. Threads: any. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_version_string() -> *const c_char {
    guard::plain(guard::name(c""), || {
        concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
    })
}

/// The name of a status, for instance "SECSMTP_E_PIN_MISMATCH"; empty for a number that is none.
/// Ownership: the library's, for ever. Threads: any. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_status_name(status: i32) -> *const c_char {
    guard::plain(guard::name(c""), || named(&STATUS_NAMES, status))
}

/// A status in one sentence; empty for a number that is none.
/// Ownership: the library's, for ever. Threads: any. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_status_text(status: i32) -> *const c_char {
    guard::plain(guard::name(c""), || named(&STATUS_TEXTS, status))
}

/// A stage in one word, for instance "connect"; empty for a number that is none.
/// Ownership: the library's, for ever. Threads: any. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_stage_name(stage: i32) -> *const c_char {
    guard::plain(guard::name(c""), || named(&STAGE_NAMES, stage))
}

/// An outcome in one word, for instance "not_sent"; empty for a number that is none.
/// Ownership: the library's, for ever. Threads: any. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_outcome_name(outcome: i32) -> *const c_char {
    guard::plain(guard::name(c""), || named(&OUTCOME_NAMES, outcome))
}

/// How many handles are alive in this process: 0 once a program has freed all of its own.
/// Threads: any. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_debug_live_handles() -> i64 {
    guard::plain(0, || i64::try_from(handle::live()).unwrap_or(i64::MAX))
}

type Names = Vec<(i32, CString)>;

// The tables have Rust's texts; C wants a NUL behind each, made once.
static STATUS_NAMES: Lazy<Names> = Lazy::new(|| names(TABLE.iter().map(|r| (r.0.number(), r.1))));
static STATUS_TEXTS: Lazy<Names> = Lazy::new(|| names(TABLE.iter().map(|r| (r.0.number(), r.2))));
static STAGE_NAMES: Lazy<Names> = Lazy::new(|| names(Stage::ALL.map(|s| (s as i32, s.name()))));
static OUTCOME_NAMES: Lazy<Names> = Lazy::new(|| names(Outcome::ALL.map(|o| (o as i32, o.name()))));

fn names(rows: impl IntoIterator<Item = (i32, &'static str)>) -> Names {
    rows.into_iter()
        .map(|(n, text)| (n, CString::new(text).unwrap_or_default()))
        .collect()
}

fn named(names: &'static Names, number: i32) -> *const c_char {
    let found = names.iter().find(|row| row.0 == number);
    found.map_or(guard::name(c""), |row| row.1.as_ptr())
}

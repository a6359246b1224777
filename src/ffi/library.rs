//! The library itself: versions, names of numbers.

use std::ffi::{CStr, CString, c_char};

use once_cell::race::OnceBox;

use super::constants::SECSMTP_ABI_VERSION;
use super::{boundary, handle};
use crate::error::{Outcome, Stage};
use crate::status::TABLE;

/// The number of the ABI. Compare it with SECSMTP_ABI_VERSION before any other call.
/// Threads: any. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_abi_version() -> u32 {
    boundary::infallible(SECSMTP_ABI_VERSION, || SECSMTP_ABI_VERSION)
}

/// The release as a number: major * 1000000 + minor * 1000 + patch.
/// Threads: any. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_version_number() -> u32 {
    boundary::infallible(0, || {
        let part = |text: &str| text.parse::<u32>().unwrap_or(0);
        part(env!("CARGO_PKG_VERSION_MAJOR"))
            .saturating_mul(1_000_000)
            .saturating_add(part(env!("CARGO_PKG_VERSION_MINOR")).saturating_mul(1000))
            .saturating_add(part(env!("CARGO_PKG_VERSION_PATCH")))
    })
}

/// The release as text, for instance "0.1.0".
/// Ownership: the library's, and always valid. Threads: any. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_version_string() -> *const c_char {
    boundary::static_text(|| {
        CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()).ok()
    })
}

/// The name of a status, for instance "SECSMTP_E_PIN_MISMATCH"; empty for a number that is not a status.
/// Ownership: the library's, and always valid. Threads: any. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_status_name(status: i32) -> *const c_char {
    boundary::static_text(|| named(&STATUS_NAMES, status_names, status))
}

/// A sentence about a status; empty for a number that is not a status.
/// Ownership: the library's, and always valid. Threads: any. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_status_text(status: i32) -> *const c_char {
    boundary::static_text(|| named(&STATUS_TEXTS, status_texts, status))
}

/// The name of a stage, for instance "connect"; empty for a number that is not a stage.
/// Ownership: the library's, and always valid. Threads: any. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_stage_name(stage: i32) -> *const c_char {
    boundary::static_text(|| named(&STAGE_NAMES, stage_names, stage))
}

/// The name of an outcome, for instance "not_sent"; empty for a number that is not an outcome.
/// Ownership: the library's, and always valid. Threads: any. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_outcome_name(outcome: i32) -> *const c_char {
    boundary::static_text(|| named(&OUTCOME_NAMES, outcome_names, outcome))
}

/// The number of handles in this process that are not freed: 0 once a program has freed all of its own.
/// Threads: any. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_debug_live_handles() -> i64 {
    boundary::infallible(0, || i64::try_from(handle::live()).unwrap_or(i64::MAX))
}

type Names = Vec<(i32, CString)>;

// The tables have Rust's texts; the NUL-terminated ones for C are made once.
static STATUS_NAMES: OnceBox<Names> = OnceBox::new();
static STATUS_TEXTS: OnceBox<Names> = OnceBox::new();
static STAGE_NAMES: OnceBox<Names> = OnceBox::new();
static OUTCOME_NAMES: OnceBox<Names> = OnceBox::new();

fn status_names() -> Names {
    names(TABLE.iter().map(|row| (row.0.number(), row.1)))
}

fn status_texts() -> Names {
    names(TABLE.iter().map(|row| (row.0.number(), row.2)))
}

fn stage_names() -> Names {
    names(Stage::ALL.map(|stage| (stage as i32, stage.name())))
}

fn outcome_names() -> Names {
    names(Outcome::ALL.map(|outcome| (outcome as i32, outcome.name())))
}

fn names(rows: impl IntoIterator<Item = (i32, &'static str)>) -> Names {
    rows.into_iter()
        .map(|(n, text)| (n, CString::new(text).unwrap_or_default()))
        .collect()
}

fn named(
    names: &'static OnceBox<Names>,
    make: fn() -> Names,
    number: i32,
) -> Option<&'static CStr> {
    let names = names.get_or_init(|| Box::new(make()));
    let found = names.iter().find(|row| row.0 == number);
    found.map(|row| row.1.as_c_str())
}

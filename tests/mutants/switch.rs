//! Which mutant is active: written into the copy of the sources by tests/mutants, never into the tree.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

const UNREAD: u32 = u32::MAX;
const RECORD: u32 = u32::MAX - 1;

static ACTIVE: AtomicU32 = AtomicU32::new(UNREAD);
static REACHED: [AtomicBool; COUNT] = [const { AtomicBool::new(false) }; COUNT];

/// True if mutant `number` is the one named by SECSMTP_MUTANT. With SECSMTP_MUTANT_RECORD, none is
/// active, and the numbers asked for are written to that file.
#[inline]
pub fn is(number: u32) -> bool {
    let active = ACTIVE.load(Relaxed);
    if active < RECORD {
        return active == number;
    }
    read(active, number)
}

#[cold]
fn read(mut active: u32, number: u32) -> bool {
    let record = std::env::var_os("SECSMTP_MUTANT_RECORD");
    if active == UNREAD {
        let named = std::env::var("SECSMTP_MUTANT").ok();
        active = match &record {
            Some(_) => RECORD,
            None => named.and_then(|named| named.parse().ok()).unwrap_or(0),
        };
        ACTIVE.store(active, Relaxed);
    }
    if let (RECORD, Some(path)) = (active, record) {
        if !REACHED[number as usize].swap(true, Relaxed) {
            if let Ok(mut file) = OpenOptions::new().append(true).create(true).open(path) {
                let _ = file.write_all(format!("{number}\n").as_bytes());
            }
        }
    }
    active == number
}

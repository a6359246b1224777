//! Allocation of sizes that a caller or a peer chooses: a failure is an error, not an abort of the host.

#![forbid(unsafe_code)]

use std::collections::TryReserveError;

/// An empty vector with room for this number of bytes.
pub(crate) fn with_room(len: usize) -> Result<Vec<u8>, TryReserveError> {
    let mut room = Vec::new();
    room.try_reserve_exact(len)?;
    Ok(room)
}

/// A copy of bytes.
pub(crate) fn copy(bytes: &[u8]) -> Result<Vec<u8>, TryReserveError> {
    let mut copy = with_room(bytes.len())?;
    copy.extend_from_slice(bytes);
    Ok(copy)
}

/// A copy of a text.
pub(crate) fn copy_text(text: &str) -> Result<String, TryReserveError> {
    let mut copy = String::new();
    copy.try_reserve_exact(text.len())?;
    copy.push_str(text);
    Ok(copy)
}

/// Appends bytes.
pub(crate) fn append(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), TryReserveError> {
    out.try_reserve(bytes.len())?;
    out.extend_from_slice(bytes);
    Ok(())
}

/// Checks that `len` times `each` bytes can be allocated, before code that would abort on a failure.
pub(crate) fn check(len: usize, each: usize) -> Result<(), TryReserveError> {
    with_room(len.saturating_mul(each)).map(drop)
}

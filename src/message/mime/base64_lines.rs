//! Base64 as MIME has it (RFC 2045 section 6.8): lines of 76 characters, each ended by CRLF.

use std::collections::TryReserveError;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Bytes of a line before encoding, and characters of it after.
pub(crate) const RAW_LINE: usize = 57;
const LINE: usize = 76;

/// Bytes that `raw` bytes make.
pub(crate) fn encoded_len(raw: u64) -> Option<u64> {
    let (full, rest) = (raw / RAW_LINE as u64, raw % RAW_LINE as u64);
    let last = match rest {
        0 => 0,
        rest => rest.div_ceil(3) * 4 + 2,
    };
    full.checked_mul(LINE as u64 + 2)?.checked_add(last)
}

/// Appends `raw` as lines. All calls but the last are for whole lines.
pub(crate) fn encode(raw: &[u8], out: &mut Vec<u8>) -> Result<(), TryReserveError> {
    let lines = raw.len().div_ceil(RAW_LINE);
    let text = raw.len().div_ceil(3) * 4;
    let start = out.len();
    out.try_reserve(text + 2 * lines)?;
    out.resize(start + text + 2 * lines, 0);
    let room = &mut out[start..];
    // In one go at the room's end: much faster than line by line. Each line then moves to its
    // place, which lies before it.
    let begin = 2 * lines;
    // The room has the exact size, so that it can't fail.
    let _ = STANDARD.encode_slice(raw, &mut room[begin..]);
    for line in 0..lines {
        let (from, to) = (begin + line * LINE, line * (LINE + 2));
        let len = LINE.min(begin + text - from);
        room.copy_within(from..from + len, to);
        room[to + len..to + len + 2].copy_from_slice(b"\r\n");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_whole_and_their_length_is_known() {
        for n in 0..400_usize {
            let raw: Vec<u8> = (0..n).map(|i| (i * 7) as u8).collect();
            let mut out = Vec::new();
            encode(&raw, &mut out).unwrap();
            assert_eq!(out.len() as u64, encoded_len(n as u64).unwrap());
            let text = String::from_utf8(out).unwrap();
            assert!(text.split("\r\n").all(|line| line.len() <= LINE));
            assert!(text.is_empty() || text.ends_with("\r\n"));
            assert_eq!(STANDARD.decode(text.replace("\r\n", "")).unwrap(), raw);
        }
    }
}

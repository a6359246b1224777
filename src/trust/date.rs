//! Seconds since 1970 as RFC 3339 text in UTC, and back.

use std::time::Duration;

use spki::der::DateTime;

/// For instance `2026-11-23T00:00:00Z`; beyond the year 9999 the number as it is.
pub(crate) fn text(seconds: u64) -> String {
    DateTime::from_unix_duration(Duration::from_secs(seconds))
        .map_or_else(|_| seconds.to_string(), |date| date.to_string())
}

/// Reads that form and no other.
pub(crate) fn parse(text: &str) -> Option<u64> {
    let date: DateTime = text.parse().ok()?;
    (date.to_string() == text).then(|| date.unix_duration().as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_go_there_and_back() {
        assert_eq!(text(1_795_132_800), "2026-11-20T00:00:00Z");
        assert_eq!(parse("2026-11-20T00:00:00Z"), Some(1_795_132_800));
        assert_eq!(text(u64::MAX), u64::MAX.to_string());
        for bad in [
            "",
            "2026-11-20",
            "2026-13-20T00:00:00Z",
            "2026-11-20T00:00:00+01:00",
            "2026-11-20T00:00:00.5Z",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}

//! Dates of the Gregorian calendar, which the crate der has, from seconds since 1970.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use spki::der::DateTime;

/// The last second of the year 9999: dates have four digits for the year.
pub(crate) const MAX_SECONDS: i64 = 253_402_300_799;

/// The current time in seconds since 1970.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |d| i64::try_from(d.as_secs()).unwrap_or(MAX_SECONDS))
}

/// Formats RFC 3339 in UTC, for instance `2026-11-23T00:00:00Z`; beyond the year 9999 the number.
pub(crate) fn rfc3339(seconds: u64) -> String {
    DateTime::from_unix_duration(Duration::from_secs(seconds))
        .map_or_else(|_| seconds.to_string(), |date| date.to_string())
}

/// Parses the form that [`rfc3339`] writes, and no other.
pub(crate) fn parse_rfc3339(text: &str) -> Option<u64> {
    let date: DateTime = text.parse().ok()?;
    (date.to_string() == text).then(|| date.unix_duration().as_secs())
}

/// RFC 5322 section 3.3, for instance `Mon, 23 Nov 2026 10:00:00 +0000`; `offset` is the zone's, in minutes
/// east of Greenwich. Beyond the years 1970 to 9999 it is the nearest second of them.
pub(crate) fn rfc5322(seconds: i64, offset: i32) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let local = seconds.saturating_add(i64::from(offset).saturating_mul(60));
    let local = local.clamp(0, MAX_SECONDS).unsigned_abs();
    let date =
        DateTime::from_unix_duration(Duration::from_secs(local)).unwrap_or(DateTime::INFINITY);
    let day_of_week = DAYS.get((local / 86_400 % 7) as usize);
    let month = MONTHS.get(usize::from(date.month()).saturating_sub(1));
    let sign = if offset < 0 { '-' } else { '+' };
    let zone = offset.unsigned_abs();
    format!(
        "{}, {} {} {} {:02}:{:02}:{:02} {sign}{:02}{:02}",
        day_of_week.copied().unwrap_or_default(),
        date.day(),
        month.copied().unwrap_or_default(),
        date.year(),
        date.hour(),
        date.minutes(),
        date.seconds(),
        zone / 60,
        zone % 60,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_and_read_as_rfc_3339_has_them() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_795_132_800, "2026-11-20T00:00:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(rfc3339(seconds), text);
            assert_eq!(parse_rfc3339(text), Some(seconds));
        }
        assert_eq!(rfc3339(u64::MAX), u64::MAX.to_string());
        for bad in [
            "",
            "2026-11-20",
            "2026-13-20T00:00:00Z",
            "2026-11-20T00:00:00+01:00",
            "2026-11-20T00:00:00.5Z",
        ] {
            assert_eq!(parse_rfc3339(bad), None, "{bad}");
        }
    }

    #[test]
    fn dates_are_written_as_rfc_5322_has_them() {
        for (seconds, offset, text) in [
            (0, 0, "Thu, 1 Jan 1970 00:00:00 +0000"),
            (951_827_696, 0, "Tue, 29 Feb 2000 12:34:56 +0000"),
            (1_795_428_272, 60, "Mon, 23 Nov 2026 11:04:32 +0100"),
            (1_704_067_199, -210, "Sun, 31 Dec 2023 20:29:59 -0330"),
            (4_107_542_400, 0, "Mon, 1 Mar 2100 00:00:00 +0000"),
            (MAX_SECONDS, 0, "Fri, 31 Dec 9999 23:59:59 +0000"),
            (MAX_SECONDS, 60, "Fri, 31 Dec 9999 23:59:59 +0100"),
        ] {
            assert_eq!(rfc5322(seconds, offset), text);
        }
    }
}

//! The Date field (RFC 5322 section 3.3).

use std::time::{SystemTime, UNIX_EPOCH};

/// The end of the year 9999: dates have four digits for the year.
pub(crate) const MAX_SECONDS: i64 = 253_402_300_799;

/// Seconds since 1970 of now.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |d| i64::try_from(d.as_secs()).unwrap_or(MAX_SECONDS))
}

/// `Mon, 23 Nov 2026 10:00:00 +0000`; `offset` is the zone's, in minutes east of Greenwich.
pub(crate) fn format(seconds: i64, offset: i32) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let local = (seconds + i64::from(offset) * 60).clamp(0, MAX_SECONDS);
    let (days, time) = (local / 86_400, local % 86_400);
    let (year, month, day) = civil(days);
    let sign = if offset < 0 { '-' } else { '+' };
    let zone = offset.unsigned_abs();
    format!(
        "{}, {day} {} {year} {:02}:{:02}:{:02} {sign}{:02}{:02}",
        DAYS[(days % 7) as usize],
        MONTHS[month as usize],
        time / 3600,
        time / 60 % 60,
        time % 60,
        zone / 60,
        zone % 60,
    )
}

/// Year, month from 0, and day of a number of days since 1970, by the Gregorian calendar.
fn civil(mut days: i64) -> (i64, i64, i64) {
    let leap = |y: i64| y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
    let mut year = 1970;
    loop {
        let length = if leap(year) { 366 } else { 365 };
        if days < length {
            break;
        }
        days -= length;
        year += 1;
    }
    let february = if leap(year) { 29 } else { 28 };
    let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    for length in lengths {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_as_the_calendar_has_them() {
        for (seconds, offset, text) in [
            (0, 0, "Thu, 1 Jan 1970 00:00:00 +0000"),
            (951_827_696, 0, "Tue, 29 Feb 2000 12:34:56 +0000"),
            (1_795_428_272, 60, "Mon, 23 Nov 2026 11:04:32 +0100"),
            (1_704_067_199, -210, "Sun, 31 Dec 2023 20:29:59 -0330"),
            (4_107_542_400, 0, "Mon, 1 Mar 2100 00:00:00 +0000"),
            (MAX_SECONDS, 0, "Fri, 31 Dec 9999 23:59:59 +0000"),
        ] {
            assert_eq!(format(seconds, offset), text);
        }
    }
}

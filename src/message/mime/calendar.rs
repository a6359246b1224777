//! The METHOD of a calendar object: that of the part must be the one inside (RFC 6047 section 2.4).

use crate::error::Error;
use crate::memory;
use crate::message::content::lines::lines;
use crate::status::Status;
use crate::support::redact;

/// Checks that each calendar of the text has this METHOD, the only one.
///
/// # Errors
/// [`Status::Header`] for another METHOD, or none.
pub(in crate::message) fn check_method(method: &str, calendar: &[u8]) -> Result<(), Error> {
    let wrong = |why: String| Err(Error::argument(Status::Header, "calendar method", why));
    // One line may be all of it.
    memory::check(calendar.len(), 4)?;
    let mut lines = lines(calendar)
        .filter(|line| !line.is_empty())
        .map(String::from_utf8_lossy)
        .peekable();
    let (mut depth, mut found) = (0_usize, false);
    while let Some(mut line) = lines.next() {
        while let Some(more) = lines.next_if(|line| line.starts_with([' ', '\t'])) {
            line.to_mut().push_str(&more[1..]);
        }
        let name = line.split([':', ';']).next().unwrap_or_default().trim();
        let is = |wanted: &str| name.eq_ignore_ascii_case(wanted);
        if is("BEGIN") {
            depth += 1;
        } else if is("END") {
            depth = depth.saturating_sub(1);
        } else if is("METHOD") && depth <= 1 {
            let inside = line.rsplit(':').next().unwrap_or_default().trim();
            if !inside.eq_ignore_ascii_case(method) {
                let inside = redact::escape(inside.as_bytes(), 80);
                return wrong(format!(
                    "is {method}, found METHOD:{inside} in the calendar"
                ));
            }
            found = true;
        }
    }
    match found {
        true => Ok(()),
        false => wrong(format!(
            "is {method}, and the calendar has no METHOD: add METHOD:{method} to it"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_method_inside_is_the_one_of_the_part() {
        for good in [
            "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n",
            "BEGIN:VCALENDAR\nVERSION:2.0\nmethod;X-A=\"a:b\":request \nBEGIN:VEVENT\nMETHOD:X\nEND:VEVENT\n",
            "BEGIN:VCALENDAR\r\nMETH\r\n OD:REQ\r\n\tUEST\r\nEND:VCALENDAR",
            "METHOD:REQUEST",
        ] {
            check_method("REQUEST", good.as_bytes()).unwrap();
        }
        for (bad, word) in [
            ("", "has no METHOD"),
            ("BEGIN:VCALENDAR\nEND:VCALENDAR\n", "has no METHOD"),
            (
                "BEGIN:VCALENDAR\nDESCRIPTION:x\n METHOD:REQUEST\nEND:VCALENDAR\n",
                "has no METHOD",
            ),
            (
                "BEGIN:VCALENDAR\nBEGIN:VEVENT\nMETHOD:REQUEST\nEND:VEVENT\n",
                "has no METHOD",
            ),
            (
                "BEGIN:VCALENDAR\nMETHOD:CANCEL\nEND:VCALENDAR\n",
                "METHOD:CANCEL",
            ),
            ("BEGIN:VCALENDAR\nMETHOD:\nEND:VCALENDAR\n", "found METHOD:"),
            (
                "BEGIN:VCALENDAR\nMETHOD:REQUEST\nEND:VCALENDAR\nBEGIN:VCALENDAR\nMETHOD:REPLY\n",
                "METHOD:REPLY",
            ),
        ] {
            let error = check_method("REQUEST", bad.as_bytes()).unwrap_err();
            assert_eq!(error.status(), Status::Header);
            assert!(error.to_string().contains(word), "{error}");
        }
    }
}

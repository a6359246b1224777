//! The capabilities of a server (RFC 5321 section 4.1.1.1), from its reply to EHLO.

use super::reply::Reply;
use crate::error::ReplyFault;

/// The maximum number of mechanisms in AUTH; some fifty are registered.
pub const MAX_MECHANISMS: usize = 128;

/// The capabilities that this library uses, and all lines for display.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Each line after the first, as text; what is not ASCII graphic or space is left out.
    pub lines: Vec<String>,
    /// STARTTLS (RFC 3207).
    pub starttls: bool,
    /// 8BITMIME (RFC 6152).
    pub eight_bit_mime: bool,
    /// BINARYMIME (RFC 3030 section 3).
    pub binary_mime: bool,
    /// SMTPUTF8 (RFC 6531).
    pub smtputf8: bool,
    /// PIPELINING (RFC 2920).
    pub pipelining: bool,
    /// CHUNKING (RFC 3030).
    pub chunking: bool,
    /// SIZE (RFC 1870): offered, and the limit if it names one above 0.
    pub size: Option<Option<u64>>,
    /// DSN (RFC 3461).
    pub dsn: bool,
    /// DELIVERBY (RFC 2852): offered, and the least seconds for a return, if it names them.
    pub deliver_by: Option<Option<u64>>,
    /// FUTURERELEASE (RFC 4865): the most seconds that a message is held.
    pub future_release: Option<u64>,
    /// MT-PRIORITY (RFC 6710).
    pub mt_priority: bool,
    /// REQUIRETLS (RFC 8689).
    pub require_tls: bool,
    /// LIMITS (RFC 9422).
    pub limits: Limits,
    /// AUTH (RFC 4954): the mechanisms in capitals; `None` when not offered.
    pub auth: Option<Vec<String>>,
}

/// The limits that a server announces (RFC 9422 section 4).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// Transactions in one session.
    pub mail_max: Option<u64>,
    /// Recipients in one transaction.
    pub rcpt_max: Option<u64>,
    /// Different domains of recipients in one session.
    pub rcpt_domain_max: Option<u64>,
}

impl Limits {
    /// Parses `NAME=number`; anything else is no limit.
    fn add(&mut self, word: &str) {
        let Some((name, number)) = word.split_once('=') else {
            return;
        };
        let number = limit(Some(number).filter(|digits| digits.len() <= 6));
        let slot = match name.to_ascii_uppercase().as_str() {
            "MAILMAX" => &mut self.mail_max,
            "RCPTMAX" => &mut self.rcpt_max,
            "RCPTDOMAINMAX" => &mut self.rcpt_domain_max,
            _ => return,
        };
        *slot = stricter(*slot, number);
    }
}

/// Reads the reply to EHLO. Keywords are compared exactly, without regard to case; lines that
/// are not valid are ignored.
///
/// # Errors
/// [`ReplyFault::TooLong`] for more than [`MAX_MECHANISMS`].
pub fn capabilities(reply: &Reply) -> Result<Capabilities, ReplyFault> {
    let mut found = Capabilities::default();
    for line in reply.lines().skip(1) {
        let Ok(line) = std::str::from_utf8(line) else {
            continue;
        };
        if !line.bytes().all(|b| b == b' ' || b.is_ascii_graphic()) {
            continue;
        }
        let mut words = line.split(' ').filter(|word| !word.is_empty());
        let Some(keyword) = words.next() else {
            continue;
        };
        found.lines.push(line.to_owned());
        match keyword.to_ascii_uppercase().as_str() {
            "STARTTLS" => found.starttls = true,
            "8BITMIME" => found.eight_bit_mime = true,
            "BINARYMIME" => found.binary_mime = true,
            "SMTPUTF8" => found.smtputf8 = true,
            "PIPELINING" => found.pipelining = true,
            "CHUNKING" => found.chunking = true,
            "SIZE" => found.size = Some(stricter(found.size.flatten(), limit(words.next()))),
            "DSN" => found.dsn = true,
            // A minimum time: the stricter of two is the longer.
            "DELIVERBY" => {
                found.deliver_by = Some(found.deliver_by.flatten().max(limit(words.next())));
            }
            "FUTURERELEASE" => {
                found.future_release = stricter(found.future_release, limit(words.next()));
            }
            "MT-PRIORITY" => found.mt_priority = true,
            "REQUIRETLS" => found.require_tls = true,
            "LIMITS" => words.for_each(|word| found.limits.add(word)),
            "AUTH" => add_mechanisms(&mut found.auth, None, words)?,
            // The form of servers older than the RFC: `AUTH=LOGIN`.
            other => {
                if let Some(first) = other.strip_prefix("AUTH=") {
                    add_mechanisms(&mut found.auth, Some(first), words)?;
                }
            }
        }
    }
    Ok(found)
}

/// A limit of plain digits above 0; anything else is no limit (RFC 1870 section 4).
fn limit(word: Option<&str>) -> Option<u64> {
    let word = word.filter(|w| w.bytes().all(|b| b.is_ascii_digit()))?;
    word.parse().ok().filter(|n| *n > 0)
}

fn stricter(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

fn add_mechanisms<'a>(
    auth: &mut Option<Vec<String>>,
    first: Option<&'a str>,
    rest: impl Iterator<Item = &'a str>,
) -> Result<(), ReplyFault> {
    let list = auth.get_or_insert_default();
    for word in first.into_iter().chain(rest) {
        let word = word.to_ascii_uppercase();
        // RFC 4422 section 3.1: 1 to 20 of these.
        let valid = (1..=20).contains(&word.len())
            && word
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if !valid || list.contains(&word) {
            continue;
        }
        if list.len() >= MAX_MECHANISMS {
            return Err(ReplyFault::TooLong {
                limit: MAX_MECHANISMS,
                unit: "login mechanisms",
            });
        }
        list.push(word);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::reply::{MAX_LINES, parse};
    use super::*;

    fn of(text: &str) -> Capabilities {
        capabilities(&parse(text.as_bytes()).unwrap().unwrap().0).unwrap()
    }

    #[test]
    fn e12_each_line_of_the_longest_reply_is_read() {
        for before in [0, 63, 64, 90, MAX_LINES - 2] {
            let found = of(&format!(
                "250-h\r\n{}250 AUTH PLAIN\r\n",
                "250-X-MORE\r\n".repeat(before)
            ));
            assert_eq!(found.lines.len(), before + 1);
            assert_eq!(found.auth.unwrap(), ["PLAIN"], "{before}");
        }
    }

    #[test]
    fn e12_mechanisms_are_read_to_their_limit_and_more_are_an_error() {
        let reply = |count: usize| {
            let names: Vec<_> = (0..count).map(|n| format!("X{n}")).collect();
            Reply::new(250, format!("h\nAUTH X0 {}", names.join(" ")).into_bytes())
        };
        let found = capabilities(&reply(MAX_MECHANISMS)).unwrap();
        assert_eq!(found.auth.unwrap().len(), MAX_MECHANISMS);
        let fault = capabilities(&reply(MAX_MECHANISMS + 1)).unwrap_err();
        assert!(matches!(fault, ReplyFault::TooLong { limit: 128, .. }));
    }

    #[test]
    fn keywords_are_found_in_any_case() {
        let found =
            of("250-host STARTTLS\r\n250-Pipelining\r\n250-auth plain LOGIN\r\n250 size 5\r\n");
        assert!(found.pipelining && !found.starttls);
        assert_eq!(found.auth.unwrap(), ["PLAIN", "LOGIN"]);
        assert_eq!(found.size, Some(Some(5)));
    }

    #[test]
    fn b02_a_mangled_starttls_is_none() {
        for line in [
            "XXXXXXXA",
            "STARTTLSX",
            "STARTTL",
            "XSTARTTLS",
            "START TLS",
            "STARTTLS\t",
        ] {
            assert!(!of(&format!("250-h\r\n250 {line}\r\n")).starttls, "{line}");
        }
        assert!(of("250-h\r\n250 sTaRtTlS\r\n").starttls);
    }

    #[test]
    fn what_a_message_may_ask_for_is_found() {
        let found = of(
            "250-h\r\n250-DSN\r\n250-DELIVERBY 60\r\n250-FUTURERELEASE 3600 \
                        2027-01-01T00:00:00Z\r\n250-MT-PRIORITY MIXER\r\n250 REQUIRETLS\r\n",
        );
        assert!(found.dsn && found.mt_priority && found.require_tls);
        assert_eq!(found.deliver_by, Some(Some(60)));
        assert_eq!(found.future_release, Some(3600));
        assert_eq!(of("250-h\r\n250 DELIVERBY\r\n").deliver_by, Some(None));
        let twice = "DELIVERBY 60\r\n250-DELIVERBY 90\r\n250-DELIVERBY\r\n250-FUTURERELEASE 9\r\n";
        let found = of(&format!("250-h\r\n250-{twice}250 FUTURERELEASE 60 x\r\n"));
        assert_eq!(
            (found.deliver_by, found.future_release),
            (Some(Some(90)), Some(9))
        );
        assert_eq!(of("250-h\r\n250 FUTURERELEASE\r\n").future_release, None);
    }

    #[test]
    fn limits_are_small_numbers_and_the_stricter_rules() {
        let limits = of(
            "250-h\r\n250-LIMITS MAILMAX=10 rcptmax=5 X=1 RCPTDOMAINMAX=\r\n250 \
                         LIMITS MAILMAX=7 RCPTMAX=0 RCPTDOMAINMAX=1234567\r\n",
        )
        .limits;
        assert_eq!((limits.mail_max, limits.rcpt_max), (Some(7), Some(5)));
        assert_eq!(limits.rcpt_domain_max, None);
    }

    #[test]
    fn e11_e12_h11_odd_lines_are_absence_and_the_stricter_size_rules() {
        let found = of("250-h\r\n250-\r\n250-   \r\n250-SIZE 100\r\n250-SIZE 50\r\n250 SIZE 0\r\n");
        assert_eq!(found.size, Some(Some(50)));
        for garbage in ["0", "-1", "abc", "99999999999999999999999", "1 000"] {
            let found = of(&format!("250-h\r\n250 SIZE {garbage}\r\n"))
                .size
                .unwrap();
            assert!(found.is_none_or(|n| n == 1), "{garbage}");
        }
        let both = of("250-h\r\n250-AUTH=LOGIN\r\n250 AUTH PLAIN LOGIN\r\n");
        assert_eq!(both.auth.unwrap(), ["LOGIN", "PLAIN"]);
    }
}

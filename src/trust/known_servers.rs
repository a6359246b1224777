//! Known mail servers: the text format of pins that a user learnt and confirmed.
//!
//! One pin a line; empty lines and those that begin with `#` are ignored. Five fields,
//! separated by spaces or tabs:
//!
//! ```text
//! # host         port  pin                                                 learnt (UTC)         by
//! mail.example   465   sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= 2026-11-23T00:00:00Z the admin
//! ```
//!
//! The last field is the rest of the line. The format is strict: a line that can't be parsed is an
//! error with its number and is never skipped, because a skipped pin does not protect.

use std::fmt;

use super::host::{self, Host};
use super::pin::Pin;
use crate::support::date;

/// The file of known servers, as errors name it.
pub(crate) const FILE: &str = "known servers file";
/// The largest file of known servers, in bytes.
pub(crate) const MAX_FILE: u64 = 1024 * 1024;
const MAX_LINE: usize = 1024;
const MAX_BY: usize = 200;

/// One line of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownServer {
    /// The name to verify.
    pub host: Host,
    /// The port of the connection in which it was learnt.
    pub port: u16,
    /// Its pin.
    pub pin: Pin,
    /// The time at which the pin was learnt, in seconds since 1970.
    pub learnt: u64,
    /// The person or program that confirmed it.
    pub by: String,
}

/// An error in a file, with the number of its line (from 1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLine {
    /// The line's number.
    pub line: usize,
    /// A description of what is wrong.
    pub why: &'static str,
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} {}", self.line, self.why)
    }
}

impl KnownServer {
    /// Reads a whole file of no more than 1 MiB, lines of no more than 1024 bytes.
    ///
    /// # Errors
    /// The first line that is not of the form, or that repeats an earlier one's host, port and pin.
    pub fn parse_file(bytes: &[u8]) -> Result<Vec<Self>, BadLine> {
        let bad = |line: usize, why| BadLine { line, why };
        if bytes.len() as u64 > MAX_FILE {
            return Err(bad(1, "is in a file of more than 1 MiB"));
        }
        let mut servers: Vec<Self> = Vec::new();
        for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
            let number = index.saturating_add(1);
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.len() > MAX_LINE {
                return Err(bad(number, "is longer than 1024 bytes"));
            }
            let line = std::str::from_utf8(line).map_err(|_| bad(number, "is not UTF-8"))?;
            if line.trim_matches([' ', '\t']).is_empty() || line.starts_with('#') {
                continue;
            }
            let server = Self::parse(line).map_err(|why| bad(number, why))?;
            if servers.iter().any(|other| other.is_same_pin(&server)) {
                return Err(bad(number, "repeats the pin of an earlier line"));
            }
            servers.push(server);
        }
        Ok(servers)
    }

    fn parse(line: &str) -> Result<Self, &'static str> {
        let (host, rest) = field(line);
        let (port, rest) = field(rest);
        let (pin, rest) = field(rest);
        let (learnt, rest) = field(rest);
        let by = rest.trim_matches([' ', '\t']);
        if by.is_empty() {
            return Err("does not have the five fields host, port, pin, learnt, by");
        }
        Ok(Self {
            host: Host::parse(host)
                .map_err(|_| "has a host that is neither a host name nor an IP address")?,
            port: parse_port(port).ok_or("has a port that is not a number from 1 to 65535")?,
            pin: one_pin(pin)?,
            learnt: date::parse_rfc3339(learnt)
                .ok_or("has a time that is not of the form 2026-11-23T00:00:00Z")?,
            by: check_by(by)?.to_owned(),
        })
    }

    /// An entry to be written.
    ///
    /// # Errors
    /// `by` is not 1 to 200 bytes without control characters.
    pub fn new(
        host: &Host,
        port: u16,
        pin: Pin,
        learnt: u64,
        by: &str,
    ) -> Result<Self, &'static str> {
        let by = check_by(by.trim_matches([' ', '\t']))?.to_owned();
        let port = host::port(port.into()).ok_or("has no port")?;
        Ok(Self {
            host: host.clone(),
            port,
            pin,
            learnt,
            by,
        })
    }

    pub(crate) fn is_same_pin(&self, other: &Self) -> bool {
        (&self.host, self.port, self.pin) == (&other.host, other.port, other.pin)
    }
}

impl fmt::Display for KnownServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let learnt = date::rfc3339(self.learnt);
        write!(
            f,
            "{} {} {} {learnt} {}",
            self.host, self.port, self.pin, self.by
        )
    }
}

/// The next field, and what follows it.
fn field(text: &str) -> (&str, &str) {
    let text = text.trim_start_matches([' ', '\t']);
    text.split_once([' ', '\t']).unwrap_or((text, ""))
}

fn parse_port(text: &str) -> Option<u16> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| digits).and_then(host::port)
}

fn one_pin(text: &str) -> Result<Pin, &'static str> {
    match Pin::parse_list(text)?.as_slice() {
        [pin] => Ok(*pin),
        _ => Err("has several pins, expected one for each line"),
    }
}

fn check_by(by: &str) -> Result<&str, &'static str> {
    if by.is_empty() || by.len() > MAX_BY || by.chars().any(char::is_control) {
        return Err(
            "names its author in an empty text, one over 200 bytes, or one with control characters",
        );
    }
    Ok(by)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIN: &str = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    #[test]
    fn a_file_is_read_and_written_alike() {
        let text = format!(
            "# comment\r\n\n \t\nMAIL.example. 465\t{PIN}  2026-11-23T00:00:00Z  the admin, Bob \n::1 587 {PIN} 2026-11-23T00:00:00Z me"
        );
        let read = KnownServer::parse_file(text.as_bytes()).unwrap();
        assert_eq!(read.len(), 2);
        assert_eq!(read[0].host.as_str(), "mail.example");
        assert_eq!((read[0].port, read[0].by.as_str()), (465, "the admin, Bob"));
        for server in &read {
            let line = server.to_string();
            assert_eq!(
                KnownServer::parse_file(line.as_bytes()),
                Ok(vec![server.clone()])
            );
        }
        assert_eq!(KnownServer::parse_file(b""), Ok(Vec::new()));
    }

    #[test]
    fn an_entry_says_where_and_by_whom() {
        let host = Host::parse("mail.example").unwrap();
        let pin = one_pin(PIN).unwrap();
        let new = |port, by: &str| KnownServer::new(&host, port, pin, 0, by);
        assert!(new(465, " me ").is_ok_and(|server| server.by == "me"));
        for (port, by) in [
            (0, "me"),
            (465, ""),
            (465, " \t"),
            (465, "a\nb"),
            (465, "\u{1b}"),
        ] {
            assert!(new(port, by).is_err(), "{port} {by:?}");
        }
        assert!(new(465, &"x".repeat(MAX_BY)).is_ok());
        assert!(new(465, &"x".repeat(MAX_BY + 1)).is_err());
        for port in ["", "+1", "0", "65536", "4 65"] {
            assert_eq!(parse_port(port), None, "{port:?}");
        }
    }

    #[test]
    fn a_line_has_up_to_1024_bytes_and_a_file_up_to_1_mib() {
        let comment = |len: usize| format!("#{}", "x".repeat(len - 1));
        assert_eq!(
            KnownServer::parse_file(comment(1024).as_bytes()),
            Ok(Vec::new())
        );
        for len in [1025, 2000] {
            let why = KnownServer::parse_file(comment(len).as_bytes())
                .unwrap_err()
                .why;
            assert_eq!(why, "is longer than 1024 bytes");
        }
        assert_eq!(
            KnownServer::parse_file(&vec![b'\n'; 1024 * 1024]),
            Ok(Vec::new())
        );
    }

    #[test]
    fn c09_a_pattern_stands_for_no_host() {
        let rest = format!("465 {PIN} 2026-11-23T00:00:00Z me");
        for pattern in [
            "*",
            "*.example",
            ".example",
            "mail.*",
            "%.example",
            "mail.example,b",
        ] {
            let line = format!("{pattern} {rest}");
            assert!(KnownServer::parse_file(line.as_bytes()).is_err(), "{line}");
        }
    }

    #[test]
    fn c32_what_is_no_entry_is_an_error_with_its_line() {
        let date = "2026-11-23T00:00:00Z";
        for bad in [
            "x".to_owned(),
            format!("h 465 {PIN} {date}"),
            format!("h 465 {PIN} {date} "),
            format!("h 0 {PIN} {date} me"),
            format!("h +1 {PIN} {date} me"),
            format!("h 65536 {PIN} {date} me"),
            format!("h.. 465 {PIN} {date} me"),
            format!("h 465 {PIN};{PIN} {date} me"),
            format!("h 465 {} {date} me", &PIN[..40]),
            format!("h 465 {PIN} yesterday me"),
            format!("h 465 {PIN} {date} a\u{7}b"),
            format!("h 465 {PIN} {date} {}", "x".repeat(201)),
            format!("h 465 {PIN} {date} {}", "x".repeat(2000)),
            format!("good 465 {PIN} {date} me"),
            " # not at the beginning".to_owned(),
        ] {
            let file = format!("# first\ngood 465 {PIN} {date} me\n{bad}\n");
            assert_eq!(
                KnownServer::parse_file(file.as_bytes()).unwrap_err().line,
                3,
                "{bad}"
            );
        }
        assert!(KnownServer::parse_file(&[0xff]).is_err());
        assert!(KnownServer::parse_file(&vec![b'\n'; 1024 * 1024 + 1]).is_err());
    }
}

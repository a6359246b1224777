//! Requests to the server beyond delivery: delivery reports (DSN, RFC 3461), a time
//! limit (DELIVERBY, RFC 2852), a later release (FUTURERELEASE, RFC 4865), a priority (MT-PRIORITY,
//! RFC 6710), TLS all the way (REQUIRETLS, RFC 8689). As parameters of MAIL and RCPT.

use std::io::Write as _;

use super::address::Address;
use crate::support::date;

/// When a recipient's server is to report (NOTIFY): never, or on one event or several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notify(i32);

impl Notify {
    /// When it was delivered.
    pub const SUCCESS: i32 = 1;
    /// When it could not be delivered.
    pub const FAILURE: i32 = 2;
    /// When it is delayed.
    pub const DELAY: i32 = 4;
    /// Not at all.
    pub const NEVER: i32 = 8;

    /// A sum of the events, or [`Notify::NEVER`] alone.
    #[must_use]
    pub fn new(events: i32) -> Option<Self> {
        matches!(events, 1..=8).then_some(Self(events))
    }

    fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(b" NOTIFY=");
        if self.0 == Self::NEVER {
            return out.extend_from_slice(b"NEVER");
        }
        let events: [(i32, &[u8]); 3] = [
            (Self::SUCCESS, b"SUCCESS"),
            (Self::FAILURE, b"FAILURE"),
            (Self::DELAY, b"DELAY"),
        ];
        let mut comma: &[u8] = b"";
        for (bit, name) in events {
            if self.0 & bit != 0 {
                out.extend_from_slice(comma);
                out.extend_from_slice(name);
                comma = b",";
            }
        }
    }
}

/// The part of the message that a report of failure returns (RET).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum Return {
    /// The header.
    Header = 1,
    /// The whole message.
    Full = 2,
}

/// The by-mode: the fate of a message whose time is over (RFC 2852 section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum ByMode {
    /// It comes back.
    Return = 1,
    /// It goes on, and the sender gets a report.
    Notify = 2,
}

/// The time within which a message is to be delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliverBy {
    /// Seconds from when it is taken.
    pub seconds: i32,
    /// Its fate then.
    pub mode: ByMode,
    /// True if each server on the way is to report that it passed it on.
    pub trace: bool,
}

/// When a message is to leave the server (RFC 4865 section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FutureRelease {
    /// After so many seconds.
    For(u32),
    /// At this time, in seconds since 1970: a positive number.
    Until(i64),
}

/// All requests; none at first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// NOTIFY, for each recipient.
    pub notify: Option<Notify>,
    /// RET.
    pub ret: Option<Return>,
    /// ENVID, checked by [`envelope_id`].
    pub envelope_id: Option<String>,
    /// ORCPT of the recipients of these indexes, which were given to a list or an alias.
    pub original: Vec<(usize, Address)>,
    /// DELIVERBY.
    pub deliver_by: Option<DeliverBy>,
    /// FUTURERELEASE.
    pub hold: Option<FutureRelease>,
    /// MT-PRIORITY, -9 to 9.
    pub priority: Option<i8>,
    /// REQUIRETLS.
    pub require_tls: bool,
}

/// Checks an envelope identifier: printable ASCII, at most 100 bytes as it is sent.
///
/// # Errors
/// The reason.
pub fn envelope_id(text: &str) -> Result<(), &'static str> {
    if text.is_empty() || !text.bytes().all(|b| b == b' ' || b.is_ascii_graphic()) {
        return Err("must be printable ASCII, and not empty");
    }
    let mut encoded = Vec::new();
    xtext(&mut encoded, text.as_bytes());
    match encoded.len() {
        ..=100 => Ok(()),
        _ => Err("is longer than 100 bytes as it is sent"),
    }
}

impl Options {
    /// No requests.
    pub const NOTHING: Self = Self {
        notify: None,
        ret: None,
        envelope_id: None,
        original: Vec::new(),
        deliver_by: None,
        hold: None,
        priority: None,
        require_tls: false,
    };

    /// True if delivery reports are requested, in any form.
    #[must_use]
    pub fn needs_dsn(&self) -> bool {
        self.notify.is_some()
            || self.ret.is_some()
            || self.envelope_id.is_some()
            || !self.original.is_empty()
    }

    /// Appends the parameters of MAIL.
    pub fn write_mail(&self, out: &mut Vec<u8>) {
        match self.ret {
            Some(Return::Header) => out.extend_from_slice(b" RET=HDRS"),
            Some(Return::Full) => out.extend_from_slice(b" RET=FULL"),
            None => {}
        }
        if let Some(id) = &self.envelope_id {
            out.extend_from_slice(b" ENVID=");
            xtext(out, id.as_bytes());
        }
        // Writing to a Vec cannot fail.
        if let Some(by) = self.deliver_by {
            let late = match by.mode {
                ByMode::Return => "R",
                ByMode::Notify => "N",
            };
            let trace = if by.trace { "T" } else { "" };
            let _ = write!(out, " BY={};{late}{trace}", by.seconds);
        }
        match self.hold {
            Some(FutureRelease::For(seconds)) => drop(write!(out, " HOLDFOR={seconds}")),
            Some(FutureRelease::Until(at)) => {
                let at = date::rfc3339(at.unsigned_abs());
                let _ = write!(out, " HOLDUNTIL={at}");
            }
            None => {}
        }
        if let Some(priority) = self.priority {
            let _ = write!(out, " MT-PRIORITY={priority}");
        }
        if self.require_tls {
            out.extend_from_slice(b" REQUIRETLS");
        }
    }

    /// Appends the parameters of RCPT for the recipient of this index.
    pub fn write_rcpt(&self, index: usize, out: &mut Vec<u8>) {
        if let Some(notify) = self.notify {
            notify.write(out);
        }
        if let Some((_, original)) = self.original.iter().find(|(i, _)| *i == index) {
            let text = original.to_string();
            if original.is_ascii() {
                out.extend_from_slice(b" ORCPT=rfc822;");
                xtext(out, text.as_bytes());
            } else {
                out.extend_from_slice(b" ORCPT=utf-8;");
                unitext(out, &text);
            }
        }
    }
}

/// xtext (RFC 3461 section 4): what is not plain becomes `+` and two hexadecimal digits.
fn xtext(out: &mut Vec<u8>, bytes: &[u8]) {
    for byte in bytes {
        match byte {
            b'+' | b'=' => drop(write!(out, "+{byte:02X}")),
            b'!'..=b'~' => out.push(*byte),
            _ => drop(write!(out, "+{byte:02X}")),
        }
    }
}

/// utf-8-addr-unitext (RFC 6533 section 3): beyond ASCII as it is, `\\`, `+`, `=` and blanks escaped.
fn unitext(out: &mut Vec<u8>, text: &str) {
    for c in text.chars() {
        match c {
            '+' | '=' | '\\' => drop(write!(out, "\\x{{{:X}}}", u32::from(c))),
            '!'..='~' => drop(write!(out, "{c}")),
            c if c.is_ascii() => drop(write!(out, "\\x{{{:X}}}", u32::from(c))),
            c => drop(write!(out, "{c}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g06_a_blank_of_a_quoted_name_is_escaped_beyond_ascii_too() {
        let mut out = Vec::new();
        unitext(&mut out, "\"j \u{f6}\"\t");
        assert_eq!(out, "\"j\\x{20}\u{f6}\"\\x{9}".as_bytes());
    }

    #[test]
    fn parameters_read_as_the_rfcs_have_them() {
        let mut options = Options {
            notify: Notify::new(Notify::SUCCESS + Notify::DELAY),
            ret: Some(Return::Header),
            envelope_id: Some("a b+c=d".to_owned()),
            deliver_by: Some(DeliverBy {
                seconds: 120,
                mode: ByMode::Return,
                trace: true,
            }),
            hold: Some(FutureRelease::Until(1_795_464_000)),
            priority: Some(-3),
            require_tls: true,
            ..Options::default()
        };
        options
            .original
            .push((1, Address::parse("o+1@b.test").unwrap()));
        options
            .original
            .push((2, Address::parse("j\u{f6}+rg@b.test").unwrap()));
        let of = |write: &dyn Fn(&mut Vec<u8>)| {
            let mut out = Vec::new();
            write(&mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(
            of(&|out| options.write_mail(out)),
            " RET=HDRS ENVID=a+20b+2Bc+3Dd BY=120;RT HOLDUNTIL=2026-11-23T20:00:00Z \
             MT-PRIORITY=-3 REQUIRETLS"
        );
        assert_eq!(
            of(&|out| options.write_rcpt(0, out)),
            " NOTIFY=SUCCESS,DELAY"
        );
        assert_eq!(
            of(&|out| options.write_rcpt(1, out)),
            " NOTIFY=SUCCESS,DELAY ORCPT=rfc822;o+2B1@b.test"
        );
        assert_eq!(
            of(&|out| options.write_rcpt(2, out)),
            " NOTIFY=SUCCESS,DELAY ORCPT=utf-8;j\u{f6}\\x{2B}rg@b.test"
        );
        assert_eq!(of(&|out| Options::default().write_mail(out)), "");
    }

    /// Decodes xtext as a server does.
    fn read(text: &str) -> String {
        let mut out = String::new();
        let mut rest = text.chars();
        while let Some(c) = rest.next() {
            match c {
                '+' => {
                    let digits: String = rest.by_ref().take(2).collect();
                    out.push(char::from(u8::from_str_radix(&digits, 16).unwrap()));
                }
                c => out.push(c),
            }
        }
        out
    }

    #[test]
    fn g06_no_text_in_a_parameter_begins_another() {
        for byte in b' '..=b'~' {
            let odd = char::from(byte);
            let id = format!("a{odd}b RET=FULL");
            assert_eq!(envelope_id(&id), Ok(()));
            let mut options = Options {
                envelope_id: Some(id.clone()),
                ..Options::default()
            };
            let mut out = Vec::new();
            options.write_mail(&mut out);
            let out = String::from_utf8(out).unwrap();
            let value = out.strip_prefix(" ENVID=").unwrap();
            assert!(!value.contains([' ', '=']), "{value}");
            assert_eq!(read(value), id);
            // An address may hold nearly anything in quotes.
            let quoted = match odd {
                '"' | '\\' => format!("\"a\\{odd}b NOTIFY=NEVER\"@c.test"),
                odd => format!("\"a{odd}b NOTIFY=NEVER\"@c.test"),
            };
            let Ok(address) = Address::parse(&quoted) else {
                continue; // no server could tell where its path ends
            };
            let shown = address.to_string();
            options.original.push((0, address));
            let mut out = Vec::new();
            options.write_rcpt(0, &mut out);
            let out = String::from_utf8(out).unwrap();
            let value = out.strip_prefix(" ORCPT=rfc822;").unwrap();
            assert!(!value.contains([' ', '=']), "{value}");
            assert_eq!(read(value), shown);
        }
    }

    #[test]
    fn g03_an_envelope_id_can_say_nothing_else() {
        for good in ["a", "a b", &"x".repeat(100)] {
            assert_eq!(envelope_id(good), Ok(()));
        }
        for bad in ["", "a\r\nRCPT", "\u{e9}", &"x".repeat(101), &"+".repeat(34)] {
            assert!(envelope_id(bad).is_err(), "{bad:?}");
        }
        assert!(Notify::new(0).is_none() && Notify::new(9).is_none());
    }
}

//! The reference identity (RFC 9525): the name from the caller, normalised once, in one form for
//! SNI, for the comparison with certificates, and for messages.

use std::fmt;
use std::net::IpAddr;

use rustls::pki_types::{DnsName, ServerName};

use crate::argument::InvalidArgument;
use crate::status::Status;
use crate::support::idn::to_a_labels;

/// A host name or IP address to be verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    name: ServerName<'static>,
    text: String,
}

impl Host {
    /// Parses a host name (case and a trailing dot don't matter) or an IP address, IPv6 with or
    /// without square brackets. An internationalised name is accepted in either form and stored in
    /// A-labels (UTS 46, non-transitional; RFC 5890).
    ///
    /// # Errors
    /// A description of what is wrong.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() {
            return Err("is empty");
        }
        if text.chars().any(char::is_control) {
            return Err("has a control character (NUL, CR, LF or the like)");
        }
        let bare = text
            .strip_prefix('[')
            .and_then(|t| t.strip_suffix(']'))
            .unwrap_or(text);
        if let Ok(ip) = bare.parse::<IpAddr>() {
            return Ok(Self {
                name: ServerName::from(ip),
                text: ip.to_string(),
            });
        }
        // After the check for addresses: digits of another script are not an address.
        let text = to_a_labels(text)?;
        let name = text.strip_suffix('.').unwrap_or(&text).to_ascii_lowercase();
        // Reject `1.2.3` and the like: resolvers parse them as old forms of addresses.
        let last = name.rsplit('.').next().unwrap_or_default();
        if last.bytes().all(|b| b.is_ascii_digit()) || last.starts_with("0x") {
            return Err("ends like an IP address, and is not one");
        }
        // An address with a trailing dot would be accepted as a name here.
        match DnsName::try_from(name.clone()) {
            Ok(dns_name) => Ok(Self {
                name: ServerName::DnsName(dns_name),
                text: name,
            }),
            Err(_) => Err("is neither a host name nor an IP address (without scheme and port)"),
        }
    }

    /// Returns the name for SNI and for the comparison with certificates.
    pub(crate) fn server_name(&self) -> &ServerName<'static> {
        &self.name
    }

    /// The normalised text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A port from 1 to 65535.
pub(crate) fn port(number: u32) -> Option<u16> {
    u16::try_from(number).ok().filter(|port| *port > 0)
}

/// A port from 1 to 65535 that is an argument.
///
/// # Errors
/// [`Status::Port`].
pub(crate) fn port_argument(argument: &'static str, number: u32) -> Result<u16, InvalidArgument> {
    let why = || format!("is {number}, expected 1 to 65535");
    port(number).ok_or_else(|| InvalidArgument::new(Status::Port, argument, why()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c17_a_host_is_normalised_once() {
        for (given, normal) in [
            ("MAIL.Example.", "mail.example"),
            ("127.0.0.1", "127.0.0.1"),
            ("[::1]", "::1"),
            ("0:0::1", "::1"),
            ("localhost", "localhost"),
        ] {
            assert_eq!(Host::parse(given).unwrap().as_str(), normal);
        }
    }

    #[test]
    fn c13_names_beyond_ascii_are_compared_as_a_labels() {
        for (given, normal) in [
            ("bücher.example", "xn--bcher-kva.example"),
            ("BÜCHER.Example.", "xn--bcher-kva.example"),
            ("bu\u{308}cher.example", "xn--bcher-kva.example"),
            ("XN--BCHER-KVA.example", "xn--bcher-kva.example"),
            // Non-transitional: the sharp s is not mapped.
            ("faß.de", "xn--fa-hia.de"),
            // A homograph (Cyrillic а) is another name, not the Latin one.
            ("m\u{430}il.example", "xn--mil-6cd.example"),
            ("bücher\u{3002}example", "xn--bcher-kva.example"),
            ("under_score.example", "under_score.example"),
            ("r3---sn.example", "r3---sn.example"),
        ] {
            assert_eq!(
                Host::parse(given).map(|h| h.to_string()),
                Ok(normal.to_owned()),
                "{given}"
            );
        }
    }

    #[test]
    fn c16_digits_before_the_last_label_make_no_address() {
        for name in [
            "0x7f.example",
            "127.0.0.1.example",
            "0x7f.1.a0x",
            "mail.x0x7f",
            "mail.ex0",
            "1.2.3.4x",
            "x",
        ] {
            assert_eq!(Host::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn c16_what_is_no_host_is_refused() {
        for bad in [
            "",
            ".",
            "..",
            "a..b",
            "a b",
            "a\0b",
            "a\r\nb",
            "mail.example..",
            "http://a",
            "a:465",
            "a/b",
            "bü\u{200b}\u{0}cher.example",
            "１２７.0.0.1",
            "bü_cher.example",
            "xn--a.example",
            "xn--.example",
            "a\u{202e}.example",
            "\u{ad}",
            "*.bücher.example",
            "1.2.3",
            "127.1",
            "127.0.0.1.",
            "::1.",
            "daa::0bbb.",
            "0x7f.1",
            "a.0x7f",
            "0x7f000001",
            "0X7F.0.0.1",
            "127.0.0.0x1",
            "mail.example.0x",
            "mail.example.0X7f",
            "mail.example.0x7f.",
            "mail.example.0xzz",
            "mail.example.0x-a",
            "mail.example.1",
            "mail.example.017",
            "\u{ff10}x7f",
            "a.\u{ff10}\u{ff38}7f",
            "-a.b",
            "a-.b",
            "*.b",
            "[a]",
            &"a".repeat(64),
            &"a.".repeat(200),
            // 254 bytes, one more than a name may have.
            &format!("{}{}", "a.".repeat(125), "abcd"),
        ] {
            assert!(Host::parse(bad).is_err(), "{bad:?}");
        }
    }
}

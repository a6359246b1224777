//! Mail addresses for the envelope (RFC 5321 section 4.1.2, RFC 6531 section 3.3) and EHLO names:
//! parsed to parts, written again from parts. Nothing else reaches a command.

use std::sync::Arc;

use crate::support::idn::to_a_labels;
use crate::support::redact::is_bidi_control;

/// The most recipients of one message.
pub const MAX_RECIPIENTS: usize = 10_000;

/// An address of the envelope. An internationalised domain is kept in A-labels (RFC 5890). Copies
/// share the text: each send has its own record of each recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    text: Arc<str>,
    /// The position of the @.
    at: usize,
}

/// The longest address: a path has 256 bytes with its angle brackets (RFC 5321 section 4.5.3.1.3).
const MAX_ADDRESS: usize = 254;
const TOO_LONG: &str = "is longer than 254 bytes";

impl Address {
    /// Parses `local@domain`, without angle brackets, display name, comment or source route.
    ///
    /// # Errors
    /// The reason, in words.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        Self::read(text).map_err(|why| plain_flaw(text).unwrap_or(why))
    }

    fn read(text: &str) -> Result<Self, &'static str> {
        if !text.is_ascii() && text.chars().any(|c| c.is_control() || is_bidi_control(c)) {
            return Err("has an invisible character");
        }
        let at = split_at(text).ok_or("has no @ between a name and a domain")?;
        let (local, domain) = text.split_at(at);
        let domain = domain.strip_prefix('@').unwrap_or_default();
        // RFC 5321 section 4.5.3.1.1.
        if local.len() > 64 {
            return Err("has more than 64 bytes before the @");
        }
        if text.len() > MAX_ADDRESS {
            return Err(TOO_LONG);
        }
        if !is_local_part(local) {
            return Err("has a character before the @ that must be quoted, or a misplaced dot");
        }
        if !is_domain(domain) && !is_literal(domain) {
            return Err("has no valid domain after the @");
        }
        let text: Arc<str> = if domain.is_ascii() {
            Arc::from(text)
        } else {
            Arc::from(format!("{local}@{}", to_a_labels(domain)?))
        };
        // A-labels are longer than what they stand for.
        if text.len() > MAX_ADDRESS {
            return Err(TOO_LONG);
        }
        Ok(Self { text, at })
    }

    /// True if it can be written without SMTPUTF8: the domain always can, as A-labels.
    #[must_use]
    pub fn is_ascii(&self) -> bool {
        self.text.get(..self.at).is_some_and(str::is_ascii)
    }

    /// The domain, in A-labels.
    #[must_use]
    pub fn domain(&self) -> &str {
        let behind = self.text.get(self.at..).unwrap_or_default();
        behind.strip_prefix('@').unwrap_or_default()
    }

    /// All of it, shared.
    #[must_use]
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// Appends the address in the form for a command.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.text.as_bytes());
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

/// The reason that explains best why a text is no address.
fn plain_flaw(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return Some("is empty");
    }
    if text.chars().any(char::is_control) {
        return Some("has a control character (NUL, CR, LF or the like)");
    }
    if text.chars().any(is_bidi_control) {
        return Some("has a character that changes the order in which text is shown");
    }
    if text.starts_with('@') {
        return Some("is a source route, which is not supported");
    }
    if text.contains(['<', '>']) && !text.starts_with('"') {
        return Some("must be the bare address, without name and angle brackets");
    }
    None
}

/// The position of the @ between the parts: after the closing quote of a quoted name, else the only one.
fn split_at(text: &str) -> Option<usize> {
    let Some(quoted) = text.strip_prefix('"') else {
        return text.find('@');
    };
    let mut escaped = false;
    for (i, c) in quoted.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => {
                let at = i.saturating_add(2);
                return (text.as_bytes().get(at) == Some(&b'@')).then_some(at);
            }
            _ => {}
        }
    }
    None
}

fn is_local_part(local: &str) -> bool {
    if let Some(inner) = local.strip_prefix('"').and_then(|l| l.strip_suffix('"')) {
        // qtextSMTP and quoted pairs; `split_at` has seen to the quotes.
        return inner
            .chars()
            .all(|c| c == ' ' || c.is_ascii_graphic() || !c.is_ascii());
    }
    labels(local).all(|atom| !atom.is_empty() && atom.iter().copied().all(is_atext))
}

/// The parts of a text between its dots.
fn labels(text: &str) -> impl Iterator<Item = &[u8]> {
    text.as_bytes().split(|b| *b == b'.')
}

/// A byte of an unquoted name (RFC 5322 section 3.2.3), or of a character beyond ASCII.
fn is_atext(b: u8) -> bool {
    // Visible characters but the specials.
    !matches!(
        b,
        0..=b' '
            | b'"'
            | b'('
            | b')'
            | b','
            | b'.'
            | b':'
            | b';'
            | b'<'
            | b'>'
            | b'@'
            | b'['
            | b'\\'
            | b']'
            | 0x7f
    )
}

/// Labels of letters, digits, hyphen and underscore, or beyond ASCII; not all digits at the end.
fn is_domain(domain: &str) -> bool {
    let ldh = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_') || !b.is_ascii();
    let label = |l: &[u8]| {
        (1..=63).contains(&l.len())
            && l.first() != Some(&b'-')
            && l.last() != Some(&b'-')
            && l.iter().all(ldh)
    };
    let is_idn = |c: char| c.is_ascii() || c.is_alphanumeric();
    labels(domain).all(label) && (domain.is_ascii() || domain.chars().all(is_idn))
}

fn is_literal(domain: &str) -> bool {
    let Some(inner) = domain.strip_prefix('[').and_then(|d| d.strip_suffix(']')) else {
        return false;
    };
    match inner.get(..5) {
        Some(tag) if tag.eq_ignore_ascii_case("IPv6:") => inner
            .get(5..)
            .is_some_and(|ip| ip.parse::<std::net::Ipv6Addr>().is_ok()),
        _ => inner.parse::<std::net::Ipv4Addr>().is_ok(),
    }
}

/// A name for EHLO: a domain or an address literal (RFC 5321 section 4.1.3), ASCII.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EhloName(String);

impl EhloName {
    /// The name that tells nothing: written in clear, and inside TLS unless another is set.
    #[must_use]
    pub fn neutral() -> Self {
        Self("[127.0.0.1]".to_owned())
    }

    /// Checks a name.
    ///
    /// # Errors
    /// The reason, in words.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let good = text.len() <= 255 && text.is_ascii() && (is_domain(text) || is_literal(text));
        good.then(|| Self(text.to_owned()))
            .ok_or("must be a domain, or an IP address in square brackets")
    }

    /// As written on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g17_an_address_is_as_long_on_the_wire_as_it_may_be_and_no_longer() {
        let label = "l".repeat(59);
        for (first, fits) in [(9, true), (10, false)] {
            let domain = format!("{}.{label}.{label}.{label}.{label}", "d".repeat(first));
            let text = format!("abcd@{domain}");
            assert_eq!(text.len(), 245 + first);
            assert_eq!(Address::parse(&text).is_ok(), fits, "{text}");
        }
        // Short as it is written, and too long in A-labels.
        let domain = "\u{fc}0000.".repeat(19) + "test";
        let text = format!("alice@{domain}");
        assert!(text.len() < 254);
        assert_eq!(Address::parse(&text), Err(TOO_LONG));
        // Angle brackets belong to nothing but a quoted name.
        assert!(Address::parse("\"a<b>\"@c.test").is_ok());
        let why = Address::parse("\"a<b>\"@c..test").unwrap_err();
        assert_ne!(why, Address::parse("<a@c.test>").unwrap_err());
    }

    #[test]
    fn good_addresses_come_back_as_they_were() {
        for good in [
            "a@b",
            "alice@mail.test",
            "a.b+c@x-y.example",
            "\"a b\"@c.d",
            "\"a@b\"@c.d",
            "\"a\\\"b\"@c",
            "jörg@mail.test",
            "a@[127.0.0.1]",
            "a@[IPv6:::1]",
            "a@xn--bcher-kva.example",
            "o'neil!#$%@x.y",
        ] {
            assert_eq!(
                Address::parse(good).map(|a| a.to_string()).as_deref(),
                Ok(good)
            );
        }
        assert!(!Address::parse("jörg@mail.test").unwrap().is_ascii());
        // The domain alone needs no SMTPUTF8.
        let address = Address::parse("a@BÜCHER.example").unwrap();
        assert_eq!(address.to_string(), "a@xn--bcher-kva.example");
        assert!(address.is_ascii());
    }

    #[test]
    fn g01_g02_g03_g12_g17_nothing_can_be_smuggled_into_a_command() {
        for bad in [
            "",
            "a",
            "@b",
            "a@",
            "a@b\r\nRCPT TO:<c@d>",
            "a\0@b",
            "\"a\r\n\"@b",
            "a@b> ORCPT=x",
            "a b@c",
            "a@b c",
            "a@b,c@d",
            "@a,@b:c@d",
            "Alice <a@b>",
            "<a@b>",
            "a@b@c",
            "a..b@c",
            ".a@b",
            "a.@b",
            "a@-b",
            "a@b-",
            "a@b..c",
            "a@[1.2.3]",
            "\"x@evil y\"@good@c",
            "\"a\"b@c",
            "\"a\"@b@c",
            "\"a@b",
            "a(c)@b",
            "a@b(c)",
            "a@b\u{7f}",
            "a@b\u{85}",
            "a\u{202e}b@c",
            "a@[x]",
        ] {
            assert!(Address::parse(bad).is_err(), "{bad:?}");
        }
        assert!(Address::parse(&format!("{}@b", "a".repeat(65))).is_err());
        assert!(Address::parse(&format!("a@{}.b", "c".repeat(64))).is_err());
        assert!(Address::parse(&format!("a@{}", ["c".repeat(60).as_str(); 5].join("."))).is_err());
    }

    #[test]
    fn g05_an_ehlo_name_is_a_domain_or_a_literal() {
        for good in [
            "localhost",
            "mail.example.com",
            "[127.0.0.1]",
            "[IPv6:2001:db8::1]",
        ] {
            assert_eq!(EhloName::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "a b",
            "a\r\nMAIL",
            "a\0",
            "-a",
            "bücher",
            "[a]",
            "a/b",
            &"a.".repeat(200),
        ] {
            assert!(EhloName::parse(bad).is_err(), "{bad:?}");
        }
    }
}

//! Content given whole: looked through once, made canonical, without its blind copies; and the
//! envelope that its header names, for those who ask for that.

use std::sync::Arc;

use super::source::Octets;
use super::{Content, MAX_RECIPIENTS};
use crate::error::Error;
use crate::proto::address::Address;
use crate::proto::content::{Facts, Unfit, bare_line_end, canonical, inspect};
use crate::proto::header::{Kept, fields, without_bcc};
use crate::proto::mailbox::{Entry, parse_list};
use crate::status::Status;
use crate::texts::Texts;

/// How content that is given whole is treated.
#[derive(Debug, Clone, Copy, Default)]
pub struct ContentRules {
    /// A bare CR or LF is refused, with the line's number; without this each becomes CRLF.
    pub strict: bool,
    /// What DATA can't carry (a NUL, a line over 998 octets) is sent octet by octet to a server with
    /// BINARYMIME; without this it is refused.
    pub binary: bool,
    /// Sender and recipients are those of the header.
    pub envelope: bool,
}

pub(super) fn content(content: &[u8], rules: ContentRules) -> Result<Content, Error> {
    let Kept {
        octets,
        header,
        message_id,
    } = without_bcc(content);
    if octets.is_empty() {
        return Err(empty());
    }
    if rules.strict
        && let Some(line) = bare_line_end(&octets)
    {
        return Err(bare(line));
    }
    let utf8_header = is_utf8_header(octets.get(..header).unwrap_or_default());
    let (octets, facts) = match inspect(&octets) {
        Ok(facts) if facts.size == Some(octets.len() as u64) => (octets, facts),
        Ok(facts) => (canonical(&octets), facts),
        Err(_) if rules.binary => {
            let facts = binary(octets.len() as u64);
            (octets, facts)
        }
        Err(why) => return Err(unfit(why)),
    };
    let facts = Facts {
        utf8_header,
        ..facts
    };
    Ok(Content {
        source: Arc::new(Octets::new(octets, facts)),
        message_id: message_id.map(Arc::from),
    })
}

/// What is not UTF-8 is no internationalised header either, but merely old.
pub(super) fn is_utf8_header(header: &[u8]) -> bool {
    !header.is_ascii() && std::str::from_utf8(header).is_ok()
}

/// The facts of content that is sent octet by octet.
pub(super) fn binary(size: u64) -> Facts {
    Facts {
        size: Some(size),
        eight_bit: true,
        binary: true,
        ..Facts::default()
    }
}

pub(super) fn empty() -> Error {
    let why = "is empty (Bcc and Resent-Bcc fields are left out)";
    Error::argument(Status::NoContent, "content", why)
}

pub(super) fn bare(line: u64) -> Error {
    let why = format!("line {line} ends in a bare CR or LF");
    Error::argument(Status::Content, "content", why)
}

pub(super) fn unfit(unfit: Unfit) -> Error {
    let why = match unfit {
        Unfit::Nul { line } => format!("line {line} has a NUL"),
        Unfit::LongLine { line } => {
            format!("line {line} has more than 998 octets: encode it as quoted-printable or base64")
        }
    };
    Error::argument(Status::Content, "content", why)
}

/// Sender and recipients of a header.
pub(super) type Envelope = (Option<Address>, Vec<Address>);

/// Who sends it to whom, by the header. What is doubtful is an error, never a guess.
pub(super) fn envelope(content: &[u8]) -> Result<Envelope, Error> {
    const NAMES: [&str; 5] = ["sender", "from", "to", "cc", "bcc"];
    let wrong = |status, why: String| Error::argument(status, "envelope", why);
    let all: Vec<(String, Vec<u8>)> = fields(content).collect();
    let named = |name: &str| all.iter().filter(|field| field.0 == name).count();
    let resent = |name: &&str| named(&format!("resent-{name}"));
    let blocks = NAMES.iter().map(resent).max().unwrap_or_default();
    if blocks > 1 {
        let why = "the content was sent on more than once: name sender and recipients".to_owned();
        return Err(wrong(Status::NoSender, why));
    }
    let prefix = if blocks == 1 { "resent-" } else { "" };
    let addresses = |name: &str| -> Result<Vec<Address>, Error> {
        let name = format!("{prefix}{name}");
        let mut found = Vec::new();
        for (_, value) in all.iter().filter(|field| field.0 == name) {
            let doubtful = |why: &str| wrong(Status::Address, format!("the field {name} {why}"));
            let text = std::str::from_utf8(value).map_err(|_| doubtful("is not UTF-8"))?;
            for entry in parse_list(text).map_err(|why| doubtful(&why))? {
                match entry {
                    Entry::Mailbox(mailbox) => found.push(mailbox.address),
                    Entry::Group { members, .. } => {
                        found.extend(members.into_iter().map(|mailbox| mailbox.address));
                    }
                }
            }
        }
        Ok(found)
    };
    let mut authors = addresses("sender")?;
    if authors.is_empty() {
        authors = addresses("from")?;
    }
    let [sender] = authors.as_slice() else {
        let why = format!(
            "the content's header names {} senders, not one",
            authors.len()
        );
        return Err(wrong(Status::NoSender, why));
    };
    let mut recipients: Vec<Address> = Vec::new();
    let mut seen = Texts::default();
    for name in ["to", "cc", "bcc"] {
        let new = addresses(name)?;
        recipients.extend(
            new.into_iter()
                .filter(|a| seen.insert(Arc::clone(a.text()))),
        );
    }
    if recipients.is_empty() {
        let why = "the content's header names no recipient".to_owned();
        return Err(wrong(Status::NoRecipient, why));
    }
    if recipients.len() > MAX_RECIPIENTS {
        let why = format!("the content's header names more than {MAX_RECIPIENTS} recipients");
        return Err(wrong(Status::Length, why));
    }
    Ok((Some(sender.clone()), recipients))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(header: &str) -> Result<Vec<String>, Error> {
        let (sender, recipients) = envelope(header.as_bytes())?;
        let all = sender.iter().chain(&recipients);
        Ok(all.map(ToString::to_string).collect())
    }

    #[test]
    fn g12_the_envelope_is_what_the_header_says_beyond_doubt() {
        let mail = "From: A <a@b>\r\nTo: \"x@evil\" <c@d>,\r\n G: e@f, c@d;\r\nBcc: h@i\r\n\r\nTo: z@z\r\n";
        assert_eq!(of(mail).unwrap(), ["a@b", "c@d", "e@f", "h@i"]);
        let sender = "From: a@b, c@d\nSender: s@t\nTo: e@f\n";
        assert_eq!(of(sender).unwrap(), ["s@t", "e@f"]);
        let resent = "From: a@b\nTo: c@d\nResent-From: e@f\nResent-To: g@h\n";
        assert_eq!(of(resent).unwrap(), ["e@f", "g@h"]);
        for (bad, status) in [
            ("To: a@b\n", Status::NoSender),
            ("From: a@b, c@d\nTo: e@f\n", Status::NoSender),
            ("From: a@b\nCc:\n", Status::NoRecipient),
            ("From: a@b\nTo: c@d e@f\n", Status::Address),
            ("From: a@b\nTo: \u{202e}c@d\n", Status::Address),
            (
                "Resent-To: a@b\nResent-To: c@d\nFrom: e@f\n",
                Status::NoSender,
            ),
        ] {
            assert_eq!(of(bad).unwrap_err().status(), status, "{bad}");
        }
        assert!(envelope(b"From: a@b\nTo: \xff@d\n").is_err());
    }

    #[test]
    fn h02_h04_h05_rules_decide_what_is_normalised_refused_or_sent_as_it_is() {
        let facts = |text: &[u8], strict, binary| {
            let rules = ContentRules {
                strict,
                binary,
                envelope: false,
            };
            content(text, rules).map(|content| content.source.facts())
        };
        assert_eq!(facts(b"A: b\n\nc", false, false).unwrap().size, Some(11));
        for (text, line) in [(&b"A: b\n"[..], 1), (b"A: b\r\n\r\nc\rd\r\n", 3)] {
            let error = facts(text, true, false).unwrap_err();
            assert_eq!(error.status(), Status::Content);
            assert!(
                error.to_string().contains(&format!("line {line} ends")),
                "{error}"
            );
        }
        let long = [b"A: b\r\n\r\n".as_slice(), &[b'x'; 999]].concat();
        for odd in [b"A: b\r\n\r\na\0b".as_slice(), &long] {
            assert_eq!(
                facts(odd, false, false).unwrap_err().status(),
                Status::Content
            );
            let binary = facts(odd, false, true).unwrap();
            assert!(binary.binary && binary.size == Some(odd.len() as u64));
        }
        assert!(
            facts("Subject: ä\r\n".as_bytes(), false, false)
                .unwrap()
                .utf8_header
        );
        assert!(
            !facts(b"Subject: \xe4\r\n", false, false)
                .unwrap()
                .utf8_header
        );
        assert!(
            !facts("A: b\r\n\r\nä".as_bytes(), false, false)
                .unwrap()
                .utf8_header
        );
    }
}

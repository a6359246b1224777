//! The envelope that the header of finished content names.

use std::borrow::Cow;
use std::sync::Arc;

use crate::error::Error;
use crate::memory;
use crate::message::address::{Address, MAX_RECIPIENTS};
use crate::message::header::{fields, header_len};
use crate::message::mailbox::{Entry, parse_list};
use crate::status::Status;
use crate::support::string_set::StringSet;

/// The advice for a header without an envelope: the end of the error's sentence.
pub const BY_NAME: &str = "name sender and recipients, in place of the rule \"envelope\"";

/// The longest header that an envelope is read from, and that is held of streamed content.
pub(in crate::message) const MAX_HEADER: usize = 2 << 20;
/// The maximum memory for a byte of a header once its fields and addresses are parsed.
const ROOM_OF_FIELDS: usize = 64;

/// Sender and recipients of a header.
pub(in crate::message) type Envelope = (Option<Address>, Vec<Address>);

/// The envelope by the header. An ambiguous header is an error, never a guess.
pub(in crate::message) fn envelope(content: &[u8]) -> Result<Envelope, Error> {
    const NAMES: [&str; 5] = ["sender", "from", "to", "cc", "bcc"];
    let wrong = |status, why: String| {
        let why = format!("{why}: {BY_NAME}");
        Error::argument(status, "content", why)
    };
    if content.starts_with(b"\r") || content.starts_with(b"\n") {
        let why = "begins with an empty line, and has no header".to_owned();
        return Err(wrong(Status::NoSender, why));
    }
    let header = header_len(content);
    if header > MAX_HEADER {
        let why = format!("has a header of more than {MAX_HEADER} bytes");
        return Err(wrong(Status::Content, why));
    }
    memory::check(header, ROOM_OF_FIELDS)?;
    let all: Vec<(String, Vec<u8>)> = fields(content).collect();
    let named = |name: &str| all.iter().filter(|field| field.0 == name).count();
    let resent = |name: &&str| named(&format!("resent-{name}"));
    let blocks = NAMES.iter().map(resent).max().unwrap_or_default();
    if blocks > 1 {
        let why = "was resent more than once (Resent- fields)".to_owned();
        return Err(wrong(Status::NoSender, why));
    }
    let prefix = if blocks == 1 { "resent-" } else { "" };
    let addresses = |name: &str| -> Result<Vec<Address>, Error> {
        let name = format!("{prefix}{name}");
        let mut found = Vec::new();
        for (_, value) in all.iter().filter(|field| field.0 == name) {
            let doubtful =
                |why: &str| wrong(Status::Address, format!("has a field {name} that {why}"));
            let text = String::from_utf8_lossy(value);
            // In some older character sets a backslash is the second byte of a letter.
            if matches!(text, Cow::Owned(_)) && text.contains("\u{fffd}\\") {
                return Err(doubtful("has a backslash behind a byte that is not UTF-8"));
            }
            let before = found.len();
            for entry in parse_list(&text).map_err(|why| doubtful(&why))? {
                match entry {
                    Entry::Mailbox(mailbox) => found.push(mailbox.address),
                    Entry::Group { members, .. } => {
                        found.extend(members.into_iter().map(|mailbox| mailbox.address));
                    }
                }
            }
            // Names and comments may be in any character set, addresses not.
            let clear = |address: &Address| !address.text().contains('\u{fffd}');
            if !found[before..].iter().all(clear) {
                return Err(doubtful("has an address that is not UTF-8"));
            }
        }
        Ok(found)
    };
    let mut authors = addresses("sender")?;
    if authors.is_empty() {
        authors = addresses("from")?;
    }
    let [sender] = authors.as_slice() else {
        let why = format!("has a header with {} senders, expected one", authors.len());
        return Err(wrong(Status::NoSender, why));
    };
    let mut recipients: Vec<Address> = Vec::new();
    let mut seen = StringSet::default();
    for name in ["to", "cc", "bcc"] {
        let new = addresses(name)?;
        recipients.extend(
            new.into_iter()
                .filter(|a| seen.insert(Arc::clone(a.text()))),
        );
    }
    if recipients.is_empty() {
        let why = "has a header without a recipient".to_owned();
        return Err(wrong(Status::NoRecipient, why));
    }
    if recipients.len() > MAX_RECIPIENTS {
        let why = format!("has a header with more than {MAX_RECIPIENTS} recipients");
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
    fn g12_a_name_in_an_older_character_set_leaves_no_doubt_about_a_clear_address() {
        for clear in [
            &b"From: J\xf6rg <a@b>\nTo: \"M\xfcller, K\" <c@d>\n"[..],
            b"From: a@b (J\xf6rg)\nTo: T\xe4m: c@d;\n",
            b"From: \xb1\xe8\xc3\xb6 <a@b>\nTo: <c@d>\n",
        ] {
            let (sender, recipients) = envelope(clear).unwrap();
            assert_eq!(sender.unwrap().to_string(), "a@b");
            assert_eq!(recipients[0].to_string(), "c@d");
        }
        for doubtful in [
            &b"From: a@b\nTo: x\xfcy@d\n"[..],
            b"From: a@b\nTo: J\xf6rg <x@\xfc.d>\n",
            b"From: a@b\nTo: \"\x83\\\" <e@f>, y\" <c@d>\n",
            b"From: a@b\nTo: J\xf6rg c@d\n",
        ] {
            assert_eq!(envelope(doubtful).unwrap_err().status(), Status::Address);
        }
    }

    #[test]
    fn g12_each_error_of_the_envelope_names_the_way_out() {
        let many = format!("From: a@b\nTo: {}\n", "x@y, ".repeat(MAX_RECIPIENTS + 1));
        let lists: String = (0..=MAX_RECIPIENTS)
            .map(|n| format!("To: x{n}@y\n"))
            .collect();
        let lists = format!("From: a@b\n{lists}");
        for (header, word) in [
            ("\nFrom: a@b\nTo: c@d\n", "begins with an empty line"),
            ("\r\nTo: c@d\n", "begins with an empty line"),
            ("To: c@d\n", "0 senders"),
            ("From: a@b, c@d\nTo: e@f\n", "2 senders"),
            ("From: a@b\n", "without a recipient"),
            ("From: a@b\nTo: c@d e@f\n", "field to"),
            ("Resent-To: a@b\nResent-To: c@d\n", "more than once"),
            (&many, "10000"),
            (&lists, "10000"),
        ] {
            let error = envelope(header.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(word) && error.contains(BY_NAME), "{error}");
        }
    }
}

//! Message-IDs and Content-IDs (RFC 5322 section 3.6.4, RFC 2045 section 7).

use ring::rand::{SecureRandom as _, SystemRandom};

use crate::error::{Cause, Error};
use crate::message::address::Address;
use crate::status::Status;
use crate::support::redact;

/// The longest id that is made here or checked strictly.
const MAX_OWN_ID: usize = 255;
/// The longest id of another message: with its angle brackets and a space it fits a line of 998 bytes.
const MAX_ID: usize = 995;

/// A new Message-ID of this sender, with its angle brackets.
pub(super) fn random_id(sender: &Address) -> Result<String, Error> {
    Ok(format!("<{}@{}>", random()?, id_domain(sender)))
}

/// A domain that is fit for the right of a Message-ID.
fn id_domain(sender: &Address) -> &str {
    let domain = sender.domain();
    domain
        .strip_prefix('[')
        .and_then(|d| d.strip_suffix(']'))
        .map_or(domain, |_| "localhost.invalid")
}

/// 128 random bits.
pub(super) fn random() -> Result<String, Error> {
    let mut bytes = [0_u8; 16];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| Error::local(Cause::Random))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// An id without the angle brackets that it may have.
fn without_brackets(id: &str) -> &str {
    let inner = id.strip_prefix('<').and_then(|id| id.strip_suffix('>'));
    inner.unwrap_or(id)
}

/// The id of this message, with or without its angle brackets, given back without.
pub(super) fn new_id(argument: &'static str, id: &str) -> Result<String, Error> {
    let inner = without_brackets(id);
    check_id(argument, inner)?;
    if !inner.contains('@') || inner.starts_with('@') || inner.ends_with('@') {
        let why = "has no @ with text on both sides";
        return Err(Error::argument(Status::Header, argument, why));
    }
    Ok(inner.to_owned())
}

/// The id of another message, with or without its angle brackets, given back without. Programs make
/// ids that no grammar allows, and a thread needs them as they are: only what would end the id early
/// is refused.
pub(super) fn other_id(argument: &'static str, id: &str) -> Result<String, Error> {
    let inner = without_brackets(id.trim_matches([' ', '\t']));
    // Some programs put ids into angle brackets that have theirs already.
    let mut core = inner;
    while without_brackets(core) != core {
        core = without_brackets(core);
    }
    let is_visible = core
        .bytes()
        .all(|b| b.is_ascii_graphic() && b != b'<' && b != b'>');
    if !core.is_empty() && inner.len() <= MAX_ID && is_visible {
        return Ok(inner.to_owned());
    }
    let why = format!(
        "is \"{}\", expected one message id of 1 to {MAX_ID} visible ASCII characters",
        redact::escape(id.as_bytes(), 80)
    );
    Err(Error::argument(Status::Header, argument, why))
}

/// Checks an id without its angle brackets: visible ASCII, nothing that ends it early.
pub(super) fn check_id(argument: &'static str, id: &str) -> Result<(), Error> {
    let good = (1..=MAX_OWN_ID).contains(&id.len())
        && id
            .bytes()
            .all(|b| b.is_ascii_graphic() && !b"<>()[]\\,;:\"".contains(&b));
    if good {
        return Ok(());
    }
    let why = format!(
        "is \"{}\", expected visible ASCII without brackets, quotes, commas and colons",
        redact::escape(id.as_bytes(), 80)
    );
    Err(Error::argument(Status::Header, argument, why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_other_messages_are_taken_as_they_are() {
        for (given, kept) in [
            ("<a@b.test>", "a@b.test"),
            ("a@b.test", "a@b.test"),
            (" <a@b.test>\t", "a@b.test"),
            ("<a@[127.0.0.1]>", "a@[127.0.0.1]"),
            ("<a@[IPv6:::1]>", "a@[IPv6:::1]"),
            ("<no-at-sign>", "no-at-sign"),
            ("<urn:a:b@c>", "urn:a:b@c"),
            ("<[a](b)\\,;\"c\"@d>", "[a](b)\\,;\"c\"@d"),
            ("<@a@@b@>", "@a@@b@"),
            ("<<a@b>>", "<a@b>"),
        ] {
            assert_eq!(other_id("references", given).as_deref(), Ok(kept));
        }
        let long = "x".repeat(MAX_ID);
        assert_eq!(other_id("references", &long).as_ref(), Ok(&long));
        let many = "x".repeat(MAX_ID + 1);
        for bad in [
            "", "<>", "<<>>", "a b", "<a> <b>", "<a><b>", "a\r\nb", "a\0", "ä@b", "<a", "a>", &many,
        ] {
            let error = other_id("references", bad).unwrap_err();
            assert_eq!(error.status(), Status::Header, "{bad:?}");
            assert!(error.to_string().starts_with("references "), "{error}");
        }
    }
}

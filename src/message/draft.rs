//! What people say a message should be: fields, texts and parts, each checked when it is set.

use std::sync::Arc;

use super::MAX_RECIPIENTS;
use super::address::Address;
use super::mailbox::{Entry, Mailbox, parse_list};
use super::mime::calendar;
use super::mime::custom;
use super::mime::field;
use super::mime::field::Header;
use super::mime::part::{Part, check_id};
use crate::error::Error;
use crate::memory;
use crate::status::Status;
use crate::support::date;
use crate::support::redact;
use crate::support::string_set::StringSet;

/// The most parts, custom fields and references.
const MAX_ITEMS: usize = 1000;
/// The longest text of one header field.
const MAX_FIELD: usize = 2 << 20;
/// The longest id of another message: with its angle brackets and a space it fits a line of 998 bytes.
const MAX_ID: usize = 995;

/// The most memory that a byte of a field's value takes once it is taken apart, into words or addresses.
pub(super) const ROOM_OF_FIELD: usize = 96;

/// An address field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum Field {
    /// Who wrote it.
    From = 1,
    /// Who sends it for several authors.
    Sender = 2,
    /// Where answers go.
    ReplyTo = 3,
    /// To whom.
    To = 4,
    /// Who gets a copy.
    Cc = 5,
    /// Who gets a copy without being named: an address of the envelope, never of the header.
    Bcc = 6,
}

impl Field {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::From,
        Self::Sender,
        Self::ReplyTo,
        Self::To,
        Self::Cc,
        Self::Bcc,
    ];

    fn argument(self) -> &'static str {
        match self {
            Self::From => "from",
            Self::Sender => "sender field",
            Self::ReplyTo => "reply-to",
            Self::To => "to",
            Self::Cc => "cc",
            Self::Bcc => "bcc",
        }
    }
}

/// How urgent a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum Priority {
    /// Can wait.
    Low = 1,
    /// As usual: nothing is said of it.
    Normal = 2,
    /// Should be read soon.
    High = 3,
}

impl Priority {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Low, Self::Normal, Self::High];
}

/// The date of a message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Date {
    pub(super) seconds: i64,
    pub(super) offset: i32,
}

#[derive(Clone, Default)]
pub(super) struct Draft {
    pub(super) from: Vec<Entry>,
    pub(super) sender: Vec<Entry>,
    pub(super) reply_to: Vec<Entry>,
    pub(super) to: Vec<Entry>,
    pub(super) cc: Vec<Entry>,
    pub(super) bcc: Vec<Entry>,
    pub(super) subject: Option<Arc<String>>,
    pub(super) date: Option<Date>,
    pub(super) message_id: Option<String>,
    pub(super) in_reply_to: Vec<String>,
    pub(super) references: Vec<String>,
    pub(super) priority: Option<Priority>,
    pub(super) unsubscribe: Vec<String>,
    pub(super) one_click: bool,
    pub(super) custom: Vec<Arc<Header>>,
    pub(super) text: Option<Arc<String>>,
    pub(super) html: Option<Arc<String>>,
    pub(super) calendar: Option<(String, Arc<String>)>,
    pub(super) parts: Vec<Part>,
    pub(super) alternatives: Vec<Part>,
}

impl Draft {
    pub(super) fn list(&self, field: Field) -> &[Entry] {
        match field {
            Field::From => &self.from,
            Field::Sender => &self.sender,
            Field::ReplyTo => &self.reply_to,
            Field::To => &self.to,
            Field::Cc => &self.cc,
            Field::Bcc => &self.bcc,
        }
    }

    fn list_mut(&mut self, field: Field) -> &mut Vec<Entry> {
        match field {
            Field::From => &mut self.from,
            Field::Sender => &mut self.sender,
            Field::ReplyTo => &mut self.reply_to,
            Field::To => &mut self.to,
            Field::Cc => &mut self.cc,
            Field::Bcc => &mut self.bcc,
        }
    }

    pub(super) fn add_address(
        &mut self,
        to: Field,
        address: &str,
        name: &str,
    ) -> Result<(), Error> {
        let argument = to.argument();
        field::check(argument, name)?;
        let address = Address::parse(address)
            .map_err(|why| Error::argument(Status::Address, argument, why))?;
        let name = name.trim().to_owned();
        self.add_entries(to, vec![Entry::Mailbox(Mailbox { name, address })])
    }

    pub(super) fn add_addresses(&mut self, to: Field, list: &str) -> Result<(), Error> {
        let argument = to.argument();
        check_room(argument, list)?;
        field::check(argument, list)?;
        let entries =
            parse_list(list).map_err(|why| Error::argument(Status::Address, argument, why))?;
        if entries.is_empty() {
            return Err(Error::argument(Status::Address, argument, "has no address"));
        }
        self.add_entries(to, entries)
    }

    fn add_entries(&mut self, to: Field, entries: Vec<Entry>) -> Result<(), Error> {
        let wrong = |status, why: String| Err(Error::argument(status, to.argument(), why));
        let count = self
            .list(to)
            .iter()
            .chain(&entries)
            .map(size)
            .sum::<usize>();
        if count > MAX_RECIPIENTS {
            return wrong(
                Status::Length,
                format!("has more than {MAX_RECIPIENTS} addresses"),
            );
        }
        if to == Field::Sender && count > 1 {
            return wrong(Status::Address, "is one address alone".to_owned());
        }
        let grouped = entries
            .iter()
            .any(|entry| matches!(entry, Entry::Group { .. }));
        if grouped && matches!(to, Field::From | Field::Sender) {
            return wrong(Status::Address, "can't be a group".to_owned());
        }
        self.list_mut(to).extend(entries);
        Ok(())
    }

    pub(super) fn set_subject(&mut self, subject: &str) -> Result<(), Error> {
        check_field("subject", subject)?;
        self.subject = Some(Arc::new(memory::copy_text(subject)?));
        Ok(())
    }

    pub(super) fn set_date(&mut self, seconds: i64, offset: i32) -> Result<(), Error> {
        let wrong = |why: &str| Err(Error::argument(Status::Value, "date", why));
        if !(0..=date::MAX_SECONDS).contains(&seconds) {
            return wrong("is not between the years 1970 and 9999");
        }
        if !(-1439..=1439).contains(&offset) {
            return wrong("has a zone that is a day or more from Greenwich");
        }
        self.date = Some(Date { seconds, offset });
        Ok(())
    }

    pub(super) fn set_message_id(&mut self, id: &str) -> Result<(), Error> {
        self.message_id = Some(new_id("message id", id)?);
        Ok(())
    }

    pub(super) fn add_in_reply_to(&mut self, id: &str) -> Result<(), Error> {
        let id = other_id("in-reply-to", id)?;
        push("in-reply-to", &mut self.in_reply_to, id)
    }

    pub(super) fn add_reference(&mut self, id: &str) -> Result<(), Error> {
        let id = other_id("references", id)?;
        push("references", &mut self.references, id)
    }

    pub(super) fn add_header(&mut self, name: &str, value: &str) -> Result<(), Error> {
        check_room("header value", value)?;
        let field = custom::field(name, value)?;
        push("header", &mut self.custom, Arc::new(field))
    }

    pub(super) fn add_finished_header(&mut self, name: &str, value: &str) -> Result<(), Error> {
        check_room("header value", value)?;
        let field = custom::finished(name, value)?;
        push("header", &mut self.custom, Arc::new(field))
    }

    pub(super) fn add_unsubscribe(&mut self, uri: &str) -> Result<(), Error> {
        let lower = uri.get(..8).unwrap_or(uri).to_ascii_lowercase();
        let known = lower.starts_with("https://") || lower.starts_with("mailto:");
        let visible = uri.len() <= 900
            && uri
                .bytes()
                .all(|b| b.is_ascii_graphic() && !b"<>,\"\\".contains(&b));
        if !known || !visible {
            let why = "must be a https: or mailto: address of visible ASCII, 900 bytes at most";
            return Err(Error::argument(Status::Header, "list-unsubscribe", why));
        }
        push("list-unsubscribe", &mut self.unsubscribe, uri.to_owned())
    }

    pub(super) fn set_one_click(&mut self, one_click: bool) {
        self.one_click = one_click;
    }

    /// One click needs an address that takes a POST (RFC 8058 section 3.1).
    pub(super) fn check_one_click(&self) -> Result<(), Error> {
        let is_https = |uri: &String| {
            uri.get(..8)
                .is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"))
        };
        if !self.one_click || self.unsubscribe.iter().any(is_https) {
            return Ok(());
        }
        let why = "needs a https: address to unsubscribe (List-Unsubscribe), and there is none";
        Err(Error::argument(Status::Header, "one click", why))
    }

    pub(super) fn set_calendar(&mut self, method: &str, text: &str) -> Result<(), Error> {
        let good = (1..=32).contains(&method.len())
            && method
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if !good {
            let why = "is a word such as REQUEST (RFC 5546)";
            return Err(Error::argument(Status::Header, "calendar method", why));
        }
        calendar::check_method(&method.to_ascii_uppercase(), text.as_bytes())?;
        let text = Arc::new(memory::copy_text(text)?);
        self.calendar = Some((method.to_ascii_uppercase(), text));
        Ok(())
    }

    pub(super) fn add_part(&mut self, part: &Part) -> Result<(), Error> {
        self.check_content_id(part)?;
        push("attachment", &mut self.parts, part.clone())
    }

    pub(super) fn add_alternative(&mut self, part: &Part) -> Result<(), Error> {
        if !part.has_type() {
            let why = "is not known, and an alternative has one, such as text/x-amp-html";
            return Err(Error::argument(Status::Header, "content type", why));
        }
        self.check_content_id(part)?;
        push("alternative", &mut self.alternatives, part.clone())
    }

    /// Parts and alternatives, in any order.
    pub(super) fn all_parts(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter().chain(&self.alternatives)
    }

    fn check_content_id(&self, part: &Part) -> Result<(), Error> {
        let taken =
            |other: &Part| other.content_id.is_some() && other.content_id == part.content_id;
        if self.all_parts().any(taken) {
            let why = "is that of another part already";
            return Err(Error::argument(Status::Header, "content id", why));
        }
        Ok(())
    }

    /// Whom the envelope names when nobody else is named: Sender, else the only From.
    pub(super) fn envelope_sender(&self) -> Result<Address, Error> {
        let wrong = |status, why: &str| Error::argument(status, "from", why);
        let mut authors = mailboxes(&self.from);
        let first = authors.next();
        let first = first.ok_or_else(|| wrong(Status::NoSender, "is not set"))?;
        match mailboxes(&self.sender).next() {
            Some(sender) => Ok(sender.address.clone()),
            None if authors.next().is_none() => Ok(first.address.clone()),
            None => Err(wrong(
                Status::NoSender,
                "has several addresses: say which of them sends (RFC 5322 section 3.6.2)",
            )),
        }
    }

    /// Everybody in To, Cc and Bcc, each once.
    pub(super) fn envelope_recipients(&self) -> Result<Vec<Address>, Error> {
        let mut seen = StringSet::default();
        let all = [&self.to, &self.cc, &self.bcc];
        let all: Vec<Address> = all
            .into_iter()
            .flat_map(|list| mailboxes(list))
            .map(|mailbox| &mailbox.address)
            .filter(|address| seen.insert(Arc::clone(address.text())))
            .cloned()
            .collect();
        if all.len() > MAX_RECIPIENTS {
            let why = format!("are more than {MAX_RECIPIENTS}");
            return Err(Error::argument(Status::Length, "recipients", why));
        }
        Ok(all)
    }
}

fn mailboxes(list: &[Entry]) -> impl Iterator<Item = &Mailbox> {
    list.iter().flat_map(|entry| match entry {
        Entry::Mailbox(mailbox) => std::slice::from_ref(mailbox),
        Entry::Group { members, .. } => members.as_slice(),
    })
}

fn size(entry: &Entry) -> usize {
    match entry {
        Entry::Mailbox(_) => 1,
        Entry::Group { members, .. } => members.len().max(1),
    }
}

/// Refuses a value that is longer than any field's, or that there is no room to take apart.
fn check_room(argument: &'static str, text: &str) -> Result<(), Error> {
    check_len(argument, text)?;
    Ok(memory::check(text.len(), ROOM_OF_FIELD)?)
}

fn check_len(argument: &'static str, text: &str) -> Result<(), Error> {
    match text.len() > MAX_FIELD {
        true => {
            let why = format!("is longer than {MAX_FIELD} bytes");
            Err(Error::argument(Status::Length, argument, why))
        }
        false => Ok(()),
    }
}

/// Checks the text of a field.
pub(super) fn check_field(argument: &'static str, text: &str) -> Result<(), Error> {
    check_len(argument, text)?;
    field::check(argument, text)
}

/// An id without the angle brackets that it may have.
fn without_brackets(id: &str) -> &str {
    let inner = id.strip_prefix('<').and_then(|id| id.strip_suffix('>'));
    inner.unwrap_or(id)
}

/// The id of this message, with or without its angle brackets, given back without.
fn new_id(argument: &'static str, id: &str) -> Result<String, Error> {
    let inner = without_brackets(id);
    check_id(argument, inner)?;
    if !inner.contains('@') || inner.starts_with('@') || inner.ends_with('@') {
        let why = "has no @ between two words";
        return Err(Error::argument(Status::Header, argument, why));
    }
    Ok(inner.to_owned())
}

/// The id of another message, with or without its angle brackets, given back without. Programs make
/// ids that no grammar allows, and a thread needs them as they are: only what would end the id early
/// is refused.
fn other_id(argument: &'static str, id: &str) -> Result<String, Error> {
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
        "\"{}\" is no message id: one at a time, 1 to {MAX_ID} visible ASCII characters",
        redact::escape(id.as_bytes(), 80)
    );
    Err(Error::argument(Status::Header, argument, why))
}

fn push<T>(argument: &'static str, list: &mut Vec<T>, item: T) -> Result<(), Error> {
    if list.len() >= MAX_ITEMS {
        let why = format!("is one more than {MAX_ITEMS}");
        return Err(Error::argument(Status::Length, argument, why));
    }
    list.push(item);
    Ok(())
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
            assert!(error.to_string().starts_with("references: "), "{error}");
        }
    }
}

//! The caller's description of a message: fields, texts and parts, each checked when it is set.

use std::sync::Arc;

use super::calendar;
use super::custom;
use super::field_check::{check_field, check_room, check_text};
use super::header_writer::HeaderWriter;
use super::message_id::{new_id, other_id};
use super::part::Part;
use crate::error::Error;
use crate::memory;
use crate::message::address::{Address, MAX_RECIPIENTS};
use crate::message::mailbox::{Entry, Mailbox, parse_list};
use crate::status::Status;
use crate::support::date;
use crate::support::string_set::StringSet;

/// The most parts, custom fields and references.
const MAX_ITEMS: usize = 1000;

/// An address field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum Field {
    /// The authors (From).
    From = 1,
    /// The sender for several authors (Sender).
    Sender = 2,
    /// The addresses for answers (Reply-To).
    ReplyTo = 3,
    /// The recipients (To).
    To = 4,
    /// The recipients of a copy (Cc).
    Cc = 5,
    /// The recipients of a blind copy: addresses of the envelope, never of the header.
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

/// The urgency of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum Priority {
    /// Can wait.
    Low = 1,
    /// Normal: without a field.
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
pub(in crate::message) struct Date {
    pub(in crate::message) seconds: i64,
    pub(in crate::message) offset: i32,
}

#[derive(Clone, Default)]
pub(in crate::message) struct Draft {
    pub(in crate::message) from: Vec<Entry>,
    pub(in crate::message) sender: Vec<Entry>,
    pub(in crate::message) reply_to: Vec<Entry>,
    pub(in crate::message) to: Vec<Entry>,
    pub(in crate::message) cc: Vec<Entry>,
    pub(in crate::message) bcc: Vec<Entry>,
    pub(in crate::message) subject: Option<Arc<String>>,
    pub(in crate::message) date: Option<Date>,
    pub(in crate::message) message_id: Option<String>,
    pub(in crate::message) in_reply_to: Vec<String>,
    pub(in crate::message) references: Vec<String>,
    pub(in crate::message) priority: Option<Priority>,
    pub(in crate::message) unsubscribe: Vec<String>,
    pub(in crate::message) one_click: bool,
    pub(in crate::message) custom: Vec<Arc<HeaderWriter>>,
    pub(in crate::message) text: Option<Arc<String>>,
    pub(in crate::message) html: Option<Arc<String>>,
    pub(in crate::message) calendar: Option<(String, Arc<String>)>,
    pub(in crate::message) parts: Vec<Part>,
    pub(in crate::message) alternatives: Vec<Part>,
}

impl Draft {
    pub(in crate::message) fn list(&self, field: Field) -> &[Entry] {
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

    pub(in crate::message) fn add_address(
        &mut self,
        to: Field,
        address: &str,
        name: &str,
    ) -> Result<(), Error> {
        let argument = to.argument();
        check_text(argument, name)?;
        let address = Address::parse(address)
            .map_err(|why| Error::argument(Status::Address, argument, why))?;
        let name = name.trim().to_owned();
        self.add_entries(to, vec![Entry::Mailbox(Mailbox { name, address })])
    }

    pub(in crate::message) fn add_addresses(&mut self, to: Field, list: &str) -> Result<(), Error> {
        let argument = to.argument();
        check_room(argument, list)?;
        check_text(argument, list)?;
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
            return wrong(
                Status::Address,
                "has several addresses, expected one".to_owned(),
            );
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

    pub(in crate::message) fn set_subject(&mut self, subject: &str) -> Result<(), Error> {
        check_field("subject", subject)?;
        self.subject = Some(Arc::new(memory::copy_text(subject)?));
        Ok(())
    }

    pub(in crate::message) fn set_date(&mut self, seconds: i64, offset: i32) -> Result<(), Error> {
        let wrong = |why: &str| Err(Error::argument(Status::Value, "date", why));
        if !(0..=date::MAX_SECONDS).contains(&seconds) {
            return wrong("is not between the years 1970 and 9999");
        }
        if !(-1439..=1439).contains(&offset) {
            return wrong("has a zone that is a day or more from UTC");
        }
        self.date = Some(Date { seconds, offset });
        Ok(())
    }

    pub(in crate::message) fn set_message_id(&mut self, id: &str) -> Result<(), Error> {
        self.message_id = Some(new_id("message id", id)?);
        Ok(())
    }

    pub(in crate::message) fn add_in_reply_to(&mut self, id: &str) -> Result<(), Error> {
        let id = other_id("in-reply-to", id)?;
        push("in-reply-to", &mut self.in_reply_to, id)
    }

    pub(in crate::message) fn add_reference(&mut self, id: &str) -> Result<(), Error> {
        let id = other_id("references", id)?;
        push("references", &mut self.references, id)
    }

    pub(in crate::message) fn add_header(&mut self, name: &str, value: &str) -> Result<(), Error> {
        check_room("header value", value)?;
        let field = custom::field(name, value)?;
        push("header", &mut self.custom, Arc::new(field))
    }

    pub(in crate::message) fn add_finished_header(
        &mut self,
        name: &str,
        value: &str,
    ) -> Result<(), Error> {
        check_room("header value", value)?;
        let field = custom::finished(name, value)?;
        push("header", &mut self.custom, Arc::new(field))
    }

    pub(in crate::message) fn add_unsubscribe(&mut self, uri: &str) -> Result<(), Error> {
        let lower = uri.get(..8).unwrap_or(uri).to_ascii_lowercase();
        let known = lower.starts_with("https://") || lower.starts_with("mailto:");
        let visible = uri.len() <= 900
            && uri
                .bytes()
                .all(|b| b.is_ascii_graphic() && !b"<>,\"\\".contains(&b));
        if !known || !visible {
            let why = "is not a URI with https: or mailto: of at most 900 bytes of visible ASCII";
            return Err(Error::argument(Status::Header, "list-unsubscribe", why));
        }
        push("list-unsubscribe", &mut self.unsubscribe, uri.to_owned())
    }

    pub(in crate::message) fn set_one_click(&mut self, one_click: bool) {
        self.one_click = one_click;
    }

    /// One click needs an address that accepts a POST (RFC 8058 section 3.1).
    pub(in crate::message) fn check_one_click(&self) -> Result<(), Error> {
        let is_https = |uri: &String| {
            uri.get(..8)
                .is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"))
        };
        if !self.one_click || self.unsubscribe.iter().any(is_https) {
            return Ok(());
        }
        let why = "needs an address to unsubscribe that begins with https: (List-Unsubscribe)";
        Err(Error::argument(Status::Header, "one click", why))
    }

    pub(in crate::message) fn set_calendar(
        &mut self,
        method: &str,
        text: &str,
    ) -> Result<(), Error> {
        let good = (1..=32).contains(&method.len())
            && method
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if !good {
            let why = "is not a word such as REQUEST";
            return Err(Error::argument(Status::Header, "calendar method", why));
        }
        calendar::check_method(&method.to_ascii_uppercase(), text.as_bytes())?;
        let text = Arc::new(memory::copy_text(text)?);
        self.calendar = Some((method.to_ascii_uppercase(), text));
        Ok(())
    }

    pub(in crate::message) fn add_part(&mut self, part: &Part) -> Result<(), Error> {
        self.check_content_id(part)?;
        push("attachment", &mut self.parts, part.clone())
    }

    pub(in crate::message) fn add_alternative(&mut self, part: &Part) -> Result<(), Error> {
        if !part.has_type() {
            let why = "is missing, and an alternative needs one, such as text/x-amp-html";
            return Err(Error::argument(Status::Header, "content type", why));
        }
        self.check_content_id(part)?;
        push("alternative", &mut self.alternatives, part.clone())
    }

    /// Parts and alternatives, in any order.
    pub(in crate::message) fn all_parts(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter().chain(&self.alternatives)
    }

    fn check_content_id(&self, part: &Part) -> Result<(), Error> {
        let taken =
            |other: &Part| other.content_id.is_some() && other.content_id == part.content_id;
        if self.all_parts().any(taken) {
            let why = "is the id of another part";
            return Err(Error::argument(Status::Header, "content id", why));
        }
        Ok(())
    }

    /// The sender of the envelope unless another is set: Sender, else the only From.
    pub(in crate::message) fn envelope_sender(&self) -> Result<Address, Error> {
        let wrong = |status, why: &str| Error::argument(status, "from", why);
        let mut authors = mailboxes(&self.from);
        let first = authors.next();
        let first = first.ok_or_else(|| wrong(Status::NoSender, "is not set"))?;
        match mailboxes(&self.sender).next() {
            Some(sender) => Ok(sender.address.clone()),
            None if authors.next().is_none() => Ok(first.address.clone()),
            None => Err(wrong(
                Status::NoSender,
                "has several addresses: set the sender field to the one that sends",
            )),
        }
    }

    /// The addresses in To, Cc and Bcc, each once.
    pub(in crate::message) fn envelope_recipients(&self) -> Result<Vec<Address>, Error> {
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

fn push<T>(argument: &'static str, list: &mut Vec<T>, item: T) -> Result<(), Error> {
    if list.len() >= MAX_ITEMS {
        let why = format!("is one more than {MAX_ITEMS}");
        return Err(Error::argument(Status::Length, argument, why));
    }
    list.push(item);
    Ok(())
}

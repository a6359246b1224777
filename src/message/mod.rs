//! A message: the envelope (whom the server is told) and the content (what it is given).

#![forbid(unsafe_code)]

mod source;

use std::fmt;
use std::sync::Arc;

use crate::error::{Error, Outcome, Recipient};
use crate::proto::address::Address;
use crate::proto::content::{Unfit, canonical, inspect};
use crate::proto::header::without_bcc;
use crate::status::Status;

use source::Octets;

pub(crate) use source::{Piece, Read, Source};

/// The most recipients of one message.
pub const MAX_RECIPIENTS: usize = 10_000;

/// Content looked through once and kept for as often as it is sent.
#[derive(Clone)]
struct Content {
    source: Arc<dyn Source>,
    message_id: Option<String>,
}

/// A message to be sent, as often as wanted.
#[derive(Clone, Default)]
pub struct Message {
    /// `Some(None)` is the null reverse-path.
    sender: Option<Option<Address>>,
    recipients: Vec<Address>,
    content: Option<Content>,
    /// Whether to deliver to the accepted recipients when others are refused; otherwise it is all
    /// or nothing.
    pub partial: bool,
}

impl fmt::Debug for Message {
    /// Sizes, not addresses or content: what is printed for debugging ends up in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let content = self.content.as_ref();
        let octets = content.and_then(|content| content.source.facts().size);
        f.debug_struct("Message")
            .field("recipients", &self.recipients.len())
            .field("octets", &octets)
            .field("partial", &self.partial)
            .finish_non_exhaustive()
    }
}

impl Message {
    /// An empty message.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the envelope's sender, where failures are reported; empty for the null reverse-path.
    ///
    /// # Errors
    /// [`Status::Address`] for what is no address.
    pub fn set_sender(&mut self, address: &str) -> Result<(), Error> {
        let parsed = if address.is_empty() {
            None
        } else {
            Some(parse("sender", address)?)
        };
        self.sender = Some(parsed);
        Ok(())
    }

    /// Adds a recipient to the envelope.
    ///
    /// # Errors
    /// [`Status::Address`] for what is no address, [`Status::Length`] for one too many.
    pub fn add_recipient(&mut self, address: &str) -> Result<(), Error> {
        if self.recipients.len() >= MAX_RECIPIENTS {
            return Err(Error::argument(
                Status::Length,
                "recipient",
                "is one more than 10000",
            ));
        }
        self.recipients.push(parse("recipient", address)?);
        Ok(())
    }

    /// Sets the content: header and body as RFC 5322 has them. Any line end becomes CRLF on the
    /// wire, and Bcc and Resent-Bcc fields are left out.
    ///
    /// # Errors
    /// [`Status::NoContent`] if it is empty, [`Status::Content`] for a NUL or a line over 998 octets.
    pub fn set_content(&mut self, content: &[u8]) -> Result<(), Error> {
        let (octets, message_id) = without_bcc(content);
        if octets.is_empty() {
            let why = "is empty (Bcc and Resent-Bcc fields are left out)";
            return Err(Error::argument(Status::NoContent, "content", why));
        }
        let facts = inspect(&octets).map_err(|unfit| {
            let why = match unfit {
                Unfit::Nul { line } => format!("line {line} has a NUL"),
                Unfit::LongLine { line } => format!(
                    "line {line} has more than 998 octets: encode it as quoted-printable or base64"
                ),
            };
            Error::argument(Status::Content, "content", why)
        })?;
        let octets = canonical(octets);
        self.content = Some(Content {
            source: Arc::new(Octets::new(octets, facts)),
            message_id,
        });
        Ok(())
    }

    /// Each recipient's part before anything has happened.
    pub(crate) fn recipients_not_sent(&self) -> Vec<Recipient> {
        let recipient = |address: &Address| Recipient {
            address: address.to_string(),
            outcome: Outcome::NotSent,
            answer: None,
        };
        self.recipients.iter().map(recipient).collect()
    }

    /// The content's Message-ID.
    pub(crate) fn message_id(&self) -> Option<String> {
        self.content.as_ref()?.message_id.clone()
    }

    /// What a send needs of it.
    ///
    /// # Errors
    /// Which part is missing.
    pub(crate) fn parts(&self) -> Result<Parts<'_>, Error> {
        let missing = |status, argument, why: &str| Error::argument(status, argument, why);
        let sender = self.sender.as_ref();
        let sender = sender.ok_or_else(|| missing(Status::NoSender, "sender", "is not set"))?;
        if self.recipients.is_empty() {
            return Err(missing(Status::NoRecipient, "recipient", "there is none"));
        }
        let content = self.content.as_ref();
        let content = content.ok_or_else(|| missing(Status::NoContent, "content", "is not set"))?;
        Ok(Parts {
            sender: sender.as_ref(),
            recipients: &self.recipients,
            content: &*content.source,
        })
    }
}

/// A complete message, taken apart.
pub(crate) struct Parts<'a> {
    pub(crate) sender: Option<&'a Address>,
    pub(crate) recipients: &'a [Address],
    pub(crate) content: &'a dyn Source,
}

fn parse(argument: &'static str, text: &str) -> Result<Address, Error> {
    Address::parse(text).map_err(|why| Error::argument(Status::Address, argument, why))
}

//! A message: the envelope, which commands carry, and the content.
//!
//! ```
//! use secsmtp::Message;
//!
//! let mut message = Message::new();
//! message.set_sender("alice@example.com")?;
//! message.add_recipient("bob@example.org")?;
//! message.set_content(b"Subject: Hello\nBcc: carol@example.org\n\nA line.\n")?;
//! let mut content = Vec::new();
//! message.preview(&mut |bytes| {
//!     content.extend_from_slice(bytes);
//!     Ok(())
//! })?;
//! // The form that is sent: CRLF at the end of each line, and no Bcc.
//! assert_eq!(content, b"Subject: Hello\r\n\r\nA line.\r\n");
//!
//! let error = message.add_recipient("bob").unwrap_err();
//! assert_eq!(error.to_string(), "recipient has no @ between a name and a domain.");
//! # Ok::<_, secsmtp::Error>(())
//! ```

#![forbid(unsafe_code)]

pub mod address;
pub mod content;
pub mod delivery;
pub mod dkim;
pub mod header;
pub mod mailbox;
mod mime;
mod options;
mod prepared;
mod setters;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use once_cell::race::OnceBox;

use crate::error::{Cause, Error};
use crate::message::address::Address;
pub use crate::message::address::MAX_RECIPIENTS;
use crate::message::delivery::Options;
use crate::status::Status;

pub use content::data::Pull;
pub use content::header_envelope::BY_NAME;
pub use content::raw::{BY_BINARY, ContentRules};
use content::source::Content;
pub(crate) use content::source::{PieceKind, Source, SourceReader};
pub(crate) use content::streamed::RawContent;
pub use dkim::Signer;
use mime::compose::ComposedMessage;
use mime::draft::Draft;
pub use mime::draft::{Field, Priority};
pub use mime::part::Part;
pub use prepared::Prepared;
use prepared::Submission;

/// The most signatures of one message.
const MAX_SIGNERS: usize = 10;

/// A message that is composed. Copies share it, so that sends that begin at the same time send the same.
#[derive(Default)]
struct Composition {
    draft: Draft,
    /// The draft put together, once it was needed: by the first of the threads that do it at the same
    /// time. None waits for another, which a fork could leave behind.
    composed_message: OnceBox<ComposedMessage>,
}

impl Clone for Composition {
    /// A copy to be changed: what was put together is not of it any more.
    fn clone(&self) -> Self {
        Self {
            draft: self.draft.clone(),
            composed_message: OnceBox::new(),
        }
    }
}

/// The signers, also shared by copies.
#[derive(Default)]
struct Signing {
    signers: Vec<Signer>,
    /// The content with its signatures, once it was needed.
    #[cfg(feature = "dkim")]
    signed: OnceBox<dkim::sign::SignedMessage>,
}

impl Signing {
    fn unsign(&mut self) {
        #[cfg(feature = "dkim")]
        {
            self.signed = OnceBox::new();
        }
    }
}

impl Clone for Signing {
    /// A copy to be changed: what was signed is not of it any more.
    fn clone(&self) -> Self {
        Self {
            signers: self.signers.clone(),
            #[cfg(feature = "dkim")]
            signed: OnceBox::new(),
        }
    }
}

/// A message to be sent, as often as wanted. Its content is either given whole
/// ([`Message::set_content`]) or composed of fields, texts and parts; what is composed is put
/// together when it is first needed and stays the same, Message-ID and date too, until something
/// of it is changed.
#[derive(Clone, Default)]
pub struct Message {
    /// `Some(None)` is the null reverse-path.
    sender: Option<Option<Address>>,
    recipients: Arc<Vec<Address>>,
    content: Option<Content>,
    composed: Option<Arc<Composition>>,
    signing: Option<Arc<Signing>>,
    /// True to deliver to the accepted recipients when others are refused; otherwise it is all
    /// or nothing.
    pub partial: bool,
    /// Requests to the server beyond delivery.
    options: Option<Arc<Options>>,
}

impl fmt::Debug for Message {
    /// Sizes, not addresses or content: what is printed for debugging ends up in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = self.unsigned().ok();
        f.debug_struct("Message")
            .field("recipients", &self.envelope().len())
            .field("bytes", &source.and_then(|source| source.properties().size))
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
        let address = parse("recipient", address)?;
        Arc::make_mut(&mut self.recipients).push(address);
        Ok(())
    }

    /// Sets the content: header and body as RFC 5322 has them. Any line end becomes CRLF on the
    /// wire, and Bcc and Resent-Bcc fields are left out.
    ///
    /// # Errors
    /// [`Status::NoContent`] if it is empty, [`Status::Content`] for a NUL or a line over 998 bytes, and
    /// for the line that stands before a message in an mbox file.
    pub fn set_content(&mut self, content: &[u8]) -> Result<(), Error> {
        self.set_content_by(content, ContentRules::default())
    }

    /// Sets the content by other rules.
    ///
    /// # Errors
    /// As [`Message::set_content`], what the rules refuse, and [`Status::Address`] or
    /// [`Status::NoSender`] for a header that gives no envelope.
    pub fn set_content_by(&mut self, content: &[u8], rules: ContentRules) -> Result<(), Error> {
        self.set_raw_content(RawContent::memory(content, rules)?);
        Ok(())
    }

    /// Sets the content from a regular file, which is read now and by each send, and never held. When
    /// it is gone or has changed since, the send fails as "not sent".
    ///
    /// # Errors
    /// As [`Message::set_content_by`], [`Status::File`] for what can't be looked at or is no regular
    /// file, [`Status::Source`] for what can't be read, [`Status::Content`] for a header over 2 MiB.
    pub fn set_content_file(&mut self, path: &Path, rules: ContentRules) -> Result<(), Error> {
        self.set_raw_content(RawContent::file(path, rules)?);
        Ok(())
    }

    /// Sets the content from a function, with its number of bytes if it is known. Bytes that are not those
    /// of the first reading fail the send as "not sent".
    ///
    /// # Errors
    /// As [`Message::set_content_file`].
    pub fn set_content_pull(
        &mut self,
        pull: Arc<dyn Pull>,
        size: Option<u64>,
        rules: ContentRules,
    ) -> Result<(), Error> {
        self.set_raw_content(RawContent::pull(pull, size, rules)?);
        Ok(())
    }

    /// Takes content that was looked through, and its envelope; gives back what it had.
    pub(crate) fn set_raw_content(&mut self, content: RawContent) -> Option<Content> {
        if let Some((sender, recipients)) = content.envelope {
            self.sender = Some(sender);
            self.recipients = Arc::new(recipients);
        }
        self.unsign();
        self.content.replace(content.content)
    }

    /// Signs the message (DKIM) when it is first needed; then it stays as it is, the signature's time
    /// too, until something of it is changed. Several signers make several signatures. The content is
    /// read through once more for that.
    ///
    /// # Errors
    /// [`Status::Length`] beyond ten.
    pub fn add_signer(&mut self, signer: &Signer) -> Result<(), Error> {
        let count = self.signing.as_ref().map_or(0, |s| s.signers.len());
        if count >= MAX_SIGNERS {
            let why = format!("is one more than {MAX_SIGNERS}");
            return Err(Error::argument(Status::Length, "signer", why));
        }
        let signing = Arc::make_mut(self.signing.get_or_insert_default());
        signing.signers.push(signer.clone());
        signing.unsign();
        Ok(())
    }

    /// The content's Message-ID, with its angle brackets. A composed message has one from now on,
    /// if it is complete.
    #[must_use]
    pub fn message_id(&self) -> Option<Arc<str>> {
        match &self.content {
            Some(content) => content.message_id.clone(),
            None => Some(Arc::clone(&self.composed_message().ok()?.message_id)),
        }
    }

    /// Bytes of the content as SIZE counts them; `None` when a part does not know its own.
    ///
    /// # Errors
    /// The part of the message that is missing.
    pub fn size(&self) -> Result<Option<u64>, Error> {
        Ok(self.source()?.properties().size)
    }

    /// Shows the content piece by piece, as it would be sent, without sending it.
    ///
    /// # Errors
    /// The part that is missing or can't be read, or the error of `take`.
    pub fn preview(&self, take: &mut dyn FnMut(&[u8]) -> Result<(), Error>) -> Result<(), Error> {
        content::source::write(&**self.source()?, take)
    }

    /// Put the message together: complete, canonical and signed, its files looked at.
    ///
    /// # Errors
    /// Which part is missing, or can't be used.
    pub fn prepare(&self) -> Result<Prepared, Error> {
        let missing = |status, argument, why: &str| Error::argument(status, argument, why);
        let sender = match (&self.sender, &self.composed) {
            (Some(sender), _) => sender.clone(),
            (None, Some(_)) if self.content.is_none() => {
                Some(self.composed_message()?.sender.clone())
            }
            (None, _) => return Err(missing(Status::NoSender, "sender", "is not set")),
        };
        let recipients = self.envelope();
        if recipients.is_empty() {
            return Err(missing(Status::NoRecipient, "recipient", "is not set"));
        }
        let recipients = Arc::clone(recipients);
        let content = Arc::clone(self.source()?);
        let failed = |fault| Error::local(Cause::Source(fault));
        content.check().map_err(failed)?;
        let composed_message = self
            .composed
            .as_ref()
            .and_then(|c| c.composed_message.get());
        for part in composed_message
            .iter()
            .flat_map(|composed_message| &composed_message.parts)
        {
            part.data.check().map_err(failed)?;
        }
        Prepared::new(Submission {
            sender,
            recipients,
            content,
            message_id: self.message_id(),
            options: self.options.clone(),
            partial: self.partial,
            expires: self.signature_end(),
        })
    }

    /// The recipients named to the envelope, else those of the composed fields.
    fn envelope(&self) -> &Arc<Vec<Address>> {
        match self.recipients.is_empty() && self.content.is_none() {
            true => self
                .composed_message()
                .map_or(&self.recipients, |composed_message| {
                    &composed_message.recipients
                }),
            false => &self.recipients,
        }
    }

    /// The content, signed if it is to be.
    fn source(&self) -> Result<&Arc<dyn Source>, Error> {
        let unsigned = self.unsigned()?;
        #[cfg(feature = "dkim")]
        if let Some(signing) = &self.signing {
            let sign = || {
                dkim::sign::sign(unsigned, &signing.signers, crate::support::date::now())
                    .map(Box::new)
            };
            let signed = signing.signed.get_or_try_init(sign)?;
            return Ok(&signed.source);
        }
        Ok(unsigned)
    }

    /// When the signature's time is over, in seconds since 1970.
    fn signature_end(&self) -> Option<i64> {
        #[cfg(feature = "dkim")]
        if let Some(signed) = self.signing.as_ref().and_then(|s| s.signed.get()) {
            return signed.expires;
        }
        None
    }

    /// The content is another: what was signed is no more.
    fn unsign(&mut self) {
        if let Some(signing) = &mut self.signing {
            Arc::make_mut(signing).unsign();
        }
    }

    fn unsigned(&self) -> Result<&Arc<dyn Source>, Error> {
        match (&self.content, &self.composed) {
            (Some(_), Some(_)) => {
                let why =
                    "was set whole, and fields or parts were added: expected one or the other";
                Err(Error::argument(Status::Composition, "content", why))
            }
            (Some(content), None) => Ok(&content.source),
            (None, Some(_)) => Ok(&self.composed_message()?.source),
            (None, None) => Err(Error::argument(Status::NoContent, "content", "is not set")),
        }
    }

    fn composed_message(&self) -> Result<&ComposedMessage, Error> {
        let nothing = || Error::argument(Status::NoContent, "content", "is not set");
        let composed = self.composed.as_ref().ok_or_else(nothing)?;
        let seal = || mime::compose::compose(&composed.draft).map(Box::new);
        composed.composed_message.get_or_try_init(seal)
    }

    /// Changes the draft: what was put together of it is no more. A change that fails leaves the message
    /// as it was, for each method of [`Draft`] checks before it changes anything.
    fn compose<E>(&mut self, change: impl FnOnce(&mut Draft) -> Result<(), E>) -> Result<(), E> {
        match self.composed.as_mut().and_then(Arc::get_mut) {
            Some(own) => {
                change(&mut own.draft)?;
                own.composed_message = OnceBox::new();
            }
            None => {
                let mut copy = self.composed.as_deref().cloned().unwrap_or_default();
                change(&mut copy.draft)?;
                self.composed = Some(Arc::new(copy));
            }
        }
        self.unsign();
        Ok(())
    }
}

fn parse(argument: &'static str, text: &str) -> Result<Address, Error> {
    Address::parse(text).map_err(|why| Error::argument(Status::Address, argument, why))
}

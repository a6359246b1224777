//! A message that is complete, canonical and signed.

use std::fmt;
use std::sync::Arc;

use super::address::Address;
use super::content::source::Source;
use super::delivery::Options;
use crate::error::{Cause, Error, Outcome, Recipient};
use crate::status::Status;
use crate::support::date;

/// The options of most messages.
static NOTHING: Options = Options::NOTHING;

/// A message that is complete: the only thing that can be sent. Copies share everything.
#[derive(Clone)]
pub struct Prepared(Arc<Submission>);

/// The envelope, content and options of a message that is complete.
pub(super) struct Submission {
    pub(super) sender: Option<Address>,
    pub(super) recipients: Arc<Vec<Address>>,
    pub(super) content: Arc<dyn Source>,
    pub(super) message_id: Option<Arc<str>>,
    pub(super) options: Option<Arc<Options>>,
    pub(super) partial: bool,
    /// When its signature is over, in seconds since 1970.
    pub(super) expires: Option<i64>,
}

impl fmt::Debug for Prepared {
    /// Sizes, not addresses or content: debug output ends up in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared")
            .field("recipients", &self.0.recipients.len())
            .field("bytes", &self.0.content.properties().size)
            .finish_non_exhaustive()
    }
}

impl Prepared {
    /// # Errors
    /// [`Status::Value`] if the time of its signature is over.
    pub(super) fn new(submission: Submission) -> Result<Self, Error> {
        let prepared = Self(Arc::new(submission));
        prepared.check_signature()?;
        Ok(prepared)
    }

    /// The envelope's sender; `None` is the null reverse-path.
    pub(crate) fn sender(&self) -> Option<&Address> {
        self.0.sender.as_ref()
    }

    pub(crate) fn recipients(&self) -> &[Address] {
        &self.0.recipients
    }

    pub(crate) fn content(&self) -> &dyn Source {
        &*self.0.content
    }

    pub(crate) fn message_id(&self) -> Option<Arc<str>> {
        self.0.message_id.clone()
    }

    /// The options of MAIL and RCPT.
    pub(crate) fn options(&self) -> &Options {
        self.0.options.as_deref().unwrap_or(&NOTHING)
    }

    /// True to deliver to the accepted recipients when others are refused.
    pub(crate) fn is_partial(&self) -> bool {
        self.0.partial
    }

    /// Checks that it can still be sent: its files are as they were, and its signature is valid.
    ///
    /// # Errors
    /// The part that has changed, or [`Status::Value`] for the signature.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let checked = self.0.content.check();
        checked.map_err(|fault| Error::local(Cause::Source(fault)))?;
        self.check_signature()
    }

    fn check_signature(&self) -> Result<(), Error> {
        if self.0.expires.is_some_and(|end| end <= date::now()) {
            let why = "has expired: any change of the message makes a new one";
            return Err(Error::argument(Status::Value, "signature", why));
        }
        Ok(())
    }

    /// Each recipient before anything has happened.
    pub(crate) fn recipients_not_sent(&self) -> Vec<Recipient> {
        let recipient = |address: &Address| Recipient {
            address: Arc::clone(address.text()),
            outcome: Outcome::NotSent,
            reply: None,
        };
        self.0.recipients.iter().map(recipient).collect()
    }

    /// An error of this message, of which nothing was sent.
    pub(crate) fn not_sent(&self, cause: Cause) -> Error {
        let mut error = Error::local(cause).for_message();
        error.record.recipients = self.recipients_not_sent();
        error.record.message_id = self.message_id();
        error
    }
}

#[cfg(test)]
impl Prepared {
    /// A message for tests that send nothing.
    pub(crate) fn sample() -> Self {
        let content = super::content::source::InMemory::new(b"\r\n".to_vec(), Default::default());
        Self::with_content(Arc::new(content))
    }

    /// A message for tests that send nothing, with this content.
    pub(crate) fn with_content(content: Arc<dyn Source>) -> Self {
        Self(Arc::new(Submission {
            sender: None,
            recipients: Arc::default(),
            content,
            message_id: None,
            options: None,
            partial: false,
            expires: None,
        }))
    }
}

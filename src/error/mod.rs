//! The result of a call: the record of a send, and the error with its cause.
//!
//! Causes carry data; `text` makes the sentences for users.

#![forbid(unsafe_code)]

mod cause;
mod enhanced;
mod hints;
mod outcome;
mod record;
mod stage;
mod text;

use std::collections::TryReserveError;
use std::io;

pub use cause::{Cause, NotAscii, RejectedStep, ReplyFault, SourceFault};
pub use enhanced::Enhanced;
pub use outcome::{Outcome, Retry};
pub use record::{Peer, Recipient, Record, ServerReply};
pub use stage::Stage;

use crate::argument::InvalidArgument;
use crate::status::Status;

/// The cause of a failure, and the record of the call until then. Two pointers, so that a result
/// with it is small: most calls succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// The cause.
    pub cause: Box<Cause>,
    /// The record: the last stage and what left the machine.
    pub record: Box<Record>,
}

impl Error {
    /// An error before any network that is not about a message.
    #[must_use]
    pub fn local(cause: Cause) -> Self {
        let record = Record {
            outcome: Outcome::None,
            ..Record::default()
        };
        Self::new(cause, record)
    }

    /// This error as the reason why a message was not sent, unless it has an outcome already.
    #[must_use]
    pub fn for_message(mut self) -> Self {
        if self.record.outcome == Outcome::None {
            self.record.outcome = Outcome::NotSent;
        }
        self
    }

    /// An error with what is known of the send.
    pub(crate) fn new(cause: Cause, record: Record) -> Self {
        Self {
            cause: Box::new(cause),
            record: Box::new(record),
        }
    }

    /// The error of a send in which a panic was caught: it may have come to its end.
    pub(crate) fn after_panic() -> Self {
        let record = Record {
            stage: Stage::Reply,
            outcome: Outcome::Unknown,
            secret_released: true,
            content_released: true,
            content_complete: true,
            ..Record::default()
        };
        Self::new(Cause::Panic, record)
    }

    /// An argument that can't be used.
    #[must_use]
    pub fn argument(status: Status, argument: &'static str, why: impl Into<String>) -> Self {
        InvalidArgument::new(status, argument, why).into()
    }

    /// The system gave no memory.
    pub(crate) fn out_of_memory() -> Self {
        Self::local(Cause::Resource {
            what: "memory",
            kind: io::ErrorKind::OutOfMemory,
        })
    }

    /// The cause as a number.
    #[must_use]
    pub fn status(&self) -> Status {
        self.cause.status()
    }

    /// The argument that can't be used; none of an error with another cause.
    #[must_use]
    pub fn invalid_argument(&self) -> Option<&InvalidArgument> {
        match &*self.cause {
            Cause::Argument(invalid) => Some(invalid),
            _ => None,
        }
    }

    /// The record of the send; none of an error that came before any network.
    #[must_use]
    pub fn receipt(&self) -> Option<&Record> {
        Some(&*self.record).filter(|record| record.stage != Stage::Local)
    }

    /// Returns the advice whether to send the message again.
    #[must_use]
    pub fn retry(&self) -> Retry {
        match self.record.outcome {
            Outcome::None => return Retry::Never,
            Outcome::Unknown => return Retry::Unknown,
            _ => {}
        }
        let temporary = self
            .record
            .reply
            .as_ref()
            .is_some_and(|a| (400..500).contains(&a.code));
        match &*self.cause {
            Cause::Timeout { .. }
            | Cause::Full
            | Cause::BackOff { .. }
            | Cause::Lookup { .. }
            | Cause::LookupBusy
            | Cause::Connect { .. }
            | Cause::Lost { .. }
            | Cause::Abandoned
            | Cause::Closing
            | Cause::Resource { .. } => Retry::Later,
            _ if temporary => Retry::Later,
            _ => Retry::Never,
        }
    }
}

impl From<InvalidArgument> for Error {
    fn from(invalid: InvalidArgument) -> Self {
        Self::local(Cause::Argument(invalid))
    }
}

impl From<TryReserveError> for Error {
    fn from(_: TryReserveError) -> Self {
        Self::out_of_memory()
    }
}

impl std::error::Error for Error {}

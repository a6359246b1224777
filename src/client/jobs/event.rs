//! The events of a client's jobs.

use std::borrow::Cow;

use crate::credential::Reason;
use crate::error::{Error, Outcome, Recipient, Record, ServerReply, Stage};
use crate::log::Level;
use crate::sasl::CredentialKind;
use crate::status::Status;

/// The number of a job: it grows with each, and is never used again.
pub type JobId = u64;

/// The result of a message: its receipt, or the error.
pub type Completion = Result<Record, Error>;

/// An event of a job.
#[derive(Debug, Clone)]
pub struct Event {
    /// The job; 0 for [`EventData::Dropped`].
    pub job: JobId,
    /// The tag that the job was submitted with; 0 for [`EventData::Dropped`].
    pub tag: u64,
    /// The kind, with its values.
    pub data: EventData,
}

/// Each value is absent where the event's kind does not contain it.
impl Event {
    /// The status of the job that is complete.
    #[must_use]
    pub fn status(&self) -> Option<Status> {
        let status = |completion: &Completion| match completion {
            Ok(_) => Status::Ok,
            Err(error) => error.status(),
        };
        self.completion().map(status)
    }

    /// The stage that begins, that of the line, or the last one reached.
    #[must_use]
    pub fn stage(&self) -> Option<Stage> {
        match &self.data {
            EventData::Stage(stage) | EventData::Line(_, stage, _) => Some(*stage),
            _ => self.record().map(|record| record.stage),
        }
    }

    /// The level of the line.
    #[must_use]
    pub fn level(&self) -> Option<Level> {
        match self.data {
            EventData::Line(level, ..) => Some(level),
            _ => None,
        }
    }

    /// The line, the address of the recipient, the user whose secret is needed, or the text of the deciding
    /// reply or of the error.
    #[must_use]
    pub fn text(&self) -> Option<Cow<'_, str>> {
        match &self.data {
            EventData::Line(_, _, line) => Some(line.into()),
            EventData::Recipient(_, recipient) => Some((&*recipient.address).into()),
            EventData::SecretWanted(question) => Some((&question.user).into()),
            EventData::Completed(completion) => match &**completion {
                Ok(_) => self.reply().map(|reply| (&reply.text).into()),
                Err(error) => Some(error.to_string().into()),
            },
            EventData::Stage(_) | EventData::Progress(..) | EventData::Dropped(_) => None,
        }
    }

    /// The number of content bytes that the system has accepted.
    #[must_use]
    pub fn written(&self) -> Option<u64> {
        match self.data {
            EventData::Progress(written, _) => Some(written),
            _ => None,
        }
    }

    /// The size of the content, if it is known before its end.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        match self.data {
            EventData::Progress(_, total) => total,
            _ => None,
        }
    }

    /// The index of the recipient.
    #[must_use]
    pub fn index(&self) -> Option<usize> {
        match self.data {
            EventData::Recipient(index, _) => Some(index),
            _ => None,
        }
    }

    /// The outcome of the message, or of it for the recipient.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        match &self.data {
            EventData::Recipient(_, recipient) => Some(recipient.outcome),
            _ => self.record().map(|record| record.outcome),
        }
    }

    /// The reply to the recipient, or the deciding one.
    #[must_use]
    pub fn reply(&self) -> Option<&ServerReply> {
        match &self.data {
            EventData::Recipient(_, recipient) => recipient.reply.as_deref(),
            _ => self.record()?.reply.as_deref(),
        }
    }

    /// Which secret is needed.
    #[must_use]
    pub fn question(&self) -> Option<&SecretQuestion> {
        match &self.data {
            EventData::SecretWanted(question) => Some(question),
            _ => None,
        }
    }

    /// The number of dropped events.
    #[must_use]
    pub fn dropped(&self) -> Option<u64> {
        match self.data {
            EventData::Dropped(count) => Some(count),
            _ => None,
        }
    }

    /// The receipt or error of the job that is complete.
    #[must_use]
    pub fn completion(&self) -> Option<&Completion> {
        match &self.data {
            EventData::Completed(completion) => Some(completion),
            _ => None,
        }
    }

    /// The record of the job that is complete.
    fn record(&self) -> Option<&Record> {
        self.completion().map(|completion| match completion {
            Ok(record) => record,
            Err(error) => &error.record,
        })
    }
}

/// The kind of an event, with its values.
#[derive(Debug, Clone)]
pub enum EventData {
    /// A line of the log.
    Line(Level, Stage, String),
    /// A stage began.
    Stage(Stage),
    /// The system has accepted this number of bytes of the content, of a total if that is known.
    Progress(u64, Option<u64>),
    /// The server has replied for the recipient of this index.
    Recipient(usize, Recipient),
    /// A secret is needed, and the server that will get it is verified.
    SecretWanted(SecretQuestion),
    /// The job has completed. There is exactly one for each job.
    Completed(Box<Completion>),
    /// This number of events were dropped for lack of room, none of them a completion or a request.
    Dropped(u64),
}

/// The secret that is needed.
#[derive(Debug, Clone)]
pub struct SecretQuestion {
    /// The user.
    pub user: String,
    /// A password or a token.
    pub credential_kind: CredentialKind,
    /// The reason of the request.
    pub reason: Reason,
}

/// The kinds of events as bits of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum Kind {
    /// [`EventData::Line`].
    Line = 1,
    /// [`EventData::Stage`].
    Stage = 2,
    /// [`EventData::Progress`].
    Progress = 4,
    /// [`EventData::Recipient`].
    Recipient = 8,
    /// [`EventData::SecretWanted`].
    SecretWanted = 16,
    /// [`EventData::Completed`].
    Completed = 32,
    /// [`EventData::Dropped`].
    Dropped = 64,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 7] = [
        Self::Line,
        Self::Stage,
        Self::Progress,
        Self::Recipient,
        Self::SecretWanted,
        Self::Completed,
        Self::Dropped,
    ];
}

impl Kind {
    /// The name of the kind.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Line => "log",
            Self::Stage => "stage",
            Self::Progress => "progress",
            Self::Recipient => "recipient",
            Self::SecretWanted => "secret",
            Self::Completed => "completed",
            Self::Dropped => "dropped",
        }
    }
}

impl EventData {
    /// The kind of the event.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Line(..) => Kind::Line,
            Self::Stage(_) => Kind::Stage,
            Self::Progress(..) => Kind::Progress,
            Self::Recipient(..) => Kind::Recipient,
            Self::SecretWanted(_) => Kind::SecretWanted,
            Self::Completed(_) => Kind::Completed,
            Self::Dropped(_) => Kind::Dropped,
        }
    }

    /// Returns whether it may be dropped for lack of room: true for the log, and for events whose content
    /// the completion has too.
    pub(super) fn is_chatter(&self) -> bool {
        !matches!(
            self,
            Self::SecretWanted(_) | Self::Completed(_) | Self::Dropped(_)
        )
    }
}

/// The requested events besides completions and requests for secrets, which are always reported.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EventMask {
    /// The bits of [`Kind`].
    pub kinds: i32,
    /// Lines up to and including this level, if lines are wanted.
    pub level: Option<Level>,
}

impl EventMask {
    pub(super) fn wants(&self, kind: Kind) -> bool {
        self.kinds & kind as i32 != 0
    }
}

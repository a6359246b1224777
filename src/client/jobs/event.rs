//! What a client's jobs have to tell.

use std::borrow::Cow;

use crate::credential::Reason;
use crate::error::{Error, Outcome, Recipient, Record, ServerReply, Stage};
use crate::log::Level;
use crate::sasl::CredentialKind;
use crate::status::Status;

/// The number of a job: it grows with each, and is never used again.
pub type JobId = u64;

/// What became of a message: its receipt, or why there is none.
pub type Completion = Result<Record, Error>;

/// One thing that happened to a job.
#[derive(Debug, Clone)]
pub struct Event {
    /// Whose; 0 for [`EventData::Dropped`].
    pub job: JobId,
    /// The tag that the job was submitted with; 0 for [`EventData::Dropped`].
    pub tag: u64,
    /// What.
    pub news: EventData,
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
        match &self.news {
            EventData::Stage(stage) | EventData::Line(_, stage, _) => Some(*stage),
            _ => self.record().map(|record| record.stage),
        }
    }

    /// The level of the line.
    #[must_use]
    pub fn level(&self) -> Option<Level> {
        match self.news {
            EventData::Line(level, ..) => Some(level),
            _ => None,
        }
    }

    /// The line, the address of the recipient, the user whose secret is needed, or the text of the deciding
    /// reply or of the error.
    #[must_use]
    pub fn text(&self) -> Option<Cow<'_, str>> {
        match &self.news {
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

    /// How many bytes of the content the system has taken.
    #[must_use]
    pub fn written(&self) -> Option<u64> {
        match self.news {
            EventData::Progress(written, _) => Some(written),
            _ => None,
        }
    }

    /// The size of the content, if it is known before its end.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        match self.news {
            EventData::Progress(_, total) => total,
            _ => None,
        }
    }

    /// The index of the recipient.
    #[must_use]
    pub fn index(&self) -> Option<usize> {
        match self.news {
            EventData::Recipient(index, _) => Some(index),
            _ => None,
        }
    }

    /// The outcome of the message, or of it for the recipient.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        match &self.news {
            EventData::Recipient(_, recipient) => Some(recipient.outcome),
            _ => self.record().map(|record| record.outcome),
        }
    }

    /// The reply to the recipient, or the deciding one.
    #[must_use]
    pub fn reply(&self) -> Option<&ServerReply> {
        match &self.news {
            EventData::Recipient(_, recipient) => recipient.reply.as_deref(),
            _ => self.record()?.reply.as_deref(),
        }
    }

    /// Which secret is needed.
    #[must_use]
    pub fn question(&self) -> Option<&SecretQuestion> {
        match &self.news {
            EventData::SecretWanted(question) => Some(question),
            _ => None,
        }
    }

    /// How many events were dropped.
    #[must_use]
    pub fn dropped(&self) -> Option<u64> {
        match self.news {
            EventData::Dropped(count) => Some(count),
            _ => None,
        }
    }

    /// The receipt or error of the job that is complete.
    #[must_use]
    pub fn completion(&self) -> Option<&Completion> {
        match &self.news {
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

/// What happened.
#[derive(Debug, Clone)]
pub enum EventData {
    /// A line of the log.
    Line(Level, Stage, String),
    /// A stage began.
    Stage(Stage),
    /// The system has taken so many bytes of the content, out of so many if that is known.
    Progress(u64, Option<u64>),
    /// The server answered to the recipient of this index.
    Recipient(usize, Recipient),
    /// A secret is needed, and the server that will get it is verified.
    SecretWanted(SecretQuestion),
    /// The job is over. Exactly one of each job is ever given out.
    Completed(Box<Completion>),
    /// So many events were left out for lack of room, none of them a completion or a question.
    Dropped(u64),
}

/// Which secret is wanted.
#[derive(Debug, Clone)]
pub struct SecretQuestion {
    /// The user.
    pub user: String,
    /// A password or a token.
    pub credential_kind: CredentialKind,
    /// Why it is asked for.
    pub reason: Reason,
}

/// The kinds of news as bits of a number, for whoever chooses among them.
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
    /// The kind in one word.
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
    /// What kind of news it is.
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

    /// Whether it may be left out for lack of room: whatever the completion tells too, and the log.
    pub(super) fn is_chatter(&self) -> bool {
        !matches!(
            self,
            Self::SecretWanted(_) | Self::Completed(_) | Self::Dropped(_)
        )
    }
}

/// Which news are wanted besides completions and questions, which always are.
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

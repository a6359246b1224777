//! What a client's jobs have to tell.

use crate::credential::Reason;
use crate::error::{Error, Recipient, Record, Stage};
use crate::log::Level;
use crate::sasl::CredentialKind;

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

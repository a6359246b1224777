//! The outcome of a message, and the advice whether to send it again.

/// The outcome of a message, or of it for one recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum Outcome {
    /// The error does not concern a message.
    None = 0,
    /// Certainly not delivered; sending again is safe.
    NotSent = 1,
    /// The verified server rejected it, with a well-formed 4yz or 5yz reply.
    Refused = 2,
    /// The verified server replied to the content with 2yz.
    Accepted = 3,
    /// The connection broke between the last byte of the content and its reply: don't retry blindly.
    Unknown = 4,
}

impl Outcome {
    /// All outcomes.
    pub const ALL: [Self; 5] = [
        Self::None,
        Self::NotSent,
        Self::Refused,
        Self::Accepted,
        Self::Unknown,
    ];

    /// The name of the outcome in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::NotSent => "not_sent",
            Self::Refused => "refused",
            Self::Accepted => "accepted",
            Self::Unknown => "unknown",
        }
    }
}

/// The advice whether to retry a message that was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum Retry {
    /// Something must be changed first, or the error is not about a message.
    Never = 0,
    /// A repeated call may succeed later, and can't deliver twice.
    Later = 1,
    /// The mail may have been delivered: ask a person, or look for its Message-ID.
    Unknown = 2,
}

impl Retry {
    /// The advice in one word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Later => "later",
            Self::Unknown => "unknown",
        }
    }
}

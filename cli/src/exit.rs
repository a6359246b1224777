//! The exit status.

use std::process::ExitCode;

use secsmtp::error::{Error, Outcome, Record};

/// The exit status of a run; of several messages the highest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    Success = 0,
    NotSent = 10,
    Refused = 11,
    Unknown = 12,
    Usage = 64,
}

impl Exit {
    /// Each with its meaning, for help and man pages.
    pub(crate) const ALL: [(Self, &str); 5] = [
        (
            Self::Success,
            "accepted by the server; for probe and verify: trusted",
        ),
        (
            Self::NotSent,
            "not sent, so sending again is safe; for probe and verify: not trusted",
        ),
        (Self::Refused, "refused by the verified server"),
        (
            Self::Unknown,
            "unknown: no reply could be assigned to the message, which may have been delivered",
        ),
        (Self::Usage, "wrong usage, nothing was done"),
    ];

    pub(crate) fn of_sent(sent: &Result<Record, Error>) -> Self {
        let outcome = match sent {
            Ok(record) => record.outcome,
            Err(error) => error.record.outcome,
        };
        match outcome {
            Outcome::Accepted => Self::Success,
            Outcome::None | Outcome::NotSent => Self::NotSent,
            Outcome::Refused => Self::Refused,
            Outcome::Unknown => Self::Unknown,
        }
    }

    pub(crate) fn of_success(success: bool) -> Self {
        if success {
            Self::Success
        } else {
            Self::NotSent
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        (exit as u8).into()
    }
}

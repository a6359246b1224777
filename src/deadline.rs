//! Deadlines, and the default timeout of each stage.

#![forbid(unsafe_code)]

use std::time::{Duration, Instant};

use crate::error::Stage;

/// A point in time, or never. It is set once when a stage begins; bytes that arrive slowly don't extend it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline(Option<Instant>);

impl Deadline {
    /// No deadline.
    pub const NEVER: Self = Self(None);

    /// The deadline at this time from now; never, if that is beyond the range of the clock.
    #[must_use]
    pub fn after(patience: Duration) -> Self {
        Self(Instant::now().checked_add(patience))
    }

    /// This moment.
    #[must_use]
    pub fn at(moment: Instant) -> Self {
        Self(Some(moment))
    }

    /// The earlier of the two.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        match (self.0, other.0) {
            (Some(a), Some(b)) => Self(Some(a.min(b))),
            (a, b) => Self(a.or(b)),
        }
    }

    /// The time left at `now`: `None` without a deadline, zero when it has passed.
    #[must_use]
    pub fn left(self, now: Instant) -> Option<Duration> {
        self.0.map(|at| at.saturating_duration_since(now))
    }

    /// Returns whether it has passed at `now`.
    #[must_use]
    pub fn passed(self, now: Instant) -> bool {
        self.left(now) == Some(Duration::ZERO)
    }
}

/// The default maximum age of the last reply for content to be sent together with MAIL.
const REPLY_AGE: Duration = Duration::from_millis(500);

/// The timeouts of the stages and of the whole call.
///
/// The defaults are those of RFC 5321 section 4.5.3.2 from MAIL on, and shorter before it, where a
/// timeout is harmless: 10 s to resolve, 30 s each to connect, for STARTTLS and for the TLS
/// handshake, 60 s each for greeting, EHLO and AUTH, 5 min each for MAIL and RCPT, 2 min for DATA,
/// 3 min for each block of 64 KiB of content, 10 min for the reply to the content.
#[derive(Debug, Clone)]
pub struct Timeouts {
    stages: [Duration; Stage::ALL.len()],
    overall: Option<Duration>,
    /// The maximum age of the last reply for content to be sent together with MAIL.
    reply_age: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let seconds = [0, 10, 30, 60, 60, 30, 30, 60, 300, 300, 120, 180, 600];
        Self {
            stages: seconds.map(Duration::from_secs),
            overall: None,
            reply_age: REPLY_AGE,
        }
    }
}

impl Timeouts {
    /// Sets the timeout of one stage, or with [`Stage::Local`] that of the whole call.
    pub fn set(&mut self, stage: Stage, patience: Duration) {
        if stage == Stage::Local {
            self.overall = Some(patience);
        } else if let Some(slot) = self.stages.get_mut(stage as usize) {
            *slot = patience;
        }
    }

    /// The timeout of one stage.
    #[must_use]
    pub fn stage(&self, stage: Stage) -> Duration {
        self.stages.get(stage as usize).copied().unwrap_or_default()
    }

    /// Sets the maximum age of the last reply for content to be sent together with MAIL.
    pub fn set_reply_age(&mut self, age: Duration) {
        self.reply_age = age;
    }

    /// The maximum age of the last reply for content to be sent together with MAIL.
    #[must_use]
    pub fn reply_age(&self) -> Duration {
        self.reply_age
    }

    /// The deadline of a call that begins now.
    #[must_use]
    pub fn overall(&self) -> Deadline {
        self.overall.map_or(Deadline::NEVER, Deadline::after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earlier_deadline_rules_and_never_yields() {
        let soon = Deadline::after(Duration::ZERO);
        let late = Deadline::after(Duration::from_secs(60));
        assert_eq!(soon.min(late), soon);
        assert_eq!(Deadline::NEVER.min(late), late);
        assert!(soon.passed(Instant::now()) && !late.passed(Instant::now()));
        assert!(!Deadline::NEVER.passed(Instant::now()));
        assert_eq!(Deadline::after(Duration::MAX), Deadline::NEVER);
    }
}

//! What happened, line by line, for whoever wants to watch.
//!
//! One line per command and reply. AUTH lines and content are given by their length: the sender of
//! a line says what may be shown of it when it builds the line, so nothing is searched for patterns.

#![forbid(unsafe_code)]

use std::fmt;

use crate::error::{Recipient, Stage};

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i32)]
pub enum Level {
    /// Why the call failed.
    Error = 1,
    /// Something the owner of the policy should know.
    Warning = 2,
    /// A step of the way.
    Info = 3,
    /// A command or a reply.
    Debug = 4,
}

impl Level {
    /// All levels, most important first.
    pub const ALL: [Self; 4] = [Self::Error, Self::Warning, Self::Info, Self::Debug];

    /// The level in one word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

/// Who watches a send, on the thread that is inside the call. Each notice may be ignored.
pub trait Watcher {
    /// What is told from here on is about the message of this number, where several are on their
    /// way.
    fn about(&mut self, message: u64) {
        let _ = message;
    }

    /// A line of the log, within the level asked for.
    fn line(&mut self, level: Level, stage: Stage, text: &str) {
        let _ = (level, stage, text);
    }

    /// A stage begins.
    fn stage(&mut self, stage: Stage) {
        let _ = stage;
    }

    /// As many bytes of the content were taken by the system, out of so many if that is known.
    fn progress(&mut self, written: u64, total: Option<u64>) {
        let _ = (written, total);
    }

    /// The server answered to the recipient of this index.
    fn recipient(&mut self, index: usize, recipient: &Recipient) {
        let _ = (index, recipient);
    }
}

/// A function of the log's lines alone.
impl<F: FnMut(Level, Stage, &str)> Watcher for F {
    fn line(&mut self, level: Level, stage: Stage, text: &str) {
        self(level, stage, text);
    }
}

/// A watcher with the level up to which it wants lines.
pub struct Log<'a> {
    watcher: Option<&'a mut dyn Watcher>,
    /// `None` for no line at all.
    max: Option<Level>,
}

impl fmt::Debug for Log<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log")
            .field("max", &self.max)
            .finish_non_exhaustive()
    }
}

impl<'a> Log<'a> {
    /// A log nobody reads.
    #[must_use]
    pub fn off() -> Self {
        Self {
            watcher: None,
            max: None,
        }
    }

    /// A log for `watcher`, lines up to and including `max`.
    #[must_use]
    pub fn to(watcher: &'a mut dyn Watcher, max: Level) -> Self {
        Self {
            watcher: Some(watcher),
            max: Some(max),
        }
    }

    /// No lines for `watcher`, only its other notices.
    #[must_use]
    pub fn notices(watcher: &'a mut dyn Watcher) -> Self {
        Self {
            watcher: Some(watcher),
            max: None,
        }
    }

    /// Whether there is a watcher.
    pub(crate) fn is_watched(&self) -> bool {
        self.watcher.is_some()
    }

    /// Whether somebody listens to lines of this level.
    pub(crate) fn wants(&self, level: Level) -> bool {
        self.watcher.is_some() && self.max.is_some_and(|max| level <= max)
    }

    /// Writes a line, made only if somebody listens.
    pub fn line(&mut self, level: Level, stage: Stage, text: impl FnOnce() -> String) {
        if self.max.is_some_and(|max| level <= max)
            && let Some(watcher) = &mut self.watcher
        {
            watcher.line(level, stage, &text());
        }
    }

    /// Passes a notice on, if somebody watches.
    pub(crate) fn tell(&mut self, notice: impl FnOnce(&mut dyn Watcher)) {
        if let Some(watcher) = &mut self.watcher {
            notice(*watcher);
        }
    }
}

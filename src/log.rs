//! The log of a send, line by line, and events of its progress.
//!
//! One line per command and reply. AUTH lines and content are shown by their length: the code that
//! builds a command decides what may be shown of it, so no text is searched for patterns.

#![forbid(unsafe_code)]

use std::fmt;

use crate::error::{Recipient, Stage};

/// The level of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i32)]
pub enum Level {
    /// The reason why the call failed.
    Error = 1,
    /// A fact that the owner of the policy should know.
    Warning = 2,
    /// A step of the send.
    Info = 3,
    /// A command or a reply.
    Debug = 4,
}

impl Level {
    /// All levels, most important first.
    pub const ALL: [Self; 4] = [Self::Error, Self::Warning, Self::Info, Self::Debug];

    /// The name of the level.
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

/// A watcher of a send, called on the thread that is inside the call. It may ignore each notice.
pub trait Watcher {
    /// Selects the message of the events that follow, where several are in flight.
    fn about(&mut self, message: u64) {
        let _ = message;
    }

    /// A line of the log, within the requested level.
    fn line(&mut self, level: Level, stage: Stage, text: &str) {
        let _ = (level, stage, text);
    }

    /// A stage begins.
    fn stage(&mut self, stage: Stage) {
        let _ = stage;
    }

    /// The system has accepted this number of bytes of the content, of a total if that is known.
    fn progress(&mut self, written: u64, total: Option<u64>) {
        let _ = (written, total);
    }

    /// The server has replied for the recipient of this index.
    fn recipient(&mut self, index: usize, recipient: &Recipient) {
        let _ = (index, recipient);
    }
}

/// A watcher that is a function of the log's lines only.
impl<F: FnMut(Level, Stage, &str)> Watcher for F {
    fn line(&mut self, level: Level, stage: Stage, text: &str) {
        self(level, stage, text);
    }
}

/// A watcher and the highest level of its lines.
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
    /// A log without a watcher.
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

    /// A log without lines for `watcher`, with its other events only.
    #[must_use]
    pub fn events(watcher: &'a mut dyn Watcher) -> Self {
        Self {
            watcher: Some(watcher),
            max: None,
        }
    }

    /// Returns whether there is a watcher.
    pub(crate) fn is_watched(&self) -> bool {
        self.watcher.is_some()
    }

    /// Returns whether there is a watcher for lines of this level.
    pub(crate) fn wants(&self, level: Level) -> bool {
        self.watcher.is_some() && self.max.is_some_and(|max| level <= max)
    }

    /// Writes a line, which is made only if there is a watcher for it.
    pub fn line(&mut self, level: Level, stage: Stage, text: impl FnOnce() -> String) {
        if self.max.is_some_and(|max| level <= max)
            && let Some(watcher) = &mut self.watcher
        {
            watcher.line(level, stage, &text());
        }
    }

    /// Passes a notice to the watcher, if there is one.
    pub(crate) fn tell(&mut self, notice: impl FnOnce(&mut dyn Watcher)) {
        if let Some(watcher) = &mut self.watcher {
            notice(*watcher);
        }
    }
}

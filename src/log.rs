//! What happened, line by line, for whoever wants to watch.
//!
//! One line per command and reply. AUTH lines and content are given by their length: the sender of
//! a line says what may be shown of it when it builds the line, so nothing is searched for patterns.

#![forbid(unsafe_code)]

use std::fmt;

use crate::error::Stage;

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
}

/// Where the lines go, on the thread that is inside the call.
pub type Sink<'a> = &'a mut dyn FnMut(Level, Stage, &str);

/// A sink with the level up to which it listens.
pub struct Log<'a> {
    sink: Option<Sink<'a>>,
    max: Level,
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
            sink: None,
            max: Level::Error,
        }
    }

    /// A log into `sink`, up to and including `max`.
    #[must_use]
    pub fn to(sink: Sink<'a>, max: Level) -> Self {
        Self {
            sink: Some(sink),
            max,
        }
    }

    /// Writes a line, made only if somebody listens.
    pub fn line(&mut self, level: Level, stage: Stage, text: impl FnOnce() -> String) {
        if level <= self.max
            && let Some(sink) = &mut self.sink
        {
            sink(level, stage, &text());
        }
    }
}

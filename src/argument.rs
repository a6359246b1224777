//! An argument that can't be used: which one, and what is wrong with it.

#![forbid(unsafe_code)]

use std::fmt;

use crate::status::Status;

/// An argument that can't be used. Its name and `why` make a sentence: `pin is empty`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidArgument {
    status: Status,
    argument: &'static str,
    why: String,
}

impl InvalidArgument {
    /// An error with a status, the argument's name, and the rest of the sentence that begins with it.
    #[must_use]
    pub fn new(status: Status, argument: &'static str, why: impl Into<String>) -> Self {
        Self {
            status,
            argument,
            why: why.into(),
        }
    }

    /// The error under the name that the argument has for the caller, for example `--pin`.
    #[must_use]
    pub fn named(self, argument: &'static str) -> Self {
        Self { argument, ..self }
    }

    /// An argument for which there is not enough memory.
    #[must_use]
    pub(crate) fn out_of_memory(argument: &'static str) -> Self {
        let why = "is larger than the memory that the system gave";
        Self::new(Status::Resource, argument, why)
    }

    /// The error as a number.
    #[must_use]
    pub fn status(&self) -> Status {
        self.status
    }

    /// The argument's name in the library. A host that names it otherwise shows its own name.
    #[must_use]
    pub fn argument(&self) -> &'static str {
        self.argument
    }

    /// The predicate of the sentence whose subject is the argument, without a full stop.
    #[must_use]
    pub fn why(&self) -> &str {
        &self.why
    }
}

impl fmt::Display for InvalidArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.argument, self.why)
    }
}

impl std::error::Error for InvalidArgument {}

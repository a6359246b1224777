//! Errors in the words of the command line.

use std::io;
use std::path::Path;

use secsmtp::error::{Cause, Error};
use secsmtp::status::Status;
use secsmtp::support::io_words::io_words;
use secsmtp::support::redact::escape;

/// Names the option where the library names its argument.
pub(crate) trait OfOption<T> {
    fn of_option(self, option: &'static str) -> Result<T, Error>;
}

impl<T, E: Into<Error>> OfOption<T> for Result<T, E> {
    fn of_option(self, option: &'static str) -> Result<T, Error> {
        self.map_err(|error| {
            let mut error = error.into();
            if let Cause::Argument(invalid) = &mut *error.cause {
                *invalid = invalid.clone().named(option);
            }
            error
        })
    }
}

/// The error of a file or folder that can't be read.
pub(crate) fn unreadable(path: &Path, argument: &'static str, error: &io::Error) -> Error {
    let why = match error.kind() {
        io::ErrorKind::InvalidData => format!("{} is not UTF-8 text", shown(path)),
        _ => format!("{} can't be read ({})", shown(path), io_words(error)),
    };
    Error::argument(Status::File, argument, why)
}

/// A path in a message, escaped so that it can't end or rewrite the line of a terminal.
pub(crate) fn shown(path: &Path) -> String {
    escape(path.as_os_str().as_encoded_bytes(), 300)
}

/// A word of the command line in a message, escaped and in quotation marks.
pub(crate) fn quote(word: &str) -> String {
    format!("\"{}\"", escape(word.as_bytes(), 200))
}

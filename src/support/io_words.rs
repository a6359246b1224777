//! The system's errors in words.

use std::io::{self, ErrorKind};

/// An error of the system in words. One without a kind is described as the system describes it.
#[must_use]
pub fn io_words(error: &io::Error) -> String {
    if let Some(words) = known(error.kind()) {
        return words.to_owned();
    }
    let text = error.to_string();
    // std appends the number to the system's text.
    let words = error
        .raw_os_error()
        .and_then(|number| text.strip_suffix(&format!(" (os error {number})")));
    words.unwrap_or(UNNAMED).to_owned()
}

/// A kind of the system's errors in words.
#[must_use]
pub fn kind_words(kind: ErrorKind) -> &'static str {
    known(kind).unwrap_or(UNNAMED)
}

const UNNAMED: &str = "another error of the system";

fn known(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::NotFound => "no such file or folder",
        ErrorKind::PermissionDenied => "permission denied",
        ErrorKind::ConnectionRefused => "connection refused",
        ErrorKind::ConnectionReset => "connection reset",
        ErrorKind::ConnectionAborted => "connection aborted",
        ErrorKind::HostUnreachable => "no way to this host",
        ErrorKind::NetworkUnreachable => "no way to this network",
        ErrorKind::NetworkDown => "the network is down",
        ErrorKind::NotConnected => "not connected",
        ErrorKind::AddrInUse => "the address is in use",
        ErrorKind::AddrNotAvailable => "the address is not available here",
        ErrorKind::BrokenPipe => "the other end was closed",
        ErrorKind::AlreadyExists => "it exists already",
        ErrorKind::WouldBlock => "not possible without waiting",
        ErrorKind::NotADirectory => "part of the path is not a folder",
        ErrorKind::IsADirectory => "it is a folder",
        ErrorKind::DirectoryNotEmpty => "the folder is not empty",
        ErrorKind::ReadOnlyFilesystem => "the file system is read-only",
        ErrorKind::StaleNetworkFileHandle => "the file is gone from its server",
        ErrorKind::InvalidInput => "not possible with these values",
        ErrorKind::InvalidData => "it can't be understood",
        ErrorKind::TimedOut => "no reply in time",
        ErrorKind::WriteZero => "nothing more could be written",
        ErrorKind::StorageFull => "no space left",
        ErrorKind::NotSeekable => "it can only be read from its beginning",
        ErrorKind::QuotaExceeded => "the quota is used up",
        ErrorKind::FileTooLarge => "the file is too large",
        ErrorKind::ResourceBusy => "it is busy",
        ErrorKind::ExecutableFileBusy => "the program is being written to",
        ErrorKind::Deadlock => "it would wait for itself",
        ErrorKind::CrossesDevices => "the files are on different disks",
        ErrorKind::TooManyLinks => "too many links",
        ErrorKind::InvalidFilename => "not a name for a file",
        ErrorKind::ArgumentListTooLong => "too many arguments",
        ErrorKind::Interrupted => "interrupted",
        ErrorKind::Unsupported => "not possible on this system",
        ErrorKind::UnexpectedEof => "it ended too early",
        ErrorKind::OutOfMemory => "no memory left",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_the_system_is_words_and_no_name_of_a_rust_type() {
        assert_eq!(kind_words(ErrorKind::NotFound), "no such file or folder");
        assert_eq!(kind_words(ErrorKind::Other), UNNAMED);
        for number in 1..200 {
            let error = io::Error::from_raw_os_error(number);
            let words = io_words(&error);
            assert!(!words.is_empty() && !words.contains("os error"), "{words}");
            for rust in [
                "entity",
                "uncategorized",
                "unexpected end of file",
                "invalid",
            ] {
                let found = kind_words(error.kind());
                assert!(!found.contains(rust), "{number}: {found}");
            }
        }
    }
}

//! Bounded reads of the complete files that a policy consists of.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;

use crate::argument::InvalidArgument;
use crate::status::Status;
use crate::support::io_words::io_words;
use crate::support::redact;

/// The largest file of certificates, keys or lists.
pub(crate) const MAX: u64 = 16 * 1024 * 1024;

/// The initial size of the buffer for a file.
const HELD: usize = 64 * 1024;

/// Reads a file of no more than `max` bytes.
///
/// # Errors
/// [`Status::File`], with the argument and the path as the caller gave it.
pub(crate) fn read(
    argument: &'static str,
    path: impl AsRef<Path>,
    max: u64,
) -> Result<Vec<u8>, InvalidArgument> {
    let path = path.as_ref();
    let file = File::open(path).map_err(|error| unreadable(argument, path, &error))?;
    content(argument, path, file, max)
}

/// Reads a regular file, or the one that a symbolic link leads to: neither a pipe, which can block, nor
/// a device, which can go on without end.
///
/// # Errors
/// Those of [`read`].
pub(crate) fn read_regular(
    argument: &'static str,
    path: &Path,
    max: u64,
) -> Result<Vec<u8>, InvalidArgument> {
    let failed = |error: io::Error| unreadable(argument, path, &error);
    // Before it is opened, because that alone can act on a device; and after, because it may be another.
    check_regular(argument, path, &fs::metadata(path).map_err(failed)?)?;
    let file = open_at_once(path).map_err(failed)?;
    check_regular(argument, path, &file.metadata().map_err(failed)?)?;
    content(argument, path, file, max)
}

/// # Errors
/// [`Status::File`] for what is not a regular file.
pub(crate) fn check_regular(
    argument: &'static str,
    path: &Path,
    found: &Metadata,
) -> Result<(), InvalidArgument> {
    match found.is_file() {
        true => Ok(()),
        false => Err(wrong(argument, path, "is not a regular file")),
    }
}

fn content(
    argument: &'static str,
    path: &Path,
    file: File,
    max: u64,
) -> Result<Vec<u8>, InvalidArgument> {
    // The buffer has the size of the largest key: growing it would leave a copy that is not wiped.
    let mut bytes = Vec::with_capacity(HELD.saturating_add(1));
    file.take(max.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(argument, path, &error))?;
    match bytes.len() as u64 > max {
        true => Err(wrong(
            argument,
            path,
            &format!("is larger than {max} bytes"),
        )),
        false => Ok(bytes),
    }
}

/// Opens a file for reading. If the path was replaced by a pipe, this does not block.
#[cfg(unix)]
pub(crate) fn open_at_once(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    // `O_NONBLOCK` has no effect on a regular file.
    OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(path)
}

/// Opens a file for reading, which does not block on this system.
#[cfg(not(unix))]
pub(crate) fn open_at_once(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).open(path)
}

/// An error about a file, which it names.
pub(crate) fn wrong(argument: &'static str, path: &Path, why: &str) -> InvalidArgument {
    let shown = redact::escape(path.as_os_str().as_encoded_bytes(), 300);
    InvalidArgument::new(Status::File, argument, format!("{shown} {why}"))
}

pub(crate) fn unreadable(
    argument: &'static str,
    path: &Path,
    error: &io::Error,
) -> InvalidArgument {
    match error.kind() {
        ErrorKind::OutOfMemory => InvalidArgument::out_of_memory(argument),
        _ => {
            let why = format!("can't be read ({})", io_words(error));
            wrong(argument, path, &why)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_key_is_read_into_one_place() {
        let path = std::env::temp_dir().join(format!("secsmtp-key-{}", std::process::id()));
        let read_of = |size: usize| {
            std::fs::write(&path, vec![b'k'; size]).unwrap();
            read("key", &path, HELD as u64)
        };
        let places = [1, HELD / 2, HELD].map(|size| read_of(size).unwrap().capacity());
        let beyond = read_of(HELD + 1);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(places, [places[0]; 3], "it grew");
        assert!(beyond.unwrap_err().to_string().contains("larger than"));
    }
}

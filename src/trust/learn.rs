//! Writes the file of known mail servers: only on an explicit call, completely or not at all, and
//! by one process at a time.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::file;
use super::known_servers::{BadLine, FILE, KnownServer, MAX_FILE};
use super::lock::Lock;
use crate::argument::InvalidArgument;
use crate::status::Status;
use crate::support::io_words::io_words;

/// The timeout for another process that writes the file.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);

/// Adds a server's pin to the file at `path`, which is made if there is none. False if host, port
/// and pin are in it already; then it is not changed.
///
/// Only a regular file is written, or the one that a symbolic link leads to. The new text is written
/// to its path with the suffix `.new`, and replaces the file only when it is on the disk. Meanwhile
/// a lock on the path with the suffix `.lock` excludes other writers; the system releases it when the
/// process ends, so that a learner that was killed blocks none.
///
/// # Errors
/// [`Status::File`]: the file can't be read or written, a line of it is wrong, or another learner
/// does not finish within 5 seconds. The file is as it was.
pub fn learn(path: &str, server: &KnownServer) -> Result<bool, InvalidArgument> {
    let target = target(Path::new(path))?;
    let unwritable = |error: io::Error| {
        let why = format!("can't be written ({})", io_words(&error));
        file::wrong(FILE, &target, &why)
    };
    let _lock =
        retry_while_busy(|| Lock::take(with_suffix(&target, ".lock"))).map_err(|error| {
            match is_in_the_way(&error) {
                true => file::wrong(FILE, &target, "is being written by another program"),
                false => unwritable(error),
            }
        })?;
    let old = match is_missing(&target) {
        true => Vec::new(),
        false => file::read_regular(FILE, &target, MAX_FILE)?,
    };
    let known = KnownServer::parse_file(&old).map_err(wrong_line)?;
    if known.iter().any(|other| other.is_same_pin(server)) {
        return Ok(false);
    }
    replace(&target, &with_line(old, server)?).map_err(unwritable)?;
    Ok(true)
}

/// Resolves the path of the file, which may not exist: a rename must not replace a link.
fn target(path: &Path) -> Result<PathBuf, InvalidArgument> {
    let failed = |error: io::Error| file::unreadable(FILE, path, &error);
    match fs::metadata(path) {
        Ok(found) => {
            file::check_regular(FILE, path, &found)?;
            fs::canonicalize(path).map_err(failed)
        }
        Err(error) if error.kind() != ErrorKind::NotFound => Err(failed(error)),
        Err(_) if is_missing(path) => Ok(path.to_owned()),
        Err(_) => {
            let why = "is a symbolic link to a file that does not exist";
            Err(file::wrong(FILE, path, why))
        }
    }
}

/// Returns whether the name does not exist, not even as a dangling link.
fn is_missing(path: &Path) -> bool {
    fs::symlink_metadata(path).is_err_and(|error| error.kind() == ErrorKind::NotFound)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(suffix);
    name.into()
}

pub(crate) fn wrong_line(bad: BadLine) -> InvalidArgument {
    InvalidArgument::new(Status::File, FILE, bad.to_string())
}

fn with_line(mut text: Vec<u8>, server: &KnownServer) -> Result<Vec<u8>, InvalidArgument> {
    if text.is_empty() {
        text.extend_from_slice(b"# Known mail servers: host port pin learnt by\n");
    }
    if text.last() != Some(&b'\n') {
        text.push(b'\n');
    }
    text.extend_from_slice(format!("{server}\n").as_bytes());
    if text.len() as u64 > MAX_FILE {
        let why = "would be larger than 1 MiB";
        return Err(InvalidArgument::new(Status::File, FILE, why));
    }
    Ok(text)
}

/// Writes the text beside the file and replaces the file with it, under the lock.
fn replace(target: &Path, text: &[u8]) -> io::Result<()> {
    let new = with_suffix(target, ".new");
    let written =
        write(&new, target, text).and_then(|()| retry_while_busy(|| fs::rename(&new, target)));
    if written.is_err() {
        let _ = fs::remove_file(&new);
    }
    written.and_then(|()| sync_folder(target))
}

fn write(new: &Path, target: &Path, text: &[u8]) -> io::Result<()> {
    // Left by a process that was killed.
    if !is_missing(new) {
        fs::remove_file(new)?;
    }
    let mut file = retry_while_busy(|| OpenOptions::new().write(true).create_new(true).open(new))?;
    if let Ok(old) = fs::metadata(target) {
        file.set_permissions(old.permissions())?;
    }
    file.write_all(text)?;
    file.sync_all()
}

/// Retries until the timeout while another program uses the file.
fn retry_while_busy<T>(mut step: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let end = Instant::now().checked_add(LOCK_TIMEOUT);
    loop {
        match step() {
            Err(error) if is_in_the_way(&error) && end.is_some_and(|end| Instant::now() < end) => {
                sleep(Duration::from_millis(10));
            }
            done => return done,
        }
    }
}

/// Returns whether a retry may succeed. On Windows access to a name is denied while another program
/// opens, renames or removes it.
fn is_in_the_way(error: &io::Error) -> bool {
    const ERROR_SHARING_VIOLATION: i32 = 32; // has no `ErrorKind`
    let denied = error.kind() == ErrorKind::PermissionDenied
        || error.raw_os_error() == Some(ERROR_SHARING_VIOLATION);
    error.kind() == ErrorKind::WouldBlock || cfg!(windows) && denied
}

/// The rename itself, on the disk.
#[cfg(unix)]
fn sync_folder(target: &Path) -> io::Result<()> {
    let folder = target.parent().filter(|p| !p.as_os_str().is_empty());
    fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_target: &Path) -> io::Result<()> {
    Ok(())
}

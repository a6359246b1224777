//! Writing the file of known mail servers: by an explicit call alone, whole or not at all, and one
//! learner after the other.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::known::{BadLine, KnownServer, MAX_FILE};
use crate::error::Error;
use crate::status::Status;

/// How long one learner waits for another.
const PATIENCE: Duration = Duration::from_secs(5);
const ARGUMENT: &str = "known servers file";

/// Adds a server's pin to the file at `path`, which is made if there is none. False if host, port
/// and pin stand in it already; then it is left as it is.
///
/// The new text is written to `path` with `.new` behind it, made exclusively, which keeps other
/// learners out, and takes the file's place only when it is on the disk.
///
/// # Errors
/// [`Status::File`]: the file can't be read or written, a line of it is wrong, or another learner
/// does not finish within 5 seconds. The file is as it was.
pub fn learn(path: &str, server: &KnownServer) -> Result<bool, Error> {
    // Through a link to where the file is: the rename must not replace the link.
    let target = fs::canonicalize(path).unwrap_or_else(|_| PathBuf::from(path));
    let mut name = target.clone().into_os_string();
    name.push(".new");
    let draft = Draft::create(PathBuf::from(name))?;
    let old = match fs::read(&target) {
        Ok(old) => old,
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(failed("can't be read", &error)),
    };
    let known = KnownServer::parse_file(&old).map_err(wrong_line)?;
    if known.iter().any(|other| other.is_same_pin(server)) {
        return Ok(false);
    }
    draft
        .replace(&target, &with_line(old, server)?)
        .map_err(|error| failed("can't be written", &error))?;
    Ok(true)
}

pub(super) fn wrong_line(bad: BadLine) -> Error {
    Error::argument(Status::File, ARGUMENT, bad.to_string())
}

fn failed(what: &str, error: &io::Error) -> Error {
    Error::argument(Status::File, ARGUMENT, format!("{what} ({})", error.kind()))
}

fn with_line(mut text: Vec<u8>, server: &KnownServer) -> Result<Vec<u8>, Error> {
    if text.is_empty() {
        text.extend_from_slice(b"# Known mail servers: host port pin learnt by\n");
    }
    if text.last() != Some(&b'\n') {
        text.push(b'\n');
    }
    text.extend_from_slice(format!("{server}\n").as_bytes());
    if text.len() as u64 > MAX_FILE {
        let why = "would be larger than 1 MiB";
        return Err(Error::argument(Status::File, ARGUMENT, why));
    }
    Ok(text)
}

/// The next text of the file, and the lock while it exists.
struct Draft {
    file: File,
    path: PathBuf,
    renamed: bool,
}

impl Draft {
    fn create(path: PathBuf) -> Result<Self, Error> {
        let mut new = OpenOptions::new();
        let made = patiently(|| new.write(true).create_new(true).open(&path));
        let file = made.map_err(|error| {
            if error.kind() != ErrorKind::AlreadyExists {
                return failed("can't be written", &error);
            }
            let why = "somebody else is writing it: a file of its name with .new behind it \
                       exists; remove it if nobody is";
            Error::argument(Status::File, ARGUMENT, why)
        })?;
        Ok(Self {
            file,
            path,
            renamed: false,
        })
    }

    fn replace(mut self, target: &Path, text: &[u8]) -> io::Result<()> {
        if let Ok(old) = fs::metadata(target) {
            self.file.set_permissions(old.permissions())?;
        }
        self.file.write_all(text)?;
        self.file.sync_all()?;
        patiently(|| fs::rename(&self.path, target))?;
        self.renamed = true;
        sync_folder(target)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // After the rename the name may be the next learner's.
        if !self.renamed {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Tries for as long as somebody else may be in the way.
fn patiently<T>(mut step: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let end = Instant::now().checked_add(PATIENCE);
    loop {
        match step() {
            Err(error) if in_the_way(&error) && end.is_some_and(|end| Instant::now() < end) => {
                sleep(Duration::from_millis(10));
            }
            done => return done,
        }
    }
}

/// On Windows a name that somebody opens, renames or removes at the moment is denied to others.
fn in_the_way(error: &io::Error) -> bool {
    const ERROR_SHARING_VIOLATION: i32 = 32; // which has no kind
    let denied = error.kind() == ErrorKind::PermissionDenied
        || error.raw_os_error() == Some(ERROR_SHARING_VIOLATION);
    error.kind() == ErrorKind::AlreadyExists || cfg!(windows) && denied
}

/// The rename itself, on the disk.
#[cfg(unix)]
fn sync_folder(target: &Path) -> io::Result<()> {
    let folder = target.parent().filter(|p| !p.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_target: &Path) -> io::Result<()> {
    Ok(())
}

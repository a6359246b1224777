//! Several finished mails in one run: each with a line of its own.

use parking_lot::Mutex;
use std::fs;
use std::path::{Path, PathBuf};

use secsmtp::client::{BatchOptions, Client};
use secsmtp::error::{Error, Record};
use secsmtp::log::Log;
use secsmtp::message::Message;

use crate::actions::unreadable;

/// The mails of these files; of a folder, its regular files in the order of their names.
pub(crate) fn files(given: &[PathBuf]) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    for path in given {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let unreadable = |error: std::io::Error| unreadable(path, "folder", &error);
        let mut found = Vec::new();
        for entry in fs::read_dir(path).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?.path();
            if entry.is_file() {
                found.push(entry);
            }
        }
        found.sort();
        files.append(&mut found);
    }
    Ok(files)
}

/// Where they are, and what they came to.
struct Run<'f, T> {
    /// Those that were begun, by their numbers.
    begun: Vec<&'f Path>,
    rest: std::slice::Iter<'f, PathBuf>,
    tell: T,
    stopped: bool,
}

/// Sends each; a mail is read when its turn comes. `tell` hears of each that was begun, in the order
/// in which that is known; how many were not is returned.
pub(crate) fn send(
    client: &Client,
    files: &[PathBuf],
    bulk: &BatchOptions,
    read: impl Fn(&Path) -> Result<Message, Error> + Sync,
    tell: impl FnMut(&Path, &Result<Record, Error>) + Send,
    log: Log<'_>,
) -> usize {
    let run = Mutex::new(Run {
        begun: Vec::new(),
        rest: files.iter(),
        tell,
        stopped: false,
    });
    let messages = std::iter::from_fn(|| {
        let mut run = run.lock();
        while !run.stopped {
            let path = run.rest.next()?.as_path();
            match read(path) {
                Ok(message) => {
                    run.begun.push(path);
                    return Some(message);
                }
                // It has its outcome, and the others go on.
                Err(error) => {
                    run.stopped = bulk.stop_on_error;
                    (run.tell)(path, &Err(error));
                }
            }
        }
        None
    });
    let done = |number: u64, result: Result<Record, Error>| {
        let mut run = run.lock();
        let place = usize::try_from(number).unwrap_or(usize::MAX);
        if let Some(path) = run.begun.get(place).copied() {
            (run.tell)(path, &result);
        }
    };
    let begun = client.send_many(messages, bulk, done, log);
    let run = run.into_inner();
    // One may have been read that was not begun.
    let read = run.begun.len() as u64;
    run.rest.len() + usize::try_from(read.saturating_sub(begun)).unwrap_or_default()
}

//! The options for several messages in one run, and the run itself.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use parking_lot::Mutex;
use secsmtp::client::{BatchOptions, Client, MAX_CONNECTIONS, Rate};
use secsmtp::error::{Error, Record};
use secsmtp::log::Log;
use secsmtp::message::Message;

use crate::failure::unreadable;
use crate::value::{self, MessageRate};

/// The options for several messages.
#[derive(Debug, Args)]
#[command(next_help_heading = "Several messages")]
pub(crate) struct Batch {
    /// Connections at the same time
    #[arg(
        long,
        value_name = "NUMBER",
        value_parser = value::count(MAX_CONNECTIONS),
        default_value_t = 1
    )]
    connections: usize,

    /// Messages in flight on each connection; 1 waits for each reply
    #[arg(
        long,
        value_name = "NUMBER",
        value_parser = value::count(100_000_usize),
        default_value_t = BatchOptions::default().window.messages
    )]
    window: usize,

    /// Send no more messages in this time, evenly
    #[arg(long, value_name = "MESSAGES/SECONDS", value_parser = value::rate)]
    rate: Option<MessageRate>,

    /// With --rate: messages that may be sent at once after a rest [default: 1]
    #[arg(long, value_name = "NUMBER", value_parser = value::count(1_000_000_u32))]
    burst: Option<u32>,

    /// Begin no other message after one that was not accepted
    #[arg(long)]
    stop_on_error: bool,
}

impl Batch {
    /// Options that need each other.
    pub(crate) fn check(&self) -> Result<(), String> {
        match self.burst.is_some() && self.rate.is_none() {
            true => Err("--burst needs --rate".to_owned()),
            false => Ok(()),
        }
    }

    /// The rate limit of the client.
    pub(crate) fn rate(&self) -> Option<Rate> {
        let MessageRate { messages, per } = self.rate?;
        Some(Rate {
            messages,
            per,
            burst: self.burst.unwrap_or(1),
        })
    }

    /// Sends each file; a file is read when its turn comes. `report` gets each result of a message that
    /// was begun, in the order in which they are known; the number of the others is returned.
    pub(crate) fn send(
        &self,
        client: &Client,
        files: &[PathBuf],
        read: impl Fn(&Path) -> Result<Message, Error> + Sync,
        report: impl FnMut(&Path, &Result<Record, Error>) + Send,
        log: Log<'_>,
    ) -> usize {
        let mut options = BatchOptions {
            connections: self.connections,
            stop_on_error: self.stop_on_error,
            ..BatchOptions::default()
        };
        options.window.messages = self.window;
        let run = Mutex::new(Run {
            begun: Vec::new(),
            rest: files.iter(),
            report,
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
                    // A file that can't be read has its own outcome, and the others go on.
                    Err(error) => {
                        run.stopped = self.stop_on_error;
                        (run.report)(path, &Err(error));
                    }
                }
            }
            None
        });
        let done = |number: u64, result: Result<Record, Error>| {
            let mut run = run.lock();
            let index = usize::try_from(number).unwrap_or(usize::MAX);
            if let Some(path) = run.begun.get(index).copied() {
                (run.report)(path, &result);
            }
        };
        let begun = client.send_many(messages, &options, done, log);
        let run = run.into_inner();
        // A message may have been read and not begun.
        let read = run.begun.len() as u64;
        run.rest.len() + usize::try_from(read.saturating_sub(begun)).unwrap_or_default()
    }
}

/// The state of a run.
struct Run<'f, R> {
    /// Messages that were begun, by their numbers.
    begun: Vec<&'f Path>,
    rest: std::slice::Iter<'f, PathBuf>,
    report: R,
    stopped: bool,
}

/// The files that are named; of a folder, its regular files in the order of their names.
pub(crate) fn files(named: &[PathBuf]) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    for path in named {
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

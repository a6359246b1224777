//! The accepted mails, in memory and as files.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use crate::record::lock;

/// One accepted mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The sender of the envelope, without the angle brackets.
    pub from: String,
    /// The accepted recipients of the envelope.
    pub to: Vec<String>,
    /// The bytes as received, CRLF included, dots unstuffed, without the line of the final dot.
    pub content: Vec<u8>,
    /// The user that was logged in.
    pub user: Option<String>,
    /// True if it was received inside TLS.
    pub tls: bool,
}

#[derive(Default)]
struct Kept {
    count: usize,
    mails: Vec<Mail>,
    last_file: u32,
}

pub(super) struct Mailbox {
    dir: Option<PathBuf>,
    keep: bool,
    kept: Mutex<Kept>,
    arrived: Condvar,
}

impl Mailbox {
    /// Continues the numbers of the files that exist already.
    pub(super) fn open(dir: Option<PathBuf>, keep: bool) -> io::Result<Self> {
        let mut kept = Kept::default();
        if let Some(dir) = &dir {
            fs::create_dir_all(dir)?;
            for entry in fs::read_dir(dir)? {
                let name = entry?.file_name();
                let number = name.to_str().and_then(|name| name.strip_suffix(".eml"));
                let number = number.and_then(|text| text.parse().ok()).unwrap_or(0);
                kept.last_file = kept.last_file.max(number);
            }
        }
        Ok(Self {
            dir,
            keep,
            kept: Mutex::new(kept),
            arrived: Condvar::new(),
        })
    }

    pub(super) fn add(&self, mail: Mail) -> io::Result<()> {
        let mut kept = lock(&self.kept);
        if let Some(dir) = &self.dir {
            let number = kept.last_file + 1;
            write_whole(dir, number, &mail.content)?;
            kept.last_file = number;
        }
        kept.count += 1;
        if self.keep {
            kept.mails.push(mail);
        }
        drop(kept);
        self.arrived.notify_all();
        Ok(())
    }

    pub(super) fn mails(&self) -> Vec<Mail> {
        lock(&self.kept).mails.clone()
    }

    pub(super) fn count(&self) -> usize {
        lock(&self.kept).count
    }

    pub(super) fn wait_for(&self, count: usize, limit: Duration) -> bool {
        let kept = lock(&self.kept);
        let waited = self
            .arrived
            .wait_timeout_while(kept, limit, |kept| kept.count < count);
        waited.is_ok_and(|(kept, _)| kept.count >= count)
    }
}

/// Writes under a temporary name first, so that a file with the final name is always complete.
fn write_whole(dir: &Path, number: u32, content: &[u8]) -> io::Result<()> {
    let unfinished = dir.join(format!("{number:04}.tmp"));
    let mut file = fs::File::create(&unfinished)?;
    file.write_all(content)?;
    drop(file);
    fs::rename(unfinished, dir.join(format!("{number:04}.eml")))
}

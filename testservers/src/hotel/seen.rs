//! The hotel's takings, in memory and in files.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Mutex;

use crate::record::{SharedRecord, Tape};

pub(super) struct Seen {
    pub(super) octets: SharedRecord,
    pub(super) errors: Mutex<Vec<String>>,
    files: Option<(File, File)>,
}

impl Seen {
    pub(super) fn open(dir: Option<&Path>) -> io::Result<Self> {
        // Appending lets two hotels share their files.
        let open = |dir: &Path, name| {
            OpenOptions::new()
                .append(true)
                .create(true)
                .open(dir.join(name))
        };
        let files = match dir {
            None => None,
            Some(dir) => Some((
                open(dir, "hotel-clear.bin")?,
                open(dir, "hotel-decrypted.bin")?,
            )),
        };
        Ok(Self {
            octets: SharedRecord::default(),
            errors: Mutex::default(),
            files,
        })
    }
}

impl Tape for Seen {
    fn clear(&self, octets: &[u8]) {
        self.octets.clear(octets);
        if let Some((clear, _)) = &self.files {
            let _ = (&*clear).write_all(octets);
        }
    }

    fn decrypted(&self, octets: &[u8]) {
        self.octets.decrypted(octets);
        if let Some((_, decrypted)) = &self.files {
            let _ = (&*decrypted).write_all(octets);
        }
    }

    fn handshake(&self, server_name: Option<&str>, protocol: Option<String>) {
        self.octets.handshake(server_name, protocol);
    }
}

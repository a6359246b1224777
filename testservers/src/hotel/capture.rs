//! The bytes that the hotel captures, in memory and in files.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Mutex;

use crate::record::{Recorder, SharedRecord};

pub(super) struct Capture {
    pub(super) bytes: SharedRecord,
    pub(super) errors: Mutex<Vec<String>>,
    files: Option<(File, File)>,
}

impl Capture {
    pub(super) fn open(dir: Option<&Path>) -> io::Result<Self> {
        // Append, so that two proxies can share the files.
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
            bytes: SharedRecord::default(),
            errors: Mutex::default(),
            files,
        })
    }
}

impl Recorder for Capture {
    fn clear(&self, bytes: &[u8]) {
        self.bytes.clear(bytes);
        if let Some((clear, _)) = &self.files {
            let _ = (&*clear).write_all(bytes);
        }
    }

    fn decrypted(&self, bytes: &[u8]) {
        self.bytes.decrypted(bytes);
        if let Some((_, decrypted)) = &self.files {
            let _ = (&*decrypted).write_all(bytes);
        }
    }

    fn handshake(&self, server_name: Option<&str>, protocol: Option<String>) {
        self.bytes.handshake(server_name, protocol);
    }
}

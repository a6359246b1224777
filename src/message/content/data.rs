//! The bytes of a part, before encoding: in memory, in a file, or from a function of the caller's.
//! They are read anew by each send and never held whole.

use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use crate::error::{Error, SourceFault};
use crate::status::Status;
use crate::support::io_words::io_words;
use crate::support::redact;
use crate::trust::open_at_once;

/// The most bytes of a part whose size is not known beforehand: a function that never ends does.
pub(crate) const MAX_UNSIZED: u64 = 16 << 30;

/// A function that returns bytes when they are needed.
pub trait Pull: Send + Sync {
    /// Writes the bytes from `offset` on to `buffer` and returns their number; 0 is the end.
    ///
    /// Each reading of the part asks from offset 0 upwards, without gaps. A message that is sent
    /// several times at once is read by several threads at once.
    ///
    /// # Errors
    /// Why there are none, for people; the message is then not sent.
    fn pull(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, String>;
}

impl<F> Pull for F
where
    F: Fn(u64, &mut [u8]) -> Result<usize, String> + Send + Sync,
{
    fn pull(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, String> {
        self(offset, buffer)
    }
}

/// The source of a part's bytes.
#[derive(Clone)]
pub(crate) enum Data {
    Memory(Arc<Vec<u8>>),
    File(Arc<FileStamp>),
    Pull(Arc<dyn Pull>, Option<u64>),
}

/// A file as it was when it was added.
pub(crate) struct FileStamp {
    path: PathBuf,
    size: u64,
    modified: Option<SystemTime>,
}

impl Data {
    /// A regular file; its size and time of change are noted, and must be the same at each send.
    pub(crate) fn file(argument: &'static str, path: &Path) -> Result<Self, Error> {
        let (size, modified) = std::fs::metadata(path)
            .map_err(|error| io_words(&error))
            .and_then(|found| regular(&found))
            .map_err(|why| {
                let why = format!("{} {}", shown(path), unreadable(&why));
                Error::argument(Status::File, argument, why)
            })?;
        Ok(Self::File(Arc::new(FileStamp {
            path: path.to_owned(),
            size,
            modified,
        })))
    }

    /// The bytes to come, where that is known.
    pub(crate) fn size(&self) -> Option<u64> {
        match self {
            Self::Memory(bytes) => Some(bytes.len() as u64),
            Self::File(noted) => Some(noted.size),
            Self::Pull(_, size) => *size,
        }
    }

    /// Checks that it is still as it was added, without reading it.
    pub(crate) fn check(&self) -> Result<(), SourceFault> {
        match self {
            Self::File(noted) => {
                let found = std::fs::metadata(&noted.path);
                noted.compare(found.map_err(|e| io_words(&e)))
            }
            Self::Memory(_) | Self::Pull(..) => Ok(()),
        }
    }

    /// Begins to read.
    pub(crate) fn open(&self, name: &str) -> Result<DataReader, SourceFault> {
        let origin = match self {
            Self::Memory(bytes) => OpenData::Memory(Arc::clone(bytes)),
            Self::File(noted) => OpenData::File(noted.open()?, Arc::clone(noted)),
            Self::Pull(pull, _) => OpenData::Pull(Arc::clone(pull)),
        };
        Ok(DataReader {
            origin,
            name: name.to_owned(),
            size: self.size(),
            done: 0,
            ended: false,
        })
    }
}

impl FileStamp {
    fn open(&self) -> Result<File, SourceFault> {
        // A pipe would block in open() until another process writes into it.
        let before = std::fs::metadata(&self.path);
        self.compare(before.map_err(|e| io_words(&e)))?;
        let file = open_at_once(&self.path).map_err(|e| self.fault(unreadable(&io_words(&e))))?;
        self.compare(file.metadata().map_err(|e| io_words(&e)))?;
        Ok(file)
    }

    fn compare(&self, found: Result<Metadata, String>) -> Result<(), SourceFault> {
        let found = found.and_then(|found| regular(&found));
        let (size, modified) = found.map_err(|why| self.fault(unreadable(&why)))?;
        if size != self.size {
            let why = format!(
                "had {} bytes when it was added, and has {size} now",
                self.size
            );
            return Err(self.fault(why));
        }
        if modified != self.modified {
            return Err(self.fault("has been written to since it was added".to_owned()));
        }
        Ok(())
    }

    fn fault(&self, why: String) -> SourceFault {
        SourceFault {
            part: shown(&self.path),
            why,
        }
    }
}

/// Size and time of change of a regular file.
fn regular(found: &Metadata) -> Result<(u64, Option<SystemTime>), String> {
    if !found.is_file() {
        return Err("not a regular file".to_owned());
    }
    Ok((found.len(), found.modified().ok()))
}

fn unreadable(why: &str) -> String {
    format!("can't be read ({why})")
}

fn shown(path: &Path) -> String {
    redact::escape(path.as_os_str().as_encoded_bytes(), 300)
}

enum OpenData {
    Memory(Arc<Vec<u8>>),
    File(File, Arc<FileStamp>),
    Pull(Arc<dyn Pull>),
}

/// One reading of a part's bytes.
pub(crate) struct DataReader {
    origin: OpenData,
    name: String,
    size: Option<u64>,
    done: u64,
    ended: bool,
}

impl DataReader {
    /// Fills the buffer, or as much of it as there is; less than all of it is the end.
    pub(crate) fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, SourceFault> {
        let mut filled = 0;
        while filled < buffer.len() && !self.ended {
            let got = self.some(&mut buffer[filled..])?;
            filled += got;
            self.done += got as u64;
            self.ended = got == 0;
            if let Some(size) = self.size
                && (self.done > size || self.ended && self.done < size)
            {
                let found = self.done;
                let more = if self.ended { "" } else { " or more" };
                return Err(self.fault(format!(
                    "has {found} bytes{more} where {size} were announced"
                )));
            }
            if self.size.is_none() && self.done > MAX_UNSIZED {
                return Err(self.fault(format!("goes on beyond {MAX_UNSIZED} bytes")));
            }
        }
        if self.ended
            && let OpenData::File(file, noted) = &self.origin
        {
            // A file that was written to while it was read may be a mixture.
            noted.compare(file.metadata().map_err(|e| io_words(&e)))?;
        }
        Ok(filled)
    }

    fn some(&mut self, buffer: &mut [u8]) -> Result<usize, SourceFault> {
        match &mut self.origin {
            OpenData::Memory(bytes) => {
                let start = usize::try_from(self.done).unwrap_or(usize::MAX);
                let rest = bytes.get(start..).unwrap_or_default();
                let n = rest.len().min(buffer.len());
                buffer[..n].copy_from_slice(&rest[..n]);
                Ok(n)
            }
            OpenData::File(file, noted) => loop {
                match file.read(buffer) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    read => break read.map_err(|e| noted.fault(unreadable(&io_words(&e)))),
                }
            },
            OpenData::Pull(pull) => {
                let pulled = pull.pull(self.done, buffer);
                let n = pulled.map_err(|why| self.fault(why))?;
                if n > buffer.len() {
                    let why = format!("gave {n} bytes where there was room for {}", buffer.len());
                    return Err(self.fault(why));
                }
                Ok(n)
            }
        }
    }

    /// A fault of what is read, for people.
    pub(crate) fn fault(&self, why: String) -> SourceFault {
        SourceFault {
            part: redact::escape(self.name.as_bytes(), 300),
            why: redact::escape(why.as_bytes(), 300),
        }
    }
}

//! A lock between processes: a file that exists while the lock is held. The system releases it when
//! its process ends, even after a crash.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::PathBuf;

#[cfg(unix)]
pub(crate) struct Lock {
    path: PathBuf,
    _file: File,
}

#[cfg(unix)]
impl Lock {
    /// Acquires the lock without waiting.
    ///
    /// # Errors
    /// `WouldBlock` while another process holds it.
    pub(crate) fn take(path: PathBuf) -> io::Result<Self> {
        use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};

        // A pipe with that name does not block, and a link is not followed.
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .custom_flags(libc::O_NONBLOCK | libc::O_NOFOLLOW)
            .open(&path)?;
        rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive)?;
        // The previous holder may have removed the file since it was opened: then the name is another file.
        let locked = file.metadata()?;
        let named = std::fs::symlink_metadata(&path);
        match named.is_ok_and(|named| (named.dev(), named.ino()) == (locked.dev(), locked.ino())) {
            true => Ok(Self { path, _file: file }),
            false => Err(io::ErrorKind::WouldBlock.into()),
        }
    }
}

#[cfg(unix)]
impl Drop for Lock {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// The file is open for this process only, and the system removes it when it is closed.
#[cfg(windows)]
pub(crate) struct Lock {
    _file: File,
}

#[cfg(windows)]
impl Lock {
    /// Acquires the lock without waiting.
    ///
    /// # Errors
    /// A sharing violation while another process holds it.
    pub(crate) fn take(path: PathBuf) -> io::Result<Self> {
        use std::os::windows::fs::OpenOptionsExt as _;
        const GENERIC_WRITE: u32 = 0x4000_0000;
        const DELETE: u32 = 0x0001_0000;
        const FILE_FLAG_DELETE_ON_CLOSE: u32 = 0x0400_0000;

        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .access_mode(GENERIC_WRITE | DELETE)
            .share_mode(0)
            .custom_flags(FILE_FLAG_DELETE_ON_CLOSE)
            .open(path)?;
        Ok(Self { _file: file })
    }
}

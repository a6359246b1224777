//! A read callback as a source of bytes.

use std::ffi::c_void;
use std::sync::{Arc, OnceLock};

use super::arguments::{self, Argument, UserIn};
use super::callback::Callback;
use crate::error::Error;
use crate::message::Pull;
use crate::status::Status;

/// Puts up to room bytes of a part or of a finished message, from offset on, into buffer, and returns
/// their number: 0 at the end, or a negative number on failure; the message is then not delivered. Each
/// reading begins at offset 0 and goes on without gaps. Called on the thread that sends (or sets the
/// content), with no lock held; by several threads at once when several messages that have it are sent
/// at once. It may call any function of the library, even free the client; a function that would have to
/// wait returns SECSMTP_E_REENTRANT. A call that does not return blocks its send, which
/// secsmtp_client_cancel can't end before that. It must return normally: no longjmp, no exception.
pub type secsmtp_read_callback = Option<
    unsafe extern "C" fn(user: *mut c_void, offset: u64, buffer: *mut u8, room: usize) -> i64,
>;

/// Called once, when a read callback will not be called again: the part or content, and every message
/// and send that had it, are gone. Called on the thread that freed, cancelled or sent the last of them,
/// with no lock held; for a job that was sent, that is a thread of the library. It may call any function
/// of the library; a function that would have to wait returns SECSMTP_E_REENTRANT. It must return
/// normally: no longjmp, no exception.
pub type secsmtp_release_callback = Option<unsafe extern "C" fn(user: *mut c_void)>;

type ReadFunction = unsafe extern "C" fn(*mut c_void, u64, *mut u8, usize) -> i64;
type ReleaseFunction = unsafe extern "C" fn(*mut c_void);

/// A read callback, and what releases its pointer. Dropping the last one runs a callback: never with a lock
/// held.
pub(super) struct Reader {
    read: Callback<ReadFunction>,
    release: OnceLock<Callback<ReleaseFunction>>,
}

impl Reader {
    /// Makes a reader that releases nothing before [`Reader::release_by`], so that a call that fails
    /// releases nothing.
    pub(super) fn new(
        read: &Argument<secsmtp_read_callback>,
        user: &UserIn,
    ) -> Result<Arc<Self>, Error> {
        let read = Callback::new(read, user).ok_or_else(|| arguments::null("read"))?;
        Ok(Arc::new(Self {
            read,
            release: OnceLock::new(),
        }))
    }

    pub(super) fn release_by(&self, release: &Argument<secsmtp_release_callback>) {
        if let Some(release) = release.raw() {
            let _ = self.release.set(self.read.with(release));
        }
    }
}

impl Pull for Reader {
    fn pull(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, String> {
        let n = self.read.call(|function, user| {
            // SAFETY: function and pointer are as the contract of `Argument` says; the buffer has this
            // room and outlives the call.
            unsafe { function(user, offset, buffer.as_mut_ptr(), buffer.len()) }
        });
        usize::try_from(n).map_err(|_| format!("could not be read: its function returned {n}"))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(release) = self.release.get() {
            release.call(|function, user| {
                // SAFETY: function and pointer are as the contract of `Argument` says; called once.
                unsafe { function(user) }
            });
        }
    }
}

/// The number of bytes that the caller announced, if it is known.
pub(super) fn size(number: i64) -> Result<Option<u64>, Error> {
    let why = "is negative, and not SECSMTP_SIZE_UNKNOWN";
    match number {
        -1 => Ok(None),
        size => u64::try_from(size)
            .map(Some)
            .map_err(|_| Error::argument(Status::Value, "size", why)),
    }
}

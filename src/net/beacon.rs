//! A descriptor that others can wait for: the selector's own, which is readable while it holds an
//! event that nobody has taken. Nothing can be written to it, so nobody's SIGPIPE is at stake.

use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::time::Duration;

use mio::{Events, Poll, Token, Waker};

/// A selector with nothing in it but its wake-up.
#[derive(Debug)]
pub struct Beacon {
    poll: Poll,
    events: Events,
    waker: Waker,
}

impl Beacon {
    /// One that is not lit.
    ///
    /// # Errors
    /// When the system has no descriptors left.
    pub fn new() -> io::Result<Self> {
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), Token(0))?;
        let events = Events::with_capacity(1);
        Ok(Self {
            poll,
            events,
            waker,
        })
    }

    /// What is to be waited for until it is readable.
    #[must_use]
    pub fn descriptor(&self) -> RawFd {
        self.poll.as_raw_fd()
    }

    /// From here on it is readable.
    pub fn light(&mut self) {
        // A waker that fails has no selector left.
        let _ = self.waker.wake();
    }

    /// From here on it is not.
    pub fn put_out(&mut self) {
        let _ = self.poll.poll(&mut self.events, Some(Duration::ZERO));
    }
}

//! A descriptor that a host can wait for: the selector's own, which is readable while it holds an
//! unread event. It can't be written to, so it can't cause SIGPIPE.

use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::time::Duration;

use mio::{Events, Poll, Token, Waker};

/// A selector that contains only its waker.
#[derive(Debug)]
pub struct Beacon {
    poll: Poll,
    events: Events,
    waker: Waker,
}

impl Beacon {
    /// Makes one that is not readable.
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

    /// The descriptor to wait for.
    #[must_use]
    pub fn descriptor(&self) -> RawFd {
        self.poll.as_raw_fd()
    }

    /// Makes it readable.
    pub fn light(&mut self) {
        // A waker fails only without a selector.
        let _ = self.waker.wake();
    }

    /// Makes it not readable.
    pub fn put_out(&mut self) {
        let _ = self.poll.poll(&mut self.events, Some(Duration::ZERO));
    }
}

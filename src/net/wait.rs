//! The one place that waits: on readiness, with a deadline, and a wake-up for cancel.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use mio::{Events, Poll, Registry, Token, Waker};

use crate::deadline::Deadline;

/// The token of the wake-up; connections have the others.
const WAKE: Token = Token(0);

/// The reason why a wait ended without readiness.
#[derive(Debug)]
pub enum WaitEnd {
    /// The call was cancelled.
    Cancelled,
    /// The deadline passed.
    TimedOut,
    /// The system's selector failed.
    Failed(io::Error),
}

/// Ends a wait from another thread, at once and for good.
#[derive(Debug)]
pub struct Canceller {
    cancelled: AtomicBool,
    waker: Waker,
}

impl Canceller {
    /// Cancels the call that waits here, and each later wait of it.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Release);
        self.wake();
    }

    /// Wakes the waiter, which looks for itself what has happened.
    pub fn wake(&self) {
        // A waker that fails has no selector left to wake.
        let _ = self.waker.wake();
    }

    /// Returns whether it was cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }
}

/// A selector of one call's own.
#[derive(Debug)]
pub struct Waiter {
    poll: Poll,
    events: Events,
    canceller: Arc<Canceller>,
}

impl Waiter {
    /// Opens a selector with its wake-up.
    ///
    /// # Errors
    /// When the system has no descriptors left.
    pub fn new() -> io::Result<Self> {
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), WAKE)?;
        let canceller = Arc::new(Canceller {
            cancelled: AtomicBool::new(false),
            waker,
        });
        Ok(Self {
            poll,
            events: Events::with_capacity(16),
            canceller,
        })
    }

    /// The waker that ends this waiter's waits from another thread.
    #[must_use]
    pub fn canceller(&self) -> Arc<Canceller> {
        Arc::clone(&self.canceller)
    }

    /// The registry of connections.
    pub(super) fn registry(&self) -> &Registry {
        self.poll.registry()
    }

    /// Waits until a registered connection is ready or another thread wakes it.
    ///
    /// # Errors
    /// When it was cancelled, the deadline passed, or the selector failed.
    pub fn wait(&mut self, deadline: Deadline) -> Result<(), WaitEnd> {
        loop {
            let now = Instant::now();
            if self.canceller.is_cancelled() {
                return Err(WaitEnd::Cancelled);
            }
            if deadline.passed(now) {
                return Err(WaitEnd::TimedOut);
            }
            match self.poll.poll(&mut self.events, deadline.left(now)) {
                Ok(()) if self.canceller.is_cancelled() => return Err(WaitEnd::Cancelled),
                Ok(()) if self.events.is_empty() => {}
                Ok(()) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(WaitEnd::Failed(error)),
            }
        }
    }

    /// Checks whether to stop now, without waiting: for loops in which a connection is always ready.
    ///
    /// # Errors
    /// When it was cancelled or the deadline passed.
    pub fn check(&self, deadline: Deadline) -> Result<(), WaitEnd> {
        if self.canceller.is_cancelled() {
            return Err(WaitEnd::Cancelled);
        }
        if deadline.passed(Instant::now()) {
            Err(WaitEnd::TimedOut)
        } else {
            Ok(())
        }
    }
}

//! Cancellation of one call or job, on any connection that it uses.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::net::Canceller;
use crate::sync::Mutex;

/// The token of one call or job. It holds the canceller of a connection only while it uses the
/// connection, so that a late cancel does not end the next user's call.
#[derive(Debug, Default)]
pub(super) struct CancelToken(Mutex<TokenState>);

#[derive(Debug, Default)]
struct TokenState {
    cancelled: bool,
    attached: Option<Attachment>,
}

/// The connection that a call works on.
#[derive(Debug)]
enum Attachment {
    /// On a connection of its own, which ends with it.
    Own(Arc<Canceller>),
    /// On one that others use too.
    Shared(Arc<SharedConnection>),
}

impl Attachment {
    fn canceller(&self) -> &Canceller {
        match self {
            Self::Own(canceller) => canceller,
            Self::Shared(connection) => &connection.canceller,
        }
    }
}

/// The calls that share a connection, which continues when one of them is cancelled.
#[derive(Debug)]
pub(super) struct SharedConnection {
    canceller: Arc<Canceller>,
    changed: AtomicBool,
}

impl SharedConnection {
    pub(super) fn new(canceller: &Arc<Canceller>) -> Arc<Self> {
        Arc::new(Self {
            canceller: Arc::clone(canceller),
            changed: AtomicBool::new(false),
        })
    }

    /// Returns whether any of them was cancelled since the last call of this.
    pub(super) fn has_changed(&self) -> bool {
        self.changed.swap(false, Ordering::AcqRel)
    }

    /// Wakes the thread that drives the connection, to check for more work.
    pub(super) fn wake(&self) {
        self.canceller.wake();
    }
}

impl CancelToken {
    /// Ends the call at once, and each connection that it may still get.
    pub(super) fn cancel(&self) {
        let mut state = self.0.lock();
        state.cancelled = true;
        match &state.attached {
            Some(Attachment::Own(canceller)) => canceller.cancel(),
            Some(Attachment::Shared(connection)) => {
                connection.changed.store(true, Ordering::Release);
                connection.wake();
            }
            None => {}
        }
    }

    /// Wakes the call, to check its state.
    pub(super) fn wake(&self) {
        if let Some(place) = &self.0.lock().attached {
            place.canceller().wake();
        }
    }

    /// Returns whether it was cancelled.
    pub(super) fn is_cancelled(&self) -> bool {
        self.0.lock().cancelled
    }

    /// Sets the connection of the call; if it was cancelled already, ends the connection too.
    pub(super) fn attach(&self, canceller: &Arc<Canceller>) {
        let mut state = self.0.lock();
        if state.cancelled {
            canceller.cancel();
        }
        state.attached = Some(Attachment::Own(Arc::clone(canceller)));
    }

    /// Sets a shared connection of the call. Returns whether it was cancelled before.
    pub(super) fn join(&self, connection: &Arc<SharedConnection>) -> bool {
        let mut state = self.0.lock();
        state.attached = Some(Attachment::Shared(Arc::clone(connection)));
        state.cancelled
    }

    /// Removes the connection of the call; a later cancel does not affect it.
    pub(super) fn detach(&self) {
        self.0.lock().attached = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Waiter;

    #[test]
    fn a_connection_that_was_given_back_is_not_cancelled() {
        let (token, waiter) = (CancelToken::default(), Waiter::new().unwrap());
        token.attach(&waiter.canceller());
        token.detach();
        token.cancel();
        assert!(!waiter.canceller().is_cancelled());
        let connection = SharedConnection::new(&waiter.canceller());
        let token = CancelToken::default();
        assert!(!token.join(&connection));
        token.detach();
        token.cancel();
        assert!(!connection.has_changed() && !waiter.canceller().is_cancelled());
    }

    #[test]
    fn what_was_cancelled_ends_each_connection_that_it_still_gets() {
        let token = CancelToken::default();
        let first = Waiter::new().unwrap();
        token.attach(&first.canceller());
        token.detach();
        token.cancel();
        let second = Waiter::new().unwrap();
        token.attach(&second.canceller());
        assert!(second.canceller().is_cancelled() && !first.canceller().is_cancelled());
        assert!(token.join(&SharedConnection::new(&first.canceller())));
    }

    #[test]
    fn a_cancel_among_others_leaves_the_connection_to_them() {
        let (token, waiter) = (CancelToken::default(), Waiter::new().unwrap());
        let connection = SharedConnection::new(&waiter.canceller());
        token.join(&connection);
        token.cancel();
        assert!(token.is_cancelled() && !waiter.canceller().is_cancelled());
        assert!(connection.has_changed() && !connection.has_changed());
    }
}

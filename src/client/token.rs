//! What ends one call or job, whichever connection it is at work on.

use std::sync::Arc;

use parking_lot::Mutex;

use crate::net::Canceller;

/// One call's or job's. A connection is lent to it by its canceller, and taken back: so a cancel
/// that comes late does not hit whoever has the connection next.
#[derive(Debug, Default)]
pub(super) struct Token(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    cancelled: bool,
    at_work: Option<Arc<Canceller>>,
}

impl Token {
    /// Ends the call at once, and each connection it may still get.
    pub(super) fn cancel(&self) {
        let mut state = self.0.lock();
        state.cancelled = true;
        if let Some(canceller) = &state.at_work {
            canceller.cancel();
        }
    }

    /// Lets the call look for itself what has happened.
    pub(super) fn wake(&self) {
        if let Some(canceller) = &self.0.lock().at_work {
            canceller.wake();
        }
    }

    /// Whether somebody has cancelled.
    pub(super) fn is_cancelled(&self) -> bool {
        self.0.lock().cancelled
    }

    /// The call works on a connection from here; what has been cancelled ends that too.
    pub(super) fn attach(&self, canceller: &Arc<Canceller>) {
        let mut state = self.0.lock();
        if state.cancelled {
            canceller.cancel();
        }
        state.at_work = Some(Arc::clone(canceller));
    }

    /// The call is done with its connection; what is cancelled later does not concern it.
    pub(super) fn detach(&self) {
        self.0.lock().at_work = None;
    }
}

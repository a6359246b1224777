//! The notifier for event loops: a system object that is ready while there are events.

/// Ready or not. Raised and cleared under the lock of the jobs, so it must not block.
pub trait Signal: Send {
    /// Makes it ready.
    fn raise(&mut self);

    /// Makes it not ready.
    fn clear(&mut self);
}

/// A signal, if one was requested, and its state.
#[derive(Default)]
pub(super) struct ReadyFlag {
    signal: Option<Box<dyn Signal>>,
    lit: bool,
}

impl ReadyFlag {
    /// Sets a signal, which must not be ready, and returns the previous one.
    pub(super) fn set(&mut self, signal: Box<dyn Signal>) -> Option<Box<dyn Signal>> {
        self.lit = false;
        self.signal.replace(signal)
    }

    pub(super) fn show(&mut self, ready: bool) {
        let Some(signal) = &mut self.signal else {
            return;
        };
        if ready != self.lit {
            self.lit = ready;
            match ready {
                true => signal.raise(),
                false => signal.clear(),
            }
        }
    }
}

//! What event loops wait for: a thing of the system that is ready while there is something to take.

/// Ready or not. Raised and cleared under the lock of the jobs, so it must not block.
pub trait Signal: Send {
    /// From here on ready.
    fn raise(&mut self);

    /// From here on not ready.
    fn clear(&mut self);
}

/// A signal, once somebody has asked for one, and how it stands.
#[derive(Default)]
pub(super) struct ReadyFlag {
    signal: Option<Box<dyn Signal>>,
    lit: bool,
}

impl ReadyFlag {
    /// Takes a signal, which is not ready as it comes, and returns the one before.
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

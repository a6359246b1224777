//! One lock and one condition: the only synchronisation of the jobs' threads. Generic, so that the
//! tests can put a lock in its place whose every interleaving is tried.

use std::fmt;
use std::time::{Duration, Instant};

use crate::deadline::Deadline;
use crate::sync::{Condvar, Mutex};

/// A value that several threads change, and wait for changes of.
pub(in crate::client) trait Monitor<T> {
    fn new(value: T) -> Self;

    /// Changes the value, and wakes the threads that wait for a change.
    fn with<R>(&self, change: impl FnOnce(&mut T) -> R) -> R;

    /// Waits until `look` returns a value, or until the deadline, after which it is called once more.
    fn wait<R>(&self, deadline: Deadline, look: impl FnMut(&mut T) -> Option<R>) -> Option<R>;
}

/// The real one.
pub(in crate::client) struct Locked<T> {
    value: Mutex<T>,
    changed: Condvar,
}

impl<T> fmt::Debug for Locked<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Locked")
    }
}

impl<T> Monitor<T> for Locked<T> {
    fn new(value: T) -> Self {
        Self {
            value: Mutex::new(value),
            changed: Condvar::new(),
        }
    }

    fn with<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        let result = change(&mut self.value.lock());
        self.changed.notify_all();
        result
    }

    fn wait<R>(&self, deadline: Deadline, mut look: impl FnMut(&mut T) -> Option<R>) -> Option<R> {
        let mut value = self.value.lock();
        loop {
            if let Some(found) = look(&mut value) {
                return Some(found);
            }
            // The clock of `Instant` is monotonic: setting the time of day moves no deadline.
            let left = deadline.left(Instant::now());
            if left == Some(Duration::ZERO) {
                return None;
            }
            value = self.changed.wait(value, left);
        }
    }
}

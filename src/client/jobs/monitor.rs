//! One lock and one condition: the only place where the jobs' threads meet. Generic, so that the
//! tests can put a lock in its place whose every interleaving is tried.

use std::fmt;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::deadline::Deadline;

/// A value that several threads change, and wait for changes of.
pub(in crate::client) trait Monitor<T> {
    fn new(value: T) -> Self;

    /// Changes the value, and wakes whoever waits for a change.
    fn with<R>(&self, change: impl FnOnce(&mut T) -> R) -> R;

    /// Waits until `look` gives something, or until the deadline; it looks once more after that.
    fn wait<R>(&self, deadline: Deadline, look: impl FnMut(&mut T) -> Option<R>) -> Option<R>;
}

/// The real one. Of `std`, whose waiting threads stand in no table of the whole process: a fork may
/// leave such a table locked for ever, and a forked process may make a client of its own.
pub(in crate::client) struct Locked<T> {
    value: Mutex<T>,
    changed: Condvar,
}

impl<T> fmt::Debug for Locked<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Locked")
    }
}

impl<T> Locked<T> {
    /// A panic inside ends the call it happened in; the guard sees to the rest.
    fn lock(&self) -> MutexGuard<'_, T> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner)
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
        let result = change(&mut self.lock());
        self.changed.notify_all();
        result
    }

    fn wait<R>(&self, deadline: Deadline, mut look: impl FnMut(&mut T) -> Option<R>) -> Option<R> {
        let mut value = self.lock();
        loop {
            if let Some(found) = look(&mut value) {
                return Some(found);
            }
            // The clock of `Instant` is monotonic: setting the time of day moves no deadline.
            match deadline.left(Instant::now()) {
                None => {
                    let woken = self.changed.wait(value);
                    value = woken.unwrap_or_else(PoisonError::into_inner);
                }
                Some(left) if left.is_zero() => return None,
                Some(left) => {
                    let woken = self.changed.wait_timeout(value, left);
                    value = woken.unwrap_or_else(PoisonError::into_inner).0;
                }
            }
        }
    }
}

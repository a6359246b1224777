//! Locks of `std`, without poisoning: a panic ends the call in which it occurs. They keep no table of
//! waiting threads for the whole process, as parking_lot does: a fork could leave such a table locked,
//! and the objects that the child makes for itself would hang in it.

#![forbid(unsafe_code)]

use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

pub(crate) use std::sync::MutexGuard;

/// A lock over a value.
#[derive(Debug, Default)]
pub(crate) struct Mutex<T>(std::sync::Mutex<T>);

impl<T> Mutex<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(std::sync::Mutex::new(value))
    }

    /// Waits for the lock.
    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Acquires the lock if it is free.
    pub(crate) fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        match self.0.try_lock() {
            Ok(guard) => Some(guard),
            Err(std::sync::TryLockError::Poisoned(guard)) => Some(guard.into_inner()),
            Err(std::sync::TryLockError::WouldBlock) => None,
        }
    }

    pub(crate) fn get_mut(&mut self) -> &mut T {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn into_inner(self) -> T {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes threads that wait for a change of a value.
#[derive(Debug, Default)]
pub(crate) struct Condvar {
    inner: std::sync::Condvar,
    /// The number of waiting threads. With none the system need not be called.
    waiting: AtomicUsize,
}

impl Condvar {
    pub(crate) const fn new() -> Self {
        Self {
            inner: std::sync::Condvar::new(),
            waiting: AtomicUsize::new(0),
        }
    }

    /// Waits for a wake-up, for no longer than `left` if there is a limit.
    pub(crate) fn wait<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        left: Option<Duration>,
    ) -> MutexGuard<'a, T> {
        // Counted under the lock: a thread that changes the value after this sees it.
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let guard = match left {
            None => self
                .inner
                .wait(guard)
                .unwrap_or_else(PoisonError::into_inner),
            Some(left) => {
                let woken = self.inner.wait_timeout(guard, left);
                woken.unwrap_or_else(PoisonError::into_inner).0
            }
        };
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        guard
    }

    /// Wakes the threads that wait, after a change that was made under their lock.
    pub(crate) fn notify_all(&self) {
        if self.waiting.load(Ordering::Relaxed) > 0 {
            self.inner.notify_all();
        }
    }
}

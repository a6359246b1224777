//! The identity of the process, across forks. A child of a fork has one thread of its parent, and
//! the memory as all threads left it: a lock that another thread held is never released there.

#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicU32, Ordering};

use crate::error::{Cause, Error};
use crate::sync::{Mutex, MutexGuard};

/// The generation of the process: incremented in each child of a fork, once forks are counted; 0 before that.
static GENERATION: AtomicU32 = AtomicU32::new(0);

/// Held while a [`ForkMutex`] is checked for the first time in a process, and across each fork.
static INHERITANCE: Mutex<()> = Mutex::new(());

/// Registers [`forked`] to be called in each child of a fork.
#[cfg(unix)]
pub(crate) fn count_forks() {
    let _ = GENERATION.compare_exchange(0, 1, Ordering::Relaxed, Ordering::Relaxed);
}

/// Records that this process is a new child of a fork.
#[cfg(unix)]
pub(crate) fn forked() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
}

/// The lock of this module, to be held across a fork.
#[cfg(unix)]
pub(crate) fn hold() -> MutexGuard<'static, ()> {
    INHERITANCE.lock()
}

/// The identity of a process, different from that of its children.
#[derive(Debug)]
pub(crate) struct Process {
    id: u32,
    generation: u32,
}

impl Process {
    pub(crate) fn current() -> Self {
        Self {
            id: std::process::id(),
            generation: GENERATION.load(Ordering::Relaxed),
        }
    }

    /// Returns whether it is the process of the caller.
    pub(crate) fn is_current(&self) -> bool {
        match self.generation {
            0 => self.id == std::process::id(),
            generation => generation == GENERATION.load(Ordering::Relaxed),
        }
    }
}

/// A lock over a value that a child of a fork inherits: the child can use it, unless another thread of
/// the parent held the lock at the fork. That thread does not exist in the child, and its change may
/// be incomplete, so the lock is never forced open there.
#[derive(Debug)]
pub(crate) struct ForkMutex<T> {
    /// The generation of the process in which the lock is free, or held by a thread that exists.
    generation: AtomicU32,
    value: Mutex<T>,
}

impl<T: Default> Default for ForkMutex<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> ForkMutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Self {
            generation: AtomicU32::new(GENERATION.load(Ordering::Relaxed)),
            value: Mutex::new(value),
        }
    }

    /// Waits for the lock.
    ///
    /// # Errors
    /// [`Cause::Forked`] if it was held at the fork.
    pub(crate) fn lock(&self) -> Result<MutexGuard<'_, T>, Error> {
        let generation = GENERATION.load(Ordering::Relaxed);
        if self.generation.load(Ordering::Acquire) == generation {
            return Ok(self.value.lock());
        }
        // One thread at a time checks inherited locks, so no thread of this process holds a held lock of an
        // earlier generation.
        let first = INHERITANCE.lock();
        if self.generation.load(Ordering::Acquire) == generation {
            drop(first);
            return Ok(self.value.lock());
        }
        let guard = self.value.try_lock();
        let guard = guard.ok_or_else(|| Error::local(Cause::Forked))?;
        self.generation.store(generation, Ordering::Release);
        Ok(guard)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::Status;

    /// Puts a lock into its state in the child of a process with the previous generation.
    fn inherited(value: u8) -> ForkMutex<u8> {
        let mutex = ForkMutex::new(value);
        mutex.generation.fetch_sub(1, Ordering::Relaxed);
        mutex
    }

    #[test]
    fn a_lock_that_was_free_at_the_fork_is_the_childs() {
        let mutex = inherited(7);
        *mutex.lock().unwrap() += 1;
        // From now on a holder is waited for.
        std::thread::scope(|scope| {
            let held = mutex.lock().unwrap();
            let other = scope.spawn(|| *mutex.lock().unwrap());
            drop(held);
            assert_eq!(other.join().unwrap(), 8);
        });
    }

    #[test]
    fn a_lock_that_was_held_at_the_fork_is_a_status_for_ever() {
        let mutex = inherited(7);
        std::mem::forget(mutex.value.lock());
        for _ in 0..2 {
            assert_eq!(mutex.lock().unwrap_err().status(), Status::Forked);
        }
    }
}

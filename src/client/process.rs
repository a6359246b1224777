//! Which process this is: a client belongs to the one that it was made in.

use std::sync::atomic::{AtomicU32, Ordering};

/// Grows in each child of a fork, once somebody counts; 0 before that.
static GENERATION: AtomicU32 = AtomicU32::new(0);

/// From here on [`forked`] is called in each child of a fork, and nobody need ask the system.
#[cfg(unix)]
pub(crate) fn count_forks() {
    let _ = GENERATION.compare_exchange(0, 1, Ordering::Relaxed, Ordering::Relaxed);
}

/// This process is a child that a fork has just made.
#[cfg(unix)]
pub(crate) fn forked() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
}

/// A process, told from those that were forked from it.
#[derive(Debug)]
pub(super) struct Process {
    id: u32,
    generation: u32,
}

impl Process {
    pub(super) fn current() -> Self {
        Self {
            id: std::process::id(),
            generation: GENERATION.load(Ordering::Relaxed),
        }
    }

    /// Whether it is still this one.
    pub(super) fn is_current(&self) -> bool {
        match self.generation {
            0 => self.id == std::process::id(),
            generation => generation == GENERATION.load(Ordering::Relaxed),
        }
    }
}

//! Calls out to the host: none with a lock held, and none after its target was taken away.

use std::cell::Cell;

use parking_lot::{Condvar, Mutex};

thread_local! {
    /// How many calls out this thread is inside of, of whichever object.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// This thread is inside a call out for as long as this lives.
pub(super) struct Inside(());

impl Inside {
    pub(super) fn enter() -> Self {
        DEPTH.set(DEPTH.get().saturating_add(1));
        Self(())
    }

    /// Whether this thread is inside a call out: then nothing may wait for calls out to end, for
    /// two that wait for each other never would.
    pub(super) fn is() -> bool {
        DEPTH.get() > 0
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get().saturating_sub(1));
    }
}

/// Where calls out go, and which are running.
pub(super) struct Gate<T> {
    state: Mutex<State<T>>,
    left: Condvar,
}

struct State<T> {
    target: Option<T>,
    /// There will be no other target: a call that still had the object could set one.
    closed: bool,
    /// Of the target: grows with each that is set.
    edition: u64,
    /// The calls that are running, by the edition that they began under.
    running: Vec<(u64, usize)>,
}

impl<T: Copy> Gate<T> {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::new(State {
                target: None,
                closed: false,
                edition: 0,
                running: Vec::new(),
            }),
            left: Condvar::new(),
        }
    }

    /// The target of now, with its edition.
    pub(super) fn target(&self) -> Option<(u64, T)> {
        let state = self.state.lock();
        state.target.map(|target| (state.edition, target))
    }

    /// Calls out, if the target is still that of this edition.
    pub(super) fn call<R>(&self, edition: u64, call: impl FnOnce(T) -> R) -> Option<R> {
        let target = {
            let mut state = self.state.lock();
            let target = state.target.filter(|_| state.edition == edition)?;
            match state
                .running
                .iter_mut()
                .find(|(begun, _)| *begun == edition)
            {
                Some((_, running)) => *running = running.saturating_add(1),
                None => state.running.push((edition, 1)),
            }
            target
        };
        let _leaving = Leaving(self, edition);
        let _inside = Inside::enter();
        Some(call(target))
    }

    /// Sets another target or none, and waits until nothing is called at an earlier one; but from
    /// inside a call out it does not wait.
    pub(super) fn set(&self, target: Option<T>) {
        self.change(target, false);
    }

    /// The same for no target, and for good.
    pub(super) fn close(&self) {
        self.change(None, true);
    }

    fn change(&self, target: Option<T>, closed: bool) {
        let mut state = self.state.lock();
        state.closed |= closed;
        state.target = target.filter(|_| !state.closed);
        state.edition = state.edition.saturating_add(1);
        let edition = state.edition;
        while !Inside::is() && state.running.iter().any(|(begun, _)| *begun < edition) {
            self.left.wait(&mut state);
        }
    }
}

struct Leaving<'a, T>(&'a Gate<T>, u64);

impl<T> Drop for Leaving<'_, T> {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        state.running.retain_mut(|(begun, running)| {
            *running = running.saturating_sub(usize::from(*begun == self.1));
            *running > 0
        });
        self.0.left.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, Barrier};

    use super::*;

    #[test]
    fn nothing_is_called_after_the_target_was_taken_away() {
        let gate = Arc::new(Gate::new());
        gate.set(Some(7));
        let (edition, _) = gate.target().unwrap();
        let (begun, ended) = (Arc::new(Barrier::new(2)), Arc::new(AtomicBool::new(false)));
        let caller = {
            let (gate, begun, ended) = (Arc::clone(&gate), Arc::clone(&begun), Arc::clone(&ended));
            std::thread::spawn(move || {
                gate.call(edition, |_| {
                    begun.wait();
                    std::thread::yield_now();
                    ended.store(true, Ordering::Release);
                });
            })
        };
        begun.wait();
        gate.set(None);
        assert!(ended.load(Ordering::Acquire));
        gate.call(edition, |_| panic!("it was taken away"));
        caller.join().unwrap();
    }

    #[test]
    fn a_closed_gate_takes_no_target() {
        let gate = Gate::new();
        gate.close();
        gate.set(Some(1));
        assert!(gate.target().is_none());
    }

    #[test]
    fn from_inside_a_call_it_is_taken_away_without_a_wait() {
        let gate = Gate::new();
        gate.set(Some(1));
        let (edition, _) = gate.target().unwrap();
        gate.call(edition, |_| gate.set(None));
        gate.call(edition, |_| panic!("it was taken away"));
        assert!(!Inside::is());
    }
}

//! Calls into the host: all of them through [`Callback::call`], with no lock held, and none through a
//! [`Gate`] after its target was taken away.

use std::cell::Cell;
use std::ffi::c_void;

use crate::error::Error;
use crate::status::Status;
use crate::sync::{Condvar, Mutex};

thread_local! {
    /// How many calls into the host this thread is inside of, of whichever object.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Whether this thread is inside a call into the host. Nothing may wait there: what it waits for may
/// wait for that call.
pub(super) fn is_inside() -> bool {
    DEPTH.get() > 0
}

/// The error of a function that would have to wait inside a call into the host.
pub(super) fn reentrant(function: &'static str) -> Error {
    let why = "was called from inside a callback, and would have to wait for it";
    Error::argument(Status::Reentrant, function, why)
}

/// This thread is inside a call into the host for as long as this lives.
struct Inside(());

impl Inside {
    fn enter() -> Self {
        DEPTH.set(DEPTH.get().saturating_add(1));
        Self(())
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get().saturating_sub(1));
    }
}

/// A function of the host with the pointer that it gets back, which is kept as a number.
#[derive(Clone, Copy)]
pub(super) struct Callback<F> {
    function: F,
    user: usize,
}

impl<F: Copy> Callback<F> {
    pub(super) fn new(function: F, user: *mut c_void) -> Self {
        Self {
            function,
            user: user.expose_provenance(),
        }
    }

    /// Another function with the same pointer.
    pub(super) fn with<G: Copy>(&self, function: G) -> Callback<G> {
        Callback {
            function,
            user: self.user,
        }
    }

    /// Calls the host. Nothing else does: the function can be had here alone.
    pub(super) fn call<R>(&self, call: impl FnOnce(F, *mut c_void) -> R) -> R {
        let _inside = Inside::enter();
        call(
            self.function,
            std::ptr::with_exposed_provenance_mut(self.user),
        )
    }
}

/// The target of calls into the host, and those that are running.
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

    /// Runs `call`, which calls the host, if the target is still that of this edition.
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
        Some(call(target))
    }

    /// Sets another target or none, and waits until no call to an earlier one is running; but inside a
    /// call into the host it does not wait.
    pub(super) fn set(&self, target: Option<T>) {
        self.change(target, false);
    }

    /// Takes the target away for good, and waits as [`Gate::set`] does.
    pub(super) fn close(&self) {
        self.change(None, true);
    }

    fn change(&self, target: Option<T>, closed: bool) {
        let mut state = self.state.lock();
        state.closed |= closed;
        state.target = target.filter(|_| !state.closed);
        state.edition = state.edition.saturating_add(1);
        let edition = state.edition;
        while !is_inside() && state.running.iter().any(|(begun, _)| *begun < edition) {
            state = self.left.wait(state, None);
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
        gate.set(Some(Callback::new(1, std::ptr::null_mut())));
        let (edition, _) = gate.target().unwrap();
        gate.call(edition, |target| target.call(|_, _| gate.set(None)));
        gate.call(edition, |_| panic!("it was taken away"));
        assert!(!is_inside());
    }
}

//! Calls of the caller's functions: all of them through [`Callback::call`], with no lock held, and none
//! through a [`CallbackSlot`] after its callback was replaced.

use std::cell::Cell;
use std::ffi::c_void;

use super::arguments::{Argument, UserIn};
use crate::error::Error;
use crate::status::Status;
use crate::sync::{Condvar, Mutex};

thread_local! {
    /// The number of callbacks, of any object, that this thread is inside of.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// True inside a callback of this thread. Nothing may wait there: what it waits for may wait for that
/// callback.
pub(super) fn is_inside() -> bool {
    DEPTH.get() > 0
}

/// The error of a function that would have to wait inside a callback.
pub(super) fn reentrant(function: &'static str) -> Error {
    let why = "was called from inside a callback, and would have to wait for it";
    Error::argument(Status::Reentrant, function, why)
}

/// Counts a callback of this thread while it lives.
struct CallbackDepth(());

impl CallbackDepth {
    fn enter() -> Self {
        DEPTH.set(DEPTH.get().saturating_add(1));
        Self(())
    }
}

impl Drop for CallbackDepth {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get().saturating_sub(1));
    }
}

/// A function of the caller's with the pointer that it gets back, which is kept as a number.
#[derive(Clone, Copy)]
pub(super) struct Callback<F> {
    function: F,
    user: usize,
}

impl<F: Copy> Callback<F> {
    /// `None` for a NULL function.
    pub(super) fn new(function: &Argument<Option<F>>, user: &UserIn) -> Option<Self> {
        function.raw().map(|function| Self {
            function,
            user: user.raw().expose_provenance(),
        })
    }

    /// Another function with the same pointer.
    pub(super) fn with<G: Copy>(&self, function: G) -> Callback<G> {
        Callback {
            function,
            user: self.user,
        }
    }

    /// Calls the function. It can be called here alone, so that each callback is counted.
    pub(super) fn call<R>(&self, call: impl FnOnce(F, *mut c_void) -> R) -> R {
        let _depth = CallbackDepth::enter();
        call(
            self.function,
            std::ptr::with_exposed_provenance_mut(self.user),
        )
    }
}

/// A place for a callback that can be replaced while calls of it are running.
pub(super) struct CallbackSlot<T> {
    state: Mutex<SlotState<T>>,
    call_ended: Condvar,
}

struct SlotState<T> {
    callback: Option<T>,
    /// No other callback is accepted: a call that still had the object could set one.
    closed: bool,
    /// Grows with each callback that is set.
    generation: u64,
    /// The numbers of calls that are running, by the generation of their callback.
    running: Vec<(u64, usize)>,
}

impl<T: Copy> CallbackSlot<T> {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::new(SlotState {
                callback: None,
                closed: false,
                generation: 0,
                running: Vec::new(),
            }),
            call_ended: Condvar::new(),
        }
    }

    /// The callback that is set now, with its generation.
    pub(super) fn current(&self) -> Option<(u64, T)> {
        let state = self.state.lock();
        state.callback.map(|callback| (state.generation, callback))
    }

    /// Runs `call`, which calls the callback, if the one of this generation is still set.
    pub(super) fn call<R>(&self, generation: u64, call: impl FnOnce(T) -> R) -> Option<R> {
        let callback = {
            let mut state = self.state.lock();
            let callback = state.callback.filter(|_| state.generation == generation)?;
            match state
                .running
                .iter_mut()
                .find(|(begun, _)| *begun == generation)
            {
                Some((_, running)) => *running = running.saturating_add(1),
                None => state.running.push((generation, 1)),
            }
            callback
        };
        let _running = RunningCall(self, generation);
        Some(call(callback))
    }

    /// True if the callback of this generation is still set.
    pub(super) fn is_current(&self, generation: u64) -> bool {
        self.current()
            .is_some_and(|(current, _)| current == generation)
    }

    /// Sets another callback or none, and waits until no call of an earlier one is running; but inside a
    /// callback it does not wait.
    pub(super) fn set(&self, callback: Option<T>) {
        self.wait_for_earlier(self.replace(callback));
    }

    /// Removes the callback for good, and waits as [`CallbackSlot::set`] does.
    pub(super) fn close(&self) {
        self.state.lock().closed = true;
        self.set(None);
    }

    /// Sets another callback or none, and returns its generation. Calls of an earlier one may still be
    /// running: see [`CallbackSlot::wait_for_earlier`].
    pub(super) fn replace(&self, callback: Option<T>) -> u64 {
        let mut state = self.state.lock();
        state.callback = callback.filter(|_| !state.closed);
        state.generation = state.generation.saturating_add(1);
        state.generation
    }

    /// Waits until no call of a generation before this one is running; but inside a callback it does not
    /// wait.
    pub(super) fn wait_for_earlier(&self, generation: u64) {
        let mut state = self.state.lock();
        while !is_inside() && state.running.iter().any(|(begun, _)| *begun < generation) {
            state = self.call_ended.wait(state, None);
        }
    }
}

/// One call that is counted in the slot while it lives.
struct RunningCall<'a, T>(&'a CallbackSlot<T>, u64);

impl<T> Drop for RunningCall<'_, T> {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        state.running.retain_mut(|(begun, running)| {
            *running = running.saturating_sub(usize::from(*begun == self.1));
            *running > 0
        });
        self.0.call_ended.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, Barrier};

    use super::*;

    #[test]
    fn a_callback_is_not_called_after_it_was_replaced() {
        let slot = Arc::new(CallbackSlot::new());
        slot.set(Some(7));
        let (generation, _) = slot.current().unwrap();
        let (begun, ended) = (Arc::new(Barrier::new(2)), Arc::new(AtomicBool::new(false)));
        let caller = {
            let (slot, begun, ended) = (Arc::clone(&slot), Arc::clone(&begun), Arc::clone(&ended));
            std::thread::spawn(move || {
                slot.call(generation, |_| {
                    begun.wait();
                    std::thread::yield_now();
                    ended.store(true, Ordering::Release);
                });
            })
        };
        begun.wait();
        slot.set(None);
        assert!(ended.load(Ordering::Acquire));
        slot.call(generation, |_| panic!("it was removed"));
        caller.join().unwrap();
    }

    #[test]
    fn a_closed_slot_takes_no_callback() {
        let slot = CallbackSlot::new();
        slot.close();
        slot.set(Some(1));
        assert!(slot.current().is_none());
    }

    #[test]
    fn inside_a_callback_it_is_replaced_without_a_wait() {
        let slot = CallbackSlot::new();
        // SAFETY: this one is not called.
        let (function, user) =
            unsafe { (Argument::new(Some(1)), Argument::new(std::ptr::null_mut())) };
        slot.set(Callback::new(&function, &user));
        let (generation, _) = slot.current().unwrap();
        slot.call(generation, |callback| callback.call(|_, _| slot.set(None)));
        slot.call(generation, |_| panic!("it was removed"));
        assert!(!is_inside());
    }
}

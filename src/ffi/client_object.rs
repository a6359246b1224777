//! The object of a secsmtp_client: the client, its callbacks, and the thread that calls the event callback.

use std::ffi::{c_char, c_void};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use once_cell::sync::OnceCell;

use super::callback::{self, Callback, CallbackSlot};
use super::descriptor;
use super::event::{EventObject, secsmtp_event};
use super::handle::{self, HandleKind, Reservation};
use super::text::Text;
use crate::client::Client;
use crate::client::jobs::{Event, EventWait};
use crate::error::{Cause, Error, Stage};
use crate::log::{Level, Log};
use crate::sync::Mutex;

/// A server to submit mail to.
/// Functions: secsmtp_client_new, _set_connect, _set_credential, _set_ehlo_name, _set_timeout,
/// _set_reuse, _set_log, _send, _send_batch, _probe, _cancel, _free; for jobs: _set_limits,
/// _set_window, _set_rate, _set_events, _set_event_callback, _submit, _wait, _cancel_job, _answer_secret,
/// _answer_secret_text, _poll_event, _dispatch, _descriptor, _wake, _close.
pub struct secsmtp_client(());

type LogFunction = unsafe extern "C" fn(*mut c_void, i32, i32, *const c_char, usize);
type EventFunction = unsafe extern "C" fn(*mut c_void, *const secsmtp_event);

/// The callback for a client's log.
#[derive(Clone, Copy)]
pub(super) struct LogCallback {
    pub(super) callback: Callback<LogFunction>,
    pub(super) max: Level,
}

/// The callback for a client's events.
pub(super) type EventCallback = Callback<EventFunction>;

pub(super) struct ClientObject {
    pub(super) client: Client,
    pub(super) log: CallbackSlot<LogCallback>,
    pub(super) events: CallbackSlot<EventCallback>,
    /// Stops the thread of the library that calls the event callback.
    event_thread: Mutex<Option<Arc<AtomicBool>>>,
    descriptor: OnceCell<i64>,
}

impl HandleKind for secsmtp_client {
    type Object = ClientObject;
    const NOUN: &'static str = "client";
}

/// The client of a handle, in the process that it was made in.
pub(super) fn get(client: *const secsmtp_client) -> Result<Arc<ClientObject>, Error> {
    let object = handle::get(client)?;
    match object.client.is_forked() {
        true => Err(Error::local(Cause::Forked)),
        false => Ok(object),
    }
}

impl ClientObject {
    pub(super) fn new(client: Client) -> Self {
        Self {
            client,
            log: CallbackSlot::new(),
            events: CallbackSlot::new(),
            event_thread: Mutex::new(None),
            descriptor: OnceCell::new(),
        }
    }

    /// Runs `call` with a log that goes to the callback that is set now, until another one is set.
    pub(super) fn logged<R>(&self, call: impl FnOnce(Log<'_>) -> R) -> R {
        let Some((generation, current)) = self.log.current() else {
            return call(Log::off());
        };
        let mut sink = |level: Level, stage: Stage, text: &str| {
            let text = Text::new(text);
            self.log.call(generation, |log| {
                log.callback.call(|function, user| {
                    // SAFETY: function and pointer are as the contract of `Argument` says; the text
                    // outlives the call.
                    unsafe { function(user, level as i32, stage as i32, text.as_ptr(), text.len()) }
                });
            });
        };
        call(Log::to(&mut sink, current.max))
    }

    /// The descriptor for event loops, which is made when it is first asked for.
    pub(super) fn descriptor(&self) -> Result<i64, Error> {
        let made = self.descriptor.get_or_try_init(|| {
            let (signal, number) = descriptor::new().map_err(|error| {
                Error::local(Cause::Resource {
                    what: "descriptor",
                    kind: error.kind(),
                })
            })?;
            self.client.set_signal(signal)?;
            Ok(number)
        });
        made.copied()
    }

    /// Calls the event callback of this generation with the next event. An event is taken from the queue
    /// only while that callback is set. Its handle lives as long as the call.
    pub(super) fn deliver(
        &self,
        reservation: Reservation,
        generation: u64,
        next: impl FnOnce() -> Result<Option<Event>, Error>,
    ) -> Result<bool, Error> {
        let called = self.events.call(generation, |callback| {
            let Some(event) = next()? else {
                return Ok(false);
            };
            let notice: *mut secsmtp_event = reservation.fill(EventObject::new(event));
            callback.call(|function, user| {
                // SAFETY: function and pointer are as the contract of `Argument` says.
                unsafe { function(user, notice) }
            });
            // An error if the callback has freed it.
            let _ = handle::remove(notice);
            Ok(true)
        });
        called.unwrap_or(Ok(false))
    }

    /// Sets the event callback with the thread of the library that calls it, if one does, and stops the
    /// thread that called the one before. Waits for running calls as [`CallbackSlot::set`] does.
    pub(super) fn set_event_callback(
        &self,
        callback: Option<EventCallback>,
        thread: Option<EventThread>,
    ) {
        let (generation, thread) = {
            // Callback and thread change together. The lock is not held while running calls end.
            let mut current = self.event_thread.lock();
            let generation = self.events.replace(callback);
            // Not current: the client is being freed.
            let thread = thread.filter(|_| self.events.is_current(generation));
            let stop = thread.as_ref().map(|thread| Arc::clone(&thread.stop));
            if let Some(before) = std::mem::replace(&mut *current, stop) {
                before.store(true, Ordering::Release);
                self.client.nudge();
            }
            (generation, thread)
        };
        self.events.wait_for_earlier(generation);
        if let Some(thread) = thread {
            thread.deliver(generation);
        }
    }

    /// True if a thread of the library calls the event callback.
    pub(super) fn has_event_thread(&self) -> bool {
        self.event_thread.lock().is_some()
    }

    /// Delivers events on this thread, which is the library's own, until it is stopped.
    fn deliver_all(&self, generation: u64, stop: &AtomicBool) {
        let stopped = || stop.load(Ordering::Acquire);
        // A thread that was started while the client was being freed ends by the generation.
        while !stopped() && self.events.is_current(generation) {
            match self.client.watch(stopped) {
                Ok(EventWait::Event) => {}
                Ok(EventWait::Nothing) => continue,
                Ok(EventWait::Closed) | Err(_) => return,
            }
            // The handle first: a completion must not be lost for lack of one.
            match handle::reserve() {
                Ok(reservation) => {
                    let _ = self.deliver(reservation, generation, || self.client.next_event());
                }
                Err(_) => std::thread::park_timeout(Duration::from_millis(100)),
            }
        }
    }

    /// Ends all that runs before the client is freed: afterwards no callback is running and none is
    /// called. Inside a callback it does not wait.
    pub(super) fn end(&self) {
        if self.client.is_forked() {
            return;
        }
        self.client.abandon();
        self.events.close();
        self.set_event_callback(None, None);
        self.log.close();
        if !callback::is_inside() {
            self.client.wait_for_calls();
        }
    }
}

/// A thread that is to call an event callback. It ends if it is dropped before `deliver`.
pub(super) struct EventThread {
    generation: mpsc::Sender<u64>,
    stop: Arc<AtomicBool>,
}

impl EventThread {
    pub(super) fn start(object: &Arc<ClientObject>) -> Result<Self, Error> {
        let (generation, received) = mpsc::channel();
        let stop = Arc::new(AtomicBool::new(false));
        let thread = Self {
            generation,
            stop: Arc::clone(&stop),
        };
        let object = Arc::clone(object);
        let started = std::thread::Builder::new()
            .name("secsmtp-events".to_owned())
            .spawn(move || {
                if let Ok(generation) = received.recv() {
                    object.deliver_all(generation, &stop);
                }
            });
        started.map(|_| thread).map_err(|error| {
            Error::local(Cause::Resource {
                what: "thread",
                kind: error.kind(),
            })
        })
    }

    /// Calls the callback of this generation from here on.
    fn deliver(self, generation: u64) {
        let _ = self.generation.send(generation); // the thread waits for it
    }
}

#[cfg(test)]
mod tests {
    use super::super::arguments::Argument;
    use super::*;
    use crate::trust::Policy;

    unsafe extern "C" fn ignore(_user: *mut c_void, _notice: *const secsmtp_event) {}

    fn callback() -> Option<EventCallback> {
        // SAFETY: the function takes any pointer.
        let (function, user) = unsafe {
            (
                Argument::new(Some(ignore as EventFunction)),
                Argument::new(std::ptr::null_mut()),
            )
        };
        Callback::new(&function, &user)
    }

    #[test]
    fn a_thread_calls_the_callback_that_it_was_started_for_and_no_later_one() {
        let client = Client::new("mail.test", 0, &Policy::new()).unwrap();
        let object = Arc::new(ClientObject::new(client));
        object.set_event_callback(callback(), None);
        let (first, _) = object.events.current().unwrap();
        let set = |thread| {
            let (before, _) = object.events.current().unwrap();
            let setter = {
                let object = Arc::clone(&object);
                std::thread::spawn(move || object.set_event_callback(callback(), thread))
            };
            while object.events.is_current(before) {
                std::thread::yield_now();
            }
            setter
        };
        // Both wait for this call, and the one with a thread was replaced.
        let setters = object.events.call(first, |_| {
            let with_thread = set(Some(EventThread::start(&object).unwrap()));
            [with_thread, set(None)]
        });
        setters
            .unwrap()
            .into_iter()
            .for_each(|setter| setter.join().unwrap());
        assert!(!object.has_event_thread());
        object.set_event_callback(callback(), Some(EventThread::start(&object).unwrap()));
        assert!(object.has_event_thread());
        object.end();
        object.set_event_callback(callback(), Some(EventThread::start(&object).unwrap()));
        assert!(!object.has_event_thread());
    }
}

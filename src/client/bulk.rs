//! Many messages at a time: over some connections at once, each of which streams.

use std::borrow::Borrow;
use std::collections::VecDeque;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use super::carry::{Carried, Load, Way};
use super::core::{Core, Running, waiter};
use super::retry::Item;
use super::site::Settings;
use super::token::Token;
use crate::channel::Fault;
use crate::deadline::Deadline;
use crate::error::{Cause, Error, Record, Retry};
use crate::log::Log;
use crate::message::Message;
use crate::net::{Canceller, Stop};
use crate::smtp::{Context, Next, Window};
use crate::sync::Mutex;

/// How many messages are sent at a time.
#[derive(Debug, Clone, Copy)]
pub struct Bulk {
    /// Connections at a time, each with a thread of its own but the first; 1 to 64.
    pub connections: usize,
    /// What may be in flight over each.
    pub window: Window,
    /// Whether the first message that is not accepted ends it: no other is begun, and those in
    /// flight come to their own outcomes.
    pub stop_on_error: bool,
}

impl Default for Bulk {
    fn default() -> Self {
        Self {
            connections: 1,
            window: Window::default(),
            stop_on_error: false,
        }
    }
}

/// The most connections at a time.
pub const MAX_CONNECTIONS: usize = 64;

/// Connections that failed in a row, with no message accepted over any of them, before the rest is
/// given up: the server would be asked in vain for each message.
const MAX_FAILURES: usize = 3;

/// What the connections share: where messages come from and where outcomes go.
struct Desk<I: Iterator, D> {
    messages: I,
    /// One that waits for its time.
    waiting: Option<I::Item>,
    /// Those that go over another connection. They were begun, and don't wait for their time again.
    put_back: VecDeque<(u64, Item<I::Item>)>,
    done: D,
    next: u64,
    stop_on_error: bool,
    stopped: bool,
    failures: usize,
    /// Why there is no hope for what was not begun.
    hopeless: Option<Error>,
}

impl<I: Iterator<Item: Borrow<Message>>, D: FnMut(u64, Result<Record, Error>)> Desk<I, D> {
    /// The next one, if it may begin now. It is not read before it is wanted, so one waits at most.
    fn next(&mut self, permit: impl FnOnce() -> Result<(), Instant>) -> Next<Item<I::Item>> {
        if let Some((number, item)) = self.put_back.pop_front() {
            return Next::Message(number, item);
        }
        if self.stopped {
            return Next::End;
        }
        let Some(message) = self.waiting.take().or_else(|| self.messages.next()) else {
            return Next::End;
        };
        // Where there is no hope it need not wait to be told so.
        if self.hopeless.is_none()
            && let Err(at) = permit()
        {
            self.waiting = Some(message);
            return Next::Later(at);
        }
        let number = self.next;
        self.next = number.saturating_add(1);
        Next::Message(number, Item::new(message))
    }

    /// The next one fails before anything was done for it. It is returned, to be dropped without the
    /// lock: it is the caller's.
    fn fail_next(&mut self, error: Error) -> Option<Item<I::Item>> {
        let Next::Message(number, item) = self.next(|| Ok(())) else {
            return None;
        };
        self.fail(number, &item, error);
        Some(item)
    }

    fn done(&mut self, number: u64, result: Result<Record, Error>) {
        match &result {
            Ok(_) => self.failures = 0,
            Err(_) => self.stopped |= self.stop_on_error,
        }
        (self.done)(number, result.map_err(Error::for_message));
    }

    /// No connection could be had for this message.
    fn fail(&mut self, number: u64, item: &Item<I::Item>, error: Error) {
        let mut error = error.for_message();
        if error.retry() == Retry::Never {
            self.hopeless.get_or_insert_with(|| error.clone());
        }
        self.count_failure(&error);
        let message: &Message = item.message.borrow();
        error.record.recipients = message.recipients_not_sent();
        error.record.message_id = message.message_id();
        item.released.mark(&mut error.record);
        // Who cancels is told so of the one at hand, and no other is begun; of a closed client too.
        self.stopped |= matches!(
            *error.cause,
            Cause::Cancelled | Cause::Closed | Cause::Forked
        );
        self.done(number, Err(error));
    }

    fn count_failure(&mut self, error: &Error) {
        self.failures = self.failures.saturating_add(1);
        if self.failures >= MAX_FAILURES {
            self.hopeless.get_or_insert_with(|| error.clone());
        }
    }
}

impl Core {
    /// Sends messages and tells of each what became of it; how many were begun.
    pub(super) fn send_many<I, D>(&self, messages: I, bulk: &Bulk, done: D, log: Log<'_>) -> u64
    where
        I: Iterator<Item: Borrow<Message> + Send> + Send,
        D: FnMut(u64, Result<Record, Error>) + Send,
    {
        let desk = Mutex::new(Desk {
            messages: messages.fuse(),
            waiting: None,
            put_back: VecDeque::new(),
            done,
            next: 0,
            stop_on_error: bulk.stop_on_error,
            stopped: false,
            failures: 0,
            hopeless: None,
        });
        let running = match self.begin() {
            Ok(running) => running,
            Err(error) => {
                let mut desk = desk.into_inner();
                desk.fail_next(error);
                return desk.next;
            }
        };
        let more = bulk.connections.clamp(1, MAX_CONNECTIONS).saturating_sub(1);
        thread::scope(|scope| {
            for _ in 0..more {
                let worker = thread::Builder::new().name("secsmtp-bulk".to_owned());
                // Without another thread it takes longer, and that is all.
                let _ = worker.spawn_scoped(scope, || {
                    if let Ok(running) = self.begin() {
                        self.carry_all(&desk, &running, bulk, Log::off());
                    }
                });
            }
            self.carry_all(&desk, &running, bulk, log);
        });
        desk.into_inner().next
    }

    /// Carries messages until there are none, over one connection at a time.
    fn carry_all<I, D>(
        &self,
        desk: &Mutex<Desk<I, D>>,
        running: &Running<'_>,
        bulk: &Bulk,
        log: Log<'_>,
    ) where
        I: Iterator<Item: Borrow<Message> + Send>,
        D: FnMut(u64, Result<Record, Error>),
    {
        let patience = self.settings();
        let mut cx = self.context(&patience, log);
        let token = &*running.token;
        // No connection is opened for nothing.
        loop {
            let next = desk.lock().next(|| self.jobs.permit());
            let (number, item) = match next {
                Next::Message(number, item) => (number, item),
                Next::Later(at) => {
                    if let Err(error) = self.rest(token, at, &mut cx) {
                        let failed = desk.lock().fail_next(error);
                        drop(failed);
                    }
                    continue;
                }
                Next::Nothing | Next::End => return,
            };
            let settings = match self.ready(desk, token) {
                Ok(settings) => settings,
                Err(error) => {
                    desk.lock().fail(number, &item, error);
                    continue;
                }
            };
            let most = bulk.connections.max(self.jobs.limits().connections);
            let way = Way {
                settings: &settings,
                token,
                window: bulk.window,
                keep: settings.reuse.idle.map_or(0, |_| most),
            };
            let lot = Lot {
                core: self,
                desk,
                token,
            };
            match self.carry(&lot, (number, item), &way, &mut cx) {
                Carried::Done => {}
                Carried::Nothing(number, item, error) => {
                    desk.lock().fail(number, &item, error);
                }
                Carried::Broken(error) => desk.lock().count_failure(&error),
            }
        }
    }

    /// What another connection needs, unless there is no hope.
    fn ready<I: Iterator, D>(
        &self,
        desk: &Mutex<Desk<I, D>>,
        token: &Token,
    ) -> Result<Arc<Settings>, Error> {
        // First: what has no hope may have no end either.
        if token.is_cancelled() {
            return Err(Error::local(Cause::Cancelled));
        }
        if let Some(error) = desk.lock().hopeless.clone() {
            return Err(error);
        }
        let settings = self.settings();
        settings.check(&self.site.policy)?;
        self.site.setup()?;
        Ok(settings)
    }

    /// Waits until the next message may begin, without a connection.
    fn rest(&self, token: &Token, until: Instant, cx: &mut Context<'_>) -> Result<(), Error> {
        let mut waiter = waiter(token)?;
        // Another rate wakes it from here on, and may have been set before.
        let until = until.min(self.jobs.turn());
        let rested = waiter.wait(Deadline::at(until).min(cx.overall()));
        token.detach();
        match rested {
            Err(Stop::TimedOut) if cx.overall().passed(Instant::now()) => {}
            Ok(()) | Err(Stop::TimedOut) => return Ok(()),
            Err(stop) => {
                cx.record = Record::default();
                return Err(cx.fault(stop.into()));
            }
        }
        cx.record = Record::default();
        Err(cx.fault(Fault::TimedOut))
    }
}

/// What one of the connections carries.
struct Lot<'a, I: Iterator, D> {
    core: &'a Core,
    desk: &'a Mutex<Desk<I, D>>,
    token: &'a Token,
}

impl<I, D> Load for Lot<'_, I, D>
where
    I: Iterator<Item: Borrow<Message>>,
    D: FnMut(u64, Result<Record, Error>),
{
    type Message = I::Item;

    fn next(&self) -> Next<Item<I::Item>> {
        match self.token.is_cancelled() {
            true => Next::End,
            false => self.desk.lock().next(|| self.core.jobs.permit()),
        }
    }

    fn done(&self, number: u64, completion: Result<Record, Error>) {
        self.desk.lock().done(number, completion);
    }

    fn board(&self, _number: u64, canceller: &Arc<Canceller>) -> bool {
        self.token.attach(canceller);
        true
    }

    fn put_back(&self, number: u64, item: Item<I::Item>) {
        self.desk.lock().put_back.push_front((number, item));
    }
}

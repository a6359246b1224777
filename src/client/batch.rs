//! Sends many messages in one call, over several connections at once, each of which streams.

use std::borrow::Borrow;
use std::collections::VecDeque;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use super::cancel::CancelToken;
use super::endpoint::Settings;
use super::engine::{Engine, RunningCall, waiter};
use super::run::{RunEnd, RunOptions};
use super::source::{MessageSource, Next, Submission};
use crate::channel::Fault;
use crate::deadline::Deadline;
use crate::error::{Cause, Error, Record, Retry};
use crate::log::Log;
use crate::message::Message;
use crate::net::{Canceller, WaitEnd};
use crate::smtp::{Context, Window};
use crate::sync::Mutex;

/// The options of a batch.
#[derive(Debug, Clone, Copy)]
pub struct BatchOptions {
    /// Connections at a time, each with a thread of its own but the first; 1 to 64.
    pub connections: usize,
    /// The limit of messages in flight over each connection.
    pub window: Window,
    /// True to stop at the first message that is not accepted: no other is begun, and those in flight
    /// complete with their own outcomes.
    pub stop_on_error: bool,
}

impl Default for BatchOptions {
    fn default() -> Self {
        Self {
            connections: 1,
            window: Window::default(),
            stop_on_error: false,
        }
    }
}

/// The maximum number of connections at a time.
pub const MAX_CONNECTIONS: usize = 64;

/// The number of consecutive connections without an accepted message after which the remaining
/// messages fail without a connection.
const MAX_FAILURES: usize = 3;

/// The messages of one call, which its connections share.
struct Batch<I: Iterator, D> {
    messages: I,
    /// A message that waits until it may begin.
    waiting: Option<I::Item>,
    /// Those that go over another connection. They were begun, and don't wait for their time again.
    put_back: VecDeque<Submission>,
    done: D,
    next: u64,
    stop_on_error: bool,
    stopped: bool,
    failures: usize,
    /// The error of the messages that were not begun and will not be.
    hopeless: Option<Error>,
}

/// The next message, before it is prepared.
enum NextInBatch<M> {
    Submission(Submission),
    Message(u64, M),
    Later(Instant),
    End,
}

impl<I: Iterator<Item: Borrow<Message>>, D: FnMut(u64, Result<Record, Error>)> Batch<I, D> {
    /// Returns the next message, if it may begin now. It is read only when it is needed, so that at most
    /// one waits.
    fn take(&mut self, permit: impl FnOnce() -> Result<(), Instant>) -> NextInBatch<I::Item> {
        if let Some(item) = self.put_back.pop_front() {
            return NextInBatch::Submission(item);
        }
        if self.stopped {
            return NextInBatch::End;
        }
        let Some(message) = self.waiting.take().or_else(|| self.messages.next()) else {
            return NextInBatch::End;
        };
        // A message that will fail need not wait.
        if self.hopeless.is_none()
            && let Err(at) = permit()
        {
            self.waiting = Some(message);
            return NextInBatch::Later(at);
        }
        let number = self.next;
        self.next += 1;
        NextInBatch::Message(number, message)
    }

    fn done(&mut self, number: u64, result: Result<Record, Error>) {
        match &result {
            Ok(_) => self.failures = 0,
            Err(_) => self.stopped |= self.stop_on_error,
        }
        (self.done)(number, result.map_err(Error::for_message));
    }

    /// Reports a message for which there was no connection.
    fn fail(&mut self, item: &Submission, error: Error) {
        let error = item.fail(error);
        if error.retry() == Retry::Never {
            self.hopeless.get_or_insert_with(|| error.clone());
        }
        self.count_failure(&error);
        // A cancel, and a closed client, end the current message; no other is begun.
        self.stopped |= matches!(
            *error.cause,
            Cause::Cancelled | Cause::Closed | Cause::Forked
        );
        self.done(item.id, Err(error));
    }

    fn count_failure(&mut self, error: &Error) {
        self.failures += 1;
        if self.failures >= MAX_FAILURES {
            self.hopeless.get_or_insert_with(|| error.clone());
        }
    }
}

/// The next message of a batch. It is prepared and dropped without the lock, because it may call the host.
fn next<I, D>(
    batch: &Mutex<Batch<I, D>>,
    permit: impl Fn() -> Result<(), Instant>,
    token: &CancelToken,
) -> Next
where
    I: Iterator<Item: Borrow<Message>>,
    D: FnMut(u64, Result<Record, Error>),
{
    loop {
        let taken = batch.lock().take(&permit);
        match taken {
            NextInBatch::Submission(item) => return Next::Submission(item),
            NextInBatch::Later(at) => return Next::Later(at),
            NextInBatch::End => return Next::End,
            NextInBatch::Message(number, message) => match message.borrow().prepare() {
                Ok(prepared) => return Next::Submission(Submission::new(number, prepared)),
                Err(error) => batch.lock().done(number, Err(error)),
            },
        }
        if token.is_cancelled() {
            return Next::End;
        }
    }
}

/// Reports the next message as failed, without sending any of it.
fn fail_next<I, D>(batch: &Mutex<Batch<I, D>>, error: Error)
where
    I: Iterator<Item: Borrow<Message>>,
    D: FnMut(u64, Result<Record, Error>),
{
    let taken = batch.lock().take(|| Ok(()));
    match taken {
        NextInBatch::Submission(item) => batch.lock().fail(&item, error),
        NextInBatch::Message(number, message) => match message.borrow().prepare() {
            Ok(prepared) => batch.lock().fail(&Submission::new(number, prepared), error),
            Err(_) => batch.lock().done(number, Err(error)),
        },
        NextInBatch::Later(_) | NextInBatch::End => {}
    }
}

impl Engine {
    /// Sends messages and reports the result of each. Returns the number of begun messages.
    pub(super) fn send_many<I, D>(
        &self,
        messages: I,
        bulk: &BatchOptions,
        done: D,
        log: Log<'_>,
    ) -> u64
    where
        I: Iterator<Item: Borrow<Message> + Send> + Send,
        D: FnMut(u64, Result<Record, Error>) + Send,
    {
        let batch = Mutex::new(Batch {
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
                fail_next(&batch, error);
                return batch.into_inner().next;
            }
        };
        let more = bulk.connections.clamp(1, MAX_CONNECTIONS) - 1;
        thread::scope(|scope| {
            for _ in 0..more {
                let worker = thread::Builder::new().name("secsmtp-bulk".to_owned());
                // If no thread can be created, the remaining connections do the work.
                let _ = worker.spawn_scoped(scope, || {
                    if let Ok(running) = self.begin() {
                        self.run_batch(&batch, &running, bulk, Log::off());
                    }
                });
            }
            self.run_batch(&batch, &running, bulk, log);
        });
        batch.into_inner().next
    }

    /// Sends messages until there are none, over one connection at a time.
    fn run_batch<I, D>(
        &self,
        batch: &Mutex<Batch<I, D>>,
        running: &RunningCall<'_>,
        bulk: &BatchOptions,
        log: Log<'_>,
    ) where
        I: Iterator<Item: Borrow<Message> + Send>,
        D: FnMut(u64, Result<Record, Error>),
    {
        let settings = self.settings();
        let mut cx = self.context(&settings, log);
        let token = &*running.token;
        // No connection is opened without a message.
        loop {
            let item = match next(batch, || self.jobs.permit(), token) {
                Next::Submission(item) => item,
                Next::Later(at) => {
                    if let Err(error) = self.rest(token, at, &mut cx) {
                        fail_next(batch, error);
                    }
                    continue;
                }
                Next::Nothing | Next::End => return,
            };
            let settings = match self.ready(batch, token) {
                Ok(settings) => settings,
                Err(error) => {
                    batch.lock().fail(&item, error);
                    continue;
                }
            };
            let most = bulk.connections.max(self.jobs.limits().connections);
            let options = RunOptions {
                settings: &settings,
                token,
                window: bulk.window,
                keep: settings.reuse.idle.map_or(0, |_| most),
            };
            let source = BatchSource {
                engine: self,
                batch,
                token,
            };
            match self.run(&source, item, &options, &mut cx) {
                RunEnd::Done => {}
                RunEnd::NoConnection(item, error) => batch.lock().fail(&item, error),
                RunEnd::Failed(error) => batch.lock().count_failure(&error),
            }
        }
    }

    /// The messages for another connection, unless the batch has failed.
    fn ready<I: Iterator, D>(
        &self,
        batch: &Mutex<Batch<I, D>>,
        token: &CancelToken,
    ) -> Result<Arc<Settings>, Error> {
        // Checked first: a batch that has failed may have an endless source.
        if token.is_cancelled() {
            return Err(Error::local(Cause::Cancelled));
        }
        if let Some(error) = batch.lock().hopeless.clone() {
            return Err(error);
        }
        let settings = self.settings();
        settings.check(&self.endpoint.policy)?;
        self.endpoint.setup()?;
        Ok(settings)
    }

    /// Waits until the next message may begin, without a connection.
    fn rest(&self, token: &CancelToken, until: Instant, cx: &mut Context<'_>) -> Result<(), Error> {
        let mut waiter = waiter(token)?;
        // A change of the rate wakes it from here on, and may have happened before.
        let until = until.min(self.jobs.turn());
        let rested = waiter.wait(Deadline::at(until).min(cx.overall()));
        token.detach();
        match rested {
            Err(WaitEnd::TimedOut) if cx.overall().passed(Instant::now()) => {}
            Ok(()) | Err(WaitEnd::TimedOut) => return Ok(()),
            Err(stop) => return Err(cx.fail(cx.cause(stop.into()), Record::default())),
        }
        Err(cx.fail(cx.cause(Fault::TimedOut), Record::default()))
    }
}

/// The view of one connection on a batch.
struct BatchSource<'a, I: Iterator, D> {
    engine: &'a Engine,
    batch: &'a Mutex<Batch<I, D>>,
    token: &'a CancelToken,
}

impl<I, D> MessageSource for BatchSource<'_, I, D>
where
    I: Iterator<Item: Borrow<Message>>,
    D: FnMut(u64, Result<Record, Error>),
{
    fn next(&self) -> Next {
        match self.token.is_cancelled() {
            true => Next::End,
            false => next(self.batch, || self.engine.jobs.permit(), self.token),
        }
    }

    fn done(&self, id: u64, completion: Result<Record, Error>) {
        self.batch.lock().done(id, completion);
    }

    fn put_back(&self, item: Submission) {
        self.batch.lock().put_back.push_front(item);
    }

    fn connected(&self, _id: u64, canceller: &Arc<Canceller>) -> bool {
        self.token.attach(canceller);
        true
    }

    fn is_cancelled(&self, _id: u64) -> bool {
        self.token.is_cancelled()
    }
}

//! Jobs: messages that are sent by workers, and their events. Every method may be
//! called from any thread. None calls the host or drops anything of the host's while it holds the
//! lock: a message leaves the lock as a result, and is dropped behind it.

mod event;
mod events;
#[cfg(test)]
mod loom_tests;
mod monitor;
mod notifier;
mod provider;
mod queue;
mod worker;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use self::events::Place;
use self::monitor::{Locked, Monitor};
use self::notifier::ReadyFlag;
use self::queue::{Cancelled, CompletionState, JobQueue, JobSettings, NextJob, QueuedJob, Wakeup};
use super::cancel::{CancelToken, SharedConnection};
use super::rate::{Bucket, Rate};
use crate::deadline::Deadline;
use crate::error::{Cause, Error};
use crate::message::Prepared;
use crate::smtp::Window;
use crate::status::Status;
use crate::support::secret::Secret;

pub use event::{Completion, Event, EventData, EventMask, JobId, Kind, SecretQuestion};
pub use notifier::Signal;
pub use queue::Limits;
pub(super) use worker::work;

/// The result of a wait for a job's completion.
#[derive(Debug)]
pub enum JobWait {
    /// The job has completed, with this completion, which no other caller gets.
    Done(Box<Completion>),
    /// The deadline passed first.
    Pending,
    /// Its completion was returned before, as an event or by another wait.
    Taken,
}

/// The result of a poll.
#[derive(Debug)]
pub enum PollResult {
    /// The next event.
    Event(Event),
    /// The deadline passed, or the poll was woken.
    Nothing,
    /// The client is closed, and every event was returned.
    Closed,
}

/// The result of a wait for an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventWait {
    /// There is one, unless another caller polls it first.
    Event,
    /// The deadline passed, or the poll was woken.
    Nothing,
    /// The client is closed, and every event was returned.
    Closed,
}

/// The queue with the state of its waits.
pub(super) struct Shared {
    queue: JobQueue,
    ready_flag: ReadyFlag,
    /// Polls that are waiting, and how often such were woken.
    polling: usize,
    wakes: u64,
    /// A wake that came while no poll was waiting: it ends the next one.
    woken: bool,
}

/// The jobs of one client.
pub(super) struct Jobs<M = Locked<Shared>>(M);

impl<M> fmt::Debug for Jobs<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Jobs")
    }
}

impl<M: Monitor<Shared>> Jobs<M> {
    pub(super) fn new(limits: Limits) -> Self {
        Self(M::new(Shared {
            queue: JobQueue::new(limits),
            ready_flag: ReadyFlag::default(),
            polling: 0,
            wakes: 0,
            woken: false,
        }))
    }

    fn with<R>(&self, change: impl FnOnce(&mut Shared) -> R) -> R {
        self.0.with(|shared| {
            let result = change(shared);
            shared.show();
            result
        })
    }

    /// Adds a message; each event of its job carries `tag`. `start` starts a worker if one is needed.
    pub(super) fn submit(
        &self,
        message: Prepared,
        tag: u64,
        start: impl FnOnce() -> Result<(), Cause>,
    ) -> Result<JobId, Error> {
        let (job, call) = self.with(|shared| shared.queue.submit(&message, tag))?;
        match call {
            Wakeup::Unneeded => {}
            Wakeup::Worker(connection) => connection.wake(),
            Wakeup::NewWorker => {
                if let Err(cause) = start() {
                    let not_started = |shared: &mut Shared| shared.queue.not_started(job, &cause);
                    let (_messages, kept) = self.with(not_started);
                    kept?;
                }
            }
        }
        Ok(job)
    }

    /// Returns another job for a worker that has jobs in flight, without waiting.
    fn more(
        &self,
        in_hand: usize,
        settings: &JobSettings,
        connection: Option<&Arc<SharedConnection>>,
    ) -> NextJob {
        let now = Instant::now();
        self.0
            .with(|shared| shared.queue.take_more(in_hand, settings, connection, now))
    }

    /// Checks whether a message of another call may begin now.
    ///
    /// # Errors
    /// The time at which it may.
    pub(super) fn permit(&self) -> Result<(), Instant> {
        let now = Instant::now();
        self.0.with(|shared| shared.queue.bucket.take(now))
    }

    /// The time at which the next message may begin.
    pub(super) fn turn(&self) -> Instant {
        let now = Instant::now();
        let taken = self.0.with(|shared| shared.queue.bucket.clone().take(now));
        taken.err().unwrap_or(now)
    }

    /// Sets the rate limit.
    pub(super) fn set_rate(&self, rate: Option<Rate>) {
        self.with(|shared| shared.queue.bucket = Bucket::new(rate));
        self.wake_waiting_workers();
    }

    /// Wakes the workers that wait on a connection.
    fn wake_waiting_workers(&self) {
        let waiting_workers = self.0.with(|shared| shared.queue.take_waiting_workers());
        waiting_workers
            .iter()
            .for_each(|connection| connection.wake());
    }

    /// Records that a worker has no more jobs in flight over this connection.
    fn leave(&self, connection: &Arc<SharedConnection>) {
        self.0.with(|shared| shared.queue.leave(connection));
    }

    pub(super) fn set_window(&self, window: Window) {
        self.with(|shared| shared.queue.settings.window = window);
    }

    /// The next job for a worker, which waits for one for so long; `None` ends the worker, which is
    /// not counted from then on.
    fn next(&self, patience: Duration) -> Option<QueuedJob> {
        self.with(|shared| shared.queue.idle += 1);
        let patience = Deadline::after(patience);
        let mut later = None;
        loop {
            let until = later.map_or(patience, Deadline::at);
            let waited = self.0.wait(until, |shared| {
                let queue = &mut shared.queue;
                let over = queue.closed || queue.workers > queue.limits.connections;
                match queue.take(Instant::now()) {
                    NextJob::Later(at) if later == Some(at) => None,
                    NextJob::Nothing if !over && later.is_none() => None,
                    taken => Some(taken),
                }
            });
            let found = match waited {
                Some(NextJob::Job(queued)) => NextJob::Job(queued),
                // The delayed job is gone, so the idle time counts again.
                Some(NextJob::Nothing) if later.take().is_some() => continue,
                Some(NextJob::Later(at)) => {
                    later = Some(at);
                    continue;
                }
                Some(NextJob::Nothing) | None => NextJob::Nothing,
            };
            // A job that was submitted since the last check relies on this worker.
            let taken = self.with(|shared| {
                let queue = &mut shared.queue;
                let taken = match found {
                    NextJob::Nothing => queue.take(Instant::now()),
                    found => found,
                };
                let (idle, workers) = match taken {
                    NextJob::Job(_) => (1, 0),
                    NextJob::Later(_) => (0, 0),
                    NextJob::Nothing => (1, 1),
                };
                queue.idle -= idle;
                queue.workers -= workers;
                taken
            });
            match taken {
                NextJob::Job(queued) => return Some(queued),
                NextJob::Later(at) => later = Some(at),
                NextJob::Nothing => return None,
            }
        }
    }

    fn finish(&self, job: JobId, completion: Completion) {
        self.with(|shared| shared.queue.finish(job, completion));
    }

    fn tell(&self, job: JobId, data: EventData) {
        self.with(|shared| shared.queue.tell(job, data));
    }

    fn settings(&self) -> JobSettings {
        self.0.with(|shared| shared.queue.settings)
    }

    pub(super) fn limits(&self) -> Limits {
        self.0.with(|shared| shared.queue.limits)
    }

    pub(super) fn set_limits(&self, limits: Limits) {
        self.with(|shared| {
            shared.queue.limits = limits;
            shared.queue.events.set_room(limits.events);
        });
    }

    pub(super) fn set_wishes(&self, mask: EventMask) {
        self.with(|shared| shared.queue.settings.mask = mask);
    }

    pub(super) fn set_signal(&self, signal: Box<dyn Signal>) {
        let _before = self.with(|shared| shared.ready_flag.set(signal));
    }

    /// The next event.
    pub(super) fn poll(&self, deadline: Deadline) -> PollResult {
        let next = |shared: &mut Shared| match shared.queue.next_event(Place::MAX) {
            Some(event) => Some(PollResult::Event(event)),
            None if shared.queue.is_over() => Some(PollResult::Closed),
            None => None,
        };
        self.listen(deadline, next).unwrap_or(PollResult::Nothing)
    }

    /// Waits for an event and leaves it there.
    pub(super) fn await_event(&self, deadline: Deadline) -> EventWait {
        let look = |shared: &mut Shared| shared.awaited();
        self.listen(deadline, look).unwrap_or(EventWait::Nothing)
    }

    /// Waits for an event and leaves it there. No wake ends this, but `give_up`, which is asked at each
    /// change.
    pub(super) fn watch(&self, give_up: impl Fn() -> bool) -> EventWait {
        let found = self.0.wait(Deadline::NEVER, |shared| {
            let ended = give_up().then_some(EventWait::Nothing);
            shared.awaited().or(ended)
        });
        found.unwrap_or(EventWait::Nothing)
    }

    /// Waits until `look` returns a value, or for a wake. A wake has precedence: it ends this although an
    /// event is waiting, which the next poll returns.
    fn listen<R>(
        &self,
        deadline: Deadline,
        mut look: impl FnMut(&mut Shared) -> Option<R>,
    ) -> Option<R> {
        let begun = self.with(|shared| {
            if std::mem::take(&mut shared.woken) {
                // An event loop that looks for changes alone sees the descriptor raised again.
                shared.ready_flag.show(false);
                return None;
            }
            shared.polling += 1;
            Some(shared.wakes)
        })?;
        let found = self.0.wait(deadline, |shared| {
            let found = match shared.wakes == begun {
                true => look(shared).map(Some),
                false => Some(None),
            };
            // At once: a wake that comes now is for the next poll.
            if found.is_some() {
                shared.polling -= 1;
            }
            found
        });
        let timed_out = usize::from(found.is_none());
        self.with(|shared| shared.polling -= timed_out);
        found.flatten()
    }

    /// The next of the events that were there when [`Jobs::end`] was asked, without waiting.
    pub(super) fn poll_before(&self, end: Place) -> Option<Event> {
        self.with(|shared| shared.queue.next_event(end))
    }

    /// The place after all current events.
    pub(super) fn end(&self) -> Place {
        self.0.with(|shared| shared.queue.events.end())
    }

    /// Ends the polls that are waiting; with none, the next one.
    pub(super) fn wake(&self) {
        self.with(|shared| {
            shared.wakes = shared.wakes.wrapping_add(1);
            shared.woken = shared.polling == 0;
        });
    }

    /// Wakes all waits, to check their conditions.
    pub(super) fn nudge(&self) {
        self.0.with(|_| ());
    }

    /// Waits for one job's completion.
    pub(super) fn wait(&self, job: JobId, deadline: Deadline) -> Result<JobWait, Error> {
        let collected = self
            .0
            .wait(deadline, |shared| match shared.queue.collect(job) {
                CompletionState::Pending => None,
                other => Some(other),
            });
        self.with(|_| ()); // an event may be gone
        match collected {
            Some(CompletionState::Ready(completion)) => Ok(JobWait::Done(completion)),
            Some(CompletionState::Taken) => Ok(JobWait::Taken),
            Some(CompletionState::Unknown) => {
                let why = format!("{job} was not submitted to this client");
                Err(Error::argument(Status::Value, "job", why))
            }
            Some(CompletionState::Pending) | None => Ok(JobWait::Pending),
        }
    }

    pub(super) fn cancel(&self, job: JobId) -> Result<(), Error> {
        match self.with(|shared| shared.queue.cancel(job))? {
            Cancelled::Running(token) => token.cancel(),
            Cancelled::Queued(message) => {
                self.wake_waiting_workers();
                drop(message);
            }
            Cancelled::Over => {}
        }
        Ok(())
    }

    /// Rejects further jobs.
    pub(super) fn refuse(&self) {
        self.with(|shared| shared.queue.closed = true);
        self.wake_waiting_workers();
    }

    /// Ends all jobs.
    pub(super) fn cancel_all(&self) {
        let (_messages, tokens) = self.with(|shared| shared.queue.cancel_all());
        tokens.iter().for_each(|token| token.cancel());
        self.wake_waiting_workers();
    }

    /// Waits until each job has completed.
    pub(super) fn wait_for_all(&self, deadline: Deadline) -> bool {
        let over = |shared: &mut Shared| (shared.queue.open_jobs() == 0).then_some(());
        self.0.wait(deadline, over).is_some()
    }

    /// Waits until each worker has ended, which they do once jobs are rejected.
    pub(super) fn wait_for_workers(&self, deadline: Deadline) -> bool {
        let over = |shared: &mut Shared| (shared.queue.workers == 0).then_some(());
        self.0.wait(deadline, over).is_some()
    }

    /// Waits until each event was polled.
    pub(super) fn wait_until_told(&self, deadline: Deadline) -> bool {
        let all_polled = |shared: &mut Shared| shared.queue.events.is_empty().then_some(());
        self.0.wait(deadline, all_polled).is_some()
    }

    fn ask(&self, job: JobId, question: SecretQuestion) {
        self.with(|shared| shared.queue.ask(job, question));
    }

    fn answered(&self, job: JobId) -> Option<Option<Secret>> {
        self.0.with(|shared| shared.queue.answered(job))
    }

    /// Answers a question; `None` for no secret.
    pub(super) fn answer(&self, job: JobId, secret: Option<Secret>) -> Result<(), Error> {
        let token: Arc<CancelToken> = self.with(|shared| shared.queue.answer(job, secret))?;
        token.wake();
        Ok(())
    }
}

impl Shared {
    /// The result of a wait for an event, unless it must continue.
    fn awaited(&self) -> Option<EventWait> {
        match self.queue.events.is_empty() {
            false => Some(EventWait::Event),
            true => self.queue.is_over().then_some(EventWait::Closed),
        }
    }

    fn show(&mut self) {
        let ready = !self.queue.events.is_empty() || self.woken || self.queue.is_over();
        self.ready_flag.show(ready);
    }
}

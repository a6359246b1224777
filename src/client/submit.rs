//! The functions of a client for jobs.

use std::sync::Arc;
use std::thread;

use super::jobs::{Event, EventMask, EventWait, JobId, JobWait, Limits, PollResult, Signal, work};
use super::{Client, Rate};
use crate::credential::MAX_SECRET;
use crate::deadline::Deadline;
use crate::error::{Cause, Error};
use crate::message::Message;
use crate::smtp::Window;
use crate::status::Status;
use crate::support::secret::Secret;

/// The maximum number of connections for jobs.
const MOST_CONNECTIONS: usize = 64;
/// The maximum number of jobs, and of droppable events.
const MOST: usize = 1_000_000;

impl Client {
    /// Sends a message by a worker, and returns the job's number at once. The message is copied; its
    /// content is shared.
    ///
    /// A worker is a thread with a connection, over which it streams its share of the jobs that
    /// wait. It is started when a job waits and none is free, up to [`Limits::connections`], and ends when there was nothing to do for as long as a
    /// connection is kept.
    ///
    /// # Errors
    /// Errors that are found before any network access; [`Status::Full`],
    /// [`Status::Closed`], [`Status::Forked`], [`Status::Resource`].
    pub fn submit(&self, message: &Message) -> Result<JobId, Error> {
        self.submit_tagged(message, 0)
    }

    /// As [`Client::submit`], with a number of the caller's own that each event of the job carries: an
    /// event may be taken by another thread before the job's number is known here.
    ///
    /// # Errors
    /// Those of [`Client::submit`].
    pub fn submit_tagged(&self, message: &Message, tag: u64) -> Result<JobId, Error> {
        let submit = || {
            self.engine.check_process()?;
            let message = message.prepare()?;
            self.engine.endpoint.setup()?;
            self.engine.check_settings()?;
            self.engine
                .jobs
                .submit(message, tag, || self.start_worker())
        };
        submit().map_err(Error::for_message)
    }

    fn start_worker(&self) -> Result<(), Cause> {
        let engine = Arc::clone(&self.engine);
        let started = thread::Builder::new()
            .name("secsmtp-worker".to_owned())
            .spawn(move || work(&engine));
        let thread = started.map_err(|error| Cause::Resource {
            what: "thread",
            kind: error.kind(),
        })?;
        let mut threads = self.threads.lock();
        threads.retain(|thread| !thread.is_finished());
        threads.push(thread);
        Ok(())
    }

    /// Sets the maximum number of connections for jobs, of jobs whose completion was not polled, and of
    /// waiting droppable events.
    ///
    /// # Errors
    /// [`Status::Value`] for none or too many.
    pub fn set_limits(&self, limits: Limits) -> Result<(), Error> {
        for (argument, value, most) in [
            ("connections", limits.connections, MOST_CONNECTIONS),
            ("jobs", limits.jobs, MOST),
            ("events", limits.events, MOST),
        ] {
            if !(1..=most).contains(&value) {
                let why = format!("is {value}, expected 1 to {most}");
                return Err(Error::argument(Status::Value, argument, why));
            }
        }
        self.engine.jobs.set_limits(limits);
        Ok(())
    }

    /// Sets the limit of jobs in flight over each connection: later ones are written while the replies to
    /// earlier ones are pending. When the connection breaks, these are the jobs whose outcome may be
    /// unknown. With one message each waits for the reply to the previous one. Applies to jobs that begin
    /// later.
    ///
    /// # Errors
    /// [`Status::Value`] for no message at all.
    pub fn set_window(&self, window: Window) -> Result<(), Error> {
        if window.messages == 0 {
            return Err(Error::argument(Status::Value, "messages", "must not be 0"));
        }
        self.engine.jobs.set_window(window);
        Ok(())
    }

    /// Sets the rate limit of jobs and [`Client::send_many`] together, over all connections; `None` for no
    /// limit. A message that is not yet allowed stays in its queue, or with its source. [`Client::send`]
    /// does not wait, and is not counted.
    ///
    /// # Errors
    /// [`Status::Value`] for no messages, no time or no burst.
    pub fn set_rate(&self, rate: Option<Rate>) -> Result<(), Error> {
        rate.iter().try_for_each(Rate::check)?;
        self.engine.jobs.set_rate(rate);
        self.engine.wake();
        Ok(())
    }

    /// Sets the events of jobs that begin later, besides completions and requests for a secret; none by
    /// default.
    pub fn set_events(&self, mask: EventMask) {
        self.engine.jobs.set_wishes(mask);
    }

    /// Returns the next event of any job; each is returned to one caller.
    ///
    /// # Errors
    /// [`Status::Forked`].
    pub fn poll(&self, deadline: Deadline) -> Result<PollResult, Error> {
        self.engine.check_process()?;
        Ok(self.engine.jobs.poll(deadline))
    }

    /// Waits until there is an event, and leaves it there.
    ///
    /// # Errors
    /// [`Status::Forked`].
    pub fn await_event(&self, deadline: Deadline) -> Result<EventWait, Error> {
        self.engine.check_process()?;
        Ok(self.engine.jobs.await_event(deadline))
    }

    /// Waits until there is an event, and leaves it there; `give_up` is asked after each
    /// [`Client::nudge`] too, and ends the wait. [`Client::wake`] does not.
    ///
    /// # Errors
    /// [`Status::Forked`].
    pub fn watch(&self, give_up: impl Fn() -> bool) -> Result<EventWait, Error> {
        self.engine.check_process()?;
        Ok(self.engine.jobs.watch(give_up))
    }

    /// The next event, without waiting.
    ///
    /// # Errors
    /// [`Status::Forked`].
    pub fn next_event(&self) -> Result<Option<Event>, Error> {
        self.poll_before(u64::MAX)
    }

    /// Marks where the events that are there now end, for [`Client::poll_before`].
    #[must_use]
    pub fn mark(&self) -> u64 {
        self.engine.jobs.end()
    }

    /// The next of the events that were there at the mark, without waiting: so a round over them
    /// ends, whatever comes meanwhile.
    ///
    /// # Errors
    /// [`Status::Forked`].
    pub fn poll_before(&self, mark: u64) -> Result<Option<Event>, Error> {
        self.engine.check_process()?;
        Ok(self.engine.jobs.poll_before(mark))
    }

    /// Ends the polls that are waiting; with none, the next one, also when an event is waiting.
    pub fn wake(&self) {
        self.engine.jobs.wake();
    }

    /// Has waiting polls ask again whether to give up.
    pub fn nudge(&self) {
        self.engine.jobs.nudge();
    }

    /// Waits until a job has completed, and returns its completion: there will be no event of it.
    ///
    /// # Errors
    /// [`Status::Value`] for a number that is no job's, [`Status::Forked`].
    pub fn wait(&self, job: JobId, deadline: Deadline) -> Result<JobWait, Error> {
        self.engine.check_process()?;
        self.engine.jobs.wait(job, deadline)
    }

    /// Waits until every event was polled.
    pub fn wait_until_told(&self, deadline: Deadline) -> bool {
        self.engine.jobs.wait_until_told(deadline)
    }

    /// Ends a job: one that is queued is not sent, one that runs ends at once with its outcome, and
    /// one that is over stays as it is.
    ///
    /// # Errors
    /// [`Status::Value`] for a number that is no job's, [`Status::Forked`].
    pub fn cancel_job(&self, job: JobId) -> Result<(), Error> {
        self.engine.check_process()?;
        self.engine.jobs.cancel(job)
    }

    /// Answers a job's request for a secret; `None` if there is none.
    ///
    /// # Errors
    /// [`Status::Value`] for a number that is no job's, [`Status::Nothing`] for a job that asks
    /// nothing, [`Status::Forked`].
    pub fn answer_secret(&self, job: JobId, secret: Option<&[u8]>) -> Result<(), Error> {
        self.engine.check_process()?;
        // One byte beyond the longest is enough for the job to refuse it.
        let kept = |secret: &[u8]| Secret::new(secret.get(..=MAX_SECRET).unwrap_or(secret));
        self.engine.jobs.answer(job, secret.map(kept))
    }

    /// Has a signal show whether there is an event to take.
    ///
    /// # Errors
    /// [`Status::Forked`].
    pub fn set_signal(&self, signal: Box<dyn Signal>) -> Result<(), Error> {
        self.engine.check_process()?;
        self.engine.jobs.set_signal(signal);
        Ok(())
    }
}

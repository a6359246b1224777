//! The jobs of one client: which are queued, which run, which are done. A plain value: a thread that holds
//! its lock sees one state of everything, and no method waits.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use super::super::cancel::{CancelToken, SharedConnection};
use super::event::{Completion, Event, EventData, EventMask, JobId, SecretQuestion};
use super::events::{Events, Place};
use crate::client::rate::Bucket;
use crate::error::{Cause, Error};
use crate::message::Prepared;
use crate::smtp::Window;
use crate::status::Status;
use crate::support::secret::Secret;

/// The limits of a client.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections that jobs have at a time, each with a thread.
    pub connections: usize,
    /// Jobs whose completion was not returned yet.
    pub jobs: usize,
    /// Droppable events that wait to be polled.
    pub events: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4,
            jobs: 1024,
            events: 1024,
        }
    }
}

/// A job that a worker has taken.
#[derive(Debug, Clone)]
pub(super) struct QueuedJob {
    pub(super) job: JobId,
    pub(super) message: Prepared,
    pub(super) token: Arc<CancelToken>,
}

#[derive(Debug)]
enum State {
    Queued(Prepared),
    Running,
    /// Its completion is at this place of the events.
    Done(Place),
}

#[derive(Debug)]
struct Job {
    /// The caller's own number, which each event of the job carries.
    tag: u64,
    state: State,
    token: Arc<CancelToken>,
    answer: SecretAnswer,
}

/// The state of a job's request for a secret.
#[derive(Debug, Default)]
pub(super) enum SecretAnswer {
    /// No request, or its answer was used.
    #[default]
    None,
    /// The request waits for an answer.
    EventWait,
    /// It was answered, perhaps without a secret.
    Given(Option<Secret>),
}

/// The completion of a job, for a wait.
#[derive(Debug)]
pub(super) enum CompletionState {
    /// The completion, which no other caller gets.
    Ready(Box<Completion>),
    /// The job has not completed.
    Pending,
    /// Another caller has it.
    Taken,
    /// There is no such job.
    Unknown,
}

/// The settings of jobs that begin later.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct JobSettings {
    /// Their requested events.
    pub(super) mask: EventMask,
    /// The limit of messages in flight over one connection.
    pub(super) window: Window,
}

/// The next action of a worker.
#[derive(Debug)]
pub(super) enum NextJob {
    Job(QueuedJob),
    /// A job that may not begin before this time.
    Later(Instant),
    Nothing,
}

/// The state that a cancel found a job in.
#[derive(Debug)]
pub(super) enum Cancelled {
    /// It was queued, and is over now.
    Queued(Prepared),
    /// It runs, and this ends it.
    Running(Arc<CancelToken>),
    /// It was over before.
    Over,
}

/// The worker for a submitted job.
#[derive(Debug)]
pub(super) enum Wakeup {
    /// Any worker that checks the queue next.
    Unneeded,
    /// A worker that is to be started, and is counted already.
    NewWorker,
    /// A worker that is to be woken.
    Worker(Arc<SharedConnection>),
}

/// All of it. A message may hold functions of the host, which are called when it is dropped. No method
/// drops one: each returns those that it removes, and the caller drops them without the lock.
#[derive(Debug)]
pub(super) struct JobQueue {
    last: JobId,
    jobs: BTreeMap<JobId, Job>,
    waiting: VecDeque<JobId>,
    running: usize,
    pub(super) events: Events,
    pub(super) limits: Limits,
    pub(super) settings: JobSettings,
    /// The rate limit, also for `send_many`.
    pub(super) bucket: Bucket,
    /// Workers that wait for replies and would accept more jobs meanwhile.
    waiting_workers: Vec<Arc<SharedConnection>>,
    /// Worker threads, and how many of them have nothing to do.
    pub(super) workers: usize,
    pub(super) idle: usize,
    pub(super) closed: bool,
}

impl JobQueue {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            last: 0,
            jobs: BTreeMap::new(),
            waiting: VecDeque::new(),
            running: 0,
            events: Events::new(limits.events),
            limits,
            settings: JobSettings::default(),
            bucket: Bucket::default(),
            waiting_workers: Vec::new(),
            workers: 0,
            idle: 0,
            closed: false,
        }
    }

    /// Adds a job, and returns the worker for it.
    ///
    /// # Errors
    /// [`Cause::Closed`] or [`Cause::Full`].
    pub(super) fn submit(
        &mut self,
        message: &Prepared,
        tag: u64,
    ) -> Result<(JobId, Wakeup), Error> {
        if self.closed {
            return Err(Error::local(Cause::Closed));
        }
        if self.jobs.len() >= self.limits.jobs {
            return Err(Error::local(Cause::Full));
        }
        self.last += 1;
        let job = Job {
            tag,
            state: State::Queued(message.clone()),
            token: Arc::default(),
            answer: SecretAnswer::None,
        };
        self.jobs.insert(self.last, job);
        self.waiting.push_back(self.last);
        let call = if self.waiting.len() <= self.idle {
            Wakeup::Unneeded
        } else if self.workers < self.limits.connections {
            self.workers += 1;
            Wakeup::NewWorker
        } else {
            self.waiting_workers
                .pop()
                .map_or(Wakeup::Unneeded, Wakeup::Worker)
        };
        Ok((self.last, call))
    }

    /// A worker that was counted could not be started. With no other worker the queue ends: the job
    /// that was to be submitted is removed, and the others complete with `cause`. Returns the messages
    /// of all of them, and `cause` if the job was removed: it may have been cancelled meanwhile, and
    /// then has its completion.
    pub(super) fn not_started(
        &mut self,
        job: JobId,
        cause: &Cause,
    ) -> (Vec<Prepared>, Result<(), Error>) {
        self.workers -= 1;
        let (mut messages, mut kept) = (Vec::new(), Ok(()));
        if self.workers > 0 {
            return (messages, kept);
        }
        for other in std::mem::take(&mut self.waiting) {
            if other != job {
                messages.extend(self.finish_queued(other, cause.clone()));
            } else if let Some(State::Queued(message)) = self.jobs.remove(&job).map(|job| job.state)
            {
                messages.push(message);
                kept = Err(Error::local(cause.clone()));
            }
        }
        (messages, kept)
    }

    /// The next job for a worker.
    pub(super) fn take(&mut self, now: Instant) -> NextJob {
        if self.waiting.is_empty() {
            return NextJob::Nothing;
        }
        match self.bucket.take(now) {
            Ok(()) => self.take_first().map_or(NextJob::Nothing, NextJob::Job),
            Err(later) => NextJob::Later(later),
        }
    }

    fn take_first(&mut self) -> Option<QueuedJob> {
        let id = self.waiting.pop_front()?;
        let job = self.jobs.get_mut(&id)?;
        match std::mem::replace(&mut job.state, State::Running) {
            State::Queued(message) => {
                self.running += 1;
                let token = Arc::clone(&job.token);
                Some(QueuedJob {
                    job: id,
                    message,
                    token,
                })
            }
            other => {
                job.state = other;
                None
            }
        }
    }

    /// Another job for a worker that has this number in flight already. Idle workers come
    /// first, and no worker gets more than its share of all jobs. One that gets none is woken
    /// when there is one.
    pub(super) fn take_more(
        &mut self,
        in_hand: usize,
        settings: &JobSettings,
        connection: Option<&Arc<SharedConnection>>,
        now: Instant,
    ) -> NextJob {
        if self.settings != *settings {
            return NextJob::Nothing; // once its jobs in flight have completed, it begins again
        }
        let share = self.open_jobs().div_ceil(self.workers.max(1));
        let surplus = self.workers > self.limits.connections;
        let taken = match self.waiting.len() > self.idle && in_hand < share && !surplus {
            true => self.take(now),
            false => NextJob::Nothing,
        };
        if let (NextJob::Later(_) | NextJob::Nothing, Some(connection)) = (&taken, connection)
            && !self
                .waiting_workers
                .iter()
                .any(|other| Arc::ptr_eq(other, connection))
        {
            self.waiting_workers.push(Arc::clone(connection));
        }
        taken
    }

    /// Returns the workers to wake, because their condition may have changed.
    pub(super) fn take_waiting_workers(&mut self) -> Vec<Arc<SharedConnection>> {
        std::mem::take(&mut self.waiting_workers)
    }

    /// A worker waits for no more on this connection.
    pub(super) fn leave(&mut self, connection: &Arc<SharedConnection>) {
        self.waiting_workers
            .retain(|other| !Arc::ptr_eq(other, connection));
    }

    /// Records that a running job has completed; a second call has no effect.
    pub(super) fn finish(&mut self, id: JobId, completion: Completion) {
        let Some(job) = self.jobs.get_mut(&id) else {
            return;
        };
        if matches!(job.state, State::Running) {
            self.running -= 1;
            self.conclude(id, completion);
        }
    }

    /// Completes a job that is queued, and returns its message.
    fn finish_queued(&mut self, id: JobId, cause: Cause) -> Option<Prepared> {
        let State::Queued(message) = &self.jobs.get(&id)?.state else {
            return None;
        };
        let message = message.clone();
        self.conclude(id, Err(message.not_sent(cause)));
        Some(message)
    }

    fn conclude(&mut self, id: JobId, completion: Completion) {
        let completion = completion.map_err(Error::for_message);
        let Some(job) = self.jobs.get_mut(&id) else {
            return;
        };
        let data = EventData::Completed(Box::new(completion));
        if let Some(place) = self.events.push(id, job.tag, data) {
            job.state = State::Done(place);
            job.answer = SecretAnswer::None;
        }
    }

    /// Ends a job: at once if it is queued, or through the token that is returned. A job that is over
    /// stays as it is.
    ///
    /// # Errors
    /// [`Status::Value`] for a number that was never given out.
    pub(super) fn cancel(&mut self, id: JobId) -> Result<Cancelled, Error> {
        self.check(id)?;
        if let Some(message) = self.finish_queued(id, Cause::Cancelled) {
            self.waiting.retain(|other| *other != id);
            return Ok(Cancelled::Queued(message));
        }
        Ok(match self.jobs.get(&id) {
            Some(job) if matches!(job.state, State::Running) => {
                Cancelled::Running(Arc::clone(&job.token))
            }
            _ => Cancelled::Over,
        })
    }

    /// Ends all jobs: those that are queued at once, whose messages are returned; the others through
    /// the tokens returned.
    pub(super) fn cancel_all(&mut self) -> (Vec<Prepared>, Vec<Arc<CancelToken>>) {
        let queued = std::mem::take(&mut self.waiting);
        let messages = queued
            .into_iter()
            .filter_map(|id| self.finish_queued(id, Cause::Cancelled))
            .collect();
        let running = |job: &&Job| matches!(job.state, State::Running);
        let jobs = self.jobs.values().filter(running);
        (messages, jobs.map(|job| Arc::clone(&job.token)).collect())
    }

    /// Jobs that are not over.
    pub(super) fn open_jobs(&self) -> usize {
        self.waiting.len() + self.running
    }

    /// Puts an event of a running job into the queue: after a completion nothing comes.
    pub(super) fn tell(&mut self, id: JobId, data: EventData) {
        if let Some(job) = self.jobs.get(&id)
            && matches!(job.state, State::Running)
        {
            self.events.push(id, job.tag, data);
        }
    }

    /// Returns the next event; no other caller gets a completion that is returned here.
    pub(super) fn next_event(&mut self, end: Place) -> Option<Event> {
        let event = self.events.pop(end)?;
        if let EventData::Completed(_) = event.data {
            self.jobs.remove(&event.job);
        }
        Some(event)
    }

    /// Returns the completion of one job, before earlier events.
    pub(super) fn collect(&mut self, id: JobId) -> CompletionState {
        if self.check(id).is_err() {
            return CompletionState::Unknown;
        }
        let Some(job) = self.jobs.get(&id) else {
            return CompletionState::Taken;
        };
        let State::Done(place) = job.state else {
            return CompletionState::Pending;
        };
        self.jobs.remove(&id);
        match self.events.take(place).map(|event| event.data) {
            Some(EventData::Completed(completion)) => CompletionState::Ready(completion),
            _ => CompletionState::Taken,
        }
    }

    /// Returns whether there will be no more events.
    pub(super) fn is_over(&self) -> bool {
        self.closed && self.open_jobs() == 0 && self.events.is_empty()
    }

    /// A running job needs a secret.
    pub(super) fn ask(&mut self, id: JobId, question: SecretQuestion) {
        if let Some(job) = self.jobs.get_mut(&id)
            && matches!(job.state, State::Running)
        {
            job.answer = SecretAnswer::EventWait;
            self.events
                .push(id, job.tag, EventData::SecretWanted(question));
        }
    }

    /// Returns the answer, once.
    pub(super) fn answered(&mut self, id: JobId) -> Option<Option<Secret>> {
        let job = self.jobs.get_mut(&id)?;
        match std::mem::take(&mut job.answer) {
            SecretAnswer::Given(secret) => Some(secret),
            other => {
                job.answer = other;
                None
            }
        }
    }

    /// Answers a job's request, `None` for no secret, and returns the worker to wake.
    ///
    /// # Errors
    /// [`Status::Value`] for a number that was never given out, [`Status::Nothing`] for a job that
    /// asks nothing.
    pub(super) fn answer(
        &mut self,
        id: JobId,
        secret: Option<Secret>,
    ) -> Result<Arc<CancelToken>, Error> {
        self.check(id)?;
        match self.jobs.get_mut(&id) {
            Some(job) if matches!(job.answer, SecretAnswer::EventWait) => {
                job.answer = SecretAnswer::Given(secret);
                Ok(Arc::clone(&job.token))
            }
            _ => Err(Error::argument(
                Status::Nothing,
                "job",
                "has no open secret request",
            )),
        }
    }

    fn check(&self, id: JobId) -> Result<(), Error> {
        if id == 0 || id > self.last {
            let why = format!("{id} was not submitted to this client");
            return Err(Error::argument(Status::Value, "job", why));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::Reason;
    use crate::error::{Record, Stage};
    use crate::sasl::CredentialKind;

    fn question() -> SecretQuestion {
        SecretQuestion {
            user: "alice".to_owned(),
            credential_kind: CredentialKind::Password,
            reason: Reason::First,
        }
    }

    #[test]
    fn a_job_completes_once_and_no_event_follows_its_completion() {
        let mut queue = JobQueue::new(Limits::default());
        let (job, _) = queue.submit(&Prepared::sample(), 7).unwrap();
        let tell = |queue: &mut JobQueue| queue.tell(job, EventData::Stage(Stage::Mail));
        tell(&mut queue); // it is queued
        queue.finish(job, Err(Error::local(Cause::Full)));
        assert!(queue.events.is_empty() && queue.open_jobs() == 1);
        queue.take_first().unwrap();
        tell(&mut queue);
        queue.ask(job, question());
        queue.answer(job, Some(Secret::new(b"secret"))).unwrap();
        queue.finish(job, Ok(Record::default()));
        assert_eq!(queue.open_jobs(), 0);
        // Each of these comes too late.
        queue.finish(job, Err(Error::local(Cause::Cancelled)));
        tell(&mut queue);
        queue.ask(job, question());
        assert!(queue.answered(job).is_none());
        assert!(queue.answer(job, None).is_err());
        assert!(matches!(queue.cancel(job), Ok(Cancelled::Over)));
        let (messages, tokens) = queue.cancel_all();
        assert!(messages.is_empty() && tokens.is_empty());
        assert_eq!(queue.open_jobs(), 0);
        let next = |queue: &mut JobQueue| queue.next_event(Place::MAX).map(|event| event.data);
        assert!(matches!(
            next(&mut queue),
            Some(EventData::Stage(Stage::Mail))
        ));
        assert!(matches!(next(&mut queue), Some(EventData::SecretWanted(_))));
        assert!(matches!(next(&mut queue), Some(EventData::Completed(done)) if done.is_ok()));
        // Its completion is polled, and there is still no other event.
        queue.finish(job, Ok(Record::default()));
        tell(&mut queue);
        queue.ask(job, question());
        assert!(next(&mut queue).is_none());
        assert!(matches!(queue.collect(job), CompletionState::Taken));
    }

    #[test]
    fn work_is_shared_out_and_goes_first_to_those_who_have_none() {
        let mut queue = JobQueue::new(Limits {
            connections: 4,
            ..Limits::default()
        });
        let settings = queue.settings;
        let submit = |queue: &mut JobQueue| queue.submit(&Prepared::sample(), 0).unwrap().1;
        // One worker each for the first four; no worker is woken for the others.
        for number in 0..20 {
            let call = submit(&mut queue);
            assert_eq!(matches!(call, Wakeup::NewWorker), number < 4, "{number}");
        }
        // The first worker that has a connection takes its share of twenty, the others are on their
        // way; when it has finished some, it takes more.
        let mut state = vec![queue.take_first().unwrap()];
        let now = Instant::now();
        let more = |queue: &mut JobQueue, in_hand| queue.take_more(in_hand, &settings, None, now);
        while let NextJob::Job(queued) = more(&mut queue, state.len()) {
            state.push(queued);
        }
        assert_eq!(state.len(), 5);
        for queued in state.drain(..4) {
            queue.finish(queued.job, Ok(crate::error::Record::default()));
        }
        assert!(matches!(more(&mut queue, 1), NextJob::Job(_)));
        // Waiting jobs are left to the workers that wait for them.
        queue.idle = queue.waiting.len();
        assert!(matches!(more(&mut queue, 0), NextJob::Nothing));
        queue.idle = 0;
        // A job under other settings begins a new stream.
        queue.settings.window.messages = 7;
        assert!(matches!(more(&mut queue, 0), NextJob::Nothing));
    }
}

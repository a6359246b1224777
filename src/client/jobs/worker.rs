//! The workers: each takes a job, sends it with as many others as there are over one connection,
//! and reports each result.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::super::cancel::SharedConnection;
use super::super::engine::Engine;
use super::super::pool::DEFAULT_IDLE;
use super::super::retry::Released;
use super::super::run::{RunEnd, RunOptions};
use super::super::source::{MessageSource, Next, Submission};
use super::event::{Completion, EventData, JobId, Kind};
use super::provider::ByEvent;
use super::queue::{JobSettings, NextJob, QueuedJob};
use crate::deadline::Deadline;
use crate::error::{Cause, Error, Recipient, Stage};
use crate::log::{Level, Log, Watcher};
use crate::net::Canceller;

/// Sends queued jobs, and ends when there were none for the idle time of a connection.
pub(in crate::client) fn work(engine: &Arc<Engine>) {
    loop {
        let patience = engine.settings().reuse.idle.unwrap_or(DEFAULT_IDLE);
        let Some(queued) = engine.jobs.next(patience) else {
            break;
        };
        let state = WorkerState::new(engine);
        state.take(queued);
        // Complete its jobs in every case, even if an internal error is caught here.
        if catch_unwind(AssertUnwindSafe(|| state.run())).is_err() {
            let left: Vec<_> = state.held.borrow().keys().copied().collect();
            left.into_iter()
                .for_each(|job| state.done(job, Err(Error::after_panic())));
        }
    }
    engine.sweep();
}

/// The jobs that one worker has in flight.
struct WorkerState<'a> {
    engine: &'a Arc<Engine>,
    /// Its settings when it began.
    settings: JobSettings,
    held: RefCell<BTreeMap<JobId, Held>>,
    /// The jobs that need a connection.
    waiting: RefCell<VecDeque<JobId>>,
    /// The jobs that share the current connection.
    connection: RefCell<Option<Arc<SharedConnection>>>,
}

struct Held {
    queued: QueuedJob,
    /// True if the job needs a new connection.
    needs_new_connection: bool,
    /// The data that left the machine in earlier tries.
    released: Released,
    /// Its deadline, once it was begun.
    deadline: Cell<Option<Deadline>>,
    /// The stage that was reported last.
    stage: Cell<Option<Stage>>,
}

impl<'a> WorkerState<'a> {
    fn new(engine: &'a Arc<Engine>) -> Self {
        Self {
            engine,
            settings: engine.jobs.settings(),
            held: RefCell::default(),
            waiting: RefCell::default(),
            connection: RefCell::default(),
        }
    }

    /// Takes a job that needs a connection.
    fn take(&self, queued: QueuedJob) {
        self.waiting.borrow_mut().push_back(queued.job);
        self.hold(queued);
    }

    fn hold(&self, queued: QueuedJob) {
        let held = Held {
            needs_new_connection: false,
            released: Released::default(),
            deadline: Cell::new(None),
            stage: Cell::new(None),
            queued,
        };
        self.held.borrow_mut().insert(held.queued.job, held);
    }

    /// A job in state, to be sent.
    fn item(&self, job: JobId) -> Option<(QueuedJob, Submission)> {
        let held = self.held.borrow();
        let held = held.get(&job)?;
        let item = Submission {
            id: job,
            message: held.queued.message.clone(),
            needs_new_connection: held.needs_new_connection,
            released: held.released,
        };
        Some((held.queued.clone(), item))
    }

    /// The next of those that need a connection.
    fn next_waiting(&self) -> Option<(QueuedJob, Submission)> {
        let job = self.waiting.borrow_mut().pop_front()?;
        self.item(job)
    }

    /// Sends over one connection after the other, until nothing is left.
    fn run(&self) {
        while let Some((queued, item)) = self.next_waiting() {
            let end = self.run_from(&queued, item);
            if let Some(connection) = self.connection.take() {
                self.engine.jobs.leave(&connection);
            }
            match end {
                Ok(RunEnd::Done | RunEnd::Failed(_)) => {}
                Ok(RunEnd::NoConnection(item, error)) => {
                    self.done(item.id, Err(item.fail(error)));
                }
                Err(error) => self.done(queued.job, Err(error)),
            }
        }
    }

    /// Sends a job over a connection, and as many others as there are.
    fn run_from(&self, queued: &QueuedJob, item: Submission) -> Result<RunEnd, Error> {
        let engine = self.engine;
        engine.endpoint.setup()?;
        let mut settings = engine.settings();
        if let Some(credential) = &settings.credential {
            let provider = Arc::new(ByEvent {
                engine: Arc::clone(engine),
                job: queued.job,
            });
            let asking = Arc::new(credential.asking(provider));
            Arc::make_mut(&mut settings).credential = Some(asking);
        }
        settings.check(&engine.endpoint.policy)?;
        let mask = self.settings.mask;
        let mut reporter = Reporter {
            state: self,
            job: queued.job,
        };
        let log = match mask.level {
            Some(level) if mask.wants(Kind::Line) => Log::to(&mut reporter, level),
            _ => Log::events(&mut reporter),
        };
        let mut cx = engine.context(&settings, log);
        cx.set_messages();
        cx.set_overall(self.deadline(queued.job, cx.overall()));
        let options = RunOptions {
            settings: &settings,
            token: &queued.token,
            window: self.settings.window,
            keep: engine.jobs.limits().connections,
        };
        Ok(engine.run(self, item, &options, &mut cx))
    }
}

impl MessageSource for WorkerState<'_> {
    fn next(&self) -> Next {
        let connection = self.connection.borrow().clone();
        let Some(connection) = connection else {
            return Next::End;
        };
        loop {
            // Jobs that were put back come first.
            let (queued, item) = match self.next_waiting() {
                Some(waiting) => waiting,
                None => {
                    let in_hand = self.held.borrow().len();
                    match self
                        .engine
                        .jobs
                        .more(in_hand, &self.settings, Some(&connection))
                    {
                        NextJob::Job(queued) => {
                            let item = Submission::new(queued.job, queued.message.clone());
                            self.hold(queued.clone());
                            (queued, item)
                        }
                        NextJob::Later(at) => return Next::Later(at),
                        NextJob::Nothing => return Next::Nothing,
                    }
                }
            };
            if !queued.token.join(&connection) {
                return Next::Submission(item);
            }
            self.done(queued.job, Err(item.message.not_sent(Cause::Cancelled)));
        }
    }

    fn done(&self, id: u64, mut completion: Completion) {
        let held = self.held.borrow_mut().remove(&id);
        if let Some(held) = held {
            held.queued.token.detach();
            held.released.mark_completion(&mut completion);
        }
        self.engine.jobs.finish(id, completion);
    }

    fn put_back(&self, item: Submission) {
        if let Some(held) = self.held.borrow_mut().get_mut(&item.id) {
            held.needs_new_connection = item.needs_new_connection;
            held.released = item.released;
            self.waiting.borrow_mut().push_front(item.id);
        }
    }

    fn connected(&self, id: u64, canceller: &Arc<Canceller>) -> bool {
        let connection = SharedConnection::new(canceller);
        let held = self.held.borrow();
        let cancelled = held
            .get(&id)
            .is_some_and(|held| held.queued.token.join(&connection));
        *self.connection.borrow_mut() = Some(connection);
        !cancelled
    }

    fn is_cancelled(&self, id: u64) -> bool {
        let held = self.held.borrow();
        held.get(&id)
            .is_some_and(|held| held.queued.token.is_cancelled())
    }

    fn has_cancellations(&self) -> bool {
        let connection = self.connection.borrow();
        connection
            .as_ref()
            .is_some_and(|connection| connection.has_changed())
    }

    fn has_deadlines(&self) -> bool {
        true
    }

    fn deadline(&self, id: u64, fresh: Deadline) -> Deadline {
        let held = self.held.borrow();
        let Some(held) = held.get(&id) else {
            return fresh;
        };
        let deadline = held.deadline.get().unwrap_or(fresh);
        held.deadline.set(Some(deadline));
        deadline
    }
}

/// Makes the events of a job from those of a send.
struct Reporter<'a> {
    state: &'a WorkerState<'a>,
    job: JobId,
}

impl Reporter<'_> {
    fn tell(&self, kind: Kind, data: impl FnOnce() -> EventData) {
        if self.state.settings.mask.wants(kind) {
            self.state.engine.jobs.tell(self.job, data());
        }
    }
}

impl Watcher for Reporter<'_> {
    fn about(&mut self, job: u64) {
        self.job = job;
    }

    fn line(&mut self, level: Level, stage: Stage, text: &str) {
        self.tell(Kind::Line, || {
            EventData::Line(level, stage, text.to_owned())
        });
    }

    fn stage(&mut self, stage: Stage) {
        let held = self.state.held.borrow();
        let held = held.get(&self.job);
        if held.is_some_and(|held| held.stage.replace(Some(stage)) != Some(stage)) {
            self.tell(Kind::Stage, || EventData::Stage(stage));
        }
    }

    fn progress(&mut self, written: u64, total: Option<u64>) {
        self.tell(Kind::Progress, || EventData::Progress(written, total));
    }

    fn recipient(&mut self, index: usize, recipient: &Recipient) {
        self.tell(Kind::Recipient, || {
            EventData::Recipient(index, recipient.clone())
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Client;
    use super::*;
    use crate::message::Prepared;
    use crate::net::Waiter;
    use crate::trust::Policy;

    #[test]
    fn what_was_put_back_goes_before_what_is_queued() {
        let client = Client::new("mail.example", 0, &Policy::new()).unwrap();
        let engine = &client.engine;
        let state = WorkerState::new(engine);
        for _ in 0..3 {
            engine
                .jobs
                .submit(Prepared::sample(), 0, || Ok(()))
                .unwrap();
        }
        for job in 1..=2 {
            let NextJob::Job(queued) = engine.jobs.more(0, &state.settings, None) else {
                panic!("none");
            };
            state.hold(queued);
            state.waiting.borrow_mut().push_back(job);
        }
        let (queued, item) = state.next_waiting().unwrap();
        assert_eq!(queued.job, item.id);
        state.put_back(item);
        let (first, _) = state.next_waiting().unwrap();
        assert_eq!(first.job, 1);
        assert!(state.connected(first.job, &Waiter::new().unwrap().canceller()));
        assert!(matches!(
            state.next(),
            Next::Submission(Submission { id: 2, .. })
        ));
        state.done(1, Err(Error::local(Cause::Cancelled)));
        state.done(2, Err(Error::local(Cause::Cancelled)));
        assert!(matches!(
            state.next(),
            Next::Submission(Submission { id: 3, .. })
        ));
    }
}

//! Every interleaving of a few threads on the jobs' one lock, tried by an exhaustive scheduler.

use std::sync::Arc;
use std::time::Duration;

use loom::sync::{Condvar, Mutex};
use loom::thread;

use super::monitor::Monitor;
use super::*;
use crate::error::Record;

/// The scheduler's lock. It knows no time: a wait with a deadline may end at any point, so one that
/// is given none must be ended by a change. A change wakes only if a thread waits, as the
/// real one does.
struct Explored<T> {
    value: Mutex<(T, usize)>,
    changed: Condvar,
}

impl<T> Monitor<T> for Explored<T> {
    fn new(value: T) -> Self {
        Self {
            value: Mutex::new((value, 0)),
            changed: Condvar::new(),
        }
    }

    fn with<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        let mut watched = self.value.lock().unwrap();
        let result = change(&mut watched.0);
        let waiting = watched.1;
        drop(watched);
        if waiting > 0 {
            self.changed.notify_all();
        }
        result
    }

    fn wait<R>(&self, deadline: Deadline, mut look: impl FnMut(&mut T) -> Option<R>) -> Option<R> {
        let mut watched = self.value.lock().unwrap();
        loop {
            if let Some(found) = look(&mut watched.0) {
                return Some(found);
            }
            if deadline != Deadline::NEVER {
                return None;
            }
            watched.1 += 1;
            watched = self.changed.wait(watched).unwrap();
            watched.1 -= 1;
        }
    }
}

type JobQueue = Jobs<Explored<Shared>>;

fn explore(run: impl Fn() + Send + Sync + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(2);
    model.check(run);
}

fn queue() -> Arc<JobQueue> {
    let limits = Limits {
        connections: 2,
        ..Limits::default()
    };
    Arc::new(JobQueue::new(limits))
}

/// A worker that sends nothing. Its idle time is zero.
fn work(queue: &JobQueue) {
    while let Some(queued) = queue.next(Duration::ZERO) {
        queue.finish(queued.job, Ok(Record::default()));
    }
}

/// A worker that takes more jobs while it has jobs in flight.
fn stream(queue: &JobQueue) {
    let settings = queue.settings();
    while let Some(queued) = queue.next(Duration::ZERO) {
        let mut state = vec![queued];
        while let NextJob::Job(queued) = queue.more(state.len(), &settings, None) {
            state.push(queued);
        }
        for queued in state {
            let done = match queued.token.is_cancelled() {
                true => Err(Error::local(Cause::Cancelled)),
                false => Ok(Record::default()),
            };
            queue.finish(queued.job, done);
        }
    }
}

/// Submits with workers that are started as the queue asks for them.
fn submit(queue: &Arc<JobQueue>) -> JobId {
    let own = Arc::clone(queue);
    let start = || {
        thread::spawn(move || work(&own));
        Ok(())
    };
    queue.submit(Prepared::sample(), 0, start).unwrap()
}

/// Submits to workers that take several jobs at a time.
fn submit_streamed(queue: &Arc<JobQueue>) -> JobId {
    let own = Arc::clone(queue);
    let start = || {
        thread::spawn(move || stream(&own));
        Ok(())
    };
    queue.submit(Prepared::sample(), 0, start).unwrap()
}

fn completed(queue: &JobQueue) -> Option<JobId> {
    match queue.poll(Deadline::NEVER) {
        PollResult::Event(event) => Some(event.job),
        PollResult::Nothing => None,
        PollResult::Closed => panic!("it is not closed"),
    }
}

#[test]
fn no_job_is_left_by_a_worker_that_ends_as_it_comes() {
    explore(|| {
        let queue = queue();
        let first = submit(&queue);
        let second = submit(&queue);
        let mut done = [completed(&queue), completed(&queue)];
        done.sort_unstable();
        assert_eq!(done, [Some(first), Some(second)]);
    });
}

#[test]
fn a_cancel_that_meets_the_end_gives_one_completion() {
    explore(|| {
        let queue = queue();
        let job = submit(&queue);
        queue.cancel(job).unwrap();
        assert_eq!(completed(&queue), Some(job));
        queue.cancel(job).unwrap();
        assert!(matches!(
            queue.poll(Deadline::after(Duration::ZERO)),
            PollResult::Nothing
        ));
    });
}

#[test]
fn a_wait_and_a_poll_share_one_completion() {
    explore(|| {
        let queue = queue();
        let job = submit(&queue);
        let other = Arc::clone(&queue);
        let poll = thread::spawn(move || completed(&other).is_some());
        let waited = queue.wait(job, Deadline::NEVER).unwrap();
        let got = matches!(waited, JobWait::Done(_));
        assert!(got || matches!(waited, JobWait::Taken));
        // A poll that came away with nothing waits for the next: it is woken.
        queue.wake();
        assert!(got != poll.join().unwrap());
    });
}

#[test]
fn a_wake_is_never_lost() {
    explore(|| {
        let queue = queue();
        let other = Arc::clone(&queue);
        let poll = thread::spawn(move || other.poll(Deadline::NEVER));
        queue.wake();
        assert!(matches!(poll.join().unwrap(), PollResult::Nothing));
    });
}

/// Two polls, one event and one wake: each poll returns, one of them because of the wake.
#[test]
fn a_wake_is_not_lost_to_an_event_that_is_waiting() {
    explore(|| {
        let queue = queue();
        let other = Arc::clone(&queue);
        let polls = thread::spawn(move || {
            let mut polls = [completed(&other), completed(&other)];
            polls.sort_unstable();
            polls
        });
        let job = submit(&queue);
        queue.wake();
        assert_eq!(polls.join().unwrap(), [None, Some(job)]);
    });
}

/// A message may hold a function of the host that, when it is dropped, calls the client.
#[test]
fn a_message_is_dropped_without_the_lock() {
    struct Host(Arc<JobQueue>);

    impl crate::message::Pull for Host {
        fn pull(&self, _: u64, _: &mut [u8]) -> Result<usize, String> {
            Ok(0)
        }
    }

    impl Drop for Host {
        fn drop(&mut self) {
            self.0.wake();
        }
    }

    use crate::error::SourceFault;
    use crate::message::content::properties::Properties;
    use crate::message::{Source, SourceReader};

    impl Source for Host {
        fn properties(&self) -> Properties {
            Properties::default()
        }

        fn open(&self) -> Result<Box<dyn SourceReader + '_>, SourceFault> {
            Ok(Box::new(&b""[..]))
        }
    }

    fn message(queue: &Arc<JobQueue>) -> Prepared {
        Prepared::with_content(Arc::new(Host(Arc::clone(queue))))
    }

    explore(|| {
        let queue = queue();
        let failing = || {
            Err(Cause::Resource {
                what: "thread",
                kind: std::io::ErrorKind::OutOfMemory,
            })
        };
        assert!(queue.submit(message(&queue), 0, failing).is_err());
        let queued = |queue: &Arc<JobQueue>| queue.submit(message(queue), 0, || Ok(())).unwrap();
        queue.cancel(queued(&queue)).unwrap();
        queued(&queue);
        queue.cancel_all();
        queue.set_limits(Limits {
            jobs: 2,
            ..queue.limits()
        });
        assert!(queue.submit(message(&queue), 0, failing).is_err());
        queue.refuse();
        assert!(queue.submit(message(&queue), 0, failing).is_err());
        assert_eq!(queue.0.with(|shared| shared.wakes), 5);
    });
}

#[test]
fn a_close_waits_for_all_and_ends_the_polls() {
    explore(|| {
        let queue = queue();
        submit(&queue);
        let other = Arc::clone(&queue);
        let poll = thread::spawn(move || {
            let mut found = 0;
            while let PollResult::Event(_) = other.poll(Deadline::NEVER) {
                found += 1;
            }
            found
        });
        queue.refuse();
        queue.cancel_all();
        assert!(queue.wait_for_all(Deadline::NEVER));
        assert!(queue.wait_for_workers(Deadline::NEVER));
        assert_eq!(poll.join().unwrap(), 1);
    });
}

#[test]
fn jobs_of_a_worker_that_could_not_be_started_do_not_hang() {
    explore(|| {
        let queue = queue();
        let other = Arc::clone(&queue);
        let failing = || {
            Err(Cause::Resource {
                what: "thread",
                kind: std::io::ErrorKind::OutOfMemory,
            })
        };
        let beside = thread::spawn(move || {
            let job = other.submit(Prepared::sample(), 0, failing);
            job.is_ok_and(|job| matches!(other.wait(job, Deadline::NEVER), Ok(JobWait::Done(_))))
        });
        let here = queue.submit(Prepared::sample(), 0, failing);
        if let Ok(job) = here {
            assert!(matches!(
                queue.wait(job, Deadline::NEVER),
                Ok(JobWait::Done(_))
            ));
        }
        beside.join().unwrap();
        queue.refuse();
        assert!(queue.wait_for_all(Deadline::after(Duration::ZERO)));
    });
}

#[test]
fn a_question_is_answered_once() {
    explore(|| {
        let queue = queue();
        let own = Arc::clone(&queue);
        let start = move || {
            thread::spawn(move || {
                let queued = own.next(Duration::ZERO).unwrap();
                let question = SecretQuestion {
                    user: String::new(),
                    credential_kind: crate::sasl::CredentialKind::Password,
                    reason: crate::credential::Reason::First,
                };
                own.ask(queued.job, question);
                let answered = |shared: &mut Shared| shared.queue.answered(queued.job);
                let secret = own.0.wait(Deadline::NEVER, answered).unwrap();
                assert!(secret.is_none());
                own.finish(queued.job, Ok(Record::default()));
            });
            Ok(())
        };
        let job = queue.submit(Prepared::sample(), 0, start).unwrap();
        assert_eq!(completed(&queue), Some(job));
        queue.answer(job, None).unwrap();
        assert!(queue.answer(job, None).is_err());
        assert_eq!(completed(&queue), Some(job));
    });
}

#[test]
fn of_jobs_that_share_a_worker_each_completes_once() {
    explore(|| {
        let queue = Arc::new(JobQueue::new(Limits {
            connections: 1,
            ..Limits::default()
        }));
        let jobs = [0; 3].map(|_| submit_streamed(&queue));
        queue.cancel(jobs[1]).unwrap();
        let mut done = jobs.map(|_| completed(&queue));
        done.sort_unstable();
        assert_eq!(done, jobs.map(Some));
        assert!(matches!(
            queue.poll(Deadline::after(Duration::ZERO)),
            PollResult::Nothing
        ));
    });
}

#[test]
fn what_several_workers_share_out_is_done_once() {
    explore(|| {
        let queue = queue();
        let jobs = [0; 3].map(|_| submit_streamed(&queue));
        let mut done = jobs.map(|_| completed(&queue));
        done.sort_unstable();
        assert_eq!(done, jobs.map(Some));
    });
}

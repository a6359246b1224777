//! Every interleaving of a few threads on the jobs' one lock, tried by an exhaustive scheduler.

use std::sync::Arc;
use std::time::Duration;

use loom::sync::{Condvar, Mutex};
use loom::thread;

use super::monitor::Monitor;
use super::*;
use crate::error::Record;

/// The scheduler's lock. It knows no time: a wait with a deadline may end at any point, so one that
/// is given none must be ended by a change. Whoever changes wakes only where somebody waits, as the
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

type Desk = Jobs<Explored<Shared>>;

fn explore(run: impl Fn() + Send + Sync + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(2);
    model.check(run);
}

fn desk() -> Arc<Desk> {
    let limits = Limits {
        connections: 2,
        ..Limits::default()
    };
    Arc::new(Desk::new(limits))
}

/// A worker that sends nothing. It has no patience, as if its time were over at once.
fn work(desk: &Desk) {
    while let Some(ticket) = desk.next(Duration::ZERO) {
        desk.finish(ticket.job, Ok(Record::default()));
    }
}

/// A worker that takes what it can while it has something in hand.
fn stream(desk: &Desk) {
    let orders = desk.orders();
    while let Some(ticket) = desk.next(Duration::ZERO) {
        let mut hand = vec![ticket];
        while let Taken::Job(ticket) = desk.more(hand.len(), &orders, None) {
            hand.push(ticket);
        }
        for ticket in hand {
            let done = match ticket.token.is_cancelled() {
                true => Err(Error::local(Cause::Cancelled)),
                false => Ok(Record::default()),
            };
            desk.finish(ticket.job, done);
        }
    }
}

/// Submits with workers that are started as the desk asks for them.
fn submit(desk: &Arc<Desk>) -> JobId {
    let own = Arc::clone(desk);
    let start = || {
        thread::spawn(move || work(&own));
        Ok(())
    };
    desk.submit(Prepared::sample(), 0, start).unwrap()
}

/// The same with workers that take several at a time.
fn submit_streamed(desk: &Arc<Desk>) -> JobId {
    let own = Arc::clone(desk);
    let start = || {
        thread::spawn(move || stream(&own));
        Ok(())
    };
    desk.submit(Prepared::sample(), 0, start).unwrap()
}

fn completed(desk: &Desk) -> Option<JobId> {
    match desk.poll(Deadline::NEVER) {
        Polled::Event(event) => Some(event.job),
        Polled::Nothing => None,
        Polled::Closed => panic!("it is not closed"),
    }
}

#[test]
fn no_job_is_left_by_a_worker_that_ends_as_it_comes() {
    explore(|| {
        let desk = desk();
        let first = submit(&desk);
        let second = submit(&desk);
        let mut done = [completed(&desk), completed(&desk)];
        done.sort_unstable();
        assert_eq!(done, [Some(first), Some(second)]);
    });
}

#[test]
fn a_cancel_that_meets_the_end_gives_one_completion() {
    explore(|| {
        let desk = desk();
        let job = submit(&desk);
        desk.cancel(job).unwrap();
        assert_eq!(completed(&desk), Some(job));
        desk.cancel(job).unwrap();
        assert!(matches!(
            desk.poll(Deadline::after(Duration::ZERO)),
            Polled::Nothing
        ));
    });
}

#[test]
fn a_wait_and_a_poll_share_one_completion() {
    explore(|| {
        let desk = desk();
        let job = submit(&desk);
        let other = Arc::clone(&desk);
        let poll = thread::spawn(move || completed(&other).is_some());
        let waited = desk.wait(job, Deadline::NEVER).unwrap();
        let got = matches!(waited, Waited::Done(_));
        assert!(got || matches!(waited, Waited::Taken));
        // A poll that came away with nothing waits for the next: it is woken.
        desk.wake();
        assert!(got != poll.join().unwrap());
    });
}

#[test]
fn a_wake_is_never_lost() {
    explore(|| {
        let desk = desk();
        let other = Arc::clone(&desk);
        let poll = thread::spawn(move || other.poll(Deadline::NEVER));
        desk.wake();
        assert!(matches!(poll.join().unwrap(), Polled::Nothing));
    });
}

/// Two polls, one event and one wake: each poll returns, one of them because of the wake.
#[test]
fn a_wake_is_not_lost_to_an_event_that_is_waiting() {
    explore(|| {
        let desk = desk();
        let other = Arc::clone(&desk);
        let polls = thread::spawn(move || {
            let mut polls = [completed(&other), completed(&other)];
            polls.sort_unstable();
            polls
        });
        let job = submit(&desk);
        desk.wake();
        assert_eq!(polls.join().unwrap(), [None, Some(job)]);
    });
}

/// A message may hold a function of the host that, when it is dropped, calls the client.
#[test]
fn a_message_is_dropped_without_the_lock() {
    struct Host(Arc<Desk>);

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
    use crate::message::content::canonical::Facts;
    use crate::message::{Read, Source};

    impl Source for Host {
        fn facts(&self) -> Facts {
            Facts::default()
        }

        fn open(&self) -> Result<Box<dyn Read + '_>, SourceFault> {
            Ok(Box::new(&b""[..]))
        }
    }

    fn message(desk: &Arc<Desk>) -> Prepared {
        Prepared::with_content(Arc::new(Host(Arc::clone(desk))))
    }

    explore(|| {
        let desk = desk();
        let failing = || {
            Err(Cause::Resource {
                what: "thread",
                kind: std::io::ErrorKind::OutOfMemory,
            })
        };
        assert!(desk.submit(message(&desk), 0, failing).is_err());
        let queued = |desk: &Arc<Desk>| desk.submit(message(desk), 0, || Ok(())).unwrap();
        desk.cancel(queued(&desk)).unwrap();
        queued(&desk);
        desk.cancel_all();
        desk.set_limits(Limits {
            jobs: 2,
            ..desk.limits()
        });
        assert!(desk.submit(message(&desk), 0, failing).is_err());
        desk.refuse();
        assert!(desk.submit(message(&desk), 0, failing).is_err());
        assert_eq!(desk.0.with(|shared| shared.wakes), 5);
    });
}

#[test]
fn a_close_waits_for_all_and_ends_the_polls() {
    explore(|| {
        let desk = desk();
        submit(&desk);
        let other = Arc::clone(&desk);
        let poll = thread::spawn(move || {
            let mut found = 0;
            while let Polled::Event(_) = other.poll(Deadline::NEVER) {
                found += 1;
            }
            found
        });
        desk.refuse();
        desk.cancel_all();
        assert!(desk.wait_for_all(Deadline::NEVER));
        assert!(desk.wait_for_workers(Deadline::NEVER));
        assert_eq!(poll.join().unwrap(), 1);
    });
}

#[test]
fn jobs_of_a_worker_that_could_not_be_started_do_not_hang() {
    explore(|| {
        let desk = desk();
        let other = Arc::clone(&desk);
        let failing = || {
            Err(Cause::Resource {
                what: "thread",
                kind: std::io::ErrorKind::OutOfMemory,
            })
        };
        let beside = thread::spawn(move || {
            let job = other.submit(Prepared::sample(), 0, failing);
            job.is_ok_and(|job| matches!(other.wait(job, Deadline::NEVER), Ok(Waited::Done(_))))
        });
        let here = desk.submit(Prepared::sample(), 0, failing);
        if let Ok(job) = here {
            assert!(matches!(
                desk.wait(job, Deadline::NEVER),
                Ok(Waited::Done(_))
            ));
        }
        beside.join().unwrap();
        desk.refuse();
        assert!(desk.wait_for_all(Deadline::after(Duration::ZERO)));
    });
}

#[test]
fn a_question_is_answered_once() {
    explore(|| {
        let desk = desk();
        let own = Arc::clone(&desk);
        let start = move || {
            thread::spawn(move || {
                let ticket = own.next(Duration::ZERO).unwrap();
                let question = Question {
                    user: String::new(),
                    proof: crate::sasl::Proof::Password,
                    reason: crate::credential::Reason::First,
                };
                own.ask(ticket.job, question);
                let answered = |shared: &mut Shared| shared.desk.answered(ticket.job);
                let secret = own.0.wait(Deadline::NEVER, answered).unwrap();
                assert!(secret.is_none());
                own.finish(ticket.job, Ok(Record::default()));
            });
            Ok(())
        };
        let job = desk.submit(Prepared::sample(), 0, start).unwrap();
        assert_eq!(completed(&desk), Some(job));
        desk.answer(job, None).unwrap();
        assert!(desk.answer(job, None).is_err());
        assert_eq!(completed(&desk), Some(job));
    });
}

#[test]
fn of_jobs_that_share_a_worker_each_completes_once() {
    explore(|| {
        let desk = Arc::new(Desk::new(Limits {
            connections: 1,
            ..Limits::default()
        }));
        let jobs = [0; 3].map(|_| submit_streamed(&desk));
        desk.cancel(jobs[1]).unwrap();
        let mut done = jobs.map(|_| completed(&desk));
        done.sort_unstable();
        assert_eq!(done, jobs.map(Some));
        assert!(matches!(
            desk.poll(Deadline::after(Duration::ZERO)),
            Polled::Nothing
        ));
    });
}

#[test]
fn what_several_workers_share_out_is_done_once() {
    explore(|| {
        let desk = desk();
        let jobs = [0; 3].map(|_| submit_streamed(&desk));
        let mut done = jobs.map(|_| completed(&desk));
        done.sort_unstable();
        assert_eq!(done, jobs.map(Some));
    });
}

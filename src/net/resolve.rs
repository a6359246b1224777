//! Name look-up on helper threads, because the system's call can't be interrupted: at the deadline
//! or a cancel it is abandoned. A process has no more than a few such threads, and none when nothing
//! is looked up; a look-up that finds all of them hanging waits until its own deadline.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::thread;

use super::wait::{Canceller, WaitEnd, Waiter};
use crate::deadline::Deadline;
use crate::error::Cause;
use crate::process::Process;
use crate::sync::Mutex;

/// The maximum number of look-up threads of this process, hanging ones included.
const MAX_THREADS: usize = 4;
/// The maximum number of look-ups that wait for a thread.
const MAX_WAITING: usize = 1024;
/// The maximum number of addresses that are used of one name.
const MAX_ADDRESSES: usize = 16;

/// One look-up.
struct Job {
    host: String,
    port: u16,
    slot: Mutex<Slot>,
}

enum Slot {
    /// The waker of the caller. An abandoned look-up drops it and its descriptor, because it may hang
    /// or wait for long.
    Pending(Arc<Canceller>),
    Done(io::Result<Vec<SocketAddr>>),
    Abandoned,
}

/// The process's look-up threads and the look-ups that wait for them.
struct Pool {
    waiting: VecDeque<Arc<Job>>,
    threads: usize,
    /// The process of those threads: a child that was forked from it has none of them.
    process: Option<Process>,
}

static POOL: Mutex<Pool> = Mutex::new(Pool::new(None));

impl Pool {
    const fn new(process: Option<Process>) -> Self {
        Self {
            waiting: VecDeque::new(),
            threads: 0,
            process,
        }
    }
}

/// The state of the look-ups does not change while this exists.
#[cfg(unix)]
pub(crate) struct Guard(
    #[expect(dead_code, reason = "it is held")] crate::sync::MutexGuard<'static, Pool>,
);

/// The lock of the look-ups, to be held across a fork.
#[cfg(unix)]
pub(crate) fn hold() -> Guard {
    Guard(POOL.lock())
}

/// The addresses of `host`, in the system's order of preference. An IP address is its own.
///
/// # Errors
/// There is no address, or the reason why the look-up ended.
pub fn resolve(
    host: &str,
    port: u16,
    waiter: &mut Waiter,
    deadline: Deadline,
) -> Result<Vec<SocketAddr>, Cause> {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    let job = Arc::new(Job {
        host: host.to_owned(),
        port,
        slot: Mutex::new(Slot::Pending(waiter.canceller())),
    });
    submit(&job)?;
    loop {
        let waited = waiter.wait(deadline);
        let mut slot = job.slot.lock();
        match std::mem::replace(&mut *slot, Slot::Abandoned) {
            Slot::Done(Ok(addresses)) if !addresses.is_empty() => return Ok(addresses),
            Slot::Done(_) => {
                return Err(Cause::Lookup {
                    host: host.to_owned(),
                });
            }
            pending => {
                waited.map_err(stopped)?;
                *slot = pending;
            }
        }
    }
}

fn submit(job: &Arc<Job>) -> Result<(), Cause> {
    let mut pool = POOL.lock();
    if !pool.process.as_ref().is_some_and(Process::is_current) {
        *pool = Pool::new(Some(Process::current()));
    }
    if pool.waiting.len() >= MAX_WAITING {
        return Err(Cause::LookupBusy);
    }
    pool.waiting.push_back(Arc::clone(job));
    if pool.threads < MAX_THREADS {
        let started = thread::Builder::new()
            .name("secsmtp-lookup".to_owned())
            .spawn(work);
        match started {
            Ok(_) => pool.threads += 1,
            // Another thread will process it; without any thread the look-up fails.
            Err(_) if pool.threads > 0 => {}
            Err(error) => {
                pool.waiting.pop_back();
                return Err(Cause::Resource {
                    what: "thread",
                    kind: error.kind(),
                });
            }
        }
    }
    Ok(())
}

/// Processes the waiting look-ups, and ends when there are none.
fn work() {
    loop {
        let mut pool = POOL.lock();
        let Some(job) = pool.waiting.pop_front() else {
            pool.threads -= 1;
            return;
        };
        drop(pool);
        if matches!(*job.slot.lock(), Slot::Abandoned) {
            continue;
        }
        let found = (job.host.as_str(), job.port)
            .to_socket_addrs()
            .map(|addresses| addresses.take(MAX_ADDRESSES).collect());
        let mut slot = job.slot.lock();
        if let Slot::Pending(canceller) = &*slot {
            let canceller = Arc::clone(canceller);
            *slot = Slot::Done(found);
            drop(slot);
            canceller.wake();
        }
    }
}

/// Converts the end of a wait to a cause.
pub(super) fn stopped(stop: WaitEnd) -> Cause {
    match stop {
        WaitEnd::Cancelled => Cause::Cancelled,
        WaitEnd::TimedOut => Cause::Timeout { overall: false },
        WaitEnd::Failed(error) => Cause::Resource {
            what: "selector",
            kind: error.kind(),
        },
    }
}

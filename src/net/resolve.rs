//! Name look-up on a helper thread, because the system's call can't be interrupted: at the deadline
//! or a cancel it is abandoned, and no more than a few may hang abandoned in one process.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use parking_lot::Mutex;

use super::wait::{Stop, Waiter};
use crate::deadline::Deadline;
use crate::error::Cause;

/// The most look-ups that may hang abandoned in this process.
const MAX_ABANDONED: usize = 4;
/// The most addresses kept of one name.
const MAX_ADDRESSES: usize = 16;

static ABANDONED: AtomicUsize = AtomicUsize::new(0);

enum Slot {
    Pending,
    Done(io::Result<Vec<SocketAddr>>),
    Abandoned,
}

/// The addresses of `host`, in the system's order of preference. An IP address is its own.
///
/// # Errors
/// That there is none, or why the look-up ended.
pub fn resolve(
    host: &str,
    port: u16,
    waiter: &mut Waiter,
    deadline: Deadline,
) -> Result<Vec<SocketAddr>, Cause> {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    if ABANDONED.load(Ordering::Acquire) >= MAX_ABANDONED {
        return Err(Cause::LookupBusy);
    }
    let slot = Arc::new(Mutex::new(Slot::Pending));
    start(host.to_owned(), port, &slot, waiter).map_err(|error| Cause::Resource {
        what: "thread",
        kind: error.kind(),
    })?;
    loop {
        let waited = waiter.wait(deadline);
        let mut guard = slot.lock();
        match std::mem::replace(&mut *guard, Slot::Pending) {
            Slot::Done(Ok(addresses)) if !addresses.is_empty() => return Ok(addresses),
            Slot::Done(_) => {
                return Err(Cause::Lookup {
                    host: host.to_owned(),
                });
            }
            Slot::Pending | Slot::Abandoned => {}
        }
        if let Err(stop) = waited {
            *guard = Slot::Abandoned;
            ABANDONED.fetch_add(1, Ordering::AcqRel);
            return Err(stopped(stop));
        }
    }
}

fn start(host: String, port: u16, slot: &Arc<Mutex<Slot>>, waiter: &Waiter) -> io::Result<()> {
    let (slot, canceller) = (Arc::clone(slot), waiter.canceller());
    let look_up = move || {
        let found = (host.as_str(), port)
            .to_socket_addrs()
            .map(|addresses| addresses.take(MAX_ADDRESSES).collect());
        let mut guard = slot.lock();
        if matches!(*guard, Slot::Abandoned) {
            ABANDONED.fetch_sub(1, Ordering::AcqRel);
            return;
        }
        *guard = Slot::Done(found);
        drop(guard);
        canceller.wake();
    };
    thread::Builder::new()
        .name("secsmtp-lookup".to_owned())
        .spawn(look_up)
        .map(drop)
}

/// A wait that ended, as a cause.
pub(super) fn stopped(stop: Stop) -> Cause {
    match stop {
        Stop::Cancelled => Cause::Cancelled,
        Stop::TimedOut => Cause::Timeout { overall: false },
        Stop::Failed(error) => Cause::Resource {
            what: "selector",
            kind: error.kind(),
        },
    }
}

//! Messages for a session from one function, and their results to another.

use std::cell::RefCell;

use secsmtp::error::{Error, Record};
use secsmtp::smtp::{MessageStream, NextMessage};

pub(crate) struct Stream<N, D> {
    next: RefCell<N>,
    done: RefCell<D>,
}

/// A stream of what `next` returns; `done` takes the results.
pub(crate) fn stream_of<N, D>(next: N, done: D) -> Stream<N, D>
where
    N: FnMut() -> NextMessage,
    D: FnMut(u64, Result<Record, Error>),
{
    Stream {
        next: RefCell::new(next),
        done: RefCell::new(done),
    }
}

impl<N, D> MessageStream for Stream<N, D>
where
    N: FnMut() -> NextMessage,
    D: FnMut(u64, Result<Record, Error>),
{
    fn next(&self) -> NextMessage {
        (self.next.borrow_mut())()
    }

    fn done(&self, id: u64, result: Result<Record, Error>) {
        (self.done.borrow_mut())(id, result);
    }
}

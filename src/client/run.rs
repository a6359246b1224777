//! The only way to send: messages of a source over one connection, kept or new, as far as the server
//! lets them follow each other; and which of them go over another connection.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::time::Duration;

use super::cancel::CancelToken;
use super::connection::{Connection, LastVerdict};
use super::endpoint::Settings;
use super::engine::Engine;
use super::retry;
use super::source::{MessageSource, Next, Submission};
use crate::deadline::Deadline;
use crate::error::{Cause, Error, Outcome, Record};
use crate::log::Level;
use crate::smtp::{Context, MessageStream, NextMessage, StreamEnd, Window};

/// The options of a run.
pub(super) struct RunOptions<'a> {
    pub(super) settings: &'a Settings,
    /// Ends the opening of a connection.
    pub(super) token: &'a CancelToken,
    pub(super) window: Window,
    /// The maximum number of connections that are kept.
    pub(super) keep: usize,
}

/// The reason why a run ended.
pub(super) enum RunEnd {
    /// Each message has its result, or was put back.
    Done,
    /// There was no connection for the first message, whose result is to be reported.
    NoConnection(Submission, Error),
    /// The connection failed with this, and nothing was accepted over it; each message has its result.
    Failed(Error),
}

impl Engine {
    /// Sends a message, and those that come after it, over a kept connection or a new one.
    ///
    /// Where the server ends a connection that has carried a message, the messages of which it can
    /// have accepted nothing are put back: so each login carries at least one message.
    pub(super) fn run(
        &self,
        source: &dyn MessageSource,
        first: Submission,
        options: &RunOptions<'_>,
        cx: &mut Context<'_>,
    ) -> RunEnd {
        let kept = match first.needs_new_connection {
            true => None,
            false => self.pool.take(&self.endpoint, options.settings),
        };
        let is_kept = kept.is_some();
        let connection = match kept {
            Some(connection) => Ok(connection),
            None => self.open(options.settings, options.token, cx, first.record()),
        };
        let mut connection = match connection {
            Ok(connection) => connection,
            Err(error) => return RunEnd::NoConnection(first, error),
        };
        if !source.connected(first.id, connection.canceller()) {
            let error = cx.fail(Cause::Cancelled, connection.record());
            self.keep_or_close(connection, options, cx);
            return RunEnd::NoConnection(first, error);
        }
        let window = Window {
            messages: self.pool.most_in_flight(options.window.messages),
            ..options.window
        };
        let (generation, verdict) = (connection.config_generation, connection.verdict);
        let run = ConnectionRun {
            engine: self,
            source,
            generation,
            verdict,
            back_off: options.settings.reuse.back_off,
            is_kept,
            room: Cell::new(options.settings.reuse.messages - connection.messages),
            first: RefCell::new(Some(first)),
            open: RefCell::default(),
            put_back: RefCell::default(),
            begun: Cell::new(0),
            carried: Cell::new(0),
            was_accepted: Cell::new(false),
            has_carried: Cell::new(is_kept),
            is_backed_off: Cell::new(false),
            failure: RefCell::default(),
        };
        let end = connection.send_all(cx, window, &run);
        options.token.detach();
        let is_closed = matches!(end, StreamEnd::Closed);
        if let StreamEnd::Full(id, _) = end {
            run.move_later(id, None);
        }
        let ConnectionRun {
            put_back,
            begun,
            carried,
            was_accepted,
            failure,
            ..
        } = run;
        connection.messages += begun.get();
        connection.carried += carried.get();
        let failure = failure.into_inner().filter(|_| is_closed);
        match failure
            .as_ref()
            .filter(|error| retry::is_by_server(&error.cause))
        {
            // It was perhaps idle for too long, which shows nothing about the server's limit of messages.
            Some(_) if is_kept && carried.get() == 0 => {}
            Some(error) if *error.cause == Cause::Closing => {
                self.pool.limit_window(connection.carried);
            }
            Some(_) => {}
            None => self.pool.lift_window_limit(connection.carried),
        }
        self.keep_or_close(connection, options, cx);
        let put_back = put_back.into_inner();
        let is_moved = !put_back.is_empty();
        if is_closed && is_moved {
            cx.say(Level::Info, || {
                "the connection ended before the server accepted any part of a message: opening another"
                    .to_owned()
            });
        }
        put_back
            .into_iter()
            .rev()
            .for_each(|item| source.put_back(item));
        match failure {
            Some(error) if !was_accepted.get() && !is_moved => RunEnd::Failed(error),
            _ => RunEnd::Done,
        }
    }

    fn keep_or_close(
        &self,
        connection: Box<Connection>,
        options: &RunOptions<'_>,
        cx: &mut Context<'_>,
    ) {
        // Use the current settings: a change in the meantime makes the connection unusable.
        let settings = self.settings();
        if let Some(connection) = self.pool.keep(connection, &settings, options.keep) {
            connection.close(cx);
        }
    }
}

/// The messages that go over one connection.
struct ConnectionRun<'a> {
    engine: &'a Engine,
    source: &'a dyn MessageSource,
    /// The generation of the settings that the connection was opened with.
    generation: u64,
    verdict: LastVerdict,
    /// The first delay of the next connection.
    back_off: Duration,
    /// True if the connection was idle before.
    is_kept: bool,
    /// Messages that may still go over the connection.
    room: Cell<u32>,
    first: RefCell<Option<Submission>>,
    /// Those without a result, in order.
    open: RefCell<VecDeque<Submission>>,
    /// Those that go over another connection, in order.
    put_back: RefCell<Vec<Submission>>,
    /// Messages that were begun, and those that the server accepted or refused.
    begun: Cell<u32>,
    carried: Cell<usize>,
    was_accepted: Cell<bool>,
    /// True if the connection has carried a message.
    has_carried: Cell<bool>,
    /// True if the delay of the next connection was set.
    is_backed_off: Cell<bool>,
    /// The last error that is not a rejection.
    failure: RefCell<Option<Error>>,
}

impl ConnectionRun<'_> {
    fn count_carried(&self) {
        self.has_carried.set(true);
        self.carried.set(self.carried.get() + 1);
    }

    /// Returns whether the last verdict on the peer is still valid.
    fn is_verdict_fresh(&self) -> bool {
        let endpoint = &self.engine.endpoint;
        self.verdict.is_fresh(endpoint.policy.clock.now().as_secs())
    }

    /// Has the next connection wait, before an outcome is reported: with that another one may be asked
    /// for. A connection that had been idle, perhaps for too long, shows nothing of what the server takes.
    fn back_off_after(&self, error: &Error) {
        let is_closing = *error.cause == Cause::Closing && !self.is_kept;
        if retry::is_by_server(&error.cause)
            && (self.carried.get() > 0 || is_closing)
            && !self.is_backed_off.replace(true)
        {
            self.engine.pool.back_off(self.back_off);
        }
    }

    /// Takes a message out of those without a result; it is nearly always the first.
    fn take(&self, id: u64) -> Option<Submission> {
        let mut open = self.open.borrow_mut();
        let index = open.iter().position(|item| item.id == id)?;
        open.remove(index)
    }

    /// Keeps a message for another connection.
    fn move_later(&self, id: u64, record: Option<&Record>) {
        if let Some(mut item) = self.take(id) {
            item.needs_new_connection = true;
            if let Some(record) = record {
                item.released = item.released.with(record);
            }
            self.put_back.borrow_mut().push(item);
        }
    }
}

impl MessageStream for ConnectionRun<'_> {
    fn next(&self) -> NextMessage {
        let next = match self.first.take() {
            Some(item) => Next::Submission(item),
            // A new message goes by the new settings. After a minute the peer is judged again, as it is
            // before each use.
            None if self.room.get() == 0
                || self.engine.config_generation() != self.generation
                || !self.is_verdict_fresh() =>
            {
                Next::End
            }
            None => self.source.next(),
        };
        match next {
            Next::Submission(item) => {
                self.room.set(self.room.get() - 1);
                self.begun.set(self.begun.get() + 1);
                let (id, message) = (item.id, item.message.clone());
                self.open.borrow_mut().push_back(item);
                NextMessage::Message(id, message)
            }
            Next::Nothing => NextMessage::Nothing,
            Next::Later(at) => NextMessage::Later(at),
            Next::End => NextMessage::End,
        }
    }

    fn done(&self, id: u64, mut result: Result<Record, Error>) {
        match &result {
            Ok(_) => {
                self.count_carried();
                if !self.was_accepted.replace(true) {
                    self.engine.pool.clear_back_off();
                }
            }
            Err(error) if error.record.outcome == Outcome::Refused => self.count_carried(),
            Err(error) => {
                // Behind the error that ended the connection, others were only abandoned.
                if *error.cause != Cause::Abandoned || self.failure.borrow().is_none() {
                    self.failure.replace(Some(error.clone()));
                }
                self.back_off_after(error);
                if self.has_carried.get() && retry::may_move(error) && !self.source.is_cancelled(id)
                {
                    return self.move_later(id, Some(&error.record));
                }
            }
        }
        if let Some(item) = self.take(id) {
            item.released.mark_completion(&mut result);
        }
        self.source.done(id, result);
    }

    fn has_cancellations(&self) -> bool {
        self.source.has_cancellations()
    }

    fn is_cancelled(&self, id: u64) -> bool {
        self.source.is_cancelled(id)
    }

    fn has_deadlines(&self) -> bool {
        self.source.has_deadlines()
    }

    fn deadline(&self, id: u64, fresh: Deadline) -> Deadline {
        self.source.deadline(id, fresh)
    }
}

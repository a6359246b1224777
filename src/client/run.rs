//! The only way to send: messages of a source over one connection, kept or new, as far as the server
//! lets them follow each other; and which of them go over another connection.

use std::cell::RefCell;
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
        let (mut connection, is_kept) = match self.take_or_open(&first, options, cx) {
            Ok(found) => found,
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
        let run = ConnectionRun {
            engine: self,
            source,
            generation: connection.config_generation,
            verdict: connection.verdict,
            back_off: options.settings.reuse.back_off,
            is_kept,
            state: RefCell::new(RunState {
                room: options.settings.reuse.messages - connection.messages,
                first: Some(first),
                ..RunState::default()
            }),
        };
        let end = connection.send_all(cx, window, &run);
        options.token.detach();
        let is_closed = matches!(end, StreamEnd::Closed);
        if let StreamEnd::Full(id, _) = end {
            run.move_later(id, None);
        }
        let state = run.state.into_inner();
        connection.messages += state.begun;
        connection.carried += state.carried;
        let failure = state.failure.filter(|_| is_closed);
        // A connection that had been idle, perhaps for too long, shows nothing about the server's limit.
        if !is_kept || state.carried > 0 || !failure.as_ref().is_some_and(is_by_server) {
            self.note_limit(connection.carried, failure.as_ref());
        }
        self.keep_or_close(connection, options, cx);
        let is_moved = !state.put_back.is_empty();
        if is_closed && is_moved {
            cx.say(Level::Info, || {
                "the connection ended before the server accepted any part of a message: opening another"
                    .to_owned()
            });
        }
        state
            .put_back
            .into_iter()
            .rev()
            .for_each(|item| source.put_back(item));
        match failure {
            Some(error) if !state.was_accepted && !is_moved => RunEnd::Failed(error),
            _ => RunEnd::Done,
        }
    }

    /// Returns a connection for this message, and whether it was kept.
    fn take_or_open(
        &self,
        first: &Submission,
        options: &RunOptions<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(Box<Connection>, bool), Error> {
        let kept = match first.needs_new_connection {
            true => None,
            false => self.pool.take(&self.endpoint, options.settings),
        };
        match kept {
            Some(connection) => Ok((connection, true)),
            None => {
                let opened = self.open(options.settings, options.token, cx, first.record())?;
                Ok((opened, false))
            }
        }
    }

    /// Notes what a connection shows about the number of messages that the server accepts over one.
    fn note_limit(&self, carried: usize, failure: Option<&Error>) {
        match failure.filter(|error| is_by_server(error)) {
            Some(error) if *error.cause == Cause::Closing => self.pool.limit_window(carried),
            Some(_) => {}
            None => self.pool.lift_window_limit(carried),
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
    state: RefCell<RunState>,
}

/// The state of a [`ConnectionRun`].
#[derive(Default)]
struct RunState {
    /// Messages that may still go over the connection.
    room: u32,
    first: Option<Submission>,
    /// Those without a result, in order.
    open: VecDeque<Submission>,
    /// Those that go over another connection, in order.
    put_back: Vec<Submission>,
    /// Messages that were begun.
    begun: u32,
    /// Messages that the server accepted or refused.
    carried: usize,
    was_accepted: bool,
    /// True if the delay of the next connection was set.
    is_backed_off: bool,
    /// The last error that is not a rejection.
    failure: Option<Error>,
}

impl RunState {
    /// Takes a message out of those without a result.
    fn take(&mut self, id: u64) -> Option<Submission> {
        let index = self.open.iter().position(|item| item.id == id)?;
        self.open.remove(index)
    }
}

fn is_by_server(error: &Error) -> bool {
    retry::is_by_server(&error.cause)
}

impl ConnectionRun<'_> {
    /// Returns whether the last verdict on the peer is still valid.
    fn is_verdict_fresh(&self) -> bool {
        let endpoint = &self.engine.endpoint;
        self.verdict.is_fresh(endpoint.policy.clock.now().as_secs())
    }

    /// Has the next connection wait. Called before an outcome is reported, because the caller may then submit
    /// another message. The end of a connection that had been idle shows nothing of what the server accepts.
    fn back_off_after(&self, error: &Error) {
        let mut state = self.state.borrow_mut();
        let is_closing = *error.cause == Cause::Closing && !self.is_kept;
        if is_by_server(error) && (state.carried > 0 || is_closing) && !state.is_backed_off {
            state.is_backed_off = true;
            self.engine.pool.back_off(self.back_off);
        }
    }

    /// Notes an error that is not a rejection. Returns whether the message goes over another connection.
    fn on_failure(&self, id: u64, error: &Error) -> bool {
        let has_carried = {
            let mut state = self.state.borrow_mut();
            // The error that ended the connection is kept: the messages after it were only abandoned.
            if *error.cause != Cause::Abandoned || state.failure.is_none() {
                state.failure = Some(error.clone());
            }
            self.is_kept || state.carried > 0
        };
        self.back_off_after(error);
        let moves = has_carried && retry::may_move(error) && !self.source.is_cancelled(id);
        if moves {
            self.move_later(id, Some(&error.record));
        }
        moves
    }

    /// Keeps a message for another connection.
    fn move_later(&self, id: u64, record: Option<&Record>) {
        let mut state = self.state.borrow_mut();
        if let Some(mut item) = state.take(id) {
            item.needs_new_connection = true;
            if let Some(record) = record {
                item.released = item.released.with(record);
            }
            state.put_back.push(item);
        }
    }
}

impl MessageStream for ConnectionRun<'_> {
    fn next(&self) -> NextMessage {
        let (first, room) = {
            let mut state = self.state.borrow_mut();
            (state.first.take(), state.room)
        };
        let next = match first {
            Some(item) => Next::Submission(item),
            // A new message uses the current settings, and a peer that was verified within a minute.
            None if room == 0
                || self.engine.config_generation() != self.generation
                || !self.is_verdict_fresh() =>
            {
                Next::End
            }
            None => self.source.next(),
        };
        match next {
            Next::Submission(item) => {
                let (id, message) = (item.id, item.message.clone());
                let mut state = self.state.borrow_mut();
                state.room -= 1;
                state.begun += 1;
                state.open.push_back(item);
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
                let mut state = self.state.borrow_mut();
                state.carried += 1;
                if !std::mem::replace(&mut state.was_accepted, true) {
                    self.engine.pool.clear_back_off();
                }
            }
            Err(error) if error.record.outcome == Outcome::Refused => {
                self.state.borrow_mut().carried += 1;
            }
            Err(error) => {
                if self.on_failure(id, error) {
                    return;
                }
            }
        }
        let taken = self.state.borrow_mut().take(id);
        if let Some(item) = taken {
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

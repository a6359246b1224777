//! Sends messages over a connection: takes them from a [`MessageStream`], waits, keeps the timeouts, writes
//! the log, and reports each result.

use std::time::{Duration, Instant};

use super::closing::{Closing, ClosingStep};
use super::content::ContentReader;
use super::content_progress::{ContentProgress, PieceEnd};
use super::context::Context;
use super::limits::Admission;
use super::opening::Opening;
use super::parameters::parameters;
use super::pipeline::{Event, EventFilter, Failure, FailureScope, NewMessage, Step};
use super::pipeline_io::{PipelineIo, Stop};
use super::session::Session;
use super::stage_timer::{Awaited, StageTimer, TimerStart};
use super::stream::{MessageStream, NextMessage, StreamEnd, Window};
use super::transaction::{CommandKind, Transaction};
use super::wire::transaction_commands::MailParameters;
use crate::channel::{Channel as _, Fault, Verified};
use crate::deadline::Deadline;
use crate::error::{Cause, Error, Record, Stage};
use crate::log::Level;
use crate::message::Prepared;
use crate::message::address::Address;
use crate::net::Transport;

/// Bytes of records that may wait for the system: enough to keep the connection busy, and few enough
/// to be given up when nothing may follow any more.
const MAX_BACKLOG: usize = 512 * 1024;

/// Bytes of records that are written although no reply is awaited.
const FLUSH: usize = 64 * 1024;

/// The time that a server that said 421 may take to close, where that decides an outcome.
const CLOSING_WAIT: Duration = Duration::from_secs(10);

/// The connection has ended; every message that was begun has its result.
struct ConnectionEnded;

impl<T: Transport> Session<Verified<T>> {
    /// Sends the messages of `source`, as far as the server lets them follow each other over this
    /// connection, and report each result. The record of each message begins with `base`.
    pub fn send_all(
        &mut self,
        cx: &mut Context<'_>,
        window: Window,
        source: &dyn MessageStream,
        base: Record,
    ) -> StreamEnd {
        let filter = EventFilter {
            replies: cx.wants_lines(),
            progress: cx.wants_events(),
        };
        let mut driver = Driver {
            io: PipelineIo::new(self, filter),
            cx,
            source,
            base,
            timer: StageTimer::default(),
            progress: ContentProgress::default(),
            begun: false,
        };
        let end = driver.run(window).unwrap_or(StreamEnd::Closed);
        driver.io.finish();
        end
    }
}

struct Driver<'a, 'c, T> {
    io: PipelineIo<'a, T>,
    cx: &'a mut Context<'c>,
    source: &'a dyn MessageStream,
    /// The beginning of each message's record.
    base: Record,
    timer: StageTimer,
    progress: ContentProgress,
    /// True if a message was begun.
    begun: bool,
}

/// The reason why a message can't be begun.
enum Unsendable {
    /// It does not fit the server, or its content can't be read.
    Message(Cause),
    /// The connection has ended, and with this error if it was for this message.
    Connection(Option<Error>),
}

impl From<ConnectionEnded> for Unsendable {
    fn from(_: ConnectionEnded) -> Self {
        Self::Connection(None)
    }
}

impl<T: Transport> Driver<'_, '_, T> {
    fn run(&mut self, window: Window) -> Result<StreamEnd, ConnectionEnded> {
        let mut room = window;
        loop {
            if !self.has_room(room) {
                // Down to half, so that what follows fills records again.
                room = window.half();
                self.wait(Deadline::NEVER)?;
                continue;
            }
            room = window;
            let is_idle = self.io.pipeline.len() == 0;
            match self.source.next() {
                NextMessage::Message(id, message) => {
                    if self.admission(message.recipients()) == Admission::Later {
                        self.wait_for_results()?;
                        return Ok(StreamEnd::Full(id, message));
                    }
                    self.send(id, &message)?;
                }
                NextMessage::Nothing if !is_idle => self.wait(Deadline::NEVER)?,
                NextMessage::Later(at) if !is_idle => self.wait(Deadline::at(at))?,
                NextMessage::Later(at) if !self.cx.overall().passed(Instant::now()) => {
                    self.wait_idle(Deadline::at(at).min(self.cx.overall()))?;
                }
                NextMessage::Later(_) | NextMessage::Nothing => return Ok(StreamEnd::Idle),
                NextMessage::End => {
                    self.wait_for_results()?;
                    return Ok(StreamEnd::Done);
                }
            }
        }
    }

    fn has_room(&self, window: Window) -> bool {
        let pipeline = &self.io.pipeline;
        match pipeline.len() {
            0 => true,
            count => count < window.messages && pipeline.queued_of_open() < window.bytes,
        }
    }

    fn wait_for_results(&mut self) -> Result<(), ConnectionEnded> {
        while self.io.pipeline.len() > 0 {
            self.wait(Deadline::NEVER)?;
        }
        Ok(())
    }

    /// Returns whether a message to these may go over this connection.
    fn admission(&self, recipients: &[Address]) -> Admission {
        match self.io.pipeline.is_closed() {
            true => Admission::Later,
            false => self.io.session.admission(recipients),
        }
    }

    /// Queues one complete message; its result is reported when its last reply is in.
    fn send(&mut self, id: u64, message: &Prepared) -> Result<(), ConnectionEnded> {
        while self.io.backlog() >= MAX_BACKLOG {
            self.wait(Deadline::NEVER)?;
        }
        let deadline = self.start_message(id);
        let record = Record {
            recipients: message.recipients_not_sent(),
            message_id: message.message_id(),
            ..self.base.clone()
        };
        let (parameters, mut content) = match self.open(message) {
            Ok(opened) => opened,
            Err(unsendable) => return self.report_unsendable(id, record, unsendable),
        };
        self.io.session.count(message.recipients());
        self.base.reused = true;
        let is_idle = self.io.pipeline.is_quiet()
            && self.io.session.last_reply.elapsed() >= self.cx.reply_age();
        self.io.pipeline.begin(NewMessage {
            message: message.clone(),
            parameters,
            record,
            id,
            deadline,
            is_idle,
        });
        if self.source.is_cancelled(id) {
            self.give_up(|one| one.id == id, &Cause::Cancelled)?;
        }
        loop {
            match self.step()? {
                Step::Send(command) => self.send_line(command)?,
                Step::Content => self.send_content(id, &mut content)?,
                Step::Wait => self.wait(Deadline::NEVER)?,
                Step::Ready => break,
            }
        }
        let progress = self.io.progress();
        self.io.pipeline.report_finished(progress);
        self.report_events();
        match self.io.backlog() >= FLUSH {
            true => self.poll(),
            false => Ok(()),
        }
    }

    /// The deadline of a message that begins now; where each has its own, the first one's has begun
    /// with the connection.
    fn start_message(&mut self, id: u64) -> Deadline {
        if !self.source.has_deadlines() {
            return self.cx.overall();
        }
        self.cx.report_message(id);
        let fresh = match self.begun {
            true => self.cx.fresh_overall(),
            false => self.cx.overall(),
        };
        self.begun = true;
        let deadline = self.source.deadline(id, fresh);
        if self.io.pipeline.deadline().is_none() {
            self.cx.set_overall(deadline);
        }
        deadline
    }

    /// Checks that the server accepts such a message, and opens its content, before any of it is queued.
    fn open<'m>(
        &mut self,
        message: &'m Prepared,
    ) -> Result<(MailParameters, ContentReader<'m>), Unsendable> {
        let mut found = parameters(&self.io.session.capabilities, message);
        if found.as_ref().is_err_and(Cause::is_missing_extension)
            && !self.io.session.is_ehlo_repeated
        {
            // Some servers name an extension only after the login.
            self.wait_for_results()?;
            self.repeat_ehlo()?;
            found = parameters(&self.io.session.capabilities, message);
        }
        let parameters = found.map_err(Unsendable::Message)?;
        message
            .check()
            .map_err(|error| Unsendable::Message(*error.cause))?;
        if let Admission::Never(cause) = self.admission(message.recipients()) {
            return Err(Unsendable::Message(cause));
        }
        let chunking = self.io.session.capabilities.chunking;
        let content = ContentReader::open(message.content(), chunking);
        let content = content.map_err(|fault| Unsendable::Message(Cause::Source(fault)))?;
        Ok((parameters, content))
    }

    fn repeat_ehlo(&mut self) -> Result<(), Unsendable> {
        let PipelineIo {
            session, pipeline, ..
        } = &mut self.io;
        session.is_transaction_open = pipeline.is_transaction_open();
        let mut opening = Opening::new(self.cx, self.base.clone());
        session.repeat_ehlo(&mut opening).map_err(|error| {
            session.is_closed = true;
            Unsendable::Connection(Some(error))
        })?;
        let (features, queued) = (session.features(), session.channel.queued());
        pipeline.restart(features, session.is_transaction_open, queued);
        Ok(())
    }

    fn report_unsendable(
        &mut self,
        id: u64,
        record: Record,
        unsendable: Unsendable,
    ) -> Result<(), ConnectionEnded> {
        let (error, end) = match unsendable {
            Unsendable::Message(cause) => (Error::new(cause, record), Ok(())),
            Unsendable::Connection(None) => {
                let cause = match self.source.is_cancelled(id) {
                    true => Cause::Cancelled,
                    false => Cause::Abandoned,
                };
                (Error::new(cause, record), Err(ConnectionEnded))
            }
            Unsendable::Connection(Some(error)) => {
                let record = Record {
                    stage: error.record.stage,
                    reply: error.record.reply,
                    ..record
                };
                (Error::new(*error.cause, record), Err(ConnectionEnded))
            }
        };
        self.report(id, Err(error));
        end
    }

    fn step(&mut self) -> Result<Step, ConnectionEnded> {
        let step = self.io.step(self.cx.deadline());
        step.map_err(|stop| self.stop(stop))
    }

    fn send_line(&mut self, command: CommandKind) -> Result<(), ConnectionEnded> {
        let line = self.io.line();
        self.cx.say_at(Level::Debug, command.stage(false), || {
            format!("> {}", String::from_utf8_lossy(line))
        });
        self.io.push_line().map_err(|stop| self.stop(stop))
    }

    /// Queues the next chunk or block of content, after a rejection that has arrived was processed.
    fn send_content(
        &mut self,
        id: u64,
        content: &mut ContentReader<'_>,
    ) -> Result<(), ConnectionEnded> {
        let was_read = content.fill().map_err(|fault| {
            let failure = Failure::new(Cause::Source(fault), FailureScope::Current);
            self.stop(Stop::Failure(failure))
        })?;
        if was_read {
            // The time that the source took is not the server's.
            self.timer.reset();
        }
        let chunking = self.io.pipeline.features().chunking;
        let is_start = content.is_at_start();
        // The first piece of BDAT goes together with the envelope.
        if !(is_start && chunking) {
            // Content that lies in memory here is given up with the connection; it is kept small.
            if self.io.backlog() >= MAX_BACKLOG {
                return self.wait(Deadline::NEVER);
            }
            self.poll()?;
            if self.step()? != Step::Content {
                return Ok(());
            }
        }
        if is_start {
            let size = content.size();
            self.cx.say_at(Level::Debug, Stage::Content, || match size {
                Some(size) => format!("> (content of {size} bytes not shown)"),
                None => "> (content not shown)".to_owned(),
            });
        }
        let piece = content.take();
        let queued = match chunking {
            true => {
                let begun = self.io.begin_chunk(&piece);
                let command = begun.map_err(|stop| self.stop(stop))?;
                self.send_line(command)?;
                self.io.push_chunk(&piece)
            }
            false => self.io.push_block(&piece),
        };
        queued.map_err(|stop| self.stop(stop))?;
        // The reply to the last piece shows that it was taken.
        if !piece.last && self.cx.wants_events() {
            self.progress.push(PieceEnd {
                id,
                position: self.io.pipeline.queued(),
                bytes: content.bytes_read(),
                size: content.size(),
            });
        }
        Ok(())
    }

    /// Writes and reads what is possible at once.
    fn poll(&mut self) -> Result<(), ConnectionEnded> {
        let channel = &mut self.io.session.channel;
        channel.refresh();
        if let Err(fault) = channel.transfer(false, self.cx.overall()) {
            self.on_fault(fault)?;
        }
        self.take_replies()?;
        self.take_cancellations()
    }

    /// Writes what is queued, and waits for one thing: a reply, room for more, a wake-up, or `until`.
    fn wait(&mut self, until: Deadline) -> Result<(), ConnectionEnded> {
        self.start_timer();
        let before = self.io.backlog();
        let deadline = self.cx.deadline();
        match self.io.session.channel.transfer(true, deadline) {
            // Something was read or written: what is waited for may have come.
            Ok(true) => {}
            Ok(false) if self.io.backlog() < before => {}
            // All is written, and the wait is another one: for the reply.
            Ok(false) if self.timer.is_of_other(self.stage()) => {}
            Ok(false) => {
                let channel = &mut self.io.session.channel;
                match channel.wait_ready(deadline.min(until)) {
                    Err(Fault::TimedOut) if deadline.min(until) != deadline => {}
                    Err(fault) => self.on_fault(fault)?,
                    Ok(()) => {}
                }
            }
            Err(fault) => self.on_fault(fault)?,
        }
        self.take_replies()?;
        self.take_cancellations()
    }

    /// Waits without a message in flight. A reply then announces that the server closes.
    fn wait_idle(&mut self, until: Deadline) -> Result<(), ConnectionEnded> {
        let channel = &mut self.io.session.channel;
        let waited = match channel.wait_ready(until) {
            Err(Fault::TimedOut) => Ok(()),
            Ok(()) => channel.receive_ready(Deadline::NEVER),
            fault => fault,
        };
        if waited.is_ok() && channel.pending().is_empty() {
            return Ok(());
        }
        self.io.session.is_closed = true;
        Err(ConnectionEnded)
    }

    /// Starts the stage's timeout, if another one begins.
    fn start_timer(&mut self) {
        let progress = self.io.progress();
        let waiting = self.io.pipeline.waiting(progress);
        let stage = waiting.map_or(self.cx.stage(), |(_, stage)| stage);
        let start = self.timer.start(Awaited {
            stage,
            replies: self.io.pipeline.replies_taken(),
            sent: progress.sent,
        });
        match start {
            TimerStart::None => {}
            TimerStart::Block => self.cx.restart_timeout(),
            TimerStart::Stage => {
                if let Some((id, _)) = waiting {
                    self.cx.select_message(id);
                }
                self.cx.enter(stage);
            }
        }
    }

    /// The stage of the reply that is due.
    fn stage(&self) -> Stage {
        let waiting = self.io.pipeline.waiting(self.io.progress());
        waiting.map_or(self.cx.stage(), |(_, stage)| stage)
    }

    /// Reports the content that the system has taken.
    fn report_progress(&mut self) {
        while let Some(end) = self.progress.pop(self.io.progress().sent) {
            self.cx.select_message(end.id);
            self.cx.progress(end.bytes, end.size);
        }
    }

    /// Processes the replies that were received.
    fn take_replies(&mut self) -> Result<(), ConnectionEnded> {
        self.report_progress();
        let matched = self.io.match_replies();
        self.report_events();
        matched.map_err(|failure| self.abort(failure))
    }

    /// Reports the messages that were cancelled.
    fn take_cancellations(&mut self) -> Result<(), ConnectionEnded> {
        if self.source.has_cancellations() {
            let source = self.source;
            self.give_up(|one| source.is_cancelled(one.id), &Cause::Cancelled)?;
        }
        Ok(())
    }

    /// Reports messages that are no longer waited for; returns whether there were any.
    fn give_up(
        &mut self,
        is_given_up: impl Fn(&Transaction) -> bool,
        cause: &Cause,
    ) -> Result<bool, ConnectionEnded> {
        let progress = self.io.progress();
        let given_up = self.io.pipeline.give_up(is_given_up, cause, progress);
        self.report_events();
        given_up.map_err(|failure| self.abort(failure))
    }

    /// A timeout ends the messages whose own time is over, where each has its own; every other fault
    /// ends the connection.
    fn on_fault(&mut self, fault: Fault) -> Result<(), ConnectionEnded> {
        if fault == Fault::TimedOut {
            let late = self.io.take_late_replies();
            self.report_events();
            if late.map_err(|failure| self.abort(failure))? {
                return Ok(());
            }
            let now = Instant::now();
            let timeout = Cause::Timeout { overall: true };
            if self.source.has_deadlines()
                && self.give_up(|one| one.deadline.passed(now), &timeout)?
            {
                return Ok(());
            }
        }
        Err(self.stop(fault.into()))
    }

    /// Ends the connection. Of a channel that failed, the replies that were received before count.
    fn stop(&mut self, stop: Stop) -> ConnectionEnded {
        let fault = match stop {
            Stop::Failure(failure) => return self.abort(failure),
            Stop::Fault(fault) => fault,
        };
        let deadline = self.cx.deadline();
        let _ = self.io.session.channel.receive_ready(deadline);
        match self.take_replies() {
            Err(ended) => ended,
            Ok(()) => self.abort(self.cx.cause(fault).into()),
        }
    }

    /// Ends the connection, and reports each message that is under way.
    fn abort(&mut self, failure: Failure) -> ConnectionEnded {
        self.io.session.is_closed = true;
        self.io.pipeline.note_reply(&failure);
        if failure.cause == Cause::Closing {
            self.wait_for_close();
        }
        let progress = self.io.progress();
        self.io.pipeline.abort(&failure, progress);
        self.report_events();
        ConnectionEnded
    }

    fn wait_for_close(&mut self) {
        let mut closing = Closing::new(Deadline::after(CLOSING_WAIT).min(self.cx.deadline()));
        self.io.pipeline.set_closing();
        let progress = self.io.progress();
        self.io.pipeline.report_finished(progress);
        loop {
            self.report_events();
            match closing.step(&mut self.io) {
                ClosingStep::Replies => {}
                ClosingStep::Waited => {
                    let source = self.source;
                    let progress = self.io.progress();
                    let is_cancelled = |one: &Transaction| source.is_cancelled(one.id);
                    let pipeline = &mut self.io.pipeline;
                    pipeline.report_cancelled(is_cancelled, progress);
                }
                ClosingStep::Over => return self.report_events(),
            }
        }
    }

    fn report_events(&mut self) {
        while let Some(event) = self.io.pipeline.poll_event() {
            match event {
                Event::Reply(id, stage, reply) => {
                    self.cx.select_message(id);
                    self.cx.log_reply(stage, &reply);
                }
                Event::Recipient(id, index, recipient) => {
                    self.cx.select_message(id);
                    self.cx.report_recipient(index, &recipient);
                }
                Event::Progress(id, size) => {
                    self.cx.select_message(id);
                    self.cx.progress(size, Some(size));
                }
                Event::Accepted(id) => {
                    self.cx.select_message(id);
                    self.cx
                        .say_at(Level::Info, Stage::Reply, || "accepted".to_owned());
                }
                Event::Done(id, result) => self.report(id, result),
            }
        }
    }

    fn report(&mut self, id: u64, result: Result<Record, Error>) {
        self.progress.forget(id);
        self.cx.select_message(id);
        if let Err(error) = &result {
            self.cx
                .say_at(Level::Error, error.record.stage, || error.to_string());
        }
        self.source.done(id, result);
        if self.source.has_deadlines() {
            let deadline = self.io.pipeline.deadline();
            self.cx.set_overall(deadline.unwrap_or(Deadline::NEVER));
        }
    }
}

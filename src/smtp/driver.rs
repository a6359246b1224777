//! Drives a [`Pipeline`] over a channel: moves bytes both ways, keeps the time, writes the log, takes
//! messages from a [`MessageStream`] and reports each result to it.

use std::time::{Duration, Instant};

use super::content::ContentReader;
use super::context::Context;
use super::limits::Fit;
use super::parameters::parameters;
use super::pipeline::{Event, Failure, Pipeline, Scope, Start, Step, Wanted};
use super::session::Session;
use super::stream::{MessageStream, NextMessage, StreamEnd, Window};
use super::transaction::{CommandKind, Transaction, WriteProgress};
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

/// Bytes of content for which a timeout holds (RFC 5321 section 4.5.3.2.5).
const TIMED_BLOCK: u64 = 64 * 1024;

/// The timeout for a server that sent 421 to close, where that decides an outcome.
const CLOSING_WAIT: Duration = Duration::from_secs(10);

/// The connection has ended; every message that was begun has its result.
struct ConnectionEnded;

impl<T: Transport> Session<Verified<T>> {
    /// Send the messages of `source`, as far as the server lets them follow each other over this
    /// connection, and report each result. The record in `cx` is what each message's record begins
    /// with.
    pub fn send_all(
        &mut self,
        cx: &mut Context<'_>,
        window: Window,
        source: &dyn MessageStream,
    ) -> StreamEnd {
        let base = std::mem::take(&mut cx.record);
        let pipeline = Pipeline::new(
            self.features(),
            self.is_transaction_open,
            self.channel.queued(),
            Wanted {
                replies: cx.wants_lines(),
                notices: cx.wants_notices(),
            },
        );
        let mut driver = Driver {
            session: self,
            cx,
            source,
            pipeline,
            is_checked: base.reused,
            base,
            line: Vec::with_capacity(128),
            clock: Clock::default(),
            begun: false,
        };
        let end = driver.run(window).unwrap_or(StreamEnd::Closed);
        let Driver { pipeline, base, .. } = driver;
        self.is_transaction_open = pipeline.is_transaction_open;
        self.is_closed |= pipeline.is_closed;
        cx.record = base;
        end
    }
}

struct Driver<'a, 'c, T> {
    session: &'a mut Session<Verified<T>>,
    cx: &'a mut Context<'c>,
    source: &'a dyn MessageStream,
    pipeline: Pipeline,
    /// The initial record of each message.
    base: Record,
    /// The command that is being sent.
    line: Vec<u8>,
    clock: Clock,
    /// True if a message was begun.
    begun: bool,
    /// True if the caller has just checked that the connection is alive.
    is_checked: bool,
}

/// The event that the stage's timeout is for: a reply, or the writing of a block of content.
#[derive(Default)]
struct Clock {
    stage: Option<Stage>,
    /// Replies processed when it was started.
    replies: u64,
    /// Plaintext that had left when it was started.
    sent: u64,
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
            let is_idle = self.pipeline.len() == 0;
            match self.source.next() {
                NextMessage::Message(id, message) => {
                    if self.fit(message.recipients()) == Fit::Later {
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
        match self.pipeline.len() {
            0 => true,
            count => count < window.messages && self.pipeline.queued_of_open() < window.bytes,
        }
    }

    fn wait_for_results(&mut self) -> Result<(), ConnectionEnded> {
        while self.pipeline.len() > 0 {
            self.wait(Deadline::NEVER)?;
        }
        Ok(())
    }

    /// Returns whether a message to these recipients may go over this connection.
    fn fit(&self, recipients: &[Address]) -> Fit {
        match self.pipeline.is_closed {
            true => Fit::Later,
            false => self.session.fit(recipients),
        }
    }

    /// Queue one complete message; its result is reported when its last reply is in.
    fn send(&mut self, id: u64, message: &Prepared) -> Result<(), ConnectionEnded> {
        while self.session.channel.backlog() >= MAX_BACKLOG {
            self.wait(Deadline::NEVER)?;
        }
        let deadline = self.start_message(id);
        let record = Record {
            recipients: message.recipients_not_sent(),
            message_id: message.message_id(),
            ..self.base.clone()
        };
        self.base.reused = true;
        let (parameters, mut content) = match self.open(message) {
            Ok(opened) => opened,
            Err(Unsendable::Message(cause)) => {
                self.report(id, Err(Error::new(cause, record)));
                return Ok(());
            }
            Err(Unsendable::Connection(None)) => {
                let cause = match self.source.is_cancelled(id) {
                    true => Cause::Cancelled,
                    false => Cause::Abandoned,
                };
                self.report(id, Err(Error::new(cause, record)));
                return Err(ConnectionEnded);
            }
            Err(Unsendable::Connection(Some(error))) => {
                let record = Record {
                    stage: error.record.stage,
                    reply: error.record.reply,
                    ..record
                };
                self.report(id, Err(Error::new(*error.cause, record)));
                return Err(ConnectionEnded);
            }
        };
        self.begin(id, message, parameters, record, deadline)?;
        loop {
            match self.step()? {
                Step::Send(command) => self.send_line(command)?,
                Step::Content => self.send_content(id, &mut content)?,
                Step::Wait => self.wait(Deadline::NEVER)?,
                Step::Ready => break,
            }
        }
        self.pipeline.report_finished(self.progress());
        self.report_events();
        match self.session.channel.backlog() >= FLUSH {
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
        if self.pipeline.deadline().is_none() {
            self.cx.set_overall(deadline);
        }
        deadline
    }

    /// Check that the server accepts such a message, and open its content, before any of it is queued.
    fn open<'m>(
        &mut self,
        message: &'m Prepared,
    ) -> Result<(MailParameters, ContentReader<'m>), Unsendable> {
        let mut found = parameters(&self.session.capabilities, message);
        if found.as_ref().is_err_and(Cause::is_missing_extension) && !self.session.is_ehlo_repeated
        {
            // Some servers name an extension only after the login.
            self.wait_for_results()?;
            self.cx.record.stage = self.base.stage;
            self.session.is_transaction_open = self.pipeline.is_transaction_open;
            let repeated = self.session.repeat_ehlo(self.cx);
            repeated.map_err(|error| {
                self.session.is_closed = true;
                Unsendable::Connection(Some(error))
            })?;
            let (features, queued) = (self.session.features(), self.session.channel.queued());
            self.pipeline
                .restart(features, self.session.is_transaction_open, queued);
            found = parameters(&self.session.capabilities, message);
        }
        let parameters = found.map_err(Unsendable::Message)?;
        message
            .check()
            .map_err(|error| Unsendable::Message(*error.cause))?;
        if let Fit::Never(cause) = self.fit(message.recipients()) {
            return Err(Unsendable::Message(cause));
        }
        let content = ContentReader::open(message.content(), self.session.capabilities.chunking);
        let content = content.map_err(|fault| Unsendable::Message(Cause::Source(fault)))?;
        Ok((parameters, content))
    }

    fn begin(
        &mut self,
        id: u64,
        message: &Prepared,
        parameters: MailParameters,
        record: Record,
        deadline: Deadline,
    ) -> Result<(), ConnectionEnded> {
        let is_quiet = self.pipeline.is_quiet();
        let start = Start {
            record,
            id,
            deadline,
            // A firewall may have forgotten the connection.
            is_idle: is_quiet && self.session.last_reply.elapsed() >= self.cx.reply_age(),
        };
        self.session.count(message.recipients());
        self.pipeline.begin(message.clone(), parameters, start);
        if self.source.is_cancelled(id) {
            self.give_up(|one| one.id == id, &Cause::Cancelled)?;
        }
        Ok(())
    }

    /// If no command waits for a reply, read before the next one is written: a reply that is there
    /// already would be taken for its own, and on a connection that is known to have ended nothing is
    /// written, so that nothing is in doubt.
    fn step(&mut self) -> Result<Step, ConnectionEnded> {
        let channel = &mut self.session.channel;
        let ready = match self.pipeline.is_quiet() && !std::mem::take(&mut self.is_checked) {
            true => channel.receive_ready(self.cx.deadline()),
            false => Ok(()),
        };
        self.line.clear();
        let step = self
            .pipeline
            .step(&mut self.line, channel.pending(), &self.session.redactor);
        let step = step.map_err(|failure| self.abort(failure))?;
        match ready {
            Err(fault @ (Fault::Lost(_) | Fault::Alert(_) | Fault::Flooded)) => {
                Err(self.lose(fault))
            }
            // A cancel or a timeout shows again.
            _ => Ok(step),
        }
    }

    fn send_line(&mut self, command: CommandKind) -> Result<(), ConnectionEnded> {
        let line = self.line.trim_ascii_end();
        self.cx.say_at(Level::Debug, command.stage(false), || {
            format!("> {}", String::from_utf8_lossy(line))
        });
        let pushed = self.session.channel.push(&self.line);
        pushed.map_err(|fault| self.lose(fault))
    }

    /// Queue the next chunk or block of content, after a rejection that has arrived was processed.
    fn send_content(
        &mut self,
        id: u64,
        content: &mut ContentReader<'_>,
    ) -> Result<(), ConnectionEnded> {
        let filled = content.fill();
        let was_read = filled
            .map_err(|fault| self.abort(Failure::new(Cause::Source(fault), Scope::Current)))?;
        if was_read {
            // The time that the source took is not the server's.
            self.clock = Clock::default();
        }
        // The first piece of BDAT goes together with the envelope.
        if !(content.is_at_start() && self.pipeline.features().chunking) {
            // Queued content is lost with the connection, so the queue is kept small.
            if self.session.channel.backlog() >= MAX_BACKLOG {
                return self.wait(Deadline::NEVER);
            }
            self.poll()?;
            if self.step()? != Step::Content {
                return Ok(());
            }
        }
        if content.is_at_start() {
            let size = content.size();
            self.cx.say_at(Level::Debug, Stage::Content, || match size {
                Some(size) => format!("> (content of {size} bytes not shown)"),
                None => "> (content not shown)".to_owned(),
            });
        }
        let piece = content.take();
        if self.pipeline.features().chunking {
            self.line.clear();
            let channel = &mut self.session.channel;
            let redactor = &self.session.redactor;
            let queued = self.pipeline.queue_chunk(
                piece.bytes.len(),
                piece.last,
                &mut self.line,
                channel.pending(),
                redactor,
            );
            let command = queued.map_err(|failure| self.abort(failure))?;
            self.send_line(command)?;
            self.push(piece.bytes)?;
        } else {
            self.push(piece.bytes)?;
            let queued = self.pipeline.queue_block(piece.bytes.len(), piece.last);
            queued.map_err(|failure| self.abort(failure))?;
        }
        if !piece.last {
            self.cx.select_message(id);
            self.cx.progress(content.bytes_read(), content.size());
        }
        Ok(())
    }

    fn push(&mut self, bytes: &[u8]) -> Result<(), ConnectionEnded> {
        let pushed = self.session.channel.push(bytes);
        pushed.map_err(|fault| self.lose(fault))
    }

    /// Write and read what is possible at once.
    fn poll(&mut self) -> Result<(), ConnectionEnded> {
        self.session.channel.refresh();
        match self.session.channel.exchange(false, self.cx.overall()) {
            Ok(_) => {}
            Err(fault) => self.on_fault(fault)?,
        }
        self.take_replies()?;
        self.take_cancellations()
    }

    /// Write what is queued, and wait for one thing: a reply, room for more, a wake-up, or `until`.
    fn wait(&mut self, until: Deadline) -> Result<(), ConnectionEnded> {
        self.start_clock();
        let before = self.session.channel.backlog();
        let deadline = self.cx.deadline();
        match self.session.channel.exchange(true, deadline) {
            // Something was read or written: what is waited for may have come.
            Ok(true) => {}
            Ok(false) if self.session.channel.backlog() < before => {}
            // All is written, and the wait is another one: for the reply.
            Ok(false) if self.stage() != self.clock.stage => {}
            Ok(false) => match self.session.channel.wait_ready(deadline.min(until)) {
                Err(Fault::TimedOut) if deadline.min(until) != deadline => {}
                Err(fault) => self.on_fault(fault)?,
                Ok(()) => {}
            },
            Err(fault) => self.on_fault(fault)?,
        }
        self.take_replies()?;
        self.take_cancellations()
    }

    /// Wait without a message in flight. A reply then announces that the server closes.
    fn wait_idle(&mut self, until: Deadline) -> Result<(), ConnectionEnded> {
        let channel = &mut self.session.channel;
        let waited = match channel.wait_ready(until) {
            Err(Fault::TimedOut) => Ok(()),
            Ok(()) => channel.receive_ready(Deadline::NEVER),
            fault => fault,
        };
        if waited.is_ok() && channel.pending().is_empty() {
            return Ok(());
        }
        self.session.is_closed = true;
        Err(ConnectionEnded)
    }

    /// Start the stage's clock: again for each reply, for each stage, and for each block that left.
    fn start_clock(&mut self) {
        let progress = self.progress();
        let waiting = self.pipeline.waiting(progress);
        let stage = waiting.map_or(self.cx.record.stage, |(_, stage)| stage);
        let replies = self.pipeline.replies_taken();
        if self.clock.stage != Some(stage) || self.clock.replies != replies {
            if let Some((id, _)) = waiting {
                self.cx.select_message(id);
            }
            self.cx.enter(stage);
        } else if progress.sent - self.clock.sent >= TIMED_BLOCK {
            self.cx.restart_clock();
        } else {
            return;
        }
        self.clock = Clock {
            stage: Some(stage),
            replies,
            sent: progress.sent,
        };
    }

    /// The stage of the reply that is due.
    fn stage(&self) -> Option<Stage> {
        let waiting = self.pipeline.waiting(self.progress());
        Some(waiting.map_or(self.cx.record.stage, |(_, stage)| stage))
    }

    /// Process the replies that were received.
    fn take_replies(&mut self) -> Result<(), ConnectionEnded> {
        let matched = self.match_replies();
        self.report_events();
        matched.map_err(|failure| self.abort(failure))
    }

    fn match_replies(&mut self) -> Result<(), Failure> {
        if self.session.channel.pending().is_empty() {
            return Ok(());
        }
        let progress = self.progress();
        let received = std::mem::take(self.session.channel.pending());
        let (taken, matched) = self
            .pipeline
            .input(&received, progress, &self.session.redactor);
        let pending = self.session.channel.pending();
        *pending = received;
        pending.drain(..taken);
        if taken > 0 {
            self.session.last_reply = Instant::now();
        }
        matched
    }

    /// Report the messages that were cancelled.
    fn take_cancellations(&mut self) -> Result<(), ConnectionEnded> {
        match self.source.has_cancellations() {
            true => {
                let source = self.source;
                self.give_up(|one| source.is_cancelled(one.id), &Cause::Cancelled)?;
                Ok(())
            }
            false => Ok(()),
        }
    }

    /// Report messages that are no longer waited for; returns whether there were any.
    fn give_up(
        &mut self,
        is_given_up: impl Fn(&Transaction) -> bool,
        cause: &Cause,
    ) -> Result<bool, ConnectionEnded> {
        let given_up = self.pipeline.give_up(is_given_up, cause, self.progress());
        self.report_events();
        given_up.map_err(|failure| self.abort(failure))
    }

    /// A timeout ends the messages whose own time is over, where each has its own; every other fault
    /// ends the connection.
    fn on_fault(&mut self, fault: Fault) -> Result<(), ConnectionEnded> {
        if fault == Fault::TimedOut {
            // A reply that was received by now is in time.
            let replies = self.pipeline.replies_taken();
            let _ = self.session.channel.receive_ready(Deadline::NEVER);
            self.take_replies()?;
            if self.pipeline.replies_taken() != replies {
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
        Err(self.lose(fault))
    }

    /// End a connection that failed; the replies that were received before count.
    fn lose(&mut self, fault: Fault) -> ConnectionEnded {
        let _ = self.session.channel.receive_ready(self.cx.deadline());
        match self.take_replies() {
            Err(ended) => ended,
            Ok(()) => self.abort(Failure::new(self.cx.cause(fault), Scope::Connection)),
        }
    }

    /// End the connection, and report each message that is under way.
    fn abort(&mut self, failure: Failure) -> ConnectionEnded {
        self.session.is_closed = true;
        self.pipeline.note_reply(&failure);
        if failure.cause == Cause::Closing {
            self.wait_for_close();
        }
        self.pipeline.abort(&failure, self.progress());
        self.report_events();
        ConnectionEnded
    }

    /// After 421 the server closes, and has not processed what was sent behind the command that it
    /// answered so (RFC 5321 section 4.2.1). Its close_notify with no reply but 421 before confirms
    /// that; an end of the connection alone can be made by others on the path. The replies of a server
    /// that goes on are still matched, and what it has not replied to stays unknown.
    fn wait_for_close(&mut self) {
        let end = Deadline::after(CLOSING_WAIT).min(self.cx.deadline());
        self.pipeline.set_closing();
        self.pipeline.report_finished(self.progress());
        self.report_events();
        let mut only_421 = true;
        while self.pipeline.is_in_doubt(self.progress()) {
            let before = self.pipeline.replies_taken();
            let matched = self.match_replies();
            let replies = self.pipeline.replies_taken() - before;
            match matched {
                Err(failure) if failure.cause == Cause::Closing => {
                    only_421 &= replies == 1;
                    self.pipeline.report_finished(self.progress());
                    self.report_events();
                    continue;
                }
                Err(_) => return,
                Ok(()) => only_421 &= replies == 0,
            }
            self.report_events();
            if !self.pipeline.is_in_doubt(self.progress()) {
                return;
            }
            let channel = &mut self.session.channel;
            let pending = channel.pending().len();
            let ready = channel.receive_ready(end);
            if channel.pending().len() > pending {
                continue;
            }
            match ready.and_then(|()| channel.wait_ready(end)) {
                Ok(()) => {}
                Err(Fault::Lost(_)) if channel.received_close_notify() => {
                    if only_421 && channel.pending().is_empty() {
                        self.pipeline.set_unprocessed();
                    }
                    return;
                }
                Err(_) => return,
            }
            let source = self.source;
            let progress = self.progress();
            let is_cancelled = |one: &Transaction| source.is_cancelled(one.id);
            self.pipeline.report_cancelled(is_cancelled, progress);
            self.report_events();
        }
    }

    fn progress(&self) -> WriteProgress {
        WriteProgress {
            sent: self.session.channel.sent(),
            partially_sent: self.session.channel.partially_sent(),
        }
    }

    fn report_events(&mut self) {
        while let Some(event) = self.pipeline.poll_event() {
            match event {
                Event::Reply(id, stage, answer) => {
                    self.cx.select_message(id);
                    self.cx.log_answer(stage, &answer);
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
        self.cx.select_message(id);
        if let Err(error) = &result {
            self.cx
                .say_at(Level::Error, error.record.stage, || error.to_string());
        }
        self.source.done(id, result);
        if self.source.has_deadlines() {
            self.cx
                .set_overall(self.pipeline.deadline().unwrap_or(Deadline::NEVER));
        }
    }
}

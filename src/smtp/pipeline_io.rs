//! Moves the bytes of one connection between its channel and its [`Pipeline`].

use std::time::Instant;

use super::content::Piece;
use super::pipeline::{EventFilter, Failure, Pipeline, Step, Unread};
use super::session::Session;
use super::transaction::{CommandKind, WriteProgress};
use crate::channel::{Channel as _, Fault, Verified};
use crate::deadline::Deadline;
use crate::error::Cause;
use crate::net::Transport;

/// The reason why the connection must end.
#[derive(Debug)]
pub(super) enum Stop {
    /// The channel can't go on.
    Fault(Fault),
    /// The protocol can't go on.
    Failure(Failure),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// A session, and the protocol over it.
pub(super) struct PipelineIo<'s, T> {
    pub(super) session: &'s mut Session<Verified<T>>,
    pub(super) pipeline: Pipeline,
    /// The command that is being sent.
    line: Vec<u8>,
}

impl<'s, T: Transport> PipelineIo<'s, T> {
    pub(super) fn new(session: &'s mut Session<Verified<T>>, filter: EventFilter) -> Self {
        let pipeline = Pipeline::new(
            session.features(),
            session.is_transaction_open,
            session.channel.queued(),
            filter,
        );
        Self {
            session,
            pipeline,
            line: Vec::with_capacity(128),
        }
    }

    /// Gives what is known of the connection back to the session.
    pub(super) fn finish(self) {
        self.session.is_transaction_open = self.pipeline.is_transaction_open();
        self.session.is_closed |= self.pipeline.is_closed();
    }

    /// Returns how much of the text has left.
    pub(super) fn progress(&self) -> WriteProgress {
        WriteProgress {
            sent: self.session.channel.sent(),
            partially_sent: self.session.channel.partially_sent(),
        }
    }

    /// Bytes of records that the system has not taken.
    pub(super) fn backlog(&self) -> usize {
        self.session.channel.backlog()
    }

    /// Decides what comes next; a command is then in [`Self::line`].
    ///
    /// Where no command waits for a reply, read before the next one is written: a reply that is there
    /// already would be taken for its own, and on a connection that is known to have ended nothing is
    /// written, so that nothing is in doubt.
    ///
    /// # Errors
    /// The reason why the connection must end.
    pub(super) fn step(&mut self, deadline: Deadline) -> Result<Step, Stop> {
        let channel = &mut self.session.channel;
        if channel.queued() != self.pipeline.queued() {
            let cause = Cause::Internal("the channel and the pipeline count different bytes");
            return Err(Failure::from(cause).into());
        }
        let is_checked = std::mem::take(&mut self.session.is_checked);
        let ready = match self.pipeline.is_quiet() && !is_checked {
            true => channel.receive_ready(deadline),
            false => Ok(()),
        };
        self.line.clear();
        let unread = Unread {
            bytes: channel.pending(),
            redactor: &self.session.redactor,
        };
        let step = self.pipeline.step(&mut self.line, unread)?;
        match ready {
            // A cancel or a timeout shows again.
            Ok(()) | Err(Fault::Cancelled | Fault::TimedOut) => Ok(step),
            Err(fault) => Err(fault.into()),
        }
    }

    /// The command that is being sent, without its CRLF.
    pub(super) fn line(&self) -> &[u8] {
        self.line.trim_ascii_end()
    }

    /// Queues the command that is being sent.
    ///
    /// # Errors
    /// [`Stop::Fault`].
    pub(super) fn push_line(&mut self) -> Result<(), Stop> {
        Ok(self.session.channel.push(&self.line)?)
    }

    /// Begins a chunk: its BDAT is then in [`Self::line`], and the chunk has to follow that.
    ///
    /// # Errors
    /// [`Stop::Failure`].
    pub(super) fn begin_chunk(&mut self, chunk: &Piece<'_>) -> Result<CommandKind, Stop> {
        self.line.clear();
        let unread = Unread {
            bytes: self.session.channel.pending(),
            redactor: &self.session.redactor,
        };
        let pipeline = &mut self.pipeline;
        Ok(pipeline.queue_chunk(chunk.bytes.len(), chunk.last, &mut self.line, unread)?)
    }

    /// Queues the bytes of a chunk.
    ///
    /// # Errors
    /// [`Stop::Fault`].
    pub(super) fn push_chunk(&mut self, chunk: &Piece<'_>) -> Result<(), Stop> {
        Ok(self.session.channel.push(chunk.bytes)?)
    }

    /// Queues a block of DATA's content.
    ///
    /// # Errors
    /// The reason why the connection must end.
    pub(super) fn push_block(&mut self, block: &Piece<'_>) -> Result<(), Stop> {
        self.session.channel.push(block.bytes)?;
        Ok(self.pipeline.queue_block(block.bytes.len(), block.last)?)
    }

    /// Matches the replies that were received.
    ///
    /// # Errors
    /// Why the protocol can't go on.
    pub(super) fn match_replies(&mut self) -> Result<(), Failure> {
        if self.session.channel.pending().is_empty() {
            return Ok(());
        }
        let progress = self.progress();
        let received = std::mem::take(self.session.channel.pending());
        let unread = Unread {
            bytes: &received,
            redactor: &self.session.redactor,
        };
        let (taken, matched) = self.pipeline.input(unread, progress);
        let pending = self.session.channel.pending();
        *pending = received;
        pending.drain(..taken);
        if taken > 0 {
            self.session.last_reply = Instant::now();
        }
        matched
    }

    /// Returns whether a reply was received by now, although a wait for it has timed out.
    ///
    /// # Errors
    /// Why the protocol can't go on.
    pub(super) fn take_late_replies(&mut self) -> Result<bool, Failure> {
        let before = self.pipeline.replies_taken();
        let _ = self.session.channel.receive_ready(Deadline::NEVER);
        self.match_replies()?;
        Ok(self.pipeline.replies_taken() != before)
    }
}

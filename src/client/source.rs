//! Sources of messages, which also receive the results: one message, many in one call, or the queue of
//! jobs.

use std::sync::Arc;
use std::time::Instant;

use super::jobs::Completion;
use super::retry::Released;
use crate::deadline::Deadline;
use crate::error::{Error, Record};
use crate::message::Prepared;
use crate::net::Canceller;

/// A message to be sent.
#[derive(Debug, Clone)]
pub(super) struct Submission {
    /// The source's number for it.
    pub(super) id: u64,
    pub(super) message: Prepared,
    /// True if the message needs a new connection: it was tried over a kept one, or exceeds its limits.
    pub(super) needs_new_connection: bool,
    /// The data that left the machine in earlier tries.
    pub(super) released: Released,
}

impl Submission {
    /// One that was not tried yet.
    pub(super) fn new(id: u64, message: Prepared) -> Self {
        Self {
            id,
            message,
            needs_new_connection: false,
            released: Released::default(),
        }
    }

    /// The record of this message, of which nothing but what was tried before has left.
    pub(super) fn record(&self) -> Record {
        let mut record = Record {
            recipients: self.message.recipients_not_sent(),
            message_id: self.message.message_id(),
            ..Record::default()
        };
        self.released.mark(&mut record);
        record
    }

    /// The error of this message, for which there was no connection.
    pub(super) fn fail(&self, error: Error) -> Error {
        let mut error = error.for_message();
        error.record.recipients = self.message.recipients_not_sent();
        error.record.message_id = self.message.message_id();
        self.released.mark(&mut error.record);
        error
    }
}

/// The current state of a source.
#[derive(Debug)]
pub(super) enum Next {
    Submission(Submission),
    /// Nothing yet.
    Nothing,
    /// Nothing before this moment, or a wake-up.
    Later(Instant),
    /// Nothing any more.
    End,
}

/// The messages that the engine sends, and their results.
pub(super) trait MessageSource {
    /// The next message, without waiting for one.
    fn next(&self) -> Next;

    /// Accepts the result of a message.
    fn done(&self, id: u64, completion: Completion);

    /// Takes a message back that is to go over another connection, before all that are there.
    fn put_back(&self, item: Submission);

    /// Lends the connection to the source's messages: the canceller ends its waits. Returns whether the
    /// first message is still wanted.
    fn connected(&self, id: u64, canceller: &Arc<Canceller>) -> bool;

    /// Returns whether a message was cancelled.
    fn is_cancelled(&self, id: u64) -> bool;

    /// Returns whether a message may have been cancelled since the last call, which ends only that message.
    fn has_cancellations(&self) -> bool {
        false
    }

    /// Returns whether each message has a deadline of its own, instead of one for all.
    fn has_deadlines(&self) -> bool {
        false
    }

    /// The deadline of a message, which is `fresh` if it begins now; it does not change afterwards.
    fn deadline(&self, id: u64, fresh: Deadline) -> Deadline {
        let _ = id;
        fresh
    }
}

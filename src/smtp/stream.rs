//! The source of the driver's messages, and the limit of messages in flight.

use std::time::Instant;

use crate::deadline::Deadline;
use crate::error::{Error, Record};
use crate::message::Prepared;

/// The limit of messages and bytes that are queued without a reply. When the connection breaks, these
/// are the messages whose outcome may be unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Messages; with one, each waits for the result of the one before.
    pub messages: usize,
    /// Bytes. A message is always begun when no other is in flight.
    pub bytes: u64,
}

impl Window {
    /// Half of it, so that what follows fills records again.
    pub(super) fn half(self) -> Self {
        Self {
            messages: self.messages.div_ceil(2),
            bytes: self.bytes / 2,
        }
    }
}

impl Default for Window {
    fn default() -> Self {
        Self {
            messages: 128,
            bytes: 1024 * 1024,
        }
    }
}

/// The messages that are sent over one connection, and their results.
pub trait MessageStream {
    /// The next message, without waiting for one. It is asked again after each reply and each
    /// wake-up.
    fn next(&self) -> NextMessage;

    /// Accepts the result of a message.
    fn done(&self, id: u64, result: Result<Record, Error>);

    /// Returns whether a message may have been cancelled since the last call.
    fn has_cancellations(&self) -> bool {
        false
    }

    /// Returns whether a message was cancelled.
    fn is_cancelled(&self, id: u64) -> bool {
        let _ = id;
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

/// The next message to send.
#[derive(Debug)]
pub enum NextMessage {
    /// A message, and the caller's number for it.
    Message(u64, Prepared),
    /// Nothing yet.
    Nothing,
    /// Nothing before this moment, or a wake-up.
    Later(Instant),
    /// Nothing any more.
    End,
}

/// The reason why no more messages go over the connection; each that was begun has its result.
#[derive(Debug)]
pub enum StreamEnd {
    /// There are no more.
    Done,
    /// There are none at the moment.
    Idle,
    /// The server accepts no more over this connection; this message was not begun.
    Full(u64, Prepared),
    /// The connection has ended.
    Closed,
}

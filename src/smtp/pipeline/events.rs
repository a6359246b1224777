//! The events of the messages of a connection, in order.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::error::{Error, Recipient, Record, ServerReply, Stage};

/// The events that are wanted besides results.
#[derive(Debug, Clone, Copy)]
pub(in crate::smtp) struct EventFilter {
    /// Each reply, for the log.
    pub(in crate::smtp) replies: bool,
    /// Progress, acceptance, and the replies to recipients.
    pub(in crate::smtp) progress: bool,
}

/// An event of the message of this number.
#[derive(Debug)]
pub(in crate::smtp) enum Event {
    /// A reply, for the log.
    Reply(u64, Stage, Arc<ServerReply>),
    /// The recipient of this index has a reply.
    Recipient(u64, usize, Recipient),
    /// The whole content, of this size, has left and has its reply.
    Progress(u64, u64),
    /// The content was accepted.
    Accepted(u64),
    /// The result, which is the last event of a message.
    Done(u64, Result<Record, Error>),
}

/// The events that were not taken yet.
pub(super) struct EventQueue {
    filter: EventFilter,
    queue: VecDeque<Event>,
}

impl EventQueue {
    pub(super) fn new(filter: EventFilter) -> Self {
        Self {
            filter,
            queue: VecDeque::new(),
        }
    }

    /// Returns whether replies are wanted.
    pub(super) fn wants_replies(&self) -> bool {
        self.filter.replies
    }

    /// Returns whether progress, acceptance and the replies to recipients are wanted.
    pub(super) fn wants_progress(&self) -> bool {
        self.filter.progress
    }

    /// Adds an event that is wanted: an event is as large as a result, and costs time to make.
    pub(super) fn push(&mut self, event: Event) {
        self.queue.push_back(event);
    }

    pub(super) fn pop(&mut self) -> Option<Event> {
        self.queue.pop_front()
    }
}

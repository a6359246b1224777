//! The replies that the server owes: one for each command, in the order of the commands (RFC 5321 section
//! 4.5.3.2, RFC 2920 section 3.1).

use std::collections::VecDeque;

use super::super::transaction::{CommandKind, WriteProgress};
use super::super::wire::reply;
use super::transactions::Serial;
use crate::error::{Cause, ReplyFault, Stage};

/// The reply that a command waits for.
#[derive(Debug, Clone, Copy)]
pub(super) struct PendingReply {
    pub(super) command: CommandKind,
    pub(super) transaction: Serial,
    /// The end of the command in the connection's text; `None` while its content is being queued.
    end: Option<u64>,
}

impl PendingReply {
    /// Returns whether it is the reply to MAIL, or to RSET before it.
    pub(super) fn is_of_sender(&self) -> bool {
        matches!(self.command, CommandKind::Rset | CommandKind::Mail)
    }

    /// Returns whether part of the command has not left.
    pub(super) fn is_unsent(self, progress: WriteProgress) -> bool {
        self.end.is_none_or(|end| end > progress.sent)
    }

    /// The stage that waits for it.
    pub(super) fn stage(self, progress: WriteProgress) -> Stage {
        self.command.stage(self.is_unsent(progress))
    }
}

/// A reply that was received whole.
pub(super) struct ReceivedReply<'a> {
    pub(super) due: PendingReply,
    pub(super) code: u16,
    /// The reply.
    pub(super) bytes: &'a [u8],
    /// The bytes received after it.
    pub(super) rest: &'a [u8],
}

/// The replies to come, oldest first.
#[derive(Default)]
pub(super) struct PendingReplies {
    queue: VecDeque<PendingReply>,
    /// Replies taken since the connection began.
    taken: u64,
}

impl PendingReplies {
    /// Expects the reply to a command that ends at `end`.
    pub(super) fn expect(&mut self, command: CommandKind, transaction: Serial, end: u64) {
        self.queue.push_back(PendingReply {
            command,
            transaction,
            end: Some(end),
        });
    }

    /// Expects the reply to the content that follows 354; [`Self::end_content`] sets where that ends.
    pub(super) fn expect_content(&mut self, transaction: Serial) {
        self.queue.push_back(PendingReply {
            command: CommandKind::ContentEnd,
            transaction,
            end: None,
        });
    }

    /// Notes where the content after 354 ends.
    ///
    /// # Errors
    /// [`Cause::Internal`] if there was no 354.
    pub(super) fn end_content(&mut self, end: u64) -> Result<(), Cause> {
        let latest = self.queue.back_mut().filter(|due| due.end.is_none());
        latest.ok_or(Cause::Internal("content without 354"))?.end = Some(end);
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// The reply that comes next.
    pub(super) fn front(&self) -> Option<&PendingReply> {
        self.queue.front()
    }

    /// The next reply to a command of this transaction.
    pub(super) fn of(&self, transaction: Serial) -> Option<&PendingReply> {
        self.queue.iter().find(|due| due.transaction == transaction)
    }

    /// Returns whether a command that is queued whole waits for its reply.
    pub(super) fn awaits_reply(&self) -> bool {
        self.front().is_some_and(|due| due.end.is_some())
    }

    /// Replies taken since the connection began.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    /// Takes the next reply from the front of what was received; `None` if no command waits for one, or it is
    /// not there whole.
    ///
    /// # Errors
    /// The bytes received are no reply.
    pub(super) fn take<'a>(
        &mut self,
        received: &'a [u8],
    ) -> Result<Option<ReceivedReply<'a>>, ReplyFault> {
        let Some(due) = self.queue.front().copied() else {
            return Ok(None);
        };
        let Some((code, size)) = reply::scan(received)? else {
            return Ok(None);
        };
        self.queue.pop_front();
        self.taken += 1;
        let (bytes, rest) = received.split_at(size);
        Ok(Some(ReceivedReply {
            due,
            code,
            bytes,
            rest,
        }))
    }

    /// Expects nothing more.
    pub(super) fn clear(&mut self) {
        self.queue.clear();
    }
}

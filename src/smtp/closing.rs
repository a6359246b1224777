//! The end of a connection on which the server said 421.

use super::pipeline_io::PipelineIo;
use crate::channel::{Channel as _, Fault};
use crate::deadline::Deadline;
use crate::error::Cause;
use crate::net::Transport;

/// The result of a wait.
pub(super) enum ClosingStep {
    /// Replies came.
    Replies,
    /// There may be more to read, or a message was cancelled.
    Waited,
    /// Nothing that is still to come decides an outcome.
    Over,
}

/// After 421 the server closes, and has not processed what was sent after the command to which it
/// replied so (RFC 5321 section 4.2.1). Its close_notify with no reply but 421 before confirms
/// that; an end of the connection alone can be made by others on the path. The replies of a server
/// that goes on are still matched, and what it has not replied to stays unknown.
pub(super) struct Closing {
    deadline: Deadline,
    /// True if each reply since the first 421 was another.
    only_421: bool,
}

impl Closing {
    pub(super) fn new(deadline: Deadline) -> Self {
        Self {
            deadline,
            only_421: true,
        }
    }

    /// Matches what was received, and waits for more, as long as an outcome depends on it.
    pub(super) fn step<T: Transport>(&mut self, io: &mut PipelineIo<'_, T>) -> ClosingStep {
        if !io.pipeline.is_in_doubt(io.progress()) {
            return ClosingStep::Over;
        }
        let before = io.pipeline.replies_taken();
        let matched = io.match_replies();
        let replies = io.pipeline.replies_taken() - before;
        match matched {
            Err(failure) if failure.cause == Cause::Closing => {
                self.only_421 &= replies == 1;
                io.pipeline.report_finished(io.progress());
                return ClosingStep::Replies;
            }
            Err(_) => return ClosingStep::Over,
            Ok(()) if replies > 0 => {
                self.only_421 = false;
                return ClosingStep::Replies;
            }
            Ok(()) => {}
        }
        let channel = &mut io.session.channel;
        let pending = channel.pending().len();
        let ready = channel.receive_ready(self.deadline);
        if channel.pending().len() > pending {
            return ClosingStep::Replies;
        }
        match ready.and_then(|()| channel.wait_ready(self.deadline)) {
            Ok(()) => ClosingStep::Waited,
            Err(Fault::Lost(_)) if channel.received_close_notify() => {
                if self.only_421 && channel.pending().is_empty() {
                    io.pipeline.set_unprocessed();
                }
                ClosingStep::Over
            }
            Err(_) => ClosingStep::Over,
        }
    }
}

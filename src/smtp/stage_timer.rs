//! When the timeout of a stage begins anew: for each stage, for each reply, and for each block of content
//! that has left (RFC 5321 section 4.5.3.2).

use crate::error::Stage;

/// Bytes of content for which a timeout holds (RFC 5321 section 4.5.3.2.5).
const TIMED_BLOCK: u64 = 64 * 1024;

/// The wait that a timeout limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Awaited {
    /// The stage of the reply that is due.
    pub(super) stage: Stage,
    /// Replies taken so far.
    pub(super) replies: u64,
    /// Text that has left so far.
    pub(super) sent: u64,
}

/// The effect of the beginning of a wait.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TimerStart {
    /// Nothing: the timeout that runs holds for it too.
    None,
    /// A stage, or the wait for another reply in it.
    Stage,
    /// Another block of content in the same stage.
    Block,
}

/// The timeout of the stage that waits.
#[derive(Debug, Default)]
pub(super) struct StageTimer(Option<Awaited>);

impl StageTimer {
    /// The next wait begins a timeout, whatever it is for.
    pub(super) fn reset(&mut self) {
        self.0 = None;
    }

    /// Returns whether the timeout that runs is another stage's.
    pub(super) fn is_of_other(&self, stage: Stage) -> bool {
        self.0.is_none_or(|running| running.stage != stage)
    }

    /// Begins a wait.
    pub(super) fn start(&mut self, awaited: Awaited) -> TimerStart {
        let start = match self.0 {
            Some(running)
                if running.stage == awaited.stage && running.replies == awaited.replies =>
            {
                match awaited.sent - running.sent >= TIMED_BLOCK {
                    true => TimerStart::Block,
                    false => return TimerStart::None,
                }
            }
            _ => TimerStart::Stage,
        };
        self.0 = Some(awaited);
        start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(stage: Stage, replies: u64, sent: u64) -> Awaited {
        Awaited {
            stage,
            replies,
            sent,
        }
    }

    #[test]
    fn a_timeout_begins_with_a_stage_a_reply_and_a_block_and_not_with_a_byte() {
        let mut timer = StageTimer::default();
        assert!(timer.is_of_other(Stage::Mail));
        assert_eq!(timer.start(at(Stage::Mail, 0, 10)), TimerStart::Stage);
        assert_eq!(timer.start(at(Stage::Mail, 0, 10)), TimerStart::None);
        assert_eq!(timer.start(at(Stage::Mail, 1, 10)), TimerStart::Stage);
        assert!(!timer.is_of_other(Stage::Mail) && timer.is_of_other(Stage::Rcpt));
        assert_eq!(timer.start(at(Stage::Content, 1, 100)), TimerStart::Stage);
        let before_block = at(Stage::Content, 1, 100 + TIMED_BLOCK - 1);
        assert_eq!(timer.start(before_block), TimerStart::None);
        let block = at(Stage::Content, 1, 100 + TIMED_BLOCK);
        assert_eq!(timer.start(block), TimerStart::Block);
        assert_eq!(timer.start(block), TimerStart::None);
        timer.reset();
        assert_eq!(timer.start(block), TimerStart::Stage);
    }
}

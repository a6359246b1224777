//! The context of a call: its log, its events and its timeouts.

use std::time::{Duration, Instant};

use crate::channel::Fault;
use crate::deadline::{Deadline, Timeouts};
use crate::error::{Cause, Error, Recipient, Record, ServerReply, Stage};
use crate::log::{Level, Log};

/// The log and the timeouts of one call.
#[derive(Debug)]
pub struct Context<'a> {
    /// The name to be verified, for mechanisms that bind to it.
    pub(super) host: String,
    /// The port of the server, for mechanisms that bind to it.
    pub(super) port: u16,
    log: Log<'a>,
    /// The stage whose timeout runs.
    stage: Stage,
    /// The stage that was reported last.
    reported: Option<Stage>,
    /// True if reports belong to one of several messages.
    has_messages: bool,
    timeouts: Timeouts,
    overall: Deadline,
    stage_deadline: Deadline,
}

impl<'a> Context<'a> {
    /// The context of a call that begins now.
    #[must_use]
    pub fn new(host: &str, port: u16, timeouts: Timeouts, log: Log<'a>) -> Self {
        let overall = timeouts.overall();
        Self {
            host: host.to_owned(),
            port,
            log,
            stage: Stage::Local,
            reported: None,
            has_messages: false,
            timeouts,
            overall,
            stage_deadline: overall,
        }
    }

    /// Marks that several messages share the call, so that each report names its message.
    pub(crate) fn set_messages(&mut self) {
        self.has_messages = true;
    }

    /// Selects the message of the following reports.
    pub(super) fn select_message(&mut self, id: u64) {
        if self.has_messages {
            self.log.tell(|watcher| watcher.about(id));
        }
    }

    /// Reports that a message begins.
    pub(super) fn report_message(&mut self, id: u64) {
        self.select_message(id);
        self.log.tell(|watcher| watcher.stage(Stage::Mail));
    }

    /// The deadline of a message that begins now.
    pub(super) fn fresh_overall(&self) -> Deadline {
        self.timeouts.overall()
    }

    /// Sets the deadline of the whole call.
    pub(crate) fn set_overall(&mut self, until: Deadline) {
        if until != self.overall {
            self.overall = until;
            self.restart_timeout();
        }
    }

    /// The stage whose timeout runs.
    pub(super) fn stage(&self) -> Stage {
        self.stage
    }

    /// Begins a stage: its timeout runs from here, whatever drips in.
    pub(super) fn enter(&mut self, stage: Stage) {
        self.stage = stage;
        if self.reported.replace(stage) != Some(stage) || self.has_messages {
            self.log.tell(|watcher| watcher.stage(stage));
        }
        self.restart_timeout();
    }

    /// Reports how much of the content the system has taken.
    pub(crate) fn progress(&mut self, written: u64, total: Option<u64>) {
        self.log.tell(|watcher| watcher.progress(written, total));
    }

    /// Reports the reply to a recipient.
    pub(super) fn report_recipient(&mut self, index: usize, recipient: &Recipient) {
        self.log.tell(|watcher| watcher.recipient(index, recipient));
    }

    /// Begins the timeout of the current stage anew: for the next command or block of it.
    pub(super) fn restart_timeout(&mut self) {
        let timeout = self.timeouts.stage(self.stage);
        self.stage_deadline = Deadline::after(timeout).min(self.overall);
    }

    /// The maximum age of the last reply for content to be sent together with MAIL.
    pub(super) fn reply_age(&self) -> Duration {
        self.timeouts.reply_age()
    }

    /// The whole call's deadline.
    pub(crate) fn overall(&self) -> Deadline {
        self.overall
    }

    /// The current stage's deadline, or the whole call's if that is earlier.
    pub(crate) fn deadline(&self) -> Deadline {
        self.stage_deadline
    }

    /// Writes a line to the log.
    pub(crate) fn say(&mut self, level: Level, text: impl FnOnce() -> String) {
        self.log.line(level, self.stage, text);
    }

    /// Writes a line of another stage to the log.
    pub(super) fn say_at(&mut self, level: Level, stage: Stage, text: impl FnOnce() -> String) {
        self.log.line(level, stage, text);
    }

    /// Returns whether progress and replies for recipients are reported, or lines written.
    pub(super) fn wants_events(&self) -> bool {
        self.log.is_watched()
    }

    /// Returns whether each command and reply is logged.
    pub(super) fn wants_lines(&self) -> bool {
        self.log.wants(Level::Debug)
    }

    /// Writes a reply to the log.
    pub(super) fn log_reply(&mut self, stage: Stage, reply: &ServerReply) {
        if !self.wants_lines() {
            return;
        }
        let (lines, last) = reply.text.rsplit_once('\n').unwrap_or(("", &reply.text));
        for line in lines.lines() {
            self.say_at(Level::Debug, stage, || format!("< {}-{line}", reply.code));
        }
        self.say_at(Level::Debug, stage, || format!("< {} {last}", reply.code));
    }

    /// The error of a call of which `record` is known; it is logged.
    pub(crate) fn fail(&mut self, cause: Cause, record: Record) -> Error {
        let error = Error::new(cause, record);
        self.say_at(Level::Error, error.record.stage, || error.to_string());
        error
    }

    /// The cause of a channel that can't go on; of a timeout, which one it was.
    pub(crate) fn cause(&self, fault: Fault) -> Cause {
        match fault {
            Fault::Cancelled => Cause::Cancelled,
            Fault::TimedOut => Cause::Timeout {
                overall: self.overall.passed(Instant::now()),
            },
            Fault::Lost(kind) => Cause::Lost { kind },
            Fault::Alert(alert) => Cause::Handshake {
                detail: format!("the peer ended it: {alert}"),
            },
            Fault::Flooded => Cause::Unsolicited,
            Fault::Internal(rule) => Cause::Internal(rule),
        }
    }
}

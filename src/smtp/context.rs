//! What goes along with a call: the record of what was reached, the clocks, and the log.

use std::time::{Duration, Instant};

use crate::channel::Fault;
use crate::credential::Reason;
use crate::deadline::{Deadline, Timeouts};
use crate::error::{Cause, Error, Outcome, Recipient, Record, ServerReply, Stage};
use crate::log::{Level, Log};

use super::redactor::Redactor;

/// One send's, from resolving to the answer.
#[derive(Debug)]
pub struct Context<'a> {
    /// The name to be verified, for mechanisms that bind to it.
    pub(crate) host: String,
    /// The port, likewise.
    pub(crate) port: u16,
    /// Why a secret is asked for, if one is.
    pub(crate) reason: Reason,
    pub(crate) record: Record,
    /// The secrets of a login that was refused, for the session of the next try.
    pub(super) redactor: Redactor,
    log: Log<'a>,
    /// The stage that was reported last.
    reported: Option<Stage>,
    /// Whether what is reported belongs to one of several messages.
    has_messages: bool,
    timeouts: Timeouts,
    overall: Deadline,
    stage_deadline: Deadline,
}

impl<'a> Context<'a> {
    /// A call that begins now.
    #[must_use]
    pub fn new(host: &str, port: u16, timeouts: Timeouts, log: Log<'a>) -> Self {
        let overall = timeouts.overall();
        Self {
            host: host.to_owned(),
            port,
            reason: Reason::First,
            record: Record::default(),
            redactor: Redactor::default(),
            log,
            reported: None,
            has_messages: false,
            timeouts,
            overall,
            stage_deadline: overall,
        }
    }

    /// From here on several messages share the call: what is reported belongs to one of them.
    pub(crate) fn set_messages(&mut self) {
        self.has_messages = true;
    }

    /// What is reported from here on is about this message.
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

    /// A deadline for the whole of a message that begins now.
    pub(super) fn fresh_overall(&self) -> Deadline {
        self.timeouts.overall()
    }

    /// Sets the deadline of the whole.
    pub(crate) fn set_overall(&mut self, until: Deadline) {
        if until != self.overall {
            self.overall = until;
            self.restart_clock();
        }
    }

    /// Begins a stage: its clock runs from here, whatever drips in.
    pub(crate) fn enter(&mut self, stage: Stage) {
        self.record.stage = stage;
        if self.reported.replace(stage) != Some(stage) || self.has_messages {
            self.log.tell(|watcher| watcher.stage(stage));
        }
        self.restart_clock();
    }

    /// Begins anew on another connection, after a token was refused. What left the machine stays
    /// on the record; what was said and met belongs to the connection that is gone.
    pub(crate) fn renew(&mut self) {
        self.reason = Reason::Refused;
        self.record.outcome = Outcome::NotSent;
        self.record.reply = None;
        self.record.peer = None;
    }

    /// Tells how much of the content the system has taken.
    pub(crate) fn progress(&mut self, written: u64, total: Option<u64>) {
        self.log.tell(|watcher| watcher.progress(written, total));
    }

    /// Reports the reply to a recipient.
    pub(super) fn report_recipient(&mut self, index: usize, recipient: &Recipient) {
        self.log.tell(|watcher| watcher.recipient(index, recipient));
    }

    /// Gives the current stage its full patience again: for the next command or block of it.
    pub(crate) fn restart_clock(&mut self) {
        let patience = self.timeouts.stage(self.record.stage);
        self.stage_deadline = Deadline::after(patience).min(self.overall);
    }

    /// How old the last reply may be for content to leave together with MAIL.
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
        self.log.line(level, self.record.stage, text);
    }

    /// Writes a line of another stage to the log.
    pub(super) fn say_at(&mut self, level: Level, stage: Stage, text: impl FnOnce() -> String) {
        self.log.line(level, stage, text);
    }

    /// Whether progress and replies to recipients are reported, or lines written.
    pub(super) fn wants_notices(&self) -> bool {
        self.log.is_watched()
    }

    /// Whether somebody wants to see each command and reply.
    pub(crate) fn wants_lines(&self) -> bool {
        self.log.wants(Level::Debug)
    }

    /// Writes a reply to the log.
    pub(super) fn log_answer(&mut self, stage: Stage, answer: &ServerReply) {
        if !self.wants_lines() {
            return;
        }
        let (lines, last) = answer.text.rsplit_once('\n').unwrap_or(("", &answer.text));
        for line in lines.lines() {
            self.say_at(Level::Debug, stage, || format!("< {}-{line}", answer.code));
        }
        self.say_at(Level::Debug, stage, || format!("< {} {last}", answer.code));
    }

    /// The error that ends this call, with all that is known by now.
    pub(crate) fn fail(&mut self, cause: Cause) -> Error {
        let error = Error::new(cause, self.record.clone());
        self.say(Level::Error, || error.to_string());
        error
    }

    /// A channel that can't go on.
    pub(crate) fn fault(&mut self, fault: Fault) -> Error {
        let cause = self.cause(fault);
        self.fail(cause)
    }

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
        }
    }

    /// A cause from below, with the whole call's deadline told from the stage's.
    pub(crate) fn fail_network(&mut self, cause: Cause) -> Error {
        match cause {
            Cause::Timeout { .. } => self.fault(Fault::TimedOut),
            cause => self.fail(cause),
        }
    }
}

//! What goes along with one send: the record, the patience, the log, and the forms of the secret
//! that no shown text may have.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::channel::Fault;
use crate::credential::Reason;
use crate::deadline::{Deadline, Timeouts};
use crate::error::{Answer, Cause, Error, Outcome, Record, ReplyFault, Stage};
use crate::log::{Level, Log};
use crate::proto::reply::{self, Reply};
use crate::proto::show::{MAX_SHOWN, Scrubber, escape};

use super::owners::Owners;

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
    pub(crate) scrubber: Scrubber,
    log: Log<'a>,
    /// The stage that whoever watches was told last. Of several messages he keeps that himself.
    told: Option<Stage>,
    timeouts: Timeouts,
    overall: Deadline,
    /// The same of the message that was begun last.
    begun: Deadline,
    stage_deadline: Deadline,
    /// Those whose messages these are, if each message has an owner of its own.
    owners: Option<&'a dyn Owners>,
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
            scrubber: Scrubber::default(),
            log,
            told: None,
            timeouts,
            overall,
            begun: overall,
            stage_deadline: overall,
            owners: None,
        }
    }

    /// From here on each message has an owner, who may give it up, and whose patience for the whole
    /// begins with it: that of the first one has begun.
    pub(crate) fn set_owners(&mut self, owners: &'a dyn Owners, first: u64) {
        self.owners = Some(owners);
        self.begun = owners.until(first, self.overall);
        self.set_overall(self.begun);
    }

    pub(super) fn owners(&self) -> Option<&'a dyn Owners> {
        self.owners
    }

    /// What is told from here on is about this message.
    pub(super) fn about(&mut self, message: u64) {
        if self.owners.is_some() {
            self.log.tell(|watcher| watcher.about(message));
        }
    }

    /// The deadline of a message that begins now; the first one's has begun before.
    pub(super) fn begin_message(&mut self, number: u64, first: bool) {
        let Some(owners) = self.owners else {
            return;
        };
        self.about(number);
        self.log.tell(|watcher| watcher.stage(Stage::Mail));
        if !first {
            self.begun = owners.until(number, self.timeouts.overall());
        }
    }

    /// When the message that was begun last must be over.
    pub(super) fn until(&self) -> Deadline {
        match self.owners {
            Some(_) => self.begun,
            None => self.overall,
        }
    }

    /// The whole patience that counts now is that of the message that has waited longest.
    pub(super) fn set_overall(&mut self, until: Deadline) {
        if self.owners.is_some() && until != self.overall {
            self.overall = until;
            self.restart_clock();
        }
    }

    /// Begins a stage: its clock runs from here, whatever drips in.
    pub(crate) fn enter(&mut self, stage: Stage) {
        self.record.stage = stage;
        if self.told.replace(stage) != Some(stage) || self.owners.is_some() {
            self.log.tell(|watcher| watcher.stage(stage));
        }
        self.restart_clock();
    }

    /// Begins anew on another connection, after a token was refused. What left the machine stays
    /// on the record; what was said and met belongs to the connection that is gone.
    pub(crate) fn renew(&mut self) {
        self.reason = Reason::Refused;
        self.record.outcome = Outcome::NotSent;
        self.record.answer = None;
        self.record.peer = None;
    }

    /// Tells how much of the content the system has taken.
    pub(crate) fn progress(&mut self, written: u64, total: Option<u64>) {
        self.log.tell(|watcher| watcher.progress(written, total));
    }

    /// Tells what the server answered to a recipient, which stands in the record.
    pub(crate) fn heard(&mut self, index: usize) {
        if let Some(recipient) = self.record.recipients.get(index) {
            self.log.tell(|watcher| watcher.recipient(index, recipient));
        }
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

    /// Whether somebody wants to see each command and reply.
    pub(crate) fn wants_lines(&self) -> bool {
        self.log.wants(Level::Debug)
    }

    /// Writes a reply to the log.
    pub(crate) fn log_reply(&mut self, reply: &Reply) {
        if !self.log.wants(Level::Debug) {
            return;
        }
        if reply.code == 334 {
            // Salt, nonces and the server's proof are what a password can be guessed from.
            let size: usize = reply.lines().map(<[u8]>::len).sum();
            return self.say(Level::Debug, || format!("< 334 ({size} octets not shown)"));
        }
        let answer = self.answer(reply);
        self.log_answer(&answer);
    }

    /// The same of a reply that is not to a login.
    pub(crate) fn log_answer(&mut self, answer: &Answer) {
        if !self.wants_lines() {
            return;
        }
        let (lines, last) = answer.text.rsplit_once('\n').unwrap_or(("", &answer.text));
        for line in lines.lines() {
            self.say(Level::Debug, || format!("< {}-{line}", answer.code));
        }
        self.say(Level::Debug, || format!("< {} {last}", answer.code));
    }

    /// A reply, fit to be shown.
    pub(crate) fn answer(&self, reply: &Reply) -> Arc<Answer> {
        let mut text = String::new();
        for (index, line) in reply.lines().enumerate() {
            let shown = |room| escape(&self.scrubber.scrub(line), room);
            if index == 0 {
                text = shown(MAX_SHOWN);
                continue;
            }
            text.push('\n');
            let room = MAX_SHOWN.saturating_sub(text.chars().count());
            text.push_str(&shown(room));
            if text.ends_with('…') {
                break;
            }
        }
        Arc::new(Answer {
            code: reply.code,
            enhanced: reply.enhanced(),
            text,
        })
    }

    /// Words that a server said in another form than a reply's, as one line.
    pub(crate) fn words(&self, code: u16, said: &[u8]) -> Arc<Answer> {
        Arc::new(Answer {
            code,
            enhanced: None,
            text: escape(&self.scrubber.scrub(said), MAX_SHOWN),
        })
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

    /// What can't be read as a reply.
    pub(crate) fn malformed(&self, fault: ReplyFault, received: &[u8]) -> Cause {
        // Scrubbed whole: of a secret that was cut, a part would be left.
        let scrubbed = self.scrubber.scrub(received);
        let shown = match fault {
            ReplyFault::Mismatch => reply::from_mismatch(&scrubbed),
            _ => &scrubbed,
        };
        let sample = escape(shown, 80);
        Cause::Malformed { fault, sample }
    }

    /// A reply that ends the call: 421 where anything else may be said, or one that does not fit.
    pub(crate) fn unexpected(&mut self, reply: &Reply, expected: &'static str) -> Error {
        self.record.answer = Some(self.answer(reply));
        match reply.code {
            421 => self.fail(Cause::Closing),
            _ => self.fail(Cause::Unexpected { expected }),
        }
    }

    /// Sets the outcome of the message and of each recipient that it concerns.
    pub(crate) fn conclude(&mut self, outcome: Outcome, answer: Option<&Arc<Answer>>) {
        self.record.outcome = outcome;
        for recipient in &mut self.record.recipients {
            if recipient.outcome != Outcome::Refused {
                recipient.outcome = outcome;
                recipient.answer = answer.or(recipient.answer.as_ref()).cloned();
            }
        }
    }
}

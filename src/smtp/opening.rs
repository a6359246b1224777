//! The opening of a connection, from resolving to the login: what is known of it, for the error that ends it
//! and for the messages that follow.

use std::sync::Arc;

use super::context::Context;
use super::redactor::Redactor;
use crate::channel::Fault;
use crate::credential::Reason;
use crate::deadline::Deadline;
use crate::error::{Cause, Error, Outcome, Peer, Record, Stage};
use crate::log::Level;

/// A connection that is being opened.
#[derive(Debug)]
pub struct Opening<'o, 'c> {
    /// The log and the timeouts of the call.
    pub(super) cx: &'o mut Context<'c>,
    /// The record for an error of the opening.
    pub(super) record: Record,
    /// The reason for which a secret is asked for, if one is.
    pub(super) reason: Reason,
    /// The secrets of a login that was refused, for the session of the next attempt.
    pub(super) redactor: Redactor,
}

impl<'o, 'c> Opening<'o, 'c> {
    /// An opening for a message or a probe, of which `record` is known.
    pub fn new(cx: &'o mut Context<'c>, record: Record) -> Self {
        Self {
            cx,
            record,
            reason: Reason::First,
            redactor: Redactor::default(),
        }
    }

    /// Begins anew on another connection, after a token was refused. What left the machine stays
    /// on the record; the reply and the peer belong to the connection that is gone.
    pub(crate) fn renew(&mut self) {
        self.reason = Reason::Refused;
        self.record.outcome = Outcome::NotSent;
        self.record.reply = None;
        self.record.peer = None;
    }

    /// The part of the record that each message over the connection has.
    #[must_use]
    pub fn connection_record(&self) -> ConnectionRecord {
        ConnectionRecord {
            peer: self.record.peer.clone(),
            stage: self.record.stage,
            secret_released: self.record.secret_released,
        }
    }

    /// The log and the timeouts of the call.
    pub(crate) fn context(&mut self) -> &mut Context<'c> {
        self.cx
    }

    /// Begins a stage.
    pub(crate) fn enter(&mut self, stage: Stage) {
        self.record.stage = stage;
        self.cx.enter(stage);
    }

    /// The current stage's deadline, or the whole call's if that is earlier.
    pub(crate) fn deadline(&self) -> Deadline {
        self.cx.deadline()
    }

    /// Writes a line to the log.
    pub(crate) fn say(&mut self, level: Level, text: impl FnOnce() -> String) {
        self.cx.say_at(level, self.record.stage, text);
    }

    /// The error that ends the opening, with all that is known by now.
    pub(crate) fn fail(&mut self, cause: Cause) -> Error {
        self.cx.fail(cause, self.record.clone())
    }

    /// The error of a channel that can't go on.
    pub(crate) fn fault(&mut self, fault: Fault) -> Error {
        let cause = self.cx.cause(fault);
        self.fail(cause)
    }

    /// The error of a cause in `net`; of a timeout, which one it was.
    pub(crate) fn fail_network(&mut self, cause: Cause) -> Error {
        match cause {
            Cause::Timeout { .. } => self.fault(Fault::TimedOut),
            cause => self.fail(cause),
        }
    }
}

/// The part of a message's record that is its connection's.
#[derive(Debug, Clone)]
pub struct ConnectionRecord {
    peer: Option<Arc<Peer>>,
    stage: Stage,
    secret_released: bool,
}

impl ConnectionRecord {
    /// The record with which each message over the connection begins; `reused` if another message was begun
    /// before.
    #[must_use]
    pub fn message_record(&self, reused: bool) -> Record {
        Record {
            reused,
            peer: self.peer.clone(),
            stage: self.stage,
            secret_released: self.secret_released,
            ..Record::default()
        }
    }
}

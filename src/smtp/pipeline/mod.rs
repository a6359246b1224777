//! The SMTP client after the login, without I/O (RFC 5321 section 3.3, RFC 2920, RFC 3030): which
//! command or content may be queued next, which reply belongs to which command, and what became of
//! each message. The driver moves the bytes.
//!
//! With PIPELINING the commands of a message go together, and with CHUNKING the content goes with
//! them: MAIL, RCPT and BDAT LAST in one group, unless several recipients are to be all or nothing:
//! then no content and no DATA is queued before each of them is accepted. The next message follows
//! without waiting for the replies to the one before. Without PIPELINING it is one command at a time.
//!
//! MAIL after BDAT LAST in one group is a step beyond the letter of RFC 2920 and RFC 3030, which
//! known servers take; a window of one message leaves it out. RSET precedes each MAIL whose
//! predecessor is not known to be over: a refused BDAT may leave its transaction open, and the next
//! MAIL would be nested in it.

mod events;
mod failure;
mod outgoing;
mod pending_replies;
mod transactions;
#[cfg(test)]
mod walk_tests;

use self::events::EventQueue;
use self::outgoing::{Action, EnvelopeCommand, OutgoingMessage, ReplyState};
use self::pending_replies::{PendingReplies, ReceivedReply};
use self::transactions::{Serial, Transactions};
use super::redactor::{Redactor, ReplyCache};
use super::transaction::{CommandKind, ReplyEffect, Transaction, WriteProgress, is_acceptance};
use super::wire::reply::Reply;
use super::wire::transaction_commands::{MailParameters, bdat};
use crate::deadline::Deadline;
use crate::error::{Cause, Record, Stage};
use crate::message::Prepared;

pub(super) use events::{Event, EventFilter};
pub(super) use failure::{Failure, FailureScope, unsolicited};

/// The offered extensions that decide how commands follow each other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Features {
    pub(super) pipelining: bool,
    pub(super) chunking: bool,
}

/// A message to be sent.
pub(super) struct NewMessage {
    pub(super) message: Prepared,
    pub(super) parameters: MailParameters,
    /// The record of the message and of the connection so far.
    pub(super) record: Record,
    /// The caller's number for it.
    pub(super) id: u64,
    pub(super) deadline: Deadline,
    /// True if nothing is outstanding and the last reply is old: a firewall may have forgotten the
    /// connection, and the content waits for the reply to MAIL, so that a dead connection never has a whole
    /// message.
    pub(super) is_idle: bool,
}

/// The driver's next action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Send the command that was appended.
    Send(CommandKind),
    /// Queue the next chunk or block of content.
    Content,
    /// Wait: nothing may be queued before a reply.
    Wait,
    /// Begin another message, if there is one: the latest is queued whole.
    Ready,
}

/// Bytes that were received and belong to no command yet, and the secrets that it must not show.
#[derive(Clone, Copy)]
pub(super) struct Unread<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) redactor: &'a Redactor,
}

/// True if more may follow over the connection.
#[derive(Debug)]
enum Continuation {
    /// Commands and messages.
    Open,
    /// No other message: RSET was refused.
    LastMessage,
    /// Nothing; the connection ends for this cause once the messages before the latest are reported.
    Ending(Cause),
    /// Nothing: the server said 421.
    Closing,
    /// Nothing: it has ended.
    Ended,
}

/// The protocol of one connection after the login.
pub(super) struct Pipeline {
    features: Features,
    /// The message that is being queued.
    outgoing: Option<OutgoingMessage>,
    transactions: Transactions,
    replies: PendingReplies,
    events: EventQueue,
    continuation: Continuation,
    /// True if the server may have an open transaction: the next begins with RSET.
    is_transaction_open: bool,
    /// Text queued since the connection began.
    queued: u64,
    rcpt_replies: ReplyCache,
}

impl Pipeline {
    /// The pipeline of a session that has sent `queued` bytes of text.
    pub(super) fn new(
        features: Features,
        is_transaction_open: bool,
        queued: u64,
        filter: EventFilter,
    ) -> Self {
        Self {
            features,
            outgoing: None,
            transactions: Transactions::default(),
            replies: PendingReplies::default(),
            events: EventQueue::new(filter),
            continuation: Continuation::Open,
            is_transaction_open,
            queued,
            rcpt_replies: ReplyCache::default(),
        }
    }

    /// Continues after an EHLO that was repeated while no message was in flight.
    pub(super) fn restart(&mut self, features: Features, is_transaction_open: bool, queued: u64) {
        self.features = features;
        self.is_transaction_open = is_transaction_open;
        self.queued = queued;
    }

    pub(super) fn features(&self) -> Features {
        self.features
    }

    /// Returns whether the server may have an open transaction.
    pub(super) fn is_transaction_open(&self) -> bool {
        self.is_transaction_open
    }

    /// Returns whether no other message may follow.
    pub(super) fn is_closed(&self) -> bool {
        !matches!(self.continuation, Continuation::Open)
    }

    /// Begins a message.
    pub(super) fn begin(&mut self, new: NewMessage) {
        let record = Record {
            stage: Stage::Mail,
            ..new.record
        };
        self.transactions.push(Transaction::new(
            record,
            new.id,
            new.deadline,
            self.queued,
            &new.message,
        ));
        self.outgoing = Some(OutgoingMessage::new(
            new.message,
            new.parameters,
            self.features,
            new.is_idle,
            self.is_transaction_open,
        ));
    }

    /// Text queued since the connection began.
    pub(super) fn queued(&self) -> u64 {
        self.queued
    }

    /// Messages whose last reply is not in.
    pub(super) fn len(&self) -> usize {
        self.transactions.len()
    }

    /// Text queued since the oldest of them began.
    pub(super) fn queued_of_open(&self) -> u64 {
        let oldest = self.transactions.oldest();
        oldest.map_or(0, |oldest| self.queued - oldest.begin)
    }

    pub(super) fn replies_taken(&self) -> u64 {
        self.replies.taken()
    }

    /// Returns whether no command waits for a reply.
    pub(super) fn is_quiet(&self) -> bool {
        self.replies.is_empty()
    }

    /// Decides what comes next, and appends the command to `out` if it is one.
    ///
    /// # Errors
    /// The reason why the connection must end.
    pub(super) fn step(&mut self, out: &mut Vec<u8>, unread: Unread<'_>) -> Result<Step, Failure> {
        if let Continuation::Ending(cause) = &self.continuation {
            let cause = cause.clone();
            let (latest, _) = self.transactions.latest()?;
            let mut others = self.transactions.unreported();
            return match others.all(|(serial, _)| serial == latest) {
                true => Err(cause.into()),
                false => Ok(Step::Wait),
            };
        }
        let awaits_reply = self.replies.awaits_reply();
        if awaits_reply && !self.features.pipelining {
            return Ok(Step::Wait);
        }
        let Some(outgoing) = &mut self.outgoing else {
            return Ok(Step::Ready);
        };
        let (_, latest) = self.transactions.latest()?;
        let state = ReplyState {
            awaits_reply,
            awaits_sender: self.replies.front().is_some_and(|due| due.is_of_sender()),
            is_refused: latest.is_refused(),
            has_envelope_replies: latest.has_envelope_replies(),
            has_content: latest.has_content(),
        };
        match outgoing.next_action(state) {
            Action::Command(command) => self.queue_command(command, out, unread),
            Action::Content => Ok(Step::Content),
            Action::Wait => Ok(Step::Wait),
            Action::Stop => {
                self.finish_outgoing()?;
                Ok(Step::Ready)
            }
        }
    }

    fn queue_command(
        &mut self,
        command: EnvelopeCommand,
        out: &mut Vec<u8>,
        unread: Unread<'_>,
    ) -> Result<Step, Failure> {
        let kind = command.kind();
        self.begin_command(kind, unread)?;
        let begin = out.len();
        let outgoing = self.outgoing.as_mut();
        let outgoing = outgoing.ok_or(Cause::Internal("a command of no message"))?;
        outgoing.write(command, out)?;
        self.queued += (out.len() - begin) as u64;
        self.is_transaction_open |= kind == CommandKind::Mail;
        self.expect_reply(kind)?;
        Ok(Step::Send(kind))
    }

    /// Queues a chunk of `size` bytes: appends BDAT to `out`, which the chunk has to follow.
    ///
    /// # Errors
    /// The reason why the connection must end.
    pub(super) fn queue_chunk(
        &mut self,
        size: usize,
        last: bool,
        out: &mut Vec<u8>,
        unread: Unread<'_>,
    ) -> Result<CommandKind, Failure> {
        let kind = match last {
            true => CommandKind::ContentEnd,
            false => CommandKind::Chunk,
        };
        self.begin_command(kind, unread)?;
        let begin = out.len();
        bdat(out, size, last);
        self.queued += (out.len() - begin) as u64;
        self.queue_content(size, last)?;
        self.expect_reply(kind)?;
        Ok(kind)
    }

    /// Queues a block of DATA's content, `size` bytes in its encoded form; the `last` one has the final
    /// dot.
    ///
    /// # Errors
    /// The reason why the connection must end.
    pub(super) fn queue_block(&mut self, size: usize, last: bool) -> Result<(), Failure> {
        self.queue_content(size, last)?;
        if last {
            self.replies.end_content(self.queued)?;
            // Whatever the reply to the dot, it ends the transaction (RFC 5321 section 4.1.1.4).
            self.is_transaction_open = false;
        }
        Ok(())
    }

    /// Notes the stage of the latest message, and fails if something was received although no command waits for
    /// a reply.
    fn begin_command(&mut self, kind: CommandKind, unread: Unread<'_>) -> Result<(), Failure> {
        let (_, latest) = self.transactions.latest()?;
        latest.record.stage = kind.stage(false);
        if !self.replies.is_empty() {
            return Ok(());
        }
        unsolicited(unread.bytes, unread.redactor).map_err(|(cause, reply)| Failure {
            cause,
            scope: FailureScope::Current,
            reply,
        })
    }

    fn queue_content(&mut self, size: usize, last: bool) -> Result<(), Cause> {
        let begin = self.queued;
        self.queued += size as u64;
        let (_, latest) = self.transactions.latest()?;
        latest.begin_content(begin);
        if last {
            latest.end_content(self.queued)?;
            self.finish_outgoing()?;
        }
        Ok(())
    }

    fn expect_reply(&mut self, kind: CommandKind) -> Result<(), Cause> {
        let (serial, latest) = self.transactions.latest()?;
        latest.replies_due += 1;
        self.replies.expect(kind, serial, self.queued);
        Ok(())
    }

    fn finish_outgoing(&mut self) -> Result<(), Cause> {
        self.outgoing = None;
        self.transactions.latest()?.1.all_queued = true;
        Ok(())
    }

    /// Matches what was received with the commands that wait for a reply. Returns the number of bytes
    /// that were taken, which are gone also when the connection can't go on.
    pub(super) fn input(
        &mut self,
        received: Unread<'_>,
        progress: WriteProgress,
    ) -> (usize, Result<(), Failure>) {
        let mut rest = received.bytes;
        let matched = loop {
            match self.replies.take(rest) {
                Ok(Some(reply)) => {
                    rest = reply.rest;
                    if let Err(failure) = self.on_reply(&reply, progress, received.redactor) {
                        break Err(failure);
                    }
                }
                Ok(None) => {
                    self.report_finished(progress);
                    break Ok(());
                }
                Err(fault) => break Err(received.redactor.malformed(fault, rest).into()),
            }
        };
        (received.bytes.len() - rest.len(), matched)
    }

    fn on_reply(
        &mut self,
        reply: &ReceivedReply<'_>,
        progress: WriteProgress,
        redactor: &Redactor,
    ) -> Result<(), Failure> {
        let of_oldest = |cause| Failure::new(cause, FailureScope::Oldest);
        let (due, code) = (reply.due, reply.code);
        let unsent = due.is_unsent(progress);
        let is_extra = self.is_one_too_many(reply);
        let is_closing = matches!(self.continuation, Continuation::Closing);
        let transaction = self.transactions.get_mut(due.transaction)?;
        transaction.take_due_reply()?;
        if is_extra {
            let reply = redactor.shown_reply(&Reply::scanned(code, reply.bytes));
            transaction.set_ambiguous(reply, unsent);
            return Err(of_oldest(Cause::Unsolicited));
        }
        let is_plain = due.is_of_sender() && is_acceptance(code) && !unsent;
        if is_plain && !self.events.wants_replies() && !transaction.is_closing() {
            transaction.on_plain_acceptance(due.command);
            return Ok(());
        }
        let shown = match due.command {
            CommandKind::Rcpt(_) => self.rcpt_replies.shown_reply(redactor, code, reply.bytes),
            _ => redactor.shown_reply(&Reply::scanned(code, reply.bytes)),
        };
        let id = transaction.id;
        let has_progress =
            due.command == CommandKind::ContentEnd && !unsent && !transaction.is_closing();
        let effect = transaction.on_reply(due.command, &shown, unsent, is_closing);
        if self.events.wants_replies() {
            let stage = transaction.record.stage;
            self.events.push(Event::Reply(id, stage, shown));
        }
        let wants_progress = self.events.wants_progress();
        if wants_progress
            && let Some(size) = transaction.size.filter(|_| has_progress && code != 421)
        {
            self.events.push(Event::Progress(id, size));
        }
        match effect.map_err(of_oldest)? {
            ReplyEffect::Recipient(index) if wants_progress => {
                let recipient = transaction.record.recipients.get(index);
                let recipient = recipient.ok_or(Cause::Internal("a reply to no recipient"))?;
                let event = Event::Recipient(id, index, recipient.clone());
                self.events.push(event);
            }
            ReplyEffect::Accepted if wants_progress => self.events.push(Event::Accepted(id)),
            ReplyEffect::None | ReplyEffect::Recipient(_) | ReplyEffect::Accepted => {}
        }
        match due.command {
            // From here on a reply is one to the content.
            CommandKind::Data if code == 354 => {
                transaction.replies_due += 1;
                self.replies.expect_content(due.transaction);
            }
            // Without RSET no other message can follow over this connection.
            CommandKind::Rset if code >= 400 => self.close_to_messages(),
            // A refused BDAT may leave the transaction open.
            CommandKind::ContentEnd if is_acceptance(code) => {
                self.is_transaction_open &= !self.transactions.is_latest(due.transaction);
            }
            _ => {}
        }
        self.report_finished(progress);
        Ok(())
    }

    fn close_to_messages(&mut self) {
        if let Continuation::Open = self.continuation {
            self.continuation = Continuation::LastMessage;
        }
    }

    /// Returns whether more replies came than commands were sent, which shows with the last reply. Where
    /// several commands went together it is not known which one was too many. A 421 is none.
    fn is_one_too_many(&self, reply: &ReceivedReply<'_>) -> bool {
        let is_last = self.replies.is_empty() && reply.due.command == CommandKind::ContentEnd;
        let has_more = !reply.rest.is_empty() && !reply.rest.starts_with(b"421");
        is_last && self.features.pipelining && has_more
    }

    /// Reports the messages whose last reply is in: they are the oldest.
    pub(super) fn report_finished(&mut self, progress: WriteProgress) {
        while let Some(transaction) = self.transactions.pop_over() {
            if !transaction.reported {
                let id = transaction.id;
                let result = transaction.into_result(progress);
                self.events.push(Event::Done(id, result));
            }
        }
    }

    /// The next thing that happened, in order.
    pub(super) fn poll_event(&mut self) -> Option<Event> {
        self.events.pop()
    }

    /// The message whose reply is due, and the stage in which it waits.
    pub(super) fn waiting(&self, progress: WriteProgress) -> Option<(u64, Stage)> {
        let due = self.replies.front()?;
        let transaction = self.transactions.get(due.transaction)?;
        Some((transaction.id, due.stage(progress)))
    }

    /// The deadline of the oldest message that has no outcome yet.
    pub(super) fn deadline(&self) -> Option<Deadline> {
        let oldest = self.transactions.unreported().next();
        oldest.map(|(_, oldest)| oldest.deadline)
    }

    /// Reports messages that the caller no longer waits for; their replies are still matched, and what is
    /// queued after them continues. Returns whether there were any.
    ///
    /// # Errors
    /// The connection has to end: no message is left that is waited for.
    pub(super) fn give_up(
        &mut self,
        is_given_up: impl Fn(&Transaction) -> bool,
        cause: &Cause,
        progress: WriteProgress,
    ) -> Result<bool, Failure> {
        let open = self.transactions.unreported().count();
        let given_up = self.transactions.unreported();
        let given_up = given_up.filter(|(_, one)| is_given_up(one)).count();
        if given_up == 0 {
            return Ok(false);
        }
        // Queued data still leaves while other messages on the connection are waited for.
        let progress = match given_up == open {
            true => progress,
            false => WriteProgress {
                sent: self.queued,
                partially_sent: self.queued,
            },
        };
        self.report_unfinished(progress, |_, one| {
            is_given_up(one).then(|| Reason::Waiting(cause.clone()))
        });
        if given_up == open {
            return Err(cause.clone().into());
        }
        // A message that was begun and can't be finished ends the connection, once those before it
        // are over.
        if self.outgoing.is_some() && self.transactions.latest()?.1.reported {
            self.continuation = Continuation::Ending(cause.clone());
        }
        Ok(true)
    }

    /// Reports messages before their last reply: those that have no result and for which there is a reason.
    fn report_unfinished(
        &mut self,
        progress: WriteProgress,
        reason: impl Fn(Serial, &Transaction) -> Option<Reason>,
    ) {
        let (replies, events) = (&self.replies, &mut self.events);
        self.transactions
            .for_each_unreported(|serial, transaction| {
                let (waiting, cause) = match reason(serial, transaction) {
                    None => return,
                    Some(Reason::Own(cause)) => (None, cause),
                    Some(Reason::Waiting(cause)) => {
                        let due = replies.of(serial);
                        (due.map(|due| due.stage(progress)), cause)
                    }
                };
                transaction.reported = true;
                let error = transaction.clone().into_error(progress, waiting, cause);
                events.push(Event::Done(transaction.id, Err(error)));
            });
    }

    /// Queues nothing more: the server said 421.
    pub(super) fn set_closing(&mut self) {
        self.continuation = Continuation::Closing;
    }

    /// Returns whether a message without an outcome has left as a whole.
    pub(super) fn is_in_doubt(&self, progress: WriteProgress) -> bool {
        let mut open = self.transactions.unreported();
        open.any(|(_, one)| one.is_sent(progress))
    }

    /// Notes that the server ended TLS after 421 without a reply to what followed: it did not process
    /// that (RFC 5321 section 4.2.1).
    pub(super) fn set_unprocessed(&mut self) {
        self.transactions.for_each(Transaction::set_unprocessed);
    }

    /// Reports the messages that were cancelled while the server closes.
    pub(super) fn report_cancelled(
        &mut self,
        is_cancelled: impl Fn(&Transaction) -> bool,
        progress: WriteProgress,
    ) {
        self.report_unfinished(progress, |_, one| {
            is_cancelled(one).then_some(Reason::Waiting(Cause::Cancelled))
        });
    }

    /// Notes the reply that shows why the connection can't go on.
    pub(super) fn note_reply(&mut self, failure: &Failure) {
        if let (FailureScope::Current, Ok((_, latest))) =
            (failure.scope, self.transactions.latest())
        {
            latest.record.reply.clone_from(&failure.reply);
        }
    }

    /// Ends it all: reports each message, and queues nothing more.
    pub(super) fn abort(&mut self, failure: &Failure, progress: WriteProgress) {
        let own = match failure.scope {
            FailureScope::Current => self.transactions.latest().ok().map(|(latest, _)| latest),
            // Each message to which the server replied 421 is known.
            FailureScope::Oldest if failure.cause != Cause::Closing => {
                Some(self.transactions.oldest_serial())
            }
            FailureScope::Oldest | FailureScope::Connection => None,
        };
        self.report_unfinished(progress, |serial, one| {
            Some(match own {
                _ if one.is_closing() => Reason::Own(failure.cause.clone()),
                Some(own) if own == serial => Reason::Own(failure.cause.clone()),
                Some(_) => Reason::Waiting(failure.cause.for_other_messages()),
                None => Reason::Waiting(failure.cause.clone()),
            })
        });
        self.transactions.clear();
        self.replies.clear();
        self.outgoing = None;
        self.continuation = Continuation::Ended;
    }
}

/// The reason why a message has its result before its last reply.
enum Reason {
    /// Its own reply or content; its stage is known.
    Own(Cause),
    /// Something else, while it waits for a reply.
    Waiting(Cause),
}

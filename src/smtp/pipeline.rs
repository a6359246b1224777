//! The SMTP client after the login, without I/O (RFC 5321 section 3.3, RFC 2920, RFC 3030): which
//! command or content may be queued next, which reply belongs to which command, and the outcome of
//! each message. The driver moves the bytes.
//!
//! With PIPELINING the commands of a message go together, and with CHUNKING the content goes with
//! them: MAIL, RCPT and BDAT LAST in one group, unless several recipients are to be all or nothing:
//! then no content and no DATA is queued before each of them is accepted. The next message follows
//! without waiting for the replies to the one before. Without PIPELINING it is one command at a time.
//!
//! MAIL behind BDAT LAST in one group is a step beyond the letter of RFC 2920 and RFC 3030, which
//! known servers accept; a window of one message leaves it out. RSET stands before each MAIL whose
//! predecessor is not known to be over: a refused BDAT may leave its transaction open, and the next
//! MAIL would be nested in it.

use std::collections::VecDeque;
use std::sync::Arc;

use super::redactor::Redactor;
use super::transaction::{CommandKind, Notice, Transaction, WriteProgress, is_acceptance};
use super::wire::reply;
use super::wire::reply::Reply;
use super::wire::transaction_commands::{DATA, MailParameters, RSET, bdat, mail, rcpt};
use crate::deadline::Deadline;
use crate::error::{Cause, Error, Recipient, Record, ServerReply, Stage};
use crate::message::Prepared;

/// The offered extensions that decide how commands follow each other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Features {
    pub(super) pipelining: bool,
    pub(super) chunking: bool,
}

/// The reply that a command waits for.
#[derive(Debug, Clone, Copy)]
struct PendingReply {
    command: CommandKind,
    /// The serial number of its transaction.
    transaction: u64,
    /// The end of the command in the connection's plaintext; `None` while its content is being queued.
    end: Option<u64>,
}

impl PendingReply {
    /// Returns whether it is the reply to MAIL, or to RSET before it.
    fn is_of_sender(&self) -> bool {
        matches!(self.command, CommandKind::Rset | CommandKind::Mail)
    }

    /// Returns whether part of the command has not left.
    fn is_unsent(self, progress: WriteProgress) -> bool {
        self.end.is_none_or(|end| end > progress.sent)
    }
}

/// The replies that content waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gate {
    None,
    /// MAIL's: the connection may be dead.
    Sender,
    /// Each recipient's: all of them are to be accepted, or none gets the message.
    Envelope,
}

/// The next step for the message that is being queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Command(CommandKind),
    /// BDAT or DATA, behind the gate.
    Content(Gate),
    /// A chunk of BDAT.
    Chunk,
    /// The content of DATA, behind 354.
    GoAhead,
    /// A block of DATA's content.
    Block,
}

/// The message that is being queued.
struct Current {
    message: Prepared,
    parameters: MailParameters,
    gate: Gate,
    next: Next,
}

/// A message that begins.
pub(super) struct Start {
    /// The record of the message and of the connection so far.
    pub(super) record: Record,
    /// The caller's number for it.
    pub(super) id: u64,
    pub(super) deadline: Deadline,
    /// True if nothing is outstanding and the last reply is old.
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

/// The events that are wanted besides results.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    /// Each reply, for the log.
    pub(super) replies: bool,
    /// Progress, and the replies to recipients.
    pub(super) notices: bool,
}

/// An event of a message.
#[derive(Debug)]
pub(super) enum Event {
    /// A reply, for the log.
    Reply(u64, Stage, Arc<ServerReply>),
    /// The recipient of this index has a reply.
    Recipient(u64, usize, Recipient),
    /// The whole content has left and has its reply.
    Progress(u64, u64),
    /// The content was accepted.
    Accepted(u64),
    /// The result, which is the last event of a message.
    Done(u64, Result<Record, Error>),
}

/// The messages whose failure a fault is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// All alike: the connection or the server as a whole failed.
    Connection,
    /// The oldest, whose reply it is.
    Oldest,
    /// The one that is being queued.
    Current,
}

/// The reason why the connection must end.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) cause: Cause,
    pub(super) scope: Scope,
    /// The reply that shows it, if it belongs to no transaction.
    pub(super) reply: Option<Arc<ServerReply>>,
}

impl Failure {
    pub(super) fn new(cause: Cause, scope: Scope) -> Self {
        Self {
            cause,
            scope,
            reply: None,
        }
    }
}

/// The last reply to a recipient, and its bytes: servers repeat it nearly always.
#[derive(Default)]
struct LastRcptReply(Option<(Vec<u8>, Arc<ServerReply>)>);

impl LastRcptReply {
    fn answer(&mut self, redactor: &Redactor, code: u16, bytes: &[u8]) -> Arc<ServerReply> {
        match &self.0 {
            Some((known, answer)) if known == bytes => Arc::clone(answer),
            _ => {
                let answer = redactor.answer(&Reply::scanned(code, bytes));
                self.0 = Some((bytes.to_vec(), Arc::clone(&answer)));
                answer
            }
        }
    }
}

/// The transactions of one connection whose outcome is open, oldest first.
pub(super) struct Pipeline {
    features: Features,
    wanted: Wanted,
    transactions: VecDeque<Transaction>,
    /// The serial number of the oldest transaction.
    oldest: u64,
    replies: VecDeque<PendingReply>,
    current: Option<Current>,
    /// True if the server may have an open transaction: the next begins with RSET.
    pub(super) is_transaction_open: bool,
    /// True if no other message may follow, because RSET was rejected.
    pub(super) is_closed: bool,
    /// Text queued since the connection began.
    queued: u64,
    /// Replies processed so far.
    replies_taken: u64,
    last_rcpt: LastRcptReply,
    events: VecDeque<Event>,
    /// The reason why the connection ends once the messages before the latest are reported.
    ending: Option<Cause>,
    /// True if the server sent 421: nothing more is queued.
    is_closing: bool,
}

impl Pipeline {
    /// For a session that has sent `queued` bytes of text.
    pub(super) fn new(
        features: Features,
        is_transaction_open: bool,
        queued: u64,
        wanted: Wanted,
    ) -> Self {
        Self {
            features,
            wanted,
            transactions: VecDeque::new(),
            oldest: 0,
            replies: VecDeque::new(),
            current: None,
            is_transaction_open,
            is_closed: false,
            queued,
            replies_taken: 0,
            last_rcpt: LastRcptReply::default(),
            events: VecDeque::new(),
            ending: None,
            is_closing: false,
        }
    }

    /// Go on behind an EHLO that was repeated while no message was under way.
    pub(super) fn restart(&mut self, features: Features, is_transaction_open: bool, queued: u64) {
        self.features = features;
        self.is_transaction_open = is_transaction_open;
        self.queued = queued;
    }

    pub(super) fn features(&self) -> Features {
        self.features
    }

    /// Begin a message. `is_idle` tells that the last reply is old: a firewall may have forgotten the
    /// connection, and the content waits for the reply to MAIL, so that a dead connection never has a
    /// whole message.
    pub(super) fn begin(&mut self, message: Prepared, parameters: MailParameters, start: Start) {
        let Start {
            mut record,
            id,
            deadline,
            is_idle,
        } = start;
        record.stage = Stage::Mail;
        let gate = match (
            message.is_partial() || message.recipients().len() == 1,
            is_idle,
        ) {
            (false, _) => Gate::Envelope,
            (true, true) => Gate::Sender,
            (true, false) => Gate::None,
        };
        let size = message.content().properties().size;
        let partial = message.is_partial();
        let mut transaction = Transaction::new(record, id, self.queued, size, partial);
        transaction.deadline = deadline;
        self.transactions.push_back(transaction);
        let first = match self.is_transaction_open {
            true => CommandKind::Rset,
            false => CommandKind::Mail,
        };
        self.current = Some(Current {
            message,
            parameters,
            gate,
            next: Next::Command(first),
        });
    }

    /// Messages whose outcome is open.
    pub(super) fn len(&self) -> usize {
        self.transactions.len()
    }

    /// Text queued since the oldest open message began.
    pub(super) fn queued_of_open(&self) -> u64 {
        let begin = self.transactions.front().map(|oldest| oldest.begin);
        begin.map_or(0, |begin| self.queued - begin)
    }

    pub(super) fn replies_taken(&self) -> u64 {
        self.replies_taken
    }

    /// Returns whether no command waits for a reply.
    pub(super) fn is_quiet(&self) -> bool {
        self.replies.is_empty()
    }

    /// Returns whether a completely queued command waits for its reply.
    fn awaits_reply(&self) -> bool {
        self.replies.front().is_some_and(|due| due.end.is_some())
    }

    /// Decide what comes next, and append the command to `out` if it is one. `unread` was received
    /// and belongs to no command.
    ///
    /// # Errors
    /// The reason why the connection must end.
    pub(super) fn step(
        &mut self,
        out: &mut Vec<u8>,
        unread: &[u8],
        redactor: &Redactor,
    ) -> Result<Step, Failure> {
        if let Some(cause) = &self.ending {
            let others = self.transactions.iter().rev().skip(1);
            return match others.into_iter().all(|other| other.reported) {
                true => Err(Failure::new(cause.clone(), Scope::Connection)),
                false => Ok(Step::Wait),
            };
        }
        loop {
            let awaits_reply = self.awaits_reply();
            if !self.features.pipelining && awaits_reply {
                return Ok(Step::Wait);
            }
            let (Some(current), Some(latest)) = (&mut self.current, self.transactions.back())
            else {
                return Ok(Step::Ready);
            };
            // DATA is the last command of a group (RFC 2920 section 3.1): its reply comes first.
            if current.next == Next::GoAhead && awaits_reply {
                return Ok(Step::Wait);
            }
            if latest.is_refused() && current.next != Next::Block {
                self.finish_current();
                return Ok(Step::Ready);
            }
            current.next = match current.next {
                Next::Command(command) => {
                    return self.queue_command(command, out, unread, redactor);
                }
                Next::Content(gate) => {
                    let passed = match gate {
                        Gate::None => true,
                        Gate::Sender => {
                            !self.replies.front().is_some_and(PendingReply::is_of_sender)
                        }
                        Gate::Envelope => latest.is_envelope_answered(),
                    };
                    match (passed, self.features.chunking) {
                        (false, _) => return Ok(Step::Wait),
                        (true, true) => Next::Chunk,
                        (true, false) => Next::Command(CommandKind::Data),
                    }
                }
                Next::GoAhead => Next::Block,
                // Behind the first chunk, which may go together with the envelope.
                Next::Chunk if latest.has_content() && !latest.is_envelope_answered() => {
                    return Ok(Step::Wait);
                }
                Next::Chunk | Next::Block => return Ok(Step::Content),
            };
        }
    }

    fn queue_command(
        &mut self,
        command: CommandKind,
        out: &mut Vec<u8>,
        unread: &[u8],
        redactor: &Redactor,
    ) -> Result<Step, Failure> {
        self.latest()?.record.stage = command.stage(false);
        self.check_unsolicited(unread, redactor)?;
        let Some(current) = &mut self.current else {
            return Err(internal("a command of no message"));
        };
        let begin = out.len();
        let message = &current.message;
        current.next = match command {
            CommandKind::Rset => {
                out.extend_from_slice(RSET);
                Next::Command(CommandKind::Mail)
            }
            CommandKind::Mail => {
                mail(
                    out,
                    message.sender(),
                    &current.parameters,
                    message.options(),
                );
                self.is_transaction_open = true;
                Next::Command(CommandKind::Rcpt(0))
            }
            CommandKind::Rcpt(index) => {
                let Some(address) = message.recipients().get(index) else {
                    return Err(internal("no recipient of this index"));
                };
                rcpt(out, address, index, message.options());
                match index + 1 < message.recipients().len() {
                    true => Next::Command(CommandKind::Rcpt(index + 1)),
                    false => Next::Content(current.gate),
                }
            }
            CommandKind::Data => {
                out.extend_from_slice(DATA);
                Next::GoAhead
            }
            CommandKind::Chunk | CommandKind::ContentEnd => {
                return Err(internal("content queued as a command"));
            }
        };
        self.queued += (out.len() - begin) as u64;
        self.await_reply(command, Some(self.queued))?;
        Ok(Step::Send(command))
    }

    /// Queue a chunk of `size` bytes: append BDAT to `out`, which the chunk has to follow.
    ///
    /// # Errors
    /// The reason why the connection must end.
    pub(super) fn queue_chunk(
        &mut self,
        size: usize,
        last: bool,
        out: &mut Vec<u8>,
        unread: &[u8],
        redactor: &Redactor,
    ) -> Result<CommandKind, Failure> {
        let command = match last {
            true => CommandKind::ContentEnd,
            false => CommandKind::Chunk,
        };
        self.latest()?.record.stage = command.stage(false);
        self.check_unsolicited(unread, redactor)?;
        let begin = out.len();
        bdat(out, size, last);
        self.queued += (out.len() - begin) as u64;
        let content = self.queued;
        self.queued += size as u64;
        self.await_reply(command, Some(self.queued))?;
        let end = self.queued;
        let latest = self.latest()?;
        latest.begin_content(content);
        if last {
            latest.end_content(end);
            self.finish_current();
        }
        Ok(command)
    }

    /// Queue a block of DATA's content, `size` bytes in its encoded form; the `last` one has the final
    /// dot.
    ///
    /// # Errors
    /// The reason why the connection must end.
    pub(super) fn queue_block(&mut self, size: usize, last: bool) -> Result<(), Failure> {
        let begin = self.queued;
        self.queued += size as u64;
        let end = self.queued;
        let latest = self.latest()?;
        latest.begin_content(begin);
        if last {
            latest.end_content(end);
            match self.replies.back_mut() {
                Some(due) if due.end.is_none() => due.end = Some(end),
                _ => return Err(internal("content without 354")),
            }
            // Whatever the reply to the dot, it ends the transaction (RFC 5321 section 4.1.1.4).
            self.is_transaction_open = false;
            self.finish_current();
        }
        Ok(())
    }

    fn latest(&mut self) -> Result<&mut Transaction, Failure> {
        let latest = self.transactions.back_mut();
        latest.ok_or_else(|| internal("no transaction"))
    }

    fn await_reply(&mut self, command: CommandKind, end: Option<u64>) -> Result<(), Failure> {
        let last = self.transactions.len() as u64 - 1;
        let transaction = self.oldest + last;
        let latest = self.latest()?;
        latest.replies_due += 1;
        self.replies.push_back(PendingReply {
            command,
            transaction,
            end,
        });
        Ok(())
    }

    fn finish_current(&mut self) {
        self.current = None;
        if let Some(latest) = self.transactions.back_mut() {
            latest.all_queued = true;
        }
    }

    /// Fail if something was received although no command waits for a reply.
    fn check_unsolicited(&self, unread: &[u8], redactor: &Redactor) -> Result<(), Failure> {
        if !self.replies.is_empty() {
            return Ok(());
        }
        unsolicited(unread, redactor).map_err(|(cause, reply)| Failure {
            cause,
            scope: Scope::Current,
            reply,
        })
    }

    /// Match what was received with the commands that wait for a reply. Returns the number of bytes
    /// that were consumed, also when the connection must end.
    pub(super) fn input(
        &mut self,
        received: &[u8],
        progress: WriteProgress,
        redactor: &Redactor,
    ) -> (usize, Result<(), Failure>) {
        let mut taken = 0;
        while let Some(due) = self.replies.front().copied() {
            let rest = received.get(taken..).unwrap_or_default();
            match reply::scan(rest) {
                Ok(Some((code, size))) => {
                    taken += size;
                    self.replies.pop_front();
                    self.replies_taken += 1;
                    let (bytes, more) = rest.split_at(size);
                    if let Err(failure) = self.on_reply(due, code, bytes, more, progress, redactor)
                    {
                        return (taken, Err(failure));
                    }
                }
                Ok(None) => break,
                Err(fault) => {
                    let cause = redactor.malformed(fault, rest);
                    return (taken, Err(Failure::new(cause, Scope::Connection)));
                }
            }
        }
        self.report_finished(progress);
        (taken, Ok(()))
    }

    fn on_reply(
        &mut self,
        due: PendingReply,
        code: u16,
        bytes: &[u8],
        more: &[u8],
        progress: WriteProgress,
        redactor: &Redactor,
    ) -> Result<(), Failure> {
        let of_oldest = |cause| Failure::new(cause, Scope::Oldest);
        let is_extra = self.is_one_too_many(due, more);
        let is_latest = due.transaction - self.oldest + 1 == self.transactions.len() as u64;
        let index = usize::try_from(due.transaction - self.oldest).unwrap_or(usize::MAX);
        let Some(transaction) = self.transactions.get_mut(index) else {
            return Err(internal("a reply of no transaction"));
        };
        transaction.replies_due = match transaction.replies_due.checked_sub(1) {
            Some(due) => due,
            None => return Err(internal("more replies than commands")),
        };
        let unsent = due.is_unsent(progress);
        if is_extra {
            transaction.set_ambiguous(redactor.answer(&Reply::scanned(code, bytes)), unsent);
            return Err(of_oldest(Cause::Unsolicited));
        }
        let is_plain = due.is_of_sender() && is_acceptance(code) && !unsent;
        if is_plain && !self.wanted.replies && !transaction.is_closing {
            transaction.record.answered |= due.command != CommandKind::Rset;
            transaction.record.stage = due.command.stage(false);
            return Ok(());
        }
        let answer = match due.command {
            CommandKind::Rcpt(_) => self.last_rcpt.answer(redactor, code, bytes),
            _ => redactor.answer(&Reply::scanned(code, bytes)),
        };
        let id = transaction.id;
        let was_closing = transaction.is_closing;
        let notice = transaction.on_reply(due.command, &answer, unsent, self.is_closing);
        if self.wanted.replies {
            let stage = transaction.record.stage;
            self.events
                .push_back(Event::Reply(id, stage, Arc::clone(&answer)));
        }
        if let (CommandKind::ContentEnd, false, Some(size)) =
            (due.command, unsent, transaction.size)
            && self.wanted.notices
            && code != 421
            && !was_closing
        {
            self.events.push_back(Event::Progress(id, size));
        }
        match notice.map_err(of_oldest)? {
            Notice::None => {}
            _ if !self.wanted.notices => {}
            Notice::Recipient(index) => {
                if let Some(recipient) = transaction.record.recipients.get(index) {
                    let event = Event::Recipient(id, index, recipient.clone());
                    self.events.push_back(event);
                }
            }
            Notice::Accepted => self.events.push_back(Event::Accepted(id)),
        }
        match due.command {
            // From here on a reply is one to the content.
            CommandKind::Data if code == 354 => self.await_reply(CommandKind::ContentEnd, None)?,
            // Without RSET no other message can follow over this connection.
            CommandKind::Rset if code >= 400 => self.is_closed = true,
            // A refused BDAT may leave the transaction open.
            CommandKind::ContentEnd if is_acceptance(code) && is_latest => {
                self.is_transaction_open = false;
            }
            _ => {}
        }
        self.report_finished(progress);
        Ok(())
    }

    /// Returns whether more replies came than commands were sent, which shows with the last reply. Where
    /// several commands were sent together it is not known which reply was too many. A 421 does not count.
    fn is_one_too_many(&self, due: PendingReply, more: &[u8]) -> bool {
        let last = self.replies.is_empty() && due.command == CommandKind::ContentEnd;
        last && self.features.pipelining && !more.is_empty() && !more.starts_with(b"421")
    }

    /// Report the messages whose last reply is in: they are the oldest.
    pub(super) fn report_finished(&mut self, progress: WriteProgress) {
        while self.transactions.front().is_some_and(Transaction::is_over) {
            let Some(transaction) = self.transactions.pop_front() else {
                return;
            };
            self.oldest += 1;
            if !transaction.reported {
                let id = transaction.id;
                let result = transaction.into_result(progress);
                self.events.push_back(Event::Done(id, result));
            }
        }
    }

    /// The next thing that happened, in order.
    pub(super) fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// The message whose reply is due, and the stage in which it waits.
    pub(super) fn waiting(&self, progress: WriteProgress) -> Option<(u64, Stage)> {
        let due = self.replies.front()?;
        let index = usize::try_from(due.transaction - self.oldest).ok()?;
        let stage = due.command.stage(due.is_unsent(progress));
        Some((self.transactions.get(index)?.id, stage))
    }

    /// The deadline of the oldest message that has no outcome yet.
    pub(super) fn deadline(&self) -> Option<Deadline> {
        let mut open = self.transactions.iter().filter(|one| !one.reported);
        open.next().map(|oldest| oldest.deadline)
    }

    /// Report messages that the caller no longer waits for; their replies are still matched, and what is
    /// queued behind them goes on. Returns whether there were any.
    ///
    /// # Errors
    /// The connection has to end: no message is left that is waited for.
    pub(super) fn give_up(
        &mut self,
        is_given_up: impl Fn(&Transaction) -> bool,
        cause: &Cause,
        progress: WriteProgress,
    ) -> Result<bool, Failure> {
        let open = self.transactions.iter().filter(|one| !one.reported).count();
        let which: Vec<_> = self.open_where(is_given_up);
        if which.is_empty() {
            return Ok(false);
        }
        // Queued data still leaves while other messages on the connection are waited for.
        let progress = match open > which.len() {
            true => WriteProgress {
                sent: self.queued,
                partially_sent: self.queued,
            },
            false => progress,
        };
        for index in which {
            let waiting = self.waiting_stage(index, progress);
            self.report(index, progress, waiting, cause.clone());
        }
        if self.transactions.iter().all(|one| one.reported) {
            return Err(Failure::new(cause.clone(), Scope::Connection));
        }
        // A message that was begun and can't be finished ends the connection, once those before it
        // are over.
        if self.current.is_some()
            && self
                .transactions
                .back()
                .is_some_and(|latest| latest.reported)
        {
            self.ending = Some(cause.clone());
        }
        Ok(true)
    }

    /// The places of the messages that are not reported and for which `is` holds.
    fn open_where(&self, is: impl Fn(&Transaction) -> bool) -> Vec<usize> {
        let all = self.transactions.iter().enumerate();
        let open = all.filter(|(_, one)| !one.reported && is(one));
        open.map(|(index, _)| index).collect()
    }

    fn waiting_stage(&self, index: usize, progress: WriteProgress) -> Option<Stage> {
        let serial = self.oldest + index as u64;
        let due = self.replies.iter().find(|due| due.transaction == serial)?;
        Some(due.command.stage(due.is_unsent(progress)))
    }

    fn report(
        &mut self,
        index: usize,
        progress: WriteProgress,
        waiting: Option<Stage>,
        cause: Cause,
    ) {
        let Some(transaction) = self.transactions.get_mut(index).filter(|one| !one.reported) else {
            return;
        };
        transaction.reported = true;
        let error = transaction.clone().into_error(progress, waiting, cause);
        self.events
            .push_back(Event::Done(transaction.id, Err(error)));
    }

    /// Queue nothing more, because the server sent 421.
    pub(super) fn set_closing(&mut self) {
        self.is_closing = true;
    }

    /// Returns whether a message without an outcome has left completely.
    pub(super) fn is_in_doubt(&self, progress: WriteProgress) -> bool {
        let mut open = self.transactions.iter().filter(|one| !one.reported);
        open.any(|one| one.is_sent(progress))
    }

    /// Note that the server ended TLS behind 421 without a reply to what followed: it did not process
    /// that (RFC 5321 section 4.2.1).
    pub(super) fn set_unprocessed(&mut self) {
        self.transactions
            .iter_mut()
            .for_each(Transaction::set_unprocessed);
    }

    /// Report the messages that were cancelled while the server closes.
    pub(super) fn report_cancelled(
        &mut self,
        is_cancelled: impl Fn(&Transaction) -> bool,
        progress: WriteProgress,
    ) {
        for index in self.open_where(is_cancelled) {
            let waiting = self.waiting_stage(index, progress);
            self.report(index, progress, waiting, Cause::Cancelled);
        }
    }

    /// Note the reply that shows why the connection can't go on.
    pub(super) fn note_reply(&mut self, failure: &Failure) {
        if let (Scope::Current, Some(latest)) = (failure.scope, self.transactions.back_mut()) {
            latest.record.reply.clone_from(&failure.reply);
        }
    }

    /// End it all: report each message, and queue nothing more.
    pub(super) fn abort(&mut self, failure: &Failure, progress: WriteProgress) {
        let own = match failure.scope {
            Scope::Current => self.transactions.len().checked_sub(1),
            // Each message to which the server said 421 is known.
            Scope::Oldest if failure.cause != Cause::Closing => Some(0),
            Scope::Oldest | Scope::Connection => None,
        };
        for index in 0..self.transactions.len() {
            let is_closing = self
                .transactions
                .get(index)
                .is_some_and(|one| one.is_closing);
            let (waiting, cause) = match own {
                _ if is_closing => (None, failure.cause.clone()),
                Some(own) if own == index => (None, failure.cause.clone()),
                Some(_) => (
                    self.waiting_stage(index, progress),
                    failure.cause.for_other_messages(),
                ),
                None => (self.waiting_stage(index, progress), failure.cause.clone()),
            };
            self.report(index, progress, waiting, cause);
        }
        self.transactions.clear();
        self.replies.clear();
        self.current = None;
        self.is_closed = true;
    }
}

/// The cause, if bytes were received although no command waits for a reply, and the reply if they
/// are one. A server may announce that it closes (RFC 5321 section 3.8).
pub(super) fn unsolicited(
    unread: &[u8],
    redactor: &Redactor,
) -> Result<(), (Cause, Option<Arc<ServerReply>>)> {
    match reply::parse(unread) {
        Ok(None) if unread.is_empty() => Ok(()),
        Ok(Some((reply, _))) => {
            let cause = match reply.code {
                421 => Cause::Closing,
                _ => Cause::Unsolicited,
            };
            Err((cause, Some(redactor.answer(&reply))))
        }
        _ => Err((Cause::Unsolicited, None)),
    }
}

fn internal(what: &'static str) -> Failure {
    Failure::new(Cause::Internal(what), Scope::Connection)
}

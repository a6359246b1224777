//! One mail transaction (RFC 5321 section 3.3): how much was queued for it, what the server has
//! replied, and which outcome follows. No I/O; positions are bytes of text since the connection began.

use std::sync::Arc;

use crate::deadline::Deadline;
use crate::error::{Cause, Error, Outcome, Recipient, Record, RejectedStep, ServerReply, Stage};
use crate::message::Prepared;

/// A command, which has one reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CommandKind {
    /// RSET, before this transaction's MAIL.
    Rset,
    Mail,
    /// RCPT for the recipient of this index.
    Rcpt(usize),
    Data,
    /// BDAT without LAST, and its bytes.
    Chunk,
    /// The end of the content: the final dot, or BDAT LAST and its bytes.
    ContentEnd,
}

impl CommandKind {
    /// The stage that waits for the reply; `unsent` while part of the command has not left.
    pub(super) fn stage(self, unsent: bool) -> Stage {
        match self {
            Self::Rset | Self::Mail => Stage::Mail,
            Self::Rcpt(_) => Stage::Rcpt,
            Self::Data => Stage::Data,
            Self::ContentEnd if !unsent => Stage::Reply,
            Self::Chunk | Self::ContentEnd => Stage::Content,
        }
    }

    /// The reply that lets the transaction go on, for messages.
    fn expected(self) -> &'static str {
        match self {
            Self::Rset => "250 to RSET",
            Self::Mail => "250 to MAIL",
            Self::Rcpt(_) => "250 to RCPT",
            Self::Data => "354 to DATA",
            Self::Chunk => "250 to BDAT",
            Self::ContentEnd => "250 to the content",
        }
    }
}

/// The part of the connection's plaintext that has left.
#[derive(Debug, Clone, Copy)]
pub(super) struct WriteProgress {
    /// Plaintext in records that the system has completely accepted: the peer may have read it.
    pub(super) sent: u64,
    /// Plaintext in records of which the system has accepted at least one byte.
    pub(super) partially_sent: u64,
}

/// The part of the content that is queued.
#[derive(Debug, Clone, Copy)]
enum Content {
    None,
    From {
        begin: u64,
    },
    /// Without the text before `end` the server has no whole message.
    Whole {
        begin: u64,
        end: u64,
    },
}

/// The decision of the replies so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Decision {
    /// Nothing yet: recipients accepted, and those without a reply.
    Open {
        accepted: usize,
        without_reply: usize,
    },
    Accepted,
    Refused(RejectedStep),
    /// The server ended the session before it came to the content.
    Unprocessed,
    /// Replies that can't be assigned to commands: a rejection among them may belong to another command.
    Ambiguous,
    /// The server said 421 to it.
    Closing(ClosingDecision),
}

/// The decision on a message to which the server said 421.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ClosingDecision {
    /// It was refused before.
    Refused(RejectedStep),
    /// The server has not accepted it.
    Unprocessed,
    /// The server may have accepted it.
    Open,
}

/// The part of a reply's effect that is reported at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReplyEffect {
    None,
    /// The recipient of this index has its reply.
    Recipient(usize),
    Accepted,
}

/// A transaction of which something was queued, and whose outcome is not reported.
#[derive(Clone)]
pub(super) struct Transaction {
    pub(super) record: Record,
    /// The caller's number for the message.
    pub(super) id: u64,
    /// The deadline of the message.
    pub(super) deadline: Deadline,
    /// The position of its first command.
    pub(super) begin: u64,
    /// Replies that are to come.
    pub(super) replies_due: usize,
    /// True if nothing more will be queued for it.
    pub(super) all_queued: bool,
    /// True if its outcome was reported before its last reply, which then has no effect.
    pub(super) reported: bool,
    content: Content,
    decision: Decision,
    /// Bytes of its content, where they are known.
    pub(super) size: Option<u64>,
    /// True to deliver to the accepted recipients when others are rejected.
    partial: bool,
}

impl Transaction {
    /// The transaction of a message whose first command begins at `begin`.
    pub(super) fn new(
        record: Record,
        id: u64,
        deadline: Deadline,
        begin: u64,
        message: &Prepared,
    ) -> Self {
        Self {
            decision: Decision::Open {
                accepted: 0,
                without_reply: record.recipients.len(),
            },
            record,
            id,
            deadline,
            begin,
            replies_due: 0,
            all_queued: false,
            reported: false,
            content: Content::None,
            size: message.content().properties().size,
            partial: message.is_partial(),
        }
    }

    /// Returns whether every reply is in.
    pub(super) fn is_over(&self) -> bool {
        self.all_queued && self.replies_due == 0
    }

    pub(super) fn is_refused(&self) -> bool {
        matches!(
            self.decision,
            Decision::Refused(_) | Decision::Closing(ClosingDecision::Refused(_))
        )
    }

    /// Returns whether the server said 421 to it.
    pub(super) fn is_closing(&self) -> bool {
        matches!(self.decision, Decision::Closing(_))
    }

    /// Counts a reply to one of its commands.
    ///
    /// # Errors
    /// [`Cause::Internal`] if none was due.
    pub(super) fn take_due_reply(&mut self) -> Result<(), Cause> {
        let left = self.replies_due.checked_sub(1);
        self.replies_due = left.ok_or(Cause::Internal("more replies than commands"))?;
        Ok(())
    }

    /// Takes a 2yz to RSET or MAIL, where no 421 came before: it decides nothing.
    pub(super) fn on_plain_acceptance(&mut self, command: CommandKind) {
        self.record.has_reply |= command != CommandKind::Rset;
        self.record.stage = command.stage(false);
    }

    /// Returns whether each RCPT has its reply, so that the content may follow, or the message is rejected.
    pub(super) fn has_envelope_replies(&self) -> bool {
        !matches!(
            self.decision,
            Decision::Open {
                without_reply: 1..,
                ..
            }
        )
    }

    /// Returns whether the whole message has left.
    pub(super) fn is_sent(&self, progress: WriteProgress) -> bool {
        matches!(self.content, Content::Whole { end, .. } if end <= progress.sent)
    }

    /// Returns whether any of its content is queued.
    pub(super) fn has_content(&self) -> bool {
        !matches!(self.content, Content::None)
    }

    /// Notes that content is queued from here on, unless some was before.
    pub(super) fn begin_content(&mut self, begin: u64) {
        if let Content::None = self.content {
            self.content = Content::From { begin };
        }
    }

    /// Notes where the content ends.
    ///
    /// # Errors
    /// [`Cause::Internal`] for content that was not begun, or has ended.
    pub(super) fn end_content(&mut self, end: u64) -> Result<(), Cause> {
        self.content = match self.content {
            Content::From { begin } => Content::Whole { begin, end },
            Content::None | Content::Whole { .. } => {
                return Err(Cause::Internal("an end of no content"));
            }
        };
        Ok(())
    }

    /// Notes that the server ended the session in order before it came to this message, unless it is the
    /// one to which it replied 421.
    pub(super) fn set_unprocessed(&mut self) {
        if !self.is_closing() && !self.is_refused() {
            self.decision = Decision::Unprocessed;
        }
    }

    /// Takes a reply to one of this transaction's commands; `unsent` if part of that has not left, and
    /// `closing` if the server sent 421 before, perhaps to another message.
    ///
    /// # Errors
    /// Why the connection can't go on: the reply does not fit, or nothing may follow it.
    pub(super) fn on_reply(
        &mut self,
        command: CommandKind,
        reply: &Arc<ServerReply>,
        unsent: bool,
        closing: bool,
    ) -> Result<ReplyEffect, Cause> {
        // A reply after a refusal does not move its stage.
        if !self.is_refused() {
            self.record.stage = command.stage(unsent);
        }
        if self.is_closing() {
            self.on_reply_after_421(command, reply.code);
            return Ok(ReplyEffect::None);
        }
        if unsent && !matches!(command, CommandKind::Chunk | CommandKind::ContentEnd) {
            return Err(Cause::Unsolicited);
        }
        let code = reply.code;
        // After a 421 every refusal to begin a message means the same.
        let begins = matches!(command, CommandKind::Rset | CommandKind::Mail);
        if code == 421 || closing && begins && code >= 400 {
            self.on_closing(command, reply)?;
            return Err(Cause::Closing);
        }
        self.record.has_reply |= command != CommandKind::Rset;
        let (accepted, refused) = (is_acceptance(code), code >= 400);
        let open = matches!(self.decision, Decision::Open { accepted, without_reply }
            if accepted > 0 || without_reply > 0);
        match command {
            CommandKind::Rset | CommandKind::Mail if accepted => Ok(ReplyEffect::None),
            // If more was queued after RSET, the server may have accepted that all the same.
            CommandKind::Rset if refused && self.replies_due == 0 => {
                self.refuse(RejectedStep::Session, reply)
            }
            CommandKind::Mail if refused => self.refuse(RejectedStep::Sender, reply),
            CommandKind::Rcpt(index) => self.on_recipient_reply(index, reply),
            CommandKind::Data if code == 354 && open => Ok(ReplyEffect::None),
            CommandKind::Chunk if accepted && open && !unsent => Ok(ReplyEffect::None),
            CommandKind::ContentEnd if accepted && open && !unsent => {
                self.decision = Decision::Accepted;
                set_outcome(&mut self.record, Outcome::Accepted, Some(reply));
                self.record.reply = Some(Arc::clone(reply));
                Ok(ReplyEffect::Accepted)
            }
            CommandKind::Data | CommandKind::Chunk | CommandKind::ContentEnd if refused => {
                self.refuse(RejectedStep::Content, reply)?;
                // In the middle of the content nothing may follow, least of all its end.
                match unsent {
                    true => Err(Cause::Rejected(RejectedStep::Content)),
                    false => Ok(ReplyEffect::None),
                }
            }
            // A server may answer so although it refused each recipient (RFC 2920 section 3.1). It has
            // not all of the content, so the rejection remains.
            CommandKind::Data if code == 354 => Err(self.unexpected(command, reply, unsent)),
            CommandKind::Chunk if accepted && !unsent => {
                Err(self.unexpected(command, reply, unsent))
            }
            // Neither acceptance nor rejection, or an acceptance after a rejection.
            _ => Err(self.ambiguous(command, reply, unsent)),
        }
    }

    /// 421 in place of the reply to MAIL or to the last recipient leaves no recipient to deliver to.
    fn on_closing(&mut self, command: CommandKind, reply: &Arc<ServerReply>) -> Result<(), Cause> {
        if !self.is_refused() {
            self.record.reply = Some(Arc::clone(reply));
        }
        let decision = match self.decision {
            Decision::Refused(what) => ClosingDecision::Refused(what),
            Decision::Unprocessed => ClosingDecision::Unprocessed,
            Decision::Open {
                accepted: 0,
                without_reply,
            } => {
                let without_reply = match command {
                    CommandKind::Rcpt(_) => one_less(without_reply)?,
                    CommandKind::Rset | CommandKind::Mail => 0,
                    _ => without_reply,
                };
                match without_reply {
                    0 => ClosingDecision::Unprocessed,
                    _ => ClosingDecision::Open,
                }
            }
            _ => ClosingDecision::Open,
        };
        self.decision = Decision::Closing(decision);
        Ok(())
    }

    /// Among the replies after a 421 to this message, only the one to the content shows whether the
    /// server may have accepted it.
    fn on_reply_after_421(&mut self, command: CommandKind, code: u16) {
        if command == CommandKind::ContentEnd && !self.is_refused() {
            self.decision = Decision::Closing(match code {
                400.. => ClosingDecision::Unprocessed,
                _ => ClosingDecision::Open,
            });
        }
    }

    fn on_recipient_reply(
        &mut self,
        index: usize,
        reply: &Arc<ServerReply>,
    ) -> Result<ReplyEffect, Cause> {
        let refused = match reply.code {
            code if is_acceptance(code) => false,
            400.. => true,
            _ => return Err(self.ambiguous(CommandKind::Rcpt(index), reply, false)),
        };
        // After a rejected MAIL the reply does not concern the recipient.
        let Decision::Open {
            accepted,
            without_reply,
        } = self.decision
        else {
            return Ok(ReplyEffect::None);
        };
        let recipient = self.record.recipients.get_mut(index);
        let recipient = recipient.ok_or(Cause::Internal("a reply to no recipient"))?;
        recipient.reply = Some(Arc::clone(reply));
        if refused {
            recipient.outcome = Outcome::Refused;
        }
        let accepted = accepted + usize::from(!refused);
        let without_reply = one_less(without_reply)?;
        self.decision = Decision::Open {
            accepted,
            without_reply,
        };
        if without_reply == 0 && (accepted == 0 || !self.partial) {
            let is_refused = |one: &&Recipient| one.outcome == Outcome::Refused;
            if let Some(first) = self.record.recipients.iter().find(is_refused) {
                self.record.reply.clone_from(&first.reply);
                self.record.outcome = Outcome::Refused;
                self.decision = Decision::Refused(RejectedStep::Recipient);
            }
        }
        Ok(ReplyEffect::Recipient(index))
    }

    /// The first rejection decides; later ones follow from it.
    fn refuse(
        &mut self,
        what: RejectedStep,
        reply: &Arc<ServerReply>,
    ) -> Result<ReplyEffect, Cause> {
        if !self.is_refused() {
            self.decision = Decision::Refused(what);
            self.record.reply = Some(Arc::clone(reply));
            match what {
                RejectedStep::Content => {
                    set_outcome(&mut self.record, Outcome::Refused, Some(reply))
                }
                _ => self.record.outcome = Outcome::Refused,
            }
        }
        Ok(ReplyEffect::None)
    }

    /// A reply that does not fit: those before it may belong to other commands too, a refusal among
    /// them.
    fn ambiguous(&mut self, command: CommandKind, reply: &Arc<ServerReply>, unsent: bool) -> Cause {
        self.forget_refusal();
        self.record.stage = command.stage(unsent);
        self.unexpected(command, reply, unsent)
    }

    /// Notes that more replies came than there were commands, which shows with this reply to the
    /// content: which one is whose is not known.
    pub(super) fn set_ambiguous(&mut self, reply: Arc<ServerReply>, unsent: bool) {
        self.forget_refusal();
        self.record.reply = Some(reply);
        self.record.stage = CommandKind::ContentEnd.stage(unsent);
    }

    fn forget_refusal(&mut self) {
        if self.is_refused() {
            self.record.outcome = Outcome::NotSent;
            self.record.reply = None;
            for recipient in &mut self.record.recipients {
                recipient.outcome = Outcome::NotSent;
            }
        }
        self.decision = Decision::Ambiguous;
    }

    fn unexpected(
        &mut self,
        command: CommandKind,
        reply: &Arc<ServerReply>,
        unsent: bool,
    ) -> Cause {
        if self.record.outcome != Outcome::Refused {
            self.record.reply = Some(Arc::clone(reply));
        }
        let fits = match command {
            CommandKind::Data => reply.code == 354,
            _ => is_acceptance(reply.code),
        };
        Cause::Unexpected {
            expected: match (unsent, fits) {
                (true, _) => "no reply before the content's end",
                (false, true) => "a refusal like the one before",
                (false, false) => command.expected(),
            },
        }
    }

    /// The result, when every reply is in.
    pub(super) fn into_result(mut self, progress: WriteProgress) -> Result<Record, Error> {
        if self.is_closing() {
            return Err(self.into_error(progress, None, Cause::Closing));
        }
        self.note_release(progress);
        match self.decision {
            Decision::Accepted => Ok(self.record),
            Decision::Refused(what) => Err(Error::new(Cause::Rejected(what), self.record)),
            _ => Err(self.into_error(
                progress,
                None,
                Cause::Internal("replies without a decision"),
            )),
        }
    }

    /// The error, when no more replies are awaited. `waiting` is the stage of the first command
    /// without a reply; `None` leaves the stage as it is.
    pub(super) fn into_error(
        mut self,
        progress: WriteProgress,
        waiting: Option<Stage>,
        cause: Cause,
    ) -> Error {
        self.note_release(progress);
        let is_unprocessed = match self.decision {
            Decision::Refused(what) | Decision::Closing(ClosingDecision::Refused(what)) => {
                return Error::new(Cause::Rejected(what), self.record);
            }
            Decision::Unprocessed | Decision::Closing(ClosingDecision::Unprocessed) => true,
            _ => false,
        };
        let whole = !is_unprocessed && self.is_sent(progress);
        if whole {
            set_outcome(&mut self.record, Outcome::Unknown, None);
        }
        if let Some(waiting) = waiting {
            self.record.stage = match whole {
                true => Stage::Reply,
                false if self.record.content_released => Stage::Content,
                false => waiting,
            };
        }
        Error::new(cause, self.record)
    }

    fn note_release(&mut self, progress: WriteProgress) {
        let (begin, end) = match self.content {
            Content::None => return,
            Content::From { begin } => (begin, None),
            Content::Whole { begin, end } => (begin, Some(end)),
        };
        self.record.content_released |= begin < progress.partially_sent;
        self.record.content_complete |= end.is_some_and(|end| end <= progress.sent);
    }
}

/// Returns whether a reply accepts RSET, MAIL, RCPT or the content: any 2yz does (RFC 5321 section 4.3.2).
pub(super) fn is_acceptance(code: u16) -> bool {
    (200..300).contains(&code)
}

/// Sets the outcome of the message and of each recipient that it concerns.
fn set_outcome(record: &mut Record, outcome: Outcome, reply: Option<&Arc<ServerReply>>) {
    record.outcome = outcome;
    for recipient in &mut record.recipients {
        if recipient.outcome != Outcome::Refused {
            recipient.outcome = outcome;
            recipient.reply = reply.or(recipient.reply.as_ref()).cloned();
        }
    }
}

fn one_less(count: usize) -> Result<usize, Cause> {
    count
        .checked_sub(1)
        .ok_or(Cause::Internal("more replies than recipients"))
}

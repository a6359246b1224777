//! One message on its way: what was asked of the server for it, and what each answer makes of it.
//! No channel in sight; positions are counted in octets of text from the connection's beginning.

use std::sync::Arc;

use crate::deadline::Deadline;
use crate::error::{Answer, Cause, Error, Outcome, Record, Refused, Stage};
use crate::log::Level;

use super::context::Context;

/// What was asked, and is to be answered by one reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// RSET, before this message's MAIL.
    Reset,
    Mail,
    /// RCPT for the recipient of this index.
    Rcpt(usize),
    Data,
    /// BDAT without LAST, and its octets.
    Chunk,
    /// The content's end: the lone dot, or BDAT LAST and its octets.
    End,
}

impl Asked {
    /// The stage that waits for the answer; `early` before all that is answered was written.
    pub(super) fn stage(self, early: bool) -> Stage {
        match self {
            Self::Reset | Self::Mail => Stage::Mail,
            Self::Rcpt(_) => Stage::Rcpt,
            Self::Data => Stage::Data,
            Self::End if !early => Stage::Answer,
            Self::Chunk | Self::End => Stage::Content,
        }
    }
}

/// How far the text of the connection has come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach {
    /// Text that the system has taken in whole records.
    pub(super) taken: u64,
    /// Text of whose records at least an octet was taken.
    pub(super) touched: u64,
}

/// A message whose first command was written, and whose outcome is open.
#[derive(Clone)]
pub(super) struct Flight {
    pub(super) record: Record,
    /// The caller's number for it.
    pub(super) tag: u64,
    /// When its owner's patience ends.
    pub(super) until: Deadline,
    /// Whether its outcome was told before its last answer was in: nobody waits for that.
    pub(super) told: bool,
    /// Where its first command begins.
    pub(super) begin: u64,
    /// Where its content begins, once that is known.
    pub(super) content: Option<u64>,
    /// Where it is complete, once that is known: without what stands before, the server has no
    /// whole message.
    pub(super) end: Option<u64>,
    /// Replies that are to come.
    pub(super) outstanding: usize,
    /// Whether nothing more will be written for it.
    pub(super) written: bool,
    /// What the server refused, if it refused the message.
    pub(super) refusal: Option<Refused>,
    /// Octets of its content, where they are known.
    size: Option<u64>,
    /// Whether to deliver to the accepted recipients when others are refused.
    partial: bool,
    /// Recipients accepted, and those not answered yet.
    accepted: usize,
    unanswered: usize,
    /// Whether the server can't have accepted it, whatever was written.
    void: bool,
    /// Whether the server said 421 to it.
    pub(super) closing: bool,
}

impl Flight {
    pub(super) fn new(
        record: Record,
        tag: u64,
        begin: u64,
        size: Option<u64>,
        partial: bool,
    ) -> Self {
        let unanswered = record.recipients.len();
        Self {
            record,
            tag,
            until: Deadline::NEVER,
            told: false,
            begin,
            content: None,
            end: None,
            outstanding: 0,
            written: false,
            refusal: None,
            size,
            partial,
            accepted: 0,
            unanswered,
            void: false,
            closing: false,
        }
    }

    /// Whether each RCPT was answered, and the content may follow.
    pub(super) fn envelope_is_accepted(&self) -> bool {
        self.unanswered == 0 && self.refusal.is_none()
    }

    /// A command was taken, and there is nothing to tell of it.
    pub(super) fn passed(&mut self, asked: Asked) {
        self.record.answered |= asked != Asked::Reset;
        self.record.stage = asked.stage(false);
        self.outstanding = self.outstanding.saturating_sub(1);
    }

    /// Takes an answer in. The flight's record is in `cx`. `early` if not all that was asked has
    /// been written; `closing` if 421 was said before, perhaps to another message.
    ///
    /// # Errors
    /// The connection can't go on: what was said does not fit, or nothing may follow it.
    pub(super) fn answered(
        &mut self,
        cx: &mut Context<'_>,
        asked: Asked,
        answer: &Arc<Answer>,
        early: bool,
        closing: bool,
    ) -> Result<(), Cause> {
        self.outstanding = self.outstanding.saturating_sub(1);
        if self.closing {
            self.answered_behind_421(asked, answer.code);
            return Ok(());
        }
        if early && !matches!(asked, Asked::Chunk | Asked::End) {
            return Err(Cause::Unsolicited);
        }
        // Behind a 421 whatever refuses to begin a message says the same.
        let begins = matches!(asked, Asked::Reset | Asked::Mail);
        if answer.code == 421 || closing && begins && answer.code >= 400 {
            self.closing = true;
            if self.refusal.is_none() {
                cx.record.answer = Some(Arc::clone(answer));
            }
            // Said in the place of the sender's or the last recipient's answer, it leaves nobody to
            // deliver to.
            self.unanswered = match asked {
                Asked::Rcpt(_) => self.unanswered.saturating_sub(1),
                Asked::Reset | Asked::Mail => 0,
                _ => self.unanswered,
            };
            self.void |= self.accepted == 0 && self.unanswered == 0;
            return Err(Cause::Closing);
        }
        cx.record.answered |= asked != Asked::Reset;
        if let (Asked::End, false, Some(size)) = (asked, early, self.size) {
            cx.progress(size, Some(size));
        }
        let code = answer.code;
        let (accepted, refused) = (is_acceptance(code), code >= 400);
        let open = self.refusal.is_none() && (self.accepted > 0 || self.unanswered > 0);
        match asked {
            Asked::Reset | Asked::Mail if accepted => Ok(()),
            // If more has been written behind RSET, the server may have accepted that all the same.
            Asked::Reset if refused && self.outstanding == 0 => {
                self.refuse(cx, Refused::Session, answer);
                Ok(())
            }
            Asked::Mail if refused => {
                self.refuse(cx, Refused::Sender, answer);
                Ok(())
            }
            Asked::Rcpt(index) => self.recipient(cx, index, answer),
            Asked::Data if code == 354 && open => Ok(()),
            Asked::Chunk if accepted && open && !early => Ok(()),
            Asked::End if accepted && open && !early => {
                cx.conclude(Outcome::Accepted, Some(answer));
                cx.record.answer = Some(Arc::clone(answer));
                cx.say(Level::Info, || "accepted".to_owned());
                Ok(())
            }
            Asked::Data | Asked::Chunk | Asked::End if refused => {
                self.refuse(cx, Refused::Content, answer);
                // In the middle of the content nothing may follow, least of all its end.
                match early {
                    true => Err(Cause::Refused(Refused::Content)),
                    false => Ok(()),
                }
            }
            // A server may say so although it refused each recipient (RFC 2920 section 3.1). It has
            // not all of the content, so the refusal stands.
            Asked::Data if code == 354 => Err(odd(cx, asked, answer, early)),
            Asked::Chunk if accepted && !early => Err(odd(cx, asked, answer, early)),
            // Neither yes nor no, or a yes behind a no.
            _ => Err(self.doubtful(cx, asked, answer, early)),
        }
    }

    /// Takes in what a server that goes on speaking says to the rest of a message to which it said 421: only the
    /// answer to the content shows whether it may have accepted that.
    fn answered_behind_421(&mut self, asked: Asked, code: u16) {
        if asked == Asked::End {
            self.void = code >= 400;
        }
    }

    fn recipient(
        &mut self,
        cx: &mut Context<'_>,
        index: usize,
        answer: &Arc<Answer>,
    ) -> Result<(), Cause> {
        self.unanswered = self.unanswered.saturating_sub(1);
        let refused = match answer.code {
            code if is_acceptance(code) => false,
            400.. => true,
            _ => return Err(self.doubtful(cx, Asked::Rcpt(index), answer, false)),
        };
        // Behind a refused MAIL the reply says nothing of the recipient.
        if self.refusal != Some(Refused::Sender) {
            self.accepted = self.accepted.saturating_add(usize::from(!refused));
            if let Some(slot) = cx.record.recipients.get_mut(index) {
                slot.answer = Some(Arc::clone(answer));
                if refused {
                    slot.outcome = Outcome::Refused;
                }
            }
            cx.heard(index);
        }
        if self.unanswered == 0 && self.refusal.is_none() {
            let mut list = cx.record.recipients.iter();
            let first = list.find(|one| one.outcome == Outcome::Refused);
            if let Some(first) = first
                && (self.accepted == 0 || !self.partial)
            {
                cx.record.answer = first.answer.clone();
                cx.record.outcome = Outcome::Refused;
                self.refusal = Some(Refused::Recipient);
            }
        }
        Ok(())
    }

    /// An answer that does not fit: those before it may be others' answers too, a refusal among them.
    fn doubtful(
        &mut self,
        cx: &mut Context<'_>,
        asked: Asked,
        answer: &Arc<Answer>,
        early: bool,
    ) -> Cause {
        if self.refusal.take().is_some() {
            forget_refusal(&mut cx.record);
        }
        cx.record.stage = asked.stage(early);
        odd(cx, asked, answer, early)
    }

    /// There is one reply more than commands, which shows with this reply to the content: which one is
    /// whose is not known.
    pub(super) fn doubt(&mut self, answer: Arc<Answer>, early: bool) {
        if self.refusal.take().is_some() {
            forget_refusal(&mut self.record);
        }
        self.record.answer = Some(answer);
        self.record.stage = Asked::End.stage(early);
    }

    /// The first refusal decides; what is refused behind it follows from it.
    fn refuse(&mut self, cx: &mut Context<'_>, what: Refused, answer: &Arc<Answer>) {
        if self.refusal.is_some() {
            return;
        }
        self.refusal = Some(what);
        cx.record.answer = Some(Arc::clone(answer));
        if what == Refused::Content {
            cx.conclude(Outcome::Refused, Some(answer));
        } else {
            cx.record.outcome = Outcome::Refused;
        }
    }

    /// The server closed in order before it came to this message, if it did not come to it.
    pub(super) fn was_not_looked_at(&mut self) {
        self.void |= !self.closing;
    }

    /// What became of it, all being answered.
    pub(super) fn complete(mut self, cx: &mut Context<'_>, reach: Reach) -> Result<Record, Error> {
        if self.closing {
            return Err(self.cut_off(cx, reach, None, Cause::Closing));
        }
        self.note_release(reach);
        std::mem::swap(&mut cx.record, &mut self.record);
        let result = match self.refusal {
            Some(what) => Err(cx.fail(Cause::Refused(what))),
            None => Ok(()),
        };
        std::mem::swap(&mut cx.record, &mut self.record);
        result.map(|()| self.record)
    }

    /// What became of it, nothing more being to come. `waiting` is the stage of the first question
    /// that was not answered; without it the stage stays as it is.
    pub(super) fn cut_off(
        mut self,
        cx: &mut Context<'_>,
        reach: Reach,
        waiting: Option<Stage>,
        cause: Cause,
    ) -> Error {
        self.note_release(reach);
        std::mem::swap(&mut cx.record, &mut self.record);
        let whole = !self.void && self.end.is_some_and(|end| end <= reach.taken);
        let error = match self.refusal {
            Some(what) => cx.fail(Cause::Refused(what)),
            None => {
                if whole {
                    cx.conclude(Outcome::Unknown, None);
                }
                cx.record.stage = match waiting {
                    None => cx.record.stage,
                    Some(_) if whole => Stage::Answer,
                    Some(_) if cx.record.content_released => Stage::Content,
                    Some(stage) => stage,
                };
                cx.fail(cause)
            }
        };
        std::mem::swap(&mut cx.record, &mut self.record);
        error
    }

    fn note_release(&mut self, reach: Reach) {
        let begun = self.content.is_some_and(|begin| begin < reach.touched);
        self.record.content_released |= begun;
        self.record.content_complete |= self.end.is_some_and(|end| end <= reach.taken);
    }
}

/// Whether RSET, MAIL, RCPT or content is accepted: any 2yz does (RFC 5321 section 4.3.2).
pub(super) fn is_acceptance(code: u16) -> bool {
    (200..300).contains(&code)
}

/// What was refused may have been another's refusal.
fn forget_refusal(record: &mut Record) {
    record.outcome = Outcome::NotSent;
    record.answer = None;
    for recipient in &mut record.recipients {
        recipient.outcome = Outcome::NotSent;
    }
}

/// A reply that does not fit.
fn odd(cx: &mut Context<'_>, asked: Asked, answer: &Arc<Answer>, early: bool) -> Cause {
    if cx.record.outcome != Outcome::Refused {
        cx.record.answer = Some(Arc::clone(answer));
    }
    let fits = match asked {
        Asked::Data => answer.code == 354,
        _ => is_acceptance(answer.code),
    };
    Cause::Unexpected {
        expected: match asked {
            _ if early => "no reply before the content's end",
            _ if fits => "a refusal like the one before",
            Asked::Reset => "250 to RSET",
            Asked::Mail => "250 to MAIL",
            Asked::Rcpt(_) => "250 to RCPT",
            Asked::Data => "354 to DATA",
            Asked::Chunk => "250 to BDAT",
            Asked::End => "250 to the content",
        },
    }
}

//! The message that is being queued: which of its commands or content comes next, and which replies that has
//! to wait for.

use super::super::transaction::CommandKind;
use super::super::wire::transaction_commands::{DATA, MailParameters, RSET, mail, rcpt};
use super::Features;
use crate::error::Cause;
use crate::message::Prepared;

/// The replies that content waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gate {
    None,
    /// MAIL's: the connection may be dead.
    Sender,
    /// Each recipient's: all of them are to be accepted, or none gets the message.
    Envelope,
}

/// A command that is queued without content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EnvelopeCommand {
    Rset,
    Mail,
    /// RCPT for the recipient of this index.
    Rcpt(usize),
    Data,
}

impl EnvelopeCommand {
    pub(super) fn kind(self) -> CommandKind {
        match self {
            Self::Rset => CommandKind::Rset,
            Self::Mail => CommandKind::Mail,
            Self::Rcpt(index) => CommandKind::Rcpt(index),
            Self::Data => CommandKind::Data,
        }
    }
}

/// The next step for the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Command(EnvelopeCommand),
    /// BDAT or DATA, after the gate.
    Content,
    /// A chunk of BDAT.
    Chunk,
    /// The content of DATA, after 354.
    GoAhead,
    /// A block of DATA's content.
    Block,
}

/// The state of the message by the replies so far.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReplyState {
    /// A command that is queued whole waits for its reply.
    pub(super) awaits_reply: bool,
    /// The reply to MAIL, or to RSET before it, is the next.
    pub(super) awaits_sender: bool,
    pub(super) is_refused: bool,
    /// Each RCPT has its reply.
    pub(super) has_envelope_replies: bool,
    /// Part of the content is queued.
    pub(super) has_content: bool,
}

/// The next thing to queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Command(EnvelopeCommand),
    /// A chunk or block of content.
    Content,
    /// Nothing before a reply.
    Wait,
    /// Nothing more: the message is refused.
    Stop,
}

/// The message that is being queued.
pub(super) struct OutgoingMessage {
    message: Prepared,
    parameters: MailParameters,
    features: Features,
    gate: Gate,
    next: Next,
}

impl OutgoingMessage {
    /// `is_idle` if the last reply of the connection is old, and `needs_reset` if the server may have an open
    /// transaction.
    pub(super) fn new(
        message: Prepared,
        parameters: MailParameters,
        features: Features,
        is_idle: bool,
        needs_reset: bool,
    ) -> Self {
        let is_alone = message.is_partial() || message.recipients().len() == 1;
        Self {
            gate: match (is_alone, is_idle) {
                (false, _) => Gate::Envelope,
                (true, true) => Gate::Sender,
                (true, false) => Gate::None,
            },
            next: Next::Command(match needs_reset {
                true => EnvelopeCommand::Rset,
                false => EnvelopeCommand::Mail,
            }),
            message,
            parameters,
            features,
        }
    }

    /// Decides what may be queued now.
    pub(super) fn next_action(&mut self, replies: ReplyState) -> Action {
        // DATA is the last command of a group (RFC 2920 section 3.1): its reply comes first.
        if replies.awaits_reply && (!self.features.pipelining || self.next == Next::GoAhead) {
            return Action::Wait;
        }
        if replies.is_refused && self.next != Next::Block {
            return Action::Stop;
        }
        loop {
            self.next = match self.next {
                Next::Command(command) => return Action::Command(command),
                Next::Content => {
                    let must_wait = match self.gate {
                        Gate::None => false,
                        Gate::Sender => replies.awaits_sender,
                        Gate::Envelope => !replies.has_envelope_replies,
                    };
                    match (must_wait, self.features.chunking) {
                        (true, _) => return Action::Wait,
                        (false, true) => Next::Chunk,
                        (false, false) => Next::Command(EnvelopeCommand::Data),
                    }
                }
                Next::GoAhead => Next::Block,
                // After the first chunk, which may go together with the envelope.
                Next::Chunk if replies.has_content && !replies.has_envelope_replies => {
                    return Action::Wait;
                }
                Next::Chunk | Next::Block => return Action::Content,
            };
        }
    }

    /// Appends a command to `out`, and continues after it.
    ///
    /// # Errors
    /// [`Cause::Internal`] if the message has no such recipient.
    pub(super) fn write(
        &mut self,
        command: EnvelopeCommand,
        out: &mut Vec<u8>,
    ) -> Result<(), Cause> {
        let message = &self.message;
        self.next = match command {
            EnvelopeCommand::Rset => {
                out.extend_from_slice(RSET);
                Next::Command(EnvelopeCommand::Mail)
            }
            EnvelopeCommand::Mail => {
                mail(out, message.sender(), &self.parameters, message.options());
                Next::Command(EnvelopeCommand::Rcpt(0))
            }
            EnvelopeCommand::Rcpt(index) => {
                let address = message.recipients().get(index);
                let address = address.ok_or(Cause::Internal("RCPT for no recipient"))?;
                rcpt(out, address, index, message.options());
                match index + 1 == message.recipients().len() {
                    true => Next::Content,
                    false => Next::Command(EnvelopeCommand::Rcpt(index + 1)),
                }
            }
            EnvelopeCommand::Data => {
                out.extend_from_slice(DATA);
                Next::GoAhead
            }
        };
        Ok(())
    }
}

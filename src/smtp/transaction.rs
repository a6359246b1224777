//! One mail: MAIL, RCPT, DATA, the content, and the answer that decides (RFC 5321 section 3.3).

use crate::channel::{Channel, Verified};
use crate::error::{Answer, Cause, Error, Outcome, Refused, Stage};
use crate::log::Level;
use crate::message::{Message, Parts, Piece, Source};
use crate::net::Transport;
use crate::proto::address::Address;
use crate::proto::command::Command;
use crate::proto::content::DataEncoder;
use crate::proto::reply::Reply;

use super::context::Context;
use super::session::Session;

/// Octets of content encoded and written at a time; the content's patience is for each.
const BLOCK: usize = 64 * 1024;

impl<T: Transport> Session<Verified<T>> {
    /// Sends one message. On success the record in `cx` says who got it.
    ///
    /// # Errors
    /// Where it failed; the error's outcome says what became of the message.
    pub fn transaction(&mut self, cx: &mut Context<'_>, message: &Message) -> Result<(), Error> {
        let parts = message.parts()?;
        cx.record.message_id = message.message_id();
        cx.record.recipients = message.recipients_not_sent();
        let mail = self.mail_command(cx, &parts)?;
        cx.enter(Stage::Mail);
        let reply = self.command(cx, &mail)?;
        self.accept(cx, &reply, &[250], "250 to MAIL", Refused::Sender)?;
        self.envelope(cx, parts.recipients, message.partial)?;
        cx.enter(Stage::Data);
        let reply = self.command(cx, &Command::data())?;
        self.accept(cx, &reply, &[354], "354 to DATA", Refused::Content)?;
        self.content(cx, parts.content)?;
        self.verdict(cx)
    }

    /// MAIL with the parameters that this message needs and the server offers.
    fn mail_command(&self, cx: &mut Context<'_>, parts: &Parts<'_>) -> Result<Command, Error> {
        let (offers, facts) = (&self.capabilities, parts.content.facts());
        if let (Some(Some(limit)), Some(size)) = (offers.size, facts.size)
            && size > limit
        {
            return Err(cx.fail(Cause::TooLarge { size, limit }));
        }
        if facts.eight_bit && !offers.eight_bit_mime {
            return Err(cx.fail(Cause::Needs8Bit));
        }
        let beyond_ascii = parts
            .sender
            .into_iter()
            .chain(parts.recipients)
            .find(|a| !a.is_ascii());
        if let Some(address) = beyond_ascii
            && !offers.smtputf8
        {
            return Err(cx.fail(Cause::NeedsSmtputf8 {
                address: address.to_string(),
            }));
        }
        let size = offers.size.and(facts.size);
        Ok(Command::mail(
            parts.sender,
            size,
            facts.eight_bit,
            beyond_ascii.is_some(),
        ))
    }

    /// RCPT for each, so that each one's answer is known, then all or nothing unless `partial`.
    fn envelope(
        &mut self,
        cx: &mut Context<'_>,
        recipients: &[Address],
        partial: bool,
    ) -> Result<(), Error> {
        let mut accepted = 0_usize;
        let mut first_refusal: Option<Answer> = None;
        for (index, address) in recipients.iter().enumerate() {
            cx.enter(Stage::Rcpt);
            let reply = self.command(cx, &Command::rcpt(address))?;
            let answer = cx.answer(&reply);
            let refused = match reply.code {
                250..=252 => false,
                code if code >= 400 && code != 421 => true,
                _ => return Err(cx.unexpected(&reply, "250 to RCPT")),
            };
            if refused {
                first_refusal.get_or_insert_with(|| answer.clone());
            } else {
                accepted += 1;
            }
            if let Some(slot) = cx.record.recipients.get_mut(index) {
                slot.answer = Some(answer);
                slot.outcome = if refused {
                    Outcome::Refused
                } else {
                    Outcome::NotSent
                };
            }
            cx.heard(index);
        }
        match first_refusal {
            Some(answer) if accepted == 0 || !partial => {
                cx.record.answer = Some(answer);
                cx.record.outcome = Outcome::Refused;
                Err(cx.fail(Cause::Refused(Refused::Recipient)))
            }
            _ => Ok(()),
        }
    }

    /// Goes on if the reply is one of those wanted; a 4yz or 5yz but 421 is a refusal.
    fn accept(
        &self,
        cx: &mut Context<'_>,
        reply: &Reply,
        wanted: &[u16],
        expected: &'static str,
        refused: Refused,
    ) -> Result<(), Error> {
        if wanted.contains(&reply.code) {
            return Ok(());
        }
        if reply.is_positive() || reply.code == 421 {
            return Err(cx.unexpected(reply, expected));
        }
        let answer = cx.answer(reply);
        cx.record.answer = Some(answer.clone());
        if refused == Refused::Content {
            cx.conclude(Outcome::Refused, Some(&answer));
        } else {
            cx.record.outcome = Outcome::Refused;
        }
        Err(cx.fail(Cause::Refused(refused)))
    }

    /// Writes the content with its final dot. From the last octet of it on, a broken line leaves
    /// the outcome unknown; before it, the server has no whole message to accept.
    fn content(&mut self, cx: &mut Context<'_>, content: &dyn Source) -> Result<(), Error> {
        cx.enter(Stage::Content);
        cx.say(Level::Debug, || match content.facts().size {
            Some(size) => format!("> (content of {size} octets not shown)"),
            None => "> (content not shown)".to_owned(),
        });
        let mut source = content
            .open()
            .map_err(|fault| cx.fail(Cause::Source(fault)))?;
        let mut encoder = DataEncoder::default();
        let (mut plain, mut out) = (Vec::new(), Vec::new());
        let mut more = true;
        let mut written = 0_u64;
        while more {
            out.clear();
            while more && out.len() < BLOCK {
                plain.clear();
                let piece = source.read(BLOCK.saturating_sub(out.len()), &mut plain);
                written = written.saturating_add(plain.len() as u64);
                match piece.map_err(|fault| cx.fail(Cause::Source(fault)))? {
                    Piece::Text => encoder.push(&plain, &mut out),
                    Piece::Dotless => encoder.push_dotless(&plain, &mut out),
                    Piece::End => more = false,
                }
            }
            if !more {
                encoder.finish(&mut out);
            }
            cx.restart_clock();
            self.expect_silence(cx)?;
            self.write_block(cx, &out)?;
            cx.progress(written, content.facts().size);
        }
        Ok(())
    }

    /// Nothing may be said before the content's end: a refusal is heard and ends it, and anything
    /// else, a premature 250 too, is a fault.
    fn expect_silence(&mut self, cx: &mut Context<'_>) -> Result<(), Error> {
        let ready = self.channel.receive_ready(cx.deadline());
        if !self.channel.pending().is_empty() {
            return Err(self.early_reply(cx));
        }
        ready.map_err(|fault| cx.fault(fault))
    }

    fn write_block(&mut self, cx: &mut Context<'_>, block: &[u8]) -> Result<(), Error> {
        let before = self.channel.octets_out();
        let sent = self.channel.send(block, cx.deadline());
        cx.record.content_released |= self.channel.octets_out() > before;
        let Err(fault) = sent else { return Ok(()) };
        // A server that refuses in the middle and hangs up has said why, perhaps.
        let _ = self.channel.receive_ready(cx.deadline());
        if self.channel.pending().is_empty() {
            return Err(cx.fault(fault));
        }
        Err(self.early_reply(cx))
    }

    /// A reply in the middle of the content: the final dot was not sent and never will be.
    fn early_reply(&mut self, cx: &mut Context<'_>) -> Error {
        match self.reply(cx) {
            Err(error) => error,
            Ok(reply) => {
                let expected = "no reply before the content's end";
                self.accept(cx, &reply, &[], expected, Refused::Content)
                    .err()
                    .unwrap_or_else(|| cx.unexpected(&reply, expected))
            }
        }
    }

    /// The answer to the content.
    fn verdict(&mut self, cx: &mut Context<'_>) -> Result<(), Error> {
        cx.enter(Stage::Answer);
        cx.conclude(Outcome::Unknown, None);
        // What came while the end was still being written answers something else.
        let premature = !self.channel.pending().is_empty();
        let wanted: &[u16] = if premature { &[] } else { &[250] };
        let reply = self.reply(cx)?;
        self.accept(cx, &reply, wanted, "250 to the content", Refused::Content)?;
        let answer = cx.answer(&reply);
        cx.conclude(Outcome::Accepted, Some(&answer));
        cx.record.answer = Some(answer);
        cx.say(Level::Info, || "accepted".to_owned());
        Ok(())
    }
}

//! One mail: the envelope and the content in as few flights as the server's extensions allow
//! (RFC 5321 section 3.3, RFC 2920, RFC 3030).
//!
//! With PIPELINING the commands go together. With CHUNKING the content goes with them: MAIL, RCPT
//! and BDAT LAST in one flight, unless several recipients are to be all or nothing: then no content
//! and no DATA is written before each of them is accepted. Without PIPELINING it is one at a time.
//!
//! Where nothing is outstanding and the last reply is old, a firewall may have forgotten the connection.
//! Then the content waits for the reply to MAIL: what a dead connection took of a message is never whole,
//! and the message can go over another.

use crate::channel::Verified;
use crate::error::{Cause, Error, Record};
use crate::log::Level;
use crate::message::{Message, Parts};
use crate::net::Transport;
use crate::proto::transaction::{DATA, MailParameters, RSET, mail, rcpt};

use super::content::Supply;
use super::context::Context;
use super::envelope::{self, parameters};
use super::flight::Asked;
use super::limits::Fit;
use super::pipeline::{Broken, Pipeline};
use super::session::Session;
use super::stream::Sink;

impl<T: Transport> Session<Verified<T>> {
    /// Sends one message. On success the record in `cx` says who got it. A refusal leaves the
    /// session fit for another, which [`Session::can_go_on`] tells.
    ///
    /// # Errors
    /// Where it failed; the error's outcome says what became of the message.
    pub fn transaction(&mut self, cx: &mut Context<'_>, message: &Message) -> Result<(), Error> {
        message.parts()?;
        let mut came_to = None;
        let record = std::mem::take(&mut cx.record);
        let mut done = |_, result: Result<Record, Error>| came_to = Some(result);
        let mut pipeline = Pipeline::new(self, &mut done as &mut Sink<'_>, record.reused);
        if let Ok(()) = pipeline.send(cx, message, record, 0) {
            let _ = pipeline.settle(cx, |pipeline| pipeline.in_flight() == 0);
        }
        match came_to {
            Some(Ok(record)) => cx.record = record,
            Some(Err(error)) => {
                cx.record = (*error.record).clone();
                return Err(error);
            }
            None => {}
        }
        Ok(())
    }
}

impl<T: Transport, S: FnMut(u64, Result<Record, Error>)> Pipeline<'_, T, S> {
    /// Writes one message; its outcome is told when its last answer is in. `record` is what is
    /// known of it and of the connection.
    pub(super) fn send(
        &mut self,
        cx: &mut Context<'_>,
        message: &Message,
        mut record: Record,
        tag: u64,
    ) -> Result<(), Broken> {
        record.message_id = message.message_id();
        record.recipients = message.recipients_not_sent();
        let parts = match message.parts() {
            Ok(parts) => parts,
            Err(error) => {
                self.reject(cx, record, tag, *error.cause);
                return Ok(());
            }
        };
        let mut parameters = parameters(&self.session.capabilities, &parts);
        if parameters
            .as_ref()
            .is_err_and(Cause::is_for_want_of_extension)
            && !self.session.asked_again
        {
            // Some servers name an extension only to those who are logged in.
            self.settle(cx, |pipeline| pipeline.in_flight() == 0)?;
            std::mem::swap(&mut cx.record, &mut record);
            let asked = self.session.ask_again(cx);
            std::mem::swap(&mut cx.record, &mut record);
            if let Err(error) = asked {
                self.session.broken = true;
                self.reject_with(tag, error);
                return Err(Broken);
            }
            parameters = envelope::parameters(&self.session.capabilities, &parts);
            self.lockstep = !self.session.capabilities.pipelining;
        }
        let parameters = match parameters {
            Ok(parameters) => parameters,
            Err(cause) => {
                self.reject(cx, record, tag, cause);
                return Ok(());
            }
        };
        if let Fit::Never(cause) = self.fit(parts.recipients) {
            self.reject(cx, record, tag, cause);
            return Ok(());
        }
        let chunking = self.session.capabilities.chunking;
        let supply = Supply::open(parts.content).and_then(|mut supply| {
            if chunking {
                supply.fill()?;
            }
            Ok(supply)
        });
        let supply = match supply {
            Ok(supply) => supply,
            Err(fault) => {
                self.reject(cx, record, tag, Cause::Source(fault));
                return Ok(());
            }
        };
        let size = parts.content.facts().size;
        self.begin(cx, record, tag, size, message.partial)?;
        let gated = !message.partial && parts.recipients.len() > 1;
        if self.envelope(cx, &parts, &parameters, gated)? {
            if chunking {
                log_content(cx, size);
                self.bdat(cx, supply, size)?;
            } else if self.go_ahead(cx)? {
                log_content(cx, size);
                self.data(cx, supply, size)?;
            }
        }
        self.land(cx)
    }

    /// MAIL, and RCPT for each, so that each one's answer is known. Whether to go on.
    fn envelope(
        &mut self,
        cx: &mut Context<'_>,
        parts: &Parts<'_>,
        parameters: &MailParameters,
        gated: bool,
    ) -> Result<bool, Broken> {
        let wait = self.may_be_forgotten(cx);
        if self.session.open {
            self.ask(cx, Asked::Reset, |out| out.extend_from_slice(RSET))?;
        }
        if self.is_refused() {
            return Ok(false);
        }
        self.session.open = true;
        let limits = self.session.capabilities.limits;
        self.session.used.count(&limits, parts.recipients);
        self.ask(cx, Asked::Mail, |out| {
            mail(out, parts.sender, parameters, parts.options)
        })?;
        if self.is_refused() {
            return Ok(false);
        }
        for (index, address) in parts.recipients.iter().enumerate() {
            self.ask(cx, Asked::Rcpt(index), |out| {
                rcpt(out, address, index, parts.options);
            })?;
        }
        if gated {
            self.settle(cx, Self::envelope_is_answered)?;
        } else if wait {
            self.settle(cx, Self::sender_is_answered)?;
        }
        Ok(!self.is_refused())
    }

    /// DATA, and whether the server wants the content.
    fn go_ahead(&mut self, cx: &mut Context<'_>) -> Result<bool, Broken> {
        self.ask(cx, Asked::Data, |out| out.extend_from_slice(DATA))?;
        self.settle(cx, Self::is_quiet)?;
        Ok(!self.is_refused())
    }
}

fn log_content(cx: &mut Context<'_>, size: Option<u64>) {
    cx.say(Level::Debug, || match size {
        Some(size) => format!("> (content of {size} octets not shown)"),
        None => "> (content not shown)".to_owned(),
    });
}

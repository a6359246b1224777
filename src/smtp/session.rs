//! Greeting, EHLO and QUIT over any channel; STARTTLS over a clear one.

use std::time::Instant;

use super::wire::command::Command;
use super::wire::ehlo::{Capabilities, capabilities};
use super::wire::reply;
use super::wire::reply::Reply;
use crate::channel::{Channel, Cleartext, Probed, Verified};
use crate::channel::{ProbeSetup, Setup};
use crate::deadline::Deadline;
use crate::error::{Cause, Error, Outcome, RejectedStep, ReplyFault, Stage};
use crate::log::Level;
use crate::message::address::{Address, EhloName};
use crate::net::Transport;

use super::context::Context;
use super::limits::{Admission, SessionUsage};
use super::opening::Opening;
use super::pipeline::{Features, unsolicited};
use super::redactor::Redactor;
use super::upgrade::{upgrade, upgrade_probe};

/// A dialogue over a channel; the channel's type decides which commands exist.
#[derive(Debug)]
pub struct Session<C> {
    pub(super) channel: C,
    pub(super) capabilities: Capabilities,
    /// The text of the greeting, safe to show.
    greeting: String,
    /// True if the server may have an open transaction: the next one begins with RSET.
    pub(super) is_transaction_open: bool,
    /// True if nothing more may be sent.
    pub(super) is_closed: bool,
    /// True if [`Session::is_silent`] was called, and found so, since the last command.
    pub(super) is_checked: bool,
    /// The name in EHLO.
    name: EhloName,
    /// True if EHLO was repeated after the login.
    pub(super) is_ehlo_repeated: bool,
    /// The part of the server's limits that is used up.
    pub(super) used: SessionUsage,
    /// When the last reply came in.
    pub(super) last_reply: Instant,
    /// Keeps the login's secrets out of what is shown.
    pub(super) redactor: Redactor,
}

/// Parses a reply at the front of the received bytes.
type Parse = fn(&[u8]) -> Result<Option<(Reply, usize)>, ReplyFault>;

#[expect(
    private_bounds,
    reason = "what a channel can do by itself stays in this crate"
)]
impl<C: Channel> Session<C> {
    /// A session about which nothing is known but its greeting.
    fn new(channel: C, greeting: String, redactor: Redactor) -> Self {
        Self {
            channel,
            capabilities: Capabilities::default(),
            greeting,
            is_transaction_open: false,
            is_closed: false,
            is_checked: false,
            used: SessionUsage::default(),
            name: EhloName::neutral(),
            is_ehlo_repeated: false,
            last_reply: Instant::now(),
            redactor,
        }
    }

    /// Waits for the server's 220, and says EHLO.
    fn greet(channel: C, opening: &mut Opening<'_, '_>, name: &EhloName) -> Result<Self, Error> {
        let redactor = std::mem::take(&mut opening.redactor);
        let mut session = Self::new(channel, String::new(), redactor);
        opening.enter(Stage::Greeting);
        let greeting = session.read(opening, reply::parse_greeting)?;
        if greeting.code != 220 {
            return Err(session.refused(opening, &greeting, "the greeting 220"));
        }
        session
            .greeting
            .clone_from(&session.redactor.shown_reply(&greeting).text);
        session.ehlo(opening, name)?;
        Ok(session)
    }

    fn ehlo(&mut self, opening: &mut Opening<'_, '_>, name: &EhloName) -> Result<(), Error> {
        opening.enter(Stage::Ehlo);
        let reply = self.command(opening, &Command::ehlo(name))?;
        // HELO is never tried: without ESMTP there is neither STARTTLS nor AUTH.
        if reply.code != 250 {
            return Err(self.refused(opening, &reply, "250 to EHLO"));
        }
        self.learn(opening, &reply)?;
        self.name = name.clone();
        Ok(())
    }

    /// The error of a reply that begins no session. The refusal of a verified server is the outcome;
    /// in clear it may come from any other host, and is shown.
    fn refused(
        &self,
        opening: &mut Opening<'_, '_>,
        reply: &Reply,
        expected: &'static str,
    ) -> Error {
        if reply.code < 400 || reply.code == 421 {
            return self.unexpected(opening, reply, expected);
        }
        opening.record.reply = Some(self.redactor.shown_reply(reply));
        if C::VERIFIED {
            opening.record.outcome = Outcome::Refused;
        }
        opening.fail(Cause::Rejected(RejectedStep::Session))
    }

    /// The error of a reply that ends the call: 421, or one that is not valid here.
    pub(super) fn unexpected(
        &self,
        opening: &mut Opening<'_, '_>,
        reply: &Reply,
        expected: &'static str,
    ) -> Error {
        opening.record.reply = Some(self.redactor.shown_reply(reply));
        match reply.code {
            421 => opening.fail(Cause::Closing),
            _ => opening.fail(Cause::Unexpected { expected }),
        }
    }

    fn log_reply(&self, opening: &mut Opening<'_, '_>, reply: &Reply) {
        if !opening.cx.wants_lines() {
            return;
        }
        if reply.code == 334 {
            // Salt, nonces and the server's proof are what a password can be guessed from.
            let size: usize = reply.lines().map(<[u8]>::len).sum();
            return opening.say(Level::Debug, || format!("< 334 ({size} bytes not shown)"));
        }
        let stage = opening.record.stage;
        opening
            .cx
            .log_reply(stage, &self.redactor.shown_reply(reply));
    }

    /// Takes in what the server offers.
    fn learn(&mut self, opening: &mut Opening<'_, '_>, reply: &Reply) -> Result<(), Error> {
        self.capabilities = capabilities(reply).map_err(|fault| {
            let cause = self.redactor.malformed(fault, reply.text());
            opening.fail(cause)
        })?;
        Ok(())
    }

    /// Asks what the server offers to those who are logged in, once: some name extensions only
    /// then. Others refuse a second EHLO (503), and what they offered stands.
    pub(super) fn repeat_ehlo(&mut self, opening: &mut Opening<'_, '_>) -> Result<(), Error> {
        self.is_ehlo_repeated = true;
        let reached = opening.record.stage;
        opening.enter(Stage::Ehlo);
        let reply = self.command(opening, &Command::ehlo(&self.name.clone()))?;
        opening.record.stage = reached;
        match reply.code {
            250 => {
                self.learn(opening, &reply)?;
                // EHLO ends a transaction as RSET does (RFC 5321 section 4.1.4).
                self.is_transaction_open = false;
                Ok(())
            }
            400.. if reply.code != 421 => Ok(()),
            _ => Err(self.unexpected(opening, &reply, "250 to EHLO")),
        }
    }

    /// Writes a command and reads its reply. Fails if the server sent anything before the command.
    pub(super) fn command(
        &mut self,
        opening: &mut Opening<'_, '_>,
        command: &Command,
    ) -> Result<Reply, Error> {
        self.expect_silence(opening)?;
        opening.say(Level::Debug, || format!("> {}", command.shown()));
        let before = self.channel.bytes_written();
        let sent = self.channel.send(command.wire(), opening.deadline());
        if command.is_secret() && self.channel.bytes_written() > before {
            opening.record.secret_released = true;
        }
        if let Err(fault) = sent {
            // A server that hung up may have said why.
            self.expect_silence(opening)?;
            return Err(opening.fault(fault));
        }
        self.reply(opening)
    }

    /// Fails if the connection has ended, or if something was received that no command waits for.
    pub(super) fn expect_silence(&mut self, opening: &mut Opening<'_, '_>) -> Result<(), Error> {
        let ready = self.channel.receive_ready(opening.deadline());
        if let Err((cause, reply)) = unsolicited(self.channel.pending(), &self.redactor) {
            opening.record.reply = reply;
            return Err(opening.fail(cause));
        }
        ready.map_err(|fault| opening.fault(fault))
    }

    /// Reads one reply, within its limits and the stage's deadline.
    pub(super) fn reply(&mut self, opening: &mut Opening<'_, '_>) -> Result<Reply, Error> {
        self.read(opening, reply::parse)
    }

    fn read(&mut self, opening: &mut Opening<'_, '_>, parse: Parse) -> Result<Reply, Error> {
        loop {
            match parse(self.channel.pending()) {
                Ok(Some((reply, taken))) => {
                    self.channel.pending().drain(..taken);
                    self.last_reply = Instant::now();
                    self.log_reply(opening, &reply);
                    return Ok(reply);
                }
                Ok(None) => {
                    let received = self.channel.receive(opening.deadline());
                    received.map_err(|fault| opening.fault(fault))?;
                }
                Err(fault) => {
                    let received = std::mem::take(self.channel.pending());
                    let cause = self.redactor.malformed(fault, &received);
                    return Err(opening.fail(cause));
                }
            }
        }
    }

    /// The capabilities of the server.
    #[must_use]
    pub fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// The text of the greeting, which came in clear text before STARTTLS.
    #[must_use]
    pub fn greeting(&self) -> &str {
        &self.greeting
    }

    /// Returns whether another message can be sent over it: no rejection ends a session, but any protocol
    /// error does, and the server's limit of messages in a session.
    #[must_use]
    pub fn can_go_on(&self) -> bool {
        !self.is_closed && !self.used.is_full(&self.capabilities.limits)
    }

    /// Returns whether the server takes a message to these over this connection, or wants another for it
    /// (RFC 9422).
    pub(super) fn admission(&self, recipients: &[Address]) -> Admission {
        self.used.admission(&self.capabilities.limits, recipients)
    }

    /// Returns whether a message was begun over it.
    #[must_use]
    pub fn has_begun_message(&self) -> bool {
        !self.used.is_empty()
    }

    /// Counts a message to these recipients for the server's limits.
    pub(super) fn count(&mut self, recipients: &[Address]) {
        self.used.count(&self.capabilities.limits, recipients);
    }

    /// The extensions that decide how commands follow each other.
    pub(super) fn features(&self) -> Features {
        Features {
            pipelining: self.capabilities.pipelining,
            chunking: self.capabilities.chunking,
        }
    }

    /// Sends QUIT and closes, without waiting for the reply. After a protocol error it only closes.
    pub fn quit(mut self, cx: &mut Context<'_>) {
        if self.is_closed || !self.channel.pending().is_empty() {
            return;
        }
        cx.say(Level::Debug, || "> QUIT".to_owned());
        self.channel.finish(Command::quit().wire());
    }
}

impl<T: Transport> Session<Cleartext<T>> {
    /// Begins in clear text, with a neutral name in EHLO.
    ///
    /// # Errors
    /// When the peer does not greet as an ESMTP server.
    pub fn open(channel: Cleartext<T>, opening: &mut Opening<'_, '_>) -> Result<Self, Error> {
        Self::greet(channel, opening, &EhloName::neutral())
    }

    /// Requests TLS, verifies the peer, and begins again: what was learnt in clear text is dropped.
    ///
    /// # Errors
    /// STARTTLS is missing or rejected, bytes follow its reply, or the peer is not trusted.
    pub fn starttls(
        mut self,
        opening: &mut Opening<'_, '_>,
        setup: &Setup,
        name: Option<&EhloName>,
    ) -> Result<Session<Verified<T>>, Error> {
        let greeting = self.greeting.clone();
        let redactor = std::mem::take(&mut self.redactor);
        let clear = self.ask_for_tls(opening)?;
        let verified = upgrade(clear, setup, opening)?;
        let mut session = Session::new(verified, greeting, redactor);
        session.ehlo(opening, name.unwrap_or(&EhloName::neutral()))?;
        Ok(session)
    }

    /// Asks for TLS, and describes the peer without judging it.
    ///
    /// # Errors
    /// STARTTLS is missing or rejected, bytes follow its reply, or TLS is not established.
    pub fn starttls_probe(
        self,
        opening: &mut Opening<'_, '_>,
        setup: &ProbeSetup,
    ) -> Result<Session<Probed<T>>, Error> {
        let greeting = self.greeting.clone();
        let clear = self.ask_for_tls(opening)?;
        let probed = upgrade_probe(clear, setup, opening)?;
        let mut session = Session::new(probed, greeting, Redactor::default());
        session.ehlo(opening, &EhloName::neutral())?;
        Ok(session)
    }

    fn ask_for_tls(mut self, opening: &mut Opening<'_, '_>) -> Result<Cleartext<T>, Error> {
        opening.enter(Stage::Starttls);
        if !self.capabilities.starttls {
            let error = opening.fail(Cause::StarttlsMissing);
            self.quit(opening.context());
            return Err(error);
        }
        let reply = self.command(opening, &Command::starttls())?;
        if reply.code != 220 {
            if reply.code < 400 || reply.code == 421 {
                return Err(self.unexpected(opening, &reply, "220 to STARTTLS"));
            }
            opening.record.reply = Some(self.redactor.shown_reply(&reply));
            return Err(opening.fail(Cause::StarttlsRefused));
        }
        // Bytes after the 220 would be parsed as the server's replies inside TLS.
        match self.channel.pending().len() {
            0 => Ok(self.channel),
            count => Err(opening.fail(Cause::BytesBeforeTls { count })),
        }
    }
}

impl<T: Transport> Session<Verified<T>> {
    /// Begins over implicit TLS.
    ///
    /// # Errors
    /// When the peer does not greet as an ESMTP server.
    pub fn open(
        channel: Verified<T>,
        opening: &mut Opening<'_, '_>,
        name: Option<&EhloName>,
    ) -> Result<Self, Error> {
        Self::greet(channel, opening, name.unwrap_or(&EhloName::neutral()))
    }

    /// The channel, with its evidence about the peer.
    #[must_use]
    pub fn channel(&self) -> &Verified<T> {
        &self.channel
    }

    /// Returns whether nothing was received since the last reply, and the connection is open as far as
    /// this machine knows. A server sends without a command only to announce that it closes.
    pub fn is_silent(&mut self) -> bool {
        let ready = self.channel.receive_ready(Deadline::NEVER);
        self.is_checked = ready.is_ok() && self.channel.pending().is_empty();
        self.is_checked
    }
}

impl<T: Transport> Session<Probed<T>> {
    /// Begins over implicit TLS.
    ///
    /// # Errors
    /// When the peer does not greet as an ESMTP server.
    pub fn open(channel: Probed<T>, opening: &mut Opening<'_, '_>) -> Result<Self, Error> {
        Self::greet(channel, opening, &EhloName::neutral())
    }

    /// The channel, with the identity of the peer.
    #[must_use]
    pub fn channel(&self) -> &Probed<T> {
        &self.channel
    }
}

//! AUTH (RFC 4954), once per connection, over a verified channel: one mechanism, chosen from what
//! both sides allow, and no second after a refusal.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::channel::{Channel, Verified};
use crate::credential::Credential;
use crate::error::{Cause, Error, Outcome, Refused, Stage};
use crate::log::Level;
use crate::net::Transport;
use crate::proto::command::Command;
use crate::proto::reply::Reply;
use crate::proto::sasl::{MAX_CHALLENGE, Mechanism, Response};

use super::context::Context;
use super::session::Session;

/// The longest command line with an initial response (RFC 4954 section 4, RFC 5321 section
/// 4.5.3.1.4); a longer response waits for the server's challenge.
const MAX_COMMAND: usize = 512;

impl<T: Transport> Session<Verified<T>> {
    /// Logs in.
    ///
    /// # Errors
    /// When no mechanism is in common, the server refuses, or breaks the rules of the mechanism.
    pub fn authenticate(
        &mut self,
        cx: &mut Context<'_>,
        credential: &Credential,
    ) -> Result<(), Error> {
        cx.enter(Stage::Auth);
        let Some(offered) = &self.capabilities.auth else {
            return Err(cx.fail(Cause::AuthMissing));
        };
        let kind = credential.choose(offered).map_err(|cause| cx.fail(cause))?;
        credential
            .secret()
            .expose(&self.channel, |secret| cx.scrubber.learn(secret));
        let mut mechanism = credential.begin(kind, &self.channel, &cx.host, cx.port);
        self.exchange(cx, kind.name(), &mut *mechanism)?;
        if let Some(peer) = &mut cx.record.peer {
            peer.mechanism = Some(kind.name());
        }
        cx.say(Level::Info, || format!("logged in by {}", kind.name()));
        Ok(())
    }

    fn exchange(
        &mut self,
        cx: &mut Context<'_>,
        name: &str,
        mechanism: &mut dyn Mechanism,
    ) -> Result<(), Error> {
        let mut held = None;
        let mut command = Command::auth(name, None);
        if let Some(response) = mechanism.initial() {
            let whole = Command::auth(name, Some(&response.octets));
            if whole.wire().len() <= MAX_COMMAND {
                command = whole;
            } else {
                held = Some(response);
            }
        }
        loop {
            let reply = self.command(cx, &command)?;
            match reply.code {
                235 if held.is_none() && mechanism.complete() => return Ok(()),
                334 => command = self.respond(cx, &reply, &mut held, mechanism)?,
                421 => return Err(cx.unexpected(&reply, "235")),
                400.. => {
                    cx.record.answer = Some(cx.answer(&reply));
                    cx.record.outcome = Outcome::Refused;
                    return Err(cx.fail(Cause::Refused(Refused::Auth)));
                }
                _ => return Err(cx.unexpected(&reply, "235 or 334 in its turn")),
            }
        }
    }

    /// The answer to a challenge; an exchange that makes no sense is given up with `*`, once.
    fn respond(
        &mut self,
        cx: &mut Context<'_>,
        reply: &Reply,
        held: &mut Option<Response>,
        mechanism: &mut dyn Mechanism,
    ) -> Result<Command, Error> {
        let response = decode(reply).and_then(|challenge| match held.take() {
            Some(response) if challenge.is_empty() => Some(response),
            Some(_) => None,
            None => mechanism.step(&challenge).ok(),
        });
        if let Some(response) = response {
            return Ok(Command::auth_response(&response.octets, response.secret));
        }
        // The error stands, whatever becomes of the farewell.
        let _ = self
            .channel
            .send(Command::auth_cancel().wire(), cx.deadline());
        Err(cx.unexpected(reply, "a challenge of this mechanism"))
    }
}

/// A challenge: one line of strict base64.
fn decode(reply: &Reply) -> Option<Vec<u8>> {
    match reply.lines.as_slice() {
        [line] if line.len() <= MAX_CHALLENGE => STANDARD.decode(line.trim_ascii_end()).ok(),
        _ => None,
    }
}

//! AUTH (RFC 4954), once per connection, over a verified channel: one mechanism that both sides
//! allow, and no second one after a rejection.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::{SecureRandom as _, SystemRandom};

use super::wire::command::Command;
use super::wire::reply::Reply;
use crate::channel::{Channel, Verified};
use crate::credential::{Credential, NoSecret, SaslInput, SecretContext};
use crate::error::{Cause, Error, Outcome, RejectedStep, Stage};
use crate::log::Level;
use crate::net::Transport;
use crate::sasl::{Kind, MAX_CHALLENGE, Mechanism, NONCE_LEN, Response, SaslError};
use crate::support::secret::Secret;

use super::opening::Opening;
use super::session::Session;

/// The longest command line with an initial response (RFC 4954 section 4, RFC 5321 section
/// 4.5.3.1.4); a longer response waits for the server's challenge.
const MAX_COMMAND: usize = 512;

impl<T: Transport> Session<Verified<T>> {
    /// Logs in.
    ///
    /// # Errors
    /// No common mechanism, a rejection, or a violation of the mechanism's rules.
    pub fn authenticate(
        &mut self,
        opening: &mut Opening<'_, '_>,
        credential: &Credential,
    ) -> Result<(), Error> {
        let result = self.log_in(opening, credential);
        if result.is_err() {
            // The next session must not show this secret either.
            opening.redactor = std::mem::take(&mut self.redactor);
        }
        result
    }

    fn log_in(
        &mut self,
        opening: &mut Opening<'_, '_>,
        credential: &Credential,
    ) -> Result<(), Error> {
        opening.enter(Stage::Auth);
        let Some(offered) = self.capabilities.auth.clone() else {
            return Err(opening.fail(Cause::AuthMissing));
        };
        let binding = self
            .channel
            .channel_binding(credential.mechanism_policy().binding_type);
        let chosen = credential
            .mechanism_policy()
            .choose(&offered, binding.is_some());
        let kind = chosen.map_err(|cause| opening.fail(cause))?;
        let secret = self.secret(opening, credential)?;
        secret.expose(&self.channel, |secret| self.redactor.learn(secret));
        let mut nonce = [0; NONCE_LEN];
        let random = SystemRandom::new().fill(&mut nonce);
        random.map_err(|_| opening.fail(Cause::Random))?;
        let input = SaslInput {
            kind,
            offered: &offered,
            binding,
            nonce,
            host: &opening.cx.host,
            port: opening.cx.port,
        };
        let begun = credential.begin(&self.channel, &secret, input);
        let mut mechanism = begun.map_err(|cause| opening.fail(cause))?;
        self.run_mechanism(opening, kind, &mut *mechanism)?;
        // Check the binding that was sent, because the name of a mechanism with -PLUS is none.
        if kind.is_bound() && mechanism.bound().is_none() {
            return Err(opening.fail(Cause::NoChannelBinding {
                offered,
                can_bind: false,
            }));
        }
        if let Some(peer) = opening.record.peer.as_mut().map(Arc::make_mut) {
            peer.mechanism = Some(kind.name());
            peer.channel_binding = mechanism.bound();
        }
        opening.say(Level::Info, || match mechanism.bound() {
            Some(binding) => format!("logged in by {}, bound by {binding}", kind.name()),
            None => format!("logged in by {}", kind.name()),
        });
        Ok(())
    }

    /// Returns the secret, which may be requested now: the peer is verified, and has a mechanism for it.
    fn secret(
        &mut self,
        opening: &mut Opening<'_, '_>,
        credential: &Credential,
    ) -> Result<Arc<Secret>, Error> {
        if credential.is_asked() {
            opening.say(Level::Info, || {
                format!("asking for the {}", credential.credential_kind().name())
            });
        }
        let secret_context = SecretContext {
            host: &opening.cx.host,
            port: opening.cx.port,
            user: credential.user(),
            credential_kind: credential.credential_kind(),
            reason: opening.reason,
        };
        let secret = credential.secret(&mut self.channel, opening.deadline(), secret_context);
        let secret = secret.map_err(|none| match none {
            NoSecret::Declined => opening.fail(Cause::NoSecret),
            NoSecret::Stopped(stop) => opening.fault(stop.into()),
            NoSecret::Unfit(error) => opening.fail(*error.cause),
        })?;
        if credential.is_asked() {
            // The wait for the secret is not the server's. If the connection has ended meanwhile, the secret is
            // not sent.
            opening.cx.restart_timeout();
            self.expect_silence(opening)?;
        }
        Ok(secret)
    }

    fn run_mechanism(
        &mut self,
        opening: &mut Opening<'_, '_>,
        kind: Kind,
        mechanism: &mut dyn Mechanism,
    ) -> Result<(), Error> {
        let mut held = None;
        let auth = |response, opening: &mut Opening<'_, '_>| {
            Command::auth(kind.name(), response).map_err(|cause| opening.fail(cause))
        };
        let mut command = auth(None, opening)?;
        if let Some(response) = mechanism.initial() {
            self.learn_response(&response);
            let whole = auth(Some(&response), opening)?;
            if whole.wire().len() <= MAX_COMMAND {
                command = whole;
            } else {
                held = Some(response);
            }
        }
        loop {
            let reply = self.command(opening, &command)?;
            match reply.code {
                235 if held.is_none() && mechanism.complete() => return Ok(()),
                // The server does not know the password: RFC 5802 section 5, last paragraph.
                235 if kind.is_mutual() => {
                    opening.record.reply = Some(self.redactor.shown_reply(&reply));
                    return Err(opening.fail(Cause::ServerNotAuthenticated));
                }
                334 => command = self.respond(opening, &reply, &mut held, mechanism)?,
                421 => return Err(self.unexpected(opening, &reply, "235")),
                400.. => {
                    opening.record.reply = Some(self.redactor.shown_reply(&reply));
                    opening.record.outcome = Outcome::Refused;
                    return Err(opening.fail(Cause::Rejected(RejectedStep::Auth)));
                }
                _ => return Err(self.unexpected(opening, &reply, "235 or 334")),
            }
        }
    }

    /// Removes a proof from what is shown, because the password can be guessed from it together with
    /// the rest of the exchange.
    fn learn_response(&mut self, response: &Response) {
        if response.secret {
            self.redactor.learn_whole(&response.bytes);
        }
    }

    /// The response to a challenge. An invalid challenge aborts the exchange with `*`.
    fn respond(
        &mut self,
        opening: &mut Opening<'_, '_>,
        reply: &Reply,
        held: &mut Option<Response>,
        mechanism: &mut dyn Mechanism,
    ) -> Result<Command, Error> {
        let undue = Err(SaslError::UNEXPECTED_CHALLENGE);
        let response = match (decode(reply), held.take()) {
            (Some(challenge), Some(response)) if challenge.is_empty() => Ok(response),
            (Some(challenge), None) => mechanism.step(&challenge),
            _ => undue,
        };
        let stop = match response {
            Ok(response) => {
                self.learn_response(&response);
                return Command::auth_response(&response).map_err(|cause| opening.fail(cause));
            }
            Err(stop) => stop,
        };
        // Report this error even if the abort fails.
        let _ = self
            .channel
            .send(Command::auth_cancel().wire(), opening.deadline());
        Err(match stop {
            SaslError::InvalidChallenge(expected) => self.unexpected(opening, reply, expected),
            SaslError::Refused => {
                // Show the text of the mechanism's error decoded.
                let said = decode(reply).unwrap_or_default();
                opening.record.reply = Some(self.redactor.text(reply.code, &said));
                opening.fail(Cause::Rejected(RejectedStep::Auth))
            }
            SaslError::ServerNotAuthenticated => opening.fail(Cause::ServerNotAuthenticated),
        })
    }
}

/// Parses a challenge: one line of strict base64.
fn decode(reply: &Reply) -> Option<Vec<u8>> {
    let mut lines = reply.lines();
    match (lines.next(), lines.next()) {
        (Some(line), None) if line.len() <= MAX_CHALLENGE => {
            STANDARD.decode(line.trim_ascii_end()).ok()
        }
        _ => None,
    }
}

//! One connection, from resolving to the login, and then for as many messages as it can carry.

use std::sync::Arc;
use std::time::Instant;

use super::endpoint::{Endpoint, Settings};
use crate::channel::ProbeSetup;
use crate::channel::{Cleartext, Probed, Verified};
use crate::error::{Error, Outcome, Record, Stage};
use crate::log::{Level, Log};
use crate::net::{Canceller, TcpTransport, Waiter, dial, resolve};
use crate::smtp::{
    ConnectionRecord, Context, MessageStream, Opening, Session, StreamEnd, Window, upgrade,
    upgrade_probe,
};
use crate::trust::TlsMode;

/// The maximum age of a verdict on the peer, in seconds, before a reuse verifies it again.
const VERDICT_AGE: u64 = 60;

/// The last verdict on a peer.
#[derive(Debug, Clone, Copy)]
pub(super) struct LastVerdict {
    /// Seconds since 1970 by the policy's clock.
    at: u64,
}

impl LastVerdict {
    /// Returns whether it is still valid at `now`. A clock that was set back does not extend it.
    pub(super) fn is_fresh(self, now: u64) -> bool {
        now.checked_sub(self.at)
            .is_some_and(|age| age < VERDICT_AGE)
    }
}

/// A session that is logged in, with its canceller.
#[derive(Debug)]
pub(super) struct Connection {
    session: Session<Verified<TcpTransport>>,
    canceller: Arc<Canceller>,
    /// The generation of the settings that it was opened with.
    pub(super) config_generation: u64,
    /// The number of messages that it has carried, or tried to.
    pub(super) messages: u32,
    /// The number of them that the server has accepted or rejected.
    pub(super) carried: usize,
    /// The time since which it is idle.
    pub(super) idle_since: Instant,
    pub(super) verdict: LastVerdict,
    /// Part of each message's record.
    opened: ConnectionRecord,
}

impl Connection {
    /// Resolves, dials, verifies, and logs in. The waiter's canceller ends it from the first step
    /// on.
    ///
    /// # Errors
    /// The stage of the failure, and what left the machine.
    pub(super) fn open(
        endpoint: &Endpoint,
        settings: &Settings,
        waiter: Waiter,
        opening: &mut Opening<'_, '_>,
    ) -> Result<Self, Error> {
        let canceller = waiter.canceller();
        let verdict = LastVerdict {
            at: endpoint.policy.clock.now().as_secs(),
        };
        let transport = connect(endpoint, settings, waiter, opening)?;
        let mut session = greet(endpoint, settings, transport, opening)?;
        if let Some(credential) = &settings.credential
            && let Err(error) = session.authenticate(opening, credential)
        {
            if error.record.outcome == Outcome::Refused {
                session.quit(opening.context());
            }
            return Err(error);
        }
        let now = Instant::now();
        Ok(Self {
            session,
            canceller,
            config_generation: settings.config_generation,
            messages: 0,
            carried: 0,
            idle_since: now,
            verdict,
            opened: opening.connection_record(),
        })
    }

    /// The canceller that ends its waits from another thread.
    pub(super) fn canceller(&self) -> &Arc<Canceller> {
        &self.canceller
    }

    /// Returns whether the server keeps it open, as far as this machine knows without sending, and is
    /// still trusted.
    pub(super) fn is_alive(&mut self, endpoint: &Endpoint) -> bool {
        if !self.session.is_silent() {
            return false;
        }
        let now = endpoint.policy.clock.now().as_secs();
        if self.verdict.is_fresh(now) {
            return true;
        }
        self.verdict = LastVerdict { at: now };
        let setup = endpoint.setup();
        setup.is_ok_and(|setup| self.session.channel().is_still_trusted(setup))
    }

    /// Sends messages, as far as the server lets them follow each other.
    pub(super) fn send_all(
        &mut self,
        cx: &mut Context<'_>,
        window: Window,
        stream: &dyn MessageStream,
    ) -> StreamEnd {
        let base = self.record();
        self.session.send_all(cx, window, stream, base)
    }

    /// The record that a message begins with here.
    pub(super) fn record(&self) -> Record {
        self.opened.message_record(self.session.has_begun_message())
    }

    /// Returns whether another message may follow.
    pub(super) fn is_sound(&self) -> bool {
        self.session.can_go_on() && !self.canceller.is_cancelled()
    }

    /// Closes it, with QUIT if the dialogue is in order. In the middle of content it is not: nothing may
    /// follow an aborted message.
    pub(super) fn close(self, cx: &mut Context<'_>) {
        self.session.quit(cx);
    }

    /// Closes it when no call uses it any more.
    pub(super) fn close_unseen(self, endpoint: &Endpoint) {
        let timeouts = crate::deadline::Timeouts::default();
        let mut cx = Context::new(endpoint.host.as_str(), endpoint.port, timeouts, Log::off());
        self.close(&mut cx);
    }
}

fn connect(
    endpoint: &Endpoint,
    settings: &Settings,
    mut waiter: Waiter,
    opening: &mut Opening<'_, '_>,
) -> Result<TcpTransport, Error> {
    let (target, port) = match &settings.connect {
        Some((address, port)) => (address.as_str(), *port),
        None => (endpoint.host.as_str(), endpoint.port),
    };
    opening.enter(Stage::Resolve);
    let found = resolve(target, port, &mut waiter, opening.deadline());
    let addresses = found.map_err(|cause| opening.fail_network(cause))?;
    opening.enter(Stage::Connect);
    opening.say(Level::Info, || {
        format!("connecting to {target} port {port} for {}", endpoint.host)
    });
    let transport = dial(&addresses, waiter, opening.deadline());
    transport.map_err(|cause| opening.fail_network(cause))
}

fn greet(
    endpoint: &Endpoint,
    settings: &Settings,
    transport: TcpTransport,
    opening: &mut Opening<'_, '_>,
) -> Result<Session<Verified<TcpTransport>>, Error> {
    let setup = endpoint.setup()?;
    let clear = Cleartext::new(transport);
    let name = settings.ehlo_name.as_ref();
    match endpoint.policy.tls_mode {
        TlsMode::Implicit => {
            let verified = upgrade(clear, setup, opening)?;
            Session::<Verified<_>>::open(verified, opening, name)
        }
        TlsMode::Starttls => {
            Session::<Cleartext<_>>::open(clear, opening)?.starttls(opening, setup, name)
        }
    }
}

/// Opens a connection for a probe, whose channel can't carry mail.
pub(super) fn look(
    endpoint: &Endpoint,
    settings: &Settings,
    waiter: Waiter,
    opening: &mut Opening<'_, '_>,
) -> Result<Session<Probed<TcpTransport>>, Error> {
    let setup = ProbeSetup::new(&endpoint.policy, &endpoint.host)?;
    let clear = Cleartext::new(connect(endpoint, settings, waiter, opening)?);
    match endpoint.policy.tls_mode {
        TlsMode::Implicit => {
            let probed = upgrade_probe(clear, &setup, opening)?;
            Session::<Probed<_>>::open(probed, opening)
        }
        TlsMode::Starttls => {
            Session::<Cleartext<_>>::open(clear, opening)?.starttls_probe(opening, &setup)
        }
    }
}

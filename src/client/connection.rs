//! One connection, from resolving to the login, and then for as many messages as it is good for.

use std::sync::Arc;
use std::time::Instant;

use super::endpoint::{Endpoint, Settings};
use crate::channel::ProbeSetup;
use crate::channel::{Cleartext, Probed, Verified};
use crate::error::{Error, Outcome, Peer, Record, Stage};
use crate::log::{Level, Log};
use crate::net::{Canceller, TcpTransport, Waiter, dial, resolve};
use crate::smtp::{Context, MessageStream, Session, StreamEnd, Window, upgrade, upgrade_probe};
use crate::trust::TlsMode;

/// How old a verdict on the peer may be, in seconds, before a reuse asks again.
const VERDICT_AGE: u64 = 60;

/// The last verdict on a peer.
#[derive(Debug, Clone, Copy)]
pub(super) struct LastVerdict {
    /// Seconds since 1970 by the policy's clock.
    at: u64,
}

impl LastVerdict {
    /// Whether it still counts at `now`. A clock that was set back gives it no age.
    pub(super) fn is_fresh(self, now: u64) -> bool {
        now.checked_sub(self.at)
            .is_some_and(|age| age < VERDICT_AGE)
    }
}

/// A session that is logged in, and owns what ends it.
#[derive(Debug)]
pub(super) struct Connection {
    session: Session<Verified<TcpTransport>>,
    canceller: Arc<Canceller>,
    /// Of the settings that it was opened with.
    pub(super) config_generation: u64,
    /// Messages that it has carried, or tried to.
    pub(super) messages: u32,
    /// Those of them that the server has accepted or refused.
    pub(super) carried: usize,
    /// Since when it has nothing to do.
    pub(super) idle_since: Instant,
    pub(super) verdict: LastVerdict,
    /// What was met, and how far the opening came: part of each message's record.
    peer: Option<Arc<Peer>>,
    stage: Stage,
    secret_released: bool,
}

impl Connection {
    /// Resolves, dials, verifies, and logs in. The waiter's canceller ends it from the first step
    /// on.
    ///
    /// # Errors
    /// Where it failed, and what left the machine.
    pub(super) fn open(
        endpoint: &Endpoint,
        settings: &Settings,
        waiter: Waiter,
        cx: &mut Context<'_>,
    ) -> Result<Self, Error> {
        let canceller = waiter.canceller();
        let verdict = LastVerdict {
            at: endpoint.policy.clock.now().as_secs(),
        };
        let transport = connect(endpoint, settings, waiter, cx)?;
        let mut session = greet(endpoint, settings, transport, cx)?;
        if let Some(credential) = &settings.credential
            && let Err(error) = session.authenticate(cx, credential)
        {
            if error.record.outcome == Outcome::Refused {
                session.quit(cx);
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
            peer: cx.record.peer.clone(),
            stage: cx.record.stage,
            secret_released: cx.record.secret_released,
        })
    }

    /// What ends its waits from another thread.
    pub(super) fn canceller(&self) -> &Arc<Canceller> {
        &self.canceller
    }

    /// Whether the server keeps it open, as far as this machine knows without asking, and is still
    /// believed.
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
        setup.is_ok_and(|setup| self.session.channel().is_still_believed(setup))
    }

    /// Sends messages, as far as the server lets them follow each other.
    pub(super) fn send_all(
        &mut self,
        cx: &mut Context<'_>,
        window: Window,
        stream: &dyn MessageStream,
    ) -> StreamEnd {
        cx.record = Record {
            reused: self.messages > 0,
            peer: self.peer.clone(),
            stage: self.stage,
            secret_released: self.secret_released,
            ..Record::default()
        };
        self.session.send_all(cx, window, stream)
    }

    /// Whether another message may follow.
    pub(super) fn is_sound(&self) -> bool {
        self.session.can_go_on() && !self.canceller.is_cancelled()
    }

    /// A dialogue in order ends with QUIT. In the middle of the content it is not in order: what
    /// was given up must not follow.
    pub(super) fn close(self, cx: &mut Context<'_>) {
        self.session.quit(cx);
    }

    /// The same when no call has anything to do with it any more.
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
    cx: &mut Context<'_>,
) -> Result<TcpTransport, Error> {
    let (target, port) = match &settings.connect {
        Some((address, port)) => (address.as_str(), *port),
        None => (endpoint.host.as_str(), endpoint.port),
    };
    cx.enter(Stage::Resolve);
    let found = resolve(target, port, &mut waiter, cx.deadline());
    let addresses = found.map_err(|cause| cx.fail_network(cause))?;
    cx.enter(Stage::Connect);
    cx.say(Level::Info, || {
        format!("connecting to {target} port {port} for {}", endpoint.host)
    });
    let transport = dial(&addresses, waiter, cx.deadline());
    transport.map_err(|cause| cx.fail_network(cause))
}

fn greet(
    endpoint: &Endpoint,
    settings: &Settings,
    transport: TcpTransport,
    cx: &mut Context<'_>,
) -> Result<Session<Verified<TcpTransport>>, Error> {
    let setup = endpoint.setup()?;
    let clear = Cleartext::new(transport);
    let name = settings.ehlo_name.as_ref();
    match endpoint.policy.tls_mode {
        TlsMode::Implicit => {
            let verified = upgrade(clear, setup, cx)?;
            Session::<Verified<_>>::open(verified, cx, name)
        }
        TlsMode::Starttls => Session::<Cleartext<_>>::open(clear, cx)?.starttls(cx, setup, name),
    }
}

/// The same for a probe, whose channel can carry nothing.
pub(super) fn look(
    endpoint: &Endpoint,
    settings: &Settings,
    waiter: Waiter,
    cx: &mut Context<'_>,
) -> Result<Session<Probed<TcpTransport>>, Error> {
    let setup = ProbeSetup::new(&endpoint.policy, &endpoint.host)?;
    let clear = Cleartext::new(connect(endpoint, settings, waiter, cx)?);
    match endpoint.policy.tls_mode {
        TlsMode::Implicit => {
            let probed = upgrade_probe(clear, &setup, cx)?;
            Session::<Probed<_>>::open(probed, cx)
        }
        TlsMode::Starttls => Session::<Cleartext<_>>::open(clear, cx)?.starttls_probe(cx, &setup),
    }
}

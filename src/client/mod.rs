//! The client: one server, one policy, and the way of a mail from here to there.

#![forbid(unsafe_code)]

mod report;

use std::sync::Arc;

use parking_lot::{Mutex, RwLock};

use crate::channel::{Cleartext, Verified};
use crate::credential::Credential;
use crate::deadline::Timeouts;
use crate::error::{Cause, Error, Outcome, Record, Stage};
use crate::log::{Level, Log};
use crate::message::Message;
use crate::net::{Canceller, TcpTransport, Waiter, dial, resolve};
use crate::proto::address::EhloName;
use crate::proto::sasl::Proof;
use crate::smtp::{Context, Session, upgrade, upgrade_probe};
use crate::status::Status;
use crate::tls::{Host, Policy, ProbeSetup, Setup, TlsMode};

pub use report::Report;

/// What may be set after a client was made; each send takes a snapshot.
#[derive(Debug, Clone, Default)]
struct Settings {
    connect: Option<(Host, u16)>,
    credential: Option<Arc<Credential>>,
    ehlo_name: Option<EhloName>,
    timeouts: Timeouts,
}

impl Settings {
    /// What can be known to fail before anything is done.
    fn check(&self, policy: &Policy) -> Result<(), Error> {
        let proof = self.credential.as_deref().map(Credential::proof);
        if proof == Some(Proof::Certificate) && !policy.has_client_certificate() {
            let why = "logs in by the client certificate (EXTERNAL), and the policy has none";
            let status = Status::NoClientCertificate;
            return Err(Error::argument(status, "credential", why));
        }
        Ok(())
    }
}

/// A server to submit mail to. Usable from several threads at once; each call has a connection of
/// its own.
#[derive(Debug)]
pub struct Client {
    host: Host,
    port: u16,
    policy: Arc<Policy>,
    settings: RwLock<Settings>,
    running: Mutex<Calls>,
}

/// The calls that are running, and whether there may be more.
#[derive(Debug, Default)]
struct Calls {
    cancellers: Vec<Arc<Canceller>>,
    closed: bool,
}

impl Client {
    /// For the server that is named `host` in its certificate; `port` 0 is 465 with implicit TLS
    /// and 587 with STARTTLS. The policy is copied.
    ///
    /// # Errors
    /// [`Status::Host`] or [`Status::Port`].
    pub fn new(host: &str, port: u32, policy: &Policy) -> Result<Self, Error> {
        let host = parse_host("host", host)?;
        let default = match policy.tls_mode {
            TlsMode::Implicit => 465,
            TlsMode::Starttls => 587,
        };
        let port = if port == 0 {
            default
        } else {
            parse_port("port", port)?
        };
        Ok(Self {
            host,
            port,
            policy: Arc::new(policy.clone()),
            settings: RwLock::default(),
            running: Mutex::default(),
        })
    }

    /// Dials this address or name instead of the host; what is verified stays the host.
    ///
    /// # Errors
    /// [`Status::Host`] or [`Status::Port`].
    pub fn set_connect(&self, address: &str, port: u32) -> Result<(), Error> {
        let target = (
            parse_host("connect address", address)?,
            parse_port("connect port", port)?,
        );
        self.settings.write().connect = Some(target);
        Ok(())
    }

    /// Logs in with this, or with `None` not at all.
    pub fn set_credential(&self, credential: Option<Arc<Credential>>) {
        self.settings.write().credential = credential;
    }

    /// The name for EHLO inside TLS; in clear it is always a neutral one.
    ///
    /// # Errors
    /// [`Status::EhloName`].
    pub fn set_ehlo_name(&self, name: &str) -> Result<(), Error> {
        let name = EhloName::parse(name)
            .map_err(|why| Error::argument(Status::EhloName, "EHLO name", why))?;
        self.settings.write().ehlo_name = Some(name);
        Ok(())
    }

    /// The patience of one stage, or with [`Stage::Local`] that of a whole call.
    pub fn set_timeout(&self, stage: Stage, patience: std::time::Duration) {
        self.settings.write().timeouts.set(stage, patience);
    }

    /// Sends a message and waits for what becomes of it.
    ///
    /// # Errors
    /// Where it failed, what left the machine, and what became of the message.
    pub fn send(&self, message: &Message, log: Log<'_>) -> Result<Record, Error> {
        message.parts()?;
        let setup = Setup::new(&self.policy, &self.host)?;
        let running = Running::begin(self)?;
        let settings = self.settings.read().clone();
        settings.check(&self.policy)?;
        let mut cx = Context::new(
            self.host.as_str(),
            self.port,
            settings.timeouts.clone(),
            log,
        );
        self.warn(&mut cx);
        cx.record.recipients = message.recipients_not_sent();
        cx.record.message_id = message.message_id();
        let (mut session, _running) = self.session(running, &setup, &settings, &mut cx)?;
        let sent = session.transaction(&mut cx, message);
        // A dialogue in order ends with QUIT. In the middle of the content it is not in order: what
        // was given up must not follow.
        let in_order = match &sent {
            Ok(()) => true,
            Err(error) => {
                error.record.outcome == Outcome::Refused && error.record.stage != Stage::Content
            }
        };
        if in_order {
            session.quit(&mut cx);
        }
        sent.map(|()| cx.record)
    }

    /// Meets the server and looks at it: EHLO, STARTTLS, QUIT, and nothing else is written. The
    /// policy may be empty.
    ///
    /// # Errors
    /// When nobody was met. A peer that is not believed is no error but the report's verdict.
    pub fn probe(&self, log: Log<'_>) -> Result<Report, Error> {
        let setup = ProbeSetup::new(&self.policy, &self.host)?;
        let (_running, waiter) = Running::begin(self)?;
        let settings = self.settings.read().clone();
        let mut cx = Context::new(
            self.host.as_str(),
            self.port,
            settings.timeouts.clone(),
            log,
        );
        self.warn(&mut cx);
        let transport = self.connect(waiter, &settings, &mut cx)?;
        let clear = Cleartext::new(transport);
        let session = match self.policy.tls_mode {
            TlsMode::Implicit => {
                let probed = upgrade_probe(clear, &setup, &mut cx)?;
                Session::<crate::channel::Probed<_>>::open(probed, &mut cx)?
            }
            TlsMode::Starttls => {
                Session::<Cleartext<_>>::open(clear, &mut cx)?.starttls_probe(&mut cx, &setup)?
            }
        };
        let report = Report::new(&self.policy, &self.host, self.port, &session);
        session.quit(&mut cx);
        Ok(report)
    }

    /// Ends each send and probe that is running now, at once. From any thread.
    pub fn cancel(&self) {
        for canceller in &self.running.lock().cancellers {
            canceller.cancel();
        }
    }

    /// Ends what is running, and each call that is about to begin.
    pub fn close(&self) {
        self.running.lock().closed = true;
        self.cancel();
    }

    /// What the owner of the policy should know before anything goes wrong.
    fn warn(&self, cx: &mut Context<'_>) {
        if self.policy.clock.is_behind() {
            cx.say(Level::Warning, || {
                "the clock stands before this release was made: it is wrong, and what has expired \
                 may look valid"
                    .to_owned()
            });
        }
        if let (true, Some(pin)) = (self.policy.has_lone_pin(), self.policy.pins().first()) {
            cx.say(Level::Warning, || {
                format!(
                    "there is one pin, {pin}, and no backup: when the server changes its key, mail \
                     stops until you add the new one"
                )
            });
        }
    }

    fn connect(
        &self,
        mut waiter: Waiter,
        settings: &Settings,
        cx: &mut Context<'_>,
    ) -> Result<TcpTransport, Error> {
        let (target, port) = match &settings.connect {
            Some((address, port)) => (address.as_str(), *port),
            None => (self.host.as_str(), self.port),
        };
        cx.enter(Stage::Resolve);
        let found = resolve(target, port, &mut waiter, cx.deadline());
        let addresses = found.map_err(|cause| cx.fail_network(cause))?;
        cx.enter(Stage::Connect);
        cx.say(Level::Info, || {
            format!("connecting to {target} port {port} for {}", self.host)
        });
        let transport = dial(&addresses, waiter, cx.deadline());
        transport.map_err(|cause| cx.fail_network(cause))
    }

    fn open(
        &self,
        transport: TcpTransport,
        setup: &Setup,
        settings: &Settings,
        cx: &mut Context<'_>,
    ) -> Result<Session<Verified<TcpTransport>>, Error> {
        let clear = Cleartext::new(transport);
        let name = settings.ehlo_name.as_ref();
        match self.policy.tls_mode {
            TlsMode::Implicit => {
                let verified = upgrade(clear, setup, cx)?;
                Session::<Verified<_>>::open(verified, cx, name)
            }
            TlsMode::Starttls => {
                Session::<Cleartext<_>>::open(clear, cx)?.starttls(cx, setup, name)
            }
        }
    }

    /// A session that mail may be given to: verified, and logged in if there is a login. Where the
    /// server refuses a token and there is somebody to ask for a new one, that is done once, on
    /// another connection that is verified anew.
    fn session<'a>(
        &'a self,
        (running, waiter): (Running<'a>, Waiter),
        setup: &Setup,
        settings: &Settings,
        cx: &mut Context<'_>,
    ) -> Result<(Session<Verified<TcpTransport>>, Running<'a>), Error> {
        let refused = match self.log_in(waiter, setup, settings, cx) {
            Ok(session) => return Ok((session, running)),
            Err(error) => error,
        };
        let credential = settings.credential.as_deref();
        if !credential.is_some_and(|credential| credential.may_be_renewed(&refused)) {
            return Err(refused);
        }
        cx.say(Level::Info, || {
            "the token was refused: once more, with a new one and on a new connection".to_owned()
        });
        cx.renew();
        let (again, waiter) = Running::begin(self).map_err(|error| cx.fail(error.cause))?;
        // A cancel between the two connections reached the first alone.
        if running.canceller.is_cancelled() {
            return Err(cx.fail(Cause::Cancelled));
        }
        let session = self.log_in(waiter, setup, settings, cx)?;
        Ok((session, again))
    }

    fn log_in(
        &self,
        waiter: Waiter,
        setup: &Setup,
        settings: &Settings,
        cx: &mut Context<'_>,
    ) -> Result<Session<Verified<TcpTransport>>, Error> {
        let transport = self.connect(waiter, settings, cx)?;
        let mut session = self.open(transport, setup, settings, cx)?;
        if let Some(credential) = &settings.credential
            && let Err(error) = session.authenticate(cx, credential)
        {
            if error.record.outcome == Outcome::Refused {
                session.quit(cx);
            }
            return Err(error);
        }
        Ok(session)
    }
}

/// Keeps a call among those that [`Client::cancel`] ends, for as long as it runs.
struct Running<'a> {
    client: &'a Client,
    canceller: Arc<Canceller>,
}

impl<'a> Running<'a> {
    /// The first thing a call does: what is said or done later can already be cancelled.
    fn begin(client: &'a Client) -> Result<(Self, Waiter), Error> {
        let waiter = Waiter::new().map_err(|error| {
            Error::local(Cause::Resource {
                what: "selector",
                kind: error.kind(),
            })
        })?;
        let canceller = waiter.canceller();
        let mut calls = client.running.lock();
        if calls.closed {
            return Err(Error::local(Cause::Cancelled));
        }
        calls.cancellers.push(Arc::clone(&canceller));
        drop(calls);
        Ok((Self { client, canceller }, waiter))
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let mut calls = self.client.running.lock();
        calls
            .cancellers
            .retain(|other| !Arc::ptr_eq(other, &self.canceller));
    }
}

fn parse_host(argument: &'static str, text: &str) -> Result<Host, Error> {
    Host::parse(text).map_err(|why| Error::argument(Status::Host, argument, why))
}

fn parse_port(argument: &'static str, port: u32) -> Result<u16, Error> {
    let wrong = || {
        Error::argument(
            Status::Port,
            argument,
            format!("{port} is not between 1 and 65535"),
        )
    };
    u16::try_from(port)
        .ok()
        .filter(|port| *port > 0)
        .ok_or_else(wrong)
}

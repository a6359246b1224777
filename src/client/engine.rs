//! The state that a client and its workers share: settings, calls, and the opening of a connection.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::cancel::CancelToken;
use super::connection::{self, Connection};
use super::endpoint::{Endpoint, Settings};
use super::jobs::{Jobs, Limits};
use super::pool::Pool;
use super::report::Report;
use crate::deadline::Deadline;
use crate::error::{Cause, Error, Outcome, Record, Stage};
use crate::log::{Level, Log};
use crate::net::{WaitEnd, Waiter};
use crate::process::Process;
use crate::smtp::{Context, Opening};
use crate::sync::{Condvar, Mutex};

/// The state that a client and its workers share.
#[derive(Debug)]
pub(super) struct Engine {
    pub(super) endpoint: Endpoint,
    settings: Mutex<Arc<Settings>>,
    pub(super) pool: Pool,
    pub(super) jobs: Jobs,
    calls: Mutex<RunningCalls>,
    call_ended: Condvar,
    /// The process that it was made in. A process forked from that has no workers, and a lock may never
    /// be released there.
    process: Process,
}

/// The running calls, and a flag whether more may begin.
#[derive(Debug, Default)]
struct RunningCalls {
    running: Vec<Arc<CancelToken>>,
    closed: bool,
}

impl Engine {
    pub(super) fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            settings: Mutex::default(),
            pool: Pool::default(),
            jobs: Jobs::new(Limits::default()),
            calls: Mutex::default(),
            call_ended: Condvar::new(),
            process: Process::current(),
        }
    }

    /// Fails in a forked process. Must be called before any lock is acquired.
    ///
    /// # Errors
    /// [`Cause::Forked`].
    pub(super) fn check_process(&self) -> Result<(), Error> {
        if self.process.is_current() {
            return Ok(());
        }
        Err(Error::local(Cause::Forked))
    }

    /// Checks what can fail before any network access.
    pub(super) fn check_settings(&self) -> Result<(), Error> {
        self.settings().check(&self.endpoint.policy)
    }

    /// Closes the connections that have been idle for too long.
    pub(super) fn sweep(&self) {
        let settings = self.settings();
        self.pool.sweep(&self.endpoint, &settings);
    }

    /// The current settings.
    pub(super) fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.settings.lock())
    }

    /// The current generation of the settings that a connection depends on.
    pub(super) fn config_generation(&self) -> u64 {
        self.settings.lock().config_generation
    }

    /// Changes settings for later calls. Returns the new settings.
    pub(super) fn set(&self, change: impl FnOnce(&mut Settings)) -> Arc<Settings> {
        let mut settings = self.settings.lock();
        // Drop the old settings without the lock: a provider of secrets may call the host.
        let before = Arc::clone(&settings);
        change(Arc::make_mut(&mut settings));
        let after = Arc::clone(&settings);
        drop(settings);
        drop(before);
        after
    }

    /// Changes a setting that a connection depends on: no older connection is used again.
    pub(super) fn change(&self, change: impl FnOnce(&mut Settings)) {
        let settings = self.set(|settings| {
            change(settings);
            settings.config_generation += 1;
        });
        self.pool.sweep(&self.endpoint, &settings);
    }

    /// Connects to the server and reports its identity.
    ///
    /// # Errors
    /// No TLS channel was established.
    pub(super) fn probe(&self, token: &CancelToken, log: Log<'_>) -> Result<Report, Error> {
        let settings = self.settings();
        let mut cx = self.context(&settings, log);
        self.warn(&mut cx);
        let record = Record {
            outcome: Outcome::None,
            ..Record::default()
        };
        let mut opening = Opening::new(&mut cx, record);
        let waiter = waiter(token)?;
        let endpoint = &self.endpoint;
        let session = connection::look(endpoint, &settings, waiter, &mut opening)?;
        let report = Report::new(&endpoint.policy, &endpoint.host, endpoint.port, &session);
        session.quit(&mut cx);
        Ok(report)
    }

    /// Opens a connection for mail: verified, and logged in if there is a login. Where
    /// the server rejects a token and a provider can return a new one, that is tried once, on
    /// another connection that is verified anew.
    pub(super) fn open(
        &self,
        settings: &Settings,
        token: &CancelToken,
        cx: &mut Context<'_>,
        record: Record,
    ) -> Result<Box<Connection>, Error> {
        self.warn(cx);
        let mut opening = Opening::new(cx, record);
        let refused = match self.log_in(settings, token, &mut opening) {
            Err(error) => error,
            opened => return opened,
        };
        let credential = settings.credential.as_deref();
        if !credential.is_some_and(|credential| credential.may_be_renewed(&refused)) {
            return Err(refused);
        }
        opening.say(Level::Info, || {
            "the token was rejected: trying again with a new token on a new connection".to_owned()
        });
        opening.renew();
        self.log_in(settings, token, &mut opening)
    }

    fn log_in(
        &self,
        settings: &Settings,
        token: &CancelToken,
        opening: &mut Opening<'_, '_>,
    ) -> Result<Box<Connection>, Error> {
        let mut waiter = waiter(token)?;
        self.wait_for_back_off(&mut waiter, opening)?;
        let opened = Connection::open(&self.endpoint, settings, waiter, opening).map(Box::new);
        opened.inspect_err(|error| {
            token.detach();
            if *error.cause == Cause::Closing {
                self.pool.back_off(settings.reuse.back_off);
            }
        })
    }

    /// Waits for as long as the server's last 421 asks for, unless the call has no time for that.
    fn wait_for_back_off(
        &self,
        waiter: &mut Waiter,
        opening: &mut Opening<'_, '_>,
    ) -> Result<(), Error> {
        while let Some(left) = self.pool.wait_left() {
            opening.enter(Stage::Connect);
            opening.say(Level::Info, || {
                format!("the server closed the last connection (421): waiting {left:.1?} before the next one")
            });
            let until = Deadline::after(left);
            if until.min(opening.deadline()) != until {
                return Err(opening.fail(Cause::BackOff { left }));
            }
            match waiter.wait(until) {
                Ok(()) | Err(WaitEnd::TimedOut) => {}
                Err(stop) => return Err(opening.fault(stop.into())),
            }
        }
        Ok(())
    }

    pub(super) fn context<'a>(&self, settings: &Settings, log: Log<'a>) -> Context<'a> {
        let (host, port) = (self.endpoint.host.as_str(), self.endpoint.port);
        Context::new(host, port, settings.timeouts.clone(), log)
    }

    /// Logs warnings for the owner of the policy.
    fn warn(&self, cx: &mut Context<'_>) {
        let policy = &self.endpoint.policy;
        if policy.clock.is_behind() {
            cx.say(Level::Warning, || {
                "this machine's clock is wrong, because it is before this release was made: certificates \
                 that have expired may look valid"
                    .to_owned()
            });
        }
        if let (true, Some(pin)) = (policy.has_single_pin(), policy.pins().first()) {
            cx.say(Level::Warning, || {
                format!(
                    "there is one pin, {pin}, and no backup: when the server changes its key, no mail is \
                     sent until the new pin is added"
                )
            });
        }
    }

    /// Registers a call, before anything else, so that all of it can be cancelled.
    ///
    /// # Errors
    /// When the client is closed.
    pub(super) fn begin(&self) -> Result<RunningCall<'_>, Error> {
        self.check_process()?;
        let token = Arc::new(CancelToken::default());
        let mut calls = self.calls.lock();
        if calls.closed {
            return Err(Error::local(Cause::Closed));
        }
        calls.running.push(Arc::clone(&token));
        Ok(RunningCall {
            engine: self,
            token,
        })
    }

    /// Ends each call that is running now, at once.
    pub(super) fn cancel(&self) {
        for token in &self.calls.lock().running {
            token.cancel();
        }
    }

    /// Wakes each running call, to check its condition again.
    pub(super) fn wake(&self) {
        for token in &self.calls.lock().running {
            token.wake();
        }
    }

    /// Waits until no call is running.
    pub(super) fn wait_for_calls(&self, deadline: Deadline) -> bool {
        let mut calls = self.calls.lock();
        while !calls.running.is_empty() {
            let left = deadline.left(Instant::now());
            if left == Some(Duration::ZERO) {
                return false;
            }
            calls = self.call_ended.wait(calls, left);
        }
        true
    }

    /// Rejects further calls and jobs.
    pub(super) fn refuse(&self) {
        self.calls.lock().closed = true;
        self.jobs.refuse();
    }

    /// Ends all calls and jobs, and each that is about to begin, without waiting.
    pub(super) fn abandon(&self) {
        self.refuse();
        self.cancel();
        self.jobs.cancel_all();
        self.pool.close(&self.endpoint);
    }
}

/// A selector for a new connection of the call.
pub(super) fn waiter(token: &CancelToken) -> Result<Waiter, Error> {
    let waiter = Waiter::new().map_err(|error| {
        Error::local(Cause::Resource {
            what: "selector",
            kind: error.kind(),
        })
    })?;
    token.attach(&waiter.canceller());
    Ok(waiter)
}

/// Keeps a call among those that [`Engine::cancel`] ends, for as long as it runs.
pub(super) struct RunningCall<'a> {
    engine: &'a Engine,
    pub(super) token: Arc<CancelToken>,
}

impl Drop for RunningCall<'_> {
    fn drop(&mut self) {
        let mut calls = self.engine.calls.lock();
        calls
            .running
            .retain(|other| !Arc::ptr_eq(other, &self.token));
        self.engine.call_ended.notify_all();
    }
}

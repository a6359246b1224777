//! The client: submits messages to one server under one policy.
//!
//! A client whose policy trusts no server opens no connection:
//! ```
//! use secsmtp::{Client, Log, Message, Outcome, Policy, Status};
//!
//! let client = Client::new("mail.example.com", 0, &Policy::new())?;
//! let mut message = Message::new();
//! message.set_sender("alice@example.com")?;
//! message.add_recipient("bob@example.org")?;
//! message.set_content(b"Subject: Hello\n\nA line.\n")?;
//! let error = client.send(&message, Log::off()).unwrap_err();
//! assert_eq!((error.status(), error.record.outcome), (Status::NoTrust, Outcome::NotSent));
//! assert!(error.to_string().starts_with("policy trusts no server: "));
//! assert!(error.to_string().ends_with(" Nothing was sent."));
//! # Ok::<_, secsmtp::Error>(())
//! ```

#![forbid(unsafe_code)]

mod batch;
mod cancel;
mod connection;
mod endpoint;
mod engine;
pub mod jobs;
mod pool;
mod rate;
mod report;
mod retry;
mod run;
mod single;
mod source;
mod submit;

use std::borrow::Borrow;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use self::endpoint::{Endpoint, parse_host};
use self::engine::Engine;
use crate::credential::Credential;
use crate::deadline::Deadline;
use crate::error::{Error, Record, Stage};
use crate::log::Log;
use crate::message::Message;
use crate::message::address::EhloName;
use crate::status::Status;
use crate::sync::Mutex;
use crate::trust::Policy;
use crate::trust::host::port_argument;

pub use batch::{BatchOptions, MAX_CONNECTIONS};
pub use rate::Rate;
pub use report::Report;

/// The timeout for cancelled calls to end: they are notified at once, but may be computing SCRAM.
const SETTLING: Duration = Duration::from_secs(30);

/// A client for one server. Usable from several threads at once. Dropping it closes its connections.
#[derive(Debug)]
pub struct Client {
    engine: Arc<Engine>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Client {
    /// Makes a client for the server with the name `host` in its certificate; `port` 0 is 465 with
    /// implicit TLS and 587 with STARTTLS. The policy is copied.
    ///
    /// # Errors
    /// [`Status::Host`] or [`Status::Port`].
    pub fn new(host: &str, port: u32, policy: &Policy) -> Result<Self, Error> {
        let engine = Arc::new(Engine::new(Endpoint::new(host, port, policy)?));
        Ok(Self {
            engine,
            threads: Mutex::default(),
        })
    }

    /// Connects to this address or name instead of the host; the verified name is still the host.
    ///
    /// # Errors
    /// [`Status::Host`] or [`Status::Port`].
    pub fn set_connect(&self, address: &str, port: u32) -> Result<(), Error> {
        let target = (
            parse_host("connect address", address)?,
            port_argument("connect port", port)?,
        );
        self.engine
            .change(|settings| settings.connect = Some(target));
        Ok(())
    }

    /// Sets the credential; with `None` there is no login.
    pub fn set_credential(&self, credential: Option<Arc<Credential>>) {
        self.engine
            .change(|settings| settings.credential = credential);
    }

    /// Sets the name for EHLO inside TLS; in clear text it is always a neutral one.
    ///
    /// # Errors
    /// [`Status::EhloName`].
    pub fn set_ehlo_name(&self, name: &str) -> Result<(), Error> {
        let name = EhloName::parse(name)
            .map_err(|why| Error::argument(Status::EhloName, "EHLO name", why))?;
        self.engine
            .change(|settings| settings.ehlo_name = Some(name));
        Ok(())
    }

    /// Sets the timeout of one stage, or with [`Stage::Local`] that of a whole call.
    pub fn set_timeout(&self, stage: Stage, patience: Duration) {
        self.engine
            .set(|settings| settings.timeouts.set(stage, patience));
    }

    /// Keeps a connection open for this idle time, and uses it for at most this number of messages. With
    /// an idle time of zero each message has a connection of its own. By default [`Client::send`] closes
    /// its connection at its end.
    ///
    /// An idle connection is checked before it is used: one on which the server has sent bytes or closed
    /// is dropped, and so is one whose peer the policy no longer trusts. A connection is never used
    /// again after a change of credential, address or EHLO name.
    ///
    /// # Errors
    /// [`Status::Value`] for zero messages.
    pub fn set_reuse(&self, idle: Duration, messages: u32) -> Result<(), Error> {
        if messages == 0 {
            return Err(Error::argument(Status::Value, "messages", "must not be 0"));
        }
        let settings = self.engine.set(|settings| {
            settings.reuse.idle = Some(idle);
            settings.reuse.messages = messages;
        });
        self.engine.pool.sweep(&self.engine.endpoint, &settings);
        Ok(())
    }

    /// Sets the maximum age of a connection's last reply for content to be sent together with MAIL; 500 ms by
    /// default. If the reply is older, and nothing is outstanding, the content waits for the reply to MAIL:
    /// this costs a round trip, and a dead connection never leaves a message in doubt. With zero it always
    /// waits.
    pub fn set_reply_age(&self, age: Duration) {
        self.engine
            .set(|settings| settings.timeouts.set_reply_age(age));
    }

    /// Sets the delay of the next connection after a 421, one second by default; each further 421 without an
    /// accepted message doubles it.
    pub fn set_back_off(&self, wait: Duration) {
        self.engine.set(|settings| settings.reuse.back_off = wait);
    }

    /// Sends a message and waits for its outcome.
    ///
    /// # Errors
    /// The stage of the failure, what left the machine, and the outcome of the message.
    pub fn send(&self, message: &Message, log: Log<'_>) -> Result<Record, Error> {
        let deliver = || {
            let message = message.prepare()?;
            self.engine.endpoint.setup()?;
            let running = self.engine.begin()?;
            self.engine.send_one(message, &running.token, log)
        };
        deliver().map_err(Error::for_message)
    }

    /// Sends many messages, over several connections at a time as `bulk` defines, each of which streams
    /// as far as the server's extensions allow. `done` is called with the result of each message that was
    /// begun, and its number in the order given; it is called on the threads that send, by one at a
    /// time. Where a connection that has carried a message ends, the messages of which the server can have
    /// accepted nothing go over another one, after a pause, and no more are in flight there than the last one
    /// carried. When no connection is to be had, the rest fail without being tried one by one.
    ///
    /// The log is that of the calling thread's connection. An idle connection is used, and left for
    /// later, as with [`Client::set_reuse`].
    ///
    /// Returns the number of begun messages: all, unless one failed and `bulk` requires to stop, or the
    /// client was cancelled, closed or forked, which is the error of each connection's first message.
    pub fn send_many<I, D>(&self, messages: I, bulk: &BatchOptions, done: D, log: Log<'_>) -> u64
    where
        I: IntoIterator<Item: Borrow<Message> + Send, IntoIter: Send>,
        D: FnMut(u64, Result<Record, Error>) + Send,
    {
        self.engine.send_many(messages.into_iter(), bulk, done, log)
    }

    /// Connects to the server and reports its identity: only EHLO, STARTTLS and QUIT are written. The
    /// policy may be empty.
    ///
    /// # Errors
    /// No TLS channel was established. A peer that is not trusted is no error but the report's verdict.
    pub fn probe(&self, log: Log<'_>) -> Result<Report, Error> {
        let running = self.engine.begin()?;
        self.engine.probe(&running.token, log)
    }

    /// Ends each send and probe that is running now, at once. From any thread.
    pub fn cancel(&self) {
        self.engine.cancel();
    }

    /// Rejects further calls and jobs, waits for the current ones for this time, then ends the
    /// remaining ones and waits for their end. Completions can still be polled. Must not be called from
    /// inside a call of this client, which would wait for itself.
    ///
    /// # Errors
    /// [`Status::Timeout`] if any call or job had to be ended.
    pub fn close(&self, grace: Duration) -> Result<(), Error> {
        self.engine.check_process()?;
        self.engine.refuse();
        let deadline = Deadline::after(grace);
        let in_time =
            self.engine.jobs.wait_for_all(deadline) && self.engine.wait_for_calls(deadline);
        self.engine.abandon();
        let deadline = Deadline::after(SETTLING);
        self.engine.jobs.wait_for_all(deadline);
        self.engine.wait_for_calls(deadline);
        if self.engine.jobs.wait_for_workers(deadline) {
            // Join the workers, so that none is alive when `close` returns.
            let threads = std::mem::take(&mut *self.threads.lock());
            threads.into_iter().for_each(|thread| drop(thread.join()));
        }
        match in_time {
            true => Ok(()),
            false => Err(Error::argument(
                Status::Timeout,
                "close",
                "ended at its timeout: the sends and jobs that were left were cancelled, and each has \
                 its own outcome",
            )),
        }
    }

    /// Ends all calls and jobs, and rejects further ones, without waiting.
    pub fn abandon(&self) {
        if !self.is_forked() {
            self.engine.abandon();
        }
    }

    /// Waits until no send or probe is running. Not from inside one.
    pub fn wait_for_calls(&self) {
        self.engine.wait_for_calls(Deadline::NEVER);
    }

    /// Returns whether this process was forked from the one that made the client: then each call that can
    /// fail returns an error.
    #[must_use]
    pub fn is_forked(&self) -> bool {
        self.engine.check_process().is_err()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if self.is_forked() {
            // A thread that this process does not have may hold a lock, and the sockets are the other
            // process's. So are the threads: their ids may be those of other threads here.
            std::mem::forget(Arc::clone(&self.engine));
            std::mem::forget(std::mem::take(self.threads.get_mut()));
        } else {
            self.engine.abandon();
        }
    }
}

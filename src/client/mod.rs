//! The client: one server, one policy, and the way of a mail from here to there.

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

/// How long what was cancelled may take to end: it is told at once, and may be busy with a SCRAM.
const SETTLING: Duration = Duration::from_secs(30);

/// A server to submit mail to. Usable from several threads at once. What was left open when it is
/// dropped is closed.
#[derive(Debug)]
pub struct Client {
    engine: Arc<Engine>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Client {
    /// For the server that is named `host` in its certificate; `port` 0 is 465 with implicit TLS
    /// and 587 with STARTTLS. The policy is copied.
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

    /// Dials this address or name instead of the host; what is verified stays the host.
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

    /// Logs in with this, or with `None` not at all.
    pub fn set_credential(&self, credential: Option<Arc<Credential>>) {
        self.engine
            .change(|settings| settings.credential = credential);
    }

    /// The name for EHLO inside TLS; in clear it is always a neutral one.
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

    /// The patience of one stage, or with [`Stage::Local`] that of a whole call.
    pub fn set_timeout(&self, stage: Stage, patience: Duration) {
        self.engine
            .set(|settings| settings.timeouts.set(stage, patience));
    }

    /// Keeps a connection open for as long as this with nothing to do, and uses it for as many
    /// messages. With an idle time of zero each message has a connection of its own. Unless this is
    /// called, [`Client::send`] closes its connection at its end.
    ///
    /// An idle connection is looked at before it is used: one where the server has spoken or hung
    /// up is closed, and so is one whose peer the policy no longer believes. A connection is never
    /// used again after a change of credential, address or EHLO name.
    ///
    /// # Errors
    /// [`Status::Value`] for no message at all.
    pub fn set_reuse(&self, idle: Duration, messages: u32) -> Result<(), Error> {
        if messages == 0 {
            return Err(Error::argument(Status::Value, "messages", "is 0"));
        }
        let settings = self.engine.set(|settings| {
            settings.reuse.idle = Some(idle);
            settings.reuse.messages = messages;
        });
        self.engine.pool.sweep(&self.engine.endpoint, &settings);
        Ok(())
    }

    /// How old the last reply of a connection may be for content to leave together with MAIL, 500 ms unless
    /// this is called. Where it is older, and nothing is outstanding, the content waits for the reply to MAIL:
    /// a dead connection then never leaves a message in doubt, for one more round trip. With zero it always
    /// waits.
    pub fn set_reply_age(&self, age: Duration) {
        self.engine
            .set(|settings| settings.timeouts.set_reply_age(age));
    }

    /// How long the next connection waits after a 421, a second unless this is called; each 421 that follows
    /// without a message accepted doubles it.
    pub fn set_back_off(&self, wait: Duration) {
        self.engine.set(|settings| settings.reuse.back_off = wait);
    }

    /// Sends a message and waits for what becomes of it.
    ///
    /// # Errors
    /// Where it failed, what left the machine, and what became of the message.
    pub fn send(&self, message: &Message, log: Log<'_>) -> Result<Record, Error> {
        let deliver = || {
            let message = message.prepare()?;
            self.engine.endpoint.setup()?;
            let running = self.engine.begin()?;
            self.engine.send_one(message, &running.token, log)
        };
        deliver().map_err(Error::for_message)
    }

    /// Sends many messages, over as many connections at a time as `bulk` says, each of which streams
    /// as far as the server's extensions allow. `done` hears of each message that was begun, by its
    /// number in the order given, what became of it; it is called on the threads that send, by one
    /// at a time. Where a connection that has carried a message ends, the messages of which the server can have
    /// accepted nothing go over another one, after a pause, and no more are in flight there than the last one
    /// carried. When no connection is to be had, the rest fail without being tried one by one.
    ///
    /// The log is that of the calling thread's connection. An idle connection is used, and left for
    /// later, as [`Client::set_reuse`] says.
    ///
    /// Gives how many messages were begun: all, unless one failed and `bulk` says to stop, or the
    /// client was cancelled, closed or forked, which the first message of each connection is told.
    pub fn send_many<I, D>(&self, messages: I, bulk: &BatchOptions, done: D, log: Log<'_>) -> u64
    where
        I: IntoIterator<Item: Borrow<Message> + Send, IntoIter: Send>,
        D: FnMut(u64, Result<Record, Error>) + Send,
    {
        self.engine.send_many(messages.into_iter(), bulk, done, log)
    }

    /// Meets the server and looks at it: EHLO, STARTTLS, QUIT, and nothing else is written. The
    /// policy may be empty.
    ///
    /// # Errors
    /// When nobody was met. A peer that is not believed is no error but the report's verdict.
    pub fn probe(&self, log: Log<'_>) -> Result<Report, Error> {
        let running = self.engine.begin()?;
        self.engine.probe(&running.token, log)
    }

    /// Ends each send and probe that is running now, at once. From any thread.
    pub fn cancel(&self) {
        self.engine.cancel();
    }

    /// Takes no more calls and jobs, gives those that are there so much time, ends what is left
    /// then, and waits for that. Completions can still be taken. Not from inside a call of this
    /// client: that would wait for itself.
    ///
    /// # Errors
    /// [`Status::Timeout`] if something was left to be ended.
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
            // Past their last word: so a thread is not seen after this.
            let threads = std::mem::take(&mut *self.threads.lock());
            threads.into_iter().for_each(|thread| drop(thread.join()));
        }
        match in_time {
            true => Ok(()),
            false => Err(Error::argument(
                Status::Timeout,
                "close",
                "the time was over first, and the sends and jobs that were left were cancelled; each has \
                 its own outcome",
            )),
        }
    }

    /// Ends all calls and jobs, and takes no more; waits for nothing.
    pub fn abandon(&self) {
        if !self.is_forked() {
            self.engine.abandon();
        }
    }

    /// Waits until no send or probe is running. Not from inside one.
    pub fn wait_for_calls(&self) {
        self.engine.wait_for_calls(Deadline::NEVER);
    }

    /// Whether this is another process than the one that the client was made in: then it is of no
    /// use, and each call that can fail says so.
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

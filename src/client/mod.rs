//! The client: one server, one policy, and the way of a mail from here to there.

#![forbid(unsafe_code)]

mod connection;
mod core;
mod pool;
mod report;
mod site;
mod token;

use std::sync::Arc;
use std::time::Duration;

use self::core::{Afterwards, Core};
use self::site::{Site, parse_host, parse_port};
use crate::credential::Credential;
use crate::error::{Error, Record, Stage};
use crate::log::Log;
use crate::message::Message;
use crate::proto::address::EhloName;
use crate::status::Status;
use crate::tls::Policy;

pub use report::Report;

/// The most connections that a client keeps open with nothing to do.
const MAX_IDLE: usize = 4;

/// A server to submit mail to. Usable from several threads at once. What was left open when it is
/// dropped is closed.
#[derive(Debug)]
pub struct Client {
    core: Arc<Core>,
}

impl Client {
    /// For the server that is named `host` in its certificate; `port` 0 is 465 with implicit TLS
    /// and 587 with STARTTLS. The policy is copied.
    ///
    /// # Errors
    /// [`Status::Host`] or [`Status::Port`].
    pub fn new(host: &str, port: u32, policy: &Policy) -> Result<Self, Error> {
        let core = Arc::new(Core::new(Site::new(host, port, policy)?));
        Ok(Self { core })
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
        self.core.change(|settings| settings.connect = Some(target));
        Ok(())
    }

    /// Logs in with this, or with `None` not at all.
    pub fn set_credential(&self, credential: Option<Arc<Credential>>) {
        self.core
            .change(|settings| settings.credential = credential);
    }

    /// The name for EHLO inside TLS; in clear it is always a neutral one.
    ///
    /// # Errors
    /// [`Status::EhloName`].
    pub fn set_ehlo_name(&self, name: &str) -> Result<(), Error> {
        let name = EhloName::parse(name)
            .map_err(|why| Error::argument(Status::EhloName, "EHLO name", why))?;
        self.core.change(|settings| settings.ehlo_name = Some(name));
        Ok(())
    }

    /// The patience of one stage, or with [`Stage::Local`] that of a whole call.
    pub fn set_timeout(&self, stage: Stage, patience: Duration) {
        self.core.settings.write().timeouts.set(stage, patience);
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
        let settings = {
            let mut settings = self.core.settings.write();
            settings.reuse.idle = Some(idle);
            settings.reuse.messages = messages;
            settings.clone()
        };
        self.core.pool.sweep(&self.core.site, &settings);
        Ok(())
    }

    /// Sends a message and waits for what becomes of it.
    ///
    /// # Errors
    /// Where it failed, what left the machine, and what became of the message.
    pub fn send(&self, message: &Message, log: Log<'_>) -> Result<Record, Error> {
        message.parts()?;
        self.core.site.setup()?;
        let running = self.core.begin()?;
        let kept = self.core.settings.read().reuse.idle.is_some();
        let afterwards = match kept {
            true => Afterwards::Keep(MAX_IDLE),
            false => Afterwards::Close,
        };
        self.core.deliver(message, &running.token, afterwards, log)
    }

    /// Meets the server and looks at it: EHLO, STARTTLS, QUIT, and nothing else is written. The
    /// policy may be empty.
    ///
    /// # Errors
    /// When nobody was met. A peer that is not believed is no error but the report's verdict.
    pub fn probe(&self, log: Log<'_>) -> Result<Report, Error> {
        let running = self.core.begin()?;
        self.core.probe(&running.token, log)
    }

    /// Ends each send and probe that is running now, at once. From any thread.
    pub fn cancel(&self) {
        self.core.cancel();
    }

    /// Ends what is running, and each call that is about to begin.
    pub fn close(&self) {
        self.core.close();
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.close();
    }
}

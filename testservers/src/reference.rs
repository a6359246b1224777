//! A reference submission server: implicit TLS on one port, STARTTLS on another.

mod auth;
mod credentials;
mod mailbox;
mod session;
mod transaction;

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::ServerConfig;

pub use self::mailbox::Mail;
use self::mailbox::Mailbox;
use crate::listen::Listeners;
use crate::pki::ServerIdentity;
use crate::record::{SessionRecord, SharedRecord, lock};
use crate::tls::{TlsVersions, server_config};

/// The largest message that any configuration accepts.
const HARD_LIMIT: usize = 64 * 1024 * 1024;

/// The end of a connection that has carried its number of mails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Closed with close_notify.
    Close,
    /// Closed by the end of TCP, without close_notify.
    Cut,
    /// Kept open: each command of a further mail is rejected.
    Stay,
}

/// The behaviour of a [`ReferenceServer`].
#[derive(Clone, Debug)]
pub struct ReferenceConfig {
    /// The certificate chain and the key.
    pub identity: ServerIdentity,
    /// The TLS versions.
    pub tls: TlsVersions,
    /// The name in the greeting.
    pub host_name: String,
    /// Names and passwords for PLAIN and LOGIN.
    pub users: Vec<(String, String)>,
    /// Names and bearer tokens for XOAUTH2 and OAUTHBEARER.
    pub tokens: Vec<(String, String)>,
    /// Mail only after a login (530 otherwise).
    pub require_auth: bool,
    /// Mail only inside TLS (530 otherwise).
    pub require_tls: bool,
    /// The lines of the EHLO reply, without STARTTLS and AUTH.
    pub extensions: Vec<String>,
    /// More lines for an EHLO after the login.
    pub extensions_after_auth: Vec<String>,
    /// The AUTH mechanisms, offered inside TLS alone; none switches AUTH off.
    pub auth_mechanisms: Vec<String>,
    /// STARTTLS is offered before TLS.
    pub offer_starttls: bool,
    /// Messages with more bytes get 552 (never more than 64 MiB).
    pub size_limit: usize,
    /// Senders that are rejected permanently: 550 5.7.1.
    pub reject_mail: Vec<String>,
    /// The number of recipients of a mail that are accepted; a further one is 452 4.5.3.
    pub max_recipients: usize,
    /// Recipients that are rejected permanently: 550 5.1.1.
    pub reject_rcpt: Vec<String>,
    /// Recipients that are rejected temporarily: 450 4.2.1.
    pub defer_rcpt: Vec<String>,
    /// The number of mails that each connection may carry, in the order of the connections; the last number is
    /// for all later ones. Empty for no limit.
    pub mails_per_connection: Vec<usize>,
    /// The reply to a further MAIL, CRLF included; empty for none.
    pub last_reply: String,
    /// The end of the connection after that reply.
    pub ending: Ending,
    /// Complete replies, CRLF included, that replace the server's own. Keys: `GREETING`, `EHLO`,
    /// `HELO`, `STARTTLS`, `AUTH` (on the command), `AUTH-END` (after the exchange), `MAIL`,
    /// `RCPT`, `DATA`, `DATA-END` (also to BDAT LAST), `RSET`, `NOOP`, `QUIT`. A 4xx or 5xx also keeps the command
    /// from having an effect, and 421 closes the connection.
    pub override_reply: HashMap<String, String>,
    /// The folder in which each mail is also stored as a file `NNNN.eml`.
    pub dir: Option<PathBuf>,
    /// The port for implicit TLS; 0 lets the system choose.
    pub implicit_port: u16,
    /// The port for STARTTLS; 0 lets the system choose.
    pub starttls_port: u16,
    /// Keep the bytes of the sessions; a long bench switches it off.
    pub record: bool,
    /// Keep the mails in memory; a long bench switches it off.
    pub keep_mails: bool,
}

impl ReferenceConfig {
    /// The default server: user `alice` with `correct horse battery staple`, or with the bearer token
    /// `alice-token`.
    #[must_use]
    pub fn new(identity: ServerIdentity) -> Self {
        let owned = |list: &[&str]| {
            list.iter()
                .map(|text| (*text).to_owned())
                .collect::<Vec<_>>()
        };
        Self {
            identity,
            tls: TlsVersions::Both,
            host_name: "mail.test".to_owned(),
            users: vec![(
                "alice".to_owned(),
                "correct horse battery staple".to_owned(),
            )],
            tokens: vec![("alice".to_owned(), "alice-token".to_owned())],
            require_auth: true,
            require_tls: true,
            extensions: owned(&[
                "PIPELINING",
                "CHUNKING",
                "SIZE 26214400",
                "8BITMIME",
                "SMTPUTF8",
                "ENHANCEDSTATUSCODES",
            ]),
            extensions_after_auth: Vec::new(),
            auth_mechanisms: owned(&["PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER"]),
            offer_starttls: true,
            size_limit: 26_214_400,
            reject_mail: Vec::new(),
            max_recipients: 1000,
            reject_rcpt: Vec::new(),
            defer_rcpt: Vec::new(),
            mails_per_connection: Vec::new(),
            last_reply: "421 4.7.0 Enough for one connection\r\n".to_owned(),
            ending: Ending::Close,
            override_reply: HashMap::new(),
            dir: None,
            implicit_port: 0,
            starttls_port: 0,
            record: true,
            keep_mails: true,
        }
    }
}

/// State shared by all connections of one server.
struct Shared {
    config: ReferenceConfig,
    tls: Arc<ServerConfig>,
    mailbox: Mailbox,
    sessions: Mutex<Vec<SharedRecord>>,
    logins: AtomicUsize,
}

/// A running server; dropping it ends its threads and connections.
pub struct ReferenceServer {
    implicit: SocketAddr,
    starttls: SocketAddr,
    shared: Arc<Shared>,
    listeners: Listeners,
}

impl ReferenceServer {
    /// Starts both listeners on 127.0.0.1.
    ///
    /// # Errors
    /// A port is in use, the directory cannot be used, or key and certificate do not match.
    pub fn start(mut config: ReferenceConfig) -> io::Result<Self> {
        config.size_limit = config.size_limit.min(HARD_LIMIT);
        let shared = Arc::new(Shared {
            tls: server_config(&config.identity, config.tls)?,
            mailbox: Mailbox::open(config.dir.clone(), config.keep_mails)?,
            sessions: Mutex::new(Vec::new()),
            logins: AtomicUsize::new(0),
            config,
        });
        let mut listeners = Listeners::default();
        let own = Arc::clone(&shared);
        let implicit = listeners.add(shared.config.implicit_port, move |tcp| {
            session::serve(&own, tcp, true)
        })?;
        let own = Arc::clone(&shared);
        let starttls = listeners.add(shared.config.starttls_port, move |tcp| {
            session::serve(&own, tcp, false)
        })?;
        Ok(Self {
            implicit,
            starttls,
            shared,
            listeners,
        })
    }

    /// The address of the port for implicit TLS.
    #[must_use]
    pub fn implicit_addr(&self) -> SocketAddr {
        self.implicit
    }

    /// The address of the port for STARTTLS.
    #[must_use]
    pub fn starttls_addr(&self) -> SocketAddr {
        self.starttls
    }

    /// The mails accepted so far (none when `keep_mails` is off).
    #[must_use]
    pub fn mails(&self) -> Vec<Mail> {
        self.shared.mailbox.mails()
    }

    /// The number of mails accepted so far.
    #[must_use]
    pub fn mail_count(&self) -> usize {
        self.shared.mailbox.count()
    }

    /// The number of successful logins.
    #[must_use]
    pub fn login_count(&self) -> usize {
        self.shared.logins.load(Ordering::SeqCst)
    }

    /// Waits until at least `count` mails were accepted. Returns false after a timeout.
    #[must_use]
    pub fn wait_for_mails(&self, count: usize, limit: Duration) -> bool {
        self.shared.mailbox.wait_for(count, limit)
    }

    /// The record of each connection, in the order in which they began.
    #[must_use]
    pub fn sessions(&self) -> Vec<SessionRecord> {
        lock(&self.shared.sessions)
            .iter()
            .map(|record| lock(record).clone())
            .collect()
    }

    /// Waits until no connection is open, so that the records are complete. Returns false after a
    /// timeout.
    #[must_use]
    pub fn wait_idle(&self, limit: Duration) -> bool {
        self.listeners.wait_idle(limit)
    }
}

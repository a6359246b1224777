//! The immutable endpoint of a client: one server and one policy; and its settings.

use std::sync::Arc;
use std::time::Duration;

use once_cell::sync::OnceCell;

use crate::channel::Setup;
use crate::credential::Credential;
use crate::deadline::Timeouts;
use crate::error::Error;
use crate::message::address::EhloName;
use crate::sasl::CredentialKind;
use crate::status::Status;
use crate::trust::host::port_argument;
use crate::trust::{Host, Policy, TlsMode};

/// The server and the policy for it.
#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) host: Host,
    pub(super) port: u16,
    pub(super) policy: Arc<Policy>,
    /// The TLS configuration, made by the first send that needs it.
    setup: OnceCell<Setup>,
}

impl Endpoint {
    /// Makes an endpoint; `port` 0 is the default of the mode.
    ///
    /// # Errors
    /// [`Status::Host`] or [`Status::Port`].
    pub(super) fn new(host: &str, port: u32, policy: &Policy) -> Result<Self, Error> {
        let host = parse_host("host", host)?;
        let port = match (port, policy.tls_mode) {
            (0, TlsMode::Implicit) => 465,
            (0, TlsMode::Starttls) => 587,
            (port, _) => port_argument("port", port)?,
        };
        Ok(Self {
            host,
            port,
            policy: Arc::new(policy.clone()),
            setup: OnceCell::new(),
        })
    }

    /// # Errors
    /// [`Status::NoTrust`] when the policy is empty.
    pub(super) fn setup(&self) -> Result<&Setup, Error> {
        self.setup
            .get_or_try_init(|| Setup::new(&self.policy, &self.host))
    }
}

/// The settings that may change after a client was made; each send uses a snapshot.
#[derive(Debug, Clone, Default)]
pub(super) struct Settings {
    /// Incremented with each change of a setting that a connection depends on: a connection of another
    /// generation is never reused.
    pub(super) config_generation: u64,
    pub(super) connect: Option<(Host, u16)>,
    pub(super) credential: Option<Arc<Credential>>,
    pub(super) ehlo_name: Option<EhloName>,
    pub(super) timeouts: Timeouts,
    pub(super) reuse: Reuse,
}

/// The limits for the reuse of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reuse {
    /// The idle time for which a connection is kept. No thread closes one that a blocking
    /// send keeps, so by default such a send closes its own.
    pub(super) idle: Option<Duration>,
    /// The maximum number of messages over one connection.
    pub(super) messages: u32,
    /// The delay of the next connection after the first 421.
    pub(super) back_off: Duration,
}

impl Default for Reuse {
    fn default() -> Self {
        Self {
            idle: None,
            messages: 100,
            back_off: Duration::from_secs(1),
        }
    }
}

impl Settings {
    /// Checks what can fail before any network access.
    pub(super) fn check(&self, policy: &Policy) -> Result<(), Error> {
        let credential_kind = self.credential.as_deref().map(Credential::credential_kind);
        if credential_kind == Some(CredentialKind::Certificate) && !policy.has_client_certificate()
        {
            let why = "logs in by the client certificate (EXTERNAL), and the policy has none";
            let status = Status::NoClientCertificate;
            return Err(Error::argument(status, "credential", why));
        }
        Ok(())
    }
}

pub(super) fn parse_host(argument: &'static str, text: &str) -> Result<Host, Error> {
    Host::parse(text).map_err(|why| Error::argument(Status::Host, argument, why))
}

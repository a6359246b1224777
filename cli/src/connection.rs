//! The options that say which server to connect to, and how.

use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use secsmtp::client::Client;
use secsmtp::error::{Error, Stage};
use secsmtp::trust::{self, Policy};

use crate::failure::OfOption as _;
use crate::trust::Trust;
use crate::value::{self, Address};

const PORT_OF_IMPLICIT_TLS: u16 = 465;
const PORT_OF_STARTTLS: u16 = 587;

/// The server that is meant.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Server {
    /// Name of the mail server: what its certificate must name, and where to connect to
    #[arg(long = "server", value_name = "HOST")]
    pub(crate) host: String,

    /// Port of the mail server, by default 465, with --tls starttls 587
    #[arg(long, value_name = "PORT", value_parser = value::port)]
    port: Option<u16>,
}

impl Server {
    /// The port without a connection, for files of known servers.
    pub(crate) fn port(&self) -> u16 {
        self.port.unwrap_or(PORT_OF_IMPLICIT_TLS)
    }
}

/// The start of TLS in a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Tls {
    /// TLS from the first byte, usually on port 465
    Implicit,
    /// STARTTLS, which the server must offer, usually on port 587
    Starttls,
}

/// The oldest TLS version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TlsVersion {
    #[value(name = "1.2")]
    V1_2,
    #[value(name = "1.3")]
    V1_3,
}

/// The way to the server.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Connection {
    #[command(flatten)]
    pub(crate) server: Server,

    /// Start of TLS
    #[arg(long, value_name = "MODE", value_enum, default_value_t = Tls::Implicit)]
    tls: Tls,

    /// Oldest TLS version that is accepted
    #[arg(long, value_name = "VERSION", value_enum, default_value_t = TlsVersion::V1_2)]
    min_tls: TlsVersion,

    /// Connect to this address, and verify HOST all the same
    ///
    /// For a server behind a tunnel or before its name is in the DNS. An IPv6 address is [ADDRESS]:PORT.
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = value::address)]
    connect: Option<Address>,

    /// Time for everything, a --password-command included
    #[arg(long, value_name = "SECONDS", value_parser = value::seconds)]
    timeout: Option<Duration>,
}

impl Connection {
    /// The policy for this server.
    pub(crate) fn policy(&self, trust: &Trust) -> Result<Policy, Error> {
        let mut policy = trust.policy(&self.server.host, self.port())?;
        policy.tls_mode = match self.tls {
            Tls::Implicit => trust::TlsMode::Implicit,
            Tls::Starttls => trust::TlsMode::Starttls,
        };
        policy.min_tls = match self.min_tls {
            TlsVersion::V1_2 => trust::MinTls::V1_2,
            TlsVersion::V1_3 => trust::MinTls::V1_3,
        };
        Ok(policy)
    }

    /// A client for this server.
    pub(crate) fn client(&self, policy: &Policy) -> Result<Arc<Client>, Error> {
        let client = Client::new(&self.server.host, self.port().into(), policy);
        let client = Arc::new(client.of_option("--server")?);
        if let Some(Address { host, port }) = &self.connect {
            let connect = client.set_connect(host, u32::from(*port));
            connect.of_option("--connect")?;
        }
        if let Some(timeout) = self.timeout {
            client.set_timeout(Stage::Local, timeout.max(Duration::from_millis(1)));
        }
        Ok(client)
    }

    /// The server's own port, whatever --connect names.
    fn port(&self) -> u16 {
        self.server.port.unwrap_or(match self.tls {
            Tls::Implicit => PORT_OF_IMPLICIT_TLS,
            Tls::Starttls => PORT_OF_STARTTLS,
        })
    }
}

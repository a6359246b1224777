//! Shared by the tests: the CAs, the message, short forms of the policies, and the checks.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use secsmtp::client::Client;
use secsmtp::credential::Credential;
use secsmtp::error::{Error, Record};
use secsmtp::log::Log;
use secsmtp::message::Message;
use secsmtp::trust::{Policy, TlsMode};
use secsmtp_testservers::{CertKind, CertSpec, Pki, ServerIdentity, SessionRecord};

pub(crate) const HOST: &str = "mail.example";
pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);
pub(crate) const MODES: [TlsMode; 2] = [TlsMode::Implicit, TlsMode::Starttls];

/// The authorities of a run.
pub(crate) struct World {
    /// The provider's.
    pub(crate) pki: Pki,
    /// Another organisation's.
    pub(crate) other: Pki,
}

impl World {
    pub(crate) fn get() -> &'static Self {
        static WORLD: OnceLock<World> = OnceLock::new();
        WORLD.get_or_init(|| Self {
            pki: Pki::new(&[HOST]),
            other: Pki::of("Another Organisation", &[HOST]),
        })
    }

    /// The provider's server.
    pub(crate) fn good(&self) -> ServerIdentity {
        self.pki.identity()
    }

    /// A leaf of the provider's, for the usual name, with something different.
    pub(crate) fn leaf(&self, change: impl Fn(CertSpec) -> CertSpec) -> ServerIdentity {
        self.pki.issue(&change(CertSpec::new(&[HOST])))
    }

    /// A leaf of the provider's for these names.
    pub(crate) fn named(&self, names: &[&str]) -> ServerIdentity {
        self.pki.issue(&CertSpec::new(names))
    }

    pub(crate) fn root_pem(&self) -> String {
        self.pki.pem(CertKind::Root)
    }
}

/// Adds the provider's root.
pub(crate) fn ca(w: &World, policy: &mut Policy) {
    policy.add_ca(w.root_pem().as_bytes()).expect("a CA");
}

pub(crate) fn pin(policy: &mut Policy, pin: &str) {
    policy.add_pin(pin).expect("a pin");
}

pub(crate) fn certificate(policy: &mut Policy, identity: &ServerIdentity) {
    policy
        .add_certificate(&identity.chain[0])
        .expect("a certificate");
}

/// A pin that no key has.
pub(crate) const UNKNOWN_PIN: &str = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// Sends the usual mail with the usual login.
pub(crate) fn send(
    host: &str,
    address: std::net::SocketAddr,
    policy: &Policy,
) -> Result<Record, Error> {
    client(host, address, policy)?.send(&message(), Log::off())
}

pub(crate) fn client(
    host: &str,
    address: std::net::SocketAddr,
    policy: &Policy,
) -> Result<Client, Error> {
    let client = Client::new(host, 0, policy)?;
    client.set_connect(&address.ip().to_string(), address.port().into())?;
    let login = Credential::password("alice", b"correct horse battery staple")?;
    client.set_credential(Some(Arc::new(login)));
    client.set_timeout(secsmtp::error::Stage::Local, TIMEOUT);
    Ok(client)
}

pub(crate) fn message() -> Message {
    let mut message = Message::new();
    message.set_sender("alice@mail.example").expect("a sender");
    message
        .add_recipient("bob@mail.example")
        .expect("a recipient");
    message
        .set_content(b"Subject: secret plans\r\n\r\nNobody else may read this.\r\n")
        .expect("content");
    message
}

/// That nothing reached the peer but what may be said to a stranger: neither login, address nor
/// content.
pub(crate) fn assert_nothing_left(name: &str, mode: TlsMode, record: &SessionRecord) {
    let clear = String::from_utf8_lossy(&record.clear);
    let said = clear.strip_suffix("QUIT\r\n").unwrap_or(&clear);
    match mode {
        TlsMode::Implicit => assert_eq!(clear, "", "{name}: in clear"),
        TlsMode::Starttls => {
            assert_eq!(said, "EHLO [127.0.0.1]\r\nSTARTTLS\r\n", "{name}: in clear")
        }
    }
    let tls = String::from_utf8_lossy(&record.tls);
    assert_eq!(tls, "", "{name}: inside TLS");
}

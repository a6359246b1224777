//! The policy: the servers that the caller trusts. It is empty at first; with an empty one nothing
//! can be sent.

use std::path::Path;

use rustls::pki_types::{CertificateDer, TrustAnchor};
use zeroize::Zeroizing;

use super::client_identity::ClientIdentity;
use super::clock::Clock;
use super::crl::Crls;
use super::host::Host;
use super::known_servers;
use super::known_servers::KnownServer;
use super::learn::wrong_line;
use super::pin::Pin;
use super::pin_set::{PinSet, PinWithValidity};
use super::{certificate, file, key_file, roots};
use crate::argument::InvalidArgument;
use crate::memory;
use crate::status::Status;

/// The maximum memory for a byte of certificates and keys while they are parsed, and of lists.
pub(crate) const ROOM_OF_CERTIFICATES: usize = 4;
const ROOM_OF_LISTS: usize = 16;

/// The start of TLS in a connection. There is no third mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(i32)]
pub enum TlsMode {
    /// TLS from the first byte (RFC 8314 section 3.3), usually port 465.
    #[default]
    Implicit = 0,
    /// STARTTLS (RFC 3207), required, usually port 587.
    Starttls = 1,
}

/// The minimum TLS version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(i32)]
pub enum MinTls {
    /// TLS 1.2 with ECDHE, AEAD and extended master secret; or 1.3.
    #[default]
    V1_2 = 12,
    /// TLS 1.3 only.
    V1_3 = 13,
}

/// The trust policy. Within a kind (single certificates, pins, anchors) any entry may match; every
/// kind that is given must match.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// The start of TLS.
    pub tls_mode: TlsMode,
    /// The minimum TLS version.
    pub min_tls: MinTls,
    /// True if name and dates decide also with only pins or a certificate, instead of being reported.
    pub strict: bool,
    /// The time at which certificates, lists and pins are verified.
    pub clock: Clock,
    pub(crate) anchors: Vec<TrustAnchor<'static>>,
    pub(crate) pins: PinSet,
    pub(crate) certificates: Vec<CertificateDer<'static>>,
    pub(crate) crls: Crls,
    pub(crate) client_identity: Option<ClientIdentity>,
}

impl Policy {
    /// A policy that trusts no server.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts the CAs in `bytes`: PEM (one or more), or one in DER.
    ///
    /// # Errors
    /// [`Status::Certificate`] if it holds none, or one that can't be read.
    pub fn add_ca(&mut self, bytes: &[u8]) -> Result<(), InvalidArgument> {
        check_memory("CA certificate", bytes.len(), ROOM_OF_CERTIFICATES)?;
        let wrong = |why| InvalidArgument::new(Status::Certificate, "CA certificate", why);
        let read = certificate::read(bytes).map_err(wrong)?;
        let anchors: Option<Vec<_>> = read.iter().map(roots::anchor).collect();
        let unfit = || wrong("has a certificate that can't be a trust anchor".to_owned());
        self.anchors.extend(anchors.ok_or_else(unfit)?);
        Ok(())
    }

    /// Trusts the CAs in a file, which is read by this call.
    ///
    /// # Errors
    /// [`Status::File`] if it can't be read, and those of [`Policy::add_ca`].
    pub fn add_ca_file(&mut self, path: &str) -> Result<(), InvalidArgument> {
        self.add_ca(&file::read("CA file", path, file::MAX)?)
    }

    /// Trusts the system's roots: the CAs that its vendor, its owner or an employer installed.
    ///
    /// # Errors
    /// [`Status::Roots`] if there are none to be found.
    pub fn add_system_roots(&mut self) -> Result<(), InvalidArgument> {
        let roots = roots::system()
            .map_err(|why| InvalidArgument::new(Status::Roots, "system roots", why))?;
        self.anchors.extend_from_slice(roots);
        Ok(())
    }

    /// Trusts Mozilla's list of roots, as of this build.
    pub fn add_mozilla_roots(&mut self) {
        self.anchors.extend_from_slice(roots::mozilla());
    }

    /// Adds one pin, or several separated by semicolons: `sha256//BASE64`, or 64 hexadecimal digits.
    ///
    /// # Errors
    /// [`Status::Pin`] if it is anything else.
    pub fn add_pin(&mut self, text: &str) -> Result<(), InvalidArgument> {
        self.pins.add(parse_pins(text)?, None);
        Ok(())
    }

    /// Adds pins that may be used from `not_before` to `not_after`, in seconds since 1970, both
    /// included. Outside that time they match nothing, as if the server had another key.
    ///
    /// # Errors
    /// [`Status::Pin`] if the text is no pin, or the time ends before it begins.
    pub fn add_pin_with_window(
        &mut self,
        text: &str,
        not_before: u64,
        not_after: u64,
    ) -> Result<(), InvalidArgument> {
        let pins = parse_pins(text)?;
        if not_before > not_after {
            return Err(InvalidArgument::new(
                Status::Pin,
                "pin",
                "has a window that ends before it begins",
            ));
        }
        self.pins.add(pins, Some((not_before, not_after)));
        Ok(())
    }

    /// Adds the pin of the one key in `bytes`: a certificate or a public key, PEM or DER.
    ///
    /// # Errors
    /// [`Status::Pin`] if it holds none, several, or a private key.
    pub fn add_pin_of(&mut self, bytes: &[u8]) -> Result<(), InvalidArgument> {
        check_memory("pin", bytes.len(), ROOM_OF_CERTIFICATES)?;
        let pin = key_file::pin(bytes);
        let pin = pin.map_err(|why| InvalidArgument::new(Status::Pin, "pin", why))?;
        self.pins.add(vec![pin], None);
        Ok(())
    }

    /// Adds the pin of the one key in a file, which is read by this call.
    ///
    /// # Errors
    /// [`Status::File`] if it can't be read, and those of [`Policy::add_pin_of`].
    pub fn add_pin_file(&mut self, path: &str) -> Result<(), InvalidArgument> {
        // Wipe the content: it may be a private key by mistake.
        self.add_pin_of(&Zeroizing::new(file::read("pin file", path, file::MAX)?))
    }

    /// Adds the pins of `host` and `port` from a file of known mail servers, which is read by this call;
    /// see [`KnownServer`] for its format.
    ///
    /// # Errors
    /// [`Status::File`] if it can't be read or a line of it is wrong, [`Status::Host`], and
    /// [`Status::NoTrust`] if it has no pin for them, which is never treated as "no pins required".
    pub fn add_known_servers(
        &mut self,
        path: &str,
        host: &str,
        port: u16,
    ) -> Result<(), InvalidArgument> {
        let argument = known_servers::FILE;
        let host =
            Host::parse(host).map_err(|why| InvalidArgument::new(Status::Host, "host", why))?;
        let bytes = file::read_regular(argument, Path::new(path), known_servers::MAX_FILE)?;
        check_memory(argument, bytes.len(), ROOM_OF_LISTS)?;
        let servers = KnownServer::parse_file(&bytes).map_err(wrong_line)?;
        let pins: Vec<Pin> = servers
            .into_iter()
            .filter(|server| server.host == host && server.port == port)
            .map(|server| server.pin)
            .collect();
        if pins.is_empty() {
            let why = format!("has no pin for {host} port {port}");
            return Err(InvalidArgument::new(Status::NoTrust, argument, why));
        }
        self.pins.add(pins, None);
        Ok(())
    }

    /// Requires revocation lists (RFC 5280 section 5) for each certificate of a path below its anchor:
    /// PEM (one or more), or one in DER. A revoked certificate, one that no list covers, and an
    /// outdated list are errors. Of two lists by one CA the later counts.
    ///
    /// # Errors
    /// [`Status::Certificate`] if it holds none, or one that can't be read.
    pub fn add_crl(&mut self, bytes: &[u8]) -> Result<(), InvalidArgument> {
        check_memory("revocation list", bytes.len(), ROOM_OF_LISTS)?;
        let wrong = |why| InvalidArgument::new(Status::Certificate, "revocation list", why);
        self.crls.add(bytes).map_err(wrong)
    }

    /// Requires the revocation lists in a file, which is read by this call.
    ///
    /// # Errors
    /// [`Status::File`] if it can't be read, and those of [`Policy::add_crl`].
    pub fn add_crl_file(&mut self, path: &str) -> Result<(), InvalidArgument> {
        self.add_crl(&file::read("revocation list file", path, file::MAX)?)
    }

    /// Presents this certificate to a server that requests one, after it was verified: a chain and its
    /// key in PEM, the key without a passphrase. Raises the minimum to TLS 1.3, because TLS 1.2
    /// would show the certificate in clear.
    ///
    /// # Errors
    /// [`Status::Certificate`] if they can't be read or don't belong together.
    pub fn set_client_certificate(
        &mut self,
        chain: &[u8],
        key: &[u8],
    ) -> Result<(), InvalidArgument> {
        check_memory(
            "client certificate",
            chain.len().saturating_add(key.len()),
            ROOM_OF_CERTIFICATES,
        )?;
        let wrong = |why| InvalidArgument::new(Status::Certificate, "client certificate", why);
        self.client_identity = Some(ClientIdentity::read(chain, key).map_err(wrong)?);
        Ok(())
    }

    /// Presents the certificate and the key in two files, which are read by this call.
    ///
    /// # Errors
    /// [`Status::File`] if one can't be read, and those of [`Policy::set_client_certificate`].
    pub fn set_client_certificate_files(
        &mut self,
        chain: &str,
        key: &str,
    ) -> Result<(), InvalidArgument> {
        let chain = file::read("client certificate file", chain, file::MAX)?;
        let key = Zeroizing::new(file::read("client key file", key, file::MAX)?);
        self.set_client_certificate(&chain, &key)
    }

    /// Trusts exactly this certificate of the server, byte for byte: PEM or DER.
    ///
    /// # Errors
    /// [`Status::Certificate`] if it is not exactly one that can be read.
    pub fn add_certificate(&mut self, bytes: &[u8]) -> Result<(), InvalidArgument> {
        check_memory("certificate", bytes.len(), ROOM_OF_CERTIFICATES)?;
        let wrong = |why: String| InvalidArgument::new(Status::Certificate, "certificate", why);
        let [one] = <[_; 1]>::try_from(certificate::read(bytes).map_err(wrong)?)
            .map_err(|many| wrong(format!("has {} certificates, expected one", many.len())))?;
        self.certificates.push(one);
        Ok(())
    }

    /// Trusts exactly the certificate in a file, which is read by this call.
    ///
    /// # Errors
    /// [`Status::File`] if it can't be read, and those of [`Policy::add_certificate`].
    pub fn add_certificate_file(&mut self, path: &str) -> Result<(), InvalidArgument> {
        self.add_certificate(&file::read("certificate file", path, file::MAX)?)
    }

    /// Returns whether a client certificate was set.
    #[must_use]
    pub fn has_client_certificate(&self) -> bool {
        self.client_identity.is_some()
    }

    /// Returns whether it trusts no server.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.anchors.is_empty() && self.pins.is_empty() && self.certificates.is_empty()
    }

    /// Returns whether it has exactly one pin, no matter how often it was added, so that the server's
    /// next key does not match.
    #[must_use]
    pub fn has_single_pin(&self) -> bool {
        self.pins.has_single_key()
    }

    /// Returns whether it has CAs or roots.
    #[must_use]
    pub fn has_anchors(&self) -> bool {
        !self.anchors.is_empty()
    }

    /// The pins, each with the time in which it may be used.
    #[must_use]
    pub fn pins(&self) -> &[PinWithValidity] {
        self.pins.all()
    }

    /// The minimum TLS version of connections: the one set, or 1.3 with a client certificate.
    #[must_use]
    pub fn effective_min_tls(&self) -> MinTls {
        match self.client_identity {
            Some(_) => MinTls::V1_3,
            None => self.min_tls,
        }
    }
}

fn parse_pins(text: &str) -> Result<Vec<Pin>, InvalidArgument> {
    Pin::parse_list(text).map_err(|why| InvalidArgument::new(Status::Pin, "pin", why))
}

/// Makes sure that there is memory to read an argument of `len` bytes, with `each` for each of them.
fn check_memory(argument: &'static str, len: usize, each: usize) -> Result<(), InvalidArgument> {
    memory::check(len, each).map_err(|_| InvalidArgument::out_of_memory(argument))
}

//! The policy: whom the caller believes. Empty at first, and an empty one can send nothing.

use rustls::pki_types::{CertificateDer, TrustAnchor};

use super::certificate;
use super::pin::Pin;
use super::roots;
use crate::error::Error;
use crate::proto::show;
use crate::status::Status;

/// How a connection becomes encrypted. There is no third way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(i32)]
pub enum TlsMode {
    /// TLS from the first octet (RFC 8314 section 3.3), usually port 465.
    #[default]
    Implicit = 0,
    /// STARTTLS (RFC 3207), demanded, usually port 587.
    Starttls = 1,
}

/// The oldest TLS version taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(i32)]
pub enum MinTls {
    /// TLS 1.2 with ECDHE, AEAD and extended master secret; or 1.3.
    #[default]
    V1_2 = 12,
    /// TLS 1.3 only.
    V1_3 = 13,
}

/// Whom to believe. Within a kind (single certificates, pins, anchors) any entry may match; every
/// kind that is given must hold.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// How the connection becomes encrypted.
    pub tls_mode: TlsMode,
    /// The oldest TLS version taken.
    pub min_tls: MinTls,
    pub(super) anchors: Vec<TrustAnchor<'static>>,
    pub(super) pins: Vec<Pin>,
    pub(super) certificates: Vec<CertificateDer<'static>>,
}

impl Policy {
    /// A policy that trusts nobody.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts the CAs in `bytes`: PEM (one or more), or one in DER.
    ///
    /// # Errors
    /// [`Status::Certificate`] if it holds none, or one that can't be read.
    pub fn add_ca(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let wrong = |why| Error::argument(Status::Certificate, "CA certificates", why);
        let read = certificate::read(bytes).map_err(wrong)?;
        let anchors: Option<Vec<_>> = read.iter().map(roots::anchor).collect();
        let unfit = || wrong("holds a certificate that can't be a trust anchor".to_owned());
        self.anchors.extend(anchors.ok_or_else(unfit)?);
        Ok(())
    }

    /// Trusts the CAs in a file, read now.
    ///
    /// # Errors
    /// [`Status::File`] if it can't be read, and those of [`Policy::add_ca`].
    pub fn add_ca_file(&mut self, path: &str) -> Result<(), Error> {
        self.add_ca(&read_file("CA file", path)?)
    }

    /// Trusts this machine's roots: whomever its maker, its owner or an employer put there.
    ///
    /// # Errors
    /// [`Status::Roots`] if there are none to be found.
    pub fn add_system_roots(&mut self) -> Result<(), Error> {
        let roots =
            roots::system().map_err(|why| Error::argument(Status::Roots, "system roots", why))?;
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
    pub fn add_pin(&mut self, text: &str) -> Result<(), Error> {
        let pins = Pin::parse_list(text).map_err(|why| Error::argument(Status::Pin, "pin", why))?;
        self.pins.extend(pins);
        Ok(())
    }

    /// Trusts exactly this certificate of the server, byte for byte: PEM or DER.
    ///
    /// # Errors
    /// [`Status::Certificate`] if it is not exactly one that can be read.
    pub fn add_certificate(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let wrong = |why: String| Error::argument(Status::Certificate, "certificate", why);
        let [one] =
            <[_; 1]>::try_from(certificate::read(bytes).map_err(wrong)?).map_err(|many| {
                wrong(format!(
                    "holds {} certificates, and only one is meant",
                    many.len()
                ))
            })?;
        self.certificates.push(one);
        Ok(())
    }

    /// Trusts exactly the certificate in a file, read now.
    ///
    /// # Errors
    /// [`Status::File`] if it can't be read, and those of [`Policy::add_certificate`].
    pub fn add_certificate_file(&mut self, path: &str) -> Result<(), Error> {
        self.add_certificate(&read_file("certificate file", path)?)
    }

    /// Whether it trusts nobody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.anchors.is_empty() && self.pins.is_empty() && self.certificates.is_empty()
    }

    /// Whether it stands on a single pin, so that the server's next key locks it out.
    #[must_use]
    pub fn has_lone_pin(&self) -> bool {
        matches!(self.pins.split_first(), Some((first, rest)) if rest.iter().all(|p| p == first))
    }

    /// Whether it names CAs or roots.
    #[must_use]
    pub fn has_anchors(&self) -> bool {
        !self.anchors.is_empty()
    }

    /// The pins.
    #[must_use]
    pub fn pins(&self) -> &[Pin] {
        &self.pins
    }
}

/// The largest file of certificates read.
const MAX_FILE: u64 = 16 * 1024 * 1024;

fn read_file(argument: &'static str, path: &str) -> Result<Vec<u8>, Error> {
    use std::io::Read as _;
    let wrong = |why: String| Error::argument(Status::File, argument, why);
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| {
            file.take(MAX_FILE.saturating_add(1))
                .read_to_end(&mut bytes)
        })
        .map_err(|error| {
            wrong(format!(
                "{} can't be read ({})",
                show::escape(path.as_bytes(), 300),
                error.kind()
            ))
        })?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(wrong(format!(
            "{} is larger than 16 MiB",
            show::escape(path.as_bytes(), 300)
        )));
    }
    Ok(bytes)
}

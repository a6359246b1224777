//! The description of a certificate, and parsing of certificates from PEM or DER.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::pin::Pin;
use super::x509;
use crate::support::redact;

/// The maximum number of certificates of a served chain that are checked.
pub(crate) const MAX_CHAIN: usize = 16;
/// The maximum number of names of a certificate that are described, and of characters of each text.
const MAX_NAMES: usize = 64;
const MAX_TEXT: usize = 400;

/// The description of a certificate. Texts are the certificate's own claims, escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The SHA-256 of its public key.
    pub spki: Pin,
    /// Its subject (RFC 4514).
    pub subject: String,
    /// Its issuer (RFC 4514).
    pub issuer: String,
    /// The DNS names and IP addresses it is for.
    pub names: Vec<String>,
    /// The beginning of its validity, in UTC, as `2026-11-23T00:00:00Z`.
    pub not_before: String,
    /// The end of its validity.
    pub not_after: String,
}

impl Certificate {
    /// Describes a certificate, or reports that it can't be parsed.
    #[must_use]
    pub fn describe(der: &CertificateDer<'_>) -> Option<Self> {
        let spki = spki(der)?;
        let parsed = x509::Certificate::read(der)?;
        let text = |s: String| redact::escape(s.as_bytes(), MAX_TEXT);
        let names = parsed.names().into_iter().take(MAX_NAMES);
        Some(Self {
            spki,
            subject: text(parsed.subject.to_string()),
            issuer: text(parsed.issuer.to_string()),
            names: names.map(text).collect(),
            not_before: parsed.not_before.to_string(),
            not_after: parsed.not_after.to_string(),
        })
    }
}

/// The certificates of a served chain that can be read, leaf first.
pub(crate) fn describe_chain(chain: &[CertificateDer<'_>]) -> Vec<Certificate> {
    chain
        .iter()
        .take(MAX_CHAIN)
        .filter_map(Certificate::describe)
        .collect()
}

/// The pin of a certificate's key, by the parser that also checks its signatures.
pub(crate) fn spki(der: &CertificateDer<'_>) -> Option<Pin> {
    let parsed = webpki::EndEntityCert::try_from(der).ok()?;
    Some(Pin::of_spki(&parsed.subject_public_key_info()))
}

/// Parses certificates: any number in PEM (other blocks are ignored), or a single one in DER.
///
/// # Errors
/// A description of what is wrong.
pub(crate) fn read(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    if bytes.is_empty() {
        return Err("is empty".to_owned());
    }
    let list = if bytes.first() == Some(&0x30) {
        vec![CertificateDer::from(bytes.to_vec())]
    } else {
        CertificateDer::pem_slice_iter(bytes)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| "is not well-formed PEM".to_owned())?
    };
    if list.is_empty() {
        return Err("is not a certificate in PEM (BEGIN CERTIFICATE) or DER".to_owned());
    }
    let unread = |der: &CertificateDer<'_>| x509::Certificate::read(der).is_none();
    match list.iter().position(unread) {
        Some(bad) => Err(format!(
            "has a certificate that can't be read (number {})",
            bad.saturating_add(1)
        )),
        None => Ok(list),
    }
}

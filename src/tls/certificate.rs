//! A certificate in words, and certificates read from PEM or DER.

use std::net::IpAddr;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_cert::der::Decode;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use super::pin::Pin;
use crate::proto::show;

/// The most certificates described of a served chain.
const MAX_CHAIN: usize = 16;
/// The most names described of one certificate, and the most characters of each text.
const MAX_NAMES: usize = 64;
const MAX_TEXT: usize = 400;

/// What is to be known of a certificate. Texts are the certificate's own claims, escaped.
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
    /// Describes a certificate, or tells that it can't be read.
    #[must_use]
    pub fn describe(der: &CertificateDer<'_>) -> Option<Self> {
        let spki = spki(der)?;
        let parsed = x509_cert::Certificate::from_der(der).ok()?;
        let tbs = parsed.tbs_certificate();
        let text = |s: String| show::escape(s.as_bytes(), MAX_TEXT);
        Some(Self {
            spki,
            subject: text(tbs.subject().to_string()),
            issuer: text(tbs.issuer().to_string()),
            names: names(tbs).into_iter().map(text).collect(),
            not_before: tbs.validity().not_before.to_date_time().to_string(),
            not_after: tbs.validity().not_after.to_date_time().to_string(),
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
pub(super) fn spki(der: &CertificateDer<'_>) -> Option<Pin> {
    let parsed = webpki::EndEntityCert::try_from(der).ok()?;
    Some(Pin::of_spki(&parsed.subject_public_key_info()))
}

fn names(tbs: &x509_cert::TbsCertificate) -> Vec<String> {
    let Ok(Some((_, alternative))) = tbs.get_extension::<SubjectAltName>() else {
        return Vec::new();
    };
    let text = |name: &GeneralName| match name {
        GeneralName::DnsName(dns) => Some(dns.as_str().to_owned()),
        GeneralName::IpAddress(octets) => match octets.as_bytes() {
            &[a, b, c, d] => Some(IpAddr::from([a, b, c, d]).to_string()),
            other => <[u8; 16]>::try_from(other)
                .ok()
                .map(|ip| IpAddr::from(ip).to_string()),
        },
        _ => None,
    };
    alternative
        .0
        .iter()
        .filter_map(text)
        .take(MAX_NAMES)
        .collect()
}

/// Reads certificates: any number in PEM (other blocks are passed over), or a single one in DER.
///
/// # Errors
/// What is wrong, in words.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
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
        return Err("holds no certificate, neither PEM (BEGIN CERTIFICATE) nor DER".to_owned());
    }
    match list
        .iter()
        .position(|der| x509_cert::Certificate::from_der(der).is_err())
    {
        Some(bad) => Err(format!(
            "holds a certificate that can't be read (number {})",
            bad.saturating_add(1)
        )),
        None => Ok(list),
    }
}

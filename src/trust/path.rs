//! The path from a leaf to an anchor (RFC 5280 section 6), from the web PKI path builder. It is called
//! directly, because it returns the validated path: pins must match on that path only.

use std::time::Duration;

use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{
    EndEntityCert, ExpirationPolicy, KeyUsage, RevocationCheckDepth, RevocationOptionsBuilder,
    UnknownStatusPolicy, VerifiedPath,
};

use super::certificate::Certificate;
use super::crl::Crls;
use super::host::Host;
use super::pin::Pin;
use super::rejection::Reason;
use super::x509;

/// The requirements on a path.
pub(crate) struct PathRequirements<'a> {
    pub(crate) host: &'a Host,
    pub(crate) anchors: &'a [TrustAnchor<'a>],
    pub(crate) now: UnixTime,
    /// Revocation lists. If there are any, one must cover each certificate below the anchor.
    pub(crate) crls: Option<&'a Crls>,
    /// Pinned keys, one of which must be on the path.
    pub(crate) pins: Option<&'a [Pin]>,
}

/// Builds a path from the leaf to an anchor and compares the name (RFC 9525: subject alternative
/// names only). Returns the pin that matched, if pins are required.
pub(crate) fn build(
    chain: &[CertificateDer<'_>],
    requirements: &PathRequirements<'_>,
) -> Result<Option<Pin>, Reason> {
    let (leaf, others) = chain.split_first().ok_or(Reason::UnknownIssuer)?;
    let leaf = EndEntityCert::try_from(leaf).map_err(|error| reason(&error, chain))?;
    let pins = requirements.pins;
    let has_pin = |path: &VerifiedPath<'_>| match pins {
        Some(pins) if pin_on(path, pins).is_none() => Err(webpki::Error::UnknownIssuer),
        _ => Ok(()),
    };
    let lists = requirements.crls.map(Crls::lists).unwrap_or_default();
    // If there are lists, check the whole chain, and reject unknown status and expired lists.
    let revocation = RevocationOptionsBuilder::new(&lists).ok().map(|options| {
        options
            .with_depth(RevocationCheckDepth::Chain)
            .with_status_policy(UnknownStatusPolicy::Deny)
            .with_expiration_policy(ExpirationPolicy::Enforce)
            .build()
    });
    let path = leaf
        .verify_for_usage(
            default_provider().signature_verification_algorithms.all,
            requirements.anchors,
            others,
            requirements.now,
            KeyUsage::server_auth(),
            revocation,
            Some(&has_pin),
        )
        .map_err(|error| reason(&error, chain))?;
    leaf.verify_is_valid_for_subject_name(requirements.host.server_name())
        .map_err(|error| reason(&error, chain))?;
    Ok(pins.and_then(|pins| pin_on(&path, pins)))
}

/// The first pinned key on a validated path: leaf, intermediates, anchor.
fn pin_on(path: &VerifiedPath<'_>, pins: &[Pin]) -> Option<Pin> {
    let leaf = path.end_entity().subject_public_key_info();
    let between = path
        .intermediate_certificates()
        .map(|c| c.subject_public_key_info());
    let anchor = webpki::spki_for_anchor(path.anchor());
    std::iter::once(leaf)
        .chain(between)
        .chain(std::iter::once(anchor))
        .map(|der| Pin::of_spki(&der))
        .find(|pin| pins.contains(pin))
}

/// Finds the certificate of a chain that has this date.
fn dated(
    chain: &[CertificateDer<'_>],
    date: impl Fn(&x509::Certificate<'_>) -> Duration,
    at: UnixTime,
) -> Option<Box<Certificate>> {
    let has_date = |der: &&CertificateDer<'_>| {
        x509::Certificate::read(der).is_some_and(|read| date(&read).as_secs() == at.as_secs())
    };
    let found = chain.iter().find(has_date)?;
    Certificate::describe(found).map(Box::new)
}

/// Converts the path builder's error about a chain to a reason.
pub(crate) fn reason(error: &webpki::Error, chain: &[CertificateDer<'_>]) -> Reason {
    use webpki::Error as E;
    match error {
        E::UnknownIssuer | E::InvalidSignatureForPublicKey => Reason::UnknownIssuer,
        E::CertNotValidForName(_) => Reason::NameMismatch,
        E::CertExpired { not_after, .. } => {
            let end = |read: &x509::Certificate<'_>| read.not_after.unix_duration();
            Reason::Expired(dated(chain, end, *not_after))
        }
        E::CertNotValidYet { not_before, .. } => {
            let begin = |read: &x509::Certificate<'_>| read.not_before.unix_duration();
            Reason::NotYetValid(dated(chain, begin, *not_before))
        }
        E::CertRevoked => Reason::Revoked,
        E::CrlExpired { .. } => Reason::CrlExpired,
        E::UnknownRevocationStatus => Reason::RevocationUnknown("there is no list of its issuer"),
        E::InvalidCrlSignatureForPublicKey
        | E::UnsupportedCrlSignatureAlgorithmContext(_)
        | E::UnsupportedCrlSignatureAlgorithmForPublicKeyContext(_) => {
            Reason::RevocationUnknown("the list of its issuer is not signed by that issuer's key")
        }
        E::IssuerNotCrlSigner => {
            Reason::RevocationUnknown("its issuer may not sign revocation lists")
        }
        E::CaUsedAsEndEntity => {
            Reason::BadCertificate("it is the certificate of a CA, not of a server")
        }
        E::EndEntityUsedAsCa => {
            Reason::BadCertificate("a certificate of its chain is not that of a CA")
        }
        E::RequiredEkuNotFoundContext(_) | E::EmptyEkuExtension => {
            Reason::BadCertificate("its extended key usage does not allow servers")
        }
        E::NameConstraintViolation | E::MalformedNameConstraint => {
            Reason::BadCertificate("its issuer may not issue for that name")
        }
        E::PathLenConstraintViolated => {
            Reason::BadCertificate("its chain is longer than an issuer allows")
        }
        E::MaximumNameConstraintComparisonsExceeded
        | E::MaximumPathBuildCallsExceeded
        | E::MaximumPathDepthExceeded
        | E::MaximumSignatureChecksExceeded => {
            Reason::BadCertificate("its chain takes too much work to check")
        }
        E::UnsupportedSignatureAlgorithmContext(_)
        | E::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => Reason::BadCertificate(
            "it is signed in a way that is not supported (too old or too new)",
        ),
        E::UnsupportedCertVersion => Reason::BadCertificate("it is not of version 3"),
        E::InvalidCertValidity => Reason::BadCertificate("it ends before it begins"),
        E::UnsupportedCriticalExtension => {
            Reason::BadCertificate("it has a critical extension that is not known here")
        }
        _ => Reason::BadCertificate("it is malformed"),
    }
}

#[cfg(test)]
mod tests {
    use webpki::UnsupportedSignatureAlgorithmContext;

    use super::*;

    /// Many of these chains can't be made with a CA of today: the path builder's errors stand for them.
    #[test]
    fn each_error_of_the_path_builder_has_its_reason() {
        use webpki::Error as E;
        let unsupported = UnsupportedSignatureAlgorithmContext {
            signature_algorithm_id: Vec::new(),
            supported_algorithms: Vec::new(),
        };
        for (error, expected) in [
            (E::UnknownIssuer, "UnknownIssuer"),
            (E::InvalidSignatureForPublicKey, "UnknownIssuer"),
            (E::CertRevoked, "Revoked"),
            (E::UnknownRevocationStatus, "no list of its issuer"),
            (
                E::InvalidCrlSignatureForPublicKey,
                "not signed by that issuer's key",
            ),
            (E::IssuerNotCrlSigner, "may not sign revocation lists"),
            (
                E::CaUsedAsEndEntity,
                "the certificate of a CA, not of a server",
            ),
            (E::EndEntityUsedAsCa, "not that of a CA"),
            (E::EmptyEkuExtension, "extended key usage"),
            (E::NameConstraintViolation, "may not issue for that name"),
            (E::MalformedNameConstraint, "may not issue for that name"),
            (E::PathLenConstraintViolated, "longer than an issuer allows"),
            (E::MaximumPathBuildCallsExceeded, "too much work"),
            (
                E::UnsupportedSignatureAlgorithmContext(unsupported),
                "not supported",
            ),
            (E::UnsupportedCertVersion, "version 3"),
            (E::InvalidCertValidity, "ends before it begins"),
            (E::UnsupportedCriticalExtension, "critical extension"),
            (E::BadDer, "malformed"),
        ] {
            let found = format!("{:?}", reason(&error, &[]));
            assert!(found.contains(expected), "{error:?}: {found}");
        }
    }
}

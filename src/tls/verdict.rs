//! The verdict on a chain: a pure function of policy, name, chain and time. The verifier asks it
//! inside the handshake, the handshake asks again from outside, and `secsmtp verify` offline.

use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, KeyUsage, VerifiedPath, anchor_from_trusted_cert};

use super::certificate::{describe_chain, spki};
use super::host::Host;
use super::pin::Pin;
use super::policy::Policy;
use super::rejection::{Reason, Rejection};
use super::roots;

/// The most certificates of a served chain that are looked at.
const MAX_CHAIN: usize = 16;

/// What a chain was believed for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basis {
    /// The pin that matched, if the policy has pins.
    pub matched_pin: Option<Pin>,
    /// What did not decide and is worth knowing, in words: with pins or a certificate alone, an
    /// expired certificate or another name.
    pub remarks: Vec<String>,
}

/// Judges a chain, leaf first, without a connection. That the peer holds the leaf's key is for the
/// handshake to prove.
///
/// # Errors
/// Why the chain is not believed.
pub fn verify_chain(
    policy: &Policy,
    host: &Host,
    chain: &[CertificateDer<'_>],
    now: UnixTime,
) -> Result<Basis, Box<Rejection>> {
    let chain = chain.get(..MAX_CHAIN).unwrap_or(chain);
    judge(policy, host, chain, now).map_err(|reason| {
        let anchors = if policy.anchors.is_empty() {
            roots::mozilla()
        } else {
            &policy.anchors
        };
        Box::new(Rejection {
            reason,
            host: host.to_string(),
            expected: policy.pins.clone(),
            chain: describe_chain(chain),
            valid_otherwise: path(host, chain, anchors, now, None).is_ok(),
        })
    })
}

fn judge(
    policy: &Policy,
    host: &Host,
    chain: &[CertificateDer<'_>],
    now: UnixTime,
) -> Result<Basis, Reason> {
    let leaf = chain.first().ok_or(Reason::Unfit("the peer showed none"))?;
    EndEntityCert::try_from(leaf).map_err(|error| reason(&error))?;
    if policy.is_empty() {
        return Err(Reason::NothingToCompare);
    }
    if !policy.certificates.is_empty() && !policy.certificates.contains(leaf) {
        return Err(Reason::CertificateMismatch);
    }
    if policy.has_anchors() {
        return by_anchors(policy, host, chain, now);
    }
    if policy.pins.is_empty() {
        return Ok(Basis {
            matched_pin: None,
            remarks: remarks(host, leaf, now),
        });
    }
    by_pins(policy, host, chain, now)
}

/// Path, name and dates; and with pins, one of them on the path that was validated.
fn by_anchors(
    policy: &Policy,
    host: &Host,
    chain: &[CertificateDer<'_>],
    now: UnixTime,
) -> Result<Basis, Reason> {
    if policy.pins.is_empty() {
        path(host, chain, &policy.anchors, now, None)?;
        return Ok(Basis {
            matched_pin: None,
            remarks: Vec::new(),
        });
    }
    match path(host, chain, &policy.anchors, now, Some(&policy.pins)) {
        Ok(matched_pin) => Ok(Basis {
            matched_pin,
            remarks: Vec::new(),
        }),
        // A path that lacks only the pin: say so, rather than that there is none.
        Err(_) => {
            path(host, chain, &policy.anchors, now, None)?;
            Err(Reason::PinMismatch)
        }
    }
}

/// A pinned leaf authenticates itself (as DANE-EE does, RFC 7671 section 5.1); a pinned issuer of
/// the served chain is the anchor, and name and dates decide (as DANE-TA does, section 5.2).
fn by_pins(
    policy: &Policy,
    host: &Host,
    chain: &[CertificateDer<'_>],
    now: UnixTime,
) -> Result<Basis, Reason> {
    let (leaf, issuers) = chain.split_first().ok_or(Reason::PinMismatch)?;
    let pinned = |der: &CertificateDer<'_>| spki(der).filter(|pin| policy.pins.contains(pin));
    if let Some(pin) = pinned(leaf) {
        return Ok(Basis {
            matched_pin: Some(pin),
            remarks: remarks(host, leaf, now),
        });
    }
    let anchors: Vec<TrustAnchor<'_>> = issuers
        .iter()
        .filter(|der| pinned(der).is_some())
        .filter_map(|der| anchor_from_trusted_cert(der).ok())
        .collect();
    if anchors.is_empty() {
        return Err(Reason::PinMismatch);
    }
    let matched_pin = path(host, chain, &anchors, now, Some(&policy.pins))?;
    Ok(Basis {
        matched_pin,
        remarks: Vec::new(),
    })
}

/// Builds a path (RFC 5280 section 6) from the leaf to an anchor, with a pinned key on it if pins
/// are given, and compares the name (RFC 9525: subject alternative names only). Gives the pin.
fn path(
    host: &Host,
    chain: &[CertificateDer<'_>],
    anchors: &[TrustAnchor<'_>],
    now: UnixTime,
    pins: Option<&[Pin]>,
) -> Result<Option<Pin>, Reason> {
    let (leaf, others) = chain.split_first().ok_or(Reason::UnknownIssuer)?;
    let leaf = EndEntityCert::try_from(leaf).map_err(|error| reason(&error))?;
    let has_pin = |path: &VerifiedPath<'_>| match pins {
        Some(pins) if pin_on(path, pins).is_none() => Err(webpki::Error::UnknownIssuer),
        _ => Ok(()),
    };
    let algorithms = default_provider().signature_verification_algorithms.all;
    let path = leaf
        .verify_for_usage(
            algorithms,
            anchors,
            others,
            now,
            KeyUsage::server_auth(),
            None,
            Some(&has_pin),
        )
        .map_err(|error| reason(&error))?;
    leaf.verify_is_valid_for_subject_name(host.server_name())
        .map_err(|error| reason(&error))?;
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

/// What name and dates of a leaf would have said, where they don't decide.
fn remarks(host: &Host, leaf: &CertificateDer<'_>, now: UnixTime) -> Vec<String> {
    use x509_cert::der::Decode as _;
    let mut remarks = Vec::new();
    if let Ok(parsed) = EndEntityCert::try_from(leaf)
        && parsed
            .verify_is_valid_for_subject_name(host.server_name())
            .is_err()
    {
        remarks.push(format!("the certificate does not name {host}"));
    }
    if let Ok(parsed) = x509_cert::Certificate::from_der(leaf) {
        let validity = parsed.tbs_certificate().validity();
        if now.as_secs() > validity.not_after.to_unix_duration().as_secs() {
            remarks.push(format!(
                "the certificate has expired ({})",
                validity.not_after.to_date_time()
            ));
        }
        if now.as_secs() < validity.not_before.to_unix_duration().as_secs() {
            remarks.push(format!(
                "the certificate is not valid before {}",
                validity.not_before.to_date_time()
            ));
        }
    }
    remarks
}

/// The path builder's answer in our words.
fn reason(error: &webpki::Error) -> Reason {
    use webpki::Error as E;
    match error {
        E::UnknownIssuer | E::InvalidSignatureForPublicKey => Reason::UnknownIssuer,
        E::CertNotValidForName(_) => Reason::NameMismatch,
        E::CertExpired { .. } => Reason::Expired,
        E::CertNotValidYet { .. } => Reason::NotYetValid,
        E::CaUsedAsEndEntity => Reason::Unfit("it is the certificate of a CA, not of a server"),
        E::EndEntityUsedAsCa => Reason::Unfit("a certificate of its chain is not that of a CA"),
        E::RequiredEkuNotFoundContext(_) | E::EmptyEkuExtension => {
            Reason::Unfit("its extended key usage does not allow servers")
        }
        E::NameConstraintViolation | E::MalformedNameConstraint => {
            Reason::Unfit("its issuer may not issue for that name")
        }
        E::PathLenConstraintViolated => Reason::Unfit("its chain is longer than an issuer allows"),
        E::MaximumNameConstraintComparisonsExceeded
        | E::MaximumPathBuildCallsExceeded
        | E::MaximumPathDepthExceeded
        | E::MaximumSignatureChecksExceeded => {
            Reason::Unfit("its chain takes more work to check than any honest one")
        }
        E::UnsupportedSignatureAlgorithmContext(_)
        | E::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => {
            Reason::Unfit("it is signed in a way that is not supported (too old or too new)")
        }
        E::UnsupportedCertVersion => Reason::Unfit("it is not of version 3"),
        E::InvalidCertValidity => Reason::Unfit("it ends before it begins"),
        E::UnsupportedCriticalExtension => {
            Reason::Unfit("it has a critical extension that is not known here")
        }
        _ => Reason::Unfit("it is malformed"),
    }
}

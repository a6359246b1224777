//! The verdict on a chain: a pure function of policy, name, chain and time. The verifier calls it
//! inside the handshake, the handshake calls it again afterwards, and `secsmtp verify` offline.

use rustls::pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, anchor_from_trusted_cert};

use super::certificate::{Certificate, MAX_CHAIN, describe_chain, spki};
use super::host::Host;
use super::path::{self, PathRequirements};
use super::pin::Pin;
use super::policy::Policy;
use super::rejection::{Reason, Rejection};
use super::roots;
use super::x509;

/// The reason why a chain was trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustBasis {
    /// The pin that matched, if the policy has pins.
    pub matched_pin: Option<Pin>,
    /// A note about what did not decide: with only pins or a certificate, an expired certificate or
    /// another name.
    pub remarks: Vec<String>,
}

impl TrustBasis {
    /// The basis for a validated path: name and dates did decide.
    fn of_path(matched_pin: Option<Pin>) -> Self {
        Self {
            matched_pin,
            remarks: Vec::new(),
        }
    }
}

/// Verifies a chain, leaf first, without a connection. Only the handshake proves that the peer holds
/// the leaf's key.
///
/// # Errors
/// The reason why the chain is not trusted.
pub fn verify_chain(
    policy: &Policy,
    host: &Host,
    chain: &[CertificateDer<'_>],
    now: UnixTime,
) -> Result<TrustBasis, Box<Rejection>> {
    let question = Judgement {
        policy,
        host,
        chain: chain.get(..MAX_CHAIN).unwrap_or(chain),
        now,
        pins: policy.pins.usable(now),
    };
    question
        .judge()
        .map_err(|reason| Box::new(question.reject(reason)))
}

struct Judgement<'a> {
    policy: &'a Policy,
    host: &'a Host,
    chain: &'a [CertificateDer<'a>],
    now: UnixTime,
    /// The policy's pins that may be used now.
    pins: Vec<Pin>,
}

impl Judgement<'_> {
    fn judge(&self) -> Result<TrustBasis, Reason> {
        let policy = self.policy;
        let leaf = self.chain.first();
        let leaf = leaf.ok_or(Reason::BadCertificate("the peer presented none"))?;
        EndEntityCert::try_from(leaf).map_err(|error| path::reason(&error, self.chain))?;
        if policy.is_empty() {
            return Err(Reason::NothingToCompare);
        }
        if !policy.certificates.is_empty() && !policy.certificates.contains(leaf) {
            return Err(Reason::CertificateMismatch);
        }
        match (policy.has_anchors(), policy.pins.is_empty()) {
            (true, true) => self.path(&policy.anchors, false).map(TrustBasis::of_path),
            (true, false) => self.by_anchors_and_pins(),
            (false, true) => self.by_itself(leaf, None),
            (false, false) => self.by_pins(),
        }
    }

    /// Verifies path, name and dates, and one of the pins on the validated path.
    fn by_anchors_and_pins(&self) -> Result<TrustBasis, Reason> {
        let anchors = &self.policy.anchors;
        self.path(anchors, true)
            .map(TrustBasis::of_path)
            .or_else(|_| {
                // For a path that lacks only the pin, report the pin instead of the path.
                self.path(anchors, false)?;
                Err(Reason::PinMismatch)
            })
    }

    /// A pinned leaf authenticates itself (as DANE-EE does, RFC 7671 section 5.1); a pinned issuer
    /// of the served chain is the anchor, and name and dates decide (as DANE-TA does, section 5.2).
    fn by_pins(&self) -> Result<TrustBasis, Reason> {
        let (leaf, issuers) = self.chain.split_first().ok_or(Reason::PinMismatch)?;
        let pinned = |der: &CertificateDer<'_>| spki(der).filter(|pin| self.pins.contains(pin));
        if let Some(pin) = pinned(leaf) {
            return self.by_itself(leaf, Some(pin));
        }
        let anchors: Vec<TrustAnchor<'_>> = issuers
            .iter()
            .filter(|der| pinned(der).is_some())
            .filter_map(|der| anchor_from_trusted_cert(der).ok())
            .collect();
        if anchors.is_empty() {
            return Err(Reason::PinMismatch);
        }
        self.path(&anchors, true).map(TrustBasis::of_path)
    }

    /// Accepts a leaf that is pinned or trusted byte for byte: name and dates are reported, and decide
    /// only in a strict policy.
    fn by_itself(
        &self,
        leaf: &CertificateDer<'_>,
        matched_pin: Option<Pin>,
    ) -> Result<TrustBasis, Reason> {
        if !self.policy.crls.is_empty() {
            // Without a path there is no issuer to verify a list with, so the requirement of lists fails.
            return Err(Reason::RevocationUnknown(
                "revocation lists need the issuer's CA in the policy, or its key among the pins",
            ));
        }
        let findings = findings(self.host, leaf, self.now);
        match findings.first() {
            Some((reason, _)) if self.policy.strict => Err(reason.clone()),
            _ => Ok(TrustBasis {
                matched_pin,
                remarks: findings.into_iter().map(|(_, words)| words).collect(),
            }),
        }
    }

    fn path(&self, anchors: &[TrustAnchor<'_>], pinned: bool) -> Result<Option<Pin>, Reason> {
        let requirements = PathRequirements {
            host: self.host,
            anchors,
            now: self.now,
            crls: Some(&self.policy.crls),
            pins: pinned.then_some(&self.pins),
        };
        path::build(self.chain, &requirements)
    }

    fn reject(&self, reason: Reason) -> Rejection {
        let otherwise = if self.policy.has_anchors() {
            self.path(&self.policy.anchors, false)
        } else {
            // The caller's lists are of the caller's CAs, not of Mozilla's.
            let requirements = PathRequirements {
                host: self.host,
                anchors: roots::mozilla(),
                now: self.now,
                crls: None,
                pins: None,
            };
            path::build(self.chain, &requirements)
        };
        Rejection {
            reason,
            host: self.host.to_string(),
            expected: self.policy.pins.all().iter().map(|d| d.pin).collect(),
            unusable_pins: self.policy.pins.unusable_pins(self.now),
            chain: describe_chain(self.chain),
            valid_otherwise: otherwise.is_ok(),
        }
    }
}

/// The objection to a leaf by its name and dates, if any.
fn findings(host: &Host, leaf: &CertificateDer<'_>, now: UnixTime) -> Vec<(Reason, String)> {
    let mut findings = Vec::new();
    let named = EndEntityCert::try_from(leaf)
        .and_then(|parsed| parsed.verify_is_valid_for_subject_name(host.server_name()));
    if named.is_err() {
        let words = format!("the certificate does not name {host}");
        findings.push((Reason::NameMismatch, words));
    }
    let Some(parsed) = x509::Certificate::read(leaf) else {
        // A date that can't be parsed can't be checked.
        let reason = Reason::BadCertificate("its dates can't be read");
        findings.push((reason, "the certificate's dates can't be read".to_owned()));
        return findings;
    };
    let (begin, end) = (parsed.not_before, parsed.not_after);
    let described = || Certificate::describe(leaf).map(Box::new);
    if now.as_secs() > end.unix_duration().as_secs() {
        let words = format!("the certificate has expired ({end})");
        findings.push((Reason::Expired(described()), words));
    }
    if now.as_secs() < begin.unix_duration().as_secs() {
        let words = format!("the certificate is not valid before {begin}");
        findings.push((Reason::NotYetValid(described()), words));
    }
    findings
}

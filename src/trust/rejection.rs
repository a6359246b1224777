//! Why a peer is not believed, as data; `explain` has the words.

use super::certificate::Certificate;
use super::pin::Pin;
use super::pin_set::PinWithValidity;
use crate::status::Status;

/// Why a chain is not believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The policy names nobody (only a probe gets this far).
    NothingToCompare,
    /// No key of the (validated) chain is pinned.
    PinMismatch,
    /// The leaf is not the certificate trusted.
    CertificateMismatch,
    /// The chain leads to no anchor.
    UnknownIssuer,
    /// The certificate is for other names.
    NameMismatch,
    /// A certificate of the chain has expired: which one, if it can be read.
    Expired(Option<Box<Certificate>>),
    /// A certificate of the chain is not valid yet: which one, if it can be read.
    NotYetValid(Option<Box<Certificate>>),
    /// Malformed, or not fit for a server; what exactly.
    BadCertificate(&'static str),
    /// A certificate of the chain was revoked by its issuer.
    Revoked,
    /// Revocation lists were given, and none tells of a certificate of the chain; why.
    RevocationUnknown(&'static str),
    /// The revocation list that tells of a certificate of the chain is out of date.
    CrlExpired,
}

/// A peer that is not believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// Why.
    pub reason: Reason,
    /// The name that was to be verified.
    pub host: String,
    /// The pins of the policy.
    pub expected: Vec<Pin>,
    /// Those of them that are outside their time, and match nothing.
    pub unusable_pins: Vec<PinWithValidity>,
    /// The chain that was served, leaf first.
    pub chain: Vec<Certificate>,
    /// Whether the chain, name and dates would have been good: by the policy's anchors, or if it
    /// has none by Mozilla's roots.
    pub valid_otherwise: bool,
}

impl Rejection {
    /// The reason as a number.
    #[must_use]
    pub fn status(&self) -> Status {
        match self.reason {
            Reason::NothingToCompare => Status::NoTrust,
            Reason::PinMismatch => Status::PinMismatch,
            Reason::CertificateMismatch => Status::CertificateMismatch,
            Reason::UnknownIssuer => Status::UnknownIssuer,
            Reason::NameMismatch => Status::NameMismatch,
            Reason::Expired(_) => Status::Expired,
            Reason::NotYetValid(_) => Status::NotYetValid,
            Reason::BadCertificate(_) => Status::BadCertificate,
            Reason::Revoked => Status::Revoked,
            Reason::RevocationUnknown(_) => Status::RevocationUnknown,
            Reason::CrlExpired => Status::CrlExpired,
        }
    }
}

impl std::error::Error for Rejection {}

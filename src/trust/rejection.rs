//! The reason why a peer is not trusted, as data; `explain` makes the text.

use super::certificate::Certificate;
use super::pin::Pin;
use super::pin_set::PinWithValidity;
use crate::status::Status;

/// The reason why a chain is not trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The policy trusts no server (only a probe gets this far).
    NothingToCompare,
    /// No key of the (validated) chain is pinned.
    PinMismatch,
    /// The leaf is not the trusted certificate.
    CertificateMismatch,
    /// The chain leads to no anchor.
    UnknownIssuer,
    /// The certificate is for other names.
    NameMismatch,
    /// A certificate of the chain has expired: which one, if it can be read.
    Expired(Option<Box<Certificate>>),
    /// A certificate of the chain is not valid yet: which one, if it can be read.
    NotYetValid(Option<Box<Certificate>>),
    /// Malformed, or not usable for a server; with a description.
    BadCertificate(&'static str),
    /// A certificate of the chain was revoked by its issuer.
    Revoked,
    /// Revocation lists were given, and none covers a certificate of the chain; with a description.
    RevocationUnknown(&'static str),
    /// The revocation list that covers a certificate of the chain is out of date.
    CrlExpired,
}

/// A peer that is not trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The reason.
    pub reason: Reason,
    /// The name that was to be verified.
    pub host: String,
    /// The pins of the policy.
    pub expected: Vec<Pin>,
    /// The pins that are outside their period, and match nothing.
    pub unusable_pins: Vec<PinWithValidity>,
    /// The chain that was served, leaf first.
    pub chain: Vec<Certificate>,
    /// True if chain, name and dates are valid by the policy's anchors or, if it has none, by
    /// Mozilla's roots.
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

//! Why a peer is not believed: what was expected, what was met, and what that pattern means.

use std::fmt;

use super::certificate::Certificate;
use super::pin::Pin;
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
    /// A certificate of the chain has expired.
    Expired,
    /// A certificate of the chain is not valid yet.
    NotYetValid,
    /// Malformed, or not fit for a server; what exactly.
    Unfit(&'static str),
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
            Reason::Expired => Status::Expired,
            Reason::NotYetValid => Status::NotYetValid,
            Reason::Unfit(_) => Status::BadCertificate,
        }
    }
}

impl std::error::Error for Rejection {}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let leaf = self.chain.first();
        match &self.reason {
            Reason::NothingToCompare => {
                f.write_str("There is nothing to compare with: no pin, CA, certificate or roots.")?;
            }
            Reason::PinMismatch => {
                write!(
                    f,
                    "The peer at {} has another key than the pinned ones. Expected",
                    self.host
                )?;
                write_list(f, self.expected.iter())?;
                f.write_str("; met")?;
                write_list(f, self.chain.iter().map(|c| &c.spki))?;
                f.write_str(".")?;
            }
            Reason::CertificateMismatch => {
                write!(
                    f,
                    "The peer at {} shows another certificate than the trusted one.",
                    self.host
                )?;
            }
            Reason::UnknownIssuer => {
                write!(
                    f,
                    "The certificate shown for {} leads to no CA that you trust.",
                    self.host
                )?;
            }
            Reason::NameMismatch => {
                write!(
                    f,
                    "The certificate shown for {} is for another name: ",
                    self.host
                )?;
                let names = leaf
                    .map(|c| c.names.join(", "))
                    .filter(|names| !names.is_empty());
                write!(f, "{}.", names.as_deref().unwrap_or("(none)"))?;
            }
            Reason::Expired => {
                write!(f, "The certificate shown for {} has expired", self.host)?;
                leaf.map_or(Ok(()), |c| write!(f, " (valid until {})", c.not_after))?;
                f.write_str(", or this machine's clock is wrong.")?;
            }
            Reason::NotYetValid => {
                write!(
                    f,
                    "The certificate shown for {} is not valid yet",
                    self.host
                )?;
                leaf.map_or(Ok(()), |c| write!(f, " (valid from {})", c.not_before))?;
                f.write_str(", or this machine's clock is wrong.")?;
            }
            Reason::Unfit(what) => {
                write!(
                    f,
                    "The certificate shown for {} can't be used: {what}.",
                    self.host
                )?;
            }
        }
        if let Some(leaf) = leaf {
            write!(
                f,
                " Subject: {}; issuer: {}; key: {}.",
                or_none(&leaf.subject),
                or_none(&leaf.issuer),
                leaf.spki
            )?;
        }
        f.write_str(self.meaning())
    }
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "(none)" } else { text }
}

impl Rejection {
    /// What the pattern means, in plain words.
    fn meaning(&self) -> &'static str {
        match (&self.reason, self.valid_otherwise) {
            (Reason::PinMismatch | Reason::CertificateMismatch, true) => {
                " The chain is valid otherwise: a valid chain with another key is what interception \
                 looks like (a mail proxy, an employer's or antivirus root). Or the provider has \
                 changed its key: ask it, over another way, before you change the pin."
            }
            (Reason::PinMismatch | Reason::CertificateMismatch, false) => {
                " The chain is not valid otherwise either: somebody stands in between, or this is \
                 the wrong server."
            }
            (Reason::UnknownIssuer, _) => {
                " Somebody may stand in between with a certificate of their own; or the provider \
                 uses a CA that is missing from your list."
            }
            (Reason::NameMismatch, _) => {
                " This is the wrong server, or somebody stands in between with a certificate for \
                 another name."
            }
            _ => "",
        }
    }
}

fn write_list<'a>(f: &mut fmt::Formatter<'_>, pins: impl Iterator<Item = &'a Pin>) -> fmt::Result {
    for (i, pin) in pins.enumerate() {
        write!(f, "{} {pin}", if i == 0 { "" } else { "," })?;
    }
    Ok(())
}

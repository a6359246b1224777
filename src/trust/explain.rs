//! The text of a rejection: what was expected, what was found, what that pattern means, and what to
//! do. The error adds the stage and what left the machine.

use std::fmt::{self, Write as _};

use super::certificate::Certificate;
use super::pin_set::PinWithValidity;
use super::rejection::{Reason, Rejection};
use crate::support::redact::or_none;

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.explanation(), self.advice())
    }
}

impl Rejection {
    /// The sentences about what was found and its meaning; the first can follow a colon.
    pub(crate) fn explanation(&self) -> String {
        let mut text = String::new();
        // A `String` takes all that is written.
        let _ = self.write_explanation(&mut text);
        text
    }

    fn write_explanation(&self, f: &mut String) -> fmt::Result {
        self.write_finding(f)?;
        if let Some(leaf) = self.chain.first() {
            let (subject, issuer) = (or_none(&leaf.subject), or_none(&leaf.issuer));
            write!(
                f,
                " Subject: {subject}; issuer: {issuer}; key: {}.",
                leaf.spki
            )?;
        }
        for part in [self.otherwise(), self.meaning()] {
            if !part.is_empty() {
                write!(f, " {part}")?;
            }
        }
        Ok(())
    }

    /// Writes the sentence about what was expected and what was found.
    fn write_finding(&self, f: &mut String) -> fmt::Result {
        let host = &self.host;
        let leaf = self.chain.first();
        match &self.reason {
            Reason::NothingToCompare => {
                f.write_str("the policy has no pin, CA, certificate or roots to compare with.")
            }
            Reason::PinMismatch => self.write_pins(f),
            Reason::CertificateMismatch => {
                write!(
                    f,
                    "the peer at {host} presented another certificate than the trusted one."
                )
            }
            Reason::UnknownIssuer => {
                write!(
                    f,
                    "the certificate presented for {host} leads to no trusted CA."
                )
            }
            Reason::NameMismatch => {
                let names = leaf.map(|c| c.names.join(", "));
                let names = names.as_deref().map_or("(none)", or_none);
                write!(
                    f,
                    "expected a certificate for {host}, found one for {names}."
                )
            }
            Reason::Expired(which) => {
                self.write_which(f, which.as_deref())?;
                f.write_str(" has expired")?;
                if let Some(which) = which {
                    write!(f, " (it was valid until {})", which.not_after)?;
                }
                f.write_str(", or this machine's clock is wrong.")
            }
            Reason::NotYetValid(which) => {
                self.write_which(f, which.as_deref())?;
                f.write_str(" is not valid yet")?;
                if let Some(which) = which {
                    write!(f, " (it is valid from {})", which.not_before)?;
                }
                f.write_str(", or this machine's clock is wrong.")
            }
            Reason::BadCertificate(what) => {
                write!(
                    f,
                    "the certificate presented for {host} can't be used ({what})."
                )
            }
            Reason::Revoked => write!(
                f,
                "the certificate presented for {host}, or one of its issuers, was revoked by its CA."
            ),
            Reason::RevocationUnknown(why) => write!(
                f,
                "it is not known whether the certificate presented for {host} was revoked ({why})."
            ),
            Reason::CrlExpired => write!(
                f,
                "the revocation list for the certificate presented for {host} is out of date."
            ),
        }
    }

    /// The certificate of the chain that is meant, as the subject of a sentence.
    fn write_which(&self, f: &mut String, which: Option<&Certificate>) -> fmt::Result {
        let host = &self.host;
        match which {
            None => write!(f, "a certificate of the chain presented for {host}"),
            Some(which) if self.chain.first() == Some(which) => {
                write!(f, "the certificate presented for {host}")
            }
            Some(which) => {
                let kind = match which.subject == which.issuer {
                    true => "root",
                    false => "intermediate",
                };
                let subject = or_none(&which.subject);
                write!(
                    f,
                    "the {kind} certificate {subject} of the chain presented for {host}"
                )
            }
        }
    }

    fn write_pins(&self, f: &mut String) -> fmt::Result {
        let host = &self.host;
        write!(
            f,
            "the peer at {host} has another key than the pinned ones: expected"
        )?;
        write_list(f, self.expected.iter())?;
        f.write_str("; found")?;
        write_list(f, self.chain.iter().map(|c| &c.spki))?;
        f.write_str(".")?;
        if self.unusable_pins.is_empty() {
            return Ok(());
        }
        let all = self.unusable_pins.len() == self.expected.len();
        f.write_str(if all {
            " All of the pins are outside their window and match nothing:"
        } else {
            " These pins are outside their window and match nothing:"
        })?;
        write_list(f, self.unusable_pins.iter())?;
        f.write_str(".")
    }

    /// Returns whether the chain would be accepted without this reason.
    fn otherwise(&self) -> &'static str {
        match (&self.reason, self.valid_otherwise) {
            (Reason::PinMismatch | Reason::CertificateMismatch, true) => {
                "The chain is valid otherwise."
            }
            (Reason::PinMismatch | Reason::CertificateMismatch, false) => {
                "The chain is not valid otherwise either."
            }
            _ => "",
        }
    }

    /// The sentence about the meaning of the pattern.
    fn meaning(&self) -> &'static str {
        if self.is_pinned_key_out_of_time() {
            return "The key that was found is a pinned one, outside the window of its pin.";
        }
        match (&self.reason, self.valid_otherwise) {
            (Reason::PinMismatch | Reason::CertificateMismatch, true) => {
                "A valid chain with another key is typical of interception (by a mail proxy, or with an \
                 employer's or antivirus root). Or the provider has changed its key or certificate."
            }
            (Reason::PinMismatch | Reason::CertificateMismatch, false) => {
                "The connection is intercepted, or this is the wrong server, or a server with a \
                 self-signed certificate has changed its key."
            }
            (Reason::UnknownIssuer, _) => {
                "The connection may be intercepted. Or the provider uses a CA that is missing from \
                 the policy, or does not send its intermediate certificate."
            }
            (Reason::NameMismatch, _) => {
                "This is the wrong server, or the connection is intercepted."
            }
            (Reason::Expired(_), _) => {
                "The provider missed a renewal, or an old certificate is misused."
            }
            (Reason::Revoked, _) => {
                "Its key may have been stolen, and the peer may be an impostor."
            }
            _ => "",
        }
    }

    /// The sentence about what to do.
    pub(crate) fn advice(&self) -> &'static str {
        if self.is_pinned_key_out_of_time() {
            return "Check this machine's clock. Get the provider's current pin.";
        }
        match &self.reason {
            Reason::NothingToCompare => {
                "Have the owner of the server confirm the key out of band (for example by \
                 phone), and pin it."
            }
            Reason::PinMismatch | Reason::CertificateMismatch => {
                "Try from another network. Ask the provider out of band (for example by \
                 phone) whether its key has changed, and only then change the pin."
            }
            Reason::UnknownIssuer => "Try from another network. Ask the provider which CA it uses.",
            Reason::NameMismatch => "Check the host name. Ask the provider for the name to use.",
            Reason::Expired(_) | Reason::NotYetValid(_) => {
                "Check this machine's clock. If it is right, the provider must fix it."
            }
            Reason::BadCertificate(_) => "The provider must fix it.",
            Reason::Revoked => {
                "Don't continue. Ask the provider out of band (for example by phone)."
            }
            Reason::RevocationUnknown(_) | Reason::CrlExpired => {
                "Give the current list of each CA of the chain, or none."
            }
        }
    }

    fn is_pinned_key_out_of_time(&self) -> bool {
        let met = |dated: &PinWithValidity| self.chain.iter().any(|c| c.spki == dated.pin);
        self.reason == Reason::PinMismatch && self.unusable_pins.iter().any(met)
    }
}

fn write_list<T: fmt::Display>(f: &mut String, list: impl Iterator<Item = T>) -> fmt::Result {
    for (i, item) in list.enumerate() {
        write!(f, "{} {item}", if i == 0 { "" } else { "," })?;
    }
    Ok(())
}

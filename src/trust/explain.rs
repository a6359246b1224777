//! The text of a rejection: what was expected, what was found, what that pattern means, and what to
//! do. The error adds the stage and what left the machine.

use std::fmt;

use super::certificate::Certificate;
use super::pin_set::PinWithValidity;
use super::rejection::{Reason, Rejection};
use crate::support::redact::or_none;

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_finding(f)?;
        if let Some(leaf) = self.chain.first() {
            let (subject, issuer) = (or_none(&leaf.subject), or_none(&leaf.issuer));
            write!(
                f,
                " Subject: {subject}; issuer: {issuer}; key: {}.",
                leaf.spki
            )?;
        }
        for part in [self.otherwise(), self.meaning(), self.advice()] {
            if !part.is_empty() {
                write!(f, " {part}")?;
            }
        }
        Ok(())
    }
}

impl Rejection {
    /// The sentences about what was expected and what was found.
    fn write_finding(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = &self.host;
        let leaf = self.chain.first();
        match &self.reason {
            Reason::NothingToCompare => {
                f.write_str("There is nothing to compare with: no pin, CA, certificate or roots.")
            }
            Reason::PinMismatch => self.write_pins(f),
            Reason::CertificateMismatch => {
                write!(
                    f,
                    "The peer at {host} shows another certificate than the trusted one."
                )
            }
            Reason::UnknownIssuer => {
                write!(
                    f,
                    "The certificate shown for {host} leads to no CA that you trust."
                )
            }
            Reason::NameMismatch => {
                let names = leaf.map(|c| c.names.join(", "));
                let names = names.as_deref().map_or("(none)", or_none);
                write!(
                    f,
                    "The certificate shown for {host} is for another name: {names}."
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
                write!(f, "The certificate shown for {host} can't be used: {what}.")
            }
            Reason::Revoked => write!(
                f,
                "The certificate shown for {host}, or one of its issuers, was revoked by its CA."
            ),
            Reason::RevocationUnknown(why) => write!(
                f,
                "The revocation status of the certificate for {host} is unknown: {why}."
            ),
            Reason::CrlExpired => write!(
                f,
                "The revocation list for the certificate shown for {host} is out of date."
            ),
        }
    }

    /// The certificate of the chain that the reason concerns, as the subject of a sentence.
    fn write_which(&self, f: &mut fmt::Formatter<'_>, which: Option<&Certificate>) -> fmt::Result {
        let host = &self.host;
        match which {
            None => write!(f, "A certificate of the chain shown for {host}"),
            Some(which) if self.chain.first() == Some(which) => {
                write!(f, "The certificate shown for {host}")
            }
            Some(which) => {
                let kind = match which.subject == which.issuer {
                    true => "root",
                    false => "intermediate",
                };
                let subject = or_none(&which.subject);
                write!(
                    f,
                    "The {kind} certificate {subject} of the chain shown for {host}"
                )
            }
        }
    }

    fn write_pins(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = &self.host;
        write!(
            f,
            "The peer at {host} has another key than the pinned ones. Expected"
        )?;
        write_list(f, self.expected.iter())?;
        f.write_str("; met")?;
        write_list(f, self.chain.iter().map(|c| &c.spki))?;
        f.write_str(".")?;
        if self.unusable_pins.is_empty() {
            return Ok(());
        }
        let all = self.unusable_pins.len() == self.expected.len();
        f.write_str(if all {
            " All of the pins are outside their time and match nothing:"
        } else {
            " Outside their time, and so matching nothing:"
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
            return "The server's key is pinned, but outside the period that was set for it.";
        }
        match (&self.reason, self.valid_otherwise) {
            (Reason::PinMismatch | Reason::CertificateMismatch, true) => {
                "A valid chain with another key is what interception looks like (a mail proxy, an \
                 employer's or antivirus root). Or the provider has changed its key or certificate."
            }
            (Reason::PinMismatch | Reason::CertificateMismatch, false) => {
                "The connection is intercepted, or this is the wrong server; or a server with a \
                 certificate of its own has changed its key."
            }
            (Reason::UnknownIssuer, _) => {
                "The connection may be intercepted, with a certificate of another CA; or the provider \
                 uses a CA that is missing from your list, or does not send its intermediate \
                 certificate."
            }
            (Reason::NameMismatch, _) => {
                "This is the wrong server, or the connection is intercepted, with a certificate for \
                 another name."
            }
            (Reason::Expired(_), _) => {
                "The provider missed a renewal, or an attacker presents an old certificate."
            }
            (Reason::Revoked, _) => {
                "Its key may have been stolen: this may be an attacker's server."
            }
            _ => "",
        }
    }

    /// The sentence about what to do.
    fn advice(&self) -> &'static str {
        if self.is_pinned_key_out_of_time() {
            return "What to do: check this machine's clock; get the provider's present pin.";
        }
        match &self.reason {
            Reason::NothingToCompare => {
                "What to do: have the owner of the server confirm the key out of band (for example by \
                 phone), and pin it."
            }
            Reason::PinMismatch | Reason::CertificateMismatch => {
                "What to do: try from another network; ask the provider out of band (for example by \
                 phone) whether its key has changed, and only then change the pin."
            }
            Reason::UnknownIssuer => {
                "What to do: try from another network; ask the provider which CA it uses."
            }
            Reason::NameMismatch => {
                "What to do: check the host name; ask the provider for the name to use."
            }
            Reason::Expired(_) | Reason::NotYetValid(_) => {
                "What to do: check this machine's clock; if it is right, the provider must fix it."
            }
            Reason::BadCertificate(_) => "What to do: the provider must fix it.",
            Reason::Revoked => {
                "What to do: don't go on; ask the provider out of band (for example by phone)."
            }
            Reason::RevocationUnknown(_) | Reason::CrlExpired => {
                "What to do: give the current lists of each CA of the chain, or none."
            }
        }
    }

    fn is_pinned_key_out_of_time(&self) -> bool {
        let met = |dated: &PinWithValidity| self.chain.iter().any(|c| c.spki == dated.pin);
        self.reason == Reason::PinMismatch && self.unusable_pins.iter().any(met)
    }
}

fn write_list<T: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    list: impl Iterator<Item = T>,
) -> fmt::Result {
    for (i, item) in list.enumerate() {
        write!(f, "{} {item}", if i == 0 { "" } else { "," })?;
    }
    Ok(())
}

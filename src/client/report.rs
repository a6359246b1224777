//! The report of a probe, as data and as text.

use std::fmt;

use crate::channel::Probed;
use crate::error::{Error, Peer};
use crate::smtp::Session;
use crate::status::Status;
use crate::support::redact::or_none;
use crate::trust::{Certificate, Host, Pin, Policy, Rejection, TrustBasis, Verdict, verify_chain};

/// The identity of the peer, its chain, and the verdict of the policy.
#[derive(Debug, Clone)]
pub struct Report {
    /// The name that was to be verified.
    pub host: String,
    /// The port; 0 for a chain that was judged without a connection.
    pub port: u16,
    /// The policy's verdict.
    pub verdict: Result<TrustBasis, Box<Rejection>>,
    /// The peer.
    pub peer: Peer,
    /// The served chain, leaf first.
    pub certificates: Vec<Certificate>,
    /// The text of the greeting; with STARTTLS it came in clear text, where an attacker can change it.
    pub greeting: String,
    /// The capabilities of the server inside TLS.
    pub capabilities: Vec<String>,
    /// The mechanisms it offers for the login.
    pub mechanisms: Vec<String>,
}

impl Report {
    pub(super) fn new<T: crate::net::Transport>(
        policy: &Policy,
        host: &Host,
        port: u16,
        session: &Session<Probed<T>>,
    ) -> Self {
        let channel = session.channel();
        let verdict = verify_chain(policy, host, channel.chain(), policy.clock.now());
        let mut peer = channel.peer().clone();
        peer.matched_pin = verdict.as_ref().ok().and_then(|basis| basis.matched_pin);
        Self {
            host: host.to_string(),
            port,
            verdict,
            peer,
            certificates: channel.certificates(),
            greeting: session.greeting().to_owned(),
            capabilities: session.capabilities().lines.clone(),
            mechanisms: session.capabilities().auth.clone().unwrap_or_default(),
        }
    }

    /// The report about a chain that was verified without a connection.
    #[must_use]
    pub fn of_chain(host: &Host, verdict: Verdict) -> Self {
        let peer = Peer {
            spki: verdict.certificates.iter().map(|c| c.spki).collect(),
            matched_pin: verdict.judgement.as_ref().ok().and_then(|b| b.matched_pin),
            ..Peer::default()
        };
        Self {
            host: host.to_string(),
            port: 0,
            verdict: verdict.judgement,
            peer,
            certificates: verdict.certificates,
            greeting: String::new(),
            capabilities: Vec::new(),
            mechanisms: Vec::new(),
        }
    }

    /// The leaf's pin, to be kept for later connections: if the policy trusts the peer, or if
    /// `confirmed` is that pin, which the server's owner has confirmed out of band. There is no
    /// trust on first use: an attacker in the middle of the first connection would be trusted for good.
    ///
    /// # Errors
    /// [`Status::PinMismatch`] if the confirmed pin is not that of the leaf; else the status of
    /// the verdict.
    pub fn pin_to_learn(&self, confirmed: Option<Pin>) -> Result<Pin, Error> {
        let refuse = |status, why: &str| Err(Error::argument(status, "pin", why));
        let Some(leaf) = self.certificates.first().map(|c| c.spki) else {
            return refuse(
                Status::BadCertificate,
                "was not learnt: the peer's certificate can't be read",
            );
        };
        match (confirmed, &self.verdict) {
            (Some(pin), _) if pin == leaf => Ok(leaf),
            (Some(_), _) => refuse(
                Status::PinMismatch,
                "was not learnt: the peer has another key than the confirmed one",
            ),
            (None, Ok(_)) => Ok(leaf),
            (None, Err(rejection)) => refuse(
                rejection.status(),
                "was not learnt, because the peer is not trusted and no pin was confirmed: have the \
                 server's owner confirm the pin out of band (for example by phone), and give that pin",
            ),
        }
    }

    /// The verdict as a number: 0 if the policy trusts the peer.
    #[must_use]
    pub fn status(&self) -> Status {
        self.verdict
            .as_ref()
            .map_or_else(|rejection| rejection.status(), |_| Status::Ok)
    }

    /// The verdict as text.
    #[must_use]
    pub fn verdict_text(&self) -> String {
        match &self.verdict {
            Ok(TrustBasis {
                matched_pin: Some(pin),
                ..
            }) => format!("Trusted: the pin {pin} matches."),
            Ok(_) => "Trusted.".to_owned(),
            Err(rejection) => format!("Not trusted: {rejection}"),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.port == 0 {
            writeln!(f, "{}: chain judged without a connection", self.host)?;
        } else {
            writeln!(
                f,
                "{} port {}: TLS {}, {}",
                self.host, self.port, self.peer.tls_version, self.peer.cipher_suite
            )?;
        }
        for (i, certificate) in self.certificates.iter().enumerate() {
            let role = if i == 0 { "certificate" } else { "issuer" };
            writeln!(f, "  {role}  {}", or_none(&certificate.subject))?;
            writeln!(f, "    signed by  {}", or_none(&certificate.issuer))?;
            if !certificate.names.is_empty() {
                writeln!(f, "    names      {}", certificate.names.join(", "))?;
            }
            writeln!(
                f,
                "    valid      {} to {}",
                certificate.not_before, certificate.not_after
            )?;
            writeln!(f, "    key        {}", certificate.spki)?;
        }
        if self.port != 0 {
            writeln!(f, "  greeting   {}", or_none(&self.greeting))?;
            writeln!(f, "  offers     {}", or_none(&self.capabilities.join(", ")))?;
            writeln!(f, "  mechanisms {}", or_none(&self.mechanisms.join(", ")))?;
        }
        writeln!(f, "{}", self.verdict_text())?;
        if let Ok(basis) = &self.verdict {
            for remark in &basis.remarks {
                writeln!(f, "Note: {remark}.")?;
            }
        }
        self.write_proposals(f)
    }
}

impl Report {
    /// The pins to choose from, and the meaning of each choice.
    fn write_proposals(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(leaf) = self.certificates.first() {
            writeln!(
                f,
                "To pin the server's key, once its owner has confirmed it out of band \
                 (for example by phone):\n  --pin {}",
                leaf.spki
            )?;
            f.write_str(
                "As a backup, ask the owner for the pin of the next key (the SHA-256 of its public \
                 key, or the public\nkey as a file), and add it as a second --pin.\n",
            )?;
        }
        for issuer in self.certificates.iter().skip(1) {
            writeln!(
                f,
                "A pin of an issuer's key trusts every certificate that this issuer signs \
                 for the name:\n  --pin {}  ({})",
                issuer.spki,
                or_none(&issuer.subject)
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAF: &str = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const ISSUER: &str = "sha256//AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

    fn pin(text: &str) -> Pin {
        Pin::parse_list(text).unwrap()[0]
    }

    fn certificate(spki: &str, subject: &str, names: &[&str]) -> Certificate {
        Certificate {
            spki: pin(spki),
            subject: subject.to_owned(),
            issuer: "CN=CA".to_owned(),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            not_before: "2026-01-01T00:00:00Z".to_owned(),
            not_after: "2027-01-01T00:00:00Z".to_owned(),
        }
    }

    fn trusted(matched_pin: Option<Pin>, remark: Option<&str>) -> TrustBasis {
        TrustBasis {
            matched_pin,
            remarks: remark.map(str::to_owned).into_iter().collect(),
        }
    }

    /// A report of a chain alone, in which the issuer names no server.
    fn report(basis: TrustBasis) -> Report {
        let verdict = Verdict {
            judgement: Ok(basis),
            certificates: vec![
                certificate(LEAF, "CN=mail.example", &["mail.example", "192.0.2.1"]),
                certificate(ISSUER, "", &[]),
            ],
        };
        Report::of_chain(&Host::parse("mail.example").unwrap(), verdict)
    }

    const CHAIN: &str = "  certificate  CN=mail.example\n    signed by  CN=CA\n    \
        names      mail.example, 192.0.2.1\n    \
        valid      2026-01-01T00:00:00Z to 2027-01-01T00:00:00Z\n    \
        key        sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n  \
        issuer  (none)\n    signed by  CN=CA\n    \
        valid      2026-01-01T00:00:00Z to 2027-01-01T00:00:00Z\n    \
        key        sha256//AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n";

    #[test]
    fn a_report_of_a_chain_has_its_keys_and_says_that_there_was_no_connection() {
        let report = report(trusted(Some(pin(LEAF)), None));
        assert_eq!(report.peer.spki, [pin(LEAF), pin(ISSUER)]);
        assert_eq!(report.peer.matched_pin, Some(pin(LEAF)));
        assert_eq!(report.status(), Status::Ok);
        let text = report.to_string();
        let start = format!(
            "mail.example: chain judged without a connection\n{CHAIN}\
             Trusted: the pin {LEAF} matches.\nTo pin the server's key"
        );
        assert!(text.starts_with(&start), "{text}");
    }

    #[test]
    fn a_report_of_a_server_says_what_it_is_and_offers() {
        let mut report = report(trusted(None, Some("it has expired")));
        report.port = 465;
        report.peer.tls_version = "1.3";
        report.peer.cipher_suite = "TLS_AES_256_GCM_SHA384".to_owned();
        report.greeting = "mail.example ESMTP".to_owned();
        report.capabilities = vec!["SIZE 1000".to_owned(), "8BITMIME".to_owned()];
        let text = report.to_string();
        let start = format!(
            "mail.example port 465: TLS 1.3, TLS_AES_256_GCM_SHA384\n{CHAIN}  \
             greeting   mail.example ESMTP\n  offers     SIZE 1000, 8BITMIME\n  \
             mechanisms (none)\nTrusted.\nNote: it has expired.\nTo pin the server's key"
        );
        assert!(text.starts_with(&start), "{text}");
        let proposed = text.matches("--pin sha256//").count();
        assert_eq!(proposed, 2, "{text}");
    }
}

//! What a probe found, for programs and for people.

use std::fmt;

use crate::channel::Probed;
use crate::error::Peer;
use crate::smtp::Session;
use crate::status::Status;
use crate::tls::{Basis, Certificate, Host, Policy, Rejection, now, verify_chain};

/// Who answered, with which chain, and whether the policy believes it.
#[derive(Debug, Clone)]
pub struct Report {
    /// The name that was to be verified.
    pub host: String,
    /// The port meant.
    pub port: u16,
    /// The policy's verdict.
    pub verdict: Result<Basis, Box<Rejection>>,
    /// Who was met.
    pub peer: Peer,
    /// The chain served, leaf first.
    pub certificates: Vec<Certificate>,
    /// What the server called itself; with STARTTLS it said so in clear, where anybody can.
    pub greeting: String,
    /// What the server offers inside TLS.
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
        let verdict = verify_chain(policy, host, channel.chain(), now());
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

    /// The verdict as a number: 0 if the policy believes the peer.
    #[must_use]
    pub fn status(&self) -> Status {
        self.verdict
            .as_ref()
            .map_or_else(|rejection| rejection.status(), |_| Status::Ok)
    }

    /// The verdict in words.
    #[must_use]
    pub fn verdict_text(&self) -> String {
        match &self.verdict {
            Ok(Basis {
                matched_pin: Some(pin),
                ..
            }) => format!("Trusted: the pin {pin} matches."),
            Ok(_) => "Trusted.".to_owned(),
            Err(rejection) => format!("Not trusted. {rejection}"),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} port {}: TLS {}, {}",
            self.host, self.port, self.peer.tls_version, self.peer.cipher_suite
        )?;
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
        writeln!(f, "  greeting   {}", or_none(&self.greeting))?;
        writeln!(f, "  offers     {}", or_none(&self.capabilities.join(", ")))?;
        writeln!(f, "  mechanisms {}", or_none(&self.mechanisms.join(", ")))?;
        writeln!(f, "{}", self.verdict_text())?;
        if let Ok(basis) = &self.verdict {
            for remark in &basis.remarks {
                writeln!(f, "Worth knowing: {remark}.")?;
            }
        }
        if let Some(leaf) = self.certificates.first() {
            writeln!(
                f,
                "To pin the server's key, once its owner has confirmed it over another way:\n  --pin {}",
                leaf.spki
            )?;
        }
        if let Some(issuer) = self.certificates.get(1) {
            writeln!(
                f,
                "An issuer's key is another thing: this trusts every certificate this issuer signs for the name:\n  --pin {}",
                issuer.spki
            )?;
        }
        Ok(())
    }
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "(none)" } else { text }
}

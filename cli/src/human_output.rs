//! Results for people: a few plain lines, in colour on a terminal.

use std::io::{self, IsTerminal as _};
use std::path::Path;

use secsmtp::client::Report;
use secsmtp::error::{Error, Outcome, Record, Stage};
use secsmtp::log::Level;
use secsmtp::trust::{KnownServer, Verdict};

use crate::actions::shown;
use crate::streams::{ERR, OUT};

const GREEN: &str = "32";
const YELLOW: &str = "33";
const RED: &str = "31";

/// The lines of a reply as one: a line of its own could look like the result of another mail.
fn one_line(text: &str) -> String {
    text.lines().collect::<Vec<_>>().join(" ")
}

/// Of send.
pub(crate) fn sent(sent: &Result<Record, Error>) {
    let record = match sent {
        Ok(record) => {
            let words = record
                .reply
                .as_ref()
                .map_or(String::new(), |a| one_line(&a.text));
            OUT.line(&format!(
                "{} The server has taken the mail: {words}",
                out(GREEN, "ACCEPTED.")
            ));
            record
        }
        Err(error) => {
            ERR.line(&format!("{} {error}", failure(error)));
            ERR.line(&format!(
                "  ({}, number {})",
                error.status().name(),
                error.status().number()
            ));
            &error.record
        }
    };
    if record
        .recipients
        .iter()
        .any(|r| r.outcome != record.outcome)
    {
        for recipient in &record.recipients {
            let answer = recipient.reply.as_ref();
            let words = answer.map_or(String::new(), |a| {
                format!(": {} {}", a.code, one_line(&a.text))
            });
            ERR.line(&format!(
                "  {} {}{words}",
                recipient.address,
                recipient.outcome.name()
            ));
        }
    }
    if let (Ok(_), Some(peer)) = (sent, &record.peer) {
        OUT.line(&format!(
            "  over TLS {}, {}",
            peer.tls_version, peer.cipher_suite
        ));
        if let Some(leaf) = peer.spki.first() {
            let pinned = match peer.matched_pin {
                Some(pin) if pin == *leaf => ", which is pinned".to_owned(),
                Some(pin) => format!(", by the pinned key of its issuer {pin}"),
                None => String::new(),
            };
            OUT.line(&format!("  to the server with the key {leaf}{pinned}"));
        }
    }
}

/// Of one mail among several: a line.
pub(crate) fn one_sent(path: &Path, sent: &Result<Record, Error>) {
    let path = shown(path);
    let record = match sent {
        Ok(record) => record,
        Err(error) => return ERR.line(&format!("{} {path}: {error}", failure(error))),
    };
    let others = record.recipients.iter();
    let others = others.filter(|recipient| recipient.outcome != Outcome::Accepted);
    let others: Vec<String> = others.map(|one| one.address.to_string()).collect();
    let words = record
        .reply
        .as_ref()
        .map_or(String::new(), |a| one_line(&a.text));
    match others.is_empty() {
        true => OUT.line(&format!("{} {path}: {words}", out(GREEN, "ACCEPTED."))),
        false => OUT.line(&format!(
            "{} {path}: {words} (but not for {})",
            out(YELLOW, "ACCEPTED."),
            others.join(", ")
        )),
    }
}

/// Of mails that were left after one that failed.
pub(crate) fn not_begun(count: usize) {
    ERR.line(&format!("{} {count} of the mails", err(RED, "NOT BEGUN.")));
}

fn failure(error: &Error) -> String {
    match error.record.outcome {
        Outcome::Unknown => err(YELLOW, "UNKNOWN."),
        Outcome::Refused => err(RED, "REFUSED."),
        _ => err(RED, "NOT SENT."),
    }
}

/// Of probe.
pub(crate) fn probed(met: &Result<Report, Error>, learnt: Option<&Result<KnownServer, Error>>) {
    match met {
        Ok(report) => {
            let (colour, word) = if report.verdict.is_ok() {
                (GREEN, "TRUSTED.")
            } else {
                (RED, "NOT TRUSTED.")
            };
            OUT.write(format!("{}\n{report}", out(colour, word)));
        }
        Err(error) => ERR.line(&format!("{} {error}", err(RED, "CONNECTION FAILED."))),
    }
    match learnt {
        Some(Ok(server)) => OUT.line(&format!("{} {server}", out(GREEN, "LEARNT."))),
        Some(Err(error)) => ERR.line(&format!("{} {error}", err(RED, "NOT LEARNT."))),
        None => {}
    }
}

/// Of verify.
pub(crate) fn verified(verdict: &Result<Verdict, Error>) {
    match verdict {
        Ok(verdict) if verdict.judgement.is_ok() => {
            OUT.line(&format!("{} {verdict}", out(GREEN, "TRUSTED.")))
        }
        Ok(verdict) => OUT.line(&format!("{} {verdict}", out(RED, "NOT TRUSTED."))),
        Err(error) => ERR.line(&format!("{} {error}", err(RED, "NOT VERIFIED."))),
    }
}

/// A line of the log.
pub(crate) fn log_line(level: Level, stage: Stage, text: &str) {
    let (colour, word) = match level {
        Level::Error => (RED, "error"),
        Level::Warning => (YELLOW, "warning"),
        Level::Info => (GREEN, "info"),
        Level::Debug => ("2", "debug"),
    };
    ERR.line(&format!(
        "{} {:8} {text}",
        err(colour, &format!("{word:7}")),
        stage.name()
    ));
}

fn out(colour: &str, word: &str) -> String {
    paint(io::stdout().is_terminal(), colour, word)
}

fn err(colour: &str, word: &str) -> String {
    paint(io::stderr().is_terminal(), colour, word)
}

fn paint(terminal: bool, colour: &str, word: &str) -> String {
    if terminal {
        format!("\x1b[{colour}m{word}\x1b[0m")
    } else {
        word.to_owned()
    }
}

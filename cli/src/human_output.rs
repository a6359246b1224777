//! Results for a person: a few plain lines, in colour on a terminal.

use std::io::{self, IsTerminal as _};
use std::path::Path;

use secsmtp::client::Report;
use secsmtp::error::{Error, Outcome, Record, Stage};
use secsmtp::log::Level;
use secsmtp::trust::{KnownServer, Verdict};

use crate::failure::shown;
use crate::streams::{ERR, OUT};

const GREEN: &str = "32";
const YELLOW: &str = "33";
const RED: &str = "31";

/// Joins the lines of a reply, so that none looks like the result of another message.
fn one_line(text: &str) -> String {
    text.lines().collect::<Vec<_>>().join(" ")
}

/// Prints the result of a single message.
pub(crate) fn sent(sent: &Result<Record, Error>) {
    let record = match sent {
        Ok(record) => {
            let words = record
                .reply
                .as_ref()
                .map_or(String::new(), |a| one_line(&a.text));
            OUT.line(&format!(
                "{} The server accepted the message: {words}",
                out(GREEN, "ACCEPTED.")
            ));
            record
        }
        Err(error) => {
            ERR.line(&format!("{} {error}", failure(error)));
            number(error);
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

/// Prints the result of one message among several, on a line.
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

/// Prints how many messages were left out after one that failed.
pub(crate) fn not_begun(count: usize) {
    ERR.line(&format!(
        "{} {count} of the messages",
        err(RED, "NOT BEGUN.")
    ));
}

/// Prints why a message was not composed.
pub(crate) fn not_composed(error: &Error) {
    ERR.line(&format!("{} {error}", err(RED, "NOT COMPOSED.")));
    number(error);
}

/// Prints the status of an error as name and number.
fn number(error: &Error) {
    let status = error.status();
    ERR.line(&format!(
        "  ({}, number {})",
        status.name(),
        status.number()
    ));
}

fn failure(error: &Error) -> String {
    match error.record.outcome {
        Outcome::Unknown => err(YELLOW, "UNKNOWN."),
        Outcome::Refused => err(RED, "REFUSED."),
        _ => err(RED, "NOT SENT."),
    }
}

/// Prints the report on a server, and whether its pin was learnt.
pub(crate) fn probed(probed: &Result<Report, Error>, learnt: Option<&Result<KnownServer, Error>>) {
    match probed {
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

/// Prints the verdict on a chain.
pub(crate) fn verified(verdict: &Result<Verdict, Error>) {
    match verdict {
        Ok(verdict) if verdict.judgement.is_ok() => {
            OUT.line(&format!("{} {verdict}", out(GREEN, "TRUSTED.")))
        }
        Ok(verdict) => OUT.line(&format!("{} {verdict}", out(RED, "NOT TRUSTED."))),
        Err(error) => ERR.line(&format!("{} {error}", err(RED, "NOT VERIFIED."))),
    }
}

/// Prints a line of the log.
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

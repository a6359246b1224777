//! Results as JSON, each an object on a line: the library's texts of receipts, errors and reports.

use std::fmt::Write;
use std::path::Path;

use secsmtp::client::Report;
use secsmtp::error::{Error, Record};
use secsmtp::trust::KnownServer;
use serde_core::Serialize;
use serde_json::{Value, json};

use crate::streams::OUT;

/// Prints the result of a single message.
pub(crate) fn sent(sent: &Result<Record, Error>) {
    OUT.line(&text(sent));
}

/// Prints the result of one message among several.
pub(crate) fn one_sent(path: &Path, sent: &Result<Record, Error>) {
    OUT.line(&with(
        &[("file", json!(path.to_string_lossy()))],
        &text(sent),
    ));
}

/// Prints the report on a server, and whether its pin was learnt.
pub(crate) fn probed(probed: &Result<Report, Error>, learnt: Option<&Result<KnownServer, Error>>) {
    let Some(learnt) = learnt else {
        return OUT.line(&text(probed));
    };
    let words = match learnt {
        Ok(known) => known.to_string(),
        Err(error) => error.to_string(),
    };
    let additions = [
        ("learnt", json!(learnt.is_ok())),
        ("learnt_text", json!(words)),
    ];
    OUT.line(&with(&additions, &text(probed)));
}

/// Prints the report on a chain.
pub(crate) fn verified(report: &Result<Report, Error>) {
    OUT.line(&text(report));
}

/// The library's text of a result.
fn text<T: Serialize>(result: &Result<T, Error>) -> String {
    let text = match result {
        Ok(value) => serde_json::to_string(value),
        Err(error) => serde_json::to_string(error),
    };
    // Writing to memory fails for no value of the library.
    text.unwrap_or_default()
}

/// An object with additions of the command, and the library's object under `result`.
fn with(additions: &[(&str, Value)], result: &str) -> String {
    let mut text = String::from("{");
    for (name, value) in additions {
        let _ = write!(text, "\"{name}\":{value},");
    }
    text + "\"result\":" + result + "}"
}

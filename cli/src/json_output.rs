//! Results as JSON, each an object on a line.

use std::path::Path;

use secsmtp::client::Report;
use secsmtp::error::{Error, Peer, Record, ServerReply, Stage};
use secsmtp::status::Status;
use secsmtp::trust::{Certificate, KnownServer, Rejection, TrustBasis, Verdict};
use serde_json::{Map, Value, json};

use crate::streams::OUT;

/// Prints the result of a single message.
pub(crate) fn sent(sent: &Result<Record, Error>) {
    OUT.line(&outcome(sent).to_string());
}

/// Prints the result of one message among several.
pub(crate) fn one_sent(path: &Path, sent: &Result<Record, Error>) {
    let mut object = outcome(sent);
    object["file"] = json!(path.to_string_lossy());
    OUT.line(&object.to_string());
}

fn outcome(sent: &Result<Record, Error>) -> Value {
    let (record, status, text) = match sent {
        Ok(record) => (
            record,
            Status::Ok,
            record
                .reply
                .as_ref()
                .map_or(String::new(), |a| a.text.clone()),
        ),
        Err(error) => (&*error.record, error.status(), error.to_string()),
    };
    let recipients: Vec<Value> = record
        .recipients
        .iter()
        .map(|r| {
            json!({
                "address": &*r.address,
                "outcome": r.outcome.name(),
                "smtp_code": code(r.reply.as_deref()),
                "enhanced_code": enhanced(r.reply.as_deref()),
                "text": r.reply.as_ref().map(|a| &a.text),
            })
        })
        .collect();
    json!({
            "outcome": record.outcome.name(),
            "status": status.number(),
            "status_name": status.name(),
            "stage": record.stage.name(),
            "secret_released": record.secret_released,
            "content_released": record.content_released,
            "connection_reused": record.reused,
            "smtp_code": code(record.reply.as_deref()),
            "enhanced_code": enhanced(record.reply.as_deref()),
            "text": text,
            "server_text": record.reply.as_ref().map(|a| &a.text),
            "message_id": record.message_id.as_deref(),
            "recipients": recipients,
            "peer": peer(record.peer.as_deref()),
    })
}

/// Prints the report on a server, and whether its pin was learnt.
pub(crate) fn probed(probed: &Result<Report, Error>, learnt: Option<&Result<KnownServer, Error>>) {
    let mut object = match probed {
        Ok(report) => {
            let mut object = judgement(&report.verdict, &report.certificates);
            object.insert("text".to_owned(), json!(report.verdict_text()));
            object.insert("stage".to_owned(), json!(Stage::Ehlo.name()));
            object.insert("host".to_owned(), json!(report.host));
            object.insert("port".to_owned(), json!(report.port));
            object.insert("peer".to_owned(), peer(Some(&report.peer)));
            object.insert("greeting".to_owned(), json!(report.greeting));
            object.insert("capabilities".to_owned(), json!(report.capabilities));
            object.insert("mechanisms".to_owned(), json!(report.mechanisms));
            object
        }
        Err(error) => failed(error),
    };
    if let Some(learnt) = learnt {
        object.insert("learnt".to_owned(), json!(learnt.is_ok()));
        let text = learnt
            .as_ref()
            .map_or_else(ToString::to_string, ToString::to_string);
        object.insert("learnt_text".to_owned(), json!(text));
    }
    object.insert("secret_released".to_owned(), json!(false));
    object.insert("content_released".to_owned(), json!(false));
    OUT.line(&Value::Object(object).to_string());
}

/// Prints the verdict on a chain.
pub(crate) fn verified(verdict: &Result<Verdict, Error>) {
    let object = match verdict {
        Ok(verdict) => {
            let mut object = judgement(&verdict.judgement, &verdict.certificates);
            object.insert("text".to_owned(), json!(verdict.to_string()));
            object
        }
        Err(error) => failed(error),
    };
    OUT.line(&Value::Object(object).to_string());
}

fn judgement(
    judgement: &Result<TrustBasis, Box<Rejection>>,
    chain: &[Certificate],
) -> Map<String, Value> {
    let status = judgement
        .as_ref()
        .map_or_else(|rejection| rejection.status(), |_| Status::Ok);
    let certificates: Vec<Value> = chain
        .iter()
        .map(|c| {
            json!({
                "subject": c.subject,
                "issuer": c.issuer,
                "names": c.names,
                "not_before": c.not_before,
                "not_after": c.not_after,
                "spki_sha256": c.spki.to_string(),
            })
        })
        .collect();
    let basis = judgement.as_ref().ok();
    let mut object = Map::new();
    object.insert(
        "verdict".to_owned(),
        json!(if basis.is_some() {
            "trusted"
        } else {
            "not_trusted"
        }),
    );
    object.insert("trusted".to_owned(), json!(basis.is_some()));
    object.insert("status".to_owned(), json!(status.number()));
    object.insert("status_name".to_owned(), json!(status.name()));
    let pin = basis.and_then(|b| b.matched_pin).map(|pin| pin.to_string());
    object.insert("matched_pin".to_owned(), json!(pin));
    object.insert("remarks".to_owned(), json!(basis.map(|b| &b.remarks)));
    object.insert("certificates".to_owned(), Value::Array(certificates));
    object
}

fn failed(error: &Error) -> Map<String, Value> {
    let mut object = Map::new();
    object.insert("verdict".to_owned(), json!("not_trusted"));
    object.insert("trusted".to_owned(), json!(false));
    object.insert("status".to_owned(), json!(error.status().number()));
    object.insert("status_name".to_owned(), json!(error.status().name()));
    object.insert("stage".to_owned(), json!(error.record.stage.name()));
    object.insert("text".to_owned(), json!(error.to_string()));
    object.insert("peer".to_owned(), peer(error.record.peer.as_deref()));
    object
}

fn peer(peer: Option<&Peer>) -> Value {
    let unknown = Peer::default();
    let peer = peer.unwrap_or(&unknown);
    let text = |s: &str| if s.is_empty() { Value::Null } else { json!(s) };
    json!({
        "tls_version": text(peer.tls_version),
        "cipher_suite": text(&peer.cipher_suite),
        "spki_sha256": peer.spki.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "matched_pin": peer.matched_pin.map(|pin| pin.to_string()),
        "channel_binding": peer.channel_binding,
        "mechanism": peer.mechanism,
    })
}

fn code(answer: Option<&ServerReply>) -> Option<u16> {
    answer.map(|a| a.code)
}

fn enhanced(answer: Option<&ServerReply>) -> Option<&str> {
    answer.and_then(|a| a.enhanced.as_deref())
}

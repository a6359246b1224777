//! One JSON text (RFC 8259) for a receipt, an error, an event and a report: `docs/json` has the schemas.
//!
//! Each object has all fields of its kind, in the order of the schema; a value that is absent is null.
//! Fields may be added; one that is there keeps its meaning, or [`VERSION`] grows.
//!
//! ```
//! let record = secsmtp::error::Record::default();
//! let text = serde_json::to_string(&record).unwrap();
//! assert!(text.starts_with(r#"{"version":1,"kind":"receipt","outcome":"not_sent","stage":"local","#));
//! ```

#![forbid(unsafe_code)]

use std::fmt;
use std::io;

use serde_core::ser::{Serialize, SerializeMap, Serializer};

use crate::argument::InvalidArgument;
use crate::client::Report;
use crate::client::jobs::Event;
use crate::error::{Error, Outcome, Recipient, Record, ServerReply, Stage};
use crate::log::Level;
use crate::memory;
use crate::status::Status;
use crate::trust::{Certificate, Pin};

/// The version of the texts: their first field.
pub const VERSION: u32 = 1;

/// The text of a record, an error, an event or a report, with room for one more byte.
///
/// # Errors
/// [`Status::Resource`](crate::status::Status::Resource) if there is not enough memory for it.
pub fn text(value: &impl Serialize) -> Result<Vec<u8>, Error> {
    let mut out = Output(Vec::new());
    serde_json::to_writer(&mut out, value).map_err(|_| Error::out_of_memory())?;
    out.0.try_reserve_exact(1)?;
    Ok(out.0)
}

/// Bytes in memory whose lack is an error.
struct Output(Vec<u8>);

impl io::Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        memory::append(&mut self.0, bytes)
            .map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A value as the text that it is displayed as.
struct Displayed<T>(T);

impl<T: fmt::Display> Serialize for Displayed<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

fn object<S: Serializer>(serializer: S, kind: &str) -> Result<S::SerializeMap, S::Error> {
    let mut object = serializer.serialize_map(None)?;
    object.serialize_entry("version", &VERSION)?;
    object.serialize_entry("kind", kind)?;
    Ok(object)
}

fn present(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

fn code(reply: Option<&ServerReply>) -> Option<u16> {
    reply.map(|reply| reply.code)
}

fn enhanced(reply: Option<&ServerReply>) -> Option<&str> {
    reply.and_then(|reply| reply.enhanced.as_deref())
}

fn words(reply: Option<&ServerReply>) -> Option<&str> {
    reply.map(|reply| reply.text.as_str())
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let reply = self.reply.as_deref();
        let peer = self.peer.as_deref();
        let mut object = object(serializer, "receipt")?;
        object.serialize_entry("outcome", self.outcome.name())?;
        object.serialize_entry("stage", self.stage.name())?;
        object.serialize_entry("secret_released", &self.secret_released)?;
        object.serialize_entry("content_released", &self.content_released)?;
        object.serialize_entry("connection_reused", &self.reused)?;
        object.serialize_entry("smtp_code", &code(reply))?;
        object.serialize_entry("enhanced_code", &enhanced(reply))?;
        object.serialize_entry("server_text", &words(reply))?;
        object.serialize_entry("message_id", &self.message_id.as_deref())?;
        object.serialize_entry("tls_version", &peer.and_then(|p| present(p.tls_version)))?;
        object.serialize_entry("cipher_suite", &peer.and_then(|p| present(&p.cipher_suite)))?;
        object.serialize_entry("mechanism", &peer.and_then(|p| p.mechanism))?;
        object.serialize_entry("channel_binding", &peer.and_then(|p| p.channel_binding))?;
        object.serialize_entry("matched_pin", &peer.and_then(|p| p.matched_pin))?;
        object.serialize_entry("spki", peer.map_or(&[][..], |p| &p.spki))?;
        object.serialize_entry("recipients", &self.recipients)?;
        object.end()
    }
}

impl Serialize for Recipient {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let reply = self.reply.as_deref();
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("address", &*self.address)?;
        object.serialize_entry("outcome", self.outcome.name())?;
        object.serialize_entry("smtp_code", &code(reply))?;
        object.serialize_entry("enhanced_code", &enhanced(reply))?;
        object.serialize_entry("text", &words(reply))?;
        object.end()
    }
}

impl Serialize for Error {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let record = &*self.record;
        let reply = record.reply.as_deref();
        let mut object = object(serializer, "error")?;
        object.serialize_entry("status", &self.status().number())?;
        object.serialize_entry("status_name", self.status().name())?;
        object.serialize_entry("text", &Displayed(self))?;
        object.serialize_entry("outcome", record.outcome.name())?;
        object.serialize_entry("stage", record.stage.name())?;
        object.serialize_entry("secret_released", &record.secret_released)?;
        object.serialize_entry("content_released", &record.content_released)?;
        object.serialize_entry("retry", self.retry().name())?;
        object.serialize_entry("smtp_code", &code(reply))?;
        object.serialize_entry("enhanced_code", &enhanced(reply))?;
        object.serialize_entry("server_text", &words(reply))?;
        let invalid = self.invalid_argument();
        object.serialize_entry("argument", &invalid.map(InvalidArgument::argument))?;
        object.serialize_entry("receipt", &self.receipt())?;
        object.end()
    }
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let status = self.status();
        let question = self.question();
        let completion = self.completion();
        let mut object = object(serializer, "event")?;
        object.serialize_entry("event", self.data.kind().name())?;
        object.serialize_entry("job", &self.job)?;
        object.serialize_entry("tag", &Displayed(self.tag))?;
        object.serialize_entry("status", &status.map(Status::number))?;
        object.serialize_entry("status_name", &status.map(Status::name))?;
        object.serialize_entry("stage", &self.stage().map(Stage::name))?;
        object.serialize_entry("level", &self.level().map(Level::name))?;
        object.serialize_entry("text", &self.text())?;
        object.serialize_entry("written", &self.written())?;
        object.serialize_entry("total", &self.total())?;
        object.serialize_entry("index", &self.index())?;
        object.serialize_entry("outcome", &self.outcome().map(Outcome::name))?;
        object.serialize_entry("smtp_code", &code(self.reply()))?;
        object.serialize_entry("secret_kind", &question.map(|q| q.credential_kind.name()))?;
        object.serialize_entry("secret_reason", &question.map(|q| q.reason.name()))?;
        object.serialize_entry("dropped", &self.dropped())?;
        object.serialize_entry("receipt", &completion.and_then(|c| c.as_ref().ok()))?;
        object.serialize_entry("error", &completion.and_then(|c| c.as_ref().err()))?;
        object.end()
    }
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let basis = self.verdict.as_ref().ok();
        let mut object = object(serializer, "report")?;
        object.serialize_entry("host", &self.host)?;
        object.serialize_entry("port", &Some(self.port).filter(|port| *port != 0))?;
        object.serialize_entry("trusted", &basis.is_some())?;
        object.serialize_entry("verdict", &self.status().number())?;
        object.serialize_entry("verdict_name", self.status().name())?;
        object.serialize_entry("verdict_text", &self.verdict_text())?;
        object.serialize_entry("remarks", basis.map_or(&[][..], |basis| &basis.remarks))?;
        object.serialize_entry("text", &Displayed(self))?;
        object.serialize_entry("greeting", &present(&self.greeting))?;
        object.serialize_entry("tls_version", &present(self.peer.tls_version))?;
        object.serialize_entry("cipher_suite", &present(&self.peer.cipher_suite))?;
        object.serialize_entry("matched_pin", &self.peer.matched_pin)?;
        object.serialize_entry("certificates", &self.certificates)?;
        object.serialize_entry("capabilities", &self.capabilities)?;
        object.serialize_entry("mechanisms", &self.mechanisms)?;
        object.end()
    }
}

impl Serialize for Certificate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("spki", &self.spki)?;
        object.serialize_entry("subject", &self.subject)?;
        object.serialize_entry("issuer", &self.issuer)?;
        object.serialize_entry("names", &self.names)?;
        object.serialize_entry("not_before", &self.not_before)?;
        object.serialize_entry("not_after", &self.not_after)?;
        object.end()
    }
}

impl Serialize for Pin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use serde_json::Value;

    use super::*;
    use crate::client::jobs::{EventData, Kind, SecretQuestion};
    use crate::credential::Reason;
    use crate::error::{Cause, Peer, RejectedStep};
    use crate::sasl::CredentialKind;
    use crate::trust::Rejection;

    fn reply(code: u16, text: &str) -> Option<Arc<ServerReply>> {
        let line = text.as_bytes();
        Some(Arc::new(ServerReply {
            code,
            enhanced: crate::error::Enhanced::at_head(line, code),
            text: text.to_owned(),
        }))
    }

    fn record() -> Record {
        Record {
            stage: Stage::Reply,
            outcome: Outcome::Accepted,
            secret_released: true,
            content_released: true,
            content_complete: true,
            reply: reply(250, "2.0.0 queued"),
            message_id: Some("<1@client.test>".into()),
            recipients: vec![Recipient {
                address: "b@mail.test".into(),
                outcome: Outcome::Accepted,
                reply: reply(250, "2.1.5 good"),
            }],
            peer: Some(Arc::new(Peer {
                tls_version: "1.3",
                cipher_suite: "TLS13_AES_256_GCM_SHA384".to_owned(),
                spki: vec![pin()],
                matched_pin: Some(pin()),
                mechanism: Some("PLAIN"),
                channel_binding: Some("tls-exporter"),
            })),
            reused: false,
            ..Record::default()
        }
    }

    fn pin() -> Pin {
        Pin::parse_list(PIN).unwrap()[0]
    }

    fn written(value: &impl Serialize) -> String {
        String::from_utf8(text(value).unwrap()).unwrap()
    }

    const PIN: &str = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    #[test]
    fn a_receipt_has_each_field_in_its_place() {
        let expected = concat!(
            r#"{"version":1,"kind":"receipt","outcome":"accepted","stage":"reply","secret_released":true,"#,
            r#""content_released":true,"connection_reused":false,"smtp_code":250,"enhanced_code":"2.0.0","#,
            r#""server_text":"2.0.0 queued","message_id":"<1@client.test>","tls_version":"1.3","#,
            r#""cipher_suite":"TLS13_AES_256_GCM_SHA384","mechanism":"PLAIN","channel_binding":"tls-exporter","#,
            r#""matched_pin":"PIN","spki":["PIN"],"recipients":[{"address":"b@mail.test","#,
            r#""outcome":"accepted","smtp_code":250,"enhanced_code":"2.1.5","text":"2.1.5 good"}]}"#,
        );
        assert_eq!(written(&record()), expected.replace("PIN", PIN));
    }

    #[test]
    fn an_error_before_any_network_has_no_receipt() {
        let error = Error::local(Cause::Cancelled);
        let value: Value = serde_json::from_str(&written(&error)).unwrap();
        assert_eq!(value["receipt"], Value::Null);
        assert_eq!(value["outcome"], "none");
        assert_eq!(value["status_name"], "SECSMTP_E_CANCELLED");
    }

    #[test]
    fn an_error_names_the_argument_that_its_text_begins_with() {
        let error = Error::argument(Status::Pin, "pin", "is empty");
        let value: Value = serde_json::from_str(&written(&error)).unwrap();
        assert_eq!(
            (&value["argument"], &value["text"]),
            (&"pin".into(), &"pin is empty.".into())
        );
        let error = Error::local(Cause::Cancelled);
        let value: Value = serde_json::from_str(&written(&error)).unwrap();
        assert_eq!(value["argument"], Value::Null);
    }

    #[test]
    fn an_error_embeds_its_receipt() {
        let mut record = record();
        record.outcome = Outcome::Refused;
        record.reply = reply(550, "5.7.1 no");
        let error = Error::new(Cause::Rejected(RejectedStep::Content), record.clone());
        let text = written(&error);
        let receipt = written(&record);
        assert!(
            text.ends_with(&format!(r#""receipt":{receipt}}}"#)),
            "{text}"
        );
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["text"], error.to_string());
        assert_eq!(value["status"], 6004);
        assert_eq!(value["retry"], "never");
        assert_eq!(value["smtp_code"], 550);
    }

    /// The schema of a kind.
    fn schema(kind: &str) -> Value {
        let path = format!("docs/json/{kind}.schema.json");
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    /// Checks that a value has the fields and types that its schema says, and collects the paths of fields
    /// with a value.
    fn check(value: &Value, schema_: &Value, path: &str, filled: &mut BTreeSet<String>) {
        if let Some(choices) = schema_.get("anyOf") {
            assert_eq!(choices[1]["type"], "null", "{path}");
            if let Some(kind) = value.get("kind").and_then(Value::as_str) {
                assert_eq!(choices[0]["$ref"], format!("{kind}.schema.json"), "{path}");
                check(value, &schema(kind), kind, filled);
            }
            return;
        }
        if let Some(values) = schema_.get("enum").and_then(Value::as_array) {
            assert!(values.contains(value), "{path}: {value}");
        }
        if let Some(constant) = schema_.get("const") {
            assert_eq!(value, constant, "{path}");
        }
        if let Some(types) = schema_.get("type") {
            let is = match value {
                Value::Null => "null",
                Value::Bool(_) => "boolean",
                Value::Number(_) => "integer",
                Value::String(_) => "string",
                Value::Array(_) => "array",
                Value::Object(_) => "object",
            };
            let fits = types == is || types.as_array().is_some_and(|t| t.contains(&is.into()));
            assert!(fits, "{path}: {value}");
        }
        for item in value.as_array().into_iter().flatten() {
            check(item, &schema_["items"], path, filled);
        }
        let Some(object) = value.as_object() else {
            return;
        };
        let properties = schema_["properties"].as_object().unwrap();
        assert!(object.keys().eq(properties.keys()), "{path}: {value}");
        assert_eq!(
            schema_["required"].as_array().unwrap().len(),
            properties.len(),
            "{path}"
        );
        for (name, value) in object {
            let path = format!("{path}.{name}");
            if !value.is_null() {
                filled.insert(path.clone());
            }
            check(value, &properties[name], &path, filled);
        }
    }

    /// The paths of all fields of a schema.
    fn fields(schema: &Value, path: &str, all: &mut BTreeSet<String>) {
        for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
            let path = format!("{path}.{name}");
            fields(inner.get("items").unwrap_or(inner), &path, all);
            all.insert(path);
        }
    }

    fn parsed(value: &impl Serialize) -> Value {
        serde_json::from_str(&written(value)).unwrap()
    }

    #[test]
    fn each_field_of_each_schema_is_written_and_no_other() {
        let failed = Error::new(Cause::Rejected(RejectedStep::Content), record());
        let mut values = vec![parsed(&record()), parsed(&failed), parsed(&report())];
        values.push(parsed(&Record::default()));
        values.push(parsed(&Error::local(Cause::Cancelled)));
        values.push(parsed(&Error::argument(Status::Pin, "pin", "is empty")));
        for (data, ..) in events() {
            values.push(parsed(&event(data)));
        }
        let (mut filled, mut all) = (BTreeSet::new(), BTreeSet::new());
        for value in &values {
            let kind = value["kind"].as_str().unwrap();
            check(value, &schema(kind), kind, &mut filled);
        }
        for kind in ["receipt", "error", "event", "report"] {
            fields(&schema(kind), kind, &mut all);
        }
        assert_eq!(filled, all);
    }

    #[test]
    fn the_schemas_have_each_name_of_a_value() {
        let values = |kind: &str, field: &str| -> Vec<String> {
            let names = schema(kind)["properties"][field]["enum"].clone();
            let names = names.as_array().unwrap().iter().filter_map(Value::as_str);
            names.map(str::to_owned).collect()
        };
        for (kind, field) in [("receipt", "stage"), ("error", "stage"), ("event", "stage")] {
            assert_eq!(values(kind, field), Stage::ALL.map(Stage::name));
        }
        for (kind, field) in [
            ("receipt", "outcome"),
            ("error", "outcome"),
            ("event", "outcome"),
        ] {
            assert_eq!(values(kind, field), Outcome::ALL.map(Outcome::name));
        }
        assert_eq!(values("event", "level"), Level::ALL.map(Level::name));
        assert_eq!(values("event", "event"), Kind::ALL.map(Kind::name));
    }

    fn event(data: EventData) -> Event {
        Event {
            job: 7,
            tag: u64::MAX,
            data,
        }
    }

    /// Events of all kinds, each with its kind and the fields that are not null in it alone.
    fn events() -> Vec<(EventData, &'static str, &'static str)> {
        let question = SecretQuestion {
            user: "ann".to_owned(),
            credential_kind: CredentialKind::Token,
            reason: Reason::Refused,
        };
        let failed = Error::new(Cause::Rejected(RejectedStep::Content), record());
        let line = EventData::Line(Level::Info, Stage::Ehlo, "line".to_owned());
        let recipient = EventData::Recipient(3, record().recipients.remove(0));
        let completed = |completion| EventData::Completed(Box::new(completion));
        vec![
            (line, "log", "stage level text"),
            (EventData::Stage(Stage::Mail), "stage", "stage"),
            (EventData::Progress(1, None), "progress", "written"),
            (EventData::Progress(1, Some(2)), "progress", "written total"),
            (recipient, "recipient", "text index outcome smtp_code"),
            (
                EventData::SecretWanted(question),
                "secret",
                "text secret_kind secret_reason",
            ),
            (EventData::Dropped(9), "dropped", "dropped"),
            (
                completed(Ok(record())),
                "completed",
                "status status_name stage text outcome smtp_code receipt",
            ),
            (
                completed(Err(failed)),
                "completed",
                "status status_name stage text outcome smtp_code error",
            ),
        ]
    }

    #[test]
    fn an_event_has_what_its_kind_contains_and_null_else() {
        for (data, kind, fields) in events() {
            let value = parsed(&event(data));
            assert_eq!(
                (&value["event"], &value["job"], &value["tag"]),
                (&kind.into(), &7.into(), &u64::MAX.to_string().into())
            );
            let expected: BTreeSet<&str> = "version kind event job tag"
                .split(' ')
                .chain(fields.split(' '))
                .collect();
            let there = value
                .as_object()
                .unwrap()
                .iter()
                .filter(|(_, value)| !value.is_null());
            assert_eq!(
                there
                    .map(|(name, _)| name.as_str())
                    .collect::<BTreeSet<_>>(),
                expected,
                "{kind}"
            );
        }
    }

    fn report() -> Report {
        let certificate = Certificate {
            spki: pin(),
            subject: "CN=\"quoted\"".to_owned(),
            issuer: "CN=ca".to_owned(),
            names: vec!["a.test".to_owned(), "b.test".to_owned()],
            not_before: "2026-01-01T00:00:00Z".to_owned(),
            not_after: "2027-01-01T00:00:00Z".to_owned(),
        };
        Report {
            host: "mail.test".to_owned(),
            port: 465,
            verdict: Ok(crate::trust::TrustBasis {
                matched_pin: Some(pin()),
                remarks: vec!["the certificate does not name mail.test".to_owned()],
            }),
            peer: (*record().peer.unwrap()).clone(),
            certificates: vec![certificate],
            greeting: "mail.test".to_owned(),
            capabilities: vec!["SIZE 10".to_owned()],
            mechanisms: vec!["PLAIN".to_owned()],
        }
    }

    #[test]
    fn a_report_says_whether_the_server_is_trusted_and_why_not() {
        let mut report = report();
        let trusted = parsed(&report);
        assert_eq!(
            (&trusted["trusted"], &trusted["verdict"]),
            (&true.into(), &0.into())
        );
        assert_eq!(trusted["certificates"][0]["subject"], "CN=\"quoted\"");
        assert_eq!(trusted["certificates"][0]["names"][1], "b.test");
        report.verdict = Err(Box::new(Rejection {
            reason: crate::trust::Reason::PinMismatch,
            host: "mail.test".to_owned(),
            expected: vec![],
            unusable_pins: vec![],
            chain: vec![],
            valid_otherwise: false,
        }));
        report.port = 0;
        let value = parsed(&report);
        assert_eq!(
            (&value["trusted"], &value["verdict"]),
            (&false.into(), &4003.into())
        );
        assert_eq!(value["verdict_name"], "SECSMTP_E_PIN_MISMATCH");
        assert_eq!(value["text"], report.to_string());
        assert_eq!(value["verdict_text"], report.verdict_text());
        assert_eq!(value["port"], Value::Null);
    }

    #[test]
    fn any_text_comes_back_as_it_was_and_no_control_character_is_in_the_json() {
        let all: String = (0..0x300).filter_map(char::from_u32).collect();
        for hostile in [
            "\"\\\"}],{",
            "\\u0000\\ud800",
            "\u{2028}\u{202e}\u{feff}\u{10ffff}",
            &all,
        ] {
            let mut record = record();
            record.reply = reply(550, hostile);
            record.message_id = Some(hostile.into());
            let json = written(&record);
            assert!(!json.bytes().any(|b| b < 0x20), "{json}");
            let value: Value = serde_json::from_str(&json).unwrap();
            assert_eq!(value["server_text"], hostile);
            assert_eq!(value["message_id"], hostile);
        }
    }
}

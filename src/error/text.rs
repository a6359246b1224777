//! The sentences of an error: what failed and why, what left the machine, what to do.

use std::fmt;
use std::io::ErrorKind;

use super::hints::hint;
use super::{
    Cause, Error, NotAscii, Outcome, Record, RejectedStep, ReplyFault, Retry, SourceFault, Stage,
};
use crate::support::io_words::kind_words;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.cause {
            Cause::Argument(invalid) => write!(f, "{invalid}.")?,
            Cause::Untrusted(rejection) => {
                write!(f, "{}: {}", self.what_failed(), rejection.explanation())?;
            }
            cause => {
                write!(f, "{}: ", self.what_failed())?;
                write_cause(f, cause, &self.record)?;
                f.write_str(".")?;
            }
        }
        if let Some(reply) = &self.record.reply {
            write!(f, " The server replied: \"{}", reply.code)?;
            for line in reply.text.lines() {
                write!(f, " {}", line.replace('"', "\\\""))?;
            }
            f.write_str("\".")?;
        }
        let hint = self.record.reply.as_deref().and_then(hint);
        let parts = [
            self.what_left(),
            hint.unwrap_or_default(),
            self.advice(),
            self.retry_advice(),
        ];
        let mut parts = parts.into_iter().filter(|part| !part.is_empty());
        parts.try_for_each(|part| write!(f, " {part}"))
    }
}

impl Error {
    /// The subject of the first sentence.
    fn what_failed(&self) -> &'static str {
        match (self.record.outcome, &*self.cause, self.record.stage) {
            (Outcome::Unknown, ..) => "The outcome of the message is not known",
            (_, Cause::Untrusted(_), _) => "Could not verify the server",
            (Outcome::None, _, Stage::Local) => "The call failed",
            (_, cause, _) if cause.is_of_message() => "Could not send the message",
            (_, _, Stage::Resolve) => "Could not look up the server",
            (_, _, Stage::Connect) => "Could not connect to the server",
            (_, _, Stage::Greeting | Stage::Ehlo) => "Could not open a session",
            (_, _, Stage::Starttls | Stage::Tls) => "Could not start TLS",
            (_, _, Stage::Auth) => "Could not log in",
            _ => "Could not send the message",
        }
    }

    /// The sentence about what left the machine; empty for an error that is not about a message and came
    /// before any network.
    fn what_left(&self) -> &'static str {
        let record = &self.record;
        let envelope = record.stage >= Stage::Mail;
        match (record.secret_released, record.content_released) {
            _ if record.stage == Stage::Local && record.outcome == Outcome::None => "",
            (false, false) if !envelope => "Nothing was sent.",
            (true, false) if !envelope => {
                "The login was sent to the verified server; no address and no content."
            }
            (true, false) => {
                "The login and addresses were sent to the verified server; no content."
            }
            (false, false) => "Addresses were sent to the verified server; no content.",
            _ if record.outcome == Outcome::Unknown => self.what_is_unknown(),
            _ if record.content_complete => "All of the content was sent to the verified server.",
            _ => "Part of the content was sent to the verified server.",
        }
    }

    /// The sentence about what left the machine when the outcome is unknown, and the reason.
    fn what_is_unknown(&self) -> &'static str {
        match (&*self.cause, self.record.stage) {
            (Cause::Unexpected { .. } | Cause::Closing, Stage::Reply) => {
                "All of the content was sent to the verified server, and the reply to it neither \
                 accepts nor rejects it."
            }
            (Cause::Unexpected { .. } | Cause::Closing | Cause::Abandoned, _) => {
                "All of the content was sent to the verified server, and no reply to it was read."
            }
            (Cause::Unsolicited, _) => {
                "All of the content was sent to the verified server, and more replies than commands \
                 came: which of them is the one to the content is not known."
            }
            (Cause::Malformed { .. }, _) => {
                "All of the content was sent to the verified server, and no reply to it could be read."
            }
            _ => {
                "All of the content was sent to the verified server, and no complete reply to it came."
            }
        }
    }

    /// The advice about the cause.
    fn advice(&self) -> &'static str {
        match &*self.cause {
            Cause::Full => "Take completions, then submit it again.",
            Cause::Forked => "Make a new object in this process.",
            Cause::Timeout { overall: false } if self.record.stage == Stage::Greeting => {
                "Check the port: on a port for implicit TLS (often 465) no greeting comes."
            }
            Cause::Lookup { .. } => "Check the host name and the network.",
            Cause::Connect { .. } => {
                "Check the host, the port, and that this network allows the connection."
            }
            Cause::NotTls { .. } => {
                "Check the port: STARTTLS is often on 587, implicit TLS on 465. If the port is right, \
                 the connection may be intercepted."
            }
            Cause::Untrusted(rejection) => rejection.advice(),
            Cause::StarttlsMissing => {
                "Check the port: implicit TLS is often on 465. If the port is right, STARTTLS may be \
                 removed on the way to the server."
            }
            Cause::BytesBeforeTls { .. } => {
                "The connection may be intercepted: try from another network, and ask the provider."
            }
            Cause::Malformed { .. } | Cause::Unsolicited => {
                "Check the host and the port. If they are right, the provider must fix the server."
            }
            Cause::AuthMissing => "Check the port: a login is often offered on 587 and 465 alone.",
            Cause::MechanismMissing { .. } | Cause::NoChannelBinding { .. } => {
                "Ask the provider which mechanisms it supports."
            }
            Cause::ServerNotAuthenticated => {
                "The server may be an impostor: check the host and its pin, and ask the provider."
            }
            Cause::NeedsBinary | Cause::Needs8Bit => {
                "Encode the content as quoted-printable or base64."
            }
            Cause::NeedsSmtputf8 {
                what: NotAscii::Field(_),
            } => {
                "Write its text as encoded words (=?utf-8?...?=), and use another address for one in it."
            }
            Cause::NeedsSmtputf8 { .. } => "Use another address.",
            Cause::Internal(_) => "Report this as a defect of the library.",
            Cause::Panic => {
                "Make a new object in place of the one it happened on, and report this as a defect of \
                 the library."
            }
            _ => "",
        }
    }

    /// The advice whether to send the message again.
    fn retry_advice(&self) -> &'static str {
        match self.retry() {
            Retry::Unknown => {
                "The server may have accepted the message: check whether it arrived before you send it \
                 again."
            }
            Retry::Later => "Sending it again later is safe.",
            Retry::Never => "",
        }
    }
}

/// Names the recipient that was rejected, the first of several.
fn write_rejected(f: &mut fmt::Formatter<'_>, record: &Record) -> fmt::Result {
    let all = &record.recipients;
    let mut rejected = all.iter().filter(|one| one.outcome == Outcome::Refused);
    let Some(first) = rejected.next() else {
        return f.write_str("the server rejected a recipient");
    };
    match rejected.count() {
        0 => write!(f, "the server rejected the recipient {}", first.address),
        more => write!(
            f,
            "the server rejected {} of {} recipients, the first of them {}",
            more.saturating_add(1),
            all.len(),
            first.address
        ),
    }
}

/// The cause as the end of a sentence, without its full stop.
fn write_cause(f: &mut fmt::Formatter<'_>, cause: &Cause, record: &Record) -> fmt::Result {
    match cause {
        Cause::Argument(invalid) => write!(f, "{invalid}"),
        Cause::Cancelled => f.write_str("the call was cancelled"),
        Cause::Closed => f.write_str("the client was closed"),
        Cause::Full => f.write_str("the client has as many jobs as it may have"),
        Cause::Forked => f.write_str(
            "the object belongs to the process that this one was forked from, or was in use there at \
             the fork",
        ),
        Cause::BackOff { left } => write!(
            f,
            "the server closed the last connection (421), and the next one is due in {:.1} s",
            left.as_secs_f64()
        ),
        Cause::Timeout { overall: true } => f.write_str("the timeout of the whole call passed"),
        Cause::Timeout { overall: false } => f.write_str("no reply came before the timeout"),
        Cause::Lookup { host } => write!(f, "the name {host} has no address"),
        Cause::LookupBusy => f.write_str("the system has not finished too many earlier look-ups"),
        Cause::Connect { attempts } => {
            for (i, (address, kind)) in attempts.iter().enumerate() {
                let comma = if i == 0 { "" } else { ", " };
                write!(f, "{comma}{} at {address}", kind_words(*kind))?;
            }
            match attempts.is_empty() {
                true => f.write_str("there was no address to try"),
                false => Ok(()),
            }
        }
        Cause::Abandoned => {
            f.write_str("the connection was closed because of another message on it")
        }
        Cause::Lost {
            kind: ErrorKind::UnexpectedEof,
        } => f.write_str("the peer closed the connection"),
        Cause::Lost { kind } => write!(f, "the connection was lost ({})", kind_words(*kind)),
        Cause::NotTls { sample } => write!(
            f,
            "expected a TLS handshake, found clear text (\"{sample}\")"
        ),
        Cause::Handshake { detail } => write!(f, "the handshake failed ({detail})"),
        Cause::Untrusted(rejection) => write!(f, "{rejection}"),
        Cause::StarttlsMissing => f.write_str("the server does not offer STARTTLS"),
        Cause::StarttlsRefused => f.write_str("the server rejected STARTTLS"),
        Cause::BytesBeforeTls { count } => write!(
            f,
            "expected a TLS handshake after the reply to STARTTLS, found {count} bytes of clear text"
        ),
        Cause::Malformed { fault, sample } => write_malformed(f, *fault, sample),
        Cause::Unexpected { expected } => match &record.reply {
            Some(reply) => write!(f, "expected {expected}, found {}", reply.code),
            None => write!(f, "expected {expected}, found another reply"),
        },
        Cause::Closing => f.write_str("the server is closing the connection (421)"),
        Cause::Unsolicited => f.write_str("the server sent a reply without a command"),
        Cause::AuthMissing => f.write_str("a login is set, and the server offers none"),
        Cause::MechanismMissing {
            offered,
            allowed,
            minimum,
        } => {
            write!(f, "the server offers {}", list(offered))?;
            if let Some(minimum) = minimum {
                write!(f, ", the minimum is {minimum}")?;
            }
            write!(f, ", and allowed are {}", list(allowed))
        }
        Cause::NoChannelBinding {
            offered,
            can_bind: true,
        } => write!(
            f,
            "channel binding is required, and the server offers {}, none of them an allowed SCRAM \
             with -PLUS",
            list(offered)
        ),
        Cause::NoChannelBinding {
            can_bind: false, ..
        } => f.write_str("channel binding is required, and this connection has none"),
        Cause::NoSecret => f.write_str("the password or token was asked for, and none was given"),
        Cause::ServerNotAuthenticated => {
            f.write_str("the server did not prove that it knows the password")
        }
        Cause::Source(SourceFault { part, why }) => write!(f, "{part} {why}"),
        Cause::TooLarge { size, limit } => write!(
            f,
            "the message has {size} bytes, and the server accepts at most {limit}"
        ),
        Cause::TooManyRecipients { count, limit, unit } => write!(
            f,
            "the message has {count} {unit}, and the server accepts at most {limit}"
        ),
        Cause::NeedsBinary => f.write_str(
            "the content has a NUL, a bare CR or LF, or a line over 998 bytes, and the server does \
             not offer BINARYMIME with CHUNKING",
        ),
        Cause::ExtensionMissing { extension } => write!(
            f,
            "the message needs {extension}, and the server does not offer it"
        ),
        Cause::BeyondLimit { extension, limit } => write!(
            f,
            "the message asks for a time outside the server's limit for {extension} ({limit} seconds)"
        ),
        Cause::Needs8Bit => f.write_str(
            "the content has bytes above 127, and the server does not offer 8BITMIME",
        ),
        Cause::NeedsSmtputf8 { what } => {
            match what {
                NotAscii::Address(address) => write!(f, "the address {address}")?,
                NotAscii::Field(name) if name.is_empty() => {
                    f.write_str("a header field without a name")?;
                }
                NotAscii::Field(name) => write!(f, "the header field {name}")?,
            }
            f.write_str(" is not ASCII, and the server does not offer SMTPUTF8")
        }
        Cause::Rejected(RejectedStep::Session) => f.write_str("the server rejected the session"),
        Cause::Rejected(RejectedStep::Auth) => f.write_str("the server rejected the login"),
        Cause::Rejected(RejectedStep::Sender) => f.write_str("the server rejected the sender"),
        Cause::Rejected(RejectedStep::Recipient) => write_rejected(f, record),
        Cause::Rejected(RejectedStep::Content) => f.write_str("the server rejected the content"),
        Cause::Resource { what, kind } => {
            write!(f, "the system gave no {what} ({})", kind_words(*kind))
        }
        Cause::Random => f.write_str("the system gave no random numbers"),
        Cause::Internal(what) => write!(f, "a rule inside the library did not hold ({what})"),
        Cause::Panic => f.write_str("a fault inside the library was caught"),
    }
}

fn write_malformed(f: &mut fmt::Formatter<'_>, fault: ReplyFault, sample: &str) -> fmt::Result {
    match fault {
        ReplyFault::TooLong { limit, unit } => {
            write!(f, "expected a reply of at most {limit} {unit}, found more")
        }
        ReplyFault::Code => write!(f, "expected a reply code, found \"{sample}\""),
        ReplyFault::Separator => write!(
            f,
            "expected a space or hyphen after the reply code, found \"{sample}\""
        ),
        ReplyFault::Mismatch => write!(
            f,
            "expected one code in all lines of a reply, found \"{sample}\""
        ),
        ReplyFault::BareLineEnd => write!(
            f,
            "expected CRLF at the end of a reply's line, found a bare CR or LF in \"{sample}\""
        ),
    }
}

fn list<T: AsRef<str>>(items: &[T]) -> String {
    match items.is_empty() {
        true => "none".to_owned(),
        false => {
            let items: Vec<_> = items.iter().map(AsRef::as_ref).collect();
            items.join(", ")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::argument::InvalidArgument;
    use crate::error::ServerReply;
    use crate::status::{Status, TABLE};
    use crate::trust::{Reason, Rejection};

    const LEFT: &[&str] = &[
        "Nothing was sent.",
        "The login was sent to the verified server; no address and no content.",
        "The login and addresses were sent to the verified server; no content.",
        "Addresses were sent to the verified server; no content.",
        "Part of the content was sent to the verified server.",
        "All of the content was sent to the verified server",
    ];

    fn rejection(reason: Reason) -> Cause {
        Cause::Untrusted(Box::new(Rejection {
            reason,
            host: "mail.test".to_owned(),
            expected: Vec::new(),
            unusable_pins: Vec::new(),
            chain: Vec::new(),
            valid_otherwise: false,
        }))
    }

    fn malformed(fault: ReplyFault) -> Cause {
        let sample = "2x0 what".to_owned();
        Cause::Malformed { fault, sample }
    }

    /// The cause after this one in a list of all, so that a new variant doesn't compile without a place.
    fn after(cause: &Cause) -> Option<Cause> {
        use RejectedStep as Step;
        let kind = ErrorKind::ConnectionRefused;
        let text = || "text".to_owned();
        let names = || vec!["PLAIN".to_owned()];
        Some(match cause {
            Cause::Argument(_) => Cause::Cancelled,
            Cause::Cancelled => Cause::Closed,
            Cause::Closed => Cause::Full,
            Cause::Full => Cause::Forked,
            Cause::Forked => Cause::BackOff {
                left: Duration::from_millis(1500),
            },
            Cause::BackOff { .. } => Cause::Timeout { overall: true },
            Cause::Timeout { overall: true } => Cause::Timeout { overall: false },
            Cause::Timeout { overall: false } => Cause::Lookup { host: text() },
            Cause::Lookup { .. } => Cause::LookupBusy,
            Cause::LookupBusy => Cause::Connect {
                attempts: vec![(([127, 0, 0, 1], 465).into(), kind)],
            },
            Cause::Connect { .. } => Cause::Abandoned,
            Cause::Abandoned => Cause::Lost { kind },
            Cause::Lost {
                kind: ErrorKind::UnexpectedEof,
            } => Cause::NotTls { sample: text() },
            Cause::Lost { .. } => Cause::Lost {
                kind: ErrorKind::UnexpectedEof,
            },
            Cause::NotTls { .. } => Cause::Handshake { detail: text() },
            Cause::Handshake { .. } => rejection(Reason::NothingToCompare),
            Cause::Untrusted(rejected) => match &rejected.reason {
                Reason::NothingToCompare => rejection(Reason::PinMismatch),
                Reason::PinMismatch => rejection(Reason::CertificateMismatch),
                Reason::CertificateMismatch => rejection(Reason::UnknownIssuer),
                Reason::UnknownIssuer => rejection(Reason::NameMismatch),
                Reason::NameMismatch => rejection(Reason::Expired(None)),
                Reason::Expired(_) => rejection(Reason::NotYetValid(None)),
                Reason::NotYetValid(_) => rejection(Reason::BadCertificate("it is malformed")),
                Reason::BadCertificate(_) => rejection(Reason::Revoked),
                Reason::Revoked => rejection(Reason::RevocationUnknown("it has no list")),
                Reason::RevocationUnknown(_) => rejection(Reason::CrlExpired),
                Reason::CrlExpired => Cause::StarttlsMissing,
            },
            Cause::StarttlsMissing => Cause::StarttlsRefused,
            Cause::StarttlsRefused => Cause::BytesBeforeTls { count: 3 },
            Cause::BytesBeforeTls { .. } => malformed(ReplyFault::Code),
            Cause::Malformed { fault, .. } => match fault {
                ReplyFault::Code => malformed(ReplyFault::Separator),
                ReplyFault::Separator => malformed(ReplyFault::Mismatch),
                ReplyFault::Mismatch => malformed(ReplyFault::BareLineEnd),
                ReplyFault::BareLineEnd => malformed(ReplyFault::TooLong {
                    limit: 128,
                    unit: "lines",
                }),
                ReplyFault::TooLong { .. } => Cause::Unexpected { expected: "220" },
            },
            Cause::Unexpected { .. } => Cause::Closing,
            Cause::Closing => Cause::Unsolicited,
            Cause::Unsolicited => Cause::AuthMissing,
            Cause::AuthMissing => Cause::MechanismMissing {
                offered: names(),
                allowed: vec!["SCRAM-SHA-256"],
                minimum: Some("SCRAM-SHA-1"),
            },
            Cause::MechanismMissing { .. } => Cause::NoChannelBinding {
                offered: names(),
                can_bind: true,
            },
            Cause::NoChannelBinding { can_bind: true, .. } => Cause::NoChannelBinding {
                offered: Vec::new(),
                can_bind: false,
            },
            Cause::NoChannelBinding { .. } => Cause::NoSecret,
            Cause::NoSecret => Cause::ServerNotAuthenticated,
            Cause::ServerNotAuthenticated => Cause::Source(SourceFault {
                part: "a.png".to_owned(),
                why: "can't be read (permission denied)".to_owned(),
            }),
            Cause::Source(_) => Cause::TooLarge { size: 2, limit: 1 },
            Cause::TooLarge { .. } => Cause::TooManyRecipients {
                count: 2,
                limit: 1,
                unit: "recipients",
            },
            Cause::TooManyRecipients { .. } => Cause::ExtensionMissing { extension: "DSN" },
            Cause::ExtensionMissing { .. } => Cause::BeyondLimit {
                extension: "DELIVERBY",
                limit: 60,
            },
            Cause::BeyondLimit { .. } => Cause::Needs8Bit,
            Cause::Needs8Bit => Cause::NeedsBinary,
            Cause::NeedsBinary => Cause::NeedsSmtputf8 {
                what: NotAscii::Address("ä@mail.test".into()),
            },
            Cause::NeedsSmtputf8 {
                what: NotAscii::Address(_),
            } => Cause::NeedsSmtputf8 {
                what: NotAscii::Field("subject".into()),
            },
            Cause::NeedsSmtputf8 {
                what: NotAscii::Field(_),
            } => Cause::Rejected(Step::Session),
            Cause::Rejected(Step::Session) => Cause::Rejected(Step::Auth),
            Cause::Rejected(Step::Auth) => Cause::Rejected(Step::Sender),
            Cause::Rejected(Step::Sender) => Cause::Rejected(Step::Recipient),
            Cause::Rejected(Step::Recipient) => Cause::Rejected(Step::Content),
            Cause::Rejected(Step::Content) => Cause::Resource {
                what: "thread",
                kind,
            },
            Cause::Resource { .. } => Cause::Random,
            Cause::Random => Cause::Panic,
            Cause::Panic => Cause::Internal("a count is right"),
            Cause::Internal(_) => return None,
        })
    }

    fn every_cause() -> impl Iterator<Item = Cause> {
        let first = InvalidArgument::new(Status::Pin, "pin", "is empty");
        std::iter::successors(Some(Cause::Argument(first)), after)
    }

    /// Records of each stage and outcome, with what can have left by then.
    fn records() -> Vec<Record> {
        use Outcome::{None, NotSent, Refused, Unknown};
        let mut records = Vec::new();
        for stage in Stage::ALL {
            for (outcome, secret, content) in [
                (None, false, false),
                (NotSent, false, false),
                (NotSent, stage >= Stage::Auth, false),
                (NotSent, true, stage >= Stage::Content),
                (Refused, stage >= Stage::Auth, false),
                (Unknown, true, true),
            ] {
                records.push(Record {
                    stage,
                    outcome,
                    secret_released: secret,
                    content_released: content,
                    content_complete: outcome == Unknown,
                    ..Record::default()
                });
            }
        }
        records
    }

    #[test]
    fn every_text_says_what_failed_what_left_and_ends_with_a_full_stop() {
        assert!(every_cause().count() > 60);
        for cause in every_cause() {
            for record in records() {
                let error = Error::new(cause.clone(), record);
                let text = error.to_string();
                let (stage, outcome) = (error.record.stage, error.record.outcome);
                let is_named = match &cause {
                    Cause::Argument(_) => {
                        text.starts_with("pin is empty. ") || text == "pin is empty."
                    }
                    _ => text.split_once(": ").is_some_and(|(failed, _)| {
                        failed.starts_with("Could not ")
                            || failed == "The call failed"
                            || failed == "The outcome of the message is not known"
                    }),
                };
                assert!(is_named, "{text}");
                let left = LEFT.iter().filter(|left| text.contains(**left)).count();
                let is_local = stage == Stage::Local && outcome == Outcome::None;
                assert_eq!(
                    left,
                    usize::from(!is_local),
                    "{stage:?} {outcome:?}: {text}"
                );
                assert!(text.ends_with('.'), "{text}");
                assert_plain(&text);
            }
        }
    }

    /// Nothing of Rust, no figures of speech, and each sentence begins with a capital letter, but the first
    /// one of an argument's error.
    #[track_caller]
    fn assert_plain(text: &str) {
        for wrong in ["{", "}", "::", "Some(", "!", "  ", "..", " .", ".)", "RFC"] {
            let text = text.replace("=?utf-8?...?=", "");
            assert!(!text.contains(wrong), "{wrong}: {text}");
        }
        let lower = text.to_lowercase();
        let words: Vec<_> = lower.split(|c: char| !c.is_alphanumeric()).collect();
        for wrong in [
            "nobody", "somebody", "anybody", "whoever", "told", "heard", "honest", "mishap",
            "octet", "patience", "refused", "mend",
        ] {
            let lower = lower.replace("connection refused", "");
            assert!(
                !lower
                    .split(|c: char| !c.is_alphanumeric())
                    .any(|w| w == wrong),
                "{wrong}: {text}"
            );
        }
        assert!(words.len() > 2, "{text}");
        for (at, _) in text.match_indices(". ") {
            let next = text[at + 2..].chars().next();
            assert!(next.is_some_and(char::is_uppercase), "{text}");
        }
    }

    #[test]
    fn a_reply_is_quoted_and_a_hint_follows_what_left() {
        let reply = ServerReply {
            code: 535,
            enhanced: None,
            text: "say \"yes\"\ntoken expired".to_owned(),
        };
        let record = Record {
            stage: Stage::Auth,
            secret_released: true,
            reply: Some(reply.into()),
            ..Record::default()
        };
        let error = Error::new(Cause::Rejected(RejectedStep::Auth), record);
        assert_eq!(
            error.to_string(),
            "Could not log in: the server rejected the login. The server replied: \
             \"535 say \\\"yes\\\" token expired\". The login was sent to the verified server; no \
             address and no content. The access token is too old: get a new one and try again."
        );
    }

    #[test]
    fn an_error_claims_an_outcome_only_when_it_is_about_a_message() {
        let statuses = TABLE.iter().map(|row| row.0);
        let arguments = statuses.map(|status| Error::argument(status, "argument", "is wrong"));
        for error in arguments.chain(every_cause().map(Error::local)) {
            let text = error.to_string();
            assert_eq!(error.record.outcome, Outcome::None, "{text}");
            assert_eq!(error.retry(), Retry::Never, "{text}");
            assert!(!text.contains("othing was sent"), "{text}");
            let error = error.for_message();
            assert_eq!(error.record.outcome, Outcome::NotSent, "{text}");
            assert!(error.to_string().contains(" Nothing was sent."), "{error}");
        }
        let full = Error::local(Cause::Full).for_message();
        assert_eq!((full.status(), full.retry()), (Status::Full, Retry::Later));
        let unknown = Error::after_panic().for_message();
        assert_eq!(unknown.record.outcome, Outcome::Unknown);
    }
}

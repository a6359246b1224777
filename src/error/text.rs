//! The words for people: what was expected, what was met, what left the machine.

use std::fmt;
use std::io;

use super::hints::hint;
use super::words::kind_words;
use super::{
    Cause, Error, NotAscii, Outcome, Recipient, Refused, ReplyFault, Retry, SourceFault, Stage,
};

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.cause {
            Cause::Refused(Refused::Recipient) => write_refused(f, &self.record.recipients)?,
            cause => write_cause(f, cause)?,
        }
        if let Some(answer) = &self.record.reply {
            write!(f, " The server said: {}", answer.code)?;
            for line in answer.text.lines() {
                write!(f, " {line}")?;
            }
            if !answer.text.ends_with(['.', '!', '?']) {
                f.write_str(".")?;
            }
            if let Some(hint) = hint(answer) {
                write!(f, " {hint}")?;
            }
        }
        if self.record.stage == Stage::Greeting
            && matches!(*self.cause, Cause::Timeout { overall: false })
        {
            f.write_str(" A port that waits for TLS says nothing: implicit TLS is often 465.")?;
        }
        if self.record.stage == Stage::Local {
            return match self.record.outcome {
                Outcome::None => Ok(()),
                _ => f.write_str(" Nothing was sent."),
            };
        }
        write!(f, " (At stage {}.) ", self.record.stage.name())?;
        f.write_str(self.what_left())?;
        f.write_str(match self.retry() {
            Retry::Unknown => {
                " The server may have taken the mail: don't send it again without looking."
            }
            Retry::Later => " Trying again later is safe.",
            Retry::Never => "",
        })
    }
}

impl Error {
    /// The sentence about what left the machine.
    fn what_left(&self) -> &'static str {
        let record = &self.record;
        let envelope = record.stage >= Stage::Mail;
        match (record.secret_released, record.content_released) {
            (false, false) if record.stage == Stage::Auth => {
                "Neither the password or token nor anything computed from it left this machine, no \
                 address and no content."
            }
            (false, false) if !envelope => {
                "Nothing left this machine: no login, no address, no content."
            }
            (true, false) if !envelope => {
                "The login was sent, over the verified channel; no address and no content."
            }
            (false, false) | (true, false) => {
                "No content was sent; login and addresses only over the verified channel."
            }
            _ if record.outcome == Outcome::Unknown => self.what_is_unknown(),
            _ if record.content_complete => {
                "All of the content was sent, over the verified channel."
            }
            _ => "Part of the content was sent, over the verified channel.",
        }
    }

    /// The sentence about what left the machine when the outcome is unknown, and the reason.
    fn what_is_unknown(&self) -> &'static str {
        match (&*self.cause, self.record.stage) {
            (Cause::Unexpected { .. } | Cause::Closing, Stage::Reply) => {
                "All of the content was sent, over the verified channel, and the reply to it neither \
                 accepts nor refuses it."
            }
            (Cause::Unexpected { .. } | Cause::Closing | Cause::Abandoned, _) => {
                "All of the content was sent, over the verified channel, and no reply to it was read."
            }
            (Cause::Unsolicited, _) => {
                "All of the content was sent, over the verified channel, and there were more replies \
                 than commands: which of them is the one to the content is not known."
            }
            (Cause::Malformed { .. }, _) => {
                "All of the content was sent, over the verified channel, and no reply to it could be \
                 read."
            }
            _ => {
                "All of the content was sent, over the verified channel, and no complete reply to it \
                 came."
            }
        }
    }
}

/// Names the recipient that was refused, the first of several.
fn write_refused(f: &mut fmt::Formatter<'_>, all: &[Recipient]) -> fmt::Result {
    let mut refused = all.iter().filter(|one| one.outcome == Outcome::Refused);
    let Some(first) = refused.next() else {
        return f.write_str("The server refused a recipient.");
    };
    match refused.count() {
        0 => write!(f, "The server refused the recipient {}.", first.address),
        more => write!(
            f,
            "The server refused {} of {} recipients, the first of them {}.",
            more.saturating_add(1),
            all.len(),
            first.address
        ),
    }
}

fn write_cause(f: &mut fmt::Formatter<'_>, cause: &Cause) -> fmt::Result {
    match cause {
        Cause::Argument { argument, why, .. } => write!(f, "{argument}: {why}."),
        Cause::Cancelled => f.write_str("The call was cancelled."),
        Cause::Closed => f.write_str("The client was closed."),
        Cause::Full => f.write_str(
            "The client has as many jobs as it may have: completions must be taken first.",
        ),
        Cause::Forked => f.write_str(
            "The object belongs to the process that this one was forked from, or was in use there at \
             the fork: make another one.",
        ),
        Cause::BackOff { left } => write!(
            f,
            "The server was closing (421) a moment ago, and gets {:.1} s more before the next \
             connection.",
            left.as_secs_f64()
        ),
        Cause::Timeout { overall: true } => f.write_str("The time for the whole call is over."),
        Cause::Timeout { overall: false } => f.write_str("The peer did not answer in time."),
        Cause::Lookup { host } => write!(
            f,
            "The name {host} has no address: check its spelling, and the network."
        ),
        Cause::LookupBusy => {
            f.write_str("Too many earlier name look-ups are still hanging in the system.")
        }
        Cause::Connect { attempts } => {
            f.write_str("No connection:")?;
            for (i, (address, kind)) in attempts.iter().enumerate() {
                let comma = if i == 0 { "" } else { "," };
                write!(f, "{comma} {address} ({})", kind_words(*kind))?;
            }
            f.write_str(". Check host and port, and whether this network lets you out.")
        }
        Cause::Lost {
            kind: io::ErrorKind::UnexpectedEof,
        } => f.write_str("The peer closed the connection."),
        Cause::Abandoned => f.write_str(
            "The connection was closed because of another message that was on its way over it.",
        ),
        Cause::Lost { kind } => write!(f, "The connection broke ({}).", kind_words(*kind)),
        Cause::NotTls { sample } => write!(
            f,
            "A TLS handshake was expected, and clear text came: \"{sample}\". Either the port \
             speaks STARTTLS (often 587) or no mail at all, or an attacker intercepts the connection to the \
             server."
        ),
        Cause::Handshake { detail } => write!(f, "The TLS handshake failed: {detail}."),
        Cause::Untrusted(rejection) => write!(f, "{rejection}"),
        Cause::StarttlsMissing => f.write_str(
            "STARTTLS was expected, and the server does not offer it. Either it is the wrong port \
             (implicit TLS is often 465), or an attacker on the way to the server removes it.",
        ),
        Cause::StarttlsRefused => f.write_str("The server refused STARTTLS."),
        Cause::BytesBeforeTls { count } => write!(
            f,
            "{count} bytes followed the reply to STARTTLS, before TLS: an attacker tries to \
             slip words into the encrypted part."
        ),
        Cause::Malformed {
            fault: ReplyFault::TooLong { limit, unit },
            ..
        } => write!(f, "The reply is too long: it has more than {limit} {unit}."),
        Cause::Malformed { fault, sample } => {
            let what = match fault {
                ReplyFault::Code => "it does not begin with a reply code",
                ReplyFault::Separator => "no space or hyphen follows its code",
                ReplyFault::Mismatch => "its lines have different codes",
                ReplyFault::BareLineEnd => "a CR or LF stands alone in it",
                ReplyFault::TooLong { .. } => "it is too long",
            };
            write!(f, "The reply is not SMTP: {what}: \"{sample}\".")
        }
        Cause::Unexpected { expected } => {
            write!(f, "The reply does not fit: {expected} was expected.")
        }
        Cause::Closing => f.write_str("The server is closing the connection."),
        Cause::Unsolicited => f.write_str("The server spoke without being asked."),
        Cause::AuthMissing => {
            f.write_str("A login was given, and the server offers none over the verified channel.")
        }
        Cause::MechanismMissing {
            offered,
            allowed,
            floor,
        } => {
            write!(f, "The server offers only {}", words(offered))?;
            match floor {
                Some(floor) => write!(f, ", and the floor is {floor}: ")?,
                None => f.write_str(", and ")?,
            }
            write!(f, "allowed are {}.", words(allowed))
        }
        Cause::NoChannelBinding {
            offered,
            can_bind: true,
        } => write!(
            f,
            "Channel binding is required, and the server offers only {}, none of them an allowed \
             SCRAM with -PLUS.",
            words(offered)
        ),
        Cause::NoChannelBinding {
            can_bind: false, ..
        } => f.write_str("Channel binding is required, and this connection has none to give."),
        Cause::NoSecret => f.write_str(
            "The server was verified, the password or token was asked for, and none was given.",
        ),
        Cause::ServerNotAuthenticated => f.write_str(
            "The server did not prove that it knows the password, as SCRAM asks of it: it may be \
             an impostor.",
        ),
        Cause::Source(SourceFault { part, why }) => {
            write!(f, "The message was not finished: {part} {why}.")
        }
        Cause::TooLarge { size, limit } => {
            write!(
                f,
                "The message has {size} bytes, and the server takes {limit}."
            )
        }
        Cause::TooManyRecipients { count, limit } => write!(
            f,
            "The message has {count} recipients or domains of recipients, and the server takes \
             {limit} in one message."
        ),
        Cause::NeedsBinary => f.write_str(
            "The content has a NUL, a bare CR or LF, or a line over 998 bytes; only BINARYMIME with \
             CHUNKING carries that, and the server lacks it.",
        ),
        Cause::ExtensionMissing { extension } => write!(
            f,
            "The message asks for what the server does not offer: {extension}."
        ),
        Cause::BeyondLimit { extension, limit } => write!(
            f,
            "The message asks for a time that the server does not give: its limit for {extension} is \
             {limit} seconds."
        ),
        Cause::Needs8Bit => f.write_str(
            "The content has bytes above 127, and the server does not offer 8BITMIME: encode it \
             as quoted-printable or base64.",
        ),
        Cause::NeedsSmtputf8 { what } => {
            let lacks = "is not ASCII, and the server does not offer SMTPUTF8";
            match what {
                NotAscii::Address(address) => write!(f, "The address {address} {lacks}."),
                NotAscii::Field(name) => {
                    let name = if name.is_empty() { "without a name" } else { name };
                    write!(
                        f,
                        "The header field {name} {lacks}: write its text as encoded words \
                         (=?utf-8?...?=); an address in it must be another."
                    )
                }
            }
        }
        Cause::Refused(what) => f.write_str(match what {
            Refused::Session => "The server refused the session.",
            Refused::Auth => "The server refused the login.",
            Refused::Sender => "The server refused the sender.",
            Refused::Recipient => "The server refused a recipient.",
            Refused::Content => "The server refused the message.",
        }),
        Cause::Resource { what, kind } => {
            write!(f, "The system gave no {what} ({}).", kind_words(*kind))
        }
        Cause::Random => f.write_str("The system gave no random numbers."),
        Cause::Internal(what) => write!(
            f,
            "A rule inside the library did not hold ({what}); please report it."
        ),
        Cause::Panic => f.write_str(
            "A fault inside the library was caught; the object it happened on is out of use.",
        ),
    }
}

fn words<T: AsRef<str>>(list: &[T]) -> String {
    if list.is_empty() {
        return "(none)".to_owned();
    }
    list.iter()
        .map(AsRef::as_ref)
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::{Status, TABLE};

    #[test]
    fn an_error_claims_an_outcome_only_when_it_is_about_a_message() {
        let statuses = TABLE.iter().map(|row| row.0);
        let arguments = statuses.map(|status| Error::argument(status, "argument", "is wrong"));
        let causes = [
            Cause::Cancelled,
            Cause::Closed,
            Cause::Full,
            Cause::Forked,
            Cause::Timeout { overall: true },
            Cause::Timeout { overall: false },
            Cause::NoSecret,
            Cause::Random,
            Cause::Panic,
            Cause::Resource {
                what: "handle",
                kind: io::ErrorKind::OutOfMemory,
            },
        ];
        for error in arguments.chain(causes.map(Error::local)) {
            let text = error.to_string();
            assert_eq!(error.record.outcome, Outcome::None, "{text}");
            assert_eq!(error.retry(), Retry::Never, "{text}");
            assert!(!text.contains("othing was sent"), "{text}");
            let error = error.for_message();
            assert_eq!(error.record.outcome, Outcome::NotSent, "{text}");
            assert_eq!(error.to_string(), format!("{text} Nothing was sent."));
        }
        let full = Error::local(Cause::Full).for_message();
        assert_eq!((full.status(), full.retry()), (Status::Full, Retry::Later));
        let unknown = Error::in_doubt().for_message();
        assert_eq!(unknown.record.outcome, Outcome::Unknown);
    }
}

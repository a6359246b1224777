//! The result of a call: the record of a send, and the error with its cause.
//!
//! Causes carry data; the words for people are made in `text`, at the edge.

#![forbid(unsafe_code)]

mod enhanced;
mod hints;
mod text;
mod words;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

pub use enhanced::Enhanced;
pub use words::{io_words, kind_words};

use crate::status::Status;
use crate::trust::{Pin, Rejection};

/// The stage of the dialogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i32)]
pub enum Stage {
    /// Before any network: arguments, files. As a timeout: the whole call.
    Local = 0,
    /// Looking up the host name.
    Resolve = 1,
    /// Opening the TCP connection.
    Connect = 2,
    /// Waiting for the server's 220.
    Greeting = 3,
    /// EHLO and its answer.
    Ehlo = 4,
    /// STARTTLS and its answer.
    Starttls = 5,
    /// The TLS handshake and the verdict on the peer.
    Tls = 6,
    /// The login.
    Auth = 7,
    /// MAIL and its answer.
    Mail = 8,
    /// RCPT and its answer.
    Rcpt = 9,
    /// DATA and its answer.
    Data = 10,
    /// Writing the content.
    Content = 11,
    /// Waiting for the answer to the content.
    Reply = 12,
}

impl Stage {
    /// All stages in the order of the dialogue; the index is the number.
    pub const ALL: [Self; 13] = [
        Self::Local,
        Self::Resolve,
        Self::Connect,
        Self::Greeting,
        Self::Ehlo,
        Self::Starttls,
        Self::Tls,
        Self::Auth,
        Self::Mail,
        Self::Rcpt,
        Self::Data,
        Self::Content,
        Self::Reply,
    ];

    /// The stage of a number.
    #[must_use]
    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| *stage as i32 == number)
    }

    /// The stage in one word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Resolve => "resolve",
            Self::Connect => "connect",
            Self::Greeting => "greeting",
            Self::Ehlo => "ehlo",
            Self::Starttls => "starttls",
            Self::Tls => "tls",
            Self::Auth => "auth",
            Self::Mail => "mail",
            Self::Rcpt => "rcpt",
            Self::Data => "data",
            Self::Content => "content",
            Self::Reply => "reply",
        }
    }
}

/// The outcome of a message, or of it for one recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum Outcome {
    /// The error is not about a message, and says nothing of what became of one.
    None = 0,
    /// Certainly not delivered; sending again is safe.
    NotSent = 1,
    /// The verified server said no, with a well-formed 4yz or 5yz reply.
    Refused = 2,
    /// The verified server answered the content with 2yz.
    Accepted = 3,
    /// The line broke between the last byte of the content and its reply: don't retry blindly.
    Unknown = 4,
}

impl Outcome {
    /// All outcomes.
    pub const ALL: [Self; 5] = [
        Self::None,
        Self::NotSent,
        Self::Refused,
        Self::Accepted,
        Self::Unknown,
    ];

    /// The outcome in one word, as the command's JSON has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::NotSent => "not_sent",
            Self::Refused => "refused",
            Self::Accepted => "accepted",
            Self::Unknown => "unknown",
        }
    }
}

/// The advice whether to retry a message that was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum Retry {
    /// Something must be changed first, or the error is not about a message.
    Never = 0,
    /// A repeated call may succeed later, and can't deliver twice.
    Later = 1,
    /// The mail may have been delivered: ask a person, or look for its Message-ID.
    Unknown = 2,
}

impl Retry {
    /// The advice in one word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Later => "later",
            Self::Unknown => "unknown",
        }
    }
}

/// A server's answer, fit to be shown: controls escaped, capped, own secrets scrubbed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerReply {
    /// The three digits (RFC 5321 section 4.2).
    pub code: u16,
    /// The enhanced status code (RFC 3463), for instance `5.7.8`.
    pub enhanced: Option<Enhanced>,
    /// The words, lines joined with a line feed.
    pub text: String,
}

/// One recipient's part in a send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// The address as given, an internationalised domain in A-labels.
    pub address: Arc<str>,
    /// The outcome for this recipient.
    pub outcome: Outcome,
    /// The server's last word on it: to RCPT, or to the content.
    pub reply: Option<Arc<ServerReply>>,
}

/// The identity of the peer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Peer {
    /// `1.2` or `1.3`; empty before the handshake is over.
    pub tls_version: &'static str,
    /// The suite's IANA name; empty before the handshake is over.
    pub cipher_suite: String,
    /// SHA-256 of the public key (SubjectPublicKeyInfo) of each certificate served, leaf first.
    pub spki: Vec<Pin>,
    /// The pin that matched.
    pub matched_pin: Option<Pin>,
    /// The SASL mechanism of the login.
    pub mechanism: Option<&'static str>,
    /// The channel binding of the login.
    pub channel_binding: Option<&'static str>,
}

/// The record of one send, whatever it came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The last stage reached.
    pub stage: Stage,
    /// The outcome of the message.
    pub outcome: Outcome,
    /// True if a byte of the secret, or of anything computed from it, was written.
    pub secret_released: bool,
    /// True if a byte of the content was written.
    pub content_released: bool,
    /// True if the content was written to its end.
    pub content_complete: bool,
    /// The server's decisive answer.
    pub reply: Option<Arc<ServerReply>>,
    /// The content's Message-ID, if it has one.
    pub message_id: Option<Arc<str>>,
    /// Each recipient's part, in the order given.
    pub recipients: Vec<Recipient>,
    /// The identity of the peer, once known; shared by the messages of a connection.
    pub peer: Option<Arc<Peer>>,
    /// True if the connection had carried another message before. Then the secret was released
    /// when it was opened, if there was one.
    pub reused: bool,
    /// True if a reply other than 421 came to MAIL, RCPT or the content.
    pub(crate) answered: bool,
}

impl Default for Record {
    fn default() -> Self {
        Self {
            stage: Stage::Local,
            outcome: Outcome::NotSent,
            secret_released: false,
            content_released: false,
            content_complete: false,
            reply: None,
            message_id: None,
            recipients: Vec::new(),
            peer: None,
            reused: false,
            answered: false,
        }
    }
}

/// A syntax error in a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplyFault {
    /// Not three digits from 200 to 599.
    Code,
    /// Neither space nor hyphen behind the code.
    Separator,
    /// Another code in a later line of the same reply.
    Mismatch,
    /// A CR or LF that is not part of CRLF.
    BareLineEnd,
    /// More than so many of these.
    TooLong {
        /// The most that is read.
        limit: usize,
        /// The unit, in the plural.
        unit: &'static str,
    },
}

/// A source that could not be read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFault {
    /// Which part of the message, for people: a file's name, or `content`.
    pub part: String,
    /// The reason.
    pub why: String,
}

/// The rejected command or content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The session, by its greeting or its reply to EHLO or RSET.
    Session,
    /// The login.
    Auth,
    /// MAIL.
    Sender,
    /// One or all of the RCPTs.
    Recipient,
    /// DATA or the content.
    Content,
}

/// The part of a message that needs SMTPUTF8 (RFC 6531).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotAscii {
    /// An address of the envelope.
    Address(Arc<str>),
    /// The header field of this name; empty for a line that is no field.
    Field(Arc<str>),
}

/// The cause of a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// An argument that can't be used: its name and what is wrong with it.
    Argument {
        /// A status of the 1xxx group.
        status: Status,
        /// The argument's name.
        argument: &'static str,
        /// A description of what is wrong.
        why: String,
    },
    /// The call was cancelled.
    Cancelled,
    /// The client was closed.
    Closed,
    /// The client has as many jobs as it may have.
    Full,
    /// The client belongs to the process that this one was forked from, or the object was in use there
    /// at the fork.
    Forked,
    /// The server has said 421 a moment ago, and the call has no time to wait for so long.
    BackOff {
        /// The remaining wait.
        left: Duration,
    },
    /// The timeout of the stage, or with `overall` that of the whole call, has passed.
    Timeout {
        /// True if the deadline of the whole call has passed.
        overall: bool,
    },
    /// The name has no address.
    Lookup {
        /// The name looked up.
        host: String,
    },
    /// Too many earlier look-ups hang.
    LookupBusy,
    /// No address took the connection; each with the reason.
    Connect {
        /// The addresses tried.
        attempts: Vec<(SocketAddr, io::ErrorKind)>,
    },
    /// The connection was closed here, because of another message that was on its way over it.
    Abandoned,
    /// The connection broke.
    Lost {
        /// `UnexpectedEof` when the peer closed it.
        kind: io::ErrorKind,
    },
    /// Clear text where TLS is due; a sample, escaped.
    NotTls {
        /// The first bytes received.
        sample: String,
    },
    /// The handshake failed; what the TLS layer says.
    Handshake {
        /// The TLS layer's description, made of its own vocabulary.
        detail: String,
    },
    /// The peer is not one that the policy trusts.
    Untrusted(Box<Rejection>),
    /// STARTTLS is not offered.
    StarttlsMissing,
    /// STARTTLS was answered with something other than 220.
    StarttlsRefused,
    /// Bytes behind the answer to STARTTLS.
    BytesBeforeTls {
        /// The number.
        count: usize,
    },
    /// A reply that is not SMTP; a sample, escaped.
    Malformed {
        /// A description of what is wrong.
        fault: ReplyFault,
        /// The beginning of what was received.
        sample: String,
    },
    /// A well-formed reply that does not fit.
    Unexpected {
        /// The expected reply.
        expected: &'static str,
    },
    /// 421.
    Closing,
    /// Bytes when none were due.
    Unsolicited,
    /// A login was given, none is offered.
    AuthMissing,
    /// No mechanism in common.
    MechanismMissing {
        /// The mechanisms that the server offers.
        offered: Vec<String>,
        /// The mechanisms that the caller allows.
        allowed: Vec<&'static str>,
        /// The weakest that the caller takes.
        floor: Option<&'static str>,
    },
    /// Channel binding is required and not to be had.
    NoChannelBinding {
        /// The mechanisms that the server offers.
        offered: Vec<String>,
        /// True if this channel has binding data.
        can_bind: bool,
    },
    /// The secret was asked for, and there is none.
    NoSecret,
    /// The server took the login without proving that it knows the password.
    ServerNotAuthenticated,
    /// A part of the message could not be read to its end: the content was never finished.
    Source(SourceFault),
    /// Larger than the server's SIZE.
    TooLarge {
        /// Bytes of the message.
        size: u64,
        /// Bytes that the server takes.
        limit: u64,
    },
    /// More recipients, or domains of theirs, than the server takes in one transaction.
    TooManyRecipients {
        /// The number of the message's recipients.
        count: u64,
        /// The number that the server accepts.
        limit: u64,
    },
    /// The message asks for what the server does not offer.
    ExtensionMissing {
        /// The extension's keyword.
        extension: &'static str,
    },
    /// The message asks for less or more than the server gives.
    BeyondLimit {
        /// The extension's keyword.
        extension: &'static str,
        /// The least or the most, in seconds.
        limit: u64,
    },
    /// 8-bit content, no 8BITMIME.
    Needs8Bit,
    /// Content that only BINARYMIME carries, and the server lacks it.
    NeedsBinary,
    /// An address or a header field beyond ASCII, no SMTPUTF8.
    NeedsSmtputf8 {
        /// The part that is not ASCII.
        what: NotAscii,
    },
    /// The server said no; its words are in the record. Before it is verified it can refuse the
    /// session alone.
    Refused(Refused),
    /// The system gave no descriptor or thread.
    Resource {
        /// The request to it.
        what: &'static str,
        /// Its answer.
        kind: io::ErrorKind,
    },
    /// No random numbers.
    Random,
    /// A fault of our own, caught.
    Panic,
    /// A rule of the library that did not hold.
    Internal(&'static str),
}

impl Cause {
    /// Returns whether the server might announce what is missing in another EHLO reply.
    pub(crate) fn is_for_want_of_extension(&self) -> bool {
        matches!(
            self,
            Self::ExtensionMissing { .. }
                | Self::Needs8Bit
                | Self::NeedsBinary
                | Self::NeedsSmtputf8 { .. }
        )
    }

    /// The error for another message in flight over the connection: a cause that concerns one
    /// message is for the others a connection that broke off.
    pub(crate) fn for_neighbours(&self) -> Self {
        match self {
            Self::Unexpected { .. } | Self::Refused(_) | Self::Source(_) => Self::Abandoned,
            cause => cause.clone(),
        }
    }
}

/// The cause of a failure, and the record of the call until then. Two pointers, so that a result
/// with it is small: most calls succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// The reason.
    pub cause: Box<Cause>,
    /// The record: the last stage and what left the machine.
    pub record: Box<Record>,
}

impl Error {
    /// An error before any network that is not about a message.
    #[must_use]
    pub fn local(cause: Cause) -> Self {
        let record = Record {
            outcome: Outcome::None,
            ..Record::default()
        };
        Self::new(cause, record)
    }

    /// This error as the reason why a message was not sent, unless it has an outcome already.
    #[must_use]
    pub fn for_message(mut self) -> Self {
        if self.record.outcome == Outcome::None {
            self.record.outcome = Outcome::NotSent;
        }
        self
    }

    /// An error with what is known of the send.
    pub(crate) fn new(cause: Cause, record: Record) -> Self {
        Self {
            cause: Box::new(cause),
            record: Box::new(record),
        }
    }

    /// After an internal error in a send its progress is unknown.
    pub(crate) fn in_doubt() -> Self {
        let record = Record {
            stage: Stage::Reply,
            outcome: Outcome::Unknown,
            secret_released: true,
            content_released: true,
            content_complete: true,
            ..Record::default()
        };
        Self::new(Cause::Panic, record)
    }

    /// An argument that can't be used.
    #[must_use]
    pub fn argument(status: Status, argument: &'static str, why: impl Into<String>) -> Self {
        Self::local(Cause::Argument {
            status,
            argument,
            why: why.into(),
        })
    }

    /// The cause as a number.
    #[must_use]
    pub fn status(&self) -> Status {
        match &*self.cause {
            Cause::Argument { status, .. } => *status,
            Cause::Cancelled => Status::Cancelled,
            Cause::Closed => Status::Closed,
            Cause::Full => Status::Full,
            Cause::Forked => Status::Forked,
            Cause::BackOff { .. } => Status::BackOff,
            Cause::Timeout { .. } => Status::Timeout,
            Cause::Lookup { .. } => Status::Lookup,
            Cause::LookupBusy => Status::LookupBusy,
            Cause::Connect { .. } => Status::Connect,
            Cause::Lost { .. } | Cause::Abandoned => Status::ConnectionLost,
            Cause::NotTls { .. } => Status::NotTls,
            Cause::Handshake { .. } => Status::Handshake,
            Cause::Untrusted(rejection) => rejection.status(),
            Cause::StarttlsMissing => Status::StarttlsMissing,
            Cause::StarttlsRefused => Status::StarttlsRefused,
            Cause::BytesBeforeTls { .. } => Status::BytesBeforeTls,
            Cause::Malformed {
                fault: ReplyFault::TooLong { .. },
                ..
            } => Status::ReplyTooLong,
            Cause::Malformed { .. } => Status::MalformedReply,
            Cause::Unexpected { .. } => Status::UnexpectedReply,
            Cause::Closing => Status::Closing,
            Cause::Unsolicited => Status::Unsolicited,
            Cause::AuthMissing => Status::AuthMissing,
            Cause::MechanismMissing { .. } => Status::MechanismMissing,
            Cause::NoChannelBinding { .. } => Status::ChannelBinding,
            Cause::NoSecret => Status::NoSecret,
            Cause::ServerNotAuthenticated => Status::ServerNotAuthenticated,
            Cause::Source(_) => Status::Source,
            Cause::TooLarge { .. } => Status::TooLarge,
            Cause::TooManyRecipients { .. } => Status::TooManyRecipients,
            Cause::ExtensionMissing { .. } => Status::ExtensionMissing,
            Cause::BeyondLimit { .. } => Status::BeyondLimit,
            Cause::Needs8Bit => Status::Needs8Bit,
            Cause::NeedsBinary => Status::NeedsBinary,
            Cause::NeedsSmtputf8 { .. } => Status::NeedsSmtputf8,
            Cause::Refused(Refused::Session) => Status::SessionRefused,
            Cause::Refused(Refused::Auth) => Status::AuthRefused,
            Cause::Refused(Refused::Sender) => Status::SenderRefused,
            Cause::Refused(Refused::Recipient) => Status::RecipientRefused,
            Cause::Refused(Refused::Content) => Status::ContentRefused,
            Cause::Resource { .. } => Status::Resource,
            Cause::Random => Status::Random,
            Cause::Panic | Cause::Internal(_) => Status::Panic,
        }
    }

    /// The record of the send; none of an error that came before any network.
    #[must_use]
    pub fn receipt(&self) -> Option<&Record> {
        Some(&*self.record).filter(|record| record.stage != Stage::Local)
    }

    /// Returns the advice whether to send the message again.
    #[must_use]
    pub fn retry(&self) -> Retry {
        match self.record.outcome {
            Outcome::None => return Retry::Never,
            Outcome::Unknown => return Retry::Unknown,
            _ => {}
        }
        let temporary = self
            .record
            .reply
            .as_ref()
            .is_some_and(|a| (400..500).contains(&a.code));
        match &*self.cause {
            Cause::Timeout { .. }
            | Cause::Full
            | Cause::BackOff { .. }
            | Cause::Lookup { .. }
            | Cause::LookupBusy
            | Cause::Connect { .. }
            | Cause::Lost { .. }
            | Cause::Abandoned
            | Cause::Closing
            | Cause::Resource { .. } => Retry::Later,
            _ if temporary => Retry::Later,
            _ => Retry::Never,
        }
    }
}

impl std::error::Error for Error {}

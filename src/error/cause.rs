//! The causes of failures, as data: `text` has the sentences.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::argument::InvalidArgument;
use crate::status::Status;
use crate::trust::Rejection;

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

/// The step of a session that the server rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RejectedStep {
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
    /// An argument that can't be used.
    Argument(InvalidArgument),
    /// The call was cancelled.
    Cancelled,
    /// The client was closed.
    Closed,
    /// The client has as many jobs as it may have.
    Full,
    /// The client belongs to the process that this one was forked from, or the object was in use there
    /// at the fork.
    Forked,
    /// The server replied 421 a moment ago, and the call's deadline is before the next connection.
    BackOff {
        /// The remaining wait.
        left: Duration,
    },
    /// The timeout of the stage, or with `overall` that of the whole call, passed.
    Timeout {
        /// True if the deadline of the whole call passed.
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
    /// The server rejected STARTTLS.
    StarttlsRefused,
    /// Bytes after the reply to STARTTLS.
    BytesBeforeTls {
        /// The number of bytes.
        count: usize,
    },
    /// A reply that is not SMTP; a sample, escaped.
    Malformed {
        /// The syntax error.
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
        /// The weakest mechanism that the caller accepts.
        minimum: Option<&'static str>,
    },
    /// Channel binding is required and not available.
    NoChannelBinding {
        /// The mechanisms that the server offers.
        offered: Vec<String>,
        /// True if this channel has binding data.
        can_bind: bool,
    },
    /// The secret provider returned no secret.
    NoSecret,
    /// The server accepted the login without proving that it knows the password.
    ServerNotAuthenticated,
    /// A part of the message could not be read to its end: the content was never finished.
    Source(SourceFault),
    /// Larger than the server's SIZE.
    TooLarge {
        /// Bytes of the message.
        size: u64,
        /// The maximum number of bytes that the server accepts.
        limit: u64,
    },
    /// More recipients, or domains of theirs, than the server accepts in one transaction.
    TooManyRecipients {
        /// The number in the message.
        count: u64,
        /// The number that the server accepts.
        limit: u64,
        /// The unit of both: recipients, or domains of recipients.
        unit: &'static str,
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
    /// The server rejected a step; its reply is in the record. Before it is verified it can reject the
    /// session alone.
    Rejected(RejectedStep),
    /// The system gave no descriptor or thread.
    Resource {
        /// The requested resource.
        what: &'static str,
        /// The system's error.
        kind: io::ErrorKind,
    },
    /// No random numbers.
    Random,
    /// A panic inside the library, caught.
    Panic,
    /// A rule of the library that did not hold.
    Internal(&'static str),
}

impl Cause {
    /// The cause as a number.
    #[must_use]
    pub fn status(&self) -> Status {
        match self {
            Self::Argument(invalid) => invalid.status(),
            Self::Cancelled => Status::Cancelled,
            Self::Closed => Status::Closed,
            Self::Full => Status::Full,
            Self::Forked => Status::Forked,
            Self::BackOff { .. } => Status::BackOff,
            Self::Timeout { .. } => Status::Timeout,
            Self::Lookup { .. } => Status::Lookup,
            Self::LookupBusy => Status::LookupBusy,
            Self::Connect { .. } => Status::Connect,
            Self::Lost { .. } | Self::Abandoned => Status::ConnectionLost,
            Self::NotTls { .. } => Status::NotTls,
            Self::Handshake { .. } => Status::Handshake,
            Self::Untrusted(rejection) => rejection.status(),
            Self::StarttlsMissing => Status::StarttlsMissing,
            Self::StarttlsRefused => Status::StarttlsRefused,
            Self::BytesBeforeTls { .. } => Status::BytesBeforeTls,
            Self::Malformed {
                fault: ReplyFault::TooLong { .. },
                ..
            } => Status::ReplyTooLong,
            Self::Malformed { .. } => Status::MalformedReply,
            Self::Unexpected { .. } => Status::UnexpectedReply,
            Self::Closing => Status::Closing,
            Self::Unsolicited => Status::Unsolicited,
            Self::AuthMissing => Status::AuthMissing,
            Self::MechanismMissing { .. } => Status::MechanismMissing,
            Self::NoChannelBinding { .. } => Status::ChannelBinding,
            Self::NoSecret => Status::NoSecret,
            Self::ServerNotAuthenticated => Status::ServerNotAuthenticated,
            Self::Source(_) => Status::Source,
            Self::TooLarge { .. } => Status::TooLarge,
            Self::TooManyRecipients { .. } => Status::TooManyRecipients,
            Self::ExtensionMissing { .. } => Status::ExtensionMissing,
            Self::BeyondLimit { .. } => Status::BeyondLimit,
            Self::Needs8Bit => Status::Needs8Bit,
            Self::NeedsBinary => Status::NeedsBinary,
            Self::NeedsSmtputf8 { .. } => Status::NeedsSmtputf8,
            Self::Rejected(RejectedStep::Session) => Status::SessionRefused,
            Self::Rejected(RejectedStep::Auth) => Status::AuthRefused,
            Self::Rejected(RejectedStep::Sender) => Status::SenderRefused,
            Self::Rejected(RejectedStep::Recipient) => Status::RecipientRefused,
            Self::Rejected(RejectedStep::Content) => Status::ContentRefused,
            Self::Resource { .. } => Status::Resource,
            Self::Random => Status::Random,
            Self::Panic | Self::Internal(_) => Status::Panic,
        }
    }

    /// Returns whether the server lacks an extension, which a new EHLO might offer.
    pub(crate) fn is_missing_extension(&self) -> bool {
        matches!(
            self,
            Self::ExtensionMissing { .. }
                | Self::Needs8Bit
                | Self::NeedsBinary
                | Self::NeedsSmtputf8 { .. }
        )
    }

    /// Returns whether the message is the cause, on any connection.
    pub(super) fn is_of_message(&self) -> bool {
        let is_of_limit = matches!(
            self,
            Self::TooLarge { .. } | Self::TooManyRecipients { .. } | Self::BeyondLimit { .. }
        );
        is_of_limit || self.is_missing_extension() || matches!(self, Self::Source(_))
    }

    /// The cause for the other messages in flight on a connection that this cause has ended: what
    /// concerns one message is an abandoned connection for the others.
    pub(crate) fn for_other_messages(&self) -> Self {
        match self {
            Self::Unexpected { .. } | Self::Rejected(_) | Self::Source(_) => Self::Abandoned,
            cause => cause.clone(),
        }
    }
}

//! The status numbers: grouped by thousands, 0 is success, never reused.
//!
//! 1xxx the caller's arguments, 2xxx life cycle, 3xxx name and connection, 4xxx TLS and trust,
//! 5xxx protocol, 6xxx rejected by the server, 9xxx internal. A host treats an unknown number as its
//! thousand's generic member.

#![forbid(unsafe_code)]

/// The result of a call, as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i32)]
#[non_exhaustive]
#[allow(missing_docs, reason = "TABLE has a sentence for each")]
pub enum Status {
    Ok = 0,
    BadHandle = 1001,
    Null = 1002,
    Length = 1003,
    Utf8 = 1004,
    Value = 1005,
    Host = 1006,
    Port = 1007,
    User = 1008,
    Address = 1009,
    EhloName = 1010,
    Secret = 1011,
    Mechanism = 1012,
    Pin = 1013,
    Certificate = 1014,
    File = 1015,
    NoTrust = 1016,
    NoSender = 1017,
    NoRecipient = 1018,
    NoContent = 1019,
    Content = 1020,
    Roots = 1021,
    NoClientCertificate = 1022,
    NoSecret = 1023,
    Source = 1025,
    Header = 1026,
    Composition = 1027,
    Output = 1028,
    NeedsBinary = 1029,
    SigningKey = 1030,
    NotBuilt = 1031,
    Cancelled = 2001,
    Timeout = 2002,
    Nothing = 2003,
    Closed = 2004,
    Full = 2005,
    Taken = 2006,
    Reentrant = 2007,
    Forked = 2008,
    BackOff = 2009,
    Lookup = 3001,
    LookupBusy = 3002,
    Connect = 3003,
    ConnectionLost = 3004,
    NotTls = 4001,
    Handshake = 4002,
    PinMismatch = 4003,
    CertificateMismatch = 4004,
    UnknownIssuer = 4005,
    NameMismatch = 4006,
    Expired = 4007,
    NotYetValid = 4008,
    BadCertificate = 4009,
    StarttlsMissing = 4010,
    StarttlsRefused = 4011,
    BytesBeforeTls = 4012,
    Revoked = 4013,
    RevocationUnknown = 4014,
    CrlExpired = 4015,
    MalformedReply = 5001,
    ReplyTooLong = 5002,
    UnexpectedReply = 5003,
    Closing = 5004,
    Unsolicited = 5005,
    AuthMissing = 5006,
    MechanismMissing = 5007,
    TooLarge = 5008,
    Needs8Bit = 5009,
    NeedsSmtputf8 = 5010,
    ChannelBinding = 5011,
    ServerNotAuthenticated = 5012,
    TooManyRecipients = 5020,
    ExtensionMissing = 5021,
    BeyondLimit = 5022,
    AuthRefused = 6001,
    SenderRefused = 6002,
    RecipientRefused = 6003,
    ContentRefused = 6004,
    SessionRefused = 6005,
    Panic = 9001,
    Resource = 9002,
    Random = 9003,
}

/// Number, name in the header, one sentence: the table that defines the header's comments, the
/// bindings and `secsmtp_status_text`.
pub const TABLE: &[(Status, &str, &str)] = &[
    (Status::Ok, "SECSMTP_OK", "Success."),
    (
        Status::BadHandle,
        "SECSMTP_E_BAD_HANDLE",
        "A handle was freed, is of another kind, or is not a handle.",
    ),
    (
        Status::Null,
        "SECSMTP_E_NULL",
        "A pointer that must not be NULL is NULL.",
    ),
    (
        Status::Length,
        "SECSMTP_E_LENGTH",
        "A length is greater than the argument may have.",
    ),
    (Status::Utf8, "SECSMTP_E_UTF8", "A text is not valid UTF-8."),
    (
        Status::Value,
        "SECSMTP_E_VALUE",
        "A number is not a value of the argument.",
    ),
    (
        Status::Host,
        "SECSMTP_E_HOST",
        "The host is neither a host name nor an IP address.",
    ),
    (
        Status::Port,
        "SECSMTP_E_PORT",
        "The port is not between 1 and 65535, or 0 for the default.",
    ),
    (
        Status::User,
        "SECSMTP_E_USER",
        "The user name is empty, too long, or has a control character.",
    ),
    (
        Status::Address,
        "SECSMTP_E_ADDRESS",
        "A mail address is not valid in SMTP.",
    ),
    (
        Status::EhloName,
        "SECSMTP_E_EHLO_NAME",
        "The EHLO name is neither a domain nor an address literal.",
    ),
    (
        Status::Secret,
        "SECSMTP_E_SECRET",
        "The password or token is empty, too long, or has a NUL or line break.",
    ),
    (
        Status::Mechanism,
        "SECSMTP_E_MECHANISM",
        "The library does not have this mechanism for this kind of credential.",
    ),
    (
        Status::Pin,
        "SECSMTP_E_PIN",
        "A pin is neither sha256//BASE64 of 32 bytes nor 64 hexadecimal digits.",
    ),
    (
        Status::Certificate,
        "SECSMTP_E_CERTIFICATE",
        "A certificate can't be read as PEM or DER.",
    ),
    (Status::File, "SECSMTP_E_FILE", "A file can't be read."),
    (
        Status::NoTrust,
        "SECSMTP_E_NO_TRUST",
        "The policy trusts no server: it has no pin, CA, certificate or named roots.",
    ),
    (
        Status::NoSender,
        "SECSMTP_E_NO_SENDER",
        "The message has no sender.",
    ),
    (
        Status::NoRecipient,
        "SECSMTP_E_NO_RECIPIENT",
        "The message has no recipient.",
    ),
    (
        Status::NoContent,
        "SECSMTP_E_NO_CONTENT",
        "The message has no content.",
    ),
    (
        Status::Content,
        "SECSMTP_E_CONTENT",
        "The content can't be sent as it is, or signed: it has a NUL, for example, or a line over 998 bytes.",
    ),
    (
        Status::Roots,
        "SECSMTP_E_ROOTS",
        "This machine's trusted roots were not found or can't be read.",
    ),
    (
        Status::NoClientCertificate,
        "SECSMTP_E_NO_CLIENT_CERTIFICATE",
        "The login is by client certificate, and the policy has none.",
    ),
    (
        Status::NoSecret,
        "SECSMTP_E_NO_SECRET",
        "The password or token was asked for, and none was given.",
    ),
    (
        Status::Source,
        "SECSMTP_E_SOURCE",
        "A part of the message could not be read while it was sent.",
    ),
    (
        Status::Header,
        "SECSMTP_E_HEADER",
        "A header field, file name, content type or id can't be used as it is.",
    ),
    (
        Status::Composition,
        "SECSMTP_E_COMPOSITION",
        "The message has raw content and composed parts, and only one of them is allowed.",
    ),
    (
        Status::Output,
        "SECSMTP_E_OUTPUT",
        "The composed message can't be written to the given place.",
    ),
    (
        Status::NeedsBinary,
        "SECSMTP_E_NEEDS_BINARY",
        "The content needs BINARYMIME, and the server does not offer it.",
    ),
    (
        Status::SigningKey,
        "SECSMTP_E_SIGNING_KEY",
        "A signing key is not RSA of 2048 to 4096 bits or Ed25519.",
    ),
    (
        Status::NotBuilt,
        "SECSMTP_E_NOT_BUILT",
        "This build of the library does not have the feature.",
    ),
    (
        Status::Cancelled,
        "SECSMTP_E_CANCELLED",
        "The call was cancelled.",
    ),
    (Status::Timeout, "SECSMTP_E_TIMEOUT", "A timeout passed."),
    (
        Status::Nothing,
        "SECSMTP_E_NOTHING",
        "There is no such object or value.",
    ),
    (Status::Closed, "SECSMTP_E_CLOSED", "The client was closed."),
    (
        Status::Full,
        "SECSMTP_E_FULL",
        "The client has as many jobs as it may have: take completions first.",
    ),
    (
        Status::Taken,
        "SECSMTP_E_TAKEN",
        "The job's completion was taken before.",
    ),
    (
        Status::Reentrant,
        "SECSMTP_E_REENTRANT",
        "The function would have to wait for the callback that it was called from.",
    ),
    (
        Status::Forked,
        "SECSMTP_E_FORKED",
        "The object belongs to the process that this one was forked from.",
    ),
    (
        Status::BackOff,
        "SECSMTP_E_BACK_OFF",
        "The server closed the last connection (421), and the next one is not due yet.",
    ),
    (
        Status::Lookup,
        "SECSMTP_E_LOOKUP",
        "The host name has no address.",
    ),
    (
        Status::LookupBusy,
        "SECSMTP_E_LOOKUP_BUSY",
        "The system has not finished too many earlier look-ups of names.",
    ),
    (
        Status::Connect,
        "SECSMTP_E_CONNECT",
        "No address of the server accepted the connection.",
    ),
    (
        Status::ConnectionLost,
        "SECSMTP_E_CONNECTION_LOST",
        "The connection was lost.",
    ),
    (
        Status::NotTls,
        "SECSMTP_E_NOT_TLS",
        "The peer sent clear text where TLS was expected.",
    ),
    (
        Status::Handshake,
        "SECSMTP_E_HANDSHAKE",
        "The TLS handshake failed.",
    ),
    (
        Status::PinMismatch,
        "SECSMTP_E_PIN_MISMATCH",
        "The peer's key is not a pinned one.",
    ),
    (
        Status::CertificateMismatch,
        "SECSMTP_E_CERTIFICATE_MISMATCH",
        "The peer's certificate is not the trusted one.",
    ),
    (
        Status::UnknownIssuer,
        "SECSMTP_E_UNKNOWN_ISSUER",
        "The peer's certificate leads to no trusted CA.",
    ),
    (
        Status::NameMismatch,
        "SECSMTP_E_NAME_MISMATCH",
        "The peer's certificate is for another name.",
    ),
    (
        Status::Expired,
        "SECSMTP_E_EXPIRED",
        "The peer's certificate has expired.",
    ),
    (
        Status::NotYetValid,
        "SECSMTP_E_NOT_YET_VALID",
        "The peer's certificate is not valid yet.",
    ),
    (
        Status::BadCertificate,
        "SECSMTP_E_BAD_CERTIFICATE",
        "The peer's certificate is malformed, or not valid for a server.",
    ),
    (
        Status::StarttlsMissing,
        "SECSMTP_E_STARTTLS_MISSING",
        "The server does not offer STARTTLS.",
    ),
    (
        Status::StarttlsRefused,
        "SECSMTP_E_STARTTLS_REFUSED",
        "The server rejected STARTTLS.",
    ),
    (
        Status::BytesBeforeTls,
        "SECSMTP_E_BYTES_BEFORE_TLS",
        "Clear text followed the reply to STARTTLS.",
    ),
    (
        Status::Revoked,
        "SECSMTP_E_REVOKED",
        "The peer's certificate, or one of its issuers, was revoked.",
    ),
    (
        Status::RevocationUnknown,
        "SECSMTP_E_REVOCATION_UNKNOWN",
        "Revocation lists were given, and none covers the peer's certificate.",
    ),
    (
        Status::CrlExpired,
        "SECSMTP_E_CRL_EXPIRED",
        "The revocation list for the peer's certificate is out of date.",
    ),
    (
        Status::MalformedReply,
        "SECSMTP_E_MALFORMED_REPLY",
        "A reply is not SMTP.",
    ),
    (
        Status::ReplyTooLong,
        "SECSMTP_E_REPLY_TOO_LONG",
        "A reply has more lines or bytes than are accepted.",
    ),
    (
        Status::UnexpectedReply,
        "SECSMTP_E_UNEXPECTED_REPLY",
        "A reply is not one of those expected for the command.",
    ),
    (
        Status::Closing,
        "SECSMTP_E_CLOSING",
        "The server is closing the connection (421).",
    ),
    (
        Status::Unsolicited,
        "SECSMTP_E_UNSOLICITED",
        "The server sent a reply without a command.",
    ),
    (
        Status::AuthMissing,
        "SECSMTP_E_AUTH_MISSING",
        "A login is set, and the server offers none.",
    ),
    (
        Status::MechanismMissing,
        "SECSMTP_E_MECHANISM_MISSING",
        "The server offers none of the allowed mechanisms.",
    ),
    (
        Status::TooLarge,
        "SECSMTP_E_TOO_LARGE",
        "The message is larger than the server accepts.",
    ),
    (
        Status::Needs8Bit,
        "SECSMTP_E_NEEDS_8BIT",
        "The content has bytes above 127, and the server does not offer 8BITMIME.",
    ),
    (
        Status::NeedsSmtputf8,
        "SECSMTP_E_NEEDS_SMTPUTF8",
        "An address or a header field is not ASCII, and the server does not offer SMTPUTF8.",
    ),
    (
        Status::ChannelBinding,
        "SECSMTP_E_CHANNEL_BINDING",
        "Channel binding is required and not available.",
    ),
    (
        Status::ServerNotAuthenticated,
        "SECSMTP_E_SERVER_NOT_AUTHENTICATED",
        "The server did not prove that it knows the password.",
    ),
    (
        Status::TooManyRecipients,
        "SECSMTP_E_TOO_MANY_RECIPIENTS",
        "The message has more recipients than the server accepts.",
    ),
    (
        Status::ExtensionMissing,
        "SECSMTP_E_EXTENSION_MISSING",
        "The message needs an extension that the server does not offer.",
    ),
    (
        Status::BeyondLimit,
        "SECSMTP_E_BEYOND_LIMIT",
        "The message needs another time than the server allows.",
    ),
    (
        Status::AuthRefused,
        "SECSMTP_E_AUTH_REFUSED",
        "The server rejected the login.",
    ),
    (
        Status::SenderRefused,
        "SECSMTP_E_SENDER_REFUSED",
        "The server rejected the sender.",
    ),
    (
        Status::RecipientRefused,
        "SECSMTP_E_RECIPIENT_REFUSED",
        "The server rejected a recipient.",
    ),
    (
        Status::ContentRefused,
        "SECSMTP_E_CONTENT_REFUSED",
        "The server rejected the content.",
    ),
    (
        Status::SessionRefused,
        "SECSMTP_E_SESSION_REFUSED",
        "The server rejected the session, by its greeting or its reply to EHLO or RSET.",
    ),
    (
        Status::Panic,
        "SECSMTP_E_PANIC",
        "A fault inside the library was caught; the object can't be used any more.",
    ),
    (
        Status::Resource,
        "SECSMTP_E_RESOURCE",
        "The system gave no descriptor, thread or memory.",
    ),
    (
        Status::Random,
        "SECSMTP_E_RANDOM",
        "The system gave no random numbers.",
    ),
];

impl Status {
    /// The number in the C ABI.
    #[must_use]
    pub fn number(self) -> i32 {
        self as i32
    }

    /// The name in the header, for instance `SECSMTP_E_PIN_MISMATCH`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// One sentence for people.
    #[must_use]
    pub fn text(self) -> &'static str {
        self.row().2
    }

    fn row(self) -> (Self, &'static str, &'static str) {
        let unknown = (self, "SECSMTP_E_UNKNOWN", "A status without a text.");
        TABLE
            .iter()
            .copied()
            .find(|row| row.0 == self)
            .unwrap_or(unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_unique_and_ascend() {
        assert!(TABLE.windows(2).all(|w| w[0].0.number() < w[1].0.number()));
        let mut names: Vec<_> = TABLE.iter().map(|row| row.1).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), TABLE.len());
    }

    #[test]
    fn the_header_has_the_same_numbers() {
        let header = std::fs::read_to_string("include/secsmtp.h").expect("run from the package");
        for (status, name, _) in TABLE {
            let line = format!("#define {name} {}\n", status.number());
            assert!(header.contains(&line), "{line} is not in the header");
        }
        let defined = header
            .lines()
            .filter(|l| l.starts_with("#define SECSMTP_E_"))
            .count();
        assert_eq!(
            defined + 1,
            TABLE.len(),
            "a number of the header is not in the table"
        );
    }
}

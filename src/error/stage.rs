//! The steps of a call.

/// A step of a call.
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
    /// EHLO and its reply.
    Ehlo = 4,
    /// STARTTLS and its reply.
    Starttls = 5,
    /// The TLS handshake and the verdict on the peer.
    Tls = 6,
    /// The login.
    Auth = 7,
    /// MAIL and its reply.
    Mail = 8,
    /// RCPT and its reply.
    Rcpt = 9,
    /// DATA and its reply.
    Data = 10,
    /// Writing the content.
    Content = 11,
    /// Waiting for the reply to the content.
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

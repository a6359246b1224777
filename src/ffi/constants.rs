//! Numbers of the ABI: plain integers outside, enums inside.

/// Grows by one whenever functions or numbers are added; compare it at load time.
pub const SECSMTP_ABI_VERSION: u32 = 1;

/// As the length of a text argument: the text ends at its first NUL.
pub const SECSMTP_NUL_TERMINATED: i64 = -1;

/// TLS from the first byte, usually port 465 (RFC 8314 section 3.3).
pub const SECSMTP_TLS_MODE_IMPLICIT: i32 = 0;
/// STARTTLS, required, usually port 587 (RFC 3207).
pub const SECSMTP_TLS_MODE_STARTTLS: i32 = 1;

/// TLS 1.2 or newer: the default.
pub const SECSMTP_TLS_1_2: i32 = 12;
/// TLS 1.3 only.
pub const SECSMTP_TLS_1_3: i32 = 13;

/// The login is never bound to the TLS channel.
pub const SECSMTP_CHANNEL_BINDING_OFF: i32 = 0;
/// The login is bound to the TLS channel when the server offers that: the default.
pub const SECSMTP_CHANNEL_BINDING_PREFER: i32 = 1;
/// No login that is not bound to the TLS channel (RFC 5802 section 6, RFC 9266).
pub const SECSMTP_CHANNEL_BINDING_REQUIRE: i32 = 2;

/// The login is bound to the TLS session (tls-exporter, RFC 9266): the default.
pub const SECSMTP_BINDING_TLS_EXPORTER: i32 = 0;
/// The login is bound to the server's certificate (tls-server-end-point, RFC 5929).
pub const SECSMTP_BINDING_TLS_SERVER_END_POINT: i32 = 1;

/// A password is asked for.
pub const SECSMTP_SECRET_PASSWORD: i32 = 1;
/// An OAuth 2.0 access token is asked for.
pub const SECSMTP_SECRET_TOKEN: i32 = 2;

/// A secret is asked for the first login of a send.
pub const SECSMTP_REASON_FIRST: i32 = 1;
/// A secret is asked for because the server rejected the last token: get a fresh one. It is used on a
/// new connection, which is verified again; there is no third question.
pub const SECSMTP_REASON_REFUSED: i32 = 2;

/// The error is not about a message: that of any function but a send, a submission, an entry of a
/// batch or a completion.
pub const SECSMTP_OUTCOME_NONE: i32 = 0;
/// Certainly not delivered: sending again is safe.
pub const SECSMTP_OUTCOME_NOT_SENT: i32 = 1;
/// The verified server rejected the message, with a 4yz or 5yz reply.
pub const SECSMTP_OUTCOME_REFUSED: i32 = 2;
/// The verified server replied 2yz to the content.
pub const SECSMTP_OUTCOME_ACCEPTED: i32 = 3;
/// The connection ended between the last byte of the content and the reply to it: the message may have
/// been delivered.
pub const SECSMTP_OUTCOME_UNKNOWN: i32 = 4;

/// Before any network. As a timeout: the whole call.
pub const SECSMTP_STAGE_ALL: i32 = 0;
/// Looking up the host name.
pub const SECSMTP_STAGE_RESOLVE: i32 = 1;
/// Opening the TCP connection.
pub const SECSMTP_STAGE_CONNECT: i32 = 2;
/// Waiting for the server's 220.
pub const SECSMTP_STAGE_GREETING: i32 = 3;
/// EHLO and its reply.
pub const SECSMTP_STAGE_EHLO: i32 = 4;
/// STARTTLS and its reply.
pub const SECSMTP_STAGE_STARTTLS: i32 = 5;
/// The TLS handshake and the verdict on the peer.
pub const SECSMTP_STAGE_TLS: i32 = 6;
/// The login.
pub const SECSMTP_STAGE_AUTH: i32 = 7;
/// MAIL and its reply.
pub const SECSMTP_STAGE_MAIL: i32 = 8;
/// RCPT and its reply.
pub const SECSMTP_STAGE_RCPT: i32 = 9;
/// DATA and its reply.
pub const SECSMTP_STAGE_DATA: i32 = 10;
/// Writing the content.
pub const SECSMTP_STAGE_CONTENT: i32 = 11;
/// Waiting for the reply to the content.
pub const SECSMTP_STAGE_REPLY: i32 = 12;

/// The From field: the authors.
pub const SECSMTP_FIELD_FROM: i32 = 1;
/// The Sender field: the sender on behalf of several authors.
pub const SECSMTP_FIELD_SENDER: i32 = 2;
/// The Reply-To field.
pub const SECSMTP_FIELD_REPLY_TO: i32 = 3;
/// The To field.
pub const SECSMTP_FIELD_TO: i32 = 4;
/// The Cc field.
pub const SECSMTP_FIELD_CC: i32 = 5;
/// Bcc: recipients that the header does not name.
pub const SECSMTP_FIELD_BCC: i32 = 6;

/// The message can wait.
pub const SECSMTP_PRIORITY_LOW: i32 = 1;
/// The usual priority: no field.
pub const SECSMTP_PRIORITY_NORMAL: i32 = 2;
/// The message should be read soon.
pub const SECSMTP_PRIORITY_HIGH: i32 = 3;

/// A report when the message was delivered.
pub const SECSMTP_NOTIFY_SUCCESS: i32 = 1;
/// A report when it could not be delivered.
pub const SECSMTP_NOTIFY_FAILURE: i32 = 2;
/// A report when it is delayed.
pub const SECSMTP_NOTIFY_DELAY: i32 = 4;
/// No report at all.
pub const SECSMTP_NOTIFY_NEVER: i32 = 8;

/// A report of failure brings back the header.
pub const SECSMTP_RETURN_HEADER: i32 = 1;
/// A report of failure brings back the whole message.
pub const SECSMTP_RETURN_FULL: i32 = 2;

/// A message whose time is over is returned.
pub const SECSMTP_LATE_RETURN: i32 = 1;
/// A message whose time is over goes on, and its sender is notified.
pub const SECSMTP_LATE_NOTIFY: i32 = 2;

/// No priority is asked for.
pub const SECSMTP_MT_PRIORITY_NONE: i32 = -100;

/// A size that is not known beforehand.
pub const SECSMTP_SIZE_UNKNOWN: i32 = -1;

/// Content with a bare CR or LF is an error with the line's number; without this each becomes CRLF.
pub const SECSMTP_CONTENT_STRICT: i32 = 1;
/// Content that DATA can't carry (a NUL, a line over 998 bytes) is sent to a server with BINARYMIME: byte
/// by byte where the header's lines end in CRLF, else with CRLF for each line end; without this it is
/// an error.
pub const SECSMTP_CONTENT_BINARY: i32 = 2;
/// Sender and recipients are those of the content's header: Sender or From, To, Cc and Bcc, or the
/// Resent- fields alone where there are any (RFC 5322 section 3.6.6). Names may be in any character set;
/// an address that is not UTF-8 is an error.
pub const SECSMTP_CONTENT_ENVELOPE: i32 = 4;

/// Another try needs a change first, or the error is not about a message.
pub const SECSMTP_RETRY_NEVER: i32 = 0;
/// Another try may succeed later, and can't deliver twice.
pub const SECSMTP_RETRY_LATER: i32 = 1;
/// The message may have been delivered: look for its Message-ID before another try.
pub const SECSMTP_RETRY_UNKNOWN: i32 = 2;

/// The cause of a failure.
pub const SECSMTP_LOG_ERROR: i32 = 1;
/// A warning about the policy or the clock.
pub const SECSMTP_LOG_WARNING: i32 = 2;
/// A stage begins or ends.
pub const SECSMTP_LOG_INFO: i32 = 3;
/// A command or a reply.
pub const SECSMTP_LOG_DEBUG: i32 = 4;

/// A line of the log of a job.
pub const SECSMTP_EVENT_LOG: i32 = 1;
/// A stage of a job begins.
pub const SECSMTP_EVENT_STAGE: i32 = 2;
/// Bytes of the content were handed to the operating system; only the latest is kept for each job.
pub const SECSMTP_EVENT_PROGRESS: i32 = 4;
/// The server replied about a recipient; the receipt or error has all of these replies again.
pub const SECSMTP_EVENT_RECIPIENT: i32 = 8;
/// A job needs a password or token; its server is verified.
pub const SECSMTP_EVENT_SECRET: i32 = 16;
/// A job is complete: exactly once for each.
pub const SECSMTP_EVENT_COMPLETED: i32 = 32;
/// Events were dropped because the queue was full.
pub const SECSMTP_EVENT_DROPPED: i32 = 64;

/// As a time in milliseconds: no timeout.
pub const SECSMTP_FOREVER: u32 = 4_294_967_295;

/// Success.
pub const SECSMTP_OK: i32 = 0;
/// A handle was freed, is of another kind, or is not a handle.
pub const SECSMTP_E_BAD_HANDLE: i32 = 1001;
/// A pointer that must not be NULL is NULL.
pub const SECSMTP_E_NULL: i32 = 1002;
/// A length is greater than the argument may have.
pub const SECSMTP_E_LENGTH: i32 = 1003;
/// A text is not valid UTF-8.
pub const SECSMTP_E_UTF8: i32 = 1004;
/// A number is not a value of the argument.
pub const SECSMTP_E_VALUE: i32 = 1005;
/// The host is neither a host name nor an IP address.
pub const SECSMTP_E_HOST: i32 = 1006;
/// The port is not between 1 and 65535, or 0 for the default.
pub const SECSMTP_E_PORT: i32 = 1007;
/// The user name is empty, too long, or has a control character.
pub const SECSMTP_E_USER: i32 = 1008;
/// A mail address is not valid in SMTP.
pub const SECSMTP_E_ADDRESS: i32 = 1009;
/// The EHLO name is neither a domain nor an address literal.
pub const SECSMTP_E_EHLO_NAME: i32 = 1010;
/// The password or token is empty, too long, or has a NUL or line break.
pub const SECSMTP_E_SECRET: i32 = 1011;
/// The library does not have this mechanism for this kind of credential.
pub const SECSMTP_E_MECHANISM: i32 = 1012;
/// A pin is neither sha256//BASE64 of 32 bytes nor 64 hexadecimal digits.
pub const SECSMTP_E_PIN: i32 = 1013;
/// A certificate can't be read as PEM or DER.
pub const SECSMTP_E_CERTIFICATE: i32 = 1014;
/// A file can't be read.
pub const SECSMTP_E_FILE: i32 = 1015;
/// The policy trusts no server: it has no pin, CA, certificate or named roots.
pub const SECSMTP_E_NO_TRUST: i32 = 1016;
/// The message has no sender.
pub const SECSMTP_E_NO_SENDER: i32 = 1017;
/// The message has no recipient.
pub const SECSMTP_E_NO_RECIPIENT: i32 = 1018;
/// The message has no content.
pub const SECSMTP_E_NO_CONTENT: i32 = 1019;
/// The content can't be sent as it is, or signed: it has a NUL, for example, or a line over 998 bytes.
pub const SECSMTP_E_CONTENT: i32 = 1020;
/// This machine's trusted roots were not found or can't be read.
pub const SECSMTP_E_ROOTS: i32 = 1021;
/// The login is by client certificate, and the policy has none.
pub const SECSMTP_E_NO_CLIENT_CERTIFICATE: i32 = 1022;
/// The password or token was asked for, and none was given.
pub const SECSMTP_E_NO_SECRET: i32 = 1023;
/// A part of the message could not be read while it was sent.
pub const SECSMTP_E_SOURCE: i32 = 1025;
/// A header field, file name, content type or id can't be used as it is.
pub const SECSMTP_E_HEADER: i32 = 1026;
/// The message has raw content and composed parts, and only one of them is allowed.
pub const SECSMTP_E_COMPOSITION: i32 = 1027;
/// The composed message can't be written to the given place.
pub const SECSMTP_E_OUTPUT: i32 = 1028;
/// The content needs BINARYMIME, and the server does not offer it.
pub const SECSMTP_E_NEEDS_BINARY: i32 = 1029;
/// A signing key is not RSA of 2048 to 4096 bits or Ed25519.
pub const SECSMTP_E_SIGNING_KEY: i32 = 1030;
/// This build of the library does not have the feature.
pub const SECSMTP_E_NOT_BUILT: i32 = 1031;
/// The call was cancelled.
pub const SECSMTP_E_CANCELLED: i32 = 2001;
/// A timeout passed.
pub const SECSMTP_E_TIMEOUT: i32 = 2002;
/// There is no such object or value.
pub const SECSMTP_E_NOTHING: i32 = 2003;
/// The client was closed.
pub const SECSMTP_E_CLOSED: i32 = 2004;
/// The client has as many jobs as it may have: take completions first.
pub const SECSMTP_E_FULL: i32 = 2005;
/// The job's completion was taken before.
pub const SECSMTP_E_TAKEN: i32 = 2006;
/// The function would have to wait for the callback that it was called from.
pub const SECSMTP_E_REENTRANT: i32 = 2007;
/// The client belongs to the process that this one was forked from, or the object was in use there at
/// the fork.
pub const SECSMTP_E_FORKED: i32 = 2008;
/// The server closed the last connection (421), and the next one is not due yet.
pub const SECSMTP_E_BACK_OFF: i32 = 2009;
/// The host name has no address.
pub const SECSMTP_E_LOOKUP: i32 = 3001;
/// The system has not finished too many earlier look-ups of names.
pub const SECSMTP_E_LOOKUP_BUSY: i32 = 3002;
/// No address of the server accepted the connection.
pub const SECSMTP_E_CONNECT: i32 = 3003;
/// The connection was lost.
pub const SECSMTP_E_CONNECTION_LOST: i32 = 3004;
/// The peer sent clear text where TLS was expected.
pub const SECSMTP_E_NOT_TLS: i32 = 4001;
/// The TLS handshake failed.
pub const SECSMTP_E_HANDSHAKE: i32 = 4002;
/// The peer's key is not a pinned one.
pub const SECSMTP_E_PIN_MISMATCH: i32 = 4003;
/// The peer's certificate is not the trusted one.
pub const SECSMTP_E_CERTIFICATE_MISMATCH: i32 = 4004;
/// The peer's certificate leads to no trusted CA.
pub const SECSMTP_E_UNKNOWN_ISSUER: i32 = 4005;
/// The peer's certificate is for another name.
pub const SECSMTP_E_NAME_MISMATCH: i32 = 4006;
/// The peer's certificate has expired.
pub const SECSMTP_E_EXPIRED: i32 = 4007;
/// The peer's certificate is not valid yet.
pub const SECSMTP_E_NOT_YET_VALID: i32 = 4008;
/// The peer's certificate is malformed, or not valid for a server.
pub const SECSMTP_E_BAD_CERTIFICATE: i32 = 4009;
/// The server does not offer STARTTLS.
pub const SECSMTP_E_STARTTLS_MISSING: i32 = 4010;
/// The server rejected STARTTLS.
pub const SECSMTP_E_STARTTLS_REFUSED: i32 = 4011;
/// Clear text followed the reply to STARTTLS.
pub const SECSMTP_E_BYTES_BEFORE_TLS: i32 = 4012;
/// The peer's certificate, or one of its issuers, was revoked.
pub const SECSMTP_E_REVOKED: i32 = 4013;
/// Revocation lists were given, and none covers the peer's certificate.
pub const SECSMTP_E_REVOCATION_UNKNOWN: i32 = 4014;
/// The revocation list for the peer's certificate is out of date.
pub const SECSMTP_E_CRL_EXPIRED: i32 = 4015;
/// A reply is not SMTP.
pub const SECSMTP_E_MALFORMED_REPLY: i32 = 5001;
/// A reply has more lines or bytes than are accepted.
pub const SECSMTP_E_REPLY_TOO_LONG: i32 = 5002;
/// A reply is not one of those expected for the command.
pub const SECSMTP_E_UNEXPECTED_REPLY: i32 = 5003;
/// The server is closing the connection (421).
pub const SECSMTP_E_CLOSING: i32 = 5004;
/// The server sent a reply without a command.
pub const SECSMTP_E_UNSOLICITED: i32 = 5005;
/// A login is set, and the server offers none.
pub const SECSMTP_E_AUTH_MISSING: i32 = 5006;
/// The server offers none of the allowed mechanisms.
pub const SECSMTP_E_MECHANISM_MISSING: i32 = 5007;
/// The message is larger than the server accepts.
pub const SECSMTP_E_TOO_LARGE: i32 = 5008;
/// The content has bytes above 127, and the server does not offer 8BITMIME.
pub const SECSMTP_E_NEEDS_8BIT: i32 = 5009;
/// An address or a header field is not ASCII, and the server does not offer SMTPUTF8.
pub const SECSMTP_E_NEEDS_SMTPUTF8: i32 = 5010;
/// Channel binding is required and not available.
pub const SECSMTP_E_CHANNEL_BINDING: i32 = 5011;
/// The server did not prove that it knows the password.
pub const SECSMTP_E_SERVER_NOT_AUTHENTICATED: i32 = 5012;
/// The message has more recipients than the server accepts.
pub const SECSMTP_E_TOO_MANY_RECIPIENTS: i32 = 5020;
/// The message needs an extension that the server does not offer.
pub const SECSMTP_E_EXTENSION_MISSING: i32 = 5021;
/// The message needs another time than the server allows.
pub const SECSMTP_E_BEYOND_LIMIT: i32 = 5022;
/// The server rejected the login.
pub const SECSMTP_E_AUTH_REFUSED: i32 = 6001;
/// The server rejected the sender.
pub const SECSMTP_E_SENDER_REFUSED: i32 = 6002;
/// The server rejected a recipient.
pub const SECSMTP_E_RECIPIENT_REFUSED: i32 = 6003;
/// The server rejected the content.
pub const SECSMTP_E_CONTENT_REFUSED: i32 = 6004;
/// The server rejected the session, by its greeting or its reply to EHLO or RSET.
pub const SECSMTP_E_SESSION_REFUSED: i32 = 6005;
/// A fault inside the library was caught; the object can't be used any more.
pub const SECSMTP_E_PANIC: i32 = 9001;
/// The system gave no descriptor, thread or memory.
pub const SECSMTP_E_RESOURCE: i32 = 9002;
/// The system gave no random numbers.
pub const SECSMTP_E_RANDOM: i32 = 9003;

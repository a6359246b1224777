//! The record of one send.

use std::sync::Arc;

use super::enhanced::Enhanced;
use super::outcome::Outcome;
use super::stage::Stage;
use crate::trust::Pin;

/// A server's reply, fit to be shown: controls escaped, capped, own secrets removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerReply {
    /// The three digits (RFC 5321 section 4.2).
    pub code: u16,
    /// The enhanced status code (RFC 3463), for instance `5.7.8`.
    pub enhanced: Option<Enhanced>,
    /// The text, lines joined with a line feed.
    pub text: String,
}

/// One recipient of a send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// The address as given, an internationalised domain in A-labels.
    pub address: Arc<str>,
    /// The outcome for this recipient.
    pub outcome: Outcome,
    /// The server's last reply for it: to RCPT, or to the content.
    pub reply: Option<Arc<ServerReply>>,
}

/// The peer that was verified or probed.
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

/// The record of one send, with any outcome.
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
    /// The server's deciding reply.
    pub reply: Option<Arc<ServerReply>>,
    /// The content's Message-ID, if it has one.
    pub message_id: Option<Arc<str>>,
    /// Each recipient's part, in the order given.
    pub recipients: Vec<Recipient>,
    /// The peer, once it has shown a certificate; shared by the messages of a connection.
    pub peer: Option<Arc<Peer>>,
    /// True if the connection had carried another message before. Then the secret was released
    /// when it was opened, if there was one.
    pub reused: bool,
    /// True if a reply other than 421 came to MAIL, RCPT or the content.
    pub(crate) has_reply: bool,
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
            has_reply: false,
        }
    }
}

//! A certificate authority, a client and an oracle for the tests.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secsmtp::client::Client;
use secsmtp::credential::Credential;
use secsmtp::error::{Cause, Error, Outcome, Record, Stage};
use secsmtp::log::{Level, Log};
use secsmtp::message::Message;
use secsmtp::status::Status;
use secsmtp::trust::{Policy, TlsMode};
use secsmtp_testservers::{CertKind, Leaks, Pki, ReferenceConfig, ReferenceServer, SessionRecord};

pub(crate) const HOST: &str = "mail.test";
pub(crate) const USER: &str = "alice";
pub(crate) const PASSWORD: &str = "a-Secret hard to guess";
pub(crate) const FROM: &str = "alice.sender@mail.test";
pub(crate) const TO: &str = "bob.recipient@mail.test";
pub(crate) const CONTENT: &str = "Subject: The content marker\r\n\r\n.A line of the body\r\n";
pub(crate) const BOTH: [TlsMode; 2] = [TlsMode::Implicit, TlsMode::Starttls];
/// Long enough for a slow machine; nothing here depends on how long it is.
pub(crate) const LONG: Duration = Duration::from_secs(30);

pub(crate) fn pki() -> Pki {
    Pki::new(&[HOST])
}

/// A policy that trusts this authority.
pub(crate) fn policy(pki: &Pki, mode: TlsMode) -> Policy {
    let mut policy = Policy::new();
    policy.tls_mode = mode;
    policy.add_ca(pki.pem(CertKind::Root).as_bytes()).unwrap();
    policy
}

/// A client for the host at this address.
pub(crate) fn client(policy: &Policy, address: SocketAddr) -> Client {
    let client = Client::new(HOST, 0, policy).unwrap();
    client
        .set_connect(&address.ip().to_string(), u32::from(address.port()))
        .unwrap();
    client.set_timeout(Stage::Local, LONG);
    // However busy the machine is, a reply counts as young.
    client.set_reply_age(Duration::MAX);
    client.set_back_off(Duration::from_millis(1));
    client.set_credential(Some(Arc::new(
        Credential::password(USER, PASSWORD.as_bytes()).unwrap(),
    )));
    client
}

/// The reference server's configuration, with our user.
pub(crate) fn reference_config(pki: &Pki) -> ReferenceConfig {
    let mut config = ReferenceConfig::new(pki.identity());
    config.users = vec![(USER.to_owned(), PASSWORD.to_owned())];
    config
}

/// Its address for a mode.
pub(crate) fn address(server: &ReferenceServer, mode: TlsMode) -> SocketAddr {
    match mode {
        TlsMode::Implicit => server.implicit_addr(),
        TlsMode::Starttls => server.starttls_addr(),
    }
}

/// From our sender to these.
pub(crate) fn message_to(recipients: &[&str]) -> Message {
    let mut message = Message::new();
    message.set_sender(FROM).unwrap();
    for recipient in recipients {
        message.add_recipient(recipient).unwrap();
    }
    message.set_content(CONTENT.as_bytes()).unwrap();
    message
}

pub(crate) fn message() -> Message {
    message_to(&[TO])
}

/// Sends, and gives the log too.
pub(crate) fn send_logged(client: &Client, message: &Message) -> (Result<Record, Error>, String) {
    let mut lines = String::new();
    let mut sink = |level: Level, stage: Stage, text: &str| {
        lines.push_str(&format!("{level:?} {} {text}\n", stage.name()));
    };
    let sent = client.send(message, Log::to(&mut sink, Level::Debug));
    (sent, lines)
}

pub(crate) fn send(client: &Client, message: &Message) -> Result<Record, Error> {
    send_logged(client, message).0
}

/// Sends, expecting this failure.
#[track_caller]
pub(crate) fn fails(
    client: &Client,
    message: &Message,
    status: Status,
    stage: Stage,
    outcome: Outcome,
) -> Error {
    let (sent, log) = send_logged(client, message);
    let error = sent.expect_err("it must not be accepted");
    let got = (error.status(), error.record.stage, error.record.outcome);
    assert_eq!(got, (status, stage, outcome), "{error}\n{log}");
    error
}

/// Every wire form of what must not be seen: as it is, as base64 at each alignment, as a whole.
pub(crate) fn forms(text: &str) -> Vec<Vec<u8>> {
    let mut forms = vec![text.as_bytes().to_vec()];
    for lead in 0..3 {
        let padded = [vec![0; lead], text.as_bytes().to_vec()].concat();
        let encoded = STANDARD.encode(&padded);
        let (skip, whole) = ((lead * 8).div_ceil(6), padded.len() * 8 / 6);
        forms.push(encoded.as_bytes()[skip..whole].to_vec());
    }
    forms
}

/// Returns whether `haystack` contains any form of `text`.
pub(crate) fn holds(haystack: &[u8], text: &str) -> bool {
    forms(text)
        .iter()
        .any(|form| haystack.windows(form.len()).any(|w| w == form.as_slice()))
}

/// Asserts that only EHLO with a neutral name, STARTTLS and QUIT were sent in clear text,
/// and no form of login, address or content.
#[track_caller]
pub(crate) fn assert_nothing_leaked(received: &[u8]) {
    let content = CONTENT.as_bytes();
    Leaks::new(USER, PASSWORD.as_bytes(), &[FROM, TO], content).assert_only_allowed_lines(received);
}

/// Asserts it for a whole session in which no peer was verified.
#[track_caller]
pub(crate) fn assert_silent(record: &SessionRecord) {
    assert_nothing_leaked(&record.clear);
    assert_nothing_leaked(&record.tls);
}

/// The text of an argument's error is one sentence: it begins with the argument's name, has a verb, and
/// shows nothing of Rust.
#[track_caller]
pub(crate) fn assert_sentence(error: &Error) {
    const VERBS: &[&str] = &[
        "is", "are", "was", "were", "has", "have", "can't", "must", "does", "needs", "expects",
        "logs", "trusts", "ended",
    ];
    let Cause::Argument(invalid) = &*error.cause else {
        return;
    };
    let text = error.to_string();
    let text = text.strip_suffix(" Nothing was sent.").unwrap_or(&text);
    assert_eq!(text, format!("{} {}.", invalid.argument(), invalid.why()));
    let mut words = invalid.why().split(' ');
    assert!(words.any(|word| VERBS.contains(&word)), "no verb: {text}");
    assert!(
        !invalid.why().starts_with(':') && !invalid.why().ends_with('.'),
        "{text}"
    );
    assert_eq!(
        text.matches(". ").count(),
        0,
        "more than one sentence: {text}"
    );
    for debug in ["{", "}", "::", "Some(", "Err(", "\\u{", "RFC"] {
        assert!(!text.contains(debug), "{debug}: {text}");
    }
}

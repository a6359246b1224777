//! Bad arguments: each a status and a sentence that names it, before any connection.

use secsmtp::client::Client;
use secsmtp::error::{Error, Outcome, Stage};
use secsmtp::message::Message;
use secsmtp::status::Status;
use secsmtp::trust::Policy;

use crate::support::{assert_sentence, fails};

#[track_caller]
fn refused(result: Result<(), impl Into<Error>>, status: Status, named: &str) {
    let error: Error = result.map_err(Into::into).expect_err(named);
    assert_eq!(error.status(), status, "{error}");
    assert_eq!(
        (error.record.stage, error.record.outcome),
        (Stage::Local, Outcome::None)
    );
    assert!(error.to_string().contains(named), "{error}");
    assert_sentence(&error);
}

/// A send that came to nothing before any connection.
#[track_caller]
fn not_sent(client: &Client, message: &Message, status: Status, named: &str) {
    let error = fails(client, message, status, Stage::Local, Outcome::NotSent);
    assert!(error.to_string().contains(named), "{error}");
    assert!(error.to_string().contains("Nothing was sent"), "{error}");
}

#[test]
fn each_bad_argument_is_named() {
    let mut policy = Policy::new();
    for bad in ["", "a\0b", "a\r\nb", "\u{1}", "a b"] {
        refused(Client::new(bad, 0, &policy).map(drop), Status::Host, "host");
    }
    refused(
        Client::new("h", 65_536, &policy).map(drop),
        Status::Port,
        "port",
    );
    refused(policy.add_pin("sha256//AAAA"), Status::Pin, "pin");
    refused(policy.add_pin(""), Status::Pin, "pin");
    refused(policy.add_ca(b""), Status::Certificate, "CA certificate");
    refused(
        policy.add_ca(b"no PEM"),
        Status::Certificate,
        "CA certificate",
    );
    let cut = b"-----BEGIN CERTIFICATE-----\nAAAA\n";
    refused(policy.add_ca(cut), Status::Certificate, "CA certificate");
    refused(
        policy.add_ca(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
        Status::Certificate,
        "CA certificate",
    );
    refused(
        policy.add_ca(&[0x30, 0x82, 0xff, 0xff]),
        Status::Certificate,
        "CA certificate",
    );
    refused(
        policy.add_certificate(&[0x30, 0]),
        Status::Certificate,
        "certificate",
    );
    refused(policy.add_ca_file("/nonexistent"), Status::File, "CA file");
    assert!(policy.is_empty(), "what was refused must not be trusted");
    let client = Client::new("mail.test", 0, &policy).unwrap();
    refused(
        client.set_ehlo_name("a\r\nMAIL FROM:<x>"),
        Status::EhloName,
        "EHLO name",
    );
    refused(client.set_connect("", 25), Status::Host, "connect address");
    refused(client.set_connect("127.0.0.1", 0), Status::Port, "port");
    let mut message = Message::new();
    refused(
        message.set_sender("a@b\r\nRCPT TO:<c@d>"),
        Status::Address,
        "sender",
    );
    refused(message.add_recipient("a\0@b"), Status::Address, "recipient");
    refused(message.set_content(b""), Status::NoContent, "content");
    refused(
        message.set_content(b"Bcc: only@this\r\n"),
        Status::NoContent,
        "content",
    );
    refused(message.set_content(b"a\nb\0"), Status::Content, "line 2");
}

#[test]
fn an_incomplete_message_or_an_empty_policy_opens_no_connection() {
    // A port with a listener.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let client = Client::new("mail.test", 0, &Policy::new()).unwrap();
    client
        .set_connect(
            "127.0.0.1",
            u32::from(listener.local_addr().unwrap().port()),
        )
        .unwrap();
    let mut message = Message::new();
    not_sent(&client, &message, Status::NoSender, "sender");
    message.set_sender("a@b.c").unwrap();
    not_sent(&client, &message, Status::NoRecipient, "recipient");
    message.add_recipient("a@b.c").unwrap();
    not_sent(&client, &message, Status::NoContent, "content");
    message.set_content(b"x").unwrap();
    not_sent(&client, &message, Status::NoTrust, "policy");
    assert!(listener.accept().is_err(), "a connection was opened");
}

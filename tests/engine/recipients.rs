//! A mail to as many recipients as one can have.

use secsmtp::error::{Cause, Outcome, Stage};
use secsmtp::message::{ContentRules, MAX_RECIPIENTS, Message};
use secsmtp::status::Status;
use secsmtp::trust::TlsMode;
use secsmtp_testservers::ReferenceServer;

use crate::support::*;

fn name(i: usize) -> String {
    format!("recipient.number.{i}@mail.test")
}

fn to_all() -> Message {
    let mut message = Message::new();
    message.set_sender(FROM).unwrap();
    for i in 0..MAX_RECIPIENTS {
        message.add_recipient(&name(i)).unwrap();
    }
    message.set_content(CONTENT.as_bytes()).unwrap();
    message
}

/// A server that takes so many, with these words in its EHLO besides the usual.
fn server(
    most: usize,
    words: &[&str],
    without: &str,
) -> (ReferenceServer, secsmtp::client::Client) {
    let pki = pki();
    let mut config = reference_config(&pki);
    config.max_recipients = most;
    config.reject_rcpt = vec![name(17)];
    config.extensions.retain(|line| line != without);
    config
        .extensions
        .extend(words.iter().map(|w| (*w).to_owned()));
    let server = ReferenceServer::start(config).unwrap();
    let client = client(&policy(&pki, TlsMode::Implicit), server.implicit_addr());
    (server, client)
}

#[test]
fn g15_ten_thousand_recipients_have_their_own_outcomes_by_data_and_bdat() {
    for without in ["", "CHUNKING"] {
        let (server, client) = server(MAX_RECIPIENTS, &["LIMITS RCPTMAX=10000"], without);
        let mut message = to_all();
        // All or nothing: one recipient is rejected, so none gets it.
        let refused = send(&client, &message).unwrap_err();
        assert_eq!(refused.status(), Status::RecipientRefused);
        assert!(!refused.record.content_released);
        assert_eq!(server.mail_count(), 0);
        message.partial = true;
        let record = send(&client, &message).unwrap();
        assert_eq!(record.recipients.len(), MAX_RECIPIENTS);
        for (i, recipient) in record.recipients.iter().enumerate() {
            let expected = match i {
                17 => Outcome::Refused,
                _ => Outcome::Accepted,
            };
            assert_eq!(
                (&*recipient.address, recipient.outcome),
                (name(i).as_str(), expected)
            );
        }
        let mails = server.mails();
        assert_eq!((mails.len(), mails[0].to.len()), (1, MAX_RECIPIENTS - 1));
    }
}

#[test]
fn g15_a_server_with_a_limit_of_a_thousand_rejects_the_others_temporarily() {
    let (server, client) = server(1000, &[], "");
    let mut message = to_all();
    let refused = send(&client, &message).unwrap_err();
    assert_eq!(refused.status(), Status::RecipientRefused);
    assert_eq!(server.mail_count(), 0);
    message.partial = true;
    let record = send(&client, &message).unwrap();
    let code = |i: usize| {
        record.recipients[i]
            .reply
            .as_ref()
            .map(|answer| answer.code)
    };
    assert_eq!(
        (code(17), code(1000), code(1001)),
        (Some(550), Some(250), Some(452))
    );
    assert_eq!((code(0), code(MAX_RECIPIENTS - 1)), (Some(250), Some(452)));
    assert_eq!(server.mails()[0].to.len(), 1000);
}

#[test]
fn a_server_with_a_recipient_limit_gets_no_more() {
    let (server, client) = server(1000, &["LIMITS RCPTMAX=9999"], "");
    let error = fails(
        &client,
        &to_all(),
        Status::TooManyRecipients,
        Stage::Auth,
        Outcome::NotSent,
    );
    let expected = Cause::TooManyRecipients {
        count: 10_000,
        limit: 9999,
        unit: "recipients",
    };
    assert_eq!(*error.cause, expected);
    assert_eq!(server.mail_count(), 0);
}

#[test]
fn one_more_than_ten_thousand_is_rejected_at_the_call() {
    let error = to_all().add_recipient("a@b").unwrap_err();
    assert_eq!(error.status(), Status::Length);
    let list: Vec<String> = (0..=MAX_RECIPIENTS).map(name).collect();
    let (to, cc) = list.split_at(6000);
    let header = format!(
        "From: a@b\r\nTo: {}\r\nCc: {}\r\n\r\n",
        to.join(",\r\n "),
        cc.join(",\r\n ")
    );
    let rules = ContentRules {
        envelope: true,
        ..ContentRules::default()
    };
    let mut message = Message::new();
    let error = message.set_content_by(header.as_bytes(), rules);
    assert_eq!(error.unwrap_err().status(), Status::Length);
}

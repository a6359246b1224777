//! Mail that arrives, byte by byte.

use std::sync::Arc;

use secsmtp::credential::Credential;
use secsmtp::error::{Outcome, RejectedStep, Stage};
use secsmtp::log::Log;
use secsmtp::message::Message;
use secsmtp::status::Status;
use secsmtp::trust::{MinTls, TlsMode};
use secsmtp_testservers::{CertKind, ReferenceServer, TlsVersions};

use crate::support::*;

#[test]
fn a_mail_arrives_over_both_modes_and_versions() {
    let pki = pki();
    for mode in BOTH {
        for (tls, version) in [(TlsVersions::Only12, "1.2"), (TlsVersions::Both, "1.3")] {
            let mut config = reference_config(&pki);
            config.tls = tls;
            let server = ReferenceServer::start(config).unwrap();
            let mut policy = policy(&pki, mode);
            policy.add_pin(&pki.spki_pin(CertKind::Leaf)).unwrap();
            let (sent, log) = send_logged(&client(&policy, address(&server, mode)), &message());
            let record = sent.unwrap();
            let peer = record.peer.clone().unwrap();
            assert_eq!(record.outcome, Outcome::Accepted);
            assert!(record.secret_released && record.content_released);
            assert_eq!(record.reply.unwrap().code, 250);
            assert_eq!((peer.tls_version, peer.mechanism), (version, Some("PLAIN")));
            assert_eq!(
                peer.matched_pin.unwrap().to_string(),
                pki.spki_pin(CertKind::Leaf)
            );
            assert_eq!(peer.spki.len(), 2);
            assert!(log.contains("encrypted and verified"), "{log}");
            let mails = server.mails();
            assert_eq!(mails.len(), 1);
            assert_eq!(
                (mails[0].from.as_str(), mails[0].content.as_slice()),
                (FROM, CONTENT.as_bytes())
            );
            assert_eq!(mails[0].to, [TO]);
        }
    }
}

#[test]
fn d02_a_minimum_of_1_3_refuses_1_2() {
    let pki = pki();
    let mut config = reference_config(&pki);
    config.tls = TlsVersions::Only12;
    let server = ReferenceServer::start(config).unwrap();
    for mode in BOTH {
        let mut policy = policy(&pki, mode);
        policy.min_tls = MinTls::V1_3;
        let client = client(&policy, address(&server, mode));
        fails(
            &client,
            &message(),
            Status::Handshake,
            Stage::Tls,
            Outcome::NotSent,
        );
    }
    assert!(server.wait_idle(LONG));
    server.sessions().iter().for_each(assert_silent);
}

#[test]
fn each_mechanism_logs_in() {
    let pki = pki();
    let mut config = reference_config(&pki);
    config.tokens = vec![(USER.to_owned(), "token.of-alice".to_owned())];
    let server = ReferenceServer::start(config).unwrap();
    for (name, token) in [
        ("PLAIN", false),
        ("LOGIN", false),
        ("XOAUTH2", true),
        ("OAUTHBEARER", true),
    ] {
        let mut credential = match token {
            true => Credential::token(USER, b"token.of-alice").unwrap(),
            false => Credential::password(USER, PASSWORD.as_bytes()).unwrap(),
        };
        credential.add_mechanism(name).unwrap();
        let client = client(&policy(&pki, TlsMode::Implicit), server.implicit_addr());
        client.set_credential(Some(Arc::new(credential)));
        let record = send(&client, &message()).unwrap();
        assert_eq!(record.peer.unwrap().mechanism, Some(name));
    }
    assert_eq!(server.mail_count(), 4);
}

#[test]
fn f26_a_long_secret_waits_for_the_servers_challenge() {
    let pki = pki();
    let password = "p".repeat(600);
    let mut config = reference_config(&pki);
    config.users = vec![(USER.to_owned(), password.clone())];
    let server = ReferenceServer::start(config).unwrap();
    let client = client(&policy(&pki, TlsMode::Implicit), server.implicit_addr());
    client.set_credential(Some(Arc::new(
        Credential::password(USER, password.as_bytes()).unwrap(),
    )));
    send(&client, &message()).unwrap();
    assert!(server.wait_idle(LONG));
    let said = String::from_utf8_lossy(&server.sessions()[0].tls).into_owned();
    assert!(said.contains("AUTH PLAIN\r\n"), "{said}");
}

#[test]
fn g15_all_or_nothing_unless_partial_is_asked_for() {
    let pki = pki();
    let mut config = reference_config(&pki);
    config.reject_rcpt = vec!["unknown@mail.test".to_owned()];
    config.defer_rcpt = vec!["later@mail.test".to_owned()];
    let server = ReferenceServer::start(config).unwrap();
    let client = client(&policy(&pki, TlsMode::Implicit), server.implicit_addr());
    let mut message = message_to(&[TO, "unknown@mail.test", "later@mail.test"]);
    let outcomes =
        |list: &[secsmtp::error::Recipient]| list.iter().map(|r| r.outcome).collect::<Vec<_>>();

    let error = fails(
        &client,
        &message,
        Status::RecipientRefused,
        Stage::Rcpt,
        Outcome::Refused,
    );
    assert_eq!(
        *error.cause,
        secsmtp::error::Cause::Rejected(RejectedStep::Recipient)
    );
    assert_eq!(
        outcomes(&error.record.recipients),
        [Outcome::NotSent, Outcome::Refused, Outcome::Refused]
    );
    let codes: Vec<_> = error
        .record
        .recipients
        .iter()
        .map(|r| r.reply.as_ref().unwrap().code)
        .collect();
    assert_eq!(codes, [250, 550, 450]);
    assert!(!error.record.content_released);
    assert_eq!(server.mail_count(), 0);

    message.partial = true;
    let record = send(&client, &message).unwrap();
    assert_eq!(
        outcomes(&record.recipients),
        [Outcome::Accepted, Outcome::Refused, Outcome::Refused]
    );
    assert_eq!(server.mails()[0].to, [TO]);

    // G16: without an accepted recipient no content is sent; with `partial` the content is sent with
    // the envelope, and the server replies that there are no valid recipients.
    let mut none = message_to(&["unknown@mail.test", "later@mail.test"]);
    none.partial = true;
    let error = fails(
        &client,
        &none,
        Status::RecipientRefused,
        Stage::Rcpt,
        Outcome::Refused,
    );
    assert!(error.record.content_released);
    assert_eq!(server.mail_count(), 1);
}

#[test]
fn h01_h02_h03_content_arrives_as_one_message_whatever_its_line_ends() {
    let pki = pki();
    let server = ReferenceServer::start(reference_config(&pki)).unwrap();
    let client = client(&policy(&pki, TlsMode::Implicit), server.implicit_addr());
    let endings = [
        "\n.\n",
        "\r.\r",
        "\r.\n",
        "\n.\r",
        "\n.\r\n",
        "\r\n.\n",
        "\r.\r\n",
        "\r\n.\r",
        "\r\n.\r\n",
    ];
    let mut expected = Vec::new();
    for ending in endings {
        let raw = format!("A: b\r\n\r\nbefore{ending}MAIL FROM:<evil@mail.test>\r\n..dots\r\n");
        let mut message = message();
        message.set_content(raw.as_bytes()).unwrap();
        send(&client, &message).unwrap();
        expected
            .push(b"A: b\r\n\r\nbefore\r\n.\r\nMAIL FROM:<evil@mail.test>\r\n..dots\r\n".to_vec());
    }
    let got: Vec<_> = server
        .mails()
        .into_iter()
        .map(|mail| mail.content)
        .collect();
    assert_eq!(got, expected);
}

#[test]
fn large_content_arrives_and_content_beyond_the_limit_is_not_begun() {
    let pki = pki();
    let server = ReferenceServer::start(reference_config(&pki)).unwrap();
    let client = client(&policy(&pki, TlsMode::Implicit), server.implicit_addr());
    let body = "Subject: large\r\n\r\n".to_owned()
        + &".0123456789 and so on to the end of the line\r\n".repeat(100_000);
    let mut large = message();
    large.set_content(body.as_bytes()).unwrap();
    send(&client, &large).unwrap();
    assert!(server.mails()[0].content == body.as_bytes());

    let mut config = reference_config(&pki);
    config.extensions = vec!["SIZE 1000".to_owned(), "8BITMIME".to_owned()];
    let small = ReferenceServer::start(config).unwrap();
    let client = crate::support::client(&policy(&pki, TlsMode::Implicit), small.implicit_addr());
    let error = fails(
        &client,
        &large,
        Status::TooLarge,
        Stage::Auth,
        Outcome::NotSent,
    );
    assert!(!error.record.content_released);
    assert!(!holds(&small.sessions()[0].tls, FROM));
}

#[test]
fn h04_g14_a_message_that_the_server_does_not_support_is_not_begun() {
    let pki = pki();
    let mut config = reference_config(&pki);
    config.extensions = vec!["PIPELINING".to_owned()];
    let server = ReferenceServer::start(config).unwrap();
    let client = client(&policy(&pki, TlsMode::Implicit), server.implicit_addr());
    let mut eight_bit = message();
    eight_bit
        .set_content("Subject: x\r\n\r\nh\u{e9}\r\n".as_bytes())
        .unwrap();
    fails(
        &client,
        &eight_bit,
        Status::Needs8Bit,
        Stage::Auth,
        Outcome::NotSent,
    );
    let international = message_to(&["j\u{f6}rg@mail.test"]);
    let error = fails(
        &client,
        &international,
        Status::NeedsSmtputf8,
        Stage::Auth,
        Outcome::NotSent,
    );
    assert!(error.to_string().contains("j\u{f6}rg@mail.test"));
}

#[test]
fn eight_bit_and_international_addresses_are_announced() {
    let pki = pki();
    let server = ReferenceServer::start(reference_config(&pki)).unwrap();
    let client = client(&policy(&pki, TlsMode::Implicit), server.implicit_addr());
    let mut message = message_to(&["j\u{f6}rg@mail.test"]);
    message
        .set_content("Subject: x\r\n\r\nh\u{e9}\r\n".as_bytes())
        .unwrap();
    send(&client, &message).unwrap();
    assert!(server.wait_idle(LONG));
    let said = String::from_utf8_lossy(&server.sessions()[0].tls).into_owned();
    assert!(
        said.contains(&format!(
            "MAIL FROM:<{FROM}> SIZE=19 BODY=8BITMIME SMTPUTF8\r\n"
        )),
        "{said}"
    );
}

#[test]
fn g10_blind_copies_and_the_null_sender() {
    let pki = pki();
    let server = ReferenceServer::start(reference_config(&pki)).unwrap();
    let client = client(&policy(&pki, TlsMode::Implicit), server.implicit_addr());
    let mut message = Message::new();
    message.set_sender("").unwrap();
    message.add_recipient(TO).unwrap();
    message
        .set_content(b"Bcc: hidden@mail.test\nMessage-ID: <1@mail.test>\n\nbody\n")
        .unwrap();
    let record = send(&client, &message).unwrap();
    assert_eq!(record.message_id.as_deref(), Some("<1@mail.test>"));
    let mail = &server.mails()[0];
    assert_eq!(
        (mail.from.as_str(), mail.content.as_slice()),
        ("", &b"Message-ID: <1@mail.test>\r\n\r\nbody\r\n"[..])
    );
}

#[test]
fn without_a_credential_there_is_no_login() {
    let pki = pki();
    let mut config = reference_config(&pki);
    config.require_auth = false;
    let server = ReferenceServer::start(config).unwrap();
    let client = client(&policy(&pki, TlsMode::Implicit), server.implicit_addr());
    client.set_credential(None);
    let record = send(&client, &message()).unwrap();
    assert!(!record.secret_released);
    assert_eq!(record.peer.unwrap().mechanism, None);
}

#[test]
fn the_clear_ehlo_name_is_neutral_and_the_callers_own_is_inside() {
    let pki = pki();
    let server = ReferenceServer::start(reference_config(&pki)).unwrap();
    let client = client(&policy(&pki, TlsMode::Starttls), server.starttls_addr());
    client.set_ehlo_name("laptop.of.alice.example").unwrap();
    send(&client, &message()).unwrap();
    assert!(server.wait_idle(LONG));
    let session = &server.sessions()[0];
    assert_nothing_leaked(&session.clear);
    assert!(!holds(&session.clear, "laptop"));
    assert!(holds(&session.tls, "EHLO laptop.of.alice.example"));
}

#[test]
fn a_probe_sends_only_ehlo_starttls_and_quit() {
    let pki = pki();
    let server = ReferenceServer::start(reference_config(&pki)).unwrap();
    for mode in BOTH {
        let trusted = client(&policy(&pki, mode), address(&server, mode))
            .probe(Log::off())
            .unwrap();
        assert_eq!(trusted.status(), Status::Ok);
        let mut empty = secsmtp::trust::Policy::new();
        empty.tls_mode = mode;
        let report = client(&empty, address(&server, mode))
            .probe(Log::off())
            .unwrap();
        assert_eq!(report.status(), Status::NoTrust);
        assert_eq!(
            report.certificates[0].spki.to_string(),
            pki.spki_pin(CertKind::Leaf)
        );
        assert!(report.certificates[0].names.contains(&HOST.to_owned()));
        assert!(report.mechanisms.contains(&"PLAIN".to_owned()));
        assert!(
            report
                .to_string()
                .contains("trusts every certificate that this issuer signs for the name")
        );
    }
    assert!(server.wait_idle(LONG));
    assert_eq!(server.sessions().len(), 4);
    server.sessions().iter().for_each(assert_silent);
}

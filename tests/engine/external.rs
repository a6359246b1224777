//! EXTERNAL: the login by the client certificate that the handshake showed.

use std::net::SocketAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secsmtp::client::Client;
use secsmtp::credential::Credential;
use secsmtp::error::{Outcome, Stage};
use secsmtp::status::Status;
use secsmtp::trust::{Policy, TlsMode};
use secsmtp_testservers::{Pki, Scripted, Step};

use crate::scram_server::{mail, offering};
use crate::support::*;

/// Any certificate with its key: the server's own does.
fn policy_with_certificate(pki: &Pki) -> Policy {
    let pem = |label: &str, der: &[u8]| {
        let body = STANDARD.encode(der);
        format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
    };
    let mut policy = policy(pki, TlsMode::Implicit);
    let identity = pki.identity();
    let chain: String = identity
        .chain
        .iter()
        .map(|der| pem("CERTIFICATE", der))
        .collect();
    let key = pem("PRIVATE KEY", identity.key.secret_der());
    policy
        .set_client_certificate(chain.as_bytes(), key.as_bytes())
        .unwrap();
    policy
}

fn external(policy: &Policy, address: SocketAddr, identity: &str) -> Client {
    let client = client(policy, address);
    let credential = Credential::external(identity).unwrap();
    client.set_credential(Some(Arc::new(credential)));
    client
}

fn script(pki: &Pki, mechanisms: &str, rest: Vec<Step>) -> Scripted {
    let mut steps = offering(pki, mechanisms);
    steps.extend(rest);
    Scripted::start(steps).unwrap()
}

#[test]
fn only_the_identity_is_sent() {
    let pki = pki();
    let policy = policy_with_certificate(&pki);
    let long = "u".repeat(1000);
    for (identity, said) in [
        ("", vec!["AUTH EXTERNAL ="]),
        ("alice", vec!["AUTH EXTERNAL YWxpY2U="]),
        (&long, vec!["AUTH EXTERNAL", &STANDARD.encode(&long)]),
    ] {
        let mut steps = Vec::new();
        for line in &said[..said.len() - 1] {
            steps.extend([Step::expect(line), Step::send("334 \r\n")]);
        }
        steps.extend([Step::expect(said[said.len() - 1]), Step::send("235 in\r\n")]);
        steps.extend(mail());
        let server = script(&pki, "PLAIN EXTERNAL SCRAM-SHA-256", steps);
        let client = external(&policy, server.addr(), identity);
        let (sent, log) = send_logged(&client, &message());
        let record = sent.unwrap_or_else(|error| panic!("{error}\n{log}"));
        assert!(!record.secret_released);
        let peer = record.peer.unwrap();
        assert_eq!(peer.mechanism, Some("EXTERNAL"));
        assert_eq!(peer.tls_version, "1.3");
        let received = server.join();
        assert_eq!(received.error, None);
        let received = String::from_utf8(received.tls).unwrap();
        assert!(
            received.contains(&(said[0].to_owned() + "\r\n")),
            "{received}"
        );
    }
}

#[test]
fn without_a_certificate_it_fails_before_it_connects() {
    let pki = pki();
    let server = script(&pki, "EXTERNAL", vec![Step::ReadToEnd]);
    let client = external(&policy(&pki, TlsMode::Implicit), server.addr(), "");
    let not = Outcome::NotSent;
    let error = fails(
        &client,
        &message(),
        Status::NoClientCertificate,
        Stage::Local,
        not,
    );
    assert!(error.to_string().contains("the policy has none"), "{error}");
    assert!(server.records().is_empty());
}

#[test]
fn f01_neither_kind_of_login_uses_the_others_mechanism() {
    let pki = pki();
    let policy = policy_with_certificate(&pki);
    let (missing, not) = (Status::MechanismMissing, Outcome::NotSent);
    let server = script(&pki, "PLAIN SCRAM-SHA-256 XOAUTH2", vec![Step::ReadToEnd]);
    let client = external(&policy, server.addr(), "");
    fails(&client, &message(), missing, Stage::Auth, not);
    assert!(!holds(&server.join().tls, "AUTH"));
    // A password, though the policy has a certificate.
    let server = script(&pki, "EXTERNAL", vec![Step::ReadToEnd]);
    let client = crate::support::client(&policy, server.addr());
    fails(&client, &message(), missing, Stage::Auth, not);
    assert!(!holds(&server.join().tls, "AUTH"));
    let mut credential = Credential::external("u").unwrap();
    assert!(credential.add_mechanism("external").is_ok());
    assert!(credential.set_min_mechanism("EXTERNAL").is_ok());
    let error = credential.add_mechanism("PLAIN").unwrap_err();
    assert!(
        error
            .to_string()
            .contains("expects a password, found a client certificate")
    );
}

#[test]
fn f05_f08_an_invalid_message_ends_the_exchange() {
    let pki = pki();
    let policy = policy_with_certificate(&pki);
    for (reply, status, outcome) in [
        ("535 5.7.8 No\r\n", Status::AuthRefused, Outcome::Refused),
        ("334 \r\n", Status::UnexpectedReply, Outcome::NotSent),
        (
            "334 bW9yZQ==\r\n",
            Status::UnexpectedReply,
            Outcome::NotSent,
        ),
        ("334 ***\r\n", Status::UnexpectedReply, Outcome::NotSent),
        ("250 ok\r\n", Status::UnexpectedReply, Outcome::NotSent),
    ] {
        let steps = vec![
            Step::expect("AUTH EXTERNAL ="),
            Step::send(reply),
            Step::ReadToEnd,
        ];
        let server = script(&pki, "EXTERNAL", steps);
        let client = external(&policy, server.addr(), "");
        let error = fails(&client, &message(), status, Stage::Auth, outcome);
        assert!(!error.record.secret_released, "{reply}");
        let received = String::from_utf8(server.join().tls).unwrap();
        assert_eq!(received.matches("AUTH").count(), 1, "{received}");
        assert_eq!(
            received.contains("*\r\n"),
            reply.starts_with("334"),
            "{received}"
        );
    }
}

#[test]
fn f19_f20_an_identity_has_no_controls() {
    for wrong in ["a\0b", "a\r\nQUIT", "\x01", &"a".repeat(1025)] {
        let error = Credential::external(wrong).unwrap_err();
        assert_eq!(error.status(), Status::User);
    }
}

//! The choice of a mechanism, and SCRAM with servers that keep its rules.

use std::sync::Arc;

use secsmtp::credential::Credential;
use secsmtp::error::{Outcome, Stage};
use secsmtp::sasl::ChannelBinding;
use secsmtp::status::Status;
use secsmtp::trust::{MinTls, TlsMode};
use secsmtp_testservers::{Scripted, Step};

use crate::scram_server::{Server, client_of, offering, play, welcome};
use crate::support::*;

const NOT: Outcome = Outcome::NotSent;
const REF: Outcome = Outcome::Refused;
const S256: &str = "SCRAM-SHA-256";

#[test]
fn each_hash_logs_in_bound_and_unbound_on_both_tls_versions() {
    let pki = pki();
    for mechanism in [
        "SCRAM-SHA-512-PLUS",
        "SCRAM-SHA-256-PLUS",
        "SCRAM-SHA-1-PLUS",
        "SCRAM-SHA-512",
        "SCRAM-SHA-256",
        "SCRAM-SHA-1",
    ] {
        let plus = mechanism.ends_with("-PLUS");
        for version in [&rustls::version::TLS13, &rustls::version::TLS12] {
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let identity = pki.identity();
            let config = rustls::ServerConfig::builder_with_provider(provider)
                .with_protocol_versions(&[version])
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(identity.chain.clone(), identity.key.clone_key())
                .unwrap();
            let (own, received) = Server::new(mechanism, PASSWORD).steps();
            let offer = format!("PLAIN {mechanism} LOGIN");
            let mut steps = offering(&pki, &offer);
            steps[0] = Step::StartTlsWith(Arc::new(config));
            steps.extend(own);
            steps.extend(welcome());
            let server = Scripted::start(steps).unwrap();
            let client = client_of(&pki, &server, |_| ());
            let (sent, log) = send_logged(&client, &message());
            let record = sent.unwrap_or_else(|error| panic!("{mechanism}: {error}\n{log}"));
            let peer = record.peer.unwrap();
            assert_eq!(peer.mechanism, Some(mechanism));
            assert_eq!(peer.channel_binding, plus.then_some("tls-exporter"));
            assert!(record.secret_released);
            let said = if plus { "p=tls-exporter,," } else { "y,," };
            assert_eq!(received.lock().unwrap().gs2, said);
            assert_eq!(server.join().error, None);
        }
    }
}

#[test]
fn f01_f16_an_unusable_offer_ends_the_login_before_auth() {
    let pki = pki();
    type Set = fn(&mut Credential);
    let minimum: Set = |c| c.set_min_mechanism("SCRAM-SHA-256-PLUS").unwrap();
    let lower: Set = |c| c.set_min_mechanism("SCRAM-SHA-256").unwrap();
    let require: Set = |c| c.set_channel_binding(ChannelBinding::Require);
    let off: Set = |c| {
        c.set_channel_binding(ChannelBinding::Off);
        c.add_mechanism("SCRAM-SHA-256-PLUS").unwrap();
    };
    let (missing, unbound) = (Status::MechanismMissing, Status::ChannelBinding);
    for (set, offer, status, words) in [
        (
            lower,
            "PLAIN LOGIN",
            missing,
            "offers PLAIN, LOGIN, the minimum is SCRAM-SHA-256",
        ),
        (
            lower,
            "SCRAM-SHA-1-PLUS SCRAM-SHA-1",
            missing,
            "the minimum is",
        ),
        (
            minimum,
            "SCRAM-SHA-512 SCRAM-SHA-256 PLAIN",
            missing,
            "the minimum is",
        ),
        (minimum, "SCRAM-SHA-1-PLUS", missing, "the minimum is"),
        (
            require,
            "SCRAM-SHA-512 PLAIN",
            unbound,
            "offers SCRAM-SHA-512, PLAIN",
        ),
        (off, "SCRAM-SHA-256-PLUS", missing, "allowed are none"),
    ] {
        let mut steps = offering(&pki, offer);
        steps.push(Step::ReadToEnd);
        let server = Scripted::start(steps).unwrap();
        let client = client_of(&pki, &server, set);
        let error = fails(&client, &message(), status, Stage::Auth, NOT);
        assert!(error.to_string().contains(words), "{error}");
        assert!(!error.record.secret_released);
        assert!(!holds(&server.join().tls, "AUTH"));
    }
}

#[test]
fn f02_f17_a_refusal_is_the_end_also_of_a_bound_login() {
    let pki = pki();
    let wrong = Server::new(S256, "another password");
    let mut relay = Server::new("SCRAM-SHA-256-PLUS", PASSWORD);
    relay.same_channel = false;
    for server in [wrong, relay] {
        let offer = "SCRAM-SHA-1 PLAIN LOGIN ".to_owned() + server.mechanism;
        let (server, _) = play(&pki, &offer, server, vec![Step::ReadToEnd]);
        let client = client_of(&pki, &server, |_| ());
        let error = fails(&client, &message(), Status::AuthRefused, Stage::Auth, REF);
        assert!(error.record.secret_released);
        let said = String::from_utf8(server.join().tls).unwrap();
        assert_eq!(said.matches("AUTH ").count(), 1, "{said}");
    }
}

#[test]
fn f16_n_if_the_caller_declines_the_offer() {
    let pki = pki();
    let offer = "SCRAM-SHA-256 SCRAM-SHA-256-PLUS";
    let (server, received) = play(&pki, offer, Server::new(S256, PASSWORD), welcome());
    let client = client_of(&pki, &server, |c| c.add_mechanism(S256).unwrap());
    assert_eq!(
        send(&client, &message())
            .unwrap()
            .peer
            .unwrap()
            .channel_binding,
        None
    );
    assert_eq!(received.lock().unwrap().gs2, "n,,");
    let (server, received) = play(&pki, offer, Server::new(S256, PASSWORD), welcome());
    let client = client_of(&pki, &server, |c| {
        c.set_channel_binding(ChannelBinding::Off)
    });
    assert!(send(&client, &message()).is_ok());
    assert_eq!(received.lock().unwrap().gs2, "n,,");
    let offer = "PLAIN SCRAM-SHA-1-PLUS SCRAM-SHA-256";
    let bound = Server::new("SCRAM-SHA-1-PLUS", PASSWORD);
    let (server, _) = play(&pki, offer, bound, welcome());
    let client = client_of(&pki, &server, |c| {
        c.set_channel_binding(ChannelBinding::Require)
    });
    let peer = send(&client, &message()).unwrap().peer.unwrap();
    assert_eq!(peer.channel_binding, Some("tls-exporter"));
}

#[test]
fn f25_prepared_alike_or_not_at_all() {
    let pki = pki();
    let with = |server: &Scripted, user: &str, password: &str| {
        let mut policy = policy(&pki, TlsMode::Implicit);
        policy.min_tls = MinTls::V1_3;
        let client = client(&policy, server.addr());
        let credential = Credential::password(user, password.as_bytes()).unwrap();
        client.set_credential(Some(Arc::new(credential)));
        client
    };
    let prepared = Server::new(S256, "b\u{f8}b IX");
    let (server, received) = play(&pki, S256, prepared, welcome());
    let client = with(&server, "al=i,ce", "b\u{f8}\u{ad}b\u{a0}\u{2168}");
    assert!(send(&client, &message()).is_ok());
    assert!(
        received
            .lock()
            .unwrap()
            .first_bare
            .starts_with("n=al=3Di=2Cce,r=")
    );
    for (user, password, status) in [
        ("u", "p\u{e000}", Status::Secret),
        ("u\u{e000}", "p", Status::User),
    ] {
        let mut steps = offering(&pki, "SCRAM-SHA-256 PLAIN");
        steps.push(Step::ReadToEnd);
        let server = Scripted::start(steps).unwrap();
        let client = with(&server, user, password);
        let error = fails(&client, &message(), status, Stage::Auth, NOT);
        assert!(error.to_string().contains("SASLprep"), "{error}");
        assert!(!error.to_string().contains('\u{e000}'), "{error}");
        assert!(!holds(&server.join().tls, "AUTH"));
    }
}

#[test]
fn f26_a_long_name_waits_for_its_challenge() {
    let pki = pki();
    let mut steps = offering(&pki, S256);
    let (own, received) = Server::new(S256, PASSWORD).steps();
    steps.push(Step::respond(|line, _| {
        assert_eq!(line, b"AUTH SCRAM-SHA-256");
        b"334 \r\n".to_vec()
    }));
    steps.extend(own);
    steps.extend(welcome());
    let server = Scripted::start(steps).unwrap();
    let client = client(&policy(&pki, TlsMode::Implicit), server.addr());
    let long = Credential::password(&"u".repeat(1000), PASSWORD.as_bytes()).unwrap();
    client.set_credential(Some(Arc::new(long)));
    send(&client, &message()).unwrap();
    assert!(received.lock().unwrap().first_bare.starts_with("n=uuuu"));
}

//! The choice of a mechanism, and SCRAM against servers right and wrong.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secsmtp::client::Client;
use secsmtp::credential::Credential;
use secsmtp::error::{Outcome, Stage};
use secsmtp::proto::sasl::ChannelBinding;
use secsmtp::status::Status;
use secsmtp::tls::{MinTls, TlsMode};
use secsmtp_testservers::{Pki, Scripted, Step};

use crate::scram_server::{Heard, SALT, Server, challenge};
use crate::support::*;

const NOT: Outcome = Outcome::NotSent;
const REF: Outcome = Outcome::Refused;
const S256: &str = "SCRAM-SHA-256";

/// Up to the offer of these mechanisms.
fn offering(pki: &Pki, mechanisms: &str) -> Vec<Step> {
    vec![
        Step::StartTls(pki.identity()),
        Step::send("220 m\r\n"),
        Step::expect("EHLO"),
        Step::send(&format!("250-m\r\n250 AUTH {mechanisms}\r\n")),
    ]
}

/// The whole of a mail behind the login.
fn mail() -> Vec<Step> {
    let mut steps = Vec::new();
    for (command, reply) in [("MAIL", "250"), ("RCPT", "250"), ("DATA", "354")] {
        steps.extend([
            Step::expect(command),
            Step::send(&format!("{reply} ok\r\n")),
        ]);
    }
    steps.extend([Step::ReadMessage, Step::send("250 ok\r\n"), Step::ReadToEnd]);
    steps
}

/// A script that offers `mechanisms` and plays `server`, with `after` behind its last message.
fn play(
    pki: &Pki,
    mechanisms: &str,
    server: Server,
    after: Vec<Step>,
) -> (Scripted, Arc<Mutex<Heard>>) {
    let mut steps = offering(pki, mechanisms);
    let (own, heard) = server.steps();
    steps.extend(own);
    steps.extend(after);
    (Scripted::start(steps).unwrap(), heard)
}

/// The client's answer to the signature, and the server's word on it.
fn welcome() -> Vec<Step> {
    let mut steps = vec![Step::respond(|line, _| {
        assert!(
            line.is_empty(),
            "the signature is answered by an empty line"
        );
        b"235 2.7.0 in\r\n".to_vec()
    })];
    steps.extend(mail());
    steps
}

fn client_of(pki: &Pki, server: &Scripted, set: impl FnOnce(&mut Credential)) -> Client {
    let client = client(&policy(pki, TlsMode::Implicit), server.addr());
    let mut credential = Credential::password(USER, PASSWORD.as_bytes()).unwrap();
    set(&mut credential);
    client.set_credential(Some(Arc::new(credential)));
    client
}

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
            let (own, heard) = Server::new(mechanism, PASSWORD).steps();
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
            assert_eq!(heard.lock().unwrap().gs2, said);
            assert_eq!(server.join().error, None);
        }
    }
}

#[test]
fn f01_f16_what_is_offered_ends_the_login_before_a_word_of_it() {
    let pki = pki();
    type Set = fn(&mut Credential);
    let floor: Set = |c| c.set_floor("SCRAM-SHA-256-PLUS").unwrap();
    let lower: Set = |c| c.set_floor("SCRAM-SHA-256").unwrap();
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
            "offers only PLAIN, LOGIN, and the floor is SCRAM-SHA-256",
        ),
        (
            lower,
            "SCRAM-SHA-1-PLUS SCRAM-SHA-1",
            missing,
            "the floor is",
        ),
        (
            floor,
            "SCRAM-SHA-512 SCRAM-SHA-256 PLAIN",
            missing,
            "the floor is",
        ),
        (floor, "SCRAM-SHA-1-PLUS", missing, "the floor is"),
        (
            require,
            "SCRAM-SHA-512 PLAIN",
            unbound,
            "offers only SCRAM-SHA-512, PLAIN",
        ),
        (off, "SCRAM-SHA-256-PLUS", missing, "allowed are (none)"),
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
fn f09_to_f14_a_bad_challenge_ends_it_before_anything_is_computed() {
    let pki = pki();
    let rest = format!("s={SALT},i=4096");
    let big_salt = STANDARD.encode([7; 1025]);
    type First = Box<dyn Fn(&str) -> String + Send + Sync>;
    let tricks: Vec<(First, &str)> = vec![
        (Box::new(|n| format!("r={n}x,s={SALT},i=1")), "4096 or more"),
        (
            Box::new(|n| format!("r={n}x,s={SALT},i=4095")),
            "4096 or more",
        ),
        (
            Box::new(|n| format!("r={n}x,s={SALT},i=2147483647")),
            "set maximum",
        ),
        (
            Box::new(|n| format!("r={n}x,s={SALT},i=100001")),
            "set maximum",
        ),
        (
            Box::new(|n| format!("r={n}x,s={SALT},i=04096")),
            "plain digits",
        ),
        (
            Box::new(|n| format!("r={n}x,s={SALT},i=+4096")),
            "plain digits",
        ),
        (
            Box::new(|n| format!("r={n}x,s={SALT},i=99999999999999")),
            "plain digits",
        ),
        (Box::new(|n| format!("r={n},s={SALT},i=4096")), "nonce"),
        (
            Box::new(|n| format!("r={},s={SALT},i=4096", &n[1..])),
            "nonce",
        ),
        (Box::new(|_| format!("r=another,s={SALT},i=4096")), "nonce"),
        (
            Box::new(|n| format!("r={n}\0\r\nx,s={SALT},i=4096")),
            "nonce",
        ),
        (Box::new(|n| format!("r={n}x,s=,i=4096")), "salt"),
        (
            Box::new(move |n| format!("r={n}x,s={big_salt},i=4096")),
            "salt",
        ),
        (
            Box::new(|n| format!("m=new,r={n}x,s={SALT},i=4096")),
            "begins with r=",
        ),
        (
            Box::new(move |n| format!("{rest},r={n}x")),
            "begins with r=",
        ),
        (
            Box::new(|n| format!("r={n}x,s={SALT},i=4096,i=4096")),
            "unknown attributes",
        ),
    ];
    for (first, words) in tricks {
        let server = Server::new(S256, PASSWORD).first(first);
        let (server, heard) = play(&pki, "SCRAM-SHA-256 PLAIN", server, vec![Step::ReadToEnd]);
        let client = client_of(&pki, &server, |_| ());
        let error = fails(
            &client,
            &message(),
            Status::UnexpectedReply,
            Stage::Auth,
            NOT,
        );
        assert!(error.to_string().contains(words), "{error}");
        assert!(!error.record.secret_released);
        let record = server.join();
        assert!(record.tls.ends_with(b"\r\n*\r\n"), "it is given up once");
        assert_eq!(heard.lock().unwrap().proof, "");
    }
}

#[test]
fn f10_the_maximum_is_the_callers() {
    let pki = pki();
    let many = || Server::new(S256, PASSWORD).first(|n| format!("r={n}x,s={SALT},i=100001"));
    let (server, _) = play(&pki, S256, many(), welcome());
    let client = client_of(&pki, &server, |c| c.set_max_iterations(100_001).unwrap());
    assert!(send(&client, &message()).is_ok());
    let (server, _) = play(&pki, S256, many(), vec![Step::ReadToEnd]);
    let client = client_of(&pki, &server, |c| c.set_max_iterations(100_000).unwrap());
    fails(
        &client,
        &message(),
        Status::UnexpectedReply,
        Stage::Auth,
        NOT,
    );
}

#[test]
fn f08_f15_a_server_that_proves_nothing_is_not_believed() {
    let pki = pki();
    type Last = fn(&str) -> String;
    let tricks: [(Last, Status); 10] = [
        (|_| "235 2.7.0 in\r\n".to_owned(), Status::Unproven),
        // RFC 4954 has no data in a 235; not even the right signature counts there.
        (
            |v| format!("235 2.7.0 {}\r\n", STANDARD.encode(format!("v={v}"))),
            Status::Unproven,
        ),
        (
            |_| challenge(&format!("v={}", STANDARD.encode([0; 32]))),
            Status::Unproven,
        ),
        (|v| challenge(&format!("v={}", &v[..40])), Status::Unproven),
        (|_| challenge("v="), Status::Unproven),
        (|_| challenge("e=invalid-proof"), Status::AuthRefused),
        (|_| challenge("e=other-error\r\n250 x"), Status::AuthRefused),
        (|_| challenge(""), Status::Unproven),
        (
            |v| challenge(&format!("v={v},v={v}")),
            Status::UnexpectedReply,
        ),
        (
            |v| challenge(&format!("v={v},m=x")),
            Status::UnexpectedReply,
        ),
    ];
    for (last, status) in tricks {
        let server = Server::new(S256, PASSWORD).last(last);
        let (server, heard) = play(&pki, "SCRAM-SHA-256 PLAIN", server, mail());
        let client = client_of(&pki, &server, |_| ());
        let error = fails(&client, &message(), status, Stage::Auth, NOT);
        assert!(error.record.secret_released && !error.record.content_released);
        assert!(error.record.peer.unwrap().mechanism.is_none());
        assert!(!heard.lock().unwrap().proof.is_empty());
        assert!(!holds(&server.join().tls, FROM));
    }
}

#[test]
fn f05_f08_the_end_before_the_middle_and_after_the_end() {
    let pki = pki();
    for (reply, status) in [
        ("235 2.7.0 in\r\n", Status::Unproven),
        ("334 \r\n", Status::UnexpectedReply),
        ("334 not base64!\r\n", Status::UnexpectedReply),
        ("250 ok\r\n", Status::UnexpectedReply),
    ] {
        let mut steps = offering(&pki, "SCRAM-SHA-256 PLAIN");
        steps.extend([Step::expect("AUTH SCRAM-SHA-256 "), Step::send(reply)]);
        steps.push(Step::ReadToEnd);
        let server = Scripted::start(steps).unwrap();
        let client = client_of(&pki, &server, |_| ());
        let error = fails(&client, &message(), status, Stage::Auth, NOT);
        assert!(!error.record.secret_released);
        assert!(
            error.to_string().contains("Neither the password"),
            "{error}"
        );
        assert!(!holds(&server.join().tls, FROM));
    }
    let more = vec![Step::expect(""), Step::send("334 \r\n"), Step::ReadToEnd];
    let (server, _) = play(&pki, S256, Server::new(S256, PASSWORD), more);
    let client = client_of(&pki, &server, |_| ());
    fails(
        &client,
        &message(),
        Status::UnexpectedReply,
        Stage::Auth,
        NOT,
    );
    assert!(!holds(&server.join().tls, FROM));
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
fn f16_n_where_the_caller_declines_what_is_offered() {
    let pki = pki();
    let offer = "SCRAM-SHA-256 SCRAM-SHA-256-PLUS";
    let (server, heard) = play(&pki, offer, Server::new(S256, PASSWORD), welcome());
    let client = client_of(&pki, &server, |c| c.add_mechanism(S256).unwrap());
    assert_eq!(
        send(&client, &message())
            .unwrap()
            .peer
            .unwrap()
            .channel_binding,
        None
    );
    assert_eq!(heard.lock().unwrap().gs2, "n,,");
    let (server, heard) = play(&pki, offer, Server::new(S256, PASSWORD), welcome());
    let client = client_of(&pki, &server, |c| {
        c.set_channel_binding(ChannelBinding::Off)
    });
    assert!(send(&client, &message()).is_ok());
    assert_eq!(heard.lock().unwrap().gs2, "n,,");
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
    let (server, heard) = play(&pki, S256, prepared, welcome());
    let client = with(&server, "al=i,ce", "b\u{f8}\u{ad}b\u{a0}\u{2168}");
    assert!(send(&client, &message()).is_ok());
    assert!(
        heard
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
    let (own, heard) = Server::new(S256, PASSWORD).steps();
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
    assert!(heard.lock().unwrap().first_bare.starts_with("n=uuuu"));
}

#[test]
fn i01_i02_nothing_to_guess_the_password_from_is_shown() {
    let pki = pki();
    let echo = |v: &str| format!("535 5.7.8 you should have got v={v}\r\n");
    for (last, after) in [(None, welcome()), (Some(echo), vec![Step::ReadToEnd])] {
        let mut server = Server::new(S256, PASSWORD);
        if let Some(last) = last {
            server = server.last(last);
        }
        let (server, heard) = play(&pki, S256, server, after);
        let client = client_of(&pki, &server, |_| ());
        let (sent, log) = send_logged(&client, &message());
        let shown = format!("{sent:?}{log}");
        let heard = heard.lock().unwrap().clone();
        for secret in [PASSWORD, &*heard.proof, &*heard.server_first, SALT] {
            assert!(!holds(shown.as_bytes(), secret), "{secret} is in {shown}");
        }
        assert!(
            log.contains("< 334 (") && log.contains("octets not shown"),
            "{log}"
        );
    }
    // What was proven with is scrubbed out of an answer that echoes it.
    let mut steps = offering(&pki, S256);
    let (own, heard) = Server::new(S256, PASSWORD).steps();
    steps.extend(own.into_iter().take(1));
    let seen = Arc::new(Mutex::new(String::new()));
    let ear = seen.clone();
    steps.push(Step::respond(move |line, _| {
        let line = String::from_utf8(line.to_vec()).unwrap();
        *ear.lock().unwrap() = line.clone();
        format!("535-{line}\r\n535 no\r\n").into_bytes()
    }));
    steps.push(Step::ReadToEnd);
    let server = Scripted::start(steps).unwrap();
    let client = client_of(&pki, &server, |_| ());
    let (sent, log) = send_logged(&client, &message());
    let shown = format!("{sent:?}{}{log}", sent.as_ref().unwrap_err());
    let line = seen.lock().unwrap().clone();
    assert!(line.len() > 100 && !shown.contains(&line) && shown.contains("[secret]"));
    let message = String::from_utf8(STANDARD.decode(&line).unwrap()).unwrap();
    let proof = message.split_once(",p=").unwrap().1;
    assert!(!holds(shown.as_bytes(), proof), "{shown}");
    drop(heard);
}

//! The mechanisms besides SCRAM against servers that break the rules of an exchange, on the wire.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secsmtp::client::Client;
use secsmtp::credential::Credential;
use secsmtp::error::{Outcome, Stage};
use secsmtp::status::Status;
use secsmtp::trust::TlsMode;
use secsmtp_testservers::{Pki, Scripted, Step};

use crate::scram_server::{Server, challenge, client_of, mail, offering, play};
use crate::support::*;

const NOT: Outcome = Outcome::NotSent;
const REF: Outcome = Outcome::Refused;
const TOKEN: &str = "ya29.a-Token_nobody~guesses";
const JSON: &str = "{\"status\":\"invalid_token\",\"scope\":\"mail\"}";

fn script(pki: &Pki, mechanisms: &str, rest: Vec<Step>) -> Scripted {
    let mut steps = offering(pki, mechanisms);
    steps.extend(rest);
    Scripted::start(steps).unwrap()
}

/// A client with the kind of secret that the mechanism takes.
fn of(pki: &Pki, server: &Scripted, mechanism: &str) -> Client {
    let credential = if mechanism.contains("OAUTH") {
        Credential::token(USER, TOKEN.as_bytes())
    } else {
        Credential::password(USER, PASSWORD.as_bytes())
    };
    let client = client(&policy(pki, TlsMode::Implicit), server.addr());
    client.set_credential(Some(Arc::new(credential.unwrap())));
    client
}

/// The lines that the server received after EHLO.
fn received(server: Scripted) -> Vec<String> {
    let all = String::from_utf8(server.join().tls).unwrap();
    all.lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn f03_no_auth_inside_tls_is_an_error_whatever_was_offered_outside() {
    let pki = pki();
    let ehlo = |capability: &str| Step::send(&format!("250-m\r\n250 {capability}\r\n"));
    let mut steps = vec![
        Step::send("220 m\r\n"),
        Step::expect("EHLO"),
        Step::send("250-m\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n"),
        Step::expect("STARTTLS"),
        Step::send("220 go\r\n"),
        Step::StartTls(pki.identity()),
        Step::expect("EHLO"),
    ];
    steps.extend([ehlo("8BITMIME"), Step::ReadToEnd]);
    let server = Scripted::start(steps).unwrap();
    let client = client(&policy(&pki, TlsMode::Starttls), server.addr());
    let error = fails(&client, &message(), Status::AuthMissing, Stage::Auth, NOT);
    assert!(!error.record.secret_released);
    let words = received(server);
    assert!(
        !words
            .iter()
            .any(|line| line.starts_with("AUTH") || line.starts_with("MAIL"))
    );
}

#[test]
fn f05_f06_an_endless_or_invalid_exchange_is_aborted_once() {
    let pki = pki();
    for (mechanism, most) in [
        ("PLAIN", 2),
        ("LOGIN", 4),
        ("XOAUTH2", 3),
        ("OAUTHBEARER", 3),
    ] {
        for reply in [
            "334 \r\n",
            "334 VXNlcm5hbWU6\r\n",
            "334 &&&\r\n",
            "334 VX\r\n",
        ] {
            // Asks for more after each line, `*` included.
            let mut steps = Vec::new();
            for _ in 0..8 {
                steps.extend([Step::ReadLine, Step::send(reply)]);
            }
            let server = script(&pki, mechanism, steps);
            let client = of(&pki, &server, mechanism);
            let error = fails(
                &client,
                &message(),
                Status::UnexpectedReply,
                Stage::Auth,
                NOT,
            );
            assert!(!error.to_string().contains(TOKEN) && !error.to_string().contains(PASSWORD));
            let lines = received(server);
            assert!(lines.len() <= most, "{mechanism} {reply}: {lines:?}");
            assert_eq!(
                lines.iter().filter(|line| *line == "*").count(),
                1,
                "{lines:?}"
            );
            assert_eq!(lines.last().map(String::as_str), Some("*"), "{lines:?}");
        }
    }
}

#[test]
fn f07_the_text_of_a_challenge_reaches_no_command_and_no_log() {
    let pki = pki();
    let injected = "x\r\nMAIL FROM:<evil@evil.example>\r\n\0\x1b[2J\u{202e}";
    let mut steps = vec![Step::expect("AUTH LOGIN"), Step::send(&challenge(injected))];
    steps.extend([Step::ReadLine, Step::send(&challenge(injected))]);
    steps.extend([Step::ReadLine, Step::send("235 in\r\n")]);
    steps.extend(mail());
    let server = script(&pki, "LOGIN", steps);
    let client = of(&pki, &server, "LOGIN");
    let (sent, log) = send_logged(&client, &message());
    assert_eq!(sent.unwrap().outcome, Outcome::Accepted);
    assert!(
        !log.contains("evil") && !log.contains('\0') && !log.contains('\x1b'),
        "{log}"
    );
    let lines = received(server);
    assert!(!lines.iter().any(|line| line.contains("evil")), "{lines:?}");
    // The text of a challenge that is shown as the reason of a rejection is escaped.
    let server =
        Server::new("SCRAM-SHA-256", PASSWORD).last(move |_| challenge(&format!("e={injected}")));
    let (server, _) = play(&pki, "SCRAM-SHA-256", server, vec![Step::ReadToEnd]);
    let client = client_of(&pki, &server, |_| ());
    let (sent, log) = send_logged(&client, &message());
    let error = sent.unwrap_err();
    assert_eq!(error.status(), Status::AuthRefused, "{error}\n{log}");
    let shown = format!("{log}{error}");
    assert!(shown.contains(r"e=x\r\nMAIL"), "{shown}");
    for control in ['\0', '\x1b', '\r', '\u{202e}'] {
        assert!(!shown.contains(control), "{shown:?}");
    }
}

#[test]
fn f21_a_token_names_the_verified_host_and_goes_nowhere_else() {
    let pki = pki();
    // Greets as another, sends the client elsewhere, and is not followed.
    for reply in [
        "551 5.1.6 Try other.example\r\n",
        "535 5.7.8 Go to other.example:465\r\n",
    ] {
        let said = Arc::new(Mutex::new(Vec::new()));
        let ear = Arc::clone(&said);
        let mut steps = offering(&pki, "OAUTHBEARER");
        steps[1] = Step::send("220 other.example says hello\r\n");
        steps[3] = Step::send("250-other.example\r\n250 AUTH OAUTHBEARER\r\n");
        steps.extend([
            Step::respond(move |line, _| {
                let encoded = line.strip_prefix(b"AUTH OAUTHBEARER ").unwrap();
                *ear.lock().unwrap() = STANDARD.decode(encoded).unwrap();
                reply.as_bytes().to_vec()
            }),
            Step::ReadToEnd,
        ]);
        let server = Scripted::start(steps).unwrap();
        let client = of(&pki, &server, "OAUTHBEARER");
        fails(&client, &message(), Status::AuthRefused, Stage::Auth, REF);
        let expected =
            format!("n,a={USER},\x01host={HOST}\x01port=465\x01auth=Bearer {TOKEN}\x01\x01");
        assert_eq!(*said.lock().unwrap(), expected.into_bytes());
        assert_eq!(server.records().len(), 1);
    }
}

#[test]
fn f22_an_error_in_json_is_answered_as_the_rfc_has_it_and_then_fails() {
    let pki = pki();
    for (mechanism, farewell) in [("OAUTHBEARER", "AQ=="), ("XOAUTH2", "")] {
        for (last, status, outcome) in [
            ("535 5.7.8 No\r\n", Status::AuthRefused, REF),
            ("235 2.7.0 In\r\n", Status::UnexpectedReply, NOT),
            ("421 4.7.0 Bye\r\n", Status::Closing, NOT),
        ] {
            let steps = vec![
                Step::expect("AUTH"),
                Step::send(&challenge(JSON)),
                Step::ReadLine,
                Step::send(last),
                Step::ReadToEnd,
            ];
            let server = script(&pki, mechanism, steps);
            let client = of(&pki, &server, mechanism);
            let (sent, log) = send_logged(&client, &message());
            let error = sent.unwrap_err();
            let got = (error.status(), error.record.stage, error.record.outcome);
            assert_eq!(got, (status, Stage::Auth, outcome), "{error}\n{log}");
            assert!(!holds(log.as_bytes(), TOKEN), "{log}");
            let lines = received(server);
            assert_eq!(lines[1], farewell, "{lines:?}");
            assert_eq!(
                lines.iter().filter(|line| line.starts_with("AUTH")).count(),
                1
            );
            assert!(
                !lines.iter().any(|line| line.starts_with("MAIL")),
                "{lines:?}"
            );
        }
    }
}

#[test]
fn f24_unsupported_mechanisms_are_never_used() {
    let pki = pki();
    let offer = "NTLM CRAM-MD5 DIGEST-MD5 GSSAPI SCRAM-SHA-224 ANONYMOUS";
    for mechanism in ["PLAIN", "XOAUTH2"] {
        let server = script(&pki, offer, vec![Step::ReadToEnd]);
        let client = of(&pki, &server, mechanism);
        let error = fails(
            &client,
            &message(),
            Status::MechanismMissing,
            Stage::Auth,
            NOT,
        );
        assert!(
            error.to_string().contains("NTLM, CRAM-MD5, DIGEST-MD5"),
            "{error}"
        );
        assert!(received(server).is_empty());
    }
}

#[test]
fn f27_there_is_only_one_auth_with_any_reply() {
    let pki = pki();
    let count = Arc::new(AtomicUsize::new(0));
    for (after, status) in [
        // Announces its capabilities without a command.
        ("235 in\r\n250-m\r\n250 AUTH LOGIN\r\n", Status::Unsolicited),
        ("235 in\r\n334 \r\n", Status::Unsolicited),
        ("235 in\r\n", Status::SenderRefused),
    ] {
        let own = Arc::clone(&count);
        let server = script(
            &pki,
            "PLAIN LOGIN",
            vec![
                Step::expect("AUTH"),
                Step::send(after),
                Step::respond(move |_, _| {
                    own.fetch_add(1, Ordering::SeqCst);
                    b"530 5.7.0 Authentication required\r\n".to_vec()
                }),
                Step::ReadToEnd,
            ],
        );
        let client = of(&pki, &server, "PLAIN");
        let error = send(&client, &message()).unwrap_err();
        assert_eq!(error.status(), status, "{error}");
        assert!(error.record.secret_released && !error.record.content_released);
        let lines = received(server);
        assert_eq!(
            lines.iter().filter(|line| line.starts_with("AUTH")).count(),
            1,
            "{lines:?}"
        );
    }
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

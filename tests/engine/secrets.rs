//! No secret in any log, error or record, whatever the server throws back.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secsmtp::credential::Credential;
use secsmtp::status::Status;
use secsmtp::trust::TlsMode;
use secsmtp_testservers::{ReferenceServer, Scripted, Step};

use crate::scram_server::{Server, challenge, offering, play};
use crate::support::*;

#[track_caller]
fn assert_clean(text: &str) {
    assert!(
        !holds(text.as_bytes(), PASSWORD),
        "the password is in:\n{text}"
    );
    let blob = STANDARD.encode(format!("\0{USER}\0{PASSWORD}"));
    assert!(!text.contains(&blob), "the PLAIN blob is in:\n{text}");
    assert!(!text.contains("line of the body"), "content is in:\n{text}");
}

#[test]
fn i01_i02_the_log_of_a_whole_send_holds_no_secret_and_no_content() {
    let pki = pki();
    let server = ReferenceServer::start(reference_config(&pki)).unwrap();
    for mechanism in ["PLAIN", "LOGIN"] {
        let client = client(&policy(&pki, TlsMode::Starttls), server.starttls_addr());
        let mut credential =
            secsmtp::credential::Credential::password(USER, PASSWORD.as_bytes()).unwrap();
        credential.add_mechanism(mechanism).unwrap();
        assert_clean(&format!("{credential:?}"));
        client.set_credential(Some(std::sync::Arc::new(credential)));
        assert_clean(&format!("{client:?}"));
        let (sent, log) = send_logged(&client, &message());
        assert_clean(&format!("{:?}", sent.unwrap()));
        assert_clean(&log);
        assert!(log.contains("bytes not shown"), "{log}");
        assert!(
            log.contains("> BDAT 52 LAST") && log.contains("< 250") && log.contains("< 235"),
            "{log}"
        );
        assert!(log.contains("content of"), "{log}");
    }
}

#[test]
fn i01_i02_a_refused_login_leaves_nothing_of_its_secret_in_log_or_error() {
    let pki = pki();
    for mechanism in [
        "PLAIN",
        "LOGIN",
        "XOAUTH2",
        "OAUTHBEARER",
        "SCRAM-SHA-256",
        "SCRAM-SHA-512-PLUS",
    ] {
        let token = mechanism.contains("OAUTH");
        let secret = if token {
            "a.Token_that-is~wrong"
        } else {
            "a wrong Passw\u{f6}rd"
        };
        let server = if mechanism.starts_with("SCRAM") {
            let own = Server::new(mechanism, "the right one");
            play(&pki, mechanism, own, vec![Step::ReadToEnd]).0
        } else {
            let mut steps = offering(&pki, mechanism);
            steps.push(Step::ReadLine);
            match mechanism {
                "LOGIN" => {
                    for _ in 0..2 {
                        steps.extend([Step::send("334 Og==\r\n"), Step::ReadLine]);
                    }
                }
                "PLAIN" => {}
                _ => steps.extend([
                    Step::send(&challenge("{\"status\":\"401\"}")),
                    Step::ReadLine,
                ]),
            }
            steps.extend([Step::send("535 5.7.8 No\r\n"), Step::ReadToEnd]);
            Scripted::start(steps).unwrap()
        };
        let credential = if token {
            Credential::token(USER, secret.as_bytes())
        } else {
            Credential::password(USER, secret.as_bytes())
        };
        let client = client(&policy(&pki, TlsMode::Implicit), server.addr());
        client.set_credential(Some(std::sync::Arc::new(credential.unwrap())));
        let (sent, log) = send_logged(&client, &message());
        let error = sent.unwrap_err();
        assert_eq!(error.status(), Status::AuthRefused, "{error}\n{log}");
        assert!(error.record.secret_released);
        for shown in [
            log,
            error.to_string(),
            format!("{error:?}"),
            format!("{client:?}"),
        ] {
            assert!(!holds(shown.as_bytes(), secret), "{mechanism}: {shown}");
        }
        // The secret was sent although it is not shown: the server received it.
        let received = server.join().tls;
        let said = String::from_utf8_lossy(&received);
        assert!(said.contains(&format!("AUTH {mechanism}")), "{said}");
        assert_eq!(
            holds(&received, secret),
            !mechanism.starts_with("SCRAM"),
            "{mechanism}: {said}"
        );
    }
}

#[test]
fn e18_a_server_that_echoes_the_login_is_scrubbed() {
    let pki = pki();
    let blob = STANDARD.encode(format!("\0{USER}\0{PASSWORD}"));
    for echo in [
        PASSWORD.to_owned(),
        blob.clone(),
        format!("AUTH PLAIN {blob}"),
        STANDARD.encode(PASSWORD),
        STANDARD.encode(format!("x{PASSWORD}y")),
        STANDARD.encode(format!("ab{PASSWORD}")),
    ] {
        for reply in [
            format!("535-5.7.8 you said {echo}!\r\n535 5.7.8 {echo}\r\n"),
            format!("999 {echo}\r\n"),
            format!("334 {echo}\r\n"),
        ] {
            let server = Scripted::start(vec![
                Step::StartTls(pki.identity()),
                Step::send("220 m\r\n"),
                Step::expect("EHLO"),
                Step::send("250-m\r\n250 AUTH PLAIN\r\n"),
                Step::expect("AUTH"),
                Step::send(&reply),
                Step::ReadToEnd,
            ])
            .unwrap();
            let client = client(&policy(&pki, TlsMode::Implicit), server.addr());
            let (sent, log) = send_logged(&client, &message());
            let error = sent.unwrap_err();
            assert_clean(&log);
            assert_clean(&error.to_string());
            assert_clean(&format!("{error:?}"));
            assert!(error.to_string().contains("[secret]"), "{error}");
        }
    }
}

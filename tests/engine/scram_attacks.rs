//! SCRAM servers that break its rules: nothing goes on, and nothing is shown.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secsmtp::error::{Outcome, Stage};
use secsmtp::status::Status;
use secsmtp_testservers::{Scripted, Step};

use crate::scram_server::{SALT, Server, challenge, client_of, mail, offering, play, welcome};
use crate::support::*;

const NOT: Outcome = Outcome::NotSent;
const S256: &str = "SCRAM-SHA-256";

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
        let (server, received) = play(&pki, "SCRAM-SHA-256 PLAIN", server, vec![Step::ReadToEnd]);
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
        assert_eq!(received.lock().unwrap().proof, "");
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
fn f08_f15_a_server_without_a_proof_is_not_accepted() {
    let pki = pki();
    type Last = fn(&str) -> String;
    let tricks: [(Last, Status); 10] = [
        (
            |_| "235 2.7.0 in\r\n".to_owned(),
            Status::ServerNotAuthenticated,
        ),
        // RFC 4954 has no data in a 235; not even the right signature counts there.
        (
            |v| format!("235 2.7.0 {}\r\n", STANDARD.encode(format!("v={v}"))),
            Status::ServerNotAuthenticated,
        ),
        (
            |_| challenge(&format!("v={}", STANDARD.encode([0; 32]))),
            Status::ServerNotAuthenticated,
        ),
        (
            |v| challenge(&format!("v={}", &v[..40])),
            Status::ServerNotAuthenticated,
        ),
        (|_| challenge("v="), Status::ServerNotAuthenticated),
        (|_| challenge("e=invalid-proof"), Status::AuthRefused),
        (|_| challenge("e=other-error\r\n250 x"), Status::AuthRefused),
        (|_| challenge(""), Status::ServerNotAuthenticated),
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
        let (server, received) = play(&pki, "SCRAM-SHA-256 PLAIN", server, mail());
        let client = client_of(&pki, &server, |_| ());
        let error = fails(&client, &message(), status, Stage::Auth, NOT);
        assert!(error.record.secret_released && !error.record.content_released);
        assert!(error.record.peer.unwrap().mechanism.is_none());
        assert!(!received.lock().unwrap().proof.is_empty());
        assert!(!holds(&server.join().tls, FROM));
    }
}

#[test]
fn f05_f08_the_end_before_the_middle_and_after_the_end() {
    let pki = pki();
    for (reply, status) in [
        ("235 2.7.0 in\r\n", Status::ServerNotAuthenticated),
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
        assert!(error.to_string().contains("Nothing was sent."), "{error}");
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
fn i01_i02_nothing_to_guess_the_password_from_is_shown() {
    let pki = pki();
    let echo = |v: &str| format!("535 5.7.8 you should have got v={v}\r\n");
    for (last, after) in [(None, welcome()), (Some(echo), vec![Step::ReadToEnd])] {
        let mut server = Server::new(S256, PASSWORD);
        if let Some(last) = last {
            server = server.last(last);
        }
        let (server, received) = play(&pki, S256, server, after);
        let client = client_of(&pki, &server, |_| ());
        let (sent, log) = send_logged(&client, &message());
        let shown = format!("{sent:?}{log}");
        let received = received.lock().unwrap().clone();
        for secret in [PASSWORD, &*received.proof, &*received.server_first, SALT] {
            assert!(!holds(shown.as_bytes(), secret), "{secret} is in {shown}");
        }
        assert!(
            log.contains("< 334 (") && log.contains("bytes not shown"),
            "{log}"
        );
    }
    // The proof is removed from a reply that echoes it.
    let mut steps = offering(&pki, S256);
    let (own, received) = Server::new(S256, PASSWORD).steps();
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
    drop(received);
}

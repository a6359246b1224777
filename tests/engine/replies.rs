//! The replies of a verified server, and the outcome of the message that follows from them.

use secsmtp::error::{Outcome, Stage};
use secsmtp::status::Status;
use secsmtp::trust::TlsMode;
use secsmtp_testservers::{Pki, ReferenceServer, Scripted, Step};

use crate::support::*;

const NOT: Outcome = Outcome::NotSent;
const REF: Outcome = Outcome::Refused;
const UNK: Outcome = Outcome::Unknown;

/// The dialogue of a mail over implicit TLS up to, not with, the answer to `stage`.
fn until(pki: &Pki, stage: Stage) -> Vec<Step> {
    let all = [
        (Stage::Greeting, vec![Step::send("220 m\r\n")]),
        (
            Stage::Ehlo,
            vec![
                Step::expect("EHLO"),
                Step::send("250-m\r\n250 AUTH PLAIN\r\n"),
            ],
        ),
        (
            Stage::Auth,
            vec![Step::expect("AUTH PLAIN "), Step::send("235 ok\r\n")],
        ),
        (
            Stage::Mail,
            vec![Step::expect("MAIL"), Step::send("250 ok\r\n")],
        ),
        (
            Stage::Rcpt,
            vec![Step::expect("RCPT"), Step::send("250 ok\r\n")],
        ),
        (
            Stage::Data,
            vec![Step::expect("DATA"), Step::send("354 go\r\n")],
        ),
        (Stage::Reply, vec![Step::ReadMessage]),
    ];
    let mut steps = vec![Step::StartTls(pki.identity())];
    for (at, mut part) in all {
        if at == stage {
            if at != Stage::Greeting && at != Stage::Reply {
                steps.push(part.remove(0));
            }
            if at == Stage::Reply {
                steps.append(&mut part);
            }
            return steps;
        }
        steps.append(&mut part);
    }
    steps
}

/// Answers `stage` so, and expects this.
#[track_caller]
fn answered(
    pki: &Pki,
    stage: Stage,
    answer: &str,
    status: Status,
    outcome: Outcome,
) -> secsmtp::error::Error {
    let mut steps = until(pki, stage);
    steps.push(Step::send(answer));
    steps.push(if answer.ends_with("\r\n") {
        Step::ReadToEnd
    } else {
        Step::Close
    });
    let server = Scripted::start(steps).unwrap();
    let client = client(&policy(pki, TlsMode::Implicit), server.addr());
    let error = fails(&client, &message(), status, stage, outcome);
    let record = &error.record;
    assert_eq!(record.secret_released, stage >= Stage::Auth, "{answer}");
    assert_eq!(record.content_released, stage >= Stage::Content, "{answer}");
    drop(server.join());
    error
}

#[test]
fn each_answer_at_each_stage_has_one_outcome() {
    let pki = pki();
    for (stage, refused) in [
        (Stage::Greeting, Status::SessionRefused),
        (Stage::Ehlo, Status::SessionRefused),
        (Stage::Auth, Status::AuthRefused),
        (Stage::Mail, Status::SenderRefused),
        (Stage::Rcpt, Status::RecipientRefused),
        (Stage::Data, Status::ContentRefused),
        (Stage::Reply, Status::ContentRefused),
    ] {
        let in_doubt = if stage == Stage::Reply { UNK } else { NOT };
        for code in ["450", "471", "550", "535", "554", "571", "599"] {
            let error = answered(
                &pki,
                stage,
                &format!("{code} 5.7.1 words of\u{1b} the server\r\n"),
                refused,
                REF,
            );
            let answer = error.record.reply.as_ref().unwrap();
            assert!(
                answer.text.contains("words of\\x1b the server"),
                "{}",
                answer.text
            );
            assert_eq!(answer.code.to_string(), code);
        }
        answered(
            &pki,
            stage,
            "421 4.3.2 closing\r\n",
            Status::Closing,
            in_doubt,
        );
        answered(
            &pki,
            stage,
            "334 what\r\n",
            Status::UnexpectedReply,
            in_doubt,
        );
        answered(&pki, stage, "2xx bad\r\n", Status::MalformedReply, in_doubt);
        answered(&pki, stage, "250 bare\n", Status::MalformedReply, in_doubt);
        answered(&pki, stage, "250-half of", Status::ConnectionLost, in_doubt);
        answered(&pki, stage, "", Status::ConnectionLost, in_doubt);
        if !matches!(stage, Stage::Data) {
            answered(
                &pki,
                stage,
                "354 what\r\n",
                Status::UnexpectedReply,
                in_doubt,
            );
        }
        if matches!(stage, Stage::Data) {
            answered(
                &pki,
                stage,
                "250 what\r\n",
                Status::UnexpectedReply,
                in_doubt,
            );
        }
    }
}

#[test]
fn any_2yz_to_the_content_is_accepted() {
    let pki = pki();
    for code in ["200", "221", "235", "250", "251", "299"] {
        let mut steps = until(&pki, Stage::Reply);
        steps.extend([Step::send(&format!("{code} so\r\n")), Step::ReadToEnd]);
        let server = Scripted::start(steps).unwrap();
        let client = client(&policy(&pki, TlsMode::Implicit), server.addr());
        let record = send(&client, &message()).unwrap();
        assert_eq!(record.outcome, Outcome::Accepted);
        assert_eq!(record.reply.unwrap().code.to_string(), code);
        drop(server.join());
    }
}

#[test]
fn h19_after_250_nothing_changes_the_outcome() {
    let pki = pki();
    for (ending, last) in [
        ("250 ok\r\n", Step::Drop),
        ("250 ok\r\n", Step::ReadToEnd),
        ("250 ok\r\n500 an unsolicited reply\r\n", Step::ReadToEnd),
        ("250 ok\r\ngarbage", Step::Drop),
    ] {
        let mut steps = until(&pki, Stage::Reply);
        steps.push(Step::send(ending));
        steps.push(last);
        let server = Scripted::start(steps).unwrap();
        let client = client(&policy(&pki, TlsMode::Implicit), server.addr());
        assert_eq!(
            send(&client, &message()).unwrap().outcome,
            Outcome::Accepted
        );
        drop(server.join());
    }
}

#[test]
fn h12_a_rejection_in_the_middle_of_the_content_is_read_and_no_dot_is_sent() {
    let pki = pki();
    for (words, status, outcome) in [
        ("552 5.3.4 too big\r\n", Status::ContentRefused, REF),
        ("421 going\r\n", Status::Closing, NOT),
        ("250 ok\r\n", Status::UnexpectedReply, NOT),
    ] {
        let mut steps = until(&pki, Stage::Data);
        steps.push(Step::send("354 go\r\n"));
        steps.push(Step::ReadLine);
        steps.push(Step::send(words));
        steps.push(Step::ReadToEnd);
        let server = Scripted::start(steps).unwrap();
        let client = client(&policy(&pki, TlsMode::Implicit), server.addr());
        let mut large = message();
        let body = "Subject: x\r\n\r\n".to_owned()
            + &"a line of the large content\r\n".repeat(2_000_000 / 28);
        large.set_content(body.repeat(8).as_bytes()).unwrap();
        let error = fails(&client, &large, status, Stage::Content, outcome);
        assert!(error.record.content_released);
        assert!(!server.join().tls.windows(5).any(|w| w == b"\r\n.\r\n"));
    }
}

#[test]
fn f03_f05_f06_f08_a_login_that_breaks_its_rules_fails() {
    let pki = pki();
    for (steps, status) in [
        (vec![Step::send("334 \r\n")], Status::UnexpectedReply),
        (
            vec![Step::send("334 not base64!\r\n")],
            Status::UnexpectedReply,
        ),
        (
            vec![Step::send("334-a\r\n334 b\r\n")],
            Status::UnexpectedReply,
        ),
        (
            vec![Step::send(&format!("334 {}\r\n", "A".repeat(12_292)))],
            Status::UnexpectedReply,
        ),
        (
            vec![Step::send(&format!("334 {}\r\n", "A".repeat(20_000)))],
            Status::ReplyTooLong,
        ),
    ] {
        let mut all = until(&pki, Stage::Auth);
        all.extend(steps);
        all.push(Step::ReadToEnd);
        let server = Scripted::start(all).unwrap();
        let client = client(&policy(&pki, TlsMode::Implicit), server.addr());
        fails(&client, &message(), status, Stage::Auth, NOT);
        assert!(!holds(&server.join().tls, FROM));
    }
}

#[test]
fn f04_f08_login_has_two_steps_and_235_in_between_is_not_accepted() {
    let pki = pki();
    for prompts in [0, 1, 3] {
        let mut steps = vec![
            Step::StartTls(pki.identity()),
            Step::send("220 m\r\n"),
            Step::expect("EHLO"),
            Step::send("250-m\r\n250 AUTH LOGIN\r\n"),
            Step::expect("AUTH LOGIN"),
        ];
        for _ in 0..prompts {
            steps.extend([Step::send("334 VXNlcm5hbWU6\r\n"), Step::ReadLine]);
        }
        steps.extend([Step::send("235 in\r\n"), Step::ReadToEnd]);
        let server = Scripted::start(steps).unwrap();
        let client = client(&policy(&pki, TlsMode::Implicit), server.addr());
        let error = fails(
            &client,
            &message(),
            Status::UnexpectedReply,
            Stage::Auth,
            NOT,
        );
        assert_eq!(error.record.secret_released, prompts > 1, "{prompts}");
        assert!(!holds(&server.join().tls, FROM));
    }
}

#[test]
fn a_wrong_password_is_refused_once_and_nothing_follows() {
    let pki = pki();
    let mut config = reference_config(&pki);
    config.users = vec![(USER.to_owned(), "another".to_owned())];
    let server = ReferenceServer::start(config).unwrap();
    for mode in BOTH {
        let client = client(&policy(&pki, mode), address(&server, mode));
        let error = fails(&client, &message(), Status::AuthRefused, Stage::Auth, REF);
        assert!(error.record.secret_released && !error.record.content_released);
        assert_eq!(
            error.record.reply.unwrap().enhanced.as_deref(),
            Some("5.7.8")
        );
    }
    assert!(server.wait_idle(LONG));
    for session in server.sessions() {
        assert_eq!(
            String::from_utf8_lossy(&session.tls)
                .matches("AUTH ")
                .count(),
            1
        );
        assert!(!holds(&session.tls, FROM));
    }
}

#[test]
fn h13_a_250_before_the_content_is_not_accepted() {
    let pki = pki();
    for premature in ["354 go\r\n250 queued\r\n", "354 go\r\n354 go\r\n"] {
        let mut steps = until(&pki, Stage::Data);
        steps.push(Step::send(premature));
        steps.push(Step::ReadToEnd);
        let server = Scripted::start(steps).unwrap();
        let client = client(&policy(&pki, TlsMode::Implicit), server.addr());
        fails(
            &client,
            &message(),
            Status::UnexpectedReply,
            Stage::Content,
            NOT,
        );
        assert!(!holds(&server.join().tls, "content marker"));
    }
}

/// The server leaves unread what it answers, so that its system resets the connection when it closes.
#[test]
fn d05_a_reply_counts_although_a_reset_follows_it() {
    let pki = pki();
    for (stage, status) in [
        (Stage::Ehlo, Status::SessionRefused),
        (Stage::Auth, Status::AuthRefused),
        (Stage::Mail, Status::SenderRefused),
        (Stage::Rcpt, Status::RecipientRefused),
        (Stage::Data, Status::ContentRefused),
        (Stage::Reply, Status::ContentRefused),
    ] {
        for _ in 0..5 {
            let mut steps = until(&pki, stage);
            *steps.last_mut().unwrap() = Step::AwaitByte;
            steps.extend([Step::send("554 5.7.8 no\r\n"), Step::Drop]);
            let server = Scripted::start(steps).unwrap();
            let client = client(&policy(&pki, TlsMode::Implicit), server.addr());
            let error = fails(&client, &message(), status, stage, REF);
            assert_eq!(error.record.reply.unwrap().code, 554);
        }
    }
}

#[test]
fn d05_a_refusal_in_the_middle_of_the_content_counts_although_a_reset_follows_it() {
    let pki = pki();
    let mut large = message();
    let line = "a line of the large content\r\n";
    large.set_content(line.repeat(200_000).as_bytes()).unwrap();
    for _ in 0..10 {
        let mut steps = until(&pki, Stage::Data);
        steps.extend([Step::send("354 go\r\n"), Step::ReadLine, Step::AwaitByte]);
        steps.extend([Step::send("552 5.3.4 too big\r\n"), Step::Drop]);
        let server = Scripted::start(steps).unwrap();
        let client = client(&policy(&pki, TlsMode::Implicit), server.addr());
        fails(&client, &large, Status::ContentRefused, Stage::Content, REF);
    }
}

#[test]
fn a_refusal_in_the_content_is_followed_by_nothing() {
    let pki = pki();
    let mut steps = until(&pki, Stage::Data);
    steps.push(Step::send("354 go\r\n452 4.3.1 full\r\n"));
    steps.push(Step::ReadToEnd);
    let server = Scripted::start(steps).unwrap();
    let client = client(&policy(&pki, TlsMode::Implicit), server.addr());
    let error = fails(
        &client,
        &message(),
        Status::ContentRefused,
        Stage::Content,
        REF,
    );
    assert!(!error.record.content_released);
    let received = String::from_utf8_lossy(&server.join().tls).into_owned();
    assert!(received.ends_with("DATA\r\n"), "{received}");
}

//! One mail in as few flights as the server's extensions allow, and what each answer makes of it.

use secsmtp::error::{Error, Outcome, Record, Stage};
use secsmtp::status::Status;
use secsmtp::trust::TlsMode;
use secsmtp_testservers::{Pki, ReferenceServer, Scripted, Step};

use crate::support::*;

const BDAT: &str = "250-m\r\n250-PIPELINING\r\n250-CHUNKING\r\n250 AUTH PLAIN\r\n";
const DATA: &str = "250-m\r\n250-PIPELINING\r\n250 AUTH PLAIN\r\n";

fn greeting(pki: &Pki, offers: &str) -> Vec<Step> {
    vec![
        Step::StartTls(pki.identity()),
        Step::send("220 m\r\n"),
        Step::expect("EHLO"),
        Step::send(offers),
        Step::expect("AUTH PLAIN "),
        Step::send("235 ok\r\n"),
    ]
}

fn expects(lines: &[&str]) -> Vec<Step> {
    lines.iter().map(|line| Step::expect(line)).collect()
}

/// The whole of our message by BDAT, read before anything is answered.
fn flight() -> Vec<Step> {
    expects(&[
        "MAIL FROM:<alice.sender@mail.test>",
        "RCPT TO:<bob.recipient@mail.test>",
        "BDAT 52 LAST",
        "Subject: The content marker",
        "",
        ".A line of the body",
    ])
}

/// Plays the steps to a send, which must come to its end without another word.
fn play(pki: &Pki, steps: Vec<Step>) -> (Result<Record, Error>, String) {
    let server = Scripted::start(steps).unwrap();
    let client = client(&policy(pki, TlsMode::Implicit), server.addr());
    let sent = send(&client, &message());
    let record = server.join();
    (sent, String::from_utf8_lossy(&record.tls).into_owned())
}

#[test]
fn with_chunking_all_of_a_mail_is_one_flight() {
    let pki = pki();
    // The server says nothing before it has the last byte of the content.
    let mut steps = greeting(&pki, BDAT);
    steps.extend(flight());
    steps.push(Step::send("250 a\r\n250 b\r\n250 c\r\n"));
    steps.push(Step::expect("QUIT"));
    let (sent, _) = play(&pki, steps);
    assert_eq!(sent.unwrap().reply.unwrap().text, "c");
}

#[test]
fn without_chunking_the_commands_are_one_flight_and_the_content_another() {
    let pki = pki();
    let mut steps = greeting(&pki, DATA);
    steps.extend(expects(&["MAIL", "RCPT", "DATA"]));
    steps.push(Step::send("250 a\r\n250 b\r\n354 c\r\n"));
    steps.extend([
        Step::ReadMessage,
        Step::send("250 d\r\n"),
        Step::expect("QUIT"),
    ]);
    let (sent, _) = play(&pki, steps);
    assert_eq!(sent.unwrap().reply.unwrap().text, "d");
}

#[test]
fn without_pipelining_each_command_waits() {
    let pki = pki();
    for (offers, last) in [
        ("250-m\r\n250 AUTH PLAIN\r\n", "DATA"),
        (
            "250-m\r\n250-CHUNKING\r\n250 AUTH PLAIN\r\n",
            "BDAT 52 LAST",
        ),
    ] {
        let server = ReferenceServer::start(reference_with(&pki, offers)).unwrap();
        let client = client(&policy(&pki, TlsMode::Implicit), server.implicit_addr());
        let (sent, log) = send_logged(&client, &message());
        sent.unwrap();
        let from = log.find("> MAIL").unwrap();
        let signs: String = log[from..]
            .lines()
            .filter_map(|line| line.split(' ').find(|word| ["<", ">"].contains(word)))
            .collect();
        // The content's own line stands behind the command that announces it.
        let expected = if last == "DATA" {
            "><><><><>"
        } else {
            "><><>><>"
        };
        let signs = signs.replace(">>", ">");
        assert_eq!(signs, expected.replace(">>", ">"), "{log}");
        assert!(log.contains(last), "{log}");
    }
}

fn reference_with(pki: &Pki, offers: &str) -> secsmtp_testservers::ReferenceConfig {
    let mut config = reference_config(pki);
    let words = ["PIPELINING", "CHUNKING"];
    config
        .extensions
        .retain(|line| !words.contains(&line.as_str()));
    let more = words.into_iter().filter(|word| offers.contains(word));
    config.extensions.extend(more.map(str::to_owned));
    config
}

#[test]
fn g15_with_several_recipients_no_content_and_no_data_before_all_are_accepted() {
    let pki = pki();
    for offers in [BDAT, DATA] {
        let mut config = reference_with(&pki, offers);
        config.reject_rcpt = vec!["unknown@mail.test".to_owned()];
        let server = ReferenceServer::start(config).unwrap();
        let client = client(&policy(&pki, TlsMode::Implicit), server.implicit_addr());
        let several = message_to(&[TO, "unknown@mail.test", "third@mail.test"]);
        let error = fails(
            &client,
            &several,
            Status::RecipientRefused,
            Stage::Rcpt,
            Outcome::Refused,
        );
        assert!(!error.record.content_released);
        assert!(server.wait_idle(LONG));
        let said = String::from_utf8_lossy(&server.sessions()[0].tls).into_owned();
        assert!(!said.contains("DATA") && !said.contains("BDAT"), "{said}");
        let accepted = message_to(&[TO, "third@mail.test"]);
        assert_eq!(send(&client, &accepted).unwrap().recipients.len(), 2);
    }
}

#[test]
fn after_a_refusal_the_session_goes_on_with_rset_in_the_next_flight() {
    let pki = pki();
    let mut config = reference_config(&pki);
    config.reject_rcpt = vec!["unknown@mail.test".to_owned()];
    config.reject_mail = vec!["refused@mail.test".to_owned()];
    let server = ReferenceServer::start(config).unwrap();
    let client = client(&policy(&pki, TlsMode::Implicit), server.implicit_addr());
    client.set_reuse(LONG, 100).unwrap();
    let mut from_nobody = message();
    from_nobody.set_sender("refused@mail.test").unwrap();
    let refused = [
        (message_to(&["unknown@mail.test"]), Status::RecipientRefused),
        (
            message_to(&[TO, "unknown@mail.test"]),
            Status::RecipientRefused,
        ),
        (from_nobody, Status::SenderRefused),
    ];
    for (refused, status) in &refused {
        let error = send(&client, refused).unwrap_err();
        assert_eq!(
            (error.status(), error.record.outcome),
            (*status, Outcome::Refused)
        );
        assert_eq!(
            send(&client, &message()).unwrap().outcome,
            Outcome::Accepted
        );
    }
    drop(client);
    assert!(server.wait_idle(LONG));
    let sessions = server.sessions();
    assert_eq!(sessions.len(), 1);
    let said = String::from_utf8_lossy(&sessions[0].tls).into_owned();
    assert_eq!(said.matches("RSET\r\nMAIL FROM:").count(), 3, "{said}");
    let mails = server.mails();
    assert!(
        mails.len() == 3
            && mails
                .iter()
                .all(|mail| mail.from == FROM && mail.to == [TO])
    );
}

#[test]
fn each_answer_to_the_flight_has_one_outcome() {
    use Outcome::{NotSent, Refused, Unknown};
    let pki = pki();
    for (answers, status, stage, outcome) in [
        (
            "550 a\r\n503 b\r\n503 c\r\n",
            Status::SenderRefused,
            Stage::Mail,
            Refused,
        ),
        (
            "250 a\r\n550 b\r\n554 c\r\n",
            Status::RecipientRefused,
            Stage::Rcpt,
            Refused,
        ),
        (
            "250 a\r\n450 b\r\n503 c\r\n",
            Status::RecipientRefused,
            Stage::Rcpt,
            Refused,
        ),
        (
            "250 a\r\n250 b\r\n552 c\r\n",
            Status::ContentRefused,
            Stage::Reply,
            Refused,
        ),
        // An acceptance of content without recipients is neither.
        (
            "250 a\r\n550 b\r\n250 c\r\n",
            Status::UnexpectedReply,
            Stage::Reply,
            Unknown,
        ),
        (
            "550 a\r\n503 b\r\n250 c\r\n",
            Status::UnexpectedReply,
            Stage::Reply,
            Unknown,
        ),
        (
            "550 a\r\n250 b\r\n250 c\r\n",
            Status::UnexpectedReply,
            Stage::Reply,
            Unknown,
        ),
        // Behind a refused sender the recipient's reply says nothing.
        (
            "550 a\r\n250 b\r\n503 c\r\n",
            Status::SenderRefused,
            Stage::Mail,
            Refused,
        ),
        (
            "471 a\r\n252 b\r\n571 c\r\n",
            Status::SenderRefused,
            Stage::Mail,
            Refused,
        ),
        (
            "354 a\r\n250 b\r\n250 c\r\n",
            Status::UnexpectedReply,
            Stage::Mail,
            Unknown,
        ),
        (
            "250 a\r\n354 b\r\n250 c\r\n",
            Status::UnexpectedReply,
            Stage::Rcpt,
            Unknown,
        ),
        (
            "250 a\r\n250 b\r\n354 c\r\n",
            Status::UnexpectedReply,
            Stage::Reply,
            Unknown,
        ),
        // Without a reply to the envelope there is no recipient for the content.
        ("421 a\r\n", Status::Closing, Stage::Mail, NotSent),
        ("250 a\r\n421 b\r\n", Status::Closing, Stage::Rcpt, NotSent),
        (
            "250 a\r\n250 b\r\n421 c\r\n",
            Status::Closing,
            Stage::Reply,
            Unknown,
        ),
        // Fewer than were asked for.
        ("", Status::ConnectionLost, Stage::Reply, Unknown),
        ("250 a\r\n", Status::ConnectionLost, Stage::Reply, Unknown),
        (
            "250 a\r\n250 b\r\n",
            Status::ConnectionLost,
            Stage::Reply,
            Unknown,
        ),
        (
            "250 a\r\n250 b\r\n250 c",
            Status::ConnectionLost,
            Stage::Reply,
            Unknown,
        ),
        ("550 a\r\n", Status::SenderRefused, Stage::Mail, Refused),
        (
            "250 a\r\n550 b\r\n",
            Status::RecipientRefused,
            Stage::Rcpt,
            Refused,
        ),
        // No SMTP.
        (
            "250 a\r\n2x0 b\r\n",
            Status::MalformedReply,
            Stage::Reply,
            Unknown,
        ),
        (
            "250 a\r\n250 b\n",
            Status::MalformedReply,
            Stage::Reply,
            Unknown,
        ),
    ] {
        let mut steps = greeting(&pki, BDAT);
        steps.extend(flight());
        steps.extend([Step::send(answers), Step::Close]);
        let (sent, said) = play(&pki, steps);
        let error = sent.expect_err("it must not be accepted");
        let record = &error.record;
        let got = (error.status(), record.stage, record.outcome);
        assert_eq!(got, (status, stage, outcome), "{answers:?}: {error}");
        assert!(record.content_released && record.secret_released);
        assert!(!said.contains("DATA"), "{said}");
    }
}

#[test]
fn a_354_without_a_recipient_ends_the_connection_and_no_dot_is_sent() {
    let pki = pki();
    for (answers, status) in [
        ("250 a\r\n550 b\r\n354 c\r\n", Status::RecipientRefused),
        ("550 a\r\n503 b\r\n354 c\r\n", Status::SenderRefused),
        ("550 a\r\n250 b\r\n354 c\r\n", Status::SenderRefused),
    ] {
        let mut steps = greeting(&pki, DATA);
        steps.extend(expects(&["MAIL", "RCPT", "DATA"]));
        steps.extend([Step::send(answers), Step::ReadToEnd]);
        let (sent, said) = play(&pki, steps);
        let error = sent.unwrap_err();
        assert_eq!(
            (error.status(), error.record.outcome),
            (status, Outcome::Refused)
        );
        assert!(!error.record.content_released);
        assert!(said.ends_with("DATA\r\n"), "{said}");
    }
}

#[test]
fn a_reply_to_a_command_that_was_not_written_ends_the_connection() {
    let pki = pki();
    // To DATA before it was said: several recipients are waited for.
    let mut steps = greeting(&pki, DATA);
    steps.extend(expects(&["MAIL", "RCPT", "RCPT"]));
    steps.push(Step::send("250 a\r\n250 b\r\n250 c\r\n354 d\r\n"));
    steps.push(Step::ReadToEnd);
    let server = Scripted::start(steps).unwrap();
    let client = client(&policy(&pki, TlsMode::Implicit), server.addr());
    let several = message_to(&[TO, "second@mail.test"]);
    fails(
        &client,
        &several,
        Status::Unsolicited,
        Stage::Data,
        Outcome::NotSent,
    );
    assert!(!String::from_utf8_lossy(&server.join().tls).contains("DATA"));
}

/// Content of so many bytes.
fn large(bytes: usize) -> Vec<u8> {
    let line = b".0123456789 of a line in the large content, to its end\r\n";
    let mut content = b"Subject: large\r\n\r\n".to_vec();
    while content.len() + line.len() < bytes {
        content.extend_from_slice(line);
    }
    let rest = bytes - content.len() - 2;
    content.extend(std::iter::repeat_n(b'x', rest));
    content.extend_from_slice(b"\r\n");
    content
}

#[test]
fn large_content_goes_in_chunks_that_add_up() {
    let pki = pki();
    let server = ReferenceServer::start(reference_config(&pki)).unwrap();
    let client = client(&policy(&pki, TlsMode::Implicit), server.implicit_addr());
    let chunk = 256 * 1024;
    let sizes = [chunk - 1, chunk, chunk + 1, 3 * chunk, 5_000_000];
    for bytes in sizes {
        let content = large(bytes);
        let mut message = message();
        message.set_content(&content).unwrap();
        send(&client, &message).unwrap();
        assert!(server.mails().last().unwrap().content == content, "{bytes}");
    }
}

#[test]
fn h12_after_a_refusal_no_further_chunk_is_begun() {
    let pki = pki();
    let mut config = reference_config(&pki);
    config.reject_rcpt = vec![TO.to_owned()];
    let server = ReferenceServer::start(config).unwrap();
    let client = client(&policy(&pki, TlsMode::Implicit), server.implicit_addr());
    client.set_reuse(LONG, 100).unwrap();
    let mut large_one = message();
    large_one.set_content(&large(2_000_000)).unwrap();
    let error = send(&client, &large_one).unwrap_err();
    assert_eq!(error.status(), Status::RecipientRefused);
    // The chunk that was begun was finished, and the session is good for another.
    send(&client, &message_to(&["another@mail.test"])).unwrap();
    drop(client);
    assert!(server.wait_idle(LONG));
    let session = &server.sessions()[0];
    let said = String::from_utf8_lossy(&session.tls);
    assert_eq!(said.matches("BDAT ").count(), 2);
    assert!(said.contains("BDAT 262144\r\n") && said.contains("RSET\r\nMAIL"));
    assert!(session.tls.len() < 300_000, "{}", session.tls.len());
}

#[test]
fn h12_a_rejection_in_the_middle_of_a_chunk_is_read_and_ends_it() {
    let pki = pki();
    for (words, outcome) in [
        ("552 5.3.4 too big\r\n", Outcome::Refused),
        ("421 going\r\n", Outcome::NotSent),
    ] {
        let mut steps = greeting(&pki, BDAT);
        steps.extend(expects(&["MAIL", "RCPT", "BDAT 262144"]));
        steps.push(Step::send("250 a\r\n250 b\r\n"));
        steps.extend(vec![Step::ReadLine; 5_000]);
        // In the second chunk or a later one; the client can't have written all of them.
        steps.push(Step::send("250 c\r\n"));
        steps.extend(vec![Step::ReadLine; 5_000]);
        steps.extend([Step::send(words), Step::Close]);
        let server = Scripted::start(steps).unwrap();
        let client = client(&policy(&pki, TlsMode::Implicit), server.addr());
        let mut message = message();
        message.set_content(&large(24_000_000)).unwrap();
        let error = send(&client, &message).unwrap_err();
        assert_eq!(error.record.outcome, outcome, "{error}");
        assert!(!String::from_utf8_lossy(&server.join().tls).contains(" LAST"));
    }
}

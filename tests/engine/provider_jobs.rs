//! Secrets that jobs ask for by an event: the same rules as for a send that asks a provider.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use secsmtp::client::Client;
use secsmtp::client::jobs::{Event, EventData, JobWait, PollResult, SecretQuestion};
use secsmtp::credential::{Credential, NoSecret, Reason, SecretProvider, SecretRequest};
use secsmtp::deadline::Deadline;
use secsmtp::error::{Outcome, Stage};
use secsmtp::sasl::CredentialKind;
use secsmtp::status::Status;
use secsmtp::support::secret::Secret;
use secsmtp::trust::TlsMode;
use secsmtp_testservers::{Pki, Scripted, Step};

use crate::scram_server::{mail, offering};
use crate::support::*;

/// Is there so that the credential asks; jobs don't ask it.
struct EmptyProvider;

impl SecretProvider for EmptyProvider {
    fn secret(&self, _: &mut SecretRequest<'_>) -> Result<Secret, NoSecret> {
        Err(NoSecret::Declined)
    }
}

fn asking(pki: &Pki, server: &Scripted) -> Client {
    let client = client(&policy(pki, TlsMode::Implicit), server.addr());
    let credential = Credential::token_from(USER, Arc::new(EmptyProvider)).unwrap();
    client.set_credential(Some(Arc::new(credential)));
    client
}

/// Refuses the token of the first connections, and takes that of the others.
fn refusing(pki: &Pki, first: usize) -> Scripted {
    let count = AtomicUsize::new(0);
    let mut steps = offering(pki, "XOAUTH2");
    steps.push(Step::respond(move |line, _| {
        assert!(line.starts_with(b"AUTH XOAUTH2 "));
        if count.fetch_add(1, Ordering::SeqCst) < first {
            b"535 5.7.8 Token expired\r\n".to_vec()
        } else {
            b"235 in\r\n".to_vec()
        }
    }));
    steps.extend(mail());
    Scripted::start(steps).unwrap()
}

#[track_caller]
fn next(client: &Client) -> Event {
    match client.poll(Deadline::after(LONG)).unwrap() {
        PollResult::Event(event) => event,
        other => panic!("no event came: {other:?}"),
    }
}

#[track_caller]
fn question(client: &Client) -> SecretQuestion {
    match next(client).data {
        EventData::SecretWanted(question) => question,
        other => panic!("no question: {other:?}"),
    }
}

#[test]
fn a_refused_token_is_asked_for_once_more() {
    let pki = pki();
    for (refused, expected) in [(1, None), (2, Some(Status::AuthRefused))] {
        let server = refusing(&pki, refused);
        let client = asking(&pki, &server);
        let job = client.submit(&message()).unwrap();
        for (reason, token) in [(Reason::First, "stale"), (Reason::Refused, "fresh")] {
            let question = question(&client);
            assert_eq!(
                (&*question.user, question.credential_kind),
                (USER, CredentialKind::Token)
            );
            assert_eq!(question.reason, reason);
            client.answer_secret(job, Some(token.as_bytes())).unwrap();
            let again = client.answer_secret(job, Some(b"another")).unwrap_err();
            assert_eq!(again.status(), Status::Nothing);
        }
        let EventData::Completed(completion) = next(&client).data else {
            panic!("there is a third question");
        };
        assert_eq!(completion.err().map(|error| error.status()), expected);
        drop(client);
        let records = server.join_all(2);
        assert_eq!(records.len(), 2);
        for record in records {
            let said = String::from_utf8(record.tls).unwrap();
            assert_eq!(said.matches("AUTH ").count(), 1, "{said}");
        }
    }
}

#[test]
fn an_unanswered_request_ends_at_the_deadline_or_with_its_client() {
    let pki = pki();
    let server = refusing(&pki, 0);
    let client = asking(&pki, &server);
    client.set_timeout(Stage::Auth, Duration::from_millis(20));
    let job = client.submit(&message()).unwrap();
    question(&client);
    let JobWait::Done(completion) = client.wait(job, Deadline::after(LONG)).unwrap() else {
        panic!("it hangs");
    };
    let error = completion.unwrap_err();
    assert_eq!(
        (error.status(), error.record.outcome),
        (Status::Timeout, Outcome::NotSent)
    );
    assert!(!error.record.secret_released);
    let late = client.answer_secret(job, Some(b"late")).unwrap_err();
    assert_eq!(late.status(), Status::Nothing);

    let client = asking(&pki, &server);
    client.submit(&message()).unwrap();
    question(&client);
    // Cancels what asks, and waits for no answer.
    drop(client);
    for record in server.join_all(2) {
        assert!(!holds(&record.tls, "AUTH"));
    }
}

//! Secrets that are asked for when they are needed: only over a verified channel, at most twice in
//! a send, and never for a second AUTH on one connection.

use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use secsmtp::client::Client;
use secsmtp::credential::{Credential, NoSecret, Reason, SecretProvider, SecretRequest};
use secsmtp::error::{Outcome, Retry, Stage};
use secsmtp::sasl::CredentialKind;
use secsmtp::status::Status;
use secsmtp::support::secret::Secret;
use secsmtp::trust::{Policy, TlsMode};
use secsmtp_testservers::{Pki, ReferenceServer, Scripted, ServerIdentity, Step};

use crate::scram_server::{mail, offering};
use crate::support::*;

const NOT: Outcome = Outcome::NotSent;
const REF: Outcome = Outcome::Refused;
const TOKEN: &str = "the-Token.nobody_knows";

type Question = (String, u16, String, CredentialKind, Reason);
type Answer = dyn Fn(&mut SecretRequest<'_>) -> Result<Secret, NoSecret> + Send + Sync;

/// Answers by a function, and remembers what it was asked for.
struct Asked {
    answer: Box<Answer>,
    seen: Mutex<Vec<Question>>,
}

impl Asked {
    fn new(
        answer: impl Fn(&mut SecretRequest<'_>) -> Result<Secret, NoSecret> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            answer: Box::new(answer),
            seen: Mutex::default(),
        })
    }

    fn giving(secret: &'static [u8]) -> Arc<Self> {
        Self::new(|_| Ok(Secret::new(secret)))
    }

    fn reasons(&self) -> Vec<Reason> {
        let seen = self.seen.lock().unwrap();
        seen.iter().map(|question| question.4).collect()
    }
}

impl SecretProvider for Asked {
    fn secret(&self, request: &mut SecretRequest<'_>) -> Result<Secret, NoSecret> {
        let m = request.secret_context();
        let question = (
            m.host.to_owned(),
            m.port,
            m.user.to_owned(),
            m.credential_kind,
            m.reason,
        );
        self.seen.lock().unwrap().push(question);
        (self.answer)(request)
    }
}

/// Waits for an answer that never comes.
fn for_ever(request: &mut SecretRequest<'_>) -> Result<Secret, NoSecret> {
    loop {
        request.wait()?;
    }
}

fn asking(
    policy: &Policy,
    address: SocketAddr,
    proof: CredentialKind,
    asked: &Arc<Asked>,
) -> Client {
    let client = client(policy, address);
    let provider = Arc::clone(asked) as Arc<dyn SecretProvider>;
    let credential = match proof {
        CredentialKind::Token => Credential::token_from(USER, provider),
        _ => Credential::password_from(USER, provider),
    };
    client.set_credential(Some(Arc::new(credential.unwrap())));
    client
}

fn script(pki: &Pki, mechanisms: &str, rest: Vec<Step>) -> Scripted {
    let mut steps = offering(pki, mechanisms);
    steps.extend(rest);
    Scripted::start(steps).unwrap()
}

/// Answers the AUTH of each connection in turn, the last for ever; then takes a mail.
fn answering(replies: &'static [&'static str]) -> Vec<Step> {
    let count = AtomicUsize::new(0);
    let mut steps = vec![Step::respond(move |line, _| {
        assert!(
            line.starts_with(b"AUTH "),
            "{}",
            String::from_utf8_lossy(line)
        );
        let at = count.fetch_add(1, Ordering::SeqCst).min(replies.len() - 1);
        replies[at].as_bytes().to_vec()
    })];
    steps.extend(mail());
    steps
}

#[test]
fn the_provider_is_asked_once_with_the_purpose() {
    let pki = pki();
    for mode in BOTH {
        let server = ReferenceServer::start(reference_config(&pki)).unwrap();
        let asked = Asked::giving(PASSWORD.as_bytes());
        let client = asking(
            &policy(&pki, mode),
            address(&server, mode),
            CredentialKind::Password,
            &asked,
        );
        let (sent, log) = send_logged(&client, &message());
        assert!(sent.unwrap().secret_released);
        assert!(!holds(log.as_bytes(), PASSWORD), "{log}");
        assert!(log.contains("asking for the password"), "{log}");
        let port = if mode == TlsMode::Implicit { 465 } else { 587 };
        let expected = (
            HOST.to_owned(),
            port,
            USER.to_owned(),
            CredentialKind::Password,
            Reason::First,
        );
        assert_eq!(*asked.seen.lock().unwrap(), [expected]);
        // Nothing is kept: each send asks.
        send(&client, &message()).unwrap();
        assert_eq!(asked.reasons().len(), 2);
    }
}

#[test]
fn f23_no_secret_is_requested_before_the_server_is_verified_and_has_a_mechanism() {
    let (own, stranger) = (pki(), pki());
    let asked = Asked::giving(PASSWORD.as_bytes());
    let try_at = |policy: &Policy, address| {
        let client = asking(policy, address, CredentialKind::Password, &asked);
        send(&client, &message()).unwrap_err()
    };
    for mode in BOTH {
        let server = ReferenceServer::start(reference_config(&stranger)).unwrap();
        let error = try_at(&policy(&own, mode), address(&server, mode));
        assert_eq!(error.status(), Status::UnknownIssuer, "{error}");
    }
    let clear = vec![
        Step::send("220 m\r\n"),
        Step::expect("EHLO"),
        Step::send("250-m\r\n250 AUTH PLAIN\r\n"),
        Step::ReadToEnd,
    ];
    let server = Scripted::start(clear).unwrap();
    let error = try_at(&policy(&own, TlsMode::Starttls), server.addr());
    assert_eq!(error.status(), Status::StarttlsMissing);
    let server = script(&own, "XOAUTH2 CRAM-MD5", vec![Step::ReadToEnd]);
    let error = try_at(&policy(&own, TlsMode::Implicit), server.addr());
    assert_eq!(error.status(), Status::MechanismMissing);
    assert_eq!(asked.reasons(), []);
}

#[test]
fn a_refused_token_is_renewed_once_on_a_connection_of_its_own() {
    let pki = pki();
    let asked = Asked::new(|request| {
        let token = match request.secret_context().reason {
            Reason::First => "the-old.token",
            Reason::Refused => TOKEN,
        };
        Ok(request.answer(token.as_bytes())?)
    });
    let replies = &["535 5.7.8 Token expired\r\n", "235 in\r\n"];
    let server = script(&pki, "XOAUTH2", answering(replies));
    let policy = policy(&pki, TlsMode::Implicit);
    let client = asking(&policy, server.addr(), CredentialKind::Token, &asked);
    let (sent, log) = send_logged(&client, &message());
    let record = sent.unwrap_or_else(|error| panic!("{error}\n{log}"));
    assert_eq!(record.outcome, Outcome::Accepted);
    assert_eq!(asked.reasons(), [Reason::First, Reason::Refused]);
    assert!(
        log.contains("trying again with a new token on a new connection"),
        "{log}"
    );
    let records = server.join_all(2);
    let said: Vec<_> = records
        .iter()
        .map(|r| String::from_utf8_lossy(&r.tls))
        .collect();
    assert_eq!(said.len(), 2);
    assert!(
        said.iter().all(|words| words.matches("AUTH ").count() == 1),
        "{said:?}"
    );
    assert!(said[0].contains("QUIT") && !said[0].contains("MAIL") && said[1].contains("MAIL"));
    for secret in [TOKEN, "the-old.token"] {
        assert!(!holds(log.as_bytes(), secret), "{log}");
    }
}

#[test]
fn twice_refused_is_refused() {
    let pki = pki();
    let asked = Asked::giving(TOKEN.as_bytes());
    let server = script(&pki, "OAUTHBEARER", answering(&["535 5.7.8 No\r\n"]));
    let policy = policy(&pki, TlsMode::Implicit);
    let client = asking(&policy, server.addr(), CredentialKind::Token, &asked);
    let error = fails(&client, &message(), Status::AuthRefused, Stage::Auth, REF);
    assert!(error.record.secret_released);
    assert_eq!(asked.reasons(), [Reason::First, Reason::Refused]);
    assert_eq!(server.join_all(2).len(), 2);
}

#[test]
fn f02_f27_a_password_a_fixed_token_and_a_temporary_rejection_are_not_retried() {
    let pki = pki();
    let policy = policy(&pki, TlsMode::Implicit);
    let asked = Asked::giving(TOKEN.as_bytes());
    for (proof, mechanism, reply) in [
        (CredentialKind::Password, "PLAIN", "535 5.7.8 No\r\n"),
        (CredentialKind::Token, "XOAUTH2", "454 4.7.0 Later\r\n"),
        (CredentialKind::Token, "XOAUTH2", "421 4.7.0 Later\r\n"),
        (CredentialKind::Token, "XOAUTH2", "250 What\r\n"),
    ] {
        let before = asked.reasons().len();
        let server = script(
            &pki,
            mechanism,
            vec![Step::ReadLine, Step::send(reply), Step::ReadToEnd],
        );
        let client = asking(&policy, server.addr(), proof, &asked);
        assert!(send(&client, &message()).is_err());
        assert_eq!(asked.reasons().len(), before + 1, "{reply}");
        assert_eq!(server.records().len(), 1, "{reply}");
    }
    let server = script(&pki, "XOAUTH2", answering(&["535 5.7.8 No\r\n"]));
    let client = client(&policy, server.addr());
    let given = Credential::token(USER, TOKEN.as_bytes()).unwrap();
    client.set_credential(Some(Arc::new(given)));
    fails(&client, &message(), Status::AuthRefused, Stage::Auth, REF);
    assert_eq!(server.records().len(), 1);
}

/// Shows one identity to the first who comes, and another to all others.
#[derive(Debug)]
struct Turncoat(AtomicUsize, [Arc<CertifiedKey>; 2]);

impl ResolvesServerCert for Turncoat {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let turn = self.0.fetch_add(1, Ordering::SeqCst).min(1);
        Some(Arc::clone(&self.1[turn]))
    }
}

fn certified(identity: ServerIdentity) -> Arc<CertifiedKey> {
    let provider = ring::default_provider();
    let key = provider
        .key_provider
        .load_private_key(identity.key)
        .unwrap();
    Arc::new(CertifiedKey::new(identity.chain, key))
}

#[test]
fn the_second_connection_is_verified_anew() {
    let pki_ = pki();
    let turncoat = Turncoat(
        AtomicUsize::new(0),
        [certified(pki_.identity()), certified(pki().identity())],
    );
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(turncoat));
    let mut steps = offering(&pki_, "XOAUTH2");
    steps[0] = Step::StartTlsWith(Arc::new(config));
    steps.extend(answering(&["535 5.7.8 No\r\n", "235 in\r\n"]));
    let server = Scripted::start(steps).unwrap();
    let asked = Asked::giving(TOKEN.as_bytes());
    let client = asking(
        &policy(&pki_, TlsMode::Implicit),
        server.addr(),
        CredentialKind::Token,
        &asked,
    );
    let error = fails(&client, &message(), Status::UnknownIssuer, Stage::Tls, NOT);
    // The bytes that left on the first connection are still reported.
    assert!(error.record.secret_released && error.record.reply.is_none());
    assert_eq!(asked.reasons(), [Reason::First]);
    assert!(server.join_all(2)[1].tls.is_empty());
}

#[test]
fn without_a_secret_nothing_is_sent_and_nothing_is_retried() {
    let pki = pki();
    let policy = policy(&pki, TlsMode::Implicit);
    type Give = fn(&mut SecretRequest<'_>) -> Result<Secret, NoSecret>;
    let table: [(Give, Status); 7] = [
        (|_| Err(NoSecret::Declined), Status::NoSecret),
        (|_| Ok(Secret::new(b"")), Status::Secret),
        (|_| Ok(Secret::new(&[b'a'; 7169])), Status::Secret),
        (|_| Ok(Secret::new(b"a\0b")), Status::Secret),
        (|_| Ok(Secret::new(b"a\r\nQUIT")), Status::Secret),
        (|request| Ok(request.answer(b"a\nb")?), Status::Secret),
        (for_ever, Status::Timeout),
    ];
    for (number, (give, status)) in table.into_iter().enumerate() {
        for (proof, mechanism) in [
            (CredentialKind::Password, "PLAIN"),
            (CredentialKind::Token, "XOAUTH2"),
        ] {
            let server = script(&pki, mechanism, vec![Step::ReadToEnd]);
            let asked = Asked::new(give);
            let client = asking(&policy, server.addr(), proof, &asked);
            if status == Status::Timeout {
                client.set_timeout(Stage::Auth, Duration::from_millis(20));
            }
            let error = fails(&client, &message(), status, Stage::Auth, NOT);
            assert!(!error.record.secret_released, "{number}");
            assert_eq!(asked.reasons(), [Reason::First], "{number}");
            let later = status == Status::Timeout;
            assert_eq!(error.retry() == Retry::Later, later, "{error}");
            assert!(!holds(&server.join().tls, "AUTH"), "{number}");
        }
    }
    // A token is visible ASCII.
    let server = script(&pki, "XOAUTH2", vec![Step::ReadToEnd]);
    let asked = Asked::giving(b"a\x01b");
    let client = asking(&policy, server.addr(), CredentialKind::Token, &asked);
    fails(&client, &message(), Status::Secret, Stage::Auth, NOT);
}

#[test]
fn a_cancel_from_inside_or_outside_ends_it_and_nothing_is_sent() {
    let pki = pki();
    let policy = policy(&pki, TlsMode::Implicit);
    for waits in [false, true] {
        let server = script(&pki, "PLAIN", vec![Step::ReadToEnd]);
        let place: Arc<Mutex<Option<Arc<Client>>>> = Arc::default();
        let (inside, outside) = (Arc::clone(&place), std::sync::mpsc::channel());
        let sender = Mutex::new(outside.0);
        let asked = Asked::new(move |request| {
            if waits {
                sender.lock().unwrap().send(()).unwrap();
                return for_ever(request);
            }
            inside.lock().unwrap().as_ref().unwrap().cancel();
            Ok(Secret::new(PASSWORD.as_bytes()))
        });
        let client = Arc::new(asking(
            &policy,
            server.addr(),
            CredentialKind::Password,
            &asked,
        ));
        *place.lock().unwrap() = Some(Arc::clone(&client));
        let canceller = Arc::clone(&client);
        let other = waits.then(|| {
            std::thread::spawn(move || {
                outside.1.recv().unwrap();
                canceller.cancel();
            })
        });
        fails(&client, &message(), Status::Cancelled, Stage::Auth, NOT);
        place.lock().unwrap().take();
        if let Some(thread) = other {
            thread.join().unwrap();
        }
        assert!(!holds(&server.join().tls, "AUTH"));
    }
}

#[test]
fn an_answer_after_the_end_of_the_whole_call_is_too_late() {
    let pki = pki();
    let server = script(&pki, "PLAIN", vec![Step::ReadToEnd]);
    let asked = Asked::new(|request| {
        // Gets the timeout, and answers all the same.
        while request.wait().is_ok() {}
        Ok(Secret::new(PASSWORD.as_bytes()))
    });
    let policy = policy(&pki, TlsMode::Implicit);
    let client = asking(&policy, server.addr(), CredentialKind::Password, &asked);
    client.set_timeout(Stage::Local, Duration::from_millis(1500));
    let error = send(&client, &message()).unwrap_err();
    let got = (error.status(), error.record.outcome);
    assert_eq!(got, (Status::Timeout, NOT), "{error}");
    assert!(!holds(&server.join().tls, "AUTH"));
}

#[test]
fn a_panic_inside_goes_to_the_caller_and_leaves_the_client_whole() {
    let pki = pki();
    let server = ReferenceServer::start(reference_config(&pki)).unwrap();
    let first = AtomicUsize::new(0);
    let asked = Asked::new(move |_| match first.fetch_add(1, Ordering::SeqCst) {
        0 => panic!("on purpose"),
        _ => Ok(Secret::new(PASSWORD.as_bytes())),
    });
    let client = asking(
        &policy(&pki, TlsMode::Implicit),
        server.implicit_addr(),
        CredentialKind::Password,
        &asked,
    );
    assert!(catch_unwind(AssertUnwindSafe(|| send(&client, &message()))).is_err());
    assert_eq!(
        send(&client, &message()).unwrap().outcome,
        Outcome::Accepted
    );
}

#[test]
fn a_server_that_closes_meanwhile_gets_no_secret() {
    let pki = pki();
    let policy = policy(&pki, TlsMode::Implicit);
    for (last, status) in [
        (Step::send("421 bye\r\n"), Status::Closing),
        (Step::send("250 what\r\n"), Status::Unsolicited),
        (Step::Drop, Status::ConnectionLost),
    ] {
        let server = script(&pki, "PLAIN", vec![last]);
        let address = server.addr();
        let server = Mutex::new(Some(server));
        let asked = Asked::new(move |_| {
            // Until it has gone.
            let record = server.lock().unwrap().take().unwrap().join();
            assert!(record.handshake_done);
            Ok(Secret::new(PASSWORD.as_bytes()))
        });
        let client = asking(&policy, address, CredentialKind::Password, &asked);
        let error = fails(&client, &message(), status, Stage::Auth, NOT);
        assert!(!error.record.secret_released);
    }
}

#[test]
fn another_mail_may_be_sent_from_inside() {
    let pki = pki();
    let server = ReferenceServer::start(reference_config(&pki)).unwrap();
    let policy = policy(&pki, TlsMode::Implicit);
    let inner = client(&policy, server.implicit_addr());
    let asked = Asked::new(move |_| {
        send(&inner, &message()).unwrap();
        Ok(Secret::new(PASSWORD.as_bytes()))
    });
    let client = asking(
        &policy,
        server.implicit_addr(),
        CredentialKind::Password,
        &asked,
    );
    send(&client, &message()).unwrap();
}

//! A SCRAM server (RFC 5802) for scripts: right where it is left alone, and wrong where a test
//! says so.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::{digest, hmac, pbkdf2};
use secsmtp::client::Client;
use secsmtp::credential::Credential;
use secsmtp::trust::TlsMode;
use secsmtp_testservers::{Pki, Scripted, Step};

use crate::support::{PASSWORD, USER, client, policy};

pub(crate) const SALT: &str = "c2FsdCBmb3IgdGhlIHRlc3Rz";

/// The behaviour of the server; each part may be replaced.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) mechanism: &'static str,
    pub(crate) password: String,
    /// The server's first message, made of the client's nonce.
    pub(crate) first: Arc<dyn Fn(&str) -> String + Send + Sync>,
    /// The reply to a right proof, made of the right signature in base64.
    pub(crate) last: Arc<dyn Fn(&str) -> String + Send + Sync>,
    /// True if this server is the other end of the client's channel; a relay is not.
    pub(crate) same_channel: bool,
}

/// The bytes that the client sent.
#[derive(Clone, Default)]
pub(crate) struct Received {
    pub(crate) gs2: String,
    pub(crate) first_bare: String,
    pub(crate) server_first: String,
    pub(crate) proof: String,
}

pub(crate) fn challenge(text: &str) -> String {
    format!("334 {}\r\n", STANDARD.encode(text))
}

impl Server {
    pub(crate) fn new(mechanism: &'static str, password: &str) -> Self {
        Self {
            mechanism,
            password: password.to_owned(),
            first: Arc::new(|nonce| format!("r={nonce}ServerPart,s={SALT},i=4096")),
            last: Arc::new(|signature| challenge(&format!("v={signature}"))),
            same_channel: true,
        }
    }

    pub(crate) fn first(mut self, first: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        self.first = Arc::new(first);
        self
    }

    pub(crate) fn last(mut self, last: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        self.last = Arc::new(last);
        self
    }

    /// The two steps in which the server acts, and the place for the received bytes.
    pub(crate) fn steps(self) -> (Vec<Step>, Arc<Mutex<Received>>) {
        let received = Arc::new(Mutex::new(Received::default()));
        let (server, ear) = (self.clone(), received.clone());
        let first = Step::respond(move |line, _| {
            let line = std::str::from_utf8(line).unwrap();
            // Alone on its line when it was held back for being long.
            let encoded = line
                .strip_prefix(&format!("AUTH {} ", server.mechanism))
                .unwrap_or(line);
            let message = String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap();
            let bare = message.splitn(3, ',').nth(2).unwrap().to_owned();
            let nonce = bare.split_once(",r=").unwrap().1;
            let mut received = ear.lock().unwrap();
            received.server_first = (server.first)(nonce);
            received.gs2 = message[..message.len() - bare.len()].to_owned();
            received.first_bare = bare;
            challenge(&received.server_first).into_bytes()
        });
        let ear = received.clone();
        let second = Step::respond(move |line, exported| {
            let message = STANDARD.decode(line).unwrap_or_default();
            let message = String::from_utf8(message).unwrap_or_default();
            let Some((bare, proof)) = message.split_once(",p=") else {
                return b"501 5.5.2 That is no SCRAM\r\n".to_vec();
            };
            let mut received = ear.lock().unwrap();
            received.proof = proof.to_owned();
            let bound = if self.same_channel {
                exported.unwrap()
            } else {
                [0; 32]
            };
            match self.check(&received, bare, &bound) {
                Some(signature) => (self.last)(&signature).into_bytes(),
                None => b"535 5.7.8 No\r\n".to_vec(),
            }
        });
        (vec![first, second], received)
    }

    /// The server's signature, if the client's proof is right.
    fn check(&self, received: &Received, bare: &str, bound: &[u8]) -> Option<String> {
        let (derivation, algorithm) = match self.mechanism.trim_end_matches("-PLUS") {
            "SCRAM-SHA-512" => (pbkdf2::PBKDF2_HMAC_SHA512, hmac::HMAC_SHA512),
            "SCRAM-SHA-256" => (pbkdf2::PBKDF2_HMAC_SHA256, hmac::HMAC_SHA256),
            _ => (
                pbkdf2::PBKDF2_HMAC_SHA1,
                hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            ),
        };
        let mut input = received.gs2.clone().into_bytes();
        if received.gs2.starts_with("p=") {
            input.extend(bound);
        }
        let (binding, _) = bare.strip_prefix("c=")?.split_once(",r=")?;
        if STANDARD.decode(binding).ok()? != input {
            return None;
        }
        let (_, count) = received.server_first.rsplit_once("i=")?;
        let iterations = NonZeroU32::new(count.split(',').next()?.parse().ok()?)?;
        let hash = algorithm.digest_algorithm();
        let mut salted = vec![0; hash.output_len()];
        let salt = STANDARD.decode(SALT).unwrap();
        let password = self.password.as_bytes();
        pbkdf2::derive(derivation, iterations, &salt, password, &mut salted);
        let mac = |key: &[u8], text: &[u8]| hmac::sign(&hmac::Key::new(algorithm, key), text);
        let words = [&*received.first_bare, &*received.server_first, bare].join(",");
        let client_key = mac(&salted, b"Client Key");
        let stored_key = digest::digest(hash, client_key.as_ref());
        let mask = mac(stored_key.as_ref(), words.as_bytes());
        let proof = STANDARD.decode(&received.proof).ok()?;
        let key: Vec<u8> = proof
            .iter()
            .zip(mask.as_ref())
            .map(|(p, m)| p ^ m)
            .collect();
        let signature = mac(mac(&salted, b"Server Key").as_ref(), words.as_bytes());
        (key == client_key.as_ref()).then(|| STANDARD.encode(signature.as_ref()))
    }
}

/// Up to the offer of these mechanisms.
pub(crate) fn offering(pki: &Pki, mechanisms: &str) -> Vec<Step> {
    vec![
        Step::StartTls(pki.identity()),
        Step::send("220 m\r\n"),
        Step::expect("EHLO"),
        Step::send(&format!("250-m\r\n250 AUTH {mechanisms}\r\n")),
    ]
}

/// The whole of a mail behind the login.
pub(crate) fn mail() -> Vec<Step> {
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
pub(crate) fn play(
    pki: &Pki,
    mechanisms: &str,
    server: Server,
    after: Vec<Step>,
) -> (Scripted, Arc<Mutex<Received>>) {
    let mut steps = offering(pki, mechanisms);
    let (own, received) = server.steps();
    steps.extend(own);
    steps.extend(after);
    (Scripted::start(steps).unwrap(), received)
}

/// The client's answer to the signature, and the server's word on it.
pub(crate) fn welcome() -> Vec<Step> {
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

pub(crate) fn client_of(pki: &Pki, server: &Scripted, set: impl FnOnce(&mut Credential)) -> Client {
    let client = client(&policy(pki, TlsMode::Implicit), server.addr());
    let mut credential = Credential::password(USER, PASSWORD.as_bytes()).unwrap();
    set(&mut credential);
    client.set_credential(Some(Arc::new(credential)));
    client
}

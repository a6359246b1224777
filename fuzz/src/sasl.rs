//! Every SASL mechanism against a server that sends anything: no panic, no endless exchange, no
//! message is sent twice, and no server is authenticated too early.
//!
//! The input is cut at each byte 0x1e: user, password or token, and then the challenges; for SCRAM
//! the user's first byte chooses hash and channel binding.

use std::num::NonZeroU32;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::{digest, hmac, pbkdf2};
use secsmtp::credential::Credential;
use secsmtp::sasl::{
    Binding, External, Gs2, Hash, Login, Mechanism, NONCE_LEN, OAuthBearer, Plain, SaslError,
    Scram, XOAuth2, prepare,
};
use secsmtp::smtp::wire::command::Command;

/// A target: its name, which is also that of its corpus folder, and its function.
pub type Target = (&'static str, fn(&[u8]));

/// All targets of this file.
pub const ALL: [Target; 7] = [
    ("sasl_scram", scram),
    ("sasl_plain", plain),
    ("sasl_login", login),
    ("sasl_oauthbearer", oauthbearer),
    ("sasl_xoauth2", xoauth2),
    ("sasl_external", external),
    ("sasl_prepare", saslprep),
];

/// The client nonce of the seeds.
const NONCE: [u8; NONCE_LEN] = [7; NONCE_LEN];
/// The lowest iteration count that is accepted, so that a run is short.
const ITERATIONS: u32 = 4096;

/// The login is complete only after the server's signature, which is computed here again from
/// RFC 5802; the proof is sent once, contains the challenge's nonce, and is correct.
pub fn scram(data: &[u8]) {
    let (head, secret, challenges) = input(data);
    let Some((choice, user)) = head.split_first() else {
        return;
    };
    let Ok(user) = std::str::from_utf8(user) else {
        return;
    };
    let hash = [Hash::Sha1, Hash::Sha256, Hash::Sha512][usize::from(*choice % 3)];
    let gs2 = match choice / 3 % 3 {
        0 => Gs2::No,
        1 => Gs2::Unseen,
        _ => Gs2::Bound(Binding::tls_exporter(&[3; 32])),
    };
    let (header, bound) = match gs2 {
        Gs2::No => ("n,,", false),
        Gs2::Unseen => ("y,,", false),
        Gs2::Bound(_) => ("p=tls-exporter,,", true),
    };
    let Ok(mut exchange) = Scram::new(hash, user, secret, gs2, &NONCE, ITERATIONS) else {
        return;
    };
    let (user, password) = (prepare(user.as_bytes()), prepare(secret));
    let user = user.expect("it was taken").replace('=', "=3D");
    let bare = format!(
        "n={},r={}",
        user.replace(',', "=2C"),
        STANDARD.encode(NONCE)
    );
    let first = exchange.initial().expect("the client speaks first");
    assert!(!first.secret && !exchange.complete());
    assert_eq!(&**first.bytes, format!("{header}{bare}").as_bytes());
    let mut expected = None;
    for (turn, challenge) in challenges.iter().enumerate() {
        match exchange.step(challenge) {
            Ok(response) if turn == 0 => {
                let client = Client {
                    hash,
                    password: password.as_ref().expect("it was taken"),
                    first: &bare,
                    binding: [header.as_bytes(), &[3; 32][..if bound { 32 } else { 0 }]].concat(),
                };
                let (last, signature) = client.answer(challenge);
                assert!(response.secret);
                assert_eq!(String::from_utf8_lossy(&response.bytes), last);
                assert!(!exchange.complete() && exchange.bound().is_none());
                expected = Some(format!("v={signature}"));
            }
            Ok(response) => {
                assert!(turn == 1 && response.bytes.is_empty() && !response.secret);
                let said = challenge.split(|byte| *byte == b',').next();
                assert_eq!(said, expected.as_ref().map(String::as_bytes));
                assert!(exchange.complete());
                assert_eq!(exchange.bound().is_some(), bound);
            }
            Err(stop) => {
                let is_right = expected
                    .as_ref()
                    .is_some_and(|it| it.as_bytes() == *challenge);
                assert!(turn != 1 || !is_right, "{stop:?}");
                assert!(
                    turn == 1 && expected.is_some() || stop != SaslError::ServerNotAuthenticated
                );
                assert!(!exchange.complete());
            }
        }
    }
}

/// A model of a SCRAM client: its secrets, and the messages that it must send (RFC 5802 section 3).
struct Client<'a> {
    hash: Hash,
    password: &'a str,
    /// The first message without the GS2 header.
    first: &'a str,
    /// The GS2 header, and the channel binding data.
    binding: Vec<u8>,
}

impl Client<'_> {
    /// The client's final message and the server's signature, for an acceptable challenge: one that
    /// continues the nonce and has an iteration count within the limits.
    fn answer(&self, challenge: &[u8]) -> (String, String) {
        let challenge = std::str::from_utf8(challenge).expect("UTF-8");
        let mut fields = challenge.split(',');
        let mut field = |name| fields.next().and_then(|field| field.strip_prefix(name));
        let nonce = field("r=").expect("a nonce");
        let salt = STANDARD
            .decode(field("s=").expect("a salt"))
            .expect("base64");
        let iterations = field("i=").expect("a count");
        assert_eq!(iterations, ITERATIONS.to_string());
        let own = STANDARD.encode(NONCE);
        assert!(nonce.strip_prefix(&own).is_some_and(|it| !it.is_empty()));
        let last = format!("c={},r={nonce}", STANDARD.encode(&self.binding));
        let all = format!("{},{challenge},{last}", self.first);

        let (algorithm, derivation) = match self.hash {
            Hash::Sha1 => (
                hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
                pbkdf2::PBKDF2_HMAC_SHA1,
            ),
            Hash::Sha256 => (hmac::HMAC_SHA256, pbkdf2::PBKDF2_HMAC_SHA256),
            Hash::Sha512 => (hmac::HMAC_SHA512, pbkdf2::PBKDF2_HMAC_SHA512),
        };
        let of =
            |key: &[u8], text: &str| hmac::sign(&hmac::Key::new(algorithm, key), text.as_bytes());
        let mut salted = vec![0; algorithm.digest_algorithm().output_len()];
        let count = NonZeroU32::new(ITERATIONS).expect("some");
        pbkdf2::derive(
            derivation,
            count,
            &salt,
            self.password.as_bytes(),
            &mut salted,
        );
        let client_key = of(&salted, "Client Key");
        let stored = digest::digest(algorithm.digest_algorithm(), client_key.as_ref());
        let mask = of(stored.as_ref(), &all);
        let pairs = client_key.as_ref().iter().zip(mask.as_ref());
        let proof: Vec<u8> = pairs.map(|(key, mask)| key ^ mask).collect();
        let signature = of(of(&salted, "Server Key").as_ref(), &all);
        let last = format!("{last},p={}", STANDARD.encode(proof));
        (last, STANDARD.encode(signature))
    }
}

/// PLAIN sends its only message after no challenge or an empty one.
pub fn plain(data: &[u8]) {
    let (user, secret, challenges) = input(data);
    let Some(user) = password(user, secret) else {
        return;
    };
    let whole = [b"\0", user.as_bytes(), b"\0", secret].concat();
    assert_eq!(whole.iter().filter(|byte| **byte == 0).count(), 2);
    one_message(&mut Plain::new(user, secret), &whole, true, &challenges);
    one_message(&mut Plain::new(user, secret), &whole, true, &[]);
}

/// EXTERNAL sends its only message after no challenge or an empty one.
pub fn external(data: &[u8]) {
    let (identity, _, challenges) = input(data);
    let Ok(identity) = std::str::from_utf8(identity) else {
        return;
    };
    if Credential::external(identity).is_err() {
        return;
    }
    let whole = identity.as_bytes();
    one_message(&mut External::new(identity), whole, false, &challenges);
    one_message(&mut External::new(identity), whole, false, &[]);
}

/// LOGIN sends the user after the first challenge and the password after the second, with any text.
pub fn login(data: &[u8]) {
    let (user, secret, challenges) = input(data);
    let Some(user) = password(user, secret) else {
        return;
    };
    let mut exchange = Login::new(user, secret);
    assert!(exchange.initial().is_none());
    for (turn, challenge) in challenges.iter().enumerate() {
        let said = exchange.step(challenge);
        match turn {
            0 => assert_eq!(&**said.expect("the user").bytes, user.as_bytes()),
            1 => assert_eq!(&**said.expect("the password").bytes, secret),
            _ => assert!(said.is_err()),
        }
        assert_eq!(exchange.complete(), turn >= 1);
    }
}

/// OAUTHBEARER sends the token once, and one 0x01 after the server's error.
pub fn oauthbearer(data: &[u8]) {
    let (user, secret, challenges) = input(data);
    if let Some(user) = token(user, secret) {
        let exchange = &mut OAuthBearer::new(user, secret, "mail.example", 465);
        // Three fields and the end; neither user nor token can end a field early.
        let fields = bearer(exchange, b"\x01", &challenges);
        assert_eq!(fields, 6);
    }
}

/// XOAUTH2 sends the token once, and one empty response after the server's error.
pub fn xoauth2(data: &[u8]) {
    let (user, secret, challenges) = input(data);
    if let Some(user) = token(user, secret) {
        let fields = bearer(&mut XOAuth2::new(user, secret), b"", &challenges);
        assert_eq!(fields, 4);
    }
}

/// SASLprep is idempotent, and its result contains no NUL.
pub fn saslprep(data: &[u8]) {
    let Ok(prepared) = prepare(data) else {
        return;
    };
    assert!(!prepared.is_empty() && !prepared.chars().any(char::is_control));
    if let Ok(again) = prepare(prepared.as_bytes()) {
        assert_eq!(*again, *prepared);
    }
}

fn input(data: &[u8]) -> (&[u8], &[u8], Vec<&[u8]>) {
    let mut parts = data.split(|byte| *byte == 0x1e);
    let (head, secret) = (parts.next(), parts.next());
    (
        head.unwrap_or_default(),
        secret.unwrap_or_default(),
        parts.take(8).collect(),
    )
}

/// The prepared user, if these make a valid credential.
fn password<'a>(user: &'a [u8], secret: &[u8]) -> Option<&'a str> {
    let user = std::str::from_utf8(user).ok()?;
    Credential::password(user, secret).ok().map(|_| user)
}

fn token<'a>(user: &'a [u8], secret: &[u8]) -> Option<&'a str> {
    let user = std::str::from_utf8(user).ok()?;
    Credential::token(user, secret).ok().map(|_| user)
}

fn one_message(exchange: &mut dyn Mechanism, whole: &[u8], secret: bool, challenges: &[&[u8]]) {
    let mut said = challenges.is_empty();
    if said {
        let first = exchange.initial().expect("the client speaks first");
        assert_eq!((&**first.bytes, first.secret), (whole, secret));
        on_one_line(&Command::auth("X", Some(&first)).expect("a command"));
    }
    for challenge in challenges {
        assert_eq!(exchange.complete(), said);
        match exchange.step(challenge) {
            Ok(response) => {
                assert!(!said && challenge.is_empty());
                assert_eq!((&**response.bytes, response.secret), (whole, secret));
                on_one_line(&Command::auth_response(&response).expect("a command"));
                said = true;
            }
            Err(_) => assert!(said || !challenge.is_empty()),
        }
    }
    assert_eq!(exchange.complete(), said);
}

/// Returns the number of fields of the first message, each of which ends in 0x01.
fn bearer(exchange: &mut dyn Mechanism, farewell: &[u8], challenges: &[&[u8]]) -> usize {
    let first = exchange.initial().expect("the client speaks first");
    assert!(first.secret && exchange.complete());
    on_one_line(&Command::auth("X", Some(&first)).expect("a command"));
    for (turn, challenge) in challenges.iter().enumerate() {
        match exchange.step(challenge) {
            Ok(response) => assert!(turn == 0 && **response.bytes == *farewell),
            Err(_) => assert!(turn > 0),
        }
        assert!(!exchange.complete());
    }
    first.bytes.split(|byte| *byte == 1).count()
}

/// Each message is sent as one line.
fn on_one_line(command: &Command) {
    let wire = command.wire();
    let body = wire.strip_suffix(b"\r\n").expect("a line");
    assert!(
        body.iter()
            .all(|byte| byte.is_ascii_graphic() || *byte == b' ')
    );
}

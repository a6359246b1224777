//! SCRAM (RFC 5802, RFC 7677): the password is proven and never sent, and the server proves that it
//! knows it too.

use std::num::NonZeroU32;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::{digest, hmac, pbkdf2};
use zeroize::Zeroizing;

use super::scram_message::{ServerFirst, parse_final};
use super::{Binding, Hash, Mechanism, Response, SaslError, prepare};
use crate::argument::InvalidArgument;
use crate::status::Status;

/// Random bytes of the client's nonce.
pub const NONCE_LEN: usize = 24;
/// The default maximum iteration count: it limits the work that a false server can cause to about
/// 50 ms.
pub const DEFAULT_MAX_ITERATIONS: u32 = 100_000;

/// The client's channel binding flag (RFC 5802 section 6).
#[derive(Debug, Clone)]
pub enum Gs2 {
    /// `n`: not wanted, or not possible.
    No,
    /// `y`: possible, but the server did not offer `-PLUS`. If it did, the flag shows that an attacker
    /// removed the offer.
    Unseen,
    /// `p`: the login is bound to this.
    Bound(Binding),
}

impl Gs2 {
    /// The GS2 header; the authorization identity is always empty.
    fn header(&self) -> String {
        match self {
            Self::No => "n,,".to_owned(),
            Self::Unseen => "y,,".to_owned(),
            Self::Bound(binding) => format!("p={},,", binding.name()),
        }
    }
}

/// One exchange of SCRAM.
pub struct Scram {
    hash: Hash,
    gs2: Gs2,
    max_iterations: u32,
    nonce: String,
    first_bare: String,
    state: State,
}

enum State {
    /// Nothing was sent yet.
    Start(Zeroizing<String>),
    /// The client's first message was sent.
    Named(Zeroizing<String>),
    /// The proof was sent; the server's signature is due.
    Proved {
        server_key: hmac::Key,
        auth_message: String,
        bound: Option<&'static str>,
    },
    /// The server's signature was correct.
    Complete {
        bound: Option<&'static str>,
    },
    Over,
}

impl Scram {
    /// Makes an exchange for a user and password, with new random bytes for the nonce.
    ///
    /// # Errors
    /// The argument that SCRAM can't carry, and the reason.
    pub fn new(
        hash: Hash,
        user: &str,
        password: &[u8],
        gs2: Gs2,
        nonce: &[u8; NONCE_LEN],
        max_iterations: u32,
    ) -> Result<Self, InvalidArgument> {
        let nonce = STANDARD.encode(nonce);
        Self::with_nonce(hash, user, password, gs2, nonce, max_iterations)
    }

    pub(super) fn with_nonce(
        hash: Hash,
        user: &str,
        password: &[u8],
        gs2: Gs2,
        nonce: String,
        max_iterations: u32,
    ) -> Result<Self, InvalidArgument> {
        let user = prepare(user.as_bytes())
            .map_err(|why| InvalidArgument::new(Status::User, "user", why))?;
        let password = prepare(password)
            .map_err(|why| InvalidArgument::new(Status::Secret, "password", why))?;
        // RFC 5802 section 5.1: equals sign and comma of the name are escaped.
        let name = user.replace('=', "=3D").replace(',', "=2C");
        Ok(Self {
            hash,
            gs2,
            max_iterations,
            first_bare: format!("n={name},r={nonce}"),
            nonce,
            state: State::Start(password),
        })
    }

    fn name(&mut self, password: Zeroizing<String>) -> Response {
        self.state = State::Named(password);
        let message = format!("{}{}", self.gs2.header(), self.first_bare);
        Response {
            bytes: Zeroizing::new(message.into_bytes()),
            secret: false,
        }
    }

    /// The computation of RFC 5802 section 3, with its names.
    fn prove(&mut self, password: &str, challenge: &[u8]) -> Result<Response, SaslError> {
        let first = ServerFirst::parse(challenge, &self.nonce, self.max_iterations)?;
        let mut binding_input = Zeroizing::new(self.gs2.header().into_bytes());
        let mut bound = None;
        if let Gs2::Bound(binding) = &self.gs2 {
            binding_input.extend_from_slice(binding.data());
            bound = Some(binding.name());
        }
        let bare = format!("c={},r={}", STANDARD.encode(&*binding_input), first.nonce);
        let server_first = std::str::from_utf8(challenge).unwrap_or_default();
        let auth_message = format!("{},{server_first},{bare}", self.first_bare);
        let keys = Keys::derive(self.hash, password, &first);
        let proof = Zeroizing::new(STANDARD.encode(&*keys.proof(&auth_message)));
        let mut bytes = Zeroizing::new(Vec::with_capacity(
            bare.len().saturating_add(proof.len()).saturating_add(3),
        ));
        bytes.extend_from_slice(bare.as_bytes());
        bytes.extend_from_slice(b",p=");
        bytes.extend_from_slice(proof.as_bytes());
        self.state = State::Proved {
            server_key: keys.server_key(),
            auth_message,
            bound,
        };
        Ok(Response {
            bytes,
            secret: true,
        })
    }
}

impl Mechanism for Scram {
    fn initial(&mut self) -> Option<Response> {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Start(password) => Some(self.name(password)),
            _ => None,
        }
    }

    fn step(&mut self, challenge: &[u8]) -> Result<Response, SaslError> {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Start(password) if challenge.is_empty() => Ok(self.name(password)),
            State::Named(password) => self.prove(&password, challenge),
            State::Proved {
                server_key,
                auth_message,
                bound,
            } => {
                let signature = parse_final(challenge)?;
                // Compare in constant time, including the length.
                hmac::verify(&server_key, auth_message.as_bytes(), &signature)
                    .map_err(|_| SaslError::ServerNotAuthenticated)?;
                self.state = State::Complete { bound };
                // RFC 4954 section 4: a 235 carries no data, so the signature came as a challenge
                // and wants an answer.
                Ok(Response {
                    bytes: Zeroizing::default(),
                    secret: false,
                })
            }
            _ => Err(SaslError::UNEXPECTED_CHALLENGE),
        }
    }

    fn complete(&self) -> bool {
        matches!(self.state, State::Complete { .. })
    }

    fn bound(&self) -> Option<&'static str> {
        match self.state {
            State::Complete { bound } => bound,
            _ => None,
        }
    }
}

/// The salted password and the keys derived from it.
struct Keys {
    algorithm: hmac::Algorithm,
    salted: Zeroizing<Vec<u8>>,
}

impl Keys {
    fn derive(hash: Hash, password: &str, first: &ServerFirst<'_>) -> Self {
        let (derivation, algorithm) = match hash {
            Hash::Sha512 => (pbkdf2::PBKDF2_HMAC_SHA512, hmac::HMAC_SHA512),
            Hash::Sha256 => (pbkdf2::PBKDF2_HMAC_SHA256, hmac::HMAC_SHA256),
            Hash::Sha1 => (
                pbkdf2::PBKDF2_HMAC_SHA1,
                hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            ),
        };
        let mut salted = Zeroizing::new(vec![0; algorithm.digest_algorithm().output_len()]);
        // The parser rejects zero.
        let iterations = NonZeroU32::new(first.iterations).unwrap_or(NonZeroU32::MIN);
        let password = password.as_bytes();
        pbkdf2::derive(derivation, iterations, &first.salt, password, &mut salted);
        Self { algorithm, salted }
    }

    fn key(&self, word: &[u8]) -> hmac::Tag {
        hmac::sign(&hmac::Key::new(self.algorithm, &self.salted), word)
    }

    fn proof(&self, auth_message: &str) -> Zeroizing<Vec<u8>> {
        let client_key = self.key(b"Client Key");
        let stored_key = digest::digest(self.algorithm.digest_algorithm(), client_key.as_ref());
        let stored_key = hmac::Key::new(self.algorithm, stored_key.as_ref());
        let signature = hmac::sign(&stored_key, auth_message.as_bytes());
        let pairs = client_key.as_ref().iter().zip(signature.as_ref());
        Zeroizing::new(pairs.map(|(key, mask)| key ^ mask).collect())
    }

    fn server_key(&self) -> hmac::Key {
        hmac::Key::new(self.algorithm, self.key(b"Server Key").as_ref())
    }
}

//! The signer of a message (DKIM, RFC 6376 and RFC 8463): a domain, a selector and a private key.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::PrivateKeyDer;
use zeroize::Zeroizing;

use super::canonical::{ABSENT, ADDED, FIELDS};
use crate::error::{Cause, Error};
use crate::status::Status;
use crate::support::idn::to_a_labels;
use crate::trust::private_key::with_private_key;
use crate::trust::read_file;

/// The largest key file.
const MAX_KEY: u64 = 64 * 1024;
/// The most fields that a signer names.
const MAX_FIELDS: usize = 200;
/// A hundred years in seconds.
const MAX_LIFETIME: u32 = 3_155_760_000;

/// Signs messages for a domain. `Debug` tells nothing of the key, whose file and DER are wiped once the
/// provider has made its form of it.
#[derive(Clone)]
pub struct Signer {
    pub(in crate::message) domain: String,
    pub(in crate::message) selector: String,
    pub(in crate::message) fields: Vec<String>,
    pub(in crate::message) absent: Vec<String>,
    pub(in crate::message) lifetime: Option<u32>,
    key: Arc<Key>,
}

enum Key {
    Rsa(RsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer(key not shown)")
    }
}

impl Signer {
    /// For a domain, with the private key whose public half stands in the DNS under
    /// `selector._domainkey.domain`: RSA of 2048 to 4096 bits (PKCS#8 or PKCS#1) or Ed25519
    /// (PKCS#8), in PEM or DER, without a passphrase.
    ///
    /// # Errors
    /// [`Status::Value`] for what is no domain or selector, [`Status::SigningKey`].
    pub fn new(domain: &str, selector: &str, key: &[u8]) -> Result<Self, Error> {
        let wrong = |why: &str| Error::argument(Status::SigningKey, "signing key", why);
        Ok(Self {
            domain: name("signing domain", domain, 2)?,
            selector: name("selector", selector, 1)?,
            fields: owned(FIELDS),
            absent: owned(ABSENT),
            lifetime: None,
            key: Arc::new(Key::read(key).map_err(wrong)?),
        })
    }

    /// Makes a signer with a key file, which is read now.
    ///
    /// # Errors
    /// [`Status::File`], and those of [`Signer::new`].
    pub fn from_file(domain: &str, selector: &str, path: &Path) -> Result<Self, Error> {
        let key = Zeroizing::new(read_file("signing key file", path, MAX_KEY)?);
        Self::new(domain, selector, &key)
    }

    /// For how many seconds a signature holds once it is made (`x=`); `None`, the default, for ever.
    ///
    /// # Errors
    /// [`Status::Value`] for 0, and beyond a hundred years.
    pub fn set_lifetime(&mut self, seconds: Option<u32>) -> Result<(), Error> {
        if seconds.is_some_and(|seconds| !(1..=MAX_LIFETIME).contains(&seconds)) {
            let why = format!("is not between 1 and {MAX_LIFETIME} seconds");
            return Err(Error::argument(Status::Value, "lifetime", why));
        }
        self.lifetime = seconds;
        Ok(())
    }

    /// Signs these fields, separated by colons, where a message has them, in place of the usual ones;
    /// From is always signed.
    ///
    /// # Errors
    /// [`Status::Header`] for what is no name of a field, for one with a semicolon, and for
    /// DKIM-Signature; [`Status::Length`] beyond 200.
    pub fn set_fields(&mut self, names: &str) -> Result<(), Error> {
        let mut fields = vec!["from".to_owned()];
        for name in names.split(':').map(|name| name.trim_matches(' ')) {
            crate::message::mime::field_check::check_name(name)?;
            let name = name.to_ascii_lowercase();
            let wrong = |why: &str| Err(Error::argument(Status::Header, "header name", why));
            if name == "dkim-signature" {
                return wrong("DKIM-Signature is the signature's own field");
            }
            if name.contains(';') {
                return wrong("has a semicolon, which ends the list of names in a signature");
            }
            if !fields.contains(&name) {
                fields.push(name);
            }
        }
        if fields.len() > MAX_FIELDS {
            let why = format!("are more than {MAX_FIELDS}");
            return Err(Error::argument(Status::Length, "header names", why));
        }
        self.fields = fields;
        Ok(())
    }

    /// Names these fields, separated by colons, in the signature where a message has none, in place of
    /// Cc and Reply-To: one that is added later breaks the signature. Where a message has them they are
    /// named once more. Empty: none. Those that [`Signer::set_fields`] leaves out are not signed.
    ///
    /// # Errors
    /// [`Status::Header`] for one that is not signed, and for Date, Message-ID, Sender and To, which
    /// servers add.
    pub fn set_absent_fields(&mut self, names: &str) -> Result<(), Error> {
        let mut absent = Vec::new();
        let names = Some(names).filter(|names| !names.is_empty());
        for name in names.into_iter().flat_map(|names| names.split(':')) {
            let name = name.trim_matches(' ').to_ascii_lowercase();
            crate::message::mime::field_check::check_name(&name)?;
            let wrong = |why: String| Err(Error::argument(Status::Header, "header name", why));
            if ADDED.contains(&name.as_str()) {
                return wrong(format!(
                    "{name} is added by servers where a message has none, which would break the signature"
                ));
            }
            if !self.fields.contains(&name) {
                return wrong(format!("{name} is not among the signed fields"));
            }
            absent.push(name);
        }
        self.absent = absent;
        Ok(())
    }

    /// The algorithm's name.
    pub(in crate::message) fn algorithm(&self) -> &'static str {
        match *self.key {
            Key::Rsa(_) => "rsa-sha256",
            Key::Ed25519(_) => "ed25519-sha256",
        }
    }

    /// Signs.
    pub(in crate::message) fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>, Error> {
        match &*self.key {
            Key::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(
                    &RSA_PKCS1_SHA256,
                    &SystemRandom::new(),
                    bytes,
                    &mut signature,
                )
                .map_err(|_| Error::local(Cause::Random))?;
                Ok(signature)
            }
            // RFC 8463 section 3: the hash is what is signed.
            Key::Ed25519(pair) => {
                let hash = ring::digest::digest(&ring::digest::SHA256, bytes);
                Ok(pair.sign(hash.as_ref()).as_ref().to_vec())
            }
        }
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// Kinds of keys in PKCS#8 that can't sign here, by the bytes of their object identifier.
const KINDS: [(&[u8], &str); 6] = [
    (
        b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01",
        "is an elliptic curve's (ECDSA): DKIM has RSA and Ed25519",
    ),
    (
        b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a",
        "is for RSA-PSS alone: DKIM has RSA with PKCS#1 v1.5, and Ed25519",
    ),
    (
        b"\x06\x07\x2a\x86\x48\xce\x38\x04\x01",
        "is for DSA: DKIM has RSA and Ed25519",
    ),
    (
        b"\x06\x03\x2b\x65\x71",
        "is for Ed448: DKIM has RSA and Ed25519",
    ),
    (
        b"\x06\x03\x2b\x65\x6e",
        "is for X25519, which does not sign: DKIM has RSA and Ed25519",
    ),
    (
        b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d",
        "has a passphrase: give it without",
    ),
];

impl Key {
    fn read(bytes: &[u8]) -> Result<Self, &'static str> {
        if bytes.len() as u64 > MAX_KEY {
            return Err("is larger than any key");
        }
        if bytes.first() == Some(&0x30) {
            let der = PrivateKeyDer::try_from(bytes).map_err(|_| kind_of(bytes))?;
            return Self::of(&der);
        }
        with_private_key(bytes, Self::of).unwrap_or_else(|| {
            let has = |word: &str| holds(bytes, word.as_bytes());
            Err(match () {
                () if has("ENCRYPTED") => "has a passphrase: give it without",
                () if has("OPENSSH") => "is in OpenSSH's form: give it as PKCS#8",
                () if has("PUBLIC KEY") => "is a public key: the private one signs",
                () if has("CERTIFICATE") => "is a certificate: its private key signs",
                () => "is not a private key in PEM or DER",
            })
        })
    }

    fn of(der: &PrivateKeyDer<'_>) -> Result<Self, &'static str> {
        let pair = match der {
            PrivateKeyDer::Pkcs8(der) => {
                let der = der.secret_pkcs8_der();
                if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
                    return Ok(Self::Ed25519(pair));
                }
                RsaKeyPair::from_pkcs8(der)
            }
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
            _ => return Err(KINDS[0].1),
        };
        pair.map(Self::Rsa)
            .map_err(|refused| match refused.to_string().as_str() {
                "TooSmall" => "is an RSA key of too few bits: expected 2048 to 4096",
                "TooLarge" => "is an RSA key of too many bits: expected 2048 to 4096",
                _ => kind_of(der.secret_der()),
            })
    }
}

/// The reason why a key in DER was rejected.
fn kind_of(der: &[u8]) -> &'static str {
    let head = der.get(..64).unwrap_or(der);
    let found = KINDS.iter().find(|kind| holds(head, kind.0));
    found.map_or("can't be read as an RSA or Ed25519 key", |kind| kind.1)
}

fn holds(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|some| some == wanted)
}

/// A name of the DNS in A-labels.
fn name(argument: &'static str, text: &str, labels: usize) -> Result<String, Error> {
    let wrong = |why: &str| Error::argument(Status::Value, argument, why);
    let ascii = to_a_labels(text).map_err(wrong)?.to_ascii_lowercase();
    let good = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    if ascii.len() > 200 || ascii.split('.').count() < labels || !ascii.split('.').all(good) {
        return Err(wrong(match labels {
            1 => "is not a name such as 2026 or mail.2026",
            _ => "is not a domain name such as example.com",
        }));
    }
    Ok(ascii)
}

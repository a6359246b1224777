//! All parsers of `trust`: pins, hosts, certificates, revocation lists, files and served chains. None
//! may panic, and a value that was parsed must be equal after it is written and parsed again.
//!
//! The private keys of the corpus were deleted: an accepted signature is one that the corpus' CA
//! made, byte for byte. Keys and pins are parsed here again, by an independent parser.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rsa;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair as _,
};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::{PemObject as _, SectionKind};
use secsmtp::trust::{Certificate, Host, KnownServer, Pin, Policy, now_at, verify_pem};
use sha2::{Digest as _, Sha256};
use x509_cert::der::asn1::AnyRef;
use x509_cert::der::{Decode as _, Encode as _, Reader as _, SliceReader, Tag, Tagged as _};

/// A target: its name, which is also that of its corpus folder, and its function.
pub type Target = (&'static str, fn(&[u8]));

/// All targets of this file.
pub const ALL: [Target; 9] = [
    ("trust_host", host),
    ("trust_pin", pin),
    ("trust_pin_of", pin_of),
    ("trust_ca", ca),
    ("trust_certificate", certificate),
    ("trust_crl", crl),
    ("trust_client_certificate", client_certificate),
    ("trust_known_servers", known_servers),
    ("trust_chain", chain),
];

/// The CA of the corpus, the leaf that it signed for this host, and a time at which both are valid.
const ROOT: &[u8] = include_bytes!("../corpus/trust_ca/root.der");
const LEAF: &[u8] = include_bytes!("../corpus/trust_certificate/leaf.der");
const HOST: &str = "mail.example";
const AT: u64 = 2_000_000_000;

/// The leaf with the intermediate that signed it, and the list of each of the two CAs.
const GOOD: &[u8] = include_bytes!("../corpus/trust_chain/good.pem");
const LISTS: &[u8] = include_bytes!("../corpus/trust_crl/two.pem");

/// The normalisation of a host is idempotent.
pub fn host(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(host) = Host::parse(text) {
        assert!(host.as_str().is_ascii());
        assert_eq!(Host::parse(host.as_str()).as_ref(), Ok(&host));
    }
}

/// A pin is 32 bytes in strict base64 or in hexadecimal digits; anything else is rejected.
pub fn pin(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let read = Pin::parse_list(text).ok();
    let theirs: Option<Vec<String>> = text.split(';').map(pin_in).collect();
    assert_eq!(read.as_deref().map(texts), theirs);
    for pin in read.unwrap_or_default() {
        assert_eq!(Pin::parse_list(&pin.to_string()), Ok(vec![pin]));
    }
}

/// The pin of a file is that of the only key in it.
pub fn pin_of(data: &[u8]) {
    let mut policy = Policy::new();
    if policy.add_pin_of(data).is_err() {
        return;
    }
    let found = sections(data, |kind| {
        matches!(kind, SectionKind::Certificate | SectionKind::PublicKey)
    });
    let [der] = found.as_slice() else {
        panic!("{} keys", found.len());
    };
    // The position of the key in a certificate decides, not its content.
    let of_certificate = key_of(der);
    assert!(of_certificate.is_some() || is_key(der));
    let key = of_certificate.unwrap_or_else(|| der.clone());
    let pins: Vec<Pin> = policy.pins().iter().map(|dated| dated.pin).collect();
    assert_eq!(texts(&pins), [pin_text(&Sha256::digest(&key))]);
}

/// An accepted CA file adds trust in the keys that are in it, and in no others.
pub fn ca(data: &[u8]) {
    let mut policy = Policy::new();
    let taken = policy.add_ca(data).is_ok();
    assert_eq!(policy.is_empty(), !taken);
    if !taken {
        return;
    }
    let held = certificates(data);
    let named = pins_of(&held);
    assert!(!held.is_empty() && named.len() == held.len());
    // Both CAs of the corpus are issuers in the chain of its leaf.
    let above = pins_of(&[&certificates(GOOD)[1..], &[ROOT.to_vec()]].concat());
    let is_above = named.iter().any(|pin| above.contains(pin));
    let is_believed = believed(&policy, GOOD).is_some();
    assert!(is_above || !is_believed);
    assert!(is_believed || !held.iter().any(|der| der == ROOT));
}

/// A certificate as a description, and as the only trusted one.
pub fn certificate(data: &[u8]) {
    if let Some(certificate) = Certificate::describe(&data.into()) {
        for text in [&certificate.subject, &certificate.issuer] {
            assert!(!text.chars().any(char::is_control), "{text:?}");
        }
    }
    let mut policy = Policy::new();
    let taken = policy.add_certificate(data).is_ok();
    assert_eq!(policy.is_empty(), !taken);
}

/// Revocation lists: a chain is accepted only with lists that its CAs signed.
pub fn crl(data: &[u8]) {
    let mut policy = anchored();
    if policy.add_crl(data).is_err() {
        return;
    }
    let lists = |data| sections(data, |kind| matches!(kind, SectionKind::Crl));
    let held = lists(data);
    assert!(!held.is_empty());
    let signed = lists(LISTS).iter().all(|list| held.contains(list));
    assert!(believed(&policy, GOOD).is_none() || signed);
}

/// A chain and a key in one file are accepted only if the key is that of the leaf.
pub fn client_certificate(data: &[u8]) {
    let mut policy = Policy::new();
    let taken = policy.set_client_certificate(data, data).is_ok();
    assert_eq!(policy.has_client_certificate(), taken);
    if !taken {
        return;
    }
    let chain = pem_sections(data, |kind| matches!(kind, SectionKind::Certificate));
    let spki = chain.first().and_then(|leaf| key_of(leaf));
    let spki = spki.expect("a leaf that has a key");
    let key = PrivateKeyDer::from_pem_slice(data).expect("a key");
    if let PrivateKeyDer::Pkcs8(key) = key {
        // The public key is the end of the SubjectPublicKeyInfo.
        let public = public_of(key.secret_pkcs8_der()).expect("a key that ring reads");
        assert!(spki.ends_with(&public));
    }
}

/// The line of an entry is parsed as that entry.
pub fn known_servers(data: &[u8]) {
    for server in KnownServer::parse_file(data).unwrap_or_default() {
        let line = server.to_string();
        assert_eq!(KnownServer::parse_file(line.as_bytes()), Ok(vec![server]));
    }
}

/// A served chain against each kind of policy; the text of the verdict is made too.
pub fn chain(data: &[u8]) {
    assert_eq!(believed(&Policy::new(), data), None);
    let chain = certificates(data);
    let keys = pins_of(&chain);
    let leaf_key = chain.first().and_then(|leaf| pin_of_key(leaf));
    let is_signed = chain.first().is_some_and(|leaf| leaf == LEAF);
    if let Some(pin) = believed(&anchored(), data) {
        assert!(is_signed && pin.is_none());
    }
    // One of the two required lists.
    let mut listed = anchored();
    let _ = listed.add_crl(include_bytes!("../corpus/trust_crl/root.pem"));
    assert_eq!(believed(&listed, data), None);
    for own in [LEAF, ROOT] {
        let pin = pin_of_key(own).expect("a certificate of the corpus");
        let mut pinned = Policy::new();
        let _ = pinned.add_pin_of(own);
        if let Some(matched) = believed(&pinned, data) {
            // A pinned leaf is trusted for its key, other leaves for a pinned issuer's signature.
            assert_eq!(matched.as_ref(), Some(&pin));
            assert!(leaf_key.as_ref() == Some(&pin) || is_signed && keys.contains(&pin));
        }
        let mut both = anchored();
        let _ = both.add_pin_of(own);
        if let Some(matched) = believed(&both, data) {
            assert_eq!(matched.as_ref(), Some(&pin));
            assert!(is_signed && (own == ROOT || keys.contains(&pin)));
        }
    }
    let mut named = Policy::new();
    let _ = named.add_certificate(LEAF);
    assert!(believed(&named, data).is_none() || is_signed);
    let mut strict = Policy::new();
    if strict.add_certificate(data).is_ok() {
        strict.strict = true;
        let _ = believed(&strict, data);
        assert!(believed(&strict, GOOD).is_none() || is_signed);
    }
}

fn anchored() -> Policy {
    let mut policy = Policy::new();
    let _ = policy.add_ca(ROOT);
    policy
}

/// Returns whether a chain is accepted, and the pin that matched.
fn believed(policy: &Policy, chain: &[u8]) -> Option<Option<String>> {
    let host = Host::parse(HOST).expect("a host");
    let verdict = verify_pem(policy, &host, chain, now_at(Some(AT))).ok()?;
    assert!(!verdict.to_string().is_empty());
    let basis = verdict.judgement.ok()?;
    Some(basis.matched_pin.map(|pin| pin.to_string()))
}

fn texts(pins: &[Pin]) -> Vec<String> {
    pins.iter().map(Pin::to_string).collect()
}

fn pin_text(hash: &[u8]) -> String {
    format!("sha256//{}", STANDARD.encode(hash))
}

/// Parses a pin, if this text is one, and formats it again.
fn pin_in(text: &str) -> Option<String> {
    let hash = match text.strip_prefix("sha256//") {
        Some(base64) => STANDARD.decode(base64).ok()?,
        None => {
            let digits: Option<Vec<u8>> = text.chars().map(hexadecimal).collect();
            let pairs = digits?;
            pairs
                .chunks(2)
                .map(|pair| pair.iter().fold(0, |high, low| high * 16 + low))
                .collect()
        }
    };
    let is_whole = hash.len() == 32 && (text.len() == 64 || text.starts_with("sha256//"));
    is_whole.then(|| pin_text(&hash))
}

fn hexadecimal(digit: char) -> Option<u8> {
    let value = digit.to_digit(16)?;
    u8::try_from(value).ok()
}

/// The items of these kinds in a file: every PEM block, or the whole file if it is DER.
fn sections(data: &[u8], wanted: impl Fn(&SectionKind) -> bool) -> Vec<Vec<u8>> {
    match data.first() {
        Some(0x30) => vec![data.to_vec()],
        _ => pem_sections(data, wanted),
    }
}

fn pem_sections(data: &[u8], wanted: impl Fn(&SectionKind) -> bool) -> Vec<Vec<u8>> {
    let all = <(SectionKind, Vec<u8>)>::pem_slice_iter(data).filter_map(Result::ok);
    all.filter(|(kind, _)| wanted(kind))
        .map(|(_, der)| der)
        .collect()
}

fn certificates(data: &[u8]) -> Vec<Vec<u8>> {
    sections(data, |kind| matches!(kind, SectionKind::Certificate))
}

fn pins_of(certificates: &[Vec<u8>]) -> Vec<String> {
    certificates
        .iter()
        .filter_map(|der| pin_of_key(der))
        .collect()
}

fn pin_of_key(certificate: &[u8]) -> Option<String> {
    Some(pin_text(&Sha256::digest(key_of(certificate)?)))
}

/// The values within a DER sequence, which must end the input.
fn fields(der: &[u8]) -> Option<Vec<AnyRef<'_>>> {
    let whole = AnyRef::from_der(der).ok()?;
    whole.tag().assert_eq(Tag::Sequence).ok()?;
    let mut rest = SliceReader::new(whole.value()).ok()?;
    let mut fields = Vec::new();
    while !rest.is_finished() {
        fields.push(rest.decode().ok()?);
    }
    Some(fields)
}

/// The SubjectPublicKeyInfo of a certificate (RFC 5280 section 4.1).
fn key_of(certificate: &[u8]) -> Option<Vec<u8>> {
    let outer = fields(certificate)?;
    let inner = outer.first()?.to_der().ok()?;
    let inner = fields(&inner)?;
    let has_version = !matches!(inner.first()?.tag(), Tag::Integer);
    // It follows serial number, algorithm, issuer, dates and subject.
    let key = inner.get(5 + usize::from(has_version))?;
    key.to_der().ok()
}

/// Returns whether this is a SubjectPublicKeyInfo of any kind of key.
fn is_key(der: &[u8]) -> bool {
    let tags = fields(der).map(|fields| fields.iter().map(|field| field.tag()).collect::<Vec<_>>());
    tags.as_deref() == Some(&[Tag::Sequence, Tag::BitString])
}

/// The public key of a private key in PKCS#8, as it is encoded at the end of a SubjectPublicKeyInfo.
fn public_of(key: &[u8]) -> Option<Vec<u8>> {
    let random = ring::rand::SystemRandom::new();
    for curve in [
        &ECDSA_P256_SHA256_ASN1_SIGNING,
        &ECDSA_P384_SHA384_ASN1_SIGNING,
    ] {
        if let Ok(pair) = EcdsaKeyPair::from_pkcs8(curve, key, &random) {
            return Some(pair.public_key().as_ref().to_vec());
        }
    }
    if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(key) {
        return Some(pair.public_key().as_ref().to_vec());
    }
    let pair = rsa::KeyPair::from_pkcs8(key).ok()?;
    Some(pair.public().as_ref().to_vec())
}

//! SCRAM against published examples, and step by step against servers that break its rules.

use std::num::NonZeroU32;

use ring::{hmac, pbkdf2};

use super::*;

const USER: &str = "user";
const PASSWORD: &[u8] = b"pencil";

fn begin(hash: Hash, gs2: Gs2, nonce: &str) -> Scram {
    let nonce = nonce.to_owned();
    Scram::with_nonce(hash, USER, PASSWORD, gs2, nonce, DEFAULT_MAX_ITERATIONS).unwrap()
}

/// Hash, nonce, the server's first message, the client's last without its end, the server's last.
const EXCHANGES: [(Hash, &str, &str, &str, &str); 3] = [
    // RFC 5802 section 5
    (
        Hash::Sha1,
        "fyko+d2lbbFgONRv9qkxdawL",
        "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
        "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
        "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
    ),
    // RFC 7677 section 3
    (
        Hash::Sha256,
        "rOprNGfwEbeRWgbNEkqO",
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
         p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
        "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
    ),
    // RFC 7677's inputs with SHA-512, computed by another implementation (Python's hashlib and hmac)
    (
        Hash::Sha512,
        "rOprNGfwEbeRWgbNEkqO",
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
         p=gMGXRcevScNtxZ6/8lQYpGtnsNAc3mGcmNomv+xnoOMw+3R2xNJdMNnzMlTN8PPC6wdp6dybEmDYXYTxwnYPJQ==",
        "v=ZQnYEgWQMFmmsM8aQMF0nDDCy/AgCzkwk8CmMZYcMg0vSVlKDanekLtifDSeVGT4+5ZxXnJq199RVG\
         2rR7N7Zw==",
    ),
];

#[test]
fn the_examples_of_rfc_5802_and_rfc_7677() {
    for (hash, nonce, server_first, client_final, server_final) in EXCHANGES {
        let mut scram = begin(hash, Gs2::No, nonce);
        let first = scram.initial().unwrap();
        assert_eq!(&**first.bytes, format!("n,,n=user,r={nonce}").as_bytes());
        assert!(!first.secret && !scram.complete());
        let last = scram.step(server_first.as_bytes()).unwrap();
        assert_eq!(std::str::from_utf8(&last.bytes), Ok(client_final));
        assert!(last.secret && !scram.complete());
        let farewell = scram.step(server_final.as_bytes()).unwrap();
        assert!(farewell.bytes.is_empty() && !farewell.secret && scram.complete());
        assert_eq!(scram.bound(), None);
        assert!(scram.step(server_final.as_bytes()).is_err() && !scram.complete());
    }
}

#[test]
fn pbkdf2_and_hmac_are_those_of_the_published_vectors() {
    let derive = |algorithm, password: &[u8], salt: &[u8], iterations, len| {
        let mut out = vec![0; len];
        let iterations = NonZeroU32::new(iterations).unwrap();
        pbkdf2::derive(algorithm, iterations, salt, password, &mut out);
        out.iter().map(|b| format!("{b:02x}")).collect::<String>()
    };
    // RFC 6070
    for (iterations, expected) in [
        (1, "0c60c80f961f0e71f3a9b524af6012062fe037a6"),
        (2, "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957"),
        (4096, "4b007901b765489abead49d926f721d065a429c1"),
    ] {
        let derived = derive(
            pbkdf2::PBKDF2_HMAC_SHA1,
            b"password",
            b"salt",
            iterations,
            20,
        );
        assert_eq!(derived, expected);
    }
    // RFC 7914 section 11
    assert_eq!(
        derive(pbkdf2::PBKDF2_HMAC_SHA256, b"passwd", b"salt", 1, 64),
        "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc\
         49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783"
    );
    // Published with another implementation, because no RFC has one
    assert_eq!(
        derive(pbkdf2::PBKDF2_HMAC_SHA512, b"password", b"salt", 1, 64),
        "867f70cf1ade02cff3752599a3a53dc4af34c7a669815ae5d513554e1c8cf252\
         c02d470a285a0501bad999bfe943c08f050235d7d68b1da55e63f73b60a57fce"
    );
    // RFC 2202 section 3 and RFC 4231 section 4.3, of the HMAC that the proofs are made with
    for (algorithm, expected) in [
        (
            hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
        ),
        (
            hmac::HMAC_SHA256,
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (
            hmac::HMAC_SHA512,
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554\
             9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
        ),
    ] {
        let key = hmac::Key::new(algorithm, b"Jefe");
        let tag = hmac::sign(&key, b"what do ya want for nothing?");
        let tag: String = tag.as_ref().iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(tag, expected);
    }
}

#[test]
fn a_bound_login_says_the_type_and_holds_the_bytes() {
    let bytes = std::array::from_fn(|i| u8::try_from(i).unwrap());
    let gs2 = Gs2::Bound(Binding::tls_exporter(&bytes));
    let mut scram = begin(Hash::Sha256, gs2, "abc");
    let first = scram.initial().unwrap();
    assert_eq!(&**first.bytes, b"p=tls-exporter,,n=user,r=abc");
    let last = scram.step(b"r=abcDEF,s=c2FsdA==,i=4096").unwrap();
    assert_eq!(
        std::str::from_utf8(&last.bytes),
        Ok(
            "c=cD10bHMtZXhwb3J0ZXIsLAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f,r=abcDEF,\
             p=yQoxfveqiI6Jtzl1XYZZ3nD6Gj3prji6B5QO8VKFQf0="
        )
    );
    assert_eq!(scram.bound(), None);
    scram
        .step(b"v=uZrpWm+Z6HbEIsIgbydzennrq+jOKdiewV3GYbBNV7A=")
        .unwrap();
    assert_eq!(scram.bound(), Some("tls-exporter"));
}

#[test]
fn f15_a_wrong_signature_in_any_form_ends_it() {
    let (hash, nonce, server_first, _, right) = EXCHANGES[1];
    let flipped = right.replace("v=6", "v=7");
    let longer = right.replace("G4=", "G4AA");
    let shorter = &right[..right.len() - 4];
    for wrong in [&*flipped, &longer, shorter, "v=", "", server_first] {
        let mut scram = begin(hash, Gs2::No, nonce);
        scram.initial();
        scram.step(server_first.as_bytes()).unwrap();
        assert_eq!(
            scram.step(wrong.as_bytes()).err(),
            Some(SaslError::ServerNotAuthenticated)
        );
        // After that, even the correct signature is rejected.
        assert!(scram.step(right.as_bytes()).is_err() && !scram.complete());
    }
}

#[test]
fn f05_f08_nothing_is_complete_early_and_nothing_goes_on_for_ever() {
    let (hash, nonce, server_first, ..) = EXCHANGES[1];
    let mut scram = begin(hash, Gs2::No, nonce);
    assert!(scram.step(b"").is_ok());
    assert!(scram.initial().is_none() && !scram.complete());
    let mut scram = begin(hash, Gs2::Unseen, nonce);
    assert!(scram.initial().unwrap().bytes.starts_with(b"y,,n="));
    scram.step(server_first.as_bytes()).unwrap();
    assert!(scram.step(server_first.as_bytes()).is_err());
    let mut scram = begin(hash, Gs2::No, nonce);
    assert!(scram.step(b"x").is_err());
}

#[test]
fn f20_names_are_escaped_and_prepared() {
    let nonce = || "abc".to_owned();
    let scram =
        |user, password| Scram::with_nonce(Hash::Sha256, user, password, Gs2::No, nonce(), 4096);
    let mut odd = scram("a=b,c\u{aa}", PASSWORD).unwrap();
    assert_eq!(&**odd.initial().unwrap().bytes, b"n,,n=a=3Db=2Cca,r=abc");
    let why = |user, password| {
        scram(user, password)
            .err()
            .map(|invalid| invalid.argument())
    };
    assert_eq!(why("\u{ad}", PASSWORD), Some("user"));
    assert_eq!(why("u", b"\xff"), Some("password"));
    assert_eq!(why("u", "a\u{e000}".as_bytes()), Some("password"));
}

#[test]
fn every_flipped_bit_and_every_cut_of_the_servers_words_is_noticed() {
    let (hash, nonce, server_first, client_final, server_final) = EXCHANGES[1];
    for (stage, right) in [server_first, server_final].into_iter().enumerate() {
        let cuts = (0..right.len()).map(|end| right.as_bytes()[..end].to_vec());
        let flips = (0..right.len() * 8).map(|bit| {
            let mut bytes = right.as_bytes().to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            bytes
        });
        for wrong in cuts.chain(flips) {
            let mut scram = begin(hash, Gs2::No, nonce);
            scram.initial();
            let said = if stage == 0 {
                scram.step(&wrong)
            } else {
                scram.step(server_first.as_bytes()).unwrap();
                scram.step(&wrong)
            };
            // A changed challenge that is still well-formed has another proof.
            let passed = said.is_ok_and(|r| stage == 1 || *r.bytes == client_final.as_bytes());
            assert!(!passed && !scram.complete(), "{wrong:?}");
        }
    }
}

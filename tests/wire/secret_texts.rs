//! C functions that take a secret as a text: as their twins for bytes, and with nothing left behind.
#![allow(unsafe_code, reason = "what is tested is the C interface")]

use std::ptr::null_mut;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::generate_simple_self_signed;
use secsmtp::ffi::arguments::{Argument, ErrorOut, HandleOut, TextIn};
use secsmtp::ffi::client::{secsmtp_client_free, secsmtp_client_new};
use secsmtp::ffi::credential::{
    secsmtp_credential, secsmtp_credential_free, secsmtp_credential_new_password_text,
    secsmtp_credential_new_token_text,
};
use secsmtp::ffi::job::secsmtp_client_answer_secret_text;
use secsmtp::ffi::policy::{
    secsmtp_policy_add_mozilla_roots, secsmtp_policy_free, secsmtp_policy_new,
};
use secsmtp::ffi::policy_tls::secsmtp_policy_set_client_certificate_text;
use secsmtp::ffi::secret_request::secsmtp_secret_request_answer_text;
use secsmtp::ffi::signer::{secsmtp_signer_free, secsmtp_signer_new_text};
use secsmtp::status::Status;

use crate::allocator::left_behind;

const SECRET: &str = "text-that-is-wiped-0123456789-abcdefghijklmnopqrstuvwxyz\0";
/// Up to the NUL.
const MEASURED: i64 = -1;

type New = extern "C" fn(TextIn, i64, TextIn, i64, HandleOut<secsmtp_credential>, ErrorOut) -> i32;

/// An argument as C passes it.
fn from_c<P>(pointer: P) -> Argument<P> {
    // SAFETY: this file passes NULL, places on its stack, and texts that live as long as the call.
    unsafe { Argument::new(pointer) }
}

fn no_error() -> ErrorOut {
    from_c(null_mut())
}

fn text(text: &[u8]) -> TextIn {
    from_c(text.as_ptr().cast())
}

fn make(new: New, secret: &[u8], len: i64) -> i32 {
    let mut credential = null_mut();
    let place = from_c(&raw mut credential);
    let status = new(text(b"ann"), 3, text(secret), len, place, no_error());
    assert_eq!(credential.is_null(), status != 0);
    assert_eq!(secsmtp_credential_free(credential), 0);
    status
}

#[test]
fn a_secret_that_is_a_text_is_checked_as_bytes_are_and_wiped() {
    let data: [New; 2] = [
        secsmtp_credential_new_password_text,
        secsmtp_credential_new_token_text,
    ];
    for new in data {
        let left = left_behind(vec![SECRET.as_bytes()[..24].to_vec()], || {
            assert_eq!(make(new, SECRET.as_bytes(), MEASURED), 0);
            assert_eq!(make(new, SECRET.as_bytes(), SECRET.len() as i64 - 1), 0);
        });
        assert_eq!(left, 0);
        assert_eq!(make(new, b"\xff\0", MEASURED), Status::Utf8.number());
        assert_eq!(make(new, b"\0", MEASURED), Status::Secret.number());
        assert_eq!(make(new, b"a\0b", 3), Status::Secret.number());
        assert_eq!(make(new, b"a\nb", 3), Status::Secret.number());
        assert_eq!(make(new, b"a", -2), Status::Length.number());
    }
}

#[test]
fn an_answer_that_is_a_text_is_checked_before_its_object_is_changed() {
    let (mut policy, mut client) = (null_mut(), null_mut());
    assert_eq!(secsmtp_policy_new(from_c(&raw mut policy), no_error()), 0);
    assert_eq!(secsmtp_policy_add_mozilla_roots(policy, no_error()), 0);
    let host = text(b"mail.test\0");
    let place = from_c(&raw mut client);
    assert_eq!(
        secsmtp_client_new(host, MEASURED, 0, policy, place, no_error()),
        0
    );
    let answer = |secret: &[u8], len| {
        secsmtp_client_answer_secret_text(client, 7, text(secret), len, no_error())
    };
    assert_eq!(answer(b"\xff", 1), Status::Utf8.number());
    assert_eq!(
        answer(b"a\0", MEASURED),
        Status::Value.number(),
        "there is no such job"
    );
    let request =
        |secret: &[u8]| secsmtp_secret_request_answer_text(null_mut(), text(secret), 1, no_error());
    assert_eq!(request(b"\xff"), Status::Utf8.number());
    assert_eq!(request(b"a"), Status::Null.number());
    assert_eq!(secsmtp_client_free(client), 0);
    assert_eq!(secsmtp_policy_free(policy), 0);
}

#[test]
fn private_keys_may_be_texts_and_nothing_of_them_is_left_behind() {
    let identity = generate_simple_self_signed(["client.test".to_owned()]).unwrap();
    let chain = format!("{}\0", identity.cert.pem());
    let key = format!("{}\0", identity.signing_key.serialize_pem());
    let mut policy = null_mut();
    assert_eq!(secsmtp_policy_new(from_c(&raw mut policy), no_error()), 0);
    let set = |chain: &[u8], key: &[u8]| {
        let (chain, key) = (text(chain), text(key));
        secsmtp_policy_set_client_certificate_text(
            policy,
            chain,
            MEASURED,
            key,
            MEASURED,
            no_error(),
        )
    };
    // Parts of the private number alone: the certificate has the public one.
    let der = identity.signing_key.serialize_der();
    let forms = vec![
        der[36..60].to_vec(),
        STANDARD.encode(&der).as_bytes()[64..88].to_vec(),
    ];
    assert!(key.contains(std::str::from_utf8(&forms[1]).unwrap()));
    let left = left_behind(forms, || {
        assert_eq!(set(chain.as_bytes(), key.as_bytes()), 0);
    });
    assert_eq!(left, 0);
    assert_eq!(set(chain.as_bytes(), b"\xff\0"), Status::Utf8.number());
    assert_eq!(secsmtp_policy_free(policy), 0);

    // PKCS#8 of an Ed25519 key (RFC 8410 section 7).
    let mut der = vec![
        0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20,
    ];
    der.extend([b'k'; 32]);
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n\0",
        STANDARD.encode(&der)
    );
    let forms = vec![der[16..40].to_vec(), pem.as_bytes()[60..84].to_vec()];
    let sign = |key: &[u8]| {
        let (domain, selector) = (text(b"mail.test\0"), text(b"s\0"));
        let mut signer = null_mut();
        let place = from_c(&raw mut signer);
        let status = secsmtp_signer_new_text(
            domain,
            MEASURED,
            selector,
            MEASURED,
            text(key),
            MEASURED,
            place,
            no_error(),
        );
        assert_eq!(secsmtp_signer_free(signer), 0);
        status
    };
    let built = cfg!(feature = "dkim");
    let left = left_behind(forms, || assert_eq!(sign(pem.as_bytes()) == 0, built));
    assert_eq!(left, 0);
    if built {
        assert_eq!(sign(b"\xff\0"), Status::Utf8.number());
        assert_eq!(sign(b"k\0"), Status::SigningKey.number());
    }
}

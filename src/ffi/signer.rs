//! secsmtp_signer: who signs messages (DKIM).

use std::path::Path;

use super::arguments::{BytesIn, ErrorOut, HandleOut, Place, TextIn};
use super::handle::HandleKind;
use super::message::{change, secsmtp_message};
use super::{boundary, handle};
use crate::error::Error;
use crate::message::Signer;
use crate::process::ForkMutex;

/// A signer of messages (DKIM, RFC 6376 and RFC 8463): a domain, a selector and a private key, whose
/// public key is in the DNS under SELECTOR._domainkey.DOMAIN. The key is RSA of 2048 to 4096 bits
/// (PKCS#8 or PKCS#1) or Ed25519 (PKCS#8), in PEM or DER, without a passphrase; the bytes of its
/// file, base64 and DER are wiped once the key was parsed. One signer can be added to many messages.
/// In a build without DKIM (secsmtp_feature) these functions exist and fail.
/// Functions: secsmtp_signer_new, _new_text, _new_file, _set_lifetime, _set_fields, _set_absent_fields,
/// _free; secsmtp_message_add_signer.
pub struct secsmtp_signer(());

impl HandleKind for secsmtp_signer {
    type Object = ForkMutex<Signer>;
    const NOUN: &'static str = "signer";
}

fn change_signer(
    signer: *const secsmtp_signer,
    change: impl FnOnce(&mut Signer) -> Result<(), Error>,
) -> Result<(), Error> {
    let object = handle::get(signer)?;
    change(&mut *object.lock()?)
}

/// Makes a signer of a key in memory.
/// Ownership: copied, the copy is wiped, and the caller wipes its own; *signer_out is the
/// caller's; secsmtp_signer_free. Threads: any. Errors: SECSMTP_E_VALUE for an invalid domain or
/// selector, SECSMTP_E_SIGNING_KEY, SECSMTP_E_NOT_BUILT in a build without DKIM.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_signer_new(
    domain: TextIn,
    domain_len: i64,
    selector: TextIn,
    selector_len: i64,
    key: BytesIn,
    key_len: usize,
    signer_out: HandleOut<secsmtp_signer>,
    error_out: ErrorOut,
) -> i32 {
    boundary::create(error_out, || {
        let signer_out = signer_out.require("signer_out")?;
        let domain = domain.get("signing domain", domain_len)?;
        let selector = selector.get("selector", selector_len)?;
        make(
            domain,
            selector,
            key.get("signing key", key_len)?,
            signer_out,
        )
    })
}

/// Makes a signer of a key in memory that is a text, in PEM.
/// Ownership: copied, and the copy is wiped; *signer_out is the caller's; secsmtp_signer_free.
/// Threads: any. Errors: those of secsmtp_signer_new, SECSMTP_E_UTF8.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_signer_new_text(
    domain: TextIn,
    domain_len: i64,
    selector: TextIn,
    selector_len: i64,
    key: TextIn,
    key_len: i64,
    signer_out: HandleOut<secsmtp_signer>,
    error_out: ErrorOut,
) -> i32 {
    boundary::create(error_out, || {
        let signer_out = signer_out.require("signer_out")?;
        let domain = domain.get("signing domain", domain_len)?;
        let selector = selector.get("selector", selector_len)?;
        let key = key.get("signing key", key_len)?.as_bytes();
        make(domain, selector, key, signer_out)
    })
}

fn make(
    domain: &str,
    selector: &str,
    key: &[u8],
    signer_out: Place<*mut secsmtp_signer>,
) -> Result<(), Error> {
    signer_out.hand_out(ForkMutex::new(Signer::new(domain, selector, key)?))
}

/// Makes a signer of a key file, which is read now.
/// Ownership: path copied; *signer_out is the caller's; secsmtp_signer_free. Threads: any. Errors:
/// SECSMTP_E_FILE, and those of secsmtp_signer_new.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_signer_new_file(
    domain: TextIn,
    domain_len: i64,
    selector: TextIn,
    selector_len: i64,
    path: TextIn,
    path_len: i64,
    signer_out: HandleOut<secsmtp_signer>,
    error_out: ErrorOut,
) -> i32 {
    boundary::create(error_out, || {
        let signer_out = signer_out.require("signer_out")?;
        let domain = domain.get("signing domain", domain_len)?;
        let selector = selector.get("selector", selector_len)?;
        let path = path.get("signing key file", path_len)?;
        let signer = Signer::from_file(domain, selector, Path::new(path))?;
        signer_out.hand_out(ForkMutex::new(signer))
    })
}

/// Sets for how many seconds a signature is valid (x=); 0, the default, is without an end. A message is
/// not sent with a signature that has expired.
/// Threads: any. Errors: SECSMTP_E_VALUE beyond a hundred years.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_signer_set_lifetime(
    signer: *mut secsmtp_signer,
    seconds: u32,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(signer, error_out, || {
        let lifetime = Some(seconds).filter(|seconds| *seconds > 0);
        change_signer(signer, |signer| signer.set_lifetime(lifetime))
    })
}

/// Sets the names of the fields that are signed if a message has them, separated by colons, in place of
/// the default: the fields that mail programs show, and those that describe the body. From is always
/// signed. Fields that a message has once are signed in such a way that a second one breaks the
/// signature.
/// Ownership: copied. Threads: any. Errors: SECSMTP_E_HEADER for a text that is not the name of a field
/// or has a semicolon, SECSMTP_E_LENGTH beyond 200.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_signer_set_fields(
    signer: *mut secsmtp_signer,
    names: TextIn,
    names_len: i64,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(signer, error_out, || {
        let names = names.get("header names", names_len)?;
        change_signer(signer, |signer| signer.set_fields(names))
    })
}

/// Sets the names of the fields, separated by colons, that the signature covers also if a message does
/// not have them, in place of Cc and Reply-To: a field that is added on the way then breaks the signature
/// (RFC 6376 section 5.4). The empty text means none. Each must be among the signed fields
/// (secsmtp_signer_set_fields).
/// Ownership: copied. Threads: any. Errors: SECSMTP_E_HEADER for one that is not signed, and for Date,
/// Message-ID, Sender and To, which servers add where they are missing.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_signer_set_absent_fields(
    signer: *mut secsmtp_signer,
    names: TextIn,
    names_len: i64,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(signer, error_out, || {
        let names = names.get("header names", names_len)?;
        change_signer(signer, |signer| signer.set_absent_fields(names))
    })
}

/// Frees a signer; messages that have it keep it. NULL is a no-op.
/// Threads: any. Errors: SECSMTP_E_BAD_HANDLE.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_signer_free(signer: *mut secsmtp_signer) -> i32 {
    boundary::free(signer)
}

/// Adds a signer, at most ten. The message is signed when it is first needed, for which its content is
/// read once more, and the signature with its time stays the same until the message is changed. Content
/// for BINARYMIME, without a From field or with several, or with a line in its header that is not a
/// field, can't be signed: the send is then SECSMTP_E_CONTENT, before it connects.
/// Ownership: the signer stays the caller's, who may free it; later changes of it have no effect on the
/// message. Threads: any. Errors: SECSMTP_E_LENGTH beyond ten.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_message_add_signer(
    message: *mut secsmtp_message,
    signer: *const secsmtp_signer,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(message, error_out, || {
        let signer = handle::get(signer)?;
        let signer = signer.lock()?.clone();
        change(message, |message| message.add_signer(&signer))
    })
}

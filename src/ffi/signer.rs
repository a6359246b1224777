//! secsmtp_signer: who signs messages (DKIM).

use std::ffi::c_char;
use std::path::Path;

use super::error::secsmtp_error;
use super::handle::{self, Handle};
use super::message::{change, secsmtp_message};
use super::{arg, guard};
use crate::error::Error;
use crate::message::Signer;
use crate::process::ForkMutex;

/// Who signs messages (DKIM, RFC 6376 and RFC 8463): a domain, a selector and a private key, whose
/// public half stands in the DNS under SELECTOR._domainkey.DOMAIN. The key is RSA of 2048 to 4096 bits
/// (PKCS#8 or PKCS#1) or Ed25519 (PKCS#8), in PEM or DER, without a passphrase; its file and DER are wiped
/// once the key was read. One signer can be added to many messages. A build without DKIM has these
/// functions too, and makes none: secsmtp_feature.
/// Functions: secsmtp_signer_new, _new_file, _set_lifetime, _set_fields, _set_absent_fields, _free;
/// secsmtp_message_add_signer.
pub struct secsmtp_signer(());

type Object = ForkMutex<Signer>;

fn change_signer(
    signer: *const secsmtp_signer,
    change: impl FnOnce(&mut Signer) -> Result<(), Error>,
) -> Result<(), Error> {
    let object = handle::get::<Object>(Handle::of(signer), "signer")?;
    change(&mut *object.lock()?)
}

/// Makes a signer of a key in memory.
/// Ownership: copied, the DER of the copy is wiped, and the caller wipes its own; *signer_out is the
/// caller's; secsmtp_signer_free. Threads: any.
/// Errors: SECSMTP_E_VALUE for what is no domain or selector, SECSMTP_E_SIGNING_KEY, SECSMTP_E_NOT_BUILT
/// in a build without DKIM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_signer_new(
    domain: *const c_char,
    domain_len: usize,
    selector: *const c_char,
    selector_len: usize,
    key: *const u8,
    key_len: usize,
    signer_out: *mut *mut secsmtp_signer,
    error_out: *mut *mut secsmtp_error,
) -> i32 {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::status(signer_out, error_out, || {
            arg::place("signer_out", signer_out)?;
            let domain = arg::text("signing domain", domain, domain_len)?;
            let selector = arg::text("selector", selector, selector_len)?;
            let key = arg::bytes("signing key", key, key_len)?;
            let signer = Signer::new(domain, selector, key)?;
            arg::hand_out(signer_out, ForkMutex::new(signer))
        })
    }
}

/// Makes a signer of a key file, which is read now.
/// Ownership: path copied; *signer_out is the caller's; secsmtp_signer_free. Threads: any. Errors:
/// SECSMTP_E_FILE, and those of secsmtp_signer_new.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_signer_new_file(
    domain: *const c_char,
    domain_len: usize,
    selector: *const c_char,
    selector_len: usize,
    path: *const c_char,
    path_len: usize,
    signer_out: *mut *mut secsmtp_signer,
    error_out: *mut *mut secsmtp_error,
) -> i32 {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::status(signer_out, error_out, || {
            arg::place("signer_out", signer_out)?;
            let domain = arg::text("signing domain", domain, domain_len)?;
            let selector = arg::text("selector", selector, selector_len)?;
            let path = arg::text("signing key file", path, path_len)?;
            let signer = Signer::from_file(domain, selector, Path::new(path))?;
            arg::hand_out(signer_out, ForkMutex::new(signer))
        })
    }
}

/// Sets for how many seconds a signature holds once it is made (x=); 0, the default, is for ever. A
/// message is not sent with a signature whose time is over.
/// Threads: any. Errors: SECSMTP_E_VALUE beyond a hundred years.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_signer_set_lifetime(
    signer: *mut secsmtp_signer,
    seconds: u32,
    error_out: *mut *mut secsmtp_error,
) -> i32 {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::status(signer, error_out, || {
            let lifetime = Some(seconds).filter(|seconds| *seconds > 0);
            change_signer(signer, |signer| signer.set_lifetime(lifetime))
        })
    }
}

/// Sets which fields are signed where a message has them, as names with colons between them, in place
/// of the usual ones, which are those that readers are shown and those that say how the body is to be
/// read. From is always signed, and what a message has once is signed so that a second one breaks the
/// signature.
/// Ownership: copied. Threads: any. Errors: SECSMTP_E_HEADER for what is no name of a field or has a
/// semicolon, SECSMTP_E_LENGTH beyond 200.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_signer_set_fields(
    signer: *mut secsmtp_signer,
    names: *const c_char,
    names_len: usize,
    error_out: *mut *mut secsmtp_error,
) -> i32 {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::status(signer, error_out, || {
            let names = arg::text("header names", names, names_len)?;
            change_signer(signer, |signer| signer.set_fields(names))
        })
    }
}

/// Sets which of the signed fields are named in the signature also where a message has none, with colons
/// between them, in place of Cc and Reply-To: one that is added on the way then breaks the signature (RFC
/// 6376 section 5.4). The empty text is none. Fields that secsmtp_signer_set_fields leaves out are none of
/// them.
/// Ownership: copied. Threads: any. Errors: SECSMTP_E_HEADER for one that is not signed, and for Date,
/// Message-ID, Sender and To, which servers add where they are missing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_signer_set_absent_fields(
    signer: *mut secsmtp_signer,
    names: *const c_char,
    names_len: usize,
    error_out: *mut *mut secsmtp_error,
) -> i32 {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::status(signer, error_out, || {
            let names = arg::text("header names", names, names_len)?;
            change_signer(signer, |signer| signer.set_absent_fields(names))
        })
    }
}

/// Frees a signer; messages that have it keep it. NULL is a no-op.
/// Threads: any. Errors: SECSMTP_E_BAD_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_signer_free(signer: *mut secsmtp_signer) -> i32 {
    guard::free::<Object>(signer.cast(), "signer")
}

/// Has the message signed, by each signer that is added, ten at most. It is signed when it is first
/// needed, for which its content is read through once more, and stays as it is, the signature's time too,
/// until something of it is changed. Content for BINARYMIME alone, with no From field or several, or with a
/// line in its header that is no field, can't be signed: the send is then SECSMTP_E_CONTENT, before it connects.
/// Ownership: the signer stays the caller's, who may free it; later changes of it do not concern the
/// message. Threads: any. Errors: SECSMTP_E_LENGTH beyond ten.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_message_add_signer(
    message: *mut secsmtp_message,
    signer: *const secsmtp_signer,
    error_out: *mut *mut secsmtp_error,
) -> i32 {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::status(message, error_out, || {
            let signer = handle::get::<Object>(Handle::of(signer), "signer")?;
            let signer = signer.lock()?.clone();
            change(message, |message| message.add_signer(&signer))
        })
    }
}

//! secsmtp_policy: which servers are trusted.

use super::arguments::{self, BytesIn, ErrorOut, HandleOut, TextIn};
use super::handle::HandleKind;
use super::{boundary, handle};
use crate::error::{Cause, Error};
use crate::process::ForkMutex;
use crate::trust::{MinTls, Policy, TlsMode};

/// All that decides whether a server is trusted. Within a kind (certificates, pins, CAs and roots) any
/// entry may match; every kind that is given must hold. A client copies it; later changes have no effect
/// on the client.
///
/// This is what each kind proves, once the handshake has proven that the peer holds its certificate's key:
/// - CAs and roots: one of them, or an intermediate CA below it, vouches for the host's name, today. It
///   is not proven that no other of them, or an employer or a state with power over one of them, is in
///   between.
/// - Pins with CAs: that, and that the key of the server, or of an issuer on the path that was
///   validated, is one you chose. A valid chain with another key is refused.
/// - Pins alone: the server's key is one you chose; its name and dates are only reported (strict: they
///   decide). If an issuer's key is pinned and the server sends that issuer: any certificate that
///   issuer signs for the name, within its dates.
/// - A certificate alone: the server's certificate is this one, byte for byte; name and dates as
///   with pins alone.
/// - Revocation lists: that the CAs had not revoked the path when they made the lists; nothing newer.
///   Without lists, revocation is not checked; a stapled OCSP response is not evaluated.
///
/// None of them proves what the server does with the message.
///
/// After a call on a policy has failed the policy can't be used: a client made with it would trust more
/// than was intended, so secsmtp_client_new fails with the status of that call.
///
/// Functions: secsmtp_policy_new, _set_tls_mode, _set_min_tls, _set_strict, _add_ca, _add_ca_file,
/// _add_system_roots, _add_mozilla_roots, _add_pin, _add_pin_with_window, _add_pin_file,
/// _add_known_servers, _add_certificate, _add_certificate_file, _add_crl, _add_crl_file,
/// _set_client_certificate, _set_client_certificate_text, _verify_chain, _free.
pub struct secsmtp_policy(());

impl HandleKind for secsmtp_policy {
    type Object = ForkMutex<PolicyState>;
    const NOUN: &'static str = "policy";
}

/// A policy, and the error of the first call that failed on it.
#[derive(Default)]
pub(super) struct PolicyState {
    policy: Policy,
    error: Option<Error>,
}

/// Runs `change` on the policy of a handle. The arguments are converted inside it, so that an error of an
/// argument counts: a caller that overlooks it would go on with less than it asked for, without a pin for
/// instance, and trust more than it meant. After an error the policy can't be used.
pub(super) fn change(
    policy: *const secsmtp_policy,
    change: impl FnOnce(&mut Policy) -> Result<(), Error>,
) -> Result<(), Error> {
    let object = handle::get(policy)?;
    let mut state = object.lock()?;
    change(&mut state.policy).inspect_err(|error| {
        state.error.get_or_insert_with(|| error.clone());
    })
}

/// A copy of the policy of a handle, if every call on it succeeded.
pub(super) fn copy(policy: *const secsmtp_policy) -> Result<Policy, Error> {
    let object = handle::get(policy)?;
    let state = object.lock()?;
    match &state.error {
        None => Ok(state.policy.clone()),
        Some(error) => {
            let what = match &*error.cause {
                Cause::Argument(invalid) => invalid.to_string(),
                _ => error.status().text().to_owned(),
            };
            let why = format!("can't be used, because an earlier call on it failed ({what})");
            Err(Error::argument(error.status(), "policy", why))
        }
    }
}

/// Makes a policy without any trust: implicit TLS, TLS 1.2 or newer.
/// Ownership: *policy_out is the caller's; secsmtp_policy_free. Threads: any. Errors: SECSMTP_E_NULL for
/// policy_out.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_policy_new(
    policy_out: HandleOut<secsmtp_policy>,
    error_out: ErrorOut,
) -> i32 {
    boundary::create(error_out, || {
        let policy_out = policy_out.require("policy_out")?;
        policy_out.hand_out(ForkMutex::default())
    })
}

/// Sets how the connection becomes encrypted: SECSMTP_TLS_MODE_IMPLICIT or _STARTTLS.
/// Threads: any. Errors: SECSMTP_E_VALUE for any other number.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_policy_set_tls_mode(
    policy: *mut secsmtp_policy,
    tls_mode: i32,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(policy, error_out, || {
        change(policy, |policy| {
            let modes = [TlsMode::Implicit, TlsMode::Starttls].map(|mode| (mode as i32, mode));
            let mode = arguments::choice("tls_mode", tls_mode, modes)?;
            policy.tls_mode = mode;
            Ok(())
        })
    })
}

/// Sets the oldest TLS version that is accepted: SECSMTP_TLS_1_2 or SECSMTP_TLS_1_3.
/// Threads: any. Errors: SECSMTP_E_VALUE for any other number.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_policy_set_min_tls(
    policy: *mut secsmtp_policy,
    tls_version: i32,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(policy, error_out, || {
        change(policy, |policy| {
            let versions = [MinTls::V1_2, MinTls::V1_3].map(|version| (version as i32, version));
            let version = arguments::choice("tls_version", tls_version, versions)?;
            policy.min_tls = version;
            Ok(())
        })
    })
}

/// Trusts CAs: PEM with one certificate or more, or a single one in DER.
/// Ownership: copied. Threads: any. Errors: SECSMTP_E_CERTIFICATE.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_policy_add_ca(
    policy: *mut secsmtp_policy,
    certificates: BytesIn,
    certificates_len: usize,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(policy, error_out, || {
        change(policy, |policy| {
            let bytes = certificates.get("certificates", certificates_len)?;
            Ok(policy.add_ca(bytes)?)
        })
    })
}

/// Trusts the CAs in a file, which is read now.
/// Ownership: copied. Threads: any. Errors: SECSMTP_E_FILE, SECSMTP_E_CERTIFICATE.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_policy_add_ca_file(
    policy: *mut secsmtp_policy,
    path: TextIn,
    path_len: i64,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(policy, error_out, || {
        change(policy, |policy| {
            let path = path.get("path", path_len)?;
            Ok(policy.add_ca_file(path)?)
        })
    })
}

/// Trusts the roots of this machine: the CAs that its vendor, owner or administrator has installed. They
/// are read from the platform's store or from well-known paths; the environment is not read.
/// Threads: any. Errors: SECSMTP_E_ROOTS.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_policy_add_system_roots(
    policy: *mut secsmtp_policy,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(policy, error_out, || {
        change(policy, |policy| Ok(policy.add_system_roots()?))
    })
}

/// Trusts Mozilla's list of roots, as of this release.
/// Threads: any. Errors: those of the handle.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_policy_add_mozilla_roots(
    policy: *mut secsmtp_policy,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(policy, error_out, || {
        change(policy, |policy| {
            policy.add_mozilla_roots();
            Ok(())
        })
    })
}

/// Adds SPKI pins: "sha256//BASE64", several separated by ";", or 64 hexadecimal digits.
/// Ownership: copied. Threads: any. Errors: SECSMTP_E_PIN.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_policy_add_pin(
    policy: *mut secsmtp_policy,
    pin: TextIn,
    pin_len: i64,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(policy, error_out, || {
        change(policy, |policy| {
            let pin = pin.get("pin", pin_len)?;
            Ok(policy.add_pin(pin)?)
        })
    })
}

/// Trusts exactly this certificate of the server, byte for byte: PEM or DER. To survive its
/// renewal with the same key, pin the key instead.
/// Ownership: copied. Threads: any. Errors: SECSMTP_E_CERTIFICATE.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_policy_add_certificate(
    policy: *mut secsmtp_policy,
    certificate: BytesIn,
    certificate_len: usize,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(policy, error_out, || {
        change(policy, |policy| {
            let bytes = certificate.get("certificate", certificate_len)?;
            Ok(policy.add_certificate(bytes)?)
        })
    })
}

/// Trusts exactly the certificate in a file, which is read now.
/// Ownership: copied. Threads: any. Errors: SECSMTP_E_FILE, SECSMTP_E_CERTIFICATE.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_policy_add_certificate_file(
    policy: *mut secsmtp_policy,
    path: TextIn,
    path_len: i64,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(policy, error_out, || {
        change(policy, |policy| {
            let path = path.get("path", path_len)?;
            Ok(policy.add_certificate_file(path)?)
        })
    })
}

/// Frees a policy; clients made with it keep their copy. NULL is a no-op.
/// Threads: any. Errors: SECSMTP_E_BAD_HANDLE.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_policy_free(policy: *mut secsmtp_policy) -> i32 {
    boundary::free(policy)
}

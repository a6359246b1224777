//! secsmtp_policy, continued: pins from elsewhere than a text, and how strictly they are taken.

use super::arguments::{self, ErrorOut, TextIn};
use super::boundary;
use super::policy::{change, secsmtp_policy};

/// With pins or a certificate alone, name and dates of the certificate decide too (1), or are only
/// reported (0, the default). With CAs or roots they always decide.
/// Threads: any. Errors: SECSMTP_E_VALUE for any other number.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_policy_set_strict(
    policy: *mut secsmtp_policy,
    strict: i32,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(policy, error_out, || {
        change(policy, |policy| {
            let strict = arguments::flag("strict", strict)?;
            policy.strict = strict;
            Ok(())
        })
    })
}

/// Adds SPKI pins, in the form of secsmtp_policy_add_pin, that match from not_before to not_after, in
/// seconds since 1970, both included. Outside that time they match nothing: an expired pin never turns
/// pinning off.
/// Ownership: copied. Threads: any. Errors: SECSMTP_E_PIN, SECSMTP_E_VALUE for a negative time.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_policy_add_pin_with_window(
    policy: *mut secsmtp_policy,
    pin: TextIn,
    pin_len: i64,
    not_before: i64,
    not_after: i64,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(policy, error_out, || {
        change(policy, |policy| {
            let pin = pin.get("pin", pin_len)?;
            let from = arguments::seconds("not_before", not_before)?;
            let to = arguments::seconds("not_after", not_after)?;
            Ok(policy.add_pin_with_window(pin, from, to)?)
        })
    })
}

/// Adds the pin of the one key in a file, which is read now: a certificate or a public key (BEGIN
/// CERTIFICATE, BEGIN PUBLIC KEY), PEM or DER.
/// Ownership: copied. Threads: any. Errors: SECSMTP_E_FILE; SECSMTP_E_PIN if the file holds no key,
/// several, or a private one.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_policy_add_pin_file(
    policy: *mut secsmtp_policy,
    path: TextIn,
    path_len: i64,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(policy, error_out, || {
        change(policy, |policy| {
            let path = path.get("path", path_len)?;
            Ok(policy.add_pin_file(path)?)
        })
    })
}

/// Adds the pins that a file of known mail servers, which is read now, has for host and port. The file
/// has one pin per line: host, port, pin, the time at which it was added (2026-11-23T00:00:00Z), and the
/// person who confirmed it, separated by spaces. Lines that begin with # are comments.
/// Ownership: copied. Threads: any. Errors: SECSMTP_E_FILE if it can't be read, is neither a regular
/// file nor a symbolic link to one, or a line of it is wrong; SECSMTP_E_HOST, SECSMTP_E_PORT;
/// SECSMTP_E_NO_TRUST if it has no pin for host and port.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_policy_add_known_servers(
    policy: *mut secsmtp_policy,
    path: TextIn,
    path_len: i64,
    host: TextIn,
    host_len: i64,
    port: u32,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(policy, error_out, || {
        change(policy, |policy| {
            let path = path.get("path", path_len)?;
            let host = host.get("host", host_len)?;
            let port = arguments::port(port)?;
            Ok(policy.add_known_servers(path, host, port)?)
        })
    })
}

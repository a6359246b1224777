//! secsmtp_policy, continued: revocation lists, the client's own certificate, and the verdict on a
//! chain without a network.

use super::arguments::{BytesIn, ErrorOut, HandleOut, TextIn};
use super::boundary;
use super::policy::{self, change, secsmtp_policy};
use super::report::{ReportObject, secsmtp_report};
use crate::client::Report;
use crate::error::Error;
use crate::status::Status;
use crate::trust::{Clock, Host, verify_pem};

/// Requires a revocation list for each certificate of a path below its CA: PEM (BEGIN X509 CRL, one or
/// more), or one in DER. A revoked certificate, a certificate that no list covers, and a list that is
/// out of date are errors of each connection. Of two lists of one CA the one added later counts.
/// Ownership: copied. Threads: any. Errors: SECSMTP_E_CERTIFICATE.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_policy_add_crl(
    policy: *mut secsmtp_policy,
    list: BytesIn,
    list_len: usize,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(policy, error_out, || {
        change(policy, |policy| {
            let bytes = list.get("list", list_len)?;
            Ok(policy.add_crl(bytes)?)
        })
    })
}

/// Requires the revocation lists in a file, which is read now.
/// Ownership: copied. Threads: any. Errors: SECSMTP_E_FILE, SECSMTP_E_CERTIFICATE.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_policy_add_crl_file(
    policy: *mut secsmtp_policy,
    path: TextIn,
    path_len: i64,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(policy, error_out, || {
        change(policy, |policy| {
            let path = path.get("path", path_len)?;
            Ok(policy.add_crl_file(path)?)
        })
    })
}

/// Sets the certificate for a server that asks for one, which is sent after the server was verified: a
/// chain, leaf first, and its key without a passphrase, both in PEM. Raises the minimum to TLS 1.3,
/// because TLS 1.2 sends the certificate in clear. A probe never sends it.
/// Ownership: copied; the caller wipes its own copy of the key. Threads: any. Errors:
/// SECSMTP_E_CERTIFICATE if they can't be parsed or don't belong together.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_policy_set_client_certificate(
    policy: *mut secsmtp_policy,
    chain: BytesIn,
    chain_len: usize,
    key: BytesIn,
    key_len: usize,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(policy, error_out, || {
        change(policy, |policy| {
            let chain = chain.get("chain", chain_len)?;
            let key = key.get("key", key_len)?;
            Ok(policy.set_client_certificate(chain, key)?)
        })
    })
}

/// Sets the certificate as secsmtp_policy_set_client_certificate does; chain and key are texts.
/// Ownership: copied. Threads: any. Errors: those of secsmtp_policy_set_client_certificate,
/// SECSMTP_E_UTF8.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_policy_set_client_certificate_text(
    policy: *mut secsmtp_policy,
    chain: TextIn,
    chain_len: i64,
    key: TextIn,
    key_len: i64,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(policy, error_out, || {
        change(policy, |policy| {
            let chain = chain.get_long("chain", chain_len)?.as_bytes();
            let key = key.get("key", key_len)?.as_bytes();
            Ok(policy.set_client_certificate(chain, key)?)
        })
    })
}

/// Computes the verdict on a chain for host without a network, as a connection would: PEM, leaf first,
/// or a single certificate in DER; at a time in seconds since 1970, or now if it is negative. Only a
/// connection proves that the server holds the leaf's key. A chain that is not trusted is not an error:
/// see secsmtp_report_verdict.
/// Ownership: copied; *report_out is the caller's, on success only; secsmtp_report_free. Threads: any.
/// Errors: SECSMTP_E_HOST; SECSMTP_E_CERTIFICATE if there is no chain that can be parsed.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_policy_verify_chain(
    policy: *const secsmtp_policy,
    host: TextIn,
    host_len: i64,
    chain: BytesIn,
    chain_len: usize,
    at_unix_seconds: i64,
    report_out: HandleOut<secsmtp_report>,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(policy, error_out, || {
        let report_out = report_out.require("report_out")?;
        let host = Host::parse(host.get("host", host_len)?)
            .map_err(|why| Error::argument(Status::Host, "host", why))?;
        let chain = chain.get("chain", chain_len)?;
        let policy = policy::copy(policy)?;
        let clock = u64::try_from(at_unix_seconds).map_or(policy.clock, Clock::Fixed);
        let verdict = verify_pem(&policy, &host, chain, clock.now())?;
        let report = Report::of_chain(&host, verdict);
        report_out.hand_out(ReportObject::new(report))
    })
}

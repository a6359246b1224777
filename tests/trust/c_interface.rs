//! The C functions of this part, called as C calls them.
#![allow(unsafe_code, reason = "what is tested is the C interface")]

use std::ffi::CStr;
use std::ptr::{null, null_mut};

use secsmtp::ffi::arguments::{Argument, BytesIn, ErrorOut, Out, TextIn};
use secsmtp::ffi::getters::{
    secsmtp_report_certificate_count, secsmtp_report_matched_pin, secsmtp_report_text,
    secsmtp_report_verdict,
};
use secsmtp::ffi::known_servers::secsmtp_known_servers_learn;
use secsmtp::ffi::policy::{
    secsmtp_policy, secsmtp_policy_add_pin, secsmtp_policy_free, secsmtp_policy_new,
};
use secsmtp::ffi::policy_pins::{
    secsmtp_policy_add_known_servers, secsmtp_policy_add_pin_file,
    secsmtp_policy_add_pin_with_window, secsmtp_policy_set_strict,
};
use secsmtp::ffi::policy_tls::{
    secsmtp_policy_add_crl, secsmtp_policy_add_crl_file, secsmtp_policy_set_client_certificate,
    secsmtp_policy_verify_chain,
};
use secsmtp::ffi::report::secsmtp_report_free;
use secsmtp::status::Status;

use crate::authority::pem;
use crate::world::{HOST, UNKNOWN_PIN, World};

/// An argument as C passes it.
fn from_c<P>(pointer: P) -> Argument<P> {
    // SAFETY: this file passes NULL, places on its stack, and texts that live as long as the call.
    unsafe { Argument::new(pointer) }
}

fn no_error() -> ErrorOut {
    from_c(null_mut())
}

/// A text as C has it: pointer and length.
fn text(text: &str) -> (TextIn, i64) {
    (from_c(text.as_ptr().cast()), text.len() as i64)
}

/// Bytes as C has them: pointer and length.
fn bytes(bytes: &str) -> (BytesIn, usize) {
    (from_c(bytes.as_ptr()), bytes.len())
}

fn no_bytes() -> BytesIn {
    from_c(null())
}

fn new() -> *mut secsmtp_policy {
    let mut policy = null_mut();
    let status = secsmtp_policy_new(from_c(&raw mut policy), no_error());
    assert_eq!(status, 0);
    policy
}

/// Verdict, number of certificates, matched pin and text, or the status of the call.
fn verify(
    policy: *mut secsmtp_policy,
    host: &str,
    chain: &str,
    at: i64,
) -> Result<(i32, i32, String, String), i32> {
    let mut report = null_mut();
    let (host, host_len) = text(host);
    let (chain, chain_len) = bytes(chain);
    let report_out = from_c(&raw mut report);
    let status = secsmtp_policy_verify_chain(
        policy,
        host,
        host_len,
        chain,
        chain_len,
        at,
        report_out,
        no_error(),
    );
    if status != 0 {
        assert!(report.is_null());
        return Err(status);
    }
    let owned = |pointer| {
        // SAFETY: a text with a NUL behind it, until the report is freed.
        let text = unsafe { CStr::from_ptr(pointer) };
        text.to_str().expect("UTF-8").to_owned()
    };
    let no_len = || -> Out<usize> { from_c(null_mut()) };
    let found = (
        secsmtp_report_verdict(report),
        secsmtp_report_certificate_count(report),
        owned(secsmtp_report_matched_pin(report, no_len())),
        owned(secsmtp_report_text(report, no_len())),
    );
    assert_eq!(secsmtp_report_free(report), 0);
    Ok(found)
}

#[test]
fn a_chain_is_judged_offline() {
    let w = World::get();
    let identity = w.good();
    let chain: String = identity.chain.iter().map(|der| pem(der)).collect();
    let own = identity.spki_pin();
    let policy = new();
    let (pin, len) = text(&own);
    let (verdict, count, ..) = verify(policy, HOST, &chain, -1).expect("a report");
    assert_eq!((verdict, count), (Status::NoTrust.number(), 2));
    let status = secsmtp_policy_add_pin(policy, pin, len, no_error());
    assert_eq!(status, 0);
    let (verdict, _, matched, report) =
        verify(policy, "other.example", &chain, -1).expect("a report");
    assert_eq!((verdict, matched), (0, own));
    assert!(
        report.contains("does not name other.example") && report.contains("without a connection"),
        "{report}"
    );
    let status = secsmtp_policy_set_strict(policy, 1, no_error());
    assert_eq!(status, 0);
    let verdict = |host, at| verify(policy, host, &chain, at).expect("a report").0;
    assert_eq!(verdict("other.example", -1), Status::NameMismatch.number());
    assert_eq!(verdict(HOST, -1), 0);
    assert_eq!(verdict(HOST, 0), Status::NotYetValid.number());
    assert_eq!(verdict(HOST, i64::MAX), Status::Expired.number());
    assert_eq!(
        verify(policy, "a b", &chain, -1),
        Err(Status::Host.number())
    );
    assert_eq!(
        verify(policy, HOST, "", -1),
        Err(Status::Certificate.number())
    );
    let status = secsmtp_policy_free(policy);
    assert_eq!(status, 0);
}

#[test]
fn each_wrong_argument_has_a_status() {
    let policy = new();
    let (host, none) = (|| text(HOST), || text("/nonexistent/secsmtp"));
    let window = |from, to| {
        let (pin, pin_len) = text(UNKNOWN_PIN);
        secsmtp_policy_add_pin_with_window(policy, pin, pin_len, from, to, no_error())
    };
    assert_eq!(window(0, 10), 0);
    assert_eq!(window(10, 9), Status::Pin.number());
    assert_eq!(window(-1, 9), Status::Value.number());
    let strict = secsmtp_policy_set_strict(policy, 2, no_error());
    assert_eq!(strict, Status::Value.number());
    let (path, path_len) = none();
    let pin_file = secsmtp_policy_add_pin_file(policy, path, path_len, no_error());
    assert_eq!(pin_file, Status::File.number());
    let (path, path_len) = none();
    let crl_file = secsmtp_policy_add_crl_file(policy, path, path_len, no_error());
    assert_eq!(crl_file, Status::File.number());
    let crl = secsmtp_policy_add_crl(policy, no_bytes(), 0, no_error());
    assert_eq!(crl, Status::Certificate.number());
    let known = |port| {
        let ((path, path_len), (host, host_len)) = (none(), host());
        secsmtp_policy_add_known_servers(policy, path, path_len, host, host_len, port, no_error())
    };
    assert_eq!(known(465), Status::File.number());
    assert_eq!(known(0), Status::Port.number());
    assert_eq!(known(65_536), Status::Port.number());
    let identity =
        secsmtp_policy_set_client_certificate(policy, no_bytes(), 0, no_bytes(), 0, no_error());
    assert_eq!(identity, Status::Certificate.number());
    let learn = |port, pin, by| {
        let ((path, path_len), (host, host_len)) = (none(), host());
        let ((pin, pin_len), (by, by_len)) = (text(pin), text(by));
        secsmtp_known_servers_learn(
            path,
            path_len,
            host,
            host_len,
            port,
            pin,
            pin_len,
            by,
            by_len,
            no_error(),
        )
    };
    assert_eq!(learn(465, HOST, "a test"), Status::Pin.number());
    assert_eq!(learn(0, UNKNOWN_PIN, "a test"), Status::Port.number());
    assert_eq!(learn(465, UNKNOWN_PIN, "a\u{7}b"), Status::Value.number());
    assert_eq!(learn(465, UNKNOWN_PIN, "a test"), Status::File.number());
    assert_eq!(secsmtp_policy_free(policy), 0);
}

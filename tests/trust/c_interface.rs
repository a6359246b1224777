//! The C functions of this part, called as C calls them.
#![allow(unsafe_code, reason = "what is tested is the C interface")]

use std::ffi::{CStr, c_char};
use std::ptr::{null, null_mut};

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
use secsmtp::ffi::report::{
    secsmtp_report_certificate_count, secsmtp_report_free, secsmtp_report_matched_pin,
    secsmtp_report_text, secsmtp_report_verdict,
};
use secsmtp::status::Status;

use crate::authority::pem;
use crate::world::{HOST, UNKNOWN_PIN, World};

fn new() -> *mut secsmtp_policy {
    let mut policy = null_mut();
    // SAFETY: a place for one pointer.
    let status = unsafe { secsmtp_policy_new(&raw mut policy, null_mut()) };
    assert_eq!(status, 0);
    policy
}

/// A text as C has it: pointer and length.
fn text(text: &str) -> (*const c_char, usize) {
    (text.as_ptr().cast(), text.len())
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
    // SAFETY: all pointers are to live memory of the lengths given.
    unsafe {
        let status = secsmtp_policy_verify_chain(
            policy,
            host,
            host_len,
            chain.as_ptr(),
            chain.len(),
            at,
            &raw mut report,
            null_mut(),
        );
        if status != 0 {
            assert!(report.is_null());
            return Err(status);
        }
        let owned = |pointer| CStr::from_ptr(pointer).to_str().expect("UTF-8").to_owned();
        let found = (
            secsmtp_report_verdict(report),
            secsmtp_report_certificate_count(report),
            owned(secsmtp_report_matched_pin(report, null_mut())),
            owned(secsmtp_report_text(report, null_mut())),
        );
        assert_eq!(secsmtp_report_free(report), 0);
        Ok(found)
    }
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
    // SAFETY: a live text.
    let status = unsafe { secsmtp_policy_add_pin(policy, pin, len, null_mut()) };
    assert_eq!(status, 0);
    let (verdict, _, matched, report) =
        verify(policy, "other.example", &chain, -1).expect("a report");
    assert_eq!((verdict, matched), (0, own));
    assert!(
        report.contains("does not name other.example") && report.contains("without a connection"),
        "{report}"
    );
    // SAFETY: a live handle.
    let status = unsafe { secsmtp_policy_set_strict(policy, 1, null_mut()) };
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
    // SAFETY: a live handle, once.
    let status = unsafe { secsmtp_policy_free(policy) };
    assert_eq!(status, 0);
}

#[test]
fn each_wrong_argument_has_a_status() {
    let policy = new();
    let (pin, pin_len) = text(UNKNOWN_PIN);
    let (host, host_len) = text(HOST);
    let (none, none_len) = text("/nonexistent/secsmtp");
    let (by, by_len) = text("a test");
    let (control, control_len) = text("a\u{7}b");
    let no_error = null_mut();
    // SAFETY: all pointers are to live memory of the lengths given, or NULL with length 0.
    unsafe {
        let window =
            |from, to| secsmtp_policy_add_pin_with_window(policy, pin, pin_len, from, to, no_error);
        assert_eq!(window(0, 10), 0);
        assert_eq!(window(10, 9), Status::Pin.number());
        assert_eq!(window(-1, 9), Status::Value.number());
        assert_eq!(
            secsmtp_policy_set_strict(policy, 2, no_error),
            Status::Value.number()
        );
        assert_eq!(
            secsmtp_policy_add_pin_file(policy, none, none_len, no_error),
            Status::File.number()
        );
        assert_eq!(
            secsmtp_policy_add_crl_file(policy, none, none_len, no_error),
            Status::File.number()
        );
        assert_eq!(
            secsmtp_policy_add_crl(policy, null(), 0, no_error),
            Status::Certificate.number()
        );
        let known = |port| {
            secsmtp_policy_add_known_servers(policy, none, none_len, host, host_len, port, no_error)
        };
        assert_eq!(known(465), Status::File.number());
        assert_eq!(known(0), Status::Port.number());
        assert_eq!(known(65_536), Status::Port.number());
        let identity =
            secsmtp_policy_set_client_certificate(policy, null(), 0, null(), 0, no_error);
        assert_eq!(identity, Status::Certificate.number());
        let learn = |port, pin, pin_len, by, by_len| {
            secsmtp_known_servers_learn(
                none, none_len, host, host_len, port, pin, pin_len, by, by_len, no_error,
            )
        };
        assert_eq!(learn(465, host, host_len, by, by_len), Status::Pin.number());
        assert_eq!(learn(0, pin, pin_len, by, by_len), Status::Port.number());
        assert_eq!(
            learn(465, pin, pin_len, control, control_len),
            Status::Value.number()
        );
        assert_eq!(learn(465, pin, pin_len, by, by_len), Status::File.number());
        assert_eq!(secsmtp_policy_free(policy), 0);
    }
}

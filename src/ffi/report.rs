//! secsmtp_report: what a probe found.

use std::ffi::c_char;
use std::sync::Arc;

use super::guard;
use super::handle::{self, Handle};
use super::text::Text;
use crate::client::Report;
use crate::error::Error;

/// The result of a probe: who the server is, its chain, what it offers, and whether the policy trusts
/// it. Texts and numbers behave as those of secsmtp_receipt. Names and dates are claims of the
/// certificates.
/// Functions: secsmtp_report_verdict, _verdict_text, _text, _greeting, _tls_version, _cipher_suite,
/// _matched_pin, _certificate_count, _certificate_spki, _certificate_subject, _certificate_issuer,
/// _certificate_names, _certificate_not_before, _certificate_not_after, _capability_count, _capability,
/// _mechanism_count, _mechanism, _free.
pub struct secsmtp_report(());

/// A report with its texts made ready for C.
pub(super) struct ReportObject {
    verdict: i32,
    verdict_text: Text,
    text: Text,
    greeting: Text,
    tls_version: Text,
    cipher_suite: Text,
    matched_pin: Text,
    certificates: Vec<CertificateTexts>,
    capabilities: Vec<Text>,
    mechanisms: Vec<Text>,
}

struct CertificateTexts {
    spki: Text,
    subject: Text,
    issuer: Text,
    names: Text,
    not_before: Text,
    not_after: Text,
}

impl ReportObject {
    pub(super) fn new(report: &Report) -> Self {
        let texts = |list: &[String]| list.iter().map(|s| Text::new(s)).collect();
        let certificates = report
            .certificates
            .iter()
            .map(|certificate| CertificateTexts {
                spki: Text::new(&certificate.spki.to_string()),
                subject: Text::new(&certificate.subject),
                issuer: Text::new(&certificate.issuer),
                names: Text::new(&certificate.names.join(", ")),
                not_before: Text::new(&certificate.not_before),
                not_after: Text::new(&certificate.not_after),
            });
        Self {
            verdict: report.status().number(),
            verdict_text: Text::new(&report.verdict_text()),
            text: Text::new(&report.to_string()),
            greeting: Text::new(&report.greeting),
            tls_version: Text::new(report.peer.tls_version),
            cipher_suite: Text::new(&report.peer.cipher_suite),
            matched_pin: Text::of(
                report
                    .peer
                    .matched_pin
                    .map(|pin| pin.to_string())
                    .as_deref(),
            ),
            certificates: certificates.collect(),
            capabilities: texts(&report.capabilities),
            mechanisms: texts(&report.mechanisms),
        }
    }
}

fn get(report: *const secsmtp_report) -> Result<Arc<ReportObject>, Error> {
    handle::get(Handle::of(report), "report")
}

fn at<T>(list: &[T], index: i32) -> Option<&T> {
    list.get(usize::try_from(index).ok()?)
}

fn count(len: usize) -> i32 {
    i32::try_from(len).unwrap_or(i32::MAX)
}

/// 0 if the policy trusts the server, else the status that gives the reason.
/// Threads: any. Errors: a negative status.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_report_verdict(report: *const secsmtp_report) -> i32 {
    guard::integer(|| Ok(get(report)?.verdict))
}

/// The verdict as text.
/// Ownership: the report's. Threads: any. Errors: the empty text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_report_verdict_text(
    report: *const secsmtp_report,
    len_out: *mut usize,
) -> *const c_char {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::text(report.cast(), len_out, |o: &ReportObject| {
            Some(&o.verdict_text)
        })
    }
}

/// The whole report as text for people, with pins that can be copied.
/// Ownership: the report's. Threads: any. Errors: the empty text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_report_text(
    report: *const secsmtp_report,
    len_out: *mut usize,
) -> *const c_char {
    // SAFETY: the pointers are as the header asks.
    unsafe { guard::text(report.cast(), len_out, |o: &ReportObject| Some(&o.text)) }
}

/// The name in the server's greeting. With STARTTLS the greeting is in clear and can be forged.
/// Ownership: the report's. Threads: any. Errors: the empty text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_report_greeting(
    report: *const secsmtp_report,
    len_out: *mut usize,
) -> *const c_char {
    // SAFETY: the pointers are as the header asks.
    unsafe { guard::text(report.cast(), len_out, |o: &ReportObject| Some(&o.greeting)) }
}

/// The TLS version, "1.2" or "1.3".
/// Ownership: the report's. Threads: any. Errors: the empty text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_report_tls_version(
    report: *const secsmtp_report,
    len_out: *mut usize,
) -> *const c_char {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::text(report.cast(), len_out, |o: &ReportObject| {
            Some(&o.tls_version)
        })
    }
}

/// The cipher suite by its IANA name.
/// Ownership: the report's. Threads: any. Errors: the empty text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_report_cipher_suite(
    report: *const secsmtp_report,
    len_out: *mut usize,
) -> *const c_char {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::text(report.cast(), len_out, |o: &ReportObject| {
            Some(&o.cipher_suite)
        })
    }
}

/// The pin that matched, as "sha256//BASE64".
/// Ownership: the report's. Threads: any. Errors: the empty text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_report_matched_pin(
    report: *const secsmtp_report,
    len_out: *mut usize,
) -> *const c_char {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::text(report.cast(), len_out, |o: &ReportObject| {
            Some(&o.matched_pin)
        })
    }
}

/// The number of certificates that the server sent and that can be parsed.
/// Threads: any. Errors: a negative status.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_report_certificate_count(report: *const secsmtp_report) -> i32 {
    guard::integer(|| Ok(count(get(report)?.certificates.len())))
}

/// The SHA-256 of a certificate's public key, as "sha256//BASE64"; index 0 is the leaf.
/// Ownership: the report's. Threads: any. Errors: the empty text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_report_certificate_spki(
    report: *const secsmtp_report,
    index: i32,
    len_out: *mut usize,
) -> *const c_char {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::text(report.cast(), len_out, |o: &ReportObject| {
            at(&o.certificates, index).map(|c| &c.spki)
        })
    }
}

/// A certificate's subject (RFC 4514).
/// Ownership: the report's. Threads: any. Errors: the empty text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_report_certificate_subject(
    report: *const secsmtp_report,
    index: i32,
    len_out: *mut usize,
) -> *const c_char {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::text(report.cast(), len_out, |o: &ReportObject| {
            at(&o.certificates, index).map(|c| &c.subject)
        })
    }
}

/// A certificate's issuer (RFC 4514).
/// Ownership: the report's. Threads: any. Errors: the empty text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_report_certificate_issuer(
    report: *const secsmtp_report,
    index: i32,
    len_out: *mut usize,
) -> *const c_char {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::text(report.cast(), len_out, |o: &ReportObject| {
            at(&o.certificates, index).map(|c| &c.issuer)
        })
    }
}

/// The DNS names and addresses in a certificate, separated by ", ".
/// Ownership: the report's. Threads: any. Errors: the empty text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_report_certificate_names(
    report: *const secsmtp_report,
    index: i32,
    len_out: *mut usize,
) -> *const c_char {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::text(report.cast(), len_out, |o: &ReportObject| {
            at(&o.certificates, index).map(|c| &c.names)
        })
    }
}

/// The beginning of a certificate's validity in UTC, as "2026-11-23T00:00:00Z".
/// Ownership: the report's. Threads: any. Errors: the empty text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_report_certificate_not_before(
    report: *const secsmtp_report,
    index: i32,
    len_out: *mut usize,
) -> *const c_char {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::text(report.cast(), len_out, |o: &ReportObject| {
            at(&o.certificates, index).map(|c| &c.not_before)
        })
    }
}

/// The end of a certificate's validity in UTC.
/// Ownership: the report's. Threads: any. Errors: the empty text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_report_certificate_not_after(
    report: *const secsmtp_report,
    index: i32,
    len_out: *mut usize,
) -> *const c_char {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::text(report.cast(), len_out, |o: &ReportObject| {
            at(&o.certificates, index).map(|c| &c.not_after)
        })
    }
}

/// The number of capabilities that the server offers inside TLS.
/// Threads: any. Errors: a negative status.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_report_capability_count(report: *const secsmtp_report) -> i32 {
    guard::integer(|| Ok(count(get(report)?.capabilities.len())))
}

/// A capability with its parameters, as the server wrote it.
/// Ownership: the report's. Threads: any. Errors: the empty text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_report_capability(
    report: *const secsmtp_report,
    index: i32,
    len_out: *mut usize,
) -> *const c_char {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::text(report.cast(), len_out, |o: &ReportObject| {
            at(&o.capabilities, index)
        })
    }
}

/// The number of SASL mechanisms that the server offers.
/// Threads: any. Errors: a negative status.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_report_mechanism_count(report: *const secsmtp_report) -> i32 {
    guard::integer(|| Ok(count(get(report)?.mechanisms.len())))
}

/// A mechanism's name.
/// Ownership: the report's. Threads: any. Errors: the empty text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_report_mechanism(
    report: *const secsmtp_report,
    index: i32,
    len_out: *mut usize,
) -> *const c_char {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::text(report.cast(), len_out, |o: &ReportObject| {
            at(&o.mechanisms, index)
        })
    }
}

/// Frees a report and its texts. NULL is a no-op.
/// Threads: any. Errors: SECSMTP_E_BAD_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_report_free(report: *mut secsmtp_report) -> i32 {
    guard::free::<ReportObject>(report.cast(), "report")
}

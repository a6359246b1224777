//! secsmtp_report: the result of a probe. Its getters are in `getters.txt`.

use super::boundary;
use super::handle::HandleKind;
use super::text::{JsonText, Text};
use crate::client::Report;

/// The result of a probe: who the server is, its chain, what it offers, and whether the policy trusts
/// it. Texts and numbers behave as those of secsmtp_receipt. Names and dates are claims of the
/// certificates.
/// Functions: secsmtp_report_verdict, _verdict_text, _text, _greeting, _tls_version, _cipher_suite,
/// _matched_pin, _certificate_count, _certificate_spki, _certificate_subject, _certificate_issuer,
/// _certificate_names, _certificate_not_before, _certificate_not_after, _capability_count, _capability,
/// _mechanism_count, _mechanism, _json, _free.
pub struct secsmtp_report(());

/// A report with its texts made ready for C.
pub(super) struct ReportObject {
    pub(super) report: Report,
    pub(super) json: JsonText,
    pub(super) verdict: i32,
    pub(super) verdict_text: Text,
    pub(super) text: Text,
    pub(super) greeting: Text,
    pub(super) tls_version: Text,
    pub(super) cipher_suite: Text,
    pub(super) matched_pin: Text,
    pub(super) certificates: Vec<CertificateTexts>,
    pub(super) capabilities: Vec<Text>,
    pub(super) mechanisms: Vec<Text>,
}

pub(super) struct CertificateTexts {
    pub(super) spki: Text,
    pub(super) subject: Text,
    pub(super) issuer: Text,
    pub(super) names: Text,
    pub(super) not_before: Text,
    pub(super) not_after: Text,
}

impl ReportObject {
    pub(super) fn new(report: Report) -> Self {
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
            json: JsonText::default(),
            report,
        }
    }
}

impl HandleKind for secsmtp_report {
    type Object = ReportObject;
    const NOUN: &'static str = "report";
}

/// Frees a report and its texts. NULL is a no-op.
/// Threads: any. Errors: SECSMTP_E_BAD_HANDLE.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_report_free(report: *mut secsmtp_report) -> i32 {
    boundary::free(report)
}

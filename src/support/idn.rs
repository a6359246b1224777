//! Internationalised domain names to A-labels (UTS 46, non-transitional; RFC 5890).

use std::borrow::Cow;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

/// Names beyond ASCII, and A-labels, which must be what their own U-label gives. Other names are
/// left alone: host names are freer than IDNA would have them.
///
/// # Errors
/// The reason, in words.
pub fn to_a_labels(text: &str) -> Result<Cow<'_, str>, &'static str> {
    let is_a_label = |label: &str| {
        label
            .get(..4)
            .is_some_and(|head| head.eq_ignore_ascii_case("xn--"))
    };
    if text.is_ascii() && !text.split('.').any(is_a_label) {
        return Ok(Cow::Borrowed(text));
    }
    Uts46::new()
        .to_ascii(
            text.as_bytes(),
            AsciiDenyList::STD3,
            Hyphens::CheckFirstLast,
            DnsLength::VerifyAllowRootDot,
        )
        .map_err(|_| "is not a valid internationalised domain name")
}

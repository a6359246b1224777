//! The commands of a transaction, appended to an output buffer: MAIL, RCPT, DATA, BDAT, RSET. Each is
//! made from validated parts, none of them secret.

use crate::message::address::Address;
use crate::message::delivery::Options;

/// The BODY parameter of the content (RFC 6152, RFC 3030).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Body {
    /// No parameter is needed.
    #[default]
    Seven,
    /// `BODY=8BITMIME`.
    Eight,
    /// `BODY=BINARYMIME`.
    Binary,
}

/// The parameters of MAIL.
#[derive(Debug, Clone, Copy, Default)]
pub struct MailParameters {
    /// SIZE (RFC 1870).
    pub size: Option<u64>,
    /// BODY.
    pub body: Body,
    /// SMTPUTF8 (RFC 6531).
    pub utf8: bool,
}

/// MAIL (RFC 5321 section 4.1.1.2); `None` is the null reverse-path.
pub fn mail(
    out: &mut Vec<u8>,
    from: Option<&Address>,
    parameters: &MailParameters,
    options: &Options,
) {
    out.extend_from_slice(b"MAIL FROM:<");
    if let Some(address) = from {
        address.write_to(out);
    }
    out.push(b'>');
    if let Some(size) = parameters.size {
        out.extend_from_slice(b" SIZE=");
        number(out, size);
    }
    match parameters.body {
        Body::Seven => {}
        Body::Eight => out.extend_from_slice(b" BODY=8BITMIME"),
        Body::Binary => out.extend_from_slice(b" BODY=BINARYMIME"),
    }
    if parameters.utf8 {
        out.extend_from_slice(b" SMTPUTF8");
    }
    options.write_mail(out);
    out.extend_from_slice(b"\r\n");
}

/// RCPT (RFC 5321 section 4.1.1.3) for the recipient of this index.
pub fn rcpt(out: &mut Vec<u8>, to: &Address, index: usize, options: &Options) {
    out.extend_from_slice(b"RCPT TO:<");
    to.write_to(out);
    out.push(b'>');
    options.write_rcpt(index, out);
    out.extend_from_slice(b"\r\n");
}

/// DATA (RFC 5321 section 4.1.1.4).
pub const DATA: &[u8] = b"DATA\r\n";

/// RSET (RFC 5321 section 4.1.1.5).
pub const RSET: &[u8] = b"RSET\r\n";

/// BDAT (RFC 3030 section 2) for a chunk of `bytes` bytes, which must follow it.
pub fn bdat(out: &mut Vec<u8>, bytes: usize, last: bool) {
    out.extend_from_slice(b"BDAT ");
    number(out, bytes as u64);
    out.extend_from_slice(if last { b" LAST\r\n" } else { b"\r\n" });
}

/// A number in decimal digits.
fn number(out: &mut Vec<u8>, value: u64) {
    let mut digits = [0_u8; 20];
    let mut rest = value;
    let mut begin = digits.len();
    for (at, digit) in digits.iter_mut().enumerate().rev() {
        *digit = b'0'.saturating_add((rest % 10) as u8);
        rest /= 10;
        begin = at;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(begin..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn commands_read_as_the_rfc_has_them() {
        let a = Address::parse("a@b.c").unwrap();
        let none = Options::default();
        let full = MailParameters {
            size: Some(9),
            body: Body::Eight,
            utf8: true,
        };
        assert_eq!(
            text(|out| mail(out, Some(&a), &full, &none)),
            "MAIL FROM:<a@b.c> SIZE=9 BODY=8BITMIME SMTPUTF8\r\n"
        );
        assert_eq!(
            text(|out| mail(out, None, &MailParameters::default(), &none)),
            "MAIL FROM:<>\r\n"
        );
        assert_eq!(text(|out| rcpt(out, &a, 0, &none)), "RCPT TO:<a@b.c>\r\n");
        assert_eq!(text(|out| bdat(out, 0, true)), "BDAT 0 LAST\r\n");
        assert_eq!(text(|out| bdat(out, 1024, false)), "BDAT 1024\r\n");
    }

    #[test]
    fn numbers_are_written_to_the_last_digit() {
        for value in [0, 1, 9, 10, 99, 100, 12_345, u64::MAX] {
            assert_eq!(text(|out| number(out, value)), value.to_string());
        }
    }
}

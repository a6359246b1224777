//! The reply parser (RFC 5321 section 4.2): strict, and capped before anything is kept.
//!
//! ```
//! use secsmtp::error::ReplyFault;
//! use secsmtp::smtp::wire::reply::parse;
//!
//! let input = b"250-mail.test\r\n250 SIZE 1000\r\n220 the next";
//! let (reply, len) = parse(input)?.expect("a whole reply");
//! assert_eq!((reply.code, reply.text()), (250, &b"mail.test\nSIZE 1000"[..]));
//! assert_eq!(&input[len..], b"220 the next");
//!
//! assert_eq!(parse(b"250-mail.te"), Ok(None)); // its end is not there yet
//! assert_eq!(parse(b"2x0 ok\r\n"), Err(ReplyFault::Code));
//! # Ok::<_, ReplyFault>(())
//! ```

use memchr::{memchr, memchr2, memrchr};

use crate::error::{Enhanced, ReplyFault};

/// The longest accepted line, in bytes without its CRLF: RFC 5321 allows 512, and a challenge may have
/// 12,288 (RFC 4954 section 4).
pub const MAX_LINE: usize = 12_300;
/// The maximum number of lines of a reply.
pub const MAX_LINES: usize = 128;
/// The maximum size of a reply in bytes, which limits its memory.
pub const MAX_REPLY: usize = 64 * 1024;

const LONG_LINE: ReplyFault = ReplyFault::TooLong {
    limit: MAX_LINE,
    unit: "bytes in one line",
};
const MANY_LINES: ReplyFault = ReplyFault::TooLong {
    limit: MAX_LINES,
    unit: "lines",
};
const LONG_REPLY: ReplyFault = ReplyFault::TooLong {
    limit: MAX_REPLY,
    unit: "bytes",
};

/// A complete reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// 200 to 599.
    pub code: u16,
    /// The text after code and separator of each line, joined by LF, which no line can contain.
    text: Vec<u8>,
}

/// Finds one reply at the front of `input`: its code and how many bytes it takes, or `None` if its
/// end is not there yet. A fault shows as soon as the bytes that hold it do. Nothing is copied.
///
/// # Errors
/// The syntax error of the reply.
pub fn scan(input: &[u8]) -> Result<Option<(u16, usize)>, ReplyFault> {
    let mut first = None;
    let mut rest = input;
    let (mut taken, mut lines) = (0_usize, 0_usize);
    loop {
        let Some(line) = take_line(rest)? else {
            return if taken.saturating_add(rest.len()) > MAX_REPLY {
                Err(LONG_REPLY)
            } else {
                check_prefix(rest, first).map(|()| None)
            };
        };
        taken = taken.saturating_add(line.len()).saturating_add(2);
        rest = input.get(taken..).unwrap_or_default();
        let (code, more) = head(line)?;
        if *first.get_or_insert(code) != code {
            return Err(ReplyFault::Mismatch);
        }
        lines = lines.saturating_add(1);
        if lines > MAX_LINES {
            return Err(MANY_LINES);
        }
        if taken > MAX_REPLY {
            return Err(LONG_REPLY);
        }
        if !more {
            return Ok(Some((code, taken)));
        }
    }
}

/// Reads one reply off the front of `input`: the reply and how many bytes it took, or `None` if
/// its end is not there yet. A fault shows as soon as the bytes that hold it do.
///
/// # Errors
/// The syntax error of the reply.
pub fn parse(input: &[u8]) -> Result<Option<(Reply, usize)>, ReplyFault> {
    let Some((code, taken)) = scan(input)? else {
        return Ok(None);
    };
    let bytes = input.get(..taken).unwrap_or_default();
    Ok(Some((Reply::scanned(code, bytes), taken)))
}

/// Parses the greeting at the front of `input`. A server may begin it with lines of 220 while it checks
/// the client, and end it with a rejection (Postfix's postscreen does): then the greeting is the
/// rejection.
///
/// # Errors
/// The syntax error of the reply.
pub fn parse_greeting(input: &[u8]) -> Result<Option<(Reply, usize)>, ReplyFault> {
    match parse(input) {
        Err(ReplyFault::Mismatch) => {
            let refusal = from_mismatch(input);
            if !matches!(refusal, [b'4' | b'5', ..]) {
                return Err(ReplyFault::Mismatch);
            }
            let lead = input.len().saturating_sub(refusal.len());
            let parsed = parse(refusal)?;
            Ok(parsed.map(|(reply, taken)| (reply, lead.saturating_add(taken))))
        }
        parsed => parsed,
    }
}

/// `input` from the first line whose code is not that of the first one.
pub(crate) fn from_mismatch(input: &[u8]) -> &[u8] {
    let code = input.get(..3).unwrap_or_default();
    let mut rest = input;
    while rest.starts_with(code)
        && let Some(end) = memchr(b'\n', rest)
    {
        rest = rest.get(end.saturating_add(1)..).unwrap_or_default();
    }
    rest
}

/// The first line without its CRLF, or `None` if its end has not come.
fn take_line(input: &[u8]) -> Result<Option<&[u8]>, ReplyFault> {
    let within = input.get(..MAX_LINE).unwrap_or(input);
    let Some(end) = memchr2(b'\r', b'\n', within) else {
        return if input.len() > MAX_LINE {
            Err(LONG_LINE)
        } else {
            Ok(None)
        };
    };
    let (line, ending) = input.split_at(end);
    match ending {
        [b'\r', b'\n', ..] => Ok(Some(line)),
        [b'\r'] => Ok(None),
        _ => Err(ReplyFault::BareLineEnd),
    }
}

/// Parses the code, and whether more lines follow.
fn head(line: &[u8]) -> Result<(u16, bool), ReplyFault> {
    let (digits, behind) = line.split_at_checked(3).ok_or(ReplyFault::Code)?;
    let code = code_of(digits)?;
    match behind {
        [] | [b' ', ..] => Ok((code, false)),
        [b'-', ..] => Ok((code, true)),
        _ => Err(ReplyFault::Separator),
    }
}

fn code_of(digits: &[u8]) -> Result<u16, ReplyFault> {
    match digits {
        [a @ b'2'..=b'5', b @ b'0'..=b'9', c @ b'0'..=b'9'] => {
            let digit = |d: &u8| u16::from(d.saturating_sub(b'0'));
            let tens = digit(a).saturating_mul(10).saturating_add(digit(b));
            Ok(tens.saturating_mul(10).saturating_add(digit(c)))
        }
        _ => Err(ReplyFault::Code),
    }
}

/// Returns whether an incomplete line can still become a valid one, so that a peer that does not speak
/// SMTP is reported at once and not at the deadline.
fn check_prefix(line: &[u8], code: Option<u16>) -> Result<(), ReplyFault> {
    let fits = |i: usize, b: u8| match i {
        0 => matches!(b, b'2'..=b'5'),
        _ => b.is_ascii_digit(),
    };
    if !line.iter().take(3).enumerate().all(|(i, b)| fits(i, *b)) {
        return Err(ReplyFault::Code);
    }
    if let (Some(code), Some(digits)) = (code, line.get(..3))
        && code_of(digits)? != code
    {
        return Err(ReplyFault::Mismatch);
    }
    match line.get(3) {
        None | Some(b' ' | b'-' | b'\r') => Ok(()),
        Some(_) => Err(ReplyFault::Separator),
    }
}

impl Reply {
    /// The reply that [`scan`] found, with its bytes.
    pub(crate) fn scanned(code: u16, bytes: &[u8]) -> Self {
        let mut text = Vec::with_capacity(bytes.len());
        let lines = bytes.strip_suffix(b"\r\n").unwrap_or(bytes);
        for (index, line) in lines.split(|b| *b == b'\n').enumerate() {
            if index > 0 {
                text.push(b'\n');
            }
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            text.extend_from_slice(line.get(4..).unwrap_or_default());
        }
        Self { code, text }
    }

    /// A reply with this text, lines joined by LF.
    #[must_use]
    pub fn new(code: u16, text: Vec<u8>) -> Self {
        Self { code, text }
    }

    /// The text after code and separator of each line; there is at least one line.
    pub fn lines(&self) -> impl Iterator<Item = &[u8]> {
        self.text.split(|b| *b == b'\n')
    }

    /// The text of all lines, joined by LF.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// The enhanced status code (RFC 3463, RFC 2034) at the head of the last line, if it is one and
    /// of the reply's class.
    #[must_use]
    pub fn enhanced(&self) -> Option<Enhanced> {
        let last = memrchr(b'\n', &self.text).map_or(0, |end| end.saturating_add(1));
        Enhanced::at_head(self.text.get(last..)?, self.code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(input: &[u8]) -> Reply {
        let (reply, taken) = parse(input).unwrap().unwrap();
        assert_eq!(taken, input.len());
        reply
    }

    #[test]
    fn a_reply_is_read_whole_at_every_split() {
        let input = b"250-mail.test hello\r\n250-SIZE 1000\r\n250\r\n";
        for end in 0..input.len() {
            assert_eq!(parse(&input[..end]), Ok(None), "at {end}");
        }
        assert_eq!(
            whole(input).lines().collect::<Vec<_>>(),
            [&b"mail.test hello"[..], b"SIZE 1000", b""]
        );
        let two = b"220 a\r\n250 b\r\n";
        assert_eq!(parse(two).unwrap().unwrap().1, 7);
    }

    #[test]
    fn e05_only_crlf_ends_a_line() {
        for bad in [
            &b"250 a\n"[..],
            b"250 a\rb\r\n",
            b"250 a\n\r\n",
            b"250-a\n250 b\r\n",
        ] {
            assert_eq!(parse(bad), Err(ReplyFault::BareLineEnd), "{bad:?}");
        }
    }

    #[test]
    fn e07_e08_e20_each_code_from_200_to_599_is_a_code_and_no_other() {
        for code in 0..1000_u16 {
            let line = format!("{code:03} words\r\n");
            for end in 1..line.len() {
                let early = parse(&line.as_bytes()[..end]);
                match (200..600).contains(&code) {
                    true => assert_eq!(early, Ok(None), "{line}"),
                    false => assert!(matches!(early, Ok(None) | Err(ReplyFault::Code)), "{line}"),
                }
            }
            match (200..600).contains(&code) {
                true => assert_eq!(whole(line.as_bytes()).code, code),
                false => assert_eq!(parse(line.as_bytes()), Err(ReplyFault::Code), "{line}"),
            }
        }
        for bad in [
            "000 a",
            "099 a",
            "120 a",
            "199 a",
            "600 a",
            "999 a",
            "25 ok",
            "2500 ok",
            "+25 a",
            " 250 a",
            "2x0 a",
            "26x a",
            "",
            "HTTP/1.1 400 Bad",
        ] {
            assert!(parse(format!("{bad}\r\n").as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_no_smtp_shows_before_its_line_ends() {
        assert_eq!(parse(b"<html>"), Err(ReplyFault::Code));
        assert_eq!(parse(b"250+"), Err(ReplyFault::Separator));
        assert_eq!(parse(b"250-a\r\n5"), Ok(None));
        assert_eq!(parse(b"250-a\r\n550"), Err(ReplyFault::Mismatch));
    }

    #[test]
    fn e09_codes_of_one_reply_agree() {
        assert_eq!(parse(b"250-a\r\n550 b\r\n"), Err(ReplyFault::Mismatch));
    }

    #[test]
    fn e09_a_greeting_that_ends_in_a_refusal_is_that_refusal() {
        let lead = "220-mail.test waits\r\n220-and looks\r\n";
        for refusal in [
            "521 5.3.2 blocked",
            "554-no\r\n554 never",
            "421 later",
            "571",
        ] {
            let greeting = format!("{lead}{refusal}\r\n");
            for end in 0..greeting.len() {
                assert_eq!(
                    parse_greeting(&greeting.as_bytes()[..end]),
                    Ok(None),
                    "{end}"
                );
            }
            let (reply, taken) = parse_greeting(greeting.as_bytes()).unwrap().unwrap();
            assert_eq!(
                (reply, taken),
                (whole(format!("{refusal}\r\n").as_bytes()), greeting.len())
            );
        }
        for other in [
            "250 welcome",
            "354 go",
            "554-no\r\n521 never",
            "554-no\r\n220 yes",
        ] {
            let greeting = format!("{lead}{other}\r\n");
            assert_eq!(
                parse_greeting(greeting.as_bytes()),
                Err(ReplyFault::Mismatch),
                "{other}"
            );
        }
        let good = b"220-mail.test\r\n220 ready\r\n";
        assert_eq!(parse_greeting(good), parse(good));
        assert_eq!(parse_greeting(b"<html>"), Err(ReplyFault::Code));
    }

    #[test]
    fn e10_the_separator_is_space_hyphen_or_nothing() {
        for bad in [&b"250+a\r\n"[..], b"250\ta\r\n", b"250_\r\n", b"250.\r\n"] {
            assert_eq!(parse(bad), Err(ReplyFault::Separator));
        }
        assert_eq!(whole(b"250\r\n").text(), b"");
    }

    #[test]
    fn e02_e03_e06_lines_and_replies_are_capped() {
        let long = [b"250 ".as_slice(), &vec![b'a'; 1000], b"\r\n"].concat();
        assert_eq!(whole(&long).text().len(), 1000);
        assert_eq!(
            parse(&[b"250 ".as_slice(), &vec![b'a'; MAX_LINE]].concat()),
            Err(LONG_LINE)
        );
        assert_eq!(parse(&b"250-a\r\n".repeat(MAX_LINES + 1)), Err(MANY_LINES));
        let fat = [b"250-".as_slice(), &vec![b'a'; 2000], b"\r\n"]
            .concat()
            .repeat(40);
        assert_eq!(parse(&fat), Err(LONG_REPLY));
    }

    #[test]
    fn enhanced_codes_are_of_the_replys_class() {
        let of = |line: &str| whole(format!("{line}\r\n").as_bytes()).enhanced();
        assert_eq!(of("535 5.7.8 no").as_deref(), Some("5.7.8"));
        assert_eq!(of("250 2.1.5").as_deref(), Some("2.1.5"));
        assert_eq!(of("550 2.1.5 odd"), None);
        assert_eq!(of("550 5.1 no"), None);
        assert_eq!(of("550 5.1.1000 no"), None);
        assert_eq!(of("550 no"), None);
    }
}

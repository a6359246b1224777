//! The reply parser (RFC 5321 section 4.2): strict, and capped before anything is kept.

use memchr::memchr2;

use crate::error::ReplyFault;

/// The longest line taken, in octets without its CRLF: RFC 5321 has 512, and a challenge may have
/// 12,288 (RFC 4954 section 4).
pub const MAX_LINE: usize = 12_300;
/// The most lines of one reply.
pub const MAX_LINES: usize = 128;
/// The most octets of one reply: what one reply can cost in memory.
pub const MAX_REPLY: usize = 64 * 1024;

/// A whole reply: its code and the octets of its lines behind code and separator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// 200 to 599.
    pub code: u16,
    /// At least one line, without CRLF.
    pub lines: Vec<Vec<u8>>,
}

/// Finds one reply at the front of `input`: its code and how many octets it takes, or `None` if its
/// end is not there yet. A fault shows as soon as the octets that hold it do. Nothing is copied.
///
/// # Errors
/// What is wrong with the reply's form.
pub fn scan(input: &[u8]) -> Result<Option<(u16, usize)>, ReplyFault> {
    let mut first = None;
    let mut rest = input;
    let (mut taken, mut lines) = (0_usize, 0_usize);
    loop {
        let Some(line) = take_line(rest)? else {
            return if taken.saturating_add(rest.len()) > MAX_REPLY {
                Err(ReplyFault::TooLong)
            } else {
                check_prefix(rest, first).map(|()| None)
            };
        };
        taken = taken.saturating_add(line.len()).saturating_add(2);
        rest = input.get(taken..).unwrap_or_default();
        let (code, more, _) = split_line(line)?;
        if *first.get_or_insert(code) != code {
            return Err(ReplyFault::Mismatch);
        }
        lines = lines.saturating_add(1);
        if lines > MAX_LINES || taken > MAX_REPLY {
            return Err(ReplyFault::TooLong);
        }
        if !more {
            return Ok(Some((code, taken)));
        }
    }
}

/// Reads one reply off the front of `input`: the reply and how many octets it took, or `None` if
/// its end is not there yet. A fault shows as soon as the octets that hold it do.
///
/// # Errors
/// What is wrong with the reply's form.
pub fn parse(input: &[u8]) -> Result<Option<(Reply, usize)>, ReplyFault> {
    let Some((code, taken)) = scan(input)? else {
        return Ok(None);
    };
    let mut lines = Vec::new();
    let mut rest = input.get(..taken).unwrap_or_default();
    while let Some(line) = take_line(rest)?.filter(|_| !rest.is_empty()) {
        lines.push(split_line(line)?.2.to_vec());
        let behind = line.len().saturating_add(2);
        rest = rest.get(behind..).unwrap_or_default();
    }
    Ok(Some((Reply { code, lines }, taken)))
}

/// The first line without its CRLF, or `None` if its end has not come.
fn take_line(input: &[u8]) -> Result<Option<&[u8]>, ReplyFault> {
    let within = input.get(..MAX_LINE).unwrap_or(input);
    let Some(end) = memchr2(b'\r', b'\n', within) else {
        return if input.len() > MAX_LINE {
            Err(ReplyFault::TooLong)
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

/// Code, whether more lines follow, and the text.
fn split_line(line: &[u8]) -> Result<(u16, bool, &[u8]), ReplyFault> {
    let (digits, behind) = line.split_at_checked(3).ok_or(ReplyFault::Code)?;
    let code = code_of(digits)?;
    match behind {
        [] => Ok((code, false, b"")),
        [b' ', text @ ..] => Ok((code, false, text)),
        [b'-', text @ ..] => Ok((code, true, text)),
        _ => Err(ReplyFault::Separator),
    }
}

fn code_of(digits: &[u8]) -> Result<u16, ReplyFault> {
    match digits {
        [a @ b'2'..=b'5', b @ b'0'..=b'5', c @ b'0'..=b'9'] => {
            let digit = |d: &u8| u16::from(d.saturating_sub(b'0'));
            let tens = digit(a).saturating_mul(10).saturating_add(digit(b));
            Ok(tens.saturating_mul(10).saturating_add(digit(c)))
        }
        _ => Err(ReplyFault::Code),
    }
}

/// Whether an unfinished line can still become a good one, so that what is no SMTP at all is told
/// at once and not when the deadline passes.
fn check_prefix(line: &[u8], code: Option<u16>) -> Result<(), ReplyFault> {
    let fits = |i: usize, b: u8| match i {
        0 => matches!(b, b'2'..=b'5'),
        1 => matches!(b, b'0'..=b'5'),
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
    /// 2yz or 3yz.
    #[must_use]
    pub fn is_positive(&self) -> bool {
        self.code < 400
    }

    /// The enhanced status code (RFC 3463, RFC 2034) at the head of the text, if it is one and of
    /// the reply's class.
    #[must_use]
    pub fn enhanced(&self) -> Option<String> {
        let line = self.lines.last()?;
        let word = line.split(|b| *b == b' ').next()?;
        let parts: Vec<&[u8]> = word.split(|b| *b == b'.').collect();
        let [class, subject, detail] = parts.as_slice() else {
            return None;
        };
        let number =
            |part: &[u8]| matches!(part.len(), 1..=3) && part.iter().all(u8::is_ascii_digit);
        let same = matches!(class, [c @ (b'2' | b'4' | b'5')]
            if u16::from(c.saturating_sub(b'0')) == self.code.checked_div(100).unwrap_or(0));
        (same && number(subject) && number(detail))
            .then(|| String::from_utf8_lossy(word).into_owned())
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
            whole(input).lines,
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
    fn e07_e08_e20_only_three_digits_from_200_to_559() {
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
            "260 a",
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
    fn e10_the_separator_is_space_hyphen_or_nothing() {
        for bad in [&b"250+a\r\n"[..], b"250\ta\r\n", b"250_\r\n", b"250.\r\n"] {
            assert_eq!(parse(bad), Err(ReplyFault::Separator));
        }
        assert_eq!(whole(b"250\r\n").lines, [b""]);
    }

    #[test]
    fn e02_e03_e06_lines_and_replies_are_capped() {
        let long = [b"250 ".as_slice(), &vec![b'a'; 1000], b"\r\n"].concat();
        assert_eq!(whole(&long).lines[0].len(), 1000);
        assert_eq!(
            parse(&[b"250 ".as_slice(), &vec![b'a'; MAX_LINE]].concat()),
            Err(ReplyFault::TooLong)
        );
        assert_eq!(
            parse(&b"250-a\r\n".repeat(MAX_LINES + 1)),
            Err(ReplyFault::TooLong)
        );
        let fat = [b"250-".as_slice(), &vec![b'a'; 2000], b"\r\n"]
            .concat()
            .repeat(40);
        assert_eq!(parse(&fat), Err(ReplyFault::TooLong));
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

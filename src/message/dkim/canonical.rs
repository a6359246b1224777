//! DKIM signatures (RFC 6376): what of a message is signed, in its relaxed form, and the field that
//! carries the signature. Hashes and keys are made elsewhere.

use std::fmt::Write as _;

use memchr::memchr3;

use crate::message::content::lines::split_line;

/// The fields that are signed where a message has them (RFC 6376 section 5.4.1): what readers are
/// shown, and what says how the body is to be read.
pub const FIELDS: &[&str] = &[
    "from",
    "sender",
    "reply-to",
    "subject",
    "date",
    "message-id",
    "to",
    "cc",
    "in-reply-to",
    "references",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "content-id",
    "content-description",
    "content-disposition",
    "resent-date",
    "resent-from",
    "resent-sender",
    "resent-to",
    "resent-cc",
    "resent-message-id",
    "list-id",
    "list-help",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "list-subscribe",
    "list-post",
    "list-owner",
    "list-archive",
    "auto-submitted",
    "importance",
    "x-priority",
];

/// Those that a message has once, and that readers are shown: once more than they stand there, so that
/// a signed message with another one put in is no longer signed (RFC 6376 section 8.15).
const ONCE: &[&str] = &[
    "from",
    "sender",
    "reply-to",
    "subject",
    "date",
    "message-id",
    "to",
    "cc",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
];

/// Those of [`FIELDS`] that are named where a message has none, so that one that is added later breaks the
/// signature: readers are shown them, and no server adds them.
pub const ABSENT: &[&str] = &["cc", "reply-to"];

/// Fields that servers add where a message has none (RFC 6409 section 8): to name an absent one would have
/// them break the signature.
pub const ADDED: &[&str] = &["date", "message-id", "sender", "to"];

/// Bytes of the relaxed body that are handed over at a time.
const BLOCK: usize = 8 * 1024;
/// Characters of a signature's or name's line.
const LINE: usize = 72;

/// The body in its relaxed form (RFC 6376 section 3.4.4), piece by piece. Its lines end in CRLF.
#[derive(Debug, Default)]
pub struct Body {
    /// Line ends that count only if something follows.
    ends: u64,
    /// White space that counts only if something follows in its line.
    space: bool,
    after_cr: bool,
    /// True once there was text.
    begun: bool,
    out: Vec<u8>,
}

impl Body {
    /// Takes a piece, split anywhere.
    pub fn push(&mut self, piece: &[u8], mut take: impl FnMut(&[u8])) {
        let mut rest = piece;
        while !rest.is_empty() {
            if std::mem::take(&mut self.after_cr) {
                rest = rest.strip_prefix(b"\n").unwrap_or(rest);
                continue;
            }
            let end = memchr3(b' ', b'\t', b'\r', rest).unwrap_or(rest.len());
            let (text, behind) = rest.split_at_checked(end).unwrap_or((rest, b""));
            if !text.is_empty() {
                self.text(text, &mut take);
            }
            match behind.split_first() {
                Some((b'\r', _)) => {
                    (self.space, self.after_cr) = (false, true);
                    self.ends = self.ends.saturating_add(1);
                }
                Some(_) => self.space = true,
                None => {}
            }
            rest = behind.get(1..).unwrap_or_default();
        }
        self.hand_over(1, &mut take);
    }

    /// Nothing follows.
    pub fn finish(mut self, mut take: impl FnMut(&[u8])) {
        if self.begun {
            self.out.extend_from_slice(b"\r\n");
        }
        self.hand_over(1, &mut take);
    }

    fn text(&mut self, text: &[u8], take: &mut impl FnMut(&[u8])) {
        while self.ends > 0 {
            self.out.extend_from_slice(b"\r\n");
            self.ends = self.ends.saturating_sub(1);
            self.hand_over(BLOCK, take);
        }
        if std::mem::take(&mut self.space) {
            self.out.push(b' ');
        }
        self.out.extend_from_slice(text);
        self.begun = true;
        self.hand_over(BLOCK, take);
    }

    fn hand_over(&mut self, least: usize, take: &mut impl FnMut(&[u8])) {
        if self.out.len() >= least {
            take(&self.out);
            self.out.clear();
        }
    }
}

/// The fields that a signature covers, and their names as it lists them.
#[derive(Debug, Default)]
pub struct SignedFields<'a> {
    /// In the order in which they are hashed, with their line ends.
    pub fields: Vec<&'a [u8]>,
    /// One for each, and for those that there must not be more of.
    pub names: Vec<&'a str>,
}

/// The reason why a header can't be covered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderFault {
    /// This line, the first being 1, is no field that all readers take for one.
    Line(u64),
    /// Without From there is no author to sign for.
    NoFrom,
    /// There are several From fields, of which readers show different ones (RFC 6376 section 8.15).
    SeveralFrom,
}

/// Selects from a canonical header the fields of these names: the last of several first (RFC 6376 section
/// 5.4.2). Those in `absent` are named once more than the message has them, also where it has none.
/// Names are in lower case.
///
/// # Errors
/// The first flaw.
pub fn select_fields<'a, N: AsRef<str>>(
    header: &'a [u8],
    names: &'a [N],
    absent: &[N],
) -> Result<SignedFields<'a>, HeaderFault> {
    let all = fields(header).map_err(HeaderFault::Line)?;
    let mut covered = SignedFields::default();
    for name in names.iter().map(AsRef::as_ref) {
        let own = all
            .iter()
            .rev()
            .filter(|field| field.name.eq_ignore_ascii_case(name.as_bytes()));
        let before = covered.fields.len();
        covered.fields.extend(own.map(|field| field.whole));
        let count = covered.fields.len().saturating_sub(before);
        let more = absent.iter().any(|absent| absent.as_ref() == name)
            || (count > 0 && ONCE.contains(&name));
        match (name, count) {
            ("from", 0) => return Err(HeaderFault::NoFrom),
            ("from", 2..) => return Err(HeaderFault::SeveralFrom),
            _ => {}
        }
        covered.names.extend(std::iter::repeat_n(
            name,
            count.saturating_add(usize::from(more)),
        ));
    }
    Ok(covered)
}

/// A field with its line ends.
struct Field<'a> {
    name: &'a [u8],
    whole: &'a [u8],
}

/// The fields of a header. Servers and readers make different things of lines that are none,
/// and of space before the colon.
fn fields(header: &[u8]) -> Result<Vec<Field<'_>>, u64> {
    let (mut found, mut rest, mut line) = (Vec::new(), header, 1_u64);
    while !rest.is_empty() {
        let first = line;
        let mut behind = rest;
        loop {
            (.., behind) = split_line(behind);
            line += 1;
            if !behind.starts_with(b" ") && !behind.starts_with(b"\t") {
                break;
            }
        }
        let whole = &rest[..rest.len() - behind.len()];
        let colon = memchr::memchr(b':', whole).ok_or(first)?;
        let name = whole.get(..colon).unwrap_or_default();
        if name.is_empty() || !name.iter().all(u8::is_ascii_graphic) {
            return Err(first);
        }
        found.push(Field { name, whole });
        rest = behind;
    }
    Ok(found)
}

/// Appends a field in its relaxed form (RFC 6376 section 3.4.2), without its CRLF.
fn relaxed(field: &[u8], out: &mut Vec<u8>) {
    let colon = memchr::memchr(b':', field).unwrap_or(field.len());
    let (name, value) = field.split_at_checked(colon).unwrap_or((field, b""));
    out.extend(name.iter().map(u8::to_ascii_lowercase));
    out.push(b':');
    let value = value.get(1..).unwrap_or_default();
    let words = value.split(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n'));
    for (i, word) in words.filter(|word| !word.is_empty()).enumerate() {
        if i > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(word);
    }
}

/// The tags of a signature (RFC 6376 section 3.5).
#[derive(Debug)]
pub struct SignatureTags<'a> {
    /// `rsa-sha256` or `ed25519-sha256`.
    pub algorithm: &'a str,
    /// The signing domain.
    pub domain: &'a str,
    /// The selector of the key.
    pub selector: &'a str,
    /// When, in seconds since 1970.
    pub time: i64,
    /// Until when.
    pub expires: Option<i64>,
    /// SHA-256 of the relaxed body, in base64.
    pub body_hash: &'a str,
}

impl SignatureTags<'_> {
    /// The field up to the place of the signature.
    #[must_use]
    pub fn unsigned(&self, covered: &SignedFields<'_>) -> String {
        let mut field = format!(
            "DKIM-Signature: v=1; a={}; c=relaxed/relaxed; d={};\r\n\ts={}; t={};",
            self.algorithm, self.domain, self.selector, self.time
        );
        if let Some(expires) = self.expires {
            let _ = write!(field, " x={expires};");
        }
        field.push_str("\r\n\th=");
        let mut line = 3_usize;
        for (i, name) in covered.names.iter().enumerate() {
            if i > 0 {
                field.push(':');
                line = line.saturating_add(1);
            }
            if line.saturating_add(name.len()) > LINE {
                field.push_str("\r\n\t ");
                line = 2;
            }
            field.push_str(name);
            line = line.saturating_add(name.len());
        }
        let _ = write!(field, ";\r\n\tbh={};\r\n\tb=", self.body_hash);
        field
    }
}

/// The bytes that are signed: the selected fields, and the signature's own without the signature (RFC 6376 section
/// 3.7).
#[must_use]
pub fn signed(covered: &SignedFields<'_>, unsigned: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for field in &covered.fields {
        relaxed(field, &mut out);
        out.extend_from_slice(b"\r\n");
    }
    relaxed(unsigned.as_bytes(), &mut out);
    out
}

/// The whole field: `signature` is base64.
#[must_use]
pub fn complete(unsigned: &str, signature: &str) -> String {
    let mut field = unsigned.to_owned();
    let mut rest = signature;
    while let Some((line, behind)) = rest.split_at_checked(LINE) {
        field.push_str(line);
        if !behind.is_empty() {
            field.push_str("\r\n\t");
        }
        rest = behind;
    }
    field.push_str(rest);
    field.push_str("\r\n");
    field
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(pieces: &[&[u8]]) -> Vec<u8> {
        let (mut body, mut out) = (Body::default(), Vec::new());
        for piece in pieces {
            body.push(piece, |bytes| out.extend_from_slice(bytes));
        }
        body.finish(|bytes| out.extend_from_slice(bytes));
        out
    }

    #[test]
    fn a_body_is_relaxed_wherever_it_is_split() {
        for (given, relaxed) in [
            // RFC 6376 section 3.4.5.
            (" C \r\nD \t E\r\n\r\n\r\n", " C\r\nD E\r\n"),
            ("", ""),
            ("\r\n\r\n", ""),
            (" \t\r\n \r\n", ""),
            ("\r\n\r\na\r\n", "\r\n\r\na\r\n"),
            ("a \r\n \r\n\t b\r\n \r\n", "a\r\n\r\n b\r\n"),
            ("a\t\tb  c\r\n", "a b c\r\n"),
        ] {
            let given = given.as_bytes();
            for i in 0..=given.len() {
                for j in i..=given.len() {
                    let got = body(&[&given[..i], &given[i..j], &given[j..]]);
                    assert_eq!(got, relaxed.as_bytes(), "{given:?} split at {i} and {j}");
                }
            }
        }
    }

    #[test]
    fn a_flood_of_empty_lines_is_never_held() {
        let mut body = Body::default();
        let mut most = 0;
        for _ in 0..1000 {
            body.push(&b"\r\n".repeat(1000), |bytes| most = most.max(bytes.len()));
        }
        body.push(b"x", |bytes| most = most.max(bytes.len()));
        assert!(most < 2 * BLOCK, "{most}");
    }

    #[test]
    fn fields_are_covered_from_the_last_and_once_more_where_there_is_one() {
        let header = b"To: a\r\nX: y\r\nFrom:  b \r\n\tc\r\nTo : d\r\n";
        assert_eq!(
            select_fields(header, &["to"], &[]).unwrap_err(),
            HeaderFault::Line(5)
        );
        let header = b"To: a\r\nX: y\r\nFrom:  b \r\n\tc\r\ntO:\td\r\n";
        let covered = select_fields(header, FIELDS, &[]).unwrap();
        assert_eq!(covered.names, ["from", "from", "to", "to", "to"]);
        let covered = select_fields(header, FIELDS, ABSENT).unwrap();
        let names = ["from", "from", "reply-to", "to", "to", "to", "cc"];
        assert_eq!(covered.names, names);
        let both = select_fields(b"Cc: a\r\nFrom: b\r\n", &["from", "cc"], ABSENT).unwrap();
        assert_eq!(both.names, ["from", "from", "cc", "cc"], "and no reply-to");
        assert!(
            ABSENT
                .iter()
                .all(|name| FIELDS.contains(name) && !ADDED.contains(name))
        );
        let text = String::from_utf8(signed(&covered, "DKIM-Signature: b=")).unwrap();
        assert_eq!(text, "from:b c\r\nto:d\r\nto:a\r\ndkim-signature:b=");
        for (bad, flaw) in [
            (&b"From: a\r\nno field\r\n"[..], HeaderFault::Line(2)),
            (b"From a Mon Nov 23\r\nFrom: a\r\n", HeaderFault::Line(1)),
            (b" From: a\r\n", HeaderFault::Line(1)),
            (b"From: a\r\n b\r\n: c\r\n", HeaderFault::Line(3)),
            (b"\xef\xbb\xbfFrom: a\r\n", HeaderFault::Line(1)),
            (b"To: a\r\n", HeaderFault::NoFrom),
            (b"", HeaderFault::NoFrom),
            (b"From: a\r\nTo: b\r\nFROM: c\r\n", HeaderFault::SeveralFrom),
        ] {
            assert_eq!(
                select_fields(bad, FIELDS, ABSENT).unwrap_err(),
                flaw,
                "{bad:?}"
            );
        }
    }

    #[test]
    fn the_field_is_folded() {
        let names = vec!["x-a-name-of-some-length"; 20];
        let covered = SignedFields {
            fields: Vec::new(),
            names,
        };
        let tags = SignatureTags {
            algorithm: "rsa-sha256",
            domain: "mail.test",
            selector: "s",
            time: 1,
            expires: Some(2),
            body_hash: "aGFzaA==",
        };
        let field = complete(&tags.unsigned(&covered), &"A".repeat(344));
        assert!(field.lines().all(|line| line.len() <= 78), "{field}");
        assert!(field.ends_with("A\r\n") && field.contains("\r\n\ts=s; t=1; x=2;\r\n"));
        let exact = complete("b=", &"A".repeat(144));
        assert_eq!(exact, format!("b={0}\r\n\t{0}\r\n", "A".repeat(72)));
    }
}

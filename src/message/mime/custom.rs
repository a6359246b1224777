//! Header fields of the caller's own. A name decides which syntax its value has. A value that is ASCII
//! is in that syntax and stays as it is, folded at white space; characters beyond ASCII are encoded by
//! that syntax, so that what programs read of it stays readable to them.

use std::borrow::Cow;

use super::encoded_words::{WHITE, Word};
use super::field_check::{self, check_field};
use super::header_writer::HeaderWriter;
use super::parameter::percent_encoded;
use crate::error::Error;
use crate::message::content::lines::MAX_LINE;
use crate::message::mailbox::parse_list;
use crate::status::Status;
use crate::support::idn::to_a_labels;

const VALUE: &str = "header value";

/// The syntax of a field's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Syntax {
    /// Free text (RFC 5322 section 2.2.1): each word beyond ASCII is encoded (RFC 2047).
    Text,
    /// Addresses (RFC 5322 section 3.4).
    Addresses,
    /// Phrases, with commas or ids in angle brackets: encoded words outside of brackets.
    Phrases,
    /// URLs in angle brackets, with comments (RFC 2369): percent-encoded (RFC 3987 section 3.1).
    Urls,
    /// A value and parameters (RFC 2045 section 5.1): encoded by RFC 2231.
    Parameters,
    /// JSON (RFC 8259): escaped.
    Json,
    /// Ids, dates and tags, which have no way to write more than ASCII.
    Ascii,
}

impl Syntax {
    fn of(name: &str) -> Self {
        match name.to_ascii_lowercase().as_str() {
            "abuse-reports-to"
            | "apparently-to"
            | "author"
            | "delivered-to"
            | "disposition-notification-to"
            | "envelope-to"
            | "errors-to"
            | "mail-copies-to"
            | "mail-followup-to"
            | "mail-reply-to"
            | "original-from"
            | "return-receipt-to"
            | "x-confirm-reading-to"
            | "x-original-to" => Self::Addresses,
            "keywords" | "list-id" => Self::Phrases,
            "archived-at" | "list-archive" | "list-help" | "list-owner" | "list-post"
            | "list-subscribe" => Self::Urls,
            "auto-submitted" | "disposition-notification-options" => Self::Parameters,
            "x-mailgun-recipient-variables"
            | "x-mailgun-template-variables"
            | "x-mailgun-variables"
            | "x-mc-mergevars"
            | "x-mc-metadata"
            | "x-mj-vars"
            | "x-msys-api"
            | "x-smtpapi" => Self::Json,
            "accept-language"
            | "authentication-results"
            | "autocrypt"
            | "autocrypt-gossip"
            | "autocrypt-setup-message"
            | "deferred-delivery"
            | "expires"
            | "expiry-date"
            | "message-context"
            | "obsoletes"
            | "original-message-id"
            | "original-recipient"
            | "precedence"
            | "received-spf"
            | "reply-by"
            | "supersedes"
            | "tls-required"
            | "vbr-info" => Self::Ascii,
            name if name.starts_with("arc-") || name.starts_with("bimi-") => Self::Ascii,
            _ => Self::Text,
        }
    }
}

/// Writes a field.
///
/// # Errors
/// [`Status::Header`] for a name that is none or not to be had, and for a value that its syntax can't
/// hold; [`Status::Length`] for a word that no line can hold.
pub(in crate::message) fn field(name: &str, value: &str) -> Result<HeaderWriter, Error> {
    check_name(name)?;
    check_lines(value.split('\t'))?;
    let wrong = |why: &str| {
        let why = format!("of {name} {why}: to send a field as it is, add a finished header");
        Error::argument(Status::Header, VALUE, why)
    };
    let mut header = HeaderWriter::default();
    match Syntax::of(name) {
        Syntax::Text => header.text(name, value),
        _ if value.is_ascii() => header.plain(name, value),
        Syntax::Addresses => {
            header.addresses(name, &parse_list(value).map_err(|why| wrong(&why))?);
        }
        syntax @ (Syntax::Phrases | Syntax::Urls) => {
            header.structured(name, &structured(value, syntax).map_err(wrong)?);
        }
        Syntax::Parameters => header.plain(name, &extended(value).map_err(wrong)?),
        Syntax::Json => header.plain(name, &escaped_json(value)),
        Syntax::Ascii => return Err(wrong("must be ASCII")),
    }
    check_length(name, header)
}

/// Writes a field as it is, its line ends as CRLF.
///
/// # Errors
/// As [`field()`], and [`Status::Header`] for a line end without white space and text behind it.
pub(in crate::message) fn finished(name: &str, value: &str) -> Result<HeaderWriter, Error> {
    check_name(name)?;
    let unix = value.replace("\r\n", "\n");
    let lines: Vec<&str> = unix
        .strip_suffix('\n')
        .unwrap_or(&unix)
        .split('\n')
        .collect();
    check_lines(lines.iter().flat_map(|line| line.split('\t')))?;
    let continues = |line: &&str| line.starts_with(WHITE) && !line.trim_matches(WHITE).is_empty();
    if !lines.iter().skip(1).all(continues) {
        let why = format!("of {name} has a line end that no white space and text follow");
        return Err(Error::argument(Status::Header, VALUE, why));
    }
    let mut header = HeaderWriter::default();
    header.finished(name, &lines);
    check_length(name, header)
}

fn check_name(name: &str) -> Result<(), Error> {
    field_check::check_name(name)?;
    let Some(why) = own(name) else {
        return Ok(());
    };
    let why = format!("{name} can't be a custom field: {why}");
    Err(Error::argument(Status::Header, "header name", why))
}

fn check_lines<'a>(mut texts: impl Iterator<Item = &'a str>) -> Result<(), Error> {
    texts.try_for_each(|text| check_field(VALUE, text))
}

fn check_length(name: &str, header: HeaderWriter) -> Result<HeaderWriter, Error> {
    let longest = header.longest_line();
    if longest <= MAX_LINE {
        return Ok(header);
    }
    let why = format!(
        "of {name} has {longest} bytes in a row without a place for folding, expected at most \
         {MAX_LINE}: add white space where its syntax allows some"
    );
    Err(Error::argument(Status::Length, VALUE, why))
}

/// A structured value in pieces.
///
/// # Errors
/// The part that has no end, or can't be encoded.
fn structured(value: &str, syntax: Syntax) -> Result<Vec<Word<'_>>, &'static str> {
    let mut pieces: Vec<Word<'_>> = Vec::new();
    let (mut rest, mut space) = (value, "");
    while let Some(first) = rest.chars().next() {
        let end = match first {
            ' ' | '\t' => rest.find(|c| !WHITE.contains(&c)).unwrap_or(rest.len()),
            '"' => quoted_len(rest).ok_or("has a quote without an end")?,
            '<' => rest.find('>').ok_or("has a < without its >")? + 1,
            '(' | ')' | ',' | ';' => 1,
            _ => rest
                .find([' ', '\t', '"', '<', '(', ')', ',', ';'])
                .unwrap_or(rest.len()),
        };
        let (token, behind) = rest.split_at(end);
        rest = behind;
        if WHITE.contains(&first) {
            space = token;
            continue;
        }
        let is_url = syntax == Syntax::Urls && (first == '<' || token.contains(':'));
        let (text, is_encoded): (Cow<'_, str>, bool) = match first {
            _ if token.is_ascii() => (token.into(), false),
            _ if is_url => (ascii_url(token).into(), false),
            '<' => return Err("has characters beyond ASCII between < and >"),
            '"' => (unquoted(token).into(), true),
            _ => (token.into(), true),
        };
        match pieces.last_mut() {
            Some(last) if last.is_encoded && is_encoded => {
                let joined = last.text.to_mut();
                joined.push_str(space);
                joined.push_str(&text);
            }
            Some(last) if !last.is_encoded && !is_encoded && space.is_empty() => {
                last.text.to_mut().push_str(&text);
            }
            // Encoded words stand by themselves.
            last => {
                let missing = last.is_some() && space.is_empty();
                pieces.push(Word {
                    space: if missing { " " } else { space }.into(),
                    text,
                    is_encoded,
                });
            }
        }
        space = "";
    }
    Ok(pieces)
}

/// The length of the quoted string that a text begins with.
fn quoted_len(text: &str) -> Option<usize> {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|(_, c)| {
        let ends = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    });
    end.map(|(at, _)| at + 1)
}

/// The text that a quoted string stands for.
fn unquoted(quoted: &str) -> String {
    let (mut out, mut escaped) = (String::new(), false);
    for c in quoted.chars() {
        match c {
            '\\' | '"' if !escaped => escaped = c == '\\',
            c => {
                out.push(c);
                escaped = false;
            }
        }
    }
    out
}

/// A URL without characters beyond ASCII: its host in A-labels, the rest percent-encoded.
fn ascii_url(url: &str) -> String {
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), url),
    };
    let authority = match scheme.is_empty() {
        true => 0,
        false => rest.find(['/', '?', '#', '>']).unwrap_or(rest.len()),
    };
    let (authority, path) = rest.split_at(authority);
    let host = authority.rfind('@').map_or(0, |at| at + 1);
    let (user, host) = authority.split_at(host);
    let (host, port) = host.split_at(host.find(':').unwrap_or(host.len()));
    let host = to_a_labels(host).unwrap_or(Cow::Borrowed(host));
    percent_beyond_ascii(&[&scheme, user, &host, port, path].concat())
}

fn percent_beyond_ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte.is_ascii() {
            true => out.push(char::from(byte)),
            false => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// Parameters with those values beyond ASCII by RFC 2231 section 4.
///
/// # Errors
/// A part beyond ASCII that is no parameter's value.
fn extended(value: &str) -> Result<String, &'static str> {
    let mut out = Vec::new();
    let mut rest = Some(value);
    while let Some(text) = rest {
        let end = parameter_len(text);
        let parameter = &text[..end];
        rest = text.get(end + 1..);
        if parameter.is_ascii() {
            out.push(parameter.to_owned());
            continue;
        }
        let (key, value) = parameter
            .split_once('=')
            .filter(|(key, _)| key.is_ascii())
            .ok_or("has characters beyond ASCII outside of a parameter's value")?;
        let value = unquoted(value.trim_matches(WHITE));
        let key = key.trim_end_matches(WHITE);
        out.push(format!("{key}*=utf-8''{}", percent_encoded(&value)));
    }
    Ok(out.join(";"))
}

/// The length of what stands before the next semicolon that is not quoted.
fn parameter_len(text: &str) -> usize {
    let (mut quoted, mut escaped) = (false, false);
    let end = text.find(|c| {
        let ends = c == ';' && !quoted;
        quoted ^= c == '"' && !escaped;
        escaped = c == '\\' && quoted && !escaped;
        ends
    });
    end.unwrap_or(text.len())
}

/// JSON with what is beyond ASCII, which only strings hold, as escapes (RFC 8259 section 7).
fn escaped_json(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c.is_ascii() {
            true => out.push(c),
            false => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    out
}

/// The reason why a field can't be a custom one, if any.
fn own(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    match name.as_str() {
        "from"
        | "sender"
        | "reply-to"
        | "to"
        | "cc"
        | "bcc"
        | "subject"
        | "date"
        | "message-id"
        | "in-reply-to"
        | "references"
        | "list-unsubscribe"
        | "list-unsubscribe-post"
        | "x-priority"
        | "importance" => Some("it has a function of its own"),
        "mime-version" | "return-path" | "received" | "dkim-signature" => {
            Some("it is made by those who carry the message")
        }
        _ if name.starts_with("content-") => Some("it follows from the parts"),
        _ if name.starts_with("resent-") => Some("a message is sent on as raw content"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(name: &str, value: &str) -> String {
        String::from_utf8(field(name, value).unwrap().finish()).unwrap()
    }

    #[test]
    fn what_is_ascii_stays_as_it_is_in_every_field() {
        let long = "x".repeat(900);
        for (name, value) in [
            (
                "X-SMTPAPI",
                format!("{{\"to\":[\"{long}\"],\"a\": \"b  c\"}}"),
            ),
            ("List-Archive", format!("<https://list.test/{long}>")),
            (
                "Autocrypt",
                format!("addr=a@b.test; prefer-encrypt=mutual; keydata={long}"),
            ),
            ("ARC-Seal", format!("i=1; a=rsa-sha256; d=a.test; b={long}")),
            ("List-Id", "\"A, B\" <a.list.test>".to_owned()),
            ("List-Post", "NO (posting is  closed)".to_owned()),
            (
                "Disposition-Notification-To",
                "=?utf-8?q?J=C3=B6rg?= <a@b.test>".to_owned(),
            ),
            (
                "Auto-Submitted",
                "auto-notified; owner-email=\"a@b.test\"".to_owned(),
            ),
            ("Supersedes", "<a:b@[127.0.0.1]>".to_owned()),
        ] {
            let field = written(name, &value);
            assert_eq!(field.replace("\r\n", ""), format!("{name}: {value}"));
            assert!(!field.contains("?b?"), "{field}");
        }
    }

    #[test]
    fn what_is_beyond_ascii_is_encoded_by_the_syntax_of_the_field() {
        for (name, value, expected) in [
            (
                "List-Id",
                "Grüße <list.test>",
                "=?utf-8?b?R3LDvMOfZQ==?= <list.test>",
            ),
            (
                "LIST-ID",
                "\"Grüße, du\" <list.test>",
                "=?utf-8?b?R3LDvMOfZSwgZHU=?= <list.test>",
            ),
            (
                "List-Id",
                "Die Grüße<list.test>",
                "Die =?utf-8?b?R3LDvMOfZQ==?= <list.test>",
            ),
            (
                "Disposition-Notification-To",
                "Jörg Müller <joerg@example.org>",
                "=?utf-8?b?SsO2cmcgTcO8bGxlcg==?= <joerg@example.org>",
            ),
            (
                "Return-Receipt-To",
                "J <a@bücher.test>",
                "J <a@xn--bcher-kva.test>",
            ),
            (
                "Keywords",
                "Käse, \"Öl, gut\", c",
                "=?utf-8?b?S8Okc2U=?= , =?utf-8?b?w5ZsLCBndXQ=?= , c",
            ),
            (
                "List-Archive",
                "<https://bücher.test/ä?b=ü>",
                "<https://xn--bcher-kva.test/%C3%A4?b=%C3%BC>",
            ),
            (
                "List-Archive",
                "<https://u@bücher.test:8/ä>",
                "<https://u@xn--bcher-kva.test:8/%C3%A4>",
            ),
            (
                "List-Post",
                "<mailto:ä@b.test> (für alle)",
                "<mailto:%C3%A4@b.test> ( =?utf-8?b?ZsO8cg==?= alle)",
            ),
            (
                "Archived-At",
                "https://a.test/日",
                "https://a.test/%E6%97%A5",
            ),
            (
                "Auto-Submitted",
                "auto-notified; owner=\"ä \\\"b\\\"; c\"; d=e",
                "auto-notified; owner*=utf-8''%C3%A4%20%22b%22%3B%20c; d=e",
            ),
            (
                "X-SMTPAPI",
                "{\"a\": \"é👍\"}",
                "{\"a\": \"\\u00e9\\ud83d\\udc4d\"}",
            ),
            (
                "X-Any",
                "Jörg <joerg@example.org>",
                "=?utf-8?b?SsO2cmc=?= <joerg@example.org>",
            ),
        ] {
            let field = written(name, value).replace("\r\n", "");
            assert_eq!(field, format!("{name}: {expected}"));
        }
        for (name, value) in [
            ("Autocrypt", "addr=jörg@b.test"),
            ("Supersedes", "<ä@b>"),
            ("List-Id", "Grüße <lüste.test>"),
            ("List-Id", "\"Grüße <list.test>"),
            ("List-Archive", "<https://ä"),
            ("Disposition-Notification-To", "Müller, Jörg <a@b>"),
            ("Auto-Submitted", "ä; a=b"),
        ] {
            let error = field(name, value).err().unwrap();
            assert_eq!(error.status(), Status::Header);
            assert!(error.to_string().contains(name), "{error}");
        }
        let header = field("Errors-To", "jörg@b.test").unwrap();
        assert_eq!(header.utf8.as_deref(), Some("Errors-To"));
    }

    #[test]
    fn h05_no_line_is_longer_than_998_bytes() {
        for (name, most) in [("X", 997), ("X-SMTPAPI", 997), ("Keywords", 997)] {
            let field = written(name, &"x".repeat(most));
            assert!(field.split("\r\n").all(|line| line.len() <= 998));
            for value in [
                "x".repeat(most + 1),
                format!("a {}", "x".repeat(most + 1)),
                format!("ä {}", "x".repeat(most + 1)),
                format!("a{}b", " ".repeat(998)),
                " ".repeat(1000),
                format!("a{}", " ".repeat(1000)),
            ] {
                let error = super::field(name, &value).err().unwrap();
                assert_eq!(error.status(), Status::Length, "{error}");
                assert!(error.to_string().contains("998"), "{error}");
            }
        }
        // On the line of the name there is less room, and so the value begins the next one.
        assert_eq!(
            written("X-A", &"x".repeat(995)),
            format!("X-A:\r\n {}\r\n", "x".repeat(995))
        );
    }

    #[test]
    fn g08_a_finished_field_is_sent_as_it_is_and_ends_where_it_ends() {
        let written = |value: &str| {
            let header = finished("X-A", value)?;
            Ok::<_, Error>(String::from_utf8(header.finish()).unwrap())
        };
        for (value, expected) in [
            (
                "=?iso-8859-1?q?a=E4?=  b",
                "X-A: =?iso-8859-1?q?a=E4?=  b\r\n",
            ),
            ("a;\r\n\tb=c", "X-A: a;\r\n\tb=c\r\n"),
            ("a;\n b\n", "X-A: a;\r\n b\r\n"),
            ("\r\n a", "X-A:\r\n a\r\n"),
            (" a", "X-A: a\r\n"),
        ] {
            assert_eq!(written(value).unwrap(), expected);
        }
        for bad in [
            "a\r\nBcc: x@y",
            "a\nBcc: x@y",
            "a\r\n\r\nbody",
            "a\r\n \r\n b",
            "a\r b",
            "a\r\r\n b",
            "a\0",
            "a\u{85} b",
            "\u{202e}a",
            "a\n\n",
        ] {
            assert_eq!(
                written(bad).unwrap_err().status(),
                Status::Header,
                "{bad:?}"
            );
        }
        assert_eq!(written(&"x".repeat(993)).unwrap().len(), 1000);
        assert_eq!(
            written(&"x".repeat(994)).unwrap_err().status(),
            Status::Length
        );
        for name in [
            "Bcc",
            "Subject",
            "Content-Type",
            "Resent-To",
            "DKIM-Signature",
            "a b",
            "",
        ] {
            assert!(finished(name, "a").is_err(), "{name}");
            assert!(field(name, "a").is_err(), "{name}");
        }
        // A field that is not ASCII needs SMTPUTF8, and is named for that.
        let utf8 = finished("X-A", "a\r\n ä").unwrap().utf8;
        assert_eq!(utf8.as_deref(), Some("X-A"));
    }
}

//! Parameters of MIME fields (RFC 2045 section 5.1, RFC 2231).

/// The value of a parameter, out of its quotes.
pub(super) fn parameter(media_type: &str, name: &str) -> Option<String> {
    let mut rest = media_type.split_once(';')?.1;
    loop {
        let (key, behind) = rest.split_once('=')?;
        let (value, behind) = value(behind.trim_start());
        if key.trim().eq_ignore_ascii_case(name) {
            return Some(value);
        }
        rest = behind.split_once(';')?.1;
    }
}

/// A token, or a quoted string without its quotes, and what stands behind it.
fn value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(';').unwrap_or(text.len());
        let (token, behind) = text.split_at(end);
        return (token.trim_end().to_owned(), behind);
    };
    let (mut out, mut escaped) = (String::new(), false);
    for (i, c) in quoted.char_indices() {
        match c {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => return (out, &quoted[i + 1..]),
            c => {
                out.push(c);
                escaped = false;
            }
        }
    }
    (out, "")
}

/// A parameter's value: a token, or a quoted string.
pub(super) fn quoted(value: &str) -> String {
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&+-^_`{|}~.".contains(&b);
    if !value.is_empty() && value.bytes().all(token) {
        value.to_owned()
    } else {
        quoted_always(value)
    }
}

/// A quoted string.
pub(super) fn quoted_always(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The form of a value that RFC 2231 section 4 has for characters beyond ASCII; RFC 5987 names the bare ones.
pub(super) fn percent_encoded(value: &str) -> String {
    let mut out = String::new();
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::mime::media_type::essence;

    #[test]
    fn parameters_are_found_in_and_out_of_quotes() {
        let of = |text: &str, name: &str| parameter(text, name);
        let signed =
            "Multipart/Signed; micalg=pgp-sha256; boundary=\"a;boundary=b \\\"c\" ; PROTOCOL=x/y";
        assert_eq!(of(signed, "boundary").as_deref(), Some("a;boundary=b \"c"));
        assert_eq!(of(signed, "protocol").as_deref(), Some("x/y"));
        assert_eq!(of(signed, "micalg").as_deref(), Some("pgp-sha256"));
        assert_eq!(essence(signed), "multipart/signed");
        for (text, name) in [
            ("text/plain", "charset"),
            ("text/plain;", "charset"),
            ("text/plain; charset", "charset"),
            ("text/plain; x=\"; charset=y\"", "charset"),
        ] {
            assert_eq!(of(text, name), None, "{text}");
        }
        assert_eq!(of("a/b; c = \"open", "c").as_deref(), Some("open"));
    }
}

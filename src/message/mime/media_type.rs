//! Media types (RFC 2045 section 5): that of an attachment by the ending of its name, for what people
//! attach, and no more; and the parameters of one. A crate with every type ever named would cost more
//! than the whole composition.

use std::path::Path;

/// One `ENDING TYPE` a line.
const TYPES: &str = include_str!("media_types.txt");

/// The type that the ending of `name` stands for, in any case.
pub(in crate::message) fn of_name(name: &str) -> Option<&'static str> {
    let ending = Path::new(name).extension()?.to_str()?;
    let rows = TYPES.lines().filter_map(|line| line.split_once(' '));
    let mut found = rows.filter(|(known, _)| known.eq_ignore_ascii_case(ending));
    found.next().map(|(_, media_type)| media_type)
}

/// `type/subtype` in lower case, without parameters.
pub(in crate::message) fn essence(media_type: &str) -> String {
    let essence = media_type.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

/// The value of a parameter, out of its quotes.
pub(in crate::message) fn parameter(media_type: &str, name: &str) -> Option<String> {
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

#[cfg(test)]
mod tests {
    use super::*;

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

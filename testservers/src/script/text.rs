//! Texts of a script: escapes, variables, and the replacements of a middlebox.

/// Replaces `\r \n \t \0 \e \\ \xHH` by bytes, and `\s` by a space (which would be invisible at the end of a line).
pub(super) fn unescape(text: &str) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        out.push(match rest.next() {
            Some('r') => b'\r',
            Some('n') => b'\n',
            Some('t') => b'\t',
            Some('0') => 0,
            Some('e') => 0x1b,
            Some('s') => b' ',
            Some('\\') => b'\\',
            Some('x') => {
                let digits: String = rest.by_ref().take(2).collect();
                u8::from_str_radix(&digits, 16).map_err(|_| format!("\\x{digits} is no byte"))?
            }
            other => return Err(format!("\\{} is no escape", other.unwrap_or(' '))),
        });
    }
    Ok(out)
}

/// Replaces each `$name` by its value.
pub(super) fn substitute(line: &str, variables: &[(String, String)]) -> String {
    let mut line = line.to_owned();
    for (name, value) in variables {
        line = line.replace(&format!("${name}"), value);
    }
    line
}

/// Replaces bytes, as a middlebox does.
pub(super) fn mangle(bytes: &[u8], pairs: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    for (from, to) in pairs {
        let mut at = 0;
        while at + from.len() <= out.len() {
            if out[at..].starts_with(from) {
                out.splice(at..at + from.len(), to.iter().copied());
                at += to.len();
            } else {
                at += 1;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_variables_are_replaced() {
        assert_eq!(unescape(r"a\r\n\x1B\0\\\s").unwrap(), b"a\r\n\x1b\0\\ ");
        assert!(unescape(r"\q").is_err() && unescape(r"\xzz").is_err());
        let variables = [("code".to_owned(), "454".to_owned())];
        assert_eq!(substitute("send $code no", &variables), "send 454 no");
        let pairs = [(b"STARTTLS".to_vec(), b"XXXXXXXX".to_vec())];
        assert_eq!(mangle(b"250 STARTTLS\r\n", &pairs), b"250 XXXXXXXX\r\n");
    }
}

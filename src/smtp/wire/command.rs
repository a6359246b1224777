//! Commands: the bytes for the wire, and the line for the log.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::error::Cause;
use crate::message::address::EhloName;
use crate::sasl::Response;

/// A command ready to be written, together with its line for the log. Only those made here exist,
/// each from validated parts.
pub struct Command {
    wire: Zeroizing<Vec<u8>>,
    shown: String,
    secret: bool,
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Command").field(&self.shown).finish()
    }
}

impl Command {
    /// EHLO (RFC 5321 section 4.1.1.1).
    #[must_use]
    pub fn ehlo(name: &EhloName) -> Self {
        Self::plain(format!("EHLO {}", name.as_str()))
    }

    /// STARTTLS (RFC 3207).
    #[must_use]
    pub fn starttls() -> Self {
        Self::plain("STARTTLS".to_owned())
    }

    /// QUIT.
    #[must_use]
    pub fn quit() -> Self {
        Self::plain("QUIT".to_owned())
    }

    /// AUTH with or without an initial response (RFC 4954 section 4); the response is not shown.
    ///
    /// # Errors
    /// [`Cause::Internal`] for a response that can't be encoded.
    pub fn auth(mechanism: &str, initial: Option<&Response>) -> Result<Self, Cause> {
        let Some(initial) = initial else {
            return Ok(Self::plain(format!("AUTH {mechanism}")));
        };
        let encoded = encode(&initial.bytes)?;
        let mut wire = Zeroizing::new(Vec::with_capacity(encoded.len().saturating_add(64)));
        wire.extend_from_slice(b"AUTH ");
        wire.extend_from_slice(mechanism.as_bytes());
        wire.push(b' ');
        // RFC 4954 section 4: an empty initial response is a single equals sign.
        wire.extend_from_slice(if encoded.is_empty() { b"=" } else { &encoded });
        wire.extend_from_slice(b"\r\n");
        let shown = format!("AUTH {mechanism} ({} bytes not shown)", encoded.len());
        Ok(Self {
            wire,
            shown,
            secret: initial.secret,
        })
    }

    /// The response to a 334, not shown.
    ///
    /// # Errors
    /// [`Cause::Internal`] for a response that can't be encoded.
    pub fn auth_response(response: &Response) -> Result<Self, Cause> {
        let encoded = encode(&response.bytes)?;
        let mut wire = Zeroizing::new(Vec::with_capacity(encoded.len().saturating_add(2)));
        wire.extend_from_slice(&encoded);
        wire.extend_from_slice(b"\r\n");
        Ok(Self {
            wire,
            shown: format!("({} bytes not shown)", encoded.len()),
            secret: response.secret,
        })
    }

    /// Aborts an AUTH exchange (RFC 4954 section 4).
    #[must_use]
    pub fn auth_cancel() -> Self {
        Self::plain("*".to_owned())
    }

    /// The bytes, CRLF included.
    #[must_use]
    pub fn wire(&self) -> &[u8] {
        &self.wire
    }

    /// The line for the log.
    #[must_use]
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Returns whether writing it releases a secret.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        self.secret
    }

    fn plain(line: String) -> Self {
        let mut wire = Zeroizing::new(line.clone().into_bytes());
        wire.extend_from_slice(b"\r\n");
        Self {
            wire,
            shown: line,
            secret: false,
        }
    }
}

/// Base64 into memory of exactly the right size, wiped when dropped.
fn encode(bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, Cause> {
    let size = base64::encoded_len(bytes.len(), true);
    let size = size.ok_or(Cause::Internal("a response too long for base64"))?;
    let mut out = Zeroizing::new(vec![0; size]);
    match STANDARD.encode_slice(bytes, &mut out) {
        Ok(written) if written == size => Ok(out),
        _ => Err(Cause::Internal("base64 of another length")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_read_as_the_rfc_has_them() {
        let response = |bytes: &[u8]| Response {
            bytes: bytes.to_vec().into(),
            secret: true,
        };
        let of = |c: Result<Command, Cause>| String::from_utf8(c.unwrap().wire().to_vec()).unwrap();
        assert_eq!(
            of(Command::auth("PLAIN", Some(&response(b"\0u\0p")))),
            "AUTH PLAIN AHUAcA==\r\n"
        );
        assert_eq!(
            of(Command::auth("EXTERNAL", Some(&response(b"")))),
            "AUTH EXTERNAL =\r\n"
        );
        assert_eq!(of(Command::auth_response(&response(b""))), "\r\n");
    }

    #[test]
    fn i01_auth_lines_are_shown_by_length() {
        let response = Response {
            bytes: b"\0user\0password".to_vec().into(),
            secret: true,
        };
        let command = Command::auth("PLAIN", Some(&response)).unwrap();
        assert_eq!(command.shown(), "AUTH PLAIN (20 bytes not shown)");
        assert!(!format!("{command:?}").contains("AHVzZXI"));
    }
}

//! The messages of a SCRAM server (RFC 5802 section 7), parsed strictly: exact order, no duplicates,
//! bounds before any work.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::SaslError;

/// The minimum iteration count (RFC 7677 section 4).
pub const MIN_ITERATIONS: u32 = 4096;
const MAX_NONCE: usize = 1024;
const MAX_SALT: usize = 1024;
/// The number of unknown attributes after the known ones, which are ignored.
const MAX_EXTENSIONS: usize = 16;

/// The server's first message: the parameters of the password hash.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ServerFirst<'a> {
    /// The client's nonce followed by the server's.
    pub(super) nonce: &'a str,
    pub(super) salt: Vec<u8>,
    pub(super) iterations: u32,
}

impl<'a> ServerFirst<'a> {
    /// Parses it, for a client that sent `own_nonce` and accepts `max_iterations`.
    pub(super) fn parse(
        message: &'a [u8],
        own_nonce: &str,
        max_iterations: u32,
    ) -> Result<Self, SaslError> {
        let text = std::str::from_utf8(message)
            .map_err(|_| SaslError::InvalidChallenge("a SCRAM challenge in UTF-8"))?;
        let mut attributes = text.split(',');
        // A mandatory extension (m=) would be here; none is supported.
        let nonce = value(attributes.next(), "r=").ok_or(SaslError::InvalidChallenge(
            "a SCRAM challenge that begins with r=",
        ))?;
        let fresh = nonce.strip_prefix(own_nonce).unwrap_or_default();
        if fresh.is_empty()
            || nonce.len() > MAX_NONCE
            || !nonce.bytes().all(|b| b.is_ascii_graphic())
        {
            return Err(SaslError::InvalidChallenge(
                "a nonce that continues the client's",
            ));
        }
        let salt = value(attributes.next(), "s=")
            .and_then(|salt| STANDARD.decode(salt).ok())
            .filter(|salt| (1..=MAX_SALT).contains(&salt.len()))
            .ok_or(SaslError::InvalidChallenge("a salt of 1 to 1024 bytes"))?;
        let iterations =
            value(attributes.next(), "i=")
                .and_then(number)
                .ok_or(SaslError::InvalidChallenge(
                    "an iteration count in plain digits",
                ))?;
        if iterations < MIN_ITERATIONS {
            return Err(SaslError::InvalidChallenge(
                "an iteration count of 4096 or more (RFC 7677)",
            ));
        }
        if iterations > max_iterations {
            return Err(SaslError::InvalidChallenge(
                "an iteration count up to the set maximum (100000 unless set)",
            ));
        }
        extensions(attributes)?;
        Ok(Self {
            nonce,
            salt,
            iterations,
        })
    }
}

/// The server's last message: its signature.
///
/// # Errors
/// It is anything else, such as an error (`e=`).
pub(super) fn parse_final(message: &[u8]) -> Result<Vec<u8>, SaslError> {
    let text = std::str::from_utf8(message).unwrap_or_default();
    if text.starts_with("e=") {
        return Err(SaslError::Refused);
    }
    let mut attributes = text.split(',');
    let signature = value(attributes.next(), "v=")
        .and_then(|signature| STANDARD.decode(signature).ok())
        .ok_or(SaslError::ServerNotAuthenticated)?;
    extensions(attributes)?;
    Ok(signature)
}

fn value<'a>(attribute: Option<&'a str>, name: &str) -> Option<&'a str> {
    attribute?.strip_prefix(name)
}

/// Parses digits without a leading zero, within 32 bits.
fn number(text: &str) -> Option<u32> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
    plain.then(|| text.parse().ok()).flatten()
}

/// Checks the attributes at the end: unknown ones are ignored (RFC 5802 section 5.1); known and
/// repeated ones are errors.
fn extensions<'a>(attributes: impl Iterator<Item = &'a str>) -> Result<(), SaslError> {
    let wrong = Err(SaslError::InvalidChallenge(
        "nothing but unknown attributes behind the known ones",
    ));
    let mut seen = Vec::new();
    for attribute in attributes {
        let mut bytes = attribute.bytes();
        let name = bytes.next().unwrap_or_default();
        let well_formed = name.is_ascii_alphabetic()
            && bytes.next() == Some(b'=')
            && bytes.len() > 0
            && !attribute.contains('\0');
        let known = b"anmrcsipve".contains(&name);
        if !well_formed || known || seen.contains(&name) || seen.len() >= MAX_EXTENSIONS {
            return wrong;
        }
        seen.push(name);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(message: &str) -> Result<ServerFirst<'_>, SaslError> {
        ServerFirst::parse(message.as_bytes(), "abc", 100_000)
    }

    #[test]
    fn a_well_formed_challenge_is_read() {
        let read = first("r=abcX,s=AQI=,i=4096,d=whatever,Z==").unwrap();
        assert_eq!(
            (read.nonce, &*read.salt, read.iterations),
            ("abcX", &[1, 2][..], 4096)
        );
        assert!(first("r=abcX,s=AQI=,i=100000").is_ok());
    }

    #[test]
    fn f09_f10_f11_iteration_counts_out_of_bounds_or_form() {
        for i in [
            "",
            "0",
            "1",
            "4095",
            "100001",
            "2147483647",
            "4294967296",
            "99999999999999999999",
            "04096",
            "+4096",
            "-4096",
            "4096x",
            " 4096",
            "0x1000",
            "4e3",
            "4096 ",
        ] {
            assert!(first(&format!("r=abcX,s=AQI=,i={i}")).is_err(), "{i}");
        }
    }

    #[test]
    fn f12_nonces_that_do_not_continue_ours() {
        let long = format!("abc{}", "x".repeat(1022));
        for r in [
            "",
            "ab",
            "abc",
            "abd",
            "Xabc",
            "ABCX",
            "abcX\t",
            "abc X",
            "abc\u{e4}",
            &long,
        ] {
            assert!(first(&format!("r={r},s=AQI=,i=4096")).is_err(), "{r}");
        }
    }

    #[test]
    fn f13_salts_empty_giant_or_not_base64() {
        let giant = STANDARD.encode([0; 1025]);
        for s in ["", "AQI", "AQ I=", "AQJ=", "=", "AQI=\n", "-_==", &giant] {
            assert!(first(&format!("r=abcX,s={s},i=4096")).is_err(), "{s}");
        }
        assert!(first(&format!("r=abcX,s={},i=4096", STANDARD.encode([0; 1024]))).is_ok());
    }

    #[test]
    fn f14_extensions_duplicates_and_order() {
        for message in [
            "m=x,r=abcX,s=AQI=,i=4096",
            "s=AQI=,r=abcX,i=4096",
            "r=abcX,i=4096,s=AQI=",
            "r=abcX,r=abcX,s=AQI=,i=4096",
            "r=abcX,s=AQI=,s=AQI=,i=4096",
            "r=abcX,s=AQI=,i=4096,i=4096",
            "r=abcX,s=AQI=,i=4096,m=x",
            "r=abcX,s=AQI=,i=4096,d=x,d=x",
            "r=abcX,s=AQI=,i=4096,",
            "r=abcX,s=AQI=,i=4096,d",
            "r=abcX,s=AQI=,i=4096,d=",
            "r=abcX,s=AQI=,i=4096,d=\0",
            "R=abcX,s=AQI=,i=4096",
            "r=abcX,s=AQI=",
            "r=abcX",
            "",
            "e=other-error",
            "v=AQI=",
        ] {
            assert!(first(message).is_err(), "{message}");
        }
        assert!(ServerFirst::parse(b"r=abc\xff,s=AQI=,i=4096", "abc", 9999).is_err());
    }

    #[test]
    fn f15_last_messages_that_are_no_signature() {
        assert_eq!(parse_final(b"v=AQI="), Ok(vec![1, 2]));
        assert_eq!(parse_final(b"v=AQI=,x=y"), Ok(vec![1, 2]));
        assert_eq!(parse_final(b"e=invalid-proof"), Err(SaslError::Refused));
        for message in [&b""[..], b"V=AQI=", b"v=AQI", b"v=\xff"] {
            assert_eq!(parse_final(message), Err(SaslError::ServerNotAuthenticated));
        }
        assert!(parse_final(b"v=AQI=,v=AQI=").is_err());
    }
}

//! SPKI pins: the SHA-256 of a certificate's SubjectPublicKeyInfo, in the text form of curl.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// The SHA-256 of a public key (the DER of its SubjectPublicKeyInfo).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pin([u8; 32]);

impl Pin {
    /// The pin of a public key.
    #[must_use]
    pub fn of_spki(der: &[u8]) -> Self {
        Self(Sha256::digest(der).into())
    }

    /// Parses one pin, `sha256//` with 44 characters of base64 or 64 hexadecimal digits, or
    /// several separated by semicolons.
    ///
    /// # Errors
    /// A description of what is wrong.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, &'static str> {
        text.split(';').map(Self::parse).collect()
    }

    fn parse(text: &str) -> Result<Self, &'static str> {
        let decoded = match text.strip_prefix("sha256//") {
            Some(base64) => STANDARD.decode(base64).map_err(
                |_| "is not valid base64 after \"sha256//\" (with + and /, padded with =)",
            )?,
            None => from_hex(text)
                .ok_or("is not a pin: expected sha256//BASE64 or 64 hexadecimal digits")?,
        };
        let bytes = <[u8; 32]>::try_from(decoded);
        bytes
            .map(Self)
            .map_err(|_| "does not decode to the 32 bytes of a SHA-256")
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if text.len() != 64 {
        return None;
    }
    let digit = |c: &u8| {
        char::from(*c)
            .to_digit(16)
            .and_then(|d| u8::try_from(d).ok())
    };
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some((digit(high)? << 4) | digit(low)?),
        _ => None,
    };
    text.as_bytes().chunks(2).map(pair).collect()
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256//{}", STANDARD.encode(self.0))
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_and_lists_are_read() {
        let pin = Pin::of_spki(b"abc");
        let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Pin::parse_list(hex), Ok(vec![pin]));
        assert_eq!(Pin::parse_list(&hex.to_uppercase()), Ok(vec![pin]));
        assert_eq!(Pin::parse_list(&pin.to_string()), Ok(vec![pin]));
        assert_eq!(Pin::parse_list(&format!("{pin};{hex}")), Ok(vec![pin, pin]));
    }

    #[test]
    fn a_pin_is_shown_in_the_form_in_which_it_is_given() {
        let text = "sha256//ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";
        let pin = Pin::of_spki(b"abc");
        assert_eq!(
            (pin.to_string(), format!("{pin:?}")),
            (text.to_owned(), text.to_owned())
        );
    }

    #[test]
    fn c32_nothing_else_is_a_pin() {
        let good = Pin::of_spki(b"abc").to_string();
        let base64 = good.strip_prefix("sha256//").unwrap();
        for bad in [
            "",
            ";",
            "sha256//",
            "x",
            &good[..20],
            &format!("{good}="),
            &format!(" {good}"),
            &format!("{good} "),
            &format!("{good};"),
            &good.replace('=', ""),
            base64,
            &format!("sha1//{base64}"),
            &format!("SHA256//{base64}"),
            &format!("sha256/{base64}"),
            &format!("sha256//{}", base64.replace('+', "-").replace('/', "_")).replace("//", "///"),
            "sha256//YWJj",
            &"0".repeat(63),
            &"0".repeat(65),
            &"g".repeat(64),
            &"é".repeat(32),
            "md5//1B2M2Y8AsgTpgAmY7PhCfg==",
        ] {
            assert!(Pin::parse_list(bad).is_err(), "{bad:?}");
        }
    }
}

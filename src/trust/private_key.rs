//! A private key in PEM (RFC 7468), decoded so that no copy of it is left in memory.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer};
use zeroize::Zeroizing;

/// A kind of key: the label of its PEM, and what its DER is.
type Kind = (&'static [u8], fn(&[u8]) -> PrivateKeyDer<'_>);

const KINDS: [Kind; 3] = [
    (b"PRIVATE KEY", |der| PrivatePkcs8KeyDer::from(der).into()),
    (b"RSA PRIVATE KEY", |der| {
        PrivatePkcs1KeyDer::from(der).into()
    }),
    (b"EC PRIVATE KEY", |der| PrivateSec1KeyDer::from(der).into()),
];

/// Calls `read` with the first private key of a PEM text. `None` if there is none, or if it is not
/// well-formed. The base64 and the DER are in buffers of exactly their size, which are wiped.
pub(crate) fn with_private_key<R>(
    pem: &[u8],
    read: impl FnOnce(&PrivateKeyDer<'_>) -> R,
) -> Option<R> {
    let mut lines = pem
        .split(|byte| matches!(byte, b'\n' | b'\r'))
        .map(<[u8]>::trim_ascii);
    let (label, kind) = lines.by_ref().find_map(|line| {
        let label = boundary(line, b"-----BEGIN ")?;
        KINDS.into_iter().find(|(known, _)| *known == label)
    })?;
    let rest: Vec<&[u8]> = lines.collect();
    let end = rest
        .iter()
        .position(|line| boundary(line, b"-----END ") == Some(label))?;
    let body = rest.get(..end)?;
    let mut text = Zeroizing::new(Vec::with_capacity(body.iter().map(|line| line.len()).sum()));
    body.iter().for_each(|line| text.extend_from_slice(line));
    let mut der = Zeroizing::new(vec![0; base64::decoded_len_estimate(text.len())]);
    let len = STANDARD.decode_slice(&*text, &mut der).ok()?;
    Some(read(&kind(der.get(..len)?)))
}

/// The label of a line that begins or ends a section.
fn boundary<'l>(line: &'l [u8], start: &[u8]) -> Option<&'l [u8]> {
    line.strip_prefix(start)?.strip_suffix(b"-----")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn der(pem: &str) -> Option<Vec<u8>> {
        with_private_key(pem.as_bytes(), |key| key.secret_der().to_vec())
    }

    #[test]
    fn the_first_private_key_is_decoded() {
        let key = "-----BEGIN EC PRIVATE KEY-----\r\nAQID\r\nBA==\r\n-----END EC PRIVATE KEY-----";
        let chain = "words\n-----BEGIN CERTIFICATE-----\nBQ==\n-----END CERTIFICATE-----\n";
        let other = "\n-----BEGIN PRIVATE KEY-----\nBg==\n-----END PRIVATE KEY-----\n";
        let pem = format!("{chain}{key}{other}");
        assert_eq!(der(&pem), Some(vec![1, 2, 3, 4]));
        let is_sec1 = |key: &PrivateKeyDer<'_>| matches!(key, PrivateKeyDer::Sec1(_));
        assert_eq!(with_private_key(pem.as_bytes(), is_sec1), Some(true));
    }

    #[test]
    fn no_other_section_is_a_key() {
        for pem in [
            "",
            "AQID",
            "-----BEGIN PRIVATE KEY-----\nAQID\n",
            "-----BEGIN PRIVATE KEY-----\nAQID\n-----END EC PRIVATE KEY-----\n",
            "-----BEGIN PRIVATE KEY-----\n?QID\n-----END PRIVATE KEY-----\n",
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAQID\n-----END RSA PRIVATE KEY-----",
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAQID\n-----END ENCRYPTED PRIVATE KEY-----\n",
        ] {
            assert_eq!(der(pem), None, "{pem}");
        }
    }
}

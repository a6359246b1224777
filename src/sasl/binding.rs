//! Channel binding: the bytes that tie a login to one TLS channel, so that a relay with a channel
//! of its own can't pass the login on (RFC 5056).

use ring::digest;
use spki::der::asn1::{AnyRef, ContextSpecific};
use spki::der::{SliceReader, Tag, TagNumber, Tagged};
use spki::{AlgorithmIdentifierRef, ObjectIdentifier};
use zeroize::Zeroizing;

use crate::trust::x509;

/// The label of the exporter (RFC 9266 section 4).
pub const EXPORTER_LABEL: &[u8] = b"EXPORTER-Channel-Binding";
/// The number of exported bytes (RFC 9266 section 4).
pub const EXPORTER_LEN: usize = 32;

/// The caller's requirement for channel binding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(i32)]
pub enum ChannelBinding {
    /// Never, also when the server offers it.
    Off = 0,
    /// When the server offers it.
    #[default]
    Prefer = 1,
    /// Always: without it, no login.
    Require = 2,
}

impl ChannelBinding {
    /// All policies.
    pub const ALL: [Self; 3] = [Self::Off, Self::Prefer, Self::Require];
}

/// The type of channel binding. The caller chooses it, never the server or the channel: SMTP can't
/// announce the types that a server supports, and an attacker could force an automatic fallback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(i32)]
pub enum BindingType {
    /// The TLS session (RFC 9266). It is always available: TLS 1.2 is accepted only with the extended
    /// master secret.
    #[default]
    TlsExporter = 0,
    /// The server's certificate (RFC 5929 section 4), for servers that support no other type. A holder
    /// of the certificate's key can relay the login.
    TlsServerEndPoint = 1,
}

impl BindingType {
    /// All types.
    pub const ALL: [Self; 2] = [Self::TlsExporter, Self::TlsServerEndPoint];
}

/// The binding of one channel.
#[derive(Clone)]
pub struct Binding {
    name: &'static str,
    data: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for Binding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Binding").field(&self.name).finish()
    }
}

impl Binding {
    /// `tls-exporter` (RFC 9266), of what the TLS layer exported for [`EXPORTER_LABEL`] and an
    /// empty context: for TLS 1.3, and for TLS 1.2 with the extended master secret.
    #[must_use]
    pub fn tls_exporter(exported: &[u8; EXPORTER_LEN]) -> Self {
        Self {
            name: "tls-exporter",
            data: Zeroizing::new(exported.to_vec()),
        }
    }

    /// `tls-server-end-point` (RFC 5929 section 4.1), of the server's certificate in DER. `None`
    /// where it is undefined: no certificate, or one whose signature has not one single hash
    /// (Ed25519, unequal hashes of RSA-PSS), or has one unknown here.
    #[must_use]
    pub fn tls_server_end_point(certificate: &[u8]) -> Option<Self> {
        let parsed = x509::Certificate::read(certificate)?;
        let hash = match of_signature(&parsed.signature)? {
            Digest::Old | Digest::Sha256 => &digest::SHA256,
            Digest::Sha384 => &digest::SHA384,
            Digest::Sha512 => &digest::SHA512,
        };
        Some(Self {
            name: "tls-server-end-point",
            data: Zeroizing::new(digest::digest(hash, certificate).as_ref().to_vec()),
        })
    }

    /// The type's registered name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The bytes; never none.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        &self.data
    }
}

/// The hash of a signature, as far as RFC 5929 tells them apart.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Digest {
    /// MD5 or SHA-1, for which SHA-256 is used instead.
    Old,
    Sha256,
    Sha384,
    Sha512,
}

const RSA_PSS: &str = "1.2.840.113549.1.1.10";
const MGF1: &str = "1.2.840.113549.1.1.8";

/// The signature algorithms with one hash (RFC 3279, RFC 4055, RFC 5758).
fn of_signature(algorithm: &AlgorithmIdentifierRef<'_>) -> Option<Digest> {
    match algorithm.oid.to_string().as_str() {
        "1.2.840.113549.1.1.4"
        | "1.2.840.113549.1.1.5"
        | "1.2.840.10040.4.3"
        | "1.2.840.10045.4.1" => Some(Digest::Old),
        "1.2.840.113549.1.1.11" | "2.16.840.1.101.3.4.3.2" | "1.2.840.10045.4.3.2" => {
            Some(Digest::Sha256)
        }
        "1.2.840.113549.1.1.12" | "1.2.840.10045.4.3.3" => Some(Digest::Sha384),
        "1.2.840.113549.1.1.13" | "1.2.840.10045.4.3.4" => Some(Digest::Sha512),
        RSA_PSS => of_pss(algorithm.parameters?),
        _ => None,
    }
}

fn of_hash(oid: &ObjectIdentifier) -> Option<Digest> {
    match oid.to_string().as_str() {
        "1.2.840.113549.2.5" | "1.3.14.3.2.26" => Some(Digest::Old),
        "2.16.840.1.101.3.4.2.1" => Some(Digest::Sha256),
        "2.16.840.1.101.3.4.2.2" => Some(Digest::Sha384),
        "2.16.840.1.101.3.4.2.3" => Some(Digest::Sha512),
        _ => None,
    }
}

/// The parameters of RSA-PSS (RFC 4055 section 3.1): the hash of the message and that of the mask
/// are one, or there is no single hash. Left out, either is SHA-1.
fn of_pss(parameters: AnyRef<'_>) -> Option<Digest> {
    if parameters.tag() != Tag::Sequence {
        return None;
    }
    let mut reader = SliceReader::new(parameters.value()).ok()?;
    let mut field = |number| {
        ContextSpecific::<AlgorithmIdentifierRef<'_>>::decode_explicit(
            &mut reader,
            TagNumber(number),
        )
        .ok()
    };
    let message = match field(0)? {
        Some(algorithm) => of_hash(&algorithm.value.oid)?,
        None => Digest::Old,
    };
    let mask = match field(1)? {
        Some(algorithm) if algorithm.value.oid.to_string() == MGF1 => {
            let inner: AlgorithmIdentifierRef<'_> = algorithm.value.parameters?.decode_as().ok()?;
            of_hash(&inner.oid)?
        }
        Some(_) => return None,
        None => Digest::Old,
    };
    (message == mask).then_some(message)
}

#[cfg(test)]
mod tests {
    use spki::der::Decode as _;

    use super::*;

    fn hash_of(oid: &str, parameters: Option<&[u8]>) -> Option<Digest> {
        let parameters = parameters.map(|der| AnyRef::from_der(der).unwrap());
        let oid = ObjectIdentifier::new(oid).unwrap();
        of_signature(&AlgorithmIdentifierRef { oid, parameters })
    }

    #[test]
    fn f18_the_hash_is_that_of_the_signature_and_nothing_without_one() {
        for (oid, hash) in [
            ("1.2.840.113549.1.1.4", Some(Digest::Old)),
            ("1.2.840.113549.1.1.5", Some(Digest::Old)),
            ("1.2.840.113549.1.1.11", Some(Digest::Sha256)),
            ("1.2.840.10045.4.3.3", Some(Digest::Sha384)),
            ("1.2.840.10045.4.3.4", Some(Digest::Sha512)),
            // Ed25519, Ed448, ML-DSA-65, SHA-224 and RSA-PSS without parameters
            ("1.3.101.112", None),
            ("1.3.101.113", None),
            ("2.16.840.1.101.3.4.3.18", None),
            ("1.2.840.10045.4.3.1", None),
            (RSA_PSS, None),
        ] {
            assert!(hash_of(oid, None) == hash, "{oid}");
        }
        assert!(Binding::tls_server_end_point(b"").is_none());
    }

    fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let content = parts.concat();
        let len = u8::try_from(content.len()).unwrap();
        [&[tag, len], &content[..]].concat()
    }

    /// The parameters as a certificate of RSA-PSS has them, for a hash, and a mask made by it.
    fn pss(hash: &str, generator: &str, mask: &str) -> Vec<u8> {
        let oid = |text| tlv(6, &[ObjectIdentifier::new(text).unwrap().as_bytes()]);
        let hash = tlv(0x30, &[&oid(hash)]);
        let mask = tlv(0x30, &[&oid(generator), &tlv(0x30, &[&oid(mask)])]);
        let salt = tlv(0xa2, &[&tlv(2, &[&[32]])]);
        tlv(0x30, &[&tlv(0xa0, &[&hash]), &tlv(0xa1, &[&mask]), &salt])
    }

    #[test]
    fn f18_rsa_pss_has_its_hash_in_the_parameters() {
        const SHA1: &str = "1.3.14.3.2.26";
        const SHA256: &str = "2.16.840.1.101.3.4.2.1";
        const SHA384: &str = "2.16.840.1.101.3.4.2.2";
        const SHA512: &str = "2.16.840.1.101.3.4.2.3";
        const SHA3: &str = "2.16.840.1.101.3.4.2.9";
        let hash_of_pss = |parameters: &[u8]| hash_of(RSA_PSS, Some(parameters));
        for (hash, expected) in [
            (SHA1, Some(Digest::Old)),
            (SHA256, Some(Digest::Sha256)),
            (SHA384, Some(Digest::Sha384)),
            (SHA512, Some(Digest::Sha512)),
            (SHA3, None),
        ] {
            assert!(hash_of_pss(&pss(hash, MGF1, hash)) == expected, "{hash}");
        }
        assert!(hash_of_pss(&pss(SHA256, MGF1, SHA384)).is_none());
        // Another generator of masks than MGF1.
        assert!(hash_of_pss(&pss(SHA256, "1.2.840.113549.1.1.9", SHA256)).is_none());
        // Without parameters the hash is SHA-1, which SHA-256 replaces.
        assert!(hash_of_pss(&[0x30, 0]) == Some(Digest::Old));
        assert!(hash_of_pss(&[5, 0]).is_none());
    }

    #[test]
    fn the_end_point_is_the_hash_of_the_whole_certificate() {
        let pki = secsmtp_testservers::Pki::new(&["h"]);
        let leaf = pki.der(secsmtp_testservers::CertKind::Leaf);
        let binding = Binding::tls_server_end_point(&leaf).unwrap();
        assert_eq!(binding.name(), "tls-server-end-point");
        assert_eq!(
            binding.data(),
            digest::digest(&digest::SHA256, &leaf).as_ref()
        );
        assert_eq!(format!("{binding:?}"), "Binding(\"tls-server-end-point\")");
    }
}

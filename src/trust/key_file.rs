//! The key of a certificate or public key file, as a pin.

use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::{PemObject, SectionKind};
use spki::SubjectPublicKeyInfoRef;
use spki::der::Decode as _;

use super::certificate::spki;
use super::pin::Pin;

/// The pin of the one key in `bytes`: a certificate or a public key (RFC 7468 section 13), in PEM
/// or DER. A file with several is rejected as ambiguous.
///
/// # Errors
/// A description of what is wrong.
pub(crate) fn pin(bytes: &[u8]) -> Result<Pin, &'static str> {
    if bytes.first() == Some(&0x30) {
        return of_der(bytes);
    }
    let mut found = Vec::new();
    for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(bytes) {
        match section.map_err(|_| "is not well-formed PEM")? {
            (SectionKind::Certificate | SectionKind::PublicKey, der) => found.push(der),
            (
                SectionKind::PrivateKey | SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey,
                _,
            ) => {
                return Err("is a private key, expected the public key or the certificate");
            }
            _ => {}
        }
    }
    match found.as_slice() {
        [] => Err(
            "is not a certificate or public key in PEM (BEGIN CERTIFICATE, BEGIN PUBLIC KEY) or DER",
        ),
        [der] => of_der(der),
        _ => Err("has several certificates or keys, expected one"),
    }
}

fn of_der(der: &[u8]) -> Result<Pin, &'static str> {
    let unreadable = "holds a certificate or public key that can't be read";
    if let Ok(key) = SubjectPublicKeyInfoRef::from_der(der) {
        // In a certificate, a key is a whole number of bytes.
        key.subject_public_key.as_bytes().ok_or(unreadable)?;
        return Ok(Pin::of_spki(&SubjectPublicKeyInfoDer::from(der)));
    }
    spki(&der.into()).ok_or(unreadable)
}

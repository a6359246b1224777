//! The client's own certificate and key, for servers that ask for one (RFC 8446 section 4.3.2).

use std::fmt;
use std::sync::Arc;

use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::sign::CertifiedKey;

use super::private_key::with_private_key;

/// A chain and its key. `Debug` is constant. The key's base64 and DER are wiped once the
/// provider has made its own form of it, which lives as long as the last policy or client that has it.
#[derive(Clone)]
pub(crate) struct ClientIdentity(Arc<CertifiedKey>);

impl ClientIdentity {
    /// Parses PEM: the chain, leaf first, and the leaf's key (PKCS#8, SEC1 or PKCS#1).
    ///
    /// # Errors
    /// A description of what is wrong.
    pub(crate) fn read(chain: &[u8], key: &[u8]) -> Result<Self, &'static str> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(chain)
            .collect::<Result<_, _>>()
            .map_err(|_| "has a chain that is not well-formed PEM")?;
        if chain.is_empty() {
            return Err("has a chain without a certificate (BEGIN CERTIFICATE)");
        }
        let signer = with_private_key(key, any_supported_type)
            .ok_or("has a key that is not a private key in PEM without a passphrase")?
            .map_err(|_| "has a key of a kind that is not supported")?;
        let identity = CertifiedKey::new(chain, signer);
        identity
            .keys_match()
            .map_err(|_| "has a key that is not the key of the chain's first certificate")?;
        Ok(Self(Arc::new(identity)))
    }

    pub(crate) fn certified_key(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.0)
    }
}

impl fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientIdentity(key not shown)")
    }
}

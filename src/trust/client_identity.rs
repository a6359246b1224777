//! The client's own certificate and key, for servers that ask for one (RFC 8446 section 4.3.2).

use std::fmt;
use std::sync::Arc;

use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

/// A chain and its key. `Debug` is constant. The key's DER is wiped once the provider has made its
/// own form of it, which lives as long as the last policy or client that has it.
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
        let key = PrivateKeyDer::from_pem_slice(key)
            .map_err(|_| "has a key that is not a private key in PEM without a passphrase")?;
        // The provider wipes what it is given.
        let signer = default_provider()
            .key_provider
            .load_private_key(key)
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

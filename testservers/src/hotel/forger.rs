//! Certificates of the hotel's CA, made for the name that a client requests.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use rustls::crypto::ring::sign::any_supported_type;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::cert_spec::CertSpec;
use crate::pki::Pki;
use crate::record::lock;

/// Certificates for further names are served, but not cached.
const MAX_NAMES: usize = 256;

#[derive(Debug)]
pub(super) struct Forger {
    pki: Pki,
    made: Mutex<HashMap<String, Arc<CertifiedKey>>>,
}

impl Forger {
    pub(super) fn new(pki: Pki) -> Self {
        Self {
            pki,
            made: Mutex::default(),
        }
    }

    fn make(&self, name: &str) -> Option<Arc<CertifiedKey>> {
        // A client that connects by address requests no name: the default leaf has the addresses.
        let identity = match name {
            "" => self.pki.identity(),
            name => self.pki.try_issue(&CertSpec::new(&[name])).ok()?,
        };
        let key = any_supported_type(&identity.key).ok()?;
        Some(Arc::new(CertifiedKey::new(identity.chain, key)))
    }
}

impl ResolvesServerCert for Forger {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name().unwrap_or_default();
        let mut made = lock(&self.made);
        if let Some(known) = made.get(name) {
            return Some(Arc::clone(known));
        }
        let fresh = self.make(name)?;
        if made.len() < MAX_NAMES {
            made.insert(name.to_owned(), Arc::clone(&fresh));
        }
        Some(fresh)
    }
}

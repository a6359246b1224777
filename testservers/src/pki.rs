//! A small certification authority: root, intermediate and a good leaf.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertifiedIssuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest as _, Sha256};

use crate::cert_spec::{CertSpec, Signer, ca_params, spki_der};

/// The names that every leaf of [`Pki::new`] carries.
const USUAL_NAMES: [&str; 4] = ["mail.test", "localhost", "127.0.0.1", "::1"];

/// The certificate chain and the private key of a server.
#[derive(Debug)]
pub struct ServerIdentity {
    /// The chain as sent, leaf first.
    pub chain: Vec<CertificateDer<'static>>,
    /// The private key of the leaf.
    pub key: PrivateKeyDer<'static>,
    /// The stapled OCSP response; empty for none.
    pub staple: Vec<u8>,
}

impl Clone for ServerIdentity {
    fn clone(&self) -> Self {
        Self {
            chain: self.chain.clone(),
            key: self.key.clone_key(),
            staple: self.staple.clone(),
        }
    }
}

impl ServerIdentity {
    /// The pin of the leaf's key, `sha256//BASE64`.
    ///
    /// # Panics
    /// When the key was not made by this crate.
    #[must_use]
    pub fn spki_pin(&self) -> String {
        let key = KeyPair::try_from(&self.key).expect("a key of this crate");
        pin(&spki_der(&key))
    }
}

/// A certificate of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertKind {
    /// The certificate of the server.
    Leaf,
    /// The certificate that signed the leaf.
    Intermediate,
    /// The self-signed trust anchor.
    Root,
}

/// Root, intermediate and leaf, with fresh P-256 keys.
#[derive(Debug)]
pub struct Pki {
    organisation: String,
    root: CertifiedIssuer<'static, KeyPair>,
    intermediate: CertifiedIssuer<'static, KeyPair>,
    leaf: ServerIdentity,
}

impl Pki {
    /// A new CA whose leaf is valid for `mail.test`, `localhost`, `127.0.0.1`, `::1` and these names.
    ///
    /// # Panics
    /// When a name is not valid in a certificate, or the system provides no randomness.
    #[must_use]
    pub fn new(names: &[&str]) -> Self {
        Self::of("Reference Mail", names)
    }

    /// A new CA under the name of this organisation.
    ///
    /// # Panics
    /// As [`Pki::new`].
    #[must_use]
    pub fn of(organisation: &str, names: &[&str]) -> Self {
        Self::make(organisation, names).expect("certificates of a test authority")
    }

    fn make(organisation: &str, names: &[&str]) -> Result<Self, rcgen::Error> {
        let params = ca_params(
            &format!("{organisation} Root"),
            organisation,
            BasicConstraints::Constrained(1),
        )?;
        let root = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let mut params = ca_params(
            &format!("{organisation} Intermediate"),
            organisation,
            BasicConstraints::Constrained(0),
        )?;
        params.use_authority_key_identifier_extension = true;
        let intermediate = CertifiedIssuer::signed_by(params, KeyPair::generate()?, &root)?;
        let mut all = USUAL_NAMES.to_vec();
        all.extend(names.iter().filter(|name| !USUAL_NAMES.contains(name)));
        let leaf = issue(&CertSpec::new(&all), organisation, &root, &intermediate)?;
        Ok(Self {
            organisation: organisation.to_owned(),
            root,
            intermediate,
            leaf,
        })
    }

    /// Issues another leaf under this CA (or a self-signed one).
    ///
    /// # Panics
    /// When a name is not valid in a certificate, or the system provides no randomness.
    #[must_use]
    pub fn issue(&self, spec: &CertSpec) -> ServerIdentity {
        self.try_issue(spec)
            .expect("a certificate of a test authority")
    }

    /// Issues a leaf for names that a client sent, which may be invalid.
    pub(crate) fn try_issue(&self, spec: &CertSpec) -> Result<ServerIdentity, rcgen::Error> {
        issue(spec, &self.organisation, &self.root, &self.intermediate)
    }

    /// The default leaf with its intermediate.
    #[must_use]
    pub fn identity(&self) -> ServerIdentity {
        self.leaf.clone()
    }

    /// A certificate as DER.
    #[must_use]
    pub fn der(&self, kind: CertKind) -> CertificateDer<'static> {
        match kind {
            CertKind::Leaf => self.leaf.chain[0].clone(),
            CertKind::Intermediate => self.intermediate.der().clone(),
            CertKind::Root => self.root.der().clone(),
        }
    }

    /// A certificate as PEM.
    #[must_use]
    pub fn pem(&self, kind: CertKind) -> String {
        pem_of(&self.der(kind))
    }

    /// The pin of a key, `sha256//BASE64` of the SHA-256 of its SubjectPublicKeyInfo.
    #[must_use]
    pub fn spki_pin(&self, kind: CertKind) -> String {
        match kind {
            CertKind::Leaf => self.leaf.spki_pin(),
            CertKind::Intermediate => pin(&spki_der(self.intermediate.key())),
            CertKind::Root => pin(&spki_der(self.root.key())),
        }
    }
}

fn issue(
    spec: &CertSpec,
    organisation: &str,
    root: &CertifiedIssuer<'static, KeyPair>,
    intermediate: &CertifiedIssuer<'static, KeyPair>,
) -> Result<ServerIdentity, rcgen::Error> {
    let key = spec.key_pair()?;
    let params = spec.params(organisation)?;
    let leaf = match spec.signer {
        Signer::Intermediate => params.signed_by(&key, intermediate)?,
        Signer::Root => params.signed_by(&key, root)?,
        Signer::Itself => params.self_signed(&key)?,
    };
    let mut chain = vec![leaf.der().clone()];
    if spec.signer == Signer::Intermediate && spec.send_intermediate {
        chain.push(intermediate.der().clone());
    }
    Ok(ServerIdentity {
        chain,
        key: key.into(),
        staple: Vec::new(),
    })
}

fn pin(spki: &[u8]) -> String {
    format!("sha256//{}", STANDARD.encode(Sha256::digest(spki)))
}

/// PEM with line feeds on every system, so that files compare equal.
fn pem_of(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
    for line in text.as_bytes().chunks(64) {
        pem.extend(line.iter().map(|&byte| char::from(byte)));
        pem.push('\n');
    }
    pem.push_str("-----END CERTIFICATE-----\n");
    pem
}

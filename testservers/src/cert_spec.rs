//! The specification of a leaf certificate: correct, or wrong in one chosen way.

use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, PublicKeyData, SignatureAlgorithm, date_time_ymd,
};

use crate::pki::ServerIdentity;

/// The key algorithm of a certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyKind {
    /// ECDSA on P-256.
    #[default]
    P256,
    /// ECDSA on P-384.
    P384,
    /// Ed25519.
    Ed25519,
}

impl KeyKind {
    fn algorithm(self) -> &'static SignatureAlgorithm {
        match self {
            KeyKind::P256 => &rcgen::PKCS_ECDSA_P256_SHA256,
            KeyKind::P384 => &rcgen::PKCS_ECDSA_P384_SHA384,
            KeyKind::Ed25519 => &rcgen::PKCS_ED25519,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signer {
    Intermediate,
    Root,
    Itself,
}

/// A leaf certificate to be issued by [`Pki::issue`](crate::Pki::issue): correct at first; each
/// method changes one property.
#[derive(Debug)]
pub struct CertSpec {
    names: Vec<String>,
    common_name: String,
    from_day: i64,
    to_day: i64,
    purposes: Vec<ExtendedKeyUsagePurpose>,
    is_ca: bool,
    pub(crate) signer: Signer,
    pub(crate) send_intermediate: bool,
    key_kind: KeyKind,
    key: Option<ServerIdentity>,
}

impl CertSpec {
    /// A good server certificate for these names (DNS names or IP addresses), valid from a day
    /// ago for 30 days.
    #[must_use]
    pub fn new(names: &[&str]) -> Self {
        Self {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            common_name: names.first().map_or("unnamed", |name| name).to_owned(),
            from_day: -1,
            to_day: 29,
            purposes: vec![ExtendedKeyUsagePurpose::ServerAuth],
            is_ca: false,
            signer: Signer::Intermediate,
            send_intermediate: true,
            key_kind: KeyKind::P256,
            key: None,
        }
    }

    /// Valid between these days, counted from now (negative is the past).
    #[must_use]
    pub fn valid_days(mut self, from: i64, to: i64) -> Self {
        (self.from_day, self.to_day) = (from, to);
        self
    }

    /// Expired since yesterday.
    #[must_use]
    pub fn expired(self) -> Self {
        self.valid_days(-30, -1)
    }

    /// Not valid before tomorrow.
    #[must_use]
    pub fn not_yet_valid(self) -> Self {
        self.valid_days(1, 30)
    }

    /// No subject alternative name; the first name is in the common name only.
    #[must_use]
    pub fn without_san(mut self) -> Self {
        self.names.clear();
        self
    }

    /// Another common name.
    #[must_use]
    pub fn common_name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.common_name);
        self
    }

    /// For clients only (extended key usage clientAuth).
    #[must_use]
    pub fn client_auth_only(mut self) -> Self {
        self.purposes = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self
    }

    /// No extended key usage extension at all.
    #[must_use]
    pub fn without_eku(mut self) -> Self {
        self.purposes.clear();
        self
    }

    /// Marked as a certification authority.
    #[must_use]
    pub fn ca(mut self) -> Self {
        self.is_ca = true;
        self
    }

    /// Self-signed, and sent without further certificates.
    #[must_use]
    pub fn self_signed(mut self) -> Self {
        self.signer = Signer::Itself;
        self
    }

    /// Signed by the root itself, without an intermediate.
    #[must_use]
    pub fn signed_by_root(mut self) -> Self {
        self.signer = Signer::Root;
        self
    }

    /// The server does not send the intermediate.
    #[must_use]
    pub fn without_intermediate(mut self) -> Self {
        self.send_intermediate = false;
        self
    }

    /// A new key of this kind.
    #[must_use]
    pub fn key_kind(mut self, kind: KeyKind) -> Self {
        self.key_kind = kind;
        self
    }

    /// The key of another identity, as after a renewal that keeps the key.
    #[must_use]
    pub fn key_of(mut self, other: &ServerIdentity) -> Self {
        self.key = Some(other.clone());
        self
    }

    pub(crate) fn key_pair(&self) -> Result<KeyPair, rcgen::Error> {
        match &self.key {
            Some(identity) => KeyPair::try_from(&identity.key),
            None => KeyPair::generate_for(self.key_kind.algorithm()),
        }
    }

    pub(crate) fn params(&self, organisation: &str) -> Result<CertificateParams, rcgen::Error> {
        let mut params = base(&self.common_name, organisation, self.names.clone())?;
        set_days(&mut params, self.from_day, self.to_day);
        params.extended_key_usages.clone_from(&self.purposes);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        if self.is_ca {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.key_usages.push(KeyUsagePurpose::KeyCertSign);
        }
        params.use_authority_key_identifier_extension = self.signer != Signer::Itself;
        Ok(params)
    }
}

/// The parameters of a CA certificate, valid as long as a good leaf.
pub(crate) fn ca_params(
    name: &str,
    organisation: &str,
    below: BasicConstraints,
) -> Result<CertificateParams, rcgen::Error> {
    let mut params = base(name, organisation, Vec::new())?;
    set_days(&mut params, -1, 29);
    params.is_ca = IsCa::Ca(below);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

/// The DER of the SubjectPublicKeyInfo of a key.
pub(crate) fn spki_der(key: &impl PublicKeyData) -> Vec<u8> {
    key.subject_public_key_info()
}

fn base(
    common_name: &str,
    organisation: &str,
    names: Vec<String>,
) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::OrganizationName, organisation);
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    Ok(params)
}

/// Sets the validity, in days from now. The crate `time` need not be named: the type is the one of
/// rcgen's own field and takes durations of std.
fn set_days(params: &mut CertificateParams, from: i64, to: i64) {
    let at = |days: i64| {
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let seconds = now
            .as_secs()
            .saturating_add_signed(days.saturating_mul(86_400));
        date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds)
    };
    params.not_before = at(from);
    params.not_after = at(to);
}

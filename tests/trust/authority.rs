//! CAs of a test's own, for what the usual test authority does not make: constraints, lists,
//! impostors of the same name.

use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer,
    DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyPair,
    KeyUsagePurpose, RevokedCertParams, SerialNumber, date_time_ymd,
};
use rustls::pki_types::CertificateDer;
use secsmtp_testservers::ServerIdentity;

/// A CA and the intermediates above it, which its leaves are served with.
pub(crate) struct Ca {
    issuer: CertifiedIssuer<'static, KeyPair>,
    served: Vec<CertificateDer<'static>>,
}

impl Ca {
    pub(crate) fn root(name: &str) -> Self {
        // Old enough for the cases whose clock is set back.
        let params = ca_params(name, &|params| set_days(params, -90, 29));
        let issuer = CertifiedIssuer::self_signed(params, key()).expect("a root");
        Self {
            issuer,
            served: Vec::new(),
        }
    }

    pub(crate) fn sub(&self, name: &str, change: &dyn Fn(&mut CertificateParams)) -> Self {
        let params = ca_params(name, change);
        let issuer = CertifiedIssuer::signed_by(params, key(), &self.issuer).expect("a CA");
        let mut served = vec![issuer.der().clone()];
        served.extend(self.served.iter().cloned());
        Self { issuer, served }
    }

    /// A server's certificate; the first name is in the common name too.
    pub(crate) fn leaf(
        &self,
        names: &[&str],
        change: &dyn Fn(&mut CertificateParams),
    ) -> ServerIdentity {
        let mut params = base(names.first().copied().unwrap_or("unnamed"), names);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        change(&mut params);
        let key = key();
        let leaf = params.signed_by(&key, &self.issuer).expect("a leaf");
        let mut chain = vec![leaf.der().clone()];
        chain.extend(self.served.iter().cloned());
        ServerIdentity {
            chain,
            key: key.into(),
            staple: Vec::new(),
        }
    }

    /// Certificates of the same name and key, each signed by itself: a maze for a path builder.
    pub(crate) fn doubles(&self, name: &str, count: u64) -> Vec<CertificateDer<'static>> {
        let double = |serial| {
            let serial =
                |p: &mut CertificateParams| p.serial_number = Some(SerialNumber::from(serial));
            let params = ca_params(name, &serial);
            let double = params.self_signed(self.issuer.key()).expect("a double");
            double.der().clone()
        };
        (1..=count).map(double).collect()
    }

    pub(crate) fn der(&self) -> CertificateDer<'static> {
        self.issuer.der().clone()
    }

    /// A revocation list in PEM that is valid between these days.
    pub(crate) fn crl(&self, revoked: &[u64], from: i64, to: i64) -> String {
        let mut days = CertificateParams::default();
        set_days(&mut days, from, to);
        let list = CertificateRevocationListParams {
            this_update: days.not_before,
            next_update: days.not_after,
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: revoked
                .iter()
                .map(|serial| RevokedCertParams {
                    serial_number: SerialNumber::from(*serial),
                    revocation_time: days.not_before,
                    reason_code: None,
                    invalidity_date: None,
                })
                .collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let list = list.signed_by(&self.issuer).expect("a list");
        list.pem().expect("PEM")
    }
}

fn key() -> KeyPair {
    KeyPair::generate().expect("a key")
}

fn ca_params(name: &str, change: &dyn Fn(&mut CertificateParams)) -> CertificateParams {
    let mut params = base(name, &[]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    change(&mut params);
    params
}

fn base(common_name: &str, names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("names");
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    set_days(&mut params, -1, 29);
    params
}

/// Valid between these days from now.
pub(crate) fn set_days(params: &mut CertificateParams, from: i64, to: i64) {
    let at = |days: i64| {
        let seconds = now().saturating_add_signed(days * 86_400);
        date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds)
    };
    params.not_before = at(from);
    params.not_after = at(to);
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.expect("a clock after 1970").as_secs()
}

/// A certificate in PEM.
pub(crate) fn pem(der: &[u8]) -> String {
    block("CERTIFICATE", der)
}

/// Any PEM block.
pub(crate) fn block(label: &str, der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).expect("ASCII"))
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}

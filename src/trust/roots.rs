//! Named sets of roots: Mozilla's, compiled in, and the system's, from its store or from the
//! well-known paths of bundles. Environment variables are never used.

use once_cell::race::OnceBox;
use rustls::pki_types::{CertificateDer, TrustAnchor};

/// Mozilla's roots for servers, as of this build.
pub(crate) fn mozilla() -> &'static [TrustAnchor<'static>] {
    webpki_roots::TLS_SERVER_ROOTS
}

/// The system's roots, read once per process. A failure is not cached.
///
/// # Errors
/// A description of what is missing.
pub(crate) fn system() -> Result<&'static [TrustAnchor<'static>], String> {
    static SYSTEM: OnceBox<Vec<TrustAnchor<'static>>> = OnceBox::new();
    let anchors = SYSTEM.get_or_try_init(|| {
        let anchors: Vec<_> = platform::load()?.iter().filter_map(anchor).collect();
        if anchors.is_empty() {
            return Err("have no certificate that can be read".to_owned());
        }
        Ok(Box::new(anchors))
    })?;
    Ok(anchors)
}

/// A certificate as a trust anchor that owns its parts.
pub(crate) fn anchor(der: &CertificateDer<'_>) -> Option<TrustAnchor<'static>> {
    webpki::anchor_from_trusted_cert(der)
        .ok()
        .map(|anchor| anchor.to_owned())
}

#[cfg(all(unix, not(target_os = "macos")))]
mod platform {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;

    /// The paths of the distributions' bundles.
    const BUNDLES: [&str; 7] = [
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/ca-bundle.pem",
        "/etc/ssl/cert.pem",
        "/usr/local/etc/ssl/cert.pem",
        "/usr/local/share/certs/ca-root-nss.crt",
    ];

    pub(crate) fn load() -> Result<Vec<CertificateDer<'static>>, String> {
        let bundle = BUNDLES.iter().find_map(|path| std::fs::read(path).ok());
        let bundle = bundle.ok_or_else(|| format!("were not found at {}", BUNDLES.join(", ")))?;
        Ok(CertificateDer::pem_slice_iter(&bundle)
            .filter_map(Result::ok)
            .collect())
    }
}

#[cfg(target_os = "macos")]
mod platform {
    use rustls::pki_types::CertificateDer;
    use security_framework::trust_settings::{Domain, TrustSettings, TrustSettingsForCertificate};

    const UNREADABLE: &str = "can't be used: the keychain's trust settings can't be read";

    /// The keychain's roots, without those that a user or administrator distrusts: such a setting has
    /// precedence over the system's.
    pub(crate) fn load() -> Result<Vec<CertificateDer<'static>>, String> {
        let mut trusted = Vec::new();
        let mut decided: Vec<Vec<u8>> = Vec::new();
        for domain in [Domain::User, Domain::Admin, Domain::System] {
            let settings = TrustSettings::new(domain);
            // Settings that can't be read may contain a distrust; empty settings can be read.
            let certificates = settings.iter().map_err(|_| UNREADABLE.to_owned())?;
            for certificate in certificates {
                let der = certificate.to_der();
                if decided.contains(&der) {
                    continue;
                }
                let trust = settings.tls_trust_settings_for_certificate(&certificate);
                // A certificate that a domain lists without a setting is trusted.
                let setting = trust
                    .map_err(|_| UNREADABLE.to_owned())?
                    .unwrap_or(TrustSettingsForCertificate::TrustRoot);
                if matches!(
                    setting,
                    TrustSettingsForCertificate::TrustRoot
                        | TrustSettingsForCertificate::TrustAsRoot
                ) {
                    trusted.push(CertificateDer::from(der.clone()));
                }
                decided.push(der);
            }
        }
        Ok(trusted)
    }
}

#[cfg(windows)]
mod platform {
    use rustls::pki_types::CertificateDer;
    use schannel::cert_context::ValidUses;
    use schannel::cert_store::CertStore;

    /// id-kp-serverAuth (RFC 5280 section 4.2.1.12).
    const SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";

    /// The current user's ROOT store, which includes the machine's, as far as Windows has fetched
    /// them, without the distrusted ones.
    pub(crate) fn load() -> Result<Vec<CertificateDer<'static>>, String> {
        let distrusted = open("Disallowed")?;
        let distrusted: Vec<_> = distrusted.certs().map(|c| c.to_der().to_vec()).collect();
        let for_servers = |uses: ValidUses| match uses {
            ValidUses::All => true,
            ValidUses::Oids(oids) => oids.iter().any(|oid| oid == SERVER_AUTH),
        };
        Ok(open("ROOT")?
            .certs()
            .filter(|c| c.valid_uses().is_ok_and(for_servers) && c.is_time_valid().unwrap_or(false))
            .map(|c| c.to_der().to_vec())
            .filter(|der| !distrusted.contains(der))
            .map(CertificateDer::from)
            .collect())
    }

    fn open(name: &str) -> Result<CertStore, String> {
        CertStore::open_current_user(name)
            .map_err(|_| format!("can't be used: the certificate store {name} can't be opened"))
    }
}

//! The TLS configuration of one send or probe: made from the policy, then immutable.

use std::sync::Arc;

use ring::rand::{SecureRandom as _, SystemRandom};
use rustls::client::{ClientConfig, Resumption};
use rustls::crypto::ring::default_provider;
use rustls::sign::SingleCertAndKey;
use rustls::version::{TLS12, TLS13};

use super::tls_error_text;
use super::verifier::{Verifier, VerifierMode};
use crate::error::{Cause, Error};
use crate::status::Status;
use crate::trust::client_identity::ClientIdentity;
use crate::trust::host::Host;
use crate::trust::policy::{MinTls, Policy};

/// The configuration for connections whose peer must be trusted.
#[derive(Debug, Clone)]
pub struct Setup {
    pub(super) config: Arc<ClientConfig>,
    pub(super) policy: Arc<Policy>,
    pub(super) host: Host,
}

impl Setup {
    /// Makes the configuration from a policy that is not empty.
    ///
    /// # Errors
    /// [`Status::NoTrust`] for an empty policy; [`Status::Random`].
    pub fn new(policy: &Arc<Policy>, host: &Host) -> Result<Self, Error> {
        if policy.is_empty() {
            let why = "trusts no server: add a pin, a CA, a certificate, or roots by name";
            return Err(Error::argument(Status::NoTrust, "policy", why));
        }
        let mode = VerifierMode::Trust(Arc::clone(policy), host.clone());
        let config = config(mode, policy, policy.client_identity.as_ref())?;
        Ok(Self {
            config,
            policy: Arc::clone(policy),
            host: host.clone(),
        })
    }
}

/// The configuration for a probe, which accepts any peer.
#[derive(Debug, Clone)]
pub struct ProbeSetup {
    pub(super) config: Arc<ClientConfig>,
    pub(super) host: Host,
}

impl ProbeSetup {
    /// Makes the configuration from any policy; only its TLS version and clock count.
    ///
    /// # Errors
    /// When the TLS layer rejects the configuration; [`Status::Random`].
    pub fn new(policy: &Policy, host: &Host) -> Result<Self, Error> {
        Ok(Self {
            // A probe presents no client certificate, because its peer is not verified.
            config: config(VerifierMode::Look, policy, None)?,
            host: host.clone(),
        })
    }
}

fn config(
    mode: VerifierMode,
    policy: &Policy,
    identity: Option<&ClientIdentity>,
) -> Result<Arc<ClientConfig>, Error> {
    // The builder's random numbers for hash tables can fail only by a panic.
    let drawn = SystemRandom::new().fill(&mut [0; 1]);
    drawn.map_err(|_| Error::local(Cause::Random))?;
    // Pass the provider explicitly: another crate could set the process-wide default.
    let provider = Arc::new(default_provider());
    let verifier = Verifier {
        mode,
        algorithms: provider.signature_verification_algorithms,
    };
    let versions: &[_] = match policy.effective_min_tls() {
        MinTls::V1_2 => &[&TLS13, &TLS12],
        MinTls::V1_3 => &[&TLS13],
    };
    let builder = ClientConfig::builder_with_details(provider, Arc::new(policy.clock))
        .with_protocol_versions(versions)
        .map_err(|error| {
            Error::local(Cause::Handshake {
                detail: tls_error_text::error(&error),
            })
        })?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = match identity {
        Some(identity) => {
            let shown = SingleCertAndKey::from(identity.certified_key());
            builder.with_client_cert_resolver(Arc::new(shown))
        }
        None => builder.with_no_client_auth(),
    };
    // The certificate of a resumed session was verified earlier, perhaps under other pins.
    config.resumption = Resumption::disabled();
    config.enable_early_data = false;
    config.require_ems = true;
    config.enable_sni = true;
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A change of these lists by a new release of the TLS layer fails this test.
    #[test]
    fn d03_suites_groups_and_settings_are_the_expected_ones() {
        let policy = Policy::new();
        let host = Host::parse("localhost").unwrap();
        let config = ProbeSetup::new(&policy, &host).unwrap().config;
        let provider = config.crypto_provider();
        let suites: Vec<_> = provider
            .cipher_suites
            .iter()
            .map(|s| format!("{:?}", s.suite()))
            .collect();
        assert_eq!(
            suites,
            [
                "TLS13_AES_256_GCM_SHA384",
                "TLS13_AES_128_GCM_SHA256",
                "TLS13_CHACHA20_POLY1305_SHA256",
                "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
                "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
                "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
                "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
                "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
                "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
            ]
        );
        let groups: Vec<_> = provider
            .kx_groups
            .iter()
            .map(|g| format!("{:?}", g.name()))
            .collect();
        assert_eq!(groups, ["X25519", "secp256r1", "secp384r1"]);
        assert!(config.require_ems && config.enable_sni && !config.enable_early_data);
        assert!(config.alpn_protocols.is_empty() && config.cert_decompressors.is_empty());
        assert!(!config.key_log.will_log("CLIENT_RANDOM"));
    }
}

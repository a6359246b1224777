//! TLS configurations of the peers.

use std::io;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, DigitallySignedStruct, ServerConfig, SignatureScheme, SupportedProtocolVersion,
};

use crate::pki::ServerIdentity;

/// The TLS versions that a server supports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TlsVersions {
    /// 1.2 and 1.3.
    #[default]
    Both,
    /// 1.2 only.
    Only12,
    /// 1.3 only.
    Only13,
    /// 1.3 with ChaCha20-Poly1305 only: memcheck supports it, but not the AES-GCM assembly.
    OnlyChaCha20,
}

impl TlsVersions {
    fn list(self) -> Vec<&'static SupportedProtocolVersion> {
        match self {
            TlsVersions::Both => vec![&rustls::version::TLS12, &rustls::version::TLS13],
            TlsVersions::Only12 => vec![&rustls::version::TLS12],
            TlsVersions::Only13 | TlsVersions::OnlyChaCha20 => vec![&rustls::version::TLS13],
        }
    }
}

/// The configuration of a server that presents this identity.
pub(crate) fn server_config(
    identity: &ServerIdentity,
    versions: TlsVersions,
) -> io::Result<Arc<ServerConfig>> {
    let mut provider = ring::default_provider();
    if versions == TlsVersions::OnlyChaCha20 {
        provider.cipher_suites = vec![ring::cipher_suite::TLS13_CHACHA20_POLY1305_SHA256];
    }
    ServerConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&versions.list())
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert_with_ocsp(
            identity.chain.clone(),
            identity.key.clone_key(),
            identity.staple.clone(),
        )
        .map(Arc::new)
        .map_err(io::Error::other)
}

/// The configuration of a server that chooses its certificate by the requested name.
pub(crate) fn resolving_config(
    resolver: Arc<dyn rustls::server::ResolvesServerCert>,
) -> io::Result<Arc<ServerConfig>> {
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&TlsVersions::Both.list())
        .map_err(io::Error::other)?;
    Ok(Arc::new(
        builder.with_no_client_auth().with_cert_resolver(resolver),
    ))
}

/// The configuration of the hotel's connection to the real server: an attacker checks no
/// certificates. Only the hotel uses it.
pub(crate) fn careless_client_config() -> io::Result<Arc<ClientConfig>> {
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&TlsVersions::Both.list())
        .map_err(io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(
            message,
            cert,
            dss,
            &self.0.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            cert,
            dss,
            &self.0.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

//! The certificate verifiers that the TLS layer calls during the handshake. Immutable; both check
//! signatures with the provider.

use std::fmt;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme};

use crate::trust::host::Host;
use crate::trust::policy::Policy;
use crate::trust::rejection::Rejection;
use crate::trust::verdict::verify_chain;

/// The requirement on a certificate inside the handshake.
pub(super) enum VerifierMode {
    /// The policy must trust it.
    Trust(Arc<Policy>, Host),
    /// None, for a probe: the verdict follows later, on a channel that can't send.
    Look,
}

/// The verifier of one configuration. `Debug` is constant: rustls requires it, and a derived one
/// would need that of every part of a policy.
pub(super) struct Verifier {
    pub(super) mode: VerifierMode,
    pub(super) algorithms: WebPkiSupportedAlgorithms,
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier")
    }
}

/// A rejection that is passed through rustls, with a constant `Debug` too.
pub(super) struct RejectionError(pub(super) Rejection);

impl fmt::Debug for RejectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RejectionError")
    }
}

impl fmt::Display for RejectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for RejectionError {}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let VerifierMode::Trust(policy, host) = &self.mode else {
            return Ok(ServerCertVerified::assertion());
        };
        let chain: Vec<_> = std::iter::once(end_entity)
            .chain(intermediates)
            .cloned()
            .collect();
        match verify_chain(policy, host, &chain, now) {
            Ok(_) => Ok(ServerCertVerified::assertion()),
            Err(rejection) => Err(Error::InvalidCertificate(CertificateError::Other(
                OtherError(Arc::new(RejectionError(*rejection))),
            ))),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

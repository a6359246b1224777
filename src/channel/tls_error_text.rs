//! The texts of the TLS layer's errors. Its enums may grow, so each match ends in a sentence that is
//! true of every error of its kind.

use rustls::{
    AlertDescription, CertificateError, Error, InvalidMessage, PeerIncompatible, PeerMisbehaved,
};

/// The text of a handshake error, for the end of "The TLS handshake failed: ...".
pub(super) fn error(error: &Error) -> String {
    match error {
        Error::AlertReceived(description) => {
            format!("the peer ended it, because {}", alert(*description))
        }
        Error::InappropriateMessage { .. } | Error::InappropriateHandshakeMessage { .. } => {
            "the peer sent a message out of turn".to_owned()
        }
        Error::InvalidMessage(error) => message(error).to_owned(),
        Error::NoCertificatesPresented => "the peer showed no certificate".to_owned(),
        Error::DecryptError => {
            "a record can't be decrypted: it was changed on the way, or the peer used another key"
                .to_owned()
        }
        Error::PeerIncompatible(error) => incompatible(error).to_owned(),
        Error::PeerMisbehaved(error) => misbehaved(error).to_owned(),
        Error::InvalidCertificate(error) => certificate(error).to_owned(),
        Error::PeerSentOversizedRecord => "the peer sent a record that is too long".to_owned(),
        Error::NoApplicationProtocol => {
            "there is no application protocol in common (ALPN)".to_owned()
        }
        _ => "the TLS layer can't go on".to_owned(),
    }
}

/// The text of an alert (RFC 8446 section 6), for the end of "the peer ended it, because ...".
pub(super) fn alert(alert: AlertDescription) -> &'static str {
    use AlertDescription as A;
    match alert {
        A::CloseNotify => "it closes the connection",
        A::UnexpectedMessage => "it did not expect a message that it was sent",
        A::BadRecordMac | A::DecryptionFailed => {
            "a record reached it changed, or it used another key"
        }
        A::RecordOverflow => "a record was too long for it",
        A::DecompressionFailure => "it could not decompress a record",
        A::HandshakeFailure => {
            "it allows none of the TLS versions, cipher suites and groups that were offered, or wants \
             a client certificate"
        }
        A::NoCertificate | A::CertificateRequired => "it wants a client certificate",
        A::BadCertificate | A::UnsupportedCertificate | A::CertificateUnknown => {
            "it can't use the client certificate"
        }
        A::CertificateRevoked => "the client certificate was revoked",
        A::CertificateExpired => "the client certificate has expired",
        A::UnknownCA => "it does not know the CA of the client certificate",
        A::IllegalParameter => "a value in the handshake is not allowed there",
        A::AccessDenied => "it denies access",
        A::DecodeError => "it could not read a message of the handshake",
        A::DecryptError => "a signature or checksum of the handshake was wrong for it",
        A::ExportRestriction => "of a restriction of exports",
        A::ProtocolVersion => "it allows none of the TLS versions that were offered",
        A::InsufficientSecurity => "it demands stronger ciphers than those that were offered",
        A::InternalError => "it had an internal error",
        A::InappropriateFallback => "it wants a newer TLS version than the one that was asked for",
        A::UserCanceled => "it cancelled the handshake",
        A::NoRenegotiation => "it does not renegotiate",
        A::MissingExtension => "an extension that it needs is missing",
        A::UnsupportedExtension => "it was sent an extension that it had not offered",
        A::CertificateUnobtainable => "it could not fetch the client certificate",
        A::UnrecognisedName => "it does not know the server name that was asked for",
        A::BadCertificateStatusResponse => "it can't use a statement about a certificate",
        A::BadCertificateHashValue => "the client certificate is not the one that was announced",
        A::UnknownPSKIdentity => "it does not know the shared key that was named",
        A::NoApplicationProtocol => "there is no application protocol in common (ALPN)",
        A::EncryptedClientHelloRequired => "it demands an encrypted ClientHello",
        _ => "of an alert that is not known here",
    }
}

fn message(error: &InvalidMessage) -> &'static str {
    use InvalidMessage as M;
    match error {
        M::InvalidContentType | M::UnknownProtocolVersion => {
            "the peer sent what is not a record of TLS"
        }
        M::CertificatePayloadTooLarge => "the certificates of the peer are too long",
        M::HandshakePayloadTooLarge | M::MessageTooLarge => {
            "the peer sent a message that is too long"
        }
        M::MessageTooShort | M::MissingData(_) => "the peer sent a message that is cut short",
        M::TrailingData(_) => "the peer sent a message with bytes behind its end",
        M::InvalidDhParams | M::UnsupportedCurveType | M::UnsupportedKeyExchangeAlgorithm(_) => {
            "the peer wants a key exchange that is not supported"
        }
        M::UnsupportedCompression => "the peer wants compression, which is not supported",
        M::DuplicateExtension(_) => "the peer sent an extension twice",
        _ => "the peer sent a message that can't be read",
    }
}

fn incompatible(error: &PeerIncompatible) -> &'static str {
    use PeerIncompatible as P;
    match error {
        P::ServerDoesNotSupportTls12Or13 => "the peer supports neither TLS 1.2 nor TLS 1.3",
        P::ServerTlsVersionIsDisabledByOurConfig
        | P::Tls12NotOffered
        | P::Tls12NotOfferedOrEnabled => "the peer wants a TLS version that is not allowed here",
        P::ExtendedMasterSecretExtensionRequired => {
            "the peer lacks the extended master secret, without which TLS 1.2 is not safe"
        }
        P::NoCipherSuitesInCommon => "there is no cipher suite in common",
        P::NoKxGroupsInCommon | P::NamedGroupsExtensionRequired | P::KeyShareExtensionRequired => {
            "there is no group for the key exchange in common"
        }
        P::NoSignatureSchemesInCommon
        | P::NoCertificateRequestSignatureSchemesInCommon
        | P::SignatureAlgorithmsExtensionRequired => "there is no kind of signature in common",
        _ => "the peer lacks something that is needed",
    }
}

fn misbehaved(error: &PeerMisbehaved) -> &'static str {
    use PeerMisbehaved as P;
    match error {
        P::AttemptedDowngradeToTls12WhenTls13IsSupported
        | P::SelectedTls12UsingTls13VersionExtension => {
            "it was downgraded to TLS 1.2 although both sides support TLS 1.3, which is typical of \
             interception"
        }
        P::SelectedUnofferedApplicationProtocol
        | P::SelectedUnofferedCertCompression
        | P::SelectedUnofferedCipherSuite
        | P::SelectedUnofferedCompression
        | P::SelectedUnofferedKxGroup
        | P::SelectedUnofferedPsk
        | P::SelectedUnusableCipherSuiteForVersion
        | P::SelectedInvalidPsk
        | P::WrongGroupForKeyShare => "the peer chose what was not offered to it",
        P::SignedKxWithWrongAlgorithm | P::SignedHandshakeWithUnadvertisedSigScheme => {
            "the peer signed in a way that was not offered to it"
        }
        P::InvalidKeyShare | P::MissingKeyShare => {
            "the peer's part of the key exchange can't be used"
        }
        P::IllegalHelloRetryRequestWithEmptyCookie
        | P::IllegalHelloRetryRequestWithNoChanges
        | P::IllegalHelloRetryRequestWithOfferedGroup
        | P::IllegalHelloRetryRequestWithUnofferedCipherSuite
        | P::IllegalHelloRetryRequestWithUnofferedNamedGroup
        | P::IllegalHelloRetryRequestWithUnsupportedVersion
        | P::IllegalHelloRetryRequestWithWrongSessionId
        | P::IllegalHelloRetryRequestWithInvalidEch
        | P::SelectedDifferentCipherSuiteAfterRetry
        | P::CipherSuiteDifferedOnRetry => {
            "the peer asked to begin the handshake again in a way that TLS does not allow"
        }
        P::TooManyEmptyFragments
        | P::TooManyKeyUpdateRequests
        | P::TooManyRenegotiationRequests
        | P::TooManyWarningAlertsReceived => "the peer sent too many messages that mean nothing",
        P::DisallowedEncryptedExtension
        | P::DuplicateEncryptedExtensions
        | P::DuplicateHelloRetryRequestExtensions
        | P::DuplicateNewSessionTicketExtensions
        | P::DuplicateServerHelloExtensions
        | P::BadCertChainExtensions
        | P::UnexpectedCleartextExtension
        | P::UnsolicitedCertExtension
        | P::UnsolicitedEncryptedExtension
        | P::UnsolicitedSctList
        | P::UnsolicitedServerHelloExtension
        | P::UnsolicitedEchExtension => "the peer sent an extension that TLS does not allow there",
        _ => "the peer broke a rule of TLS",
    }
}

/// The text of a certificate error other than the verdict on the chain, such as a wrong signature of
/// the handshake.
fn certificate(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::BadSignature => {
            "the peer did not prove that it holds the key of its certificate"
        }
        CertificateError::BadEncoding => "the peer's certificate can't be read",
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "the peer signed in a way that is not supported"
        }
        _ => "the peer's certificate can't be used",
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::{CertRevocationListError, InconsistentKeys, OtherError};

    use super::*;

    /// Acronyms are the only words in messages with a capital letter in their middle.
    fn assert_words(words: &str, of: &dyn std::fmt::Debug) {
        let names = ["TLS", "ALPN", "CA", "ClientHello"];
        for word in words.split(|c: char| !c.is_ascii_alphanumeric()) {
            let small = word.chars().all(|c| !c.is_ascii_uppercase());
            assert!(small || names.contains(&word), "{of:?}: {words}");
        }
        assert!(!words.contains(['{', '_', '\\', '"']), "{of:?}: {words}");
    }

    #[test]
    fn each_alert_is_words() {
        let mut unnamed = 0;
        for number in 0..=255_u8 {
            let description = AlertDescription::from(number);
            assert_words(alert(description), &description);
            let unknown = matches!(description, AlertDescription::Unknown(_));
            assert_eq!(
                alert(description).contains("not known here"),
                unknown,
                "{number}"
            );
            unnamed += u32::from(unknown);
            let whole = error(&Error::AlertReceived(description));
            assert!(whole.starts_with("the peer ended it, because "), "{whole}");
        }
        assert!(unnamed > 200);
    }

    #[test]
    fn each_error_of_the_tls_layer_is_words() {
        use {InvalidMessage as M, PeerIncompatible as P, PeerMisbehaved as B};
        let other = || OtherError(Arc::new(std::io::Error::other("x")));
        let out_of_turn = Error::InappropriateMessage {
            expect_types: vec![rustls::ContentType::Handshake],
            got_type: rustls::ContentType::Alert,
        };
        let unsupported = CertificateError::UnsupportedSignatureAlgorithmContext {
            signature_algorithm_id: Vec::new(),
            supported_algorithms: Vec::new(),
        };
        for (given, expected) in [
            (out_of_turn, "out of turn"),
            (Error::NoCertificatesPresented, "showed no certificate"),
            (Error::DecryptError, "can't be decrypted"),
            (Error::PeerSentOversizedRecord, "a record that is too long"),
            (
                Error::NoApplicationProtocol,
                "no application protocol in common",
            ),
            (M::InvalidContentType.into(), "not a record of TLS"),
            (
                M::CertificatePayloadTooLarge.into(),
                "certificates of the peer are too long",
            ),
            (M::MessageTooLarge.into(), "a message that is too long"),
            (M::MissingData("ServerHello").into(), "cut short"),
            (
                M::TrailingData("ServerHello").into(),
                "bytes behind its end",
            ),
            (
                M::UnsupportedCurveType.into(),
                "a key exchange that is not supported",
            ),
            (M::UnsupportedCompression.into(), "wants compression"),
            (M::DuplicateExtension(1).into(), "an extension twice"),
            (M::InvalidCcs.into(), "a message that can't be read"),
            (
                M::UnexpectedMessage("SessionId").into(),
                "a message that can't be read",
            ),
            (
                P::ServerDoesNotSupportTls12Or13.into(),
                "neither TLS 1.2 nor TLS 1.3",
            ),
            (
                P::Tls12NotOffered.into(),
                "a TLS version that is not allowed",
            ),
            (
                P::ExtendedMasterSecretExtensionRequired.into(),
                "extended master secret",
            ),
            (
                P::NoCipherSuitesInCommon.into(),
                "no cipher suite in common",
            ),
            (
                P::NoKxGroupsInCommon.into(),
                "no group for the key exchange",
            ),
            (P::NoSignatureSchemesInCommon.into(), "no kind of signature"),
            (P::EcPointsExtensionRequired.into(), "lacks something"),
            (
                B::AttemptedDowngradeToTls12WhenTls13IsSupported.into(),
                "downgraded to TLS 1.2",
            ),
            (
                B::SelectedUnofferedCipherSuite.into(),
                "chose what was not offered",
            ),
            (
                B::SignedKxWithWrongAlgorithm.into(),
                "signed in a way that was not offered",
            ),
            (B::InvalidKeyShare.into(), "part of the key exchange"),
            (
                B::IllegalHelloRetryRequestWithNoChanges.into(),
                "to begin the handshake again",
            ),
            (
                B::TooManyEmptyFragments.into(),
                "messages that mean nothing",
            ),
            (
                B::DuplicateServerHelloExtensions.into(),
                "an extension that TLS does not allow",
            ),
            (B::IllegalTlsInnerPlaintext.into(), "broke a rule of TLS"),
            (
                CertificateError::BadSignature.into(),
                "did not prove that it holds the key",
            ),
            (
                CertificateError::BadEncoding.into(),
                "certificate can't be read",
            ),
            (unsupported.into(), "signed in a way that is not supported"),
            (
                CertificateError::Other(other()).into(),
                "certificate can't be used",
            ),
            (Error::UnsupportedNameType, "can't go on"),
            (Error::EncryptError, "can't go on"),
            (
                Error::InvalidCertRevocationList(CertRevocationListError::ParseError),
                "can't go on",
            ),
            (Error::General("fn takes &self".to_owned()), "can't go on"),
            (Error::FailedToGetCurrentTime, "can't go on"),
            (Error::HandshakeNotComplete, "can't go on"),
            (Error::BadMaxFragmentSize, "can't go on"),
            (
                Error::InconsistentKeys(InconsistentKeys::Unknown),
                "can't go on",
            ),
            (Error::Other(other()), "can't go on"),
        ] {
            let words = error(&given);
            assert_words(&words, &given);
            assert!(words.contains(expected), "{given:?}: {words}");
        }
    }
}

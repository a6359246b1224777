//! Revocation lists (RFC 5280 section 5) from the caller: if there are any, each certificate of a
//! path below its anchor needs one.

use std::sync::Arc;

use rustls::pki_types::CertificateRevocationListDer;
use rustls::pki_types::pem::PemObject;
use webpki::{BorrowedCertRevocationList, CertRevocationList};

/// Parsed revocation lists. Of two by the same issuer the one added later counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Crls(Vec<Arc<CertRevocationList<'static>>>);

impl Crls {
    /// Adds those in `bytes`: PEM (`X509 CRL`, one or more; other blocks are ignored), or one
    /// in DER.
    ///
    /// # Errors
    /// A description of what is wrong.
    pub(crate) fn add(&mut self, bytes: &[u8]) -> Result<(), String> {
        let ders = if bytes.first() == Some(&0x30) {
            vec![CertificateRevocationListDer::from(bytes)]
        } else {
            CertificateRevocationListDer::pem_slice_iter(bytes)
                .collect::<Result<Vec<_>, _>>()
                .map_err(|_| "is not well-formed PEM".to_owned())?
        };
        if ders.is_empty() {
            return Err("is not a revocation list in PEM (BEGIN X509 CRL) or DER".to_owned());
        }
        let read = |der: &CertificateRevocationListDer<'_>| {
            let owned = BorrowedCertRevocationList::from_der(der)?.to_owned()?;
            Ok(Arc::new(CertRevocationList::Owned(owned)))
        };
        let lists: Result<Vec<_>, webpki::Error> = ders.iter().map(read).collect();
        let lists = lists
            .map_err(|error| format!("holds a list that can't be read ({})", words(&error)))?;
        // The path builder uses the first list of an issuer.
        self.0.splice(..0, lists.into_iter().rev());
        Ok(())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn lists(&self) -> Vec<&CertRevocationList<'static>> {
        self.0.iter().map(AsRef::as_ref).collect()
    }
}

fn words(error: &webpki::Error) -> &'static str {
    use webpki::Error as E;
    match error {
        E::UnsupportedCrlVersion => "it is not of version 2",
        E::UnsupportedDeltaCrl => "it has only the changes since another list",
        E::UnsupportedIndirectCrl => "it is about the certificates of other issuers",
        E::UnsupportedCriticalExtension => "it has a critical extension that is not known here",
        E::UnsupportedRevocationReason => "it has a reason that is not known here",
        E::InvalidCrlNumber | E::InvalidSerialNumber => "a number in it is malformed",
        E::UnsupportedCrlIssuingDistributionPoint => {
            "the part of the certificates that it is about is not known here"
        }
        _ => "it is malformed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// None of them is made by a well-known CA: the path builder's errors stand for them.
    #[test]
    fn a_list_that_is_not_supported_says_why() {
        use webpki::Error as E;
        for (error, why) in [
            (E::UnsupportedCrlVersion, "version 2"),
            (E::UnsupportedDeltaCrl, "only the changes"),
            (E::UnsupportedIndirectCrl, "certificates of other issuers"),
            (E::UnsupportedCriticalExtension, "critical extension"),
            (E::UnsupportedRevocationReason, "a reason that is not known"),
            (E::InvalidCrlNumber, "a number in it is malformed"),
            (E::InvalidSerialNumber, "a number in it is malformed"),
            (
                E::UnsupportedCrlIssuingDistributionPoint,
                "part of the certificates",
            ),
            (E::BadDer, "it is malformed"),
        ] {
            assert!(words(&error).contains(why), "{error:?}: {}", words(&error));
        }
    }

    #[test]
    fn c23_what_is_no_list_is_refused() {
        let mut crls = Crls::default();
        for bad in [
            &b""[..],
            b"x",
            b"\x30",
            b"\x30\x80",
            b"\x30\x03\x02\x01\x01",
            b"-----BEGIN X509 CRL-----\nMAMCAQE=\n-----END X509 CRL-----\n",
            b"-----BEGIN X509 CRL-----\n!\n-----END X509 CRL-----\n",
            b"-----BEGIN X509 CRL-----\n",
        ] {
            let why = crls.add(bad).unwrap_err();
            let read = "holds a list that can't be read (it is malformed)";
            let others = ["is not well-formed PEM", "is not a revocation list in PEM"];
            let known = why == read || others.iter().any(|other| why.starts_with(other));
            assert!(known, "{bad:?}: {why}");
        }
        assert!(crls.is_empty());
    }
}

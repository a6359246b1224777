//! The signer of a build without DKIM: it can't be made, and each function returns an error.

use std::path::Path;

use crate::error::Error;
use crate::status::Status;

/// Can't be made in this build.
#[derive(Debug, Clone)]
pub struct Signer(());

impl Signer {
    /// # Errors
    /// [`Status::NotBuilt`].
    pub fn new(_domain: &str, _selector: &str, _key: &[u8]) -> Result<Self, Error> {
        Err(not_built())
    }

    /// # Errors
    /// [`Status::NotBuilt`].
    pub fn from_file(_domain: &str, _selector: &str, _path: &Path) -> Result<Self, Error> {
        Err(not_built())
    }

    /// # Errors
    /// [`Status::NotBuilt`].
    pub fn set_lifetime(&mut self, _seconds: Option<u32>) -> Result<(), Error> {
        Err(not_built())
    }

    /// # Errors
    /// [`Status::NotBuilt`].
    pub fn set_fields(&mut self, _names: &str) -> Result<(), Error> {
        Err(not_built())
    }

    /// # Errors
    /// [`Status::NotBuilt`].
    pub fn set_absent_fields(&mut self, _names: &str) -> Result<(), Error> {
        Err(not_built())
    }
}

fn not_built() -> Error {
    let why = "can't be made: this build of the library has no DKIM (feature \"dkim\")";
    Error::argument(Status::NotBuilt, "signer", why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_without_dkim_says_so() {
        let mut signer = Signer(());
        for error in [
            Signer::new("a.b", "s", b"").unwrap_err(),
            Signer::from_file("a.b", "s", Path::new("key.pem")).unwrap_err(),
            signer.set_lifetime(Some(1)).unwrap_err(),
            signer.set_fields("to").unwrap_err(),
            signer.set_absent_fields("cc").unwrap_err(),
        ] {
            assert_eq!(error.status(), Status::NotBuilt);
            assert!(error.to_string().contains("has no DKIM"));
        }
    }
}

//! The options of the trust policy.

use clap::{Args, ValueHint};
use secsmtp::error::Error;
use secsmtp::status::Status;
use secsmtp::trust::Policy;

use crate::failure::OfOption as _;

/// The servers to trust: of one kind any entry may match, and each kind that is given must match.
#[derive(Debug, Args)]
#[command(next_help_heading = "Trust")]
pub(crate) struct Trust {
    /// Pin: key of the server or of an issuer, as `secsmtp probe` prints it; repeatable
    ///
    /// The SHA-256 hash of the public key, as sha256//BASE64 or as 64 hexadecimal digits; several may
    /// stand in one value, separated by semicolons. With pins alone the key decides, not the name and
    /// the dates of the certificate, unless --strict is given.
    #[arg(long = "pin", value_name = "sha256//BASE64")]
    pins: Vec<String>,

    /// Pin the key in this file, a certificate or a public key; repeatable
    #[arg(long = "pin-of", value_name = "FILE", value_hint = ValueHint::FilePath)]
    key_files: Vec<String>,

    /// Pins of the server in a file of known mail servers; repeatable
    ///
    /// The file that `secsmtp probe --learn` writes. It must have a pin for HOST and the port.
    #[arg(long = "pin-file", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pin_files: Vec<String>,

    /// Trust the CA certificates in this file (PEM or DER); repeatable
    #[arg(long = "ca-file", value_name = "FILE", value_hint = ValueHint::FilePath)]
    ca_files: Vec<String>,

    /// Trust exactly the certificate in this file (PEM or DER); repeatable
    #[arg(long = "certificate", value_name = "FILE", value_hint = ValueHint::FilePath)]
    certificate_files: Vec<String>,

    /// Trust the CAs that this machine trusts
    #[arg(long)]
    system_roots: bool,

    /// Trust the CAs that Mozilla trusts, as of this release
    #[arg(long)]
    mozilla_roots: bool,

    /// Check name and dates of the certificate with --pin or --certificate too
    #[arg(long)]
    strict: bool,

    /// Demand revocation lists, those in this file, for each certificate of the path; repeatable
    #[arg(long = "crl-file", value_name = "FILE", value_hint = ValueHint::FilePath)]
    crl_files: Vec<String>,
}

impl Trust {
    /// The policy for a server.
    pub(crate) fn policy(&self, server: &str, port: u16) -> Result<Policy, Error> {
        let mut policy = Policy::new();
        for path in &self.ca_files {
            policy.add_ca_file(path).of_option("--ca-file")?;
        }
        for path in &self.certificate_files {
            policy
                .add_certificate_file(path)
                .of_option("--certificate")?;
        }
        for pin in &self.pins {
            policy.add_pin(pin).of_option("--pin")?;
        }
        for path in &self.key_files {
            policy.add_pin_file(path).of_option("--pin-of")?;
        }
        for path in &self.pin_files {
            policy.add_known_servers(path, server, port)?;
        }
        for path in &self.crl_files {
            policy.add_crl_file(path).of_option("--crl-file")?;
        }
        policy.strict = self.strict;
        if self.system_roots {
            policy.add_system_roots().of_option("--system-roots")?;
        }
        if self.mozilla_roots {
            policy.add_mozilla_roots();
        }
        Ok(policy)
    }
}

/// The error of a policy that trusts no server, in the words of the command line.
pub(crate) fn check(policy: &Policy) -> Result<(), Error> {
    if !policy.is_empty() {
        return Ok(());
    }
    Err(Error::argument(
        Status::NoTrust,
        "--pin, --ca-file or another option of the group Trust",
        "is missing; secsmtp probe shows what to pin",
    ))
}

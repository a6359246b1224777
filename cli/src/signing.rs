//! The options that sign a message (DKIM).

use std::path::PathBuf;

use clap::{Args, ValueHint};
use secsmtp::error::Error;
use secsmtp::message::Signer;

use crate::failure::OfOption as _;

/// The signers: for each signature a key and a selector, and a domain for each or one for all.
#[derive(Debug, Args)]
#[command(next_help_heading = "Signing (DKIM)")]
pub(crate) struct Signing {
    /// Private key: RSA of 2048 to 4096 bits or Ed25519, PEM or DER; repeatable
    ///
    /// For several signatures each has its --dkim-key and --dkim-selector, in the same order, and its
    /// --dkim-domain, or one domain is for all.
    #[arg(long = "dkim-key", value_name = "FILE", value_hint = ValueHint::FilePath)]
    keys: Vec<PathBuf>,

    /// Name under which the domain publishes the public key; repeatable
    #[arg(long = "dkim-selector", value_name = "NAME")]
    selectors: Vec<String>,

    /// Domain that signs; repeatable
    #[arg(long = "dkim-domain", value_name = "DOMAIN")]
    domains: Vec<String>,

    /// Fields that are signed as absent, so that adding one breaks the signature
    ///
    /// Names of header fields, separated by colons. By default Cc and Reply-To where the message has
    /// none; '' for none.
    #[arg(long = "dkim-absent-fields", value_name = "NAMES")]
    absent_fields: Option<String>,
}

impl Signing {
    /// Options that need each other.
    pub(crate) fn check(&self) -> Result<(), String> {
        let (keys, domains) = (self.keys.len(), self.domains.len());
        if keys == 0 && self.absent_fields.is_some() {
            return Err("--dkim-absent-fields needs --dkim-key".to_owned());
        }
        if keys != self.selectors.len() || (domains != keys && (domains != 1 || keys == 0)) {
            return Err(
                "each --dkim-key needs a --dkim-selector, and a --dkim-domain or one for all"
                    .to_owned(),
            );
        }
        Ok(())
    }

    /// The signers, in the order given.
    pub(crate) fn signers(&self) -> Result<Vec<Signer>, Error> {
        self.each()
            .map(|(domain, selector, key)| {
                let mut signer = Signer::from_file(domain, selector, key)?;
                if let Some(names) = &self.absent_fields {
                    let set = signer.set_absent_fields(names);
                    set.of_option("--dkim-absent-fields")?;
                }
                Ok(signer)
            })
            .collect()
    }

    /// Domain, selector and key of each signature.
    fn each(&self) -> impl Iterator<Item = (&str, &str, &PathBuf)> {
        let last = self.domains.last().into_iter().cycle();
        let domains = self.domains.iter().chain(last);
        let keys = self.selectors.iter().zip(&self.keys);
        domains
            .zip(keys)
            .map(|(domain, (selector, key))| (domain.as_str(), selector.as_str(), key))
    }
}

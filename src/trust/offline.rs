//! The verdict on a chain in a file: the same as in a handshake, without a network.

use std::fmt;

use rustls::pki_types::UnixTime;

use super::certificate::{Certificate, describe_chain, read};
use super::host::Host;
use super::policy::{Policy, ROOM_OF_CERTIFICATES};
use super::rejection::Rejection;
use super::verdict::{TrustBasis, verify_chain};
use crate::error::Error;
use crate::memory;
use crate::status::Status;

/// What the policy makes of a chain.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// Believed for what, or not and why.
    pub judgement: Result<TrustBasis, Box<Rejection>>,
    /// The chain in words, leaf first.
    pub certificates: Vec<Certificate>,
}

/// Judges a chain in PEM, leaf first (or a single certificate in DER). That somebody holds the
/// leaf's key is what only a handshake proves.
///
/// # Errors
/// [`Status::Certificate`] if there is no chain to be read; a chain that is not believed is no
/// error.
pub fn verify_pem(
    policy: &Policy,
    host: &Host,
    pem: &[u8],
    at: UnixTime,
) -> Result<Verdict, Error> {
    memory::check(pem.len(), ROOM_OF_CERTIFICATES)?;
    let chain = read(pem).map_err(|why| Error::argument(Status::Certificate, "chain", why))?;
    let judgement = verify_chain(policy, host, &chain, at);
    Ok(Verdict {
        judgement,
        certificates: describe_chain(&chain),
    })
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.judgement {
            Err(rejection) => write!(f, "{rejection}"),
            Ok(basis) => {
                match basis.matched_pin {
                    Some(pin) => {
                        write!(f, "The policy believes this chain; the pin {pin} matches.")?
                    }
                    None => f.write_str("The policy believes this chain.")?,
                }
                basis
                    .remarks
                    .iter()
                    .try_for_each(|remark| write!(f, " Worth knowing: {remark}."))
            }
        }
    }
}

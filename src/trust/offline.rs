//! The verdict on a chain in a file: as in a handshake, without a network.

use std::fmt;

use rustls::pki_types::UnixTime;

use super::certificate::{Certificate, describe_chain, read};
use super::host::Host;
use super::policy::{Policy, ROOM_OF_CERTIFICATES};
use super::rejection::Rejection;
use super::verdict::{TrustBasis, verify_chain};
use crate::argument::InvalidArgument;
use crate::memory;
use crate::status::Status;

/// The policy's verdict on a chain.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// The basis of the trust, or the reason of the rejection.
    pub judgement: Result<TrustBasis, Box<Rejection>>,
    /// The descriptions of the chain, leaf first.
    pub certificates: Vec<Certificate>,
}

/// Verifies a chain in PEM, leaf first (or a single certificate in DER). Only a handshake proves
/// that the peer holds the leaf's key.
///
/// # Errors
/// [`Status::Certificate`] if no chain can be parsed; a chain that is not trusted is no error.
pub fn verify_pem(
    policy: &Policy,
    host: &Host,
    pem: &[u8],
    at: UnixTime,
) -> Result<Verdict, InvalidArgument> {
    memory::check(pem.len(), ROOM_OF_CERTIFICATES)
        .map_err(|_| InvalidArgument::out_of_memory("chain"))?;
    let chain = read(pem).map_err(|why| InvalidArgument::new(Status::Certificate, "chain", why))?;
    let judgement = verify_chain(policy, host, &chain, at);
    Ok(Verdict {
        judgement,
        certificates: describe_chain(&chain),
    })
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.judgement {
            Err(rejection) => write!(f, "The policy rejects this chain: {rejection}"),
            Ok(basis) => {
                match basis.matched_pin {
                    Some(pin) => write!(f, "The policy trusts this chain: the pin {pin} matches.")?,
                    None => f.write_str("The policy trusts this chain.")?,
                }
                basis
                    .remarks
                    .iter()
                    .try_for_each(|remark| write!(f, " Note: {remark}."))
            }
        }
    }
}

//! Upgrades a clear-text channel to a verified one, or to that of a probe.

use std::sync::Arc;

use crate::channel;
use crate::channel::{Cleartext, Probed, Verified};
use crate::channel::{HandshakeFault, ProbeSetup, Setup};
use crate::error::{Cause, Error, Peer, Stage};
use crate::log::Level;
use crate::net::Transport;

use super::opening::Opening;

/// Runs the handshake and verifies the peer.
///
/// # Errors
/// The peer is not the expected one.
pub fn upgrade<T: Transport>(
    clear: Cleartext<T>,
    setup: &Setup,
    opening: &mut Opening<'_, '_>,
) -> Result<Verified<T>, Error> {
    opening.enter(Stage::Tls);
    let verified = channel::verify(clear, setup, opening.deadline())
        .map_err(|fault| failed(fault, opening))?;
    describe(verified.peer(), opening);
    if let Some(pin) = verified.basis().matched_pin {
        opening.say(Level::Info, || format!("the pin {pin} matches"));
    }
    for remark in &verified.basis().remarks {
        opening.say(Level::Warning, || format!("note: {remark}"));
    }
    opening.say(Level::Info, || "encrypted and verified".to_owned());
    Ok(verified)
}

/// Runs the handshake with any peer.
///
/// # Errors
/// TLS was not established.
pub fn upgrade_probe<T: Transport>(
    clear: Cleartext<T>,
    setup: &ProbeSetup,
    opening: &mut Opening<'_, '_>,
) -> Result<Probed<T>, Error> {
    opening.enter(Stage::Tls);
    let probed =
        channel::probe(clear, setup, opening.deadline()).map_err(|fault| failed(fault, opening))?;
    describe(probed.peer(), opening);
    opening.say(Level::Info, || {
        "encrypted, not verified (a probe)".to_owned()
    });
    Ok(probed)
}

fn describe(peer: &Peer, opening: &mut Opening<'_, '_>) {
    opening.say(Level::Info, || {
        let leaf = peer
            .spki
            .first()
            .map(ToString::to_string)
            .unwrap_or_default();
        format!(
            "TLS {}, {}, key of the certificate {leaf}",
            peer.tls_version, peer.cipher_suite
        )
    });
    opening.record.peer = Some(Arc::new(peer.clone()));
}

fn failed(fault: HandshakeFault, opening: &mut Opening<'_, '_>) -> Error {
    match fault {
        HandshakeFault::Channel(fault) => opening.fault(fault),
        HandshakeFault::NotTls(sample) => opening.fail(Cause::NotTls { sample }),
        HandshakeFault::Tls(detail) => opening.fail(Cause::Handshake { detail }),
        HandshakeFault::Random => opening.fail(Cause::Random),
        HandshakeFault::Untrusted(rejection) => {
            let spki = rejection.chain.iter().map(|c| c.spki).collect();
            opening.record.peer = Some(Arc::new(Peer {
                spki,
                ..Peer::default()
            }));
            opening.fail(Cause::Untrusted(rejection))
        }
    }
}

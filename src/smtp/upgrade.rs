//! Upgrades a clear-text channel to a verified one, or to that of a probe.

use std::sync::Arc;

use crate::channel;
use crate::channel::{Cleartext, Probed, Verified};
use crate::channel::{HandshakeFault, ProbeSetup, Setup};
use crate::error::{Cause, Error, Peer, Stage};
use crate::log::Level;
use crate::net::Transport;

use super::context::Context;

/// Runs the handshake and verifies the peer.
///
/// # Errors
/// The peer is not the expected one.
pub fn upgrade<T: Transport>(
    clear: Cleartext<T>,
    setup: &Setup,
    cx: &mut Context<'_>,
) -> Result<Verified<T>, Error> {
    cx.enter(Stage::Tls);
    let verified =
        channel::verify(clear, setup, cx.deadline()).map_err(|fault| failed(fault, cx))?;
    describe(verified.peer(), cx);
    if let Some(pin) = verified.basis().matched_pin {
        cx.say(Level::Info, || format!("the pin {pin} matches"));
    }
    for remark in &verified.basis().remarks {
        cx.say(Level::Warning, || format!("note: {remark}"));
    }
    cx.say(Level::Info, || "encrypted and verified".to_owned());
    Ok(verified)
}

/// Runs the handshake with any peer.
///
/// # Errors
/// TLS was not established.
pub fn upgrade_probe<T: Transport>(
    clear: Cleartext<T>,
    setup: &ProbeSetup,
    cx: &mut Context<'_>,
) -> Result<Probed<T>, Error> {
    cx.enter(Stage::Tls);
    let probed = channel::probe(clear, setup, cx.deadline()).map_err(|fault| failed(fault, cx))?;
    describe(probed.peer(), cx);
    cx.say(Level::Info, || {
        "encrypted, not verified (a probe)".to_owned()
    });
    Ok(probed)
}

fn describe(peer: &Peer, cx: &mut Context<'_>) {
    cx.say(Level::Info, || {
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
    cx.record.peer = Some(Arc::new(peer.clone()));
}

fn failed(fault: HandshakeFault, cx: &mut Context<'_>) -> Error {
    match fault {
        HandshakeFault::Channel(fault) => cx.fault(fault),
        HandshakeFault::NotTls(sample) => cx.fail(Cause::NotTls { sample }),
        HandshakeFault::Tls(detail) => cx.fail(Cause::Handshake { detail }),
        HandshakeFault::Random => cx.fail(Cause::Random),
        HandshakeFault::Untrusted(rejection) => {
            let spki = rejection.chain.iter().map(|c| c.spki).collect();
            cx.record.peer = Some(Arc::new(Peer {
                spki,
                ..Peer::default()
            }));
            cx.fail(Cause::Untrusted(rejection))
        }
    }
}

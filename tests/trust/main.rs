//! The trust decision of the client: every kind of wrong certificate, in both TLS modes, through the real
//! client, with what the peer received as the witness. Ids are those of the attack catalogue.
#![allow(
    clippy::print_stderr,
    reason = "a test that lacks its oracle says so in a plain line"
)]

mod authority;
mod c_interface;
mod explain;
mod forged_signature;
mod handshakes;
mod identity;
mod known_servers;
mod matrix;
mod matrix_anchors;
mod matrix_anchors_and_pins;
mod matrix_certificates;
mod matrix_names;
mod matrix_pins;
mod matrix_revocation;
mod oracle;
#[path = "../support/random.rs"]
mod random;
mod resumption;
mod strict;
mod weak;
mod world;

//! Pure functions and small machines over bytes: no socket, no clock, nothing kept but what is
//! handed in. Everything that comes from the network is parsed here, within caps.

#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)
)]

pub mod address;
pub mod command;
pub mod content;
#[cfg(feature = "dkim")]
pub mod dkim;
pub mod ehlo;
pub mod header;
pub mod idn;
pub mod lines;
pub mod mailbox;
pub mod options;
pub mod reply;
pub mod sasl;
pub mod show;
pub mod transaction;
pub(crate) mod x509;

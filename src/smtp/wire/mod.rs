//! The bytes of SMTP: replies and EHLO parsed, commands and DATA encoded. No socket, no clock, no state
//! but what is handed in; everything that comes from the network is parsed here, within caps.

#![cfg_attr(
    not(test),
    deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)
)]

pub mod command;
pub mod data_encoder;
pub mod ehlo;
pub mod reply;
pub mod transaction_commands;

//! The C ABI: one file per C noun, and the four that each of them uses: `guard`, `handle`,
//! `arg` and `text`. The only place with `unsafe`.
//!
//! The doc comments of exported items become the header; what concerns Rust alone stands in plain
//! comments. Every exported function is one call of a guard, written out, because the header's
//! generator does not see what a macro makes.

#![deny(unsafe_op_in_unsafe_fn, clippy::undocumented_unsafe_blocks)]
#![cfg_attr(
    not(test),
    deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)
)]
#![expect(non_camel_case_types, reason = "the names of the C types")]
#![expect(
    clippy::missing_safety_doc,
    reason = "the header's own words: ownership, threads, errors"
)]

mod arg;
mod callback;
mod descriptor;
mod fork;
mod guard;
mod handle;
mod pin;
mod text;

pub mod batch;
pub mod client;
pub mod constants;
pub mod credential;
pub mod error;
pub mod event;
pub mod job;
pub mod known_servers;
pub mod library;
pub mod lookup;
pub mod message;
pub mod message_body;
pub mod message_content;
pub mod message_fields;
pub mod message_options;
pub mod message_preview;
pub mod part;
pub mod policy;
pub mod policy_pins;
pub mod policy_tls;
pub mod reader;
pub mod receipt;
pub mod report;
pub mod secret_request;
pub mod signer;

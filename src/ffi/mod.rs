//! The C ABI: one file for each type of handle, and the files that all of them use. `arguments` converts
//! what a caller passes, `boundary` catches panics and turns errors into numbers, `handle` finds the object
//! of a handle. The only module with `unsafe`.
//!
//! The doc comments of exported items become the header; what concerns Rust alone is in plain comments.
//! Every exported function is one call of `boundary`. The getters are made from `getters.txt`; all other
//! functions are written out, because the header's generator does not see what a macro makes.

#![deny(unsafe_op_in_unsafe_fn, clippy::undocumented_unsafe_blocks)]
#![cfg_attr(
    not(test),
    deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)
)]
#![expect(non_camel_case_types, reason = "the names of the C types")]

mod boundary;
mod callback;
mod descriptor;
mod fork;
mod handle;
mod handle_table;
mod pin;
mod text;

pub mod arguments;
pub mod batch;
pub mod client;
pub mod client_object;
pub mod constants;
pub mod credential;
pub mod error;
pub mod error_object;
pub mod event;
#[rustfmt::skip]
pub mod getters;
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

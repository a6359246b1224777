//! The SMTP client (RFC 5321, RFC 6409): what may be sent over which channel.
//!
//! [`Session`] is typed by its channel: over [`crate::channel::Cleartext`] there are `starttls` and
//! `quit`, over [`crate::channel::Probed`] there is `quit`; `authenticate` and `send_all` exist over
//! [`crate::channel::Verified`] alone. After the login, `pipeline` is the protocol without I/O, with
//! one `transaction` a message, and `driver` moves the bytes.

#![forbid(unsafe_code)]

mod auth;
mod content;
mod context;
mod driver;
mod limits;
mod parameters;
mod pipeline;
mod redactor;
mod session;
mod stream;
mod transaction;
mod upgrade;
pub mod wire;

pub use context::Context;
pub use session::Session;
pub use stream::{MessageStream, NextMessage, StreamEnd, Window};
pub use upgrade::{upgrade, upgrade_probe};

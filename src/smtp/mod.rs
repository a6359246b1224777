//! The SMTP client (RFC 5321, RFC 6409): what may be sent over which channel.
//!
//! [`Session`] is typed by its channel: over [`crate::channel::Cleartext`] there are `starttls` and
//! `quit`, over [`crate::channel::Probed`] there is `quit`; `authenticate` and `send_all` exist over
//! [`crate::channel::Verified`] alone. Until the login is over, [`Opening`] has what is known of the
//! connection. After the login, `pipeline` is the protocol without I/O, with one `transaction` a message;
//! `pipeline_io` moves its bytes over the channel, and `driver` takes messages, waits, and reports.

#![forbid(unsafe_code)]

mod auth;
mod closing;
mod content;
mod content_progress;
mod context;
mod driver;
mod limits;
mod opening;
mod parameters;
mod pipeline;
mod pipeline_io;
mod redactor;
mod session;
mod stage_timer;
mod stream;
mod transaction;
mod upgrade;
pub mod wire;

pub use context::Context;
pub use opening::{ConnectionRecord, Opening};
pub use session::Session;
pub use stream::{MessageStream, NextMessage, StreamEnd, Window};
pub use upgrade::{upgrade, upgrade_probe};

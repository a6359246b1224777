//! The typed session: what may be said over which channel.
//!
//! Over [`crate::channel::Cleartext`] there are `starttls` and `quit`; over
//! [`crate::channel::Probed`] there is `quit`; `authenticate` and `transaction` exist over
//! [`crate::channel::Verified`] alone.

#![forbid(unsafe_code)]

mod auth;
mod content;
mod context;
mod envelope;
mod flight;
mod limits;
mod outcomes;
mod owners;
mod pipeline;
mod session;
mod stream;
mod transaction;
mod upgrade;

pub use context::Context;
pub use owners::Owners;
pub use session::Session;
pub use stream::{Ended, Next, Sink, Window};
pub use upgrade::{upgrade, upgrade_probe};

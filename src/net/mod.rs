//! Name look-up, connecting, and waiting for a socket: the only module that does these.

#![forbid(unsafe_code)]

#[cfg(unix)]
mod beacon;
mod dial;
mod resolve;
mod transport;
mod wait;

#[cfg(unix)]
pub use beacon::Beacon;
pub use dial::dial;
pub use resolve::resolve;
#[cfg(unix)]
pub(crate) use resolve::{Guard as LookupsGuard, hold as hold_lookups};
pub use transport::{Interest, TcpTransport, Transport};
pub use wait::{Canceller, WaitEnd, Waiter};

//! Local peers of the tests, the demo and the benches, all of them on 127.0.0.1.
//!
//! [`ReferenceServer`] is a submission server that keeps what it was given, [`Hotel`] is the mail proxy
//! in the middle, [`Scripted`] plays a fixed list of steps, and [`Pki`] makes their certificates.
//! Everything runs on threads and blocking sockets, and stops when its handle is dropped.

mod cert_spec;
mod hotel;
mod leaks;
mod listen;
mod pki;
mod record;
mod reference;
mod script;
mod scripted;
mod tls;
mod wire;

pub use cert_spec::{CertSpec, KeyKind};
pub use hotel::{Hotel, HotelConfig, Trick};
pub use leaks::Leaks;
pub use listen::ClosedPort;
pub use pki::{CertKind, Pki, ServerIdentity};
pub use record::SessionRecord;
pub use reference::{Ending, Mail, ReferenceConfig, ReferenceServer};
pub use script::{Script, Text};
pub use scripted::{Responder, Scripted, Signal, Step};
pub use tls::TlsVersions;

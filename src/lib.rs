//! Submits mail (RFC 6409, RFC 8314) to a server that its caller named, over a TLS channel whose peer is
//! verified first, or returns an error that says what failed and what left this machine.
//!
//! ```
//! use std::sync::Arc;
//!
//! use secsmtp::{Client, Credential, Field, Log, Message, Outcome, Policy};
//! # use secsmtp_testservers::{CertKind, Pki, ReferenceConfig, ReferenceServer};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let pki = Pki::new(&["mail.test"]);
//! # let mut config = ReferenceConfig::new(pki.identity());
//! # config.users = vec![("alice".to_owned(), "correct horse".to_owned())];
//! # let server = ReferenceServer::start(config)?;
//! # let (address, pin) = (server.implicit_addr(), pki.spki_pin(CertKind::Leaf));
//!
//! let mut policy = Policy::new(); // trusts no server
//! policy.add_pin(&pin)?; // "sha256//...": the key of the server, confirmed out of band
//! let client = Client::new("mail.test", 0, &policy)?;
//! client.set_credential(Some(Arc::new(Credential::password("alice", b"correct horse")?)));
//! # client.set_connect(&address.ip().to_string(), address.port().into())?;
//!
//! let mut message = Message::new();
//! message.add_address(Field::From, "alice@mail.test", "Alice")?;
//! message.add_address(Field::To, "bob@mail.test", "")?;
//! message.set_subject("Hello")?;
//! message.set_text("Sent over a channel that was verified first.\n");
//!
//! let record = client.send(&message, Log::off())?;
//! assert_eq!(record.outcome, Outcome::Accepted);
//! assert_eq!(record.peer.and_then(|peer| peer.matched_pin).map(|pin| pin.to_string()), Some(pin));
//! # assert_eq!(server.mail_count(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! ## Guarantees
//!
//! - Before the peer is verified EHLO, STARTTLS and QUIT are written, and nothing else. No setting,
//!   environment variable or feature changes that; see [below](#what-the-types-forbid).
//! - A [`Policy`] trusts what was added to it. An empty one sends nothing. Each kind that is given must hold.
//! - A send ends as `accepted`, `not_sent`, `refused` or `unknown` ([`Outcome`]). After `not_sent` or `refused`,
//!   sending again can't deliver twice; after `unknown` it may. [`Error::retry`] says what to do.
//! - No message is accepted twice by a retry of the library, and no secret is in a log, error or record.
//!
//! **Threads.** [`Client`] is `Send` and `Sync`, and sends from several threads at a time. A call blocks its
//! thread; [`Client::cancel`] ends it from another. Look-ups of names, further connections of a batch and
//! workers of [`jobs`] have threads of their own.
//!
//! **Errors.** An [`Error`] has a [`Cause`] and a [`Record`] of what is known. Its text says what failed,
//! what left this machine and what to do. [`Error::status`] is the number that every language has. A bad
//! argument is an [`InvalidArgument`], which becomes an [`Error`] by `?`.
//!
//! ## What the types forbid
//!
//! Before the peer is verified a session offers STARTTLS and QUIT, nothing else. Each pair below is
//! a misuse that does not compile, and its twin that does.
//!
//! No login over a clear channel:
//! ```compile_fail,E0599
//! use secsmtp::{channel::Cleartext, credential::Credential, net::TcpTransport, smtp::{Opening, Session}};
//! fn f(s: &mut Session<Cleartext<TcpTransport>>, opening: &mut Opening<'_, '_>, c: &Credential) {
//!     let _ = s.authenticate(opening, c);
//! }
//! ```
//! ```
//! use secsmtp::{channel::Verified, credential::Credential, net::TcpTransport, smtp::{Opening, Session}};
//! fn f(s: &mut Session<Verified<TcpTransport>>, opening: &mut Opening<'_, '_>, c: &Credential) {
//!     let _ = s.authenticate(opening, c);
//! }
//! ```
//!
//! No address and no content over a clear channel:
//! ```compile_fail,E0599
//! use secsmtp::{channel::Cleartext, error::Record, net::TcpTransport, smtp::{Context, MessageStream, Session, Window}};
//! fn f(s: &mut Session<Cleartext<TcpTransport>>, cx: &mut Context<'_>, m: &dyn MessageStream) {
//!     let _ = s.send_all(cx, Window::default(), m, Record::default());
//! }
//! ```
//! ```
//! use secsmtp::{channel::Verified, error::Record, net::TcpTransport, smtp::{Context, MessageStream, Session, Window}};
//! fn f(s: &mut Session<Verified<TcpTransport>>, cx: &mut Context<'_>, m: &dyn MessageStream) {
//!     let _ = s.send_all(cx, Window::default(), m, Record::default());
//! }
//! ```
//!
//! No message that is not complete: what is sent has been prepared.
//! ```compile_fail,E0308
//! use secsmtp::{message::Message, smtp::NextMessage};
//! fn f(message: Message) -> NextMessage { NextMessage::Message(0, message) }
//! ```
//! ```
//! use secsmtp::{error::Error, message::Message, smtp::NextMessage};
//! fn f(message: Message) -> Result<NextMessage, Error> { Ok(NextMessage::Message(0, message.prepare()?)) }
//! ```
//!
//! No login over the channel of a probe, whose peer is not verified:
//! ```compile_fail,E0599
//! use secsmtp::{channel::Probed, credential::Credential, net::TcpTransport, smtp::{Opening, Session}};
//! fn f(s: &mut Session<Probed<TcpTransport>>, opening: &mut Opening<'_, '_>, c: &Credential) {
//!     let _ = s.authenticate(opening, c);
//! }
//! ```
//! ```
//! use secsmtp::{channel::Probed, net::TcpTransport, smtp::{Context, Session}};
//! fn f(s: Session<Probed<TcpTransport>>, cx: &mut Context<'_>) {
//!     s.quit(cx);
//! }
//! ```
//!
//! No arbitrary bytes over any channel: only a session writes to it.
//! ```compile_fail,E0599
//! use secsmtp::{channel::Cleartext, deadline::Deadline, net::TcpTransport};
//! fn f(c: &mut Cleartext<TcpTransport>) { let _ = c.send(b"AUTH PLAIN", Deadline::NEVER); }
//! ```
//! ```compile_fail,E0599
//! use secsmtp::{channel::Probed, deadline::Deadline, net::TcpTransport};
//! fn f(c: &mut Probed<TcpTransport>) { let _ = c.send(b"AUTH PLAIN", Deadline::NEVER); }
//! ```
//! ```compile_fail,E0603
//! use secsmtp::channel::Channel;
//! ```
//! ```
//! use secsmtp::{channel::Cleartext, net::TcpTransport, smtp::{Opening, Session}};
//! fn f(c: Cleartext<TcpTransport>, opening: &mut Opening<'_, '_>) {
//!     let _ = Session::<Cleartext<TcpTransport>>::open(c, opening);
//! }
//! ```
//!
//! A secret is readable only with a verified channel:
//! ```compile_fail,E0277
//! use secsmtp::{channel::Cleartext, net::TcpTransport, support::secret::Secret};
//! fn f(secret: &Secret, c: &Cleartext<TcpTransport>) -> usize { secret.expose(c, |s| s.len()) }
//! ```
//! ```
//! use secsmtp::{channel::Verified, net::TcpTransport, support::secret::Secret};
//! fn f(secret: &Secret, c: &Verified<TcpTransport>) -> usize { secret.expose(c, |s| s.len()) }
//! ```
//!
//! A secret can't be requested without one:
//! ```compile_fail,E0277
//! use secsmtp::{channel::Cleartext, credential::*, deadline::Deadline, net::TcpTransport};
//! fn f(c: &mut Cleartext<TcpTransport>, p: &dyn SecretProvider, meant: SecretContext<'_>) {
//!     let _ = p.secret(&mut SecretRequest::new(c, Deadline::NEVER, meant));
//! }
//! ```
//! ```
//! use secsmtp::{channel::Verified, credential::*, deadline::Deadline, net::TcpTransport};
//! fn f(c: &mut Verified<TcpTransport>, p: &dyn SecretProvider, meant: SecretContext<'_>) {
//!     let _ = p.secret(&mut SecretRequest::new(c, Deadline::NEVER, meant));
//! }
//! ```
//!
//! A secret can be neither printed nor copied:
//! ```compile_fail,E0277
//! let s = secsmtp::support::secret::Secret::new(b"x");
//! println!("{s}");
//! ```
//! ```compile_fail,E0599
//! let s = secsmtp::support::secret::Secret::new(b"x");
//! let t = s.clone();
//! ```
//! ```
//! let s = secsmtp::support::secret::Secret::new(b"x");
//! assert_eq!(format!("{s:?}"), "Secret(not shown)");
//! ```
//!
//! A verified channel can't be built by hand, only by the handshake, which takes the clear channel; nor can that of
//! a probe:
//! ```compile_fail,E0451
//! use secsmtp::{channel::Verified, net::TcpTransport};
//! fn f(other: Verified<TcpTransport>) -> Verified<TcpTransport> { Verified { ..other } }
//! ```
//! ```compile_fail,E0451
//! use secsmtp::{channel::Probed, net::TcpTransport};
//! fn f(other: Probed<TcpTransport>) -> Probed<TcpTransport> { Probed { ..other } }
//! ```
//! ```
//! use secsmtp::{channel::{Cleartext, Verified}, net::TcpTransport, smtp::Opening, channel::Setup};
//! fn f(c: Cleartext<TcpTransport>, setup: &Setup, opening: &mut Opening<'_, '_>)
//!     -> Result<Verified<TcpTransport>, secsmtp::error::Error> {
//!     secsmtp::smtp::upgrade(c, setup, opening)
//! }
//! ```
//!
//! After STARTTLS the clear session is gone:
//! ```compile_fail,E0382
//! use secsmtp::{channel::Cleartext, net::TcpTransport, smtp::{Context, Opening, Session}, channel::Setup};
//! fn f(s: Session<Cleartext<TcpTransport>>, setup: &Setup, opening: &mut Opening<'_, '_>, cx: &mut Context<'_>) {
//!     let _ = s.starttls(opening, setup, None);
//!     s.quit(cx);
//! }
//! ```
//! ```
//! use secsmtp::{channel::Cleartext, net::TcpTransport, smtp::{Context, Opening, Session}, channel::Setup};
//! fn f(s: Session<Cleartext<TcpTransport>>, setup: &Setup, opening: &mut Opening<'_, '_>, cx: &mut Context<'_>) {
//!     if let Ok(verified) = s.starttls(opening, setup, None) {
//!         verified.quit(cx);
//!     }
//! }
//! ```

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable
    )
)]

#[doc(hidden)]
pub mod argument;
#[doc(hidden)]
pub mod channel;
#[doc(hidden)]
pub mod client;
#[doc(hidden)]
pub mod credential;
#[doc(hidden)]
pub mod deadline;
#[doc(hidden)]
pub mod error;
#[allow(
    unsafe_code,
    reason = "the C ABI: raw pointers come in here, and nowhere else"
)]
#[doc(hidden)]
pub mod ffi;
#[doc(hidden)]
pub mod json;
#[doc(hidden)]
pub mod log;
mod memory;
#[doc(hidden)]
pub mod message;
#[doc(hidden)]
pub mod net;
mod process;
#[doc(hidden)]
pub mod sasl;
#[doc(hidden)]
pub mod smtp;
#[doc(hidden)]
pub mod status;
#[doc(hidden)]
pub mod support;
mod sync;
#[doc(hidden)]
pub mod trust;

#[doc(inline)]
pub use argument::InvalidArgument;
#[doc(inline)]
pub use client::{BatchOptions, Client, Rate, Report, jobs};
#[doc(inline)]
pub use credential::{Credential, NoSecret, SecretProvider, SecretRequest};
#[doc(inline)]
pub use deadline::Deadline;
#[doc(inline)]
pub use error::{Cause, Error, Outcome, Peer, Recipient, Record, Retry, ServerReply, Stage};
#[doc(inline)]
pub use log::{Level, Log, Watcher};
#[doc(inline)]
pub use message::{ContentRules, Field, Message, Part, Priority, Signer};
#[doc(inline)]
pub use smtp::Window;
#[doc(inline)]
pub use status::Status;
#[doc(inline)]
pub use support::secret::Secret;
#[doc(inline)]
pub use trust::{
    Certificate, Clock, Host, MinTls, Pin, Policy, Rejection, TlsMode, Verdict, verify_pem,
};

//! # secsmtp
//!
//! Mail submission (RFC 6409, RFC 8314) to the server that the caller named, over a channel that is
//! verified to end there, or an error that reports the cause and what left the machine.
//!
//! Start at [`client::Client`]. The layers below it are public so that their promises can be
//! checked from outside: [`trust`] (which servers the policy accepts), [`channel`] (bytes to a peer,
//! verified or not), [`smtp`] (what may be sent over which channel). `ARCHITECTURE.md` follows one send
//! through them.
//!
//! ## What the types forbid
//!
//! Before the peer is verified a session offers STARTTLS and QUIT, nothing else. Each pair below is
//! a misuse that does not compile, and its twin that does.
//!
//! No login over a clear channel:
//! ```compile_fail,E0599
//! use secsmtp::{channel::Cleartext, credential::Credential, net::TcpTransport, smtp::{Context, Session}};
//! fn f(s: &mut Session<Cleartext<TcpTransport>>, cx: &mut Context<'_>, c: &Credential) {
//!     let _ = s.authenticate(cx, c);
//! }
//! ```
//! ```
//! use secsmtp::{channel::Verified, credential::Credential, net::TcpTransport, smtp::{Context, Session}};
//! fn f(s: &mut Session<Verified<TcpTransport>>, cx: &mut Context<'_>, c: &Credential) {
//!     let _ = s.authenticate(cx, c);
//! }
//! ```
//!
//! No address and no content over a clear channel:
//! ```compile_fail,E0599
//! use secsmtp::{channel::Cleartext, net::TcpTransport, smtp::{Context, MessageStream, Session, Window}};
//! fn f(s: &mut Session<Cleartext<TcpTransport>>, cx: &mut Context<'_>, m: &dyn MessageStream) {
//!     let _ = s.send_all(cx, Window::default(), m);
//! }
//! ```
//! ```
//! use secsmtp::{channel::Verified, net::TcpTransport, smtp::{Context, MessageStream, Session, Window}};
//! fn f(s: &mut Session<Verified<TcpTransport>>, cx: &mut Context<'_>, m: &dyn MessageStream) {
//!     let _ = s.send_all(cx, Window::default(), m);
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
//! use secsmtp::{channel::Probed, credential::Credential, net::TcpTransport, smtp::{Context, Session}};
//! fn f(s: &mut Session<Probed<TcpTransport>>, cx: &mut Context<'_>, c: &Credential) {
//!     let _ = s.authenticate(cx, c);
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
//! use secsmtp::{channel::Cleartext, net::TcpTransport, smtp::{Context, Session}};
//! fn f(c: Cleartext<TcpTransport>, cx: &mut Context<'_>) {
//!     let _ = Session::<Cleartext<TcpTransport>>::open(c, cx);
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
//! A verified channel can't be built by hand, only by the handshake, which takes the clear channel:
//! ```compile_fail,E0423
//! use secsmtp::{channel::{Cleartext, Verified}, net::TcpTransport};
//! fn f(c: Cleartext<TcpTransport>) -> Verified<TcpTransport> { Verified(c) }
//! ```
//! ```
//! use secsmtp::{channel::{Cleartext, Verified}, net::TcpTransport, smtp::Context, channel::Setup};
//! fn f(c: Cleartext<TcpTransport>, setup: &Setup, cx: &mut Context<'_>)
//!     -> Result<Verified<TcpTransport>, secsmtp::error::Error> {
//!     secsmtp::smtp::upgrade(c, setup, cx)
//! }
//! ```
//!
//! After STARTTLS the clear session is gone:
//! ```compile_fail,E0382
//! use secsmtp::{channel::Cleartext, net::TcpTransport, smtp::{Context, Session}, channel::Setup};
//! fn f(s: Session<Cleartext<TcpTransport>>, setup: &Setup, cx: &mut Context<'_>) {
//!     let _ = s.starttls(cx, setup, None);
//!     s.quit(cx);
//! }
//! ```
//! ```
//! use secsmtp::{channel::Cleartext, net::TcpTransport, smtp::{Context, Session}, channel::Setup};
//! fn f(s: Session<Cleartext<TcpTransport>>, setup: &Setup, cx: &mut Context<'_>) {
//!     if let Ok(verified) = s.starttls(cx, setup, None) {
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

pub mod argument;
pub mod channel;
pub mod client;
pub mod credential;
pub mod deadline;
pub mod error;
#[allow(
    unsafe_code,
    reason = "the C ABI: raw pointers come in here, and nowhere else"
)]
pub mod ffi;
pub mod json;
pub mod log;
mod memory;
pub mod message;
pub mod net;
mod process;
pub mod sasl;
pub mod smtp;
pub mod status;
pub mod support;
mod sync;
pub mod trust;

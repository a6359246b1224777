//! A connection in memory: the session's code over a transport that is no socket, a live TLS server
//! at its other end, no thread and no clock. So each byte can be a place to fail, and thousands of
//! sends take seconds.

mod drive;
mod esmtp;
mod peer;
mod sealed;
#[path = "../../support/stream.rs"]
mod stream;
mod transport;
mod verdict;

pub(crate) use drive::{CONTENT, Ended, FROM, HOST, Kept, PASSWORD, TO, USER, World};
pub(crate) use esmtp::{Answer, Esmtp, Point};
pub(crate) use peer::{Act, Dialogue, Peer};
pub(crate) use stream::stream_of;
pub(crate) use transport::{Direction, Fault, Kind, Memory, State};
pub(crate) use verdict::{Shape, expected, is_possible, outcome_of_one};

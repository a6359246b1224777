//! Many messages over one session, the next written while the answers to the former are on their
//! way.
//!
//! MAIL behind BDAT LAST in one group is a step beyond the letter of RFC 2920 and RFC 3030, which
//! known servers take; a window of one message leaves it out. RSET stands before each MAIL whose
//! predecessor is not known to be over: a refused BDAT may leave its transaction open, and what
//! follows would be taken into it.

use std::borrow::Borrow;
use std::time::Instant;

use crate::channel::{Channel as _, Fault, Verified};
use crate::deadline::Deadline;
use crate::error::{Error, Record};
use crate::message::Message;
use crate::net::Transport;

use super::context::Context;
use super::limits::Fit;
use super::pipeline::{Broken, Pipeline};
use super::session::Session;

/// How much may be written before the answers to what was written first are in. When the line
/// breaks, these are the messages whose outcome may be unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Messages; one or none switches streaming off.
    pub messages: usize,
    /// Octets. A message is always begun when nothing else is in flight.
    pub octets: u64,
}

impl Default for Window {
    fn default() -> Self {
        Self {
            messages: 128,
            octets: 1024 * 1024,
        }
    }
}

/// Where outcomes go. One type for all, so that there is one `Pipeline` in the library.
pub type Sink<'a> = dyn FnMut(u64, Result<Record, Error>) + 'a;

/// What is to be sent next.
#[derive(Debug)]
pub enum Next<M> {
    /// A message, and the caller's number for it.
    Message(u64, M),
    /// Nothing yet.
    Nothing,
    /// Nothing before this moment, or a wake-up.
    Later(Instant),
    /// Nothing any more.
    End,
}

impl<M> Next<M> {
    /// Makes another message of the message.
    pub fn map<N>(self, change: impl FnOnce(u64, M) -> N) -> Next<N> {
        match self {
            Self::Message(number, message) => Next::Message(number, change(number, message)),
            Self::Nothing => Next::Nothing,
            Self::Later(at) => Next::Later(at),
            Self::End => Next::End,
        }
    }
}

/// How a stream came to its end.
#[derive(Debug)]
pub enum Ended<M> {
    /// There was nothing any more, and each message has its outcome.
    Done,
    /// There was nothing yet, and each message has its outcome.
    Idle,
    /// The server takes no more over this connection; each message before this one has its outcome.
    Full(u64, M),
    /// The connection can't go on; each message that was begun has its outcome.
    Broken,
}

impl<T: Transport> Session<Verified<T>> {
    /// Sends what `next` gives, and tells `done` of each message what became of it. `next` must not
    /// wait: when it has nothing, it is asked again after each answer and each wake-up.
    ///
    /// The record in `cx` is what each message's record begins with.
    pub fn stream<M: Borrow<Message>>(
        &mut self,
        cx: &mut Context<'_>,
        window: Window,
        mut next: impl FnMut() -> Next<M>,
        done: &mut Sink<'_>,
    ) -> Ended<M> {
        let mut base = std::mem::take(&mut cx.record);
        let mut pipeline = Pipeline::new(self, done, base.reused);
        let ended = pipeline.stream(cx, &mut base, window, &mut next);
        cx.record = base;
        ended.unwrap_or(Ended::Broken)
    }
}

impl<T: Transport, S: FnMut(u64, Result<Record, Error>)> Pipeline<'_, T, S> {
    fn stream<M: Borrow<Message>>(
        &mut self,
        cx: &mut Context<'_>,
        base: &mut Record,
        window: Window,
        next: &mut impl FnMut() -> Next<M>,
    ) -> Result<Ended<M>, Broken> {
        let mut first = true;
        loop {
            if !self.has_room(window) {
                // Down to half, so that what follows fills records again.
                let half = Window {
                    messages: window.messages.div_ceil(2),
                    octets: window.octets / 2,
                };
                self.settle(cx, |pipeline| pipeline.has_room(half))?;
            }
            let (tag, message) = match next() {
                Next::Message(tag, message) => (tag, message),
                Next::Nothing if self.in_flight() > 0 => {
                    self.wait_for_something(cx, Deadline::NEVER)?;
                    continue;
                }
                Next::Later(at) if self.in_flight() > 0 => {
                    self.wait_for_something(cx, Deadline::at(at))?;
                    continue;
                }
                Next::Later(at) if !cx.overall().passed(Instant::now()) => {
                    self.rest(Deadline::at(at).min(cx.overall()))?;
                    continue;
                }
                Next::Later(_) => return Ok(Ended::Idle),
                Next::Nothing => return Ok(Ended::Idle),
                Next::End => {
                    self.settle(cx, |pipeline| pipeline.in_flight() == 0)?;
                    return Ok(Ended::Done);
                }
            };
            let fit = match message.borrow().parts() {
                Ok(parts) => self.fit(parts.recipients),
                Err(_) => Fit::Now, // refused below, with what is missing
            };
            if fit == Fit::Later {
                self.settle(cx, |pipeline| pipeline.in_flight() == 0)?;
                return Ok(Ended::Full(tag, message));
            }
            cx.begin_message(tag, first);
            first = false;
            // Those that were told before their last answer have no patience left to count.
            if self.flights.iter().all(|flight| flight.told) {
                cx.set_overall(cx.until());
            }
            self.send(cx, message.borrow(), base.clone(), tag)?;
            base.reused = true;
        }
    }

    /// Waits with nothing on its way. A server that speaks then has nothing to say but farewell.
    fn rest(&mut self, until: Deadline) -> Result<(), Broken> {
        let channel = &mut self.session.channel;
        let rested = match channel.wait_ready(until) {
            Err(Fault::TimedOut) => Ok(()),
            Ok(()) => channel.receive_ready(Deadline::NEVER),
            fault => fault,
        };
        if rested.is_ok() && channel.pending().is_empty() {
            return Ok(());
        }
        self.session.broken = true;
        Err(Broken)
    }

    fn has_room(&self, window: Window) -> bool {
        match self.in_flight() {
            0 => true,
            count => count < window.messages && self.octets_in_flight() < window.octets,
        }
    }
}

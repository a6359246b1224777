//! The driver of many: messages over one connection, as long as there are any and it is good for
//! more, on whichever thread it is called.

use std::borrow::Borrow;
use std::sync::Arc;

use super::connection::{self, Connection};
use super::core::{Core, about};
use super::jobs::Completion;
use super::site::Settings;
use super::token::Token;
use crate::error::{Cause, Error};
use crate::message::Message;
use crate::net::Canceller;
use crate::smtp::{Context, Ended, Next, Window};

/// Where messages come from, and where outcomes go.
pub(super) trait Load {
    type Message: Borrow<Message>;

    /// Another message for the connection at hand, without waiting for one.
    fn next(&self) -> Next<Self::Message>;

    /// What became of a message.
    fn done(&self, number: u64, completion: Completion);

    /// The connection is at hand from here on; whether it is still wanted for its first message.
    fn board(&self, number: u64, canceller: &Arc<Canceller>) -> bool;

    /// Takes a message back of which a server that had carried others can have taken nothing: it is
    /// sent once more over a fresh connection. False if that is its outcome.
    fn again(&self, number: u64) -> bool {
        let _ = number;
        false
    }
}

/// How messages are carried.
pub(super) struct Way<'a> {
    pub(super) settings: &'a Settings,
    /// Whose call the opening of a connection is.
    pub(super) token: &'a Token,
    pub(super) window: Window,
    /// Not over a connection that was kept.
    pub(super) fresh: bool,
    /// How many connections may be kept.
    pub(super) keep: usize,
}

/// How far it came.
pub(super) enum Carried<M> {
    /// Each message has its outcome.
    Done,
    /// The same, but of this one nothing was said: the server wants it over another connection.
    Left(u64, M),
    /// There was no connection for the first message, whose outcome is to be told.
    Nothing(u64, M, Error),
    /// The connection broke with this; each message has its outcome.
    Broken(Error),
}

impl Core {
    /// Carries a message, and what comes after it, over an idle connection or a fresh one.
    pub(super) fn carry<L: Load>(
        &self,
        load: &L,
        first: (u64, L::Message),
        way: &Way<'_>,
        cx: &mut Context<'_>,
    ) -> Carried<L::Message> {
        let (number, message) = first;
        about(cx, message.borrow());
        let found = match way.fresh {
            true => None,
            false => self.pool.take(&self.site, way.settings),
        };
        let kept = found.is_some();
        let opened = match found {
            Some(connection) => Ok(connection),
            None => self.open(way.settings, way.token, cx),
        };
        let mut connection = match opened {
            Ok(connection) => connection,
            Err(error) => return Carried::Nothing(number, message, error),
        };
        if !load.board(number, connection.canceller()) {
            let error = cx.fail(Cause::Cancelled);
            self.keep_or_close(connection, way, cx);
            return Carried::Nothing(number, message, error);
        }
        let (edition, mut first) = (connection.edition, Some((number, message)));
        let mut room = way.settings.reuse.messages;
        room = room.saturating_sub(connection.messages);
        let next = || {
            let next = match first.take() {
                Some((number, message)) => Next::Message(number, message),
                // Of an older login, say: what comes now goes by the new one.
                None if room == 0 || self.edition() != edition => Next::End,
                None => load.next(),
            };
            room = room.saturating_sub(u32::from(matches!(next, Next::Message(..))));
            next
        };
        let (mut welcome, mut broke) = (kept, None);
        let mut done = |number, completion: Completion| {
            match &completion {
                Ok(_) if !welcome => {
                    welcome = true;
                    self.pool.welcome();
                }
                Ok(_) => {}
                Err(error) => {
                    if !welcome && *error.cause == Cause::Closing {
                        self.pool.back_off();
                    }
                    broke = Some(error.clone());
                    if connection::was_stale(error) && load.again(number) {
                        return;
                    }
                }
            }
            load.done(number, completion);
        };
        let ended = connection.stream(cx, way.window, next, &mut done);
        way.token.detach();
        self.keep_or_close(connection, way, cx);
        match (ended, broke) {
            (Ended::Full(number, message), _) => Carried::Left(number, message),
            (Ended::Broken, Some(error)) => Carried::Broken(error),
            _ => Carried::Done,
        }
    }

    fn keep_or_close(&self, connection: Box<Connection>, way: &Way<'_>, cx: &mut Context<'_>) {
        // The settings of now: a change in the meantime makes it unfit.
        let settings = self.settings();
        if let Some(connection) = self.pool.keep(connection, &settings, way.keep) {
            connection.close(cx);
        }
    }
}

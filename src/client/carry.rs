//! The driver of many: messages over one connection, as long as there are any and it is good for
//! more, on whichever thread it is called.

use std::borrow::Borrow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use super::connection::Connection;
use super::core::{Core, about};
use super::jobs::Completion;
use super::retry::{self, Item};
use super::site::Settings;
use super::token::Token;
use crate::error::{Cause, Error, Outcome};
use crate::message::Message;
use crate::net::Canceller;
use crate::smtp::{Context, Ended, Next, Window};

/// Where messages come from, and where outcomes go.
pub(super) trait Load {
    type Message: Borrow<Message>;

    /// Another message for the connection at hand, without waiting for one.
    fn next(&self) -> Next<Item<Self::Message>>;

    /// What became of a message.
    fn done(&self, number: u64, completion: Completion);

    /// The connection is at hand from here on; whether it is still wanted for its first message.
    fn board(&self, number: u64, canceller: &Arc<Canceller>) -> bool;

    /// Takes a message back that is to go over another connection, before all that are there.
    fn put_back(&self, number: u64, item: Item<Self::Message>);
}

/// How messages are carried.
pub(super) struct Way<'a> {
    pub(super) settings: &'a Settings,
    /// Whose call the opening of a connection is.
    pub(super) token: &'a Token,
    pub(super) window: Window,
    /// How many connections may be kept.
    pub(super) keep: usize,
}

/// How far it came.
pub(super) enum Carried<M> {
    /// Each message has its outcome, or was put back.
    Done,
    /// There was no connection for the first message, whose outcome is to be told.
    Nothing(u64, Item<M>, Error),
    /// The connection broke with this, and nothing was accepted over it; each message has its outcome.
    Broken(Error),
}

/// A message on its way, which stays at hand until its outcome is known.
struct Shared<M>(Rc<M>);

impl<M: Borrow<Message>> Borrow<Message> for Shared<M> {
    fn borrow(&self) -> &Message {
        (*self.0).borrow()
    }
}

/// The messages whose outcome is open, by their numbers.
type Open<M> = BTreeMap<u64, Item<Rc<M>>>;

impl Core {
    /// Carries a message, and what comes after it, over an idle connection or a fresh one.
    ///
    /// Where the server ends a connection that has carried a message, those that may move are put back: each
    /// connection is paid for with a message.
    pub(super) fn carry<L: Load>(
        &self,
        load: &L,
        first: (u64, Item<L::Message>),
        way: &Way<'_>,
        cx: &mut Context<'_>,
    ) -> Carried<L::Message> {
        let (number, item) = first;
        about(cx, item.message.borrow(), item.released);
        let found = match item.fresh {
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
            Err(error) => return Carried::Nothing(number, item, error),
        };
        if !load.board(number, connection.canceller()) {
            let error = cx.fail(Cause::Cancelled);
            self.keep_or_close(connection, way, cx);
            return Carried::Nothing(number, item, error);
        }
        let (edition, mut first) = (connection.edition, Some((number, item)));
        let mut room = way.settings.reuse.messages;
        room = room.saturating_sub(connection.messages);
        let open = RefCell::new(Open::new());
        let next = || {
            let next = match first.take() {
                Some((number, item)) => Next::Message(number, item),
                // Of an older login, say: what comes now goes by the new one.
                None if room == 0 || self.edition() != edition => Next::End,
                None => load.next(),
            };
            room = room.saturating_sub(u32::from(matches!(next, Next::Message(..))));
            next.map(|number, item| {
                let message = Rc::new(item.message);
                let item = Item {
                    message: Rc::clone(&message),
                    fresh: item.fresh,
                    released: item.released,
                };
                open.borrow_mut().insert(number, item);
                Shared(message)
            })
        };
        let before = connection.carried;
        let (mut accepted, mut carried, mut broke) = (false, kept, None);
        let mut put_back = Vec::new();
        let mut done = |number, mut completion: Completion| {
            match &completion {
                Ok(_) if !accepted => {
                    (accepted, carried) = (true, true);
                    self.pool.welcome();
                }
                Ok(_) => {}
                Err(error) if error.record.outcome == Outcome::Refused => carried = true,
                Err(error) => {
                    broke = Some(error.clone());
                    if carried
                        && retry::may_move(error)
                        && let Some(item) = open.borrow_mut().get_mut(&number)
                    {
                        item.fresh = true;
                        item.released = item.released.with(&error.record);
                        put_back.push(number);
                        return;
                    }
                }
            }
            let item = open.borrow_mut().remove(&number);
            if let Some(item) = item {
                item.released.mark_completion(&mut completion);
            }
            load.done(number, completion);
        };
        let window = Window {
            messages: self.pool.most_in_flight(way.window.messages),
            ..way.window
        };
        let ended = connection.stream(cx, window, next, &mut done);
        way.token.detach();
        let mut open = open.into_inner();
        let broken = matches!(ended, Ended::Broken);
        if let Ended::Full(number, _) = ended
            && let Some(item) = open.get_mut(&number)
        {
            item.fresh = true;
            put_back.push(number);
        }
        drop(ended);
        match broke
            .as_ref()
            .filter(|error| broken && retry::is_by_server(&error.cause))
        {
            // Idle for too long, perhaps: that shows nothing of what the server takes.
            Some(_) if kept && connection.carried == before => {}
            Some(error) => {
                let closing = *error.cause == Cause::Closing;
                if carried || closing {
                    self.pool.back_off(way.settings.reuse.back_off);
                }
                if closing {
                    self.pool.narrow(connection.carried);
                }
            }
            None => self.pool.widen(connection.carried),
        }
        self.keep_or_close(connection, way, cx);
        let in_vain = broken && !accepted && put_back.is_empty();
        for number in put_back.into_iter().rev() {
            if let Some((number, item)) = open.remove_entry(&number)
                && let Some(message) = Rc::into_inner(item.message)
            {
                let (fresh, released) = (item.fresh, item.released);
                load.put_back(
                    number,
                    Item {
                        message,
                        fresh,
                        released,
                    },
                );
            }
        }
        match broke {
            Some(error) if in_vain => Carried::Broken(error),
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

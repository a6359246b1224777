//! What became of the messages in flight: told when the last answer is in, when they are given up,
//! or when the connection can't go on.

use std::time::Duration;

use crate::channel::{Channel as _, Fault};
use crate::deadline::Deadline;
use crate::error::{Cause, Error, Record, Stage};
use crate::net::Transport;

use super::context::Context;
use super::flight::{Flight, Reach};
use super::pipeline::{Broken, Own, Pipeline};

/// How long a server that said 421 may take to close, where that decides what became of a message.
const LAST_WORDS: Duration = Duration::from_secs(10);

impl<T: Transport, S: FnMut(u64, Result<Record, Error>)> Pipeline<'_, T, S> {
    /// Tells the outcome of those whose last answer is in: they are the oldest.
    pub(super) fn complete(&mut self, cx: &mut Context<'_>) {
        let over = |flight: &Flight| flight.written && flight.outstanding == 0;
        while self.flights.front().is_some_and(over) {
            let Some(flight) = self.flights.pop_front() else {
                return;
            };
            self.oldest = self.oldest.saturating_add(1);
            let (tag, told) = (flight.tag, flight.told);
            if !told {
                cx.about(tag);
                let result = flight.complete(cx, self.reach());
                (self.sink)(tag, result);
                self.about_the_latest(cx);
            }
            self.count_on_the_oldest(cx);
        }
    }

    /// Tells the outcome of a message now, whatever is still to come of it.
    pub(super) fn tell_now(
        &mut self,
        cx: &mut Context<'_>,
        index: usize,
        reach: Reach,
        cause: &Cause,
    ) {
        let waiting = self.waiting(index, reach);
        self.tell(cx, index, reach, waiting, cause.clone());
        self.about_the_latest(cx);
    }

    /// The same, `waiting` being the stage that it waits in.
    fn tell(
        &mut self,
        cx: &mut Context<'_>,
        index: usize,
        reach: Reach,
        waiting: Option<Stage>,
        cause: Cause,
    ) {
        let Some(flight) = self.flights.get_mut(index).filter(|flight| !flight.told) else {
            return;
        };
        flight.told = true;
        let (tag, flight) = (flight.tag, flight.clone());
        cx.about(tag);
        let error = flight.cut_off(cx, reach, waiting, cause);
        (self.sink)(tag, Err(error));
    }

    /// The whole patience that counts is that of the oldest message that somebody waits for.
    pub(super) fn count_on_the_oldest(&self, cx: &mut Context<'_>) {
        let mut open = self.flights.iter().filter(|flight| !flight.told);
        let until = open.next().map(|flight| flight.until);
        cx.set_overall(until.unwrap_or(Deadline::NEVER));
    }

    /// The stage of the first answer that a message waits for.
    fn waiting(&self, index: usize, reach: Reach) -> Option<Stage> {
        let number = self.oldest.saturating_add(index as u64);
        let mut open = self.questions.iter();
        let due = open.find(|question| question.flight == number);
        due.map(|due| due.asked.stage(due.end > reach.taken))
    }

    pub(super) fn reach(&self) -> Reach {
        Reach {
            taken: self.session.channel.taken(),
            touched: self.session.channel.touched(),
        }
    }

    /// A channel that can't go on; what the server had said before is heard first.
    pub(super) fn lose(&mut self, cx: &mut Context<'_>, fault: Fault) -> Broken {
        let _ = self.session.channel.receive_ready(cx.deadline());
        match self.take_answers(cx) {
            Err(broken) => broken,
            Ok(_) => {
                let cause = cx.cause(fault);
                self.fall(cx, cause, Own::Nobody)
            }
        }
    }

    /// After 421 the server closes, and what is behind was not looked at (RFC 5321 section 4.2.1). Its
    /// close_notify with nothing but 421 before it confirms that; an end of the connection alone may be
    /// anybody's doing. A server that goes on answering is heard: each answer is still matched with its
    /// question, and what it has not answered stays in doubt.
    /// No message's own time ends before that of the oldest.
    fn hear_the_last(&mut self, cx: &mut Context<'_>) {
        self.closing = true;
        let end = Deadline::after(LAST_WORDS).min(cx.deadline());
        let taken = self.session.channel.taken();
        let in_doubt = |flight: &Flight| !flight.told && flight.end.is_some_and(|at| at <= taken);
        let (mut only_421, mut before) = (true, self.answers);
        self.complete(cx);
        while self.flights.iter().any(in_doubt) {
            let matched = self.match_answers(cx);
            let answers = self
                .answers
                .saturating_sub(std::mem::replace(&mut before, self.answers));
            match matched {
                Err((Cause::Closing, _)) => {
                    only_421 &= answers == 1;
                    self.complete(cx);
                    continue;
                }
                Err(_) => return,
                Ok(_) => only_421 &= answers == 0,
            }
            if !self.flights.iter().any(in_doubt) {
                return;
            }
            let pending = self.session.channel.pending().len();
            let ready = self.session.channel.receive_ready(end);
            if self.session.channel.pending().len() > pending {
                continue;
            }
            match ready.and_then(|()| self.session.channel.wait_ready(end)) {
                Ok(()) => {}
                Err(Fault::Lost(_)) if self.session.channel.said_farewell() => {
                    if only_421 && self.session.channel.pending().is_empty() {
                        self.flights.iter_mut().for_each(Flight::was_not_looked_at);
                    }
                    return;
                }
                Err(_) => return,
            }
            self.tell_who_gave_up(cx);
        }
    }

    /// Ends it all: each message in flight gets its own outcome, and nothing more is written.
    pub(super) fn fall(&mut self, cx: &mut Context<'_>, cause: Cause, own: Own) -> Broken {
        self.session.broken = true;
        if cause == Cause::Closing {
            self.hear_the_last(cx);
        }
        let own = match own {
            Own::Latest => self.flights.len().checked_sub(1),
            // Of those to which 421 was said, each knows it.
            Own::Oldest if cause != Cause::Closing => Some(0),
            Own::Oldest | Own::Nobody => None,
        };
        let reach = self.reach();
        for index in 0..self.flights.len() {
            let closing = self.flights.get(index).is_some_and(|it| it.closing);
            let (waiting, cause) = match own {
                _ if closing => (None, cause.clone()),
                Some(own) if own == index => (None, cause.clone()),
                Some(_) => (self.waiting(index, reach), cause.for_neighbours()),
                None => (self.waiting(index, reach), cause.clone()),
            };
            self.tell(cx, index, reach, waiting, cause);
        }
        self.flights.clear();
        self.questions.clear();
        Broken
    }
}

//! Messages of several owners over one session: each may give up his own, and the others are not
//! disturbed.

use std::fmt;
use std::time::Instant;

use crate::channel::Fault;
use crate::deadline::Deadline;
use crate::error::{Cause, Error, Record};
use crate::net::Transport;

use super::context::Context;
use super::flight::{Flight, Reach};
use super::pipeline::{Broken, Own, Pipeline};

/// Whoever waits for the messages of a stream.
pub trait Owners: fmt::Debug {
    /// Whether any of them may have given up since this was asked last.
    fn have_changed(&self) -> bool;

    /// Whether the owner of this message has given it up.
    fn gave_up(&self, message: u64) -> bool;

    /// When this message must be over, which does not change once it was begun; `now` if it begins.
    fn until(&self, message: u64, now: Deadline) -> Deadline;
}

impl<T: Transport, S: FnMut(u64, Result<Record, Error>)> Pipeline<'_, T, S> {
    /// Tells the outcome of what was given up; the answers to that are still awaited, and nobody
    /// hears of them. What is behind it goes on.
    ///
    /// # Errors
    /// When it was being written, and so can't be finished, or when nobody waits for anything any
    /// more.
    pub(super) fn let_go(&mut self, cx: &mut Context<'_>) -> Result<(), Broken> {
        let Some(owners) = cx.owners().filter(|owners| owners.have_changed()) else {
            return Ok(());
        };
        let gone = self.open(|flight| owners.gave_up(flight.tag));
        self.give_up(cx, &gone, &Cause::Cancelled)
    }

    /// The same for the message that has just begun, which nobody could give up before.
    pub(super) fn let_go_of_the_latest(
        &mut self,
        cx: &mut Context<'_>,
        tag: u64,
    ) -> Result<(), Broken> {
        let gone = cx.owners().is_some_and(|owners| owners.gave_up(tag));
        match (gone, self.flights.len().checked_sub(1)) {
            (true, Some(latest)) => self.give_up(cx, &[latest], &Cause::Cancelled),
            _ => Ok(()),
        }
    }

    /// After a deadline: those whose own time is over are given up; where it was the line's patience
    /// that ended, or another fault, it ends all.
    pub(super) fn mishap(&mut self, cx: &mut Context<'_>, fault: Fault) -> Result<(), Broken> {
        if fault == Fault::TimedOut && cx.owners().is_some() {
            let now = Instant::now();
            let late = self.open(|flight| flight.until.passed(now));
            if !late.is_empty() {
                return self.give_up(cx, &late, &Cause::Timeout { overall: true });
            }
        }
        Err(self.lose(cx, fault))
    }

    /// The same where nothing more will be written, and whatever is told ends nothing.
    pub(super) fn tell_who_gave_up(&mut self, cx: &mut Context<'_>) {
        let gone = cx
            .owners()
            .map(|owners| self.open(|flight| owners.gave_up(flight.tag)));
        for index in gone.unwrap_or_default() {
            self.tell_now(cx, index, self.reach(), &Cause::Cancelled);
        }
    }

    /// The places of those that are not told yet and are so.
    fn open(&self, are: impl Fn(&Flight) -> bool) -> Vec<usize> {
        let places = self.flights.iter().enumerate();
        let open = places.filter(|(_, flight)| !flight.told && are(flight));
        open.map(|(index, _)| index).collect()
    }

    fn give_up(
        &mut self,
        cx: &mut Context<'_>,
        which: &[usize],
        cause: &Cause,
    ) -> Result<(), Broken> {
        if which.is_empty() {
            return Ok(());
        }
        let open = self.flights.iter().filter(|flight| !flight.told).count();
        let pushed = self.session.channel.pushed();
        // What was handed over leaves this machine, as long as somebody waits for anything.
        let reach = match open > which.len() {
            true => Reach {
                taken: pushed,
                touched: pushed,
            },
            false => self.reach(),
        };
        for index in which {
            self.tell_now(cx, *index, reach, cause);
        }
        self.count_on_the_oldest(cx);
        // What was begun and can't be finished ends the connection, once those before it are over.
        let unfinished = |it: &Flight| it.told && it.end.is_none_or(|end| end > pushed);
        let latest = self.flights.back().filter(|flight| !flight.written);
        let torn = latest.is_some_and(unfinished);
        if torn {
            self.settle(cx, |pipeline| {
                let mut others = pipeline.flights.iter().rev().skip(1);
                others.all(|flight| flight.told)
            })?;
        }
        match torn || self.flights.iter().all(|flight| flight.told) {
            true => Err(self.fall(cx, cause.clone(), Own::Nobody)),
            false => Ok(()),
        }
    }
}

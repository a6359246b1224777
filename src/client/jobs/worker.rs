//! The workers: each takes a job, sends it with as many others as there are over one connection,
//! and tells of each.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::super::carry::{Carried, Load, Way};
use super::super::core::Core;
use super::super::pool::DEFAULT_IDLE;
use super::super::retry::{Item, Released};
use super::super::token::Crowd;
use super::desk::{Orders, Taken, Ticket, untouched};
use super::event::{Completion, JobId, Kind, News};
use super::provider::ByEvent;
use crate::deadline::Deadline;
use crate::error::{Cause, Error, Recipient, Stage};
use crate::log::{Level, Log, Watcher};
use crate::message::Message;
use crate::net::Canceller;
use crate::smtp::{Next, Owners};

/// Does what is queued, and ends when nothing was for as long as a connection is kept.
pub(in crate::client) fn work(core: &Arc<Core>) {
    loop {
        let patience = core.settings().reuse.idle.unwrap_or(DEFAULT_IDLE);
        let Some(ticket) = core.jobs.next(patience) else {
            break;
        };
        let hand = Hand::new(core);
        hand.take(ticket);
        // Completes its jobs whatever happens: also if a fault of our own is caught here.
        if catch_unwind(AssertUnwindSafe(|| hand.carry())).is_err() {
            let left: Vec<_> = hand.held.borrow().keys().copied().collect();
            left.into_iter()
                .for_each(|job| hand.done(job, Err(Error::in_doubt())));
        }
    }
    core.sweep();
}

/// The jobs that one worker has in hand.
struct Hand<'a> {
    core: &'a Arc<Core>,
    /// What was wanted when it began.
    orders: Orders,
    held: RefCell<BTreeMap<JobId, Held>>,
    /// Those that need a connection.
    waiting: RefCell<VecDeque<JobId>>,
    /// Those that share the connection at hand.
    crowd: RefCell<Option<Arc<Crowd>>>,
}

struct Held {
    ticket: Ticket,
    /// Not over a kept connection: there it was tried, or does not fit.
    fresh: bool,
    /// What left the machine when it was tried.
    released: Released,
    /// When it must be over, once it was begun.
    until: Cell<Option<Deadline>>,
    /// The stage that was told last.
    stage: Cell<Option<Stage>>,
}

impl fmt::Debug for Hand<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hand")
    }
}

impl<'a> Hand<'a> {
    fn new(core: &'a Arc<Core>) -> Self {
        Self {
            core,
            orders: core.jobs.orders(),
            held: RefCell::default(),
            waiting: RefCell::default(),
            crowd: RefCell::default(),
        }
    }

    /// Takes a job that needs a connection.
    fn take(&self, ticket: Ticket) {
        self.waiting.borrow_mut().push_back(ticket.job);
        self.hold(ticket);
    }

    fn hold(&self, ticket: Ticket) {
        let held = Held {
            fresh: false,
            released: Released::default(),
            until: Cell::new(None),
            stage: Cell::new(None),
            ticket,
        };
        self.held.borrow_mut().insert(held.ticket.job, held);
    }

    /// A job in hand, to be sent.
    fn item(&self, job: JobId) -> Option<(Ticket, Item<Arc<Message>>)> {
        let held = self.held.borrow();
        let held = held.get(&job)?;
        let item = Item {
            message: Arc::clone(&held.ticket.message),
            fresh: held.fresh,
            released: held.released,
        };
        Some((held.ticket.clone(), item))
    }

    /// The next of those that need a connection.
    fn next_waiting(&self) -> Option<(Ticket, Item<Arc<Message>>)> {
        let job = self.waiting.borrow_mut().pop_front()?;
        self.item(job)
    }

    /// Over one connection after the other, until nothing is left.
    fn carry(&self) {
        while let Some((ticket, item)) = self.next_waiting() {
            let carried = self.carry_from(&ticket, item);
            if let Some(crowd) = self.crowd.take() {
                self.core.jobs.leave(&crowd);
            }
            match carried {
                Ok(Carried::Done | Carried::Broken(_)) => {}
                Ok(Carried::Nothing(_, _, error)) | Err(error) => {
                    self.done(ticket.job, Err(error));
                }
            }
        }
    }

    /// Carries a job over a connection, and as many others as there are.
    fn carry_from(
        &self,
        ticket: &Ticket,
        item: Item<Arc<Message>>,
    ) -> Result<Carried<Arc<Message>>, Error> {
        let core = self.core;
        ticket.message.parts()?;
        core.site.setup()?;
        let mut settings = core.settings();
        if let Some(credential) = &settings.credential {
            let provider = Arc::new(ByEvent {
                core: Arc::clone(core),
                job: ticket.job,
            });
            let asking = Arc::new(credential.asking(provider));
            Arc::make_mut(&mut settings).credential = Some(asking);
        }
        settings.check(&core.site.policy)?;
        let wishes = self.orders.wishes;
        let mut reporter = Reporter {
            hand: self,
            job: ticket.job,
        };
        let log = match wishes.level {
            Some(level) if wishes.wants(Kind::Line) => Log::to(&mut reporter, level),
            _ => Log::notices(&mut reporter),
        };
        let mut cx = core.context(&settings, log);
        cx.set_owners(self, ticket.job);
        let way = Way {
            settings: &settings,
            token: &ticket.token,
            window: self.orders.window,
            keep: core.jobs.limits().connections,
        };
        Ok(core.carry(self, (ticket.job, item), &way, &mut cx))
    }
}

impl Load for Hand<'_> {
    type Message = Arc<Message>;

    fn next(&self) -> Next<Item<Arc<Message>>> {
        let crowd = self.crowd.borrow().clone();
        let Some(crowd) = crowd else {
            return Next::End;
        };
        loop {
            // What was put back has had its turn.
            let (ticket, item) = match self.next_waiting() {
                Some(waiting) => waiting,
                None => {
                    let in_hand = self.held.borrow().len();
                    match self.core.jobs.more(in_hand, &self.orders, Some(&crowd)) {
                        Taken::Job(ticket) => {
                            let item = Item::new(Arc::clone(&ticket.message));
                            self.hold(ticket.clone());
                            (ticket, item)
                        }
                        Taken::Later(at) => return Next::Later(at),
                        Taken::Nothing => return Next::Nothing,
                    }
                }
            };
            if !ticket.token.join(&crowd) {
                return Next::Message(ticket.job, item);
            }
            self.done(ticket.job, Err(untouched(&item.message, Cause::Cancelled)));
        }
    }

    fn done(&self, job: u64, mut completion: Completion) {
        let held = self.held.borrow_mut().remove(&job);
        if let Some(held) = held {
            held.ticket.token.detach();
            held.released.mark_completion(&mut completion);
        }
        self.core.jobs.finish(job, completion);
    }

    fn board(&self, job: u64, canceller: &Arc<Canceller>) -> bool {
        let crowd = Crowd::new(canceller);
        let held = self.held.borrow();
        let cancelled = held
            .get(&job)
            .is_some_and(|held| held.ticket.token.join(&crowd));
        *self.crowd.borrow_mut() = Some(crowd);
        !cancelled
    }

    fn put_back(&self, job: u64, item: Item<Arc<Message>>) {
        if let Some(held) = self.held.borrow_mut().get_mut(&job) {
            (held.fresh, held.released) = (item.fresh, item.released);
            self.waiting.borrow_mut().push_front(job);
        }
    }
}

impl Owners for Hand<'_> {
    fn have_changed(&self) -> bool {
        let crowd = self.crowd.borrow();
        crowd.as_ref().is_some_and(|crowd| crowd.has_changed())
    }

    fn gave_up(&self, job: u64) -> bool {
        let held = self.held.borrow();
        held.get(&job)
            .is_some_and(|held| held.ticket.token.is_cancelled())
    }

    fn until(&self, job: u64, now: Deadline) -> Deadline {
        let held = self.held.borrow();
        let Some(held) = held.get(&job) else {
            return now;
        };
        let until = held.until.get().unwrap_or(now);
        held.until.set(Some(until));
        until
    }
}

/// Makes events of what a send tells.
struct Reporter<'a> {
    hand: &'a Hand<'a>,
    job: JobId,
}

impl Reporter<'_> {
    fn tell(&self, kind: Kind, news: impl FnOnce() -> News) {
        if self.hand.orders.wishes.wants(kind) {
            self.hand.core.jobs.tell(self.job, news());
        }
    }
}

impl Watcher for Reporter<'_> {
    fn about(&mut self, job: u64) {
        self.job = job;
    }

    fn line(&mut self, level: Level, stage: Stage, text: &str) {
        self.tell(Kind::Line, || News::Line(level, stage, text.to_owned()));
    }

    fn stage(&mut self, stage: Stage) {
        let held = self.hand.held.borrow();
        let held = held.get(&self.job);
        if held.is_some_and(|held| held.stage.replace(Some(stage)) != Some(stage)) {
            self.tell(Kind::Stage, || News::Stage(stage));
        }
    }

    fn progress(&mut self, written: u64, total: Option<u64>) {
        self.tell(Kind::Progress, || News::Progress(written, total));
    }

    fn recipient(&mut self, index: usize, recipient: &Recipient) {
        self.tell(Kind::Recipient, || {
            News::Recipient(index, recipient.clone())
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Client;
    use super::*;
    use crate::net::Waiter;
    use crate::tls::Policy;

    #[test]
    fn what_was_put_back_goes_before_what_is_queued() {
        let client = Client::new("mail.example", 0, &Policy::new()).unwrap();
        let core = &client.core;
        let hand = Hand::new(core);
        for _ in 0..3 {
            core.jobs.submit(Message::new(), 0, || Ok(())).unwrap();
        }
        for job in 1..=2 {
            let Taken::Job(ticket) = core.jobs.more(0, &hand.orders, None) else {
                panic!("none");
            };
            hand.hold(ticket);
            hand.waiting.borrow_mut().push_back(job);
        }
        let (ticket, item) = hand.next_waiting().unwrap();
        hand.put_back(ticket.job, item);
        let (first, _) = hand.next_waiting().unwrap();
        assert_eq!(first.job, 1);
        assert!(hand.board(first.job, &Waiter::new().unwrap().canceller()));
        assert!(matches!(hand.next(), Next::Message(2, _)));
        hand.done(1, Err(Error::local(Cause::Cancelled)));
        hand.done(2, Err(Error::local(Cause::Cancelled)));
        assert!(matches!(hand.next(), Next::Message(3, _)));
    }
}

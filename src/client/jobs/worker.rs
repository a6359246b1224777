//! The workers: each takes a job, sends it with as many others as there are over one connection,
//! and tells of each.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::super::core::Core;
use super::super::pool::DEFAULT_IDLE;
use super::super::retry::Released;
use super::super::run::{RunEnd, RunOptions};
use super::super::source::{Item, MessageSource, Next};
use super::super::token::Crowd;
use super::desk::{Orders, Taken, Ticket};
use super::event::{Completion, JobId, Kind, News};
use super::provider::ByEvent;
use crate::deadline::Deadline;
use crate::error::{Cause, Error, Recipient, Stage};
use crate::log::{Level, Log, Watcher};
use crate::net::Canceller;

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
        if catch_unwind(AssertUnwindSafe(|| hand.run())).is_err() {
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
    /// Whether a kept connection won't do.
    needs_new_connection: bool,
    /// What left the machine when it was tried.
    released: Released,
    /// When it must be over, once it was begun.
    deadline: Cell<Option<Deadline>>,
    /// The stage that was told last.
    stage: Cell<Option<Stage>>,
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
            needs_new_connection: false,
            released: Released::default(),
            deadline: Cell::new(None),
            stage: Cell::new(None),
            ticket,
        };
        self.held.borrow_mut().insert(held.ticket.job, held);
    }

    /// A job in hand, to be sent.
    fn item(&self, job: JobId) -> Option<(Ticket, Item)> {
        let held = self.held.borrow();
        let held = held.get(&job)?;
        let item = Item {
            id: job,
            message: held.ticket.message.clone(),
            needs_new_connection: held.needs_new_connection,
            released: held.released,
        };
        Some((held.ticket.clone(), item))
    }

    /// The next of those that need a connection.
    fn next_waiting(&self) -> Option<(Ticket, Item)> {
        let job = self.waiting.borrow_mut().pop_front()?;
        self.item(job)
    }

    /// Sends over one connection after the other, until nothing is left.
    fn run(&self) {
        while let Some((ticket, item)) = self.next_waiting() {
            let end = self.run_from(&ticket, item);
            if let Some(crowd) = self.crowd.take() {
                self.core.jobs.leave(&crowd);
            }
            match end {
                Ok(RunEnd::Done | RunEnd::Failed(_)) => {}
                Ok(RunEnd::NoConnection(_, error)) | Err(error) => {
                    self.done(ticket.job, Err(error));
                }
            }
        }
    }

    /// Sends a job over a connection, and as many others as there are.
    fn run_from(&self, ticket: &Ticket, item: Item) -> Result<RunEnd, Error> {
        let core = self.core;
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
        cx.set_messages();
        cx.set_overall(self.deadline(ticket.job, cx.overall()));
        let options = RunOptions {
            settings: &settings,
            token: &ticket.token,
            window: self.orders.window,
            keep: core.jobs.limits().connections,
        };
        Ok(core.run(self, item, &options, &mut cx))
    }
}

impl MessageSource for Hand<'_> {
    fn next(&self) -> Next {
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
                            let item = Item::new(ticket.job, ticket.message.clone());
                            self.hold(ticket.clone());
                            (ticket, item)
                        }
                        Taken::Later(at) => return Next::Later(at),
                        Taken::Nothing => return Next::Nothing,
                    }
                }
            };
            if !ticket.token.join(&crowd) {
                return Next::Item(item);
            }
            self.done(ticket.job, Err(item.message.not_sent(Cause::Cancelled)));
        }
    }

    fn done(&self, id: u64, mut completion: Completion) {
        let held = self.held.borrow_mut().remove(&id);
        if let Some(held) = held {
            held.ticket.token.detach();
            held.released.mark_completion(&mut completion);
        }
        self.core.jobs.finish(id, completion);
    }

    fn put_back(&self, item: Item) {
        if let Some(held) = self.held.borrow_mut().get_mut(&item.id) {
            held.needs_new_connection = item.needs_new_connection;
            held.released = item.released;
            self.waiting.borrow_mut().push_front(item.id);
        }
    }

    fn connected(&self, id: u64, canceller: &Arc<Canceller>) -> bool {
        let crowd = Crowd::new(canceller);
        let held = self.held.borrow();
        let cancelled = held
            .get(&id)
            .is_some_and(|held| held.ticket.token.join(&crowd));
        *self.crowd.borrow_mut() = Some(crowd);
        !cancelled
    }

    fn is_cancelled(&self, id: u64) -> bool {
        let held = self.held.borrow();
        held.get(&id)
            .is_some_and(|held| held.ticket.token.is_cancelled())
    }

    fn has_cancellations(&self) -> bool {
        let crowd = self.crowd.borrow();
        crowd.as_ref().is_some_and(|crowd| crowd.has_changed())
    }

    fn has_deadlines(&self) -> bool {
        true
    }

    fn deadline(&self, id: u64, fresh: Deadline) -> Deadline {
        let held = self.held.borrow();
        let Some(held) = held.get(&id) else {
            return fresh;
        };
        let deadline = held.deadline.get().unwrap_or(fresh);
        held.deadline.set(Some(deadline));
        deadline
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
    use crate::message::Prepared;
    use crate::net::Waiter;
    use crate::trust::Policy;

    #[test]
    fn what_was_put_back_goes_before_what_is_queued() {
        let client = Client::new("mail.example", 0, &Policy::new()).unwrap();
        let core = &client.core;
        let hand = Hand::new(core);
        for _ in 0..3 {
            core.jobs.submit(Prepared::sample(), 0, || Ok(())).unwrap();
        }
        for job in 1..=2 {
            let Taken::Job(ticket) = core.jobs.more(0, &hand.orders, None) else {
                panic!("none");
            };
            hand.hold(ticket);
            hand.waiting.borrow_mut().push_back(job);
        }
        let (ticket, item) = hand.next_waiting().unwrap();
        assert_eq!(ticket.job, item.id);
        hand.put_back(item);
        let (first, _) = hand.next_waiting().unwrap();
        assert_eq!(first.job, 1);
        assert!(hand.connected(first.job, &Waiter::new().unwrap().canceller()));
        assert!(matches!(hand.next(), Next::Item(Item { id: 2, .. })));
        hand.done(1, Err(Error::local(Cause::Cancelled)));
        hand.done(2, Err(Error::local(Cause::Cancelled)));
        assert!(matches!(hand.next(), Next::Item(Item { id: 3, .. })));
    }
}

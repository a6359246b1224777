//! The workers: each takes a job, sends it as a blocking send would, and tells of it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::super::core::{Afterwards, Core};
use super::super::pool::DEFAULT_IDLE;
use super::Jobs;
use super::desk::Ticket;
use super::event::{Completion, JobId, Kind, News, Wishes};
use super::provider::ByEvent;
use crate::error::{Cause, Error, Outcome, Recipient, Record, Stage};
use crate::log::{Level, Log, Watcher};

/// Does what is queued, and ends when nothing was for as long as a connection is kept.
pub(in crate::client) fn work(core: &Arc<Core>) {
    loop {
        let patience = core.settings.read().reuse.idle.unwrap_or(DEFAULT_IDLE);
        let Some(ticket) = core.jobs.next(patience) else {
            break;
        };
        // Completes its job whatever happens: also if a fault of our own is caught here.
        let caught = catch_unwind(AssertUnwindSafe(|| run(core, &ticket)));
        let completion = caught.unwrap_or_else(|_| Err(in_doubt()));
        core.jobs.finish(ticket.job, completion);
        drop(ticket);
    }
    core.sweep();
}

fn run(core: &Arc<Core>, ticket: &Ticket) -> Completion {
    let wishes = core.jobs.wishes();
    let mut reporter = Reporter {
        jobs: &core.jobs,
        job: ticket.job,
        wishes,
    };
    let log = match wishes.level {
        Some(level) if wishes.wants(Kind::Line) => Log::to(&mut reporter, level),
        _ => Log::notices(&mut reporter),
    };
    let afterwards = Afterwards::Keep(core.jobs.limits().connections);
    let provider = Arc::new(ByEvent {
        core: Arc::clone(core),
        job: ticket.job,
    });
    core.deliver(
        &ticket.message,
        &ticket.token,
        afterwards,
        Some(provider),
        log,
    )
}

/// After a fault of our own nobody knows how far the message came.
fn in_doubt() -> Error {
    let record = Record {
        stage: Stage::Answer,
        outcome: Outcome::Unknown,
        secret_released: true,
        content_released: true,
        ..Record::default()
    };
    Error {
        cause: Cause::Panic,
        record: Box::new(record),
    }
}

/// Makes events of what a send tells.
struct Reporter<'a> {
    jobs: &'a Jobs,
    job: JobId,
    wishes: Wishes,
}

impl Reporter<'_> {
    fn tell(&self, kind: Kind, news: impl FnOnce() -> News) {
        if self.wishes.wants(kind) {
            self.jobs.tell(self.job, news());
        }
    }
}

impl Watcher for Reporter<'_> {
    fn line(&mut self, level: Level, stage: Stage, text: &str) {
        self.tell(Kind::Line, || News::Line(level, stage, text.to_owned()));
    }

    fn stage(&mut self, stage: Stage) {
        self.tell(Kind::Stage, || News::Stage(stage));
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

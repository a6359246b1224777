//! One message in one call.

use std::cell::RefCell;
use std::sync::Arc;

use super::cancel::CancelToken;
use super::engine::Engine;
use super::jobs::Completion;
use super::run::{RunEnd, RunOptions};
use super::source::{MessageSource, Next, Submission};
use crate::error::{Cause, Error, Record};
use crate::log::Log;
use crate::message::Prepared;
use crate::net::Canceller;
use crate::smtp::Window;

impl Engine {
    /// Sends a message, over a kept connection if there is one, and over a new one if that had ended.
    ///
    /// # Errors
    /// Where it failed, what left the machine, and the outcome.
    pub(super) fn send_one(
        &self,
        message: Prepared,
        token: &CancelToken,
        log: Log<'_>,
    ) -> Result<Record, Error> {
        self.endpoint.setup()?;
        let settings = self.settings();
        settings.check(&self.endpoint.policy)?;
        let keep = settings
            .reuse
            .idle
            .map_or(0, |_| self.jobs.limits().connections);
        let options = RunOptions {
            settings: &settings,
            token,
            window: Window::default(),
            keep,
        };
        let mut cx = self.context(&settings, log);
        let source = SingleMessage {
            token,
            again: RefCell::default(),
            completion: RefCell::default(),
        };
        let mut next = Some(Submission::new(0, message));
        while let Some(item) = next {
            match self.run(&source, item, &options, &mut cx) {
                RunEnd::NoConnection(item, error) => return Err(item.fail(error)),
                RunEnd::Done | RunEnd::Failed(_) => next = source.again.take(),
            }
        }
        let completion = source.completion.into_inner();
        completion
            .unwrap_or_else(|| Err(Error::local(Cause::Internal("a message without a result"))))
    }
}

struct SingleMessage<'a> {
    token: &'a CancelToken,
    /// The message, if it goes over another connection.
    again: RefCell<Option<Submission>>,
    completion: RefCell<Option<Completion>>,
}

impl MessageSource for SingleMessage<'_> {
    fn next(&self) -> Next {
        Next::End
    }

    fn done(&self, _id: u64, completion: Completion) {
        self.completion.replace(Some(completion));
    }

    fn put_back(&self, item: Submission) {
        self.again.replace(Some(item));
    }

    fn connected(&self, _id: u64, canceller: &Arc<Canceller>) -> bool {
        self.token.attach(canceller);
        true
    }

    fn is_cancelled(&self, _id: u64) -> bool {
        self.token.is_cancelled()
    }
}

//! Requests a job's secret by an event, which any thread may answer.

use std::sync::Arc;

use super::super::engine::Engine;
use super::event::{JobId, SecretQuestion};
use crate::credential::{NoSecret, SecretProvider, SecretRequest};
use crate::support::secret::Secret;

/// The provider of one job.
pub(super) struct ByEvent {
    pub(super) engine: Arc<Engine>,
    pub(super) job: JobId,
}

impl SecretProvider for ByEvent {
    fn secret(&self, request: &mut SecretRequest<'_>) -> Result<Secret, NoSecret> {
        let meant = request.secret_context();
        let question = SecretQuestion {
            user: meant.user.to_owned(),
            credential_kind: meant.credential_kind,
            reason: meant.reason,
        };
        let jobs = &self.engine.jobs;
        jobs.ask(self.job, question);
        loop {
            match jobs.answered(self.job) {
                Some(Some(secret)) => return Ok(secret),
                Some(None) => return Err(NoSecret::Declined),
                None => request.wait()?,
            }
        }
    }
}

//! The reason why a connection must end, and which of its messages failed by that.

use std::sync::Arc;

use super::super::redactor::Redactor;
use super::super::wire::reply;
use crate::error::{Cause, ServerReply};

/// The messages that failed by a [`Failure`]; the others are abandoned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::smtp) enum FailureScope {
    /// All of them: the connection or the server as a whole failed.
    Connection,
    /// The oldest, whose reply it is.
    Oldest,
    /// The one that is being queued.
    Current,
}

/// The reason why the connection must end.
#[derive(Debug)]
pub(in crate::smtp) struct Failure {
    pub(in crate::smtp) cause: Cause,
    pub(in crate::smtp) scope: FailureScope,
    /// The reply that shows it, if it belongs to no transaction.
    pub(in crate::smtp) reply: Option<Arc<ServerReply>>,
}

impl Failure {
    pub(in crate::smtp) fn new(cause: Cause, scope: FailureScope) -> Self {
        Self {
            cause,
            scope,
            reply: None,
        }
    }
}

/// An invariant of the pipeline that does not hold fails the whole connection.
impl From<Cause> for Failure {
    fn from(cause: Cause) -> Self {
        Self::new(cause, FailureScope::Connection)
    }
}

/// Fails if bytes were received although no command waits for a reply: with the cause, and the reply if it is
/// one. A server may announce that it closes (RFC 5321 section 3.8).
pub(in crate::smtp) fn unsolicited(
    unread: &[u8],
    redactor: &Redactor,
) -> Result<(), (Cause, Option<Arc<ServerReply>>)> {
    match reply::parse(unread) {
        Ok(None) if unread.is_empty() => Ok(()),
        Ok(Some((reply, _))) => {
            let cause = match reply.code {
                421 => Cause::Closing,
                _ => Cause::Unsolicited,
            };
            Err((cause, Some(redactor.shown_reply(&reply))))
        }
        _ => Err((Cause::Unsolicited, None)),
    }
}

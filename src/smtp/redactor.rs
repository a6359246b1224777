//! Makes replies safe to show: control characters escaped, lengths limited, secrets removed.

use std::sync::Arc;

use super::wire::reply;
use super::wire::reply::Reply;
use crate::error::{Cause, ReplyFault, ServerReply};
use crate::support::redact::{MAX_SHOWN, Scrubber, escape};

/// The secrets of a session in every form in which a server could repeat them.
#[derive(Debug, Default)]
pub(super) struct Redactor(Scrubber);

impl Redactor {
    /// Removes this secret from now on, whole or in part.
    pub(super) fn learn(&mut self, secret: &[u8]) {
        self.0.learn(secret);
    }

    /// Removes these bytes as a whole.
    pub(super) fn learn_whole(&mut self, bytes: &[u8]) {
        self.0.learn_whole(bytes);
    }

    /// A reply.
    pub(super) fn shown_reply(&self, reply: &Reply) -> Arc<ServerReply> {
        let mut text = String::new();
        for (index, line) in reply.lines().enumerate() {
            let shown = |room| escape(&self.0.scrub(line), room);
            if index == 0 {
                text = shown(MAX_SHOWN);
                continue;
            }
            text.push('\n');
            let room = MAX_SHOWN.saturating_sub(text.chars().count());
            text.push_str(&shown(room));
            if text.ends_with('…') {
                break;
            }
        }
        Arc::new(ServerReply {
            code: reply.code,
            enhanced: reply.enhanced(),
            text,
        })
    }

    /// Received text that is not a reply, as one line.
    pub(super) fn text(&self, code: u16, bytes: &[u8]) -> Arc<ServerReply> {
        Arc::new(ServerReply {
            code,
            enhanced: None,
            text: escape(&self.0.scrub(bytes), MAX_SHOWN),
        })
    }

    /// The cause that a reply can't be parsed.
    pub(super) fn malformed(&self, fault: ReplyFault, received: &[u8]) -> Cause {
        // Redacted whole: of a secret that was cut, a part would be left.
        let redacted = self.0.scrub(received);
        let shown = match fault {
            ReplyFault::Mismatch => reply::from_mismatch(&redacted),
            _ => &redacted,
        };
        let sample = escape(shown, 80);
        Cause::Malformed { fault, sample }
    }
}

/// The last reply to a recipient, and its bytes: servers repeat it nearly always.
#[derive(Default)]
pub(super) struct ReplyCache(Option<(Vec<u8>, Arc<ServerReply>)>);

impl ReplyCache {
    /// A reply, as [`Redactor::shown_reply`] gives it.
    pub(super) fn shown_reply(
        &mut self,
        redactor: &Redactor,
        code: u16,
        bytes: &[u8],
    ) -> Arc<ServerReply> {
        match &self.0 {
            Some((known, reply)) if known == bytes => Arc::clone(reply),
            _ => {
                let reply = redactor.shown_reply(&Reply::scanned(code, bytes));
                self.0 = Some((bytes.to_vec(), Arc::clone(&reply)));
                reply
            }
        }
    }
}

//! The messages that go over another connection, and their record in that case.

use crate::error::{Cause, Error, Outcome, Record};

use super::jobs::Completion;

/// The data of a message that left the machine over other connections.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Released {
    secret: bool,
    content: bool,
    content_complete: bool,
}

impl Released {
    /// The data released by a try with this result, and by those before it.
    pub(super) fn with(self, record: &Record) -> Self {
        Self {
            secret: self.secret || record.secret_released,
            content: self.content || record.content_released,
            content_complete: self.content_complete || record.content_complete,
        }
    }

    /// Adds it to the record of the message.
    pub(super) fn mark(self, record: &mut Record) {
        record.secret_released |= self.secret;
        record.content_released |= self.content;
        record.content_complete |= self.content_complete;
    }

    /// Adds it to the result of the message.
    pub(super) fn mark_completion(self, completion: &mut Completion) {
        match completion {
            Ok(record) => self.mark(record),
            Err(error) => self.mark(&mut error.record),
        }
    }
}

/// Returns whether the server, or a device on the path to it, ended the connection.
pub(super) fn is_by_server(cause: &Cause) -> bool {
    // Once a message is begun, `Handshake` is an alert.
    matches!(
        cause,
        Cause::Lost { .. }
            | Cause::Abandoned
            | Cause::Closing
            | Cause::Unsolicited
            | Cause::Handshake { .. }
    )
}

/// Returns whether a message with this result may go over another connection: the server ended this one, and can't have
/// accepted the message. Without 421 it must not have replied to any of its commands either: a connection
/// on which it did was alive. A timeout is not among the causes: what came late may have been slow for a
/// reason.
///
/// Whether there is another connection is up to the caller: only where this one had carried a message.
/// So no message is tried in vain more than twice in a row, and each login carries at least one.
pub(super) fn may_move(error: &Error) -> bool {
    let record = &error.record;
    record.outcome == Outcome::NotSent
        && is_by_server(&error.cause)
        && (*error.cause == Cause::Closing || !record.has_reply)
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn what_any_try_released_stays_in_the_record() {
        let record = |bits: u8| Record {
            secret_released: bits & 1 != 0,
            content_released: bits & 2 != 0,
            content_complete: bits & 4 != 0,
            ..Record::default()
        };
        for tries in 0..1 << 9 {
            let [first, second, last] = [0, 3, 6].map(|shift| (tries >> shift) as u8 & 7);
            let released = Released::default().with(&record(first));
            let released = released.with(&record(second));
            let mut marked = record(last);
            released.mark(&mut marked);
            assert_eq!(
                marked,
                record(first | second | last),
                "{first} {second} {last}"
            );
        }
    }

    #[test]
    fn a_message_moves_where_the_server_can_have_accepted_nothing_of_it() {
        let lost = || Cause::Lost {
            kind: io::ErrorKind::ConnectionReset,
        };
        let alert = || Cause::Handshake {
            detail: "an alert".to_owned(),
        };
        let timeout = || Cause::Timeout { overall: false };
        for (cause, has_reply, moves) in [
            (lost(), false, true),
            (lost(), true, false),
            (alert(), false, true),
            (alert(), true, false),
            (Cause::Unsolicited, false, true),
            (Cause::Unsolicited, true, false),
            (Cause::Closing, false, true),
            (Cause::Closing, true, true),
            (timeout(), false, false),
            (Cause::Cancelled, false, false),
        ] {
            for content_released in [false, true] {
                let mut record = Record {
                    has_reply,
                    content_released,
                    ..Record::default()
                };
                let error = Error::new(cause.clone(), record.clone());
                assert_eq!(may_move(&error), moves, "{cause:?} {has_reply}");
                for outcome in [Outcome::Unknown, Outcome::Refused, Outcome::Accepted] {
                    record.outcome = outcome;
                    assert!(!may_move(&Error::new(cause.clone(), record.clone())));
                }
            }
        }
    }
}

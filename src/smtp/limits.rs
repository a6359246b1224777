//! The limits of a server for one session and one transaction (LIMITS, RFC 9422).

use std::sync::Arc;

use super::wire::ehlo::Limits;
use crate::error::Cause;
use crate::message::address::Address;
use crate::support::string_set::StringSet;

/// The part of the limits that a session has used.
#[derive(Debug, Default)]
pub(super) struct SessionUsage {
    mails: u64,
    /// Domains of recipients, kept where the server counts them.
    domains: StringSet,
}

/// The time when a message may go over the connections of a server.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Admission {
    Now,
    /// Over another connection: this one has reached the limit.
    Later,
    /// Over no connection.
    Never(Cause),
}

impl SessionUsage {
    /// Returns whether no message was begun.
    pub(super) fn is_empty(&self) -> bool {
        self.mails == 0
    }

    /// Returns whether no message at all may follow.
    pub(super) fn is_full(&self, limits: &Limits) -> bool {
        limits.mail_max.is_some_and(|max| self.mails >= max)
    }

    /// Returns whether a message to these may follow.
    pub(super) fn admission(&self, limits: &Limits, recipients: &[Address]) -> Admission {
        let count = recipients.len() as u64;
        if let Some(limit) = limits.rcpt_max.filter(|max| count > *max) {
            return Admission::Never(Cause::TooManyRecipients {
                count,
                limit,
                unit: "recipients",
            });
        }
        if let Some(limit) = limits.rcpt_domain_max {
            let own = domains(recipients, StringSet::default());
            let count = own.len() as u64;
            if count > limit {
                return Admission::Never(Cause::TooManyRecipients {
                    count,
                    limit,
                    unit: "domains of recipients",
                });
            }
            if (self.domains.len() + own.beyond(&self.domains)) as u64 > limit {
                return Admission::Later;
            }
        }
        match self.is_full(limits) {
            true => Admission::Later,
            false => Admission::Now,
        }
    }

    /// Counts a message to these recipients.
    pub(super) fn count(&mut self, limits: &Limits, recipients: &[Address]) {
        self.mails += 1;
        if limits.rcpt_domain_max.is_some() {
            self.domains = domains(recipients, std::mem::take(&mut self.domains));
        }
    }
}

/// Adds the domains of these recipients.
fn domains(recipients: &[Address], mut to: StringSet) -> StringSet {
    for address in recipients {
        to.insert(Arc::from(address.domain().to_ascii_lowercase()));
    }
    to
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(list: &[&str]) -> Vec<Address> {
        list.iter().map(|a| Address::parse(a).unwrap()).collect()
    }

    #[test]
    fn a_session_has_room_for_so_many_mails_and_domains() {
        let limits = Limits {
            mail_max: Some(3),
            rcpt_max: Some(2),
            rcpt_domain_max: Some(2),
        };
        let mut used = SessionUsage::default();
        assert!(matches!(
            used.admission(&limits, &to(&["a@x", "b@x", "c@x"])),
            Admission::Never(Cause::TooManyRecipients {
                count: 3,
                limit: 2,
                unit: "recipients"
            })
        ));
        for mail in [["a@x.test", "b@X.test"], ["a@y.test", "b@x.test"]] {
            assert_eq!(used.admission(&limits, &to(&mail)), Admission::Now);
            used.count(&limits, &to(&mail));
        }
        assert_eq!(
            used.admission(&limits, &to(&["a@z.test"])),
            Admission::Later
        );
        assert_eq!(used.admission(&limits, &to(&["c@y.test"])), Admission::Now);
        used.count(&limits, &to(&["c@y.test"]));
        assert!(used.is_full(&limits));
        assert_eq!(
            used.admission(&limits, &to(&["c@y.test"])),
            Admission::Later
        );
        assert_eq!(
            used.admission(&Limits::default(), &to(&["a@z.test"])),
            Admission::Now
        );
    }
}

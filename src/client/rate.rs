//! The rate limit: the number of messages that are begun in a period.

use std::time::{Duration, Instant};

use crate::error::Error;
use crate::status::Status;

/// A number of messages in a period, evenly; and the number that may begin at once after a rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Messages in the period; at least one.
    pub messages: u32,
    /// The period.
    pub per: Duration,
    /// Messages at once; at least one.
    pub burst: u32,
}

impl Rate {
    /// # Errors
    /// [`Status::Value`] for no messages, no time or no burst.
    pub(super) fn check(&self) -> Result<(), Error> {
        for (argument, none) in [
            ("messages", self.messages == 0),
            ("time", self.per.is_zero()),
            ("burst", self.burst == 0),
        ] {
            if none {
                return Err(Error::argument(Status::Value, argument, "must not be 0"));
            }
        }
        Ok(())
    }
}

/// A token bucket, stored as the time at which it is full again. The caller passes the time of a
/// monotonic clock.
#[derive(Debug, Clone, Default)]
pub(super) struct Bucket {
    rate: Option<Rate>,
    full_at: Option<Instant>,
}

impl Bucket {
    /// A full bucket.
    pub(super) fn new(rate: Option<Rate>) -> Self {
        Self {
            rate,
            full_at: None,
        }
    }

    /// Takes a token for a message that begins now.
    ///
    /// # Errors
    /// The time of the next token.
    pub(super) fn take(&mut self, now: Instant) -> Result<(), Instant> {
        let Some(rate) = self.rate else {
            return Ok(());
        };
        let one = rate.per.checked_div(rate.messages).unwrap_or_default();
        let others = one.saturating_mul(rate.burst.saturating_sub(1));
        let full_at = self.full_at.map_or(now, |at| at.max(now));
        let wait = full_at
            .saturating_duration_since(now)
            .saturating_sub(others);
        match (wait.is_zero(), now.checked_add(wait)) {
            (false, Some(at)) => Err(at),
            _ => {
                self.full_at = full_at.checked_add(one);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(messages: u32, seconds: u64, burst: u32) -> Bucket {
        Bucket::new(Some(Rate {
            messages,
            per: Duration::from_secs(seconds),
            burst,
        }))
    }

    #[test]
    fn a_burst_goes_at_once_and_then_one_at_a_time() {
        let mut bucket = rate(10, 60, 3);
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        for _ in 0..3 {
            assert_eq!(bucket.take(start), Ok(()));
        }
        assert_eq!(bucket.take(start), Err(after(6)));
        assert_eq!(bucket.take(after(5)), Err(after(6)));
        assert_eq!(bucket.take(after(6)), Ok(()));
        assert_eq!(bucket.take(after(6)), Err(after(12)));
        // A rest fills it, but not beyond its size.
        for _ in 0..3 {
            assert_eq!(bucket.take(after(10_000)), Ok(()));
        }
        assert_eq!(bucket.take(after(10_000)), Err(after(10_006)));
    }

    #[test]
    fn whoever_comes_as_soon_as_it_may_gets_the_rate_and_the_burst_and_no_more() {
        for (messages, seconds, burst) in [(1, 1, 1), (7, 3, 2), (1000, 1, 50), (3, 3600, 10)] {
            let mut bucket = rate(messages, seconds, burst);
            let start = Instant::now();
            let (mut now, mut taken) = (start, 0_u32);
            let end = start + Duration::from_secs(10 * seconds);
            while now < end {
                match bucket.take(now) {
                    Ok(()) => taken += 1,
                    Err(later) => {
                        assert!(later > now);
                        now = later;
                    }
                }
            }
            let most = 10 * messages + burst;
            assert!((most - 2..=most).contains(&taken), "{taken} of {most}");
        }
    }

    #[test]
    fn without_a_rate_nothing_waits_and_no_number_overflows() {
        let now = Instant::now();
        let mut bucket = Bucket::default();
        assert!((0..1000).all(|_| bucket.take(now).is_ok()));
        let extreme = Rate {
            messages: 1,
            per: Duration::MAX,
            burst: u32::MAX,
        };
        let mut bucket = Bucket::new(Some(extreme));
        assert!((0..1000).all(|_| bucket.take(now).is_ok()));
        let mut bucket = Bucket::new(Some(Rate {
            burst: 1,
            ..extreme
        }));
        assert_eq!(bucket.take(now), Ok(()));
    }
}

//! The time at which certificates, lists and pins are verified: the system's, or a given one.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::pki_types::UnixTime;
use rustls::time_provider::TimeProvider;

/// The date of this release, in seconds since 1970 (2026-11-20T00:00:00Z), updated with each
/// release. A clock that is earlier is wrong.
pub const RELEASED: u64 = 1_795_132_800;

/// The source of the time.
#[derive(Debug, Clone, Copy, Default)]
pub enum Clock {
    /// The system's clock.
    #[default]
    System,
    /// Always this time, in seconds since 1970: for tests, and to verify at another date.
    Fixed(u64),
    /// The time that a function returns, in seconds since 1970: for tests in which time passes.
    By(fn() -> u64),
}

impl Clock {
    /// The time now.
    #[must_use]
    pub fn now(self) -> UnixTime {
        let since_1970 = match self {
            Self::System => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default(),
            Self::Fixed(seconds) => Duration::from_secs(seconds),
            Self::By(read) => Duration::from_secs(read()),
        };
        UnixTime::since_unix_epoch(since_1970)
    }

    /// Returns whether it is before the date of this release: then expired certificates seem valid.
    #[must_use]
    pub fn is_behind(self) -> bool {
        self.now().as_secs() < RELEASED
    }
}

impl TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        Some(self.now())
    }
}

/// A time in seconds since 1970, or now.
#[must_use]
pub fn now_at(seconds: Option<u64>) -> UnixTime {
    seconds.map_or(Clock::System, Clock::Fixed).now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c03_the_release_is_not_in_the_future_and_a_clock_behind_it_is_seen() {
        assert!(!Clock::System.is_behind());
        assert!(Clock::Fixed(RELEASED - 1).is_behind());
        assert!(!Clock::Fixed(RELEASED).is_behind());
    }
}

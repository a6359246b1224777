//! The idle connections, and the limits that a server has shown.

use std::time::{Duration, Instant};

use super::connection::Connection;
use super::endpoint::{Endpoint, Settings};
use crate::sync::Mutex;

/// The maximum delay.
const LONGEST_WAIT: Duration = Duration::from_secs(32);

/// The state that a client keeps between its calls.
#[derive(Debug, Default)]
pub(super) struct Pool(Mutex<PoolState>);

#[derive(Debug, Default)]
struct PoolState {
    #[allow(
        clippy::vec_box,
        reason = "two kilobytes each, handed from call to call: the box is moved, not they"
    )]
    idle: Vec<Box<Connection>>,
    /// No connection is kept any more.
    closed: bool,
    /// The last delay, unless a message was accepted since.
    wait: Option<Duration>,
    /// The time at which the next connection may be opened.
    until: Option<Instant>,
    /// Messages that the last connection carried, if the server ended it by 421.
    carried: Option<usize>,
}

impl Pool {
    /// Removes a connection that fits the settings and is open, as far as can be known without sending.
    /// Unusable ones are closed.
    pub(super) fn take(&self, endpoint: &Endpoint, settings: &Settings) -> Option<Box<Connection>> {
        loop {
            // Use the latest one, and let the others expire.
            let mut connection = self.0.lock().idle.pop()?;
            if fits(&connection, settings) && connection.is_alive(endpoint) {
                return Some(connection);
            }
            connection.close_unseen(endpoint);
        }
    }

    /// Keeps a connection for the next call, up to a limit, or returns one that is not kept.
    pub(super) fn keep(
        &self,
        mut connection: Box<Connection>,
        settings: &Settings,
        room: usize,
    ) -> Option<Box<Connection>> {
        connection.idle_since = Instant::now();
        if !connection.is_sound() || !fits(&connection, settings) {
            return Some(connection);
        }
        let mut state = self.0.lock();
        if state.closed || state.idle.len() >= room {
            return Some(connection);
        }
        state.idle.push(connection);
        None
    }

    /// Closes those that no longer fit, or have been idle for too long.
    pub(super) fn sweep(&self, endpoint: &Endpoint, settings: &Settings) {
        let unfit: Vec<_> = {
            let mut state = self.0.lock();
            let idle = std::mem::take(&mut state.idle);
            let (kept, unfit) = idle.into_iter().partition(|c| fits(c, settings));
            state.idle = kept;
            unfit
        };
        for connection in unfit {
            connection.close_unseen(endpoint);
        }
    }

    /// Closes all, and keeps none from here on.
    pub(super) fn close(&self, endpoint: &Endpoint) {
        let idle = {
            let mut state = self.0.lock();
            state.closed = true;
            std::mem::take(&mut state.idle)
        };
        for connection in idle {
            connection.close_unseen(endpoint);
        }
    }

    /// Delays the next connection, after the server ended or rejected one; the first delay is `first`.
    pub(super) fn back_off(&self, first: Duration) {
        let mut state = self.0.lock();
        let now = Instant::now();
        // A 421 to each of several connections at a time counts once.
        if state.until.is_some_and(|until| until > now) {
            return;
        }
        let wait = match state.wait {
            Some(wait) => wait.saturating_mul(2).min(LONGEST_WAIT),
            None => first,
        };
        state.wait = Some(wait);
        state.until = now.checked_add(wait);
    }

    /// Resets the delay after an accepted message. A delay of another connection that has begun continues.
    pub(super) fn clear_back_off(&self) {
        self.0.lock().wait = None;
    }

    /// Records a 421 on a connection that had carried this number of messages.
    pub(super) fn limit_window(&self, carried: usize) {
        self.0.lock().carried = Some(carried);
    }

    /// Records that a connection has carried this number of messages without 421.
    pub(super) fn lift_window_limit(&self, carried: usize) {
        let mut state = self.0.lock();
        state.carried = state.carried.filter(|most| carried <= *most);
    }

    /// The limit of messages in flight over the next connection: if the server accepts only a number of
    /// messages, few follow the one to which it replies 421.
    pub(super) fn most_in_flight(&self, wanted: usize) -> usize {
        let carried = self.0.lock().carried.unwrap_or(usize::MAX);
        wanted.min(carried.max(1))
    }

    /// The remaining delay before another connection is opened.
    pub(super) fn wait_left(&self) -> Option<Duration> {
        let until = self.0.lock().until?;
        let left = until.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }
}

fn fits(connection: &Connection, settings: &Settings) -> bool {
    let idle = settings.reuse.idle.unwrap_or(DEFAULT_IDLE);
    connection.config_generation == settings.config_generation
        && connection.messages < settings.reuse.messages
        && connection.idle_since.elapsed() < idle
}

/// The default idle time for which a worker keeps a connection.
pub(super) const DEFAULT_IDLE: Duration = Duration::from_secs(5);

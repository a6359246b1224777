//! The connections that have nothing to do, and the limits that a server has shown.

use std::time::{Duration, Instant};

use super::connection::Connection;
use super::endpoint::{Endpoint, Settings};
use crate::sync::Mutex;

/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(32);

/// What a client keeps between its calls.
#[derive(Debug, Default)]
pub(super) struct Pool(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    #[allow(
        clippy::vec_box,
        reason = "two kilobytes each, handed from call to call: the box is moved, not they"
    )]
    idle: Vec<Box<Connection>>,
    /// Nothing is kept any more.
    closed: bool,
    /// The last wait, unless a message was accepted since.
    wait: Option<Duration>,
    /// When the next connection may be opened.
    until: Option<Instant>,
    /// Messages that the last connection carried, if the server ended it by 421.
    carried: Option<usize>,
}

impl Pool {
    /// A connection that fits the settings and lives, as far as can be known without a word to the
    /// server. One that is found to be of no use is closed.
    pub(super) fn take(&self, endpoint: &Endpoint, settings: &Settings) -> Option<Box<Connection>> {
        loop {
            // The one used last: the others may run out of time.
            let mut connection = self.0.lock().idle.pop()?;
            if fits(&connection, settings) && connection.is_alive(endpoint) {
                return Some(connection);
            }
            connection.close_unseen(endpoint);
        }
    }

    /// Keeps a connection for the next call, up to so many, or gives back what is not kept.
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

    /// The server has ended a connection that was in use, or refused one: the next one waits, at `first` so
    /// long.
    pub(super) fn back_off(&self, first: Duration) {
        let mut state = self.0.lock();
        let now = Instant::now();
        // One 421 to each of several connections at a time is one answer.
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

    /// The server takes mail: the wait after the next 421 is the first one. A wait that another connection has
    /// been given goes on.
    pub(super) fn clear_back_off(&self) {
        self.0.lock().wait = None;
    }

    /// The server said 421 on a connection that had carried so many messages.
    pub(super) fn limit_window(&self, carried: usize) {
        self.0.lock().carried = Some(carried);
    }

    /// A connection has carried so many messages, and the server goes on.
    pub(super) fn lift_window_limit(&self, carried: usize) {
        let mut state = self.0.lock();
        state.carried = state.carried.filter(|most| carried <= *most);
    }

    /// So many messages may be in flight over the next connection: where the server takes only a number of
    /// them, few are behind the one to which it says 421.
    pub(super) fn most_in_flight(&self, wanted: usize) -> usize {
        let carried = self.0.lock().carried.unwrap_or(usize::MAX);
        wanted.min(carried.max(1))
    }

    /// What is left of the wait before another connection is opened.
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

/// How long a worker keeps a connection with nothing to do, unless it was set.
pub(super) const DEFAULT_IDLE: Duration = Duration::from_secs(5);

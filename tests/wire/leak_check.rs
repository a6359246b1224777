//! Searches the bytes sent in clear text, or to an unverified peer, for everything that must not be sent.

use secsmtp_testservers::Leaks;

use crate::memory::{CONTENT, FROM, PASSWORD, Peer, TO, USER};

/// All that a send of the tests knows and an eavesdropper must not.
pub(crate) fn leaks() -> Leaks {
    Leaks::new(USER, PASSWORD.as_bytes(), &[FROM, TO], CONTENT.as_bytes())
}

/// Nothing that was received is any of it, but inside TLS.
#[track_caller]
pub(crate) fn assert_nothing_in_clear(peer: &Peer) {
    thread_local! {
        static LEAKS: Leaks = leaks();
    }
    LEAKS.with(|leaks| {
        leaks.assert_only_allowed_lines(&peer.clear);
        leaks.assert_absent(&peer.raw);
    });
}

//! The record of what a peer received from a client.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Everything that one connection received.
#[derive(Clone, Debug, Default)]
pub struct SessionRecord {
    /// The bytes received before TLS.
    pub clear: Vec<u8>,
    /// The bytes received inside TLS, decrypted.
    pub tls: Vec<u8>,
    /// True if a TLS handshake was completed.
    pub handshake_done: bool,
    /// The server name in the client's handshake.
    pub server_name: Option<String>,
    /// The negotiated protocol, `TLSv1_2` or `TLSv1_3`.
    pub protocol: Option<String>,
    /// The error with which the connection ended, if it did not end in order.
    pub error: Option<String>,
}

/// A recorder of what a [`Channel`](crate::wire::Channel) receives.
pub(crate) trait Recorder: Send + Sync {
    fn clear(&self, bytes: &[u8]);
    fn decrypted(&self, bytes: &[u8]);
    fn handshake(&self, server_name: Option<&str>, protocol: Option<String>);
}

/// A record that the handle of the server reads while its thread writes.
pub(crate) type SharedRecord = Arc<Mutex<SessionRecord>>;

impl Recorder for Mutex<SessionRecord> {
    fn clear(&self, bytes: &[u8]) {
        lock(self).clear.extend_from_slice(bytes);
    }

    fn decrypted(&self, bytes: &[u8]) {
        lock(self).tls.extend_from_slice(bytes);
    }

    fn handshake(&self, server_name: Option<&str>, protocol: Option<String>) {
        let mut record = lock(self);
        record.handshake_done = true;
        record.server_name = server_name.map(str::to_owned);
        record.protocol = protocol;
    }
}

/// Locks even after a panic of another thread, so that a failed test does not hide its cause.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

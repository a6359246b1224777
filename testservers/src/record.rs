//! What a peer saw of a client.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Everything that one connection received.
#[derive(Clone, Debug, Default)]
pub struct SessionRecord {
    /// The bytes received before TLS.
    pub clear: Vec<u8>,
    /// The bytes received inside TLS, decrypted.
    pub tls: Vec<u8>,
    /// Whether a TLS handshake was completed.
    pub handshake_done: bool,
    /// The server name that the client asked for in its handshake.
    pub server_name: Option<String>,
    /// The negotiated protocol, `TLSv1_2` or `TLSv1_3`.
    pub protocol: Option<String>,
    /// How the connection ended, when it did not end in order.
    pub error: Option<String>,
}

/// Takes down what a [`Channel`](crate::wire::Channel) receives.
pub(crate) trait Tape: Send + Sync {
    fn clear(&self, bytes: &[u8]);
    fn decrypted(&self, bytes: &[u8]);
    fn handshake(&self, server_name: Option<&str>, protocol: Option<String>);
}

/// A record that the handle of the server reads while its thread writes.
pub(crate) type SharedRecord = Arc<Mutex<SessionRecord>>;

impl Tape for Mutex<SessionRecord> {
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

/// A lock that outlives a panic of another thread: a failed test should not hide its cause.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

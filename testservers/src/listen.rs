//! Listeners whose threads end with their handle.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::record::lock;

/// More connections than this at one time are closed at once.
const MAX_CONNECTIONS: usize = 64;
/// The timeout of a dropped server for its connections to end.
const STOP_TIMEOUT: Duration = Duration::from_secs(2);

/// A port at which connections are refused, and which the system assigns to no other socket while this
/// exists: it is the local port of a connection of this process.
pub struct ClosedPort {
    held: TcpStream,
    _listener: TcpListener,
}

impl ClosedPort {
    /// Reserves a port.
    ///
    /// # Errors
    /// No port is free.
    pub fn take() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        Ok(Self {
            held: TcpStream::connect(listener.local_addr()?)?,
            _listener: listener,
        })
    }

    /// The address at which nothing listens.
    ///
    /// # Errors
    /// The system does not report the address.
    pub fn addr(&self) -> io::Result<SocketAddr> {
        self.held.local_addr()
    }
}

type Handler = Arc<dyn Fn(TcpStream) + Send + Sync>;

#[derive(Default)]
struct Open {
    stopped: bool,
    next: u64,
    sockets: HashMap<u64, TcpStream>,
}

#[derive(Default)]
struct Registry {
    open: Mutex<Open>,
    changed: Condvar,
}

impl Registry {
    /// Registers a connection; `None` when there are too many, or the server is stopping.
    fn enter(&self, tcp: &TcpStream) -> Option<u64> {
        let mut open = lock(&self.open);
        if open.stopped || open.sockets.len() >= MAX_CONNECTIONS {
            return None;
        }
        let id = open.next;
        open.next += 1;
        open.sockets.insert(id, tcp.try_clone().ok()?);
        Some(id)
    }

    fn leave(&self, id: u64) {
        lock(&self.open).sockets.remove(&id);
        self.changed.notify_all();
    }
}

/// Unregisters a connection when dropped, even when its handler panics.
struct Registration(Arc<Registry>, u64);

impl Drop for Registration {
    fn drop(&mut self) {
        self.0.leave(self.1);
    }
}

/// The listeners of one server, with their connections.
#[derive(Default)]
pub(crate) struct Listeners {
    registry: Arc<Registry>,
    accepting: Vec<(SocketAddr, JoinHandle<()>)>,
}

impl Listeners {
    /// Listens on 127.0.0.1 (port 0 lets the system choose) and handles each connection on a
    /// thread of its own.
    pub(crate) fn add(
        &mut self,
        port: u16,
        handler: impl Fn(TcpStream) + Send + Sync + 'static,
    ) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let addr = listener.local_addr()?;
        let registry = Arc::clone(&self.registry);
        let handler: Handler = Arc::new(handler);
        let thread = thread::Builder::new()
            .name("accept".to_owned())
            .spawn(move || accept(&listener, &registry, &handler))?;
        self.accepting.push((addr, thread));
        Ok(addr)
    }

    /// Waits until every connection has ended. Returns false after a timeout.
    pub(crate) fn wait_idle(&self, limit: Duration) -> bool {
        let open = lock(&self.registry.open);
        let waited = self
            .registry
            .changed
            .wait_timeout_while(open, limit, |open| !open.sockets.is_empty());
        waited.is_ok_and(|(_, timeout)| !timeout.timed_out())
    }
}

fn accept(listener: &TcpListener, registry: &Arc<Registry>, handler: &Handler) {
    loop {
        let accepted = listener.accept();
        if lock(&registry.open).stopped {
            return;
        }
        // The client left between SYN and accept, or there is no free file descriptor: try the next.
        let Ok((tcp, _)) = accepted else {
            thread::sleep(Duration::from_millis(10));
            continue;
        };
        let Some(id) = registry.enter(&tcp) else {
            continue;
        };
        let registration = Registration(Arc::clone(registry), id);
        let handler = Arc::clone(handler);
        // When no thread can be created the closure is dropped, and registration and socket with it.
        let _ = thread::Builder::new()
            .name("connection".to_owned())
            .spawn(move || {
                let _registration = registration;
                handler(tcp);
            });
    }
}

impl Drop for Listeners {
    fn drop(&mut self) {
        let mut open = lock(&self.registry.open);
        open.stopped = true;
        for tcp in open.sockets.values() {
            let _ = tcp.shutdown(Shutdown::Both);
        }
        drop(open);
        for (addr, thread) in self.accepting.drain(..) {
            // Wakes the blocking accept, which would wait for another client otherwise.
            if TcpStream::connect_timeout(&addr, Duration::from_secs(1)).is_ok() {
                let _ = thread.join();
            }
        }
        let _ = self.wait_idle(STOP_TIMEOUT);
    }
}

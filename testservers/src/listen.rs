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
/// How long a dropped server waits for its connections to end.
const FAREWELL: Duration = Duration::from_secs(2);

/// A port at which connections are refused, and which the system gives to nobody else meanwhile: a connection
/// of this process begins there.
pub struct ClosedPort {
    held: TcpStream,
    _listener: TcpListener,
}

impl ClosedPort {
    /// Takes a port.
    ///
    /// # Errors
    /// No port can be had.
    pub fn take() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        Ok(Self {
            held: TcpStream::connect(listener.local_addr()?)?,
            _listener: listener,
        })
    }

    /// Where nothing listens.
    ///
    /// # Errors
    /// The system does not say.
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
struct Gate {
    open: Mutex<Open>,
    changed: Condvar,
}

impl Gate {
    /// Notes a connection; `None` when there is no room, or the server is stopping.
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

/// Leaves the gate even when a handler panics.
struct Pass(Arc<Gate>, u64);

impl Drop for Pass {
    fn drop(&mut self) {
        self.0.leave(self.1);
    }
}

/// The listeners of one server, with their connections.
#[derive(Default)]
pub(crate) struct Listeners {
    gate: Arc<Gate>,
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
        let gate = Arc::clone(&self.gate);
        let handler: Handler = Arc::new(handler);
        let thread = thread::Builder::new()
            .name("accept".to_owned())
            .spawn(move || accept(&listener, &gate, &handler))?;
        self.accepting.push((addr, thread));
        Ok(addr)
    }

    /// Waits until every connection has ended; false when some are left after this time.
    pub(crate) fn wait_idle(&self, limit: Duration) -> bool {
        let open = lock(&self.gate.open);
        let waited = self
            .gate
            .changed
            .wait_timeout_while(open, limit, |open| !open.sockets.is_empty());
        waited.is_ok_and(|(_, timeout)| !timeout.timed_out())
    }
}

fn accept(listener: &TcpListener, gate: &Arc<Gate>, handler: &Handler) {
    loop {
        let accepted = listener.accept();
        if lock(&gate.open).stopped {
            return;
        }
        // A client that left between SYN and accept, or no file descriptors: the next may do.
        let Ok((tcp, _)) = accepted else {
            thread::sleep(Duration::from_millis(10));
            continue;
        };
        let Some(id) = gate.enter(&tcp) else { continue };
        let pass = Pass(Arc::clone(gate), id);
        let handler = Arc::clone(handler);
        // When no thread can be had the closure is dropped: pass and socket go with it.
        let _ = thread::Builder::new()
            .name("connection".to_owned())
            .spawn(move || {
                let _pass = pass;
                handler(tcp);
            });
    }
}

impl Drop for Listeners {
    fn drop(&mut self) {
        let mut open = lock(&self.gate.open);
        open.stopped = true;
        for tcp in open.sockets.values() {
            let _ = tcp.shutdown(Shutdown::Both);
        }
        drop(open);
        for (addr, thread) in self.accepting.drain(..) {
            // Wakes the blocking accept; without it the thread would wait for a next client.
            if TcpStream::connect_timeout(&addr, Duration::from_secs(1)).is_ok() {
                let _ = thread.join();
            }
        }
        let _ = self.wait_idle(FAREWELL);
    }
}

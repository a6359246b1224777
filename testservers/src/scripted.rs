//! A server that plays a fixed list of steps.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use rustls::ServerConfig;

use crate::listen::Listeners;
use crate::pki::ServerIdentity;
use crate::record::{Recorder, SessionRecord, SharedRecord, lock};
use crate::tls::{TlsVersions, server_config};
use crate::wire::Channel;

const MAX_LINE: usize = 1024 * 1024;
/// The timeout of [`Scripted::join`] for the client to connect and the script to end, and of a step for its test.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest time of a [`Step::Drip`] to a client that does not close: longer than any of its timeouts.
const DRIP: Duration = Duration::from_secs(100);

/// The function of a [`Step::Respond`]: makes the reply from a line and from what the TLS session
/// exports for channel binding (RFC 9266).
#[derive(Clone)]
pub struct Responder(Arc<Respond>);

type Respond = dyn Fn(&[u8], Option<[u8; 32]>) -> Vec<u8> + Send + Sync;

impl std::fmt::Debug for Responder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Responder")
    }
}

/// One step of a script.
#[derive(Clone, Debug)]
pub enum Step {
    /// Send these bytes.
    Send(Vec<u8>),
    /// Read a line with this beginning (in any letter case); any other line ends the script.
    Expect(String),
    /// Read any line.
    ReadLine,
    /// Read a line and send the reply that a function makes from it.
    Respond(Responder),
    /// Read up to the line of a single dot.
    ReadMessage,
    /// Read this number of bytes.
    ReadBytes(u64),
    /// Send these bytes on the socket, not encrypted even if TLS is active.
    Inject(Vec<u8>),
    /// Send these bytes inside TLS, with a byte of their last record changed.
    Corrupt(Vec<u8>),
    /// Update the keys of TLS 1.3 this number of times.
    KeyUpdates(u64),
    /// Send these bytes one by one with this pause after each, repeatedly until the client closes.
    Drip(Vec<u8>, Duration),
    /// Wait. A test that depends on an event uses a step that waits for the event instead.
    Sleep(Duration),
    /// Wait until the client has sent at least a byte, and leave it unread.
    AwaitByte,
    /// Wait until the test sends this signal.
    Await(Signal),
    /// Signal to the test that the script has reached this step.
    Tell(Sender<()>),
    /// The server's end of a TLS handshake.
    StartTls(ServerIdentity),
    /// The server's end of a TLS handshake with a configuration of the test's own.
    StartTlsWith(Arc<ServerConfig>),
    /// Read until the client closes.
    ReadToEnd,
    /// Keep the connection open and neither read nor write, until the handle is joined or dropped.
    Stall,
    /// Close in order (with close_notify inside TLS). Also the end of every script.
    Close,
    /// Drop the socket without close_notify. If it holds unread bytes, the system resets the connection.
    Drop,
}

/// The event that a [`Step::Await`] waits for.
#[derive(Clone, Debug)]
pub struct Signal(Arc<Mutex<Receiver<()>>>);

impl Step {
    /// Send this text, which contains its own CRLF.
    #[must_use]
    pub fn send(text: &str) -> Self {
        Step::Send(text.as_bytes().to_vec())
    }

    /// Read a line and send the reply that `respond` makes from it and from the channel binding.
    #[must_use]
    pub fn respond(
        respond: impl Fn(&[u8], Option<[u8; 32]>) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        Step::Respond(Responder(Arc::new(respond)))
    }

    /// Wait until the sender of `signal` is used.
    #[must_use]
    pub fn wait_for(signal: Receiver<()>) -> Self {
        Step::Await(Signal(Arc::new(Mutex::new(signal))))
    }

    /// Reset the connection: drop the socket while it holds unread bytes.
    #[must_use]
    pub fn reset() -> [Self; 2] {
        [Step::AwaitByte, Step::Drop]
    }

    /// Expect a line with this beginning.
    #[must_use]
    pub fn expect(prefix: &str) -> Self {
        Step::Expect(prefix.to_owned())
    }
}

#[derive(Default)]
struct Progress {
    records: Vec<SharedRecord>,
    ended: usize,
    released: bool,
}

#[derive(Default)]
struct Stage {
    progress: Mutex<Progress>,
    changed: Condvar,
}

/// A running script; dropping it ends its threads and connections.
pub struct Scripted {
    addr: SocketAddr,
    stage: Arc<Stage>,
    _listeners: Listeners,
}

impl Scripted {
    /// Plays the steps to every client that connects.
    ///
    /// # Errors
    /// No port is free.
    pub fn start(steps: Vec<Step>) -> io::Result<Self> {
        let stage = Arc::new(Stage::default());
        let own = Arc::clone(&stage);
        let mut listeners = Listeners::default();
        let addr = listeners.add(0, move |tcp| own.play(tcp, &steps))?;
        Ok(Self {
            addr,
            stage,
            _listeners: listeners,
        })
    }

    /// Plays the steps inside implicit TLS to every client that connects.
    ///
    /// # Errors
    /// As [`Scripted::start`].
    pub fn start_implicit(identity: ServerIdentity, mut steps: Vec<Step>) -> io::Result<Self> {
        steps.insert(0, Step::StartTls(identity));
        Self::start(steps)
    }

    /// The address of the server.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The bytes received so far, one record for each connection.
    #[must_use]
    pub fn records(&self) -> Vec<SessionRecord> {
        let progress = lock(&self.stage.progress);
        progress
            .records
            .iter()
            .map(|record| lock(record).clone())
            .collect()
    }

    /// The number of connections that have played the script and are closed.
    #[must_use]
    pub fn ended(&self) -> usize {
        lock(&self.stage.progress).ended
    }

    /// Waits until one connection has played the script (30 seconds at most), and returns its record.
    /// A stalled script continues.
    #[must_use]
    pub fn join(self) -> SessionRecord {
        self.join_all(1).into_iter().next().unwrap_or_default()
    }

    /// Waits until `connections` connections have played the script, and returns their records.
    #[must_use]
    pub fn join_all(self, connections: usize) -> Vec<SessionRecord> {
        let mut progress = lock(&self.stage.progress);
        progress.released = true;
        self.stage.changed.notify_all();
        let waited = self
            .stage
            .changed
            .wait_timeout_while(progress, PATIENCE, |progress| progress.ended < connections);
        drop(waited);
        self.records()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        lock(&self.stage.progress).released = true;
        self.stage.changed.notify_all();
    }
}

impl Stage {
    fn play(&self, tcp: TcpStream, steps: &[Step]) {
        let record = SharedRecord::default();
        lock(&self.progress).records.push(Arc::clone(&record));
        let recorder = Arc::clone(&record) as Arc<dyn Recorder>;
        let played =
            Channel::new(tcp, Some(recorder)).and_then(|channel| self.steps(channel, steps));
        if let Err(error) = played {
            lock(&record).error = Some(error.to_string());
        }
        lock(&self.progress).ended += 1;
        self.changed.notify_all();
    }

    fn steps(&self, mut channel: Channel, steps: &[Step]) -> io::Result<()> {
        for step in steps {
            match step {
                Step::Send(bytes) => channel.write(bytes)?,
                Step::Expect(prefix) => {
                    let line = read_line(&mut channel)?;
                    let head = line.get(..prefix.len()).unwrap_or_default();
                    if !head.eq_ignore_ascii_case(prefix.as_bytes()) {
                        let line = String::from_utf8_lossy(&line).into_owned();
                        let text = format!("expected {prefix:?}, got {line:?}");
                        return Err(io::Error::new(ErrorKind::InvalidData, text));
                    }
                }
                Step::ReadLine => drop(read_line(&mut channel)?),
                Step::Respond(respond) => {
                    let line = read_line(&mut channel)?;
                    let reply = respond.0(&line, channel.exported());
                    channel.write(&reply)?;
                }
                Step::ReadMessage => while read_line(&mut channel)? != b"." {},
                Step::ReadBytes(bytes) => channel.skip(*bytes)?,
                Step::Inject(bytes) => channel.write_beneath(bytes)?,
                Step::Corrupt(bytes) => channel.write_corrupt(bytes)?,
                Step::KeyUpdates(times) => channel.update_keys(*times)?,
                Step::Drip(bytes, pause) => self.drip(&mut channel, bytes, *pause),
                Step::Sleep(time) => self.wait(*time),
                Step::AwaitByte => channel.await_byte()?,
                Step::Await(Signal(signal)) => {
                    let sent = lock(signal).recv_timeout(PATIENCE);
                    sent.map_err(|_| io::Error::new(ErrorKind::TimedOut, "no signal of the test"))?;
                }
                Step::Tell(to) => drop(to.send(())),
                Step::StartTls(identity) => {
                    channel.accept_tls(server_config(identity, TlsVersions::Both)?)?;
                }
                Step::StartTlsWith(config) => channel.accept_tls(Arc::clone(config))?,
                Step::ReadToEnd => while channel.receive()? > 0 {},
                Step::Stall => {
                    self.wait(Duration::MAX);
                    drain(&mut channel)?;
                }
                Step::Close => break,
                Step::Drop => return Ok(()),
            }
        }
        channel.close();
        Ok(())
    }

    /// Sends until the client closes, or the handle is joined or dropped.
    fn drip(&self, channel: &mut Channel, bytes: &[u8], pause: Duration) {
        let begin = Instant::now();
        for byte in bytes.iter().cycle() {
            let over = lock(&self.progress).released || begin.elapsed() > DRIP;
            if over || channel.write(&[*byte]).is_err() {
                return;
            }
            self.wait(pause);
        }
    }

    /// Waits for this time, or until the handle is joined or dropped.
    fn wait(&self, time: Duration) {
        let begin = Instant::now();
        let mut progress = lock(&self.progress);
        loop {
            let left = time.saturating_sub(begin.elapsed());
            if left.is_zero() || (time == Duration::MAX && progress.released) {
                return;
            }
            let slice = left.min(Duration::from_secs(1));
            progress = match self.changed.wait_timeout(progress, slice) {
                Ok((progress, _)) => progress,
                Err(_) => return,
            };
        }
    }
}

fn read_line(channel: &mut Channel) -> io::Result<Vec<u8>> {
    channel
        .read_line(MAX_LINE)?
        .ok_or_else(|| ErrorKind::UnexpectedEof.into())
}

/// Reads what the client sent into a stalled connection, so that the record is complete.
fn drain(channel: &mut Channel) -> io::Result<()> {
    channel.set_read_timeout(Duration::from_millis(50))?;
    loop {
        match channel.receive() {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return Ok(());
            }
            Err(error) => return Err(error),
        }
    }
}

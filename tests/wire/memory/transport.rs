//! The transport: counts what passes in each direction, and fails at a given byte.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use secsmtp::deadline::Deadline;
use secsmtp::net::{Interest, Transport, WaitEnd};

use super::peer::Peer;

/// Which way the bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    ToClient,
    ToServer,
}

/// The event at a byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The connection is closed: nothing more comes, or nothing more is taken.
    Cut,
    /// Nothing moves in this direction any more, until the deadline.
    Stall,
    /// The call is cancelled.
    Cancel,
    /// The system gives an error.
    Error,
    /// The read or write ends here, and the next goes on.
    Short,
    /// The system takes or has nothing once, and then goes on.
    Pause,
    /// A signal comes in between.
    Interrupt,
}

impl Kind {
    /// Returns whether the send must continue without effect.
    pub(crate) fn is_harmless(self) -> bool {
        matches!(self, Self::Short | Self::Pause | Self::Interrupt)
    }
}

/// One fault: after so many bytes of a direction.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fault {
    pub(crate) direction: Direction,
    pub(crate) at: u64,
    pub(crate) kind: Kind,
}

/// More calls than any send makes: a loop that never ends.
const MAX_CALLS: u64 = 1_000_000;

pub(crate) struct State {
    pub(crate) peer: Peer,
    pub(crate) to_client: u64,
    pub(crate) to_server: u64,
    fault: Option<Fault>,
    /// The fault has struck; one that strikes once is over.
    struck: bool,
    /// A write was refused and would be taken now.
    writable_again: bool,
    cancelled: bool,
    finished: bool,
    calls: u64,
    /// Runs the peer's own code, which a test may exempt from what it measures.
    pub(crate) run_peer: fn(&mut dyn FnMut()),
    /// Each read brings one record of TLS at most.
    pub(crate) read_by_record: bool,
    /// The most that the system takes at a time: then it has to be waited for.
    pub(crate) sip: Option<usize>,
    /// When each wait would have ended, as far behind the beginning, and what was taken before it.
    pub(crate) waits: Vec<(Option<Duration>, u64)>,
    began: Instant,
    /// The limit of the last wait that had no result.
    pub(crate) patience: Option<Duration>,
}

/// One end of the connection; the test keeps a second handle on it.
#[derive(Clone)]
pub(crate) struct Memory(Arc<Mutex<State>>);

/// The part of a read or write of this size that the fault leaves.
enum Passage {
    Bytes(usize),
    End,
    Fail(io::ErrorKind),
}

impl Memory {
    pub(crate) fn new(peer: Peer, fault: Option<Fault>) -> Self {
        Self(Arc::new(Mutex::new(State {
            peer,
            to_client: 0,
            to_server: 0,
            fault,
            struck: false,
            writable_again: false,
            cancelled: false,
            finished: false,
            calls: 0,
            run_peer: |run| run(),
            read_by_record: false,
            sip: None,
            waits: Vec::new(),
            began: Instant::now(),
            patience: None,
        })))
    }

    /// The counters so far.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no test thread died in between")
    }
}

impl State {
    /// The number of bytes that passed in a direction, in all and until the handshake was complete.
    pub(crate) fn passed(&self, direction: Direction) -> (u64, u64) {
        match direction {
            Direction::ToClient => (self.to_client, self.peer.handshake_at.0),
            Direction::ToServer => (self.to_server, self.peer.handshake_at.1),
        }
    }

    /// Begins new notes; what passed stays counted.
    pub(crate) fn forget(&mut self) {
        self.calls = 0;
        self.peer.forget();
    }

    /// The first record that the peer has put on the line.
    fn record_len(&mut self) -> usize {
        let out = self.peer.outgoing();
        match (out.get(3), out.get(4)) {
            (Some(high), Some(low)) => 5 + usize::from(u16::from_be_bytes([*high, *low])),
            _ => out.len(),
        }
    }

    fn pass(&mut self, direction: Direction, wanted: usize) -> Passage {
        self.calls += 1;
        assert!(self.calls < MAX_CALLS, "a loop without end");
        let passed = match direction {
            Direction::ToClient => self.to_client,
            Direction::ToServer => self.to_server,
        };
        let Some(fault) = self.fault.filter(|fault| fault.direction == direction) else {
            return Passage::Bytes(wanted);
        };
        let room = usize::try_from(fault.at.saturating_sub(passed)).unwrap_or(usize::MAX);
        if self.struck && fault.kind.is_harmless() {
            return Passage::Bytes(wanted);
        }
        if wanted <= room && !(wanted == room && fault.kind == Kind::Cancel) {
            // A read at the very place would find nothing more: the fault strikes the next.
            if room > 0 {
                return Passage::Bytes(wanted);
            }
        }
        if room > 0 && fault.kind != Kind::Cancel {
            self.struck |= fault.kind == Kind::Short;
            return Passage::Bytes(room);
        }
        self.struck = true;
        match fault.kind {
            Kind::Cut if direction == Direction::ToClient => Passage::End,
            Kind::Cut => Passage::Fail(io::ErrorKind::BrokenPipe),
            Kind::Error => Passage::Fail(io::ErrorKind::ConnectionReset),
            Kind::Interrupt => Passage::Fail(io::ErrorKind::Interrupted),
            Kind::Stall => Passage::Fail(io::ErrorKind::WouldBlock),
            Kind::Pause => {
                self.writable_again = true;
                Passage::Fail(io::ErrorKind::WouldBlock)
            }
            Kind::Short => Passage::Bytes(wanted),
            Kind::Cancel => {
                self.cancelled = true;
                if room == 0 {
                    Passage::Fail(io::ErrorKind::WouldBlock)
                } else {
                    Passage::Bytes(room)
                }
            }
        }
    }

    fn stalled(&self) -> bool {
        self.struck
            && self.fault.is_some_and(|fault| {
                fault.kind == Kind::Stall && fault.direction == Direction::ToClient
            })
    }
}

impl Transport for Memory {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut state = self.state();
        let run_peer = state.run_peer;
        run_peer(&mut || state.peer.refill());
        let mut there = state.peer.outgoing().len().min(buffer.len());
        if state.read_by_record {
            let record = state.record_len();
            there = there.min(record);
        }
        let n = match state.pass(Direction::ToClient, there) {
            Passage::Bytes(n) => n,
            Passage::End => return Ok(0),
            Passage::Fail(kind) => return Err(kind.into()),
        };
        if n == 0 {
            return if state.peer.has_closed() {
                Ok(0)
            } else {
                Err(io::ErrorKind::WouldBlock.into())
            };
        }
        let taken = state.peer.outgoing().drain(..n);
        for (place, byte) in buffer.iter_mut().zip(taken) {
            *place = byte;
        }
        state.to_client += n as u64;
        Ok(n)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.state();
        if state.finished {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let sip = state.sip;
        // Once for each wait.
        if sip.is_some() && std::mem::replace(&mut state.writable_again, true) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let wanted = sip.map_or(bytes.len(), |most| bytes.len().min(most));
        let n = match state.pass(Direction::ToServer, wanted) {
            Passage::Bytes(n) => n,
            Passage::End => return Ok(0),
            Passage::Fail(kind) => return Err(kind.into()),
        };
        state.to_server += n as u64;
        let total = state.to_server;
        let run_peer = state.run_peer;
        run_peer(&mut || state.peer.receive(&bytes[..n], total));
        Ok(n)
    }

    /// Nothing happens here but by the client: if there is nothing for it to do, the deadline is
    /// what comes next.
    fn wait(&mut self, _: Interest, deadline: Deadline) -> Result<(), WaitEnd> {
        let mut state = self.state();
        state.calls += 1;
        assert!(state.calls < MAX_CALLS, "a loop without end");
        if state.cancelled {
            return Err(WaitEnd::Cancelled);
        }
        let until = deadline.left(state.began);
        let taken = state.to_server;
        state.waits.push((until, taken));
        let readable =
            (!state.peer.outgoing().is_empty() || state.peer.has_closed()) && !state.stalled();
        if readable || std::mem::take(&mut state.writable_again) {
            return Ok(());
        }
        state.patience = deadline.left(Instant::now());
        Err(WaitEnd::TimedOut)
    }

    fn check(&self, _: Deadline) -> Result<(), WaitEnd> {
        if self.state().cancelled {
            Err(WaitEnd::Cancelled)
        } else {
            Ok(())
        }
    }

    fn finish(&mut self) {
        self.state().finished = true;
    }
}

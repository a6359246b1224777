//! A connection over a long line: what is under way arrives half a round trip later, in order, at
//! any rate. The three steps of the TCP handshake are paid too: the kernel accepts at once, so what
//! the client says first arrives one and a half round trips after that.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::count::{Counts, Progress};
use crate::peer::Peer;

/// Bytes under way to the sink; none are the end.
type Inward = (Instant, Vec<u8>);
/// Bytes under way to the client, and what they answer.
type Outward = (Instant, Vec<u8>, Progress);

/// Serves until the client ends.
pub(crate) fn serve(stream: TcpStream, mut peer: Peer, round_trip: Duration) -> io::Result<Counts> {
    stream.set_nodelay(true)?;
    let half = round_trip / 2;
    let counts = Arc::new(Mutex::new(Counts::new()));
    let connected = Instant::now() + round_trip;
    let (inward, arrivals) = channel();
    let (outward, departures) = channel();
    let reader = {
        let (stream, counts) = (stream.try_clone()?, Arc::clone(&counts));
        thread::spawn(move || read(stream, &counts, &inward, connected, half))
    };
    let writer = {
        let (stream, counts) = (stream.try_clone()?, Arc::clone(&counts));
        thread::spawn(move || write(stream, &counts, &departures))
    };
    let mut out = Vec::new();
    peer.begin(&mut out)?;
    // A greeting in clear goes out when the last step of the TCP handshake has arrived.
    let _ = outward.send((connected + 2 * half, out, peer.progress()));
    let result = converse(&arrivals, &outward, &mut peer, half);
    drop(outward);
    let _ = writer.join();
    let _ = stream.shutdown(Shutdown::Both);
    let _ = reader.join();
    result?;
    let mut counts = lock(&counts);
    Ok(std::mem::replace(&mut counts, Counts::new()))
}

/// Takes what arrives, when it arrives.
fn converse(
    arrivals: &Receiver<Inward>,
    outward: &Sender<Outward>,
    peer: &mut Peer,
    half: Duration,
) -> io::Result<()> {
    let mut buffer = Vec::new();
    while let Ok((due, bytes)) = arrivals.recv() {
        sleep_until(due);
        if bytes.is_empty() {
            break;
        }
        buffer.extend_from_slice(&bytes);
        let mut out = Vec::new();
        let taken = peer.take(&mut buffer, &mut out)?;
        buffer.drain(..taken.used);
        if !out.is_empty() {
            let _ = outward.send((Instant::now() + half, out, peer.progress()));
        }
        if taken.over {
            break;
        }
    }
    Ok(())
}

/// Reads at once whatever comes, so that the line has no limit of bandwidth.
fn read(
    mut stream: TcpStream,
    counts: &Mutex<Counts>,
    inward: &Sender<Inward>,
    connected: Instant,
    half: Duration,
) {
    let mut buffer = vec![0; 256 * 1024];
    let mut received = 0_u64;
    loop {
        let read = stream.read(&mut buffer).unwrap_or(0);
        lock(counts).arrived(received);
        received += read as u64;
        let due = Instant::now().max(connected) + half;
        let sent = inward.send((due, buffer[..read].to_vec()));
        if read == 0 || sent.is_err() {
            return;
        }
    }
}

/// Writes what is due. Counted under the lock: no byte may be read in between.
fn write(mut stream: TcpStream, counts: &Mutex<Counts>, departures: &Receiver<Outward>) {
    while let Ok((due, bytes, progress)) = departures.recv() {
        sleep_until(due);
        let mut counts = lock(counts);
        let written = stream.write_all(&bytes);
        if !bytes.is_empty() {
            counts.answered(progress);
        }
        if written.is_err() {
            return;
        }
    }
}

fn sleep_until(due: Instant) {
    thread::sleep(due.saturating_duration_since(Instant::now()));
}

fn lock(counts: &Mutex<Counts>) -> MutexGuard<'_, Counts> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

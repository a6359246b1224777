//! Connects to the first address that answers, by RFC 8305 (happy eyeballs).

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Interest, Token};

use super::resolve::stopped;
use super::transport::TcpTransport;
use super::wait::{WaitEnd, Waiter};
use crate::deadline::Deadline;
use crate::error::Cause;

/// The delay between two connection attempts (RFC 8305 section 5).
const HEAD_START: Duration = Duration::from_millis(250);
/// The maximum number of addresses that are tried.
const MAX_ATTEMPTS: usize = 8;

/// Connects to the first of `addresses` that answers. The choice does not affect trust: the peer is
/// verified later.
///
/// # Errors
/// The error of each address, or the reason why all attempts ended.
pub fn dial(
    addresses: &[SocketAddr],
    mut waiter: Waiter,
    deadline: Deadline,
) -> Result<TcpTransport, Cause> {
    let mut waiting = interleave(addresses)
        .into_iter()
        .take(MAX_ATTEMPTS)
        .enumerate();
    let mut running: Vec<(SocketAddr, TcpStream)> = Vec::new();
    let mut failed: Vec<(SocketAddr, io::ErrorKind)> = Vec::new();
    let mut next_at = Instant::now();
    let mut more = true;
    loop {
        if more && (running.is_empty() || Instant::now() >= next_at) {
            match waiting.next() {
                Some((index, address)) => match begin(address, index, &waiter) {
                    Ok(stream) => running.push((address, stream)),
                    Err(error) => failed.push((address, error.kind())),
                },
                None => more = false,
            }
            next_at = Instant::now() + HEAD_START;
        }
        if let Some(stream) = settle(&mut running, &mut failed) {
            return Ok(TcpTransport::new(stream, waiter));
        }
        if running.is_empty() {
            if more {
                continue;
            }
            return Err(Cause::Connect { attempts: failed });
        }
        let head_start = next_at.saturating_duration_since(Instant::now());
        let until = if more {
            deadline.min(Deadline::after(head_start))
        } else {
            deadline
        };
        match waiter.wait(until) {
            Ok(()) => {}
            Err(WaitEnd::TimedOut) if !deadline.passed(Instant::now()) => {}
            Err(stop) => return Err(stopped(stop)),
        }
    }
}

fn begin(address: SocketAddr, index: usize, waiter: &Waiter) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(address)?;
    let both = Interest::READABLE | Interest::WRITABLE;
    waiter
        .registry()
        .register(&mut stream, Token(index + 1), both)?;
    Ok(stream)
}

/// Removes a connected stream from the running ones, and moves the failed ones.
fn settle(
    running: &mut Vec<(SocketAddr, TcpStream)>,
    failed: &mut Vec<(SocketAddr, io::ErrorKind)>,
) -> Option<TcpStream> {
    let mut index = 0;
    while let Some((address, stream)) = running.get(index) {
        let error = match stream.take_error() {
            Ok(None) => stream.peer_addr().err(),
            Ok(Some(error)) | Err(error) => Some(error),
        };
        match error {
            None => {
                // Disable Nagle's algorithm: a command must not wait for more bytes to fill a segment.
                return match stream.set_nodelay(true) {
                    Ok(()) => Some(running.swap_remove(index).1),
                    Err(error) => {
                        failed.push((*address, error.kind()));
                        running.swap_remove(index);
                        None
                    }
                };
            }
            Some(error) if error.kind() == io::ErrorKind::NotConnected => index += 1,
            Some(error) => {
                failed.push((*address, error.kind()));
                running.swap_remove(index);
            }
        }
    }
    None
}

/// Interleaves the two families, each in the given order, beginning with that of the first address.
fn interleave(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (mut a, mut b): (Vec<_>, Vec<_>) = addresses
        .iter()
        .copied()
        .partition(|address| address.is_ipv6() == first_is_v6);
    a.reverse();
    b.reverse();
    let mut mixed = Vec::with_capacity(addresses.len());
    while !(a.is_empty() && b.is_empty()) {
        mixed.extend(a.pop());
        mixed.extend(b.pop());
    }
    mixed
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn addresses(list: &[&str]) -> Vec<SocketAddr> {
        list.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn a11_families_take_turns() {
        let given = addresses(&["[::1]:1", "[::2]:1", "1.1.1.1:1", "[::3]:1", "2.2.2.2:1"]);
        let expected = addresses(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "2.2.2.2:1", "[::3]:1"]);
        assert_eq!(interleave(&given), expected);
    }

    #[test]
    fn the_first_address_that_answers_is_taken_and_refusals_are_told() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let open = listener.local_addr().unwrap();
        let port = secsmtp_testservers::ClosedPort::take().unwrap();
        let closed = port.addr().unwrap();
        let deadline = Deadline::after(Duration::from_secs(20));
        assert!(dial(&[closed, open], Waiter::new().unwrap(), deadline).is_ok());
        let cause = dial(&[closed], Waiter::new().unwrap(), deadline).unwrap_err();
        let refused = vec![(closed, io::ErrorKind::ConnectionRefused)];
        assert_eq!(cause, Cause::Connect { attempts: refused });
    }
}

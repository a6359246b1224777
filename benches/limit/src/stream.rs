//! Full duplex by one thread: writes while there is room, reads replies when there is none.

use std::io::{self, Write as _};
use std::os::fd::AsRawFd as _;

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};

use crate::dialogue::Connection;

/// Bytes of plaintext sealed at a time: whole records.
const BATCH: usize = 256 * 1024;

/// Sends the same flight `count` times and waits for all replies.
pub(crate) fn send(connection: &mut Connection, flight: &[u8], count: usize) -> io::Result<()> {
    let per_batch = (BATCH / flight.len()).max(1);
    let batch = flight.repeat(per_batch);
    let mut duplex = Duplex::begin(connection)?;
    let mut left = count;
    while left > 0 {
        let now = left.min(per_batch);
        duplex.write(&batch[..now * flight.len()])?;
        left -= now;
    }
    duplex.finish(count * 3)
}

/// A connection that reads while it writes.
pub(crate) struct Duplex<'a> {
    connection: &'a mut Connection,
    poll: Poll,
    events: Events,
    seen: usize,
}

impl<'a> Duplex<'a> {
    pub(crate) fn begin(connection: &'a mut Connection) -> io::Result<Self> {
        let poll = Poll::new()?;
        connection.stream.set_nonblocking(true)?;
        let both = Interest::READABLE | Interest::WRITABLE;
        let descriptor = connection.stream.as_raw_fd();
        poll.registry()
            .register(&mut SourceFd(&descriptor), Token(0), both)?;
        Ok(Self {
            connection,
            poll,
            events: Events::with_capacity(4),
            seen: 0,
        })
    }

    /// Seals and writes; when the system takes no more, reads what there is and waits.
    pub(crate) fn write(&mut self, plain: &[u8]) -> io::Result<()> {
        let connection = &mut *self.connection;
        connection.tls.seal(plain, &mut connection.out)?;
        let mut written = 0;
        while written < connection.out.len() {
            match connection.stream.write(&connection.out[written..]) {
                Ok(n) => written += n,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if !drain(connection, &mut self.seen)? {
                        self.poll.poll(&mut self.events, None)?;
                    }
                }
                Err(error) => return Err(error),
            }
        }
        connection.out.clear();
        Ok(())
    }

    /// Waits until so many replies have come since the beginning.
    pub(crate) fn finish(mut self, wanted: usize) -> io::Result<()> {
        while self.seen < wanted {
            if !drain(self.connection, &mut self.seen)? {
                self.poll.poll(&mut self.events, None)?;
            }
        }
        self.connection.stream.set_nonblocking(false)
    }
}

/// Reads all available bytes. Returns whether there were any.
fn drain(connection: &mut Connection, seen: &mut usize) -> io::Result<bool> {
    let mut some = false;
    loop {
        match connection.receive() {
            Ok(_) => *seen += connection.take_replies()?,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(some),
            Err(error) => return Err(error),
        }
        some = true;
    }
}

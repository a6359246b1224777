//! A connection without delay: one thread that reads all there is, takes it, and answers it with
//! one write.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;

use crate::count::Counts;
use crate::peer::Peer;

/// Bytes read at a time, at most.
const ROOM: usize = 256 * 1024;

/// Serves until the client ends.
pub(crate) fn serve(mut stream: TcpStream, mut peer: Peer) -> io::Result<Counts> {
    stream.set_nodelay(true)?;
    let mut counts = Counts::new();
    let mut buffer = vec![0; ROOM];
    let mut filled = 0;
    let mut out = Vec::new();
    let mut received = 0_u64;
    peer.begin(&mut out)?;
    stream.write_all(&out)?;
    counts.answered(peer.progress());
    loop {
        let read = match stream.read(&mut buffer[filled..]) {
            Ok(read) => read,
            // A client that has what it wanted may just go.
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => 0,
            Err(error) => return Err(error),
        };
        counts.arrived(received);
        received += read as u64;
        if read == 0 {
            return Ok(counts);
        }
        filled += read;
        out.clear();
        let taken = peer.take(&mut buffer[..filled], &mut out)?;
        buffer.copy_within(taken.used..filled, 0);
        filled -= taken.used;
        stream.write_all(&out)?;
        if !out.is_empty() {
            counts.answered(peer.progress());
        }
        if taken.over {
            return Ok(counts);
        }
    }
}

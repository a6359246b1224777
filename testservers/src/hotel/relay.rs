//! Forwards lines and replies one at a time.

use std::io::{self, ErrorKind};

use crate::wire::Channel;

/// A line of a mail may be as long as a mail.
const MAX_LINE: usize = 64 * 1024 * 1024;
const MAX_REPLY_LINES: usize = 200;

/// Reads the next line of the client; `None` at the end of the stream.
pub(super) fn next_line(client: &mut Channel) -> io::Result<Option<Vec<u8>>> {
    client.read_line(MAX_LINE)
}

/// The command verb of a line, in capitals.
pub(super) fn verb(line: &[u8]) -> String {
    let word = line.split(|&byte| byte == b' ').next().unwrap_or_default();
    String::from_utf8_lossy(word).to_ascii_uppercase()
}

pub(super) fn write_line(to: &mut Channel, line: &[u8]) -> io::Result<()> {
    to.write(&[line, b"\r\n"].concat())
}

/// Reads a complete reply of the server, as a list of lines.
pub(super) fn read_reply(upstream: &mut Channel) -> io::Result<Vec<Vec<u8>>> {
    let mut lines = Vec::new();
    while lines.len() < MAX_REPLY_LINES {
        let line = upstream
            .read_line(MAX_LINE)?
            .ok_or(ErrorKind::UnexpectedEof)?;
        let more = line.get(3) == Some(&b'-');
        lines.push(line);
        if !more {
            return Ok(lines);
        }
    }
    Err(io::Error::new(ErrorKind::InvalidData, "endless reply"))
}

pub(super) fn write_reply(client: &mut Channel, lines: &[Vec<u8>]) -> io::Result<()> {
    let mut reply = lines.join(&b"\r\n"[..]);
    reply.extend_from_slice(b"\r\n");
    client.write(&reply)
}

/// Forwards one line, and the reply back to the client. Returns the reply.
pub(super) fn exchange(
    client: &mut Channel,
    upstream: &mut Channel,
    line: &[u8],
) -> io::Result<Vec<Vec<u8>>> {
    write_line(upstream, line)?;
    let reply = read_reply(upstream)?;
    write_reply(client, &reply)?;
    Ok(reply)
}

/// Returns whether a reply has this code.
pub(super) fn is_code(reply: &[Vec<u8>], code: &[u8]) -> bool {
    reply.first().is_some_and(|line| line.starts_with(code))
}

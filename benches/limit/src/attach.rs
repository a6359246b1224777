//! A mail with one file in base64, in BDAT chunks, by one thread: read, encode, seal, write.

use std::fs::File;
use std::io::{self, Read as _};

use base64_simd::{Out, STANDARD};

use crate::dialogue::Connection;
use crate::stream::Duplex;

/// Bytes of the file in a line, and of the line with its end (RFC 2045 section 6.8).
const LINE: usize = 57;
const ENCODED_LINE: usize = 78;
/// Lines in a chunk: as many as make half a megabyte, the fastest that was tried.
const LINES: usize = 512 * 1024 / ENCODED_LINE;

const HEADER: &str = "From: alice@mail.test\r\nTo: bob@mail.test\r\nSubject: A file\r\n\
     MIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\n\
     Content-Transfer-Encoding: base64\r\n\r\n";

/// Sends FILE and waits for the answer.
pub(crate) fn send(connection: &mut Connection, path: &str) -> io::Result<()> {
    let mut file = File::open(path)?;
    let mut duplex = Duplex::begin(connection)?;
    let envelope = "MAIL FROM:<alice@mail.test>\r\nRCPT TO:<bob@mail.test>\r\nBDAT";
    duplex.write(format!("{envelope} {}\r\n{HEADER}", HEADER.len()).as_bytes())?;
    let mut raw = vec![0; LINES * LINE];
    let mut chunk = Vec::with_capacity(LINES * ENCODED_LINE + 32);
    let (mut flat, mut chunks) = (Vec::new(), 1);
    loop {
        let filled = fill(&mut file, &mut raw)?;
        let last = filled < raw.len();
        encode(&raw[..filled], last, &mut flat, &mut chunk);
        duplex.write(&chunk)?;
        chunks += 1;
        if last {
            return duplex.finish(2 + chunks);
        }
    }
}

fn fill(file: &mut File, raw: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < raw.len() {
        match file.read(&mut raw[filled..])? {
            0 => break,
            n => filled += n,
        }
    }
    Ok(filled)
}

/// BDAT with `raw` in lines.
fn encode(raw: &[u8], last: bool, flat: &mut Vec<u8>, chunk: &mut Vec<u8>) {
    let lines = raw.len() / LINE;
    let tail = raw.len() % LINE;
    let tail_size = if tail == 0 {
        0
    } else {
        tail.div_ceil(3) * 4 + 2
    };
    let size = lines * ENCODED_LINE + tail_size;
    let head = if last {
        format!("BDAT {size} LAST\r\n")
    } else {
        format!("BDAT {size}\r\n")
    };
    chunk.clear();
    chunk.extend_from_slice(head.as_bytes());
    chunk.resize(head.len() + size, 0);
    // In one go, and then into lines: the encoder is faster on a long run.
    flat.resize(raw.len().div_ceil(3) * 4, 0);
    let _ = STANDARD.encode(raw, Out::from_slice(flat));
    let mut room = &mut chunk[head.len()..];
    for line in flat.chunks(ENCODED_LINE - 2) {
        let (encoded, behind) = room.split_at_mut(line.len() + 2);
        encoded[..line.len()].copy_from_slice(line);
        encoded[line.len()..].copy_from_slice(b"\r\n");
        room = behind;
    }
}

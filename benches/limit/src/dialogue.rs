//! The bytes of the dialogue over a blocking socket.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::tls::Tls;

/// A logged-in connection.
pub(crate) struct Connection {
    pub(crate) stream: TcpStream,
    pub(crate) tls: Tls,
    input: Vec<u8>,
    filled: usize,
    pub(crate) out: Vec<u8>,
    plain: Vec<u8>,
}

/// MAIL, RCPT and BDAT with the content, in one.
pub(crate) fn flight(content: &[u8]) -> Vec<u8> {
    let head = format!(
        "MAIL FROM:<alice@mail.test> SIZE={0}\r\nRCPT TO:<bob@mail.test>\r\nBDAT {0} LAST\r\n",
        content.len()
    );
    [head.as_bytes(), content].concat()
}

impl Connection {
    /// TLS, greeting, EHLO and AUTH: three waits.
    pub(crate) fn open(port: u16, ca_file: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        let mut connection = Self {
            stream,
            tls: Tls::new(ca_file)?,
            input: vec![0; 64 * 1024],
            filled: 0,
            out: Vec::new(),
            plain: Vec::new(),
        };
        while !connection.tls.established {
            connection.open_records()?;
            connection.write_out()?;
            if !connection.tls.established {
                connection.receive()?;
            }
        }
        connection.replies(1)?;
        connection.one(b"EHLO bench.test\r\n", 1)?;
        let login = STANDARD.encode("\0alice\0correct horse");
        connection.one(format!("AUTH PLAIN {login}\r\n").as_bytes(), 1)?;
        Ok(connection)
    }

    /// Writes all of `bytes`, and waits for this number of replies.
    pub(crate) fn one(&mut self, bytes: &[u8], replies: usize) -> io::Result<()> {
        self.tls.seal(bytes, &mut self.out)?;
        self.write_out()?;
        self.replies(replies)
    }

    pub(crate) fn quit(&mut self) -> io::Result<()> {
        self.one(b"QUIT\r\n", 1)
    }

    /// Waits for exactly this number of replies.
    fn replies(&mut self, mut wanted: usize) -> io::Result<()> {
        while wanted > 0 {
            let seen = self.take_replies()?;
            if seen == 0 {
                self.receive()?;
            }
            wanted = wanted.checked_sub(seen).ok_or(io::ErrorKind::InvalidData)?;
        }
        Ok(())
    }

    /// Counts the whole replies that have come; each must be positive.
    pub(crate) fn take_replies(&mut self) -> io::Result<usize> {
        self.open_records()?;
        let mut seen = 0;
        let mut rest = self.plain.as_slice();
        while let Some(end) = rest.iter().position(|b| *b == b'\n') {
            let (line, behind) = rest.split_at(end + 1);
            match line {
                [b'2' | b'3', _, _, b' ', ..] => seen += 1,
                [b'2', _, _, b'-', ..] => {}
                _ => return Err(io::Error::other(String::from_utf8_lossy(line))),
            }
            rest = behind;
        }
        let used = self.plain.len() - rest.len();
        self.plain.drain(..used);
        Ok(seen)
    }

    /// Reads once.
    pub(crate) fn receive(&mut self) -> io::Result<usize> {
        let read = self.stream.read(&mut self.input[self.filled..])?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.filled += read;
        Ok(read)
    }

    fn open_records(&mut self) -> io::Result<()> {
        let input = &mut self.input[..self.filled];
        let used = self.tls.open(input, &mut self.out, &mut self.plain)?;
        self.input.copy_within(used..self.filled, 0);
        self.filled -= used;
        Ok(())
    }

    fn write_out(&mut self) -> io::Result<()> {
        self.stream.write_all(&self.out)?;
        self.out.clear();
        Ok(())
    }
}

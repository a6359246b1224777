//! Standard output and standard error. A failure to write to one, because it is closed or full, changes
//! neither what is done nor the exit status: it is reported on the other one at the end.

use std::io::{self, ErrorKind, Write};
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::Duration;

use secsmtp::support::io_words::io_words;

/// A stream, and the first failure to write to it.
pub(crate) struct Stream {
    name: &'static str,
    open: fn() -> Box<dyn Write>,
    failure: OnceLock<String>,
}

/// Results.
pub(crate) static OUT: Stream = Stream {
    name: "standard output",
    open: || Box::new(io::stdout().lock()),
    failure: OnceLock::new(),
};

/// Errors and the log.
pub(crate) static ERR: Stream = Stream {
    name: "standard error",
    open: || Box::new(io::stderr().lock()),
    failure: OnceLock::new(),
};

impl Stream {
    /// Writes a text and a line end.
    pub(crate) fn line(&self, text: &str) {
        self.write(format!("{text}\n"));
    }

    /// Writes a text as it is.
    pub(crate) fn write(&self, text: impl AsRef<[u8]>) {
        if let Err(error) = write_all(&mut (self.open)(), text.as_ref()) {
            self.failure.get_or_init(|| io_words(&error));
        }
    }

    /// Returns the sentence for the other stream, if output on this one was lost.
    fn loss(&self) -> Option<String> {
        let (name, why) = (self.name, self.failure.get()?);
        Some(format!(
            "secsmtp: {name} could not be written ({why}), so lines are missing there. Everything else was \
             done, and the exit status is right."
        ))
    }
}

/// Reports on each stream that output on the other one was lost. Standard output with JSON gets no such
/// line: all results are in it.
pub(crate) fn report_losses(json: bool) {
    if let Some(loss) = OUT.loss() {
        ERR.line(&loss);
    }
    if let Some(loss) = ERR.loss().filter(|_| !json) {
        OUT.line(&loss);
    }
}

fn write_all(stream: &mut dyn Write, mut text: &[u8]) -> io::Result<()> {
    loop {
        let step = match text.is_empty() {
            true => stream.flush().map(|()| 0),
            false => stream.write(text),
        };
        match step {
            Ok(_) if text.is_empty() => return Ok(()),
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => text = text.get(count..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // Another process made the stream non-blocking, and its reader is slow.
            Err(error) if error.kind() == ErrorKind::WouldBlock => sleep(Duration::from_millis(10)),
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stream that takes a byte at a time, and fails at two of four calls.
    struct Slow(Vec<u8>, u32);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.1 += 1;
            match self.1 % 4 {
                1 => Err(ErrorKind::Interrupted.into()),
                2 => Err(ErrorKind::WouldBlock.into()),
                _ => {
                    self.0.push(bytes[0]);
                    Ok(1)
                }
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_slow_stream_gets_all_and_a_failed_one_is_an_error() {
        let mut slow = Slow(Vec::new(), 0);
        write_all(&mut slow, b"all of it").unwrap();
        assert_eq!(slow.0, b"all of it");
        let mut full = [0; 3];
        let full = write_all(&mut full.as_mut_slice(), b"four");
        assert_eq!(full.unwrap_err().kind(), ErrorKind::WriteZero);
    }
}

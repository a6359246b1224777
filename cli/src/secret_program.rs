//! A program that prints the password or token when it is needed.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{self, IsTerminal as _, PipeReader, PipeWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use secsmtp::credential::{NoSecret, Reason, SecretProvider, SecretRequest};
use secsmtp::error::Error;
use secsmtp::status::Status;
use secsmtp::support::io_words::io_words;
use secsmtp::support::secret::Secret;
use zeroize::Zeroizing;

use crate::failure::shown;
use crate::streams::ERR;

/// The limit of a secret in bytes, so that output without end is cut off.
pub(crate) const MAX_SECRET: usize = 16 * 1024;

/// The interval at which the state of a program is polled.
const POLL: Duration = Duration::from_millis(10);

/// The program, and the option that named it.
pub(crate) struct SecretProgram {
    option: &'static str,
    path: PathBuf,
}

impl SecretProgram {
    pub(crate) fn new(option: &'static str, path: &Path) -> Self {
        Self {
            option,
            path: path.to_owned(),
        }
    }
}

impl SecretProvider for SecretProgram {
    fn secret(&self, request: &mut SecretRequest<'_>) -> Result<Secret, NoSecret> {
        let context = request.secret_context();
        let reason = match context.reason {
            Reason::First => "first",
            Reason::Refused => "refused",
        };
        let mut command = Command::new(&self.path);
        command.args([context.host, context.user, reason]);
        let mut run = Run::start(&mut command).map_err(|error| {
            let why = format!("{} can't be run ({})", shown(&self.path), io_words(&error));
            Error::argument(Status::NoSecret, self.option, why)
        })?;
        while !run.has_ended() {
            // Cancelling and the deadline end the wait and the program.
            if let Err(stop) = request.wait_for(POLL) {
                run.finish();
                return Err(stop.into());
            }
        }
        let mut output = run.finish().ok_or(NoSecret::Declined)?;
        drop_line_break(&mut output);
        Ok(request.answer(&output)?)
    }
}

/// A program that runs until [`Run::finish`].
///
/// A process that the program started may hold its output open after the program has ended. So each output
/// ends at a mark, which is written into the pipe when the program has ended, after all that it wrote.
struct Run {
    child: Child,
    mark: Mark,
    secret: PipeWriter,
    reader: JoinHandle<Option<Zeroizing<Vec<u8>>>>,
    errors: Option<(PipeWriter, JoinHandle<()>)>,
}

/// Random, so that no output holds it.
type Mark = [u8; 16];

impl Run {
    fn start(command: &mut Command) -> io::Result<Self> {
        let random = || u128::from(RandomState::new().build_hasher().finish());
        let mark = (random() << 64 | random()).to_le_bytes();
        let (from, secret) = io::pipe()?;
        command.stdin(Stdio::null()).stdout(secret.try_clone()?);
        // Standard error is relayed, because processes that the program leaves behind would hold it open
        // for a reader that waits for its end; a terminal is passed on, for programs that ask a person.
        let errors = match io::stderr().is_terminal() {
            true => None,
            false => {
                let (from, errors) = io::pipe()?;
                command.stderr(errors.try_clone()?);
                let relay = thread::Builder::new().spawn(move || relay(from, &mark))?;
                Some((errors, relay))
            }
        };
        let reader = thread::Builder::new().spawn(move || read_to(from, &mark))?;
        Ok(Self {
            child: command.spawn()?,
            mark,
            secret,
            reader,
            errors,
        })
    }

    /// Returns true once the program has ended, or has written more than a secret may have.
    fn has_ended(&mut self) -> bool {
        self.reader.is_finished() || !matches!(self.child.try_wait(), Ok(None))
    }

    /// Returns the output of the program, if it succeeded; kills one that has not ended.
    fn finish(mut self) -> Option<Zeroizing<Vec<u8>>> {
        // Fails if the program has ended, which is what is wanted.
        let _ = self.child.kill();
        let status = self.child.wait();
        let marked = self.secret.write_all(&self.mark);
        if let Some((mut errors, relay)) = self.errors.take()
            && errors.write_all(&self.mark).is_ok()
        {
            let _ = relay.join();
        }
        let output = self.reader.join().ok()??;
        (marked.is_ok() && status.is_ok_and(|status| status.success())).then_some(output)
    }
}

/// Reads up to the mark; `None` if that is more than a secret may have, or fails.
fn read_to(mut pipe: PipeReader, mark: &Mark) -> Option<Zeroizing<Vec<u8>>> {
    // The buffer has its full size from the start: growth would leave copies of the secret behind.
    let mut output = Zeroizing::new(vec![0; MAX_SECRET.saturating_add(mark.len())]);
    let mut filled = 0;
    loop {
        if let Some(end) = find(&output[..filled], mark) {
            output.truncate(end);
            return Some(output);
        }
        match pipe.read(&mut output[filled..]) {
            Ok(0) => return None,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
}

/// Writes what comes before the mark to standard error.
fn relay(mut pipe: PipeReader, mark: &Mark) {
    let (mut held, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        match pipe.read(&mut chunk) {
            Ok(0) => return ERR.write(held),
            Ok(count) => held.extend_from_slice(&chunk[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return,
        }
        if let Some(end) = find(&held, mark) {
            return ERR.write(&held[..end]);
        }
        // The end may be a part of the mark.
        let certain = held.len().saturating_sub(mark.len());
        ERR.write(held.drain(..certain).as_slice());
    }
}

fn find(bytes: &[u8], mark: &Mark) -> Option<usize> {
    bytes.windows(mark.len()).position(|window| window == mark)
}

/// Drops one line break at the end.
pub(crate) fn drop_line_break(bytes: &mut Vec<u8>) {
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
    }
}

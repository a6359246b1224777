//! Who logs in: a secret from a file, the environment or a program, or the client certificate.

use std::fs::File;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{self, IsTerminal as _, PipeReader, PipeWriter, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use secsmtp::credential::{Credential, NoSecret, Reason, SecretProvider, SecretRequest};
use secsmtp::error::{Error, io_words};
use secsmtp::status::Status;
use secsmtp::support::secret::Secret;
use zeroize::Zeroizing;

use crate::actions::{shown, unreadable};
use crate::options::{Options, SecretSource};
use crate::streams::ERR;

/// More bytes than any secret has, so that output without end is cut off.
const MOST_SECRET: usize = 16 * 1024;

/// How often a program is looked at.
const LOOK: Duration = Duration::from_millis(10);

pub(crate) fn credential(o: &Options) -> Result<Option<Credential>, Error> {
    let user = o.user.as_deref().unwrap_or_default();
    let mut credential = match &o.secret {
        None if o.external => Credential::external(user),
        None => return Ok(None),
        Some(SecretSource::PasswordFile(path)) => Credential::password(user, &secret_file(path)?),
        Some(SecretSource::TokenFile(path)) => Credential::token(user, &secret_file(path)?),
        Some(SecretSource::PasswordEnv(name)) => {
            let unset = || Error::argument(Status::Secret, "password variable", "is not set");
            let value = std::env::var_os(name).ok_or_else(unset)?;
            Credential::password(user, value.as_encoded_bytes())
        }
        Some(SecretSource::PasswordCommand(path)) => {
            Credential::password_from(user, Arc::new(Program(path.clone())))
        }
        Some(SecretSource::TokenCommand(path)) => {
            Credential::token_from(user, Arc::new(Program(path.clone())))
        }
    }?;
    for mechanism in &o.mechanisms {
        credential.add_mechanism(mechanism)?;
    }
    if let Some(floor) = &o.floor {
        credential.set_floor(floor)?;
    }
    if let Some(binding) = o.channel_binding {
        credential.set_channel_binding(binding);
    }
    credential.set_binding_type(o.binding_type);
    Ok(Some(credential))
}

/// A program that prints the secret when it is needed.
struct Program(PathBuf);

impl SecretProvider for Program {
    fn secret(&self, request: &mut SecretRequest<'_>) -> Result<Secret, NoSecret> {
        let meant = request.secret_context();
        let reason = match meant.reason {
            Reason::First => "first",
            Reason::Refused => "refused",
        };
        let mut command = Command::new(&self.0);
        command.args([meant.host, meant.user, reason]);
        let mut run = Run::start(&mut command).map_err(|error| {
            let why = format!("{} can't be run ({})", shown(&self.0), io_words(&error));
            Error::argument(Status::NoSecret, "program", why)
        })?;
        while !run.has_ended() {
            // A cancel or the deadline ends the wait, and so the program.
            if let Err(stop) = request.wait_for(LOOK) {
                run.finish();
                return Err(stop.into());
            }
        }
        let mut output = run.finish().ok_or(NoSecret::Declined)?;
        drop_line_break(&mut output);
        Ok(request.answer(&output)?)
    }
}

/// A program at work, until [`Run::finish`].
///
/// A process that the program started may hold its output open after it has ended. So each output ends
/// at a mark that is written behind it when the program has ended: nothing that it wrote comes after that.
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
        // Standard error is passed on, because what the program leaves behind would hold it open for who
        // reads it to its end; but a program that asks a person wants the terminal itself.
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

    /// Returns true once the program has ended, or has written more than a secret is long.
    fn has_ended(&mut self) -> bool {
        self.reader.is_finished() || !matches!(self.child.try_wait(), Ok(None))
    }

    /// Returns the output of the program, if it succeeded; kills one that has not ended.
    fn finish(mut self) -> Option<Zeroizing<Vec<u8>>> {
        // Nothing to do for one that has ended.
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

/// Reads up to the mark. None if that is too much, or fails.
fn read_to(mut pipe: PipeReader, mark: &Mark) -> Option<Zeroizing<Vec<u8>>> {
    // The buffer has its full size from the start: growth would leave copies of the secret behind.
    let mut output = Zeroizing::new(vec![0; MOST_SECRET.saturating_add(mark.len())]);
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

/// Passes on what comes before the mark.
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
        // The mark may have come in part.
        let sure = held.len().saturating_sub(mark.len());
        ERR.write(held.drain(..sure).as_slice());
    }
}

fn find(bytes: &[u8], mark: &Mark) -> Option<usize> {
    bytes.windows(mark.len()).position(|window| window == mark)
}

/// A secret from a file or, named `-`, from standard input, without one final line break.
fn secret_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, Error> {
    const ARGUMENT: &str = "password or token file";
    let source: io::Result<Box<dyn Read>> = match path == Path::new("-") {
        true => Ok(Box::new(io::stdin().lock())),
        false => File::open(path).map(|file| Box::new(file) as _),
    };
    let most = MOST_SECRET.saturating_add(1);
    let mut bytes = Zeroizing::new(Vec::with_capacity(most));
    source
        .and_then(|source| source.take(most as u64).read_to_end(&mut bytes))
        .map_err(|error| unreadable(path, ARGUMENT, &error))?;
    if bytes.len() > MOST_SECRET {
        let why = format!("{} is larger than {MOST_SECRET} bytes", shown(path));
        return Err(Error::argument(Status::Secret, ARGUMENT, why));
    }
    drop_line_break(&mut bytes);
    Ok(bytes)
}

fn drop_line_break(bytes: &mut Vec<u8>) {
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
    }
}

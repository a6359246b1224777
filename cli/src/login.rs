//! Who logs in: a secret from a file, the environment or a program, or the client certificate.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use secsmtp::credential::{Credential, NoSecret, Reason, SecretProvider, SecretRequest};
use secsmtp::error::Error;
use secsmtp::secret::Secret;
use secsmtp::status::Status;
use zeroize::Zeroizing;

use crate::actions::read;
use crate::options::{Options, SecretSource};

/// More than any secret has, so that a program that never ends its output is cut off.
const MOST_OUTPUT: u64 = 16 * 1024;

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
        let meant = request.meant();
        let reason = match meant.reason {
            Reason::First => "first",
            Reason::Refused => "refused",
        };
        let child = Command::new(&self.0)
            .args([meant.host, meant.user, reason])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn();
        let mut child = child.map_err(|error| {
            let why = format!("{} can't be run ({})", self.0.display(), error.kind());
            Error::argument(Status::NoSecret, "program", why)
        })?;
        // Of its full size from the start: growth would leave copies behind.
        let mut output = Zeroizing::new(Vec::with_capacity(MOST_OUTPUT as usize));
        let stdout = child.stdout.take();
        let read = stdout.map(|pipe| pipe.take(MOST_OUTPUT).read_to_end(&mut output));
        let ended = child.wait();
        if !matches!(read, Some(Ok(_))) || !ended.is_ok_and(|status| status.success()) {
            return Err(NoSecret::Declined);
        }
        drop_line_break(&mut output);
        Ok(request.answer(&output)?)
    }
}

/// A secret from a file, without one final line break.
fn secret_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut bytes = Zeroizing::new(read(path, "password or token file")?);
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

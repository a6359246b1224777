//! The three actions, over the library's own interface.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use secsmtp::client::{Client, Report};
use secsmtp::credential::Credential;
use secsmtp::error::{Error, Outcome, Record, Stage};
use secsmtp::log::{Level, Log};
use secsmtp::message::Message;
use secsmtp::status::Status;
use secsmtp::tls::{Host, MinTls, Policy, TlsMode, Verdict, now_at, verify_pem};

use crate::options::{Action, Options, SecretSource};
use crate::{json, people};

/// How a run ends for the shell.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Exit(u8);

impl Exit {
    const OK: Self = Self(0);
    const NOT_SENT: Self = Self(10);

    fn of(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Accepted => Self::OK,
            Outcome::NotSent => Self::NOT_SENT,
            Outcome::Refused => Self(11),
            Outcome::Unknown => Self(12),
        }
    }

    fn of_trust(trusted: bool) -> Self {
        if trusted { Self::OK } else { Self::NOT_SENT }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.0.into()
    }
}

/// Does what the options say, and prints what came of it.
pub(crate) fn run(o: &Options) -> Exit {
    match o.action {
        Action::Send => {
            let sent = send(o);
            if o.json {
                json::sent(&sent)
            } else {
                people::sent(&sent)
            }
            Exit::of(sent.map_or_else(|error| error.record.outcome, |record| record.outcome))
        }
        Action::Probe => {
            let met = probe(o);
            if o.json {
                json::probed(&met)
            } else {
                people::probed(&met)
            }
            Exit::of_trust(met.is_ok_and(|report| report.verdict.is_ok()))
        }
        Action::Verify => {
            let verdict = verify(o);
            if o.json {
                json::verified(&verdict)
            } else {
                people::verified(&verdict)
            }
            Exit::of_trust(verdict.is_ok_and(|verdict| verdict.judgement.is_ok()))
        }
        Action::Help | Action::Version => Exit::OK,
    }
}

fn send(o: &Options) -> Result<Record, Error> {
    let client = client(o)?;
    if let Some(name) = &o.ehlo_name {
        client.set_ehlo_name(name)?;
    }
    client.set_credential(credential(o)?.map(Arc::new));
    let mut message = Message::new();
    if let Some(from) = &o.from {
        message.set_sender(from.strip_prefix("<>").unwrap_or(from))?;
    }
    for to in &o.to {
        message.add_recipient(to)?;
    }
    message.partial = o.partial;
    message.set_content(&content(o.file.as_deref())?)?;
    logged(o, |log| client.send(&message, log))
}

fn probe(o: &Options) -> Result<Report, Error> {
    let client = client(o)?;
    logged(o, |log| client.probe(log))
}

fn verify(o: &Options) -> Result<Verdict, Error> {
    let host = Host::parse(&o.server);
    let host = host.map_err(|why| Error::argument(Status::Host, "host", why))?;
    let path = o.file.as_deref().unwrap_or(Path::new("-"));
    let chain = content(Some(path))?;
    verify_pem(&policy(o)?, &host, &chain, now_at(o.at))
}

fn policy(o: &Options) -> Result<Policy, Error> {
    let mut policy = Policy::new();
    policy.tls_mode = if o.starttls {
        TlsMode::Starttls
    } else {
        TlsMode::Implicit
    };
    policy.min_tls = if o.tls_1_3 {
        MinTls::V1_3
    } else {
        MinTls::V1_2
    };
    for path in &o.ca_files {
        policy.add_ca_file(path)?;
    }
    for path in &o.certificate_files {
        policy.add_certificate_file(path)?;
    }
    for pin in &o.pins {
        policy.add_pin(pin)?;
    }
    if o.system_roots {
        policy.add_system_roots()?;
    }
    if o.mozilla_roots {
        policy.add_mozilla_roots();
    }
    Ok(policy)
}

fn client(o: &Options) -> Result<Client, Error> {
    let client = Client::new(&o.server, o.port, &policy(o)?)?;
    if let Some((address, port)) = &o.connect {
        client.set_connect(address, *port)?;
    }
    if let Some(patience) = o.timeout {
        client.set_timeout(Stage::Local, patience.max(Duration::from_millis(1)));
    }
    Ok(client)
}

fn credential(o: &Options) -> Result<Option<Credential>, Error> {
    let (Some(user), Some(source)) = (&o.user, &o.secret) else {
        return Ok(None);
    };
    let mut credential = match source {
        SecretSource::PasswordFile(path) => Credential::password(user, &secret_file(path)?),
        SecretSource::TokenFile(path) => Credential::token(user, &secret_file(path)?),
        SecretSource::PasswordEnv(name) => {
            let unset = || Error::argument(Status::Secret, "password variable", "is not set");
            let value = std::env::var_os(name).ok_or_else(unset)?;
            Credential::password(user, value.as_encoded_bytes())
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
    Ok(Some(credential))
}

/// A secret from a file, without one final line break.
fn secret_file(path: &Path) -> Result<Vec<u8>, Error> {
    let mut bytes = read(path, "password or token file")?;
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
    }
    Ok(bytes)
}

fn content(path: Option<&Path>) -> Result<Vec<u8>, Error> {
    match path {
        Some(path) if path != Path::new("-") => read(path, "file"),
        _ => {
            let mut bytes = Vec::new();
            io::stdin()
                .lock()
                .read_to_end(&mut bytes)
                .map_err(|error| unreadable("input", &error))?;
            Ok(bytes)
        }
    }
}

fn read(path: &Path, argument: &'static str) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|error| unreadable(argument, &error))
}

fn unreadable(argument: &'static str, error: &io::Error) -> Error {
    Error::argument(
        Status::File,
        argument,
        format!("can't be read ({})", error.kind()),
    )
}

/// Runs a call with the log that the options ask for.
fn logged<R>(o: &Options, call: impl FnOnce(Log<'_>) -> R) -> R {
    let mut sink = |level: Level, stage: Stage, text: &str| people::log_line(level, stage, text);
    call(if o.verbose {
        Log::to(&mut sink, Level::Debug)
    } else {
        Log::off()
    })
}

//! The three actions, over the library's own interface.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use secsmtp::client::{Client, Rate, Report};
use secsmtp::error::{Cause, Error, Outcome, Record, Stage, io_words};
use secsmtp::log::{Level, Log};
use secsmtp::message::{BY_BINARY, BY_NAME, Message, Signer};
use secsmtp::status::Status;
use secsmtp::support::redact::escape;
use secsmtp::trust::{
    Clock, Host, KnownServer, MinTls, Pin, Policy, TlsMode, Verdict, learn, now_at, verify_pem,
};

use crate::login::credential;
use crate::options::{Action, Options};
use crate::{batch, composition, human_output, interrupt, json_output};

/// How a run ends for the shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Exit(u8);

impl Exit {
    const OK: Self = Self(0);
    const NOT_SENT: Self = Self(10);

    fn of(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Accepted => Self::OK,
            Outcome::None | Outcome::NotSent => Self::NOT_SENT,
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
            if let Some(exit) = send_many(o) {
                return exit;
            }
            let sent = send(o).map_err(Error::for_message);
            if o.json {
                json_output::sent(&sent)
            } else {
                human_output::sent(&sent)
            }
            Exit::of(sent.map_or_else(|error| error.record.outcome, |record| record.outcome))
        }
        Action::Compose => match composition::preview(o) {
            Ok(()) => Exit::OK,
            Err(error) => {
                human_output::sent(&Err(error));
                Exit::NOT_SENT
            }
        },
        Action::Probe => {
            let met = probe(o);
            let learnt = learnt(o, met.as_ref().ok());
            if o.json {
                json_output::probed(&met, learnt.as_ref())
            } else {
                human_output::probed(&met, learnt.as_ref())
            }
            match learnt {
                Some(learnt) => Exit::of_trust(learnt.is_ok()),
                None => Exit::of_trust(met.is_ok_and(|report| report.verdict.is_ok())),
            }
        }
        Action::Verify => {
            let verdict = verify(o);
            if o.json {
                json_output::verified(&verdict)
            } else {
                human_output::verified(&verdict)
            }
            Exit::of_trust(verdict.is_ok_and(|verdict| verdict.judgement.is_ok()))
        }
        Action::Help | Action::Version => Exit::OK,
    }
}

fn send(o: &Options) -> Result<Record, Error> {
    let client = sender(o)?;
    let mut message = match o.composition.is_asked_for() {
        true => composition::message(o)?,
        false => {
            let file = o.files.first().map(PathBuf::as_path);
            raw_message(o, file, &composition::signers(o)?)?
        }
    };
    o.delivery.ask(&mut message)?;
    interrupt::cancels(&client);
    logged(o, |log| client.send(&message, log))
}

fn sender(o: &Options) -> Result<Arc<Client>, Error> {
    let client = client(o)?;
    if let Some(name) = &o.ehlo_name {
        client.set_ehlo_name(name)?;
    }
    client.set_credential(credential(o)?.map(Arc::new));
    client.set_rate(o.rate.map(|(messages, per)| Rate {
        messages,
        per,
        burst: o.burst,
    }))?;
    Ok(client)
}

/// Sends several mails, if there are several: the worst of their exits.
fn send_many(o: &Options) -> Option<Exit> {
    if o.files.len() < 2 && !o.files.first().is_some_and(|path| path.is_dir()) {
        return None;
    }
    let tell = |path: &Path, sent: &Result<Record, Error>| match o.json {
        true => json_output::one_sent(path, sent),
        false => human_output::one_sent(path, sent),
    };
    let begin = || {
        Ok((
            sender(o)?,
            batch::files(&o.files)?,
            composition::signers(o)?,
        ))
    };
    let (client, files, signers) = match begin().map_err(Error::for_message) {
        Ok(begun) => begun,
        Err(error) => {
            let sent = Err(error);
            match o.json {
                true => json_output::sent(&sent),
                false => human_output::sent(&sent),
            }
            return Some(Exit::NOT_SENT);
        }
    };
    let read = |path: &Path| {
        let read = || {
            let mut message = raw_message(o, Some(path), &signers)?;
            o.delivery.ask(&mut message)?;
            Ok(message)
        };
        read().map_err(Error::for_message)
    };
    let mut worst = Exit::OK;
    let tell = |path: &Path, sent: &Result<Record, Error>| {
        tell(path, sent);
        let outcome = match sent {
            Ok(record) => record.outcome,
            Err(error) => error.record.outcome,
        };
        worst = worst.max(Exit::of(outcome));
    };
    interrupt::cancels(&client);
    let left = logged(o, |log| {
        batch::send(&client, &files, &o.bulk, read, tell, log)
    });
    if left > 0 {
        human_output::not_begun(left);
        worst = worst.max(Exit::NOT_SENT);
    }
    Some(worst)
}

fn raw_message(o: &Options, file: Option<&Path>, signers: &[Signer]) -> Result<Message, Error> {
    let mut message = Message::new();
    if let Some(from) = o.from.first() {
        message.set_sender(if from == "<>" { "" } else { from })?;
    }
    for to in &o.to {
        message.add_recipient(to)?;
    }
    message.partial = o.partial;
    let taken = match file {
        // Read while it is sent. What is small, or can't be read twice, as a pipe, is held.
        Some(path) if path != Path::new("-") && is_large(path) => {
            message.set_content_file(path, o.rules)
        }
        path => message.set_content_by(&content(path)?, o.rules),
    };
    taken.map_err(with_options)?;
    for signer in signers {
        message.add_signer(signer)?;
    }
    Ok(message)
}

/// Names the options behind a way out that the library names in its own words.
fn with_options(mut error: Error) -> Error {
    if let Cause::Argument { why, .. } = &mut *error.cause {
        for (way, options) in [(BY_BINARY, " (--binary)"), (BY_NAME, " (--from and --to)")] {
            if why.ends_with(way) {
                why.push_str(options);
            }
        }
    }
    error
}

fn is_large(path: &Path) -> bool {
    const HELD: u64 = 1 << 20;
    fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() > HELD)
}

fn probe(o: &Options) -> Result<Report, Error> {
    let client = client(o)?;
    interrupt::cancels(&client);
    logged(o, |log| client.probe(log))
}

/// Keeps the pin of the server that was met, if that was asked for and may be.
fn learnt(o: &Options, report: Option<&Report>) -> Option<Result<KnownServer, Error>> {
    let (path, report) = (o.learn.as_deref()?, report?);
    let keep = || {
        let confirmed = o.confirm.as_deref().map(one_pin).transpose()?;
        let pin = report.pin_to_learn(confirmed)?;
        let wrong = |status, argument, why: &str| Error::argument(status, argument, why);
        let host = Host::parse(&report.host).map_err(|why| wrong(Status::Host, "host", why))?;
        let by = o.learn_by.as_deref().unwrap_or("secsmtp probe");
        let server = KnownServer::new(&host, report.port, pin, Clock::System.now().as_secs(), by)
            .map_err(|why| wrong(Status::Value, "by", why))?;
        learn(path, &server)?;
        Ok(server)
    };
    Some(keep())
}

fn one_pin(text: &str) -> Result<Pin, Error> {
    let wrong = |why: &str| Error::argument(Status::Pin, "confirm", why);
    match Pin::parse_list(text).map_err(wrong)?.as_slice() {
        [pin] => Ok(*pin),
        _ => Err(wrong("one pin is meant, that of the server's own key")),
    }
}

fn verify(o: &Options) -> Result<Verdict, Error> {
    let host = Host::parse(&o.server);
    let host = host.map_err(|why| Error::argument(Status::Host, "host", why))?;
    let path = o.files.first().map_or(Path::new("-"), PathBuf::as_path);
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
    for path in &o.key_files {
        policy.add_pin_file(path)?;
    }
    for path in &o.pin_files {
        policy.add_known_servers(path, &o.server, port(o))?;
    }
    for path in &o.crl_files {
        policy.add_crl_file(path)?;
    }
    policy.strict = o.strict;
    if let (Some(chain), Some(key)) = (&o.client_certificate, &o.client_key) {
        policy.set_client_certificate_files(chain, key)?;
    }
    if o.system_roots {
        policy.add_system_roots()?;
    }
    if o.mozilla_roots {
        policy.add_mozilla_roots();
    }
    Ok(policy)
}

/// The port that a file of known servers is asked for: the server's own, whatever --connect dials.
fn port(o: &Options) -> u16 {
    match u16::try_from(o.port) {
        Ok(port) if port > 0 => port,
        _ if o.starttls => 587,
        _ => 465,
    }
}

fn client(o: &Options) -> Result<Arc<Client>, Error> {
    let client = Arc::new(Client::new(&o.server, o.port, &policy(o)?)?);
    if let Some((address, port)) = &o.connect {
        client.set_connect(address, *port)?;
    }
    if let Some(patience) = o.timeout {
        client.set_timeout(Stage::Local, patience.max(Duration::from_millis(1)));
    }
    Ok(client)
}

fn content(path: Option<&Path>) -> Result<Vec<u8>, Error> {
    match path {
        Some(path) if path != Path::new("-") => {
            fs::read(path).map_err(|error| unreadable(path, "file", &error))
        }
        _ => {
            let mut bytes = Vec::new();
            io::stdin()
                .lock()
                .read_to_end(&mut bytes)
                .map_err(|error| unreadable(Path::new("standard input"), "file", &error))?;
            Ok(bytes)
        }
    }
}

/// A file that can't be read, or a folder, named in a message.
pub(crate) fn unreadable(path: &Path, argument: &'static str, error: &io::Error) -> Error {
    let why = format!("{} can't be read ({})", shown(path), io_words(error));
    Error::argument(Status::File, argument, why)
}

/// A path in a message. It may hold what turns a terminal's line into another.
pub(crate) fn shown(path: &Path) -> String {
    escape(path.as_os_str().as_encoded_bytes(), 300)
}

/// Runs a call with the log that the options ask for.
fn logged<R>(o: &Options, call: impl FnOnce(Log<'_>) -> R) -> R {
    let mut sink =
        |level: Level, stage: Stage, text: &str| human_output::log_line(level, stage, text);
    call(if o.verbose {
        Log::to(&mut sink, Level::Debug)
    } else {
        Log::off()
    })
}

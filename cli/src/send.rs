//! `secsmtp send`.

use std::fs;
use std::io::{self, IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueHint};
use secsmtp::argument::InvalidArgument;
use secsmtp::client::Client;
use secsmtp::error::{Cause, Error, Record};
use secsmtp::message::{BY_BINARY, BY_NAME, ContentRules, Message, Signer};

use crate::addresses::Addresses;
use crate::batch::{self, Batch};
use crate::composition::Composition;
use crate::connection::Connection;
use crate::delivery::Delivery;
use crate::exit::Exit;
use crate::failure::{OfOption as _, unreadable};
use crate::login::Login;
use crate::output::Output;
use crate::signing::Signing;
use crate::streams::ERR;
use crate::trust::{self, Trust};
use crate::{human_output, interrupt, json_output};

/// The most bytes of a finished message that are held in memory if they can be read again.
const MAX_HELD: u64 = 1 << 20;

/// The arguments of send.
#[derive(Debug, Args)]
pub(crate) struct Send {
    /// Finished messages (RFC 5322), or folders of them; - or none is standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::AnyPath)]
    files: Vec<PathBuf>,

    #[command(flatten)]
    connection: Connection,

    /// Name for EHLO inside TLS
    #[arg(long, value_name = "NAME", help_heading = "Connection")]
    ehlo_name: Option<String>,

    #[command(flatten)]
    trust: Trust,

    #[command(flatten)]
    login: Login,

    #[command(flatten)]
    addresses: Addresses,

    /// Deliver to the accepted recipients when others are refused
    #[arg(long, help_heading = "Addresses")]
    partial: bool,

    #[command(flatten)]
    rules: Rules,

    #[command(flatten)]
    composition: Composition,

    #[command(flatten)]
    signing: Signing,

    #[command(flatten)]
    delivery: Delivery,

    #[command(flatten)]
    batch: Batch,

    #[command(flatten)]
    output: Output,
}

/// The rules for finished messages.
#[derive(Debug, Args)]
#[command(next_help_heading = "Finished messages")]
struct Rules {
    /// Take sender and recipients from the header of FILE, Bcc too
    #[arg(long)]
    header_envelope: bool,

    /// Reject a FILE with a bare CR or LF, each of which otherwise becomes CRLF
    #[arg(long)]
    strict_lines: bool,

    /// Send a FILE with a NUL or a line over 998 bytes, to a server with BINARYMIME
    ///
    /// Byte by byte if the lines of the header end in CRLF, else each line end becomes CRLF. Without
    /// this such a FILE is rejected.
    #[arg(long)]
    binary: bool,
}

/// The place of a finished message.
#[derive(Debug, Clone, Copy)]
enum Input<'a> {
    Standard,
    File(&'a Path),
}

impl<'a> Input<'a> {
    /// The input that FILE names: `-` is standard input, even if a file or a folder has that name.
    fn named(file: &'a Path) -> Self {
        match file == Path::new("-") {
            true => Self::Standard,
            false => Self::File(file),
        }
    }
}

impl Send {
    pub(crate) fn json(&self) -> bool {
        self.output.results.json
    }

    /// Options that need or exclude each other.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.login.check()?;
        self.signing.check()?;
        self.delivery.check()?;
        self.batch.check()?;
        self.composition.check()?;
        match self.composition.is_asked_for() {
            true => self.check_composed(),
            false => self.check_finished(),
        }
    }

    fn check_composed(&self) -> Result<(), String> {
        let Rules {
            header_envelope,
            strict_lines,
            binary,
        } = self.rules;
        if !self.files.is_empty() {
            return Err(
                "a message is composed or taken from FILE, not both: --attach FILE attaches a file"
                    .to_owned(),
            );
        }
        if header_envelope || strict_lines || binary {
            return Err(
                "--header-envelope, --strict-lines and --binary are for a finished message, from FILE"
                    .to_owned(),
            );
        }
        Ok(())
    }

    fn check_finished(&self) -> Result<(), String> {
        let Addresses { from, to } = &self.addresses;
        let is_input = |path: &PathBuf| matches!(Input::named(path), Input::Standard);
        if self.files.len() > 1 && self.files.iter().any(is_input) {
            return Err("standard input is one message: it can't be sent beside a FILE".to_owned());
        }
        if self.login.reads_input() && self.files.iter().all(is_input) {
            return Err(
                "standard input is the message or the password, not both: give a FILE".to_owned(),
            );
        }
        if self.rules.header_envelope && !(from.is_empty() && to.is_empty()) {
            return Err(
                "sender and recipients come from --header-envelope or from --from and --to, not both"
                    .to_owned(),
            );
        }
        if from.len() > 1 {
            return Err("--from is given once for a finished message: its sender".to_owned());
        }
        Ok(())
    }

    pub(crate) fn run(&self) -> Exit {
        let input = match self.files.as_slice() {
            [] => Input::Standard,
            [path] => Input::named(path),
            [..] => return self.send_several(),
        };
        match input {
            Input::File(path) if path.is_dir() => self.send_several(),
            input => self.send_one(input),
        }
    }

    fn send_one(&self, input: Input<'_>) -> Exit {
        let send = || {
            let client = self.client()?;
            let mut message = match self.composition.is_asked_for() {
                true => self.composed()?,
                false => self.finished(input, &self.signing.signers()?)?,
            };
            self.delivery.apply(&mut message)?;
            interrupt::cancels(&client);
            self.output.logged(|log| client.send(&message, log))
        };
        self.report(&send().map_err(Error::for_message))
    }

    fn report(&self, sent: &Result<Record, Error>) -> Exit {
        match self.json() {
            true => json_output::sent(sent),
            false => human_output::sent(sent),
        }
        Exit::of_sent(sent)
    }

    /// Sends several messages, and returns the highest of their exit statuses.
    fn send_several(&self) -> Exit {
        let begin = || {
            Ok((
                self.client()?,
                batch::files(&self.files)?,
                self.signing.signers()?,
            ))
        };
        let (client, files, signers) = match begin().map_err(Error::for_message) {
            Ok(begun) => begun,
            Err(error) => return self.report(&Err(error)),
        };
        let read = |path: &Path| {
            let read = || {
                let mut message = self.finished(Input::File(path), &signers)?;
                self.delivery.apply(&mut message)?;
                Ok(message)
            };
            read().map_err(Error::for_message)
        };
        let mut highest = Exit::Success;
        let report = |path: &Path, sent: &Result<Record, Error>| {
            match self.json() {
                true => json_output::one_sent(path, sent),
                false => human_output::one_sent(path, sent),
            }
            highest = highest.max(Exit::of_sent(sent));
        };
        interrupt::cancels(&client);
        let left = self
            .output
            .logged(|log| self.batch.send(&client, &files, read, report, log));
        if left > 0 {
            human_output::not_begun(left);
            highest = highest.max(Exit::NotSent);
        }
        highest
    }

    fn client(&self) -> Result<Arc<Client>, Error> {
        let mut policy = self.connection.policy(&self.trust)?;
        trust::check(&policy)?;
        self.login.identify(&mut policy)?;
        let client = self.connection.client(&policy)?;
        if let Some(name) = &self.ehlo_name {
            client.set_ehlo_name(name).of_option("--ehlo-name")?;
        }
        client.set_credential(self.login.credential()?.map(Arc::new));
        client.set_rate(self.batch.rate()).of_option("--rate")?;
        Ok(client)
    }

    fn composed(&self) -> Result<Message, Error> {
        self.addresses.check_from()?;
        if !self.composition.has_copies() {
            self.addresses.check_to()?;
        }
        let mut message = self.composition.message(&self.addresses)?;
        message.partial = self.partial;
        for signer in self.signing.signers()? {
            message.add_signer(&signer)?;
        }
        Ok(message)
    }

    fn finished(&self, input: Input<'_>, signers: &[Signer]) -> Result<Message, Error> {
        if !self.rules.header_envelope {
            self.addresses.check_from()?;
            self.addresses.check_to()?;
        }
        let mut message = Message::new();
        if let Some(from) = self.addresses.from.first() {
            let sender = if from == "<>" { "" } else { from };
            message.set_sender(sender).of_option("--from")?;
        }
        for to in &self.addresses.to {
            message.add_recipient(to).of_option("--to")?;
        }
        message.partial = self.partial;
        let rules = ContentRules {
            strict: self.rules.strict_lines,
            binary: self.rules.binary,
            envelope: self.rules.header_envelope,
        };
        let set = match input {
            Input::Standard => message.set_content_by(&standard_input()?, rules),
            Input::File(path) if is_large(path) => message.set_content_file(path, rules),
            Input::File(path) => {
                let content = fs::read(path).map_err(|error| unreadable(path, "file", &error))?;
                message.set_content_by(&content, rules)
            }
        };
        set.map_err(with_options)?;
        for signer in signers {
            message.add_signer(signer)?;
        }
        Ok(message)
    }
}

/// Returns whether a file is read while it is sent; a small one, and a pipe, which can't be read twice, is held.
fn is_large(path: &Path) -> bool {
    let metadata = fs::metadata(path);
    metadata.is_ok_and(|found| found.is_file() && found.len() > MAX_HELD)
}

fn standard_input() -> Result<Vec<u8>, Error> {
    let mut input = io::stdin().lock();
    if input.is_terminal() {
        ERR.line("secsmtp: the message is read from standard input; Ctrl-C ends without sending");
    }
    let mut content = Vec::new();
    let read = input.read_to_end(&mut content);
    read.map_err(|error| unreadable(Path::new("standard input"), "file", &error))?;
    Ok(content)
}

/// Names the options behind a way out that the library names in its own words.
fn with_options(mut error: Error) -> Error {
    if let Cause::Argument(invalid) = &mut *error.cause {
        for (way, options) in [(BY_BINARY, " (--binary)"), (BY_NAME, " (--from and --to)")] {
            if invalid.why().ends_with(way) {
                let why = format!("{}{options}", invalid.why());
                *invalid = InvalidArgument::new(invalid.status(), invalid.argument(), why);
            }
        }
    }
    error
}

//! `secsmtp probe`.

use clap::{Args, ValueHint};
use secsmtp::client::Report;
use secsmtp::error::Error;
use secsmtp::status::Status;
use secsmtp::trust::{Clock, Host, KnownServer, Pin, learn};

use crate::connection::Connection;
use crate::exit::Exit;
use crate::output::Output;
use crate::trust::Trust;
use crate::{human_output, interrupt, json_output};

/// Which server to look at, and whether to learn its pin.
#[derive(Debug, Args)]
pub(crate) struct Probe {
    #[command(flatten)]
    connection: Connection,

    #[command(flatten)]
    trust: Trust,

    #[command(flatten)]
    learning: Learning,

    #[command(flatten)]
    output: Output,
}

/// The file that learns.
#[derive(Debug, Args)]
#[command(next_help_heading = "Learning")]
struct Learning {
    /// Add the server's pin to this file of known mail servers
    ///
    /// Only if the server is trusted by the options above, or with --confirm. The file is a regular one,
    /// or a symbolic link to one; it is made if it is not there. `secsmtp send --pin-file FILE` uses it.
    #[arg(long = "learn", value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: Option<String>,

    /// With --learn: the pin that the server's owner confirmed out of band (for example by phone)
    #[arg(long = "confirm", value_name = "sha256//BASE64")]
    pin: Option<String>,

    /// With --learn: who confirmed the pin, as a note in the file
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    by: Option<String>,
}

impl Probe {
    pub(crate) fn json(&self) -> bool {
        self.output.results.json
    }

    /// Options that need each other.
    pub(crate) fn check(&self) -> Result<(), String> {
        let Learning { file, pin, by } = &self.learning;
        match (file, pin, by) {
            (None, Some(_), _) => Err("--confirm needs --learn FILE".to_owned()),
            (None, None, Some(_)) => Err("--by needs --learn FILE".to_owned()),
            (None, None, None) | (Some(_), _, _) => Ok(()),
        }
    }

    pub(crate) fn run(&self) -> Exit {
        let probed = self.probe();
        let learnt = match (&probed, &self.learning.file) {
            (Ok(report), Some(file)) => Some(self.learning.learn(file, report)),
            (Ok(_), None) | (Err(_), _) => None,
        };
        match self.json() {
            true => json_output::probed(&probed, learnt.as_ref()),
            false => human_output::probed(&probed, learnt.as_ref()),
        }
        Exit::of_success(match learnt {
            Some(learnt) => learnt.is_ok(),
            None => probed.is_ok_and(|report| report.verdict.is_ok()),
        })
    }

    fn probe(&self) -> Result<Report, Error> {
        let policy = self.connection.policy(&self.trust)?;
        let client = self.connection.client(&policy)?;
        interrupt::cancels(&client);
        self.output.logged(|log| client.probe(log))
    }
}

impl Learning {
    /// Adds the pin of the server to the file, if it is trusted or confirmed.
    fn learn(&self, file: &str, report: &Report) -> Result<KnownServer, Error> {
        let wrong = |status, argument, why: &str| Error::argument(status, argument, why);
        let confirmed = self.pin.as_deref().map(one_pin).transpose()?;
        let pin = report.pin_to_learn(confirmed)?;
        let host = Host::parse(&report.host).map_err(|why| wrong(Status::Host, "--server", why))?;
        let by = self.by.as_deref().unwrap_or("secsmtp probe");
        let server = KnownServer::new(&host, report.port, pin, Clock::System.now().as_secs(), by)
            .map_err(|why| wrong(Status::Value, "--by", why))?;
        learn(file, &server)?;
        Ok(server)
    }
}

fn one_pin(text: &str) -> Result<Pin, Error> {
    let wrong = |why: &str| Error::argument(Status::Pin, "--confirm", why);
    match Pin::parse_list(text).map_err(wrong)?.as_slice() {
        [pin] => Ok(*pin),
        [] | [_, _, ..] => Err(wrong("takes one pin, that of the server's own key")),
    }
}

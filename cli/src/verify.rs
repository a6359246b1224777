//! `secsmtp verify`.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use secsmtp::client::Report;
use secsmtp::error::Error;
use secsmtp::status::Status;
use secsmtp::trust::{Host, Verdict, now_at, verify_pem};

use crate::connection::Server;
use crate::exit::Exit;
use crate::failure::unreadable;
use crate::output::Json;
use crate::trust::{self, Trust};
use crate::value;
use crate::{human_output, json_output};

/// The chain, and the trust policy.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// Certificate chain (PEM), that of the server first; - is standard input
    #[arg(value_name = "CHAIN", value_hint = ValueHint::FilePath)]
    chain: PathBuf,

    #[command(flatten)]
    server: Server,

    #[command(flatten)]
    trust: Trust,

    /// Verify as of this time, in seconds since 1970, instead of now
    #[arg(
        long,
        value_name = "UNIXTIME",
        value_parser = value::number::<u64>,
        help_heading = "Trust"
    )]
    at: Option<u64>,

    #[command(flatten)]
    output: Json,
}

impl Verify {
    pub(crate) fn json(&self) -> bool {
        self.output.json
    }

    pub(crate) fn run(&self) -> Exit {
        let verdict = self.verify();
        let trusted = |(_, verdict): &(Host, Verdict)| verdict.judgement.is_ok();
        let exit = Exit::of_success(verdict.as_ref().is_ok_and(trusted));
        match self.json() {
            true => json_output::verified(
                &verdict.map(|(host, verdict)| Report::of_chain(&host, verdict)),
            ),
            false => human_output::verified(&verdict.map(|(_, verdict)| verdict)),
        }
        exit
    }

    fn verify(&self) -> Result<(Host, Verdict), Error> {
        let Server { host: name, .. } = &self.server;
        let host = Host::parse(name);
        let host = host.map_err(|why| Error::argument(Status::Host, "--server", why))?;
        let chain = read(&self.chain).map_err(|error| unreadable(&self.chain, "chain", &error))?;
        let policy = self.trust.policy(name, self.server.port())?;
        trust::check(&policy)?;
        let verdict = verify_pem(&policy, &host, &chain, now_at(self.at))?;
        Ok((host, verdict))
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    if path != Path::new("-") {
        return fs::read(path);
    }
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes)?;
    Ok(bytes)
}

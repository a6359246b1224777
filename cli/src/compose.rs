//! `secsmtp compose`.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::{Args, ValueHint};
use secsmtp::error::Error;
use secsmtp::status::Status;
use secsmtp::support::io_words::io_words;

use crate::addresses::Addresses;
use crate::composition::Composition;
use crate::exit::Exit;
use crate::human_output;
use crate::signing::Signing;

/// The message to compose, and the path to write it to.
#[derive(Debug, Args)]
pub(crate) struct Compose {
    #[command(flatten)]
    addresses: Addresses,

    #[command(flatten)]
    composition: Composition,

    #[command(flatten)]
    signing: Signing,

    /// Write the message to this file instead of standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    output: Option<PathBuf>,
}

impl Compose {
    /// Options that need each other.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.composition.check()?;
        self.signing.check()
    }

    pub(crate) fn run(&self) -> Exit {
        match self.write() {
            Ok(()) => Exit::Success,
            Err(error) => {
                human_output::not_composed(&error);
                Exit::NotSent
            }
        }
    }

    fn write(&self) -> Result<(), Error> {
        let mut message = self.composition.message(&self.addresses)?;
        for signer in self.signing.signers()? {
            message.add_signer(&signer)?;
        }
        // Composes, so that nothing is written of a message that can't be composed.
        message.size()?;
        let failed = |error: io::Error| {
            let why = format!("can't be written ({})", io_words(&error));
            Error::argument(Status::Output, "output", why)
        };
        let mut out: Box<dyn io::Write> = match &self.output {
            Some(path) => Box::new(File::create(path).map_err(failed)?),
            None => Box::new(io::stdout().lock()),
        };
        message.preview(&mut |bytes| out.write_all(bytes).map_err(failed))?;
        out.flush().map_err(failed)
    }
}

//! The options that say what is printed.

use clap::Args;
use secsmtp::error::Stage;
use secsmtp::log::{Level, Log};

use crate::human_output;

/// Results as JSON.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct Json {
    /// Print results as JSON on standard output, an object on a line for each
    #[arg(long)]
    pub(crate) json: bool,
}

/// Results, and a log of what was done.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct Output {
    #[command(flatten)]
    pub(crate) results: Json,

    /// Write the log to standard error; it never has a secret or content
    #[arg(long, short)]
    verbose: bool,
}

impl Output {
    /// Runs a call with the log that is asked for.
    pub(crate) fn logged<R>(&self, call: impl FnOnce(Log<'_>) -> R) -> R {
        let mut sink = |level: Level, stage: Stage, text: &str| {
            human_output::log_line(level, stage, text);
        };
        call(if self.verbose {
            Log::to(&mut sink, Level::Debug)
        } else {
            Log::off()
        })
    }
}

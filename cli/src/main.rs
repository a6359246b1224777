//! The command `secsmtp`: send, probe and verify from a terminal or a script.
//!
//! Exit status: 0 accepted or trusted, 10 not sent or not trusted, 11 refused by the server,
//! 12 unknown, 64 usage. A stream that can't be written does not change it.

mod actions;
mod batch;
mod composition;
mod delivery;
mod human_output;
mod interrupt;
mod json_output;
mod login;
mod options;
mod streams;

use std::process::ExitCode;

use options::{Action, Options};
use streams::{ERR, OUT};

const USAGE: &str = include_str!("usage.txt");

fn main() -> ExitCode {
    let options = match options::parse(lexopt::Parser::from_env()) {
        Ok(options) => options,
        Err(wrong) => {
            ERR.line(&format!("secsmtp: {wrong}\nTry: secsmtp --help"));
            streams::report_losses(false);
            return 64.into();
        }
    };
    let exit = run(&options);
    streams::report_losses(options.json);
    exit
}

fn run(options: &Options) -> ExitCode {
    match options.action {
        Action::Help => OUT.write(USAGE),
        Action::Version => OUT.line(concat!("secsmtp ", env!("CARGO_PKG_VERSION"))),
        _ => return actions::run(options).into(),
    }
    ExitCode::SUCCESS
}

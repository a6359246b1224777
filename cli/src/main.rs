//! The command `secsmtp`: send, probe and verify from a terminal or a script.
//!
//! Exit status: 0 accepted or trusted, 10 not sent or not trusted, 11 refused by the server,
//! 12 unknown, 64 usage.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command speaks on its streams"
)]

mod actions;
mod composition;
mod delivery;
mod json;
mod login;
mod many;
mod options;
mod people;

use std::process::ExitCode;

use options::{Action, Options};

const USAGE: &str = include_str!("usage.txt");

fn main() -> ExitCode {
    match options::parse(lexopt::Parser::from_env()) {
        Ok(Options {
            action: Action::Help,
            ..
        }) => {
            print!("{USAGE}");
            ExitCode::SUCCESS
        }
        Ok(Options {
            action: Action::Version,
            ..
        }) => {
            println!("secsmtp {}", env!("CARGO_PKG_VERSION"));
            ExitCode::SUCCESS
        }
        Ok(options) => actions::run(&options).into(),
        Err(wrong) => {
            eprintln!("secsmtp: {wrong}\nTry: secsmtp --help");
            64.into()
        }
    }
}

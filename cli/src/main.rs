//! The command `secsmtp`: send, probe and verify from a terminal or a script.

mod addresses;
mod batch;
mod command_line;
mod compose;
mod composition;
mod connection;
mod delivery;
mod examples;
mod exit;
mod failure;
mod human_output;
mod in_order;
mod interrupt;
mod json_output;
mod login;
mod output;
mod pages;
mod probe;
mod secret_program;
mod send;
mod signing;
mod streams;
mod trust;
mod usage;
mod value;
mod verify;

use std::process::ExitCode;

use command_line::NoAction;
use exit::Exit;
use streams::{ERR, OUT};

fn main() -> ExitCode {
    let (exit, json) = match command_line::parse(std::env::args_os()) {
        Ok(action) => (action.run(), action.json()),
        Err(NoAction::Information(text)) => {
            OUT.line(&text);
            (Exit::Success, false)
        }
        Err(NoAction::Usage(text)) => {
            ERR.line(&text);
            (Exit::Usage, false)
        }
    };
    streams::report_losses(json);
    exit.into()
}

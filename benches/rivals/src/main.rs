//! lettre and mail-send, as their documentation shows them.
//!
//!     bench-rivals lettre|mail-send send|attach PORT CA_FILE COUNT FILE [cold]
//!
//! Neither has a setting for Nagle's algorithm.

#![forbid(unsafe_code)]

#[path = "../../limit/src/meter.rs"]
mod meter;
mod with_lettre;
mod with_mail_send;

use std::error::Error;

/// The parsed command line.
struct Job {
    attach: bool,
    port: u16,
    ca: Vec<u8>,
    count: usize,
    file: String,
    cold: bool,
}

const WARM: &[u8] = b"Subject: warm\r\n\r\nwarm\r\n";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [crate_name, form, port, ca, count, file, more @ ..] = arguments.as_slice() else {
        return Err("usage: bench-rivals lettre|mail-send send|attach PORT CA COUNT FILE".into());
    };
    let job = Job {
        attach: form == "attach",
        port: port.parse()?,
        ca: std::fs::read(ca)?,
        count: count.parse()?,
        file: file.clone(),
        cold: more.first().is_some_and(|word| word == "cold"),
    };
    let meter = if crate_name == "lettre" {
        with_lettre::run(&job)?
    } else {
        with_mail_send::run(&job)?
    };
    print!("{}", meter.json(job.count));
    Ok(())
}

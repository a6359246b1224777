//! The server that the benches measure against: SMTP over TLS 1.3, which takes mail as fast as the
//! machine can, keeps none, and counts.
//!
//!     bench-sink --directory DIR [--delay MS] [--starttls] [--no-chunking] [--no-pipelining]
//!                [--keep FILE]
//!
//! Writes DIR/ca.pem, listens on a free port of 127.0.0.1, prints it, and prints one line of JSON
//! for each connection that ended. MS is the round trip: each direction takes half of it. The user
//! is `alice`, the password `correct horse`.

#![forbid(unsafe_code)]

mod count;
mod delayed;
mod direct;
mod identity;
mod peer;
mod smtp;
mod tls;

use std::fs::File;
use std::io::{self, Write as _};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::peer::Peer;
use crate::smtp::Offers;

/// The parsed command line.
struct Options {
    directory: PathBuf,
    delay: Duration,
    offers: Offers,
    keep: Option<PathBuf>,
}

fn options() -> Result<Options, lexopt::Error> {
    use lexopt::prelude::*;
    let mut directory = None;
    let (mut delay, mut offers, mut keep) = (Duration::ZERO, Offers::default(), None);
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("directory") => directory = Some(arguments.value()?.into()),
            Long("delay") => delay = Duration::from_millis(arguments.value()?.parse()?),
            Long("starttls") => offers.starttls = true,
            Long("no-chunking") => offers.chunking = false,
            Long("no-pipelining") => offers.pipelining = false,
            Long("keep") => keep = Some(arguments.value()?.into()),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Options {
        directory: directory.ok_or("--directory is missing")?,
        delay,
        offers,
        keep,
    })
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = options()?;
    let config = identity::server_config(&options.directory)?;
    let keep = match &options.keep {
        Some(path) => Some(Arc::new(Mutex::new(File::create(path)?))),
        None => None,
    };
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?.port());
    io::stdout().flush()?;
    for stream in listener.incoming() {
        let stream = stream?;
        let (offers, delay) = (options.offers, options.delay);
        let peer = Peer::new(Arc::clone(&config), offers, keep.clone());
        thread::spawn(move || {
            let counts = if delay.is_zero() {
                direct::serve(stream, peer)
            } else {
                delayed::serve(stream, peer, delay)
            };
            // One whole line at a time: several connections may end together.
            let line = match counts {
                Ok(counts) => counts.json(),
                Err(error) => format!("{{\"error\": \"{}\"}}\n", error.kind()),
            };
            let mut out = io::stdout().lock();
            let _ = out.write_all(line.as_bytes());
            let _ = out.flush();
        });
    }
    Ok(())
}

//! The limit of the machine: rustls with ring, the bytes of the dialogue, and no mail library.
//!
//!     bench-limit stream PORT CA_FILE COUNT MESSAGE_FILE   one continuous stream, replies read beside it
//!     bench-limit one    PORT CA_FILE COUNT MESSAGE_FILE   one flight at a time, one wait for each
//!     bench-limit attach PORT CA_FILE COUNT FILE           COUNT mails with FILE in base64, by one thread
//!
//! One message goes before the clock starts, as with every client of the benches; with `cold` as a
//! sixth argument none. Prints one line of JSON.

#![forbid(unsafe_code)]

mod attach;
mod dialogue;
mod meter;
mod stream;
mod tls;

use std::error::Error;

use crate::dialogue::{Connection, flight};
use crate::meter::Meter;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [form, port, ca, count, file, more @ ..] = arguments.as_slice() else {
        return Err("usage: bench-limit stream|one|attach PORT CA_FILE COUNT FILE [cold]".into());
    };
    let (port, count): (u16, usize) = (port.parse()?, count.parse()?);
    let cold = more.first().is_some_and(|word| word == "cold");
    let mut meter = Meter::start();
    let mut connection = Connection::open(port, ca)?;
    match form.as_str() {
        "attach" => {
            // Not the file: the first of it would take as long as the rest.
            if !cold {
                connection.one(&flight(b"Subject: warm\r\n\r\nwarm\r\n"), 3)?;
                meter.restart();
            }
            for _ in 0..count {
                attach::send(&mut connection, file)?;
            }
        }
        _ => {
            let flight = flight(&std::fs::read(file)?);
            if !cold {
                connection.one(&flight, 3)?;
                meter.restart();
            }
            if form == "stream" {
                stream::send(&mut connection, &flight, count)?;
            } else {
                for _ in 0..count {
                    connection.one(&flight, 3)?;
                }
            }
        }
    }
    meter.stop();
    connection.quit()?;
    print!("{}", meter.json(count));
    Ok(())
}

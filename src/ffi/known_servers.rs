//! The file of known mail servers: written here, by an explicit call, and nowhere else.

use super::arguments::{self, ErrorOut, TextIn};
use super::boundary;
use crate::error::Error;
use crate::status::Status;
use crate::trust::{Clock, Host, KnownServer, Pin, learn};

/// Adds a pin that was confirmed for host and port to the file of known mail servers at path, which is
/// created if there is none; its other lines are left alone. It must be a regular file, or a symbolic
/// link to one. The file is replaced atomically. One writer waits for another for up to 5 seconds, but
/// not for one that was killed: the lock is the system's, on path with .lock appended. The text by names
/// the person who confirmed the pin. A send never writes this file.
/// Ownership: copied. Threads: any. Errors: SECSMTP_E_HOST, SECSMTP_E_PORT, SECSMTP_E_PIN;
/// SECSMTP_E_VALUE for a text by that is empty, over 200 bytes, or has a control character;
/// SECSMTP_E_FILE if the file can't be read or written, is not a regular file, or a line of it is wrong.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_known_servers_learn(
    path: TextIn,
    path_len: i64,
    host: TextIn,
    host_len: i64,
    port: u32,
    pin: TextIn,
    pin_len: i64,
    by: TextIn,
    by_len: i64,
    error_out: ErrorOut,
) -> i32 {
    boundary::create(error_out, || {
        let path = path.get("path", path_len)?;
        let host = Host::parse(host.get("host", host_len)?)
            .map_err(|why| Error::argument(Status::Host, "host", why))?;
        let port = arguments::port(port)?;
        let wrong = |why| Error::argument(Status::Pin, "pin", why);
        let pins = Pin::parse_list(pin.get("pin", pin_len)?).map_err(wrong)?;
        let [pin] = pins.as_slice() else {
            return Err(wrong("has several keys, expected one"));
        };
        let by = by.get("by", by_len)?;
        let server = KnownServer::new(&host, port, *pin, Clock::System.now().as_secs(), by)
            .map_err(|why| Error::argument(Status::Value, "known server", why))?;
        learn(path, &server)?;
        Ok(())
    })
}

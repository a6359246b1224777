//! The numbers of the header by name, for hosts that can't read a header; and the features of this build.

use super::arguments::TextIn;
use super::boundary;
use crate::error::Error;
use crate::status::Status;

/// One `NAME VALUE` a line, written by `make generate` from the header: a text, because a table of
/// pointers would cost thrice its size in relocations.
const CONSTANTS: &str = include_str!("constants.txt");

const FEATURES: &[&str] = &[
    "implicit-tls",
    "starttls",
    "tls-1.2",
    "tls-1.3",
    "client-certificates",
    "pins",
    "crl",
    "known-servers",
    "mozilla-roots",
    "system-roots",
    "scram",
    "channel-binding",
    "oauth",
    "external",
    "idn",
    "composition",
    "jobs",
    #[cfg(feature = "dkim")]
    "dkim",
];

/// The value of a number of this header by its name, for instance "SECSMTP_E_HOST", for hosts that can't
/// read a header.
/// Ownership: name is borrowed for the call. Threads: any. Errors: a negative status (-1000 or less),
/// minus SECSMTP_E_NOTHING for an unknown name.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_constant(name: TextIn, name_len: i64) -> i64 {
    boundary::large_integer(|| constant(name.get("name", name_len)?))
}

/// 1 if this build of the library has a feature, else 0: "implicit-tls", "starttls", "tls-1.2",
/// "tls-1.3", "client-certificates", "pins", "crl", "known-servers", "mozilla-roots",
/// "system-roots", "scram", "channel-binding", "oauth", "external", "idn", "composition", "jobs", "dkim".
/// Ask before you call what an older or smaller build may lack; an unknown name is a
/// feature that is not there.
/// Ownership: name is borrowed for the call. Threads: any. Errors: a negative status.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_feature(name: TextIn, name_len: i64) -> i32 {
    boundary::integer(|| {
        let name = name.get("name", name_len)?;
        Ok(i32::from(FEATURES.contains(&name)))
    })
}

fn constant(wanted: &str) -> Result<i64, Error> {
    CONSTANTS
        .lines()
        .filter_map(|line| line.split_once(' '))
        .find(|(name, _)| *name == wanted)
        .and_then(|(_, value)| value.parse().ok())
        .ok_or_else(|| Error::argument(Status::Nothing, "name", "is not a constant of the header"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_its_name() {
        assert_eq!(constant("SECSMTP_E_HOST").ok(), Some(1006));
        for none in ["", "SECSMTP_E_HOS", "SECSMTP_E_HOST 1006", "E_HOST"] {
            assert!(constant(none).is_err(), "{none}");
        }
    }
}

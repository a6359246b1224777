//! The command as a script uses it: exit status, words on both streams, and what the server saw.

mod place;
#[cfg(unix)]
mod programs;
#[cfg(unix)]
mod signals;
#[cfg(unix)]
mod streams;
mod trust;
mod words;

//! The hostile line: the catalogue's scripts, faults at every octet, every sequence of replies.

mod faults;
mod fuzz_replay;
mod memory;
mod oracle;
mod scripts;
mod stream_faults;
mod walk;

//! The hostile line: the catalogue's scripts, faults at every octet, every sequence of replies.

mod faults;
mod floods;
mod fuzz_replay;
mod hello;
mod memory;
mod oracle;
mod scripts;
mod source;
mod stream_faults;
mod walk;
mod words;

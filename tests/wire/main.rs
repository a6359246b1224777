//! The hostile line: the catalogue's scripts, faults at every octet, every sequence of replies.

mod cancel;
mod faults;
mod floods;
mod fuzz_replay;
mod hello;
mod load;
mod memory;
mod oracle;
mod scripts;
mod source;
mod stream_faults;
mod walk;
mod words;

//! The hostile line: the catalogue's scripts, faults at every byte, every sequence of replies.

mod allocator;
mod cancel;
mod codes;
mod corners;
mod faults;
mod floods;
mod fuzz_replay;
mod hello;
mod interjections;
mod load;
mod memory;
mod oracle;
#[path = "../support/random.rs"]
mod random;
mod records;
mod scripts;
mod source;
mod stream_faults;
mod stream_walk;
mod walk;
mod wiped;
mod words;

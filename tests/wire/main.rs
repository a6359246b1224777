//! Hostile peers: the catalogue's scripts, faults at every byte, every sequence of replies.

mod allocator;
mod cancel;
mod client_hello;
mod codes;
mod faults;
mod leak_check;
mod load;
#[allow(dead_code, unused_imports, reason = "the fuzz targets use more of it")]
mod memory;
mod memory_bounds;
#[path = "../support/random.rs"]
mod random;
mod rare_replies;
mod records;
mod reply_sequences;
mod scripts;
mod secret_texts;
mod source;
mod stream_faults;
mod stream_sequences;
mod texts;
mod unsolicited_replies;
mod wiped_secrets;

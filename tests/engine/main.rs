//! The engine against local peers, correct and hostile, over real sockets on loopback. Each test
//! reads what the peer received: the error's word alone is not believed.

mod answers;
mod arguments;
mod auth;
mod auth_attacks;
mod composed;
mod content;
mod dead;
mod delivery;
mod drip;
mod extensions;
mod external;
mod flight;
mod fuzz_replay;
mod hostile;
mod hotel;
mod jobs;
mod jobs_stream;
mod limited;
mod patience;
mod provider;
mod provider_jobs;
#[path = "../support/random.rs"]
mod random;
mod rate;
mod recipients;
mod reuse;
mod scram_attacks;
mod scram_server;
mod secrets;
mod setters;
mod stream;
#[path = "../support/stream.rs"]
mod stream_of;
mod support;

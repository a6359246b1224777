//! The engine against local peers, correct and hostile, over real sockets on loopback. Each test
//! reads what the peer received: the error alone is not trusted.

mod arguments;
mod auth;
mod auth_attacks;
mod composed;
mod content;
mod delivery;
mod extensions;
mod external;
mod hostile;
mod interception;
mod jobs;
mod jobs_stream;
mod lost_connections;
mod message_limits;
mod pipelining;
mod provider;
mod provider_jobs;
mod rate;
mod recipients;
mod replies;
mod reuse;
mod scram_attacks;
mod scram_server;
mod secrets;
mod setters;
mod slow_peers;
mod stream;
#[path = "../support/stream.rs"]
mod stream_of;
mod support;
mod timeouts;

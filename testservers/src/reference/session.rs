//! One SMTP connection: commands, EHLO and STARTTLS (RFC 5321, 3207).

use std::io::{self, ErrorKind};
use std::net::TcpStream;
use std::sync::Arc;

use super::{Ending, Shared};
use crate::record::{Recorder, SharedRecord, lock};
use crate::wire::Channel;

/// The longest command line: bearer tokens are long.
pub(super) const MAX_COMMAND: usize = 64 * 1024;

/// The state of the connection after a command.
pub(super) enum Next {
    Go,
    Close,
    /// Closed without close_notify.
    Cut,
}

pub(super) struct Session<'a> {
    pub(super) shared: &'a Shared,
    pub(super) channel: Channel,
    pub(super) tls: bool,
    pub(super) hello: bool,
    pub(super) user: Option<String>,
    pub(super) from: Option<String>,
    pub(super) to: Vec<String>,
    pub(super) utf8: bool,
    /// The number of further mails that the connection may carry, if there is a limit.
    pub(super) mails_left: Option<usize>,
    /// The content of this mail that was received by BDAT.
    pub(super) chunks: Option<Vec<u8>>,
}

/// Serves one connection and records its error, if any.
pub(super) fn serve(shared: &Shared, tcp: TcpStream, implicit: bool) {
    let record = SharedRecord::default();
    let mut recorder: Option<Arc<dyn Recorder>> = None;
    if shared.config.record {
        lock(&shared.sessions).push(Arc::clone(&record));
        recorder = Some(Arc::clone(&record) as Arc<dyn Recorder>);
    }
    let ended = Channel::new(tcp, recorder).and_then(|channel| {
        let session = Session {
            shared,
            channel,
            tls: false,
            hello: false,
            user: None,
            from: None,
            to: Vec::new(),
            utf8: false,
            mails_left: None,
            chunks: None,
        };
        session.run(implicit)
    });
    if let Err(error) = ended {
        lock(&record).error = Some(error.to_string());
    }
}

impl Session<'_> {
    fn run(mut self, implicit: bool) -> io::Result<()> {
        if implicit {
            self.start_tls()?;
        }
        let greeting = format!("220 {} ESMTP ready\r\n", self.shared.config.host_name);
        let mut next = self.reply("GREETING", &greeting)?;
        while let Next::Go = next {
            next = match self.channel.read_line(MAX_COMMAND) {
                Ok(Some(line)) => self.command(&line)?,
                Ok(None) => Next::Close,
                Err(error) => {
                    if error.kind() == ErrorKind::InvalidData {
                        self.write("500 5.5.2 Line too long\r\n")?;
                    }
                    return Err(error);
                }
            };
        }
        match next {
            Next::Cut => self.channel.cut(),
            _ => self.channel.close(),
        }
        Ok(())
    }

    fn command(&mut self, line: &[u8]) -> io::Result<Next> {
        if line.contains(&b'\n') || line.contains(&b'\r') {
            return self.write("500 5.5.2 Lines end with CRLF\r\n");
        }
        let end = line
            .iter()
            .position(|&byte| byte == b' ')
            .unwrap_or(line.len());
        let verb = String::from_utf8_lossy(&line[..end]).to_ascii_uppercase();
        let arguments = line.get(end + 1..).unwrap_or_default();
        if let Some(next) = self.refused_by_override(&verb)? {
            return Ok(next);
        }
        match verb.as_str() {
            "EHLO" | "HELO" => self.hello(&verb, arguments),
            "STARTTLS" => self.starttls(arguments),
            "AUTH" => self.auth(arguments),
            "MAIL" => self.mail(arguments),
            "RCPT" => self.rcpt(arguments),
            "DATA" => self.data(arguments),
            "BDAT" => self.bdat(arguments),
            "RSET" => {
                self.forget_mail();
                self.reply("RSET", "250 2.0.0 Reset\r\n")
            }
            "NOOP" => self.reply("NOOP", "250 2.0.0 Done nothing\r\n"),
            "QUIT" => {
                // A client may close before it has read this reply.
                let _ = self.reply("QUIT", "221 2.0.0 Goodbye\r\n");
                Ok(Next::Close)
            }
            _ => self.write("500 5.5.1 Unknown command\r\n"),
        }
    }

    fn hello(&mut self, verb: &str, name: &[u8]) -> io::Result<Next> {
        if name.is_empty() {
            return self.write("501 5.5.4 A name is needed\r\n");
        }
        self.forget_mail();
        self.hello = true;
        let config = &self.shared.config;
        let mut lines = vec![config.host_name.clone()];
        if verb == "EHLO" {
            lines.extend(config.extensions.iter().cloned());
            if self.user.is_some() {
                lines.extend(config.extensions_after_auth.iter().cloned());
            }
            if self.tls && !config.auth_mechanisms.is_empty() {
                lines.push(format!("AUTH {}", config.auth_mechanisms.join(" ")));
            }
            if !self.tls && config.offer_starttls {
                lines.push("STARTTLS".to_owned());
            }
        }
        let mut reply = String::new();
        for (at, line) in lines.iter().enumerate() {
            let sign = if at + 1 == lines.len() { ' ' } else { '-' };
            reply.push_str(&format!("250{sign}{line}\r\n"));
        }
        self.reply(verb, &reply)
    }

    fn starttls(&mut self, arguments: &[u8]) -> io::Result<Next> {
        if self.tls || !self.shared.config.offer_starttls {
            return self.write("503 5.5.1 STARTTLS is not possible\r\n");
        }
        if !arguments.is_empty() {
            return self.write("501 5.5.4 STARTTLS has no arguments\r\n");
        }
        if !self.channel.buffered().is_empty() {
            // Clear text after STARTTLS must never count as received inside TLS.
            self.write("554 5.5.1 Nothing may follow STARTTLS\r\n")?;
            return Ok(Next::Close);
        }
        self.reply("STARTTLS", "220 2.0.0 Go ahead\r\n")?;
        self.start_tls()?;
        self.hello = false;
        self.forget_mail();
        Ok(Next::Go)
    }

    fn start_tls(&mut self) -> io::Result<()> {
        self.channel.accept_tls(Arc::clone(&self.shared.tls))?;
        self.tls = true;
        Ok(())
    }

    fn forget_mail(&mut self) {
        self.from = None;
        self.to.clear();
        self.utf8 = false;
        self.chunks = None;
    }

    /// Ends a connection that has carried its number of mails, in the configured way.
    pub(super) fn end(&mut self) -> io::Result<Next> {
        let config = &self.shared.config;
        self.channel.write(config.last_reply.as_bytes())?;
        Ok(match config.ending {
            Ending::Close => Next::Close,
            Ending::Cut => Next::Cut,
            Ending::Stay => Next::Go,
        })
    }

    /// Writes the reply, or the configured one that replaces it.
    pub(super) fn reply(&mut self, key: &str, reply: &str) -> io::Result<Next> {
        let shared = self.shared;
        self.write(
            shared
                .config
                .override_reply
                .get(key)
                .map_or(reply, String::as_str),
        )
    }

    /// Writes the configured reply if it rejects this command, which then has no effect.
    pub(super) fn refused_by_override(&mut self, key: &str) -> io::Result<Option<Next>> {
        let shared = self.shared;
        match shared.config.override_reply.get(key) {
            Some(reply) if reply.starts_with(['4', '5']) => self.write(reply).map(Some),
            _ => Ok(None),
        }
    }

    pub(super) fn write(&mut self, reply: &str) -> io::Result<Next> {
        self.channel.write(reply.as_bytes())?;
        Ok(if reply.starts_with("421") {
            Next::Close
        } else {
            Next::Go
        })
    }
}

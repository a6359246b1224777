//! One mail: MAIL, RCPT and DATA with their checks (RFC 5321, 6409).

use std::io::{self, ErrorKind};

use super::HARD_LIMIT;
use super::mailbox::Mail;
use super::session::{Next, Session};

impl Session<'_> {
    pub(super) fn mail(&mut self, arguments: &[u8]) -> io::Result<Next> {
        let config = &self.shared.config;
        if !self.hello {
            return self.write("503 5.5.1 Send EHLO first\r\n");
        }
        if config.require_tls && !self.tls {
            return self.write("530 5.7.0 Send STARTTLS first\r\n");
        }
        if config.require_auth && self.user.is_none() {
            return self.write("530 5.7.0 Log in first\r\n");
        }
        if self.mails_left == Some(0) {
            return self.end();
        }
        if self.from.is_some() {
            return self.write("503 5.5.1 One mail at a time\r\n");
        }
        let Some((address, parameters)) = path(arguments, "FROM:") else {
            return self.write("501 5.5.4 Syntax: MAIL FROM:<address>\r\n");
        };
        let offers = |name: &str| self.offers(name);
        let mut utf8 = false;
        for parameter in parameters.to_ascii_uppercase().split_ascii_whitespace() {
            let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            match (key, value) {
                ("SIZE", size) if offers("SIZE") => match size.parse::<usize>() {
                    Ok(size) if size <= config.size_limit => {}
                    Ok(_) => return self.write("552 5.3.4 Too large\r\n"),
                    Err(_) => return self.write("501 5.5.4 SIZE is a number\r\n"),
                },
                ("BODY", "7BIT" | "8BITMIME") if offers("8BITMIME") => {}
                ("BODY", "BINARYMIME") if offers("BINARYMIME") && offers("CHUNKING") => {}
                ("SMTPUTF8", "") if offers("SMTPUTF8") => utf8 = true,
                ("RET", "FULL" | "HDRS") | ("ENVID", _) if offers("DSN") => {}
                ("BY", _) if offers("DELIVERBY") => {}
                ("HOLDFOR" | "HOLDUNTIL", _) if offers("FUTURERELEASE") => {}
                ("MT-PRIORITY", _) if offers("MT-PRIORITY") => {}
                ("REQUIRETLS", "") if offers("REQUIRETLS") => {}
                ("AUTH", _) if !config.auth_mechanisms.is_empty() => {}
                _ => return self.write("555 5.5.4 Unknown parameter\r\n"),
            }
        }
        if !address.is_ascii() && !utf8 {
            return self.write("553 5.6.7 SMTPUTF8 is needed\r\n");
        }
        if config.reject_mail.contains(&address) {
            return self.write("550 5.7.1 Not from you\r\n");
        }
        (self.from, self.utf8) = (Some(address), utf8);
        self.mails_left = self.mails_left.map(|left| left.saturating_sub(1));
        self.reply("MAIL", "250 2.1.0 Sender accepted\r\n")
    }

    fn offers(&self, name: &str) -> bool {
        let config = &self.shared.config;
        let mut lines = config.extensions.clone();
        if self.user.is_some() {
            lines.extend(config.extensions_after_auth.iter().cloned());
        }
        let mut own = lines.iter().filter_map(|line| line.split(' ').next());
        own.any(|keyword| keyword.eq_ignore_ascii_case(name))
    }

    pub(super) fn rcpt(&mut self, arguments: &[u8]) -> io::Result<Next> {
        let config = &self.shared.config;
        if self.from.is_none() {
            return self.write("503 5.5.1 Send MAIL first\r\n");
        }
        let Some((address, parameters)) = path(arguments, "TO:") else {
            return self.write("501 5.5.4 Syntax: RCPT TO:<address>\r\n");
        };
        if address.is_empty() {
            return self.write("501 5.1.3 A recipient is needed\r\n");
        }
        let dsn = |word: &str| word.starts_with("NOTIFY=") || word.starts_with("ORCPT=");
        if !parameters
            .split(' ')
            .all(|w| w.is_empty() || (self.offers("DSN") && dsn(w)))
        {
            return self.write("555 5.5.4 Unknown parameter\r\n");
        }
        if !address.is_ascii() && !self.utf8 {
            return self.write("553 5.6.7 SMTPUTF8 is needed\r\n");
        }
        if config.reject_rcpt.contains(&address) {
            return self.write("550 5.1.1 No such user\r\n");
        }
        if config.defer_rcpt.contains(&address) {
            return self.write("450 4.2.1 The mailbox is busy\r\n");
        }
        if self.to.len() >= config.max_recipients {
            return self.write("452 4.5.3 Too many recipients\r\n");
        }
        self.to.push(address);
        self.reply("RCPT", "250 2.1.5 Recipient accepted\r\n")
    }

    pub(super) fn data(&mut self, arguments: &[u8]) -> io::Result<Next> {
        if !arguments.is_empty() {
            return self.write("501 5.5.4 DATA has no arguments\r\n");
        }
        if self.chunks.is_some() {
            return self.write("503 5.5.1 BDAT was begun\r\n");
        }
        if self.from.is_none() {
            return self.write("503 5.5.1 Send MAIL first\r\n");
        }
        if self.to.is_empty() {
            return self.write("554 5.5.1 No valid recipients\r\n");
        }
        self.reply("DATA", "354 End with a dot alone\r\n")?;
        let content = self.content()?;
        self.keep(content)
    }

    /// BDAT (RFC 3030): the bytes are read even when the command is rejected. A rejection keeps the
    /// transaction, as many servers do, until RSET.
    pub(super) fn bdat(&mut self, arguments: &[u8]) -> io::Result<Next> {
        let text = String::from_utf8_lossy(arguments).to_ascii_uppercase();
        let (size, last) = match text.split_once(' ') {
            Some((size, "LAST")) => (size, true),
            Some(_) => ("", false),
            None => (text.as_str(), false),
        };
        let digits = size.bytes().all(|b| b.is_ascii_digit());
        let Some(size) = size.parse::<usize>().ok().filter(|_| digits) else {
            return self.write("501 5.5.4 Syntax: BDAT size [LAST]\r\n");
        };
        if size > HARD_LIMIT {
            self.write("552 5.3.4 Too large\r\n")?;
            return Ok(Next::Close);
        }
        let bytes = self.channel.read_bytes(size)?;
        if !self.offers("CHUNKING") {
            return self.write("500 5.5.1 Unknown command\r\n");
        }
        if self.from.is_none() {
            return self.write("503 5.5.1 Send MAIL first\r\n");
        }
        if self.to.is_empty() {
            return self.write("554 5.5.1 No valid recipients\r\n");
        }
        let chunks = self.chunks.get_or_insert_default();
        let whole = chunks.len() + bytes.len();
        if whole > self.shared.config.size_limit {
            return self.write("552 5.3.4 Too large\r\n");
        }
        chunks.extend_from_slice(&bytes);
        if !last {
            return self.reply("BDAT", "250 2.0.0 Go on\r\n");
        }
        let content = self.chunks.take().unwrap_or_default();
        self.keep(content)
    }

    fn keep(&mut self, content: Vec<u8>) -> io::Result<Next> {
        let (from, to) = (
            self.from.take().unwrap_or_default(),
            std::mem::take(&mut self.to),
        );
        if let Some(next) = self.refused_by_override("DATA-END")? {
            return Ok(next);
        }
        if content.len() > self.shared.config.size_limit {
            return self.write("552 5.3.4 Too large\r\n");
        }
        let mail = Mail {
            from,
            to,
            content,
            user: self.user.clone(),
            tls: self.tls,
        };
        if self.shared.mailbox.add(mail).is_err() {
            return self.write("451 4.3.0 Cannot keep it\r\n");
        }
        self.reply("DATA-END", "250 2.0.0 Kept\r\n")
    }

    /// Reads to the line of a single dot, and removes dot-stuffing. A bare CR or LF ends no line and
    /// is kept.
    fn content(&mut self) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        loop {
            let room = HARD_LIMIT.saturating_sub(content.len());
            if room == 0 {
                return Err(io::Error::new(
                    ErrorKind::InvalidData,
                    "message beyond all limits",
                ));
            }
            let line = self
                .channel
                .read_line(room)?
                .ok_or(ErrorKind::UnexpectedEof)?;
            if line == b"." {
                return Ok(content);
            }
            content.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
            content.extend_from_slice(b"\r\n");
        }
    }
}

/// Parses `FROM:<address> parameters`.
fn path(arguments: &[u8], keyword: &str) -> Option<(String, String)> {
    let text = String::from_utf8_lossy(arguments);
    let (head, rest) = text.split_at_checked(keyword.len())?;
    let (address, parameters) = rest.strip_prefix('<')?.split_once('>')?;
    let right = head.eq_ignore_ascii_case(keyword)
        && !address.contains([' ', '<'])
        && (parameters.is_empty() || parameters.starts_with(' '));
    right.then(|| (address.to_owned(), parameters.trim().to_owned()))
}

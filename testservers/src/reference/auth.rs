//! The exchange of AUTH (RFC 4954).

use std::io;
use std::sync::atomic::Ordering;

use super::credentials::{challenge, decode, oauthbearer, password_of, plain, xoauth2};
use super::session::{MAX_COMMAND, Next, Session};

/// The error challenge of the bearer mechanisms, which the client answers before the 535.
const BEARER_ERROR: &str = r#"{"status":"invalid_token","schemes":"bearer","scope":"mail"}"#;
const CANCELLED: &str = "501 5.7.0 Authentication cancelled\r\n";
const NOT_BASE64: &str = "501 5.5.2 Cannot decode that\r\n";

/// The result of an exchange.
enum Outcome {
    User(String),
    Wrong,
    Broken(&'static str),
}

impl Session<'_> {
    pub(super) fn auth(&mut self, arguments: &[u8]) -> io::Result<Next> {
        let text = String::from_utf8_lossy(arguments).into_owned();
        let mut words = text.split_ascii_whitespace();
        let mechanism = words.next().unwrap_or_default().to_ascii_uppercase();
        let initial = words.next().map(str::to_owned);
        let offered = &self.shared.config.auth_mechanisms;
        let refusal = if offered.is_empty() {
            Some("502 5.5.1 AUTH is not offered\r\n")
        } else if !self.hello {
            Some("503 5.5.1 Send EHLO first\r\n")
        } else if !self.tls {
            Some("538 5.7.11 Encryption is required for AUTH\r\n")
        } else if self.user.is_some() || self.from.is_some() {
            Some("503 5.5.1 AUTH is not possible now\r\n")
        } else if words.next().is_some() || mechanism.is_empty() {
            Some("501 5.5.4 Syntax: AUTH MECHANISM [RESPONSE]\r\n")
        } else if !offered
            .iter()
            .any(|own| own.eq_ignore_ascii_case(&mechanism))
        {
            Some("504 5.5.4 Unknown mechanism\r\n")
        } else {
            None
        };
        if let Some(reply) = refusal {
            return self.write(reply);
        }
        let outcome = match mechanism.as_str() {
            "PLAIN" => self.one_response(initial, |session, response| {
                Ok(plain(&session.shared.config, response))
            })?,
            "LOGIN" => self.login(initial)?,
            "XOAUTH2" => self.one_response(initial, |session, response| {
                session.bearer(xoauth2(&session.shared.config, response))
            })?,
            "OAUTHBEARER" => self.one_response(initial, |session, response| {
                session.bearer(oauthbearer(&session.shared.config, response))
            })?,
            // The configuration offers a mechanism that is not implemented.
            _ => Outcome::Broken("504 5.5.4 Unknown mechanism\r\n"),
        };
        self.finish(outcome)
    }

    fn finish(&mut self, outcome: Outcome) -> io::Result<Next> {
        if let Some(next) = self.refused_by_override("AUTH-END")? {
            return Ok(next);
        }
        match outcome {
            Outcome::User(name) => {
                self.user = Some(name);
                let number = self.shared.logins.fetch_add(1, Ordering::SeqCst);
                let numbers = &self.shared.config.mails_per_connection;
                self.mails_left = numbers.get(number).or(numbers.last()).copied();
                self.reply("AUTH-END", "235 2.7.0 Welcome\r\n")
            }
            Outcome::Wrong => self.write("535 5.7.8 Wrong name or password\r\n"),
            Outcome::Broken(reply) => self.write(reply),
        }
    }

    /// Reads the only response of a mechanism, which may come with the command (`=` means empty).
    fn one_response(
        &mut self,
        initial: Option<String>,
        check: impl FnOnce(&mut Self, &[u8]) -> io::Result<Option<String>>,
    ) -> io::Result<Outcome> {
        let response = match initial {
            Some(text) if text == "=" => Ok(Vec::new()),
            Some(text) => decode(text.as_bytes()).ok_or(NOT_BASE64),
            None => self.ask("334 \r\n")?,
        };
        match response {
            Ok(response) => Ok(check(self, &response)?.map_or(Outcome::Wrong, Outcome::User)),
            Err(reply) => Ok(Outcome::Broken(reply)),
        }
    }

    fn login(&mut self, initial: Option<String>) -> io::Result<Outcome> {
        let name = match initial {
            Some(text) => decode(text.as_bytes()).ok_or(NOT_BASE64),
            None => self.ask(&challenge("Username:"))?,
        };
        let name = match name {
            Ok(name) => name,
            Err(reply) => return Ok(Outcome::Broken(reply)),
        };
        match self.ask(&challenge("Password:"))? {
            Ok(password) => {
                let user = password_of(&self.shared.config, &name, &password);
                Ok(user.map_or(Outcome::Wrong, Outcome::User))
            }
            Err(reply) => Ok(Outcome::Broken(reply)),
        }
    }

    /// Sends the reason for a wrong token as one more challenge, and ignores the client's response.
    fn bearer(&mut self, user: Option<String>) -> io::Result<Option<String>> {
        if user.is_none() {
            self.write(&challenge(BEARER_ERROR))?;
            self.channel.read_line(MAX_COMMAND)?;
        }
        Ok(user)
    }

    /// Sends a challenge and decodes the response.
    fn ask(&mut self, challenge: &str) -> io::Result<Result<Vec<u8>, &'static str>> {
        self.write(challenge)?;
        let line = self.channel.read_line(MAX_COMMAND)?;
        let line = line.ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(if line == b"*" {
            Err(CANCELLED)
        } else {
            decode(&line).ok_or(NOT_BASE64)
        })
    }
}

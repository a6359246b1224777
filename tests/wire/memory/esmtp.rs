//! A submission server as a state machine: it understands each form in which a message can come,
//! and asks at each reply what to say.

use super::peer::{Act, Dialogue};

/// Which reply is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Point {
    Greeting,
    Ehlo,
    Starttls,
    Auth,
    Mail,
    Rcpt,
    Data,
    /// The answer to a chunk that is not the last.
    Chunk,
    /// The answer to a message.
    Content,
    Rset,
    /// NOOP, and what has no other place.
    Other,
    Quit,
}

/// The reply to send there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The expected reply.
    Good,
    /// The expected reply, and an unsolicited 250.
    Double,
    /// These bytes; none is silence.
    Reply(Vec<u8>),
    /// These bytes, and the end.
    Last(Vec<u8>),
}

/// The state of the client's dialogue.
enum Phase {
    Commands,
    Login(u8),
    Content,
    Chunk { left: usize, last: bool },
    Over,
}

type Choose = Box<dyn FnMut(Point) -> Answer + Send>;

/// The server.
pub(crate) struct Esmtp {
    /// Lines of the answer to EHLO, in clear and inside TLS.
    pub(crate) offers: [Vec<&'static str>; 2],
    choose: Choose,
    inside: bool,
    phase: Phase,
    buffer: Vec<u8>,
}

impl Esmtp {
    /// One that speaks TLS from the first byte, or offers STARTTLS. `choose` gives its answers.
    pub(crate) fn new(
        implicit: bool,
        offers: &[&'static str],
        choose: impl FnMut(Point) -> Answer + Send + 'static,
    ) -> Self {
        Self {
            offers: [vec!["STARTTLS"], offers.to_vec()],
            choose: Box::new(choose),
            inside: implicit,
            phase: Phase::Commands,
            buffer: Vec::new(),
        }
    }

    fn fitting(&self, point: Point) -> Vec<u8> {
        let text = match point {
            Point::Greeting => "220 mail.test",
            Point::Ehlo => {
                let mut lines = vec!["mail.test"];
                lines.extend(&self.offers[usize::from(self.inside)]);
                let last = lines.len() - 1;
                let line = |(at, text): (usize, &&str)| {
                    format!("250{}{text}\r\n", if at == last { ' ' } else { '-' })
                };
                return lines
                    .iter()
                    .enumerate()
                    .map(line)
                    .collect::<String>()
                    .into_bytes();
            }
            Point::Starttls => "220 go",
            Point::Auth => "235 2.7.0 in",
            Point::Mail | Point::Rset | Point::Other | Point::Chunk => "250 2.0.0 ok",
            Point::Rcpt => "250 2.1.5 ok",
            Point::Data => "354 go",
            Point::Content => "250 2.0.0 queued",
            Point::Quit => "221 bye",
        };
        format!("{text}\r\n").into_bytes()
    }

    /// Says what is chosen; whether it is what fits.
    fn reply(&mut self, point: Point, acts: &mut Vec<Act>) -> bool {
        let answer = (self.choose)(point);
        let good = matches!(answer, Answer::Good | Answer::Double);
        let ends = matches!(answer, Answer::Last(_));
        let bytes = match answer {
            Answer::Good => self.fitting(point),
            Answer::Double => [self.fitting(point), b"250 more\r\n".to_vec()].concat(),
            Answer::Reply(bytes) | Answer::Last(bytes) => bytes,
        };
        // Any 354 gets the content.
        let good = good || point == Point::Data && bytes.starts_with(b"354");
        acts.push(Act::Reply(point, bytes));
        if ends {
            acts.push(Act::Close);
            self.phase = Phase::Over;
        }
        good
    }

    fn command(&mut self, line: &[u8], acts: &mut Vec<Act>) {
        let line = String::from_utf8_lossy(line).to_ascii_uppercase();
        let mut words = line.split(' ');
        match words.next().unwrap_or_default() {
            "EHLO" => drop(self.reply(Point::Ehlo, acts)),
            "STARTTLS" => {
                if self.reply(Point::Starttls, acts) {
                    acts.push(Act::StartTls);
                    self.inside = true;
                }
            }
            "AUTH" => self.auth(
                words.next().unwrap_or_default(),
                words.next().is_some(),
                acts,
            ),
            "MAIL" => drop(self.reply(Point::Mail, acts)),
            "RCPT" => drop(self.reply(Point::Rcpt, acts)),
            "DATA" => {
                if self.reply(Point::Data, acts) {
                    self.phase = Phase::Content;
                }
            }
            "BDAT" => {
                let left = words.next().and_then(|n| n.parse().ok()).unwrap_or(0);
                let last = words.next() == Some("LAST");
                self.phase = Phase::Chunk { left, last };
            }
            "RSET" => drop(self.reply(Point::Rset, acts)),
            "QUIT" => {
                self.reply(Point::Quit, acts);
                acts.push(Act::Close);
                self.phase = Phase::Over;
            }
            _ => drop(self.reply(Point::Other, acts)),
        }
    }

    fn auth(&mut self, mechanism: &str, with_response: bool, acts: &mut Vec<Act>) {
        let prompts = match (mechanism, with_response) {
            ("LOGIN", _) => 2,
            (_, true) => 0,
            (_, false) => 1,
        };
        if prompts == 0 {
            self.reply(Point::Auth, acts);
        } else {
            self.phase = Phase::Login(prompts);
            self.prompt(acts);
        }
    }

    fn prompt(&mut self, acts: &mut Vec<Act>) {
        match (self.choose)(Point::Auth) {
            Answer::Good => acts.push(Act::Say(b"334 \r\n".to_vec())),
            Answer::Double => acts.push(Act::Say(b"334 \r\n250 more\r\n".to_vec())),
            Answer::Reply(bytes) => {
                acts.push(Act::Say(bytes));
                self.phase = Phase::Commands;
            }
            Answer::Last(bytes) => {
                acts.extend([Act::Say(bytes), Act::Close]);
                self.phase = Phase::Over;
            }
        }
    }

    /// One step with what is buffered; false when there is not enough.
    fn step(&mut self, acts: &mut Vec<Act>) -> bool {
        match self.phase {
            Phase::Over => false,
            Phase::Chunk { left, last } => {
                if self.buffer.len() < left {
                    return false;
                }
                self.buffer.drain(..left);
                self.phase = Phase::Commands;
                if last {
                    acts.push(Act::Taken);
                }
                self.reply(if last { Point::Content } else { Point::Chunk }, acts);
                true
            }
            Phase::Content => {
                let whole = self.buffer.starts_with(b".\r\n").then_some(3);
                let end = self.buffer.windows(5).position(|w| w == b"\r\n.\r\n");
                let Some(end) = whole.or(end.map(|at| at + 5)) else {
                    return false;
                };
                self.buffer.drain(..end);
                self.phase = Phase::Commands;
                acts.push(Act::Taken);
                self.reply(Point::Content, acts);
                true
            }
            Phase::Commands | Phase::Login(_) => {
                let Some(end) = self.buffer.windows(2).position(|w| w == b"\r\n") else {
                    return false;
                };
                let line: Vec<u8> = self.buffer.drain(..end + 2).take(end).collect();
                match self.phase {
                    Phase::Login(_) if line == b"*" => self.phase = Phase::Commands,
                    Phase::Login(1) => {
                        self.phase = Phase::Commands;
                        self.reply(Point::Auth, acts);
                    }
                    Phase::Login(more) => {
                        self.phase = Phase::Login(more - 1);
                        self.prompt(acts);
                    }
                    _ => self.command(&line, acts),
                }
                true
            }
        }
    }
}

impl Dialogue for Esmtp {
    fn begin(&mut self) -> Vec<Act> {
        let mut acts = Vec::new();
        self.reply(Point::Greeting, &mut acts);
        acts
    }

    fn hear(&mut self, bytes: &[u8]) -> Vec<Act> {
        self.buffer.extend_from_slice(bytes);
        let mut acts = Vec::new();
        while self.step(&mut acts) {
            if acts.last() == Some(&Act::StartTls) {
                // Commands that were pipelined after STARTTLS are not read.
                self.buffer.clear();
            }
        }
        acts
    }
}

//! The dialogue, bytes in and bytes out: a server that checks the order of commands and the login,
//! and takes content without a copy.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use memchr::{memchr, memmem};

use crate::count::Progress;

/// The response of AUTH PLAIN.
const LOGIN: &[u8] = b"\0alice\0correct horse";
const USER: &[u8] = b"alice";
const PASSWORD: &[u8] = b"correct horse";
/// The longest command line that is taken.
const MAX_LINE: usize = 16 * 1024;

/// The extensions besides AUTH, SIZE, 8BITMIME, SMTPUTF8 and ENHANCEDSTATUSCODES.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offers {
    pub(crate) pipelining: bool,
    pub(crate) chunking: bool,
    pub(crate) starttls: bool,
}

impl Default for Offers {
    fn default() -> Self {
        Self {
            pipelining: true,
            chunking: true,
            starttls: false,
        }
    }
}

/// The state of the dialogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Command,
    AuthPlain,
    AuthUser,
    AuthPassword {
        user_fits: bool,
    },
    Data(LineEnd),
    Chunk {
        left: u64,
        last: bool,
        refused: bool,
    },
    /// The next bytes are TLS.
    Upgrade,
    Closed,
}

/// The number of bytes of `\r\n.\r\n` directly before the next byte of DATA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LineEnd {
    None,
    Cr,
    CrLf,
    Dot,
    DotCr,
}

/// The progress of the transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
enum Envelope {
    Empty,
    Sender,
    Recipients,
    Chunks,
}

/// One dialogue.
pub(crate) struct Smtp {
    offers: Offers,
    state: State,
    /// A command line that has not ended yet.
    line: Vec<u8>,
    inside_tls: bool,
    logged_in: bool,
    envelope: Envelope,
    progress: Progress,
}

impl Smtp {
    pub(crate) fn new(offers: Offers) -> Self {
        Self {
            offers,
            state: State::Command,
            line: Vec::new(),
            inside_tls: !offers.starttls,
            logged_in: false,
            envelope: Envelope::Empty,
            progress: Progress::default(),
        }
    }

    pub(crate) fn greet(&mut self, out: &mut Vec<u8>) {
        self.say(out, b"220 sink.test ESMTP\r\n");
    }

    pub(crate) fn progress(&self) -> Progress {
        self.progress
    }

    pub(crate) fn offers_starttls(&self) -> bool {
        self.offers.starttls
    }

    /// Returns whether TLS begins with the next byte.
    pub(crate) fn upgrades(&self) -> bool {
        self.state == State::Upgrade
    }

    /// Begins TLS: discards everything that was received before (RFC 3207 section 4.2).
    pub(crate) fn upgraded(&mut self) {
        self.state = State::Command;
        self.inside_tls = true;
        self.line.clear();
    }

    pub(crate) fn closed(&self) -> bool {
        self.state == State::Closed
    }

    /// Takes bytes, answers into `out`, and shows content to `keep`.
    pub(crate) fn push(
        &mut self,
        mut bytes: &[u8],
        out: &mut Vec<u8>,
        keep: &mut dyn FnMut(&[u8]),
    ) {
        while !bytes.is_empty() {
            self.progress.idle = false;
            bytes = match self.state {
                State::Upgrade | State::Closed => return,
                State::Data(end) => self.data(end, bytes, out, keep),
                State::Chunk {
                    left,
                    last,
                    refused,
                } => {
                    let now = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                    let (content, behind) = bytes.split_at(now);
                    if !refused {
                        self.progress.content += now as u64;
                        keep(content);
                    }
                    self.chunk(left - now as u64, last, refused, out);
                    behind
                }
                _ => self.lines(bytes, out),
            };
        }
    }

    /// A complete line from the front of `bytes`, or the beginning of one.
    fn lines<'a>(&mut self, bytes: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
        let Some(end) = memchr(b'\n', bytes) else {
            self.line.extend_from_slice(bytes);
            if self.line.len() > MAX_LINE {
                self.say(out, b"500 5.5.2 Line too long\r\n");
                self.state = State::Closed;
            }
            return &[];
        };
        let (line, behind) = bytes.split_at(end + 1);
        if self.line.is_empty() {
            self.line_taken(line, out);
        } else {
            let mut whole = std::mem::take(&mut self.line);
            whole.extend_from_slice(line);
            self.line_taken(&whole, out);
        }
        behind
    }

    fn line_taken(&mut self, line: &[u8], out: &mut Vec<u8>) {
        let Some(line) = line.strip_suffix(b"\r\n") else {
            return self.say(out, b"500 5.5.2 Bare line feed\r\n");
        };
        match self.state {
            State::AuthPlain => self.plain(line, out),
            State::AuthUser => {
                let user_fits = STANDARD.decode(line).is_ok_and(|user| user == USER);
                self.state = State::AuthPassword { user_fits };
                self.say(out, b"334 UGFzc3dvcmQ6\r\n");
            }
            State::AuthPassword { user_fits } => {
                let fits = STANDARD.decode(line).is_ok_and(|word| word == PASSWORD);
                self.log_in(user_fits && fits, out);
            }
            _ => self.command(line, out),
        }
    }

    fn command(&mut self, line: &[u8], out: &mut Vec<u8>) {
        let verb_end = memchr(b' ', line).unwrap_or(line.len());
        let (verb, rest) = line.split_at(verb_end);
        let rest = rest.strip_prefix(b" ").unwrap_or(rest);
        let verb = verb.to_ascii_uppercase();
        match verb.as_slice() {
            b"MAIL" => self.mail(rest, out),
            b"RCPT" => self.rcpt(rest, out),
            b"BDAT" if self.offers.chunking => self.bdat(rest, out),
            b"DATA" => self.begin_data(out),
            b"EHLO" | b"HELO" => self.ehlo(out),
            b"AUTH" => self.auth(rest, out),
            b"STARTTLS" if self.offers.starttls && !self.inside_tls => {
                self.say(out, b"220 2.0.0 Go ahead\r\n");
                self.state = State::Upgrade;
            }
            b"NOOP" => self.say(out, b"250 2.0.0 Ok\r\n"),
            b"RSET" => {
                self.envelope = Envelope::Empty;
                self.say(out, b"250 2.0.0 Ok\r\n");
            }
            b"QUIT" => {
                self.say(out, b"221 2.0.0 Bye\r\n");
                self.progress.quit = true;
                self.state = State::Closed;
            }
            _ => self.say(out, b"500 5.5.1 Unknown command\r\n"),
        }
    }

    fn ehlo(&mut self, out: &mut Vec<u8>) {
        self.envelope = Envelope::Empty;
        let mut lines = vec!["sink.test", "SIZE 4294967296", "8BITMIME", "SMTPUTF8"];
        lines.push("ENHANCEDSTATUSCODES");
        if self.offers.pipelining {
            lines.push("PIPELINING");
        }
        if self.offers.chunking {
            lines.push("CHUNKING");
        }
        lines.push(if self.inside_tls {
            "AUTH PLAIN LOGIN"
        } else {
            "STARTTLS"
        });
        let last = lines.len() - 1;
        let mut reply = String::new();
        for (index, line) in lines.iter().enumerate() {
            let mark = if index == last { ' ' } else { '-' };
            reply.push_str(&format!("250{mark}{line}\r\n"));
        }
        self.say(out, reply.as_bytes());
    }

    fn auth(&mut self, rest: &[u8], out: &mut Vec<u8>) {
        if !self.inside_tls || self.logged_in {
            return self.say(out, b"503 5.5.1 Not now\r\n");
        }
        let mut words = rest.split(|b| *b == b' ');
        let mechanism = words.next().unwrap_or_default().to_ascii_uppercase();
        match (mechanism.as_slice(), words.next()) {
            (b"PLAIN", Some(response)) => self.plain(response, out),
            (b"PLAIN", None) => {
                self.state = State::AuthPlain;
                self.say(out, b"334 \r\n");
            }
            (b"LOGIN", None) => {
                self.state = State::AuthUser;
                self.say(out, b"334 VXNlcm5hbWU6\r\n");
            }
            (b"LOGIN", Some(user)) => {
                let user_fits = STANDARD.decode(user).is_ok_and(|user| user == USER);
                self.state = State::AuthPassword { user_fits };
                self.say(out, b"334 UGFzc3dvcmQ6\r\n");
            }
            _ => self.say(out, b"504 5.5.4 Unknown mechanism\r\n"),
        }
    }

    fn plain(&mut self, response: &[u8], out: &mut Vec<u8>) {
        let fits = STANDARD.decode(response).is_ok_and(|login| {
            // Without an authorization identity, or with the user's own.
            login == LOGIN || login.strip_prefix(USER) == Some(LOGIN)
        });
        self.log_in(fits, out);
    }

    fn log_in(&mut self, fits: bool, out: &mut Vec<u8>) {
        self.state = State::Command;
        self.logged_in = fits;
        self.say(
            out,
            if fits {
                b"235 2.7.0 Welcome\r\n"
            } else {
                b"535 5.7.8 Wrong login\r\n"
            },
        );
    }

    fn mail(&mut self, rest: &[u8], out: &mut Vec<u8>) {
        if !self.logged_in {
            return self.say(out, b"530 5.7.0 Log in first\r\n");
        }
        if self.envelope != Envelope::Empty {
            return self.say(out, b"503 5.5.1 One sender\r\n");
        }
        if !path_follows(rest, b"FROM:") {
            return self.say(out, b"501 5.5.4 Syntax\r\n");
        }
        self.envelope = Envelope::Sender;
        self.say(out, b"250 2.1.0 Ok\r\n");
    }

    fn rcpt(&mut self, rest: &[u8], out: &mut Vec<u8>) {
        if !matches!(self.envelope, Envelope::Sender | Envelope::Recipients) {
            return self.say(out, b"503 5.5.1 Sender first\r\n");
        }
        if !path_follows(rest, b"TO:") {
            return self.say(out, b"501 5.5.4 Syntax\r\n");
        }
        self.envelope = Envelope::Recipients;
        self.say(out, b"250 2.1.5 Ok\r\n");
    }

    fn begin_data(&mut self, out: &mut Vec<u8>) {
        if self.envelope != Envelope::Recipients {
            return self.say(out, b"503 5.5.1 Recipients first\r\n");
        }
        self.state = State::Data(LineEnd::CrLf);
        self.say(out, b"354 Go ahead\r\n");
    }

    fn bdat(&mut self, rest: &[u8], out: &mut Vec<u8>) {
        let mut words = rest.split(|b| *b == b' ');
        let size = words.next().and_then(|word| std::str::from_utf8(word).ok());
        let Some(left) = size.and_then(|size| size.parse().ok()) else {
            self.say(out, b"501 5.5.4 Syntax\r\n");
            // The bytes that follow can't be distinguished from commands.
            self.state = State::Closed;
            return;
        };
        let last = words
            .next()
            .is_some_and(|word| word.eq_ignore_ascii_case(b"LAST"));
        let refused = self.envelope < Envelope::Recipients;
        self.chunk(left, last, refused, out);
    }

    /// `left` bytes of the chunk are still to come.
    fn chunk(&mut self, left: u64, last: bool, refused: bool, out: &mut Vec<u8>) {
        if left > 0 {
            self.state = State::Chunk {
                left,
                last,
                refused,
            };
            return;
        }
        self.state = State::Command;
        if refused {
            self.say(out, b"503 5.5.1 Recipients first\r\n");
        } else if last {
            self.accept(out);
        } else {
            self.envelope = Envelope::Chunks;
            self.say(out, b"250 2.0.0 Ok\r\n");
        }
    }

    /// Content up to the lone dot. Dots are taken off as RFC 5321 section 4.5.2 has it.
    fn data<'a>(
        &mut self,
        end: LineEnd,
        bytes: &'a [u8],
        out: &mut Vec<u8>,
        keep: &mut dyn FnMut(&[u8]),
    ) -> &'a [u8] {
        let Some((&first, behind)) = bytes.split_first() else {
            return &[];
        };
        // Byte by byte where a line end may be under way, else by leaps.
        let next = match (end, first) {
            (LineEnd::None, _) => {
                let found = memmem::find(bytes, b"\r\n.");
                let leap = found.map_or(bytes.len(), |at| at + 2);
                let (text, behind) = bytes.split_at(leap);
                self.content(text, keep);
                let end = match text {
                    [.., b'\r', b'\n'] => LineEnd::CrLf,
                    [.., b'\r'] => LineEnd::Cr,
                    _ => LineEnd::None,
                };
                self.state = State::Data(end);
                return behind;
            }
            (LineEnd::CrLf, b'.') => {
                self.state = State::Data(LineEnd::Dot);
                return behind;
            }
            (LineEnd::Dot, b'\r') => {
                self.state = State::Data(LineEnd::DotCr);
                return behind;
            }
            (LineEnd::DotCr, b'\n') => {
                self.state = State::Command;
                self.accept(out);
                return behind;
            }
            (LineEnd::DotCr, _) => {
                self.content(b"\r", keep);
                LineEnd::None
            }
            (LineEnd::Cr, b'\n') => LineEnd::CrLf,
            (_, b'\r') => LineEnd::Cr,
            _ => LineEnd::None,
        };
        self.content(&[first], keep);
        self.state = State::Data(next);
        behind
    }

    fn content(&mut self, text: &[u8], keep: &mut dyn FnMut(&[u8])) {
        self.progress.content += text.len() as u64;
        keep(text);
    }

    fn accept(&mut self, out: &mut Vec<u8>) {
        self.envelope = Envelope::Empty;
        self.progress.messages += 1;
        self.say(out, b"250 2.0.0 Ok: taken\r\n");
    }

    fn say(&mut self, out: &mut Vec<u8>, reply: &[u8]) {
        out.extend_from_slice(reply);
        self.progress.replies += 1;
        self.progress.idle = true;
    }
}

fn path_follows(rest: &[u8], word: &[u8]) -> bool {
    let Some((front, path)) = rest.split_at_checked(word.len()) else {
        return false;
    };
    front.eq_ignore_ascii_case(word) && path.first() == Some(&b'<') && memchr(b'>', path).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Replies and content of a dialogue whose bytes come `step` at a time.
    fn play(input: &[u8], step: usize) -> (String, Vec<u8>, Progress) {
        let mut smtp = Smtp::new(Offers::default());
        let (mut out, mut kept) = (Vec::new(), Vec::new());
        smtp.greet(&mut out);
        for piece in input.chunks(step) {
            smtp.push(piece, &mut out, &mut |text| kept.extend_from_slice(text));
        }
        let codes = String::from_utf8(out).unwrap();
        let codes: Vec<&str> = codes.lines().map(|line| &line[..4]).collect();
        (codes.join(""), kept, smtp.progress())
    }

    fn with_login(rest: &[u8]) -> Vec<u8> {
        let login = format!("EHLO c\r\nAUTH PLAIN {}\r\n", STANDARD.encode(LOGIN));
        [login.as_bytes(), rest].concat()
    }

    const HELLO: &str = "220 250-250-250-250-250-250-250-250 235 ";

    #[test]
    fn data_and_bdat_are_taken_however_they_are_split() {
        let envelope = b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n".as_slice();
        let data = b"DATA\r\n..x\r\n.\ry\r\r\n...\r\nz\r\n.\r\n".as_slice();
        let bdat = b"BDAT 3\r\nab\rBDAT 2 LAST\r\n\n.".as_slice();
        let input = with_login(&[envelope, data, envelope, bdat, b"QUIT\r\n"].concat());
        for step in 1..=input.len() {
            let (codes, kept, progress) = play(&input, step);
            let rest = codes.strip_prefix(HELLO).unwrap();
            assert_eq!(rest, "250 250 354 250 250 250 250 250 221 ", "{step}");
            assert_eq!(kept, b".x\r\n\ry\r\r\n..\r\nz\r\nab\r\n.", "{step}");
            assert_eq!(progress.content, kept.len() as u64);
            assert_eq!(
                (progress.messages, progress.idle, progress.quit),
                (2, true, true)
            );
        }
    }

    #[test]
    fn what_is_out_of_order_or_not_logged_in_is_refused() {
        let (codes, _, progress) = play(b"MAIL FROM:<a@b>\r\nBDAT 2 LAST\r\nxxDATA\r\n", 7);
        assert_eq!(codes, "220 530 503 503 ");
        assert_eq!(progress.messages, 0);
        let (codes, ..) = play(b"AUTH PLAIN AAAA\r\nRCPT TO:<a@b>\r\n", 7);
        assert_eq!(codes, "220 535 503 ");
    }

    #[test]
    fn it_is_idle_only_when_all_is_answered() {
        let whole = with_login(b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n");
        assert!(play(&whole, 64).2.idle);
        for more in ["x", "x\r\n", ".", ".\r"] {
            let input = [&whole, more.as_bytes()].concat();
            assert!(!play(&input, 64).2.idle, "{more:?}");
        }
        assert!(!play(b"NOO", 64).2.idle);
    }
}

//! Writing header fields: encoded where they must be, folded at 78, never with a line end of the
//! caller's. Words beyond ASCII are made by `email-encoding` (RFC 2047); the rest is ASCII.

use email_encoding::headers::{rfc2047, writer::EmailWriter};

use crate::error::Error;
use crate::proto::address::Address;
use crate::proto::mailbox::{Entry, Mailbox};
use crate::proto::show;
use crate::status::Status;

/// Where lines are folded (RFC 5322 section 2.1.1), without CRLF.
const WIDTH: usize = 76;

/// Refuses what no header field may hold: controls, and characters that turn text around.
///
/// # Errors
/// [`Status::Header`], with the field's name and the character.
pub(crate) fn check(argument: &'static str, text: &str) -> Result<(), Error> {
    let why = match text
        .chars()
        .find(|c| c.is_control() || show::is_turning(*c))
    {
        None => return Ok(()),
        Some(c) if c.is_control() => format!(
            "has the control character {} (CR, LF, NUL and the like are refused)",
            c.escape_unicode()
        ),
        Some(c) => format!(
            "has {}, which makes text look like another: write it without",
            c.escape_unicode()
        ),
    };
    Err(Error::argument(Status::Header, argument, why))
}

/// Refuses a name that is not made of printable ASCII without colon (RFC 5322 section 2.2).
///
/// # Errors
/// [`Status::Header`].
pub(crate) fn check_name(name: &str) -> Result<(), Error> {
    let good =
        (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_graphic() && b != b':');
    if good {
        return Ok(());
    }
    let why = format!(
        "\"{}\" is no field name: 1 to 64 printable ASCII characters without space and colon",
        show::escape(name.as_bytes(), 80)
    );
    Err(Error::argument(Status::Header, "header name", why))
}

/// A header being written.
#[derive(Default)]
pub(crate) struct Header {
    out: String,
    column: usize,
    /// Whether the name alone stands in this line.
    bare: bool,
    /// Whether an address is written as UTF-8 (RFC 6532).
    pub(crate) utf8: bool,
}

impl Header {
    /// The octets, without the empty line behind them.
    pub(crate) fn finish(self) -> Vec<u8> {
        self.out.into_bytes()
    }

    /// A field of free text (RFC 5322 section 2.2.1).
    pub(crate) fn text(&mut self, name: &str, value: &str) {
        self.begin(name);
        if is_plain(value) {
            self.words(value);
        } else {
            self.encoded(value);
        }
        self.end();
    }

    /// A field of tokens separated by spaces, each ASCII and checked.
    pub(crate) fn tokens(&mut self, name: &str, value: &str) {
        self.begin(name);
        self.words(value);
        self.end();
    }

    /// A field of addresses and groups.
    pub(crate) fn addresses(&mut self, name: &str, list: &[Entry]) {
        self.begin(name);
        let mut comma = Comma::default();
        for entry in list {
            self.comma(&mut comma);
            match entry {
                Entry::Mailbox(mailbox) => self.mailbox(mailbox),
                Entry::Group { name, members } => {
                    self.phrase(name);
                    self.push(":");
                    let mut inner = Comma::default();
                    for member in members {
                        self.comma(&mut inner);
                        self.mailbox(member);
                    }
                    self.push(";");
                }
            }
        }
        self.end();
    }

    /// A content field with its parameters (RFC 2045 section 5.1), each ASCII and checked.
    pub(crate) fn content(&mut self, name: &str, value: &str, parameters: &[(&str, &str)]) {
        self.begin(name);
        self.word(value);
        for (key, value) in parameters {
            self.push(";");
            self.word(&format!("{key}={}", quoted(value)));
        }
        self.end();
    }

    /// Content-Disposition with the file's name: as it is if it is ASCII, else by RFC
    /// 2231 in one piece.
    pub(crate) fn disposition(&mut self, kind: &str, file_name: &str) {
        self.begin("Content-Disposition");
        self.word(kind);
        if !file_name.is_empty() {
            self.push(";");
            self.file_name(file_name);
        }
        self.end();
    }

    fn file_name(&mut self, name: &str) {
        // Some readers take "=?" for an encoded word, quotes or not. One long line is understood by
        // more of them than sections (RFC 2231 section 3), and no name is too long for one.
        if name.is_ascii() && !name.contains("=?") {
            self.word(&format!("filename={}", quoted(name)));
        } else {
            self.word(&format!("filename*=utf-8''{}", percent_encoded(name)));
        }
    }

    fn mailbox(&mut self, mailbox: &Mailbox) {
        if mailbox.name.is_empty() {
            self.address(&mailbox.address, "", "");
        } else {
            self.phrase(&mailbox.name);
            self.address(&mailbox.address, "<", ">");
        }
    }

    fn address(&mut self, address: &Address, before: &str, behind: &str) {
        self.utf8 |= !address.is_ascii();
        self.word(&format!("{before}{address}{behind}"));
    }

    /// A display name (RFC 5322 section 3.2.5).
    fn phrase(&mut self, name: &str) {
        let atoms = |word: &str| {
            !word.is_empty()
                && word
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
        };
        if !is_plain(name) || name.len() > 60 {
            self.encoded(name);
        } else if name.split(' ').all(atoms) {
            self.words(name);
        } else {
            self.word(&quoted_always(name));
        }
    }

    fn comma(&mut self, comma: &mut Comma) {
        if std::mem::replace(&mut comma.due, true) {
            self.push(",");
        }
    }

    fn begin(&mut self, name: &str) {
        self.out.push_str(name);
        self.out.push(':');
        self.column = name.len() + 1;
        self.bare = true;
    }

    fn end(&mut self) {
        self.out.push_str("\r\n");
        self.column = 0;
    }

    fn words(&mut self, text: &str) {
        text.split(' ').for_each(|word| self.word(word));
    }

    /// A space and a word, on a line of their own where this one is full.
    fn word(&mut self, word: &str) {
        // Behind the bare name of a field a line must not end: it would hold nothing.
        if self.column + 1 + word.len() > WIDTH && !self.bare {
            self.out.push_str("\r\n");
            self.column = 0;
        }
        self.out.push(' ');
        self.column += 1;
        self.push(word);
    }

    fn push(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += text.len();
        self.bare = false;
    }

    fn encoded(&mut self, text: &str) {
        // A short text stays in one word: some readers put a space where it is split.
        let whole = 1 + "=?utf-8?b??=".len() + text.len().div_ceil(3) * 4;
        if !self.bare && self.column + whole > WIDTH && whole <= WIDTH {
            self.out.push_str("\r\n");
            self.column = 0;
        }
        let mut writer = EmailWriter::new(&mut self.out, self.column, 1, true);
        // Writing to a String can't fail.
        let _ = rfc2047::encode(text, &mut writer);
        self.column = writer.line_len();
        self.bare = false;
    }
}

#[derive(Default)]
struct Comma {
    due: bool,
}

/// Whether text can be written as it is and folded at its spaces without a change.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b' '..=b'~'))
        && !text.contains("=?")
        && !text.contains("  ")
        && !text.starts_with(' ')
        && !text.ends_with(' ')
        && text.split(' ').all(|word| word.len() < WIDTH)
}

/// A parameter's value: a token, or a quoted string.
fn quoted(value: &str) -> String {
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&+-^_`{|}~.".contains(&b);
    if !value.is_empty() && value.bytes().all(token) {
        value.to_owned()
    } else {
        quoted_always(value)
    }
}

fn quoted_always(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

/// RFC 2231 section 4, with what RFC 5987 leaves bare.
fn percent_encoded(value: &str) -> String {
    let mut out = String::new();
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::mailbox::parse_list;

    fn written(write: impl FnOnce(&mut Header)) -> String {
        let mut header = Header::default();
        write(&mut header);
        String::from_utf8(header.finish()).unwrap()
    }

    #[test]
    fn text_is_folded_and_encoded() {
        let subject = |value: &str| written(|h| h.text("Subject", value));
        assert_eq!(subject("Hello"), "Subject: Hello\r\n");
        assert_eq!(subject(""), "Subject: \r\n");
        assert_eq!(subject("Grüße"), "Subject: =?utf-8?b?R3LDvMOfZQ==?=\r\n");
        assert!(subject("=?utf-8?q?x?=").contains("?b?"));
        for value in [
            "word ".repeat(300),
            "ä".repeat(5000),
            "x".repeat(5000),
            "a  b".repeat(90),
        ] {
            let text = subject(&value);
            assert!(text.split("\r\n").all(|line| line.len() <= 78), "{text}");
            assert!(
                text.split("\r\n")
                    .skip(1)
                    .all(|line| line.is_empty() || line.starts_with(' '))
            );
        }
    }

    #[test]
    fn addresses_are_written_from_their_parts() {
        let to = |list: &str| written(|h| h.addresses("To", &parse_list(list).unwrap()));
        assert_eq!(to("a@b"), "To: a@b\r\n");
        assert_eq!(to("Anna Bee <a@b>, c@d"), "To: Anna Bee <a@b>, c@d\r\n");
        assert_eq!(to("\"B, A\" <a@b>"), "To: \"B, A\" <a@b>\r\n");
        assert_eq!(to("Jörg <a@b>"), "To: =?utf-8?b?SsO2cmc=?= <a@b>\r\n");
        assert_eq!(to("T: a@b, c@d;"), "To: T: a@b, c@d;\r\n");
        assert_eq!(to("E:;"), "To: E:;\r\n");
        let many = to(&"Some Body <some.body@example.org>,".repeat(300));
        assert!(many.split("\r\n").all(|line| line.len() <= 78));
    }

    #[test]
    fn g08_file_names_are_quoted_or_encoded() {
        let name = |name: &str| written(|h| h.disposition("attachment", name));
        assert_eq!(
            name("a.txt"),
            "Content-Disposition: attachment; filename=a.txt\r\n"
        );
        assert_eq!(
            name("a\";b\\.txt"),
            "Content-Disposition: attachment; filename=\"a\\\";b\\\\.txt\"\r\n"
        );
        assert_eq!(
            name("ä b.txt"),
            "Content-Disposition: attachment; filename*=utf-8''%C3%A4%20b.txt\r\n"
        );
        assert!(name(&"ä".repeat(100)).contains("\r\n filename*=utf-8''%C3"));
        assert!(name(&"n".repeat(200)).contains("\r\n filename=nnn"));
        assert!(
            name(&"👍".repeat(63))
                .split("\r\n")
                .all(|line| line.len() < 998)
        );
    }

    #[test]
    fn g07_g18_controls_and_turning_characters_are_named() {
        for bad in [
            "a\r\nb",
            "a\nb",
            "\0",
            "\u{7f}",
            "\u{85}",
            "\u{202e}fdp.exe",
            "\u{2028}",
            "\u{2066}x",
        ] {
            let error = check("subject", bad).unwrap_err();
            assert_eq!(error.status(), Status::Header);
            assert!(error.to_string().starts_with("subject: has "), "{error}");
        }
        check("subject", "שלום \u{200f}\u{200d}👩").unwrap();
        for bad in ["", "a b", "a:", "a\r\n", "ä", &"x".repeat(65)] {
            assert!(check_name(bad).is_err(), "{bad:?}");
        }
    }
}

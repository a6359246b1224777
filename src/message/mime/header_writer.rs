//! Writes header fields: encoded where they must be, folded at 78, never with a line end of the
//! caller's. Words beyond ASCII are made by `email-encoding` (RFC 2047); the rest is ASCII.

use std::collections::TryReserveError;
use std::sync::Arc;

use email_encoding::headers::{rfc2047, writer::EmailWriter};

use super::encoded_words::{EdgeSpace, WHITE, Word, free_text, width, words};
use super::parameter::{percent_encoded, quoted, quoted_always};
use crate::message::address::Address;
use crate::message::content::lines::MAX_LINE;
use crate::message::mailbox::{Entry, Mailbox};

/// The width at which lines are folded (RFC 5322 section 2.1.1), without CRLF.
pub(super) const WIDTH: usize = 76;
/// The bytes of an encoded word without the text in it.
const AROUND: usize = "=?utf-8?b??=".len();

/// The header as far as it is written.
#[derive(Clone, Default)]
pub(crate) struct HeaderWriter {
    out: String,
    /// The beginning of the field.
    start: usize,
    column: usize,
    /// True while this line contains only the name.
    bare: bool,
    /// The first field that is written as UTF-8 (RFC 6532).
    pub(crate) utf8: Option<Arc<str>>,
}

impl HeaderWriter {
    /// An empty header with room for this number of bytes.
    pub(crate) fn with_room(len: usize) -> Result<Self, TryReserveError> {
        let mut header = Self::default();
        header.out.try_reserve(len)?;
        Ok(header)
    }

    /// The bytes, without the empty line behind them.
    pub(crate) fn finish(self) -> Vec<u8> {
        self.out.into_bytes()
    }

    /// The bytes written so far.
    pub(crate) fn len(&self) -> usize {
        self.out.len()
    }

    /// The length of the longest line.
    pub(crate) fn longest_line(&self) -> usize {
        let lines = self.out.split("\r\n").map(str::len);
        lines.max().unwrap_or_default()
    }

    /// Fields that were written before.
    pub(crate) fn append(&mut self, fields: &Self) {
        self.out.push_str(&fields.out);
        if self.utf8.is_none() {
            self.utf8.clone_from(&fields.utf8);
        }
    }

    /// The subject: free text for people (RFC 5322 section 2.2.1). It is read back as it was, with the
    /// white space at its ends, and its lines stay short.
    pub(crate) fn subject(&mut self, value: &str) {
        let is_long = |space: &str, word: &str| space.len().max(1) + word.len() > WIDTH;
        self.begin("Subject");
        self.pieces(&free_text(value, EdgeSpace::Encoded, is_long));
        self.end();
    }

    /// A field of free text that programs may read: what is ASCII stays as it is.
    pub(crate) fn text(&mut self, name: &str, value: &str) {
        self.begin(name);
        self.pieces(&free_text(value, EdgeSpace::Plain, |_, _| false));
        self.end_behind(value);
    }

    /// A field that is ASCII, as it is, folded at white space.
    pub(crate) fn plain(&mut self, name: &str, value: &str) {
        self.begin(name);
        let plain = words(value).map(|(start, end, before)| Word {
            space: value[before..start].into(),
            text: value[start..end].into(),
            is_encoded: false,
        });
        self.pieces(&plain.collect::<Vec<_>>());
        self.end_behind(value);
    }

    /// A field of these pieces.
    pub(crate) fn structured(&mut self, name: &str, pieces: &[Word<'_>]) {
        self.begin(name);
        self.pieces(pieces);
        self.end();
    }

    /// A field as its maker folded it: lines without their ends, the later ones beginning with white
    /// space.
    pub(crate) fn finished(&mut self, name: &str, lines: &[&str]) {
        self.begin(name);
        for (i, line) in lines.iter().enumerate() {
            match i {
                0 if line.is_empty() || line.starts_with([' ', '\t']) => {}
                0 => self.push(" "),
                _ => self.new_line(),
            }
            self.push(line);
        }
        if lines.iter().any(|line| !line.is_ascii()) {
            self.needs_utf8();
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
        let mut comma = Separator::default();
        for entry in list {
            self.comma(&mut comma);
            match entry {
                Entry::Mailbox(mailbox) => self.mailbox(mailbox),
                Entry::Group { name, members } => {
                    self.phrase(name);
                    self.push(":");
                    let mut inner = Separator::default();
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
        if !address.is_ascii() {
            self.needs_utf8();
        }
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
            self.encoded(" ", name);
        } else if name.split(' ').all(atoms) {
            self.words(name);
        } else {
            self.word(&quoted_always(name));
        }
    }

    fn comma(&mut self, comma: &mut Separator) {
        if std::mem::replace(&mut comma.due, true) {
            self.push(",");
        }
    }

    fn begin(&mut self, name: &str) {
        self.start = self.out.len();
        self.out.push_str(name);
        self.out.push(':');
        self.column = name.len() + 1;
        self.bare = true;
    }

    fn end(&mut self) {
        // A field without a value has the space that separates it, as others do.
        if self.bare {
            self.out.push(' ');
        }
        self.new_line();
    }

    /// The end of a field with the white space at the end of its value.
    fn end_behind(&mut self, value: &str) {
        let text = value.trim_end_matches(WHITE);
        self.out.push_str(&value[text.len()..]);
        self.end();
    }

    fn new_line(&mut self) {
        self.out.push_str("\r\n");
        self.column = 0;
        self.bare = false;
    }

    /// The field that is being written has UTF-8.
    fn needs_utf8(&mut self) {
        if self.utf8.is_none() {
            let name = self.out[self.start..].split(':').next();
            self.utf8 = name.map(Arc::from);
        }
    }

    fn words(&mut self, text: &str) {
        text.split(' ').for_each(|word| self.word(word));
    }

    /// A space and a word, on a line of their own where this one is full.
    fn word(&mut self, word: &str) {
        self.fold(" ", word, word.len());
    }

    fn pieces(&mut self, pieces: &[Word<'_>]) {
        for (i, piece) in pieces.iter().enumerate() {
            let first = format!(" {}", piece.space);
            let space = if i == 0 { &first } else { &*piece.space };
            let rest = &pieces[i + 1..];
            match (piece.is_encoded, space) {
                (true, _) => self.encoded(space, &piece.text),
                (false, " ") => self.fold(space, &piece.text, width(&piece.text, rest)),
                (false, _) => self.fold(space, &piece.text, piece.text.len()),
            }
        }
    }

    /// White space and a word, on a line of their own where this one has no room for `width` bytes.
    fn fold(&mut self, space: &str, word: &str, width: usize) {
        // Behind the bare name of a field a line ends only if it must: it holds nothing.
        let is_full = !self.bare && self.column + space.len() + width > WIDTH;
        if is_full || self.column + space.len() + word.len() > MAX_LINE {
            self.new_line();
        }
        self.push(space);
        self.push(word);
    }

    fn push(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += text.len();
        self.bare = false;
    }

    fn encoded(&mut self, space: &str, text: &str) {
        // A short text stays in one word: some readers put a space where it is split.
        let whole = 1 + AROUND + text.len().div_ceil(3) * 4;
        let is_split = !self.bare && self.column + whole > WIDTH && whole <= WIDTH;
        let room = WIDTH.saturating_sub(AROUND + self.column + 2) / 4 * 3;
        if is_split || room < text.chars().next().map_or(0, char::len_utf8) {
            self.new_line();
        }
        self.out.push_str(space);
        let mut writer = EmailWriter::new(&mut self.out, self.column, 0, false);
        // Writing to a String can't fail.
        let _ = rfc2047::encode(text, &mut writer);
        drop(writer);
        self.column = self.out.len() - self.out.rfind('\n').map_or(0, |end| end + 1);
        self.bare = false;
    }
}

#[derive(Default)]
struct Separator {
    due: bool,
}

/// True for a name that can be written as it is and folded at its spaces without a change.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b' '..=b'~'))
        && !text.contains("=?")
        && !text.contains("  ")
        && !text.starts_with(' ')
        && !text.ends_with(' ')
        && text.split(' ').all(|word| word.len() < WIDTH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::mailbox::parse_list;

    fn written(write: impl FnOnce(&mut HeaderWriter)) -> String {
        let mut header = HeaderWriter::default();
        write(&mut header);
        String::from_utf8(header.finish()).unwrap()
    }

    #[test]
    fn text_is_folded_and_encoded() {
        let subject = |value: &str| written(|h| h.subject(value));
        assert_eq!(subject("Hello"), "Subject: Hello\r\n");
        assert_eq!(subject(""), "Subject: \r\n");
        assert_eq!(subject("Grüße"), "Subject: =?utf-8?b?R3LDvMOfZQ==?=\r\n");
        assert!(subject("=?utf-8?q?x?=").contains("?b?"));
        assert_eq!(
            subject("Viele Grüße über Köln an alle"),
            "Subject: Viele =?utf-8?b?R3LDvMOfZSDDvGJlciBLw7Zsbg==?= an alle\r\n"
        );
        // The white space at its ends is read back.
        for value in [" a", "a ", "  a  b  ", " ", "\u{fc} ", " a \u{fc}"] {
            let text = subject(value);
            let text = text.strip_prefix("Subject: ").unwrap();
            let text = text.strip_suffix("\r\n").unwrap();
            assert!(!text.starts_with(' ') && !text.ends_with(' '), "{text}");
        }
        assert!(subject(&format!("a{}b", " ".repeat(2000))).contains("?b?"));
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
    fn ascii_stays_as_it_is_in_other_fields() {
        let text = |value: &str| written(|h| h.text("X-A", value));
        for value in [
            "",
            "a",
            "  a  b  ",
            "a\tb\t\tc",
            " ",
            "=? a ?= =?x?y?z?=",
            "https://a.b/?q=?b",
            &"x".repeat(993),
        ] {
            let field = text(value);
            assert!(!field.contains("\r\n "));
            assert_eq!(field, format!("X-A: {value}\r\n"));
        }
        // Nothing is folded but at white space, and a line never ends in it.
        for value in [
            "word ".repeat(300) + "end",
            "two  spaces ".repeat(40) + "end",
            "a  b".repeat(90),
            "tab\t".repeat(90) + "end",
            format!("{0} {0}", "x".repeat(200)),
            "x".repeat(997),
        ] {
            let field = text(&value);
            assert_eq!(field.replace("\r\n", ""), format!("X-A: {value}"));
            let lines = field.strip_suffix("\r\n").unwrap().split("\r\n");
            for line in lines.skip(1) {
                assert!(
                    line.len() <= 78 || !line.trim().contains([' ', '\t']),
                    "{line:?}"
                );
                assert!(
                    line.starts_with([' ', '\t']) && !line.ends_with([' ', '\t']),
                    "{line:?}"
                );
            }
        }
    }

    #[test]
    fn words_are_encoded_one_by_one() {
        let text = |value: &str| written(|h| h.text("X-A", value));
        for (value, expected) in [
            ("ASCII é ASCII", "ASCII =?utf-8?b?w6k=?= ASCII"),
            // White space between two of them is encoded with them.
            ("é  é", "=?utf-8?b?w6kgIMOp?="),
            ("é é a", "=?utf-8?b?w6kgw6k=?= a"),
            // One character of white space stands beside them.
            ("a  é", "a =?utf-8?b?IMOp?="),
            ("é  a", "=?utf-8?b?w6kg?= a"),
            ("a\té", "a\t=?utf-8?b?w6k=?="),
            // Text that looks encoded is not decoded by a reader.
            ("a =?utf-8?q?x?= b", "a =?utf-8?b?PT91dGYtOD9xP3g/PQ==?= b"),
            ("x=?utf-8?Q?x?=", "=?utf-8?b?eD0/dXRmLTg/UT94Pz0=?="),
            ("=?utf-8?q?x y?=", "=?utf-8?b?PT91dGYtOD9xP3g=?= y?="),
        ] {
            assert_eq!(text(value), format!("X-A: {expected}\r\n"));
        }
        let url = format!("https://list.test/{}", "x".repeat(300));
        let field = text(&format!("{url} {} <{url}>", "日本".repeat(90)));
        assert!(
            field.starts_with(&format!("X-A: {url}\r\n =?utf-8?b?")),
            "{field}"
        );
        assert!(field.ends_with(&format!("?=\r\n <{url}>\r\n")), "{field}");
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
}

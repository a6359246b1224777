//! The leak oracle: searches the bytes that an unverified peer received for every secret, login,
//! address and piece of content, in each form that it can have on a wire.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The shortest piece that is searched for: shorter ones occur by chance.
const MIN: usize = 4;
/// The length of a piece of a secret that must not be sent, as it is and in base64.
const PIECE: usize = 8;
const PIECE_OF_BASE64: usize = 12;

/// One form of a text that must not be sent.
struct Form {
    bytes: Vec<u8>,
    of: String,
}

/// The set of texts that an unverified peer must not receive.
pub struct Leaks {
    /// Indexed by their first byte.
    forms: Vec<Vec<Form>>,
}

impl Leaks {
    /// Searches for a login, the envelope's addresses and each line of the content.
    ///
    /// The domain of an address is not searched for: it is nearly always the server's own, which the
    /// TLS handshake sends in clear text as the server name.
    #[must_use]
    pub fn new(user: &str, password: &[u8], addresses: &[&str], content: &[u8]) -> Self {
        let mut leaks = Self::of_login(user, password);
        leaks.add_name("the user", user);
        for address in addresses {
            leaks.add_name("an address", address);
            // The local part identifies the person just as well.
            if let Some((local, _)) = address.split_once('@') {
                leaks.add_name("an address", local);
            }
        }
        for line in content.split(|b| matches!(b, b'\r' | b'\n')) {
            leaks.add("content", line);
        }
        leaks
    }

    /// Searches for what is secret even in a log that shows names and addresses: the password, whole
    /// or in pieces, and the response of PLAIN.
    #[must_use]
    pub fn of_login(user: &str, password: &[u8]) -> Self {
        let mut leaks = Self {
            forms: (0..=255).map(|_| Vec::new()).collect(),
        };
        let plain = [b"\0", user.as_bytes(), b"\0", password].concat();
        leaks.add("PLAIN", &plain);
        leaks.add("the password", password);
        for piece in password.windows(PIECE) {
            leaks.put("a piece of the password", piece.to_vec());
        }
        for (of, secret) in [
            ("a piece of PLAIN", &*plain),
            ("a piece of the password", password),
        ] {
            for encoded in in_base64(secret) {
                for piece in encoded.windows(PIECE_OF_BASE64) {
                    leaks.put(of, piece.to_vec());
                }
            }
        }
        leaks
    }

    /// Adds a text to search for: as it is, and as base64 at each alignment.
    pub fn add(&mut self, of: &str, bytes: &[u8]) {
        self.put(of, bytes.to_vec());
        self.put(of, STANDARD.encode(bytes).into_bytes());
        for encoded in in_base64(bytes) {
            self.put(of, encoded);
        }
    }

    /// Adds a name as written, in lower case and in upper case.
    fn add_name(&mut self, of: &str, name: &str) {
        for spelling in [name.to_owned(), name.to_lowercase(), name.to_uppercase()] {
            self.add(of, spelling.as_bytes());
        }
    }

    fn put(&mut self, of: &str, bytes: Vec<u8>) {
        if bytes.len() < MIN {
            return;
        }
        let forms = &mut self.forms[usize::from(bytes[0])];
        if forms.iter().all(|form| form.bytes != bytes) {
            let of = of.to_owned();
            forms.push(Form { bytes, of });
        }
    }

    /// Returns the first of the texts that is in `received`, as it came or with its lines joined:
    /// base64 is often wrapped, at any place.
    #[must_use]
    pub fn find(&self, received: &[u8]) -> Option<&str> {
        let is_text = |byte: &u8| !matches!(byte, b'\r' | b'\n');
        let unwrapped: Vec<u8> = received.iter().copied().filter(is_text).collect();
        self.find_in(received).or_else(|| self.find_in(&unwrapped))
    }

    fn find_in(&self, received: &[u8]) -> Option<&str> {
        let at = |at: usize| {
            let rest = &received[at..];
            let mut forms = self.forms[usize::from(rest[0])].iter();
            forms.find(|form| rest.starts_with(&form.bytes))
        };
        (0..received.len())
            .find_map(at)
            .map(|form| form.of.as_str())
    }

    /// Asserts that `received` contains none of the texts.
    ///
    /// # Panics
    /// When it does.
    #[track_caller]
    pub fn assert_absent(&self, received: &[u8]) {
        if let Some(what) = self.find(received) {
            panic!("{what} leaked: {}", String::from_utf8_lossy(received));
        }
    }

    /// Asserts that the bytes in clear text are only the three allowed commands, with a neutral name.
    ///
    /// # Panics
    /// When there is any other line.
    #[track_caller]
    pub fn assert_only_allowed_lines(&self, clear: &[u8]) {
        self.assert_absent(clear);
        // The record of a TLS handshake is not part of the commands.
        let words = clear.split(|b| *b == 22).next().unwrap_or_default();
        let whole = words.split_inclusive(|b| *b == b'\n');
        for line in whole {
            let fits = |allowed: &&[u8]| match line.last() {
                Some(b'\n') => *allowed == line,
                _ => allowed.starts_with(line),
            };
            let allowed: [&[u8]; 3] = [b"EHLO [127.0.0.1]\r\n", b"STARTTLS\r\n", b"QUIT\r\n"];
            let line_text = String::from_utf8_lossy(line);
            assert!(allowed.iter().any(fits), "{line_text:?} was sent");
        }
    }
}

/// The base64 of these bytes at each alignment: only the characters that no other byte affects.
fn in_base64(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..3).map(move |lead| {
        let padded = [vec![0; lead], bytes.to_vec()].concat();
        let encoded = STANDARD.encode(&padded).into_bytes();
        let (skip, whole) = ((lead * 8).div_ceil(6), padded.len() * 8 / 6);
        encoded.get(skip..whole).unwrap_or_default().to_vec()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaks() -> Leaks {
        let content = b"Subject: x\r\n\r\nbody\r\nA line that is longer than others\r\n";
        Leaks::new("alice", b"pass word 12", &["a.Long@c.example"], content)
    }

    fn base64(bytes: &[u8]) -> Vec<u8> {
        STANDARD.encode(bytes).into_bytes()
    }

    #[track_caller]
    fn assert_found(received: &[u8]) {
        let text = String::from_utf8_lossy(received);
        assert!(leaks().find(received).is_some(), "{text}");
    }

    #[test]
    fn each_form_is_found_at_each_place() {
        for received in [
            b"..alice..".to_vec(),
            b"MAIL FROM:<a.Long@c.example>".to_vec(),
            base64(b"pass word 12"),
            base64(b"\0alice\0pass word 12"),
            base64(b"1pass word 121"),
            base64(b"12pass word 121"),
            base64(b"user=alice\x01auth"),
            b"Subject: x".to_vec(),
            base64(b"a body"),
        ] {
            assert_found(&received);
        }
        let allowed = b"EHLO [127.0.0.1]\r\nSTARTTLS\r\n\x16\x03 c.example \x00";
        assert_eq!(leaks().find(allowed), None);
    }

    #[test]
    fn a_piece_of_the_password_is_found() {
        for at in 0..=4 {
            let piece = &b"pass word 12"[at..at + PIECE];
            assert_found(&[b"x", piece, b"x"].concat());
            let fewer = &piece[..PIECE - 1];
            assert_eq!(leaks().find(fewer), None);
        }
        // Nine bytes at any alignment contain a piece, wherever the text was cut.
        for lead in 0..3 {
            let encoded = base64(&[&b"123"[..lead], b"pass word 12"].concat());
            assert_found(&encoded[4..16]);
        }
        let plain = base64(b"\0alice\0pass word 12");
        assert_found(&plain[..PIECE_OF_BASE64]);
        assert_found(&plain[12..24]);
    }

    #[test]
    fn names_are_found_in_other_letters() {
        for received in [
            b"ALICE".to_vec(),
            b"a.long@c.example".to_vec(),
            b"<A.LONG@other.example>".to_vec(),
            base64(b"ALICE"),
            base64(b"1A.LONG@C.EXAMPLE"),
        ] {
            assert_found(&received);
        }
    }

    #[test]
    fn wrapped_base64_is_found() {
        let content = base64(b"..A line that is longer than others\r\n");
        for width in 1..content.len() {
            for end in [&b"\r\n"[..], b"\n"] {
                let lines: Vec<_> = content.chunks(width).map(<[u8]>::to_vec).collect();
                assert_found(&lines.join(end));
            }
        }
    }

    /// A log shows names and addresses, and no more of a login.
    #[test]
    fn the_search_for_a_login_ignores_its_names() {
        let leaks = Leaks::of_login("alice", b"pass word 12");
        assert_eq!(
            leaks.find(b"logged in as alice, MAIL FROM:<a@c.example>"),
            None
        );
        let logged = [b"AUTH PLAIN ".to_vec(), base64(b"\0alice\0pass word 12")].concat();
        assert_eq!(leaks.find(&logged), Some("PLAIN"));
        assert!(leaks.find(b"> pass word").is_some());
    }

    #[test]
    #[should_panic(expected = "was sent")]
    fn any_other_command_in_clear_text_is_reported() {
        Leaks::new("alice", b"pass word", &[], b"").assert_only_allowed_lines(b"NOOP\r\n");
    }
}

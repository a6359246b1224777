//! The leak oracle: everything that a peer received before it was verified is searched for every
//! secret, login, address and piece of content, in each form that it can have on a wire.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The shortest piece that is looked for: shorter ones are found by chance.
const MIN: usize = 4;

/// One form of something that must not be seen.
struct Form {
    octets: Vec<u8>,
    of: String,
}

/// What must not be seen where nobody was verified.
pub struct Leaks {
    forms: Vec<Form>,
    /// Whether a form begins with this octet.
    begins: [bool; 256],
}

impl Leaks {
    /// A login, the envelope's addresses and content, of which each line is looked for.
    #[must_use]
    pub fn new(user: &str, password: &[u8], addresses: &[&str], content: &[u8]) -> Self {
        let mut leaks = Self {
            forms: Vec::new(),
            begins: [false; 256],
        };
        leaks.add("the user", user.as_bytes());
        leaks.add("the password", password);
        leaks.add("PLAIN", &[b"\0", user.as_bytes(), b"\0", password].concat());
        for address in addresses {
            leaks.add("an address", address.as_bytes());
            // Its parts alone tell as much.
            if let Some((local, _)) = address.split_once('@') {
                leaks.add("an address", local.as_bytes());
            }
        }
        for line in content.split(|b| matches!(b, b'\r' | b'\n')) {
            leaks.add("content", line);
        }
        leaks
    }

    /// Looks for this too: as it is, and as base64 at each alignment.
    pub fn add(&mut self, of: &str, octets: &[u8]) {
        self.put(of, octets.to_vec());
        self.put(of, STANDARD.encode(octets).into_bytes());
        for lead in 0..3 {
            let padded = [vec![0; lead], octets.to_vec()].concat();
            let encoded = STANDARD.encode(&padded).into_bytes();
            // Only the characters made of these octets alone.
            let (skip, whole) = ((lead * 8).div_ceil(6), padded.len() * 8 / 6);
            self.put(of, encoded.get(skip..whole).unwrap_or_default().to_vec());
        }
    }

    fn put(&mut self, of: &str, octets: Vec<u8>) {
        if octets.len() >= MIN {
            self.begins[usize::from(octets[0])] = true;
            self.forms.push(Form {
                octets,
                of: of.to_owned(),
            });
        }
    }

    /// What of it is in `heard`.
    #[must_use]
    pub fn find(&self, heard: &[u8]) -> Option<&str> {
        let at = |at: usize| {
            let rest = &heard[at..];
            let begins = self.begins[usize::from(rest[0])];
            let here = |form: &&Form| rest.starts_with(&form.octets);
            if begins {
                self.forms.iter().find(here)
            } else {
                None
            }
        };
        (0..heard.len()).find_map(at).map(|form| form.of.as_str())
    }

    /// Nothing of it was heard.
    ///
    /// # Panics
    /// When some of it was.
    #[track_caller]
    pub fn assert_absent(&self, heard: &[u8]) {
        if let Some(what) = self.find(heard) {
            panic!("{what} leaked: {}", String::from_utf8_lossy(heard));
        }
    }

    /// What was said in clear are the three commands that may be, with a neutral name.
    ///
    /// # Panics
    /// When it was anything else.
    #[track_caller]
    pub fn assert_only_allowed_lines(&self, clear: &[u8]) {
        self.assert_absent(clear);
        // A TLS handshake that was begun is no words.
        let words = clear.split(|b| *b == 22).next().unwrap_or_default();
        let whole = words.split_inclusive(|b| *b == b'\n');
        for line in whole {
            let fits = |allowed: &&[u8]| match line.last() {
                Some(b'\n') => *allowed == line,
                _ => allowed.starts_with(line),
            };
            let allowed: [&[u8]; 3] = [b"EHLO [127.0.0.1]\r\n", b"STARTTLS\r\n", b"QUIT\r\n"];
            let line_text = String::from_utf8_lossy(line);
            assert!(allowed.iter().any(fits), "{line_text:?} was said");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_found_at_each_place() {
        let leaks = Leaks::new(
            "alice",
            b"pass word",
            &["a.b@c.example"],
            b"Subject: x\r\n\r\nbody\r\n",
        );
        let base64 = |octets: &[u8]| STANDARD.encode(octets).into_bytes();
        for heard in [
            b"..alice..".to_vec(),
            b"MAIL FROM:<a.b@c.example>".to_vec(),
            base64(b"pass word"),
            base64(b"\0alice\0pass word"),
            base64(b"1pass word1"),
            base64(b"12pass word12"),
            base64(b"user=alice\x01auth"),
            b"Subject: x".to_vec(),
            base64(b"a body"),
        ] {
            assert!(
                leaks.find(&heard).is_some(),
                "{}",
                String::from_utf8_lossy(&heard)
            );
        }
        assert_eq!(leaks.find(b"EHLO [127.0.0.1]\r\nSTARTTLS\r\n"), None);
    }

    #[test]
    #[should_panic(expected = "was said")]
    fn another_command_in_clear_is_one_too_many() {
        Leaks::new("alice", b"pass word", &[], b"").assert_only_allowed_lines(b"NOOP\r\n");
    }
}

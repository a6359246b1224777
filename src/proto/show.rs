//! Making foreign bytes fit to be shown: secrets scrubbed, controls escaped, length capped.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secsmtp_octets::is_visible;
use zeroize::Zeroizing;

/// As many characters of foreign text as anybody is shown.
pub const MAX_SHOWN: usize = 1000;

/// `bytes` as text: valid UTF-8 stays, while controls, invalid octets and characters that change
/// the direction of text are written as escapes; cut at `max` characters.
#[must_use]
pub fn escape(bytes: &[u8], max: usize) -> String {
    if bytes.len() <= max
        && is_visible(bytes)
        && !bytes.contains(&b'\\')
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        return text.to_owned(); // what servers say nearly always
    }
    let mut out = String::new();
    let mut count = 0_usize;
    for chunk in bytes.utf8_chunks() {
        let valid = chunk.valid().chars().map(|c| match c {
            '\\' => "\\\\".to_owned(),
            c if c.is_control() || is_spoofing(c) => c.escape_unicode().to_string(),
            c => c.to_string(),
        });
        let invalid = chunk.invalid().iter().map(|b| format!("\\x{b:02x}"));
        for piece in valid.chain(invalid) {
            if count >= max {
                out.push('…');
                return out;
            }
            out.push_str(&piece);
            count = count.saturating_add(1);
        }
    }
    out
}

/// Embeddings, overrides and isolates (Unicode Bidirectional Algorithm), line and paragraph
/// separators. The marks that scripts need to be written right (LRM, RLM, ALM) and joiners stay.
#[must_use]
pub fn is_turning(c: char) -> bool {
    matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Directional and invisible format characters, which can make a line look like another.
fn is_spoofing(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// One wire form of a secret.
struct Form {
    octets: Zeroizing<Vec<u8>>,
    /// Base64: its neighbours in the same word hold bits of the secret too.
    encoded: bool,
}

/// The wire forms of the secrets of one session, to be cut out of what a server echoes.
#[derive(Default)]
pub struct Scrubber {
    /// Longest first, so that a short form does not break up a longer one.
    forms: Vec<Form>,
    /// Whether a form begins with this octet: few do.
    heads: Heads,
}

struct Heads([bool; 256]);

impl Default for Heads {
    fn default() -> Self {
        Self([false; 256])
    }
}

impl Heads {
    fn has(&self, octet: u8) -> bool {
        self.0.get(usize::from(octet)).is_some_and(|begins| *begins)
    }
}

impl std::fmt::Debug for Scrubber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scrubber(not shown)")
    }
}

impl Scrubber {
    /// Learns a secret: as it is, and as base64 at each of the three alignments.
    pub fn learn(&mut self, secret: &[u8]) {
        if secret.is_empty() {
            return;
        }
        self.keep(secret, false);
        for lead in 0..3_usize {
            let mut padded = Zeroizing::new(vec![0; lead]);
            padded.extend_from_slice(secret);
            let encoded = Zeroizing::new(STANDARD.encode(&*padded).into_bytes());
            // Only the characters made of the secret alone: the first and last few also hold
            // neighbouring octets.
            let skip = lead.saturating_mul(8).div_ceil(6);
            let whole = padded.len().saturating_mul(8).checked_div(6).unwrap_or(0);
            if let Some(core) = encoded.get(skip..whole)
                && core.len() >= 2
            {
                self.keep(core, true);
            }
        }
    }

    fn keep(&mut self, octets: &[u8], encoded: bool) {
        let first = octets.first().map(|first| usize::from(*first));
        if let Some(begins) = first.and_then(|first| self.heads.0.get_mut(first)) {
            *begins = true;
        }
        let longer = |form: &Form| form.octets.len() >= octets.len();
        let place = self.forms.partition_point(longer);
        let octets = Zeroizing::new(octets.to_vec());
        self.forms.insert(place, Form { octets, encoded });
    }

    /// The form that `text` begins with.
    fn form_at(&self, text: &[u8]) -> Option<&Form> {
        text.first().filter(|first| self.heads.has(**first))?;
        let begins = |form: &&Form| text.starts_with(&form.octets);
        self.forms.iter().find(begins)
    }

    /// `text` with every known form replaced.
    #[must_use]
    pub fn scrub<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        let mut suspects = text.iter().enumerate();
        let known = suspects.any(|(at, first)| {
            self.heads.has(*first) && text.get(at..).is_some_and(|t| self.form_at(t).is_some())
        });
        if !known {
            return Cow::Borrowed(text);
        }
        let mut out = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some((first, tail)) = rest.split_first() {
            let Some(form) = self.form_at(rest) else {
                out.push(*first);
                rest = tail;
                continue;
            };
            rest = rest.get(form.octets.len()..).unwrap_or_default();
            if form.encoded {
                while out.last().is_some_and(is_base64) {
                    out.pop();
                }
                let word = rest.iter().take_while(|b| is_base64(b)).count();
                rest = rest.get(word..).unwrap_or_default();
            }
            out.extend_from_slice(b"[secret]");
        }
        Cow::Owned(out)
    }
}

fn is_base64(b: &u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e04_controls_are_escaped_and_text_is_capped() {
        assert_eq!(
            escape(b"a\x1b[31m\0\xff \xc3\xa9", 100),
            "a\\u{1b}[31m\\u{0}\\xff é"
        );
        assert_eq!(escape("x\u{202e}y".as_bytes(), 100), "x\\u{202e}y");
        assert_eq!(escape(b"abcdef", 3), "abc…");
    }

    #[test]
    fn e18_i02_a_secret_is_scrubbed_in_each_wire_form() {
        let secret = b"correct horse battery";
        let mut scrubber = Scrubber::default();
        scrubber.learn(secret);
        for lead in [&b""[..], b"\0alice\0", b"\0al\0", b"x", b"user\0name\0"] {
            let blob = [lead, secret].concat();
            let mut text = b"535 you said ".to_vec();
            text.extend(STANDARD.encode(&blob).bytes());
            text.extend(b" meaning correct horse battery.");
            let shown = String::from_utf8(scrubber.scrub(&text).into_owned()).unwrap();
            assert_eq!(shown, "535 you said [secret] meaning [secret].");
        }
    }
}

//! Makes bytes from a peer safe to show: secrets removed, control characters escaped, length limited.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// The maximum number of characters of a peer's text that are shown.
pub const MAX_SHOWN: usize = 1000;

/// `bytes` as text: valid UTF-8 stays, while controls, invalid bytes and characters that change
/// the direction of text are written as escapes, as C and JSON have them (`\r`, `\x1b`, `\u202e`); cut at `max`
/// characters of what is shown.
#[must_use]
pub fn escape(bytes: &[u8], max: usize) -> String {
    if bytes.len() <= max
        && is_plain(bytes)
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        return text.to_owned(); // nearly every reply
    }
    let mut out = String::new();
    let mut count = 0_usize;
    for chunk in bytes.utf8_chunks() {
        let valid = chunk.valid().chars().map(|c| match c {
            '\\' => "\\\\".to_owned(),
            '\r' => "\\r".to_owned(),
            '\n' => "\\n".to_owned(),
            '\t' => "\\t".to_owned(),
            c if c.is_ascii_control() => format!("\\x{:02x}", u32::from(c)),
            c if c.is_control() || is_spoofing(c) => format!("\\u{:04x}", u32::from(c)),
            c => c.to_string(),
        });
        let invalid = chunk.invalid().iter().map(|b| format!("\\x{b:02x}"));
        for piece in valid.chain(invalid) {
            count = count.saturating_add(piece.chars().count());
            if count > max {
                out.push('…');
                return out;
            }
            out.push_str(&piece);
        }
    }
    out
}

/// A text for messages in which an empty one would seem to be a mistake.
pub(crate) fn or_none(text: &str) -> &str {
    if text.is_empty() { "(none)" } else { text }
}

/// True if each byte is visible ASCII or a space, and no backslash. Without an early exit, so that the
/// compiler makes vector code of it.
fn is_plain(bytes: &[u8]) -> bool {
    let is_plain = |b: &u8| (b' '..=b'~').contains(b) & (*b != b'\\');
    bytes.iter().fold(true, |plain, b| plain & is_plain(b))
}

/// Embeddings, overrides and isolates (Unicode Bidirectional Algorithm), line and paragraph
/// separators. The marks that scripts need to be written right (LRM, RLM, ALM) and joiners stay.
#[must_use]
pub fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Directional and invisible format characters, which can make a line look like another.
fn is_spoofing(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// The bytes of a secret in a row that are not shown. Shorter matches occur in ordinary text.
const WINDOW: usize = 8;

/// Each run of [`WINDOW`] bytes in the wire forms of secrets.
struct SubstringSet {
    /// Sorted, each once.
    runs: Zeroizing<Vec<[u8; WINDOW]>>,
    /// The bytes that occur in them: most text has others.
    alphabet: [bool; 256],
}

impl Default for SubstringSet {
    fn default() -> Self {
        Self {
            runs: Zeroizing::default(),
            alphabet: [false; 256],
        }
    }
}

impl SubstringSet {
    /// True if a text begins with one of the runs.
    fn has(&self, text: &[u8]) -> bool {
        let run = text.first_chunk();
        run.is_some_and(|run| self.runs.binary_search(run).is_ok())
    }

    /// True if one of the runs occurs in a text.
    fn occurs_in(&self, text: &[u8]) -> bool {
        let mut row = 0_usize;
        text.iter().enumerate().any(|(at, byte)| {
            row = match self.alphabet.get(usize::from(*byte)) {
                Some(true) => row.saturating_add(1),
                _ => 0,
            };
            let from = at.saturating_add(1).saturating_sub(WINDOW);
            row >= WINDOW && text.get(from..).is_some_and(|text| self.has(text))
        })
    }

    /// Adds the runs of these forms. A new list has its size from the beginning: one that grows leaves
    /// copies behind.
    fn add(&mut self, forms: &[&[u8]]) {
        for byte in forms.iter().copied().flatten() {
            if let Some(occurs) = self.alphabet.get_mut(usize::from(*byte)) {
                *occurs = true;
            }
        }
        let new = forms.iter().flat_map(|form| form.windows(WINDOW));
        let new = new.filter_map(|window| window.first_chunk().copied());
        let count = new.clone().count().saturating_add(self.runs.len());
        let mut runs = Zeroizing::new(Vec::with_capacity(count));
        runs.extend_from_slice(&self.runs);
        runs.extend(new);
        runs.sort_unstable();
        runs.dedup();
        self.runs = runs;
    }
}

/// The wire forms of the secrets of one session, to be cut out of what a server echoes, whole or in part.
#[derive(Default)]
pub struct Scrubber {
    /// The runs of the secrets as they are, and of their base64.
    plain: SubstringSet,
    encoded: SubstringSet,
    /// Forms that are removed only as a whole, longest first.
    whole: Vec<WholeForm>,
}

struct WholeForm {
    bytes: Zeroizing<Vec<u8>>,
    encoded: bool,
}

impl WholeForm {
    fn is_in(&self, text: &[u8]) -> bool {
        let Some(first) = self.bytes.first() else {
            return false;
        };
        let begins = |at| {
            text.get(at..)
                .is_some_and(|text| text.starts_with(&self.bytes))
        };
        memchr::memchr_iter(*first, text).any(begins)
    }
}

impl std::fmt::Debug for Scrubber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scrubber(not shown)")
    }
}

/// A part of a secret at the beginning of a text.
struct Match {
    length: usize,
    /// Base64: its neighbours in the same word hold bits of the secret too.
    encoded: bool,
}

impl Scrubber {
    /// Adds a secret: as it is, and as base64 at each of the three alignments. Parts of it are removed too.
    pub fn learn(&mut self, secret: &[u8]) {
        self.keep(&[secret], false);
        self.learn_encoded(secret);
    }

    /// Adds a response that also contains other texts, such as the user's name: as it is, it is removed only
    /// as a whole, because its parts are not secrets.
    pub fn learn_whole(&mut self, response: &[u8]) {
        self.keep_whole(response, false);
        self.learn_encoded(response);
    }

    fn learn_encoded(&mut self, secret: &[u8]) {
        let mut forms = Vec::with_capacity(3);
        for lead in 0..3_usize {
            let mut padded = Zeroizing::new(Vec::with_capacity(lead.saturating_add(secret.len())));
            padded.resize(lead, 0);
            padded.extend_from_slice(secret);
            let encoded = Zeroizing::new(STANDARD.encode(&*padded).into_bytes());
            // Only the characters made of the secret alone: the first and last few also hold
            // neighbouring bytes.
            let skip = lead.saturating_mul(8).div_ceil(6);
            let whole = padded.len().saturating_mul(8).checked_div(6).unwrap_or(0);
            forms.push((encoded, skip, whole));
        }
        let cores = forms
            .iter()
            .filter_map(|(form, from, to)| form.get(*from..*to));
        let cores: Vec<&[u8]> = cores.filter(|core| core.len() >= 2).collect();
        self.keep(&cores, true);
    }

    fn keep(&mut self, forms: &[&[u8]], encoded: bool) {
        let short = forms.iter().filter(|form| form.len() < WINDOW);
        short.for_each(|form| self.keep_whole(form, encoded));
        match encoded {
            true => self.encoded.add(forms),
            false => self.plain.add(forms),
        }
    }

    fn keep_whole(&mut self, form: &[u8], encoded: bool) {
        if form.is_empty() {
            return;
        }
        let longer = |whole: &WholeForm| whole.bytes.len() >= form.len();
        let place = self.whole.partition_point(longer);
        let bytes = Zeroizing::new(form.to_vec());
        self.whole.insert(place, WholeForm { bytes, encoded });
    }

    /// The part of a secret that `text` begins with.
    fn find_at(&self, text: &[u8]) -> Option<Match> {
        let whole = self
            .whole
            .iter()
            .find(|whole| text.starts_with(&whole.bytes));
        if let Some(whole) = whole {
            return Some(Match {
                length: whole.bytes.len(),
                encoded: whole.encoded,
            });
        }
        for (windows, encoded) in [(&self.encoded, true), (&self.plain, false)] {
            let known = |window: &&[u8]| windows.has(window);
            let count = text.windows(WINDOW).take_while(known).count();
            if count > 0 {
                let length = WINDOW.saturating_add(count).saturating_sub(1);
                return Some(Match { length, encoded });
            }
        }
        None
    }

    /// Replaces the known secrets in `text`.
    #[must_use]
    pub fn scrub<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        let whole = self.whole.iter().any(|whole| whole.is_in(text));
        if !whole && !self.plain.occurs_in(text) && !self.encoded.occurs_in(text) {
            return Cow::Borrowed(text); // nearly every reply
        }
        let mut out = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some((first, tail)) = rest.split_first() {
            let Some(found) = self.find_at(rest) else {
                out.push(*first);
                rest = tail;
                continue;
            };
            rest = rest.get(found.length..).unwrap_or_default();
            if found.encoded {
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
            r"a\x1b[31m\x00\xff é"
        );
        assert_eq!(
            escape("x\u{202e}y\u{85}".as_bytes(), 100),
            r"x\u202ey\u0085"
        );
        assert_eq!(escape(b"220 ready\r\n\t\\", 100), r"220 ready\r\n\t\\");
        assert_eq!(escape(b"abcdef", 3), "abc…");
        assert_eq!(escape("a\u{200b}b".as_bytes(), 7), "a\\u200b…");
        assert_eq!(escape("a\u{200b}b".as_bytes(), 6), "a…");
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

    /// Servers truncate an echo, at either end.
    #[test]
    fn e18_i02_a_part_of_a_secret_is_scrubbed_too() {
        let secret = b"ya29.a0AfB_byDqM3-xW7zKpLrT5vN8uJhGfE1sCdQo4R6tY2iPwXbZ9";
        let mut scrubber = Scrubber::default();
        scrubber.learn(b"another secret");
        scrubber.learn(secret);
        for from in 0..secret.len() {
            for to in from..=secret.len() {
                let part = &secret[from..to];
                let text = [b"535 <", part, b">"].concat();
                let shown = scrubber.scrub(&text).into_owned();
                let hidden = shown == b"535 <[secret]>";
                assert_eq!(hidden, part.len() >= WINDOW, "{from}..{to}");
                // A word of base64 is cut out whole, so that a few characters of neighbours go with it.
                let word = STANDARD.encode([b"\0al\0", &secret[from..]].concat());
                let text = ["535 <", &word[..word.len().min(to)], ">"].concat();
                let shown = scrubber.scrub(text.as_bytes()).into_owned();
                let parts = secret.len() - from >= 12 && to >= 24;
                assert!(!parts || shown == b"535 <[secret]>", "{from}..{to} {text}");
            }
        }
    }

    #[test]
    fn i02_each_of_several_secrets_is_scrubbed() {
        let mut scrubber = Scrubber::default();
        let secrets = ["first secret", "zweites Geheimnis", "a third one"];
        for secret in secrets {
            scrubber.learn(secret.as_bytes());
        }
        for secret in secrets {
            for form in [secret.to_owned(), STANDARD.encode(secret)] {
                let text = format!("535 <{form}>");
                assert_eq!(
                    *scrubber.scrub(text.as_bytes()),
                    b"535 <[secret]>"[..],
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn a_short_secret_is_scrubbed_whole() {
        let mut scrubber = Scrubber::default();
        scrubber.learn(b"pass");
        let text = [&b"535 pass "[..], STANDARD.encode(b"\0al\0pass").as_bytes()].concat();
        assert_eq!(*scrubber.scrub(&text), b"535 [secret] [secret]"[..]);
    }
}

//! Making foreign bytes fit to be shown: secrets scrubbed, controls escaped, length capped.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secsmtp_octets::is_visible;
use zeroize::Zeroizing;

/// As many characters of foreign text as anybody is shown.
pub const MAX_SHOWN: usize = 1000;

/// `bytes` as text: valid UTF-8 stays, while controls, invalid bytes and characters that change
/// the direction of text are written as escapes, as C and JSON have them (`\r`, `\x1b`, `\u202e`); cut at `max`
/// characters of what is shown.
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

/// As many bytes of a secret in a row are not shown. Fewer could be any word's.
const WINDOW: usize = 8;

/// What wire forms of secrets have in a row, at each place of them.
struct Windows {
    /// A hash table of a power of two, at most three quarters full; 0 is a free place.
    table: Zeroizing<Vec<u64>>,
    /// Which bytes there are: most words have others.
    alphabet: [bool; 256],
}

impl Default for Windows {
    fn default() -> Self {
        Self {
            table: Zeroizing::default(),
            alphabet: [false; 256],
        }
    }
}

impl Windows {
    fn key(text: &[u8]) -> Option<u64> {
        let window: &[u8; WINDOW] = text.first_chunk()?;
        Some(u64::from_le_bytes(*window)).filter(|key| *key != 0)
    }

    /// Where a key stands, or could.
    fn place(&self, key: u64) -> Option<usize> {
        /// Odd, and of mixed bits (Knuth, The Art of Computer Programming, volume 3, section 6.4).
        const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
        let last = self.table.len().checked_sub(1)?;
        let mut place = (key.wrapping_mul(MIX) >> 32) as usize & last;
        loop {
            match self.table.get(place)? {
                0 => return Some(place),
                other if *other == key => return Some(place),
                _ => place = place.wrapping_add(1) & last,
            }
        }
    }

    fn has(&self, text: &[u8]) -> bool {
        let place = |key| self.place(key).and_then(|place| self.table.get(place));
        Self::key(text).and_then(place).is_some_and(|key| *key != 0)
    }

    /// Whether there is any in a text.
    fn are_in(&self, text: &[u8]) -> bool {
        let mut row = 0_usize;
        text.iter().enumerate().any(|(at, byte)| {
            row = match self.alphabet.get(usize::from(*byte)) {
                Some(true) => row.saturating_add(1),
                _ => 0,
            };
            let from = at.saturating_add(1).saturating_sub(WINDOW);
            row >= WINDOW && text.get(from..).is_some_and(|window| self.has(window))
        })
    }

    /// A new table has its size from the beginning: one that grows leaves copies behind.
    fn add(&mut self, forms: &[&[u8]]) {
        for byte in forms.iter().copied().flatten() {
            if let Some(known) = self.alphabet.get_mut(usize::from(*byte)) {
                *known = true;
            }
        }
        let windows = forms.iter().flat_map(|form| form.windows(WINDOW));
        let new = windows.filter(|window| !self.has(window));
        let old = self.table.iter().copied().filter(|key| *key != 0);
        let keys = new.filter_map(Self::key).chain(old);
        let count = keys.clone().count();
        let size = count.saturating_add(count / 3).saturating_add(1);
        let mut all = Self {
            table: Zeroizing::new(vec![0; size.next_power_of_two()]),
            alphabet: self.alphabet,
        };
        for key in keys {
            let place = all.place(key).and_then(|place| all.table.get_mut(place));
            if let Some(place) = place {
                *place = key;
            }
        }
        *self = all;
    }
}

/// The wire forms of the secrets of one session, to be cut out of what a server echoes, whole or in part.
#[derive(Default)]
pub struct Scrubber {
    /// Of the secrets as they are, and of their base64.
    plain: Windows,
    encoded: Windows,
    /// Forms that are cut out whole alone, longest first.
    whole: Vec<Whole>,
}

struct Whole {
    bytes: Zeroizing<Vec<u8>>,
    encoded: bool,
}

impl Whole {
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

/// What is to be cut out where a text begins.
struct Found {
    length: usize,
    /// Base64: its neighbours in the same word hold bits of the secret too.
    encoded: bool,
}

impl Scrubber {
    /// Learns a secret: as it is, and as base64 at each of the three alignments.
    pub fn learn(&mut self, secret: &[u8]) {
        self.keep(&[secret], false);
        self.learn_encoded(secret);
    }

    /// The same of what holds other things too, as the user's name: as it is it is no secret in part.
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
        let longer = |whole: &Whole| whole.bytes.len() >= form.len();
        let place = self.whole.partition_point(longer);
        let bytes = Zeroizing::new(form.to_vec());
        self.whole.insert(place, Whole { bytes, encoded });
    }

    /// What of a secret `text` begins with.
    fn find_at(&self, text: &[u8]) -> Option<Found> {
        let whole = self
            .whole
            .iter()
            .find(|whole| text.starts_with(&whole.bytes));
        if let Some(whole) = whole {
            return Some(Found {
                length: whole.bytes.len(),
                encoded: whole.encoded,
            });
        }
        for (windows, encoded) in [(&self.encoded, true), (&self.plain, false)] {
            let known = |window: &&[u8]| windows.has(window);
            let count = text.windows(WINDOW).take_while(known).count();
            if count > 0 {
                let length = WINDOW.saturating_add(count).saturating_sub(1);
                return Some(Found { length, encoded });
            }
        }
        None
    }

    /// `text` with all that is known of secrets replaced.
    #[must_use]
    pub fn scrub<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        let whole = self.whole.iter().any(|whole| whole.is_in(text));
        if !whole && !self.plain.are_in(text) && !self.encoded.are_in(text) {
            return Cow::Borrowed(text); // what servers say nearly always
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

    /// Servers cut what they echo, at either end.
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
                // Of base64 the word goes whole, so that a few characters of neighbours go with it.
                let word = STANDARD.encode([b"\0al\0", &secret[from..]].concat());
                let text = ["535 <", &word[..word.len().min(to)], ">"].concat();
                let shown = scrubber.scrub(text.as_bytes()).into_owned();
                let parts = secret.len() - from >= 12 && to >= 24;
                assert!(!parts || shown == b"535 <[secret]>", "{from}..{to} {text}");
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

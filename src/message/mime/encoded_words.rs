//! Header field values as words (RFC 5322 section 3.2.5), those beyond ASCII to be encoded (RFC 2047).

use std::borrow::Cow;

/// A word of a field's value, or several that are encoded together, with the white space before.
pub(crate) struct Word<'a> {
    pub(crate) space: Cow<'a, str>,
    pub(crate) text: Cow<'a, str>,
    /// True if the text is written as encoded words; otherwise it is ASCII, and stays as it is.
    pub(crate) is_encoded: bool,
}

/// White space within a field (RFC 5234 appendix B.1).
pub(crate) const WHITE: [char; 2] = [' ', '\t'];

/// The bytes of a word and of what stands behind it without a good place for folding: where there is
/// more than one space, some readers make one of it when they unfold.
pub(super) fn width(word: &str, rest: &[Word<'_>]) -> usize {
    let joined = rest
        .iter()
        .take_while(|piece| piece.space != " " && !piece.is_encoded);
    let joined = joined.map(|piece| piece.space.len() + piece.text.len());
    word.len() + joined.sum::<usize>()
}

/// The words of a text: start, end, and the end of the one before.
pub(super) fn words(text: &str) -> impl Iterator<Item = (usize, usize, usize)> {
    let mut before = 0;
    std::iter::from_fn(move || {
        let start = before + text[before..].find(|c| !WHITE.contains(&c))?;
        let end = text[start..].find(WHITE).map_or(text.len(), |n| start + n);
        Some((start, end, std::mem::replace(&mut before, end)))
    })
}

/// White space at the ends of a text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum EdgeSpace {
    /// Encoded with the word beside it, so that it is read back.
    Encoded,
    /// As it is, and dropped by many a receiver.
    Plain,
}

/// The words of free text: encoded are those that are not ASCII or look encoded already, those that
/// `also` names with the white space before them, and what stands between two of them. White space
/// between encoded words and others is one character wide, since some readers make one of several.
pub(super) fn free_text(
    value: &str,
    edges: EdgeSpace,
    also: impl Fn(&str, &str) -> bool,
) -> Vec<Word<'_>> {
    struct Run {
        start: usize,
        end: usize,
        is_encoded: bool,
    }
    let text_end = value.trim_end_matches(WHITE).len();
    let mut runs: Vec<Run> = Vec::new();
    for (start, end, before) in words(value) {
        let word = &value[start..end];
        let mut run = Run {
            start,
            end,
            is_encoded: !word.is_ascii()
                || word
                    .match_indices("=?")
                    .any(|(at, _)| looks_encoded(&value[start + at..]))
                || also(&value[before..start], word),
        };
        if edges == EdgeSpace::Encoded {
            run.is_encoded |= (before == 0 && start > 0) || (end == text_end && end < value.len());
            run.start = if before == 0 { 0 } else { start };
            run.end = if end == text_end { value.len() } else { end };
        }
        match runs.last_mut() {
            Some(last) if last.is_encoded && run.is_encoded => last.end = run.end,
            Some(last) if last.is_encoded => {
                last.end = start - 1;
                runs.push(run);
            }
            Some(last) if run.is_encoded => {
                run.start = last.end + 1;
                runs.push(run);
            }
            _ => runs.push(run),
        }
    }
    if edges == EdgeSpace::Encoded && runs.is_empty() && !value.is_empty() {
        runs.push(Run {
            start: 0,
            end: value.len(),
            is_encoded: true,
        });
    }
    let mut before = 0;
    let piece = |run: Run| Word {
        space: value[std::mem::replace(&mut before, run.end)..run.start].into(),
        text: value[run.start..run.end].into(),
        is_encoded: run.is_encoded,
    };
    runs.into_iter().map(piece).collect()
}

/// True for a text, beginning with `=?`, that lenient readers take for an encoded word, though perhaps
/// not a good one: `=?charset?b?...?=`.
fn looks_encoded(text: &str) -> bool {
    let charset = text.get(2..).and_then(|text| text.split_once('?'));
    let is_encoding = |(_, rest): (&str, &str)| {
        let data = rest.strip_prefix(['b', 'B', 'q', 'Q'])?.strip_prefix('?')?;
        Some(data.contains("?="))
    };
    charset.and_then(is_encoding).unwrap_or_default()
}

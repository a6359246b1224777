//! A set of at most some thousand texts, as a sorted list, which needs less code than a hash table.

#![forbid(unsafe_code)]

use std::sync::Arc;

/// Texts, each once.
#[derive(Debug, Default)]
pub(crate) struct StringSet(Vec<Arc<str>>);

impl StringSet {
    /// Adds a text. Returns false if it was in the set already.
    pub(crate) fn insert(&mut self, text: Arc<str>) -> bool {
        match self.0.binary_search(&text) {
            Ok(_) => false,
            Err(place) => {
                self.0.insert(place, text);
                true
            }
        }
    }

    /// The number of texts.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The number of texts that are not in `other`.
    pub(crate) fn beyond(&self, other: &Self) -> usize {
        let new = |text: &&Arc<str>| other.0.binary_search(text).is_err();
        self.0.iter().filter(new).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_counts_once() {
        let (mut some, mut others) = (StringSet::default(), StringSet::default());
        for text in ["b", "a", "c", "a", "b", ""] {
            some.insert(text.into());
        }
        assert!(!some.insert("c".into()) && some.insert("d".into()));
        others.insert("a".into());
        others.insert("z".into());
        assert_eq!(
            (some.len(), some.beyond(&others), others.beyond(&some)),
            (5, 4, 1)
        );
    }
}

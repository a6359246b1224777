//! A set of texts, some thousands at most, as a sorted list: a hash table would be more code than
//! what is kept in one here is worth.

#![forbid(unsafe_code)]

use std::sync::Arc;

/// Texts, each once.
#[derive(Debug, Default)]
pub(crate) struct StringSet(Vec<Arc<str>>);

impl StringSet {
    /// Adds a text; false if it was there.
    pub(crate) fn insert(&mut self, text: Arc<str>) -> bool {
        match self.0.binary_search(&text) {
            Ok(_) => false,
            Err(place) => {
                self.0.insert(place, text);
                true
            }
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// How many of these are not in `other`.
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

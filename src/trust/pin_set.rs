//! The pins of a policy, each with the time in which it may be used.

use std::fmt;

use rustls::pki_types::UnixTime;

use super::pin::Pin;
use crate::support::date;

/// A pin and the period (seconds since 1970, both ends included) in which it may be used. Outside
/// that period it matches nothing: it is never ignored as if there were no pin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PinWithValidity {
    /// The pin.
    pub pin: Pin,
    /// The first and the last second, if it is bounded.
    pub window: Option<(u64, u64)>,
}

impl PinWithValidity {
    fn is_usable(&self, now: UnixTime) -> bool {
        self.window
            .is_none_or(|(from, to)| (from..=to).contains(&now.as_secs()))
    }
}

impl fmt::Display for PinWithValidity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.window {
            None => write!(f, "{}", self.pin),
            Some((from, to)) => write!(
                f,
                "{} (usable from {} to {})",
                self.pin,
                date::rfc3339(from),
                date::rfc3339(to)
            ),
        }
    }
}

/// All pins of a policy.
#[derive(Debug, Clone, Default)]
pub(crate) struct PinSet(Vec<PinWithValidity>);

impl PinSet {
    pub(crate) fn add(&mut self, pins: Vec<Pin>, window: Option<(u64, u64)>) {
        let dated = pins.into_iter().map(|pin| PinWithValidity { pin, window });
        self.0.extend(dated);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn all(&self) -> &[PinWithValidity] {
        &self.0
    }

    pub(crate) fn usable(&self, now: UnixTime) -> Vec<Pin> {
        let usable = self.0.iter().filter(|dated| dated.is_usable(now));
        usable.map(|dated| dated.pin).collect()
    }

    pub(crate) fn unusable_pins(&self, now: UnixTime) -> Vec<PinWithValidity> {
        let unusable = self.0.iter().filter(|dated| !dated.is_usable(now));
        unusable.copied().collect()
    }

    /// Returns whether there is exactly one key, no matter how often it was added.
    pub(crate) fn has_single_key(&self) -> bool {
        matches!(self.0.split_first(), Some((first, rest)) if rest.iter().all(|d| d.pin == first.pin))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust::now_at;

    #[test]
    fn c30_a_pin_is_usable_in_its_window_and_at_both_ends() {
        let mut pins = PinSet::default();
        pins.add(vec![Pin::of_spki(b"a")], Some((10, 20)));
        for (at, usable) in [(9, 0), (10, 1), (15, 1), (20, 1), (21, 0)] {
            assert_eq!(pins.usable(now_at(Some(at))).len(), usable, "{at}");
            assert_eq!(pins.unusable_pins(now_at(Some(at))).len(), 1 - usable);
        }
        assert!(pins.has_single_key());
        pins.add(vec![Pin::of_spki(b"a")], None);
        assert!(pins.has_single_key());
        pins.add(vec![Pin::of_spki(b"b")], None);
        assert!(!pins.has_single_key());
    }
}

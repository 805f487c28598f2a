//! One released count.

use std::fmt;

use fairtrial_domain::TrialKey;
use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use sha2::Sha256;

use super::Policy;

/// The secret by which rounding is drawn: 32 bytes that nobody outside the installation knows.
#[derive(Clone)]
pub struct ReleaseKey([u8; 32]);

impl fmt::Debug for ReleaseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReleaseKey(..)")
    }
}

impl ReleaseKey {
    /// From 32 secret bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A number that is the same for the same parts and count and looks like chance to everybody else. Its 64 bits make the bias
    /// of a small remainder smaller than 10^-16.
    pub(super) fn draw(&self, parts: &[&str], raw: u64) -> u64 {
        // A key of 32 bytes always fits; without one nothing may be drawn, so the count would be rounded down.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return u64::MAX };
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac.update(&raw.to_be_bytes());
        mac.finalize().into_bytes().iter().take(8).fold(0_u64, |number, byte| (number << 8) | u64::from(*byte))
    }
}

/// A count that may be shown: rounded, or hidden because it is small. In JSON a number or `null`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Count(Option<u64>);

impl Count {
    pub(super) const HIDDEN: Self = Self(None);

    /// The rounded number; nothing when it is hidden.
    #[must_use]
    pub fn value(self) -> Option<u64> {
        self.0
    }

    /// The sum of released parts, of which the hidden are small: each counts as the middle of what it can be.
    pub(super) fn about(parts: impl Iterator<Item = Self>, policy: Policy) -> u64 {
        parts.fold(0, |sum, part| sum.saturating_add(part.or_middle(policy)))
    }

    /// The number shown, or the middle of what one can be that is hidden because it is small.
    pub(super) fn or_middle(self, policy: Policy) -> u64 {
        self.0.unwrap_or(policy.suppress_below() / 2)
    }

    /// The raw counts that an outsider must think possible behind this one, smallest and largest.
    pub(super) fn candidates(self, policy: Policy) -> Option<(u64, u64)> {
        let shown = self.0?;
        let slack = policy.base() - 1;
        Some((shown.saturating_sub(slack).max(policy.suppress_below()), shown.saturating_add(slack)))
    }
}

/// Rounds the counts of one trial.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rounder<'a> {
    pub(super) key: &'a ReleaseKey,
    pub(super) trial: &'a TrialKey,
    pub(super) policy: Policy,
}

impl Rounder<'_> {
    /// The count as it may be shown. `place` names whose count it is, such as an arm: the same number of people in the same
    /// place is always told as the same number, under whatever heading it stands, so that no two tables can be averaged.
    pub(super) fn count(self, place: &str, raw: u64) -> Count {
        if raw < self.policy.suppress_below() {
            return Count::HIDDEN;
        }
        let base = self.policy.base();
        let above = raw % base;
        let lower = raw - above;
        // Up with probability above/base, which leaves the expectation as it is.
        let up = above > 0 && self.key.draw(&["fairtrial release 1", self.trial.as_str(), place], raw) % base < above;
        let rounded = if up { lower.saturating_add(base) } else { lower };
        // A shown count is never told as one that would have been hidden.
        Count(Some(if rounded < self.policy.suppress_below() { lower.saturating_add(base) } else { rounded }))
    }

    /// People with a yes-or-no outcome among those counted: hidden when they or the others are few.
    pub(super) fn events(self, place: &str, counted: u64, events: Option<u64>) -> Count {
        let large = |events: &u64| counted.saturating_sub(*events) >= self.policy.suppress_below();
        events.filter(large).map_or(Count::HIDDEN, |events| self.count(place, events))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounder<'a>(key: &'a ReleaseKey, trial: &'a TrialKey) -> Rounder<'a> {
        Rounder { key, trial, policy: Policy::STANDARD }
    }

    #[test]
    fn rounding_is_fixed_close_and_right_on_average() {
        let (key, trial) = (ReleaseKey::new([7; 32]), TrialKey::new("fines-letter").unwrap());
        let rounder = rounder(&key, &trial);
        let mut bias = 0_i64;
        let n = 10_000_u64;
        for raw in 6..6 + n {
            let found = rounder.count("arm usual", raw);
            assert_eq!(found, rounder.count("arm usual", raw), "asked again");
            let shown = found.value().unwrap();
            assert!(shown.is_multiple_of(3) && shown.abs_diff(raw) <= 2, "{raw} told as {shown}");
            assert!(!raw.is_multiple_of(3) || shown == raw);
            let (low, high) = found.candidates(Policy::STANDARD).unwrap();
            assert!((low..=high).contains(&raw) && high - low >= 2);
            bias += shown as i64 - raw as i64;
        }
        assert!((bias as f64 / n as f64).abs() < 0.05, "{bias}");
        let differ =
            |place: &str| (6..600).filter(|raw| rounder.count(place, *raw) != rounder.count("arm usual", *raw)).count();
        assert!(differ("arm new") > 100, "another place is another draw");
    }

    #[test]
    fn small_counts_are_hidden_all_alike() {
        let (key, trial) = (ReleaseKey::new([7; 32]), TrialKey::new("fines-letter").unwrap());
        for raw in 0..6 {
            assert_eq!(rounder(&key, &trial).count("arm usual", raw), Count::HIDDEN);
        }
        let strict = Rounder { policy: Policy::new(5, 12, 40).unwrap(), ..rounder(&key, &trial) };
        for raw in 12..2_000 {
            let shown = strict.count("arm usual", raw).value().unwrap();
            assert!(shown >= 12 && shown.is_multiple_of(5) && shown.abs_diff(raw) <= 4);
        }
    }
}

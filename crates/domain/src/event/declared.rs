//! What a sender says it sent, held against what was kept.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// One sender's word for some days, with what was kept of its events on them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declared {
    /// Number of the sender, the same for all of its words.
    pub source: i64,
    /// What the sender is called.
    pub name: String,
    /// The first of the days, in UTC.
    pub first_day: NaiveDate,
    /// The last of them.
    pub last_day: NaiveDate,
    /// Events that it sent and that are to count.
    pub sent: u64,
    /// Events that were kept.
    pub kept: u64,
    /// Whether the ids of the two are the same; none where the sender told their number only.
    pub same_ids: Option<bool>,
}

impl Declared {
    /// How many events are on one side only, as far as the numbers tell: at least that many, and at least one where the ids differ.
    ///
    /// ```
    /// use fairtrial_domain::event::Declared;
    /// let day = "2026-11-23".parse().unwrap();
    /// let said = Declared { source: 1, name: "till".into(), first_day: day, last_day: day, sent: 10, kept: 9, same_ids: None };
    /// assert_eq!(said.differing(), 1);
    /// let exchanged = Declared { kept: 10, same_ids: Some(false), ..said };
    /// assert_eq!(exchanged.differing(), 1);
    /// ```
    #[must_use]
    pub fn differing(&self) -> u64 {
        self.sent.abs_diff(self.kept).max(u64::from(self.same_ids == Some(false)))
    }

    /// The words that stand, of those in the order in which they were said: a later word of the same sender about all of an
    /// earlier one's days takes its place, because what was missing may have been sent again since.
    #[must_use]
    pub fn standing(said: Vec<Self>) -> Vec<Self> {
        let covered = |place: usize, one: &Self| {
            said.iter().skip(place + 1).any(|later| {
                later.source == one.source && later.first_day <= one.first_day && later.last_day >= one.last_day
            })
        };
        let stands: Vec<bool> = said.iter().enumerate().map(|(place, one)| !covered(place, one)).collect();
        said.into_iter().zip(stands).filter_map(|(one, stands)| stands.then_some(one)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_word_about_the_same_days_and_more_stands() {
        let said = |source: i64, first: &str, last: &str, kept: u64| Declared {
            source,
            name: "a source".into(),
            first_day: first.parse().unwrap(),
            last_day: last.parse().unwrap(),
            sent: 10,
            kept,
            same_ids: None,
        };
        let first = said(1, "2026-11-01", "2026-11-01", 9);
        let other = said(2, "2026-11-01", "2026-11-09", 10);
        let narrower = said(1, "2026-11-02", "2026-11-02", 10);
        assert_eq!(Declared::standing(vec![first.clone(), other.clone(), narrower.clone()]).len(), 3);
        let wider = said(1, "2026-11-01", "2026-11-02", 10);
        assert_eq!(
            Declared::standing(vec![first.clone(), other.clone(), narrower, wider.clone()]),
            [other, wider.clone()]
        );
        assert_eq!(
            Declared::standing(vec![wider.clone(), first.clone()]),
            [wider, first],
            "a narrower word excuses nothing"
        );
    }
}

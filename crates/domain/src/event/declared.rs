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
}

/// The words that stand, of those in the order in which they were said: a later word of the same sender about all of an earlier
/// one's days takes its place, because what was missing may have been sent again since. `about` tells the sender of a word and its
/// first and last day.
///
/// ```
/// use fairtrial_domain::event::standing;
/// // Sender, first day, last day: the wider and later word of sender 1 takes the place of its first.
/// let said = vec![(1, 5, 5), (2, 5, 5), (1, 4, 6), (1, 4, 4)];
/// assert_eq!(standing(said, |word| *word), [(2, 5, 5), (1, 4, 6), (1, 4, 4)]);
/// ```
#[must_use]
pub fn standing<T, S: PartialEq, D: Ord>(said: Vec<T>, about: impl Fn(&T) -> (S, D, D)) -> Vec<T> {
    let covered = |place: usize, one: &T| {
        let (source, first, last) = about(one);
        said.iter().skip(place + 1).map(&about).any(|later| later.0 == source && later.1 <= first && later.2 >= last)
    };
    let stands: Vec<bool> = said.iter().enumerate().map(|(place, one)| !covered(place, one)).collect();
    said.into_iter().zip(stands).filter_map(|(one, stands)| stands.then_some(one)).collect()
}

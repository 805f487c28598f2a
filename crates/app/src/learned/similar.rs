//! Trials that are over and resemble a plan.
//!
//! **Architecture invariant:** like the library, it is blind to verdicts: which trials resemble a plan depends on their plans alone.

use std::collections::BTreeSet;

use fairtrial_domain::{Protocol, TrialKey};

use super::library::{Card, Sought};
use crate::{error::AppError, state::App};

/// Trials that are told at most.
const MOST: usize = 5;

/// What resemblance is worth: the same place in a service, the same event that is counted, a word of the question in common.
const SAME_PLACE: usize = 3;
const SAME_EVENT: usize = 3;
const MOST_WORDS: usize = 3;

/// The least that counts as resemblance.
const LEAST: usize = 3;

/// Letters that a word must have to say something; shorter ones are in every plan.
const LETTERS: usize = 5;

/// Words that are in the question of many plans.
const COMMON: [&str; 12] = [
    "people", "person", "their", "which", "would", "after", "before", "within", "whether", "version", "usual", "there",
];

/// How much a plan resembles another one; 0 is not at all.
///
/// The touchpoint and the event of the main outcome weigh most; words of title, change and outcome that both have count up to
/// three.
fn resemblance(one: &Protocol, other: &Protocol) -> usize {
    let place = one.touchpoint.is_some() && one.touchpoint == other.touchpoint;
    let event = |plan: &Protocol| plan.primary().map(|outcome| outcome.event.clone());
    let same_event = event(one).is_some() && event(one) == event(other);
    let shared = words(one).intersection(&words(other)).count();
    usize::from(place) * SAME_PLACE + usize::from(same_event) * SAME_EVENT + shared.min(MOST_WORDS)
}

fn words(plan: &Protocol) -> BTreeSet<String> {
    let idea = &plan.hypothesis;
    let outcome = plan.primary().map(|outcome| &outcome.name);
    [&plan.title, &idea.change]
        .into_iter()
        .chain(outcome)
        .flat_map(|text| text.split(|letter: char| !letter.is_alphanumeric()))
        .map(str::to_lowercase)
        .filter(|word| word.chars().count() >= LETTERS && !COMMON.contains(&word.as_str()))
        .collect()
}

impl App {
    /// The trials of the library that resemble a plan, the closest first; `but` is left out.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn similar(&self, plan: &Protocol, but: &TrialKey) -> Result<Vec<Card>, AppError> {
        let mut cards: Vec<(usize, Card)> = self
            .library(&Sought::default())
            .await?
            .into_iter()
            .filter(|card| card.entry.trial.plan.protocol().key != *but)
            .map(|card| (resemblance(plan, card.entry.trial.plan.protocol()), card))
            .filter(|(weight, _)| *weight >= LEAST)
            .collect();
        // The library is in the order of time, which stays among equals.
        cards.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
        Ok(cards.into_iter().take(MOST).map(|(_, card)| card).collect())
    }
}

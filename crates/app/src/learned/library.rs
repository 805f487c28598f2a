//! The library: every trial that is over, whatever it found.
//!
//! **Architecture invariant:** a card depends on how a trial was run and published, never on its verdict: what found nothing
//! or did harm stands in the same list, in the order of time, with the same content.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use fairtrial_analysis::{
    pooling::{PooledEffect, pooled},
    release::ReleasedOutcome,
    report::VerdictKind,
};
use fairtrial_domain::{
    TrialKey,
    protocol::{Population, Technique},
    trial::{Decision, State},
};
use fairtrial_store::{adoptions, conclusions, origins};

use super::{
    adoption::{Decided, Reported},
    finding::Finding,
};
use crate::{
    error::AppError,
    public::register::Entry,
    state::{App, directory::Trial},
};

/// One trial in the library.
#[derive(Debug, Clone)]
pub struct Card {
    /// The trial as the public register has it.
    pub entry: Entry,
    /// What it found, once that is published.
    pub finding: Option<Arc<Finding>>,
    /// What was decided, once that is published.
    pub decision: Option<Decided>,
    /// What became of it, the oldest report first.
    pub adoption: Vec<Reported>,
    /// How many later trials were made from its design.
    pub reused: usize,
}

/// What somebody looks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sought {
    /// Words that must all be found.
    pub words: String,
    /// Key of an agency.
    pub agency: Option<String>,
    /// A verdict.
    pub verdict: Option<VerdictKind>,
    /// A decision.
    pub decision: Option<Decision>,
    /// What was tried.
    pub technique: Option<Technique>,
    /// On whom.
    pub people: Option<Population>,
}

impl Card {
    fn ended(&self) -> DateTime<Utc> {
        self.entry.trial.ended_at.unwrap_or(self.entry.trial.created_at)
    }
}

/// Whether a trial has ended after people were in it.
pub(super) fn is_over(trial: &Trial) -> bool {
    trial.state.is_locked() || trial.state == State::FollowUp
}

/// What the trials that were looked for say together.
#[derive(Debug, Clone, PartialEq)]
pub enum Together {
    /// Nothing was looked for, or by what trials found: a mean of such trials says nothing.
    NotAsked,
    /// Fewer than three of them can be put together.
    TooFew(usize),
    /// What they say, with the keys and titles of those that it is made of.
    Found(Box<PooledEffect>, Vec<(TrialKey, String)>),
}

impl Sought {
    /// Whether the trials that are looked for are chosen by their questions alone.
    fn is_blind(&self) -> bool {
        let asked = !self.words.trim().is_empty() || self.technique.is_some() || self.people.is_some();
        asked && self.verdict.is_none() && self.decision.is_none()
    }
}

/// What trials say together that were looked for by their questions, and never by what they found.
#[must_use]
pub fn together(sought: &Sought, cards: &[Card]) -> Together {
    if !sought.is_blind() {
        return Together::NotAsked;
    }
    let with = |card: &Card| {
        card.finding.as_ref().and_then(|finding| finding.primary.clone()).map(|found| (found, card.clone()))
    };
    let found: Vec<_> = cards.iter().filter_map(with).collect();
    let outcomes: Vec<&ReleasedOutcome> = found.iter().map(|(outcome, _)| outcome).collect();
    match pooled(&outcomes) {
        None => Together::TooFew(outcomes.len()),
        Some(effect) => {
            let names = found.iter().map(|(_, card)| {
                let plan = card.entry.trial.plan.protocol();
                (plan.key.clone(), plan.title.clone())
            });
            let names = names.collect();
            Together::Found(Box::new(effect), names)
        }
    }
}

impl App {
    /// The trials of all agencies that are over, or those that are sought, what ended last first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn library(&self, sought: &Sought) -> Result<Vec<Card>, AppError> {
        let directory = self.directory.load_full();
        let (decisions, reports, origins) =
            self.store.read(|c| Ok((conclusions::decisions(c)?, adoptions::all(c)?, origins::all(c)?))).await?;
        let words: Vec<String> = sought.words.split_whitespace().map(str::to_lowercase).collect();
        let mut cards = Vec::new();
        for trial in directory.trials.values().filter(|trial| is_over(trial)) {
            let Ok(agency) = directory.agency(trial.agency_id) else { continue };
            if sought.agency.as_ref().is_some_and(|key| *key != agency.key) {
                continue;
            }
            let tags = &trial.plan.protocol().tags;
            if sought.technique.is_some_and(|wanted| !tags.technique.contains(&wanted))
                || sought.people.is_some_and(|wanted| !tags.people.contains(&wanted))
            {
                continue;
            }
            let entry = self.entry_of(trial, agency);
            if !words.iter().all(|word| entry.says(word)) {
                continue;
            }
            let public = trial.published_at.is_some();
            let finding = if public { self.finding(trial).await? } else { None };
            let decision = decisions.iter().find(|row| public && row.trial_id == trial.id).map(Decided::of);
            let adoption = reports.iter().filter(|row| public && row.trial_id == trial.id).map(Reported::of);
            let adoption = adoption.collect::<Result<Vec<_>, _>>()?;
            let reused = origins.iter().filter(|origin| origin.from_trial_id == trial.id).count();
            let card = Card { entry, finding, decision: decision.transpose()?, adoption, reused };
            let verdict = card.finding.as_ref().map(|finding| finding.verdict);
            let decided = card.decision.as_ref().map(|decided| decided.decision);
            if sought.verdict.is_none_or(|wanted| verdict == Some(wanted))
                && sought.decision.is_none_or(|wanted| decided == Some(wanted))
            {
                cards.push(card);
            }
        }
        cards.sort_by(|one, other| {
            other.ended().cmp(&one.ended()).then(one.entry.trial.key().cmp(other.entry.trial.key()))
        });
        Ok(cards)
    }
}

//! What of an app's work has been seen of a trial: for those who connect it.

use fairtrial_domain::trial::{AssignmentOutcome, PersonRole};
use fairtrial_store::{api_keys, receipts, touches};

use crate::{
    error::AppError,
    state::{App, actor::Actor, directory::instant},
};

/// What has been seen so far. It tells whether, never how often by version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// When a test key of the agency was used last.
    pub test_key_used: Option<chrono::DateTime<chrono::Utc>>,
    /// When a live key of the agency was used last.
    pub live_key_used: Option<chrono::DateTime<chrono::Utc>>,
    /// Somebody was assigned.
    pub assigned: bool,
    /// A delivery was reported.
    pub delivered: bool,
    /// Every outcome by its name, with whether people of each version have a value.
    pub outcomes: Vec<(String, bool)>,
    /// Events came whose people are in no version: the app names people in two ways.
    pub strangers: bool,
    /// An opt-out was kept by the trial.
    pub opted_out: bool,
    /// An event came again, with a key of the agency, and was counted once.
    pub repeated: bool,
    /// The keys of the agency.
    pub keys: Vec<SeenKey>,
}

/// A key of the agency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenKey {
    /// Its number.
    pub id: i64,
    /// What it is called.
    pub name: String,
    /// Whether what it does is for real.
    pub live: bool,
}

/// Who connects apps, and looks at what they do.
pub const CONNECTORS: &[PersonRole] = &[PersonRole::Designer, PersonRole::Administrator];

impl App {
    /// What of an app's work has been seen of a trial.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; [`AppError::Forbidden`] for people who do not connect apps.
    pub async fn seen(&self, actor: &Actor, key: &str) -> Result<Seen, AppError> {
        let person = actor.person()?;
        let trial = self.trial_of(actor, key)?;
        person.needs_one_of(CONNECTORS)?;
        self.write_counters().await?;
        let (id, agency_id) = (trial.id, trial.agency_id);
        let (keys, counts, repeated) = self
            .store
            .read(move |c| {
                let repeated = receipts::any_repeated(c, agency_id)?;
                Ok((api_keys::of_agency(c, agency_id)?, touches::of_trial(c, id)?, repeated))
            })
            .await?;
        let used = |live: bool| {
            let environment = if live { "live" } else { "test" };
            let used = keys.iter().filter(|key| key.environment == environment).filter_map(|key| key.last_used_at);
            used.max().map(instant)
        };
        let mut seen = Seen {
            test_key_used: used(false),
            live_key_used: used(true),
            assigned: false,
            delivered: false,
            outcomes: Vec::new(),
            strangers: false,
            opted_out: counts.iter().any(|(word, n)| word == AssignmentOutcome::OptedOut.as_str() && *n > 0),
            repeated,
            keys: keys
                .iter()
                .map(|key| SeenKey { id: key.id, name: key.name.clone(), live: key.environment == "live" })
                .collect(),
        };
        let plan = trial.plan.protocol();
        if trial.state.has_started() {
            trial.with_records()?;
            self.catch_up().await?;
            let evidence = self.projections.evidence(&trial, &self.ambient, Vec::new());
            let arms = plan.arms.len();
            seen.assigned = evidence.assigned(arms).iter().any(|n| *n > 0);
            seen.delivered = evidence.handling.iter().any(|arm| arm.delivered + arm.failed + arm.returned > 0);
            seen.opted_out |= evidence.handling.iter().any(|arm| arm.opted_out + arm.data_withdrawn > 0);
            seen.strangers = evidence.events.unassigned > 0;
            seen.outcomes = plan
                .outcomes
                .iter()
                .zip(&evidence.outcomes)
                .map(|(outcome, found)| {
                    // A person without an event has the value no, or zero: what was seen is a value that is not.
                    let seen = |arm: usize| {
                        let tally = found.arm(arm).2;
                        if outcome.kind.absence_is_a_value() { tally.sum != 0 } else { tally.observed > 0 }
                    };
                    (outcome.name.clone(), (0..arms).all(seen))
                })
                .collect();
        } else {
            seen.outcomes = plan.outcomes.iter().map(|outcome| (outcome.name.clone(), false)).collect();
        }
        Ok(seen)
    }
}

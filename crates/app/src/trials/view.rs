//! Reading trials.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use fairtrial_domain::{
    Fault,
    protocol::ProtocolId,
    trial::{PersonRole, Scope, SignatureKind, State, Tier, Verb, not_ready},
};
use fairtrial_store::{audit, people, trials};

use super::{
    amend::may_be_amended,
    life::may,
    review::{UnderReview, signatures},
};
use crate::{
    error::AppError,
    state::{
        App,
        actor::{Actor, KeyActor, Person},
        directory::{Agency, Trial, instant},
    },
};

/// A signature as people see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureView {
    /// Who signed.
    pub name: String,
    /// In which role.
    pub role: PersonRole,
    /// Which content.
    pub protocol_id: ProtocolId,
    /// Whether it is the content of now.
    pub current: bool,
    /// When.
    pub at: DateTime<Utc>,
    /// What they wrote beside it.
    pub note: String,
    /// Signed, signed on a condition, or withdrawn.
    pub kind: SignatureKind,
    /// Whether it counts now, or will once its condition is met: the last word of its person on the content under review.
    pub stands: bool,
}

/// One thing that was done with a trial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    /// When.
    pub at: DateTime<Utc>,
    /// Who, where a person did it.
    pub name: Option<String>,
    /// What, such as `trial.start`.
    pub action: String,
    /// The reason given, if any.
    pub reason: Option<String>,
}

/// A trial with what its page shows.
#[derive(Debug, Clone)]
pub struct TrialView {
    /// The trial.
    pub trial: Arc<Trial>,
    /// Its agency's name.
    pub agency: String,
    /// People in it.
    pub people: u64,
    /// How much people could lose.
    pub tier: Tier,
    /// The answers that led to the tier, each in a sentence.
    pub tier_reasons: Vec<String>,
    /// What the plan still lacks before it can be sent for signatures.
    pub lacking: Vec<Fault>,
    /// The content under review: the plan's, or after the start that of the amendment that waits.
    pub under_review: ProtocolId,
    /// The amendment that waits for signatures, by its number.
    pub waiting_version: Option<i64>,
    /// The roles that must sign.
    pub needed: Vec<PersonRole>,
    /// The roles whose signature is missing.
    pub missing: Vec<PersonRole>,
    /// All signatures, old ones too.
    pub signatures: Vec<SignatureView>,
    /// Numbers of the accounts that wrote the plan.
    pub authors: Vec<i64>,
    /// What was done, newest first.
    pub history: Vec<HistoryEntry>,
    /// Other trials of the agency that the same people may be in at the same time.
    pub overlaps: Vec<Overlap>,
}

/// Another trial that the same people may be in.
#[derive(Debug, Clone)]
pub struct Overlap {
    /// The trial.
    pub trial: Arc<Trial>,
    /// Whether both are at the same touchpoint.
    pub same_touchpoint: bool,
}

impl TrialView {
    /// What a person may do with the trial now, by its state, their roles, and who wrote and signed what.
    #[must_use]
    pub fn open_verbs(&self, person: &Person) -> Vec<Verb> {
        let writes = self.authors.contains(&person.id);
        let may_sign = !writes && self.missing.iter().any(|role| person.has(*role));
        let open = |verb: &Verb| {
            let fits = self.trial.state.after(*verb).is_ok() && may(person, *verb, self.trial.halted).is_ok();
            let reviewed = !self.trial.state.has_started() || self.waiting_version.is_some();
            fits && match verb {
                Verb::Approve => may_sign && reviewed,
                Verb::Return => reviewed,
                Verb::Refuse => !writes && self.needed.iter().any(|role| person.has(*role)),
                Verb::Start => self.missing.is_empty() && self.lacking.is_empty(),
                Verb::Submit => self.lacking.is_empty(),
                Verb::Amend => self.waiting_version.is_none() && may_be_amended(self.trial.state, person),
                _ => true,
            }
        };
        Verb::ALL.iter().copied().filter(open).collect()
    }
}

impl App {
    /// A trial of the actor's agency. Another agency's trial looks like none.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn trial_of(&self, actor: &Actor, key: &str) -> Result<Arc<Trial>, AppError> {
        self.directory.load().trial_of(actor.agency_id(), key).cloned()
    }

    /// Whether a program may ask for assignments in a trial.
    ///
    /// # Errors
    /// As [`App::trial_asked_for`].
    pub fn may_ask_for(&self, caller: &KeyActor, key: &str) -> Result<(), AppError> {
        caller.needs(Scope::Assign)?;
        self.directory.load().trial_of(caller.agency_id, key).map(|_| ())
    }

    /// A trial of a program's agency.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for a trial that is not the agency's, [`AppError::Forbidden`] for a key without the scope.
    pub fn trial_asked_for(&self, caller: &KeyActor, key: &str) -> Result<Arc<Trial>, AppError> {
        caller.needs(Scope::Assign)?;
        self.directory.load().trial_of(caller.agency_id, key).cloned()
    }

    /// All trials of the actor's agency, by key.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for a key without the scope.
    pub fn trials_of(&self, actor: &Actor) -> Result<Vec<Arc<Trial>>, AppError> {
        may_read(actor)?;
        let directory = self.directory.load();
        Ok(directory.trials.values().filter(|trial| trial.agency_id == actor.agency_id()).cloned().collect())
    }

    /// The started trials of a key's agency, for which it may ask assignments, by key.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for a key without the scope.
    pub fn started_trials(&self, caller: &KeyActor) -> Result<Vec<Arc<Trial>>, AppError> {
        caller.needs(Scope::Assign)?;
        Ok(self.directory.load().started_of(caller.agency_id).to_vec())
    }

    /// People in a trial, as this server has folded them; once their records are deleted, as many as there were.
    #[must_use]
    pub fn people_in(&self, trial: &Trial) -> u64 {
        if let Some(deletion) = &trial.deletion {
            return deletion.people;
        }
        self.projections.units(trial) as u64
    }

    /// The actor's agency.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when it is gone.
    pub fn agency_of(&self, actor: &Actor) -> Result<Agency, AppError> {
        self.directory.load().agency(actor.agency_id()).cloned()
    }

    /// All agencies, by number.
    #[must_use]
    pub fn agencies(&self) -> Vec<Agency> {
        self.directory.load().agencies.values().cloned().collect()
    }

    /// The trials of the agency that are signed or under way, and that no common layer keeps apart from this one.
    fn overlaps(&self, trial: &Trial) -> Vec<Overlap> {
        let plan = trial.plan.protocol();
        let live = |state: State| {
            matches!(
                state,
                State::Approved | State::Enrolling | State::EnrolmentPaused | State::Suspended | State::FollowUp
            )
        };
        let directory = self.directory.load();
        let others = directory.trials.values().filter(|other| {
            let apart = plan.layer.is_some() && other.plan.protocol().layer == plan.layer;
            other.id != trial.id && other.agency_id == trial.agency_id && live(other.state) && !apart
        });
        let same = |other: &Trial| plan.touchpoint.is_some() && other.plan.protocol().touchpoint == plan.touchpoint;
        others.map(|other| Overlap { trial: Arc::clone(other), same_touchpoint: same(other) }).collect()
    }

    /// A trial with what its page shows.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; [`AppError::Forbidden`] for a key without the scope.
    pub async fn view_trial(&self, actor: &Actor, key: &str) -> Result<TrialView, AppError> {
        may_read(actor)?;
        let trial = self.trial_of(actor, key)?;
        let agency = self.agency_of(actor)?.name;
        let (id, agency_id, subject) = (trial.id, trial.agency_id, key.to_owned());
        let (under, authors, signed, people, entries) = self
            .store
            .read(move |c| {
                Ok((
                    UnderReview::read(c, id)?,
                    trials::authors(c, id)?,
                    trials::signatures_of(c, id)?,
                    people::of_agency(c, agency_id)?,
                    audit::about(c, &subject, 50)?,
                ))
            })
            .await?;
        let name = |id: i64| people.iter().find(|person| person.id == id).map(|person| person.name.clone());
        let (missing, needed) = (under.missing(), under.review.needed().to_vec());
        let signatures = signatures(signed)?
            .into_iter()
            .map(|signature| SignatureView {
                stands: under.review.standing().any(|standing| *standing == signature),
                kind: signature.kind,
                name: name(signature.person).unwrap_or_else(|| "somebody who has left".into()),
                role: signature.role,
                current: signature.protocol_id == *under.plan.id(),
                protocol_id: signature.protocol_id,
                at: signature.at,
                note: signature.note,
            })
            .collect();
        let history = entries
            .into_iter()
            .map(|entry| HistoryEntry {
                at: instant(entry.at),
                name: entry.person_id.and_then(name),
                action: entry.action,
                reason: serde_json::from_str::<serde_json::Value>(&entry.detail)
                    .ok()
                    .and_then(|detail| detail.get("reason").and_then(|reason| reason.as_str().map(str::to_owned)))
                    .filter(|reason| !reason.is_empty()),
            })
            .collect();
        let people = self.people_in(&trial);
        let overlaps = self.overlaps(&trial);
        let tier = under.assessment.tier;
        let lacking = if trial.state.has_started() { Vec::new() } else { not_ready(under.plan.protocol(), tier) };
        Ok(TrialView {
            trial,
            agency,
            people,
            tier,
            tier_reasons: under.assessment.reasons,
            lacking,
            under_review: under.plan.id().clone(),
            waiting_version: under.amendment.map(|amendment| amendment.version),
            needed,
            missing,
            signatures,
            authors,
            history,
            overlaps,
        })
    }
}

pub(crate) fn may_read(actor: &Actor) -> Result<(), AppError> {
    match actor {
        Actor::Person(_) => Ok(()),
        Actor::Key(key) if key.scopes.contains(Scope::TrialsWrite) => Ok(()),
        Actor::Key(key) => key.needs(Scope::TrialsRead),
    }
}

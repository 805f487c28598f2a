//! Asking which versions a person gets in several trials, in one call.

use std::sync::Arc;

use fairtrial_domain::{
    Fault, Pseudonym, TouchpointKey,
    eligibility::Attributes,
    trial::{AssignmentOutcome, Scope, read_attributes},
};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::{
    assign::{Asker, AssignCall, Assignment, PLANS_TRIED, Passed, not_enrolled},
    placement::Placement,
};
use crate::{
    error::AppError,
    state::{
        App,
        actor::KeyActor,
        directory::{Directory, Trial},
        known::KnownPlace,
    },
};

/// What one of several trials answers.
pub type Answered = (Arc<Trial>, Result<Told, AppError>);

/// What a person is told by one of several trials.
#[derive(Debug)]
pub enum Told {
    /// The version of the place that they have had.
    Placed(Placement),
    /// Anything else.
    Assignment(Box<Assignment>),
}

impl Told {
    /// The whole answer.
    #[must_use]
    pub fn assignment(self, trial: &Trial) -> Assignment {
        match self {
            Self::Placed(placement) => placement.assignment(trial, AssignmentOutcome::Existing),
            Self::Assignment(assignment) => *assignment,
        }
    }
}

impl App {
    /// What somebody is told who has a place; see [`App::placement`].
    pub(super) fn told(&self, trial: &Trial, asked: &Pseudonym, unit: &Pseudonym, place: KnownPlace) -> Told {
        match self.placement(trial, asked, unit, place) {
            Ok(placement) => Told::Placed(placement),
            Err((outcome, why)) => Told::Assignment(Box::new(not_enrolled(trial, outcome, why.into()))),
        }
    }

    /// Which versions a person gets in all started trials of a touchpoint.
    ///
    /// Attributes that some trial of the touchpoint declares are read by those that do; one that none declares is refused, and so
    /// is one that ill fits, before anybody is drawn.
    ///
    /// # Errors
    /// As [`App::assign`]; [`AppError::NotFound`] for a touchpoint without trials. What keeps one trial from answering, on our side,
    /// is the answer of that trial, unless it keeps all of them.
    pub async fn assign_at_touchpoint(
        &self,
        caller: &KeyActor,
        touchpoint: &str,
        call: &AssignCall,
    ) -> Result<Vec<Answered>, AppError> {
        caller.needs(Scope::Assign)?;
        let directory = self.directory.load_full();
        let key = TouchpointKey::new(touchpoint).map_err(|_| AppError::NotFound("touchpoint"))?;
        let trials = directory.by_touchpoint.get(&(caller.agency_id, key)).ok_or(AppError::NotFound("touchpoint"))?;
        let started: Vec<_> = trials.iter().filter(|trial| trial.state.has_started()).collect();
        undeclared(&started, &call.attributes)?;
        for trial in &started {
            own_attributes(trial, &call.attributes)?;
        }
        let answers = self.assign_in_each(&directory, &started, caller, call).await?;
        let caused = |(trial, answer): Answered| match answer {
            Err(error) if !error.is_ours() => Err(error),
            answer => Ok((trial, answer)),
        };
        answers.into_iter().map(caused).collect()
    }

    /// Which versions a person gets in all started trials of the key's agency, by the trials' keys. An app has one set of facts for
    /// all of them, so each trial reads what it declares and the others pass it over; what stops one trial stops no other.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for a key without the scope; what else may go wrong is the answer of the trial that it stops, unless
    /// something on our side stops all of them.
    pub async fn assign_in_started(&self, caller: &KeyActor, call: &AssignCall) -> Result<Vec<Answered>, AppError> {
        caller.needs(Scope::Assign)?;
        let directory = self.directory.load_full();
        let started: Vec<_> = directory.started_of(caller.agency_id).iter().collect();
        self.assign_in_each(&directory, &started, caller, call).await
    }

    /// Assigns in each of some trials, whose answers keep their order. Who is known is answered from memory, whatever the database
    /// does. Places in the others are drawn at the same time and take one place of the queue together, so that no call fills it; only
    /// where trials may exclude each other, they come one after the other, in an order that is drawn.
    async fn assign_in_each(
        &self,
        directory: &Arc<Directory>,
        trials: &[&Arc<Trial>],
        caller: &KeyActor,
        call: &AssignCall,
    ) -> Result<Vec<Answered>, AppError> {
        let agency = directory.agency(caller.agency_id)?;
        let unit = agency.pseudonym_key.pseudonym(&call.unit);
        let places = self.known.places_of(&unit);
        let mut answers = Vec::with_capacity(trials.len());
        let (mut free, mut bound) = (Vec::new(), Vec::new());
        for (number, trial) in trials.iter().enumerate() {
            let place = || places.get(trial.id).map(|place| (unit, place)).or_else(|| self.place(trial.id, &unit));
            let attributes = match own_attributes(trial, &call.attributes) {
                Ok(attributes) => attributes,
                Err(error) => {
                    answers.push((number, Err(error)));
                    continue;
                }
            };
            if let Some((as_whom, place)) = place().filter(|_| !call.dry_run) {
                answers.push((number, Ok(self.told(trial, &unit, &as_whom, place))));
                continue;
            }
            let excludes = agency.burden_cap.is_some() || trial.plan.protocol().layer.is_some();
            if excludes { &mut bound } else { &mut free }.push((number, *trial, attributes));
        }
        let asker = Asker { key: caller, unit: &unit, cluster: call.cluster.as_deref(), dry_run: call.dry_run };
        let told = |answer: Assignment| Told::Assignment(Box::new(answer));
        let drawn = self.draw_in_each(directory, &free, asker).await;
        answers.extend(drawn.into_iter().map(|(number, answer)| (number, answer.map(told))));
        in_drawn_order(&unit, &mut bound);
        for (number, trial, attributes) in &bound {
            let answer = self.assign_in(directory, trial, asker.of(trial), attributes).await;
            answers.push((*number, answer.map(told)));
        }
        answers.sort_unstable_by_key(|(number, _)| *number);
        let answers: Vec<Answered> =
            trials.iter().zip(answers).map(|(trial, (_, answer))| (Arc::clone(trial), answer)).collect();
        match answers.first() {
            Some((_, Err(first)))
                if answers.iter().all(|(_, answer)| answer.as_ref().is_err_and(AppError::is_ours)) =>
            {
                Err(first.clone())
            }
            _ => Ok(answers),
        }
    }
}

impl Asker<'_> {
    /// The same for one of several trials. A cluster is sent for those trials that assign clusters; the others do not look at it.
    fn of(self, trial: &Trial) -> Self {
        let by_cluster = trial.plan.protocol().allocation.is_by_cluster();
        Self { cluster: self.cluster.filter(|_| by_cluster), ..self }
    }
}

impl App {
    /// Draws in each of some trials that do not exclude each other. Together they take one place of the queue and are committed at once;
    /// where there is no room, nothing of it is kept. As [`App::assign_in`], those whose plan changed meanwhile are tried anew.
    async fn draw_in_each(
        &self,
        directory: &Arc<Directory>,
        trials: &[(usize, &Arc<Trial>, Attributes)],
        asker: Asker<'_>,
    ) -> Vec<(usize, Result<Assignment, AppError>)> {
        let mut answers = Vec::with_capacity(trials.len());
        let mut directory = Arc::clone(directory);
        let mut left: Vec<_> =
            trials.iter().map(|(number, trial, given)| (*number, Arc::clone(trial), given)).collect();
        for _ in 0..PLANS_TRIED {
            let (mut waiting, mut requests) = (Vec::new(), Vec::new());
            for (number, trial, given) in std::mem::take(&mut left) {
                match self.before_store(&directory, &trial, asker.of(&trial), given) {
                    Err(error) => answers.push((number, Err(error))),
                    Ok(Passed::Answered(answer)) => answers.push((number, Ok(*answer))),
                    Ok(Passed::Draws(request)) => {
                        requests.push(request);
                        waiting.push((number, trial, given));
                    }
                }
            }
            let drawn = match self.store.assign_each(requests).await {
                Ok(drawn) => drawn,
                Err(error) => vec![Err(error); waiting.len()],
            };
            for ((number, trial, given), drawn) in waiting.into_iter().zip(drawn) {
                let answer = drawn.map_err(AppError::from);
                match answer.and_then(|drawn| self.after_store(&trial, asker.unit, drawn)) {
                    Ok(None) => left.push((number, trial, given)),
                    Ok(Some(answer)) => answers.push((number, Ok(answer))),
                    Err(error) => answers.push((number, Err(error))),
                }
            }
            if left.is_empty() {
                return answers;
            }
            if let Err(error) = self.reload_directory().await {
                answers.extend(left.into_iter().map(|(number, ..)| (number, Err(error.clone()))));
                return answers;
            }
            directory = self.directory.load_full();
            left.retain_mut(|(number, trial, _)| match directory.by_id.get(&trial.id) {
                Some(newer) => {
                    *trial = Arc::clone(newer);
                    true
                }
                None => {
                    answers.push((*number, Err(AppError::NotFound("trial"))));
                    false
                }
            });
        }
        answers.extend(left.into_iter().map(|(number, ..)| (number, Err(AppError::Busy))));
        answers
    }
}

/// What a trial declares of what was sent.
fn own_attributes(trial: &Trial, sent: &Map<String, Value>) -> Result<Attributes, AppError> {
    let declared = &trial.plan.protocol().attributes;
    if sent.is_empty() || declared.is_empty() {
        return Ok(Attributes::new());
    }
    let own = sent.iter().filter(|(name, _)| declared.iter().any(|attribute| attribute.name == **name));
    let own = own.map(|(name, value)| (name.clone(), value.clone())).collect();
    read_attributes(declared, &own).map_err(AppError::Invalid)
}

/// Puts trials into an order that a hash of unit and trial draws. Where trials exclude each other, the first to ask gets the
/// person: were the order fixed, the first trial would get everybody.
fn in_drawn_order<T>(unit: &Pseudonym, trials: &mut [(usize, &Arc<Trial>, T)]) {
    trials.sort_by_cached_key(|(_, trial, _)| {
        Sha256::digest(format!("fairtrial/1/order/{}/{}", trial.key(), unit.to_hex()))
    });
}

/// Refuses attributes that no trial of a touchpoint declares.
fn undeclared(trials: &[&Arc<Trial>], sent: &Map<String, Value>) -> Result<(), AppError> {
    let declared =
        |name: &str| trials.iter().any(|trial| trial.plan.protocol().attributes.iter().any(|a| a.name == name));
    let faults: Vec<Fault> = sent
        .keys()
        .filter(|name| !declared(name))
        .map(|name| {
            let place = format!("/attributes/{}", fairtrial_domain::canonical::escape(name));
            Fault::new(
                place,
                "undeclared_attribute",
                "no trial at this touchpoint declares this attribute; leave it out",
            )
        })
        .collect();
    if faults.is_empty() { Ok(()) } else { Err(AppError::Invalid(faults)) }
}

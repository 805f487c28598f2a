//! Moving a trial through its life.

use std::sync::Arc;

use chrono::NaiveDate;
use fairtrial_domain::{
    allocation::AllocationSecret,
    protocol::{Allocation, ProtocolId},
    trial::{DataSeen, Decision, PersonRole, State, Verb, not_ready},
};
use fairtrial_store::{
    DbConnection, audit, limits, log,
    trials::{self, StateChange},
};
use serde_json::json;

use super::review::UnderReview;
use crate::{
    error::AppError,
    state::{
        App,
        actor::{Actor, Person},
        directory::Trial,
    },
};

/// What somebody asks to be done with a trial.
#[derive(Debug, Clone)]
pub struct Move {
    /// The verb.
    pub verb: Verb,
    /// Why, in the person's own words.
    pub reason: String,
    /// The plan that the person saw; a move that is based on another is refused.
    pub protocol_id: Option<ProtocolId>,
    /// The role in which they sign, for [`Verb::Approve`].
    pub role: Option<PersonRole>,
    /// For [`Verb::Approve`]: what must be met before the signature counts. Signing again without one says that it is.
    pub condition: Option<String>,
    /// For [`Verb::Stop`]: whether everybody goes back to the current version for good, because people are harmed.
    pub because_of_harm: bool,
    /// For [`Verb::Decide`]: what is decided.
    pub decision: Option<Decision>,
    /// For a decision to adopt: who sees to it, and by when. Whoever agrees to somebody else's decision need not repeat it.
    pub adoption: Option<AdoptionPlan>,
    /// For [`Verb::Amend`]: the new plan, as a document.
    pub document: Option<Vec<u8>>,
    /// For [`Verb::Amend`]: what had been seen of the outcomes.
    pub data_seen: Option<DataSeen>,
}

impl Move {
    /// A move without more ado.
    #[must_use]
    pub fn plain(verb: Verb, reason: &str) -> Self {
        Self {
            verb,
            reason: reason.to_owned(),
            protocol_id: None,
            role: None,
            condition: None,
            because_of_harm: false,
            decision: None,
            adoption: None,
            document: None,
            data_seen: None,
        }
    }
}

/// Who sees to it that a version becomes the usual one, and by when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdoptionPlan {
    /// The person or team that answers for it.
    pub owner: String,
    /// The day by which it is to be done.
    pub due_on: NaiveDate,
}

/// The roles that sign plans.
pub(super) const SIGNING: [PersonRole; 5] =
    [PersonRole::Approver, PersonRole::Privacy, PersonRole::Ethics, PersonRole::MaoriGovernance, PersonRole::Monitor];

impl App {
    /// Does what is asked, when the trial's state, the person's roles and the signatures allow it. Returns the state after it;
    /// it is the one before while a second person must agree, or signatures are missing.
    ///
    /// # Errors
    /// [`AppError::Conflict`] when it does not fit the state, signatures are missing, or the plan is another than the
    /// person saw; [`AppError::Forbidden`] when the person may not; [`AppError::Invalid`] for a missing reason, and for a
    /// plan that is not ready, with everything it lacks.
    pub async fn move_trial(&self, actor: &Actor, key: &str, asked: &Move) -> Result<State, AppError> {
        let person = actor.person()?;
        let trial = self.trial_of(actor, key)?;
        may(person, asked.verb, trial.halted)?;
        let next =
            trial.state.after(asked.verb).map_err(|error| AppError::conflict("wrong_state", error.to_string()))?;
        let about_amendment = trial.state.has_started() && matches!(asked.verb, Verb::Approve | Verb::Return);
        if !about_amendment && asked.protocol_id.as_ref().is_some_and(|seen| seen != trial.plan.id()) {
            return Err(AppError::conflict(
                "plan_changed",
                "the plan was changed since you read it; read it again first",
            ));
        }
        check_reason(asked)?;
        match asked.verb {
            Verb::Approve => self.sign(actor, person, &trial, asked).await,
            Verb::Return => self.give_back(actor, person, &trial, asked, next).await,
            Verb::Refuse => self.refuse(actor, person, &trial, asked, next).await,
            // What a boundary has stopped goes on when two people say so, like what was suspended.
            Verb::ResumeEnrolment if trial.halted => self.resume(actor, person, &trial, asked, next).await,
            Verb::Resume => self.resume(actor, person, &trial, asked, next).await,
            Verb::Decide => self.decide(actor, person, &trial, asked, next).await,
            Verb::Publish => self.publish(actor, person, &trial, asked, next).await,
            Verb::Amend => self.amend(actor, person, &trial, asked).await,
            _ => self.change_state(actor, person, &trial, asked, next).await,
        }?;
        self.reload_directory().await?;
        Ok(self.trial_of(actor, key)?.state)
    }

    async fn change_state(
        &self,
        actor: &Actor,
        person: &Person,
        trial: &Arc<Trial>,
        asked: &Move,
        next: State,
    ) -> Result<(), AppError> {
        if asked.verb == Verb::Start {
            check_steps(trial, self.ambient.now_micros())?;
        }
        if asked.verb == Verb::LockData {
            // What is noted after the lock counts in no number.
            self.note_refused().await?;
        }
        let change = self.state_change(trial, asked, next)?;
        let detail = json!({
            "from": trial.state, "to": next, "reason": asked.reason, "protocol_id": trial.plan.id(),
            "because_of_harm": asked.because_of_harm, "secret_commitment": change.secret_commitment,
        });
        let entry = self.entry(actor, person, &format!("trial.{}", asked.verb.as_str()), trial.key(), detail);
        let layer = trial.plan.protocol().layer.clone().filter(|_| asked.verb == Verb::Start);
        let today = self.ambient.now().with_timezone(&trial.plan.protocol().time_zone).date_naive();
        let (moved, verb) = (Arc::clone(trial), asked.verb);
        let work = move |c: &mut DbConnection| {
            if matches!(verb, Verb::Submit | Verb::Start)
                && let Err(refusal) = may_go_on(&UnderReview::read(c, moved.id)?, verb, today)
            {
                return Ok(Err(refusal));
            }
            let mut change = change;
            match verb {
                Verb::Start => change.started_sequence = Some(log::close_events(c, moved.id)?),
                Verb::LockData => change.locked_sequence = Some(log::close_events(c, moved.id)?),
                _ => {}
            }
            trials::move_state(c, moved.id, moved.state.as_str(), moved.plan.id().as_str(), &change)?;
            if let Some(layer) = &layer {
                limits::enter_layer(c, moved.id, moved.agency_id, layer.as_str())?;
            }
            audit::append(c, &entry)?;
            Ok(Ok(()))
        };
        match asked.verb {
            // Also on a full disk.
            Verb::Suspend | Verb::Stop => self.store.write_urgently(work).await??,
            _ => self.store.write(work).await??,
        }
        if asked.verb == Verb::LockData {
            // The verdict is of everything that had arrived, so it is computed and frozen before anybody reads it.
            self.reload_directory().await?;
            let locked = self.trial_of(actor, trial.key())?;
            self.compute_report(&locked).await?;
        }
        Ok(())
    }

    pub(super) fn state_change(&self, trial: &Trial, asked: &Move, next: State) -> Result<StateChange, AppError> {
        let at = self.ambient.now_micros();
        let reason = (!asked.reason.trim().is_empty()).then(|| asked.reason.trim().to_owned());
        let mut change =
            StateChange { state: next.as_str().to_owned(), state_reason: reason, ..StateChange::default() };
        match asked.verb {
            Verb::Start => {
                let secret: [u8; 32] = self.ambient.bytes();
                let label = format!("allocation of {}", trial.key());
                change.sealed_secret = Some(self.master_key.seal(&self.ambient, &label, &secret)?);
                change.secret_commitment = Some(AllocationSecret::new(secret).commitment());
                change.started_at = Some(at);
            }
            Verb::Stop => {
                change.ended_at = Some(at);
                change.reverted = asked.because_of_harm.then_some(true);
            }
            Verb::LockData => change.locked_at = Some(at),
            Verb::Resume | Verb::ResumeEnrolment => change.halted = Some(false),
            _ => {}
        }
        Ok(change)
    }
}

/// What a plan must have before it is sent for signatures, and before the trial starts: seen in the same transaction.
fn may_go_on(under: &UnderReview, verb: Verb, today: NaiveDate) -> Result<(), AppError> {
    let lacking = not_ready(under.plan.protocol(), under.assessment.tier);
    if !lacking.is_empty() {
        return Err(AppError::Invalid(lacking));
    }
    if verb == Verb::Submit {
        return Ok(());
    }
    let missing = under.missing();
    if !missing.is_empty() {
        let names: Vec<&str> = missing.iter().map(|role| role.as_str()).collect();
        let detail = format!("the plan still needs the signature of: {}", names.join(", "));
        return Err(AppError::conflict("signatures_missing", detail));
    }
    let window = under.plan.protocol().public_comment;
    if let Some(window) = window.filter(|window| today <= window.until) {
        let detail = format!("the public can comment until {}; start after that day", window.until);
        return Err(AppError::conflict("comment_window_open", detail));
    }
    Ok(())
}

/// Which roles may do what. Stopping never needs anybody's leave: everybody who works on a trial may.
///
/// Where a boundary has stopped enrolment, whoever may resume a trial may ask for it: two must agree, one of them a monitor.
pub(crate) fn may(person: &Person, verb: Verb, halted: bool) -> Result<(), AppError> {
    use PersonRole as R;
    match verb {
        Verb::ResumeEnrolment if halted => may(person, Verb::Resume, halted),
        Verb::Submit | Verb::Start | Verb::PauseEnrolment | Verb::ResumeEnrolment | Verb::Withdraw | Verb::Amend => {
            person.needs_one_of(&[R::Designer])
        }
        Verb::Approve | Verb::Return | Verb::Refuse => person.needs_one_of(&SIGNING),
        Verb::Suspend | Verb::Stop => {
            let mut roles = SIGNING.to_vec();
            roles.extend([R::Designer, R::Manager, R::Analyst]);
            person.needs_one_of(&roles)
        }
        Verb::Resume => {
            let mut roles = SIGNING.to_vec();
            roles.extend([R::Designer, R::Manager]);
            person.needs_one_of(&roles)
        }
        Verb::LockData => person.needs_one_of(&[R::Analyst, R::Designer]),
        Verb::Decide => person.needs_one_of(&[R::Manager, R::Approver]),
        Verb::Publish => person.needs_one_of(&[R::Manager, R::Approver, R::Designer]),
    }
}

/// A stepped wedge that starts on or after its first step would have no time before it.
fn check_steps(trial: &Trial, at: i64) -> Result<(), AppError> {
    match &trial.plan.protocol().allocation {
        Allocation::SteppedWedge { steps, .. } if steps.first().is_some_and(|first| trial.day_of(at) >= *first) => {
            let detail = "the first step of the plan is not in the future any more; change the steps first";
            Err(AppError::conflict("steps_past", detail))
        }
        _ => Ok(()),
    }
}

fn check_reason(asked: &Move) -> Result<(), AppError> {
    // Not for suspending: whoever sees harm presses one button, and says why afterwards.
    let needs = matches!(
        asked.verb,
        Verb::Return | Verb::Refuse | Verb::Resume | Verb::Stop | Verb::LockData | Verb::Withdraw | Verb::Amend
    );
    let length = asked.reason.trim().chars().count();
    if needs && length == 0 {
        return Err(AppError::invalid("/reason", "missing_field", "say why: it is kept, and others will read it"));
    }
    for (pointer, text) in [("/reason", Some(&asked.reason)), ("/condition", asked.condition.as_ref())] {
        if text.is_some_and(|text| text.chars().count() > 1_000 || text.contains('\0')) {
            return Err(AppError::invalid(pointer, "out_of_range", "this has at most 1,000 characters"));
        }
    }
    Ok(())
}

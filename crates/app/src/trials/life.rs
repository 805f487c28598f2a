//! Moving a trial through its life.

use fairtrial_domain::{
    allocation::AllocationSecret,
    protocol::{Allocation, ProtocolId},
    trial::{PersonRole, Signature, State, Verb, missing_signatures},
};
use fairtrial_store::{
    StoreError, audit, limits, log,
    trials::{self, NewSignature, SignatureRow, StateChange},
};
use serde_json::json;

use crate::{
    error::AppError,
    state::{
        App,
        actor::{Actor, Person},
        directory::{Trial, instant},
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
    /// For [`Verb::Stop`]: whether everybody goes back to the current version for good, because people are harmed.
    pub because_of_harm: bool,
}

impl Move {
    /// A move without more ado.
    #[must_use]
    pub fn plain(verb: Verb, reason: &str) -> Self {
        Self { verb, reason: reason.to_owned(), protocol_id: None, role: None, because_of_harm: false }
    }
}

const SIGNING: [PersonRole; 4] =
    [PersonRole::Approver, PersonRole::Privacy, PersonRole::Ethics, PersonRole::MaoriGovernance];

impl App {
    /// Does what is asked, when the trial's state, the person's roles and the signatures allow it. Returns the new state.
    ///
    /// # Errors
    /// [`AppError::Conflict`] when it does not fit the state, signatures are missing, or the plan is another than the
    /// person saw; [`AppError::Forbidden`] when the person may not; [`AppError::Invalid`] for a missing reason.
    pub async fn move_trial(&self, actor: &Actor, key: &str, asked: &Move) -> Result<State, AppError> {
        let person = actor.person()?;
        let trial = self.trial_of(actor, key)?;
        may(person, asked.verb)?;
        let next =
            trial.state.after(asked.verb).map_err(|error| AppError::conflict("wrong_state", error.to_string()))?;
        if asked.protocol_id.as_ref().is_some_and(|seen| seen != trial.plan.id()) {
            return Err(AppError::conflict(
                "plan_changed",
                "the plan was changed since you read it; read it again first",
            ));
        }
        check_reason(asked)?;
        match asked.verb {
            Verb::Approve => self.sign(actor, person, &trial, asked).await,
            _ => self.change_state(actor, person, &trial, asked, next).await,
        }?;
        self.reload_directory().await?;
        Ok(self.trial_of(actor, key)?.state)
    }

    async fn change_state(
        &self,
        actor: &Actor,
        person: &Person,
        trial: &Trial,
        asked: &Move,
        next: State,
    ) -> Result<(), AppError> {
        if asked.verb == Verb::Start {
            check_steps(trial, self.ambient.now_micros())?;
            self.check_signatures(trial).await?;
        }
        let change = self.state_change(trial, asked, next)?;
        let commitment = change.secret_commitment.clone();
        let detail = json!({
            "from": trial.state, "to": next, "reason": asked.reason, "protocol_id": trial.plan.id(),
            "because_of_harm": asked.because_of_harm, "secret_commitment": commitment,
        });
        let entry = self.entry(actor, person, &format!("trial.{}", asked.verb.as_str()), trial.key(), detail);
        let (id, from, protocol_id) = (trial.id, trial.state.as_str(), trial.plan.id().as_str().to_owned());
        let layer = trial.plan.protocol().layer.clone().filter(|_| asked.verb == Verb::Start);
        let agency_id = trial.agency_id;
        let locks = asked.verb == Verb::LockData;
        self.store
            .write(move |c| {
                let mut change = change;
                if locks {
                    change.locked_sequence = Some(log::last_event(c)?);
                }
                trials::move_state(c, id, from, &protocol_id, &change)?;
                if let Some(layer) = &layer {
                    limits::enter_layer(c, id, agency_id, layer.as_str())?;
                }
                audit::append(c, &entry)
            })
            .await?;
        if locks {
            // The verdict is of everything that had arrived, so fold it before anybody reads it.
            self.reload_directory().await?;
            self.catch_up().await?;
        }
        Ok(())
    }

    fn state_change(&self, trial: &Trial, asked: &Move, next: State) -> Result<StateChange, AppError> {
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
            _ => {}
        }
        Ok(change)
    }

    async fn check_signatures(&self, trial: &Trial) -> Result<(), AppError> {
        let missing = self.missing_roles(trial).await?;
        if missing.is_empty() {
            return Ok(());
        }
        let names: Vec<&str> = missing.iter().map(|role| role.as_str()).collect();
        Err(AppError::conflict(
            "signatures_missing",
            format!("the plan still needs the signature of: {}", names.join(", ")),
        ))
    }

    pub(crate) async fn missing_roles(&self, trial: &Trial) -> Result<Vec<PersonRole>, AppError> {
        let id = trial.id;
        let (authors, rows) =
            self.store.read(move |c| Ok((trials::authors(c, id)?, trials::signatures_of(c, id)?))).await?;
        let signatures = signatures(rows)?;
        Ok(missing_signatures(trial.plan.protocol(), trial.plan.id(), &authors, &signatures))
    }

    async fn sign(&self, actor: &Actor, person: &Person, trial: &Trial, asked: &Move) -> Result<(), AppError> {
        let role = asked.role.or_else(|| SIGNING.into_iter().find(|role| person.has(*role)));
        let role = role.filter(|role| SIGNING.contains(role) && person.has(*role));
        let role =
            role.ok_or_else(|| AppError::Forbidden("you do not have the role in which you want to sign".into()))?;
        let id = trial.id;
        let authors = self.store.read(move |c| trials::authors(c, id)).await?;
        if authors.contains(&person.id) {
            return Err(AppError::Forbidden("you wrote part of this plan, so somebody else must sign it".into()));
        }
        let signature = NewSignature {
            trial_id: trial.id,
            person_id: person.id,
            role: role.as_str().to_owned(),
            protocol_id: trial.plan.id().as_str().to_owned(),
            note: asked.reason.clone(),
            signed_at: self.ambient.now_micros(),
        };
        let detail = json!({"role": role, "protocol_id": trial.plan.id(), "note": asked.reason});
        let entry = self.entry(actor, person, "trial.approve", trial.key(), detail);
        let plan = std::sync::Arc::clone(&trial.plan);
        self.store
            .write(move |c| {
                let row = trials::by_id(c, id)?.ok_or_else(|| StoreError::Changed("the trial is gone".into()))?;
                if row.state != State::InReview.as_str() || row.protocol_id != plan.id().as_str() {
                    return Err(StoreError::Changed("the trial was moved or edited in the meantime".into()));
                }
                trials::sign(c, &signature)?;
                audit::append(c, &entry)?;
                let signed =
                    signatures(trials::signatures_of(c, id)?).map_err(|e| StoreError::Damaged(e.to_string()))?;
                let authors = trials::authors(c, id)?;
                if missing_signatures(plan.protocol(), plan.id(), &authors, &signed).is_empty() {
                    let change = StateChange { state: State::Approved.as_str().into(), ..StateChange::default() };
                    trials::move_state(c, id, State::InReview.as_str(), plan.id().as_str(), &change)?;
                }
                Ok(())
            })
            .await?;
        Ok(())
    }
}

pub(crate) fn signatures(rows: Vec<SignatureRow>) -> Result<Vec<Signature>, AppError> {
    rows.into_iter()
        .map(|row| {
            let damaged = || AppError::Internal(format!("signature {} cannot be read", row.id));
            Ok(Signature {
                person: row.person_id,
                role: PersonRole::from_word(&row.role).ok_or_else(damaged)?,
                protocol_id: row.protocol_id.parse().map_err(|_| damaged())?,
                at: instant(row.signed_at),
                note: row.note,
            })
        })
        .collect()
}

/// Which roles may do what. Stopping never needs anybody's leave: everybody who works on a trial may.
pub(crate) fn may(person: &Person, verb: Verb) -> Result<(), AppError> {
    use PersonRole as R;
    match verb {
        Verb::Submit | Verb::Start | Verb::PauseEnrolment | Verb::ResumeEnrolment | Verb::Withdraw => {
            person.needs_one_of(&[R::Designer])
        }
        Verb::Approve | Verb::Return => person.needs_one_of(&SIGNING),
        Verb::Suspend | Verb::Stop => {
            let mut roles = SIGNING.to_vec();
            roles.extend([R::Designer, R::Monitor, R::Manager, R::Analyst]);
            person.needs_one_of(&roles)
        }
        Verb::Resume => person.needs_one_of(&[R::Monitor, R::Approver]),
        Verb::LockData => person.needs_one_of(&[R::Analyst, R::Designer]),
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
    let needs = matches!(
        asked.verb,
        Verb::Return | Verb::Suspend | Verb::Resume | Verb::Stop | Verb::LockData | Verb::Withdraw
    );
    let length = asked.reason.trim().chars().count();
    if needs && length == 0 {
        return Err(AppError::invalid("/reason", "missing_field", "say why: it is kept, and others will read it"));
    }
    if length > 1_000 || asked.reason.contains('\0') {
        return Err(AppError::invalid("/reason", "out_of_range", "a reason has at most 1,000 characters"));
    }
    Ok(())
}

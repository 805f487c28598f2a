//! Signatures: under a plan before the start, and under an amendment after it.

use std::{collections::HashMap, sync::Arc};

use fairtrial_domain::{
    LockedProtocol,
    trial::{
        AmendmentClass, AmendmentEnd, Assessment, PersonRole, Review, SignError, Signature, SignatureKind, State, Tier,
        Verb, assess,
    },
};
use fairtrial_store::{
    DbConnection, StoreError, agencies,
    amendments::{self, Amendment, End},
    audit, people,
    trials::{self, NewSignature, SignatureRow, StateChange, TrialRow},
};
use serde_json::json;

use super::life::{Move, SIGNING};
use crate::{
    error::AppError,
    state::{
        App,
        actor::{Actor, Person},
        directory::{Trial, instant, person_of},
    },
};

/// Who has which roles now; accounts that are closed have none.
#[derive(Debug, Clone, Default)]
pub(crate) struct Holders(HashMap<i64, Vec<PersonRole>>);

impl Holders {
    pub(crate) fn read(c: &mut DbConnection, agency_id: i64) -> Result<Self, StoreError> {
        let open = people::of_agency(c, agency_id)?.into_iter().filter(|row| !row.disabled);
        Ok(Self(open.map(person_of).map(|person| (person.id, person.roles)).collect()))
    }

    pub(crate) fn has(&self, person: i64, role: PersonRole) -> bool {
        self.0.get(&person).is_some_and(|roles| roles.contains(&role))
    }

    /// Whether the account of a person is open.
    pub(crate) fn is_open(&self, person: i64) -> bool {
        self.0.contains_key(&person)
    }

    pub(crate) fn has_one_of(&self, person: i64, roles: &[PersonRole]) -> bool {
        roles.iter().any(|role| self.has(person, *role))
    }
}

/// The content that waits for signatures: the plan, or once the trial has started an amendment of it.
#[derive(Debug, Clone)]
pub(crate) struct UnderReview {
    pub(crate) row: TrialRow,
    pub(crate) plan: LockedProtocol,
    pub(crate) assessment: Assessment,
    pub(crate) review: Review,
    pub(crate) amendment: Option<Amendment>,
    pub(crate) holders: Holders,
}

impl UnderReview {
    /// Reads it as it stands in this transaction.
    pub(crate) fn read(c: &mut DbConnection, trial_id: i64) -> Result<Self, StoreError> {
        let row = trials::by_id(c, trial_id)?.ok_or_else(|| StoreError::Changed("the trial is gone".into()))?;
        let latest = amendments::of_trial(c, trial_id)?.pop();
        let amendment = latest.filter(|(_, end)| end.is_none()).map(|(amendment, _)| amendment);
        let id = amendment.as_ref().map_or(&row.protocol_id, |amendment| &amendment.protocol_id);
        let damaged = || StoreError::Damaged(format!("plan of trial {}", row.key));
        let canonical = trials::canonical(c, trial_id, id)?.ok_or_else(damaged)?;
        let plan = LockedProtocol::from_json(canonical.as_bytes()).map_err(|_| damaged())?;
        let least = Tier::try_from(agencies::least_tier(c, row.agency_id)?).map_err(|_| damaged())?;
        let assessment = assess(plan.protocol(), least);
        let (authors, signed) = (trials::authors(c, trial_id)?, signatures(trials::signatures_of(c, trial_id)?)?);
        let minor = amendment.as_ref().is_some_and(|amendment| amendment.class == AmendmentClass::Minor.as_str());
        let review = if minor {
            Review::by_one_other(plan.id().clone(), authors, signed)
        } else {
            Review::new(plan.protocol(), assessment.tier, plan.id().clone(), authors, signed)
        };
        let holders = Holders::read(c, row.agency_id)?;
        Ok(Self { row, plan, assessment, review, amendment, holders })
    }

    /// The roles whose signature is missing.
    pub(crate) fn missing(&self) -> Vec<PersonRole> {
        self.review.missing(|person, role| self.holders.has(person, role))
    }

    /// Whether every signature was given at some time, also by people who have left since.
    pub(crate) fn was_signed(&self) -> bool {
        self.review.missing(|_, _| true).is_empty()
    }

    /// The role in which a person may refuse it for good: one that must sign, held by somebody who did not write it.
    pub(crate) fn refuses_as(&self, person: i64) -> Option<PersonRole> {
        let holds = |role: &PersonRole| self.holders.has(person, *role);
        self.review.needed().iter().copied().find(holds).filter(|_| !self.review.is_author(person))
    }

    /// The role in which a person signs when they do not name one: the first that is missing, or that they have.
    fn role_of(&self, person: i64) -> Option<PersonRole> {
        let has = |role: &PersonRole| self.holders.has(person, *role);
        self.missing().into_iter().find(has).or_else(|| SIGNING.into_iter().find(has))
    }

    /// Refuses when what stands in the database is not what the caller has seen.
    pub(crate) fn is_as_seen(&self, trial: &Trial, asked: &Move) -> Result<(), AppError> {
        if self.row.state != trial.state.as_str() || self.row.protocol_id != trial.plan.id().as_str() {
            return Err(AppError::conflict("changed_meanwhile", "the trial was moved or edited in the meantime"));
        }
        if asked.protocol_id.as_ref().is_some_and(|seen| seen != self.plan.id()) {
            return Err(AppError::conflict(
                "plan_changed",
                "the plan was changed since you read it; read it again first",
            ));
        }
        Ok(())
    }

    /// After the start there is something to sign or to return only while an amendment waits.
    pub(crate) fn needs_amendment(&self, verb: Verb) -> Result<(), AppError> {
        let started = State::from_word(&self.row.state).is_some_and(State::has_started);
        if started && self.amendment.is_none() {
            let detail = format!("no amendment of this trial waits, so there is nothing to {}", verb.as_str());
            return Err(AppError::conflict("no_amendment", detail));
        }
        Ok(())
    }
}

pub(crate) fn signatures(rows: Vec<SignatureRow>) -> Result<Vec<Signature>, StoreError> {
    rows.into_iter()
        .map(|row| {
            let damaged = || StoreError::Damaged(format!("signature {}", row.id));
            Ok(Signature {
                person: row.person_id,
                role: PersonRole::from_word(&row.role).ok_or_else(damaged)?,
                protocol_id: row.protocol_id.parse().map_err(|_| damaged())?,
                at: instant(row.signed_at),
                note: row.note,
                kind: SignatureKind::from_word(&row.kind).ok_or_else(damaged)?,
            })
        })
        .collect()
}

impl From<SignError> for AppError {
    fn from(error: SignError) -> Self {
        match error {
            SignError::Author => Self::Forbidden(error.to_string()),
            SignError::OtherRole(_) => Self::conflict("signed_in_another_role", error.to_string()),
            SignError::NotNeeded(_) => Self::conflict("signature_not_needed", error.to_string()),
        }
    }
}

impl App {
    /// Signs what is under review; with the last signature the plan is approved, or the amendment in force.
    pub(super) async fn sign(
        &self,
        actor: &Actor,
        person: &Person,
        trial: &Arc<Trial>,
        asked: &Move,
    ) -> Result<(), AppError> {
        let (trial, asked, signer) = (Arc::clone(trial), asked.clone(), person.id);
        let at = self.ambient.now_micros();
        let entry = self.entry(actor, person, "trial.approve", trial.key(), json!({}));
        let condition = asked.condition.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        self.store
            .write(move |c| {
                let under = UnderReview::read(c, trial.id)?;
                let role = asked.role.or_else(|| under.role_of(signer)).filter(|role| SIGNING.contains(role));
                let role = role.filter(|role| under.holders.has(signer, *role));
                let Some(role) = role else {
                    let detail = "you do not have the role in which you want to sign";
                    return Ok(Err(AppError::Forbidden(detail.into())));
                };
                let allowed = under
                    .needs_amendment(Verb::Approve)
                    .and_then(|()| under.is_as_seen(&trial, &asked))
                    .and_then(|()| Ok(under.review.may_sign(signer, role)?));
                if let Err(refusal) = allowed {
                    return Ok(Err(refusal));
                }
                let kind = if condition.is_some() { SignatureKind::Conditional } else { SignatureKind::Signed };
                let signature = NewSignature {
                    trial_id: trial.id,
                    person_id: signer,
                    role: role.as_str().to_owned(),
                    protocol_id: under.plan.id().as_str().to_owned(),
                    note: condition.clone().unwrap_or_else(|| asked.reason.clone()),
                    signed_at: at,
                    kind: kind.as_str().to_owned(),
                };
                trials::sign(c, &signature)?;
                let after = UnderReview::read(c, trial.id)?;
                let whole = after.missing().is_empty();
                if whole && trial.state == State::InReview {
                    let change = StateChange { state: State::Approved.as_str().into(), ..StateChange::default() };
                    trials::move_state(c, trial.id, trial.state.as_str(), after.plan.id().as_str(), &change)?;
                }
                if let Some(amendment) = after.amendment.as_ref().filter(|_| whole) {
                    let end = End {
                        trial_id: trial.id,
                        version: amendment.version,
                        outcome: AmendmentEnd::InForce.as_str().into(),
                        person_id: signer,
                        reason: asked.reason.clone(),
                        ended_at: at,
                    };
                    amendments::end(c, &end, Some(&amendment.protocol_id))?;
                }
                let mut entry = entry;
                let detail = json!({"role": role, "protocol_id": after.plan.id(), "note": asked.reason,
                    "condition": condition, "amendment": after.amendment.as_ref().map(|amendment| amendment.version),
                    "reason": condition.as_deref().unwrap_or(&asked.reason), "complete": whole});
                entry.detail = detail.to_string();
                audit::append(c, &entry)?;
                Ok(Ok(()))
            })
            .await?
    }

    /// Sends a plan back to its author, or refuses an amendment. Whoever had signed and returns it takes the signature back.
    pub(super) async fn give_back(
        &self,
        actor: &Actor,
        person: &Person,
        trial: &Arc<Trial>,
        asked: &Move,
        next: State,
    ) -> Result<(), AppError> {
        let (trial, asked, reviewer) = (Arc::clone(trial), asked.clone(), person.id);
        let at = self.ambient.now_micros();
        let entry = self.entry(actor, person, "trial.return", trial.key(), json!({}));
        let change = self.state_change(&trial, &asked, next)?;
        self.store
            .write(move |c| {
                let under = UnderReview::read(c, trial.id)?;
                let allowed =
                    under.needs_amendment(Verb::Return).and_then(|()| under.is_as_seen(&trial, &asked));
                if let Err(refusal) = allowed {
                    return Ok(Err(refusal));
                }
                let own = under.review.standing().find(|signature| signature.person == reviewer).cloned();
                if let Some(own) = &own {
                    let withdrawn = NewSignature {
                        trial_id: trial.id,
                        person_id: reviewer,
                        role: own.role.as_str().to_owned(),
                        protocol_id: own.protocol_id.as_str().to_owned(),
                        note: asked.reason.clone(),
                        signed_at: at,
                        kind: SignatureKind::Withdrawn.as_str().to_owned(),
                    };
                    trials::sign(c, &withdrawn)?;
                }
                match &under.amendment {
                    Some(amendment) => {
                        let end = End {
                            trial_id: trial.id,
                            version: amendment.version,
                            outcome: AmendmentEnd::Returned.as_str().into(),
                            person_id: reviewer,
                            reason: asked.reason.clone(),
                            ended_at: at,
                        };
                        amendments::end(c, &end, None)?;
                    }
                    None => {
                        trials::move_state(c, trial.id, trial.state.as_str(), under.plan.id().as_str(), &change)?;
                    }
                }
                let mut entry = entry;
                let detail = json!({"from": trial.state, "to": next, "reason": asked.reason, "protocol_id": under.plan.id(),
                    "amendment": under.amendment.as_ref().map(|amendment| amendment.version),
                    "signature_withdrawn": own.map(|own| own.role)});
                entry.detail = detail.to_string();
                audit::append(c, &entry)?;
                Ok(Ok(()))
            })
            .await?
    }
}

//! What waits for signatures, and everything that a reviewer reads before signing.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use fairtrial_analysis::rehearse::HarmRehearsal;
use fairtrial_domain::{
    LockedProtocol,
    trial::{Difference, PersonRole, SignatureKind, State, Tier, differences, document},
};
use fairtrial_store::{BurdenCap, StoreError, audit, trials};

use super::{
    comments::{self, Comment},
    life::SIGNING,
    review::{UnderReview, signatures},
    view::TrialView,
};
use crate::{
    error::AppError,
    learned::library::Card,
    state::{
        App,
        actor::Actor,
        directory::{Trial, instant},
    },
};

/// A plan or an amendment that waits for signatures.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// The trial.
    pub trial: Arc<Trial>,
    /// The number of the amendment, where it is one.
    pub amendment: Option<i64>,
    /// How much people could lose.
    pub tier: Tier,
    /// The role in which this person could sign it now.
    pub mine: Option<PersonRole>,
    /// Whether they have signed it on a condition that is still open.
    pub on_condition: bool,
    /// The roles whose signature is missing.
    pub missing: Vec<PersonRole>,
    /// Since when it waits.
    pub since: DateTime<Utc>,
}

/// What a reviewer reads.
#[derive(Debug, Clone)]
pub struct ReviewView {
    /// The trial with signatures, tier and verbs.
    pub view: TrialView,
    /// The content under review.
    pub plan: Arc<LockedProtocol>,
    /// What differs from the content that was signed or in force before; nothing when there was none.
    pub changes: Option<Changes>,
    /// What was said about it and about earlier contents, the oldest first.
    pub comments: Vec<Comment>,
    /// How soon its rules for harm stop a made-up trial.
    pub harm: HarmTold,
    /// Trials of the library that resemble it.
    pub similar: Vec<Card>,
    /// How many trials one person may meet, where the agency has a limit.
    pub burden_cap: Option<BurdenCap>,
}

/// What a rehearsal tells of the rules for harm.
#[derive(Debug, Clone)]
pub enum HarmTold {
    /// This content was not rehearsed since the server started; an amendment cannot be.
    NotRehearsed {
        /// Whether it can be now.
        can_be: bool,
    },
    /// It was, and has no measure of which this can be told.
    Nothing,
    /// What was found.
    Found(Arc<HarmRehearsal>),
}

/// How a content differs from one before it.
#[derive(Debug, Clone)]
pub struct Changes {
    /// The content before.
    pub before: Arc<LockedProtocol>,
    /// Each place that differs.
    pub differences: Vec<Difference>,
}

/// Who signs plans, and so has a queue.
pub const REVIEWERS: &[PersonRole] = &SIGNING;

impl App {
    /// The plans and amendments of the actor's agency that wait for signatures: those that wait for this person first, then
    /// what waits longest.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for a program; when the database fails.
    pub async fn reviews(&self, actor: &Actor) -> Result<Vec<Waiting>, AppError> {
        let person = actor.person()?;
        let mut found = Vec::new();
        for trial in self.trials_of(actor)? {
            let open = trial.state == State::InReview || (trial.state.has_started() && !trial.state.is_locked());
            if !open {
                continue;
            }
            let (id, key) = (trial.id, trial.key().to_owned());
            let (under, entries) =
                self.store.read(move |c| Ok((UnderReview::read(c, id)?, audit::about(c, &key, 100)?))).await?;
            if trial.state.has_started() && under.amendment.is_none() {
                continue;
            }
            let missing = under.missing();
            let standing = under.review.standing().find(|signature| signature.person == person.id).cloned();
            let mine = missing
                .iter()
                .copied()
                .find(|role| person.has(*role) && under.review.may_sign(person.id, *role).is_ok());
            let begins = if under.amendment.is_some() { "trial.amend" } else { "trial.submit" };
            let since = entries.iter().find(|entry| entry.action == begins);
            found.push(Waiting {
                amendment: under.amendment.as_ref().map(|amendment| amendment.version),
                tier: under.assessment.tier,
                mine,
                on_condition: standing.is_some_and(|signature| signature.kind == SignatureKind::Conditional),
                missing,
                since: since.map_or(trial.created_at, |entry| instant(entry.at)),
                trial,
            });
        }
        found.sort_by_key(|waiting| (waiting.mine.is_none(), waiting.since));
        Ok(found)
    }

    /// What a reviewer reads before signing.
    ///
    /// # Errors
    /// [`AppError::NotFound`], and when the database fails.
    pub async fn review(&self, actor: &Actor, key: &str) -> Result<ReviewView, AppError> {
        actor.person()?;
        let trial = self.trial_of(actor, key)?;
        let view = self.view_trial(actor, key).await?;
        let (id, agency_id) = (trial.id, trial.agency_id);
        let (under, before, comments) = self
            .store
            .read(move |c| {
                let under = UnderReview::read(c, id)?;
                let before = match &under.amendment {
                    Some(amendment) => Some(amendment.replaces.clone()),
                    None => signatures(trials::signatures_of(c, id)?)?
                        .into_iter()
                        .rfind(|signature| signature.protocol_id != *under.plan.id())
                        .map(|signature| signature.protocol_id.to_string()),
                };
                let before = match before {
                    Some(id_before) => trials::canonical(c, id, &id_before)?,
                    None => None,
                };
                let comments = comments::read(c, (id, agency_id), under.plan.id())?;
                Ok((under, before, comments))
            })
            .await?;
        let changes = before
            .map(|text| {
                let damaged = || AppError::Internal(format!("an older plan of {key} cannot be read"));
                let before = Arc::new(LockedProtocol::from_json(text.as_bytes()).map_err(|_| damaged())?);
                let differences = differences(&document(&before), &document(&under.plan));
                Ok::<_, AppError>(Changes { before, differences })
            })
            .transpose()?;
        let harm = match self.rehearsed_plan(under.plan.id()) {
            None => HarmTold::NotRehearsed { can_be: under.amendment.is_none() },
            Some(found) => found.harm.map_or(HarmTold::Nothing, HarmTold::Found),
        };
        let similar = self.similar(under.plan.protocol(), &under.plan.protocol().key).await?;
        let burden_cap = self.agency_of(actor)?.burden_cap;
        Ok(ReviewView { view, plan: Arc::new(under.plan), changes, comments, harm, similar, burden_cap })
    }

    /// The content of a draft that was sent for approval last; nothing when none was.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sent_last(&self, trial: &Trial) -> Result<Option<LockedProtocol>, AppError> {
        let (id, key) = (trial.id, trial.key().to_owned());
        let sent = self
            .store
            .read(move |c| {
                let Some(entry) = audit::latest(c, &key, "trial.submit")? else { return Ok(None) };
                let detail: serde_json::Value = serde_json::from_str(&entry.detail).unwrap_or_default();
                let sent = detail.get("protocol_id").and_then(|id| id.as_str().map(str::to_owned));
                let damaged = || StoreError::Damaged(format!("entry {} of the audit", entry.sequence));
                trials::canonical(c, id, &sent.ok_or_else(damaged)?)
            })
            .await?;
        sent.map(|text| {
            let damaged = || AppError::Internal(format!("an older plan of {} cannot be read", trial.key()));
            LockedProtocol::from_json(text.as_bytes()).map_err(|_| damaged())
        })
        .transpose()
    }
}

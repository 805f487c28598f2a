//! Amendments: how the plan of a started trial may still change.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use fairtrial_domain::{
    LockedProtocol,
    allocation::ALGO_VERSION,
    protocol::ProtocolId,
    trial::{
        AmendmentClass, AmendmentEnd, DataSeen, Difference, PersonRole, State, Tier, assess, classify, differences,
        document, not_ready,
    },
};
use fairtrial_store::{
    StoreError, agencies,
    amendments::{self, Amendment},
    audit, people,
    trials::{self, NewTrial},
};
use serde_json::json;

use super::{life::Move, view::may_read};
use crate::{
    error::AppError,
    state::{
        App,
        actor::{Actor, Person},
        directory::{Trial, instant},
    },
};

/// How a version of a plan stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Being written or signed, before the start.
    Draft,
    /// Waits for signatures.
    Waiting,
    /// The plan now.
    InForce,
    /// The plan once.
    Replaced,
    /// Not agreed to.
    Returned,
}

/// One version of a plan.
#[derive(Debug, Clone)]
pub struct VersionView {
    /// Its number, from 1.
    pub version: i64,
    /// Its plan.
    pub plan: Arc<LockedProtocol>,
    /// How it stands.
    pub standing: Standing,
    /// Whether it is in force, or was for a while.
    pub in_force_from: Option<DateTime<Utc>>,
    /// When it was proposed; the first one when the trial was made.
    pub proposed_at: DateTime<Utc>,
    /// What makes it an amendment; nothing for the first version.
    pub amendment: Option<AmendmentView>,
}

/// An amendment as people see it.
#[derive(Debug, Clone)]
pub struct AmendmentView {
    /// Minor or major.
    pub class: AmendmentClass,
    /// What had been seen of the outcomes, in the words of who proposed it.
    pub data_seen: DataSeen,
    /// How often somebody had looked at the comparison by then.
    pub views: i64,
    /// Why.
    pub reason: String,
    /// Who proposed it.
    pub name: String,
    /// The plan that it changes.
    pub replaces: Arc<LockedProtocol>,
    /// Every place at which the two differ.
    pub changes: Vec<Difference>,
}

impl App {
    /// Proposes an amendment. It is in force once others have signed it.
    pub(super) async fn amend(
        &self,
        actor: &Actor,
        person: &Person,
        trial: &Arc<Trial>,
        asked: &Move,
    ) -> Result<(), AppError> {
        let words: Vec<&str> = DataSeen::ALL.iter().map(|seen| seen.as_str()).collect();
        let text = asked.document.as_deref();
        let text = text.ok_or_else(|| AppError::invalid("/document", "missing_field", "send the new plan"))?;
        let missing =
            || AppError::invalid("/data_seen", "missing_field", format!("must be one of: {}", words.join(", ")));
        let seen = asked.data_seen.ok_or_else(missing)?;
        let plan = self.readable_plan(person, text)?;
        let class = classify(&trial.plan, &plan).map_err(AppError::Invalid)?;
        let (trial, author, reason) = (Arc::clone(trial), person.clone(), asked.reason.trim().to_owned());
        let at = self.ambient.now_micros();
        let entry = self.entry(actor, person, "trial.amend", trial.key(), json!({}));
        self.store
            .write(move |c| {
                trials::still_stands(c, trial.id, trial.state.as_str(), trial.plan.id().as_str())?;
                let earlier = amendments::of_trial(c, trial.id)?;
                if earlier.last().is_some_and(|(_, end)| end.is_none()) {
                    let detail = "another amendment waits for signatures; it must be signed or returned first";
                    return Ok(Err(AppError::conflict("amendment_waits", detail)));
                }
                let known = |id: &str| id == plan.id().as_str();
                if earlier.iter().any(|(amendment, _)| known(&amendment.protocol_id) || known(&amendment.replaces)) {
                    let detail = "this very plan was an earlier version; change something, if only its words";
                    return Ok(Err(AppError::conflict("version_known", detail)));
                }
                let least = Tier::try_from(agencies::least_tier(c, trial.agency_id)?)
                    .map_err(|why| StoreError::Damaged(why.into()))?;
                let lacking = not_ready(plan.protocol(), assess(plan.protocol(), least).tier);
                let lacking: Vec<_> = lacking.into_iter().filter(|fault| fault.pointer != "/public_comment").collect();
                if class == AmendmentClass::Major && !lacking.is_empty() {
                    return Ok(Err(AppError::Invalid(lacking)));
                }
                let (views, own) = audit::count(c, trial.key(), "report.viewed", author.id)?;
                if own > 0 && seen != DataSeen::ByArm {
                    let detail = "you have looked at the comparison of this trial, so what you have seen is by_arm";
                    return Ok(Err(AppError::invalid("/data_seen", "not_true", detail)));
                }
                let amendment = Amendment {
                    trial_id: trial.id,
                    version: earlier.last().map_or(2, |(amendment, _)| amendment.version + 1),
                    protocol_id: plan.id().as_str().to_owned(),
                    replaces: trial.plan.id().as_str().to_owned(),
                    class: class.as_str().to_owned(),
                    data_seen: seen.as_str().to_owned(),
                    views,
                    reason,
                    person_id: author.id,
                    proposed_at: at,
                };
                let kept = NewTrial {
                    key: trial.key(),
                    agency_id: trial.agency_id,
                    state: trial.state.as_str(),
                    protocol_id: plan.id().as_str(),
                    canonical: plan.canonical(),
                    algo_version: ALGO_VERSION,
                    author_id: author.id,
                    created_at: at,
                };
                amendments::propose(c, &amendment, &kept)?;
                let mut entry = entry;
                let detail = json!({"version": amendment.version, "before": trial.plan.id(), "after": plan.id(),
                    "class": class, "data_seen": seen, "views": views, "reason": amendment.reason});
                entry.detail = detail.to_string();
                audit::append(c, &entry)?;
                Ok(Ok(()))
            })
            .await?
    }

    /// Every version of a trial's plan, in order, the amendments that were returned too.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; [`AppError::Forbidden`] for a key without the scope.
    pub async fn versions(&self, actor: &Actor, key: &str) -> Result<Vec<VersionView>, AppError> {
        may_read(actor)?;
        self.changes_of(actor, key).await
    }

    /// The same for whoever reads the report: what was changed after the start belongs to it.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub async fn changes_of(&self, actor: &Actor, key: &str) -> Result<Vec<VersionView>, AppError> {
        let trial = self.trial_of(actor, key)?;
        self.versions_of(&trial).await
    }

    /// The same of any trial, for those whom another rule lets see it.
    pub(crate) async fn versions_of(&self, trial: &Trial) -> Result<Vec<VersionView>, AppError> {
        let (id, agency_id) = (trial.id, trial.agency_id);
        let (amendments, canonicals, people) = self
            .store
            .read(move |c| {
                let amendments = amendments::of_trial(c, id)?;
                let mut texts = Vec::new();
                for (amendment, _) in &amendments {
                    for plan in [&amendment.protocol_id, &amendment.replaces] {
                        let text = trials::canonical(c, id, plan)?;
                        texts.push((plan.clone(), text.ok_or_else(|| StoreError::Damaged("an older plan".into()))?));
                    }
                }
                Ok((amendments, texts, people::of_agency(c, agency_id)?))
            })
            .await?;
        let plan_of = |id: &str| -> Result<Arc<LockedProtocol>, AppError> {
            let text = canonicals.iter().find(|(known, _)| known == id).map(|(_, text)| text.as_str());
            let plan = text.and_then(|text| LockedProtocol::from_json(text.as_bytes()).ok());
            plan.map(Arc::new).ok_or_else(|| AppError::Internal("an older plan cannot be read".into()))
        };
        let first = amendments.first().map(|(first, _)| plan_of(&first.replaces)).transpose()?;
        let first = first.unwrap_or_else(|| Arc::clone(&trial.plan));
        let started = trial.state.has_started();
        let standing_of = |id: &ProtocolId| match (started, id == trial.plan.id()) {
            (false, _) => Standing::Draft,
            (true, true) => Standing::InForce,
            (true, false) => Standing::Replaced,
        };
        let mut versions = vec![VersionView {
            version: 1,
            standing: standing_of(first.id()),
            plan: first,
            in_force_from: trial.started_at,
            proposed_at: trial.created_at,
            amendment: None,
        }];
        for (amendment, end) in amendments {
            let damaged = || AppError::Internal(format!("amendment {} cannot be read", amendment.version));
            let (plan, before) = (plan_of(&amendment.protocol_id)?, plan_of(&amendment.replaces)?);
            let outcome =
                end.as_ref().map(|end| AmendmentEnd::from_word(&end.outcome).ok_or_else(damaged)).transpose()?;
            let standing = match outcome {
                None => Standing::Waiting,
                Some(AmendmentEnd::Returned) => Standing::Returned,
                Some(AmendmentEnd::InForce) => standing_of(plan.id()),
            };
            let name = people.iter().find(|person| person.id == amendment.person_id).map(|person| person.name.clone());
            versions.push(VersionView {
                version: amendment.version,
                standing,
                in_force_from: end.filter(|_| outcome == Some(AmendmentEnd::InForce)).map(|end| instant(end.ended_at)),
                proposed_at: instant(amendment.proposed_at),
                amendment: Some(AmendmentView {
                    class: AmendmentClass::from_word(&amendment.class).ok_or_else(damaged)?,
                    data_seen: DataSeen::from_word(&amendment.data_seen).ok_or_else(damaged)?,
                    views: amendment.views,
                    reason: amendment.reason.clone(),
                    name: name.unwrap_or_else(|| "somebody who has left".into()),
                    changes: differences(&document(&before), &document(&plan)),
                    replaces: before,
                }),
                plan,
            });
        }
        Ok(versions)
    }

    /// The plan of one version.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is no such version.
    pub async fn version(&self, actor: &Actor, key: &str, version: i64) -> Result<Arc<LockedProtocol>, AppError> {
        let versions = self.versions(actor, key).await?;
        let found = versions.into_iter().find(|known| known.version == version);
        found.map(|version| version.plan).ok_or(AppError::NotFound("version"))
    }

    /// Changes the least tier that an agency asks of its trials, on behalf of whoever runs the server. Agencies can be
    /// stricter than the answers of a plan, never milder.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for an unknown agency; [`AppError::Invalid`] for a tier that is not 0 to 2.
    pub async fn set_least_tier(&self, agency: &str, tier: u8) -> Result<(), AppError> {
        let agency_id = self.agency_by_key(agency)?.id;
        if Tier::try_from(tier).is_ok_and(|tier| tier < Tier::Three) {
            let entry = audit::NewEntry {
                at: self.ambient.now_micros(),
                agency_id: Some(agency_id),
                person_id: None,
                key_id: None,
                action: "agency.least_tier".into(),
                subject: agency.to_owned(),
                detail: json!({"least_tier": tier}).to_string(),
            };
            self.store
                .write(move |c| {
                    agencies::set_least_tier(c, agency_id, tier)?;
                    audit::append(c, &entry)
                })
                .await?;
            return Ok(());
        }
        Err(AppError::invalid("/least_tier", "out_of_range", "must be 0, 1 or 2: trials of tier 3 are not run at all"))
    }
}

/// Whether somebody may still propose an amendment.
pub(crate) fn may_be_amended(state: State, person: &Person) -> bool {
    state.after(fairtrial_domain::trial::Verb::Amend).is_ok() && person.has(PersonRole::Designer)
}

//! What the looks found, by arm: for the monitor, and for nobody else before the data are locked.

use std::sync::Arc;

use fairtrial_analysis::{
    monitor::{self, Arrival, Boundaries, Outlook, SeenOutcome},
    release::Masked,
    report::LookHeld,
};
use fairtrial_domain::{projection::HarmCrossing, trial::PersonRole};
use fairtrial_store::{
    audit::{self, NewEntry},
    looks, unmaskings,
};
use serde_json::json;

use super::{
    harm::crossings,
    looks::{held_looks, unreadable},
};
use crate::{
    error::AppError,
    state::{
        App,
        actor::{Actor, Person},
        directory::Trial,
    },
    trials::data::Corrections,
};

/// Characters of a reason for unmasking.
const REASON: std::ops::RangeInclusive<usize> = 10..=2_000;

/// What watching over a trial found so far.
#[derive(Debug, Clone)]
pub struct LooksView {
    /// The trial.
    pub trial: Arc<Trial>,
    /// The versions without their names, for a monitor who has not asked for them; with them, nothing that tells which is the new
    /// one may be shown.
    pub masked: Option<Masked>,
    /// What was counted at each of the looks, by arm.
    pub seen: Vec<Vec<SeenOutcome>>,
    /// The looks held, oldest first.
    pub looks: Vec<LookHeld>,
    /// What the last look lets one expect of the end, by new version; empty where it does not tell, and once the data are locked.
    pub outlook: Vec<Outlook>,
    /// The boundaries with the looks held, and as planned for those still to come.
    pub boundaries: Boundaries,
    /// How records of the primary outcome came in, look by look.
    pub arrivals: Vec<Arrival>,
    /// The harm boundaries crossed between looks.
    pub crossings: Vec<HarmCrossing>,
    /// What was corrected or taken back so far, by arm; none once the records are deleted.
    pub corrections: Option<Corrections>,
    /// Place in the log of events of the last correction that changed the trial's data; none without any. What was stopped before it
    /// stays stopped.
    pub last_correction: Option<i64>,
}

impl App {
    /// What the looks held so far found, and what triggers found between them. Every view is an entry in the audit.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; [`AppError::Forbidden`] for whoever is not the monitor, until the data are locked.
    pub async fn looks(&self, actor: &Actor, key: &str) -> Result<LooksView, AppError> {
        let trial = self.trial_of(actor, key)?;
        let Actor::Person(person) = actor else {
            return Err(AppError::Forbidden("what looks found is for people to read, not for programs".into()));
        };
        if !trial.state.is_locked() && !person.has(PersonRole::Monitor) {
            let detail = "what the looks found is for the monitor alone until the data are locked";
            return Err(AppError::Forbidden(detail.into()));
        }
        let entry = NewEntry {
            at: self.ambient.now_micros(),
            agency_id: Some(trial.agency_id),
            person_id: Some(person.id),
            key_id: None,
            action: "looks.viewed".into(),
            subject: trial.key().to_owned(),
            detail: json!({"protocol_id": trial.plan.id(), "state": trial.state}).to_string(),
        };
        self.store.write(move |c| audit::append(c, &entry)).await?;
        let masked = self.masked(&trial, person.id).await?;
        let id = trial.id;
        let rows = self.store.read(move |c| looks::of_trial(c, id)).await?;
        let held = held_looks(&rows)?;
        let seen = held.iter().map(|look| monitor::seen(trial.plan.protocol(), look)).collect();
        let looks = monitor::hold_all(trial.plan.protocol(), &held).map_err(unreadable)?;
        let outlook = if trial.state.is_locked() { Vec::new() } else { monitor::outlook(trial.plan.protocol(), &held) };
        let boundaries = match trial.state.is_locked() {
            true => monitor::boundaries(&looks),
            false => monitor::boundaries_ahead(trial.plan.protocol(), &looks).map_err(unreadable)?,
        };
        let arrivals = monitor::arrivals(trial.plan.protocol(), &held);
        let crossings = crossings(&trial.crossings)?;
        let kept = trial.deletion.is_none();
        let corrections = if kept { Some(self.corrections(&trial, true).await?) } else { None };
        let last_correction = self.projections.progress(&trial, |projection| projection.last_correction());
        Ok(LooksView {
            trial,
            masked,
            seen,
            looks,
            outlook,
            boundaries,
            arrivals,
            crossings,
            corrections,
            last_correction,
        })
    }

    /// The versions of a trial without their names, for somebody who may watch over it and has not asked for them; nothing once the
    /// data are locked, when everybody in the agency may know.
    pub(super) async fn masked(&self, trial: &Trial, person_id: i64) -> Result<Option<Masked>, AppError> {
        let id = trial.id;
        if trial.state.is_locked() || self.store.read(move |c| unmaskings::of_person(c, id, person_id)).await?.is_some()
        {
            return Ok(None);
        }
        Ok(Some(Masked::of(trial.plan.protocol(), self.master_key.release())))
    }

    /// A monitor asks for the names of the versions: from then on they see them in this trial. The reason is an entry in the audit.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; [`AppError::Forbidden`] for whoever is no monitor; [`AppError::Invalid`] without a reason;
    /// [`AppError::Conflict`] where nothing is masked.
    pub async fn unmask(&self, actor: &Actor, key: &str, reason: &str) -> Result<(), AppError> {
        let (trial, person) = self.watched(actor, key)?;
        let reason = reason.trim();
        if !REASON.contains(&reason.chars().count()) || reason.contains('\0') {
            let detail = "say in 10 to 2,000 characters why you need the names of the versions: it is kept on record";
            return Err(AppError::invalid("/reason", "missing_field", detail));
        }
        // The reason may tell what was seen, so it is not among those that the people of the trial read on its page.
        let detail = json!({"protocol_id": trial.plan.id(), "state": trial.state, "why": reason});
        let entry = self.entry(actor, person, "looks.unmasked", trial.key(), detail);
        let (id, person_id, at) = (trial.id, person.id, self.ambient.now_micros());
        self.store
            .write(move |c| {
                unmaskings::unmask(c, id, person_id, at)?;
                audit::append(c, &entry)
            })
            .await?;
        Ok(())
    }

    /// A monitor has looked and lets the trial go on: an entry in the audit that names the last look held.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; [`AppError::Forbidden`] for whoever is no monitor; [`AppError::Conflict`] while the trial does not
    /// run.
    pub async fn let_go_on(&self, actor: &Actor, key: &str) -> Result<(), AppError> {
        let (trial, person) = self.watched(actor, key)?;
        let id = trial.id;
        let last = self.store.read(move |c| looks::of_trial(c, id)).await?.last().map(|look| look.look);
        let detail = json!({"protocol_id": trial.plan.id(), "state": trial.state, "look": last});
        let entry = self.entry(actor, person, "looks.continued", trial.key(), detail);
        self.store.write(move |c| audit::append(c, &entry)).await?;
        Ok(())
    }

    /// A trial that runs, and a monitor who watches over it.
    fn watched<'a>(&self, actor: &'a Actor, key: &str) -> Result<(Arc<Trial>, &'a Person), AppError> {
        let trial = self.trial_of(actor, key)?;
        let Actor::Person(person) = actor else {
            return Err(AppError::Forbidden("a monitor is a person, not a program".into()));
        };
        person.needs_one_of(&[PersonRole::Monitor])?;
        if !trial.state.has_started() || trial.state.is_locked() {
            let detail = "a monitor watches over a trial from its start until its data are locked";
            return Err(AppError::conflict("wrong_state", detail));
        }
        Ok((trial, person))
    }
}

//! The public register: every trial from its approval on, in its agency's words, with released numbers only.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use fairtrial_analysis::release::ReleasedReport;
use fairtrial_domain::trial::{NoticeCode, PersonRole, State, Tier};
use fairtrial_store::{adoptions, audit, conclusions, trials};

use crate::{
    error::AppError,
    learned::adoption::{Decided, Reported},
    state::{
        App,
        directory::{Agency, Trial},
    },
    trials::{
        amend::VersionView,
        review::{UnderReview, signatures},
    },
};

/// Days after the lock of the data within which results are published.
pub const DAYS_TO_PUBLISH: i64 = 60;

/// One trial as the public sees it.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The trial.
    pub trial: Arc<Trial>,
    /// Its agency.
    pub agency: Agency,
    /// The code on its letters.
    pub code: NoticeCode,
    /// Since when results are overdue.
    pub overdue_since: Option<DateTime<Utc>>,
}

impl Entry {
    /// When something about it last changed for the public.
    #[must_use]
    pub fn changed(&self) -> DateTime<Utc> {
        let trial = &self.trial;
        let deleted = trial.deletion.and_then(|deletion| deletion.finished_at);
        let moments =
            [self.overdue_since, deleted, trial.published_at, trial.locked_at, trial.ended_at, trial.started_at];
        moments.into_iter().flatten().max().unwrap_or(trial.created_at)
    }

    pub(crate) fn says(&self, word: &str) -> bool {
        let plan = self.trial.plan.protocol();
        let texts = [&plan.title, &plan.public_summary, &plan.hypothesis.change, &plan.hypothesis.who];
        let arms = plan.arms.iter().map(|arm| &arm.name);
        let has = |text: &String| text.to_lowercase().contains(word);
        let measured = plan.outcomes.iter().map(|outcome| &outcome.name);
        let place = plan.touchpoint.as_ref().map(|place| place.as_str().to_owned());
        texts.into_iter().chain(arms).chain(measured).chain(place.iter()).any(has)
            || self.agency.name.to_lowercase().contains(word)
            || self.trial.key().contains(word)
            || self.code.to_string().to_lowercase() == word
    }
}

/// What somebody looks for in the register.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Words that must all be found.
    pub words: String,
    /// Key of an agency.
    pub agency: Option<String>,
    /// A state.
    pub state: Option<State>,
}

/// One trial with all that the public may know of it.
#[derive(Debug, Clone)]
pub struct Registered {
    /// The trial and its agency.
    pub entry: Entry,
    /// In which roles it was approved, and when.
    pub approved: Vec<(PersonRole, DateTime<Utc>)>,
    /// The results, once they are published.
    pub results: Option<ReleasedReport>,
    /// What was decided, once that is published.
    pub decision: Option<Decided>,
    /// What became of it, the oldest report first.
    pub became: Vec<Reported>,
    /// The versions of the plan that have been in force since the start, the first one first.
    pub versions: Vec<VersionView>,
}

impl App {
    /// The register, or the part of it that is wanted, what changed last first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn register(&self, wanted: &Wanted) -> Result<Vec<Entry>, AppError> {
        let directory = self.directory.load_full();
        let words: Vec<String> = wanted.words.split_whitespace().map(str::to_lowercase).collect();
        let mut entries = Vec::new();
        for trial in directory.trials.values() {
            if wanted.state.is_some_and(|state| state != trial.state) {
                continue;
            }
            let Ok(agency) = directory.agency(trial.agency_id) else { continue };
            if wanted.agency.as_ref().is_some_and(|key| *key != agency.key) {
                continue;
            }
            let entry = self.entry_of(trial, agency);
            if words.iter().all(|word| entry.says(word)) && self.is_registered(trial).await? {
                entries.push(entry);
            }
        }
        entries.sort_by(|one, other| other.changed().cmp(&one.changed()).then(one.trial.key().cmp(other.trial.key())));
        Ok(entries)
    }

    /// One trial of the register.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is none, or it is not approved yet: the two look the same.
    pub async fn registered(&self, key: &str) -> Result<Registered, AppError> {
        let directory = self.directory.load_full();
        let trial = directory.trials.get(key).ok_or(AppError::NotFound("trial"))?;
        if !self.is_registered(trial).await? {
            return Err(AppError::NotFound("trial"));
        }
        let (id, plan_id) = (trial.id, trial.plan.id().clone());
        let (signed, decided, reports) = self
            .store
            .read(move |c| {
                Ok((trials::signatures_of(c, id)?, conclusions::decision_of(c, id)?, adoptions::of_trial(c, id)?))
            })
            .await?;
        let signed = signatures(signed)?;
        let mut approved: Vec<(PersonRole, DateTime<Utc>)> = Vec::new();
        for signature in signed.into_iter().filter(|signature| signature.protocol_id == plan_id) {
            if !approved.iter().any(|(role, _)| *role == signature.role) {
                approved.push((signature.role, signature.at));
            }
        }
        let entry = self.entry_of(trial, directory.agency(trial.agency_id)?);
        // The decision is public with the results: from the moment it is taken where they are, and otherwise when they are.
        let told = trial.published_at.is_some();
        let decision = decided.filter(|_| told).as_ref().map(Decided::of).transpose()?;
        let became = reports.iter().filter(|_| told).map(Reported::of).collect::<Result<_, _>>()?;
        let mut versions = self.versions_of(trial).await?;
        versions.retain(|version| version.in_force_from.is_some());
        Ok(Registered { entry, approved, results: self.public_results(trial).await?, decision, became, versions })
    }

    /// The trial that a letter's code leads to.
    ///
    /// # Errors
    /// As [`App::registered`].
    pub async fn trial_of_code(&self, code: NoticeCode) -> Result<Entry, AppError> {
        let directory = self.directory.load_full();
        let of_code = |trial: &&Arc<Trial>| NoticeCode::of(&trial.plan.protocol().key) == code;
        let trial = directory.trials.values().find(of_code).ok_or(AppError::NotFound("trial"))?;
        if !self.is_registered(trial).await? {
            return Err(AppError::NotFound("trial"));
        }
        Ok(self.entry_of(trial, directory.agency(trial.agency_id)?))
    }

    /// The results of a trial as everybody may see them; nothing before they are published.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn public_results(&self, trial: &Trial) -> Result<Option<ReleasedReport>, AppError> {
        if trial.published_at.is_none() {
            return Ok(None);
        }
        let report = self.compute_report(trial).await?;
        self.release_to_public(trial, &report).map(Some)
    }

    /// Why nobody new enters a trial any more, in the words of who ended it; nothing before. It is public from that moment on.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn why_ended(&self, trial: &Trial) -> Result<Option<String>, AppError> {
        if trial.ended_at.is_none() {
            return Ok(None);
        }
        let key = trial.key().to_owned();
        let entry = self.store.read(move |c| audit::latest(c, &key, "trial.stop")).await?;
        let reason = entry.and_then(|entry| {
            let detail: serde_json::Value = serde_json::from_str(&entry.detail).ok()?;
            detail.get("reason")?.as_str().map(str::to_owned)
        });
        Ok(reason.filter(|reason| !reason.trim().is_empty()))
    }

    pub(crate) fn entry_of(&self, trial: &Arc<Trial>, agency: &Agency) -> Entry {
        let overdue_since = self.overdue_since(trial);
        let code = NoticeCode::of(&trial.plan.protocol().key);
        Entry { trial: Arc::clone(trial), agency: agency.clone(), code, overdue_since }
    }

    /// Since when results should have been public.
    pub(crate) fn overdue_since(&self, trial: &Trial) -> Option<DateTime<Utc>> {
        let due = trial.locked_at.map(|locked| locked + Duration::days(DAYS_TO_PUBLISH));
        due.filter(|due| trial.published_at.is_none() && *due < self.ambient.now())
    }

    /// Whether the public may know of a trial: it was approved, and that cannot be undone by withdrawing or refusing it; or
    /// it could cost people so much that its refusal is public too.
    async fn is_registered(&self, trial: &Trial) -> Result<bool, AppError> {
        match trial.state {
            State::Draft | State::InReview => Ok(false),
            State::Withdrawn | State::Refused => {
                let id = trial.id;
                let under = self.store.read(move |c| UnderReview::read(c, id)).await?;
                let refused = trial.state == State::Refused && under.assessment.tier >= Tier::Two;
                Ok(refused || under.was_signed())
            }
            _ => Ok(true),
        }
    }
}

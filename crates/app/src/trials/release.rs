//! Which view of a report who gets.
//!
//! | reader | view |
//! |---|---|
//! | analysts of the agency | the report itself, in exact numbers |
//! | others of the agency, when their role and the trial's state let them | the agency view: released numbers |
//! | the agency's own programs, with the scope `results:read` | the agency view, or the report itself where the installation asks for it |
//! | everybody else | the public view: released numbers, once the data are locked and published |

use std::sync::Arc;

use fairtrial_analysis::{
    Report,
    release::{Policy, ReleasedCourse, ReleasedReport, View, release, release_course},
};
use fairtrial_domain::trial::PersonRole;
use serde::Serialize;

use crate::{
    error::AppError,
    state::{App, actor::Actor, directory::Trial},
};

/// The installation's rules for numbers that leave those who analyse a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReleaseRules {
    /// Thresholds, at least as strict as the standard.
    pub policy: Policy,
    /// Whether the agency's own programs get the report itself, as its analysts do, instead of released numbers.
    pub exact_for_programs: bool,
}

/// In which numbers a report is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Seen {
    /// In exact ones.
    Inside,
    /// In released ones.
    Agency,
}

/// A report as somebody of the agency, or one of its programs, gets it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum AgencyReport {
    /// The report itself.
    Inside(Box<Report>),
    /// The agency view.
    Released(Box<ReleasedReport>),
}

/// A report with its trial, and with how the answer came together in released numbers, where that can be told.
#[derive(Debug, Clone)]
pub struct ReportView {
    /// The trial.
    pub trial: Arc<Trial>,
    /// The report as it may be told to whoever asked.
    pub report: AgencyReport,
    /// How the answer came together; nothing before the data are locked.
    pub course: Option<ReleasedCourse>,
}

impl App {
    /// Sets the installation's rules, once, when it is opened; those of the first call stay. Without a call the standard
    /// holds.
    pub fn set_release_rules(&self, rules: ReleaseRules) {
        if self.release.set(rules).is_err() {
            tracing::warn!("the rules of release were set before and stay as they are");
        }
    }

    pub(crate) fn release_rules(&self) -> ReleaseRules {
        self.release.get().copied().unwrap_or_default()
    }

    /// Whether this is somebody who analyses the trials of the agency, and so reads exact numbers.
    pub(super) fn is_inside(&self, actor: &Actor) -> bool {
        match actor {
            Actor::Person(person) => person.has(PersonRole::Analyst),
            Actor::Key(_) => self.release_rules().exact_for_programs,
        }
    }

    /// The report as whoever asks may have it: analysts the report itself, all others the agency view.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::Forbidden`], and [`AppError::Conflict`] for a trial that has not started.
    pub async fn agency_report(&self, actor: &Actor, key: &str) -> Result<ReportView, AppError> {
        let seen = if self.is_inside(actor) { Seen::Inside } else { Seen::Agency };
        self.report_in(actor, key, seen).await
    }

    /// The report in released numbers, whoever asks: analysts see with it what the others see.
    ///
    /// # Errors
    /// As [`App::agency_report`].
    pub async fn report_as_others_see_it(&self, actor: &Actor, key: &str) -> Result<ReportView, AppError> {
        self.report_in(actor, key, Seen::Agency).await
    }

    async fn report_in(&self, actor: &Actor, key: &str, seen: Seen) -> Result<ReportView, AppError> {
        let trial = self.trial_of(actor, key)?;
        let report = self.seen_report(actor, &trial, seen).await?;
        let released = self.released(&trial, &report, View::Agency)?;
        let course = release_course(trial.plan.protocol(), &report, &released, self.master_key.release());
        let report = match seen {
            Seen::Inside => AgencyReport::Inside(Box::new(report)),
            Seen::Agency => AgencyReport::Released(Box::new(released)),
        };
        Ok(ReportView { trial, report, course })
    }

    /// The agency view of a report whose data are locked, for people of the agency who take numbers away.
    ///
    /// # Errors
    /// As [`App::agency_report`]; [`AppError::Conflict`] before the data are locked.
    pub async fn report_to_take_away(&self, actor: &Actor, key: &str) -> Result<ReleasedReport, AppError> {
        let trial = self.trial_of(actor, key)?;
        let report = self.seen_report(actor, &trial, Seen::Agency).await?;
        if !report.locked {
            return Err(AppError::conflict("not_locked", "numbers can be taken away once the data are locked"));
        }
        self.released(&trial, &report, View::Agency)
    }

    pub(crate) fn release_to_public(&self, trial: &Trial, report: &Report) -> Result<ReleasedReport, AppError> {
        self.released(trial, report, View::Public)
    }

    pub(crate) fn released(&self, trial: &Trial, report: &Report, view: View) -> Result<ReleasedReport, AppError> {
        let policy = self.release_rules().policy;
        let released = release(trial.plan.protocol(), report, view, policy, self.master_key.release());
        released.map_err(|error| AppError::Internal(format!("{}: {error}", trial.key())))
    }
}

//! Which view of a report who gets.
//!
//! | reader | view |
//! |---|---|
//! | people of the agency who run, watch or analyse the trial | the report itself, when their role and the trial's state let them |
//! | the agency's own programs, with the scope `results:read` | the report itself, or the agency view where the installation asks for it |
//! | everybody else | the public view: released numbers, once the data are locked and published |

use std::sync::Arc;

use fairtrial_analysis::{
    Report,
    release::{Policy, ReleasedCourse, ReleasedReport, View, release, release_course},
};
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
    /// Whether the agency's own programs get released numbers too, instead of the report itself.
    pub agency_controlled: bool,
}

/// A report as a program of the agency gets it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum AgencyReport {
    /// The report itself.
    Inside(Box<Report>),
    /// The agency view.
    Released(Box<ReleasedReport>),
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

    /// The report as a program of the agency gets it.
    ///
    /// # Errors
    /// As [`App::report`].
    pub async fn agency_report(&self, actor: &Actor, key: &str) -> Result<(Arc<Trial>, AgencyReport), AppError> {
        let (trial, report) = self.report(actor, key).await?;
        let answer = match self.release_rules().agency_controlled {
            true => AgencyReport::Released(Box::new(self.released(&trial, &report, View::Agency)?)),
            false => AgencyReport::Inside(Box::new(report)),
        };
        Ok((trial, answer))
    }

    /// The agency view of a report whose data are locked, for people of the agency who take numbers away.
    ///
    /// # Errors
    /// As [`App::report`]; [`AppError::Conflict`] before the data are locked.
    pub async fn report_to_take_away(&self, actor: &Actor, key: &str) -> Result<ReleasedReport, AppError> {
        let (trial, report) = self.report(actor, key).await?;
        if !report.locked {
            return Err(AppError::conflict("not_locked", "numbers can be taken away once the data are locked"));
        }
        self.released(&trial, &report, View::Agency)
    }

    /// How the answer of a locked trial came together, in released numbers, for whoever was given its report.
    ///
    /// # Errors
    /// When the report cannot be released.
    pub fn course(&self, trial: &Trial, report: &Report) -> Result<Option<ReleasedCourse>, AppError> {
        if !report.locked {
            return Ok(None);
        }
        let released = self.released(trial, report, View::Agency)?;
        Ok(release_course(trial.plan.protocol(), report, &released, self.master_key.release()))
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

//! When the result of a trial is public: for whoever wants to know it and says nothing of themselves.

use chrono::{DateTime, Days, NaiveDate, Utc};
use fairtrial_domain::trial::State;

use super::register::{DAYS_TO_PUBLISH, Entry};

/// Where the result of a trial stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResultDue {
    /// It is public, since then.
    Public(DateTime<Utc>),
    /// It is public by the end of this day, in the trial's zone, at the latest.
    By(NaiveDate),
    /// It should have been public by the end of this day.
    Overdue(NaiveDate),
    /// By the plan it would have been public by the end of this day. The trial takes longer: its data are not complete.
    Longer(NaiveDate),
    /// There will be none: the trial never started.
    Never,
}

impl Entry {
    /// When the result is public, by the plan and by where the trial stands at a moment.
    ///
    /// Until the data are locked this is the last day on which people may enter, the longest follow-up of an outcome, and the
    /// days within which results are published; a trial that ends early tells earlier.
    #[must_use]
    pub fn result_due(&self, now: DateTime<Utc>) -> ResultDue {
        let (trial, plan) = (&self.trial, self.trial.plan.protocol());
        if let Some(at) = trial.published_at {
            return ResultDue::Public(at);
        }
        if trial.started_at.is_none() && matches!(trial.state, State::Withdrawn | State::Refused) {
            return ResultDue::Never;
        }
        let day = |at: DateTime<Utc>| at.with_timezone(&plan.time_zone).date_naive();
        let after = |from: NaiveDate, days: u64| from.checked_add_days(Days::new(days)).unwrap_or(from);
        let publish = DAYS_TO_PUBLISH.unsigned_abs();
        if let Some(locked) = trial.locked_at {
            let due = after(day(locked), publish);
            return if due < day(now) { ResultDue::Overdue(due) } else { ResultDue::By(due) };
        }
        let follow_up = plan.outcomes.iter().map(|outcome| outcome.follow_up_days).max().unwrap_or(0);
        let last = trial.ended_at.map_or(plan.monitoring.ends_on, day);
        let due = after(last, u64::from(follow_up) + 1 + publish);
        if due < day(now) { ResultDue::Longer(due) } else { ResultDue::By(due) }
    }
}

//! Planned looks of running trials.

use std::sync::Arc;

use chrono::{DateTime, NaiveTime, TimeZone, Utc};
use fairtrial_analysis::{
    monitor::{self, Due, LookDecision},
    report::LookHeld,
};
use fairtrial_domain::{
    projection::{Evidence, HeldLook},
    protocol::{Action, Protocol, Role},
};
use fairtrial_store::looks::{self, LookRow};
use serde_json::json;

use super::stop;
use crate::{
    error::AppError,
    state::{App, directory::Trial, instant, projections::Marks},
    trials::report::ENGINE,
};

/// A look that is due, and since when.
struct DueLook {
    due: Due,
    since: DateTime<Utc>,
}

/// The place of the primary outcome.
pub(super) fn primary(plan: &Protocol) -> usize {
    plan.outcomes.iter().position(|outcome| outcome.role == Role::Primary).unwrap_or(0)
}

/// Units that must have been followed up before a look is due by information.
pub(super) fn needed(plan: &Protocol, look: usize) -> Option<u64> {
    let fraction = plan.monitoring.looks.get(look.checked_sub(1)?)?.to_f64();
    Some((fraction * plan.monitoring.max_units as f64 - 1e-9).ceil().max(1.0) as u64)
}

/// The first moment of a day in the trial's zone.
pub(crate) fn begins(plan: &Protocol, day: chrono::NaiveDate) -> DateTime<Utc> {
    let midnight = day.and_time(NaiveTime::MIN);
    let local = plan.time_zone.from_local_datetime(&midnight).earliest();
    local.map_or_else(|| Utc.from_utc_datetime(&midnight), |local| local.with_timezone(&Utc))
}

/// When so many units will have been followed up, by those who have entered.
pub(super) fn reached(maturing: &[(DateTime<Utc>, u64)], needed: u64) -> Option<DateTime<Utc>> {
    let mut sum = 0_u64;
    maturing.iter().find_map(|(at, units)| {
        sum = sum.saturating_add(*units);
        (sum >= needed).then_some(*at)
    })
}

impl App {
    /// Holds the look that is due in a trial, if one is. Returns how many looks this server kept.
    pub(super) async fn hold_due_look(&self, trial: &Arc<Trial>) -> Result<usize, AppError> {
        let Some(found) = self.due_look(trial) else { return Ok(0) };
        let (evidence, cut) = self.projections.at_cut_of_look(self, trial).await?;
        let id = trial.id;
        let before = self.store.read(move |c| looks::of_trial(c, id)).await?;
        let mut held = held_looks(&before)?;
        let look = found.due.look;
        held.push(HeldLook { look, due_at: found.since, evidence });
        let judged = match monitor::hold(trial.plan.protocol(), &held) {
            Ok(judged) => judged,
            Err(error) => {
                tracing::error!(trial = trial.key(), look, error = %error, "a look could not be held");
                return Ok(0);
            }
        };
        let Some(this) = held.pop() else { return Ok(0) };
        let kept = self.keep_look(trial, &this, &judged, cut).await?;
        self.reload_directory().await?;
        Ok(usize::from(kept))
    }

    /// The look that is due in a trial now.
    fn due_look(&self, trial: &Trial) -> Option<DueLook> {
        let plan = trial.plan.protocol();
        if plan.monitoring.looks.len() < 2 {
            return None;
        }
        let last = trial.looks.last().and_then(|look| usize::try_from(look.look).ok()).unwrap_or(0);
        let now = self.ambient.now();
        let maturing = self.projections.progress(trial, |projection| projection.maturing(primary(plan)));
        let mature = maturing.iter().filter(|(at, _)| *at <= now).fold(0_u64, |sum, (_, units)| sum + units);
        let due = if plan.monitoring.looks_on.is_empty() {
            monitor::due(&plan.monitoring, mature, last)
        } else {
            let today = now.with_timezone(&plan.time_zone).date_naive();
            monitor::due_by_calendar(&plan.monitoring, today, mature, last)
        }?;
        let day = plan.monitoring.looks_on.get(due.look - 1);
        let since = match day {
            // The calendar calls it, but there must be somebody to look at.
            Some(day) => begins(plan, *day).max(reached(&maturing, 1)?),
            None => reached(&maturing, needed(plan, due.look)?)?,
        };
        Some(DueLook { due, since })
    }

    /// Keeps a look with what follows from it, in one transaction; false when another server was first.
    async fn keep_look(
        &self,
        trial: &Arc<Trial>,
        look: &HeldLook,
        judged: &LookHeld,
        cut: Marks,
    ) -> Result<bool, AppError> {
        let change = action_of(trial.plan.protocol(), judged).and_then(|action| {
            let what =
                if judged.decision == LookDecision::Harmful { "a boundary for harm" } else { "a planned boundary" };
            let reason = format!("by itself: {what} was reached at look {}", look.look);
            stop::change(trial.state, trial.reverted, action, &reason)
        });
        let decision = serde_json::to_value(judged.decision).map_err(unreadable)?;
        let more = json!({"look": look.look, "decision": decision, "followed_up": judged.followed_up,
            "data_cut": judged.data_cut, "held_at": judged.held_at, "due_at": judged.due_at, "late": judged.late});
        let entry = self.own_entry(trial, "look.held", change.as_ref(), more);
        let row = LookRow {
            trial_id: trial.id,
            look: i64::try_from(look.look).map_err(unreadable)?,
            protocol_id: trial.plan.id().to_string(),
            due_at: look.due_at.timestamp_micros(),
            held_at: look.evidence.as_of.timestamp_micros(),
            assignments_cut: cut.assignments,
            notes_cut: cut.notes,
            data_cut: cut.events,
            decision: decision.as_str().unwrap_or_default().to_owned(),
            arm: judged.arm.as_ref().map(ToString::to_string),
            evidence: serde_json::to_string(&look.evidence).map_err(unreadable)?,
            engine: ENGINE.to_owned(),
        };
        self.act(trial, change, entry, move |c| looks::keep(c, &row)).await
    }
}

/// What a look's decision does.
fn action_of(plan: &Protocol, judged: &LookHeld) -> Option<Action> {
    match judged.decision {
        LookDecision::Succeeded | LookDecision::Futile => Some(Action::Pause),
        LookDecision::Harmful => {
            let crossed = judged.harms.iter().filter(|harm| harm.crossed);
            let actions = crossed.filter_map(|harm| plan.outcome(&harm.outcome)).map(action_on_harm);
            actions.max_by_key(|action| match action {
                Action::Notify => 0,
                Action::Pause => 1,
                Action::Suspend => 2,
            })
        }
        _ => None,
    }
}

/// What a crossed harm boundary does: everybody gets the current version, unless the plan says otherwise.
pub(crate) fn action_on_harm(outcome: &fairtrial_domain::protocol::Outcome) -> Action {
    outcome.action.unwrap_or(Action::Suspend)
}

/// The looks of a trial as the analysis takes them.
pub(crate) fn held_looks(rows: &[LookRow]) -> Result<Vec<HeldLook>, AppError> {
    let read = |row: &LookRow| -> Result<HeldLook, AppError> {
        let evidence: Evidence = serde_json::from_str(&row.evidence).map_err(unreadable)?;
        let look = usize::try_from(row.look).map_err(unreadable)?;
        Ok(HeldLook { look, due_at: instant(row.due_at), evidence })
    };
    rows.iter().map(read).collect()
}

pub(super) fn unreadable(error: impl std::fmt::Display) -> AppError {
    AppError::Internal(format!("a look cannot be kept or read: {error}"))
}

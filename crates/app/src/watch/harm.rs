//! Harm measures that are watched between the planned looks.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError},
};

use fairtrial_analysis::monitor::{
    WatchFinding, crossed_by_day, crossed_by_events, is_watched_daily, watched_at_every_event,
};
use fairtrial_domain::{ArmKey, OutcomeKey, projection::HarmCrossing};
use fairtrial_store::looks::{self, CrossingRow};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    looks::{action_on_harm, unreadable},
    stop,
};
use crate::{
    error::AppError,
    state::{App, directory::Trial, instant},
};

/// How many were harmed among how many, as kept.
#[derive(Debug, Serialize, Deserialize)]
struct Counts {
    harmed: Vec<u64>,
    among: Vec<u64>,
}

/// The hour in which each trial's daily measures were last looked at by this server, in hours since 1970. Evidence that may be
/// read at every moment may also be read more than once a day: this saves work and decides nothing.
pub(crate) type DailyWatch = std::sync::Mutex<BTreeMap<i64, i64>>;

const MICROS_OF_AN_HOUR: i64 = 3_600_000_000;

impl App {
    /// Acts on the harm boundaries that are crossed in a trial now; returns how many this server kept.
    pub(super) async fn watch_harm(&self, trial: &Arc<Trial>) -> Result<usize, AppError> {
        let plan = trial.plan.protocol();
        let mut kept = 0;
        for (place, outcome) in watched_at_every_event(plan) {
            let (harmed, among) = self.projections.progress(trial, |projection| projection.so_far(place));
            if crossed_by_events(plan, outcome, &harmed, &among).iter().all(|found| known(trial, found)) {
                continue;
            }
            // Once more at a place in the logs that can be told.
            let ((harmed, among), cut) = self.projections.so_far_at_cut(trial, place).await;
            for found in crossed_by_events(plan, outcome, &harmed, &among) {
                kept += usize::from(self.keep_crossing(trial, &found, cut.events).await?);
            }
        }
        if is_watched_daily(plan) && self.is_time_for_daily(trial) {
            let (evidence, cut) = self.projections.at_cut(trial, &self.ambient).await;
            for found in crossed_by_day(plan, &evidence) {
                kept += usize::from(self.keep_crossing(trial, &found, cut.events).await?);
            }
        }
        if kept > 0 {
            self.reload_directory().await?;
        }
        Ok(kept)
    }

    /// Once an hour is enough for what changes once a day.
    fn is_time_for_daily(&self, trial: &Trial) -> bool {
        let hour = self.ambient.now_micros().div_euclid(MICROS_OF_AN_HOUR);
        self.daily_watch.lock().unwrap_or_else(PoisonError::into_inner).insert(trial.id, hour) != Some(hour)
    }

    async fn keep_crossing(&self, trial: &Arc<Trial>, found: &WatchFinding, data_cut: i64) -> Result<bool, AppError> {
        let Some(outcome) = trial.plan.protocol().outcome(&found.outcome).filter(|_| !known(trial, found)) else {
            return Ok(false);
        };
        let reason = format!("by itself: the boundary for harm of \u{201c}{}\u{201d} was crossed", outcome.name);
        let change = stop::change(trial.state, trial.reverted, action_on_harm(outcome), &reason);
        let more = json!({"outcome": found.outcome, "arm": found.arm, "data_cut": data_cut, "reason": reason});
        let entry = self.own_entry(trial, "harm.boundary_crossed", change.as_ref(), more);
        let counts = Counts { harmed: found.harmed.clone(), among: found.among.clone() };
        let row = CrossingRow {
            trial_id: trial.id,
            outcome: found.outcome.to_string(),
            arm: found.arm.to_string(),
            crossed_at: self.ambient.now_micros(),
            data_cut,
            counts: serde_json::to_string(&counts).map_err(unreadable)?,
        };
        self.act(trial, change, entry, move |c| looks::cross(c, &row)).await
    }
}

/// Whether a crossing was kept before: it acts once, and two people may have decided to go on.
fn known(trial: &Trial, found: &WatchFinding) -> bool {
    trial.crossings.iter().any(|row| row.outcome == found.outcome.as_str() && row.arm == found.arm.as_str())
}

/// The crossings of a trial as the analysis takes them.
pub(crate) fn crossings(rows: &[CrossingRow]) -> Result<Vec<HarmCrossing>, AppError> {
    let read = |row: &CrossingRow| -> Result<HarmCrossing, AppError> {
        let Counts { harmed, among } = serde_json::from_str(&row.counts).map_err(unreadable)?;
        Ok(HarmCrossing {
            outcome: OutcomeKey::new(&row.outcome).map_err(unreadable)?,
            arm: ArmKey::new(&row.arm).map_err(unreadable)?,
            at: instant(row.crossed_at),
            data_cut: row.data_cut,
            harmed,
            among,
        })
    };
    rows.iter().map(read).collect()
}

//! When the looks fall, for people who enter at a steady rate.

use fairtrial_domain::protocol::Protocol;

use super::rollout::Rollout;
use crate::{
    design::Problem,
    monitor::{LookBounds, due, look_bounds},
};

/// Days of enrolment that are assumed when the plan gives no rate.
const DAYS_OF_ENROLMENT: f64 = 180.0;

/// One look, or the end.
#[derive(Debug, Clone)]
pub(super) struct Stage {
    /// Day, from 1.
    pub(super) day: u32,
    /// People who have entered by then.
    pub(super) assigned: u64,
    /// People whose outcome is known by then, by outcome of the plan.
    pub(super) mature: Vec<u64>,
    /// The boundaries that hold there.
    pub(super) bounds: LookBounds,
}

/// The looks and the end, the daily number, and what is assumed about it.
pub(super) fn timeline(plan: &Protocol) -> Result<(Vec<Stage>, f64, Option<String>), Problem> {
    let people = plan.monitoring.max_units;
    let assumed = |rate: f64| Some(format!("The plan does not say how many enter on a day; {rate:.1} are assumed."));
    let (per_day, note) = match (plan.planning.units_per_day, Rollout::of(plan)) {
        (Some(rate), _) => (rate.to_f64(), None),
        (None, Some(rollout)) => (rollout.per_day, assumed(rollout.per_day)),
        (None, None) => {
            let rate = (people as f64 / DAYS_OF_ENROLMENT).max(1.0);
            (rate, assumed(rate))
        }
    };
    let entered = |day: f64| if day <= 0.0 { 0 } else { ((day * per_day).floor() as u64).min(people) };
    let longest = plan.outcomes.iter().map(|outcome| outcome.follow_up_days).max().unwrap_or(1);
    let days = (people as f64 / per_day).ceil() + f64::from(longest);
    if days > 36_525.0 {
        return Err(Problem::new("/planning/units_per_day", "at this rate the trial would take over a century"));
    }
    let known = |day: f64| -> Vec<u64> {
        plan.outcomes.iter().map(|outcome| entered(day - f64::from(outcome.follow_up_days))).collect()
    };
    let primary = plan.outcomes.iter().position(|o| o.role == fairtrial_domain::protocol::Role::Primary).unwrap_or(0);
    let problem = |error: fairtrial_stats::StatError| Problem::new("/monitoring", error.to_string());
    let mut stages = Vec::new();
    let mut held: Vec<f64> = Vec::new();
    let mut last_look = 0;
    for day in 1..=days as u32 {
        let mature = known(f64::from(day));
        let Some(found) = due(&plan.monitoring, mature.get(primary).copied().unwrap_or(0), last_look) else { continue };
        last_look = found.look;
        held.push(found.fraction);
        let bounds = look_bounds(plan, &held, false).map_err(problem)?;
        stages.push(Stage { day, assigned: entered(f64::from(day)), mature, bounds });
    }
    held.push(1.0);
    let bounds = look_bounds(plan, &held, true).map_err(problem)?;
    stages.push(Stage { day: days as u32, assigned: people, mature: vec![people; plan.outcomes.len()], bounds });
    Ok((stages, per_day, note))
}

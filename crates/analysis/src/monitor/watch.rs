//! Harm that is watched between the planned looks, by evidence that may be read at every moment.
//!
//! Whatever is watched this way spends half of the measure's error; the planned looks and the end have the other half. The two
//! halves hold together whatever the looks, so a false alarm stays within the measure's whole error.

use fairtrial_domain::{
    ArmKey, Decimal, OutcomeKey,
    projection::Evidence,
    protocol::{HarmWatch, Outcome, Protocol},
};
use fairtrial_stats::anytime::{asymptotic_interval, beta_mixture_excess};
use fairtrial_stats::special::elementary::ln;
use serde::{Deserialize, Serialize};

use crate::{
    comparison::{Method, gain},
    sample::samples_at,
};

/// The share of a measure's error that its looks and the end may spend.
#[must_use]
pub fn error_of_looks(outcome: &Outcome) -> f64 {
    let total = outcome.harm_alpha.map_or(0.1, Decimal::to_f64);
    match outcome.harm_watch {
        HarmWatch::Looks => total,
        HarmWatch::EveryEvent | HarmWatch::Daily => total / 2.0,
    }
}

/// A boundary that was crossed between looks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WatchFinding {
    /// The harm measure.
    pub outcome: OutcomeKey,
    /// The arm whose people are harmed more.
    pub arm: ArmKey,
    /// People harmed, by arm.
    pub harmed: Vec<u64>,
    /// People they are counted among, by arm.
    pub among: Vec<u64>,
}

/// The harm measures that are watched at every event, with their places in the plan.
pub fn watched_at_every_event(plan: &Protocol) -> impl Iterator<Item = (usize, &Outcome)> {
    plan.outcomes.iter().enumerate().filter(|(_, outcome)| outcome.harm_watch == HarmWatch::EveryEvent)
}

/// Whether a measure is watched every day.
#[must_use]
pub fn is_watched_daily(plan: &Protocol) -> bool {
    plan.outcomes.iter().any(|outcome| outcome.harm_watch == HarmWatch::Daily)
}

/// The chance that the next person harmed in one of two arms is in the new one, where the loss is exactly the margin.
///
/// Where people are drawn one by one and the version does not matter, the arm of a harmed person is a draw with the planned
/// shares, whoever is harmed and when. A margin allows the new version to harm `1 + margin / usual` times as often.
fn share_at_margin(plan: &Protocol, outcome: &Outcome, arm: usize) -> f64 {
    let part = |arm: usize| plan.arms.get(arm).map_or(0.0, |arm| f64::from(arm.ratio));
    let margin = outcome.margin.map_or(0.0, Decimal::to_f64);
    let usual = outcome.expected_control.map_or(0.0, Decimal::to_f64);
    let times = if margin > 0.0 { 1.0 + margin / usual } else { 1.0 };
    let (new, current) = (times * part(arm), part(plan.control_index()));
    new / (new + current)
}

/// The error of one arm's boundary: the arms share it evenly.
fn error_of_arm(plan: &Protocol, outcome: &Outcome) -> f64 {
    let total = outcome.harm_alpha.map_or(0.1, Decimal::to_f64) - error_of_looks(outcome);
    total / plan.interventions().count().max(1) as f64
}

/// In which arms a measure that is watched at every event has crossed its boundary. `harmed` are the people harmed so far and
/// `among` those who entered, by arm; both may be read at any moment.
#[must_use]
pub fn crossed_by_events(plan: &Protocol, outcome: &Outcome, harmed: &[u64], among: &[u64]) -> Vec<WatchFinding> {
    let control = harmed.get(plan.control_index()).copied().unwrap_or(0);
    let limit = -ln(error_of_arm(plan, outcome));
    let crossed = |arm: usize| {
        let here = harmed.get(arm).copied().unwrap_or(0);
        let together = here.saturating_add(control);
        let evidence = beta_mixture_excess(here, together, 1.0, 1.0, share_at_margin(plan, outcome, arm));
        evidence.is_ok_and(|found| found.ln_e >= limit)
    };
    let arms = plan.interventions().filter(|(arm, _)| crossed(*arm));
    arms.map(|(_, arm)| finding(outcome, arm.key.clone(), harmed.to_vec(), among.to_vec())).collect()
}

/// The measures that are watched every day and have crossed their boundary in somebody's arm, among those whose follow-up is
/// over: a confidence sequence for the loss excludes the margin.
#[must_use]
pub fn crossed_by_day(plan: &Protocol, evidence: &Evidence) -> Vec<WatchFinding> {
    let daily = plan.outcomes.iter().enumerate().filter(|(_, outcome)| outcome.harm_watch == HarmWatch::Daily);
    daily.flat_map(|(place, outcome)| crossed_by_followed(plan, evidence, place, outcome)).collect()
}

fn crossed_by_followed(plan: &Protocol, evidence: &Evidence, place: usize, outcome: &Outcome) -> Vec<WatchFinding> {
    let samples = samples_at(plan, evidence, place);
    let Some(control) = samples.get(plan.control_index()) else { return Vec::new() };
    let method = Method::of(plan, outcome);
    let margin = outcome.margin.map_or(0.0, Decimal::to_f64);
    let crossed = |arm: usize| {
        let of = || {
            let sample = samples.get(arm)?;
            let (one, zero) = (method.moments(sample).ok()?, method.moments(control).ok()?);
            let loss = -gain(outcome, one.mean - zero.mean);
            let squared = |m: &fairtrial_stats::sufficient::Moments| Some(m.variance().ok()? / m.n as f64);
            let error = (squared(&one)? + squared(&zero)?).sqrt();
            let units = sample.analysed.checked_add(control.analysed)?;
            // The sequence is two-sided: each side has half of its error.
            let alpha = 2.0 * error_of_arm(plan, outcome);
            let tightest = plan.monitoring.max_units.div_ceil(2);
            let interval = asymptotic_interval(loss, error, units, tightest, alpha).ok()?;
            Some(interval.lower > margin)
        };
        of().unwrap_or(false)
    };
    let harmed: Vec<u64> = samples.iter().map(|sample| sample.events().unwrap_or(0)).collect();
    let among: Vec<u64> = samples.iter().map(|sample| sample.analysed).collect();
    let arms = plan.interventions().filter(|(arm, _)| crossed(*arm));
    arms.map(|(_, arm)| finding(outcome, arm.key.clone(), harmed.clone(), among.clone())).collect()
}

fn finding(outcome: &Outcome, arm: ArmKey, harmed: Vec<u64>, among: Vec<u64>) -> WatchFinding {
    WatchFinding { outcome: outcome.key.clone(), arm, harmed, among }
}

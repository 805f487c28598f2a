//! How the watch over a trial stands, for those who run it: never a number of one arm beside another's.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use fairtrial_analysis::{
    integrity,
    monitor::LookDecision,
    report::{Gate, GateStatus},
};
use fairtrial_domain::{
    protocol::{HarmWatch, Protocol, Role},
    trial::State,
};

use super::looks::{begins, needed, primary, reached};
use crate::state::{App, directory::Trial, instant};

/// The look that comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextLook {
    /// Its number in the plan, from 1.
    pub look: usize,
    /// Units that must have been followed up; none where the calendar calls it.
    pub needs: Option<u64>,
    /// The day on which it is expected; none when nobody has entered yet.
    pub expected_on: Option<NaiveDate>,
    /// Whether that day follows from the plan or from people who have entered, and not from the pace so far.
    pub certain: bool,
}

/// A light with what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Light {
    /// Its colour.
    pub status: GateStatus,
    /// What it tells, in a sentence.
    pub detail: String,
}

/// How the watch over a trial stands.
#[derive(Debug, Clone, PartialEq)]
pub struct MonitoringStatus {
    /// Looks in the plan, the lock of the data among them.
    pub looks_planned: usize,
    /// The looks held, each with its moment.
    pub looks_held: Vec<(i64, DateTime<Utc>)>,
    /// The one that comes next before the lock; none when there is none, or a boundary has stopped the trial.
    pub next: Option<NextLook>,
    /// Units followed up in full for the primary outcome, of all arms.
    pub followed_up: u64,
    /// Whether a boundary has stopped the trial and two people have not resumed it.
    pub halted: bool,
    /// The integrity checks, each with its colour only.
    pub health: Vec<(String, GateStatus)>,
    /// Whether anybody seems to be harmed.
    pub safety: Light,
    /// The harm measures with how closely they are watched.
    pub watched: Vec<(String, HarmWatch)>,
    /// Reports of harm, of all arms.
    pub harm_reports: u64,
}

impl App {
    /// How the watch over a started trial stands, as this server has folded it. It may be shown to everybody of the agency.
    #[must_use]
    pub fn monitoring(&self, trial: &Trial) -> MonitoringStatus {
        let plan = trial.plan.protocol();
        let now = trial.locked_at.unwrap_or_else(|| self.ambient.now());
        let maturing = self.projections.progress(trial, |projection| projection.maturing(primary(plan)));
        let evidence = self.projections.evidence(trial, &self.ambient, Vec::new());
        let harms = evidence.handling.iter().flat_map(|arm| arm.harms).fold(0_u64, u64::saturating_add);
        let colour = |gate: Gate| (gate.gate, gate.status);
        let measures = plan.outcomes.iter().filter(|outcome| outcome.role == Role::Harm);
        MonitoringStatus {
            looks_planned: plan.monitoring.looks.len(),
            looks_held: trial.looks.iter().map(|look| (look.look, instant(look.held_at))).collect(),
            next: self.next_look(trial, &maturing, now),
            followed_up: maturing.iter().filter(|(at, _)| *at <= now).fold(0, |sum, (_, units)| sum + units),
            halted: trial.halted,
            health: integrity::of_counts(plan, &evidence).into_iter().map(colour).collect(),
            safety: safety(trial, harms),
            watched: measures.map(|outcome| (outcome.name.clone(), outcome.harm_watch)).collect(),
            harm_reports: harms,
        }
    }

    /// When the next look is due, where that follows from the plan and from people who have entered.
    pub(crate) fn next_look_at(&self, trial: &Trial) -> Option<DateTime<Utc>> {
        let plan = trial.plan.protocol();
        let last = trial.looks.last().and_then(|look| usize::try_from(look.look).ok()).unwrap_or(0);
        if !trial.state.collects_events() || trial.halted || last + 1 >= plan.monitoring.looks.len() {
            return None;
        }
        let maturing = self.projections.progress(trial, |projection| projection.maturing(primary(plan)));
        match plan.monitoring.looks_on.get(last) {
            Some(day) => reached(&maturing, 1).map(|somebody| begins(plan, *day).max(somebody)),
            None => reached(&maturing, needed(plan, last + 1)?),
        }
    }

    fn next_look(&self, trial: &Trial, maturing: &[(DateTime<Utc>, u64)], now: DateTime<Utc>) -> Option<NextLook> {
        if !trial.state.collects_events() || trial.halted {
            return None;
        }
        let plan = trial.plan.protocol();
        let last = trial.looks.last().and_then(|look| usize::try_from(look.look).ok()).unwrap_or(0);
        let look = last + 1;
        if look >= plan.monitoring.looks.len() {
            return None;
        }
        if let Some(day) = plan.monitoring.looks_on.get(last) {
            let day = (begins(plan, *day) > now).then_some(*day);
            return Some(NextLook { look, needs: None, expected_on: day, certain: true });
        }
        let needs = needed(plan, look)?;
        let day_of = |at: DateTime<Utc>| at.with_timezone(&plan.time_zone).date_naive();
        let known = reached(maturing, needs);
        let expected = known.or_else(|| at_this_pace(plan, trial, maturing, needs, now));
        Some(NextLook { look, needs: Some(needs), expected_on: expected.map(day_of), certain: known.is_some() })
    }
}

/// When enough will have been followed up if people go on entering as they have so far.
fn at_this_pace(
    plan: &Protocol,
    trial: &Trial,
    maturing: &[(DateTime<Utc>, u64)],
    needs: u64,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    if trial.state != State::Enrolling {
        return None;
    }
    let entered = maturing.iter().fold(0_u64, |sum, (_, units)| sum.saturating_add(*units));
    let days = (now - trial.started_at?).num_seconds() as f64 / 86_400.0;
    let follow_up = i64::from(plan.primary()?.follow_up_days);
    let more = needs.saturating_sub(entered) as f64 * days.max(1.0) / entered as f64;
    (entered > 0 && more < 36_500.0).then(|| now + Duration::days(more.ceil() as i64 + follow_up))
}

fn safety(trial: &Trial, harm_reports: u64) -> Light {
    let harmful = serde_json::to_value(LookDecision::Harmful).ok();
    let at_look = trial.looks.iter().any(|look| harmful.as_ref().is_some_and(|word| *word == look.decision));
    let light = |status, detail: &str| Light { status, detail: detail.to_owned() };
    if at_look || !trial.crossings.is_empty() {
        light(GateStatus::Red, "A boundary for harm was crossed.")
    } else if trial.state == State::Suspended || trial.reverted {
        light(GateStatus::Red, "The trial is suspended, or was stopped for harm.")
    } else if harm_reports > 0 {
        light(GateStatus::Amber, "Harm was reported; no boundary was crossed.")
    } else {
        light(GateStatus::Green, "No boundary for harm was crossed.")
    }
}

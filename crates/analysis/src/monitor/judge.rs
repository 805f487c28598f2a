//! A look: whether one is due, its boundaries, and what it decides.

use chrono::NaiveDate;
use fairtrial_domain::{
    ArmKey,
    decision_rule::DecisionRule,
    projection::Evidence,
    protocol::{Monitoring, Protocol, Role},
};
use fairtrial_stats::{
    Side, StatError,
    sequential::{
        Spending,
        group::{Efficacy, Futility, GroupSequentialDesign, GroupSequentialSpec},
    },
    special::normal,
};
use serde::{Deserialize, Serialize};

use super::{
    schedule::{Bound, bounds, one_sided_alpha},
    watch::error_of_looks,
};
use crate::{
    claims::{self, Multiplicity},
    comparison::Remembered,
    integrity,
    looks::Watched,
    reading::Reading,
    report::{Decision, Verdict, VerdictKind},
    verdict::{self, Found, Stage},
};

/// The boundaries of one look for everything that is decided there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LookBounds {
    /// For the decision rule.
    pub rule: Bound,
    /// For each harm measure, by its place in the plan: stopping at or below this one-sided p-value.
    pub harm: Vec<(usize, f64)>,
    /// Whether the boundary for success is that of an exact design: see [`exactly`](Self::exactly).
    pub exact: bool,
    /// The harm measures whose boundaries are those of an exact design, by their places in the plan.
    #[serde(default)]
    pub exact_harms: Vec<usize>,
}

/// What a look decides, in the finer words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LookDecision {
    /// No boundary was reached; at the end: not enough information.
    KeepGoing,
    /// The decision rule holds.
    Succeeded,
    /// An effect worth having is excluded, or a guardrail is shown to be worse. At the end only.
    Failed,
    /// Success has become unlikely. Before the end only.
    Futile,
    /// A harm measure crossed its boundary.
    Harmful,
    /// The data cannot be read. Before the end nothing follows from it but that there is no success.
    Invalid,
}

impl LookDecision {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::KeepGoing, Self::Succeeded, Self::Failed, Self::Futile, Self::Harmful, Self::Invalid];

    /// The finer word for a verdict.
    #[must_use]
    pub fn of(verdict: &Verdict) -> Self {
        let futile = verdict.reasons.first().is_some_and(|reason| reason.code == "futile");
        match verdict.kind {
            VerdictKind::Succeeded => Self::Succeeded,
            VerdictKind::Failed if futile => Self::Futile,
            VerdictKind::Failed => Self::Failed,
            VerdictKind::Harmful => Self::Harmful,
            VerdictKind::Undecided => Self::KeepGoing,
            VerdictKind::Invalid => Self::Invalid,
        }
    }

    /// Whether it ends the trial at a look before the last.
    #[must_use]
    pub fn ends(self) -> bool {
        matches!(self, Self::Succeeded | Self::Futile | Self::Harmful)
    }
}

/// What a look decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// The decision.
    pub decision: LookDecision,
    /// The arm that it speaks of: the one to adopt, or the harmful one.
    pub arm: Option<ArmKey>,
}

impl Judged {
    /// Nothing is decided.
    #[must_use]
    pub fn undecided() -> Self {
        Self { decision: LookDecision::KeepGoing, arm: None }
    }

    /// Whether it ends the trial at a look before the last.
    #[must_use]
    pub fn ends(&self) -> bool {
        self.decision.ends()
    }
}

/// A look that is due.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Due {
    /// Its number in the plan, from 1.
    pub look: usize,
    /// Share of the planned information that is in.
    pub fraction: f64,
}

/// The look that is due when `mature` units have been followed up for the primary outcome and the looks up to `last` have
/// been held.
///
/// The share of the information is that of the planned units. It never falls and does not depend on results. When several
/// looks have been passed at once, the latest of them is held and the others are not. The final look is the lock of the
/// data and never due here.
#[must_use]
pub fn due(monitoring: &Monitoring, mature: u64, last: usize) -> Option<Due> {
    let fraction = information(monitoring, mature);
    let before_the_end = monitoring.looks.len().saturating_sub(1);
    let passed = monitoring.looks.iter().take(before_the_end).filter(|look| look.to_f64() <= fraction + 1e-12).count();
    (passed > last).then_some(Due { look: passed, fraction })
}

/// The same where the plan's calendar calls the looks: the last whose day has begun by `today`, once anybody has been followed
/// up.
#[must_use]
pub fn due_by_calendar(monitoring: &Monitoring, today: NaiveDate, mature: u64, last: usize) -> Option<Due> {
    let passed = monitoring.looks_on.iter().take_while(|day| **day <= today).count();
    (passed > last && mature > 0).then_some(Due { look: passed, fraction: information(monitoring, mature) })
}

/// The share of the planned information that so many units are, followed up in full.
#[must_use]
pub fn information(monitoring: &Monitoring, mature: u64) -> f64 {
    mature as f64 / monitoring.max_units.max(1) as f64
}

/// Into how many parts the error is divided: new versions, and alternatives of the rule, under Holm and Hochberg.
pub(super) fn parts(plan: &Protocol) -> f64 {
    fn alternatives(rule: &DecisionRule) -> usize {
        match rule {
            DecisionRule::Claim(_) => 1,
            DecisionRule::And(parts) => parts.iter().map(alternatives).max().unwrap_or(1),
            DecisionRule::Or(parts) => parts.len() * parts.iter().map(alternatives).max().unwrap_or(1),
        }
    }
    match Multiplicity::of(plan.analysis.multiplicity.as_deref()) {
        Multiplicity::FixedSequence | Multiplicity::None => 1.0,
        Multiplicity::Holm | Multiplicity::Hochberg => {
            let versions = plan.arms.len().saturating_sub(1).max(1);
            (versions * alternatives(&plan.decision_rule)) as f64
        }
    }
}

/// The boundaries of the last of the looks held with the shares of information `held`, which is the end when `last_is_final`.
///
/// Where hypotheses share the error, each has a boundary for its own part. The level that adjusted p-values are held
/// against is that boundary times the number of parts, which is never above the plan's.
///
/// # Errors
/// As [`bounds`].
pub fn look_bounds(plan: &Protocol, held: &[f64], last_is_final: bool) -> Result<LookBounds, StatError> {
    let parts = parts(plan);
    let alpha = one_sided_alpha(&plan.monitoring);
    let all = bounds(&plan.monitoring, alpha / parts, held, last_is_final)?;
    let mut rule = all.last().copied().ok_or_else(|| StatError::invalid("held", "at least one look is needed"))?;
    rule.alpha_spent *= parts;
    rule.efficacy_p = if held.len() == 1 && last_is_final { alpha } else { rule.efficacy_p * parts };
    let measures = plan.outcomes.iter().enumerate().filter(|(_, outcome)| outcome.role == Role::Harm);
    let harm = measures.map(|(place, outcome)| Ok((place, harm_bound(error_of_looks(outcome), held, last_is_final)?)));
    Ok(LookBounds { rule, harm: harm.collect::<Result<_, StatError>>()?, exact: false, exact_harms: Vec::new() })
}

/// The one-sided p-value at or below which a harm measure stops the trial, sharing its own error evenly, as Pocock.
fn harm_bound(total: f64, held: &[f64], last_is_final: bool) -> Result<f64, StatError> {
    if held.len() == 1 && last_is_final {
        return Ok(total);
    }
    let efficacy = Efficacy::Spending { spending: Spending::LanDeMetsPocock };
    let spec = GroupSequentialSpec::new(vec![1.0], total, efficacy).with_observed(held, last_is_final)?;
    let design =
        GroupSequentialDesign::new(GroupSequentialSpec { side: Side::Greater, futility: Futility::None, ..spec })?;
    Ok(design.looks().last().map_or(total, |look| normal::sf(look.efficacy)))
}

/// What the evidence decides at a look with these boundaries; the final one when `last`.
///
/// `known` holds exact tests that were made before. It goes through the integrity checks, claims and verdict of the report.
#[must_use]
pub fn judge(plan: &Protocol, evidence: &Evidence, at: &LookBounds, last: bool, known: &Remembered) -> Judged {
    judged(&Reading::at_look(plan, evidence, at, known), at, last).0
}

/// The same with what the rule and the harm measures showed.
pub(super) fn judged(reading: &Reading<'_>, at: &LookBounds, last: bool) -> (Judged, Decision) {
    let gates = integrity::gates(reading);
    let found_rule = claims::decide(reading);
    let stage = if last { Stage::Final } else { Stage::Look { futility_z: at.rule.futility_z } };
    let found = verdict::decide(&Found {
        reading,
        gates: &gates,
        decision: &found_rule,
        arms: &[],
        outcomes: &[],
        watched: Watched { looks: &[], crossings: &[] },
        stage,
    });
    (Judged { decision: LookDecision::of(&found), arm: found.arm }, found_rule)
}

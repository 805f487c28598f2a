//! The whole report in released numbers.

use chrono::{DateTime, Utc};
use fairtrial_domain::{
    ArmKey, Decimal, OutcomeKey, ProtocolId, TrialKey,
    protocol::{Aim, Outcome, Protocol, Role},
};
use serde::Serialize;
use thiserror::Error;

use super::{
    Count, Policy, ReleaseKey, ReleasedArm, ReleasedOutcome, arm, count::Rounder, outcome, outcome::ArmNumbers,
};
use crate::{
    Report,
    looks::decided,
    report::{
        ArmOutcome, ArmReport, CostComparison, EquityFinding, GateStatus, LookReport, OutcomeReport, Reason, Verdict,
        VerdictKind,
    },
    words,
};

/// Who is to read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// People and programs of the agency who do not analyse the trial.
    Agency,
    /// Everybody.
    Public,
}

/// Why there is nothing to release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotReleased {
    /// People are still in the trial.
    #[error("results are published when the data no longer change, not before")]
    NotLocked,
    /// The report does not belong to the plan.
    #[error("the report is of another plan")]
    AnotherPlan,
}

/// A report in released numbers, in the shape of the report itself. Only [`release`] makes one.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ReleasedReport {
    /// Which trial.
    pub trial: TrialKey,
    /// Its question for people.
    pub title: String,
    /// Which plan, to the byte.
    pub protocol_id: ProtocolId,
    /// The moment at which maturity was judged.
    pub as_of: DateTime<Utc>,
    /// Sequence number of the last event counted in; in the agency's own view alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_cut: Option<i64>,
    /// Name and version of the program that computed this.
    pub engine: String,
    /// Whether the data are locked.
    pub locked: bool,
    /// For whom it was released.
    pub view: View,
    /// How strictly.
    pub policy: Policy,
    /// Better, or not worse and cheaper or kinder.
    pub aim: Aim,
    /// What is counted: person, household, application.
    pub unit: String,
    /// What the evidence says, in released numbers.
    pub verdict: Verdict,
    /// Whether the data can be read at all.
    pub integrity: Vec<ReleasedGate>,
    /// The arms, counted on the primary outcome.
    pub arms: Vec<ReleasedArm>,
    /// The outcomes in the plan's order.
    pub outcomes: Vec<ReleasedOutcome>,
    /// From request to analysis.
    pub flow: ReleasedFlow,
    /// Planned looks and what became of them.
    pub looks: Vec<LookReport>,
    /// Whether a declared group is left worse off.
    pub equity: Vec<ReleasedGroup>,
    /// What the versions cost.
    pub cost: ReleasedCost,
    /// The rule as written in the plan.
    pub rule: String,
    /// Where the report does otherwise than the plan says, and why.
    pub departures: Vec<Reason>,
}

/// A look without its numbers: with those of the end they would tell who came in between.
fn look(look: &LookReport) -> LookReport {
    let told = look.held.as_ref().map(|held| format!("held: {}", decided(held.decision)));
    LookReport { held: None, detail: told.unwrap_or_else(|| look.detail.clone()), ..look.clone() }
}

/// How a check came out, without its numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReleasedGate {
    /// Stable name of the check.
    pub gate: String,
    /// How it came out.
    pub status: GateStatus,
    /// The same in a sentence, without what was counted.
    pub detail: &'static str,
}

/// How a check came out, in a sentence that counts nobody.
fn came_out(status: GateStatus) -> &'static str {
    match status {
        GateStatus::Green => "nothing was found",
        GateStatus::Amber => "something was found that has to be explained",
        GateStatus::Red => "the data cannot be trusted",
    }
}

/// The answer for one declared group, without its numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReleasedGroup {
    /// The attribute whose values are the groups.
    pub attribute: String,
    /// The group.
    pub group: Option<String>,
    /// The outcome compared.
    pub outcome: OutcomeKey,
    /// The answer.
    pub finding: EquityFinding,
}

/// From request to analysis in released numbers. Totals are sums of released parts; a part that is hidden because it is small counts as
/// half the smallest number shown. Where nothing is shown to add up, or the total would give a small number away, there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReleasedFlow {
    /// About how many requests are known.
    pub requests: Option<u64>,
    /// Requests that did not lead to an assignment, by reason.
    pub not_enrolled: Vec<ReleasedReason>,
    /// About how many people were assigned.
    pub assigned: Option<u64>,
    /// What became of them, by arm.
    pub arms: Vec<ReleasedFlowArm>,
}

/// Requests turned away for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReleasedReason {
    /// Stable code of the reason.
    pub reason: String,
    /// How many.
    pub count: Count,
}

/// One arm's way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReleasedFlowArm {
    /// Which arm.
    pub arm: ArmKey,
    /// Its name for people.
    pub name: String,
    /// People assigned.
    pub assigned: Count,
    /// People whose follow-up is not over.
    pub not_yet_mature: Count,
    /// People followed up in full without a value.
    pub missing: Count,
    /// People with a value.
    pub analysed: Count,
}

/// What the versions cost: the plan's unit costs times released numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReleasedCost {
    /// The arms in the plan's order.
    pub arms: Vec<ReleasedArmCost>,
    /// Every intervention arm against the control, by the plan's unit costs alone.
    pub comparisons: Vec<ReleasedExtra>,
}

/// What one arm cost.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReleasedArmCost {
    /// Which arm.
    pub arm: ArmKey,
    /// What one delivery costs.
    pub unit_cost: Option<Decimal>,
    /// People assigned.
    pub assigned: Count,
    /// Unit cost times people.
    pub total: Option<f64>,
}

/// What the new version costs more for each unit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReleasedExtra {
    /// The intervention arm.
    pub arm: ArmKey,
    /// The control arm.
    pub control: ArmKey,
    /// Extra cost per unit.
    pub extra_per_unit: Option<f64>,
}

/// The report as others may see it.
///
/// # Errors
/// [`NotReleased::NotLocked`] for the public before the data are locked; [`NotReleased::AnotherPlan`] when the report's
/// outcomes are not those of the plan.
pub fn release(
    plan: &Protocol,
    report: &Report,
    view: View,
    policy: Policy,
    key: &ReleaseKey,
) -> Result<ReleasedReport, NotReleased> {
    if view == View::Public && !report.locked {
        return Err(NotReleased::NotLocked);
    }
    let same = |(outcome, found): (&Outcome, &OutcomeReport)| outcome.key == found.outcome;
    if plan.key != report.trial
        || plan.outcomes.len() != report.outcomes.len()
        || !plan.outcomes.iter().zip(&report.outcomes).all(same)
    {
        return Err(NotReleased::AnotherPlan);
    }
    let rounder = Rounder { key, trial: &report.trial, policy };
    let primary = plan.outcomes.iter().position(|outcome| outcome.role == Role::Primary).unwrap_or(0);
    let arms: Vec<ReleasedArm> = report.arms.iter().map(|arm| arm::arm(report, primary, arm, rounder)).collect();
    let mut outcomes: Vec<ReleasedOutcome> = plan
        .outcomes
        .iter()
        .zip(&report.outcomes)
        .enumerate()
        .map(|(place, (planned, found))| outcome::outcome(planned, found, place, &arms, rounder))
        .collect();
    // The numbers of a trial that cannot be read must not be read either, and before the lock there are none.
    if !report.locked || report.verdict.kind == VerdictKind::Invalid {
        outcomes.iter_mut().for_each(silence);
    }
    Ok(ReleasedReport {
        trial: report.trial.clone(),
        title: report.title.clone(),
        protocol_id: report.protocol_id.clone(),
        as_of: report.as_of,
        data_cut: (view == View::Agency).then_some(report.data_cut),
        engine: report.engine.clone(),
        locked: report.locked,
        view,
        policy,
        aim: report.aim,
        unit: report.unit.clone(),
        verdict: verdict(report, primary, &outcomes, &arms, policy),
        integrity: report
            .integrity
            .iter()
            .map(|gate| ReleasedGate { gate: gate.gate.clone(), status: gate.status, detail: came_out(gate.status) })
            .collect(),
        flow: flow(report, &arms, rounder),
        looks: report.looks.iter().map(look).collect(),
        equity: report
            .equity
            .iter()
            .map(|group| ReleasedGroup {
                attribute: group.attribute.clone(),
                group: group.group.clone(),
                outcome: group.outcome.clone(),
                finding: group.finding,
            })
            .collect(),
        cost: cost(report, &arms),
        arms,
        outcomes,
        rule: report.decision.rule.clone(),
        departures: report.departures.clone(),
    })
}

fn silence(outcome: &mut ReleasedOutcome) {
    outcome.comparisons.clear();
    outcome.together.clear();
    for arm in &mut outcome.arms {
        *arm = ArmNumbers { events: Count::HIDDEN, mean: None, ..arm.clone() };
    }
}

fn flow(report: &Report, arms: &[ReleasedArm], rounder: Rounder<'_>) -> ReleasedFlow {
    let not_enrolled: Vec<ReleasedReason> = report
        .flow
        .not_enrolled
        .iter()
        .map(|left| ReleasedReason {
            reason: left.reason.clone(),
            count: rounder.count(&format!("not enrolled {}", left.reason), left.count),
        })
        .collect();
    let assigned = arm::together(arms, rounder.policy);
    let turned_away = Count::about(not_enrolled.iter().map(|left| left.count), rounder.policy);
    ReleasedFlow {
        requests: assigned.map(|assigned| assigned.saturating_add(turned_away)),
        not_enrolled,
        assigned,
        arms: arms
            .iter()
            .map(|arm| ReleasedFlowArm {
                arm: arm.arm.clone(),
                name: arm.name.clone(),
                assigned: arm.assigned,
                not_yet_mature: arm.not_yet_mature,
                missing: arm.missing,
                analysed: arm.analysed,
            })
            .collect(),
    }
}

fn cost(report: &Report, arms: &[ReleasedArm]) -> ReleasedCost {
    let assigned =
        |key: &ArmKey| arms.iter().find(|arm| arm.arm == *key).map_or(Count::HIDDEN, |released| released.assigned);
    let extra = |found: &CostComparison| ReleasedExtra {
        arm: found.arm.clone(),
        control: found.control.clone(),
        extra_per_unit: found.extra_per_unit,
    };
    ReleasedCost {
        arms: report
            .cost
            .arms
            .iter()
            .map(|arm| {
                let people = assigned(&arm.arm);
                let total = arm.unit_cost.zip(people.value()).map(|(cost, people)| cost.to_f64() * people as f64);
                ReleasedArmCost { arm: arm.arm.clone(), unit_cost: arm.unit_cost, assigned: people, total }
            })
            .collect(),
        comparisons: report.cost.comparisons.iter().map(extra).collect(),
    }
}

/// The verdict with its sentence made again from released numbers.
fn verdict(
    report: &Report,
    primary: usize,
    outcomes: &[ReleasedOutcome],
    arms: &[ReleasedArm],
    policy: Policy,
) -> Verdict {
    let kind = report.verdict.kind;
    let invalid = kind == VerdictKind::Invalid;
    let checks = "A check of the data failed, so the numbers cannot be trusted.";
    let reasons = match invalid {
        // The reasons of an invalid trial count people.
        true => report.verdict.reasons.iter().map(|reason| Reason::new(reason.code.clone(), checks)).collect(),
        false => report.verdict.reasons.clone(),
    };
    let headline = if invalid {
        words::invalid(checks)
    } else if !report.locked {
        words::keep_going(arm::together(arms, policy), &report.unit)
    } else {
        headline(report, primary, outcomes)
    };
    Verdict {
        kind,
        action: report.verdict.action.clone(),
        headline,
        reasons,
        more_units_needed: None,
        arm: report.verdict.arm.clone(),
    }
}

fn headline(report: &Report, primary: usize, outcomes: &[ReleasedOutcome]) -> String {
    let kind = report.verdict.kind;
    let harmed = report.decision.harms.iter().find(|harm| harm.crossed);
    let (spoken, arm) = match harmed.filter(|_| kind == VerdictKind::Harmful) {
        Some(harm) => (outcomes.iter().find(|outcome| outcome.outcome == harm.outcome), Some(&harm.arm)),
        None => (outcomes.get(primary), report.verdict.arm.as_ref()),
    };
    let first = report.arms.iter().find(|arm| !arm.control);
    let named = arm.and_then(|key| report.arms.iter().find(|arm| arm.arm == *key)).or(first);
    let control = report.arms.iter().find(|arm| arm.control);
    let (Some(spoken), Some(arm), Some(control)) = (spoken, named, control) else { return hidden(kind) };
    let (outcome, arm, control) = (for_words(spoken), nameless(arm), nameless(control));
    let subject = words::Subject { outcome: &outcome, arm: &arm, control: &control, unit: &report.unit };
    if subject.difference().is_none_or(|difference| difference.estimate.is_none()) {
        return hidden(kind);
    }
    match kind {
        VerdictKind::Succeeded if report.aim == Aim::NotWorse => words::not_worse(&subject),
        VerdictKind::Succeeded => words::succeeded(&subject),
        VerdictKind::Harmful => words::harmful(&subject),
        // What failed may be another outcome than the first; the reasons name it.
        VerdictKind::Failed => {
            format!("\u{201c}{}\u{201d} did not do enough. {}", subject.arm.name, words::comparison_sentence(&subject))
        }
        VerdictKind::Undecided => words::undecided(&subject, None),
        VerdictKind::Invalid => hidden(kind),
    }
}

fn hidden(kind: VerdictKind) -> String {
    let found = match kind {
        VerdictKind::Succeeded => "By the rule that was fixed before the start, the new version is better.",
        VerdictKind::Failed => "By the rule that was fixed before the start, the new version does not do enough.",
        VerdictKind::Harmful => "Stopped for harm.",
        VerdictKind::Undecided => "We do not know yet.",
        VerdictKind::Invalid => "This trial cannot be read.",
    };
    format!("{found} The numbers are too small to be shown without showing a person.")
}

/// Released values in the shape that sentences are made from, which use no counts.
fn for_words(outcome: &ReleasedOutcome) -> OutcomeReport {
    OutcomeReport {
        outcome: outcome.outcome.clone(),
        name: outcome.name.clone(),
        role: outcome.role,
        kind: outcome.kind,
        better: outcome.better,
        follow_up_days: outcome.follow_up_days,
        smallest_worthwhile_effect: outcome.smallest_worthwhile_effect,
        margin: outcome.margin,
        together: outcome.together.clone(),
        arms: outcome
            .arms
            .iter()
            .map(|arm| ArmOutcome {
                arm: arm.arm.clone(),
                assigned: 0,
                analysed: 0,
                not_yet_mature: 0,
                missing: 0,
                clusters: None,
                events: None,
                mean: arm.mean,
                standard_deviation: None,
                lower: None,
                upper: None,
                level: 0.0,
                not_estimable: None,
            })
            .collect(),
        comparisons: outcome.comparisons.clone(),
        unadjusted: Vec::new(),
        missing_bounds: Vec::new(),
    }
}

fn nameless(arm: &ArmReport) -> ArmReport {
    ArmReport { assigned: 0, analysed: 0, not_yet_mature: 0, missing: 0, ..arm.clone() }
}

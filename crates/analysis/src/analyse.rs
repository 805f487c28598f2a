//! From plan and evidence to the whole report.

use std::collections::BTreeMap;

use fairtrial_domain::{
    LockedProtocol,
    projection::Evidence,
    protocol::{Outcome, OutcomeKind, Protocol},
};
use fairtrial_stats::{StatError, one_proportion::wilson};

use crate::{
    adjusting::Adjusting,
    baseline::baseline,
    claims,
    comparison::{Method, Remembered, finite},
    cost::cost,
    course::course,
    equity::equity,
    flow::flow,
    got_it::got_it,
    integrity,
    looks::{Watched, looks},
    missing_bounds::missing_bounds,
    monitor::{self, Judged, LookDecision},
    reading::Reading,
    redraw::redraw,
    report::{
        AfterLooks, ArmOutcome, ArmReport, Decision, EquityFinding, EquityReport, LookHeld, Measure, NotEstimable,
        OutcomeReport, Reason, Report, VerdictKind,
    },
    sample::ArmSample,
    together,
    verdict::{self, Stage},
};

/// What does the evidence say of the plan's question?
///
/// `engine` names the program and its version, for whoever wants to compute the report again. Before the data are locked
/// the report holds counts only. The result depends on nothing but the arguments.
#[must_use]
pub fn analyse(plan: &LockedProtocol, evidence: &Evidence, engine: &str) -> Report {
    let protocol = plan.protocol();
    let known = Remembered::default();
    let mut departures = Vec::new();
    let held = monitor::hold_all(protocol, &evidence.looks).unwrap_or_else(|error| {
        departures.push(not_computed(&error));
        Vec::new()
    });
    // After looks, the end has the error that they left.
    let bounds = match (evidence.locked, evidence.looks.is_empty()) {
        (true, false) => Some(monitor::final_bounds(protocol, evidence, &known)),
        _ => None,
    };
    let reading = match &bounds {
        None => Reading::new(protocol, evidence, &known),
        Some(Ok(bounds)) => Reading::at_look(protocol, evidence, bounds, &known),
        Some(Err(error)) => {
            departures.push(not_computed(error));
            Reading { alpha: 0.0, level: 1.0, ..Reading::new(protocol, evidence, &known) }
        }
    };
    let watched = Watched { looks: &held, crossings: &evidence.crossings };
    let mut integrity = integrity::gates(&reading);
    integrity.extend(integrity::baseline_balance(&reading, plan.id()));
    integrity.extend(integrity::looks_on_time(&reading, &held));
    let decision = claims::decide(&reading);
    let mut outcomes: Vec<OutcomeReport> = protocol
        .outcomes
        .iter()
        .zip(&reading.samples)
        .enumerate()
        .map(|(place, (outcome, samples))| outcome_report(&reading, place, outcome, samples))
        .collect();
    let arms = arms(&reading);
    let equity = equity(&reading);
    let found = verdict::Found {
        reading: &reading,
        gates: &integrity,
        decision: &decision,
        arms: &arms,
        outcomes: &outcomes,
        watched,
        stage: if evidence.locked { Stage::Final } else { Stage::Hidden },
    };
    let mut verdict = verdict::decide(&found);
    let end = bounds.as_ref().and_then(|bounds| bounds.as_ref().ok()).map(|bounds| {
        let judged = Judged { decision: LookDecision::of(&verdict), arm: verdict.arm.clone() };
        monitor::held_at_the_end(&reading, bounds, judged, &decision)
    });
    if verdict.kind == VerdictKind::Succeeded {
        verdict.reasons.extend(open_question(&equity));
    }
    let cost = cost(&reading, outcomes.get(reading.primary()), verdict.kind);
    let after_looks = |level: f64| after_looks(protocol, evidence, &watched, end.as_ref()?, &decision, level);
    let level = 1.0 - 2.0 * monitor::one_sided_alpha(&protocol.monitoring);
    let ranges = match (evidence.looks.is_empty(), decision.arms.len()) {
        (_, 0 | 1) => Vec::new(),
        (true, _) => together::together(&reading, &decision),
        (false, arms) => after_looks(together::level_of_each(level, arms))
            .map_or_else(Vec::new, |after| together::after_looks(&after, level)),
    };
    let after_looks = after_looks(level);
    if let Some(primary) = outcomes.get_mut(reading.primary()) {
        primary.together = ranges;
    }
    departures.extend(self::departures(&reading, &held));
    Report {
        trial: protocol.key.clone(),
        title: protocol.title.clone(),
        protocol_id: plan.id().clone(),
        as_of: evidence.as_of,
        data_cut: evidence.data_cut,
        engine: engine.to_owned(),
        locked: evidence.locked,
        aim: protocol.aim,
        unit: protocol.unit.clone(),
        verdict,
        integrity,
        arms,
        outcomes,
        decision,
        baseline: baseline(&reading),
        flow: flow(&reading),
        looks: looks(&reading, &held, end.as_ref()),
        after_looks,
        course: course(&reading),
        equity,
        cost,
        redrawn: redraw(&reading, plan.id()),
        got_it: got_it(&reading),
        departures,
    }
}

/// What is to be answered by a person before a version is adopted: a group that may be left worse off.
fn open_question(equity: &[EquityReport]) -> Option<Reason> {
    let groups = |finding: EquityFinding| -> Option<String> {
        let found = equity.iter().filter(|found| found.finding == finding);
        let mut names: Vec<&str> = found.map(|found| found.group.as_deref().unwrap_or(&found.attribute)).collect();
        names.dedup();
        (!names.is_empty()).then(|| names.join(", "))
    };
    if let Some(names) = groups(EquityFinding::Seen) {
        let detail = format!(
            "A group is shown to be left worse off: {names}. Whoever adopts this says why, and what is done for them."
        );
        return Some(Reason::new("equity_harm_seen", detail));
    }
    let names = groups(EquityFinding::CannotRuleOut)?;
    let detail = format!(
        "It cannot be ruled out that a group is left worse off: {names}. Whoever adopts this says why all the same."
    );
    Some(Reason::new("equity_question_open", detail))
}

/// Inference that takes the looks into account, as of the look that ended the trial or else of the end.
fn after_looks(
    plan: &Protocol,
    evidence: &Evidence,
    watched: &Watched<'_>,
    end: &LookHeld,
    decision: &Decision,
    level: f64,
) -> Option<AfterLooks> {
    let mut known: Vec<&Evidence> = evidence.looks.iter().map(|look| &look.evidence).collect();
    let Some(ended_by) = watched.ended_by(plan, evidence) else {
        let all: Vec<LookHeld> = watched.looks.iter().chain(std::iter::once(end)).cloned().collect();
        known.push(evidence);
        return monitor::after_looks(plan, &all, true, &known, &decision.arms, level);
    };
    let until = evidence.looks.iter().position(|look| look.look == ended_by.look)?;
    let (then, looks) = (evidence.looks.get(until)?, watched.looks.get(..=until)?);
    known.truncate(until + 1);
    let tests = Remembered::default();
    let at_look = Reading { open: true, ..Reading::new(plan, &then.evidence, &tests) };
    monitor::after_looks(plan, looks, false, &known, &claims::decide(&at_look).arms, level)
}

fn not_computed(error: &StatError) -> Reason {
    let detail =
        format!("The boundaries of the looks could not be computed ({error}); nothing can be shown to succeed.");
    Reason::new("boundaries_not_computed", detail)
}

fn arms(reading: &Reading<'_>) -> Vec<ArmReport> {
    let primary = reading.samples.get(reading.primary());
    reading
        .plan
        .arms
        .iter()
        .zip(primary.into_iter().flatten())
        .map(|(arm, sample)| ArmReport {
            arm: arm.key.clone(),
            name: arm.name.clone(),
            control: arm.control,
            ratio: arm.ratio,
            assigned: sample.assigned,
            analysed: sample.analysed,
            not_yet_mature: sample.not_yet_mature(),
            missing: sample.lost(),
        })
        .collect()
}

fn outcome_report(reading: &Reading<'_>, place: usize, outcome: &Outcome, samples: &[ArmSample]) -> OutcomeReport {
    let plan = reading.plan;
    let method = Method::of(plan, outcome);
    let arms =
        plan.arms.iter().zip(samples).map(|(arm, sample)| arm_outcome(reading, &method, &arm.key, sample)).collect();
    let (mut comparisons, mut unadjusted) = (Vec::new(), Vec::new());
    if let (true, Some(control), Some(arm0)) =
        (reading.evidence.locked, plan.control(), samples.get(plan.control_index()))
    {
        for (index, arm) in plan.interventions() {
            let Some(arm1) = samples.get(index) else { continue };
            let (one, zero) = ((arm1, &arm.key), (arm0, &control.key));
            for measure in [Measure::Difference, Measure::Ratio] {
                comparisons.push(method.compare(one, zero, measure, reading.level));
            }
            if method.adjusts(arm1, arm0) {
                unadjusted.push(method.plain().compare(one, zero, Measure::Difference, reading.level));
            }
        }
    }
    OutcomeReport {
        outcome: outcome.key.clone(),
        name: outcome.name.clone(),
        role: outcome.role,
        kind: outcome.kind,
        better: outcome.better,
        follow_up_days: outcome.follow_up_days,
        smallest_worthwhile_effect: outcome.smallest_worthwhile_effect,
        margin: outcome.margin,
        arms,
        comparisons,
        unadjusted,
        together: Vec::new(),
        missing_bounds: missing_bounds(reading, place, outcome),
    }
}

fn arm_outcome(
    reading: &Reading<'_>,
    method: &Method<'_>,
    key: &fairtrial_domain::ArmKey,
    sample: &ArmSample,
) -> ArmOutcome {
    let mut arm = ArmOutcome {
        arm: key.clone(),
        assigned: sample.assigned,
        analysed: sample.analysed,
        not_yet_mature: sample.not_yet_mature(),
        missing: sample.lost(),
        clusters: method.by_cluster.then_some(sample.clusters.len() as u64),
        events: None,
        mean: None,
        standard_deviation: None,
        lower: None,
        upper: None,
        level: reading.level,
        not_estimable: None,
    };
    if !reading.evidence.locked {
        arm.not_estimable = Some(NotEstimable::new("withheld", "opens when the data are locked"));
        return arm;
    }
    let binary = method.outcome.kind == OutcomeKind::Binary;
    match method.moments(sample) {
        Ok(moments) => {
            arm.mean = finite(moments.mean);
            arm.standard_deviation = moments.variance().ok().map(f64::sqrt).and_then(finite);
        }
        Err(reason) => arm.not_estimable = Some(reason),
    }
    if let (true, Ok(events), Ok(())) = (binary, sample.events(), sample.readable()) {
        arm.events = Some(events);
        if let (false, Ok(estimate)) = (method.by_cluster, wilson(events, sample.analysed, reading.level)) {
            arm.lower = finite(estimate.interval.lower);
            arm.upper = finite(estimate.interval.upper);
        }
    }
    arm
}

/// Where the report does otherwise than the plan says.
fn departures(reading: &Reading<'_>, held: &[LookHeld]) -> Vec<Reason> {
    let mut departures = not_adjusted(reading);
    if reading.plan.monitoring.looks.len() > 1 && reading.evidence.locked && held.is_empty() {
        let detail =
            "The plan has looks before the lock of the data and none was held; the whole error was left for the end.";
        departures.push(Reason::new("looks_not_opened", detail));
    }
    departures
}

/// What the plan adjusts for and the evidence does not allow, each reason once with the outcomes that it concerns.
fn not_adjusted(reading: &Reading<'_>) -> Vec<Reason> {
    let mut why: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (outcome, arms) in reading.plan.outcomes.iter().zip(&reading.samples) {
        if let Some(Adjusting::Impossible(reason)) = arms.first().map(|arm| &arm.adjusting) {
            why.entry(&reason.detail).or_default().push(&outcome.name);
        }
    }
    let names = reading.plan.analysis.adjust_for.join(", ");
    let sentence = |(detail, outcomes): (&str, Vec<&str>)| {
        let detail = format!(
            "The plan adjusts for {names}; the arms are compared without it on {}: {detail}. The comparison is valid, and its \
             interval is no narrower than an adjusted one would be expected to be.",
            outcomes.join(", ")
        );
        Reason::new("not_adjusted", detail)
    };
    why.into_iter().map(sentence).collect()
}

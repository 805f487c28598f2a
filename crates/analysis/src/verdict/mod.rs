//! The verdict: a pure function of the locked plan and the evidence, in a fixed order.
//!
//! 1. A red integrity check: *Invalid*.
//! 2. Data not locked and no look held: *Undecided*, keep going.
//! 3. A harm measure beyond its margin: *Harmful*.
//! 4. The decision rule holds for an arm: *Succeeded*.
//! 5. The boundary for giving up was reached and nobody entered after it; or every arm is ruled out, because an effect worth
//!    having is excluded or a loss beyond a margin is shown: *Failed*.
//! 6. Otherwise: *Undecided*, with how many more people would settle it.
//!
//! What a look or a watched harm measure found before the end stays found: 3 and 4 count a boundary that was crossed then.
//!
//! At a look before the end harm comes first, and 5 is the boundary for giving up: *futile*.
//!
//! Telling 5 and 6 apart is what makes a trial without success worth its cost.

mod crossings;

use fairtrial_domain::{
    ArmKey, OutcomeKey,
    decision_rule::Claim,
    protocol::{Aim, Outcome, Role},
};

use crate::{
    claims::{self, highest_gain, shown_inferior},
    comparison::{Method, gain},
    looks::Watched,
    monitor::LookDecision,
    reading::Reading,
    report::{
        ArmDecision, ArmReport, ClaimStatus, Decision, Gate, GateStatus, Measure, OutcomeReport, Reason, Verdict,
        VerdictKind,
    },
    sample::size,
    words::{self, Shortfall, Subject},
};

/// Everything that the verdict may look at.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// Plan and evidence.
    pub reading: &'a Reading<'a>,
    /// The integrity checks.
    pub gates: &'a [Gate],
    /// What the decision rule found.
    pub decision: &'a Decision,
    /// The arms, for the words.
    pub arms: &'a [ArmReport],
    /// The outcomes, for the words.
    pub outcomes: &'a [OutcomeReport],
    /// What watching over the trial did before.
    pub watched: Watched<'a>,
    /// When it is asked.
    pub stage: Stage,
}

/// When a verdict is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Stage {
    /// While people are in the trial and no look is held: the arms are not compared.
    Hidden,
    /// At a look before the end.
    Look {
        /// Giving up at or below this score of the primary outcome.
        futility_z: Option<f64>,
    },
    /// When the data are locked.
    Final,
}

/// Why one arm is ruled out.
struct Failure {
    code: &'static str,
    outcome: OutcomeKey,
    shortfall: Shortfall,
}

/// The verdict.
#[must_use]
pub fn decide(found: &Found<'_>) -> Verdict {
    let invalid = invalid(found);
    if let Stage::Look { futility_z } = found.stage {
        // Harm stops a trial also where nothing else may be read.
        return harmful(found)
            .or(invalid)
            .or_else(|| succeeded(found))
            .or_else(|| futile(found, futility_z?))
            .unwrap_or_else(|| keep_going(found, "No boundary was reached at this look."));
    }
    if let Some(verdict) = invalid {
        return verdict;
    }
    if found.stage == Stage::Hidden {
        return keep_going(found, "The data are not locked yet.");
    }
    harmful(found)
        .or_else(|| succeeded(found))
        .or_else(|| given_up(found))
        .or_else(|| failed(found))
        .unwrap_or_else(|| undecided(found))
}

fn keep_going(found: &Found<'_>, why: &str) -> Verdict {
    let assigned = found.arms.iter().fold(0_u64, |sum, arm| sum.saturating_add(arm.assigned));
    let headline = words::keep_going(Some(assigned), &found.reading.plan.unit);
    verdict(VerdictKind::Undecided, headline, vec![Reason::new("keep_going", why)], None)
}

/// The primary outcome of every arm lies at or below the boundary for giving up.
fn futile(found: &Found<'_>, bound: f64) -> Option<Verdict> {
    let primary = found.reading.plan.outcomes.get(found.reading.primary())?;
    let hopeless = |arm: &ArmDecision| {
        let mut claims = arm.claims.iter().filter(|claim| *claim.claim.outcome() == primary.key).peekable();
        let below = |claim| claims::score(found.reading, claim, &arm.arm).is_some_and(|z| z <= bound);
        claims.peek().is_some() && claims.all(below)
    };
    let arms = &found.decision.arms;
    if arms.is_empty() || !arms.iter().all(hopeless) {
        return None;
    }
    let detail =
        format!("{}: success has become so unlikely that going on would only cost people's time.", primary.name);
    Some(verdict(VerdictKind::Failed, detail.clone(), vec![Reason::new("futile", detail)], None))
}

fn verdict(kind: VerdictKind, headline: String, reasons: Vec<Reason>, arm: Option<ArmKey>) -> Verdict {
    Verdict { kind, action: kind.action().to_owned(), headline, reasons, more_units_needed: None, arm }
}

fn invalid(found: &Found<'_>) -> Option<Verdict> {
    let red: Vec<&Gate> = found.gates.iter().filter(|gate| gate.status == GateStatus::Red).collect();
    let headline = words::invalid(&red.first()?.detail);
    let reasons = red.iter().map(|gate| Reason::new(gate.gate.clone(), gate.detail.clone())).collect();
    Some(verdict(VerdictKind::Invalid, headline, reasons, None))
}

fn harmful(found: &Found<'_>) -> Option<Verdict> {
    let crossed: Vec<_> = found.decision.harms.iter().filter(|harm| harm.crossed).collect();
    let before = crossings::harms(found);
    let now = crossed.first().map(|harm| (&harm.outcome, &harm.arm));
    let (outcome, arm) = now.or_else(|| before.first().map(|harm| (&harm.outcome, &harm.arm)))?;
    let headline = subject(found, outcome, arm).map(|subject| words::harmful(&subject));
    let mut reasons: Vec<Reason> = before.iter().map(|harm| harm.reason.clone()).collect();
    reasons.extend(crossed.iter().map(|harm| {
        let (name, arm) = (outcome_name(found, &harm.outcome), arm_name(found, &harm.arm));
        let detail =
            format!("{name}: the loss with \u{201c}{arm}\u{201d} is shown to be beyond the margin of {}.", harm.margin);
        Reason::new("harm_boundary_crossed", detail)
    }));
    reasons.extend(holding(found).map(|arm| rule_met(found, arm)));
    Some(verdict(VerdictKind::Harmful, headline.unwrap_or_default(), reasons, Some(arm.clone())))
}

/// The arms for which the decision rule holds.
fn holding<'a>(found: &Found<'a>) -> impl Iterator<Item = &'a ArmDecision> {
    let crossed = crossings::successes(found);
    let held = move |arm: &ArmKey| crossed.iter().any(|(held, _)| held == arm);
    found.decision.arms.iter().filter(move |arm| arm.status == ClaimStatus::Holds || held(&arm.arm))
}

fn rule_met(found: &Found<'_>, arm: &ArmDecision) -> Reason {
    if let Some((_, reason)) = crossings::successes(found).into_iter().find(|(held, _)| *held == arm.arm) {
        return reason;
    }
    let detail = format!(
        "The rule \u{201c}{}\u{201d} holds for \u{201c}{}\u{201d}.",
        found.decision.rule,
        arm_name(found, &arm.arm)
    );
    Reason::new("decision_rule_met", detail)
}

fn succeeded(found: &Found<'_>) -> Option<Verdict> {
    let plan = found.reading.plan;
    let primary = plan.outcomes.get(found.reading.primary())?;
    let gain_of = |arm: &ArmDecision| -> f64 {
        let difference = report_of(found, &primary.key).and_then(|outcome| {
            outcome.comparisons.iter().find(|c| c.measure == Measure::Difference && c.arm == arm.arm)?.estimate
        });
        difference.map_or(f64::NEG_INFINITY, |difference| gain(primary, difference))
    };
    // Of several arms that hold, the one with the largest gain; of equals, the first of the plan.
    let best = holding(found).fold(None, |best: Option<&ArmDecision>, arm| match best {
        Some(best) if gain_of(best) >= gain_of(arm) => Some(best),
        _ => Some(arm),
    })?;
    let spoken = subject(found, &primary.key, &best.arm);
    let headline = spoken.map(|subject| match plan.aim {
        Aim::Better => words::succeeded(&subject),
        Aim::NotWorse => words::not_worse(&subject),
    });
    let mut reasons: Vec<Reason> = std::iter::once(best)
        .chain(holding(found).filter(|arm| arm.arm != best.arm))
        .map(|arm| rule_met(found, arm))
        .collect();
    for failure in failures(found, best) {
        let reason = failure_reason(found, &failure, &best.arm);
        let code = if failure.shortfall == Shortfall::TooLittle { "smaller_than_worthwhile" } else { failure.code };
        reasons.push(Reason::new(code, reason.detail));
    }
    Some(verdict(VerdictKind::Succeeded, headline.unwrap_or_default(), reasons, Some(best.arm.clone())))
}

/// The boundary for giving up was reached, and its advice was taken.
fn given_up(found: &Found<'_>) -> Option<Verdict> {
    let look = found.watched.ended_by(found.reading.plan, found.reading.evidence)?;
    if look.decision != LookDecision::Futile {
        return None;
    }
    let primary = found.reading.plan.primary()?;
    let detail = format!(
        "{}: at look {} the boundary for giving up was reached; success had become so unlikely that going on would only have \
         cost people's time.",
        primary.name, look.look
    );
    let mut reasons = vec![Reason::new("futile", detail)];
    let shown = failed(found);
    let first = found.decision.arms.first()?;
    let several = found.decision.arms.len() > 1;
    let headline = match &shown {
        Some(shown) => shown.headline.clone(),
        None => subject(found, &primary.key, &first.arm).map(|it| words::given_up(&it, several)).unwrap_or_default(),
    };
    reasons.extend(shown.into_iter().flat_map(|shown| shown.reasons));
    Some(verdict(VerdictKind::Failed, headline, reasons, None))
}

/// What rules an arm out, if anything.
fn failures(found: &Found<'_>, arm: &ArmDecision) -> Vec<Failure> {
    let reading = found.reading;
    let plan = reading.plan;
    let Some(index) = plan.arms.iter().position(|planned| planned.key == arm.arm) else { return Vec::new() };
    let mut failures: Vec<Failure> = Vec::new();
    let mut add = |code: &'static str, outcome: &OutcomeKey, shortfall: Shortfall| {
        if !failures.iter().any(|failure| failure.outcome == *outcome && failure.shortfall == shortfall) {
            failures.push(Failure { code, outcome: outcome.clone(), shortfall });
        }
    };
    if plan.aim == Aim::Better {
        for (place, outcome) in reading.outcomes_of(Role::Primary) {
            if too_little(reading, place, outcome, index) {
                add("below_smallest_worthwhile_effect", &outcome.key, Shortfall::TooLittle);
            }
        }
    }
    let ruled_out = arm.claims.iter().filter(|claim| claim.status == ClaimStatus::RuledOut);
    for finding in ruled_out.filter(|_| arm.status == ClaimStatus::RuledOut) {
        match &finding.claim {
            Claim::Superior(outcome) => add("below_smallest_worthwhile_effect", outcome, Shortfall::TooLittle),
            Claim::NotWorse(outcome) => add(inferior_code(plan.outcome(outcome)), outcome, Shortfall::TooMuchLoss),
        }
    }
    for (place, outcome) in reading.outcomes_of(Role::Guardrail) {
        if shown_inferior(reading, place, index) {
            add("guardrail_inferior", &outcome.key, Shortfall::TooMuchLoss);
        }
    }
    failures
}

fn inferior_code(outcome: Option<&Outcome>) -> &'static str {
    match outcome.map(|outcome| outcome.role) {
        Some(Role::Guardrail) => "guardrail_inferior",
        _ => "worse_than_margin",
    }
}

fn too_little(reading: &Reading<'_>, place: usize, outcome: &Outcome, arm: usize) -> bool {
    let highest = reading
        .pair(place, arm)
        .and_then(|(arm1, arm0)| highest_gain(reading, &Method::of(reading.plan, outcome), arm1, arm0));
    size(outcome.smallest_worthwhile_effect).zip(highest).is_some_and(|(worthwhile, highest)| highest < worthwhile)
}

fn failure_reason(found: &Found<'_>, failure: &Failure, arm: &ArmKey) -> Reason {
    let (name, arm) = (outcome_name(found, &failure.outcome), arm_name(found, arm));
    let detail = match failure.shortfall {
        Shortfall::TooLittle => {
            format!("{name}: the smallest gain that would matter can be ruled out for \u{201c}{arm}\u{201d}.")
        }
        Shortfall::TooMuchLoss => {
            format!("{name}: \u{201c}{arm}\u{201d} is shown to be worse by more than the margin.")
        }
    };
    Reason::new(failure.code, detail)
}

fn failed(found: &Found<'_>) -> Option<Verdict> {
    let by_arm: Vec<(&ArmDecision, Vec<Failure>)> =
        found.decision.arms.iter().map(|arm| (arm, failures(found, arm))).collect();
    if by_arm.iter().any(|(_, failures)| failures.is_empty()) {
        return None;
    }
    let (arm, first) = by_arm.first().and_then(|(arm, failures)| Some((*arm, failures.first()?)))?;
    let several = by_arm.len() > 1 && first.shortfall == Shortfall::TooLittle;
    let headline = subject(found, &first.outcome, &arm.arm).map(|s| words::failed(&s, first.shortfall, several));
    let reasons = by_arm
        .iter()
        .flat_map(|(arm, failures)| failures.iter().map(|failure| failure_reason(found, failure, &arm.arm)))
        .collect();
    Some(verdict(VerdictKind::Failed, headline.unwrap_or_default(), reasons, None))
}

fn undecided(found: &Found<'_>) -> Verdict {
    let plan = found.reading.plan;
    let more = more_units_needed(found);
    let primary = plan.outcomes.get(found.reading.primary());
    let spoken = primary.zip(found.decision.arms.first()).and_then(|(o, arm)| subject(found, &o.key, &arm.arm));
    let headline = spoken.map(|subject| words::undecided(&subject, more)).unwrap_or_default();
    let reason = Reason::new("inconclusive", "The data fit both an effect worth having and none.");
    Verdict { more_units_needed: more, ..verdict(VerdictKind::Undecided, headline, vec![reason], None) }
}

/// About how many more units would settle an open claim of some arm.
///
/// An interval no wider than the smallest worthwhile effect cannot hold both that effect and none; one no wider than the
/// margin cannot hold both a loss of the margin and none. Its width falls with the root of the number of units. Absent
/// where the data allow no interval.
fn more_units_needed(found: &Found<'_>) -> Option<u64> {
    let analysed = found.arms.iter().fold(0_u64, |sum, arm| sum.saturating_add(arm.analysed)) as f64;
    let open = found.decision.arms.iter().filter(|arm| arm.status == ClaimStatus::Open);
    let factors = open.filter_map(|arm| {
        let claims = arm.claims.iter().filter(|claim| claim.status == ClaimStatus::Open);
        let widths = claims.map(|finding| width_over_target(found, arm, &finding.claim));
        widths.collect::<Option<Vec<f64>>>()?.into_iter().reduce(f64::max)
    });
    let more = analysed * (factors.reduce(f64::min)?.powi(2) - 1.0);
    (more > 0.0 && more < 1e12).then(|| more.ceil() as u64)
}

fn width_over_target(found: &Found<'_>, arm: &ArmDecision, claim: &Claim) -> Option<f64> {
    let outcome = report_of(found, claim.outcome())?;
    let difference = outcome.comparisons.iter().find(|c| c.measure == Measure::Difference && c.arm == arm.arm)?;
    let target = match claim {
        Claim::Superior(_) => size(outcome.smallest_worthwhile_effect)?,
        Claim::NotWorse(_) => size(outcome.margin)?,
    };
    let width = difference.upper? - difference.lower?;
    (target > 0.0).then(|| width / target)
}

fn report_of<'a>(found: &Found<'a>, key: &OutcomeKey) -> Option<&'a OutcomeReport> {
    found.outcomes.iter().find(|outcome| outcome.outcome == *key)
}

fn subject<'a>(found: &Found<'a>, outcome: &OutcomeKey, arm: &ArmKey) -> Option<Subject<'a>> {
    Some(Subject {
        outcome: report_of(found, outcome)?,
        arm: found.arms.iter().find(|found| found.arm == *arm)?,
        control: found.arms.iter().find(|found| found.control)?,
        unit: &found.reading.plan.unit,
    })
}

fn outcome_name<'a>(found: &Found<'a>, key: &OutcomeKey) -> &'a str {
    report_of(found, key).map_or("", |outcome| outcome.name.as_str())
}

fn arm_name<'a>(found: &Found<'a>, key: &ArmKey) -> &'a str {
    found.arms.iter().find(|arm| arm.arm == *key).map_or("", |arm| arm.name.as_str())
}

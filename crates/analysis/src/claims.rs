//! What the decision rule asks of the evidence, and what the evidence answers.
//!
//! Claims that must all hold are each tested at the full one-sided error: the rule errs only if the one that is false
//! errs (intersection-union). Alternatives and several intervention arms share the error by the plan's procedure, Holm's
//! unless it names another.

use fairtrial_domain::{
    ArmKey,
    decision_rule::{Claim, DecisionRule},
    protocol::{Better, Outcome, Role},
};
use fairtrial_stats::special::normal;

use crate::{
    comparison::{Method, Tested, bad_side, finite, gain, good_side, shown},
    reading::Reading,
    report::{ArmDecision, ClaimFinding, ClaimStatus, Decision, HarmFinding, NotEstimable},
    sample::size,
};

/// Tests the rule for every intervention arm, and every harm measure.
#[must_use]
pub fn decide(reading: &Reading<'_>) -> Decision {
    let plan = reading.plan;
    let multiplicity = Multiplicity::of(plan.analysis.multiplicity.as_deref());
    let open = reading.open;
    Decision {
        rule: plan.decision_rule.to_string(),
        one_sided_alpha: reading.alpha,
        level: reading.level,
        sides: plan.monitoring.sides,
        multiplicity: multiplicity.name().to_owned(),
        arms: if open { arms(reading, multiplicity) } else { Vec::new() },
        harms: if open { harms(reading) } else { Vec::new() },
    }
}

fn arms(reading: &Reading<'_>, multiplicity: Multiplicity) -> Vec<ArmDecision> {
    let rule = &reading.plan.decision_rule;
    let mut arms: Vec<ArmDecision> = reading
        .plan
        .interventions()
        .map(|(index, arm)| {
            let claims: Vec<ClaimFinding> =
                rule.claims().into_iter().map(|claim| claim_finding(reading, claim, index)).collect();
            let found = |claim: &Claim| claims.iter().find(|finding| finding.claim == *claim);
            let p_value = rule_p_value(rule, multiplicity, &|claim| found(claim)?.p_value);
            let status = rule_status(rule, &|claim| found(claim).map_or(ClaimStatus::Open, |finding| finding.status));
            ArmDecision { arm: arm.key.clone(), p_value, adjusted_p_value: None, status, claims }
        })
        .collect();
    let p_values: Vec<Option<f64>> = arms.iter().map(|arm| arm.p_value).collect();
    for (arm, adjusted) in arms.iter_mut().zip(multiplicity.adjusted(&p_values)) {
        arm.adjusted_p_value = adjusted;
        // Shown only after the error is shared with the other arms.
        arm.status = match (adjusted.is_some_and(|p| p <= reading.alpha), arm.status) {
            (true, _) => ClaimStatus::Holds,
            (false, ClaimStatus::Holds) => ClaimStatus::Open,
            (false, status) => status,
        };
    }
    arms
}

/// One claim of the rule for one arm.
fn claim_finding(reading: &Reading<'_>, claim: &Claim, arm: usize) -> ClaimFinding {
    let place = reading.plan.outcomes.iter().position(|outcome| outcome.key == *claim.outcome());
    let found = place.and_then(|place| Some((reading.plan.outcomes.get(place)?, reading.pair(place, arm)?)));
    let Some((outcome, (arm1, arm0))) = found else {
        let reason = NotEstimable::new("not_recorded", "the evidence does not hold this outcome");
        return finding(claim, 0.0, Err(reason), ClaimStatus::Open);
    };
    let method = Method::of(reading.plan, outcome);
    let null_difference = null_of(claim, outcome);
    let tested = match reading.exact_looks {
        true => method.test_by_score((arm1, arm0), null_difference, good_side(outcome), reading.known),
        false => method.test_remembering(arm1, arm0, null_difference, good_side(outcome), reading.known),
    };
    let holds = tested.as_ref().is_ok_and(|tested| tested.p_value.p() <= reading.alpha);
    let highest = highest_gain(reading, &method, arm1, arm0);
    let ruled_out = highest.is_some_and(|highest| match claim {
        Claim::Superior(_) => highest < size(outcome.smallest_worthwhile_effect).unwrap_or(0.0),
        Claim::NotWorse(_) => highest < -size(outcome.margin).unwrap_or(0.0),
    });
    let status = match (holds, ruled_out) {
        (true, _) => ClaimStatus::Holds,
        (false, true) => ClaimStatus::RuledOut,
        (false, false) => ClaimStatus::Open,
    };
    finding(claim, null_difference, tested, status)
}

/// The score of one arm that is held against the boundaries of looks: the pooled one where they are exact and there is no margin,
/// else that of the claim's p-value.
pub(crate) fn score(reading: &Reading<'_>, finding: &ClaimFinding, arm: &ArmKey) -> Option<f64> {
    if reading.exact_looks && finding.null_difference == 0.0 {
        let plan = reading.plan;
        let place = plan.outcomes.iter().position(|outcome| outcome.key == *finding.claim.outcome())?;
        let index = plan.arms.iter().position(|planned| planned.key == *arm)?;
        let (arm1, arm0) = reading.pair(place, index)?;
        return Method::of(plan, plan.outcomes.get(place)?).pooled_score(arm1, arm0);
    }
    finding.p_value.and_then(score_of)
}

/// The score of a one-sided p-value.
pub(crate) fn score_of(p: f64) -> Option<f64> {
    finite(-normal::quantile(p.clamp(1e-300, 1.0 - 1e-15)))
}

fn finding(
    claim: &Claim,
    null_difference: f64,
    tested: Result<Tested, NotEstimable>,
    status: ClaimStatus,
) -> ClaimFinding {
    let (tested, not_estimable) = match tested {
        Ok(tested) => (Some(tested), None),
        Err(reason) => (None, Some(reason)),
    };
    ClaimFinding {
        claim: claim.clone(),
        null_difference,
        p_value: tested.as_ref().and_then(|tested| shown(tested.p_value)),
        status,
        method: tested.as_ref().map(|tested| tested.method.clone()),
        guarantee: tested.map(|tested| tested.guarantee),
        not_estimable,
    }
}

/// The difference under a claim's null hypothesis: none, or a loss of the margin.
pub(crate) fn null_of(claim: &Claim, outcome: &Outcome) -> f64 {
    match claim {
        Claim::Superior(_) => 0.0,
        Claim::NotWorse(_) => loss_of_margin(outcome),
    }
}

/// The difference that is a loss of exactly the margin.
fn loss_of_margin(outcome: &Outcome) -> f64 {
    let margin = size(outcome.margin).unwrap_or(0.0);
    match outcome.better {
        Better::Increase if margin == 0.0 => 0.0,
        Better::Increase => -margin,
        Better::Decrease => margin,
    }
}

/// The largest gain that the data fit: the interval's end on the good side.
pub(crate) fn highest_gain(
    reading: &Reading<'_>,
    method: &Method<'_>,
    arm1: &crate::sample::ArmSample,
    arm0: &crate::sample::ArmSample,
) -> Option<f64> {
    let interval = method.difference(arm1, arm0, reading.level).ok()?.interval;
    let end = match method.outcome.better {
        Better::Increase => interval.upper,
        Better::Decrease => interval.lower,
    };
    finite(end).map(|end| gain(method.outcome, end))
}

/// Whether a loss beyond the margin is shown: every gain that the data fit is below minus the margin.
#[must_use]
pub fn shown_inferior(reading: &Reading<'_>, place: usize, arm: usize) -> bool {
    let found = reading.plan.outcomes.get(place).zip(reading.pair(place, arm));
    found.is_some_and(|(outcome, (arm1, arm0))| {
        let highest = highest_gain(reading, &Method::of(reading.plan, outcome), arm1, arm0);
        size(outcome.margin).zip(highest).is_some_and(|(margin, highest)| highest < -margin)
    })
}

fn harms(reading: &Reading<'_>) -> Vec<HarmFinding> {
    reading.outcomes_of(Role::Harm).flat_map(|(place, outcome)| harm_of(reading, place, outcome)).collect()
}

/// One harm measure over all arms, which share its error by Holm's procedure.
fn harm_of(reading: &Reading<'_>, place: usize, outcome: &Outcome) -> Vec<HarmFinding> {
    let alpha = reading.harm_level(place);
    let (method, null_difference, bad_side) =
        (Method::of(reading.plan, outcome), loss_of_margin(outcome), bad_side(outcome));
    let exact = reading.exact_harms.contains(&place);
    let mut findings: Vec<HarmFinding> = reading
        .plan
        .interventions()
        .map(|(index, arm)| {
            let tested = match reading.pair(place, index) {
                Some(pair) if exact => method.test_by_score(pair, null_difference, bad_side, reading.known),
                Some((arm1, arm0)) => method.test_remembering(arm1, arm0, null_difference, bad_side, reading.known),
                None => Err(NotEstimable::new("not_recorded", "the evidence does not hold this outcome")),
            };
            HarmFinding {
                outcome: outcome.key.clone(),
                arm: arm.key.clone(),
                margin: outcome.margin.unwrap_or(fairtrial_domain::Decimal::ZERO),
                alpha,
                p_value: tested.as_ref().ok().and_then(|tested| shown(tested.p_value)),
                adjusted_p_value: None,
                crossed: false,
                not_estimable: tested.err(),
            }
        })
        .collect();
    let p_values: Vec<Option<f64>> = findings.iter().map(|finding| finding.p_value).collect();
    for (finding, adjusted) in findings.iter_mut().zip(Multiplicity::Holm.adjusted(&p_values)) {
        finding.adjusted_p_value = adjusted;
        finding.crossed = adjusted.is_some_and(|p| p <= alpha);
    }
    findings
}

/// How several hypotheses share the error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Multiplicity {
    /// Step down from the smallest p-value; holds whatever the dependence.
    Holm,
    /// Step up from the largest; holds when the tests are positively dependent.
    Hochberg,
    /// In the order of the plan, each only after those before it held.
    FixedSequence,
    /// Not shared: every hypothesis has the full error.
    None,
}

impl Multiplicity {
    /// The procedure that a plan names; Holm's when it names none.
    #[must_use]
    pub fn of(name: Option<&str>) -> Self {
        match name {
            Some("hochberg") => Self::Hochberg,
            Some("fixed_sequence") => Self::FixedSequence,
            Some("none") => Self::None,
            _ => Self::Holm,
        }
    }

    /// The word in a plan.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Holm => "holm",
            Self::Hochberg => "hochberg",
            Self::FixedSequence => "fixed_sequence",
            Self::None => "none",
        }
    }

    /// p-values adjusted for each other, in their order. One that is absent shares in the error and stays absent.
    #[must_use]
    pub fn adjusted(self, p_values: &[Option<f64>]) -> Vec<Option<f64>> {
        let full: Vec<f64> = p_values.iter().map(|p| p.unwrap_or(1.0)).collect();
        let adjusted = match self {
            Self::None => full,
            Self::FixedSequence => running_largest(&full),
            Self::Holm | Self::Hochberg => self.stepwise(&full),
        };
        p_values.iter().zip(adjusted).map(|(p, adjusted)| p.map(|_| adjusted.min(1.0))).collect()
    }

    fn stepwise(self, p_values: &[f64]) -> Vec<f64> {
        let mut order: Vec<usize> = (0..p_values.len()).collect();
        order.sort_by(|a, b| p_values[*a].total_cmp(&p_values[*b]));
        let stepped: Vec<f64> =
            order.iter().enumerate().map(|(rank, place)| (order.len() - rank) as f64 * p_values[*place]).collect();
        let monotone = if self == Self::Holm {
            running_largest(&stepped)
        } else {
            let mut smallest: Vec<f64> = stepped
                .iter()
                .rev()
                .scan(f64::INFINITY, |least, p| {
                    *least = least.min(*p);
                    Some(*least)
                })
                .collect();
            smallest.reverse();
            smallest
        };
        let mut adjusted = vec![1.0; p_values.len()];
        for (place, p) in order.into_iter().zip(monotone) {
            adjusted[place] = p;
        }
        adjusted
    }
}

fn running_largest(p_values: &[f64]) -> Vec<f64> {
    p_values
        .iter()
        .scan(0.0_f64, |most, p| {
            *most = most.max(*p);
            Some(*most)
        })
        .collect()
}

/// The rule's p-value: the largest of claims that must all hold, the smallest adjusted one of alternatives.
fn rule_p_value(rule: &DecisionRule, multiplicity: Multiplicity, p_of: &impl Fn(&Claim) -> Option<f64>) -> Option<f64> {
    match rule {
        DecisionRule::Claim(claim) => p_of(claim),
        DecisionRule::And(rules) => rules
            .iter()
            .map(|rule| rule_p_value(rule, multiplicity, p_of))
            .try_fold(0.0_f64, |most, p| Some(most.max(p?))),
        DecisionRule::Or(rules) => {
            let p_values: Vec<Option<f64>> = rules.iter().map(|rule| rule_p_value(rule, multiplicity, p_of)).collect();
            multiplicity.adjusted(&p_values).into_iter().flatten().reduce(f64::min)
        }
    }
}

/// Where the rule stands when each claim is taken by itself.
fn rule_status(rule: &DecisionRule, status_of: &impl Fn(&Claim) -> ClaimStatus) -> ClaimStatus {
    use ClaimStatus::{Holds, Open, RuledOut};
    let parts = |rules: &[DecisionRule]| -> Vec<ClaimStatus> {
        rules.iter().map(|rule| rule_status(rule, status_of)).collect()
    };
    match rule {
        DecisionRule::Claim(claim) => status_of(claim),
        DecisionRule::And(rules) => {
            let parts = parts(rules);
            if parts.contains(&RuledOut) {
                RuledOut
            } else if parts.iter().all(|part| *part == Holds) {
                Holds
            } else {
                Open
            }
        }
        DecisionRule::Or(rules) => {
            let parts = parts(rules);
            if parts.contains(&Holds) {
                Holds
            } else if parts.iter().all(|part| *part == RuledOut) {
                RuledOut
            } else {
                Open
            }
        }
    }
}

//! Ranges of several new versions that hold all together, and say the same as the decision rule.
//!
//! Each range by itself holds in 95 of 100 trials, so that of three ranges one is wrong more often. Where the versions share the
//! error by Holm's procedure and the rule shows some of them, the ends on the good side are those that belong to it (Strassburger and
//! Bretz 2008, Statistics in Medicine 27:4914-4927; Guilbaud 2008, Biometrical Journal 50:678-692): a version that is shown is
//! better than the claim's limit and no more is said of it, the others share the whole error; once all are shown, each has its part
//! again. Every other end, and every end under other procedures or after looks, has its equal part of the error (Bonferroni).

use fairtrial_domain::{
    OutcomeKey,
    decision_rule::{Claim, DecisionRule},
    protocol::{Better, Outcome},
};

use crate::{
    claims::{Multiplicity, null_of},
    comparison::{Method, finite, gain},
    reading::Reading,
    report::{AfterLooks, ClaimStatus, Decision, EndTogether, NotEstimable, RangeTogether},
};

/// The ranges of the primary outcome; empty before the data are locked.
pub(crate) fn together(reading: &Reading<'_>, decision: &Decision) -> Vec<RangeTogether> {
    let plan = reading.plan;
    let arms = decision.arms.len();
    let Some(outcome) = plan.outcomes.get(reading.primary()).filter(|_| reading.evidence.locked) else {
        return Vec::new();
    };
    let multiplicity = Multiplicity::of(plan.analysis.multiplicity.as_deref());
    let claim = implied(&plan.decision_rule, &outcome.key).filter(|_| multiplicity == Multiplicity::Holm);
    let shown = match claim {
        Some(_) => decision.arms.iter().filter(|arm| arm.status == ClaimStatus::Holds).count(),
        None => 0,
    };
    let part = |parts: usize| 1.0 - 2.0 * reading.alpha / parts as f64;
    let method = Method::of(plan, outcome);
    let range = |(index, key): (usize, &fairtrial_domain::ArmKey)| {
        let is_shown = decision.arms.iter().any(|arm| arm.arm == *key && arm.status == ClaimStatus::Holds);
        let limit = claim.map(|claim| gain(outcome, null_of(claim, outcome)));
        // The claim's limit is the end of what is shown while others are not, and no end is beyond what the rule says.
        let good = match (limit, is_shown) {
            (Some(limit), true) if shown < arms => EndTogether { level: None, at_least: Some(limit), at_most: None },
            (Some(limit), true) => EndTogether { level: Some(part(arms)), at_least: Some(limit), at_most: None },
            (limit, _) => EndTogether { level: Some(part(arms - shown)), at_least: None, at_most: limit },
        };
        let mut said = RangeTogether {
            arm: key.clone(),
            lower: None,
            upper: None,
            level: reading.level,
            good: Some(good),
            other_level: Some(part(arms)),
            method: None,
            not_estimable: None,
        };
        let found = || {
            let absent = || NotEstimable::new("not_recorded", "the evidence does not hold this outcome");
            let (one, zero) = reading.pair(reading.primary(), index).ok_or_else(absent)?;
            let other = method.difference(one, zero, part(arms))?;
            let own = good.level.map(|level| method.difference(one, zero, level)).transpose()?;
            let own = own.map(|own| (own.interval.lower, own.interval.upper));
            Ok((ends(outcome, good, own, (other.interval.lower, other.interval.upper)), other.method))
        };
        match found() {
            Ok(((lower, upper), name)) => {
                (said.lower, said.upper) = (finite(lower), finite(upper));
                let shared = if claim.is_some() { "Holm-compatible (Strassburger-Bretz)" } else { "Bonferroni" };
                said.method = Some(format!("{name}, {shared}"));
            }
            Err(reason) => said.not_estimable = Some(reason),
        }
        said
    };
    plan.interventions().map(|(index, arm)| range((index, &arm.key))).collect()
}

/// The same after looks: intervals in stage-wise order that share the error equally, as the boundaries of the looks do.
pub(crate) fn after_looks(after: &AfterLooks, level: f64) -> Vec<RangeTogether> {
    let range = |arm: &crate::report::ArmAfterLooks| RangeTogether {
        arm: arm.arm.clone(),
        lower: arm.lower,
        upper: arm.upper,
        level,
        good: None,
        other_level: None,
        method: arm.method.as_ref().map(|method| format!("{method}, Bonferroni")),
        not_estimable: arm.not_estimable.clone(),
    };
    after.arms.iter().map(range).collect()
}

/// The level at which the ranges of so many versions hold all together when each by itself has this one.
pub(crate) fn level_of_each(level: f64, versions: usize) -> f64 {
    1.0 - (1.0 - level) / versions.max(1) as f64
}

/// The claim about an outcome that holds whenever the rule does.
fn implied<'a>(rule: &'a DecisionRule, outcome: &OutcomeKey) -> Option<&'a Claim> {
    match rule {
        DecisionRule::Claim(claim) => Some(claim).filter(|claim| claim.outcome() == outcome),
        DecisionRule::And(rules) => {
            let mut found: Vec<&Claim> = rules.iter().filter_map(|rule| implied(rule, outcome)).collect();
            // Of two claims about it, the one that says more.
            found.sort_by_key(|claim| matches!(claim, Claim::NotWorse(_)));
            found.into_iter().next()
        }
        DecisionRule::Or(_) => None,
    }
}

/// Both ends of the difference, from the interval of the good end's own level and that of the other end.
pub(crate) fn ends(outcome: &Outcome, good: EndTogether, own: Option<(f64, f64)>, other: (f64, f64)) -> (f64, f64) {
    // As gains, so that the good end is the lower one.
    let gains = |(lower, upper): (f64, f64)| match outcome.better {
        Better::Increase => (lower, upper),
        Better::Decrease => (-upper, -lower),
    };
    let own = own.map_or(f64::NEG_INFINITY, |own| gains(own).0);
    let least = own.max(good.at_least.unwrap_or(f64::NEG_INFINITY)).min(good.at_most.unwrap_or(f64::INFINITY));
    let most = gains(other).1.max(least);
    match outcome.better {
        Better::Increase => (least, most),
        // No difference is 0, not minus 0.
        Better::Decrease => (0.0 - most, 0.0 - least),
    }
}

//! What may be said of the primary outcome once a trial with looks has ended.

use fairtrial_domain::{
    projection::Evidence,
    protocol::{Outcome, Protocol},
};
use fairtrial_stats::{
    Guarantee, Side, StatError,
    sequential::{
        exact_binary::ExactBinaryDesign,
        group::{Efficacy, GroupSequentialDesign, GroupSequentialSpec},
    },
    special::normal,
    sufficient::Moments,
};

use super::{
    exact,
    judge::parts,
    schedule::{one_sided_alpha, spending},
};
use crate::{
    claims::score_of,
    comparison::{Method, finite, gain, shown},
    report::{AfterLooks, ArmAfterLooks, ArmDecision, LookHeld, NotEstimable},
    sample::{ArmSample, samples_at},
};

/// The level of an interval that is as good as a point.
const SMALLEST_LEVEL: f64 = 1e-6;

/// p-value, estimate and interval in stage-wise order, as of the look that ended the trial.
///
/// `looks` are all of them up to that one, `known` what was known at each, `decided` what the rule showed
/// at the last, and `level` that of each interval.
pub(crate) fn after_looks(
    plan: &Protocol,
    looks: &[LookHeld],
    is_the_end: bool,
    known: &[&Evidence],
    decided: &[ArmDecision],
    level: f64,
) -> Option<AfterLooks> {
    let evidence = *known.last()?;
    let last = looks.last()?;
    let place = plan.outcomes.iter().position(|outcome| plan.primary().is_some_and(|it| it.key == outcome.key))?;
    let outcome = plan.outcomes.get(place)?;
    let design = stages(plan, looks, is_the_end);
    let sizes = exact::LookSizes::of(plan, known.iter().copied());
    let exact = exact::design(plan, &sizes, is_the_end).and_then(Result::ok);
    let samples = samples_at(plan, evidence, place);
    let method = Method::of(plan, outcome);
    let arms = plan.interventions().map(|(index, arm)| {
        let mut said = ArmAfterLooks {
            arm: arm.key.clone(),
            p_value: None,
            estimate: None,
            lower: None,
            upper: None,
            level,
            method: None,
            guarantee: None,
            not_estimable: None,
        };
        if let (Some(exact), Some(new), Some(current)) = (&exact, samples.get(index), samples.get(plan.control_index()))
        {
            if let Err(reason) = exactly(&mut said, exact, looks.len() - 1, (new, current)) {
                said.not_estimable = Some(reason);
            }
            return said;
        }
        let claim = decided
            .iter()
            .find(|found| found.arm == arm.key)
            .and_then(|found| found.claims.iter().find(|finding| *finding.claim.outcome() == outcome.key));
        let z = claim.and_then(|finding| finding.p_value).and_then(score_of);
        said.p_value = z
            .zip(design.as_ref().ok())
            .and_then(|(z, design)| shown(design.stagewise(looks.len() - 1, z, level).ok()?.p_value));
        let found = || {
            let design = design.as_ref().map_err(NotEstimable::from)?;
            let absent = || NotEstimable::new("not_recorded", "the evidence does not hold this outcome");
            let (one, zero) = samples.get(index).zip(samples.get(plan.control_index())).ok_or_else(absent)?;
            let found = difference(&method, one, zero, level)?;
            in_stages(design, looks.len() - 1, last.information, found, outcome, level)
        };
        match found() {
            Ok((estimate, lower, upper)) => {
                (said.estimate, said.lower, said.upper) = (finite(estimate), finite(lower), finite(upper));
                said.method = Some("stage-wise order of a group-sequential design".to_owned());
                said.guarantee = Some(Guarantee::Asymptotic);
            }
            Err(reason) => said.not_estimable = Some(reason),
        }
        said
    });
    Some(AfterLooks { look: last.look, outcome: outcome.key.clone(), arms: arms.collect() })
}

/// The same from the exact design: p-value and interval are exact, and the estimate is the middle of the differences against
/// which neither side speaks.
fn exactly(
    said: &mut ArmAfterLooks,
    design: &ExactBinaryDesign,
    look: usize,
    (new, current): (&ArmSample, &ArmSample),
) -> Result<(), NotEstimable> {
    let (x1, x0) = (new.events()?, current.events()?);
    let interval = |level: f64| design.interval(look, x1, x0, level).map_err(|error| NotEstimable::from(&error));
    let (whole, middle) = (interval(said.level)?, interval(SMALLEST_LEVEL)?);
    said.p_value = shown(design.p_value(look, x1, x0).map_err(|error| NotEstimable::from(&error))?);
    said.estimate = finite(0.5 * (middle.lower + middle.upper));
    (said.lower, said.upper) = (finite(whole.lower), finite(whole.upper));
    said.method = Some("stage-wise order of an exact sequential design".to_owned());
    said.guarantee = Some(Guarantee::Exact);
    Ok(())
}

/// The looks as they were held. Giving up is left out: the result then holds whether it was obeyed or not.
fn stages(plan: &Protocol, looks: &[LookHeld], is_the_end: bool) -> Result<GroupSequentialDesign, StatError> {
    let named = plan.monitoring.efficacy.as_ref();
    let spending = named.map_or(fairtrial_stats::sequential::Spending::LanDeMetsOBrienFleming, spending);
    let alpha = one_sided_alpha(&plan.monitoring) / parts(plan);
    let observed: Vec<f64> = looks.iter().map(|look| look.information).collect();
    let spec = GroupSequentialSpec::new(vec![1.0], alpha, Efficacy::Spending { spending });
    let spec = spec.with_observed(&observed, is_the_end)?;
    GroupSequentialDesign::new(GroupSequentialSpec { side: Side::Greater, ..spec })
}

/// The difference that the claim is about, adjusted where the plan adjusts and the evidence allows it, and its standard error.
pub(super) fn difference(
    method: &Method<'_>,
    one: &ArmSample,
    zero: &ArmSample,
    level: f64,
) -> Result<(f64, f64), NotEstimable> {
    let (difference, error) = if method.adjusts(one, zero) {
        let found = method.difference(one, zero, level)?;
        let absent = || NotEstimable::new("not_estimable", "the data do not determine the difference");
        // A score interval has no standard error of its own; half of its width stands for it.
        let width = 0.5 * (found.interval.upper - found.interval.lower) / normal::quantile(0.5 + 0.5 * level);
        (found.point.ok_or_else(absent)?, found.standard_error.unwrap_or(width))
    } else {
        let (one, zero) = (method.moments(one)?, method.moments(zero)?);
        let squared = |m: &Moments| m.variance().map(|variance| variance / m.n as f64);
        let variance = squared(&one).and_then(|one| Ok(one + squared(&zero)?));
        (one.mean - zero.mean, variance.map_err(|error| NotEstimable::from(&error))?.sqrt())
    };
    if error == 0.0 || !error.is_finite() {
        return Err(NotEstimable::new("no_variation", "nothing varies, so no certainty can be told"));
    }
    Ok((difference, error))
}

/// Estimate and interval of the difference, in the outcome's unit.
fn in_stages(
    design: &GroupSequentialDesign,
    stage: usize,
    information: f64,
    (difference, error): (f64, f64),
    outcome: &Outcome,
    level: f64,
) -> Result<(f64, f64, f64), NotEstimable> {
    let z = gain(outcome, difference) / error;
    let found = design.stagewise(stage, z, level).map_err(|error| NotEstimable::from(&error))?;
    // The design tells the effect at which a score at the planned information has that mean.
    let unit = error * information.sqrt();
    let told = |effect: f64| gain(outcome, effect * unit);
    let (a, b) = (told(found.interval.lower), told(found.interval.upper));
    Ok((told(found.median_unbiased), a.min(b), a.max(b)))
}

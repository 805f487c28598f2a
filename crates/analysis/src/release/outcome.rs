//! One outcome in released numbers.

use fairtrial_domain::{
    ArmKey, Decimal, OutcomeKey,
    protocol::{Better, Outcome, OutcomeKind, Role},
};
use fairtrial_stats::special::elementary::{log10, powf};
use fairtrial_stats::two_proportions;
use serde::Serialize;

use super::{Count, ReleasedArm, arm::place, count::Rounder};
use crate::{
    comparison::finite,
    report::{ArmOutcome, Comparison, Measure, NotEstimable, OutcomeReport, RangeTogether},
    together::ends,
};

/// One outcome in released numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReleasedOutcome {
    /// Which outcome.
    pub outcome: OutcomeKey,
    /// Its name for people.
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// How events become a value.
    pub kind: OutcomeKind,
    /// Which direction is good.
    pub better: Better,
    /// Days after assignment during which events count.
    pub follow_up_days: u32,
    /// Smallest change that would alter the decision, in the outcome's unit.
    pub smallest_worthwhile_effect: Option<Decimal>,
    /// Largest loss that is still acceptable, in the outcome's unit.
    pub margin: Option<Decimal>,
    /// The arms in the plan's order.
    pub arms: Vec<ArmNumbers>,
    /// Every intervention arm against the control; empty before the data are locked.
    pub comparisons: Vec<Comparison>,
    /// Differences of the primary outcome whose ranges hold all together, where there are several intervention arms; else empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub together: Vec<RangeTogether>,
}

/// One arm's values of one outcome in released numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ArmNumbers {
    /// Which arm.
    pub arm: ArmKey,
    /// People counted.
    pub analysed: Count,
    /// People for whom a yes-or-no outcome happened.
    pub events: Count,
    /// Mean in the outcome's unit (the share for a yes-or-no outcome), from released counts or on a coarse grid.
    pub mean: Option<f64>,
}

/// How the values of an outcome are released.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    /// From released counts of people.
    Counts,
    /// Rounded to multiples of this.
    Grid(f64),
    /// Not at all.
    Hidden,
}

pub(super) fn outcome(
    planned: &Outcome,
    found: &OutcomeReport,
    place_of: usize,
    arms: &[ReleasedArm],
    rounder: Rounder<'_>,
) -> ReleasedOutcome {
    let counted = |arm: &ArmKey| {
        let released = arms.iter().find(|released| released.arm == *arm);
        released.and_then(|released| released.counted.get(place_of)).copied().unwrap_or(Count::HIDDEN)
    };
    let way = way(planned, found, &counted, rounder);
    let numbers: Vec<ArmNumbers> = found.arms.iter().map(|arm| numbers(arm, counted(&arm.arm), way, rounder)).collect();
    let control = found.comparisons.first().map(|comparison| comparison.control.clone());
    let numbers_of = |arm: &ArmKey| {
        let of = |key: &ArmKey| numbers.iter().find(|arm| arm.arm == *key).cloned();
        of(arm).zip(of(control.as_ref()?))
    };
    let comparisons: Vec<Comparison> =
        differences(found).map(|comparison| compare(comparison, &numbers, way)).collect();
    let together = found.together.iter().filter_map(|range| together(planned, range, &numbers_of, way)).collect();
    ReleasedOutcome {
        outcome: found.outcome.clone(),
        name: found.name.clone(),
        role: found.role,
        kind: found.kind,
        better: found.better,
        follow_up_days: found.follow_up_days,
        smallest_worthwhile_effect: found.smallest_worthwhile_effect,
        margin: found.margin,
        arms: numbers,
        comparisons,
        together,
    }
}

/// The range again from released counts alone; none where it cannot be made of them: after looks, and for means, whose range
/// would tell more of their spread than is released of it.
fn together(
    planned: &Outcome,
    found: &RangeTogether,
    of: &impl Fn(&ArmKey) -> Option<(ArmNumbers, ArmNumbers)>,
    way: Way,
) -> Option<RangeTogether> {
    let ((good, other), (new, usual)) =
        (found.good.zip(found.other_level)?, of(&found.arm).filter(|_| way == Way::Counts)?);
    let at = |level: f64| {
        let [x1, n1, x0, n0] = [new.events, new.analysed, usual.events, usual.analysed].map(Count::value);
        let interval = two_proportions::risk_difference(x1?, n1?, x0?, n0?, level).ok()?.interval;
        Some((interval.lower, interval.upper))
    };
    let own = match good.level {
        Some(level) => Some(at(level)?),
        None => None,
    };
    let (lower, upper) = ends(planned, good, own, at(other)?);
    Some(RangeTogether {
        lower: finite(lower),
        upper: finite(upper),
        good: None,
        other_level: None,
        method: Some("Miettinen-Nurminen interval from rounded counts, the error shared as by the rule".to_owned()),
        ..found.clone()
    })
}

/// The differences of the arms' own means: what is released is worked out from released numbers of the arms alone, and an
/// adjusted difference beside them would tell what they do not.
fn differences(found: &OutcomeReport) -> impl Iterator<Item = &Comparison> {
    let own = if found.unadjusted.is_empty() { &found.comparisons } else { &found.unadjusted };
    own.iter().filter(|comparison| comparison.measure == Measure::Difference)
}

fn way(planned: &Outcome, found: &OutcomeReport, counted: &impl Fn(&ArmKey) -> Count, rounder: Rounder<'_>) -> Way {
    let fewest = found.arms.iter().map(|arm| counted(&arm.arm).value()).min().flatten();
    let Some(fewest) = fewest.filter(|_| found.arms.iter().all(|arm| arm.analysed >= rounder.policy.sums_below()))
    else {
        return Way::Hidden;
    };
    if found.kind == OutcomeKind::Binary && found.arms.iter().all(|arm| arm.clusters.is_none()) {
        return Way::Counts;
    }
    // Six sums fit behind each number, and no digit is shown that the interval does not support.
    let sums = 6.0 * planned.step.to_f64() / fewest.max(1) as f64;
    let width = |comparison: &Comparison| comparison.lower.zip(comparison.upper).map(|(low, high)| (high - low) / 20.0);
    let width = differences(found).filter_map(width).fold(0.0_f64, f64::max);
    let coarse = sums.max(width);
    if coarse > 0.0 && coarse.is_finite() { Way::Grid(grid(coarse)) } else { Way::Hidden }
}

/// The smallest of 1, 2, 5, 10, 20, 50 and so on, up and down, that is not below `size`.
fn grid(size: f64) -> f64 {
    let power = powf(10_f64, log10(size).floor());
    [1.0, 2.0, 5.0].into_iter().map(|step| step * power).find(|step| *step >= size).unwrap_or(10.0 * power)
}

fn numbers(arm: &ArmOutcome, analysed: Count, way: Way, rounder: Rounder<'_>) -> ArmNumbers {
    let mut numbers = ArmNumbers { arm: arm.arm.clone(), analysed, events: Count::HIDDEN, mean: None };
    match way {
        Way::Counts => {
            numbers.events = rounder.events(&place(&arm.arm), arm.analysed, arm.events);
            let share = numbers.events.value().zip(analysed.value());
            numbers.mean = share.and_then(|(events, people)| finite(events as f64 / people as f64));
        }
        Way::Grid(step) => numbers.mean = arm.mean.and_then(|mean| finite((mean / step).round() * step)),
        Way::Hidden => {}
    }
    numbers
}

fn compare(found: &Comparison, arms: &[ArmNumbers], way: Way) -> Comparison {
    let of = |key: &ArmKey| arms.iter().find(|arm| arm.arm == *key);
    let mut released = Comparison {
        arm: found.arm.clone(),
        control: found.control.clone(),
        measure: Measure::Difference,
        estimate: None,
        lower: None,
        upper: None,
        level: found.level,
        p_value: None,
        method: None,
        guarantee: None,
        not_estimable: None,
    };
    let hidden = || NotEstimable::new("suppressed", "too few people to show the numbers without showing a person");
    let Some((new, usual)) = of(&found.arm).zip(of(&found.control)) else { return released };
    match way {
        Way::Counts => {
            let table = [new.events, new.analysed, usual.events, usual.analysed].map(Count::value);
            let [Some(x1), Some(n1), Some(x0), Some(n0)] = table else {
                released.not_estimable = Some(hidden());
                return released;
            };
            match two_proportions::risk_difference(x1, n1, x0, n0, found.level) {
                Ok(estimate) => {
                    released.estimate = estimate.point.and_then(finite);
                    released.lower = finite(estimate.interval.lower);
                    released.upper = finite(estimate.interval.upper);
                    released.method = Some("Miettinen-Nurminen interval from rounded counts".to_owned());
                    released.guarantee = Some(estimate.guarantee);
                }
                Err(error) => released.not_estimable = Some(NotEstimable::from(&error)),
            }
        }
        Way::Grid(step) => {
            // From the rounded means, and the interval's half-width upwards, so that nothing finer than the grid is told.
            let difference = new.mean.zip(usual.mean).map(|(one, zero)| ((one - zero) / step).round() * step);
            let half = found.lower.zip(found.upper).map(|(low, high)| ((high - low) / 2.0 / step).ceil() * step);
            released.estimate = difference.and_then(finite);
            if let Some((difference, half)) = difference.zip(half) {
                released.lower = finite(difference - half);
                released.upper = finite(difference + half);
            }
            released.method = found.method.as_ref().map(|method| format!("{method}, rounded"));
            released.guarantee = found.guarantee;
            released.not_estimable.clone_from(&found.not_estimable);
        }
        Way::Hidden => released.not_estimable = Some(hidden()),
    }
    released
}

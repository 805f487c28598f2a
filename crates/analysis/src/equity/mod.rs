//! Is a declared group left worse off?
//!
//! For every declared group, every intervention arm, and the primary outcome and every harm measure, two questions: whether a
//! loss beyond the margin is excluded, and whether it is shown. The margin is that of the equity check for the primary outcome
//! and a harm measure's own for it. Each question shares its error over all of these by Holm's procedure, so that one false
//! alarm anywhere has at most the plan's one-sided error. Beside each group's own difference stands the one that is seen
//! together with the others (empirical Bayes), because the most striking of several small groups is mostly chance.
//!
//! The answers never change the verdict. Whoever adopts a version although a group may be left worse off says why.

pub(crate) mod groups;

use fairtrial_domain::protocol::{Better, Outcome, Role};
use fairtrial_stats::{
    Side,
    meta::{BetweenTrials, shrunken_effects},
};

use crate::{
    claims::Multiplicity,
    comparison::{Method, finite, good_side, shown},
    reading::Reading,
    report::{Comparison, EquityFinding, EquityReport, Measure, NotEstimable, Shrunken},
    sample::{ArmSample, size},
};
use groups::{Group, groups_of};

/// Fewest groups from which each can be seen together with the others.
const FEWEST_TO_SHRINK: usize = 3;

/// The equity check of a trial whose data are locked; empty before, and without declared groups.
pub(crate) fn equity(reading: &Reading<'_>) -> Vec<EquityReport> {
    let Some(equity) = reading.plan.equity.as_ref().filter(|_| reading.evidence.locked) else { return Vec::new() };
    let watched =
        || reading.plan.outcomes.iter().enumerate().filter(|(_, o)| matches!(o.role, Role::Primary | Role::Harm));
    let mut tested: Vec<Tested> = Vec::new();
    for attribute in &equity.groups {
        for (place, outcome) in watched() {
            let margin = if outcome.role == Role::Primary { Some(equity.margin) } else { outcome.margin };
            let Some(margin) = margin else { continue };
            let question = Question { reading, attribute, outcome, margin };
            match groups_of(reading.plan, reading.evidence, attribute, (place, outcome)) {
                Ok(groups) => tested.extend(question.by_arm(&groups)),
                Err(reason) => tested.push(question.unanswered(None, None, reason)),
            }
        }
    }
    answered(reading, tested)
}

/// The answers, each question sharing its error over everything that was tested.
fn answered(reading: &Reading<'_>, tested: Vec<Tested>) -> Vec<EquityReport> {
    let adjusted =
        |p: fn(&Tested) -> Option<f64>| Multiplicity::Holm.adjusted(&tested.iter().map(p).collect::<Vec<_>>());
    let (excluded, seen) = (adjusted(|found| found.p_excluded), adjusted(|found| found.p_seen));
    let small = |p: Option<f64>| p.is_some_and(|p| p <= reading.alpha);
    tested
        .into_iter()
        .zip(excluded.into_iter().zip(seen))
        .map(|(found, (excluded, seen))| {
            let finding = match (small(seen), small(excluded)) {
                (true, _) => EquityFinding::Seen,
                (false, true) => EquityFinding::NoneSeen,
                (false, false) => EquityFinding::CannotRuleOut,
            };
            let more = found.more_units.filter(|_| finding == EquityFinding::CannotRuleOut);
            EquityReport { finding, more_units_needed: more, ..found.report }
        })
        .collect()
}

/// One group and arm, before the error is shared.
struct Tested {
    p_excluded: Option<f64>,
    p_seen: Option<f64>,
    more_units: Option<u64>,
    report: EquityReport,
}

/// One attribute and outcome.
struct Question<'a> {
    reading: &'a Reading<'a>,
    attribute: &'a str,
    outcome: &'a Outcome,
    margin: fairtrial_domain::Decimal,
}

impl Question<'_> {
    fn unanswered(&self, group: Option<&str>, merged: Option<&[String]>, reason: NotEstimable) -> Tested {
        let report = EquityReport {
            attribute: self.attribute.to_owned(),
            group: group.map(str::to_owned),
            merged: merged.map(<[String]>::to_vec).unwrap_or_default(),
            outcome: self.outcome.key.clone(),
            finding: EquityFinding::CannotRuleOut,
            margin: self.margin,
            comparison: None,
            shrunken: None,
            more_units_needed: None,
            not_estimable: Some(reason),
        };
        Tested { p_excluded: None, p_seen: None, more_units: None, report }
    }

    /// Every intervention arm in every group.
    fn by_arm(&self, groups: &[Group]) -> Vec<Tested> {
        let plan = self.reading.plan;
        let mut tested = Vec::new();
        for (index, arm) in plan.interventions() {
            let mut own: Vec<Tested> = groups.iter().map(|group| self.one(group, index, &arm.key)).collect();
            self.shrink(&mut own);
            tested.append(&mut own);
        }
        tested
    }

    fn one(&self, group: &Group, index: usize, key: &fairtrial_domain::ArmKey) -> Tested {
        let (plan, reading) = (self.reading.plan, self.reading);
        let nobody = || NotEstimable::new("not_recorded", "the evidence does not hold this group");
        let mut found = self.unanswered(Some(&group.name), Some(&group.merged), nobody());
        let (Some(control), Some(arm1), Some(arm0)) =
            (plan.control(), group.arms.get(index), group.arms.get(plan.control_index()))
        else {
            return found;
        };
        let method = Method::of(plan, self.outcome).plain();
        let null_difference = match self.outcome.better {
            Better::Increase => -self.margin.to_f64(),
            Better::Decrease => self.margin.to_f64(),
        };
        let good = good_side(self.outcome);
        let bad = if good == Side::Greater { Side::Less } else { Side::Greater };
        let p = |side: Side| {
            let tested = method.test_remembering(arm1, arm0, null_difference, side, reading.known);
            tested.ok().and_then(|tested| shown(tested.p_value))
        };
        let comparison = method.compare((arm1, key), (arm0, &control.key), Measure::Difference, reading.level);
        found.p_excluded = p(good);
        found.p_seen = p(bad);
        found.more_units = more_units(arm1, arm0, &comparison, size(Some(self.margin)));
        found.report.not_estimable.clone_from(&comparison.not_estimable);
        found.report.comparison = Some(comparison);
        found
    }

    /// Each group's difference seen together with those of the others.
    fn shrink(&self, tested: &mut [Tested]) {
        let z = -fairtrial_stats::special::normal::quantile((1.0 - self.reading.level) / 2.0);
        let known: Vec<(usize, f64, f64)> = tested
            .iter()
            .enumerate()
            .filter_map(|(place, found)| {
                let comparison = found.report.comparison.as_ref()?;
                let error = (comparison.upper? - comparison.lower?) / (2.0 * z);
                (error > 0.0).then_some((place, comparison.estimate?, error * error))
            })
            .collect();
        if known.len() < FEWEST_TO_SHRINK {
            return;
        }
        let effects: Vec<f64> = known.iter().map(|(_, effect, _)| *effect).collect();
        let variances: Vec<f64> = known.iter().map(|(_, _, variance)| *variance).collect();
        let Ok(shrunken) = shrunken_effects(&effects, &variances, BetweenTrials::DerSimonianLaird, self.reading.level)
        else {
            return;
        };
        for ((place, ..), estimate) in known.iter().zip(shrunken) {
            if let (Some(found), Some(point)) = (tested.get_mut(*place), estimate.point.and_then(finite)) {
                found.report.shrunken = Some(Shrunken {
                    estimate: point,
                    lower: finite(estimate.interval.lower),
                    upper: finite(estimate.interval.upper),
                });
            }
        }
    }
}

/// About how many more people of the group would let a loss beyond the margin be excluded if there were none at all: the
/// interval's half must not be wider than the margin, and it narrows with the root of the number.
fn more_units(arm1: &ArmSample, arm0: &ArmSample, found: &Comparison, margin: Option<f64>) -> Option<u64> {
    let margin = margin.filter(|margin| *margin > 0.0)?;
    let half = (found.upper? - found.lower?) / 2.0;
    let people = arm1.analysed as f64 + arm0.analysed as f64;
    let more = people * ((half / margin).powi(2) - 1.0);
    (more > 0.0 && more < 1e12).then(|| more.ceil() as u64)
}

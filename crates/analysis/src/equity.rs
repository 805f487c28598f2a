//! Is a declared group left worse off?
//!
//! For every declared group and every intervention arm the primary outcome is tested twice: whether a loss beyond the
//! margin is excluded, and whether it is shown. Each question shares its error over all groups by Holm's procedure. The
//! answers never change the verdict.

use fairtrial_domain::{
    allocation::levels_of,
    eligibility::AttributeKind,
    protocol::{Better, Equity, Outcome, Protocol},
};
use fairtrial_stats::Side;

use crate::{
    claims::Multiplicity,
    comparison::{Method, good_side, shown},
    reading::Reading,
    report::{EquityFinding, EquityReport, Measure, NotEstimable},
    sample::{ArmSample, samples},
};

/// The equity check of a trial whose data are locked; empty before, and without declared groups.
pub(crate) fn equity(reading: &Reading<'_>) -> Vec<EquityReport> {
    let (Some(equity), Some(outcome)) = (&reading.plan.equity, reading.plan.outcomes.get(reading.primary())) else {
        return Vec::new();
    };
    if !reading.evidence.locked {
        return Vec::new();
    }
    equity.groups.iter().flat_map(|attribute| by_attribute(reading, equity, outcome, attribute)).collect()
}

fn by_attribute(reading: &Reading<'_>, equity: &Equity, outcome: &Outcome, attribute: &str) -> Vec<EquityReport> {
    let Some((place, groups)) = stratum(reading.plan, attribute) else {
        let detail = "the tallies do not hold this attribute: only strata are kept by group";
        return vec![EquityReport {
            attribute: attribute.to_owned(),
            group: None,
            outcome: outcome.key.clone(),
            finding: EquityFinding::CannotRuleOut,
            margin: equity.margin,
            comparison: None,
            not_estimable: Some(NotEstimable::new("not_recorded", detail)),
        }];
    };
    let tested: Vec<Group> = groups.iter().flat_map(|group| by_arm(reading, equity, outcome, place, group)).collect();
    let adjusted =
        |p: fn(&Group) -> Option<f64>| Multiplicity::Holm.adjusted(&tested.iter().map(p).collect::<Vec<_>>());
    let (excluded, seen) = (adjusted(|group| group.p_excluded), adjusted(|group| group.p_seen));
    let small = |p: Option<f64>| p.is_some_and(|p| p <= reading.alpha);
    tested
        .iter()
        .zip(excluded.into_iter().zip(seen))
        .map(|(group, (excluded, seen))| EquityReport {
            attribute: attribute.to_owned(),
            finding: match (small(seen), small(excluded)) {
                (true, _) => EquityFinding::Seen,
                (false, true) => EquityFinding::NoneSeen,
                (false, false) => EquityFinding::CannotRuleOut,
            },
            ..group.report.clone()
        })
        .collect()
}

/// Where an attribute stands in the strata's labels, and its values.
fn stratum(plan: &Protocol, attribute: &str) -> Option<(usize, Vec<String>)> {
    let place = plan.allocation.balanced_by().iter().position(|name| name == attribute)?;
    let values = match &plan.attributes.iter().find(|declared| declared.name == attribute)?.kind {
        AttributeKind::Category { values } => values.clone(),
        AttributeKind::Boolean => vec!["yes".to_owned(), "no".to_owned()],
        AttributeKind::Integer { .. } | AttributeKind::Decimal { .. } => return None,
    };
    Some((place, values))
}

struct Group {
    p_excluded: Option<f64>,
    p_seen: Option<f64>,
    report: EquityReport,
}

fn by_arm(reading: &Reading<'_>, equity: &Equity, outcome: &Outcome, place: usize, group: &str) -> Vec<Group> {
    let plan = reading.plan;
    let in_group = |label: &str| levels_of(label).get(place).is_some_and(|level| level == group);
    let Some(cells) = reading.evidence.outcomes.get(reading.primary()) else { return Vec::new() };
    let arms: Vec<ArmSample> = samples(plan, outcome, cells, &in_group);
    let (Some(control), Some(arm0)) = (plan.control(), arms.get(plan.control_index())) else { return Vec::new() };
    let method = Method::of(plan, outcome);
    let margin = equity.margin.to_f64();
    let null_difference = match outcome.better {
        Better::Increase => -margin,
        Better::Decrease => margin,
    };
    let good = good_side(outcome);
    let bad = if good == Side::Greater { Side::Less } else { Side::Greater };
    plan.interventions()
        .filter_map(|(index, arm)| Some((arm, arms.get(index)?)))
        .map(|(arm, arm1)| {
            let p = |side: Side| {
                method.test(arm1, arm0, null_difference, side).ok().and_then(|tested| shown(tested.p_value))
            };
            let comparison = method.compare((arm1, &arm.key), (arm0, &control.key), Measure::Difference, reading.level);
            Group {
                p_excluded: p(good),
                p_seen: p(bad),
                report: EquityReport {
                    attribute: String::new(),
                    group: Some(group.to_owned()),
                    outcome: outcome.key.clone(),
                    finding: EquityFinding::CannotRuleOut,
                    margin: equity.margin,
                    not_estimable: comparison.not_estimable.clone(),
                    comparison: Some(comparison),
                },
            }
        })
        .collect()
}

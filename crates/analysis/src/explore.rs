//! What may be seen in the data beside the plan's questions: differences by declared group, for analysts after the decision.
//!
//! None of it was planned, and none of it changes a verdict. Where many questions are asked some will look striking by chance,
//! so each p-value stands beside the one that is adjusted for all that were asked together (Benjamini and Hochberg 1995: the
//! expected share of false alarms among those called striking).

use fairtrial_domain::{
    ArmKey, LockedProtocol, OutcomeKey,
    eligibility::AttributeKind,
    projection::Evidence,
    protocol::{Outcome, OutcomeKind, Protocol},
};
use fairtrial_stats::{
    Side,
    multiplicity::{Adjustment, adjust},
};

use crate::{
    comparison::{Method, Remembered, shown},
    equity::groups::{Group, groups_of},
    reading::Reading,
    report::{Comparison, Measure},
    sample::ArmSample,
};

/// One group and version beside the current one, for one outcome.
#[derive(Debug, Clone, PartialEq)]
pub struct Explored {
    /// The attribute whose values are the groups.
    pub attribute: String,
    /// The group.
    pub group: String,
    /// The groups that were put together in it along the plan's tree; empty for one that stands alone.
    pub merged: Vec<String>,
    /// The outcome.
    pub outcome: OutcomeKey,
    /// The people counted and those for whom a yes-or-no outcome happened, by arm in the plan's order.
    pub arms: Vec<(ArmKey, u64, Option<u64>)>,
    /// The new version beside the current one.
    pub comparison: Comparison,
    /// How often chance alone gives a difference as large, either way.
    pub p_value: Option<f64>,
    /// The same, adjusted for everything that is looked at together.
    pub adjusted: Option<f64>,
}

/// Every declared group with few values, every outcome and every new version of a trial whose data are locked; empty before.
#[must_use]
pub fn explore(plan: &LockedProtocol, evidence: &Evidence) -> Vec<Explored> {
    if !evidence.locked {
        return Vec::new();
    }
    let (protocol, known) = (plan.protocol(), Remembered::default());
    let reading = Reading::new(protocol, evidence, &known);
    let mut found = Vec::new();
    for attribute in protocol.attributes.iter().filter(|attribute| has_few_values(&attribute.kind)) {
        for (place, outcome) in protocol.outcomes.iter().enumerate() {
            // What is not kept for each person has no groups.
            let Ok(groups) = groups_of(protocol, evidence, &attribute.name, (place, outcome)) else { continue };
            for group in &groups {
                for (index, arm) in protocol.interventions() {
                    found.extend(one(&reading, &attribute.name, outcome, group, (index, &arm.key)));
                }
            }
        }
    }
    adjusted(found)
}

fn has_few_values(kind: &AttributeKind) -> bool {
    matches!(kind, AttributeKind::Category { .. } | AttributeKind::Boolean)
}

fn one(
    reading: &Reading<'_>,
    attribute: &str,
    outcome: &Outcome,
    group: &Group,
    (index, key): (usize, &ArmKey),
) -> Option<Explored> {
    let plan: &Protocol = reading.plan;
    let (arm1, arm0) = (group.arms.get(index)?, group.arms.get(plan.control_index())?);
    let method = Method::of(plan, outcome).plain();
    let comparison = method.compare((arm1, key), (arm0, &plan.control()?.key), Measure::Difference, reading.level);
    let one_sided = |side: Side| {
        let tested = method.test_remembering(arm1, arm0, 0.0, side, reading.known).ok()?;
        shown(tested.p_value)
    };
    let p_value = one_sided(Side::Greater).zip(one_sided(Side::Less)).map(|(up, down)| (2.0 * up.min(down)).min(1.0));
    let people = |(arm, sample): (&fairtrial_domain::protocol::Arm, &ArmSample)| {
        let events = (outcome.kind == OutcomeKind::Binary).then(|| sample.events().ok()).flatten();
        (arm.key.clone(), sample.analysed, events)
    };
    Some(Explored {
        attribute: attribute.to_owned(),
        group: group.name.clone(),
        merged: group.merged.clone(),
        outcome: outcome.key.clone(),
        arms: plan.arms.iter().zip(&group.arms).map(people).collect(),
        comparison,
        p_value,
        adjusted: None,
    })
}

fn adjusted(mut found: Vec<Explored>) -> Vec<Explored> {
    let p_values: Vec<f64> = found.iter().filter_map(|one| one.p_value).collect();
    let Ok(adjusted) = adjust(&p_values, Adjustment::BenjaminiHochberg) else { return found };
    let with_p = found.iter_mut().filter(|one| one.p_value.is_some());
    with_p.zip(adjusted).for_each(|(one, adjusted)| one.adjusted = Some(adjusted));
    found
}

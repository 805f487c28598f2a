//! What must be true across the fields of a protocol.

use std::collections::BTreeSet;

use super::{
    checks_allocation,
    cursor::Faults,
    document::{Allocation, Protocol},
    outcome::{Better, HarmWatch, Outcome, OutcomeKind, Role},
};
use crate::{
    Decimal,
    decision_rule::{Claim, DecisionRule},
    eligibility::{AttributeKind, Purpose},
};

/// Adds a fault for each contradiction. `rule` is the decision rule as written.
pub(super) fn check(protocol: &Protocol, rule: &str, faults: &Faults) {
    unique_names(protocol, faults);
    arms(protocol, faults);
    outcomes(protocol, faults);
    attributes(protocol, faults);
    references(protocol, faults);
    rule_references(protocol, rule, faults);
    adjusted_for(protocol, faults);
    equity(protocol, faults);
    looks(protocol, faults);
    contamination(protocol, faults);
    checks_allocation::check(protocol, faults);
    units(protocol, faults);
}

fn unique_names(protocol: &Protocol, faults: &Faults) {
    let unique = |place: &str, names: Vec<&str>| {
        let mut seen = BTreeSet::new();
        for (index, name) in names.into_iter().enumerate() {
            if !seen.insert(name.to_lowercase()) {
                faults.add(
                    &format!("{place}/{index}"),
                    "not_unique",
                    "this name stands twice; names differ by more than case",
                );
            }
        }
    };
    unique("/arms", protocol.arms.iter().map(|a| a.key.as_str()).collect());
    unique("/outcomes", protocol.outcomes.iter().map(|o| o.key.as_str()).collect());
    unique("/attributes", protocol.attributes.iter().map(|a| a.name.as_str()).collect());
    let roster = protocol.allocation.roster();
    let place = if matches!(protocol.allocation, Allocation::Cluster { .. }) { "roster" } else { "sites" };
    unique(&format!("/allocation/{place}"), roster.iter().map(|c| c.as_str()).collect());
}

fn contamination(protocol: &Protocol, faults: &Faults) {
    let limits = protocol.analysis.contamination;
    if limits.warn_above > limits.invalid_above {
        let detail = "the warning comes before the trial is invalid: make warn_above at most invalid_above";
        faults.add("/analysis/contamination/warn_above", "out_of_range", detail);
    }
}

fn arms(protocol: &Protocol, faults: &Faults) {
    if protocol.arms.iter().filter(|arm| arm.control).count() != 1 {
        faults.add("/arms", "one_control", "exactly one arm is the control: what happens today");
    }
}

fn outcomes(protocol: &Protocol, faults: &Faults) {
    if protocol.outcomes.iter().filter(|o| o.role == Role::Primary).count() != 1 {
        faults.add("/outcomes", "one_primary", "exactly one outcome is primary: the one that the trial is planned on");
    }
    for (index, outcome) in protocol.outcomes.iter().enumerate() {
        check_outcome(outcome, &format!("/outcomes/{index}"), faults);
        check_watch(protocol, outcome, &format!("/outcomes/{index}/harm_watch"), faults);
    }
}

/// Watching a harm measure more closely than at the looks needs people who are drawn one by one, and at every event also an
/// event that is the harm itself and a usual share beside which the margin can be read.
fn check_watch(protocol: &Protocol, outcome: &Outcome, place: &str, faults: &Faults) {
    if outcome.harm_watch == HarmWatch::Looks {
        return;
    }
    let refuse = |wrong: bool, detail: &str| {
        if wrong {
            faults.add(place, "watch_not_possible", detail);
        }
    };
    refuse(outcome.role != Role::Harm, "only a harm measure is watched");
    refuse(protocol.allocation.is_by_cluster(), "where clusters or sites are assigned, harm is judged at the looks");
    if outcome.harm_watch == HarmWatch::EveryEvent {
        let happens = matches!(outcome.kind, OutcomeKind::Binary | OutcomeKind::Count);
        refuse(
            !happens || outcome.better != Better::Decrease,
            "at every event a harm is watched that happens or does not: kind binary or count, better when it decreases",
        );
        let usual = outcome.expected_control.is_some_and(|usual| usual > Decimal::ZERO);
        let no_margin = outcome.margin.is_none_or(|margin| margin == Decimal::ZERO);
        refuse(
            !usual && !no_margin,
            "to watch at every event with a margin, say with expected_control how often the harm happens usually",
        );
    }
}

fn check_outcome(outcome: &Outcome, place: &str, faults: &Faults) {
    let needs = |present: bool, name: &str, why: &str| {
        if !present {
            faults.add(&format!("{place}/{name}"), "missing_field", why);
        }
    };
    if outcome.role == Role::Primary {
        let why = "the primary outcome needs the smallest change that would alter the decision";
        needs(outcome.smallest_worthwhile_effect.is_some_and(|e| e > Decimal::ZERO), "smallest_worthwhile_effect", why);
    }
    if matches!(outcome.role, Role::Guardrail | Role::Harm) {
        needs(
            outcome.margin.is_some(),
            "margin",
            "a guardrail or harm measure needs the largest loss that is still acceptable",
        );
    }
    if outcome.role == Role::Harm {
        needs(outcome.harm_alpha.is_some(), "harm_alpha", "a harm measure needs the error that its boundary may spend");
    }
    if matches!(outcome.kind, OutcomeKind::Binary | OutcomeKind::Count) && outcome.step != Decimal::ONE {
        faults.add(&format!("{place}/step"), "out_of_range", "a binary outcome or a count goes in steps of 1");
    }
    if outcome.kind == OutcomeKind::Binary {
        for (name, value) in [
            ("smallest_worthwhile_effect", outcome.smallest_worthwhile_effect),
            ("expected_control", outcome.expected_control),
            ("margin", outcome.margin),
        ] {
            if value.is_some_and(|v| v > Decimal::ONE || v < Decimal::ZERO) {
                let detail = "for a binary outcome this is a share of people from 0 to 1: 3 in 100 is \"0.03\"";
                faults.add(&format!("{place}/{name}"), "out_of_range", detail);
            }
        }
    }
    if outcome.kind == OutcomeKind::Binary && outcome.standard_deviation.is_some() {
        let detail = "the spread of a yes-or-no outcome follows from its share; leave this out";
        faults.add(&format!("{place}/standard_deviation"), "unexpected_field", detail);
    }
    if outcome.cap.is_some() && outcome.cap_in_steps().is_none() {
        faults.add(&format!("{place}/cap"), "out_of_range", "the cap must be a multiple of the step");
    }
    if outcome.minimum.zip(outcome.maximum).is_some_and(|(minimum, maximum)| minimum > maximum) {
        faults.add(&format!("{place}/minimum"), "out_of_range", "the minimum must not exceed the maximum");
    }
    if outcome.kind == OutcomeKind::Rating && (outcome.minimum.is_none() || outcome.maximum.is_none()) {
        faults.add(place, "missing_field", "a rating needs the ends of its scale as minimum and maximum");
    }
}

fn attributes(protocol: &Protocol, faults: &Faults) {
    for (index, attribute) in protocol.attributes.iter().enumerate() {
        let ordered = match &attribute.kind {
            AttributeKind::Integer { minimum, maximum } => minimum <= maximum,
            AttributeKind::Decimal { minimum, maximum } => minimum <= maximum,
            AttributeKind::Category { .. } | AttributeKind::Boolean => true,
        };
        if !ordered {
            faults.add(
                &format!("/attributes/{index}/minimum"),
                "out_of_range",
                "the minimum must not exceed the maximum",
            );
        }
        let grouping = matches!(attribute.purpose, Purpose::Stratum | Purpose::Equity);
        if grouping && !matches!(attribute.kind, AttributeKind::Category { .. } | AttributeKind::Boolean) {
            faults.add(
                &format!("/attributes/{index}/type"),
                "wrong_type",
                "a stratum or equity group has few values: use category or boolean",
            );
        }
    }
}

fn references(protocol: &Protocol, faults: &Faults) {
    if protocol.outcome(&protocol.hypothesis.outcome).is_none() {
        faults.add("/hypothesis/outcome", "unknown_outcome", "no outcome has this key");
    }
    let declared = |place: String, name: &str| {
        if !protocol.attributes.iter().any(|a| a.name == name) {
            faults.add(&place, "undeclared_attribute", "this attribute is not among the declared attributes");
        }
    };
    for (index, name) in protocol.equity.iter().flat_map(|e| &e.groups).enumerate() {
        declared(format!("/equity/groups/{index}"), name);
    }
    for (index, name) in protocol.analysis.adjust_for.iter().enumerate() {
        declared(format!("/analysis/adjust_for/{index}"), name);
    }
}

/// The groups of the equity check must be kept and have few values, and the tree of the small ones must lead up.
fn equity(protocol: &Protocol, faults: &Faults) {
    let Some(equity) = &protocol.equity else { return };
    for (index, name) in equity.groups.iter().enumerate() {
        let place = format!("/equity/groups/{index}");
        let Some(attribute) = protocol.attributes.iter().find(|attribute| attribute.name == *name) else { continue };
        if matches!(attribute.purpose, Purpose::Eligibility | Purpose::Exclusion) {
            let detail = "what only decides who is in is not kept with the assignment; declare this attribute with the \
                          purpose equity";
            faults.add(&place, "wrong_purpose", detail);
        }
        if !matches!(attribute.kind, AttributeKind::Category { .. } | AttributeKind::Boolean) {
            faults.add(&place, "wrong_type", "a group has few values: use category or boolean");
        }
    }
    for (index, step) in equity.merge.iter().enumerate() {
        let place = |name: &str| format!("/equity/merge/{index}/{name}");
        if !equity.groups.contains(&step.attribute) {
            faults.add(&place("attribute"), "undeclared_attribute", "this is none of the equity groups");
        }
        let earlier = equity.merge.iter().take(index);
        if earlier.clone().any(|other| other.attribute == step.attribute && other.group == step.group) {
            faults.add(&place("group"), "not_unique", "this group has a larger one already");
        }
        let values = protocol.attributes.iter().find(|attribute| attribute.name == step.attribute);
        let is_value = match values.map(|attribute| &attribute.kind) {
            Some(AttributeKind::Category { values }) => values.contains(&step.group),
            Some(AttributeKind::Boolean) => matches!(step.group.as_str(), "yes" | "no"),
            _ => true,
        };
        // A larger group must be made before it is part of a still larger one, so that no group is part of itself.
        let made = earlier.clone().any(|other| other.attribute == step.attribute && other.into == step.group);
        if !is_value && !made {
            let detail = "this is no value of the attribute and no larger group of a line above";
            faults.add(&place("group"), "out_of_range", detail);
        }
        if step.into == step.group
            || earlier.clone().any(|other| other.attribute == step.attribute && other.group == step.into)
        {
            faults.add(&place("into"), "out_of_range", "a group cannot be part of one that is part of it");
        }
    }
}

/// What the plan adjusts for must be kept with the assignment, and there must be a way to adjust for it.
fn adjusted_for(protocol: &Protocol, faults: &Faults) {
    let names = &protocol.analysis.adjust_for;
    if matches!(protocol.allocation, Allocation::SteppedWedge { .. }) && !names.is_empty() {
        let detail = "a stepped wedge is tested by drawing the order of its sites again, which leaves no room for adjustment; \
                      leave this out";
        faults.add("/analysis/adjust_for", "not_adjustable", detail);
    }
    for (index, name) in names.iter().enumerate() {
        let place = format!("/analysis/adjust_for/{index}");
        if names.iter().take(index).any(|earlier| earlier == name) {
            faults.add(&place, "not_unique", "this attribute stands twice");
        }
        let purpose = protocol.attributes.iter().find(|attribute| attribute.name == *name).map(|found| found.purpose);
        if matches!(purpose, Some(Purpose::Eligibility | Purpose::Exclusion)) {
            let detail = "what only decides who is in is not kept with the assignment; declare this attribute with the \
                          purpose covariate, stratum or equity";
            faults.add(&place, "wrong_purpose", detail);
        }
    }
}

/// Every outcome that the rule names, pointed at where it stands in the rule.
fn rule_references(protocol: &Protocol, rule: &str, faults: &Faults) {
    let places = DecisionRule::parse_with_places(rule).map(|(_, places)| places).unwrap_or_default();
    for (claim, at) in protocol.decision_rule.claims().into_iter().zip(places) {
        let key = claim.outcome();
        match protocol.outcome(key) {
            None => {
                let known: Vec<&str> = protocol.outcomes.iter().map(|outcome| outcome.key.as_str()).collect();
                let detail =
                    format!("at character {at}: no outcome has the key \"{key}\"; known are: {}", known.join(", "));
                faults.add("/decision_rule", "unknown_outcome", detail);
            }
            Some(outcome) if matches!(claim, Claim::NotWorse(_)) && outcome.margin.is_none() => {
                let detail =
                    format!("at character {at}: \"{key}\" needs a margin, because the rule asks that it is not worse");
                faults.add("/decision_rule", "missing_margin", detail);
            }
            Some(_) => {}
        }
    }
}

fn looks(protocol: &Protocol, faults: &Faults) {
    let looks = &protocol.monitoring.looks;
    let increasing = looks.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
    if !increasing || looks.last() != Some(&Decimal::ONE) {
        faults.add("/monitoring/looks", "out_of_range", "looks must increase and end in \"1\"");
    }
    let days = &protocol.monitoring.looks_on;
    let in_order = days.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
    if !days.is_empty() && (!in_order || days.len() + 1 != looks.len()) {
        let detail =
            "the days of the looks must increase, one for each look but the last, which is the lock of the data";
        faults.add("/monitoring/looks_on", "out_of_range", detail);
    }
    if looks.len() > 1 && protocol.monitoring.efficacy.is_none() {
        faults.add(
            "/monitoring/efficacy",
            "missing_field",
            "several looks need a rule for sharing the error over them",
        );
    }
}

/// What is assigned must be what is counted: assigned any finer, one thing that is counted would hold several versions; any
/// coarser, its parts would be counted as if each had been drawn by itself. Only the methods that assign clusters and sites
/// know groups and what is in them, and their analysis goes by the groups.
fn units(protocol: &Protocol, faults: &Faults) {
    if !protocol.allocation.is_by_cluster() && !protocol.unit.trim().eq_ignore_ascii_case(protocol.analysis_unit.trim())
    {
        let detail = format!(
            "the trial assigns by {} and counts by {}; they must be the same. To assign whole groups of {}, use the allocation \
             method \"cluster\"",
            protocol.unit, protocol.analysis_unit, protocol.analysis_unit
        );
        faults.add("/analysis_unit", "another_unit", detail);
    }
}

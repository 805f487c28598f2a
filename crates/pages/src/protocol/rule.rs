//! The rule of a plan, case by case.

use super::words::rule_words;
use crate::component::{Cell, Table};
use fairtrial_domain::decision_rule::Claim;
use fairtrial_domain::protocol::{Protocol, Role};

/// When the new version is adopted: "when ... is shown to be better than with the usual version."
pub(crate) fn rule_sentence(plan: &Protocol) -> String {
    format!("when {}.", rule_words(&plan.decision_rule, plan))
}

/// What stands beside the rule: outcomes that must not get worse, and the harm that is watched.
pub(crate) fn beside_the_rule(plan: &Protocol) -> Vec<String> {
    let named = |role: Role| {
        let found = plan.outcomes.iter().filter(move |outcome| outcome.role == role);
        found.map(|outcome| format!("\u{2018}{}\u{2019}", outcome.name)).collect::<Vec<_>>().join(" or ")
    };
    let (guards, harms) = (named(Role::Guardrail), named(Role::Harm));
    let guards = (!guards.is_empty())
        .then(|| format!("It is not adopted when {guards} is shown to get worse by more than you allow."));
    let harms = (!harms.is_empty())
        .then(|| format!("Whatever the rule says, the trial is stopped for harm when {harms} is shown to get worse by more than you allow."));
    guards.into_iter().chain(harms).collect()
}

/// What the rule says for every way in which its claims can turn out; nothing where there are too many.
pub(crate) fn truth_table(plan: &Protocol) -> Option<Table> {
    let table = plan.decision_rule.truth_table()?;
    let name = |claim: &Claim| plan.outcome(claim.outcome()).map_or("?", |outcome| outcome.name.as_str()).to_owned();
    let asked = |claim: &&Claim| match claim {
        Claim::Superior(_) => format!("\u{2018}{}\u{2019} is shown to be better", name(claim)),
        Claim::NotWorse(_) => format!("\u{2018}{}\u{2019} is shown to be no worse", name(claim)),
    };
    let head = table.claims.iter().map(asked).chain(["What the rule says".to_owned()]);
    let row = |(claims, holds): &(Vec<bool>, bool)| {
        let answers = claims.iter().map(|shown| if *shown { "Yes" } else { "No" });
        answers.chain([if *holds { "Adopt" } else { "Do not adopt" }]).map(Cell::words).collect()
    };
    Some(Table {
        caption: "The rule, case by case".into(),
        caption_hidden: false,
        head: head.map(Cell::words).collect(),
        rows: table.rows.iter().map(row).collect(),
    })
}

//! The rule of a plan, case by case.

use super::words::rule_words;
use crate::component::{Cell, Table};
use fairtrial_domain::decision_rule::Claim;
use fairtrial_domain::protocol::Protocol;

/// When the new version is adopted: "when ... is shown to be better than with the usual version."
pub(crate) fn rule_sentence(plan: &Protocol) -> String {
    format!("when {}.", rule_words(&plan.decision_rule, plan))
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

//! The rule, the cost, and the working: tables for those who want to check.

use super::reading::Reading;
use super::words;
use crate::component::{Cell, Table};
use crate::number::{grouped, money, plural};
use fairtrial_analysis::report::{
    ClaimFinding, ClaimStatus, Comparison, CostComparison, Measure, OutcomeReport, RangeTogether, YearlyCost,
};
use fairtrial_domain::ArmKey;
use fairtrial_domain::decision_rule::Claim;
use fairtrial_domain::protocol::Role;

/// What the versions cost.
#[derive(Debug, Clone)]
pub(super) struct Cost {
    pub(super) sentences: Vec<String>,
    pub(super) table: Table,
}

/// The claims of the rule and what was shown.
pub(super) fn claims(reading: Reading<'_>) -> Option<Table> {
    let outcome = |claim: &Claim| {
        let found = reading.report.outcomes.iter().find(|outcome| outcome.outcome == *claim.outcome());
        words::quoted(&found.map_or_else(|| claim.outcome().to_string(), |outcome| outcome.name.clone()))
    };
    let row = |arm: &ArmKey, finding: &ClaimFinding| {
        let claim = match &finding.claim {
            claim @ Claim::Superior(_) => format!("{} is better", outcome(claim)),
            claim @ Claim::NotWorse(_) => format!("{} is no worse than its limit", outcome(claim)),
        };
        let status = match finding.status {
            ClaimStatus::Holds => "Shown",
            ClaimStatus::RuledOut => "Ruled out",
            ClaimStatus::Open => "Neither shown nor ruled out",
        };
        vec![
            Cell::words(claim),
            Cell::words(reading.name(arm)),
            Cell::words(status),
            Cell::number(p_value(finding.p_value)),
        ]
    };
    let rows: Vec<_> = reading
        .report
        .decision
        .arms
        .iter()
        .flat_map(|arm| arm.claims.iter().map(|finding| row(&arm.arm, finding)))
        .collect();
    (!rows.is_empty()).then(|| Table {
        caption: "What the rule asks, and what was shown".into(),
        caption_hidden: false,
        head: vec![
            Cell::words("Claim"),
            Cell::words("Version"),
            Cell::words("Finding"),
            Cell::number("One-sided p-value"),
        ],
        rows,
    })
}

/// What the versions cost; nothing when the plan names no cost.
pub(super) fn cost(reading: Reading<'_>) -> Option<Cost> {
    let cost = &reading.report.cost;
    if cost.arms.iter().all(|arm| arm.each.is_none() && arm.fixed_cost.is_none()) {
        return None;
    }
    let once = cost.arms.iter().any(|arm| arm.fixed_cost.is_some());
    let row = |arm: &fairtrial_analysis::report::ArmCost| {
        let mut cells = vec![
            Cell::words(reading.name(&arm.arm)),
            Cell::number(arm.each.map_or_else(|| "not in the plan".to_owned(), |cost| dash(money(cost)))),
            Cell::number(grouped(arm.assigned)),
            Cell::number(dash(arm.total.and_then(money))),
        ];
        if once {
            cells.push(Cell::number(dash(arm.fixed_cost.and_then(|cost| money(cost.to_f64())))));
        }
        cells
    };
    let mut head =
        vec![Cell::words("Version"), Cell::number("Each"), Cell::number("Assigned"), Cell::number("Altogether")];
    if once {
        head.push(Cell::number("To introduce, once"));
    }
    let currency = cost.currency.as_deref().unwrap_or("the currency of the plan");
    let learning = cost.learning.and_then(|amount| {
        let said = money(amount.abs())?;
        Some(match amount {
            0.0 => return None,
            amount if amount > 0.0 => {
                format!("This trial cost {said}: what was spent to learn this, beside what the service costs anyhow.")
            }
            _ => format!("This trial saved {said}, because those with the new version cost less."),
        })
    });
    let avoided = cost.avoided.and_then(money).map(|amount| {
        format!("A year of the new version for everybody would have cost {amount} more than today. That is avoided.")
    });
    Some(Cost {
        sentences: cost
            .comparisons
            .iter()
            .flat_map(|found| cost_sentences(reading, found))
            .chain(learning)
            .chain(avoided)
            .collect(),
        table: Table {
            caption: format!("Cost by version, in {currency}"),
            caption_hidden: false,
            head,
            rows: cost.arms.iter().map(row).collect(),
        },
    })
}

fn cost_sentences(reading: Reading<'_>, found: &CostComparison) -> Vec<String> {
    let version = words::quoted(&reading.name(&found.arm));
    let unit = &reading.report.unit;
    let mut sentences = Vec::new();
    if let Some(extra) = found.extra_per_unit.filter(|extra| extra.is_finite()) {
        sentences.extend(money(extra.abs()).map(|amount| match extra {
            0.0 => format!("{version} costs the same for each {unit}."),
            extra if extra > 0.0 => format!("{version} costs {amount} more for each {unit}."),
            _ => format!("{version} costs {amount} less for each {unit}."),
        }));
    }
    if let Some(amount) = found.per_extra_outcome.filter(|cost| *cost > 0.0).and_then(money) {
        let range = match (found.lower.and_then(money), found.upper.and_then(money)) {
            (Some(lower), Some(upper)) => format!(", likely between {lower} and {upper}"),
            (Some(lower), None) => format!(", likely at least {lower}, with no upper end: the data also fit no gain"),
            _ => String::new(),
        };
        sentences.push(format!("Each extra good outcome costs about {amount}{range}."));
    }
    sentences.extend(found.yearly.as_ref().and_then(|year| yearly(reading, &version, year)));
    sentences
}

/// A year of a version for everybody.
fn yearly(reading: Reading<'_>, version: &str, year: &YearlyCost) -> Option<String> {
    let units = format!("{} {}", grouped(year.units), plural(&reading.report.unit));
    let amount = money(year.extra.abs())?;
    let change = match year.extra {
        0.0 => "the same as today".to_owned(),
        extra if extra > 0.0 => format!("{amount} more than today"),
        _ => format!("{amount} less than today"),
    };
    let once = year.to_introduce.and_then(|cost| money(cost.to_f64()));
    let once = once.map(|cost| format!(", and {cost} once to introduce it")).unwrap_or_default();
    Some(format!("For {units} a year, {version} would cost {change}{once}."))
}

/// Every comparison with its method.
pub(super) fn comparisons(reading: Reading<'_>) -> Vec<Table> {
    let table = |outcome: &OutcomeReport| Table {
        caption: format!("{} ({})", outcome.name, role(outcome.role)),
        caption_hidden: false,
        head: vec![
            Cell::words("Version and measure"),
            Cell::number("Estimate"),
            Cell::number("Interval"),
            Cell::number("Level"),
            Cell::number("Two-sided p-value"),
            Cell::words("Method"),
        ],
        rows: outcome
            .comparisons
            .iter()
            .map(|found| comparison(reading, found, ""))
            .chain(outcome.unadjusted.iter().map(|found| comparison(reading, found, ", without adjustment")))
            .chain(outcome.together.iter().map(|found| together(reading, found)))
            .collect(),
    };
    reading.report.outcomes.iter().filter(|outcome| !outcome.comparisons.is_empty()).map(table).collect()
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Primary => "main outcome",
        Role::Secondary => "also measured",
        Role::Guardrail => "must not get worse",
        Role::Harm => "watched for harm",
    }
}

fn together(reading: Reading<'_>, found: &RangeTogether) -> Vec<Cell> {
    let why = found.not_estimable.as_ref().map(|why| words::sentence(&why.detail));
    let method = [found.method.clone(), why];
    vec![
        Cell::words(format!("{}: difference, together with the others", reading.name(&found.arm))),
        Cell::number(dash(None)),
        Cell::number(interval_text(found.lower, found.upper)),
        Cell::number(dash(digits(found.level))),
        Cell::number(p_value(None)),
        Cell::words(method.into_iter().flatten().collect::<Vec<_>>().join("; ")),
    ]
}

fn comparison(reading: Reading<'_>, found: &Comparison, beside: &str) -> Vec<Cell> {
    let measure = match found.measure {
        Measure::Difference => "difference",
        Measure::Ratio => "ratio",
    };
    let why = found.not_estimable.as_ref().map(|why| words::sentence(&why.detail));
    let method = [found.method.clone(), found.guarantee.map(|found| words::guarantee(found).to_owned()), why];
    vec![
        Cell::words(format!("{}: {measure}{beside}", reading.name(&found.arm))),
        Cell::number(dash(found.estimate.and_then(digits))),
        Cell::number(interval_text(found.lower, found.upper)),
        Cell::number(dash(digits(found.level))),
        Cell::number(p_value(found.p_value)),
        Cell::words(method.into_iter().flatten().collect::<Vec<_>>().join(". ").replace("..", ".")),
    ]
}

/// Both ends of a range, or the one that there is.
pub(super) fn interval_text(lower: Option<f64>, upper: Option<f64>) -> String {
    match (lower.and_then(digits), upper.and_then(digits)) {
        (Some(lower), Some(upper)) => format!("{lower} to {upper}"),
        (Some(lower), None) => format!("{lower} or more"),
        (None, Some(upper)) => format!("{upper} or less"),
        (None, None) => dash(None),
    }
}

pub(super) fn dash(text: Option<String>) -> String {
    text.unwrap_or_else(|| "\u{2013}".to_owned())
}

/// A p-value: "0.012", "below 0.001".
pub(super) fn p_value(value: Option<f64>) -> String {
    match value.filter(|value| value.is_finite()) {
        Some(value) if value < 0.001 => "below 0.001".to_owned(),
        Some(value) => format!("{value:.3}"),
        None => dash(None),
    }
}

/// Four digits that count.
#[expect(
    clippy::disallowed_methods,
    reason = "of a power of ten itself, whose logarithm is exact everywhere, the digits are zeros"
)]
pub(super) fn digits(value: f64) -> Option<String> {
    if !value.is_finite() {
        return None;
    }
    if value == 0.0 {
        return Some("0".to_owned());
    }
    let places = (3.0 - value.abs().log10().floor()).clamp(0.0, 12.0) as usize;
    let text = format!("{value:.places$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    Some(text.replace('-', "\u{2212}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_the_working_have_four_digits() {
        assert_eq!(digits(0.061_234_5).unwrap(), "0.06123");
        assert_eq!(digits(-1.300_04).unwrap(), "\u{2212}1.3");
        assert_eq!(digits(12_345.6).unwrap(), "12346");
        assert_eq!(digits(0.0).unwrap(), "0");
        assert_eq!(digits(f64::NAN), None);
        assert_eq!(digits(f64::INFINITY), None);
    }

    #[test]
    fn a_small_p_value_is_never_zero() {
        assert_eq!(p_value(Some(1e-12)), "below 0.001");
        assert_eq!(p_value(Some(0.0123)), "0.012");
        assert_eq!(p_value(Some(f64::NAN)), "\u{2013}");
    }
}

//! What must not get worse: harm measures, guardrails and groups.

use super::band::Light;
use super::finding::{good, interval, limit_mark};
use super::reading::{Reading, difference};
use super::words;
use crate::chart::Interval;
use crate::component::{Cell, Table};
use crate::number::{grouped, plural};
use fairtrial_analysis::report::{ArmReport, ClaimStatus, EquityFinding, EquityReport, GateStatus, OutcomeReport};
use fairtrial_domain::decision_rule::Claim;
use fairtrial_domain::protocol::Role;

/// One outcome that must not get worse.
#[derive(Debug, Clone)]
pub(super) struct Limit {
    pub(super) heading: String,
    pub(super) lines: Vec<(Light, String)>,
    pub(super) chart: Option<Interval>,
}

/// Whether any group is left worse off.
#[derive(Debug, Clone)]
pub(super) struct Groups {
    pub(super) sentence: String,
    pub(super) table: Table,
}

pub(super) fn limits(reading: Reading<'_>) -> Vec<Limit> {
    let watched = |outcome: &&OutcomeReport| matches!(outcome.role, Role::Guardrail | Role::Harm);
    let limit = |(place, outcome): (usize, &OutcomeReport)| {
        let kind = if outcome.role == Role::Harm { "Watched for harm" } else { "Must not get worse" };
        let mark = outcome.margin.map(|margin| limit_mark(reading, outcome, margin));
        Limit {
            heading: format!("{} ({})", outcome.name, kind.to_lowercase()),
            lines: reading.interventions().map(|arm| line(reading, outcome, arm)).collect(),
            chart: interval(reading, outcome, &format!("limit-{place}"), mark),
        }
    };
    reading.report.outcomes.iter().filter(watched).enumerate().map(limit).collect()
}

fn line(reading: Reading<'_>, outcome: &OutcomeReport, arm: &ArmReport) -> (Light, String) {
    let (status, word) = match standing(reading, outcome, arm) {
        Some(Standing::Kept) => (GateStatus::Green, "Limit kept"),
        Some(Standing::Crossed) => (GateStatus::Red, "Limit crossed"),
        Some(Standing::Open) => (GateStatus::Amber, "Cannot be told"),
        None => (GateStatus::Amber, "Not known"),
    };
    let text = words::levels(reading, outcome, arm).unwrap_or_else(|| {
        let why = difference(outcome, &arm.arm).and_then(|found| found.not_estimable.as_ref());
        let why = why.map(|why| format!(" {}", words::sentence(&why.detail))).unwrap_or_default();
        format!("{}: no comparison can be made for {}.{why}", outcome.name, words::quoted(&arm.name))
    });
    (Light { status, word: word.into() }, text)
}

enum Standing {
    Kept,
    Crossed,
    Open,
}

// The tests of the plan go first; an outcome without one is judged by its interval.
fn standing(reading: Reading<'_>, outcome: &OutcomeReport, arm: &ArmReport) -> Option<Standing> {
    let decision = &reading.report.decision;
    let harm = decision.harms.iter().find(|harm| harm.outcome == outcome.outcome && harm.arm == arm.arm);
    if harm.is_some_and(|harm| harm.crossed) {
        return Some(Standing::Crossed);
    }
    let claims = decision.arms.iter().find(|found| found.arm == arm.arm).map(|found| &found.claims);
    let claim = claims
        .and_then(|claims| claims.iter().find(|finding| finding.claim == Claim::NotWorse(outcome.outcome.clone())));
    if let Some(finding) = claim {
        return Some(match finding.status {
            ClaimStatus::Holds => Standing::Kept,
            ClaimStatus::RuledOut => Standing::Crossed,
            ClaimStatus::Open => Standing::Open,
        });
    }
    let found = difference(outcome, &arm.arm)?;
    let margin = outcome.margin?.to_f64();
    let sign = good(outcome.better);
    let loss = |end: Option<f64>| end.filter(|end| end.is_finite()).map(|end| -sign * end);
    let (one, other) = (loss(found.lower), loss(found.upper));
    let (least, most) = if sign > 0.0 { (other, one) } else { (one, other) };
    Some(match (least, most) {
        (_, Some(most)) if most < margin => Standing::Kept,
        // A harm measure is only crossed when its own test says so.
        (Some(least), _) if least > margin && harm.is_none() => Standing::Crossed,
        _ => Standing::Open,
    })
}

pub(super) fn groups(reading: Reading<'_>) -> Option<Groups> {
    let equity = &reading.report.equity;
    let seen = |finding| equity.iter().any(|found| found.finding == finding);
    let primary = reading.primary();
    let first =
        primary.and_then(|primary| equity.iter().find(|found| found.outcome == primary.outcome)).or(equity.first())?;
    let margin = outcome_of(reading, first).map(|outcome| reading.quantity(outcome, None).planned(first.margin));
    let margin = margin.map(|margin| format!(" by more than {margin}")).unwrap_or_default();
    let sentence = if seen(EquityFinding::Seen) {
        format!("At least one group is left worse off{margin}.")
    } else if seen(EquityFinding::CannotRuleOut) {
        format!(
            "No group is shown to be left worse off{margin}, but for some the numbers are too small to rule it out."
        )
    } else {
        format!("No group is left worse off{margin}.")
    };
    let several = equity.iter().any(|found| found.outcome != first.outcome);
    let together = equity.iter().any(|found| found.shrunken.is_some());
    let mut head: Vec<Cell> = ["Group", "Version", "Difference", "Likely"].map(Cell::words).into();
    if several {
        head.insert(1, Cell::words("Outcome"));
    }
    if together {
        head.push(Cell::words("Seen together with the other groups"));
    }
    head.push(Cell::words("Answer"));
    Some(Groups {
        sentence,
        table: Table {
            caption: "Differences by group".into(),
            caption_hidden: true,
            head,
            rows: equity.iter().map(|found| group_row(reading, found, several, together)).collect(),
        },
    })
}

fn outcome_of<'a>(reading: Reading<'a>, found: &EquityReport) -> Option<&'a OutcomeReport> {
    reading.report.outcomes.iter().find(|outcome| outcome.outcome == found.outcome)
}

fn group_row(reading: Reading<'_>, found: &EquityReport, several: bool, together: bool) -> Vec<Cell> {
    let attribute = words::sentence(&found.attribute.replace('_', " "));
    let attribute = attribute.trim_end_matches('.');
    let merged =
        if found.merged.is_empty() { String::new() } else { format!(" ({} together)", found.merged.join(", ")) };
    let group =
        found.group.as_ref().map_or_else(|| attribute.to_owned(), |group| format!("{attribute}: {group}{merged}"));
    let comparison = found.comparison.as_ref();
    let quantity = outcome_of(reading, found).zip(comparison).map(|(outcome, comparison)| {
        reading.quantity(outcome, None).for_difference(comparison.estimate, comparison.lower, comparison.upper)
    });
    let said = quantity.as_ref().zip(comparison);
    let estimate = said.and_then(|(quantity, comparison)| quantity.change(comparison.estimate?));
    let range = said.and_then(|(quantity, comparison)| quantity.range(comparison.lower, comparison.upper));
    let why = || found.not_estimable.as_ref().map_or("not known".to_owned(), |why| words::sentence(&why.detail));
    let more = found
        .more_units_needed
        .map(|more| format!(": about {} more {} would be needed", grouped(more), plural(&reading.report.unit)));
    let answer = match found.finding {
        EquityFinding::NoneSeen => "Not worse off".to_owned(),
        EquityFinding::CannotRuleOut => format!("Cannot be told{}", more.unwrap_or_default()),
        EquityFinding::Seen => "Worse off".to_owned(),
    };
    let version = comparison.map_or_else(String::new, |comparison| reading.name(&comparison.arm));
    let mut cells = vec![
        Cell::words(group),
        Cell::words(version),
        Cell::words(estimate.unwrap_or_else(why)),
        Cell::words(range.unwrap_or_default()),
    ];
    if several {
        let outcome = outcome_of(reading, found).map_or_else(String::new, |outcome| outcome.name.clone());
        cells.insert(1, Cell::words(outcome));
    }
    if together {
        let shrunken = quantity.zip(found.shrunken).and_then(|(quantity, found)| {
            let (estimate, range) = (quantity.change(found.estimate)?, quantity.range(found.lower, found.upper)?);
            Some(format!("{estimate}, likely {range}"))
        });
        cells.push(Cell::words(shrunken.unwrap_or_default()));
    }
    cells.push(Cell::words(answer));
    cells
}

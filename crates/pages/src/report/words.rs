//! The sentences that the page may say, as patterns that are filled from numbers.

use super::reading::{Reading, difference, mean};
use crate::number::{grouped, plural};
use fairtrial_analysis::Guarantee;
use fairtrial_analysis::report::{ArmReport, ClaimStatus, GateStatus, OutcomeReport, VerdictKind};
use fairtrial_domain::decision_rule::Claim;
use fairtrial_domain::protocol::{Aim, Better};

/// The verdict in one or two sentences. When the numbers for a sentence are absent, what the analysis says.
pub(super) fn verdict(reading: Reading<'_>) -> String {
    let report = reading.report;
    let said = match report.verdict.kind {
        _ if !report.locked && report.verdict.kind == VerdictKind::Undecided => None,
        VerdictKind::Succeeded => succeeded(reading),
        VerdictKind::Failed => failed(reading),
        VerdictKind::Harmful => harmful(reading),
        VerdictKind::Undecided => undecided(reading),
        VerdictKind::Invalid => Some(invalid(reading)),
    };
    said.unwrap_or_else(|| report.verdict.headline.clone())
}

/// Both levels of an outcome: "Paid: 26 in 100 people with ‘New letter’, 20 in 100 with ‘Usual letter’."
pub(super) fn levels(reading: Reading<'_>, outcome: &OutcomeReport, arm: &ArmReport) -> Option<String> {
    let control = reading.control()?;
    let quantity = reading.quantity(outcome, Some(&arm.arm));
    let new = quantity.level(mean(outcome, &arm.arm)?)?;
    let usual = quantity.short_level(mean(outcome, &control.arm)?)?;
    Some(format!("{}: {new} with {}, {usual} with {}.", outcome.name, quoted(&arm.name), quoted(&control.name)))
}

/// What the data fit: "between 2 and 10 more in 100".
pub(super) fn range(reading: Reading<'_>, outcome: &OutcomeReport, arm: &ArmReport) -> Option<String> {
    let found = difference(outcome, &arm.arm)?;
    reading.quantity(outcome, Some(&arm.arm)).range(found.lower, found.upper)
}

/// What the interval promises.
pub(super) fn promise(level: f64) -> Option<String> {
    (level.is_finite() && (0.0..1.0).contains(&level)).then(|| {
        let share = format!("{:.1}", level * 100.0);
        let share = share.strip_suffix(".0").unwrap_or(&share);
        format!(
            "If many trials were run like this one, about {share} in 100 of such ranges would hold the true difference."
        )
    })
}

/// On what the promise rests.
pub(super) fn guarantee(guarantee: Guarantee) -> &'static str {
    match guarantee {
        Guarantee::Exact => "This holds however many or few people took part.",
        Guarantee::DesignBased => "This holds because chance decided who got which version.",
        Guarantee::Anytime => "This holds at every moment, however often one looks.",
        Guarantee::Asymptotic => "This holds well for many people, and roughly for few.",
    }
}

/// The name of a version in a sentence.
pub(super) fn quoted(name: &str) -> String {
    format!("\u{2018}{name}\u{2019}")
}

fn succeeded(reading: Reading<'_>) -> Option<String> {
    let (outcome, arm) = (reading.primary()?, reading.spoken_of()?);
    let levels = levels(reading, outcome, arm)?;
    let range = range(reading, outcome, arm)?;
    Some(match reading.report.aim {
        Aim::Better => {
            let gain = if outcome.better == Better::Increase { "gain" } else { "improvement" };
            format!("{levels} The true {gain} is likely {range}.")
        }
        Aim::NotWorse => {
            let margin = reading.quantity(outcome, None).planned(outcome.margin?);
            format!("{levels} A loss of more than {margin}, the largest that is acceptable, can be ruled out.")
        }
    })
}

fn failed(reading: Reading<'_>) -> Option<String> {
    let (outcome, arm) = (reading.primary()?, reading.spoken_of()?);
    let decided = reading.report.decision.arms.iter().find(|found| found.arm == arm.arm)?;
    let ruled_out = |claim: &&fairtrial_analysis::report::ClaimFinding| claim.status == ClaimStatus::RuledOut;
    let guardrail = decided.claims.iter().filter(ruled_out).find_map(|finding| match &finding.claim {
        Claim::NotWorse(key) if *key != outcome.outcome => {
            reading.report.outcomes.iter().find(|found| found.outcome == *key)
        }
        _ => None,
    });
    if let Some(worse) = guardrail {
        let levels = levels(reading, worse, arm)?;
        let margin = reading.quantity(worse, None).planned(worse.margin?);
        return Some(format!("{} made something else worse. {levels} The limit was {margin}.", quoted(&arm.name)));
    }
    let levels = levels(reading, outcome, arm)?;
    let quantity = reading.quantity(outcome, None);
    match (reading.report.aim, outcome.smallest_worthwhile_effect, outcome.margin) {
        (Aim::NotWorse, _, Some(margin)) => Some(format!(
            "{} was worse than is acceptable. {levels} The limit was {}.",
            quoted(&arm.name),
            quantity.planned(margin)
        )),
        (Aim::Better, Some(size), _) => Some(format!(
            "{} did not do enough. {levels} A difference of {}, the smallest that would matter, can be ruled out.",
            quoted(&arm.name),
            quantity.planned(size)
        )),
        _ => None,
    }
}

fn harmful(reading: Reading<'_>) -> Option<String> {
    let arm = reading.spoken_of()?;
    let crossed = reading.report.decision.harms.iter().find(|harm| harm.crossed && harm.arm == arm.arm)?;
    let outcome = reading.report.outcomes.iter().find(|outcome| outcome.outcome == crossed.outcome)?;
    let levels = levels(reading, outcome, arm)?;
    Some(format!("{} does harm. {levels} {} stays.", quoted(&arm.name), quoted(&reading.control()?.name)))
}

fn undecided(reading: Reading<'_>) -> Option<String> {
    let (outcome, arm) = (reading.primary()?, reading.spoken_of()?);
    let range = range(reading, outcome, arm)?;
    let more = reading
        .report
        .verdict
        .more_units_needed
        .filter(|more| *more > 0)
        .map(|more| format!(" About {} more {} would settle it.", grouped(more), plural(&reading.report.unit)));
    Some(format!("We do not know yet. The data fit {range}.{}", more.unwrap_or_default()))
}

fn invalid(reading: Reading<'_>) -> String {
    let broken = reading.report.integrity.iter().find(|gate| gate.status == GateStatus::Red);
    let ratio = broken.is_some_and(|gate| gate.gate.contains("ratio"));
    let what = match unexpected_arm(reading).filter(|_| ratio) {
        Some((arm, expected)) => {
            let direction = if arm.assigned as f64 > expected { "more" } else { "fewer" };
            format!(
                "Far {direction} {} were recorded with {} ({}) than planned for ({}).",
                plural(&reading.report.unit),
                quoted(&arm.name),
                grouped(arm.assigned),
                grouped(expected.round().max(0.0) as u64)
            )
        }
        None => broken.map_or_else(|| reading.report.verdict.headline.clone(), |gate| sentence(&gate.detail)),
    };
    format!("This trial cannot be read. {what} Find out why before running it again.")
}

/// The version whose number is furthest above its planned share; of two versions that is the fuller one.
fn unexpected_arm(reading: Reading<'_>) -> Option<(&ArmReport, f64)> {
    let assigned: u64 = reading.report.arms.iter().map(|arm| arm.assigned).sum();
    let ratio: u64 = reading.report.arms.iter().map(|arm| u64::from(arm.ratio)).sum();
    if ratio == 0 {
        return None;
    }
    let expected = |arm: &ArmReport| assigned as f64 * f64::from(arm.ratio) / ratio as f64;
    let excess = |arm: &&ArmReport| arm.assigned as f64 - expected(arm);
    let fullest = reading.report.arms.iter().max_by(|one, other| excess(one).total_cmp(&excess(other)))?;
    Some((fullest, expected(fullest)))
}

/// The text with a capital letter and a full stop.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.trim().chars();
    let text: String = letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default();
    if text.is_empty() || text.ends_with(['.', '!', '?']) { text } else { format!("{text}.") }
}

/// The reason why somebody who was looked at was not enrolled.
pub(super) fn not_enrolled(code: &str) -> String {
    match code {
        "not_eligible" => "Not among those the plan includes".to_owned(),
        "opted_out" => "Chose not to take part".to_owned(),
        "not_started" => "Before the start".to_owned(),
        "enrolment_paused" => "Enrolment was paused".to_owned(),
        "suspended" => "The trial was suspended".to_owned(),
        "ended" => "After the end".to_owned(),
        "cap_reached" => "The trial was full".to_owned(),
        "excluded_by_other_trial" => "In another trial".to_owned(),
        "burden_cap" => "In too many trials lately".to_owned(),
        other => sentence(&other.replace('_', " ")).trim_end_matches('.').to_owned(),
    }
}

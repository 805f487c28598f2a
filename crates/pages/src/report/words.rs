//! The sentences that the page may say, as patterns that are filled from numbers. The verdict's own sentence is the
//! analysis's, so that screen, interface and command line say the same.

use super::reading::{Reading, difference, mean};
use crate::quantity::Quantity;
use fairtrial_analysis::Guarantee;
use fairtrial_analysis::monitor::LookDecision;
use fairtrial_analysis::report::{ArmReport, OutcomeReport, RangeTogether};
use fairtrial_domain::ArmKey;

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
    share(level).map(|share| {
        format!(
            "If many trials were run like this one, about {share} in 100 of such ranges would hold the true difference."
        )
    })
}

/// A level as a number out of 100.
fn share(level: f64) -> Option<String> {
    (level.is_finite() && (0.0..1.0).contains(&level)).then(|| {
        let share = format!("{:.1}", level * 100.0);
        share.strip_suffix(".0").map_or_else(|| share.clone(), str::to_owned)
    })
}

/// What the ranges of several new versions promise together.
pub(super) fn each_by_itself(versions: usize) -> Option<String> {
    (versions > 1).then(|| {
        format!(
            "Each of the {versions} ranges holds this by itself; that all of them hold is less likely. The recommendation shares the error \
             between the versions, so that a range may leave out \u{2018}no difference\u{2019} and the version still not be recommended."
        )
    })
}

/// The ranges of several new versions that hold all together; nothing where there are none.
pub(super) fn all_together(
    ranges: &[RangeTogether],
    plain: &Quantity,
    name: impl Fn(&ArmKey) -> String,
) -> Option<String> {
    let told = ranges.iter().map(|found| {
        let quantity = plain.clone().for_difference(None, found.lower, found.upper);
        Some(format!("with {} {}", quoted(&name(&found.arm)), quantity.range(found.lower, found.upper)?))
    });
    let told: Vec<String> = told.collect::<Option<_>>()?;
    let share = share(ranges.first()?.level)?;
    Some(format!(
        "Ranges that all hold together, in about {share} in 100 of such trials, and agree with the recommendation: {}.",
        told.join("; ")
    ))
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
pub(crate) fn quoted(name: &str) -> String {
    format!("\u{2018}{name}\u{2019}")
}

/// The text with a capital letter and a full stop.
pub(crate) fn sentence(text: &str) -> String {
    let mut letters = text.trim().chars();
    let text: String = letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default();
    if text.is_empty() || text.ends_with(['.', '!', '?']) { text } else { format!("{text}.") }
}

/// The reason why somebody who was looked at was not enrolled.
pub(crate) fn not_enrolled(code: &str) -> String {
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

/// What a look came to, after its number: "look 2 crossed the boundary for success".
pub(crate) fn came_to(decision: LookDecision) -> &'static str {
    match decision {
        LookDecision::KeepGoing => "reached no boundary",
        LookDecision::Succeeded => "crossed the boundary for success",
        LookDecision::Failed | LookDecision::Futile => "reached the boundary for giving up",
        LookDecision::Harmful => "crossed a boundary for harm",
        LookDecision::Invalid => "found data that could not be read",
    }
}

//! Do the counts fit each other and the plan?

use super::gate;
use crate::{
    reading::Reading,
    report::{Gate, GateStatus},
    words::{grouped, plural},
};

/// Share of the events of the trial's kinds that may precede the assignment of the person they are about.
const EARLY_SHARE: f64 = 0.05;
/// Share that may be about nobody in the trial: a source that reports everybody is no fault, one that reports mostly
/// strangers may write its identifiers in another way than the place that assigns.
const STRANGER_SHARE: f64 = 0.5;
/// More people than one arm can have; sums of so many still fit everywhere.
const MOST_PEOPLE: u64 = 1_000_000_000_000;

/// Red when the recorded numbers cannot all be true.
pub(super) fn contradictory_data(reading: &Reading<'_>) -> Gate {
    match contradiction(reading) {
        Some(detail) => gate("contradictory_data", GateStatus::Red, detail, None),
        None => gate("contradictory_data", GateStatus::Green, "The recorded numbers fit each other.", None),
    }
}

fn contradiction(reading: &Reading<'_>) -> Option<String> {
    let (plan, evidence) = (reading.plan, reading.evidence);
    let arms = plan.arms.len();
    let keys = |outcomes: &mut dyn Iterator<Item = String>| outcomes.collect::<Vec<_>>();
    let recorded = keys(&mut evidence.outcomes.iter().map(|found| found.outcome.to_string()));
    if recorded != keys(&mut plan.outcomes.iter().map(|outcome| outcome.key.to_string())) {
        return Some("The recorded outcomes are not those of the plan.".to_owned());
    }
    let stranger = evidence.enrolment.iter().any(|day| day.arm >= arms)
        || evidence.outcomes.iter().flat_map(|found| &found.cells).any(|cell| cell.arm >= arms);
    if stranger {
        return Some("People are recorded in a version that the plan does not have.".to_owned());
    }
    let enrolled = evidence.assigned(arms);
    if enrolled.iter().any(|people| *people > MOST_PEOPLE) {
        return Some("More people are recorded than there can be.".to_owned());
    }
    for (outcome, samples) in plan.outcomes.iter().zip(&reading.samples) {
        for ((arm, sample), enrolled) in plan.arms.iter().zip(samples).zip(&enrolled) {
            let place = format!("\u{201c}{}\u{201d} in \u{201c}{}\u{201d}", outcome.name, arm.name);
            if let Some(wrong) = &sample.contradiction {
                return Some(format!("The numbers of {place} cannot be true: {wrong}."));
            }
            if sample.assigned != *enrolled {
                return Some(format!(
                    "The numbers of {place} cannot be true: {} {} assigned, {} enrolled.",
                    grouped(sample.assigned),
                    plural(&plan.unit),
                    grouped(*enrolled)
                ));
            }
        }
    }
    None
}

/// Amber when many events are about people before their assignment, or about nobody in the trial.
pub(super) fn stray_events(reading: &Reading<'_>) -> Gate {
    let events = reading.evidence.events;
    let all = [events.counted, events.before_assignment, events.after_follow_up, events.unassigned];
    let all = all.iter().fold(0_u64, |sum, count| sum.saturating_add(*count));
    let share = |count: u64| if all == 0 { 0.0 } else { count as f64 / all as f64 };
    let early = share(events.before_assignment);
    let strangers = share(events.unassigned);
    let percent = |share: f64| format!("{:.0} in 100", share * 100.0);
    if early > EARLY_SHARE {
        let detail = format!("{} events happened before the person was assigned.", percent(early));
        return gate("stray_events", GateStatus::Amber, detail, None);
    }
    if strangers > STRANGER_SHARE {
        let detail = format!(
            "{} events are about nobody in the trial; check that both ends write identifiers alike.",
            percent(strangers)
        );
        return gate("stray_events", GateStatus::Amber, detail, None);
    }
    gate("stray_events", GateStatus::Green, format!("{} events were counted.", grouped(events.counted)), None)
}

/// Amber when more people entered than the plan allows, or later than it allows.
pub(super) fn plan_adherence(reading: &Reading<'_>) -> Gate {
    let monitoring = &reading.plan.monitoring;
    let assigned = reading.evidence.enrolment.iter().fold(0_u64, |sum, day| sum.saturating_add(day.assigned));
    let late = reading.evidence.enrolment.iter().filter(|day| day.day > monitoring.ends_on);
    let late = late.fold(0_u64, |sum, day| sum.saturating_add(day.assigned));
    let people = plural(&reading.plan.unit);
    if assigned > monitoring.max_units {
        let detail =
            format!("{} {people} entered; the plan allows {}.", grouped(assigned), grouped(monitoring.max_units));
        return gate("plan_adherence", GateStatus::Amber, detail, None);
    }
    if late > 0 {
        let detail = format!("{} {people} entered after {}, the plan's last day.", grouped(late), monitoring.ends_on);
        return gate("plan_adherence", GateStatus::Amber, detail, None);
    }
    gate("plan_adherence", GateStatus::Green, "Size and dates are within the plan.", None)
}

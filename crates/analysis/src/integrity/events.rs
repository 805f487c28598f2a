//! Do the times of the events fit the assignments, alike in all arms?

use fairtrial_domain::protocol::Allocation;
use fairtrial_stats::sample_ratio;

use super::{gate, ratio, status_of};
use crate::{
    comparison::shown,
    reading::Reading,
    report::{Gate, GateStatus},
};

/// Share of the events whose times may tell of a clock that is wrong.
const CLOCK_SHARE: f64 = 0.01;

/// Amber when the times of many events tell of a clock that is wrong; none where no event does.
pub(super) fn clocks(reading: &Reading<'_>) -> Option<Gate> {
    let events = reading.evidence.events;
    let behind = events.just_before;
    if behind == 0 {
        return None;
    }
    let all = [events.counted, events.before_assignment, events.after_follow_up, events.unassigned];
    let all = all.iter().fold(0_u64, |sum, count| sum.saturating_add(*count)).max(1) as f64;
    let many = |count: u64| count as f64 / all > CLOCK_SHARE;
    let percent = |count: u64| format!("{:.0} in 100", count as f64 / all * 100.0);
    let (status, detail) = if many(behind) {
        let detail = format!(
            "{} events are dated within the ten minutes before their person's assignment, and so not counted: a sender's clock \
             may go behind.",
            percent(behind)
        );
        (GateStatus::Amber, detail)
    } else {
        (GateStatus::Green, "The times of the events fit those of the assignments.".to_owned())
    };
    Some(gate("clocks", status, detail, None))
}

/// Whether events are turned down as too early for the same share of people in all arms; none where there is nobody, or whole
/// clusters or sites are assigned, whose people are not draws of their own.
///
/// What happened before chance chose cannot depend on what it chose. Where it seems to, a source dates or sends its records in
/// another way for one version, and the outcomes of that version are not what they seem.
pub(super) fn early_events(reading: &Reading<'_>) -> Option<Gate> {
    let plan = reading.plan;
    let people = &reading.evidence.early_people;
    let by_person = !plan.allocation.is_by_cluster() && !matches!(plan.allocation, Allocation::SteppedWedge { .. });
    if !by_person || people.len() != plan.arms.len() || people.iter().all(|count| *count == 0) {
        return None;
    }
    let p = match ratio::again(reading) {
        true => ratio::evidence_now(reading, people).map(|ln_e| (-ln_e).exp().min(1.0)),
        false => sample_ratio::test(people, &ratio::ratio(reading)).ok().and_then(|test| shown(test.p_value)),
    }?;
    let status = status_of(p);
    let detail = match status {
        GateStatus::Green => "Events dated before the assignment are alike in all versions.".to_owned(),
        _ => {
            let expected = |arm: usize| plan.arms.get(arm).map_or(1.0, |arm| f64::from(arm.ratio));
            let most = people.iter().enumerate().map(|(arm, count)| (arm, *count as f64 / expected(arm)));
            let arm = most.max_by(|a, b| a.1.total_cmp(&b.1)).and_then(|(arm, _)| plan.arms.get(arm));
            format!(
                "Events are refused as dated before the assignment far more often in \u{201c}{}\u{201d}: a source records one \
                 version in another way.",
                arm.map_or("", |arm| arm.name.as_str())
            )
        }
    };
    Some(gate("early_events", status, detail, Some(p.max(f64::MIN_POSITIVE))))
}

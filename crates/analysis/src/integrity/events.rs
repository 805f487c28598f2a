//! Do the times of the events fit the assignments, alike in all arms?

use fairtrial_domain::protocol::Allocation;
use fairtrial_stats::sample_ratio;

use super::{gate, ratio, status_of};
use crate::{
    comparison::shown,
    reading::Reading,
    report::{Gate, GateStatus},
    words::{grouped, plural},
};

/// Share of the people of whom events are refused at the door that has to be explained, however alike the arms are.
const REFUSED_SHARE: f64 = 0.05;
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
    let (status, p, most) = by_arm(reading, &reading.evidence.early_people)?;
    let detail = match status {
        GateStatus::Green => "Events dated before the assignment are alike in all versions.".to_owned(),
        _ => format!(
            "Events are refused as dated before the assignment far more often in \u{201c}{most}\u{201d}: a source records one \
             version in another way."
        ),
    };
    Some(gate("early_events", status, detail, Some(p)))
}

/// Whether events are refused at the door for the same share of people in all arms; none where nobody's were.
///
/// An event that the door refuses is an outcome that is not counted. Where that happens to one version's people more often, the
/// outcomes of that version are not all there. Where it happens to many, however they were assigned, a source is badly connected.
pub(super) fn refused_events(reading: &Reading<'_>) -> Option<Gate> {
    let people: Vec<u64> = reading.evidence.handling.iter().map(|arm| arm.refused).collect();
    let all = people.iter().fold(0_u64, |sum, count| sum.saturating_add(*count));
    if all == 0 {
        return None;
    }
    let assigned = reading.evidence.assigned(reading.plan.arms.len());
    let assigned = assigned.iter().fold(0_u64, |sum, count| sum.saturating_add(*count)).max(1);
    let units = plural(&reading.plan.unit);
    // Where whole clusters are assigned their people are no draws of their own: then only how many they are is looked at.
    let tested = by_arm(reading, &people);
    let p_value = tested.as_ref().map(|(_, p, _)| *p);
    let (status, detail) = match tested {
        Some((status @ (GateStatus::Red | GateStatus::Amber), _, most)) => {
            let detail = format!(
                "Events about {} {units} were refused at the door, far more often in \u{201c}{most}\u{201d}: outcomes of one \
                 version are lost.",
                grouped(all)
            );
            (status, detail)
        }
        _ if all as f64 / assigned as f64 > REFUSED_SHARE => {
            let detail = format!(
                "Events about {} of {} {units} were refused at the door; see why the source sends what cannot be kept.",
                grouped(all),
                grouped(assigned)
            );
            (GateStatus::Amber, detail)
        }
        Some(_) => (
            GateStatus::Green,
            format!("Events about {} {units} were refused at the door, alike in all versions.", grouped(all)),
        ),
        None => (GateStatus::Green, format!("Events about {} {units} were refused at the door.", grouped(all))),
    };
    Some(gate("refused_events", status, detail, p_value))
}

/// How many people's events were corrected or taken back, and whether that is alike in all arms; none where nobody's were.
///
/// Never red: a version with more outcomes has more to correct. But whoever changes what is known of one version alone could choose
/// what is found, so somebody has to look.
pub(super) fn corrected_events(reading: &Reading<'_>) -> Option<Gate> {
    let people: Vec<u64> = reading.evidence.handling.iter().map(|arm| arm.corrected).collect();
    let all = people.iter().fold(0_u64, |sum, count| sum.saturating_add(*count));
    if all == 0 {
        return None;
    }
    let units = plural(&reading.plan.unit);
    let tested = by_arm(reading, &people);
    let p_value = tested.as_ref().map(|(_, p, _)| *p);
    let (status, detail) = match tested {
        Some((GateStatus::Red | GateStatus::Amber, _, most)) => (
            GateStatus::Amber,
            format!(
                "Events about {} {units} were corrected or taken back, far more often in \u{201c}{most}\u{201d}: see who changed them, \
                 and why.",
                grouped(all)
            ),
        ),
        Some(_) => (
            GateStatus::Green,
            format!("Events about {} {units} were corrected or taken back, alike in all versions.", grouped(all)),
        ),
        None => (GateStatus::Green, format!("Events about {} {units} were corrected or taken back.", grouped(all))),
    };
    Some(gate("corrected_events", status, detail, p_value))
}

/// Whether people to whom something happened that has nothing to do with the version have the planned shares: status, p-value, and
/// the name of the arm with most of them for its share. None where there is nobody, or whole clusters or sites are assigned.
fn by_arm<'a>(reading: &Reading<'a>, people: &[u64]) -> Option<(GateStatus, f64, &'a str)> {
    let plan = reading.plan;
    let by_person = !plan.allocation.is_by_cluster() && !matches!(plan.allocation, Allocation::SteppedWedge { .. });
    if !by_person || people.len() != plan.arms.len() || people.iter().all(|count| *count == 0) {
        return None;
    }
    let p = match ratio::again(reading) {
        true => ratio::evidence_now(reading, people).map(|ln_e| (-ln_e).exp().min(1.0)),
        false => sample_ratio::test(people, &ratio::ratio(reading)).ok().and_then(|test| shown(test.p_value)),
    }?;
    let expected = |arm: usize| plan.arms.get(arm).map_or(1.0, |arm| f64::from(arm.ratio));
    let most = people.iter().enumerate().map(|(arm, count)| (arm, *count as f64 / expected(arm)));
    let most = most.max_by(|a, b| a.1.total_cmp(&b.1)).and_then(|(arm, _)| plan.arms.get(arm));
    Some((status_of(p), p.max(f64::MIN_POSITIVE), most.map_or("", |arm| arm.name.as_str())))
}

//! When a trial would be full.

use chrono::{Days, NaiveDate};
use fairtrial_domain::protocol::{Protocol, Role};

use crate::words::{grouped, plural};

/// Most days that are told of: beyond a century the answer is the same.
const MOST_DAYS: f64 = 36_525.0;

/// When a trial that starts on this day would be full, by how many people the plan says come on a day who may be in; and whether
/// that is before its last day. In sentences.
///
/// Everybody who comes is taken to be somebody whom the rules let in, and as many to come on every day.
#[must_use]
pub fn forecast(plan: &Protocol, starts_on: NaiveDate) -> Vec<String> {
    let units = plural(&plan.unit);
    let people = plan.monitoring.max_units;
    let Some(per_day) = plan.planning.units_per_day.map(fairtrial_domain::Decimal::to_f64).filter(|rate| *rate > 0.0)
    else {
        return vec![format!(
            "Say how many {units} come on a day whom the rules let in, and this page tells when the trial would be full."
        )];
    };
    let rate = if per_day.fract() == 0.0 { grouped(per_day as u64) } else { format!("{per_day:.1}") };
    let takes = (people as f64 / per_day).ceil();
    let day = |days: f64| {
        (days < MOST_DAYS).then(|| starts_on.checked_add_days(Days::new(days.max(1.0) as u64 - 1))).flatten()
    };
    let Some(full) = day(takes) else {
        return vec![format!("At {rate} {units} a day the trial would not be full within a century.")];
    };
    let shown = |day: NaiveDate| day.format("%-d %B %Y").to_string();
    let longest =
        plan.outcomes.iter().filter(|outcome| outcome.role != Role::Harm).map(|outcome| outcome.follow_up_days).max();
    let known = full.checked_add_days(Days::new(u64::from(longest.unwrap_or(0)))).unwrap_or(full);
    let mut said = vec![format!(
        "At {rate} {units} a day, a trial that started on {} would be full on {}, and its last outcome known on {}.",
        shown(starts_on),
        shown(full),
        shown(known)
    )];
    let last = plan.monitoring.ends_on;
    if last < starts_on {
        said.push(format!("Its last day is over: {}. Name a later one.", shown(last)));
    } else if last < full {
        let days = (last - starts_on).num_days() as f64 + 1.0;
        let by_then = ((days * per_day).floor() as u64).min(people);
        said.push(format!(
            "That is after its last day, {}: about {} of {} {units} would be in by then. Name a later day, find more {units}, or plan for fewer.",
            shown(last),
            grouped(by_then),
            grouped(people)
        ));
    }
    said
}

//! The days of made-up people where sites change over one after the other: there it counts who comes when.

use chrono::{Days, NaiveDate};
use fairtrial_domain::{
    allocation::{Allocator, period_starts},
    protocol::{Allocation, Protocol},
};

/// What a plan says of its days, and the rate at which people come.
#[derive(Debug, Clone)]
pub(super) struct Rollout {
    /// The day on which the first person comes.
    pub(super) first: NaiveDate,
    /// Units that enter on a day, all sites together.
    pub(super) per_day: f64,
    /// The first days of all periods but the one before the first step.
    pub(super) starts: Vec<NaiveDate>,
    /// Whether the trial is full before its last day of enrolment.
    pub(super) full_early: bool,
}

impl Rollout {
    /// The days of a plan whose sites change over; none for others, and where the calendar has no first step.
    ///
    /// A plan does not say on which day it starts. Where it says how many come on a day, people come from so early that the last of them
    /// comes on the last day of enrolment; otherwise evenly, from as long before the first step as lies between two steps on average. They
    /// come no later than that in any case, for without people before the first step there is nothing to compare with.
    pub(super) fn of(plan: &Protocol) -> Option<Self> {
        let Allocation::SteppedWedge { steps, transition_days, .. } = &plan.allocation else { return None };
        let (step, last, people) = (*steps.first()?, plan.monitoring.ends_on, plan.monitoring.max_units);
        let between = (last - step).num_days().unsigned_abs() / steps.len() as u64;
        let latest = step.checked_sub_days(Days::new(between.max(1)))?;
        let days = |first: NaiveDate| (last - first).num_days() + 1;
        let (first, per_day) = match plan.planning.units_per_day {
            None => (latest, people as f64 / days(latest) as f64),
            Some(rate) => {
                let per_day = rate.to_f64();
                let needed = (people as f64 / per_day).ceil().max(1.0) as u64;
                let first = last.checked_sub_days(Days::new(needed - 1)).unwrap_or(NaiveDate::MIN);
                (first.min(latest), per_day)
            }
        };
        let full_early = (people as f64 / per_day).ceil() < days(first) as f64;
        Some(Self { first, per_day, starts: period_starts(steps, *transition_days), full_early })
    }

    /// The day on which the person with this number comes, from 0.
    pub(super) fn day_of(&self, number: u64) -> NaiveDate {
        let day = (number as f64 / self.per_day).floor() as u64;
        self.first.checked_add_days(Days::new(day)).unwrap_or(NaiveDate::MAX)
    }

    /// The period in which a day lies, from 0.
    pub(super) fn period_of(&self, day: NaiveDate) -> usize {
        self.starts.iter().filter(|start| **start <= day).count()
    }

    /// How many periods there are.
    pub(super) fn periods(&self) -> usize {
        self.starts.len() + 1
    }
}

/// Every site of a made-up trial with the first day of its new version and the first day after its transition.
pub(super) fn crossings(allocator: &Allocator) -> Vec<(String, NaiveDate, NaiveDate)> {
    let sites = allocator.calendar().into_iter().flat_map(|calendar| calendar.sites());
    sites.map(|(site, crossing)| (site.to_owned(), crossing.on, crossing.counted_from)).collect()
}

//! Stepped wedge: every site crosses to the new version, in an order that chance decides at the start.
//!
//! The arm is a function of site, day and calendar; nobody is drawn. The calendar is published, because sites must prepare.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};

use super::{AllocationSecret, clusters::shuffle};
use crate::key::ClusterKey;

/// When a site crosses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crossing {
    /// The step at which it crosses, from 0.
    pub step: usize,
    /// The first day of the new version.
    pub on: NaiveDate,
    /// The first day after the transition: from here on the new version counts.
    pub counted_from: NaiveDate,
}

/// Which site crosses when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    steps: Vec<NaiveDate>,
    crossings: BTreeMap<String, Crossing>,
    control: usize,
}

impl Calendar {
    /// The calendar that follows from the plan and the secret.
    ///
    /// The sites are taken in the order of their keys, shuffled, and dealt to the steps: the first `sites_per_step[0]` of
    /// them cross at the first step, and so on.
    #[must_use]
    pub fn new(
        secret: &AllocationSecret,
        sites: &[ClusterKey],
        steps: &[NaiveDate],
        transition_days: u32,
        sites_per_step: &[u32],
        control: usize,
    ) -> Self {
        let mut order: Vec<&ClusterKey> = sites.iter().collect();
        order.sort();
        shuffle(secret, "wedge/", &mut order);
        let of_step = steps
            .iter()
            .zip(sites_per_step)
            .enumerate()
            .flat_map(|(step, (on, sites))| std::iter::repeat_n((step, *on), *sites as usize));
        let crossing = |(step, on): (usize, NaiveDate)| Crossing {
            step,
            on,
            counted_from: on.checked_add_days(Days::new(transition_days.into())).unwrap_or(NaiveDate::MAX),
        };
        let crossings = order.into_iter().zip(of_step).map(|(site, at)| (site.as_str().to_owned(), crossing(at)));
        Self { steps: steps.to_vec(), crossings: crossings.collect(), control }
    }

    /// The arm of a site on a day; none for a site that is not on the roster.
    #[must_use]
    pub fn arm(&self, site: &str, day: NaiveDate) -> Option<usize> {
        // A wedge has two arms: the other one is the new version.
        self.crossings.get(site).map(|crossing| if day < crossing.on { self.control } else { 1 - self.control.min(1) })
    }

    /// Whether a site has the new version but does not count yet.
    #[must_use]
    pub fn in_transition(&self, site: &str, day: NaiveDate) -> bool {
        self.crossings.get(site).is_some_and(|crossing| (crossing.on..crossing.counted_from).contains(&day))
    }

    /// The days on which sites cross.
    #[must_use]
    pub fn steps(&self) -> &[NaiveDate] {
        &self.steps
    }

    /// Every site with its crossing, by the key of the site.
    pub fn sites(&self) -> impl Iterator<Item = (&str, &Crossing)> {
        self.crossings.iter().map(|(site, crossing)| (site.as_str(), crossing))
    }
}

/// The days on which any site's state can change, whatever the order of the sites: every step and every end of a transition.
#[must_use]
pub fn period_starts(steps: &[NaiveDate], transition_days: u32) -> Vec<NaiveDate> {
    let ends = steps.iter().filter_map(|step| step.checked_add_days(Days::new(transition_days.into())));
    let mut starts: Vec<NaiveDate> = steps.iter().copied().chain(ends).collect();
    starts.sort();
    starts.dedup();
    starts
}

/// Sites spread over steps as evenly as whole numbers go; where it does not come out even, earlier steps have one more.
#[must_use]
pub fn spread(sites: usize, steps: usize) -> Vec<u32> {
    let steps = steps.max(1);
    (0..steps)
        .map(|step| u32::try_from(sites / steps + usize::from(step < sites % steps)).unwrap_or(u32::MAX))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn calendar(seed: u8) -> Calendar {
        let sites: Vec<ClusterKey> = (0..6).map(|n| ClusterKey::new(&format!("site-{n}")).unwrap()).collect();
        let steps = [day("2027-03-01"), day("2027-04-01"), day("2027-05-01")];
        Calendar::new(&AllocationSecret::new([seed; 32]), &sites, &steps, 7, &[2, 2, 2], 0)
    }

    #[test]
    fn every_site_crosses_once_and_stays() {
        let calendar = calendar(1);
        for (site, crossing) in calendar.sites() {
            let arms: Vec<usize> =
                day("2027-02-01").iter_days().take(120).map(|day| calendar.arm(site, day).unwrap()).collect();
            assert_eq!(arms.iter().filter(|arm| **arm == 0).count(), 28 + [0, 31, 61][crossing.step]);
            assert!(arms.is_sorted(), "never back");
            assert_eq!(crossing.counted_from - crossing.on, chrono::Duration::days(7));
            assert!(calendar.in_transition(site, crossing.on) && !calendar.in_transition(site, crossing.counted_from));
        }
        for step in 0..3 {
            assert_eq!(calendar.sites().filter(|(_, crossing)| crossing.step == step).count(), 2);
        }
        assert_eq!(calendar.arm("elsewhere", day("2027-03-01")), None);
    }

    #[test]
    fn chance_orders_the_sites() {
        let first =
            |seed| calendar(seed).sites().filter(|(_, c)| c.step == 0).map(|(s, _)| s.to_owned()).collect::<Vec<_>>();
        let mut times = std::collections::BTreeMap::<String, u32>::new();
        for seed in 0..=255 {
            first(seed).into_iter().for_each(|site| *times.entry(site).or_default() += 1);
        }
        // 256 * 2 / 6 is 85.3 with a standard deviation of 7.5.
        assert!(times.len() == 6 && times.values().all(|n| (55..=116).contains(n)), "{times:?}");
    }

    #[test]
    fn periods_begin_where_anything_can_change() {
        let steps = [day("2027-03-01"), day("2027-03-08")];
        assert_eq!(period_starts(&steps, 0), steps);
        assert_eq!(period_starts(&steps, 7), [steps[0], steps[1], day("2027-03-15")]);
    }

    #[test]
    fn sites_spread_over_steps() {
        assert_eq!([spread(7, 3), spread(6, 3), spread(2, 3)], [vec![3, 2, 2], vec![2, 2, 2], vec![1, 1, 0]]);
    }
}

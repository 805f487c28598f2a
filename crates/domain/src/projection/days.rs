//! The primary outcome by day of assignment: how the answer came together.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};

use super::{
    evidence::DayTally,
    tally::Tally,
    trial_projection::{TrialProjection, matures_at},
};
use crate::protocol::Role;

impl TrialProjection {
    /// The people of each day and arm whose follow-up for the primary outcome is over, with their values; days without such
    /// people are left out. People of a site in transition are counted in no arm.
    pub(super) fn by_day(&self, as_of: DateTime<Utc>) -> Vec<DayTally> {
        let outcomes = self.plan.protocol().outcomes.iter().enumerate();
        let Some((place, outcome)) = outcomes.into_iter().find(|(_, outcome)| outcome.role == Role::Primary) else {
            return Vec::new();
        };
        let mut days: BTreeMap<(NaiveDate, u8), (u64, Tally)> = BTreeMap::new();
        for cell in self.cells.iter().filter(|cell| !cell.in_transition) {
            let mature = cell.assigned.saturating_sub(cell.set_aside);
            if mature == 0 || matures_at(cell.day, self.zone(), outcome.follow_up_days) > as_of {
                continue;
            }
            let (sum, tally) = days.entry((cell.day, cell.arm)).or_default();
            *sum = sum.saturating_add(mature);
            cell.tallies.get(place).into_iter().for_each(|values| tally.merge(values));
        }
        let told = |((day, arm), (mature, tally)): ((NaiveDate, u8), (u64, Tally))| DayTally {
            day,
            arm: arm.into(),
            mature,
            tally,
        };
        days.into_iter().map(told).collect()
    }
}

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::StatError;
use crate::sufficient::Sufficient;

/// One person's time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    /// Time from the start to the event or to the last moment seen; at least 0.
    pub time: f64,
    /// Whether the event happened then; otherwise the person was still waiting.
    pub event: bool,
}

/// Events and ends of observation by whole ticks of time: exact, mergeable and subtractable.
///
/// All survival estimates need nothing else of an arm.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventTable {
    /// Tick to (events, ends of observation without event).
    ticks: BTreeMap<u64, (u64, u64)>,
}

impl EventTable {
    /// A single person with the time in ticks.
    ///
    /// ```
    /// use fairtrial_stats::sufficient::Sufficient;
    /// use fairtrial_stats::survival::{EventTable, IntervalScale, KaplanMeier};
    /// let mut arm = EventTable::unit(3, true);
    /// arm.merge(&EventTable::unit(5, false)).unwrap();
    /// let curve = KaplanMeier::from_table(&arm, 1.0).unwrap();
    /// assert_eq!(curve.at(4.0, IntervalScale::Log, 0.95).unwrap().survival, 0.5);
    /// ```
    #[must_use]
    pub fn unit(ticks: u64, event: bool) -> Self {
        Self { ticks: BTreeMap::from([(ticks, if event { (1, 0) } else { (0, 1) })]) }
    }

    /// The rows of the table with times in the unit of one tick.
    ///
    /// # Errors
    /// `InvalidArgument` for a tick that is not above 0.
    pub(super) fn rows(&self, tick: f64) -> Result<Vec<Row>, StatError> {
        crate::wald::check_positive("tick", tick)?;
        Ok(self
            .ticks
            .iter()
            .map(|(&ticks, &(events, censored))| Row { time: ticks as f64 * tick, events, censored })
            .collect())
    }

    fn combined(
        &self,
        other: &Self,
        combine: impl Fn(u64, u64) -> Option<u64>,
        failure: impl Fn() -> StatError,
    ) -> Result<Self, StatError> {
        let mut result = self.clone();
        for (&tick, &(events, censored)) in &other.ticks {
            let cell = result.ticks.entry(tick).or_insert((0, 0));
            let sum = combine(cell.0, events).zip(combine(cell.1, censored));
            *cell = sum.ok_or_else(&failure)?;
            if *cell == (0, 0) {
                result.ticks.remove(&tick);
            }
        }
        Ok(result)
    }
}

impl Sufficient for EventTable {
    fn units(&self) -> u64 {
        self.ticks.values().fold(0, |units, (events, censored)| units.saturating_add(*events).saturating_add(*censored))
    }

    fn merge(&mut self, other: &Self) -> Result<(), StatError> {
        let failure = || StatError::TooLarge { reason: "more than 2^64 units".into() };
        *self = self.combined(other, u64::checked_add, failure)?;
        Ok(())
    }

    fn subtract(&mut self, other: &Self) -> Result<(), StatError> {
        let failure = || StatError::invalid("other", "cannot have been part of this table");
        *self = self.combined(other, u64::checked_sub, failure)?;
        Ok(())
    }
}

/// What happened at one time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Row {
    pub(super) time: f64,
    pub(super) events: u64,
    pub(super) censored: u64,
}

/// Observations as rows in the order of time.
pub(super) fn rows_of(observations: &[Observation], argument: &str) -> Result<Vec<Row>, StatError> {
    if observations.is_empty() {
        return Err(StatError::TooFewUnits { need: 1, got: 0 });
    }
    if observations.iter().any(|one| !one.time.is_finite() || one.time < 0.0) {
        return Err(StatError::invalid(argument, "times must be finite and at least 0"));
    }
    let mut sorted = observations.to_vec();
    sorted.sort_by(|a, b| a.time.total_cmp(&b.time));
    let mut rows: Vec<Row> = Vec::new();
    for one in sorted {
        let (events, censored) = (u64::from(one.event), u64::from(!one.event));
        match rows.last_mut() {
            Some(row) if row.time == one.time => {
                row.events += events;
                row.censored += censored;
            }
            _ => rows.push(Row { time: one.time, events, censored }),
        }
    }
    Ok(rows)
}

/// Two arms at one time at which something happens: at risk and events.
#[derive(Debug, Clone, Copy)]
pub(super) struct RiskSet {
    pub(super) at_risk1: f64,
    pub(super) at_risk0: f64,
    pub(super) events1: f64,
    pub(super) events0: f64,
    pub(super) time: f64,
}

/// The risk sets of two arms at the times of events, in order.
pub(super) fn risk_sets(arm1: &[Row], arm0: &[Row]) -> Vec<RiskSet> {
    let units = |rows: &[Row]| rows.iter().map(|row| (row.events + row.censored) as f64).sum::<f64>();
    let (mut at_risk1, mut at_risk0) = (units(arm1), units(arm0));
    let (mut i, mut j) = (0, 0);
    let mut sets = Vec::new();
    loop {
        let time = match (arm1.get(i), arm0.get(j)) {
            (None, None) => return sets,
            (Some(a), None) => a.time,
            (None, Some(b)) => b.time,
            (Some(a), Some(b)) => a.time.min(b.time),
        };
        let take = |rows: &[Row], next: &mut usize| match rows.get(*next) {
            Some(row) if row.time == time => {
                *next += 1;
                (row.events as f64, row.censored as f64)
            }
            _ => (0.0, 0.0),
        };
        let (events1, censored1) = take(arm1, &mut i);
        let (events0, censored0) = take(arm0, &mut j);
        if events1 + events0 > 0.0 {
            sets.push(RiskSet { at_risk1, at_risk0, events1, events0, time });
        }
        at_risk1 -= events1 + censored1;
        at_risk0 -= events0 + censored0;
    }
}

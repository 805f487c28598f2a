//! One trial's fold.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use chrono::{DateTime, Duration, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;

use super::{
    evidence::{ArmDay, Cell, EventCounts, Evidence, OutcomeEvidence, PeriodCell, WedgeEvidence},
    handling::{ArmHandling, UnitHandling, UnitNote},
    tally::Tally,
    unit_evidence::{Observed, UnitEvidence, UnitRecord},
    unit_outcome::UnitOutcome,
};
use crate::{
    Decimal, Pseudonym,
    allocation::period_starts,
    eligibility::Attributes,
    protocol::{Allocation, LockedProtocol, Outcome},
};

/// How long an event may precede knowledge of its unit's assignment and still count: the clock skew allowed at the door,
/// twice over.
const PATIENCE: Duration = Duration::minutes(10);

/// A unit as it entered the trial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssignedUnit {
    /// Who.
    pub unit: Pseudonym,
    /// Position of the arm in the plan.
    pub arm: usize,
    /// Stratum, levels, cluster or site; empty without any.
    pub group: String,
    /// When.
    pub assigned_at: DateTime<Utc>,
    /// Whether its site was in transition: it has the new version and is counted apart.
    pub in_transition: bool,
}

/// What the fold needs of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoldedEvent {
    /// Place in the order of all events.
    pub sequence: i64,
    /// Who.
    pub unit: Pseudonym,
    /// What kind of thing happened.
    pub kind: Arc<str>,
    /// How much.
    pub value: Option<Decimal>,
    /// When.
    pub occurred_at: DateTime<Utc>,
}

#[derive(Debug)]
struct UnitRow {
    arm: u8,
    group: u32,
    day: NaiveDate,
    assigned_at: DateTime<Utc>,
    handling: UnitHandling,
    /// The arm that was given instead, for the person's good.
    given: Option<u8>,
}

#[derive(Debug, Default)]
pub(super) struct CellCounts {
    pub(super) assigned: u64,
    pub(super) in_transition: bool,
    pub(super) set_aside: u64,
    pub(super) tallies: Vec<Tally>,
}

/// The fold of one trial's assignments and events.
#[derive(Debug)]
pub struct TrialProjection {
    pub(super) plan: Arc<LockedProtocol>,
    numbers: HashMap<Pseudonym, u32>,
    rows: Vec<UnitRow>,
    /// By outcome, then by unit number.
    states: Vec<Vec<UnitOutcome>>,
    groups: Vec<String>,
    group_numbers: HashMap<String, u32>,
    pub(super) cells: BTreeMap<(NaiveDate, u8, u32), CellCounts>,
    counts: EventCounts,
    handling: Vec<ArmHandling>,
    /// Events that came a moment before their unit's assignment was known here.
    early: HashMap<Pseudonym, Vec<FoldedEvent>>,
}

impl TrialProjection {
    /// An empty fold.
    #[must_use]
    pub fn new(plan: Arc<LockedProtocol>) -> Self {
        let states = plan.protocol().outcomes.iter().map(|_| Vec::new()).collect();
        let handling = vec![ArmHandling::default(); plan.protocol().arms.len()];
        Self {
            plan,
            numbers: HashMap::new(),
            rows: Vec::new(),
            states,
            groups: Vec::new(),
            group_numbers: HashMap::new(),
            cells: BTreeMap::new(),
            counts: EventCounts::default(),
            handling,
            early: HashMap::new(),
        }
    }

    /// Takes a unit in. A unit that is known already changes nothing.
    pub fn assign(&mut self, unit: &AssignedUnit) {
        if self.numbers.contains_key(&unit.unit) {
            return;
        }
        let (Ok(number), Ok(arm)) = (u32::try_from(self.rows.len()), u8::try_from(unit.arm)) else { return };
        let day = unit.assigned_at.with_timezone(&self.zone()).date_naive();
        let group = self.group_number(&unit.group);
        self.numbers.insert(unit.unit, number);
        let handling = UnitHandling::default();
        self.rows.push(UnitRow { arm, group, day, assigned_at: unit.assigned_at, handling, given: None });
        for states in &mut self.states {
            states.push(UnitOutcome::default());
        }
        let outcomes = self.states.len();
        let cell = self.cells.entry((day, arm, group)).or_default();
        cell.assigned += 1;
        // The same for everybody of a site and day.
        cell.in_transition = unit.in_transition;
        cell.tallies.resize(outcomes, Tally::default());
        for event in self.early.remove(&unit.unit).unwrap_or_default() {
            self.counts.unassigned -= 1;
            self.count(number, &event);
        }
    }

    /// Takes an event in, exactly once per call; the caller reads each stored event once. `now` is the folding moment.
    pub fn fold(&mut self, event: &FoldedEvent, now: DateTime<Utc>) {
        if !self.plan.protocol().outcomes.iter().any(|o| *o.event == *event.kind) {
            return;
        }
        match self.numbers.get(&event.unit).copied() {
            Some(number) => self.count(number, event),
            None => {
                self.counts.unassigned += 1;
                if event.occurred_at > now - PATIENCE {
                    self.early.entry(event.unit).or_default().push(event.clone());
                }
            }
        }
    }

    /// Forgets early events whose unit did not turn up in time.
    pub fn forget_early(&mut self, now: DateTime<Utc>) {
        self.early.retain(|_, events| events.iter().any(|event| event.occurred_at > now - PATIENCE));
    }

    /// Takes a note in, exactly once per call. A note about nobody in the trial changes nothing.
    ///
    /// When a person takes their data out, what they added to the tallies is subtracted exactly, now and for good: the
    /// result is the same whether their events are folded before or after.
    pub fn note(&mut self, unit: &Pseudonym, note: UnitNote) {
        let number = self.numbers.get(unit).copied();
        let Some(row) = number.and_then(|number| self.rows.get_mut(number as usize)) else { return };
        let withdrawn_before = row.handling.is_withdrawn();
        if let UnitNote::Override(arm) = note
            && arm != row.arm
        {
            row.given = Some(arm);
        }
        if let Some(counts) = self.handling.get_mut(usize::from(row.arm)) {
            row.handling.take(note, row.arm, counts);
        }
        let place = (row.day, row.arm, row.group);
        if withdrawn_before || !row.handling.is_withdrawn() {
            return;
        }
        let Some(cell) = self.cells.get_mut(&place) else { return };
        cell.set_aside += 1;
        let outcomes = self.plan.protocol().outcomes.iter();
        for ((outcome, states), tally) in outcomes.zip(&self.states).zip(&mut cell.tallies) {
            let state = number.and_then(|number| states.get(number as usize));
            if let Some(value) = state.and_then(|state| state.value(outcome)) {
                tally.subtract(value);
            }
        }
    }

    fn count(&mut self, number: u32, event: &FoldedEvent) {
        let plan = Arc::clone(&self.plan);
        let Some(row) = self.rows.get(number as usize) else { return };
        let since = event.occurred_at - row.assigned_at;
        let (mut counted, mut late) = (false, false);
        for (index, outcome) in plan.protocol().outcomes.iter().enumerate().filter(|(_, o)| *o.event == *event.kind) {
            if since < Duration::zero() {
                continue;
            }
            if since >= Duration::days(i64::from(outcome.follow_up_days)) {
                late = true;
                continue;
            }
            counted = true;
            if row.handling.is_withdrawn() {
                continue;
            }
            let state = self.states.get_mut(index).and_then(|states| states.get_mut(number as usize));
            let cell = self.cells.get_mut(&(row.day, row.arm, row.group));
            let (Some(state), Some(tally)) = (state, cell.and_then(|c| c.tallies.get_mut(index))) else { continue };
            replace(outcome, state, tally, event, since);
        }
        match (counted, late) {
            (true, _) => self.counts.counted += 1,
            (false, true) => self.counts.after_follow_up += 1,
            (false, false) => self.counts.before_assignment += 1,
        }
    }

    fn group_number(&mut self, group: &str) -> u32 {
        if let Some(number) = self.group_numbers.get(group) {
            return *number;
        }
        let number = u32::try_from(self.groups.len()).unwrap_or(u32::MAX);
        self.groups.push(group.to_owned());
        self.group_numbers.insert(group.to_owned(), number);
        number
    }

    fn zone(&self) -> Tz {
        self.plan.protocol().time_zone
    }

    /// Units taken in.
    #[must_use]
    pub fn units(&self) -> usize {
        self.rows.len()
    }

    /// What is known at a moment. `data_cut` is the last event folded in; `not_enrolled` comes from the door's counters.
    #[must_use]
    pub fn evidence(
        &self,
        as_of: DateTime<Utc>,
        data_cut: i64,
        locked: bool,
        not_enrolled: Vec<(String, u64)>,
    ) -> Evidence {
        let outcomes = self.plan.protocol().outcomes.iter().enumerate();
        let outcomes = outcomes.map(|(index, outcome)| self.outcome_evidence(index, outcome, as_of)).collect();
        let mut enrolment: BTreeMap<(NaiveDate, u8), u64> = BTreeMap::new();
        for ((day, arm, _), cell) in &self.cells {
            *enrolment.entry((*day, *arm)).or_default() += cell.assigned;
        }
        let enrolment =
            enrolment.into_iter().map(|((day, arm), assigned)| ArmDay { day, arm: arm.into(), assigned }).collect();
        let wedge = self.wedge_evidence(as_of);
        Evidence {
            as_of,
            data_cut,
            locked,
            enrolment,
            outcomes,
            events: self.counts,
            not_enrolled,
            wedge,
            handling: self.handling.clone(),
            units: None,
            looks: Vec::new(),
            crossings: Vec::new(),
        }
    }

    /// The people one by one, in the order in which they were taken in. `attributes` are those kept with the assignments; a
    /// person without any may be left out of it.
    #[must_use]
    pub fn unit_evidence(&self, as_of: DateTime<Utc>, attributes: &HashMap<Pseudonym, Attributes>) -> UnitEvidence {
        let mut who: Vec<Option<&Pseudonym>> = vec![None; self.rows.len()];
        for (unit, number) in &self.numbers {
            if let Some(place) = who.get_mut(*number as usize) {
                *place = Some(unit);
            }
        }
        let outcomes = &self.plan.protocol().outcomes;
        // People mature by day, and there are far fewer days than people.
        let over = |day: NaiveDate| -> Vec<bool> {
            outcomes.iter().map(|o| matures_at(day, self.zone(), o.follow_up_days) <= as_of).collect()
        };
        let days: BTreeMap<NaiveDate, Vec<bool>> = self.cells.keys().map(|(day, ..)| (*day, over(*day))).collect();
        let units = self.rows.iter().zip(who).enumerate().map(|(number, (row, unit))| {
            let mature = days.get(&row.day).map_or(&[][..], Vec::as_slice);
            let observed = |(place, (outcome, states)): (usize, (&Outcome, &Vec<UnitOutcome>))| {
                if !mature.get(place).is_some_and(|over| *over) {
                    return Observed::TooEarly;
                }
                states.get(number).and_then(|state| state.value(outcome)).map_or(Observed::Nothing, Observed::Value)
            };
            let place = (row.day, row.arm, row.group);
            let in_transition = self.cells.get(&place).is_some_and(|cell| cell.in_transition);
            UnitRecord {
                arm: row.arm.into(),
                group: row.group as usize,
                attributes: unit.and_then(|unit| attributes.get(unit)).cloned().unwrap_or_default(),
                day: Some(row.day),
                counted: !row.handling.is_withdrawn() && !in_transition,
                given: row.given.map(usize::from),
                delivery: row.handling.delivery(),
                outcomes: outcomes.iter().zip(&self.states).enumerate().map(observed).collect(),
            }
        });
        UnitEvidence { groups: self.groups.clone(), units: units.collect() }
    }

    /// The same cells by site and period, for a stepped wedge. Its calendar follows from the secret, which a fold does not
    /// have: whoever has it adds the crossings.
    fn wedge_evidence(&self, as_of: DateTime<Utc>) -> Option<WedgeEvidence> {
        let plan = Arc::clone(&self.plan);
        let Allocation::SteppedWedge { steps, transition_days, .. } = &plan.protocol().allocation else { return None };
        let starts = period_starts(steps, *transition_days);
        let in_transition = self.cells.values().filter(|cell| cell.in_transition).map(|cell| cell.assigned).sum();
        let of_outcome = |(index, outcome): (usize, &Outcome)| {
            let mut cells: BTreeMap<(usize, &str), PeriodCell> = BTreeMap::new();
            for ((day, _, group), counts) in &self.cells {
                let site = self.groups.get(*group as usize).map_or("", String::as_str);
                let period = starts.iter().filter(|start| *start <= day).count();
                let cell = cells.entry((period, site)).or_insert_with(|| PeriodCell {
                    period,
                    site: site.to_owned(),
                    assigned: 0,
                    mature: 0,
                    tally: Tally::default(),
                });
                cell.assigned += counts.assigned;
                if matures_at(*day, self.zone(), outcome.follow_up_days) <= as_of {
                    cell.mature += counts.assigned.saturating_sub(counts.set_aside);
                    counts.tallies.get(index).into_iter().for_each(|tally| cell.tally.merge(tally));
                }
            }
            cells.into_values().collect()
        };
        let outcomes = plan.protocol().outcomes.iter().enumerate().map(of_outcome).collect();
        Some(WedgeEvidence { in_transition, starts, crossings: Vec::new(), outcomes })
    }

    fn outcome_evidence(&self, index: usize, outcome: &Outcome, as_of: DateTime<Utc>) -> OutcomeEvidence {
        let mut cells: BTreeMap<(u8, &str), Cell> = BTreeMap::new();
        for ((day, arm, group), counts) in self.cells.iter().filter(|(_, counts)| !counts.in_transition) {
            let group = self.groups.get(*group as usize).map_or("", String::as_str);
            let cell = cells.entry((*arm, group)).or_insert_with(|| Cell {
                arm: (*arm).into(),
                group: group.to_owned(),
                assigned: 0,
                mature: 0,
                set_aside: 0,
                tally: Tally::default(),
            });
            cell.assigned += counts.assigned;
            cell.set_aside += counts.set_aside;
            if matures_at(*day, self.zone(), outcome.follow_up_days) <= as_of {
                cell.mature += counts.assigned.saturating_sub(counts.set_aside);
                if let Some(tally) = counts.tallies.get(index) {
                    cell.tally.merge(tally);
                }
            }
        }
        OutcomeEvidence { outcome: outcome.key.clone(), cells: cells.into_values().collect() }
    }
}

/// Puts a unit's value after an event in the place of its value before.
fn replace(outcome: &Outcome, state: &mut UnitOutcome, tally: &mut Tally, event: &FoldedEvent, since: Duration) {
    if let Some(before) = state.value(outcome) {
        tally.subtract(before);
    }
    state.fold(outcome, event.occurred_at.timestamp_micros(), event.value, since.num_seconds());
    if let Some(after) = state.value(outcome) {
        tally.add(after);
    }
}

/// When everybody assigned on a day has had the full follow-up: the end of that day in the trial's zone, and the days.
///
/// `follow_up_days` are days of 24 hours, as they are for each person.
#[must_use]
pub fn matures_at(day: NaiveDate, zone: Tz, follow_up_days: u32) -> DateTime<Utc> {
    let end = (day + Duration::days(1)).and_time(NaiveTime::MIN);
    // A midnight that the clocks skip begins when they go on, a day later at most (Samoa, 2011); one that comes twice
    // counts at its later coming.
    let after = (0..=48).find_map(|half| zone.from_local_datetime(&(end + Duration::minutes(30 * half))).latest());
    let start = after.unwrap_or_else(|| zone.from_utc_datetime(&end));
    start.with_timezone(&Utc) + Duration::days(i64::from(follow_up_days))
}

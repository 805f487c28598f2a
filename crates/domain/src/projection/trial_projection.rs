//! One trial's fold.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use chrono::{DateTime, Duration, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;

use super::{
    by_level::ByLevel,
    column::{Column, steps},
    evidence::{self, ArmDay, EventCounts, Evidence, OutcomeEvidence, PeriodCell, WedgeEvidence},
    handling::{ArmHandling, UnitHandling, UnitNote},
    room,
    tally::Tally,
};
use crate::{
    Decimal, Pseudonym,
    allocation::period_starts,
    eligibility::Attributes,
    protocol::{Allocation, LockedProtocol, Outcome, ProtocolId},
};

/// By how much an event may be dated before its person's assignment to tell of a clock that goes behind.
const JUST_BEFORE: Duration = Duration::minutes(10);

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
    /// Place of the last event that was kept before it. An event behind it is about somebody in the trial; one before it came
    /// when nobody could know the answer yet. Both places are stored, so that whoever folds the rows decides the same, whenever that
    /// is and whatever the clocks say.
    pub event_place: i64,
    /// Whether its site was in transition: it has the new version and is counted apart.
    pub in_transition: bool,
    /// What was kept of it, where people are counted by it ([`Protocol::counts_levels`](crate::protocol::Protocol::counts_levels)).
    pub attributes: Attributes,
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
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
}

/// What an event is to the unit that it is about.
enum Weight {
    /// Within the follow-up of an outcome.
    Counted,
    /// After it.
    Late,
    /// Before the assignment, by ten minutes at most or by more.
    Early { just_before: bool },
}

/// The people of one day of assignment, arm and group.
#[derive(Debug)]
pub(super) struct Cell {
    pub(super) day: NaiveDate,
    pub(super) arm: u8,
    pub(super) group: u32,
    pub(super) in_transition: bool,
    pub(super) assigned: u64,
    pub(super) set_aside: u64,
    pub(super) tallies: Vec<Tally>,
}

/// The fold of one trial's assignments and events.
///
/// Units are numbered in the order in which they came. What is kept of each stands in columns by that number, a few bytes a
/// unit, because a server holds millions of them.
#[derive(Debug)]
pub struct TrialProjection {
    pub(super) plan: Arc<LockedProtocol>,
    pub(super) numbers: HashMap<Pseudonym, u32>,
    /// By unit number, in microseconds.
    pub(super) assigned_at: Vec<i64>,
    /// By unit number, the last event that was kept before it.
    pub(super) event_places: Vec<i64>,
    /// By unit number, places in `cells`.
    pub(super) cell_of: Vec<u32>,
    /// By unit number.
    pub(super) handled: Vec<UnitHandling>,
    /// The arm that was given instead, for the person's good, by unit number: few have one.
    pub(super) given: BTreeMap<u32, u8>,
    /// Unit numbers of those with events dated before their assignment, and how many.
    pub(super) early_people: BTreeMap<u32, u32>,
    /// By outcome.
    pub(super) columns: Vec<Column>,
    pub(super) groups: Vec<String>,
    group_numbers: HashMap<String, u32>,
    pub(super) cells: Vec<Cell>,
    cell_numbers: HashMap<(NaiveDate, u8, u32), u32>,
    pub(super) by_level: ByLevel,
    pub(super) counts: EventCounts,
    pub(super) handling: Vec<ArmHandling>,
    /// Place of the last correction of an event about somebody here; 0 without any.
    pub(super) last_correction: i64,
}

impl TrialProjection {
    /// An empty fold.
    #[must_use]
    pub fn new(plan: Arc<LockedProtocol>) -> Self {
        let columns = plan.protocol().outcomes.iter().map(Column::of).collect();
        let handling = vec![ArmHandling::default(); plan.protocol().arms.len()];
        Self {
            plan,
            numbers: HashMap::new(),
            assigned_at: Vec::new(),
            event_places: Vec::new(),
            cell_of: Vec::new(),
            handled: Vec::new(),
            given: BTreeMap::new(),
            early_people: BTreeMap::new(),
            columns,
            groups: Vec::new(),
            group_numbers: HashMap::new(),
            cells: Vec::new(),
            cell_numbers: HashMap::new(),
            by_level: ByLevel::default(),
            counts: EventCounts::default(),
            handling,
            last_correction: 0,
        }
    }

    /// Takes a unit in. A unit that is known already changes nothing.
    pub fn assign(&mut self, unit: &AssignedUnit) {
        if self.numbers.contains_key(&unit.unit) {
            return;
        }
        let (Ok(number), Ok(arm)) = (u32::try_from(self.units()), u8::try_from(unit.arm)) else { return };
        let day = unit.assigned_at.with_timezone(&self.zone()).date_naive();
        let group = self.group_number(&unit.group);
        let place = self.cell(day, arm, group);
        self.numbers.insert(unit.unit, number);
        room::push(&mut self.assigned_at, unit.assigned_at.timestamp_micros());
        room::push(&mut self.event_places, unit.event_place);
        room::push(&mut self.cell_of, place);
        room::push(&mut self.handled, UnitHandling::default());
        self.columns.iter_mut().for_each(Column::grow);
        self.by_level.count(self.plan.protocol(), &unit.attributes, unit.arm);
        if let Some(cell) = self.cells.get_mut(place as usize) {
            cell.assigned += 1;
            // The same for everybody of a site and day.
            cell.in_transition = unit.in_transition;
        }
    }

    /// Takes an event in, exactly once per call; the caller reads each stored event once.
    pub fn fold(&mut self, event: &FoldedEvent) {
        self.fold_of_person(event, &[]);
    }

    /// The same of a person who has other names too: where the name in the event was not in the trial, the one among the others
    /// that came first is meant.
    pub fn fold_of_person(&mut self, event: &FoldedEvent, others: &[Pseudonym]) {
        if !self.listens_to(&event.kind) {
            return;
        }
        match self.meant(event, others) {
            Some(number) => self.count(number, event),
            None => self.pass_over(1),
        }
    }

    /// Takes in so many events of a kind that the trial listens to, which are about nobody in it: fewer than none where such events were
    /// taken back.
    ///
    /// Where an event and its retraction are folded again behind an assignment, one after the other, there are fewer than none in between:
    /// the number goes round, and is right again behind the second.
    pub fn pass_over(&mut self, events: i64) {
        self.counts.unassigned = self.counts.unassigned.wrapping_add_signed(events);
    }

    /// What became of the events, to be shown: a number that is fewer than none for a moment is none.
    fn shown_counts(&self) -> EventCounts {
        let unassigned = if self.counts.unassigned > i64::MAX.unsigned_abs() { 0 } else { self.counts.unassigned };
        EventCounts { unassigned, ..self.counts }
    }

    /// Takes an event in once more that was folded before one of these units was known here: it was about nobody then, and counts
    /// now when it is about one of them.
    pub fn fold_behind(&mut self, event: &FoldedEvent, others: &[Pseudonym], new: &HashSet<Pseudonym>) {
        if let (true, Some(number)) = (self.listens_to(&event.kind), self.meant_of(event, others, new)) {
            self.pass_over(-1);
            self.count(number, event);
        }
    }

    /// The number of the unit that an event is about, when that is one of these.
    pub(super) fn meant_of(&self, event: &FoldedEvent, others: &[Pseudonym], new: &HashSet<Pseudonym>) -> Option<u32> {
        let names = std::iter::once(&event.unit).chain(others);
        let numbers: Vec<u32> =
            names.filter(|name| new.contains(name)).filter_map(|name| self.numbers.get(name)).copied().collect();
        self.meant(event, others).filter(|number| numbers.contains(number))
    }

    pub(super) fn listens_to(&self, kind: &str) -> bool {
        self.plan.protocol().outcomes.iter().any(|outcome| outcome.event == kind)
    }

    /// The number of the unit that an event is about, of those that were in the trial before it came.
    pub(super) fn meant(&self, event: &FoldedEvent, others: &[Pseudonym]) -> Option<u32> {
        let number_of = |unit: &Pseudonym| {
            let number = *self.numbers.get(unit)?;
            (event.sequence > *self.event_places.get(number as usize)?).then_some(number)
        };
        let first = || {
            let places = others.iter().filter_map(|unit| {
                let number = number_of(unit)?;
                Some((*self.assigned_at.get(number as usize)?, unit, number))
            });
            places.min().map(|(_, _, number)| number)
        };
        number_of(&event.unit).or_else(first)
    }

    /// Takes a note in, exactly once per call. A note about nobody in the trial changes nothing.
    ///
    /// When a person takes their data out, what they added to the tallies is subtracted exactly, now and for good: the
    /// result is the same whether their events are folded before or after.
    pub fn note(&mut self, unit: &Pseudonym, note: UnitNote) {
        let Some(number) = self.numbers.get(unit).copied() else { return };
        let Some(handled) = self.handled.get_mut(number as usize) else { return };
        let cell = self.cell_of.get(number as usize).and_then(|place| self.cells.get_mut(*place as usize));
        let Some(cell) = cell else { return };
        let left_out_before = handled.is_left_out();
        if let UnitNote::Override(arm) = note
            && arm != cell.arm
        {
            self.given.insert(number, arm);
        }
        if let Some(counts) = self.handling.get_mut(usize::from(cell.arm)) {
            handled.take(note, cell.arm, counts);
        }
        if !left_out_before && handled.is_left_out() {
            self.leave_out(number);
        }
    }

    /// Takes in that these units are one person, as was said at a place in the log of events. Where they are in the trial in
    /// different arms, none of them counts; where they are in one arm, the first does. Where each of them was assigned never
    /// changes. Whoever was assigned after that place is passed over: they were one person no more.
    pub fn same_person(&mut self, units: &[Pseudonym], at: i64) {
        let before = |unit: &&Pseudonym| {
            let number = self.numbers.get(*unit).map(|number| *number as usize);
            number.and_then(|number| self.event_places.get(number)).is_some_and(|place| *place < at)
        };
        let units: Vec<Pseudonym> = units.iter().filter(before).copied().collect();
        let Some((_, _, first)) = self.first_of(&units) else { return };
        let arm_of = |number: u32| Some(self.cells.get(*self.cell_of.get(number as usize)? as usize)?.arm);
        let places: Vec<(u32, u8)> = units
            .iter()
            .filter_map(|unit| self.numbers.get(unit))
            .filter_map(|number| Some((*number, arm_of(*number)?)))
            .collect();
        let in_two_arms = places.iter().any(|(_, arm)| Some(*arm) != arm_of(first));
        for (number, arm) in places.into_iter().filter(|(number, _)| in_two_arms || *number != first) {
            let counts = self.handling.get_mut(usize::from(arm));
            let (Some(handled), Some(counts)) = (self.handled.get_mut(number as usize), counts) else { continue };
            let left_out_before = handled.is_left_out();
            handled.meet_again(in_two_arms, counts);
            if !left_out_before {
                self.leave_out(number);
            }
        }
    }

    /// Which of these units was assigned first, of two at one moment the smaller: when, who, and its number.
    fn first_of(&self, units: &[Pseudonym]) -> Option<(i64, Pseudonym, u32)> {
        let place = |unit: &Pseudonym| {
            let number = *self.numbers.get(unit)?;
            Some((*self.assigned_at.get(number as usize)?, *unit, number))
        };
        units.iter().filter_map(place).min()
    }

    /// Takes what a unit added to the tallies out again, exactly.
    fn leave_out(&mut self, number: u32) {
        let cell = self.cell_of.get(number as usize).and_then(|place| self.cells.get_mut(*place as usize));
        let Some(cell) = cell else { return };
        cell.set_aside += 1;
        let outcomes = self.plan.protocol().outcomes.iter();
        for ((outcome, column), tally) in outcomes.zip(&self.columns).zip(&mut cell.tallies) {
            if let Some(value) = column.value(number, outcome) {
                tally.subtract(value);
            }
        }
    }

    /// Counts an event for a unit.
    pub(super) fn count(&mut self, number: u32, event: &FoldedEvent) {
        match self.weigh(number, event, Column::fold) {
            Some(Weight::Counted) => self.counts.counted += 1,
            Some(Weight::Late) => self.counts.after_follow_up += 1,
            Some(Weight::Early { just_before }) => {
                self.counts.before_assignment += 1;
                self.counts.just_before += u64::from(just_before);
                *self.early_people.entry(number).or_default() += 1;
            }
            None => {}
        }
    }

    /// Undoes [`count`](Self::count) exactly.
    pub(super) fn uncount(&mut self, number: u32, event: &FoldedEvent) {
        let one_less = |count: &mut u64| *count = count.saturating_sub(1);
        match self.weigh(number, event, Column::take_out) {
            Some(Weight::Counted) => one_less(&mut self.counts.counted),
            Some(Weight::Late) => one_less(&mut self.counts.after_follow_up),
            Some(Weight::Early { just_before }) => {
                one_less(&mut self.counts.before_assignment);
                if just_before {
                    one_less(&mut self.counts.just_before);
                }
                if let Some(left) = self.early_people.get_mut(&number) {
                    *left -= 1;
                    if *left == 0 {
                        self.early_people.remove(&number);
                    }
                }
            }
            None => {}
        }
    }

    /// Lets an event change its unit's values, and tells what the event is to it.
    fn weigh(
        &mut self,
        number: u32,
        event: &FoldedEvent,
        change: impl Fn(&mut Column, u32, i64, i64),
    ) -> Option<Weight> {
        let place = number as usize;
        let (assigned_at, handled) = (self.assigned_at.get(place)?, self.handled.get(place)?);
        let cell = self.cells.get_mut(*self.cell_of.get(place)? as usize)?;
        let occurred_at = event.occurred_at.timestamp_micros();
        let since = Duration::microseconds(occurred_at - assigned_at);
        let (mut counted, mut late) = (false, false);
        let outcomes = self.plan.protocol().outcomes.iter().zip(&mut self.columns).zip(&mut cell.tallies);
        for ((outcome, column), tally) in outcomes.filter(|((outcome, _), _)| *outcome.event == *event.kind) {
            if since < Duration::zero() {
                continue;
            }
            if since >= Duration::days(i64::from(outcome.follow_up_days)) {
                late = true;
                continue;
            }
            counted = true;
            if handled.is_left_out() {
                continue;
            }
            // The unit's value after the event takes the place of its value before.
            if let Some(before) = column.value(number, outcome) {
                tally.subtract(before);
            }
            change(column, number, occurred_at, steps(outcome, event.value, since.num_seconds()));
            if let Some(after) = column.value(number, outcome) {
                tally.add(after);
            }
        }
        Some(match (counted, late) {
            (true, _) => Weight::Counted,
            (false, true) => Weight::Late,
            (false, false) => Weight::Early { just_before: since >= -JUST_BEFORE },
        })
    }

    /// The place of a cell, made when there is none yet.
    pub(super) fn cell(&mut self, day: NaiveDate, arm: u8, group: u32) -> u32 {
        let (cells, outcomes) = (&mut self.cells, self.columns.len());
        *self.cell_numbers.entry((day, arm, group)).or_insert_with(|| {
            let tallies = vec![Tally::default(); outcomes];
            cells.push(Cell { day, arm, group, in_transition: false, assigned: 0, set_aside: 0, tallies });
            u32::try_from(cells.len() - 1).unwrap_or(u32::MAX)
        })
    }

    pub(super) fn group_number(&mut self, group: &str) -> u32 {
        if let Some(number) = self.group_numbers.get(group) {
            return *number;
        }
        let number = u32::try_from(self.groups.len()).unwrap_or(u32::MAX);
        self.groups.push(group.to_owned());
        self.group_numbers.insert(group.to_owned(), number);
        number
    }

    pub(super) fn zone(&self) -> Tz {
        self.plan.protocol().time_zone
    }

    /// The plan that the fold began with.
    #[must_use]
    pub fn plan_id(&self) -> &ProtocolId {
        self.plan.id()
    }

    /// Units taken in.
    #[must_use]
    pub fn units(&self) -> usize {
        self.assigned_at.len()
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
        for cell in &self.cells {
            *enrolment.entry((cell.day, cell.arm)).or_default() += cell.assigned;
        }
        let enrolment =
            enrolment.into_iter().map(|((day, arm), assigned)| ArmDay { day, arm: arm.into(), assigned }).collect();
        let wedge = self.wedge_evidence(as_of);
        Evidence {
            enrolment,
            by_day: if locked { self.by_day(as_of) } else { Vec::new() },
            events: self.shown_counts(),
            not_enrolled,
            wedge,
            handling: self.handling.clone(),
            early_people: self.early_by_arm(),
            by_cluster: self.by_cluster(),
            by_level: self.by_level.evidence(),
            ..Evidence::of(as_of, data_cut, locked, outcomes)
        }
    }

    /// People of whom an event is dated before their assignment, by arm; empty where there is nobody.
    fn early_by_arm(&self) -> Vec<u64> {
        if self.early_people.is_empty() {
            return Vec::new();
        }
        let mut arms = vec![0; self.handling.len()];
        for number in self.early_people.keys() {
            let cell = self.cell_of.get(*number as usize).and_then(|cell| self.cells.get(*cell as usize));
            if let Some(count) = cell.and_then(|cell| arms.get_mut(usize::from(cell.arm))) {
                *count += 1;
            }
        }
        arms
    }

    /// The same cells by site and period, for a stepped wedge. Its calendar follows from the secret, which a fold does not
    /// have: whoever has it adds the crossings.
    fn wedge_evidence(&self, as_of: DateTime<Utc>) -> Option<WedgeEvidence> {
        let plan = Arc::clone(&self.plan);
        let Allocation::SteppedWedge { steps, transition_days, .. } = &plan.protocol().allocation else { return None };
        let starts = period_starts(steps, *transition_days);
        let in_transition = self.cells.iter().filter(|cell| cell.in_transition).map(|cell| cell.assigned).sum();
        let of_outcome = |(index, outcome): (usize, &Outcome)| {
            let mut cells: BTreeMap<(usize, &str), PeriodCell> = BTreeMap::new();
            for counts in &self.cells {
                let site = self.groups.get(counts.group as usize).map_or("", String::as_str);
                let period = starts.iter().filter(|start| **start <= counts.day).count();
                let cell = cells.entry((period, site)).or_insert_with(|| PeriodCell {
                    period,
                    site: site.to_owned(),
                    assigned: 0,
                    mature: 0,
                    tally: Tally::default(),
                });
                cell.assigned += counts.assigned;
                if matures_at(counts.day, self.zone(), outcome.follow_up_days) <= as_of {
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
        let mut cells: BTreeMap<(u8, &str), evidence::Cell> = BTreeMap::new();
        for counts in self.cells.iter().filter(|counts| !counts.in_transition) {
            let group = self.groups.get(counts.group as usize).map_or("", String::as_str);
            let cell = cells.entry((counts.arm, group)).or_insert_with(|| evidence::Cell {
                arm: counts.arm.into(),
                group: group.to_owned(),
                assigned: 0,
                mature: 0,
                set_aside: 0,
                tally: Tally::default(),
            });
            cell.assigned += counts.assigned;
            cell.set_aside += counts.set_aside;
            if matures_at(counts.day, self.zone(), outcome.follow_up_days) <= as_of {
                cell.mature += counts.assigned.saturating_sub(counts.set_aside);
                if let Some(tally) = counts.tallies.get(index) {
                    cell.tally.merge(tally);
                }
            }
        }
        OutcomeEvidence { outcome: outcome.key.clone(), cells: cells.into_values().collect() }
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

//! A projection as bytes, so that a start need not fold everything again.
//!
//! Numbers are little-endian, lists begin with their length. What follows from the rest is left out: tallies and the counts of
//! cells are added up anew from the units, so that they cannot disagree with them.

use std::sync::Arc;

use chrono::{Datelike, NaiveDate};

use super::{
    column::{Column, Sum},
    evidence::EventCounts,
    handling::{ArmHandling, UnitHandling},
    trial_projection::{Cell, TrialProjection},
};
use crate::{LockedProtocol, Pseudonym, note::GRAVEST};

impl TrialProjection {
    /// Everything that the fold knows, as bytes for [`TrialProjection::restore`], in pieces as they are made: nowhere is there memory
    /// for all of it.
    pub fn save(&self, put: &mut dyn FnMut(&[u8])) {
        let mut out = Pieces { made: Vec::with_capacity(PIECE + LONGEST_PART), put };
        put_length(&mut out, self.units());
        for (unit, number) in &self.numbers {
            out.extend(unit.bytes());
            out.extend(&number.to_le_bytes());
        }
        put_all(&mut out, &self.assigned_at);
        put_all(&mut out, &self.event_places);
        self.cell_of.iter().for_each(|cell| out.extend(&cell.to_le_bytes()));
        self.handled.iter().for_each(|handled| out.extend(&handled.0.to_le_bytes()));
        put_length(&mut out, self.given.len());
        self.given.iter().for_each(|(number, arm)| {
            out.extend(&number.to_le_bytes());
            out.extend(&[*arm]);
        });
        put_length(&mut out, self.groups.len());
        self.groups.iter().for_each(|group| put_text(&mut out, group));
        put_length(&mut out, self.cells.len());
        for cell in &self.cells {
            out.extend(&cell.day.num_days_from_ce().to_le_bytes());
            out.extend(&[cell.arm, u8::from(cell.in_transition)]);
            out.extend(&cell.group.to_le_bytes());
        }
        put_length(&mut out, self.columns.len());
        for column in &self.columns {
            match column {
                Column::Sums(sums) => {
                    out.extend(&[0]);
                    for sum in sums {
                        out.extend(&sum.low.to_le_bytes());
                        out.extend(&sum.high.to_le_bytes());
                        out.extend(&sum.events.to_le_bytes());
                    }
                }
                Column::Firsts(firsts) => {
                    out.extend(&[1]);
                    put_pairs(&mut out, &firsts.earliest);
                    put_length(&mut out, firsts.others.len());
                    for (number, others) in &firsts.others {
                        out.extend(&number.to_le_bytes());
                        put_length(&mut out, others.len());
                        put_pairs(&mut out, others);
                    }
                }
            }
        }
        put_length(&mut out, self.by_level.0.len());
        for ((attribute, level), assigned) in &self.by_level.0 {
            put_text(&mut out, attribute);
            put_text(&mut out, level);
            assigned.iter().for_each(|people| out.extend(&people.to_le_bytes()));
        }
        let EventCounts { counted, before_assignment, after_follow_up, unassigned, just_before, corrected, retracted } =
            self.counts;
        for count in [counted, before_assignment, after_follow_up, unassigned, just_before, corrected, retracted] {
            out.extend(&count.to_le_bytes());
        }
        out.extend(&self.last_correction.to_le_bytes());
        put_length(&mut out, self.early_people.len());
        for (number, events) in &self.early_people {
            out.extend(&number.to_le_bytes());
            out.extend(&events.to_le_bytes());
        }
        put_length(&mut out, self.handling.len());
        for arm in &self.handling {
            let people =
                [arm.delivered, arm.seen, arm.failed, arm.returned, arm.overridden, arm.opted_out, arm.data_withdrawn];
            let again = [arm.in_two_arms, arm.in_twice, arm.refused, arm.link_taken_back, arm.corrected];
            people.iter().chain(&again).chain(&arm.harms).for_each(|count| out.extend(&count.to_le_bytes()));
        }
        out.end();
    }

    /// The fold that [`TrialProjection::save`] wrote; none when the bytes are not such a fold of this plan.
    #[must_use]
    pub fn restore(plan: Arc<LockedProtocol>, bytes: &[u8]) -> Option<Self> {
        let mut rest = Rest(bytes);
        let mut fold = Self::new(plan);
        let units = rest.length(20)?;
        fold.numbers.reserve(units);
        let mut taken = vec![false; units];
        for _ in 0..units {
            let (unit, number) = (rest.unit()?, u32::from_le_bytes(rest.array()?));
            if std::mem::replace(taken.get_mut(number as usize)?, true) {
                return None;
            }
            fold.numbers.insert(unit, number);
        }
        fold.assigned_at = rest.numbers(units)?;
        fold.event_places = rest.numbers(units)?;
        fold.cell_of = rest.take(units * 4)?.as_chunks().0.iter().map(|four| u32::from_le_bytes(*four)).collect();
        fold.handled =
            rest.take(units * 2)?.as_chunks().0.iter().map(|two| UnitHandling(u16::from_le_bytes(*two))).collect();
        for _ in 0..rest.length(5)? {
            let (number, [arm]) = (u32::from_le_bytes(rest.array()?), rest.array()?);
            let known = (number as usize) < units && usize::from(arm) < fold.handling.len();
            fold.given.insert(Some(number).filter(|_| known)?, arm);
        }
        for _ in 0..rest.length(8)? {
            let group = rest.text()?;
            fold.group_number(group);
        }
        for _ in 0..rest.length(10)? {
            let day = NaiveDate::from_num_days_from_ce_opt(i32::from_le_bytes(rest.array()?))?;
            let [arm, in_transition] = rest.array()?;
            let group = u32::from_le_bytes(rest.array()?);
            let known = (group as usize) < fold.groups.len() && usize::from(arm) < fold.handling.len();
            let place = fold.cell(day, arm, group);
            fold.cells.get_mut(place as usize).filter(|_| known)?.in_transition = in_transition != 0;
        }
        if rest.length(1)? != fold.columns.len() {
            return None;
        }
        for column in &mut fold.columns {
            match (column, rest.array()?) {
                (Column::Sums(sums), [0]) => {
                    sums.reserve_exact(units);
                    for _ in 0..units {
                        let low = u64::from_le_bytes(rest.array()?);
                        let (high, events) = (i32::from_le_bytes(rest.array()?), u32::from_le_bytes(rest.array()?));
                        sums.push(Sum { low, high, events });
                    }
                }
                (Column::Firsts(firsts), [1]) => {
                    firsts.earliest = rest.pairs(units)?;
                    for _ in 0..rest.length(12)? {
                        let number = u32::from_le_bytes(rest.array()?);
                        let others = rest.length(16)?;
                        let others = rest.pairs(others)?;
                        firsts.others.insert(Some(number).filter(|number| (*number as usize) < units)?, others);
                    }
                }
                _ => return None,
            }
        }
        for _ in 0..rest.length(16)? {
            let who = (rest.text()?.to_owned(), rest.text()?.to_owned());
            let people = |_| Some(u64::from_le_bytes(rest.array()?)).filter(|people| *people <= units as u64);
            let assigned = (0..fold.handling.len()).map(people).collect::<Option<_>>()?;
            fold.by_level.0.insert(who, assigned);
        }
        let mut count = || Some(u64::from_le_bytes(rest.array()?));
        fold.counts = EventCounts {
            counted: count()?,
            before_assignment: count()?,
            after_follow_up: count()?,
            unassigned: count()?,
            just_before: count()?,
            corrected: count()?,
            retracted: count()?,
        };
        fold.last_correction = i64::from_le_bytes(rest.array()?);
        for _ in 0..rest.length(8)? {
            let (number, events) = (u32::from_le_bytes(rest.array()?), u32::from_le_bytes(rest.array()?));
            fold.early_people.insert(Some(number).filter(|number| (*number as usize) < units)?, events);
        }
        if rest.length(1)? != fold.handling.len() {
            return None;
        }
        for arm in &mut fold.handling {
            let mut count = || Some(u64::from_le_bytes(rest.array()?));
            *arm = ArmHandling {
                delivered: count()?,
                seen: count()?,
                failed: count()?,
                returned: count()?,
                overridden: count()?,
                opted_out: count()?,
                data_withdrawn: count()?,
                in_two_arms: count()?,
                in_twice: count()?,
                refused: count()?,
                link_taken_back: count()?,
                corrected: count()?,
                harms: [0; GRAVEST as usize],
            };
            for harms in &mut arm.harms {
                *harms = count()?;
            }
        }
        let whole = rest.0.is_empty() && fold.numbers.len() == units;
        (whole && fold.add_up()).then_some(fold)
    }

    /// Every unit with the position of its arm and its moment of assignment in microseconds, in no order.
    pub fn places(&self) -> impl Iterator<Item = (&Pseudonym, u8, i64)> {
        self.numbers.iter().filter_map(|(unit, number)| {
            let number = *number as usize;
            let cell = self.cells.get(*self.cell_of.get(number)? as usize)?;
            Some((unit, cell.arm, *self.assigned_at.get(number)?))
        })
    }

    /// Counts the units of the columns into their cells; false when a unit is in no cell.
    fn add_up(&mut self) -> bool {
        let outcomes = &self.plan.protocol().outcomes;
        for ((number, cell), handled) in (0_u32..).zip(&self.cell_of).zip(&self.handled) {
            let Some(Cell { assigned, set_aside, tallies, .. }) = self.cells.get_mut(*cell as usize) else {
                return false;
            };
            *assigned += 1;
            if handled.is_left_out() {
                *set_aside += 1;
                continue;
            }
            for ((outcome, column), tally) in outcomes.iter().zip(&self.columns).zip(tallies) {
                if let Some(value) = column.value(number, outcome) {
                    tally.add(value);
                }
            }
        }
        true
    }
}

/// Bytes of a piece, more or less.
const PIECE: usize = 1 << 16;

/// Room for what is put last into a piece, so that it need not grow.
const LONGEST_PART: usize = 1 << 10;

/// What is made and not handed on yet.
struct Pieces<'a> {
    made: Vec<u8>,
    put: &'a mut dyn FnMut(&[u8]),
}

impl Pieces<'_> {
    fn extend(&mut self, bytes: &[u8]) {
        self.made.extend_from_slice(bytes);
        if self.made.len() >= PIECE {
            self.end();
        }
    }

    fn end(&mut self) {
        (self.put)(&self.made);
        self.made.clear();
    }
}

fn put_length(out: &mut Pieces<'_>, length: usize) {
    out.extend(&(length as u64).to_le_bytes());
}

fn put_all(out: &mut Pieces<'_>, numbers: &[i64]) {
    numbers.iter().for_each(|number| out.extend(&number.to_le_bytes()));
}

fn put_pairs(out: &mut Pieces<'_>, pairs: &[(i64, i64)]) {
    pairs.iter().for_each(|(one, other)| put_all(out, &[*one, *other]));
}

fn put_text(out: &mut Pieces<'_>, text: &str) {
    put_length(out, text.len());
    out.extend(text.as_bytes());
}

/// What is not read yet.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(bytes)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    /// The length of a list whose items have at least so many bytes: one that cannot be there asks for no memory.
    fn length(&mut self, least: usize) -> Option<usize> {
        let length = usize::try_from(u64::from_le_bytes(self.array()?)).ok()?;
        (length.checked_mul(least)? <= self.0.len()).then_some(length)
    }

    fn numbers(&mut self, numbers: usize) -> Option<Vec<i64>> {
        let bytes = self.take(numbers.checked_mul(8)?)?;
        Some(bytes.as_chunks().0.iter().map(|eight| i64::from_le_bytes(*eight)).collect())
    }

    fn pairs(&mut self, pairs: usize) -> Option<Vec<(i64, i64)>> {
        let numbers = self.numbers(pairs.checked_mul(2)?)?;
        Some(numbers.as_chunks().0.iter().map(|[one, other]| (*one, *other)).collect())
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = self.length(1)?;
        std::str::from_utf8(self.take(length)?).ok()
    }

    fn unit(&mut self) -> Option<Pseudonym> {
        Pseudonym::from_bytes(self.take(16)?)
    }
}

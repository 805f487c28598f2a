//! A whole trial's allocation drawn again.

use chrono::NaiveDate;
use fairtrial_domain::{
    Pseudonym,
    allocation::{Allocator, Progress, Subject},
    projection::UnitEvidence,
};

/// Everybody in the order in which they came, with room for the arms of the next draw.
#[derive(Debug)]
pub struct Redrawn<'a> {
    people: &'a UnitEvidence,
    /// Stand-ins for the people: a draw by keyed hash needs names that differ, and no more.
    names: Vec<Option<Pseudonym>>,
    arms: Vec<usize>,
}

impl<'a> Redrawn<'a> {
    /// The people of the evidence.
    #[must_use]
    pub fn of(people: &'a UnitEvidence) -> Self {
        let name = |number: usize| {
            let mut bytes = [0; 16];
            bytes[8..].copy_from_slice(&(number as u64).to_be_bytes());
            Pseudonym::from_bytes(&bytes)
        };
        Self { people, names: (0..people.units.len()).map(name).collect(), arms: vec![0; people.units.len()] }
    }

    /// The arms that an allocator draws for them, in their order. Whoever it cannot place has the control arm, as at the door.
    pub fn arms(&mut self, allocator: &Allocator, control: usize) -> &[usize] {
        // Blocks are drawn whole, which is the same and far quicker.
        let mut blocks: Vec<(u64, std::vec::IntoIter<usize>)> =
            self.people.groups.iter().map(|_| (0, Vec::new().into_iter())).collect();
        let mut progress = Progress::default();
        let whole = allocator.has_blocks();
        for ((unit, name), arm) in self.people.units.iter().zip(&self.names).zip(&mut self.arms) {
            let group = self.people.group_of(unit);
            let drawn = match blocks.get_mut(unit.group).filter(|_| whole) {
                Some((number, left)) => left.next().or_else(|| {
                    *left = allocator.block(group, *number)?.into_iter();
                    *number += 1;
                    left.next()
                }),
                None => name.as_ref().and_then(|unit_name| {
                    let day = unit.day.unwrap_or_else(NaiveDate::default);
                    allocator.assign(&mut progress, &Subject { unit: unit_name, group, day })
                }),
            };
            *arm = drawn.unwrap_or(control);
        }
        &self.arms
    }
}

//! The assignments that chance could have given: units to arms, or sites to places in a calendar.

use crate::special::elementary::exp;
use std::collections::BTreeMap;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::StatError;
use crate::means::{Draws, uniform_below};
use crate::special::count::ln_choose;

/// Most assignments times looks.
const MAX_STATISTICS: u64 = 50_000_000;
/// Most assignments times looks times units.
const MAX_WORK: u64 = 5_000_000_000;
/// Most assignments that are all enumerated.
const MAX_ENUMERATED: f64 = 4_194_304.0;

/// What each unit was assigned to, and within which blocks the number of units of each kind was fixed.
#[derive(Debug, Clone)]
pub(crate) struct Assignment<L> {
    pub(crate) observed: Vec<L>,
    blocks: Vec<Vec<usize>>,
}

impl<L: Copy + Ord> Assignment<L> {
    pub(crate) fn new(observed: &[L], blocks: Option<&[usize]>) -> Result<Self, StatError> {
        if blocks.is_some_and(|blocks| blocks.len() != observed.len()) {
            return Err(StatError::invalid("blocks", "needs one entry for each unit"));
        }
        let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for unit in 0..observed.len() {
            let block = blocks.and_then(|blocks| blocks.get(unit)).copied().unwrap_or(0);
            members.entry(block).or_default().push(unit);
        }
        Ok(Self { observed: observed.to_vec(), blocks: members.into_values().collect() })
    }

    /// Number of different assignments; infinite beyond what a double can hold.
    pub(crate) fn ways(&self) -> f64 {
        let mut ln_ways = 0.0;
        for units in &self.blocks {
            let mut labels: Vec<L> = units.iter().map(|&unit| self.observed[unit]).collect();
            labels.sort_unstable();
            let mut left = labels.len() as u64;
            for same in labels.chunk_by(|a, b| a == b) {
                ln_ways += ln_choose(left, same.len() as u64);
                left -= same.len() as u64;
            }
        }
        exp(ln_ways)
    }

    /// Number of assignments looked at, the observed one included.
    pub(crate) fn count(&self, how: Draws, looks: usize) -> Result<u64, StatError> {
        let count = match how {
            Draws::Exact => {
                let total = self.ways();
                if total > MAX_ENUMERATED + 0.5 {
                    let reason = "more than 2^22 assignments; draw them instead".to_owned();
                    return Err(StatError::TooLarge { reason });
                }
                total.round() as u64
            }
            Draws::MonteCarlo { draws, .. } => {
                if draws == 0 {
                    return Err(StatError::invalid("draws", "must be at least 1"));
                }
                draws.saturating_add(1)
            }
        };
        let statistics = count.saturating_mul(looks as u64);
        if statistics > MAX_STATISTICS || statistics.saturating_mul(self.observed.len() as u64) > MAX_WORK {
            return Err(StatError::TooLarge {
                reason: format!("at most {MAX_STATISTICS} assignments times looks and {MAX_WORK} times units as well"),
            });
        }
        Ok(count)
    }

    /// Shows every assignment to `see`, always in the same order; a drawn list starts with the observed one.
    pub(crate) fn each(&self, how: Draws, mut see: impl FnMut(&[L])) {
        match how {
            Draws::Exact => self.enumerate(see),
            Draws::MonteCarlo { draws, seed } => {
                let mut key = [0; 32];
                key[..8].copy_from_slice(&seed.to_le_bytes());
                let mut generator = ChaCha20Rng::from_seed(key);
                let mut labels = self.observed.clone();
                see(&labels);
                for _ in 0..draws {
                    for units in &self.blocks {
                        for position in 0..units.len() {
                            let left = (units.len() - position) as u64;
                            let other = position + uniform_below(&mut generator, left) as usize;
                            labels.swap(units[position], units[other]);
                        }
                    }
                    see(&labels);
                }
            }
        }
    }

    /// Counts through the arrangements of every block like the wheels of an odometer.
    fn enumerate(&self, mut see: impl FnMut(&[L])) {
        let mut wheels: Vec<Vec<L>> = self
            .blocks
            .iter()
            .map(|units| {
                let mut wheel: Vec<L> = units.iter().map(|&unit| self.observed[unit]).collect();
                wheel.sort_unstable();
                wheel
            })
            .collect();
        let mut labels = self.observed.clone();
        loop {
            for (wheel, units) in wheels.iter().zip(&self.blocks) {
                for (&label, &unit) in wheel.iter().zip(units) {
                    labels[unit] = label;
                }
            }
            see(&labels);
            if !wheels.iter_mut().any(|wheel| turn(wheel)) {
                return;
            }
        }
    }
}

/// The next arrangement in lexicographic order; back to the first, and false, after the last.
fn turn<L: Copy + Ord>(wheel: &mut [L]) -> bool {
    let Some(pivot) = wheel.windows(2).rposition(|pair| pair[0] < pair[1]) else {
        wheel.reverse();
        return false;
    };
    if let Some(last) = wheel.iter().rposition(|label| *label > wheel[pivot]) {
        wheel.swap(pivot, last);
    }
    wheel[pivot + 1..].reverse();
    true
}

#[cfg(test)]
mod tests {
    use super::Assignment;
    use crate::means::Draws;

    #[test]
    fn enumerates_every_assignment_once() {
        let observed = [true, false, true, false, false, true, false];
        let assignment = Assignment::new(&observed, Some(&[0, 0, 1, 1, 1, 1, 0])).unwrap();
        let mut seen = std::collections::BTreeSet::new();
        assignment.each(Draws::Exact, |labels| {
            assert!(seen.insert(labels.to_vec()));
        });
        // C(3, 1) times C(4, 2)
        assert_eq!(seen.len(), 18);
        assert_eq!(assignment.count(Draws::Exact, 1).unwrap(), 18);
        assert!(seen.contains(observed.as_slice()));
    }

    #[test]
    fn enumerates_the_orders_of_more_than_two_kinds() {
        let assignment = Assignment::new(&[2, 0, 1, 1, 7, 8], Some(&[0, 0, 0, 0, 1, 1])).unwrap();
        let mut seen = std::collections::BTreeSet::new();
        assignment.each(Draws::Exact, |labels| {
            assert!(seen.insert(labels.to_vec()));
        });
        // 4! / 2! times 2!
        assert_eq!(seen.len(), 24);
        assert!((assignment.ways() - 24.0).abs() < 1e-9);
    }

    #[test]
    fn draws_are_repeatable_and_keep_the_sizes_of_the_blocks() {
        let observed = [true, false, true, false, false, true];
        let assignment = Assignment::new(&observed, Some(&[0, 0, 0, 1, 1, 1])).unwrap();
        let how = Draws::MonteCarlo { draws: 3_000, seed: 7 };
        let (mut first, mut second, mut ones) = (Vec::new(), Vec::new(), [0; 6]);
        assignment.each(how, |labels| first.push(labels.to_vec()));
        assignment.each(how, |labels| second.push(labels.to_vec()));
        assert_eq!(first, second);
        for labels in &first {
            assert_eq!(labels[..3].iter().filter(|&&l| l).count(), 2);
            ones.iter_mut().zip(labels).for_each(|(one, &label)| *one += u32::from(label));
        }
        for (one, share) in ones.iter().zip([2.0, 2.0, 2.0, 1.0, 1.0, 1.0]) {
            assert!((f64::from(*one) / 3001.0 - share / 3.0).abs() < 0.03);
        }
    }
}

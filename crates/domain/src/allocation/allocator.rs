//! The one door to every method: used by the live service, by simulations, and by whoever replays a list.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::{
    AllocationSecret, BlockState, Calendar, Margins, arms_of_clusters, blocks::block, minimisation::Minimisation,
    next_in_block, simple,
};
use crate::{
    Pseudonym,
    protocol::{Allocation, Protocol},
};

/// How a trial's arms are drawn. Made once for each trial; what grows is in [`Progress`].
#[derive(Debug, Clone)]
pub struct Allocator {
    secret: AllocationSecret,
    ratio: Vec<u32>,
    rule: Rule,
}

#[derive(Debug, Clone)]
enum Rule {
    Simple,
    Blocks { multiples: Vec<u32> },
    Minimisation(Minimisation),
    Cluster(HashMap<String, usize>),
    SteppedWedge(Calendar),
}

/// Who is to be assigned, and when.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Who.
    pub unit: &'a Pseudonym,
    /// Stratum, levels of the factors, cluster or site, as [`label_of`](super::label_of) writes them; empty without any.
    pub group: &'a str,
    /// The day of the assignment in the trial's time zone.
    pub day: NaiveDate,
}

/// How far a trial's allocation has come. Its size depends on the plan and on the strata met, never on the people assigned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// People drawn so far, over all groups.
    pub drawn: u64,
    /// The blocks of each stratum.
    pub blocks: HashMap<String, BlockState>,
    /// What minimisation balances.
    pub margins: Margins,
}

impl Allocator {
    /// The allocator of a plan.
    #[must_use]
    pub fn of(plan: &Protocol, secret: AllocationSecret) -> Self {
        Self::new(&plan.allocation, &plan.ratio(), plan.control_index(), secret)
    }

    /// An allocator from its parts: `ratio` are the planned shares in the order of the arms, `control` the position of the
    /// arm that sites of a stepped wedge have before they cross.
    ///
    /// ```
    /// use chrono::NaiveDate;
    /// use fairtrial_domain::{Pseudonym, allocation::{AllocationSecret, Allocator, Progress, Subject}, protocol::Allocation};
    /// let blocks = Allocation::PermutedBlocks { strata: vec!["region".into()], block_multiples: vec![1] };
    /// let allocator = Allocator::new(&blocks, &[1, 1], 0, AllocationSecret::new([7; 32]));
    /// let (mut progress, unit) = (Progress::default(), Pseudonym::from_bytes(&[1; 16]).unwrap());
    /// let subject = Subject { unit: &unit, group: "north", day: NaiveDate::from_ymd_opt(2027, 3, 1).unwrap() };
    /// let pair = [allocator.assign(&mut progress, &subject), allocator.assign(&mut progress, &subject)];
    /// assert!(pair == [Some(0), Some(1)] || pair == [Some(1), Some(0)], "a block of two holds each arm once");
    /// ```
    #[must_use]
    pub fn new(method: &Allocation, ratio: &[u32], control: usize, secret: AllocationSecret) -> Self {
        let rule = match method {
            Allocation::Simple => Rule::Simple,
            Allocation::PermutedBlocks { block_multiples, .. } => Rule::Blocks { multiples: block_multiples.clone() },
            Allocation::Minimisation { factors, probability } => {
                Rule::Minimisation(Minimisation::new(factors.len(), *probability, ratio))
            }
            Allocation::Cluster { roster } => Rule::Cluster(arms_of_clusters(&secret, roster, ratio)),
            Allocation::SteppedWedge { sites, steps, transition_days, sites_per_step } => {
                Rule::SteppedWedge(Calendar::new(&secret, sites, steps, *transition_days, sites_per_step, control))
            }
        };
        Self { secret, ratio: ratio.to_vec(), rule }
    }

    /// Draws an arm, as its position among the arms, and moves the progress on. None, and nothing moved, for a cluster or
    /// site that is not on the roster and for a group that is not one level for each factor.
    pub fn assign(&self, progress: &mut Progress, subject: &Subject<'_>) -> Option<usize> {
        let arm = match &self.rule {
            Rule::Simple => simple(&self.secret, subject.unit, &self.ratio),
            Rule::Blocks { multiples } => {
                if !progress.blocks.contains_key(subject.group) {
                    progress.blocks.insert(subject.group.to_owned(), BlockState::default());
                }
                let state = progress.blocks.get_mut(subject.group)?;
                next_in_block(&self.secret, subject.group, &self.ratio, multiples, state)
            }
            Rule::Minimisation(rule) => {
                rule.next(&self.secret, progress.drawn, &mut progress.margins, subject.group)?
            }
            Rule::Cluster(arms) => arms.get(subject.group).copied()?,
            Rule::SteppedWedge(calendar) => calendar.arm(subject.group, subject.day)?,
        };
        progress.drawn += 1;
        Some(arm)
    }

    /// The arms of one block of a stratum in their order, for whoever draws many people at once: the `n`-th person of the
    /// block gets the `n`-th of them. None where there are no blocks.
    #[must_use]
    pub fn block(&self, stratum: &str, number: u64) -> Option<Vec<usize>> {
        match &self.rule {
            Rule::Blocks { multiples } => Some(block(&self.secret, stratum, &self.ratio, multiples, number)),
            _ => None,
        }
    }

    /// Whether the strata have blocks of their own.
    #[must_use]
    pub fn has_blocks(&self) -> bool {
        matches!(self.rule, Rule::Blocks { .. })
    }

    /// Whether the margins decide.
    #[must_use]
    pub fn has_margins(&self) -> bool {
        matches!(self.rule, Rule::Minimisation(_))
    }

    /// The calendar of a stepped wedge.
    #[must_use]
    pub fn calendar(&self) -> Option<&Calendar> {
        match &self.rule {
            Rule::SteppedWedge(calendar) => Some(calendar),
            _ => None,
        }
    }

    /// The secret that it draws from.
    #[must_use]
    pub fn secret(&self) -> &AllocationSecret {
        &self.secret
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_drawn_whole_is_the_block_drawn_person_by_person() {
        let method = Allocation::PermutedBlocks { strata: vec!["region".into()], block_multiples: vec![2, 3] };
        let allocator = Allocator::new(&method, &[2, 1], 0, AllocationSecret::new([5; 32]));
        let (mut progress, unit) = (Progress::default(), Pseudonym::from_bytes(&[1; 16]).unwrap());
        let whole: Vec<usize> = (0..20).flat_map(|number| allocator.block("north", number).unwrap()).collect();
        for arm in whole {
            let subject = Subject { unit: &unit, group: "north", day: NaiveDate::default() };
            assert_eq!(allocator.assign(&mut progress, &subject), Some(arm));
        }
        let simple = Allocator::new(&Allocation::Simple, &[1, 1], 0, AllocationSecret::new([5; 32]));
        assert_eq!(simple.block("north", 0), None);
    }
}

//! Sets of tables that end a trial: staircases in the lattice.

/// For each number of outcomes in arm 1, how far the set reaches along arm 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Staircase {
    /// Holds `(x1, x0)` with `x0` below the entry for `x1`: high scores.
    High(Vec<u32>),
    /// Holds `(x1, x0)` with `x0` at or above the entry for `x1`: low scores.
    Low(Vec<u32>),
}

impl Staircase {
    /// The empty set of high scores for a look with `n1` units in arm 1.
    pub(crate) fn no_high(n1: u64) -> Self {
        Self::High(vec![0; n1 as usize + 1])
    }

    /// The empty set of low scores.
    pub(crate) fn no_low(n1: u64, n0: u64) -> Self {
        Self::Low(vec![n0 as u32 + 1; n1 as usize + 1])
    }

    pub(crate) fn contains(&self, x1: usize, x0: usize) -> bool {
        match self {
            Self::High(reach) => reach.get(x1).is_some_and(|&end| x0 < end as usize),
            Self::Low(reach) => reach.get(x1).is_some_and(|&from| x0 >= from as usize),
        }
    }

    /// Adds a table; tables must be added in the order of their score, the most extreme first.
    pub(crate) fn add(&mut self, x1: u64, x0: u64) {
        match self {
            Self::High(reach) => {
                if let Some(end) = reach.get_mut(x1 as usize) {
                    *end = (*end).max(x0 as u32 + 1);
                }
            }
            Self::Low(reach) => {
                if let Some(from) = reach.get_mut(x1 as usize) {
                    *from = (*from).min(x0 as u32);
                }
            }
        }
    }

    /// Adds whatever is missing for the set to hold, with a table, also those with more outcomes in arm 1.
    pub(crate) fn close(&mut self) {
        if let Self::High(reach) = self {
            let mut longest = 0;
            for end in reach {
                longest = longest.max(*end);
                *end = longest;
            }
        }
    }

    /// The columns of the set in row `x1` of a look with `n0` units in arm 0.
    pub(crate) fn columns(&self, x1: usize, n0: u64) -> std::ops::Range<usize> {
        let end = n0 as usize + 1;
        match self {
            Self::High(reach) => 0..reach.get(x1).map_or(0, |&e| (e as usize).min(end)),
            Self::Low(reach) => reach.get(x1).map_or(end, |&f| (f as usize).min(end))..end,
        }
    }
}

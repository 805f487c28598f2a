//! Exact sums that can be merged and subtracted.

use serde::{Deserialize, Serialize};

/// How many units have a value, the sum of their values and of the squares, in whole steps of the outcome.
///
/// The sums of people's values fit by far: 10^9 people with values of 10^14 steps each. Sums beyond that stop at the largest
/// number instead of ending the program or wrapping round, and the analysis takes that for a contradiction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Units with a value.
    pub observed: u64,
    /// Sum of the values, in steps.
    pub sum: i128,
    /// Sum of the squares of the values, in steps squared.
    pub sum_of_squares: i128,
}

impl Tally {
    /// Takes one unit's value in.
    pub fn add(&mut self, value: i64) {
        self.observed = self.observed.saturating_add(1);
        self.sum = self.sum.saturating_add(i128::from(value));
        self.sum_of_squares = self.sum_of_squares.saturating_add(i128::from(value) * i128::from(value));
    }

    /// Takes one unit's value out again; undoes [`add`](Self::add) exactly.
    pub fn subtract(&mut self, value: i64) {
        self.observed = self.observed.saturating_sub(1);
        self.sum = self.sum.saturating_sub(i128::from(value));
        self.sum_of_squares = self.sum_of_squares.saturating_sub(i128::from(value) * i128::from(value));
    }

    /// Takes another tally in; the order of merging does not matter.
    pub fn merge(&mut self, other: &Self) {
        self.observed = self.observed.saturating_add(other.observed);
        self.sum = self.sum.saturating_add(other.sum);
        self.sum_of_squares = self.sum_of_squares.saturating_add(other.sum_of_squares);
    }
}

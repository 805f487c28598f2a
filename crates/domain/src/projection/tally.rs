//! Exact sums that can be merged and subtracted.

use serde::{Deserialize, Serialize};

/// How many units have a value, the sum of their values and of the squares, in whole steps of the outcome.
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
        self.observed += 1;
        self.sum += i128::from(value);
        self.sum_of_squares += i128::from(value) * i128::from(value);
    }

    /// Takes one unit's value out again; undoes [`add`](Self::add) exactly.
    pub fn subtract(&mut self, value: i64) {
        self.observed -= 1;
        self.sum -= i128::from(value);
        self.sum_of_squares -= i128::from(value) * i128::from(value);
    }

    /// Takes another tally in; the order of merging does not matter.
    pub fn merge(&mut self, other: &Self) {
        self.observed += other.observed;
        self.sum += other.sum;
        self.sum_of_squares += other.sum_of_squares;
    }
}

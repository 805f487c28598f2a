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
    ///
    /// Tallies of people fit by far. One that was handed in with impossible sums stops at the largest number instead of
    /// ending the program; the analysis then finds the contradiction.
    pub fn merge(&mut self, other: &Self) {
        self.observed = self.observed.saturating_add(other.observed);
        self.sum = self.sum.saturating_add(other.sum);
        self.sum_of_squares = self.sum_of_squares.saturating_add(other.sum_of_squares);
    }
}

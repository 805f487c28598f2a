//! Do two proportions differ when people were assigned within strata (offices, regions, months)?
//!
//! The comparison is made within each stratum and then put together, so that strata of different success cannot
//! mislead (Simpson's paradox). For strata of people, not for clusters assigned as a whole.

mod exact;
mod homogeneity;
mod mantel_haenszel;
mod score;

pub use exact::{ConditionalLogOdds, conditional_ln_odds, exact_common_odds_ratio, exact_test};
pub use homogeneity::{Homogeneity, homogeneity};
pub use mantel_haenszel::{
    chi_square, cochran_chi_square, common_odds_ratio, common_risk_difference, common_risk_ratio,
};
pub use score::{stratified_risk_difference, stratified_score_test};

use crate::StatError;
use crate::two_proportions::Table;

/// The tables of the strata that have people in both arms; the others say nothing about the difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strata {
    tables: Vec<Table>,
}

impl Strata {
    /// One row `[x1, n1, x0, n0]` for each stratum: successes and size of arm 1, then of arm 0.
    ///
    /// ```
    /// use fairtrial_stats::stratified::Strata;
    /// // A stratum with one arm only says nothing about the difference and is left out.
    /// let strata = Strata::new(&[[3, 10, 5, 11], [2, 4, 0, 0]]).unwrap();
    /// assert_eq!(strata.tables().len(), 1);
    /// assert_eq!(Strata::new(&[[2, 4, 0, 0]]).unwrap_err().code(), "too_few_units");
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` for more successes than people; `too_few_units` when no stratum has people in both arms.
    pub fn new(rows: &[[u64; 4]]) -> Result<Self, StatError> {
        let mut tables = Vec::with_capacity(rows.len());
        for [x1, n1, x0, n0] in rows.iter().copied() {
            if x1 > n1 || x0 > n0 {
                return Err(StatError::invalid("strata", "a stratum has more successes than people"));
            }
            if n1 > 0 && n0 > 0 {
                tables.push(Table::new(x1, n1, x0, n0)?);
            }
        }
        if tables.is_empty() {
            return Err(StatError::TooFewUnits { need: 2, got: 0 });
        }
        Ok(Self { tables })
    }

    /// The strata with people in both arms.
    ///
    /// ```
    /// use fairtrial_stats::{stratified::Strata, two_proportions::Table};
    /// let strata = Strata::new(&[[3, 10, 5, 11]]).unwrap();
    /// assert_eq!(strata.tables(), [Table::new(3, 10, 5, 11).unwrap()]);
    /// ```
    #[must_use]
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// The sum over strata of a function of the four cells: successes and failures of arm 1, then of arm 0.
    fn sum(&self, f: impl Fn(Cells) -> f64) -> f64 {
        self.tables.iter().map(|table| f(Cells::new(table))).sum()
    }
}

/// The four cells of a stratum and its sums.
#[derive(Clone, Copy)]
struct Cells {
    a: f64,
    b: f64,
    c: f64,
    d: f64,
    n1: f64,
    n0: f64,
    total: f64,
}

impl Cells {
    fn new(table: &Table) -> Self {
        let (x1, n1, x0, n0) = table.floats();
        Self { a: x1, b: n1 - x1, c: x0, d: n0 - x0, n1, n0, total: n1 + n0 }
    }
}

//! The numbers of paths as whole numbers: the second, independent way to the same probabilities.

use std::collections::BTreeMap;

use super::design::ExactBinaryDesign;
use crate::StatError;

/// Most units of both arms for which every number of paths fits into 128 bits.
pub const MAX_COUNTED_TOTAL: u64 = 126;

impl ExactBinaryDesign {
    /// For each look, how many sequences of outcomes end the trial with success there, by the total of outcomes.
    ///
    /// With the count `c_s` for `s` outcomes among `N` units, the probability of success at that look under a common
    /// proportion `p` is the sum of `c_s p^s (1 - p)^(N - s)`. Stops for futility and harm are ignored. The counts let
    /// anybody check the error rate with whole numbers.
    ///
    /// ```
    /// use fairtrial_stats::sequential::{Spending, exact_binary::{ExactBinaryDesign, ExactBinarySpec, LookSize}};
    /// // Only 3 of 3 against 0 of 3 rejects: one sequence with 3 outcomes, of probability p^3 (1 - p)^3.
    /// let looks = vec![LookSize { treatment: 3, control: 3 }];
    /// let design = ExactBinaryDesign::new(ExactBinarySpec::new(looks, 0.025, Spending::LanDeMetsPocock)).unwrap();
    /// let counts = design.rejection_counts().unwrap();
    /// assert_eq!(counts[0].iter().collect::<Vec<_>>(), [(&3, &1)]);
    /// ```
    ///
    /// # Errors
    /// `TooLarge` when the two arms together exceed [`MAX_COUNTED_TOTAL`] units.
    pub fn rejection_counts(&self) -> Result<Vec<BTreeMap<u64, u128>>, StatError> {
        let total = self.sizes.last().map_or(0, |&(n1, n0)| n1 + n0);
        if total > MAX_COUNTED_TOTAL {
            return Err(StatError::TooLarge { reason: format!("counts need at most {MAX_COUNTED_TOTAL} units") });
        }
        let mut result = Vec::with_capacity(self.sizes.len());
        let mut paths: Vec<Vec<u128>> = vec![vec![1]];
        let mut last = (0, 0);
        for (&(n1, n0), look) in self.sizes.iter().zip(&self.efficacy) {
            let (row1, row0) = (pascal(n1 - last.0), pascal(n0 - last.1));
            let mut next = vec![vec![0_u128; n0 as usize + 1]; n1 as usize + 1];
            for (y1, row) in paths.iter().enumerate() {
                for (y0, &count) in row.iter().enumerate().filter(|(_, count)| **count > 0) {
                    for (d1, c1) in row1.iter().enumerate() {
                        for (d0, c0) in row0.iter().enumerate() {
                            next[y1 + d1][y0 + d0] += count * c1 * c0;
                        }
                    }
                }
            }
            let mut rejected = BTreeMap::new();
            for (x1, row) in next.iter_mut().enumerate() {
                for cell in row.iter_mut().enumerate().take(look.region.columns(x1, n0).end) {
                    let (x0, count) = cell;
                    if *count > 0 {
                        *rejected.entry((x1 + x0) as u64).or_insert(0) += *count;
                        *count = 0;
                    }
                }
            }
            result.push(rejected);
            paths = next;
            last = (n1, n0);
        }
        Ok(result)
    }
}

/// Binomial coefficients of `n`.
fn pascal(n: u64) -> Vec<u128> {
    let mut row = vec![1_u128];
    for _ in 0..n {
        let mut next = vec![1; row.len() + 1];
        for (target, pair) in next.iter_mut().skip(1).zip(row.windows(2)) {
            *target = pair[0] + pair[1];
        }
        row = next;
    }
    row
}

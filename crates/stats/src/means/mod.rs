//! Outcomes that are amounts: differences and ratios of means, with and without covariates, ranks and permutation tests.

mod adjustment;
mod common_slopes;
mod difference;
mod permutation;
mod rank_sum;
mod ratio;

pub use adjustment::{Cuped, Lin, ancova, cuped, lin};
pub use common_slopes::common_slopes;
pub use difference::{blocked_difference, student, welch};
pub(crate) use permutation::below as uniform_below;
pub use permutation::{Draws, PermutationTest, arrangements, permutation_difference, permutation_test};
pub use rank_sum::{RankSum, rank_sum};
pub use ratio::{fieller_set, fieller_set_with_critical, ratio_of_means};

use crate::error::StatError;
use crate::sufficient::Moments;

/// The variance of an arm's mean; an arm of one unit has none.
pub(crate) fn variance_of_mean(arm: &Moments, argument: &str) -> Result<f64, StatError> {
    Ok(arm.checked(argument)?.variance()? / arm.n as f64)
}

/// Degrees of freedom of a sum of independent variance estimates (Satterthwaite 1946; Welch 1947).
pub(crate) fn satterthwaite(parts: &[(f64, f64)]) -> f64 {
    let total: f64 = parts.iter().map(|(variance, _)| variance).sum();
    if total <= 0.0 {
        return parts.iter().map(|&(_, df)| df).fold(f64::INFINITY, f64::min);
    }
    // Shares instead of squares of variances: these would underflow for very small scales.
    1.0 / parts.iter().map(|(variance, df)| (variance / total).powi(2) / df).sum::<f64>()
}

use crate::special::elementary::{exp, ln};
use serde::{Deserialize, Serialize};

use crate::error::StatError;
use crate::estimate::PValue;
use crate::special::count::ln_hypergeometric;

/// Most units for which the exact test sums all tables.
const MOST: u64 = 5_000_000;

/// Missing outcomes in the two arms.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Attrition {
    /// Share missing in arm 1.
    pub share1: f64,
    /// Share missing in arm 0.
    pub share0: f64,
    /// Difference of the shares 1 - 0.
    pub difference: f64,
    /// Two-sided p-value: twice the smaller tail.
    pub p_value: PValue,
}

/// Are outcomes missing more often in one arm? (Fisher's exact test of the missing shares, central.)
///
/// # Arguments
/// * `missing1`, `assigned1` - units without outcome and units in arm 1; `missing0`, `assigned0` - in arm 0.
///
/// # When not
/// A large p-value does not show that nothing is missing selectively: read [`super::lee_bounds`] beside the estimate.
///
/// # Source
/// Fisher (1935); Fay (2010) for the central p-value.
///
/// ```
/// use fairtrial_stats::missing::attrition_test;
/// let attrition = attrition_test(14, 70, 32, 80).unwrap();
/// assert!((attrition.difference + 0.2).abs() < 1e-14);
/// assert!(attrition.p_value.p() < 0.02);
/// ```
///
/// # Errors
/// `TooFewUnits` for an empty arm, `TooLarge` beyond 5 million units, `InvalidArgument`.
pub fn attrition_test(missing1: u64, assigned1: u64, missing0: u64, assigned0: u64) -> Result<Attrition, StatError> {
    if assigned1 == 0 || assigned0 == 0 {
        return Err(StatError::TooFewUnits { need: 1, got: 0 });
    }
    if missing1 > assigned1 {
        return Err(StatError::invalid("missing1", "more missing than assigned"));
    }
    if missing0 > assigned0 {
        return Err(StatError::invalid("missing0", "more missing than assigned"));
    }
    if assigned1.max(assigned0) > MOST {
        return Err(StatError::TooLarge { reason: format!("more than {MOST} units an arm") });
    }
    let total = missing1 + missing0;
    let (least, most) = (total.saturating_sub(assigned0), total.min(assigned1));
    let ln_sum = |from: u64, to: u64| {
        let terms: Vec<f64> = (from..=to).map(|k| ln_hypergeometric(k, assigned1, assigned0, total)).collect();
        let largest = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        largest + ln(terms.iter().map(|term| exp(term - largest)).sum::<f64>())
    };
    let tail = ln_sum(least, missing1).min(ln_sum(missing1, most));
    let (share1, share0) = (missing1 as f64 / assigned1 as f64, missing0 as f64 / assigned0 as f64);
    let p_value = PValue::from_ln(tail + std::f64::consts::LN_2);
    Ok(Attrition { share1, share0, difference: share1 - share0, p_value })
}

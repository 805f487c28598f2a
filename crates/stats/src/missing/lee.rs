use serde::{Deserialize, Serialize};

use super::Bounds;
use crate::error::StatError;
use crate::wald::check_all_finite;

/// What happens to the unit on the edge when the number to leave out is not whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trimming {
    /// It counts in part; the default.
    Fractional,
    /// It counts in full.
    WholeUnits,
}

/// Bounds of the effect on those whose outcome would be seen in either arm.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LeeBounds {
    /// Bounds of the difference of means 1 - 0.
    pub bounds: Bounds,
    /// Share with outcome in arm 1.
    pub observed_share1: f64,
    /// Share with outcome in arm 0.
    pub observed_share0: f64,
    /// Share of the more complete arm's outcomes that is left out.
    pub trimmed_share: f64,
    /// Number of outcomes left out.
    pub trimmed: f64,
}

/// Between which limits does the effect lie on those whose outcome is seen whatever their arm? (Lee's trimming bounds.)
///
/// # Arguments
/// * `arm1`, `arm0` - observed outcomes; `missing1`, `missing0` - numbers of units without one; `trimming` - of the edge unit.
///
/// # Result
/// The arm with more outcomes is cut at the top for one bound and at the bottom for the other.
///
/// # When not
/// Not when assignment makes an outcome visible for some people and invisible for others.
///
/// # Source
/// Lee (2009), Review of Economic Studies 76:1071-1102, proposition 1a. Equal values do not matter: the edge unit has one value.
///
/// ```
/// use fairtrial_stats::missing::{Trimming, lee_bounds};
/// // All five of arm 1 are seen, four of five of arm 0: the best or the worst of arm 1 is left out.
/// let bounds = lee_bounds(&[1.0, 2.0, 3.0, 4.0, 5.0], 0, &[1.0, 2.0, 3.0, 4.0], 1, Trimming::Fractional).unwrap().bounds;
/// assert!((bounds.lower - 0.0).abs() < 1e-12 && (bounds.upper - 1.0).abs() < 1e-12);
/// ```
///
/// # Errors
/// `TooFewUnits` when no outcome is left in an arm, `InvalidArgument`.
pub fn lee_bounds(
    arm1: &[f64],
    missing1: u64,
    arm0: &[f64],
    missing0: u64,
    trimming: Trimming,
) -> Result<LeeBounds, StatError> {
    check_all_finite("arm1", arm1)?;
    check_all_finite("arm0", arm0)?;
    if arm1.is_empty() || arm0.is_empty() {
        return Err(StatError::TooFewUnits { need: 1, got: 0 });
    }
    let (seen1, seen0) = (arm1.len() as u128, arm0.len() as u128);
    let (all1, all0) = (seen1 + u128::from(missing1), seen0 + u128::from(missing0));
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let too_large = || StatError::TooLarge { reason: "numbers of units".into() };
    // Shares are compared by cross-multiplication, so that equal shares trim nothing and whole numbers stay whole.
    let cross1 = seen1.checked_mul(all0).ok_or_else(too_large)?;
    let cross0 = seen0.checked_mul(all1).ok_or_else(too_large)?;
    let (numerator, denominator) = if cross1 >= cross0 { (cross1 - cross0, all0) } else { (cross0 - cross1, all1) };
    let (whole, rest) = (numerator / denominator, numerator % denominator);
    let part = if trimming == Trimming::Fractional { rest as f64 / denominator as f64 } else { 0.0 };
    let trimmed = whole as f64 + part;
    let (complete, other) = if cross1 >= cross0 { (arm1, arm0) } else { (arm0, arm1) };
    let mut sorted = complete.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let whole = usize::try_from(whole).map_err(|_| too_large())?;
    let kept = sorted.len() as f64 - trimmed;
    if kept < 1e-9 {
        return Err(StatError::TooFewUnits { need: 1, got: 0 });
    }
    let without_top = cut(sorted.iter().copied().rev(), whole, part) / kept;
    let without_bottom = cut(sorted.iter().copied(), whole, part) / kept;
    let (one, another) = if cross1 >= cross0 {
        (without_top - mean(other), without_bottom - mean(other))
    } else {
        (mean(other) - without_bottom, mean(other) - without_top)
    };
    // Where nothing is trimmed both are the same number, and rounding may exchange them.
    let bounds = Bounds { lower: one.min(another), upper: one.max(another) };
    let (share1, share0) = (seen1 as f64 / all1 as f64, seen0 as f64 / all0 as f64);
    Ok(LeeBounds {
        bounds,
        observed_share1: share1,
        observed_share0: share0,
        trimmed_share: numerator as f64 / denominator as f64 / complete.len() as f64,
        trimmed,
    })
}

/// Sum without the first `whole` values and without a part of the next one.
fn cut(values: impl Iterator<Item = f64>, whole: usize, part: f64) -> f64 {
    let mut rest = values.skip(whole);
    let edge = rest.next().map_or(0.0, |value| (1.0 - part) * value);
    edge + rest.sum::<f64>()
}

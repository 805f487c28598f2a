//! Small samples of means: boundaries for a t statistic.

use crate::StatError;
use crate::special::{normal, student};

/// Degrees of freedom below which the approximation is not good enough.
const LEAST_DEGREES: f64 = 10.0;

/// The boundary for a t statistic with the tail probability of a normal boundary `z`.
///
/// The significance-level approach: each look keeps its nominal one-sided level and reads it off Student's t with the
/// degrees of freedom of the look. The overall error is close to the stated one but not exact.
///
/// When not: below 10 degrees of freedom (refused; use [`crate::sequential::permutation`]).
///
/// Source: Jennison and Turnbull 2000, section 3.8.
///
/// ```
/// let t = fairtrial_stats::sequential::group::student_bound(2.0, 30.0)?;
/// assert!((t - 2.0868).abs() < 1e-4);
/// # Ok::<(), fairtrial_stats::StatError>(())
/// ```
///
/// # Errors
/// `InvalidArgument` when `z` is not a number or the degrees are not positive; `NotEstimable` below 10 degrees.
pub fn student_bound(z: f64, degrees_of_freedom: f64) -> Result<f64, StatError> {
    if z.is_nan() {
        return Err(StatError::invalid("z", "must be a number"));
    }
    if degrees_of_freedom.is_nan() || degrees_of_freedom <= 0.0 {
        return Err(StatError::invalid("degrees_of_freedom", "must be above 0"));
    }
    if degrees_of_freedom < LEAST_DEGREES {
        return Err(StatError::not_estimable(
            "the t boundary needs at least 10 degrees of freedom; use the permutation design",
        ));
    }
    if z.is_infinite() {
        return Ok(z);
    }
    let tail = normal::sf(z.abs());
    Ok(if tail < 1e-300 {
        z.signum() * f64::INFINITY
    } else {
        -z.signum() * student::quantile(tail, degrees_of_freedom)
    })
}

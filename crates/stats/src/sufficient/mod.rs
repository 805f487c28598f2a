//! Sufficient statistics: what is kept of the units, so that no estimate ever has to read the units again.
//!
//! The exact ones hold whole numbers only. They can be added up in any order, on any number of servers, and a corrected or
//! erased unit can be taken away again, with the same bytes as a result. [`Moments`] and [`CoMoments`] are the floating-point
//! summaries that the estimators take; they are computed from the exact sums without cancellation.

mod binary;
mod co_sums;
mod decimal_text;
mod fixed_sums;
mod grouped;
mod moments;
mod rate;

pub use binary::Binary;
pub use co_sums::{CoMoments, CoSums};
pub use fixed_sums::{FixedSums, Step};
pub use grouped::{Clustered, Grouped, Stratified};
pub use moments::Moments;
pub use rate::RateSums;

use crate::error::StatError;

/// A summary of units that can be added to and subtracted from another one, exactly.
///
/// `merge` is associative and commutative, and `subtract` undoes it, bit for bit. When either fails, nothing has changed.
///
/// ```
/// use fairtrial_stats::sufficient::{Binary, Sufficient};
/// let (mut monday, tuesday) = (Binary { n: 10, x: 4 }, Binary { n: 5, x: 5 });
/// monday.merge(&tuesday).unwrap();
/// assert_eq!((monday, monday.units()), (Binary { n: 15, x: 9 }, 15));
/// monday.subtract(&tuesday).unwrap();
/// assert_eq!(monday, Binary { n: 10, x: 4 });
/// // What was never merged cannot be taken away, and nothing changes.
/// assert!(monday.subtract(&Binary { n: 3, x: 9 }).is_err() && monday == Binary { n: 10, x: 4 });
/// ```
pub trait Sufficient: Clone + Default + PartialEq {
    /// Number of units summarised.
    fn units(&self) -> u64;

    /// Adds the units of another summary.
    ///
    /// # Errors
    /// `TooLarge` when a sum leaves the range of its integer, `InvalidArgument` when the summaries have different shapes.
    fn merge(&mut self, other: &Self) -> Result<(), StatError>;

    /// Takes away the units of another summary that had been merged before.
    ///
    /// # Errors
    /// `InvalidArgument` when the other summary cannot have been part of this one.
    fn subtract(&mut self, other: &Self) -> Result<(), StatError>;
}

fn add(a: i128, b: i128, what: &str) -> Result<i128, StatError> {
    a.checked_add(b).ok_or_else(|| overflow(what))
}

fn sub(a: i128, b: i128, what: &str) -> Result<i128, StatError> {
    a.checked_sub(b).ok_or_else(|| overflow(what))
}

fn mul(a: i128, b: i128, what: &str) -> Result<i128, StatError> {
    a.checked_mul(b).ok_or_else(|| overflow(what))
}

fn overflow(what: &str) -> StatError {
    StatError::TooLarge { reason: format!("the {what} leaves the range of a 128-bit whole number") }
}

fn add_units(a: u64, b: u64) -> Result<u64, StatError> {
    a.checked_add(b).ok_or_else(|| StatError::TooLarge { reason: "more than 2^64 units".into() })
}

fn take_units(a: u64, b: u64) -> Result<u64, StatError> {
    a.checked_sub(b)
        .ok_or_else(|| StatError::invalid("other", format!("holds {b} units, but only {a} can be taken away")))
}

/// Sum of products of deviations from the means, `s_ij - s_i s_j / n`, exact up to the last rounding.
///
/// With `s_i = q_i n + r_i` the whole-number part is centred on `q_i`, which is small whenever the deviations are, so that
/// nothing is lost however far the values lie from zero.
fn centred_product(n: u64, s_i: i128, s_j: i128, s_ij: i128) -> Result<f64, StatError> {
    if n == 0 {
        return Err(StatError::TooFewUnits { need: 1, got: 0 });
    }
    let what = "sum of squares";
    let count = i128::from(n);
    let (q_i, r_i) = (s_i.div_euclid(count), s_i.rem_euclid(count));
    let (q_j, r_j) = (s_j.div_euclid(count), s_j.rem_euclid(count));
    let centred = sub(sub(s_ij, mul(q_i, s_j, what)?, what)?, mul(q_j, r_i, what)?, what)?;
    // r_i r_j / n < n; it is split into whole and fraction so that the whole part is subtracted exactly. The remainders are
    // below 2^64, so their product fits an unsigned 128-bit number.
    let product = r_i.unsigned_abs() * r_j.unsigned_abs();
    let whole = i128::try_from(product / u128::from(n)).map_err(|_| overflow(what))?;
    let rest = i128::try_from(product % u128::from(n)).map_err(|_| overflow(what))?;
    let difference = sub(centred, whole, what)?;
    Ok(match difference.checked_mul(count).and_then(|scaled| scaled.checked_sub(rest)) {
        Some(exact) => exact as f64 / n as f64,
        None => difference as f64 - rest as f64 / n as f64,
    })
}

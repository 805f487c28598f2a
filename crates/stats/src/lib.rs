//! Statistics for small public-service trials: numbers in, numbers out.
//!
//! Arm 1 is the new version, arm 0 the current one; an effect is always 1 - 0 or 1 / 0. What cannot be computed is an
//! error ([`StatError`]) or an unbounded interval, never 0, `p = 1` or NaN. No clock, no I/O, no ambient randomness.

pub mod anytime;
mod assignment;
pub mod bayes;
pub mod cluster;
pub mod confidence_set;
pub mod error;
pub mod estimate;
pub mod instrumental;
pub mod linear;
mod log_spread;
pub mod means;
pub mod meta;
pub mod method;
pub mod missing;
pub mod multiplicity;
pub mod one_proportion;
pub mod paired_proportions;
pub mod power;
pub mod rates;
pub mod sample_ratio;
pub mod sequential;
mod shift_inversion;
pub mod special;
pub mod stratified;
pub mod sufficient;
pub mod survival;
pub mod two_proportions;
mod variance_recovery;
mod wald;

pub use error::StatError;
pub use estimate::{Estimate, Guarantee, Interval, PValue, Side};

//! Dense linear algebra of small matrices and least squares with robust variances.

mod least_squares;
mod matrix;
mod symmetric;

pub(crate) use matrix::{Matrix, dot};
pub(crate) use symmetric::{inverse_spd, ln_determinant_spd, power_symmetric};

pub use least_squares::{Heteroskedastic, LeastSquares};

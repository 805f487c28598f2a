//! Special functions and distributions that the methods stand on, accurate in the far tails and for shapes up to 1e8.
//!
//! Why own code: the general library loses between 1e-10 and everything on the normal tail, Student's t with many
//! degrees of freedom, the beta distribution with large shapes, and the hypergeometric distribution. Where it is sound
//! (normal quantile, log-gamma, digamma) it is used.
//!
//! Conventions: an argument outside the domain gives NaN, as everywhere in floating point; the methods check their
//! arguments before they come here. Every iteration has a cap. Tails are computed directly, never as 1 - p.

pub mod beta;
pub mod chi_square;
pub mod count;
pub mod elementary;
pub mod f_distribution;
pub mod gamma;
pub mod incomplete_gamma;
pub mod normal;
pub mod quadrature;
pub mod root;
pub mod student;

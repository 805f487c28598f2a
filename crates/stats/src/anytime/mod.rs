//! Inference that stays valid however often and whenever one looks, without planned looks.
//!
//! The price is wider intervals and less power than a design with planned looks ([`crate::sequential`]): use it for
//! watching over a trial, not for its verdict.

mod bernoulli;
mod betting;
mod evidence;
mod normal;
mod safe;

pub use bernoulli::{beta_mixture, beta_mixture_difference, beta_mixture_evidence, beta_mixture_excess};
pub use betting::betting;
pub use evidence::{EProcess, EValue};
pub use normal::{ASYMPTOTIC_UNITS, asymptotic_interval, linear_model, mixture_ratio_test, normal_mixture_bound};
pub use safe::{LogrankStep, SafeTwoByTwo, safe_logrank, safe_t, safe_z};

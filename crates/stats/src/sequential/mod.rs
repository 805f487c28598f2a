//! Trials with planned looks: when to stop, what the error rates are, and what may be said after stopping.

pub mod exact_binary;
pub mod group;
pub mod many_arms;
pub mod permutation;
pub(crate) mod recursion;
pub(crate) mod spending;

pub use spending::Spending;

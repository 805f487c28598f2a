//! What a person who starts from a stated prior would believe afterwards. For reports only: no stopping rule, no error rate.

mod beta_arms;
mod conjugate;
mod predictive;
mod tail_grid;

pub use beta_arms::{BetaPosterior, expected_loss, probability_best, probability_difference_exceeds};
pub use conjugate::{NormalPosterior, normal_posterior, rate_probability_higher};
pub use predictive::{PredictiveDesign, predictive_success};

//! Several trials of the same question, or subgroups of one trial, put together.

mod heterogeneity;
mod pool;
mod subgroups;

pub use heterogeneity::{BetweenTrials, Heterogeneity, heterogeneity, q_profile};
pub use pool::{Pooled, Pooling, pool};
pub use subgroups::{QualitativeInteraction, qualitative_interaction, shrunken_effects};

use crate::error::StatError;
use crate::wald::{check_all_finite, check_positive};

/// Most trials at once.
const MOST: usize = 10_000;

fn check(effects: &[f64], variances: &[f64]) -> Result<(), StatError> {
    if effects.len() != variances.len() {
        return Err(StatError::invalid("variances", "needs one variance per effect"));
    }
    if effects.len() > MOST {
        return Err(StatError::TooLarge { reason: format!("more than {MOST} trials") });
    }
    check_all_finite("effects", effects)?;
    variances.iter().try_for_each(|&variance| check_positive("variances", variance))
}

//! Several questions in one trial: adjusted p-values, graphical procedures, and comparisons of many arms with one control.

mod adjust;
mod dunnett;
mod graph;

pub use adjust::{Adjustment, adjust};
pub use dunnett::Dunnett;
pub use graph::{Graph, GraphResult};

use crate::error::StatError;

pub(crate) fn check_p_values(p: &[f64]) -> Result<(), StatError> {
    if p.is_empty() {
        return Err(StatError::invalid("p", "needs at least one p-value"));
    }
    if p.iter().all(|value| (0.0..=1.0).contains(value)) {
        Ok(())
    } else {
        Err(StatError::invalid("p", "every p-value must lie between 0 and 1"))
    }
}

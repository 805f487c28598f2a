//! Group-sequential designs for statistics that are normal in large samples.

mod boundary;
mod design;
mod plan;

pub use design::{GroupSequentialDesign, LookBounds, Operating};
pub use plan::{Efficacy, Futility, GroupSequentialSpec, Harm, MAX_LOOKS};

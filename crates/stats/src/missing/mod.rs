//! Outcomes that are missing: what they could hide, and whether they are missing more often in one arm.

mod attrition;
mod lee;
mod manski;

pub use attrition::{Attrition, attrition_test};
pub use lee::{LeeBounds, Trimming, lee_bounds};
pub use manski::{BoundedOutcome, Bounds, imbens_manski, manski_bounds};

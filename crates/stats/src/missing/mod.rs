//! Outcomes that are missing: what they could hide, and whether they are missing more often in one arm.

mod attrition;
mod lee;
mod manski;
mod tipping;

pub use attrition::{Attrition, attrition_test};
pub use lee::{LeeBounds, Trimming, lee_bounds};
pub use manski::{BoundedOutcome, Bounds, imbens_manski, manski_bounds};
pub use tipping::{
    Conclusion, PartlyObserved, TippingPoints, TippingRow, TippingShift, tipping_point_means, tipping_point_proportions,
};

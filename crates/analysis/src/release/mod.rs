//! Disclosure control: what may leave the people who run and analyse a trial, so that no small group can be made out.
//!
//! Three views of one report. **Inside**: the [`Report`](crate::Report) itself, for those who analyse the trial.
//! **Agency** and **public**: a [`ReleasedReport`], which only [`release`] makes. A public page or file takes a
//! `ReleasedReport` and nothing else, so an uncontrolled number does not compile there:
//!
//! ```compile_fail
//! fn publish(report: &fairtrial_analysis::Report) {
//!     fn page(_: &fairtrial_analysis::release::ReleasedReport) {}
//!     page(report); // a raw report is no released one
//! }
//! ```
//!
//! What is done, after the rules of Stats NZ and the Ministry of Social Development:
//!
//! * A count below [`Policy::suppress_below`] is not shown, and neither is a count whose complement is below it.
//! * Any other count is rounded at random to a multiple of [`Policy::base`], never further than to the next one, and so
//!   that it is right on average. Chance is a keyed hash of trial, place and count: asked again, the answer is the same.
//! * Totals are added up from released parts, so that they tell nothing that the parts do not.
//! * Where a hidden count could still be worked out from its margins, a margin is hidden too ([`ReleasedArm`]); a shown
//!   number of people with an outcome counts as one of them.
//! * Shares, differences and intervals of yes-or-no outcomes are computed from the released counts. Averages, and all
//!   values where whole clusters are assigned, need [`Policy::sums_below`] people and are rounded to a grid on which many
//!   different data give the same number.
//! * p-values, results by group in numbers, and the estimate of more people needed stay inside.
//! * The public sees nothing before the data are locked: two interim results differ by a few people.

mod arm;
mod count;
mod course;
mod explored;
mod margins;
mod masked;
mod outcome;
mod policy;
mod report;

pub use arm::ReleasedArm;
pub use count::{Count, ReleaseKey};
pub use course::{ReleasedCourse, ReleasedCourseArm, ReleasedPoint, release_course};
pub use explored::{ReleasedExplored, release_explored};
pub use masked::Masked;
pub use outcome::{ArmNumbers, ReleasedOutcome};
pub use policy::{Policy, PolicyError};
pub use report::{
    NotReleased, ReleasedArmCost, ReleasedCost, ReleasedExtra, ReleasedFlow, ReleasedFlowArm, ReleasedGate,
    ReleasedGroup, ReleasedReason, ReleasedReport, View, release,
};

//! Group-sequential designs for statistics that are normal in large samples.

mod boundary;
mod conditional;
mod design;
mod plan;
mod proportions;
mod repeated;
mod sample_size;
mod single_arm;
mod stagewise;
mod student;

pub use design::{GroupSequentialDesign, LookBounds, Operating};
pub use plan::{Efficacy, Futility, GroupSequentialSpec, Harm, MAX_LOOKS};
pub use sample_size::SampleSize;
pub use single_arm::{SingleArmOperating, single_arm};
pub use stagewise::StagewiseInference;
pub use student::student_bound;

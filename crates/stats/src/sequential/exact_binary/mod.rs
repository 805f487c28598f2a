//! Exact group-sequential inference for two arms and a yes-or-no outcome, for trials of some dozens of units.
//!
//! Normal boundaries let more false successes through than they state when arms are small; here every error rate is a sum
//! over all tables, at the worst common proportion, with a proof.

mod design;
mod edge;
mod inference;
mod lattice;
mod nuisance;
mod one_sided;
mod operating;
mod order;
mod path_counts;
mod plan;
mod region;

pub use crate::two_proportions::CertifiedSupremum;
pub use design::{ExactBinaryDesign, ExactDecision, ExactLook};
pub(crate) use lattice::binomial;
pub use operating::{ExactOperating, ExactStop};
pub use order::Score;
pub use path_counts::MAX_COUNTED_TOTAL;
pub use plan::{ExactBinarySpec, ExactFutility, ExactHarm, LookSize, MAX_CELLS, MAX_LOOKS, MAX_MARGIN_CELLS, MAX_WORK};

//! Time until something happens, with people who are still waiting when the data are cut.

mod cox;
mod event_table;
mod kaplan_meier;
mod logrank;
mod restricted_mean;

pub use cox::{CoxModel, Ties, cox, cox_clustered};
pub use event_table::{EventTable, Observation};
pub use kaplan_meier::{IntervalScale, KaplanMeier, MedianTime, SurvivalAt};
pub use logrank::{LogRank, logrank, logrank_permutation, logrank_stratified};
pub use restricted_mean::{RestrictedMean, RestrictedMeanComparison, compare_restricted_means, restricted_mean};

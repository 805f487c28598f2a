//! Trials in which whole clusters (offices, classes, days) were assigned: everything from one summary per cluster.

mod correlation;
mod means;
mod robust;
mod robust_regression;

pub use correlation::{ClusterVariance, cluster_variance, design_effect};
pub use means::{cluster_means_student, cluster_means_welch, cluster_permutation};
pub use robust::{ClusterRobust, cluster_robust};
pub use robust_regression::cluster_robust_regression;

//! Can the trial answer its question? Size, power and the smallest effect that can be seen, before anybody is assigned.
//!
//! A [`Question`] holds what is assumed; [`answer`] gives numbers with their units and the sentences that people read.
//! Everything is computed by the power functions of the statistics crate for the tests that the analysis will use:
//! Boschloo's exact test for a binary outcome of up to 300 people, the score test above that and for a margin, Welch's t for
//! counts, amounts, durations and ratings, the t test of cluster means where whole clusters are assigned, and the order of the sites
//! drawn again where they change over one after the other.

mod answer;
mod fixed;
mod forecast;
mod question;
mod rule;
mod sentences;

pub use answer::{Answer, ClusterNeed, LookPlan, LooksAnswer, WayOut, answer};
pub use forecast::forecast;
pub use question::{Clusters, Looks, Problem, Question, Rollout};
pub use rule::{Hypotheses, RulePlan, TruthRow, rule_plan};

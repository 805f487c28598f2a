//! Do two proportions differ, and by how much? Two independent groups of people, each outcome yes or no.
//!
//! Arm 1 is the new version (`x1` successes among `n1`), arm 0 the current one. The default for a difference is the
//! Miettinen-Nurminen interval with Boschloo's exact test; [`exact_risk_difference`] is exact throughout. None of these
//! serve clusters, pairs or repeated looks.

mod bernstein;
mod closed_form;
mod conditional;
mod conditional_odds;
mod edge;
mod edge_search;
mod exact_difference;
mod exact_intervals;
mod exact_limit;
mod exact_ratio;
mod fisher;
mod frontier;
mod limit_search;
mod melded;
mod mover;
mod odds_edge;
mod ordering;
mod outside;
mod proof;
mod rejection;
mod score;
mod skewness;
mod straight_edge;
mod supremum;
mod table;
mod unconditional;

pub use closed_form::{agresti_caffo, newcombe, pearson, pooled_z, wald};
pub use conditional_odds::conditional_odds_ratio;
pub use exact_difference::{bisected_exact_limits, exact_margin_test, exact_risk_difference};
pub use exact_intervals::ExactIntervals;
pub use exact_ratio::{BERGER_BOOS_GAMMA, ExactMeasure, exact_unconditional, exact_unconditional_test};
pub use fisher::{FisherMethod, fisher, mid_p_one_sided};
pub use melded::{melded_risk_difference, melded_risk_ratio};
pub use mover::{mover_ratio, mover_risk_difference};
pub use rejection::{ExactTest, RejectionRegion, exact_needed, exact_power};
pub use score::{
    Ratio, ScoreVariance, margin_test, odds_ratio_score, risk_difference_score, risk_ratio_score, score_statistic,
    score_test,
};
pub use skewness::{scas_ratio, scas_risk_difference};
pub use supremum::CertifiedSupremum;
pub use table::Table;
pub use unconditional::{UnconditionalTest, barnard, barnard_absolute, boschloo, boschloo_min_likelihood};

pub(crate) use score::{Restricted, log_root, normal_p, restricted_by_difference, standardised};
pub(crate) use skewness::corrected;
pub(crate) use table::check_level;

use crate::{Estimate, Guarantee, Side, StatError};

/// Largest total for which the default analysis uses the exact test.
pub const EXACT_TOTAL: u64 = 300;

/// By how much does the proportion of arm 1 exceed that of arm 0?
///
/// Estimate x1/n1 - x0/n0 with the Miettinen-Nurminen interval. The p-value of no difference is Boschloo's exact test
/// (two-sided, twice the smaller tail) up to 300 people in all, and the Miettinen-Nurminen score test beyond;
/// `guarantee` speaks of the test. Close to the line the interval could leave out 0 where the exact test does not reject at
/// 1 - level (8 of the 441 tables of 20 and 20 people at 95 %); it is then widened to 0, so that the two never
/// contradict. `level` in (0, 1). Not for clusters or pairs.
///
/// Sources: Miettinen and Nurminen 1985, Statist. Med. 4, 213-226; Boschloo 1970, Statist. Neerl. 24, 1-35.
///
/// ```
/// let e = fairtrial_stats::two_proportions::risk_difference(56, 70, 48, 80, 0.95).unwrap();
/// assert!((e.interval.lower - 0.052_829_713_2).abs() < 1e-9 && (e.interval.upper - 0.338_172_940_0).abs() < 1e-9);
/// ```
///
/// # Errors
/// `invalid_argument` for x above n or a level outside (0, 1); `too_few_units` for an empty arm.
pub fn risk_difference(x1: u64, n1: u64, x0: u64, n0: u64, level: f64) -> Result<Estimate, StatError> {
    let table = Table::new(x1, n1, x0, n0)?;
    let mut estimate = risk_difference_score(&table, level, ScoreVariance::MiettinenNurminen)?;
    if table.total() <= EXACT_TOTAL {
        let p_value = boschloo(&table, Side::Two)?.p_value;
        estimate.method = "Miettinen-Nurminen interval, Boschloo's exact test".to_owned();
        if p_value.p() > 1.0 - level && !estimate.interval.contains(0.0) {
            estimate.interval.lower = estimate.interval.lower.min(0.0);
            estimate.interval.upper = estimate.interval.upper.max(0.0);
            estimate.method.push_str(" (interval widened to agree with the test)");
        }
        estimate.p_value = Some(p_value);
        estimate.guarantee = Guarantee::Exact;
    }
    Ok(estimate)
}

/// How many times the proportion of arm 0 is that of arm 1?
///
/// Estimate (x1/n1)/(x0/n0) with the Miettinen-Nurminen score interval (Koopman's with the factor N/(N-1)) and the
/// p-value of a ratio of 1 from the score test. Unbounded above when x0 = 0; no estimate when both are 0.
///
/// ```
/// let e = fairtrial_stats::two_proportions::risk_ratio(56, 70, 48, 80, 0.95).unwrap();
/// assert!((e.interval.lower - 1.079_047_119_5).abs() < 1e-9 && (e.interval.upper - 1.672_145_359_1).abs() < 1e-9);
/// ```
///
/// # Errors
/// As [`risk_difference`].
pub fn risk_ratio(x1: u64, n1: u64, x0: u64, n0: u64, level: f64) -> Result<Estimate, StatError> {
    risk_ratio_score(&Table::new(x1, n1, x0, n0)?, level, ScoreVariance::MiettinenNurminen)
}

/// How many times the odds of arm 0 are those of arm 1?
///
/// Estimate x1(n0-x0)/(x0(n1-x1)) with the Miettinen-Nurminen score interval. People read a difference or a ratio of
/// proportions more easily; use odds where models need them.
///
/// ```
/// let e = fairtrial_stats::two_proportions::odds_ratio(56, 70, 48, 80, 0.95).unwrap();
/// assert!((e.point.unwrap() - 56.0 * 32.0 / (14.0 * 48.0)).abs() < 1e-14);
/// assert!((e.interval.lower - 1.281_573_193_3).abs() < 1e-9 && (e.interval.upper - 5.540_202_222_2).abs() < 1e-9);
/// ```
///
/// # Errors
/// As [`risk_difference`].
pub fn odds_ratio(x1: u64, n1: u64, x0: u64, n0: u64, level: f64) -> Result<Estimate, StatError> {
    odds_ratio_score(&Table::new(x1, n1, x0, n0)?, level, ScoreVariance::MiettinenNurminen)
}

//! Anytime-valid inference for sums and estimates that are normal, or nearly so.

use crate::special::elementary::{ln, ln_1p};
use std::f64::consts::LN_2;

use super::evidence::{EValue, check_alpha, check_finite, check_positive};
use crate::special::{normal, root};
use crate::{Interval, Side, StatError};

/// Smallest number of units for which the asymptotic confidence sequence is offered.
pub const ASYMPTOTIC_UNITS: u64 = 100;

/// The boundary that a centred sum with variance process `v` crosses at any time with probability at most `alpha`.
///
/// Mixture of normal supermartingales, tuned to be tightest at `optimal_at` (a value of `v`). `Two` bounds the absolute
/// value, `Greater` the sum itself. Exact for normal and sub-normal increments with known variance.
///
/// Source: Robbins 1970; Howard, Ramdas, McAuliffe and Sekhon 2021, propositions 5 and 6.
///
/// ```
/// use fairtrial_stats::Side;
/// let bound = fairtrial_stats::anytime::normal_mixture_bound(100.0, 0.05, 100.0, Side::Greater)?;
/// assert!((bound - 27.660_708_830_7).abs() < 1e-9);
/// # Ok::<(), fairtrial_stats::StatError>(())
/// ```
///
/// # Errors
/// `InvalidArgument` for `v` or `optimal_at` not positive, `alpha` outside (0, 1), or side `Less` (turn the sign).
pub fn normal_mixture_bound(v: f64, alpha: f64, optimal_at: f64, side: Side) -> Result<f64, StatError> {
    check_positive("v", v)?;
    check_positive("optimal_at", optimal_at)?;
    check_alpha(alpha)?;
    let best = |alpha: f64| {
        let twice = -2.0 * ln(alpha);
        optimal_at / (twice + ln_1p(twice))
    };
    match side {
        Side::Two => {
            let rho = best(alpha);
            Ok(((v + rho) * (ln_1p(v / rho) - 2.0 * ln(alpha))).sqrt())
        }
        Side::Greater => {
            if alpha >= 0.5 {
                return Err(StatError::invalid("alpha", "must be below 0.5 for a one-sided bound"));
            }
            let rho = best(2.0 * alpha);
            let scale = (v + rho).sqrt();
            // ln 2 + ln(rho / (v + rho)) / 2 + u^2 / 2 + ln Phi(u) with u = s / sqrt(v + rho), rising in u.
            let excess = |u: f64| LN_2 - 0.5 * ln_1p(v / rho) + 0.5 * u * u + normal::ln_cdf(u) + ln(alpha);
            let top = (ln_1p(v / rho) - 2.0 * ln(alpha) + 2.0).sqrt() + 1.0;
            Ok(scale * root::find(excess, 0.0, top, 0.0)?.value)
        }
        Side::Less => Err(StatError::invalid("side", "must be two or greater; turn the sign of the sum")),
    }
}

/// An interval around any asymptotically normal estimate that may be looked at at any time.
///
/// `standard_error` is that of `estimate` now, from `units` units of both arms; `tightest_at` is the number of units at
/// which it is narrowest and must be fixed beforehand. `alpha` is the probability of ever excluding the truth.
///
/// When not: below 100 units (refused), on ratios, or with few clusters: the guarantee is asymptotic.
///
/// Source: Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas 2024, equation 9.
///
/// ```
/// let interval = fairtrial_stats::anytime::asymptotic_interval(0.1, 0.02, 2_000, 5_000, 0.05)?;
/// assert!(interval.lower > 0.03 && interval.upper < 0.17 && interval.upper > 0.1 + 1.96 * 0.02);
/// # Ok::<(), fairtrial_stats::StatError>(())
/// ```
///
/// # Errors
/// `TooFewUnits` below 100 units; `InvalidArgument` for a standard error that is not positive or `alpha` outside (0, 1).
pub fn asymptotic_interval(
    estimate: f64,
    standard_error: f64,
    units: u64,
    tightest_at: u64,
    alpha: f64,
) -> Result<Interval, StatError> {
    check_finite("estimate", estimate)?;
    check_positive("standard_error", standard_error)?;
    check_alpha(alpha)?;
    if units < ASYMPTOTIC_UNITS {
        return Err(StatError::TooFewUnits { need: ASYMPTOTIC_UNITS, got: units });
    }
    if tightest_at == 0 {
        return Err(StatError::invalid("tightest_at", "must be at least 1"));
    }
    let twice = -2.0 * ln(alpha);
    let squared = (twice + ln_1p(twice)) / tightest_at as f64;
    let grown = units as f64 * squared;
    let half = standard_error * ((grown + 1.0) / grown * (ln_1p(grown) + twice)).sqrt();
    Ok(Interval { lower: estimate - half, upper: estimate + half, level: 1.0 - alpha })
}

/// The mixture sequential probability ratio test for a normal estimate.
///
/// Evidence against no effect from `difference` with known `variance` (of the estimate), mixing effects over a normal
/// distribution with variance `mixing` that is fixed beforehand.
///
/// Source: Robbins 1970; Johari, Koomen, Pekelis and Walsh 2022, equation 10.
///
/// ```
/// let evidence = fairtrial_stats::anytime::mixture_ratio_test(0.3, 0.02, 0.01)?;
/// assert!((evidence.e() - 1.728_523_275_388).abs() < 1e-11);
/// # Ok::<(), fairtrial_stats::StatError>(())
/// ```
///
/// # Errors
/// `InvalidArgument` when a variance is not positive or the difference is not finite.
pub fn mixture_ratio_test(difference: f64, variance: f64, mixing: f64) -> Result<EValue, StatError> {
    check_finite("difference", difference)?;
    check_positive("variance", variance)?;
    check_positive("mixing", mixing)?;
    let share = mixing / (variance + mixing);
    Ok(EValue { ln_e: 0.5 * (difference * (difference / variance)) * share - 0.5 * ln_1p(mixing / variance) })
}

/// Evidence of a regression coefficient at any time, whatever the variance: the anytime-valid linear model.
///
/// `t` is the coefficient's t statistic with `degrees_of_freedom` left over; `design` is the part of its regressor's sum
/// of squares that the other regressors do not explain; `prior` (fixed beforehand) is the precision of the effect mixed
/// over, in units of the residual variance. Exact for normal errors.
///
/// Source: Lindon, Ham, Tingley and Bojinov 2022, theorem 3.
///
/// ```
/// let evidence = fairtrial_stats::anytime::linear_model(2.5, 58.0, 1.0, 15.0)?;
/// assert!((evidence.ln_e - 1.434_683_779_540).abs() < 1e-11);
/// # Ok::<(), fairtrial_stats::StatError>(())
/// ```
///
/// # Errors
/// `InvalidArgument` when an argument is not positive, or `t` is not finite.
pub fn linear_model(t: f64, degrees_of_freedom: f64, prior: f64, design: f64) -> Result<EValue, StatError> {
    check_finite("t", t)?;
    check_positive("degrees_of_freedom", degrees_of_freedom)?;
    check_positive("prior", prior)?;
    check_positive("design", design)?;
    let r = prior / (prior + design);
    let square = t * (t / degrees_of_freedom);
    if square.is_infinite() {
        return Err(StatError::invalid("t", "is too large"));
    }
    let gain = ln_1p(square) - ln_1p(r * square);
    Ok(EValue { ln_e: -0.5 * ln_1p(design / prior) + 0.5 * (degrees_of_freedom + 1.0) * gain })
}

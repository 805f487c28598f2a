use super::plan::{Plan, SampleSize, check_alpha, critical};
use crate::error::StatError;
use crate::estimate::Side;
use crate::special::elementary::ln;
use crate::special::normal;
use crate::wald::check_positive;

struct Rates {
    ln_ratio: f64,
    null: f64,
    alternative: f64,
}

/// Variances of the log rate ratio times the size of arm 0.
fn rates(
    rate1: f64,
    rate0: f64,
    exposure: f64,
    dispersion: f64,
    null_ratio: f64,
    ratio: f64,
) -> Result<Rates, StatError> {
    for (argument, value) in [("rate1", rate1), ("rate0", rate0), ("exposure", exposure), ("null_ratio", null_ratio)] {
        check_positive(argument, value)?;
    }
    if !(dispersion.is_finite() && dispersion >= 0.0) {
        return Err(StatError::invalid("dispersion", "must be finite and at least 0"));
    }
    let variance =
        |rate1: f64, rate0: f64| (1.0 / rate0 + 1.0 / (ratio * rate1)) / exposure + dispersion * (1.0 + 1.0 / ratio);
    // Under the null hypothesis: the rates with the same expected number of events.
    let null0 = (rate0 + ratio * rate1) / (1.0 + ratio * null_ratio);
    Ok(Rates {
        ln_ratio: ln(rate1 / rate0 / null_ratio),
        null: variance(null_ratio * null0, null0),
        alternative: variance(rate1, rate0),
    })
}

/// With which probability does a comparison of event rates find a ratio?
///
/// # Arguments
/// * `rate1`, `rate0` - true events per unit of time; `exposure` - time each unit is observed; `dispersion` - variance of the units'
///   own rates over their squared mean: 0 for Poisson counts, the inverse of theta for negative binomial ones.
/// * `null_ratio` - ratio under the null hypothesis, 1 or the margin; `n1`, `n0` - units; `alpha`, `side`.
///
/// # Source
/// Zhu and Lakkis (2014), Statistics in Medicine 33:376-387, with the null variance from equal expected events.
///
/// ```
/// use fairtrial_stats::{Side, power::rates_power};
/// // Without a difference it is the error rate of one side.
/// let size = rates_power(0.5, 0.5, 1.0, 0.4, 1.0, 90.0, 90.0, 0.05, Side::Two).unwrap();
/// assert!((size - 0.025).abs() < 1e-12);
/// ```
///
/// # Errors
/// `InvalidArgument`.
#[expect(clippy::too_many_arguments, reason = "rates, sizes and error rate are all plain numbers")]
pub fn rates_power(
    rate1: f64,
    rate0: f64,
    exposure: f64,
    dispersion: f64,
    null_ratio: f64,
    n1: f64,
    n0: f64,
    alpha: f64,
    side: Side,
) -> Result<f64, StatError> {
    check_alpha(alpha)?;
    check_positive("n1", n1)?;
    check_positive("n0", n0)?;
    let of = rates(rate1, rate0, exposure, dispersion, null_ratio, n1 / n0)?;
    let shift = of.ln_ratio.abs() * n0.sqrt();
    Ok(normal::cdf((shift - critical(alpha, side) * of.null.sqrt()) / of.alternative.sqrt()))
}

/// How many units does a comparison of event rates need?
///
/// # Arguments
/// * `rate1`, `rate0`, `exposure`, `dispersion`, `null_ratio` - as [`rates_power`]; `plan` - error rate, power, ratio, attrition.
///
/// # Source
/// As [`rates_power`].
///
/// # Errors
/// `InvalidArgument` when the true ratio is the null ratio, `TooLarge`.
///
/// ```
/// use fairtrial_stats::{Side, power::{Plan, rates_needed, rates_power}};
/// let size = rates_needed(0.5, 0.8, 1.0, 0.4, 1.0, &Plan::new(0.05, Side::Two, 0.9))?;
/// let power = rates_power(0.5, 0.8, 1.0, 0.4, 1.0, size.exact_arm1, size.exact_arm0, 0.05, Side::Two)?;
/// assert!((power - 0.9).abs() < 1e-9);
/// # Ok::<(), fairtrial_stats::StatError>(())
/// ```
pub fn rates_needed(
    rate1: f64,
    rate0: f64,
    exposure: f64,
    dispersion: f64,
    null_ratio: f64,
    plan: &Plan,
) -> Result<SampleSize, StatError> {
    plan.check()?;
    let of = rates(rate1, rate0, exposure, dispersion, null_ratio, plan.ratio)?;
    if of.ln_ratio == 0.0 {
        return Err(StatError::invalid("rate1", "must differ from rate0 by something else than the null ratio"));
    }
    let (z_alpha, z_power) = plan.quantiles();
    let root = z_alpha * of.null.sqrt() + z_power * of.alternative.sqrt();
    plan.sizes((root.max(0.0) / of.ln_ratio).powi(2))
}

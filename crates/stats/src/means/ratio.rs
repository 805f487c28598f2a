use super::{satterthwaite, variance_of_mean};
use crate::confidence_set::ConfidenceSet;
use crate::error::StatError;
use crate::estimate::{Estimate, Guarantee, Side};
use crate::sufficient::Moments;
use crate::wald::{Reference, check_finite, check_level};

struct Arms {
    v1: f64,
    v0: f64,
}

fn arms(arm1: &Moments, arm0: &Moments) -> Result<Arms, StatError> {
    let arms = Arms { v1: variance_of_mean(arm1, "arm1")?, v0: variance_of_mean(arm0, "arm0")? };
    if arms.v1 + arms.v0 <= 0.0 {
        return Err(StatError::ZeroVariance);
    }
    Ok(arms)
}

/// How many times as large is the mean in arm 1 as in arm 0? (Fieller.)
///
/// # Arguments
/// * `arm1`, `arm0` - moments of the arms; two units each at least.
/// * `null_ratio` - ratio under the null hypothesis, 1 for no difference.
/// * `side` - alternatives that count; the interval is always the two-sided one at `level`.
/// * `level` - confidence level in (0, 1).
///
/// # Result
/// Ratio of means 1 / 0 (none when the mean of arm 0 is 0). The interval is unbounded on both sides when the mean of arm 0 is
/// not clearly different from 0: then the data exclude at most a gap, which [`fieller_set`] gives. The standard error is that
/// of the delta method, for display only.
///
/// # When not
/// Not when means may be negative: a ratio then says nothing.
///
/// # Source
/// Fieller (1954), JRSS B 16:175-185; t with Welch's degrees of freedom at the null ratio for the test, at the estimate for the
/// interval.
///
/// # Errors
/// `TooFewUnits`, `ZeroVariance`, `InvalidArgument`.
pub fn ratio_of_means(
    arm1: &Moments,
    arm0: &Moments,
    null_ratio: f64,
    side: Side,
    level: f64,
) -> Result<Estimate, StatError> {
    check_finite("null_ratio", null_ratio)?;
    let Arms { v1, v0 } = arms(arm1, arm0)?;
    let df1 = (arm1.n - 1) as f64;
    let df0 = (arm0.n - 1) as f64;
    let point = (arm0.mean != 0.0).then(|| arm1.mean / arm0.mean);
    let reference_at = |ratio: f64| Reference::Student(satterthwaite(&[(v1, df1), (ratio * ratio * v0, df0)]));
    let null_variance = v1 + null_ratio * null_ratio * v0;
    let p_value = (null_variance > 0.0).then(|| {
        let t = (arm1.mean - null_ratio * arm0.mean) / null_variance.sqrt();
        // A ratio above the null with a negative denominator is a smaller numerator.
        let t = if arm0.mean < 0.0 { -t } else { t };
        reference_at(null_ratio).p_value(t, side)
    });
    let set = fieller_set(arm1, arm0, level)?;
    Ok(Estimate {
        point,
        standard_error: point.map(|ratio| ((v1 + ratio * ratio * v0).sqrt() / arm0.mean).abs()),
        degrees_of_freedom: point.map(|ratio| satterthwaite(&[(v1, df1), (ratio * ratio * v0, df0)])),
        interval: set.hull(level),
        p_value,
        method: "Fieller's ratio of means".to_owned(),
        guarantee: Guarantee::Asymptotic,
    })
}

/// Which ratios of means are compatible with the data? (Fieller's set, also when it is not an interval.)
///
/// Arguments, source and errors as [`ratio_of_means`]. With many units the t quantile is the normal one.
///
/// # Errors
/// `TooFewUnits`, `ZeroVariance`, `InvalidArgument`.
pub fn fieller_set(arm1: &Moments, arm0: &Moments, level: f64) -> Result<ConfidenceSet, StatError> {
    check_level(level)?;
    let Arms { v1, v0 } = arms(arm1, arm0)?;
    let (df1, df0) = ((arm1.n - 1) as f64, (arm0.n - 1) as f64);
    // Without a denominator the estimate is infinitely far: all weight is on arm 0.
    let df = if arm0.mean == 0.0 {
        df0
    } else {
        let ratio = arm1.mean / arm0.mean;
        satterthwaite(&[(v1, df1), (ratio * ratio * v0, df0)])
    };
    let critical = Reference::Student(df).upper_quantile((1.0 - level) / 2.0);
    Ok(ConfidenceSet::fieller(arm1.mean, arm0.mean, v1, v0, 0.0, critical))
}

/// Fieller's set with a critical value of the caller, for example the normal 1.96 that large-sample reports use.
///
/// # Errors
/// `TooFewUnits`, `ZeroVariance`, `InvalidArgument`.
pub fn fieller_set_with_critical(arm1: &Moments, arm0: &Moments, critical: f64) -> Result<ConfidenceSet, StatError> {
    crate::wald::check_positive("critical", critical)?;
    let Arms { v1, v0 } = arms(arm1, arm0)?;
    Ok(ConfidenceSet::fieller(arm1.mean, arm0.mean, v1, v0, 0.0, critical))
}

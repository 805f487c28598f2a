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

/// Degrees of freedom of `mean1 - ratio mean0` at the estimated ratio. Written with both means in units of the larger, so that
/// exchanging the arms exchanges the weights; where that leaves no weight (an arm in which every value is 0), the arms weigh
/// by their own variances, so that an arm in which nothing varies has no say.
fn degrees_of_freedom(arm1: &Moments, arm0: &Moments, arms: &Arms) -> f64 {
    let (df1, df0) = ((arm1.n - 1) as f64, (arm0.n - 1) as f64);
    let unit = arm1.mean.abs().max(arm0.mean.abs());
    let weight = |mean: f64| if unit > 0.0 { (mean / unit) * (mean / unit) } else { 0.0 };
    let (weighed1, weighed0) = (weight(arm0.mean) * arms.v1, weight(arm1.mean) * arms.v0);
    if weighed1 + weighed0 > 0.0 {
        return satterthwaite(&[(weighed1, df1), (weighed0, df0)]);
    }
    satterthwaite(&[(arms.v1, df1), (arms.v0, df0)])
}

/// How many times as large is the mean in arm 1 as in arm 0? (Fieller.)
///
/// # Arguments
/// * `arm1`, `arm0` - moments of the arms; two units each at least.
/// * `null_ratio` - ratio under the null hypothesis, 1 for no difference.
/// * `side` - alternatives that count. A one-sided question gets the one-sided interval that belongs to its test.
/// * `level` - confidence level in (0, 1); above 0.5 for a one-sided question.
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
/// Fieller (1954), JRSS B 16:175-185; t with Welch's degrees of freedom at the estimated ratio, for interval and test alike, so
/// that they agree.
///
/// ```
/// use fairtrial_stats::{Side, means::ratio_of_means, sufficient::Moments};
/// let second = Moments::of(&[6.0, 8.0, 10.0, 12.0]).unwrap();
/// let first = Moments::of(&[4.0, 5.0, 5.0, 6.0]).unwrap();
/// let e = ratio_of_means(&second, &first, 1.0, Side::Two, 0.95).unwrap();
/// assert!((e.point.unwrap() - 1.8).abs() < 1e-15);
/// // Either end solves Fieller's equation: the difference of the means at that ratio is t standard errors.
/// let t = |r: f64| (9.0 - 5.0 * r).abs() / (20.0 / 12.0 + r * r * 2.0 / 12.0).sqrt();
/// assert!((t(e.interval.lower) - t(e.interval.upper)).abs() < 1e-9);
/// ```
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
    check_level(level)?;
    if side != Side::Two && level <= 0.5 {
        return Err(StatError::invalid("level", "must be above 0.5 for a one-sided question"));
    }
    let of = arms(arm1, arm0)?;
    let df = degrees_of_freedom(arm1, arm0, &of);
    let reference = Reference::Student(df);
    let point = (arm0.mean != 0.0).then(|| arm1.mean / arm0.mean);
    let null_variance = of.v1 + null_ratio * null_ratio * of.v0;
    let p_value = (null_variance > 0.0).then(|| {
        let t = (arm1.mean - null_ratio * arm0.mean) / null_variance.sqrt();
        // A ratio above the null with a negative denominator is a smaller numerator.
        reference.p_value(if arm0.mean < 0.0 { -t } else { t }, side)
    });
    let tail = if side == Side::Two { (1.0 - level) / 2.0 } else { 1.0 - level };
    let mut interval = fieller_set_with_critical(arm1, arm0, reference.upper_quantile(tail))?.hull(level);
    match side {
        Side::Two => {}
        Side::Greater => interval.upper = f64::INFINITY,
        Side::Less => interval.lower = f64::NEG_INFINITY,
    }
    Ok(Estimate {
        point,
        standard_error: point.map(|ratio| ((of.v1 + ratio * ratio * of.v0).sqrt() / arm0.mean).abs()),
        degrees_of_freedom: Some(df),
        interval,
        p_value,
        method: "Fieller's ratio of means".to_owned(),
        guarantee: Guarantee::Asymptotic,
    })
}

/// Which ratios of means are compatible with the data? (Fieller's set, also when it is not an interval.)
///
/// Arguments, source and errors as [`ratio_of_means`], two-sided.
///
/// ```
/// use fairtrial_stats::{means::fieller_set, sufficient::Moments};
/// // The mean of arm 0 may be 0: no ratio is excluded for being large.
/// let arm1 = Moments::of(&[6.0, 8.0, 10.0, 12.0]).unwrap();
/// let arm0 = Moments::of(&[-4.0, 5.0, -5.0, 6.0]).unwrap();
/// assert!(fieller_set(&arm1, &arm0, 0.95).unwrap().contains(1e12));
/// ```
///
/// # Errors
/// `TooFewUnits`, `ZeroVariance`, `InvalidArgument`.
pub fn fieller_set(arm1: &Moments, arm0: &Moments, level: f64) -> Result<ConfidenceSet, StatError> {
    check_level(level)?;
    let of = arms(arm1, arm0)?;
    let reference = Reference::Student(degrees_of_freedom(arm1, arm0, &of));
    fieller_set_with_critical(arm1, arm0, reference.upper_quantile((1.0 - level) / 2.0))
}

/// Fieller's set with a critical value of the caller, for example the normal 1.96 that large-sample reports use.
///
/// ```
/// use fairtrial_stats::{means::fieller_set_with_critical, sufficient::Moments};
/// let second = Moments::of(&[6.0, 8.0, 10.0, 12.0]).unwrap();
/// let first = Moments::of(&[4.0, 5.0, 5.0, 6.0]).unwrap();
/// let set = fieller_set_with_critical(&second, &first, 2.0).unwrap().hull(0.95);
/// let t = |r: f64| (9.0 - 5.0 * r).abs() / (20.0 / 12.0 + r * r * 2.0 / 12.0).sqrt();
/// assert!((t(set.lower) - 2.0).abs() < 1e-9 && (t(set.upper) - 2.0).abs() < 1e-9);
/// ```
///
/// # Errors
/// `TooFewUnits`, `ZeroVariance`, `InvalidArgument`.
pub fn fieller_set_with_critical(arm1: &Moments, arm0: &Moments, critical: f64) -> Result<ConfidenceSet, StatError> {
    crate::wald::check_positive("critical", critical)?;
    let Arms { v1, v0 } = arms(arm1, arm0)?;
    Ok(ConfidenceSet::fieller(arm1.mean, arm0.mean, v1, v0, 0.0, critical))
}

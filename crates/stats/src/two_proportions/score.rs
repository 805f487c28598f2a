//! Score statistics, tests and intervals of Miettinen and Nurminen for a difference, a ratio and an odds ratio.

use super::table::{Table, check_level};
use crate::special::elementary::{acos, cos, exp, ln};
use crate::special::{normal, root};
use crate::{Estimate, Guarantee, Interval, PValue, Side, StatError};

/// Whether the variance carries the factor N/(N - 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScoreVariance {
    /// With N/(N - 1): Miettinen and Nurminen 1985.
    MiettinenNurminen,
    /// Without: Mee 1984 and Farrington and Manning 1990 (difference), Koopman 1984 (ratio), Cornfield (odds ratio).
    Uncorrected,
}

impl ScoreVariance {
    fn factor(self, table: &Table) -> f64 {
        match self {
            Self::MiettinenNurminen => {
                let total = table.total() as f64;
                total / (total - 1.0)
            }
            Self::Uncorrected => 1.0,
        }
    }
}

/// A multiplicative measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ratio {
    /// p1 / p0.
    Risk,
    /// p1 (1 - p0) / (p0 (1 - p1)).
    Odds,
}

/// The proportions of the two arms, most likely under a given difference or ratio.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Restricted {
    pub(crate) p1: f64,
    pub(crate) p0: f64,
    /// 1 - p1 and 1 - p0, to full relative accuracy also where the proportion rounds to 1.
    pub(crate) q1: f64,
    pub(crate) q0: f64,
}

impl Restricted {
    fn of(p1: f64, p0: f64) -> Self {
        Self { p1, p0, q1: 1.0 - p1, q0: 1.0 - p0 }
    }
}

/// A step of Newton's method so small, as a share of the distance from the ends of [0, 1], leaves an error below rounding.
const LAST_STEP: f64 = 3e-9;

/// The most likely proportions with p1 - p0 = `difference`.
///
/// The log-likelihood is concave in p0; the closed form of the cubic starts, Newton's method on the score finishes.
pub(crate) fn restricted_by_difference(table: &Table, difference: f64) -> Restricted {
    let (x1, n1, x0, n0) = table.floats();
    let (y1, y0) = (n1 - x1, n0 - x0);
    let low = (-difference).max(0.0);
    let high = (1.0 - difference).min(1.0);
    let pair = |p0: f64| Restricted::of((p0 + difference).clamp(0.0, 1.0), p0);
    if low >= high {
        return pair(low.min(1.0));
    }
    if difference == 0.0 {
        let pooled = (x1 + x0) / (n1 + n0);
        return Restricted::of(pooled, pooled);
    }
    let term = |count: f64, p: f64| if count == 0.0 { 0.0 } else { count / p };
    let slope = |p0: f64| {
        let p1 = p0 + difference;
        term(x1, p1) - term(y1, 1.0 - p1) + term(x0, p0) - term(y0, 1.0 - p0)
    };
    // Slope and curvature by one division each; nothing comes of no count.
    let part = |count: f64, p: f64| {
        let reciprocal = if count == 0.0 { 0.0 } else { 1.0 / p };
        (count * reciprocal, count * reciprocal * reciprocal)
    };
    // A pole at an end exists only when the count behind it is positive; otherwise the maximum may lie at the end.
    let low_pole = if difference > 0.0 { x0 } else { x1 };
    if low_pole == 0.0 && slope(low) <= 0.0 {
        return pair(low);
    }
    let high_pole = if difference > 0.0 { y1 } else { y0 };
    if high_pole == 0.0 && slope(high) >= 0.0 {
        return pair(high);
    }
    let mut p0 = cubic_root(table, difference);
    let (mut from, mut to) = (low, high);
    if !(p0 > from && p0 < to) {
        p0 = 0.5 * (from + to);
    }
    for _ in 0..100 {
        let p1 = p0 + difference;
        let parts = [part(x1, p1), part(y1, 1.0 - p1), part(x0, p0), part(y0, 1.0 - p0)];
        let value = parts[0].0 - parts[1].0 + parts[2].0 - parts[3].0;
        if value > 0.0 {
            from = p0;
        } else {
            to = p0;
        }
        let curvature = parts[0].1 + parts[1].1 + parts[2].1 + parts[3].1;
        let mut next = p0 + value / curvature;
        let inside = next > from && next < to;
        if !inside {
            next = 0.5 * (from + to);
        }
        let moved = (next - p0).abs();
        // A step is squared by the next one, in units of the distance from the nearest end.
        let room = p0.min(1.0 - p0).min(p1.min(1.0 - p1));
        p0 = next;
        let near = inside && moved <= LAST_STEP * room;
        if near || moved <= 4.0 * f64::EPSILON * p0.min(1.0 - p0) || to - from <= f64::EPSILON * from {
            break;
        }
    }
    pair(p0)
}

/// The closed form of Miettinen and Nurminen (appendix), good to about half of the digits near an end.
fn cubic_root(table: &Table, difference: f64) -> f64 {
    let (x1, n1, x0, n0) = table.floats();
    let (total, successes) = (n1 + n0, x1 + x0);
    let l2 = (n1 + 2.0 * n0) * difference - total - successes;
    let l1 = (n0 * difference - total - 2.0 * x0) * difference + successes;
    let l0 = x0 * difference * (1.0 - difference);
    let third = l2 / (3.0 * total);
    let q = third * third * third - l1 * l2 / (6.0 * total * total) + l0 / (2.0 * total);
    let p = (third * third - l1 / (3.0 * total)).max(0.0).sqrt().copysign(q);
    let cosine = if p == 0.0 { 0.0 } else { (q / (p * p * p)).clamp(-1.0, 1.0) };
    2.0 * p * cos((std::f64::consts::PI + acos(cosine)) / 3.0) - third
}

/// The most likely proportions with p1 / p0 = `ratio`.
pub(crate) fn restricted_by_ratio(table: &Table, ratio: f64) -> Restricted {
    let (x1, n1, x0, n0) = table.floats();
    let a = (n1 + n0) * ratio;
    let b = n1 * ratio + x1 + n0 + x0 * ratio;
    let c = x1 + x0;
    // The smaller root of a p^2 - b p + c, by the product of the roots.
    let p0 = 2.0 * c / (b + (b * b - 4.0 * a * c).max(0.0).sqrt());
    let p0 = p0.min(1.0).min(1.0 / ratio);
    let p1 = (ratio * p0).min(1.0);
    if p1.max(p0) <= 0.5 {
        return Restricted::of(p1, p0);
    }
    // Near 1 the complements come from their own equation, without the difference 1 - p.
    let complement = |y_own: f64, y_other: f64, t: f64| {
        let (a, b, c) = ((n1 + n0) * t, (n1 + n0) * (1.0 - t) - y_own - t * y_other, (1.0 - t) * y_other);
        let root = (b * b + 4.0 * a * c).sqrt();
        if b > 0.0 { 2.0 * c / (b + root) } else { (root - b) / (2.0 * a) }
    };
    let (q1, q0) = if ratio <= 1.0 {
        let q0 = complement(n1 - x1, n0 - x0, ratio).min(1.0);
        (1.0 - ratio + ratio * q0, q0)
    } else {
        let inverse = 1.0 / ratio;
        let q1 = complement(n0 - x0, n1 - x1, inverse).min(1.0);
        (q1, 1.0 - inverse + inverse * q1)
    };
    Restricted { p1, p0, q1, q0 }
}

/// The most likely proportions with the given odds ratio.
pub(crate) fn restricted_by_odds(table: &Table, ratio: f64) -> Restricted {
    let (x1, n1, x0, n0) = table.floats();
    let (successes, failures) = (x1 + x0, (n1 - x1) + (n0 - x0));
    // a p0^2 + b p0 - successes = 0 and, for the failures, d q0^2 + e q0 - f = 0 with d = -a and the same discriminant,
    // which is a sum of positive terms in the first form from a ratio of 1 on, and in the second below it.
    let (a, b) = (n0 * (ratio - 1.0), (n1 - successes) * ratio + (n0 + successes));
    let (e, f) = ((n1 - failures) + (n0 + failures) * ratio, failures * ratio);
    let root = if ratio >= 1.0 { b * b + 4.0 * a * successes } else { e * e - 4.0 * a * f }.sqrt();
    let p0 = if b >= 0.0 { 2.0 * successes / (b + root) } else { (root - b) / (2.0 * a) }.clamp(0.0, 1.0);
    let q0 = if e >= 0.0 { 2.0 * f / (e + root) } else { (e - root) / (2.0 * a) }.clamp(0.0, 1.0);
    let sum = q0 + ratio * p0;
    Restricted { p1: ratio * p0 / sum, p0, q1: q0 / sum, q0 }
}

/// z over s, where nothing over nothing is no evidence.
pub(crate) fn standardised(numerator: f64, variance: f64) -> f64 {
    if numerator == 0.0 { 0.0 } else { numerator / variance.max(0.0).sqrt() }
}

/// The score statistic for the null hypothesis p1 - p0 = `difference`; standard normal under it in large samples.
///
/// With [`ScoreVariance::Uncorrected`] it is the statistic of Farrington and Manning 1990, Statist. Med. 9, 1447-1454.
///
/// ```
/// use fairtrial_stats::two_proportions::{ScoreVariance, Table, score_statistic};
/// // Not worse by 0.1? R `gsDesign::testBinomial(delta0 = -0.1, adj = 0)`: 3.9342
/// let z = score_statistic(&Table::new(56, 70, 48, 80).unwrap(), -0.1, ScoreVariance::Uncorrected).unwrap();
/// assert!((z - 3.934_206_074_5).abs() < 1e-9);
/// ```
///
/// # Errors
/// `invalid_argument` for a difference outside [-1, 1].
pub fn score_statistic(table: &Table, difference: f64, variance: ScoreVariance) -> Result<f64, StatError> {
    if !(-1.0..=1.0).contains(&difference) {
        return Err(StatError::invalid("null_difference", "must lie between -1 and 1"));
    }
    Ok(difference_z(table, difference, variance))
}

pub(crate) fn difference_z(table: &Table, difference: f64, variance: ScoreVariance) -> f64 {
    let (_, n1, _, n0) = table.floats();
    let Restricted { p1, p0, q1, q0 } = restricted_by_difference(table, difference);
    let spread = (p1 * q1 / n1 + p0 * q0 / n0) * variance.factor(table);
    standardised(table.difference() - difference, spread)
}

pub(crate) fn ratio_z(table: &Table, measure: Ratio, ratio: f64, variance: ScoreVariance) -> f64 {
    let (x1, n1, _, n0) = table.floats();
    match measure {
        Ratio::Risk => {
            let Restricted { p1, p0, q1, q0 } = restricted_by_ratio(table, ratio);
            let spread = p1 * q1 / n1 + ratio * ratio * p0 * q0 / n0;
            standardised(ratio_excess(table, ratio), spread * variance.factor(table))
        }
        Ratio::Odds => {
            let Restricted { p1, p0, q1, q0 } = restricted_by_odds(table, ratio);
            let information = 1.0 / (n1 * p1 * q1) + 1.0 / (n0 * p0 * q0);
            let excess = if p1 <= 0.5 { x1 - n1 * p1 } else { n1 * q1 - (n1 - x1) };
            if excess == 0.0 { 0.0 } else { excess * (information / variance.factor(table)).sqrt() }
        }
    }
}

/// p1 - `ratio` p0, by the failures where the successes are nearly all.
pub(crate) fn ratio_excess(table: &Table, ratio: f64) -> f64 {
    let (x1, n1, x0, n0) = table.floats();
    if 2.0 * x1 > n1 && 2.0 * x0 > n0 {
        (1.0 - ratio) - ((n1 - x1) / n1 - ratio * ((n0 - x0) / n0))
    } else {
        table.p1() - ratio * table.p0()
    }
}

/// The p-value of a statistic that is standard normal under the null hypothesis.
pub(crate) fn normal_p(z: f64, side: Side) -> PValue {
    PValue::from_ln(match side {
        Side::Two => normal::ln_sf(z.abs()) + std::f64::consts::LN_2,
        Side::Greater => normal::ln_sf(z),
        Side::Less => normal::ln_cdf(z),
    })
}

/// Is the difference p1 - p0 equal to `null_difference`? The score test.
///
/// ```
/// use fairtrial_stats::{Side, two_proportions::{ScoreVariance, Table, score_test}};
/// // Without a margin and the factor N/(N - 1) it is Pearson's chi-square test.
/// let table = Table::new(56, 70, 48, 80).unwrap();
/// let p = score_test(&table, 0.0, Side::Two, ScoreVariance::Uncorrected).unwrap().p();
/// assert!((p - 0.008_045_081_368_2).abs() < 1e-12);
/// ```
///
/// # Errors
/// `invalid_argument` for a difference outside [-1, 1].
pub fn score_test(
    table: &Table,
    null_difference: f64,
    side: Side,
    variance: ScoreVariance,
) -> Result<PValue, StatError> {
    Ok(normal_p(score_statistic(table, null_difference, variance)?, side))
}

/// Is arm 1 better than arm 0 by more than a margin, or not worse by more than it? The Miettinen-Nurminen score test.
///
/// The null hypothesis is p1 - p0 = `null_difference`, in [-1, 1]: for "not worse by more than 10 points" -0.1 with
/// [`Side::Greater`]; for an outcome where lower is better 0.1 with [`Side::Less`]. Large-sample; with [`Side::Two`] it
/// agrees with whether the Miettinen-Nurminen interval contains the null difference. The estimate carries the 95 %
/// interval.
///
/// ```
/// use fairtrial_stats::{Side, two_proportions::margin_test};
/// let e = margin_test(56, 70, 48, 80, -0.1, Side::Greater).unwrap();
/// assert!(e.p_value.unwrap().p() < 1e-4);
/// ```
///
/// # Errors
/// `invalid_argument` for x above n or a difference outside [-1, 1]; `too_few_units` for an empty arm.
pub fn margin_test(
    x1: u64,
    n1: u64,
    x0: u64,
    n0: u64,
    null_difference: f64,
    side: Side,
) -> Result<Estimate, StatError> {
    let table = Table::new(x1, n1, x0, n0)?;
    let variance = ScoreVariance::MiettinenNurminen;
    let p_value = score_test(&table, null_difference, side, variance)?;
    let mut estimate = risk_difference_score(&table, 0.95, variance)?;
    estimate.p_value = Some(p_value);
    estimate.method = "Miettinen-Nurminen score test of a margin".to_owned();
    Ok(estimate)
}

/// Where the score less its critical value is 0, between the end of the scale and the estimate: secants from the plain standard
/// error, where they stay between; else the bracketed search.
fn difference_limit(
    table: &Table,
    mut excess: impl FnMut(f64) -> f64,
    end: f64,
    critical: f64,
) -> Result<f64, StatError> {
    let observed = table.difference();
    let (low, high) = (observed.min(end), observed.max(end));
    // The score falls by about one over each standard error.
    let (_, n1, _, n0) = table.floats();
    let share = |x: u64, n: f64| (x as f64 + 1.0) / (n + 2.0);
    let (p1, p0) = (share(table.x1(), n1), share(table.x0(), n0));
    let error = (p1 * (1.0 - p1) / n1 + p0 * (1.0 - p0) / n0).sqrt();
    let (mut before, mut at) = ((observed, -critical), observed - critical * error);
    for _ in 0..12 {
        if !(at > low && at < high) {
            break;
        }
        let value = excess(at);
        let next = at - value * (at - before.0) / (value - before.1);
        let step = (next - at).abs();
        // Secants raise the error to the power 1.6.
        if step <= 1e-11 * (1.0 - at.abs()).min(at.abs().max(error)) && next > low && next < high {
            return Ok(next);
        }
        (before, at) = ((at, value), next);
    }
    Ok(root::find(excess, low, high, 0.0)?.value)
}

/// The score interval for the difference p1 - p0, with the score test of no difference.
///
/// ```
/// // Newcombe 1998, table II, example (a): 56 of 70 and 48 of 80. (Mee)
/// use fairtrial_stats::two_proportions::{ScoreVariance, Table, risk_difference_score};
/// let interval = risk_difference_score(&Table::new(56, 70, 48, 80).unwrap(), 0.95, ScoreVariance::Uncorrected).unwrap().interval;
/// assert!((interval.lower - 0.0533).abs() < 5e-5 && (interval.upper - 0.3377).abs() < 5e-5);
/// ```
///
/// # Errors
/// `invalid_argument` for a level outside (0, 1).
pub fn risk_difference_score(table: &Table, level: f64, variance: ScoreVariance) -> Result<Estimate, StatError> {
    check_level(level)?;
    let critical = -normal::quantile(0.5 * (1.0 - level));
    let observed = table.difference();
    let z = |difference: f64| difference_z(table, difference, variance);
    let lower = if observed <= -1.0 || z(-1.0) <= critical {
        -1.0
    } else {
        difference_limit(table, |d| z(d) - critical, -1.0, critical)?
    };
    let upper = if observed >= 1.0 || z(1.0) >= -critical {
        1.0
    } else {
        difference_limit(table, |d| z(d) + critical, 1.0, -critical)?
    };
    let method = match variance {
        ScoreVariance::MiettinenNurminen => "Miettinen-Nurminen interval and score test",
        ScoreVariance::Uncorrected => "Mee interval and score test",
    };
    Ok(estimate(Some(observed), (lower, upper), level, z(0.0), method))
}

fn estimate(point: Option<f64>, limits: (f64, f64), level: f64, z: f64, method: &str) -> Estimate {
    Estimate {
        point,
        standard_error: None,
        degrees_of_freedom: None,
        interval: Interval { lower: limits.0, upper: limits.1, level },
        p_value: Some(normal_p(z, Side::Two)),
        method: method.to_owned(),
        guarantee: Guarantee::Asymptotic,
    }
}

/// The score interval for the ratio p1 / p0, with the score test of a ratio of 1.
///
/// ```
/// // Koopman 1984; the equation solved with 40 digits.
/// use fairtrial_stats::two_proportions::{ScoreVariance, Table, risk_ratio_score};
/// let interval = risk_ratio_score(&Table::new(56, 70, 48, 80).unwrap(), 0.95, ScoreVariance::Uncorrected).unwrap().interval;
/// assert!((interval.lower - 1.079_821_506_4).abs() < 1e-9 && (interval.upper - 1.670_805_578_0).abs() < 1e-9);
/// ```
///
/// # Errors
/// `invalid_argument` for a level outside (0, 1).
pub fn risk_ratio_score(table: &Table, level: f64, variance: ScoreVariance) -> Result<Estimate, StatError> {
    let (x1, _, x0, _) = table.floats();
    let point = match (x1 > 0.0, x0 > 0.0) {
        (false, false) => None,
        (true, false) => Some(f64::INFINITY),
        _ => Some(table.p1() / table.p0()),
    };
    let method = match variance {
        ScoreVariance::MiettinenNurminen => "Miettinen-Nurminen interval for a ratio and score test",
        ScoreVariance::Uncorrected => "Koopman interval and score test",
    };
    ratio_interval(table, Ratio::Risk, level, variance, point, (x1 == 0.0, x0 == 0.0), method)
}

/// The score interval for the odds ratio, with the score test of an odds ratio of 1.
///
/// ```
/// // Cornfield 1956; the equation solved with 40 digits.
/// use fairtrial_stats::two_proportions::{ScoreVariance, Table, odds_ratio_score};
/// let interval = odds_ratio_score(&Table::new(56, 70, 48, 80).unwrap(), 0.95, ScoreVariance::Uncorrected).unwrap().interval;
/// assert!((interval.lower - 1.284_659_124_6).abs() < 1e-9 && (interval.upper - 5.527_003_126_9).abs() < 1e-9);
/// ```
///
/// # Errors
/// `invalid_argument` for a level outside (0, 1).
pub fn odds_ratio_score(table: &Table, level: f64, variance: ScoreVariance) -> Result<Estimate, StatError> {
    let (x1, n1, x0, n0) = table.floats();
    let (up, down) = (x1 * (n0 - x0), x0 * (n1 - x1));
    let point = match (up > 0.0, down > 0.0) {
        (false, false) => None,
        (true, false) => Some(f64::INFINITY),
        _ => Some(up / down),
    };
    let method = match variance {
        ScoreVariance::MiettinenNurminen => "Miettinen-Nurminen interval for an odds ratio and score test",
        ScoreVariance::Uncorrected => "Cornfield interval without correction and score test",
    };
    ratio_interval(table, Ratio::Odds, level, variance, point, (up == 0.0, down == 0.0), method)
}

/// `open` says at which end the data do not bound the ratio.
fn ratio_interval(
    table: &Table,
    measure: Ratio,
    level: f64,
    variance: ScoreVariance,
    point: Option<f64>,
    open: (bool, bool),
    method: &str,
) -> Result<Estimate, StatError> {
    check_level(level)?;
    let critical = -normal::quantile(0.5 * (1.0 - level));
    let z = |ln_ratio: f64| ratio_z(table, measure, exp(ln_ratio), variance);
    let lower = if open.0 { 0.0 } else { exp(log_root(|v| z(v) - critical, point)?) };
    let upper = if open.1 { f64::INFINITY } else { exp(log_root(|v| z(v) + critical, point)?) };
    Ok(estimate(point, (lower, upper), level, z(0.0), method))
}

/// The root of a falling function of the logarithm of a ratio, bracketed by doubling steps from a finite start.
pub(crate) fn log_root(mut f: impl FnMut(f64) -> f64, start: Option<f64>) -> Result<f64, StatError> {
    let start = start.filter(|value| *value > 0.0 && value.is_finite()).map_or(0.0, ln);
    let at_start = f(start);
    if at_start == 0.0 {
        return Ok(start);
    }
    let direction = if at_start > 0.0 { 1.0 } else { -1.0 };
    let (mut near, mut step) = (start, 0.5);
    loop {
        let far = (start + direction * step).clamp(-700.0, 700.0);
        if f(far) * direction <= 0.0 {
            return Ok(root::find(f, near.min(far), near.max(far), 0.0)?.value);
        }
        if far.abs() >= 700.0 {
            return Err(StatError::NoConvergence { reason: "the limit of a ratio is beyond e^700".to_owned() });
        }
        near = far;
        step *= 2.0;
    }
}

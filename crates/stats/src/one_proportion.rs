//! How large is one proportion? Intervals for x successes among n independent people.

use crate::special::elementary::exp;
use crate::special::root;
use crate::special::{beta, count, normal};
use crate::{Estimate, Guarantee, Interval, StatError};

/// Checks a count of successes and a level.
fn check(x: u64, n: u64, level: f64) -> Result<(), StatError> {
    if n == 0 {
        return Err(StatError::TooFewUnits { need: 1, got: 0 });
    }
    if x > n {
        return Err(StatError::invalid("x", format!("{x} successes among {n}")));
    }
    if !(level > 0.0 && level < 1.0) {
        return Err(StatError::invalid("level", "must lie strictly between 0 and 1"));
    }
    Ok(())
}

fn estimate(x: u64, n: u64, level: f64, limits: (f64, f64), method: &str, guarantee: Guarantee) -> Estimate {
    Estimate {
        point: Some(x as f64 / n as f64),
        standard_error: None,
        degrees_of_freedom: None,
        interval: Interval { lower: limits.0, upper: limits.1, level },
        p_value: None,
        method: method.to_owned(),
        guarantee,
    }
}

/// The normal quantile for a two-sided level.
fn two_sided_z(level: f64) -> f64 {
    -normal::quantile(0.5 * (1.0 - level))
}

/// The limits of Wilson's interval; shared with Newcombe's interval for a difference.
pub(crate) fn wilson_limits(x: u64, n: u64, z: f64) -> (f64, f64) {
    let (successes, failures, total) = (x as f64, (n - x) as f64, n as f64);
    let square = z * z;
    // Half-width of the root pair of (p^ - p)^2 = z^2 p(1-p)/n, with the smaller root by the product rule.
    let spread = z * (square / 4.0 + successes * failures / total).sqrt();
    let centre = successes + 0.5 * square;
    let upper = (centre + spread) / (total + square);
    let lower = successes * successes / (total * (centre + spread));
    let mirrored = failures * failures / (total * (failures + 0.5 * square + spread));
    // Each end from the form that keeps its digits: the upper one as a complement when it is near 1.
    let upper = if successes < failures { upper } else { 1.0 - mirrored };
    (if x == 0 { 0.0 } else { lower }, if x == n { 1.0 } else { upper })
}

/// Which proportions are compatible with x of n, by the score test? (Wilson)
///
/// The default for showing one proportion. `x` successes among `n` people, `level` in (0, 1). Not for clusters, where
/// people are not independent. Source: Wilson 1927, J. Am. Stat. Assoc. 22, 209-212.
///
/// ```
/// let e = fairtrial_stats::one_proportion::wilson(81, 263, 0.95).unwrap();
/// assert!((e.interval.lower - 0.255_288_5).abs() < 1e-7 && (e.interval.upper - 0.366_209_6).abs() < 1e-7);
/// ```
///
/// # Errors
/// `invalid_argument` for x > n or a level outside (0, 1); `too_few_units` for n = 0.
pub fn wilson(x: u64, n: u64, level: f64) -> Result<Estimate, StatError> {
    check(x, n, level)?;
    let limits = wilson_limits(x, n, two_sided_z(level));
    Ok(estimate(x, n, level, limits, "Wilson score interval", Guarantee::Asymptotic))
}

/// Which proportions are compatible with x of n, with coverage guaranteed for every n? (Clopper-Pearson)
///
/// Wider than needed on average; choose it where the guarantee counts. Arguments as [`wilson`]. Source: Clopper and
/// Pearson 1934, Biometrika 26, 404-413.
///
/// ```
/// // Newcombe 1998, Statist. Med. 17, 857-872, table I: 81 of 263.
/// let e = fairtrial_stats::one_proportion::clopper_pearson(81, 263, 0.95).unwrap();
/// assert!((e.interval.lower - 0.2527).abs() < 5e-5 && (e.interval.upper - 0.3676).abs() < 5e-5);
/// ```
///
/// # Errors
/// As [`wilson`].
pub fn clopper_pearson(x: u64, n: u64, level: f64) -> Result<Estimate, StatError> {
    check(x, n, level)?;
    let limits = clopper_pearson_limits(x, n, 0.5 * (1.0 - level));
    Ok(estimate(x, n, level, limits, "Clopper-Pearson interval", Guarantee::Exact))
}

/// The limits that leave `tail` on either side.
pub(crate) fn clopper_pearson_limits(x: u64, n: u64, tail: f64) -> (f64, f64) {
    let (successes, failures) = (x as f64, (n - x) as f64);
    let lower = if x == 0 { 0.0 } else { beta::quantile(successes, failures + 1.0, tail) };
    let upper = if x == n { 1.0 } else { beta::quantile_upper(successes + 1.0, failures, tail) };
    (lower, upper)
}

/// Which proportions are credible after x of n, starting from Jeffreys' prior?
///
/// Equal-tailed; 0 and 1 are included when they were seen (Brown, Cai and DasGupta 2001, Statist. Sci. 16, 101-133).
/// Arguments as [`wilson`].
///
/// ```
/// // R `DescTools::BinomCI(81, 263, method = "jeffreys")`
/// let e = fairtrial_stats::one_proportion::jeffreys(81, 263, 0.95).unwrap();
/// assert!((e.interval.lower - 0.254_521_935_0).abs() < 1e-9 && (e.interval.upper - 0.365_647_499_2).abs() < 1e-9);
/// ```
///
/// # Errors
/// As [`wilson`].
pub fn jeffreys(x: u64, n: u64, level: f64) -> Result<Estimate, StatError> {
    check(x, n, level)?;
    let limits = jeffreys_limits(x, n, 0.5 * (1.0 - level));
    let lower = if x == 0 { 0.0 } else { limits.0 };
    let upper = if x == n { 1.0 } else { limits.1 };
    Ok(estimate(x, n, level, (lower, upper), "Jeffreys interval", Guarantee::Asymptotic))
}

/// Equal-tailed limits of the posterior under Jeffreys' prior, without the convention for 0 and n.
pub(crate) fn jeffreys_limits(x: u64, n: u64, tail: f64) -> (f64, f64) {
    let (a, b) = (x as f64 + 0.5, (n - x) as f64 + 0.5);
    let (lower, upper) = (beta::quantile(a, b, tail), beta::quantile_upper(a, b, tail));
    // At a level near 0 both are the median, and rounding may exchange them.
    (lower.min(upper), upper.max(lower))
}

/// Which proportions are compatible with x of n, counting half of the observed value's probability? (mid-P)
///
/// Narrower than Clopper-Pearson with coverage near the level but not guaranteed. Arguments as [`wilson`]. Source:
/// Lancaster 1961; Berry and Armitage 1995, The Statistician 44, 417-423.
///
/// ```
/// // Newcombe 1998, Statist. Med. 17, 857-872, table I: 81 of 263.
/// let e = fairtrial_stats::one_proportion::mid_p(81, 263, 0.95).unwrap();
/// assert!((e.interval.lower - 0.2544).abs() < 5e-5 && (e.interval.upper - 0.3658).abs() < 5e-5);
/// ```
///
/// # Errors
/// As [`wilson`]; `no_convergence` when the search fails.
pub fn mid_p(x: u64, n: u64, level: f64) -> Result<Estimate, StatError> {
    check(x, n, level)?;
    let tail = 0.5 * (1.0 - level);
    let (successes, failures) = (x as f64, (n - x) as f64);
    let mass = |p: f64| exp(count::ln_binomial(x, n, p, 1.0 - p));
    let wide = clopper_pearson_limits(x, n, 0.25 * (1.0 - level));
    // P(X > x) + P(X = x)/2 grows from 0 to 1 with p; P(X < x) + P(X = x)/2 falls.
    let lower = if x == 0 {
        0.0
    } else {
        let above = |p: f64| beta::lower(successes, failures + 1.0, p) - 0.5 * mass(p);
        root::find(|p| above(p) - tail, 0.5 * wide.0, x as f64 / n as f64, 0.0)?.value
    };
    let upper = if x == n {
        1.0
    } else {
        let below = |p: f64| beta::upper(successes + 1.0, failures, p) - 0.5 * mass(p);
        root::find(|p| below(p) - tail, x as f64 / n as f64, 0.5 * (1.0 + wide.1), 0.0)?.value
    };
    Ok(estimate(x, n, level, (lower, upper), "mid-P interval", Guarantee::Asymptotic))
}

/// Which proportions are compatible with x of n, adding pseudo-observations? (Agresti-Coull)
///
/// Simple; clipped to [0, 1]. Arguments as [`wilson`]. Source: Agresti and Coull 1998, Am. Stat. 52, 119-126.
///
/// ```
/// // statsmodels `proportion_confint(81, 263, method="agresti_coull")`
/// let e = fairtrial_stats::one_proportion::agresti_coull(81, 263, 0.95).unwrap();
/// assert!((e.interval.lower - 0.255_220_665_2).abs() < 1e-9 && (e.interval.upper - 0.366_277_431_7).abs() < 1e-9);
/// ```
///
/// # Errors
/// As [`wilson`].
pub fn agresti_coull(x: u64, n: u64, level: f64) -> Result<Estimate, StatError> {
    check(x, n, level)?;
    let z = two_sided_z(level);
    let total = n as f64 + z * z;
    let centre = (x as f64 + 0.5 * z * z) / total;
    let spread = z * (centre * (1.0 - centre) / total).sqrt();
    let limits = ((centre - spread).max(0.0), (centre + spread).min(1.0));
    Ok(estimate(x, n, level, limits, "Agresti-Coull interval", Guarantee::Asymptotic))
}

/// Blaker's acceptability of the success probability `p`: the p-value of the test that adds to the smaller tail the
/// largest opposite tail that is not larger.
fn acceptability(x: u64, n: u64, p: f64) -> f64 {
    let lower_tail = |k: u64| if k >= n { 1.0 } else { beta::upper(k as f64 + 1.0, (n - k) as f64, p) };
    let upper_tail = |k: u64| if k == 0 { 1.0 } else { beta::lower(k as f64, (n - k) as f64 + 1.0, p) };
    let (below, above) = (lower_tail(x), upper_tail(x));
    // Ties are real when p makes both tails equal; a relative hair keeps them together.
    let slack = 1.0 + 1e-12;
    if above <= below {
        let mut inside = None;
        // Largest k below x with P(X <= k) <= P(X >= x), by bisection on a monotone tail.
        let (mut low, mut high) = (0, x);
        while low < high {
            let middle = low + (high - low) / 2;
            if lower_tail(middle) <= above * slack {
                inside = Some(middle);
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        (above + inside.map_or(0.0, lower_tail)).min(1.0)
    } else {
        let mut inside = None;
        let (mut low, mut high) = (x + 1, n + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            if upper_tail(middle) <= below * slack {
                inside = Some(middle);
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        (below + inside.map_or(0.0, upper_tail)).min(1.0)
    }
}

/// Which proportions are compatible with x of n, with guaranteed coverage and inside Clopper-Pearson? (Blaker)
///
/// The hull of the proportions that Blaker's test accepts. Arguments as [`wilson`]; `n` up to 100,000. Source: Blaker
/// 2000, Can. J. Stat. 28, 783-798.
///
/// ```
/// // R `exactci::binom.exact(81, 263, tsmethod = "blaker")`
/// let e = fairtrial_stats::one_proportion::blaker(81, 263, 0.95).unwrap();
/// assert!((e.interval.lower - 0.2539).abs() < 1e-4 && (e.interval.upper - 0.3665).abs() < 1e-4);
/// ```
///
/// # Errors
/// As [`wilson`]; `too_large` for n above 100,000.
pub fn blaker(x: u64, n: u64, level: f64) -> Result<Estimate, StatError> {
    check(x, n, level)?;
    if n > 100_000 {
        return Err(StatError::TooLarge { reason: "Blaker's interval is offered up to n = 100,000".to_owned() });
    }
    let lower = if x == 0 { 0.0 } else { blaker_lower(x, n, 1.0 - level) };
    let upper = if x == n { 1.0 } else { 1.0 - blaker_lower(n - x, n, 1.0 - level) };
    Ok(estimate(x, n, level, (lower, upper), "Blaker interval", Guarantee::Exact))
}

/// The smallest p that is accepted. Between the jumps at which the opposite tail gains a value, the acceptability is
/// continuous; the Clopper-Pearson limits at alpha/2 and alpha enclose the answer.
fn blaker_lower(x: u64, n: u64, alpha: f64) -> f64 {
    let mut from = clopper_pearson_limits(x, n, 0.5 * alpha).0;
    let to = clopper_pearson_limits(x, n, alpha).0.min(x as f64 / n as f64);
    let (successes, failures) = (x as f64, (n - x) as f64);
    let upper_tail = |p: f64| beta::lower(successes, failures + 1.0, p);
    let lower_tail = |k: u64, p: f64| beta::upper(k as f64 + 1.0, (n - k) as f64, p);
    // Walk over the opposite tails k: k counts as long as P(X <= k) <= P(X >= x), i.e. for p above its jump.
    loop {
        if acceptability(x, n, from) >= alpha {
            return from;
        }
        // The opposite tail that counts just above `from`.
        let mut k = None;
        let (mut low, mut high) = (0, x);
        while low < high {
            let middle = low + (high - low) / 2;
            if lower_tail(middle, from) <= upper_tail(from) * (1.0 + 1e-12) {
                k = Some(middle);
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let next = k.map_or(0, |k| k + 1);
        let jump = if next < x {
            root::find(|p| upper_tail(p) - lower_tail(next, p), from, x as f64 / n as f64, 0.0).map_or(to, |r| r.upper)
        } else {
            to
        };
        let end = jump.min(to);
        let value = |p: f64| upper_tail(p) + k.map_or(0.0, |k| lower_tail(k, p)) - alpha;
        // Within the piece the sum is convex in the range of interest: it may only cross upwards once.
        if value(end) >= 0.0 {
            return root::find(value, from, end, 0.0).map_or(end, |r| r.upper);
        }
        if end >= to {
            return to;
        }
        from = end;
    }
}

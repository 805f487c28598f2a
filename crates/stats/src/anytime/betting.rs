//! Confidence sequences for the mean of bounded values, by betting.

use super::evidence::check_alpha;
use crate::special::elementary::{ln, ln_1p};
use crate::{Interval, StatError};

/// Most values; the whole stream is read some fifty times.
const MAX_VALUES: usize = 1_000_000;
/// Share of the largest safe bet that is ever placed.
const TRUNCATION: f64 = 0.5;

/// An interval for the mean of values in [0, 1] that may be looked at after every value.
///
/// Two gamblers bet that the mean is higher, or lower, than a candidate; a candidate that makes either rich (`2 / alpha`
/// times its stake, ever) is excluded. Bets follow the variance seen so far. Valid for any distribution on [0, 1] whose
/// values have the same mean given the past, and for any sample size. The order of the values matters, so it needs the
/// stream and not its sums.
///
/// Source: Waudby-Smith and Ramdas 2024, hedged capital with predictable plug-in bets (section 4.3).
///
/// ```
/// let stream: Vec<f64> = (0..200).map(|i| if i % 4 == 0 { 1.0 } else { 0.0 }).collect();
/// let interval = fairtrial_stats::anytime::betting(&stream, 0.05)?;
/// assert!(interval.contains(0.25) && interval.upper - interval.lower < 0.3);
/// # Ok::<(), fairtrial_stats::StatError>(())
/// ```
///
/// # Errors
/// `InvalidArgument` for a value outside [0, 1] or `alpha` outside (0, 1); `TooFewUnits` without values; `TooLarge` above
/// 10^6 values.
pub fn betting(values: &[f64], alpha: f64) -> Result<Interval, StatError> {
    check_alpha(alpha)?;
    if values.is_empty() {
        return Err(StatError::TooFewUnits { need: 1, got: 0 });
    }
    if values.len() > MAX_VALUES {
        return Err(StatError::TooLarge { reason: format!("at most {MAX_VALUES} values") });
    }
    if values.iter().any(|y| !(0.0..=1.0).contains(y)) {
        return Err(StatError::invalid("values", "must lie between 0 and 1"));
    }
    let bets = bets(values, alpha);
    let mirrored: Vec<f64> = values.iter().map(|y| 1.0 - y).collect();
    let limit = ln(2.0 / alpha);
    // The bets depend on the values only through the variance, so the lower gambler is the upper one in the mirror.
    let lower = lowest(values, &bets, limit);
    let upper = 1.0 - lowest(&mirrored, &bets, limit);
    Ok(Interval { lower: lower.min(upper), upper: upper.max(lower), level: 1.0 - alpha })
}

/// The bet before each value: `sqrt(2 ln(2/alpha) / (t ln(1 + t) variance))`, with one imagined value of mean 1/2 and
/// variance 1/4.
fn bets(values: &[f64], alpha: f64) -> Vec<f64> {
    let (mut sum, mut squares, mut variance) = (0.5, 0.25, 0.25);
    let mut result = Vec::with_capacity(values.len());
    for (i, y) in values.iter().enumerate() {
        let t = i as f64 + 1.0;
        result.push((2.0 * ln(2.0 / alpha) / (t * ln_1p(t) * variance)).sqrt());
        sum += y;
        let mean = sum / (t + 1.0);
        squares += (y - mean) * (y - mean);
        variance = squares / (t + 1.0);
    }
    result
}

/// The smallest mean that the gambler on high values has never been able to exclude, from below.
fn lowest(values: &[f64], bets: &[f64], limit: f64) -> f64 {
    let rich = |mean: f64| {
        let mut capital = 0.0;
        for (y, bet) in values.iter().zip(bets) {
            capital += ln_1p(bet.min(TRUNCATION / mean) * (y - mean));
            if capital >= limit {
                return true;
            }
        }
        false
    };
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..50 {
        let middle = 0.5 * (low + high);
        if rich(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

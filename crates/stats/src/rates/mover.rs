//! MOVER-J for a ratio of rates.

use super::{Events, PoissonTail, check_level, poisson_test};
use crate::special::incomplete_gamma;
use crate::variance_recovery::{self, Limits};
use crate::{Estimate, Guarantee, Interval, Side, StatError};

/// How many times the event rate of arm 0 is that of arm 1? MOVER with Jeffreys limits.
///
/// Always finite, thanks to the prior; the estimate is the ratio of posterior medians. Source: Li, Tang and Wong 2014,
/// Comput. Stat. 29, 869-889; Laud 2017.
///
/// ```
/// use fairtrial_stats::rates::{Events, mover_rate_ratio};
/// // R `ratesci::moverci(distrib = "poi", contrast = "RR")`
/// let e = mover_rate_ratio(&Events::new(11, 800.0, 4, 900.0).unwrap(), 0.95).unwrap();
/// assert!((e.interval.lower - 1.047_438).abs() < 1e-5 && (e.interval.upper - 10.283_814).abs() < 1e-5);
/// ```
///
/// # Errors
/// `invalid_argument` for a level outside (0, 1).
pub fn mover_rate_ratio(events: &Events, level: f64) -> Result<Estimate, StatError> {
    check_level(level)?;
    let tail = 0.5 * (1.0 - level);
    let limits = |x: u64, t: f64| {
        let shape = x as f64 + 0.5;
        Limits {
            lower: incomplete_gamma::quantile(shape, tail) / t,
            middle: incomplete_gamma::quantile(shape, 0.5) / t,
            upper: incomplete_gamma::quantile_upper(shape, tail) / t,
        }
    };
    let (first, second) = (limits(events.x1, events.t1), limits(events.x0, events.t0));
    let (lower, upper) = variance_recovery::ratio(first, second);
    Ok(Estimate {
        point: Some(first.middle / second.middle),
        standard_error: None,
        degrees_of_freedom: None,
        interval: Interval { lower, upper, level },
        p_value: Some(poisson_test(events, PoissonTail::MidP, Side::Two)?),
        method: "MOVER-J interval for a rate ratio".to_owned(),
        guarantee: Guarantee::Asymptotic,
    })
}

//! Exact inference about a ratio of Poisson rates: given the total, the events of arm 1 are binomial.

use super::{Events, check_level};
use crate::special::elementary::{exp, ln};
use crate::special::{beta, count, root};
use crate::{Estimate, Guarantee, Interval, PValue, Side, StatError};

/// How the two tails of the conditional binomial test are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PoissonTail {
    /// Twice the smaller tail: our default.
    Central,
    /// All divisions of the total that are at most as likely as the observed one: R's `poisson.test`.
    MinLikelihood,
    /// Twice the smaller tail with half of the observed probability; not exact.
    MidP,
}

/// Probabilities closer than this count as tied, as in R.
const TIE: f64 = 1e-7;

/// ln P(X1 >= x1) and ln P(X1 <= x1) given the total, under equal rates.
fn tails(events: &Events) -> (f64, f64) {
    let (x1, t1, x0, t0) = events.floats();
    let (p, q) = (t1 / (t1 + t0), t0 / (t1 + t0));
    let upper = if events.x1 == 0 { 0.0 } else { beta::tails(x1, x0 + 1.0, p, q).ln_lower };
    let lower = if events.x0 == 0 { 0.0 } else { beta::tails(x1 + 1.0, x0, p, q).ln_upper };
    (upper, lower)
}

fn ln_observed(events: &Events) -> f64 {
    let total = events.t1 + events.t0;
    count::ln_binomial(events.x1, events.x1 + events.x0, events.t1 / total, events.t0 / total)
}

/// Are two event rates equal? The conditional exact test.
///
/// Source: Przyborowski and Wilenski 1940, Biometrika 31, 313-323. Without any event the p-value is 1.
///
/// ```
/// use fairtrial_stats::{Side, rates::{Events, PoissonTail, poisson_test}};
/// let events = Events::new(11, 800.0, 4, 900.0).unwrap();
/// let p = poisson_test(&events, PoissonTail::MinLikelihood, Side::Two).unwrap().p();
/// assert!((p - 0.066_676_086_04).abs() < 1e-10);
/// ```
///
/// # Errors
/// None for valid [`Events`]; the type leaves room for methods that can fail.
pub fn poisson_test(events: &Events, tail: PoissonTail, side: Side) -> Result<PValue, StatError> {
    let (upper, lower) = tails(events);
    if tail == PoissonTail::MidP {
        let half = 0.5 * exp(ln_observed(events));
        let (greater, less) = (exp(upper) - half, exp(lower) - half);
        return Ok(PValue::from_p(match side {
            Side::Greater => greater,
            Side::Less => less,
            Side::Two => 2.0 * greater.min(less),
        }));
    }
    Ok(match side {
        Side::Greater => PValue::from_ln(upper),
        Side::Less => PValue::from_ln(lower),
        Side::Two if tail == PoissonTail::Central => PValue::from_ln(upper.min(lower) + std::f64::consts::LN_2),
        Side::Two => min_likelihood(events, upper, lower),
    })
}

fn min_likelihood(events: &Events, upper: f64, lower: f64) -> PValue {
    let n = events.x1 + events.x0;
    let total = events.t1 + events.t0;
    let (p, q) = (events.t1 / total, events.t0 / total);
    let limit = ln_observed(events) + TIE;
    let mass = |k: u64| count::ln_binomial(k, n, p, q);
    let mode = (((n + 1) as f64 * p) as u64).min(n);
    let is_upper = events.x1 > mode;
    if mass(mode) <= limit {
        return PValue::from_p(1.0);
    }
    // On the other side of the mode the masses are monotone: bisect for the first small one.
    let (mut low, mut high) = if is_upper { (0, mode) } else { (mode, n + 1) };
    while low < high {
        let middle = low + (high - low) / 2;
        if (mass(middle) <= limit) == is_upper {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    let failures = |k: u64| (n - k) as f64;
    let (own, other) = if is_upper {
        let other =
            if low == 0 { f64::NEG_INFINITY } else { beta::tails(low as f64, failures(low - 1), p, q).ln_upper };
        (upper, other)
    } else {
        let other =
            if low > n { f64::NEG_INFINITY } else { beta::tails(low as f64, failures(low) + 1.0, p, q).ln_lower };
        (lower, other)
    };
    PValue::from_ln(ln(exp(own) + exp(other)).max(own))
}

fn estimate(events: &Events, limits: (f64, f64), level: f64, tail: PoissonTail) -> Result<Estimate, StatError> {
    let (method, guarantee) = match tail {
        PoissonTail::MidP => ("conditional mid-P interval for a rate ratio", Guarantee::Asymptotic),
        _ => ("conditional exact interval for a rate ratio", Guarantee::Exact),
    };
    Ok(Estimate {
        point: events.ratio(),
        standard_error: None,
        degrees_of_freedom: None,
        interval: Interval { lower: limits.0, upper: limits.1, level },
        p_value: Some(poisson_test(events, tail, Side::Two)?),
        method: method.to_owned(),
        guarantee,
    })
}

/// How many times the event rate of arm 0 is that of arm 1, with guaranteed coverage?
///
/// The Clopper-Pearson interval of the conditional binomial, turned into a ratio; the p-value is twice the smaller tail.
/// Unbounded above without events in arm 0. `level` in (0, 1). Assumes independent events.
///
/// ```
/// use fairtrial_stats::rates::{Events, exact_rate_ratio};
/// // R `poisson.test(c(11, 4), c(800, 900))`
/// let e = exact_rate_ratio(&Events::new(11, 800.0, 4, 900.0).unwrap(), 0.95).unwrap();
/// assert!((e.interval.lower - 0.916_730_277).abs() < 1e-6 && (e.interval.upper - 13.321_868_6).abs() < 1e-6);
/// ```
///
/// # Errors
/// `invalid_argument` for a level outside (0, 1).
pub fn exact_rate_ratio(events: &Events, level: f64) -> Result<Estimate, StatError> {
    check_level(level)?;
    let tail = 0.5 * (1.0 - level);
    let (x1, t1, x0, t0) = events.floats();
    let odds = |pair: (f64, f64)| pair.0 / pair.1 * (t0 / t1);
    let lower = if events.x1 == 0 { 0.0 } else { odds(beta::inverse(x1, x0 + 1.0, tail, true)) };
    let upper = if events.x0 == 0 { f64::INFINITY } else { odds(beta::inverse(x1 + 1.0, x0, tail, false)) };
    estimate(events, (lower, upper), level, PoissonTail::Central)
}

/// How many times the event rate of arm 0 is that of arm 1? The mid-P interval.
///
/// Narrower than the exact one, coverage near the level. Source: Graham, Mengersen and Morton 2003, Statist. Med. 22,
/// 2071-2083.
///
/// ```
/// use fairtrial_stats::rates::{Events, mid_p_rate_ratio};
/// // R `exactci::poisson.exact(midp = TRUE)`
/// let e = mid_p_rate_ratio(&Events::new(11, 800.0, 4, 900.0).unwrap(), 0.95).unwrap();
/// assert!((e.interval.lower - 1.016_49).abs() < 1e-3 && (e.interval.upper - 11.234_79).abs() < 1e-3);
/// ```
///
/// # Errors
/// `invalid_argument` for a level outside (0, 1); `no_convergence` when the search fails.
pub fn mid_p_rate_ratio(events: &Events, level: f64) -> Result<Estimate, StatError> {
    check_level(level)?;
    let tail = 0.5 * (1.0 - level);
    let n = events.x1 + events.x0;
    let (x1, t1, x0, t0) = events.floats();
    let (ln_scale, middle) = (ln(t0 / t1), ln((x1 + 0.5) / (x0 + 0.5)));
    let split = |logit: f64| {
        let e = exp(-logit.abs());
        if logit >= 0.0 { (1.0 / (1.0 + e), e / (1.0 + e)) } else { (e / (1.0 + e), 1.0 / (1.0 + e)) }
    };
    let half = |p: f64, q: f64| 0.5 * exp(count::ln_binomial(events.x1, n, p, q));
    let lower = if events.x1 == 0 {
        0.0
    } else {
        let above = |logit: f64| {
            let (p, q) = split(logit);
            beta::tails(x1, x0 + 1.0, p, q).lower() - half(p, q) - tail
        };
        exp(root::find(above, -700.0, middle + 40.0, 0.0)?.value + ln_scale)
    };
    let upper = if events.x0 == 0 {
        f64::INFINITY
    } else {
        let below = |logit: f64| {
            let (p, q) = split(logit);
            beta::tails(x1 + 1.0, x0, p, q).upper() - half(p, q) - tail
        };
        exp(root::find(below, middle - 40.0, 700.0, 0.0)?.value + ln_scale)
    };
    estimate(events, (lower, upper), level, PoissonTail::MidP)
}

//! Melded intervals: exact confidence distributions of both arms put together.

use super::fisher::{FisherMethod, fisher};
use super::table::{Table, check_level};
use crate::special::quadrature::GaussLegendre;
use crate::special::{beta, root};
use crate::{Estimate, Guarantee, Interval, Side, StatError};

/// A confidence distribution of one proportion: a point or a beta distribution.
#[derive(Clone, Copy)]
enum Distribution {
    Point(f64),
    Beta(f64, f64),
}

impl Distribution {
    fn lower(x: u64, n: u64) -> Self {
        if x == 0 { Self::Point(0.0) } else { Self::Beta(x as f64, (n - x) as f64 + 1.0) }
    }

    fn upper(x: u64, n: u64) -> Self {
        if x == n { Self::Point(1.0) } else { Self::Beta(x as f64 + 1.0, (n - x) as f64) }
    }

    fn cdf(self, value: f64) -> f64 {
        match self {
            Self::Point(at) => f64::from(u8::from(value >= at)),
            Self::Beta(a, b) => beta::lower(a, b, value.clamp(0.0, 1.0)),
        }
    }

    /// Where all but 1e-16 of it lies on either side.
    fn ends(self) -> (f64, f64) {
        match self {
            Self::Point(at) => (at, at),
            Self::Beta(a, b) => (beta::quantile(a, b, 1e-16), beta::quantile_upper(a, b, 1e-16)),
        }
    }

    /// The probability that this is at least `value`.
    fn at_least(self, value: f64) -> f64 {
        match self {
            Self::Point(at) => f64::from(u8::from(at >= value)),
            Self::Beta(a, b) => beta::upper(a, b, value.clamp(0.0, 1.0)),
        }
    }

    /// The probability that `other` is at most `bend(x)`, where x has this distribution and `bend` rises; `back` undoes it.
    ///
    /// Integrated only where it is neither 0 nor 1, so that neither the corner at an end of [0, 1] nor a distribution much
    /// narrower than this one falls between the nodes.
    fn reached(self, rule: &GaussLegendre, other: Self, bend: impl Fn(f64) -> f64, back: impl Fn(f64) -> f64) -> f64 {
        match self {
            Self::Point(at) => other.cdf(bend(at)),
            Self::Beta(a, b) => {
                let (narrow, wide) = (other.ends(), self.ends());
                let (from, to) = (back(narrow.0).max(wide.0), back(narrow.1).min(wide.1));
                let inside = if from < to {
                    let density = |u: f64| beta::ln_pdf(a, b, u).exp() * other.cdf(bend(u));
                    rule.integrate_panels(from, to, 16, density)
                } else {
                    0.0
                };
                inside + self.at_least(to.max(back(narrow.1)))
            }
        }
    }
}

fn estimate(table: &Table, point: Option<f64>, limits: (f64, f64), level: f64) -> Result<Estimate, StatError> {
    Ok(Estimate {
        point,
        standard_error: None,
        degrees_of_freedom: None,
        interval: Interval { lower: limits.0, upper: limits.1, level },
        p_value: Some(fisher(table, FisherMethod::Central, Side::Two)?),
        method: "melded interval, Fisher's central test".to_owned(),
        guarantee: Guarantee::Exact,
    })
}

/// By how much do two proportions differ? The interval that agrees with Fisher's central test.
///
/// Fay, Proschan and Brittain 2015, Biometrics 71, 146-156. Conservative; coverage is believed to be guaranteed (no
/// exception is known) and is checked here by enumeration for small groups. `level` in (0, 1); arms up to 10^7.
///
/// # Errors
/// `invalid_argument` for a level outside (0, 1); `too_large` beyond the limit.
pub fn melded_risk_difference(table: &Table, level: f64) -> Result<Estimate, StatError> {
    check_level(level)?;
    let lower = difference_limit(table, 0.5 * (1.0 - level))?;
    let upper = -difference_limit(&table.swapped(), 0.5 * (1.0 - level))?;
    estimate(table, Some(table.difference()), (lower, upper), level)
}

fn check_size(table: &Table) -> Result<(), StatError> {
    if table.n1().max(table.n0()) > 10_000_000 {
        return Err(StatError::TooLarge { reason: "melded intervals take arms up to 10^7".to_owned() });
    }
    Ok(())
}

/// The quantile of (lower distribution of arm 1) - (upper distribution of arm 0).
fn difference_limit(table: &Table, tail: f64) -> Result<f64, StatError> {
    check_size(table)?;
    let (first, second) = parts(table);
    if let (Distribution::Point(at), Distribution::Beta(a, b)) = (first, second) {
        return Ok(at - beta::quantile_upper(a, b, tail));
    }
    let rule = GaussLegendre::new(20);
    let below = |difference: f64| second.reached(&rule, first, |u| u + difference, |v| v - difference) - tail;
    if below(-1.0) >= 0.0 {
        return Ok(-1.0);
    }
    Ok(root::find(below, -1.0, 1.0, 1e-12)?.value)
}

fn parts(table: &Table) -> (Distribution, Distribution) {
    (Distribution::lower(table.x1(), table.n1()), Distribution::upper(table.x0(), table.n0()))
}

/// How many times one proportion is the other? The interval that agrees with Fisher's central test.
///
/// Unbounded above when x0 = 0. Source and limits as [`melded_risk_difference`].
///
/// # Errors
/// As [`melded_risk_difference`].
pub fn melded_risk_ratio(table: &Table, level: f64) -> Result<Estimate, StatError> {
    check_level(level)?;
    let tail = 0.5 * (1.0 - level);
    let lower = ratio_limit(table, tail)?;
    let upper = 1.0 / ratio_limit(&table.swapped(), tail)?;
    let point = if table.successes() == 0 { None } else { Some(table.p1() / table.p0()) };
    estimate(table, point, (lower, upper), level)
}

/// The quantile of (lower distribution of arm 1) / (upper distribution of arm 0).
fn ratio_limit(table: &Table, tail: f64) -> Result<f64, StatError> {
    check_size(table)?;
    if table.x1() == 0 {
        return Ok(0.0);
    }
    let (first, second) = parts(table);
    let rule = GaussLegendre::new(20);
    let below = |ln_ratio: f64| {
        let ratio = ln_ratio.exp();
        second.reached(&rule, first, |u| u * ratio, |v| v / ratio) - tail
    };
    super::score::log_root(|v| -below(v), Some(table.p1() / (table.p0() + 0.5 / table.n0() as f64))).map(f64::exp)
}

//! Melded intervals: exact confidence distributions of both arms put together.

use crate::special::elementary::exp;
use std::sync::LazyLock;

use super::fisher::{FisherMethod, fisher};
use super::table::{Table, check_level};
use crate::special::quadrature::GaussLegendre;
use crate::special::{beta, root};
use crate::{Estimate, Guarantee, Interval, Side, StatError};

/// Largest arm whose distribution is written out as a polynomial.
const FEW: u64 = 60;

/// A confidence distribution of one proportion: a point or a beta distribution.
enum Distribution {
    Point(f64),
    Beta(f64, f64),
    Few(Few),
}

/// A beta distribution with small whole shapes: its density and distribution function are polynomials.
struct Few {
    a: i32,
    b: i32,
    /// 1 / B(a, b).
    scale: f64,
    /// The ways to choose a, a + 1 ... of a + b - 1.
    upwards: Vec<f64>,
    /// The ways to choose b, b + 1 ... of a + b - 1.
    downwards: Vec<f64>,
}

impl Few {
    fn new(a: u64, b: u64) -> Self {
        let m = a + b - 1;
        let mut choose = vec![1.0];
        for k in 0..m {
            choose.push(choose[k as usize] * (m - k) as f64 / (k + 1) as f64);
        }
        let scale = a as f64 * choose[a as usize];
        let (upwards, downwards) = (choose[a as usize..].to_vec(), choose[b as usize..].to_vec());
        Self { a: a as i32, b: b as i32, scale, upwards, downwards }
    }

    fn density(&self, u: f64) -> f64 {
        self.scale * u.powi(self.a - 1) * (1.0 - u).powi(self.b - 1)
    }

    fn cdf(&self, value: f64) -> f64 {
        let (u, v) = (value.clamp(0.0, 1.0), (1.0 - value).clamp(0.0, 1.0));
        // At least a of a + b - 1 people succeed; or, above one half, not at least b fail.
        let sum = |ways: &[f64], odds: f64| ways.iter().rev().fold(0.0, |sum, way| sum * odds + way);
        if u <= 0.5 {
            u.powi(self.a) * v.powi(self.b - 1) * sum(&self.upwards, u / v)
        } else {
            1.0 - v.powi(self.b) * u.powi(self.a - 1) * sum(&self.downwards, v / u)
        }
    }
}

impl Distribution {
    fn lower(x: u64, n: u64) -> Self {
        if x == 0 { Self::Point(0.0) } else { Self::with(x, n - x + 1) }
    }

    fn upper(x: u64, n: u64) -> Self {
        if x == n { Self::Point(1.0) } else { Self::with(x + 1, n - x) }
    }

    fn with(a: u64, b: u64) -> Self {
        if a + b <= FEW { Self::Few(Few::new(a, b)) } else { Self::Beta(a as f64, b as f64) }
    }

    /// The shapes; none for a point.
    fn shapes(&self) -> Option<(f64, f64)> {
        match self {
            Self::Point(_) => None,
            Self::Beta(a, b) => Some((*a, *b)),
            Self::Few(few) => Some((f64::from(few.a), f64::from(few.b))),
        }
    }

    fn density(&self, u: f64) -> f64 {
        match self {
            Self::Point(_) => 0.0,
            Self::Beta(a, b) => exp(beta::ln_pdf(*a, *b, u)),
            Self::Few(few) => few.density(u),
        }
    }

    fn cdf(&self, value: f64) -> f64 {
        match self {
            Self::Point(at) => f64::from(u8::from(value >= *at)),
            Self::Beta(a, b) => beta::lower(*a, *b, value.clamp(0.0, 1.0)),
            Self::Few(few) => few.cdf(value),
        }
    }

    /// Where all but 1e-16 of it lies on either side; a polynomial may be integrated over all of [0, 1].
    fn ends(&self) -> (f64, f64) {
        match self {
            Self::Point(at) => (*at, *at),
            Self::Beta(a, b) => (beta::quantile(*a, *b, 1e-16), beta::quantile_upper(*a, *b, 1e-16)),
            Self::Few(_) => (0.0, 1.0),
        }
    }

    /// The probability that this is at least `value`.
    fn at_least(&self, value: f64) -> f64 {
        match self {
            Self::Point(at) => f64::from(u8::from(*at >= value)),
            Self::Beta(a, b) => beta::upper(*a, *b, value.clamp(0.0, 1.0)),
            Self::Few(few) => 1.0 - few.cdf(value),
        }
    }
}

static RULE: LazyLock<GaussLegendre> = LazyLock::new(|| GaussLegendre::new(20));

/// Both distributions, and where each lies.
struct Pair {
    first: Distribution,
    second: Distribution,
    first_ends: (f64, f64),
    second_ends: (f64, f64),
}

impl Pair {
    fn new(table: &Table) -> Self {
        let first = Distribution::lower(table.x1(), table.n1());
        let second = Distribution::upper(table.x0(), table.n0());
        let (first_ends, second_ends) = (first.ends(), second.ends());
        Self { first, second, first_ends, second_ends }
    }

    /// Parts of the range on which a rule of 20 nodes is as good as exact: the integrand is a polynomial whose degree is the
    /// number of people, and of many people a bell within the range.
    fn panels(&self) -> usize {
        let people = |of: &Distribution| of.shapes().map_or(0.0, |(a, b)| a + b - 1.0);
        (1.0 + (people(&self.first) + people(&self.second)) / 30.0).min(16.0) as usize
    }

    /// The probability that the first is at most `bend(x)`, where x has the second distribution and `bend` rises; `back`
    /// undoes it.
    ///
    /// Integrated only where it is neither 0 nor 1, so that neither the corner at an end of [0, 1] nor a distribution much
    /// narrower than this one falls between the nodes.
    fn reached(&self, bend: impl Fn(f64) -> f64, back: impl Fn(f64) -> f64) -> f64 {
        if let Distribution::Point(at) = self.second {
            return self.first.cdf(bend(at));
        }
        let (narrow, wide) = (self.first_ends, self.second_ends);
        let (from, to) = (back(narrow.0).max(wide.0), back(narrow.1).min(wide.1));
        let inside = if from < to {
            let density = |u: f64| self.second.density(u) * self.first.cdf(bend(u));
            RULE.integrate_panels(from, to, self.panels(), density)
        } else {
            0.0
        };
        inside + self.second.at_least(to.max(back(narrow.1)))
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
/// exception is known) and is checked here by enumeration for all groups of up to 30 people. `level` in (0, 1); arms up to 10^7.
///
/// ```
/// // The defining integral with 20 digits (mpmath).
/// use fairtrial_stats::two_proportions::{Table, melded_risk_difference};
/// let interval = melded_risk_difference(&Table::new(56, 70, 48, 80).unwrap(), 0.95).unwrap().interval;
/// assert!((interval.lower - 0.040_124_537_8).abs() < 1e-9 && (interval.upper - 0.348_610_845_2).abs() < 1e-9);
/// ```
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
    let pair = Pair::new(table);
    if let (Distribution::Point(at), Some((a, b))) = (&pair.first, pair.second.shapes()) {
        return Ok(at - beta::quantile_upper(a, b, tail));
    }
    let below = |difference: f64| pair.reached(|u| u + difference, |v| v - difference) - tail;
    if below(-1.0) >= 0.0 {
        return Ok(-1.0);
    }
    Ok(root::find(below, -1.0, 1.0, 1e-12)?.value)
}

/// How many times one proportion is the other? The interval that agrees with Fisher's central test.
///
/// Unbounded above when x0 = 0. Source and limits as [`melded_risk_difference`].
///
/// ```
/// // R `exact2x2::binomMeld.test`
/// use fairtrial_stats::two_proportions::{Table, melded_risk_ratio};
/// let interval = melded_risk_ratio(&Table::new(56, 70, 48, 80).unwrap(), 0.95).unwrap().interval;
/// assert!((interval.lower - 1.059_131).abs() < 1e-5 && (interval.upper - 1.698_519).abs() < 1e-5);
/// ```
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
    let pair = Pair::new(table);
    let below = |ln_ratio: f64| {
        let ratio = exp(ln_ratio);
        pair.reached(|u| u * ratio, |v| v / ratio) - tail
    };
    super::score::log_root(|v| -below(v), Some(table.p1() / (table.p0() + 0.5 / table.n0() as f64))).map(exp)
}

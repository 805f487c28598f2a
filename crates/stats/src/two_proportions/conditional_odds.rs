//! The odds ratio given both margins, with the interval of exact tails.

use super::conditional::{Conditional, Ladder, Tilted};
use super::fisher::{FisherMethod, fisher};
use super::score::log_root;
use super::table::{Table, check_level};
use crate::special::elementary::{exp, ln};
use crate::special::normal;
use crate::{Estimate, Guarantee, Interval, PValue, Side, StatError};

/// How many times the odds of arm 0 are those of arm 1, given both margins?
///
/// The conditional maximum-likelihood odds ratio with the exact equal-tailed interval (Cornfield 1956; what R's
/// `fisher.test` gives), or with `mid_p` the narrower one that counts half of the observed table. No estimate when the
/// margins leave only one table; infinite when the observed table is the last possible one. Up to 10^10 people.
///
/// ```
/// use fairtrial_stats::two_proportions::{Table, conditional_odds_ratio};
/// // The lady tasting tea, three of four right (Agresti 2002, 3.5.2): 6.408, from 0.2117 (R `fisher.test`); the upper limit
/// // solves 0.025 r^4 = 0.975 (16 r^3 + 36 r^2 + 16 r + 1).
/// let e = conditional_odds_ratio(&Table::new(3, 4, 1, 4).unwrap(), 0.95, false).unwrap();
/// assert!((e.point.unwrap() - 6.408).abs() < 1e-3 && (e.interval.lower - 0.2117).abs() < 1e-4);
/// assert!((e.interval.upper - 626.2435).abs() < 1e-3);
/// ```
///
/// # Errors
/// `invalid_argument` for a level outside (0, 1); `too_large` beyond 10^10 people.
pub fn conditional_odds_ratio(table: &Table, level: f64, mid_p: bool) -> Result<Estimate, StatError> {
    check_level(level)?;
    if table.total() > 10_000_000_000 {
        return Err(StatError::TooLarge { reason: "the conditional odds ratio takes up to 10^10 people".to_owned() });
    }
    let conditional = Conditional::new(table)?;
    let tail = 0.5 * (1.0 - level);
    let share = if mid_p { 0.5 } else { 1.0 };
    let search = Search::new(table, conditional, tail, share);
    let ln_point = search.ln_point()?;
    let (centre, reach) = search.reach(ln_point);
    let (lower, upper) = (search.lower(centre, reach)?, search.upper(centre, reach)?);
    // At a level next to 0 both are one number, but for rounding.
    let interval = Interval { lower: lower.min(upper), upper: lower.max(upper), level };
    Ok(Estimate {
        point: ln_point.map(exp),
        standard_error: None,
        degrees_of_freedom: None,
        interval,
        p_value: Some(search.p_value()?),
        method: if mid_p { "conditional odds ratio, mid-P" } else { "conditional odds ratio, exact" }.to_owned(),
        guarantee: if mid_p { Guarantee::Asymptotic } else { Guarantee::Exact },
    })
}

/// The searches for an estimate and its limits, from Woolf's estimate with half a person more in each cell.
struct Search<'a> {
    table: &'a Table,
    conditional: Conditional,
    tail: f64,
    /// How much of the observed mass counts.
    share: f64,
    woolf: f64,
    ladder: Option<Ladder>,
}

/// How close Newton's and Halley's methods come before their last step: what is left is its square, or its cube.
const BEFORE_SQUARE: f64 = 1e-8;
const BEFORE_CUBE: f64 = 3e-6;

impl<'a> Search<'a> {
    fn new(table: &'a Table, conditional: Conditional, tail: f64, share: f64) -> Self {
        let (x1, n1, x0, n0) = table.floats();
        let woolf = (x1 + 0.5) * (n0 - x0 + 0.5) / ((x0 + 0.5) * (n1 - x1 + 0.5));
        let ladder = conditional.ladder(table.x1(), ln(woolf));
        Self { table, conditional, tail, share, woolf, ladder }
    }

    fn quick(&self, start: f64, close: f64, function: impl Fn(&Tilted) -> [f64; 3]) -> Option<f64> {
        self.ladder.as_ref().and_then(|ladder| ladder.root(start, close, function))
    }

    fn slow(&self, function: impl Fn(&Tilted) -> f64) -> Result<f64, StatError> {
        log_root(|v| function(&self.conditional.tilted(self.table.x1(), exp(v))), Some(self.woolf))
    }

    /// The logarithm of the estimate; infinite at an end, none when the margins leave one table only.
    fn ln_point(&self) -> Result<Option<f64>, StatError> {
        let (conditional, x) = (&self.conditional, self.table.x1());
        if conditional.low == conditional.high {
            return Ok(None);
        }
        if x == conditional.low || x == conditional.high {
            return Ok(Some(if x == conditional.low { f64::NEG_INFINITY } else { f64::INFINITY }));
        }
        let found = self.quick(ln(self.woolf), BEFORE_SQUARE, Tilted::balance);
        Ok(Some(found.map_or_else(|| self.slow(Tilted::excess), Ok)?))
    }

    /// The estimate's logarithm, or Woolf's where it has no end, and about how far a limit lies from it on both sides: the normal
    /// quantile with the information there, and half a person more where the observed mass counts whole.
    fn reach(&self, ln_point: Option<f64>) -> (f64, f64) {
        let ln_point = ln_point.filter(|point| point.is_finite());
        let variance = |at: f64| self.ladder.as_ref().and_then(|ladder| ladder.tilted(at)).map(|t| t.variance());
        let (x1, n1, x0, n0) = self.table.floats();
        let cells = [x1, n1 - x1, x0, n0 - x0].map(|cell| 1.0 / (cell + 0.5));
        let squared = ln_point.and_then(variance).map_or(cells.iter().sum(), f64::recip);
        let distance = -normal::quantile(self.tail) * squared.sqrt() + (self.share - 0.5) * squared;
        (ln_point.unwrap_or(ln(self.woolf)), distance)
    }

    fn lower(&self, centre: f64, reach: f64) -> Result<f64, StatError> {
        if self.table.x1() == self.conditional.low {
            return Ok(0.0);
        }
        let found = self.quick(centre - reach, BEFORE_CUBE, |t| t.ln_upper(self.share, self.tail));
        Ok(exp(found.map_or_else(|| self.slow(|t| self.tail - t.upper(self.share)), Ok)?))
    }

    fn upper(&self, centre: f64, reach: f64) -> Result<f64, StatError> {
        if self.table.x1() == self.conditional.high {
            return Ok(f64::INFINITY);
        }
        let found = self.quick(centre + reach, BEFORE_CUBE, |t| t.ln_lower(self.share, self.tail));
        Ok(exp(found.map_or_else(|| self.slow(|t| t.lower(self.share) - self.tail), Ok)?))
    }

    /// Fisher's central p-value, from the same sums where they are at hand.
    fn p_value(&self) -> Result<PValue, StatError> {
        match self.ladder.as_ref().and_then(|ladder| ladder.tilted(0.0)) {
            Some(sums) => Ok(PValue::from_ln(ln(sums.central(self.share)).min(0.0))),
            None => {
                let method = if self.share < 1.0 { FisherMethod::MidP } else { FisherMethod::Central };
                fisher(self.table, method, Side::Two)
            }
        }
    }
}

//! Exact inference about a difference of any size: tests of a margin and the interval that inverts them.

use super::edge::{Null, check_size};
use super::exact_limit::{bisected, largest_on_edge, lower_limit};
use super::exact_ratio::{ExactMeasure, agreeing};
use super::score::{ScoreVariance, difference_z};
use super::table::{Table, check_level};
use super::unconditional::{UnconditionalTest, barnard};
use crate::{Estimate, Guarantee, Interval, PValue, Side, StatError};

/// Is arm 1 better than arm 0 by more than a margin, or not worse by more than it, at any size of trial?
///
/// The null hypothesis is p1 - p0 = `null_difference`; tables are ordered by the score statistic for it, and the p-value is
/// the largest probability over all pairs of proportions on the edge of the null hypothesis, proved: to nine digits up to
/// 1,000 people, to one part in ten thousand and 1e-6 beyond (one in a hundred above 0.3). [`Side::Two`] doubles the smaller
/// side. Up to 110,000 tables (330 people an arm).
///
/// Sources: Chan and Zhang 1999, Biometrics 55, 1202-1209; Farrington and Manning 1990 (ordering).
///
/// ```
/// use fairtrial_stats::{Side, two_proportions::{Table, exact_margin_test}};
/// // One person an arm, 1 of 1 against 0 of 1: only this table counts, p1 (1 - p0) on p1 = p0 - 0.2 is largest at p0 = 0.6.
/// let test = exact_margin_test(&Table::new(1, 1, 0, 1).unwrap(), -0.2, Side::Greater).unwrap();
/// assert!((test.p_value.p() - 0.4 * 0.4).abs() < 1e-9 && (test.supremum.at - 0.6).abs() < 1e-4);
/// ```
///
/// # Errors
/// `invalid_argument` for a difference outside (-1, 1); `too_large` beyond the limit.
pub fn exact_margin_test(table: &Table, null_difference: f64, side: Side) -> Result<UnconditionalTest, StatError> {
    check_size(table)?;
    if !(null_difference > -1.0 && null_difference < 1.0) {
        return Err(StatError::invalid("null_difference", "must lie strictly between -1 and 1"));
    }
    if null_difference == 0.0 {
        // The common proportion alone is unknown: whole-number ordering, and a sharper proof.
        return barnard(table, side);
    }
    let statistic = difference_z(table, null_difference, ScoreVariance::Uncorrected);
    let towards = |table: &Table, difference: f64| {
        let supremum = largest_on_edge(table, Null::Difference(difference), (0.0, 1.0));
        UnconditionalTest { p_value: PValue::from_p(supremum.value), supremum, statistic }
    };
    let greater = || towards(table, null_difference);
    let less = || towards(&table.swapped(), -null_difference);
    Ok(match side {
        Side::Greater => greater(),
        Side::Less => less(),
        Side::Two => {
            let (up, down) = (greater(), less());
            let smaller = if down.supremum.value < up.supremum.value { down } else { up };
            UnconditionalTest { p_value: PValue::from_p(2.0 * smaller.supremum.value), ..smaller }
        }
    })
}

/// By how much do two proportions differ, with coverage guaranteed at any size of trial?
///
/// All differences that the exact score-ordered test does not reject at (1 - level)/2 on either side (Chan and Zhang), so
/// that interval and test agree; the p-value is the same test of no difference. Slower and a little wider than the
/// Miettinen-Nurminen interval. Where the test of a difference further out than 0 rejects less than that of 0, the p-value
/// given is the larger one. Limits lie at most 1e-7 outside their exact places (1e-4 beyond 1,000 people).
///
/// ```
/// use fairtrial_stats::two_proportions::{Table, exact_risk_difference};
/// let e = exact_risk_difference(&Table::new(1, 1, 0, 1).unwrap(), 0.95).unwrap();
/// // The limit has a closed form here; ours is at most 1e-7 further out.
/// let exact = 2.0 * 0.025f64.sqrt() - 1.0;
/// assert!(e.interval.lower <= exact && exact - e.interval.lower < 2e-7 && e.interval.upper == 1.0);
/// ```
///
/// # Errors
/// `invalid_argument` for a level outside (0, 1); `too_large` beyond the limit.
pub fn exact_risk_difference(table: &Table, level: f64) -> Result<Estimate, StatError> {
    check_level(level)?;
    check_size(table)?;
    let tail = 0.5 * (1.0 - level);
    // First, because it refuses what is too large at once.
    let p_value = barnard(table, Side::Two)?.p_value;
    let limit = |table: &Table| lower_limit(table, ExactMeasure::RiskDifference, tail, 0.0, (0.0, 1.0));
    let interval = Interval { lower: limit(table), upper: -limit(&table.swapped()), level };
    Ok(Estimate {
        point: Some(table.difference()),
        standard_error: None,
        degrees_of_freedom: None,
        interval,
        p_value: Some(agreeing(p_value, interval, 0.0)),
        method: "exact unconditional interval, score ordering (Chan-Zhang), Barnard's test".to_owned(),
        guarantee: Guarantee::Exact,
    })
}

/// The limits of the exact score-ordered test by bisection, as programs find them that take its p-value to fall steadily.
///
/// It does not: for 56 of 70 and 48 of 80 the one-sided test at 5 % rejects differences from 0.0485 to 0.0580, but not
/// 0.0475 to 0.0484. Between its ends bisection then finds one crossing of several, and an interval that leaves out what the
/// test keeps covers too seldom. For comparison with those programs; [`exact_risk_difference`] takes the outermost.
///
/// ```
/// use fairtrial_stats::two_proportions::{Table, bisected_exact_limits, exact_risk_difference};
/// let table = Table::new(56, 70, 48, 80).unwrap();
/// let (one, outermost) = (bisected_exact_limits(&table, 0.9).unwrap(), exact_risk_difference(&table, 0.9).unwrap());
/// assert!((one.lower - 0.0580).abs() < 2e-4 && (outermost.interval.lower - 0.0473).abs() < 1e-4);
/// ```
///
/// # Errors
/// As [`exact_risk_difference`].
pub fn bisected_exact_limits(table: &Table, level: f64) -> Result<Interval, StatError> {
    check_level(level)?;
    check_size(table)?;
    let tail = 0.5 * (1.0 - level);
    Ok(Interval { lower: bisected(table, tail), upper: -bisected(&table.swapped(), tail), level })
}

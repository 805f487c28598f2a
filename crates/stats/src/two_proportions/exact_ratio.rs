//! Exact inference about a ratio of proportions or odds, and the narrower search of Berger and Boos for all three measures.

use crate::special::elementary::{exp, ln, ln_1p};
use serde::{Deserialize, Serialize};

use super::edge::{Null, check_size};
use super::exact_difference::{exact_margin_test, exact_risk_difference};
use super::exact_limit::{largest_on_edge, lower_limit};
use super::score::Ratio;
use super::table::{Table, check_level};
use super::unconditional::{UnconditionalTest, barnard};
use crate::one_proportion::clopper_pearson_limits;
use crate::{Estimate, Guarantee, Interval, PValue, Side, StatError};

/// The error that Berger and Boos set aside, where nothing else is asked for.
pub const BERGER_BOOS_GAMMA: f64 = 1e-6;

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExactMeasure {
    /// p1 - p0.
    RiskDifference,
    /// p1 / p0.
    RiskRatio,
    /// p1 (1 - p0) / (p0 (1 - p1)).
    OddsRatio,
}

impl ExactMeasure {
    /// The null hypothesis on a scale on which exchanged arms change the sign: the difference, or the logarithm of a ratio.
    pub(super) fn null(self, place: f64) -> Null {
        match self {
            Self::RiskDifference => Null::Difference(place),
            Self::RiskRatio => Null::Ratio(Ratio::Risk, exp(place)),
            Self::OddsRatio => Null::Ratio(Ratio::Odds, exp(place)),
        }
    }

    /// The estimate; none for 0 / 0.
    pub(super) fn point(self, table: &Table) -> Option<f64> {
        let (x1, n1, x0, n0) = table.floats();
        let (up, down) = match self {
            Self::RiskDifference => return Some(table.difference()),
            Self::RiskRatio => (x1 * n0, x0 * n1),
            Self::OddsRatio => (x1 * (n0 - x0), x0 * (n1 - x1)),
        };
        if up == 0.0 && down == 0.0 { None } else { Some(up / down) }
    }

    /// The value that stands for no difference.
    fn none(self) -> f64 {
        if self == Self::RiskDifference { 0.0 } else { 1.0 }
    }
}

/// The p0 that are looked at when `gamma` of the error is set aside: the Clopper-Pearson interval of arm 0.
///
/// Arm 0 alone, so that the bound also covers proportions inside the null hypothesis: raising p1 to its edge makes the observed
/// table less surprising and leaves the interval for p0 as it is.
fn nuisance(table: &Table, gamma: f64) -> (f64, f64) {
    if gamma > 0.0 { clopper_pearson_limits(table.x0(), table.n0(), 0.5 * gamma) } else { (0.0, 1.0) }
}

fn check_gamma(gamma: f64, most: f64) -> Result<(), StatError> {
    if (0.0..most).contains(&gamma) {
        Ok(())
    } else {
        Err(StatError::invalid("gamma", format!("must be at least 0 and below {most}")))
    }
}

fn upper_test(table: &Table, measure: ExactMeasure, place: f64, gamma: f64) -> UnconditionalTest {
    let null = measure.null(place);
    let supremum = largest_on_edge(table, null, nuisance(table, gamma));
    let p_value = PValue::from_p(supremum.value + gamma);
    UnconditionalTest { p_value, supremum, statistic: null.statistic(table) }
}

/// Is a difference, a ratio or an odds ratio of two proportions equal to `null`, at any size of trial?
///
/// # Arguments
/// * `null` - in (-1, 1) for a difference, above 0 for a ratio; `side` - [`Side::Greater`] for more than `null`.
/// * `gamma` - 0, or the error set aside by Berger and Boos (usually 1e-6, [`BERGER_BOOS_GAMMA`]): the unknown proportion of arm 0
///   is then sought only in its Clopper-Pearson interval at 1 - `gamma`, and `gamma` is added to the one-sided p-value. That
///   leaves out proportions which the data rule out anyway; fixed before the data are seen.
///
/// # Result
/// Tables are ordered by the score statistic for `null`; the p-value is the largest probability of a table at least as
/// extreme over all proportions on the edge of the null hypothesis, proved to nine digits; to one part in ten thousand and 1e-6
/// beyond 1,000 people, and for an odds ratio r with |ln r| above 1,200 over the number of people. Two sides: twice the smaller
/// one.
///
/// # Source
/// Chan and Zhang 1999, Biometrics 55, 1202-1209; Agresti and Min 2001, Biometrics 57, 963-971; Berger and Boos 1994, J. Am. Stat.
/// Assoc. 89, 1012-1016.
///
/// ```
/// use fairtrial_stats::{Side, two_proportions::{ExactMeasure, Table, exact_unconditional_test}};
/// // 7 of 10 against 2 of 12, is the ratio above 1.5? A search over 6,001 proportions with SciPy's binomial: 0.066862.
/// let table = Table::new(7, 10, 2, 12).unwrap();
/// let test = exact_unconditional_test(&table, ExactMeasure::RiskRatio, 1.5, Side::Greater, 0.0).unwrap();
/// assert!((test.p_value.p() - 0.066_862_5).abs() < 1e-6);
/// ```
///
/// # Errors
/// `invalid_argument` for a null or `gamma` out of range; `too_large` beyond 110,000 tables (330 people an arm).
pub fn exact_unconditional_test(
    table: &Table,
    measure: ExactMeasure,
    null: f64,
    side: Side,
    gamma: f64,
) -> Result<UnconditionalTest, StatError> {
    check_size(table)?;
    check_gamma(gamma, 0.5)?;
    let place = match measure {
        ExactMeasure::RiskDifference if gamma == 0.0 => return exact_margin_test(table, null, side),
        ExactMeasure::RiskDifference if null > -1.0 && null < 1.0 => null,
        ExactMeasure::RiskDifference => {
            return Err(StatError::invalid("null", "must lie strictly between -1 and 1"));
        }
        _ if null > 0.0 && null.is_finite() => ln(null),
        _ => return Err(StatError::invalid("null", "must be finite and above 0")),
    };
    if gamma == 0.0 && place == 0.0 {
        // The common proportion alone is unknown: whole-number ordering, and a sharper proof.
        return barnard(table, side);
    }
    let greater = || upper_test(table, measure, place, gamma);
    let less = || {
        let mirrored = upper_test(&table.swapped(), measure, -place, gamma);
        UnconditionalTest { statistic: measure.null(place).statistic(table), ..mirrored }
    };
    Ok(match side {
        Side::Greater => greater(),
        Side::Less => less(),
        Side::Two => {
            let (up, down) = (greater(), less());
            let smaller = if down.p_value.ln_p < up.p_value.ln_p { down } else { up };
            UnconditionalTest { p_value: PValue::from_ln(smaller.p_value.ln_p + std::f64::consts::LN_2), ..smaller }
        }
    })
}

/// By how much, or how many times, do two proportions differ, with coverage guaranteed at any size of trial?
///
/// All values that [`exact_unconditional_test`] does not reject at (1 - level)/2 on either side (`gamma` as there; 0 for the whole
/// search). p-values need not fall steadily with distance: the limit is the outermost value accepted, and the p-value given
/// with it is the largest over all values further out, so that the two never contradict. Limits lie about 1e-7 outside their exact
/// places at most (of a difference, or of the logarithm of a ratio; 1e-4 beyond 1,000 people; further out for odds ratios with
/// |ln r| above 1,200 over the number of people when the error is below 1e-6). Unbounded above when arm 0 has no successes; no estimate for 0/0. Up to 330 people an arm.
///
/// ```
/// use fairtrial_stats::two_proportions::{ExactMeasure, Table, exact_unconditional};
/// // 1 of 1 against 1 of 1: p1 p0 = r p0^2 is largest at p0 = 1 for r < 1, so the limits are 0.025 and 40.
/// let e = exact_unconditional(&Table::new(1, 1, 1, 1).unwrap(), ExactMeasure::RiskRatio, 0.95, 0.0).unwrap();
/// assert!(e.interval.lower <= 0.025 && e.interval.lower > 0.024_9);
/// assert!((e.interval.lower * e.interval.upper - 1.0).abs() < 1e-9);
/// ```
///
/// # Source
/// As [`exact_unconditional_test`].
///
/// # Errors
/// `invalid_argument` for a level outside (0, 1) or `gamma` not below (1 - level)/2; `too_large` beyond the limit.
pub fn exact_unconditional(
    table: &Table,
    measure: ExactMeasure,
    level: f64,
    gamma: f64,
) -> Result<Estimate, StatError> {
    check_level(level)?;
    check_size(table)?;
    let tail = 0.5 * (1.0 - level);
    check_gamma(gamma, tail)?;
    if measure == ExactMeasure::RiskDifference && gamma == 0.0 {
        return exact_risk_difference(table, level);
    }
    // First, because it refuses what is too large at once.
    let p_value = exact_unconditional_test(table, measure, measure.none(), Side::Two, gamma)?.p_value;
    let limit = |table: &Table| lower_limit(table, measure, tail, gamma, nuisance(table, gamma));
    let (low, high) = (limit(table), limit(&table.swapped()));
    let interval = match measure {
        ExactMeasure::RiskDifference => Interval { lower: low, upper: -high, level },
        _ => Interval { lower: exp(low), upper: exp(-high), level },
    };
    let p_value = agreeing(p_value, interval, measure.none());
    let name = match measure {
        ExactMeasure::RiskDifference => "difference",
        ExactMeasure::RiskRatio => "ratio",
        ExactMeasure::OddsRatio => "odds ratio",
    };
    let search = if gamma > 0.0 { ", Berger-Boos" } else { "" };
    Ok(Estimate {
        point: measure.point(table),
        standard_error: None,
        degrees_of_freedom: None,
        interval,
        p_value: Some(p_value),
        method: format!("exact unconditional interval for a {name}, score ordering (Chan-Zhang){search}"),
        guarantee: Guarantee::Exact,
    })
}

/// The p-value of no difference, not below 1 - level when the interval contains no difference.
pub(super) fn agreeing(mut p_value: PValue, interval: Interval, none: f64) -> PValue {
    if interval.contains(none) {
        p_value.ln_p = p_value.ln_p.max(ln_1p(-interval.level) + 1e-9).min(0.0);
    }
    p_value
}

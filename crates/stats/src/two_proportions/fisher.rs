//! Tests given both margins: Fisher's.

use super::conditional::{Conditional, TIE};
use super::table::Table;
use crate::special::elementary::{exp, ln};
use crate::{PValue, Side, StatError};

/// How the two tails are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FisherMethod {
    /// Twice the smaller tail: agrees with the equal-tailed interval and with one-sided tests. Our default.
    Central,
    /// All tables at most as likely as the observed one: R's default.
    MinLikelihood,
    /// The smaller tail and the largest opposite tail that is not larger.
    Blaker,
    /// Twice the smaller tail with half of the observed table's probability; not exact, but near its level.
    MidP,
}

/// Are two proportions equal, given both margins? Fisher's exact test.
///
/// One-sided p-values are the same for all methods but mid-P. Exact for every size, but needlessly conservative where
/// only the group sizes are fixed: prefer [`boschloo`](super::boschloo). Up to 10^12 people.
///
/// Sources: Fisher 1935; Fay 2010, Biostatistics 11, 373-374 (central, Blaker); Lancaster 1961 (mid-P).
///
/// ```
/// use fairtrial_stats::{Side, two_proportions::{FisherMethod, Table, fisher}};
/// let table = Table::new(56, 70, 48, 80).unwrap();
/// let p = fisher(&table, FisherMethod::MinLikelihood, Side::Two).unwrap().p();
/// assert!((p - 0.012_521_129_75).abs() < 1e-10);
/// ```
///
/// # Errors
/// `too_large` beyond 10^12 people.
pub fn fisher(table: &Table, method: FisherMethod, side: Side) -> Result<PValue, StatError> {
    let conditional = Conditional::new(table)?;
    let x = table.x1();
    if method != FisherMethod::Blaker
        && let Some(p_value) = summed(&conditional, x, method, side)
    {
        return Ok(p_value);
    }
    if method == FisherMethod::MidP {
        let (greater, less) = (mid_p_tail(&conditional, x, true), mid_p_tail(&conditional, x, false));
        return Ok(PValue::from_p(match side {
            Side::Greater => greater,
            Side::Less => less,
            Side::Two => 2.0 * greater.min(less),
        }));
    }
    let (greater, less) = (conditional.ln_upper(x), conditional.ln_lower(x));
    Ok(PValue::from_ln(match side {
        Side::Greater => greater,
        Side::Less => less,
        Side::Two => match method {
            FisherMethod::MinLikelihood => min_likelihood(&conditional, x),
            FisherMethod::Blaker => blaker(&conditional, x, greater, less),
            FisherMethod::Central | FisherMethod::MidP => greater.min(less) + std::f64::consts::LN_2,
        },
    }))
}

/// The p-value by plain sums of the masses about the observed one, when they are few and not too unequal.
fn summed(conditional: &Conditional, x: u64, method: FisherMethod, side: Side) -> Option<PValue> {
    let (up, down) = conditional.around(x)?;
    let share = if method == FisherMethod::MidP { 0.5 } else { 1.0 };
    let (greater, less) = (up + share, down + share);
    let counted = match side {
        Side::Greater => greater,
        Side::Less => less,
        Side::Two if method == FisherMethod::MinLikelihood => conditional.as_unlikely(x, TIE, up, down),
        Side::Two => 2.0 * greater.min(less),
    };
    Some(PValue::from_ln(ln(counted / (up + 1.0 + down)).min(0.0)))
}

fn min_likelihood(conditional: &Conditional, x: u64) -> f64 {
    if x == conditional.mode {
        return 0.0;
    }
    let limit = conditional.ln_mass(x) + ln(TIE);
    let is_upper = x > conditional.mode;
    if conditional.ln_mass(conditional.mode) <= limit {
        return 0.0;
    }
    let small = |k: u64| {
        (if is_upper { k < conditional.mode } else { k > conditional.mode }) && conditional.ln_mass(k) <= limit
    };
    // Masses on the other side are monotone up to the mode; beyond it `small` is false, so that bisection is sound.
    let own = if is_upper { conditional.ln_upper(x) } else { conditional.ln_lower(x) };
    let other = conditional
        .opposite(x, is_upper, small)
        .map_or(f64::NEG_INFINITY, |k| if is_upper { conditional.ln_lower(k) } else { conditional.ln_upper(k) });
    ln(exp(own) + exp(other)).max(own)
}

fn blaker(conditional: &Conditional, x: u64, greater: f64, less: f64) -> f64 {
    let is_upper = greater <= less;
    let own = greater.min(less);
    let limit = own + ln(TIE);
    let tail = |k: u64| if is_upper { conditional.ln_lower(k) } else { conditional.ln_upper(k) };
    let other = conditional.opposite(x, is_upper, |k| tail(k) <= limit).map_or(f64::NEG_INFINITY, tail);
    ln(exp(own) + exp(other)).max(own).min(0.0)
}

fn mid_p_tail(conditional: &Conditional, x: u64, upper: bool) -> f64 {
    let half = 0.5 * exp(conditional.ln_mass(x));
    if upper {
        half + if x >= conditional.high { 0.0 } else { exp(conditional.ln_upper(x + 1)) }
    } else {
        half + if x <= conditional.low { 0.0 } else { exp(conditional.ln_lower(x - 1)) }
    }
}

/// The one-sided mid-P of Fisher's test.
///
/// ```
/// use fairtrial_stats::{Side, two_proportions::{Table, mid_p_one_sided}};
/// // The lady tasting tea: all of four right has 1/70, of which half counts (Fisher 1935; Lancaster 1961).
/// let p = mid_p_one_sided(&Table::new(4, 4, 0, 4).unwrap(), Side::Greater).unwrap().p();
/// assert!((p - 0.5 / 70.0).abs() < 1e-15);
/// ```
///
/// # Errors
/// `too_large` beyond 10^12 people.
pub fn mid_p_one_sided(table: &Table, side: Side) -> Result<PValue, StatError> {
    fisher(table, FisherMethod::MidP, side)
}

//! Exact tests that fix only the sizes of the arms: Boschloo's and Barnard's.

use serde::Serialize;

use super::closed_form::pooled_z;
use super::ordering::{
    min_likelihood_within, observed_min_likelihood, observed_upper_tail, scores_at_least, upper_tails_within,
};
use super::supremum::{CertifiedSupremum, supremum, supremum_at_least};
use super::table::Table;
use crate::{PValue, Side, StatError};

/// Largest number of possible tables that are enumerated.
const MAX_TABLES: u64 = 26_000_000;
/// Largest number of people.
const MAX_TOTAL: u64 = 10_000;

/// The result of an exact unconditional test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct UnconditionalTest {
    /// The p-value; for two sides twice the smaller one-sided p-value, at most 1.
    pub p_value: PValue,
    /// The largest probability over the unknown common proportion of a table at least as extreme (of the smaller side).
    pub supremum: CertifiedSupremum,
    /// What orders the tables: Fisher's p-value for Boschloo's test, the pooled z for Barnard's.
    pub statistic: f64,
}

fn check_size(table: &Table) -> Result<(), StatError> {
    let tables = u128::from(table.n1() + 1) * u128::from(table.n0() + 1);
    if tables > u128::from(MAX_TABLES) || table.total() > MAX_TOTAL {
        let reason = "exact unconditional tests take up to 10,000 people and 26 million possible tables".to_owned();
        return Err(StatError::TooLarge { reason });
    }
    Ok(())
}

fn one_sided(coefficients: &[f64], statistic: f64) -> UnconditionalTest {
    let supremum = supremum(coefficients);
    UnconditionalTest { p_value: PValue::from_p(supremum.value), supremum, statistic }
}

/// Twice the smaller of two one-sided tests. The side towards the observed difference is looked at first; the other one
/// only when it is not plainly larger.
fn central(table: &Table, towards: impl Fn(&Table) -> (Vec<f64>, f64)) -> UnconditionalTest {
    let (near, far) = if table.difference() >= 0.0 { (*table, table.swapped()) } else { (table.swapped(), *table) };
    let (coefficients, statistic) = towards(&near);
    let mut smaller = one_sided(&coefficients, statistic);
    let (coefficients, statistic) = towards(&far);
    if supremum_at_least(&coefficients) <= smaller.supremum.value {
        let other = one_sided(&coefficients, statistic);
        if other.supremum.value < smaller.supremum.value {
            smaller = other;
        }
    }
    UnconditionalTest { p_value: PValue::from_p(2.0 * smaller.supremum.value), ..smaller }
}

fn by_side(
    table: &Table,
    side: Side,
    towards: impl Fn(&Table) -> (Vec<f64>, f64),
) -> Result<UnconditionalTest, StatError> {
    check_size(table)?;
    let single = |table: &Table| {
        let (coefficients, statistic) = towards(table);
        one_sided(&coefficients, statistic)
    };
    Ok(match side {
        Side::Greater => single(table),
        Side::Less => single(&table.swapped()),
        Side::Two => central(table, towards),
    })
}

/// Are two proportions equal, with an error rate that holds for every size of trial? Boschloo's test.
///
/// Tables are ordered by Fisher's one-sided p-value; the p-value is the largest probability, over all common
/// proportions, of a table at least as extreme. Never less powerful than Fisher's test. [`Side::Two`] doubles the
/// smaller side. Up to 5,000 people an arm.
///
/// Source: Boschloo 1970, Statist. Neerl. 24, 1-35; Lydersen, Fagerland and Laake 2009, Statist. Med. 28, 1159-1175.
///
/// ```
/// use fairtrial_stats::{Side, two_proportions::{Table, boschloo}};
/// let test = boschloo(&Table::new(0, 20, 8, 20).unwrap(), Side::Less).unwrap();
/// assert!((test.p_value.p() - 0.000_614_735_079_5).abs() < 1e-12);
/// ```
///
/// # Errors
/// `too_large` beyond 10,000 people or 26 million possible tables.
pub fn boschloo(table: &Table, side: Side) -> Result<UnconditionalTest, StatError> {
    by_side(table, side, |table| {
        let fisher = observed_upper_tail(table);
        (upper_tails_within(table.n1(), table.n0(), fisher).into_iter().map(|(tail, _)| tail).collect(), fisher)
    })
}

/// Boschloo's test, two-sided by the likelihood ordering of Fisher's test, as some programs have it.
///
/// For comparison; [`boschloo`] is the default.
///
/// ```
/// use fairtrial_stats::{two_proportions::{Table, boschloo_min_likelihood}};
/// // One person an arm: both tables that differ are as likely, 2 p (1 - p) is at most 1/2.
/// let test = boschloo_min_likelihood(&Table::new(1, 1, 0, 1).unwrap()).unwrap();
/// assert!((test.p_value.p() - 1.0).abs() < 1e-12);
/// let test = boschloo_min_likelihood(&Table::new(2, 2, 0, 2).unwrap()).unwrap();
/// assert!((test.p_value.p() - 0.125).abs() < 1e-9);
/// ```
///
/// # Errors
/// `too_large` beyond 10,000 people or 26 million possible tables.
pub fn boschloo_min_likelihood(table: &Table) -> Result<UnconditionalTest, StatError> {
    check_size(table)?;
    let fisher = observed_min_likelihood(table);
    Ok(one_sided(&min_likelihood_within(table.n1(), table.n0(), fisher), fisher))
}

/// Are two proportions equal? Barnard's exact test with tables ordered by the pooled z statistic.
///
/// [`Side::Two`] doubles the smaller side. Up to 5,000 people an arm. Source: Suissa and Shuster 1985, J. R. Stat. Soc.
/// A 148, 317-327.
///
/// ```
/// use fairtrial_stats::{Side, two_proportions::{Table, barnard}};
/// // Barnard 1947, Biometrika 34, 123-138: 3 of 3 against 0 of 3 has p^3 (1 - p)^3, at most 1/64.
/// let test = barnard(&Table::new(3, 3, 0, 3).unwrap(), Side::Greater).unwrap();
/// assert!((test.p_value.p() - 1.0 / 64.0).abs() < 1e-12);
/// ```
///
/// # Errors
/// `too_large` beyond 10,000 people or 26 million possible tables.
pub fn barnard(table: &Table, side: Side) -> Result<UnconditionalTest, StatError> {
    // Without any variation the statistic is 0 by convention.
    let statistic = pooled_z(table).unwrap_or(0.0);
    by_side(table, side, |table| (scores_at_least(table, false), statistic))
}

/// Barnard's exact test, two-sided by the absolute pooled z.
///
/// For comparison; [`barnard`] with [`Side::Two`] agrees with one-sided decisions.
///
/// ```
/// use fairtrial_stats::two_proportions::{Table, barnard_absolute};
/// // Barnard 1947: 3 of 3 against 0 of 3, or the reverse, at most 1/32.
/// let test = barnard_absolute(&Table::new(3, 3, 0, 3).unwrap()).unwrap();
/// assert!((test.p_value.p() - 1.0 / 32.0).abs() < 1e-12);
/// ```
///
/// # Errors
/// `too_large` beyond 10,000 people or 26 million possible tables.
pub fn barnard_absolute(table: &Table) -> Result<UnconditionalTest, StatError> {
    check_size(table)?;
    Ok(one_sided(&scores_at_least(table, true), pooled_z(table).unwrap_or(0.0)))
}

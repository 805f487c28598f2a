//! Two arms compared at equal covariates.

use std::collections::{BTreeMap, BTreeSet};

use fairtrial_stats::{
    Estimate, Guarantee, Side, StatError,
    cluster::{ClusterRobust, cluster_robust_regression},
    linear::LeastSquares,
    means::{common_slopes, lin, welch},
    stratified::{Strata, common_risk_ratio, exact_test, stratified_risk_difference, stratified_score_test},
    sufficient::{CoMoments, FixedSums},
    two_proportions::EXACT_TOTAL,
};

use super::Adjusting;
use crate::comparison::Tested;

/// People whom an arm needs for each covariate to have slopes of its own.
const PEOPLE_PER_SLOPE: u64 = 10;
/// A covariate of which so little is left beside the others says nothing of its own.
const DEPENDENT: f64 = 1e-9;

/// The adjusted difference 1 - 0 with its interval and the two-sided p-value of no difference; none where the arms carry
/// nothing to adjust with.
pub(crate) fn difference(arm1: &Adjusting, arm0: &Adjusting, level: f64) -> Option<Result<Estimate, StatError>> {
    match (arm1, arm0) {
        (Adjusting::Strata(arm1), Adjusting::Strata(arm0)) => {
            Some(strata(arm1, arm0).and_then(|strata| stratified_risk_difference(&strata, level)))
        }
        _ => estimate(arm1, arm0, 0.0, Side::Two, level),
    }
}

/// Whether the adjusted difference lies on one side of a null value; none where the arms carry nothing to adjust with.
pub(crate) fn test(
    arm1: &Adjusting,
    arm0: &Adjusting,
    null_difference: f64,
    side: Side,
) -> Option<Result<Tested, StatError>> {
    match (arm1, arm0) {
        (Adjusting::Strata(arm1), Adjusting::Strata(arm0)) => {
            Some(strata(arm1, arm0).and_then(|strata| test_strata(&strata, null_difference, side)))
        }
        _ => Some(estimate(arm1, arm0, null_difference, side, 0.95)?.and_then(|found| {
            let p_value = found.p_value.ok_or_else(|| StatError::not_estimable("the test has no p-value"))?;
            Ok(Tested { p_value, method: found.method, guarantee: found.guarantee })
        })),
    }
}

/// The common ratio within strata; none for other ways of adjustment, whose ratios are not adjusted.
pub(crate) fn common_ratio(arm1: &Adjusting, arm0: &Adjusting, level: f64) -> Option<Result<Estimate, StatError>> {
    match (arm1, arm0) {
        (Adjusting::Strata(arm1), Adjusting::Strata(arm0)) => {
            Some(strata(arm1, arm0).and_then(|strata| common_risk_ratio(&strata, level)))
        }
        _ => None,
    }
}

fn strata(arm1: &BTreeMap<String, FixedSums>, arm0: &BTreeMap<String, FixedSums>) -> Result<Strata, StatError> {
    let labels: BTreeSet<&String> = arm1.keys().chain(arm0.keys()).collect();
    let of = |arm: &BTreeMap<String, FixedSums>, label: &String| -> [u64; 2] {
        arm.get(label).map_or([0, 0], |sums| [u64::try_from(sums.s1).unwrap_or(u64::MAX), sums.n])
    };
    let rows: Vec<[u64; 4]> = labels
        .into_iter()
        .map(|label| {
            let ([x1, n1], [x0, n0]) = (of(arm1, label), of(arm0, label));
            [x1, n1, x0, n0]
        })
        .collect();
    Strata::new(&rows)
}

fn test_strata(strata: &Strata, null_difference: f64, side: Side) -> Result<Tested, StatError> {
    let people = strata.tables().iter().fold(0_u64, |all, table| all.saturating_add(table.total()));
    if null_difference == 0.0 && people <= EXACT_TOTAL {
        let p_value = exact_test(strata, side, false)?;
        let method = "exact conditional test within strata".to_owned();
        return Ok(Tested { p_value, method, guarantee: Guarantee::Exact });
    }
    let p_value = stratified_score_test(strata, null_difference, side)?;
    let method = "stratified Miettinen-Nurminen score test".to_owned();
    Ok(Tested { p_value, method, guarantee: Guarantee::Asymptotic })
}

fn estimate(
    arm1: &Adjusting,
    arm0: &Adjusting,
    null_difference: f64,
    side: Side,
    level: f64,
) -> Option<Result<Estimate, StatError>> {
    match (arm1, arm0) {
        (Adjusting::People(arm1), Adjusting::People(arm0)) => Some(people(arm1, arm0, null_difference, side, level)),
        (Adjusting::Clusters(arm1), Adjusting::Clusters(arm0)) => {
            Some(clusters(arm1, arm0, null_difference, side, level))
        }
        _ => None,
    }
}

/// People who were assigned one by one. With the null difference taken off arm 1 the null hypothesis is no difference.
fn people(
    arm1: &CoMoments,
    arm0: &CoMoments,
    null_difference: f64,
    side: Side,
    level: f64,
) -> Result<Estimate, StatError> {
    let kept = independent(arm1, arm0);
    if let (true, Some(arm1), Some(arm0)) = (kept.is_empty(), arm1.variable(0), arm0.variable(0)) {
        // Everybody has the same covariates: there is nothing to adjust for.
        return welch(&arm1, &arm0, null_difference, side, level);
    }
    let (moved, arm0) = (variables(arm1, &kept, null_difference)?, variables(arm0, &kept, 0.0)?);
    let fewest = moved.units().min(arm0.units());
    let own_slopes = fewest >= PEOPLE_PER_SLOPE.saturating_mul(kept.len() as u64 + 1);
    let lin = own_slopes.then(|| lin(&moved, &arm0, side, level)).and_then(Result::ok).map(|lin| lin.estimate);
    let mut found = match lin {
        Some(found) => found,
        None => common_slopes(&moved, &arm0, side, level)?,
    };
    found.point = found.point.map(|point| point + null_difference);
    found.interval.lower += null_difference;
    found.interval.upper += null_difference;
    Ok(found)
}

/// The covariates that say something beside those before them.
fn independent(arm1: &CoMoments, arm0: &CoMoments) -> Vec<usize> {
    let within = |i: usize, j: usize| arm1.product(i, j).unwrap_or(0.0) + arm0.product(i, j).unwrap_or(0.0);
    let mut kept: Vec<usize> = Vec::new();
    // Rows of the Cholesky factor of those kept.
    let mut factor: Vec<Vec<f64>> = Vec::new();
    for column in 1..arm1.width() {
        let mut row: Vec<f64> = Vec::with_capacity(kept.len() + 1);
        for (at, other) in kept.iter().enumerate() {
            let explained: f64 = row.iter().zip(&factor[at]).map(|(a, b)| a * b).sum();
            row.push((within(column, *other) - explained) / factor[at][at]);
        }
        let rest = within(column, column) - row.iter().map(|part| part * part).sum::<f64>();
        if rest > DEPENDENT * within(column, column) {
            row.push(rest.sqrt());
            factor.push(row);
            kept.push(column);
        }
    }
    kept
}

/// The outcome less a shift, and the covariates kept.
fn variables(arm: &CoMoments, kept: &[usize], shift: f64) -> Result<CoMoments, StatError> {
    let wanted: Vec<usize> = std::iter::once(0).chain(kept.iter().copied()).collect();
    let mut means: Vec<f64> = wanted.iter().map(|i| arm.means().get(*i).copied().unwrap_or(0.0)).collect();
    if let Some(outcome) = means.first_mut() {
        *outcome -= shift;
    }
    let centred =
        wanted.iter().flat_map(|i| wanted.iter().map(|j| arm.product(*i, *j).unwrap_or(0.0))).collect::<Vec<f64>>();
    CoMoments::new(arm.units(), means, centred)
}

/// Whole clusters: each one's mean outcome on its mean covariates.
fn clusters(
    arm1: &[Vec<f64>],
    arm0: &[Vec<f64>],
    null_difference: f64,
    side: Side,
    level: f64,
) -> Result<Estimate, StatError> {
    let all: Vec<&Vec<f64>> = arm1.iter().chain(arm0).collect();
    let column = |i: usize| all.iter().map(|row| row.get(i).copied().unwrap_or(0.0)).collect::<Vec<f64>>();
    let width = all.first().map_or(0, |row| row.len());
    let ones = vec![1.0; all.len()];
    let arm: Vec<f64> = (0..all.len()).map(|place| if place < arm1.len() { 1.0 } else { 0.0 }).collect();
    let (outcome, covariates) = (column(0), (1..width).map(column).collect::<Vec<_>>());
    let mut columns: Vec<&[f64]> = vec![&ones, &arm];
    for covariate in &covariates {
        columns.push(covariate);
        // One that the others determine is left out; a fit of too few clusters is refused below.
        if all.len() > columns.len() && LeastSquares::fit(&outcome, &columns).is_err() {
            columns.pop();
        }
    }
    let fit = LeastSquares::fit(&outcome, &columns)?;
    let each: Vec<usize> = (0..all.len()).collect();
    let mut found = cluster_robust_regression(&fit, &each, 1, ClusterRobust::Cr2, null_difference, side, level)?;
    found.method = format!("cluster means, adjusted, {}", found.method);
    Ok(found)
}

use super::mixed::fit_cells;
use super::mixed_likelihood::Cell;
use super::{MixedModel, RandomIntercept, StepState, SteppedWedge, random_intercept};
use crate::error::StatError;
use crate::estimate::Side;
use crate::linear::Matrix;

/// By how much does the outcome differ with the new version, in a phased roll-out? (Hussey and Hughes.)
///
/// # Arguments
/// * `outcome`, `cluster`, `period` - one entry a unit; `new_version` - whether the unit met the new version.
/// * `model`, `side`, `level` - as [`random_intercept`].
///
/// # Result
/// Effect with a fixed effect for every period, so that change over time is never taken for the effect, and a random shift of
/// every cluster.
///
/// # When not
/// Not when the effect grows with time since the change, or clusters have trends of their own.
///
/// # Source
/// Hussey and Hughes (2007), Contemporary Clinical Trials 28:182-191, equation 1.
///
/// ```
/// use fairtrial_stats::{Side, cluster::{MixedModel, stepped_wedge}};
/// // Two sites, three periods, two people each; the second site changes one period later. Without the new version the outcome is
/// // 10 and 12 in the sites and one more in each period; the new version adds 3.
/// let (mut outcome, mut site, mut period, mut new) = (vec![], vec![], vec![], vec![]);
/// for (s, change) in [(0, 1), (1, 2)] {
///     for p in 0..3 {
///         for noise in [-0.5, 0.5] {
///             let changed = p >= change;
///             outcome.push(10.0 + 2.0 * s as f64 + p as f64 + if changed { 3.0 } else { 0.0 } + noise);
///             (site.push(s), period.push(p), new.push(changed));
///         }
///     }
/// }
/// let fit = stepped_wedge(&outcome, &site, &period, &new, MixedModel::Satterthwaite, Side::Two, 0.95).unwrap();
/// assert!((fit.estimate.point.unwrap() - 3.0).abs() < 0.3);
/// ```
///
/// # Errors
/// As [`random_intercept`]; `NotEstimable` when the version and the periods cannot be told apart.
pub fn stepped_wedge(
    outcome: &[f64],
    cluster: &[usize],
    period: &[usize],
    new_version: &[bool],
    model: MixedModel,
    side: Side,
    level: f64,
) -> Result<RandomIntercept, StatError> {
    if period.len() != outcome.len() || new_version.len() != outcome.len() {
        return Err(StatError::invalid("period", "outcome, period and version must have the same length"));
    }
    let mut columns = vec![new_version.iter().map(|&new| f64::from(u8::from(new))).collect::<Vec<f64>>()];
    columns.extend(super::indicator_columns(period)?);
    let borrowed: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
    random_intercept(outcome, cluster, &borrowed, 0, model, 0.0, side, level)
}

/// The same from the sums of every site and period, as tallies keep them: no unit is needed.
///
/// # Arguments
/// * `wedge` - exact sums of every site and period with the calendar; cells in transition and cells without units are left
///   out, strata have no meaning here.
/// * `model`, `side`, `level` - as [`random_intercept`].
///
/// # Result
/// What [`stepped_wedge`] gives from the units themselves: units of one site and period share their explanatory variables, so
/// that number, sum and sum of squares say all that the likelihood asks.
///
/// # When not
/// As [`stepped_wedge`]; with few sites [`super::stepped_wedge_permutation`] supposes less.
///
/// # Source
/// Hussey and Hughes (2007), Contemporary Clinical Trials 28:182-191, equation 1.
///
/// # Errors
/// `TooFewUnits` below two sites or without more site-periods than effects, `NotEstimable` when version and periods cannot be
/// told apart, `ZeroVariance` for a perfect fit, `TooLarge`, `InvalidArgument`.
///
/// ```
/// use fairtrial_stats::cluster::{MixedModel, StepState::{Current, New}, SteppedWedge, stepped_wedge_sums};
/// use fairtrial_stats::sufficient::{FixedSums, Step};
/// // Successes among 20 people in each of four offices and five months; an office a month changes over.
/// let successes = [[8, 15, 17, 19, 12], [7, 10, 16, 18, 15], [8, 9, 11, 18, 17], [5, 9, 8, 11, 16]];
/// let cells = successes.map(|row| row.map(|x| FixedSums { n: 20, s1: x, s2: x }).to_vec()).to_vec();
/// let calendar = (1..=4).map(|start| (0..5).map(|t| if t < start { Current } else { New }).collect()).collect();
/// let wedge = SteppedWedge { cells, step: Step::ONE, calendar, strata: None };
/// let fit = stepped_wedge_sums(&wedge, MixedModel::KenwardRoger, fairtrial_stats::Side::Two, 0.95)?;
/// assert!((fit.estimate.point.unwrap() - 0.335).abs() < 1e-3);
/// # Ok::<(), fairtrial_stats::StatError>(())
/// ```
pub fn stepped_wedge_sums(
    wedge: &SteppedWedge,
    model: MixedModel,
    side: Side,
    level: f64,
) -> Result<RandomIntercept, StatError> {
    wedge.check_shape()?;
    let (mut cells, mut sites, mut periods, mut new_version) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (site, (row, states)) in wedge.cells.iter().zip(&wedge.calendar).enumerate() {
        for (period, (sums, state)) in row.iter().zip(states).enumerate() {
            if sums.n == 0 {
                if sums.s1 != 0 || sums.s2 != 0 {
                    return Err(StatError::invalid("cells", "a cell without units has no sums"));
                }
                continue;
            }
            let moments = sums.moments(wedge.step)?;
            if *state != StepState::Transition {
                cells.push(Cell { units: sums.n as f64, mean: moments.mean, deviations: moments.m2 });
                sites.push(site);
                periods.push(period);
                new_version.push(f64::from(u8::from(*state == StepState::New)));
            }
        }
    }
    if cells.is_empty() {
        return Err(StatError::TooFewUnits { need: 2, got: 0 });
    }
    let mut columns = vec![new_version];
    columns.extend(super::indicator_columns(&periods)?);
    let borrowed: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
    let design = Matrix::from_columns(&borrowed)?;
    if cells.len() <= design.columns() {
        return Err(StatError::TooFewUnits { need: design.columns() as u64 + 1, got: cells.len() as u64 });
    }
    fit_cells(&cells, &sites, design, 0, model, (0.0, side, level))
}

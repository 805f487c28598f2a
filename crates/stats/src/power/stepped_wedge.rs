use serde::{Deserialize, Serialize};

use super::plan::{check_alpha, normal_power};
use crate::error::StatError;
use crate::estimate::Side;
use crate::linear::{Matrix, inverse_spd};
use crate::wald::{check_finite, check_positive};

/// Units and variances of a phased roll-out.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepUnits {
    /// Units measured per cluster and period.
    pub units: f64,
    /// Variance between clusters.
    pub between: f64,
    /// Variance between units of the same cluster and period.
    pub within: f64,
}

/// Sums over a roll-out table that its variance depends on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct StepTotals {
    /// Cluster-periods with the new version.
    pub u: f64,
    /// Sum over periods of the squared number of clusters with the new version.
    pub w: f64,
    /// Sum over clusters of the squared number of periods with the new version.
    pub v: f64,
}

fn check(rollout: &[Vec<bool>]) -> Result<usize, StatError> {
    let periods = rollout.first().map_or(0, Vec::len);
    if rollout.len() < 2 || periods < 2 {
        return Err(StatError::TooFewUnits { need: 2, got: rollout.len().min(periods) as u64 });
    }
    if rollout.iter().any(|cluster| cluster.len() != periods) {
        return Err(StatError::invalid("rollout", "every cluster needs one entry per period"));
    }
    if rollout.len() > 100_000 || periods > 200 {
        return Err(StatError::TooLarge { reason: "more than 100,000 clusters or 200 periods".into() });
    }
    Ok(periods)
}

/// The sums U, W and V of Hussey and Hughes over a roll-out.
///
/// # Arguments
/// * `rollout` - per cluster whether it has the new version in each period.
///
/// ```
/// use fairtrial_stats::power::stepped_wedge_totals;
/// // Hussey and Hughes 2007, equation 8; two sites that step one after the other, three times.
/// let rollout = vec![vec![false, true, true], vec![false, false, true]];
/// let totals = stepped_wedge_totals(&rollout).unwrap();
/// // U counts the cells of the new version, W the squared column sums, V the squared row sums.
/// assert!((totals.u - 3.0).abs() < 1e-15 && (totals.w - 5.0).abs() < 1e-15 && (totals.v - 5.0).abs() < 1e-15);
/// ```
///
/// # Errors
/// `TooFewUnits`, `InvalidArgument`, `TooLarge`.
pub fn stepped_wedge_totals(rollout: &[Vec<bool>]) -> Result<StepTotals, StatError> {
    let periods = check(rollout)?;
    let by_cluster: Vec<f64> = rollout.iter().map(|row| row.iter().filter(|new| **new).count() as f64).collect();
    let by_period = (0..periods).map(|j| rollout.iter().filter(|row| row[j]).count() as f64);
    Ok(StepTotals {
        u: by_cluster.iter().sum(),
        w: by_period.map(|count| count * count).sum(),
        v: by_cluster.iter().map(|count| count * count).sum(),
    })
}

/// Which variance will the effect of a phased roll-out have?
///
/// # Arguments
/// * `rollout` - per cluster whether it has the new version in each period, in any pattern; `units` - sizes and variances.
///
/// # Result
/// Variance of the generalised least-squares estimate with a fixed effect per period and a random shift per cluster; for a standard
/// wedge this is equation 8 of the source.
///
/// # When not
/// Not when clusters also differ from period to period beyond their shift: the variance is then larger (Hooper and others 2016).
///
/// # Source
/// Hussey and Hughes (2007), Contemporary Clinical Trials 28:182-191.
///
/// ```
/// use fairtrial_stats::power::{StepUnits, stepped_wedge_variance};
/// // Hussey and Hughes 2007, equation 8; two sites that step one after the other, three times.
/// let rollout = vec![vec![false, true, true], vec![false, false, true]];
/// let (between, within, units) = (0.1, 2.0, 20.0);
/// let variance = stepped_wedge_variance(&rollout, &StepUnits { units, between, within }).unwrap();
/// let (sites, times, u, w, v, cell) = (2.0, 3.0, 3.0, 5.0, 5.0, within / units);
/// let known = sites * cell * (cell + times * between)
///     / ((sites * u - w) * cell + (u * u + sites * times * u - times * w - sites * v) * between);
/// assert!((variance / known - 1.0).abs() < 1e-12);
/// ```
///
/// # Errors
/// `NotEstimable` when version and period cannot be told apart, `TooFewUnits`, `InvalidArgument`, `TooLarge`.
pub fn stepped_wedge_variance(rollout: &[Vec<bool>], units: &StepUnits) -> Result<f64, StatError> {
    let periods = check(rollout)?;
    check_positive("units", units.units)?;
    check_positive("within", units.within)?;
    if !(units.between.is_finite() && units.between >= 0.0) {
        return Err(StatError::invalid("between", "must be finite and at least 0"));
    }
    // Per cluster V⁻¹ = (I - shrink 11') / noise; the information adds X'V⁻¹X with the columns (version, periods).
    let noise = units.within / units.units;
    let shrink = units.between / (noise + periods as f64 * units.between);
    let mut information = Matrix::zeros(periods + 1, periods + 1);
    let mut sums = vec![1.0; periods + 1];
    for row in rollout {
        let exposed = row.iter().filter(|new| **new).count() as f64;
        information.add_at(0, 0, exposed);
        sums[0] = exposed;
        for (j, &new) in row.iter().enumerate() {
            information.add_at(j + 1, j + 1, 1.0);
            if new {
                information.add_at(0, j + 1, 1.0);
                information.add_at(j + 1, 0, 1.0);
            }
        }
        information.add_outer(&sums, -shrink);
    }
    let inverse = inverse_spd(&information)
        .map_err(|_| StatError::not_estimable("the roll-out does not tell the version from the periods"))?;
    Ok(noise * inverse.at(0, 0))
}

/// With which probability does a phased roll-out find an effect?
///
/// # Arguments
/// * `effect` - true effect, in the outcome's unit; `rollout`, `units` - as [`stepped_wedge_variance`]; `alpha`, `side`.
///
/// # Source
/// Hussey and Hughes (2007), equation 7; with both sides the nearer tail alone counts.
///
/// ```
/// use fairtrial_stats::{Side, power::{StepUnits, stepped_wedge_power, stepped_wedge_variance}, special::normal};
/// // Hussey and Hughes 2007, equation 8; two sites that step one after the other, three times.
/// let rollout = vec![vec![false, true, true], vec![false, false, true]];
/// let units = StepUnits { units: 20.0, between: 0.1, within: 2.0 };
/// let z = 1.0 / stepped_wedge_variance(&rollout, &units).unwrap().sqrt();
/// let power = stepped_wedge_power(1.0, &rollout, &units, 0.05, Side::Two).unwrap();
/// assert!((power - normal::cdf(z - 1.959_963_985)).abs() < 1e-3);
/// ```
///
/// # Errors
/// As [`stepped_wedge_variance`].
pub fn stepped_wedge_power(
    effect: f64,
    rollout: &[Vec<bool>],
    units: &StepUnits,
    alpha: f64,
    side: Side,
) -> Result<f64, StatError> {
    check_finite("effect", effect)?;
    check_alpha(alpha)?;
    Ok(normal_power(effect / stepped_wedge_variance(rollout, units)?.sqrt(), alpha, side))
}

use crate::special::elementary::{exp, ln};
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::StatError;
use crate::estimate::{Estimate, Guarantee, Side};
use crate::linear::{Matrix, inverse_spd, power_symmetric};
use crate::wald::{Reference, Wald, check_all_finite};

/// Largest number of units and of columns.
const MOST_UNITS: usize = 200_000;
const MOST_COLUMNS: usize = 60;
/// Most rounds of scoring.
const MOST_ROUNDS: usize = 200;
/// Largest linear predictor; beyond it a group has only one kind of outcome.
const LARGEST: f64 = 30.0;

/// What kind of outcome is explained, and on which scale effects add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// Any number; effects are differences of means.
    Normal,
    /// 0 or 1; effects are differences of log odds.
    Binary,
    /// A count; effects are differences of log means.
    Count,
}

impl Family {
    /// Mean and its slope at a linear predictor, and the standard deviation of a unit but for a common factor.
    fn at(self, predictor: f64) -> (f64, f64, f64) {
        match self {
            Self::Normal => (predictor, 1.0, 1.0),
            Self::Binary => {
                let mean = 1.0 / (1.0 + exp(-predictor));
                // 1 - mean loses its digits near 1.
                let variance = mean / (1.0 + exp(predictor));
                (mean, variance, variance.sqrt())
            }
            Self::Count => (exp(predictor), exp(predictor), exp(0.5 * predictor)),
        }
    }

    fn check(self, outcome: &[f64]) -> Result<(), StatError> {
        let fits = |value: &f64| match self {
            Self::Normal => true,
            Self::Binary => *value == 0.0 || *value == 1.0,
            Self::Count => *value >= 0.0 && value.fract() == 0.0,
        };
        if outcome.iter().all(fits) {
            return Ok(());
        }
        Err(StatError::invalid("outcome", "must be 0 or 1 for binary and a whole number from 0 for count"))
    }
}

/// How units of a cluster are supposed to be correlated; a wrong guess costs precision only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkingCorrelation {
    /// Not at all.
    Independent,
    /// Each pair alike.
    Exchangeable,
}

/// How the variance allows for few clusters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FewClusters {
    /// It does not; too small below some 40 clusters.
    None,
    /// Residuals divided by the root of one minus their leverage; unbiased when the supposed correlation is right.
    KauermannCarroll,
    /// Residuals divided by one minus their leverage; more careful.
    ManclDeRouen,
}

/// An effect on the average person, with what it stands on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MarginalEffect {
    /// The effect, on the scale of the family.
    pub estimate: Estimate,
    /// Correlation of two units of a cluster; 0 when taken as independent.
    pub correlation: f64,
    /// Variance of a unit in multiples of what the family states.
    pub dispersion: f64,
}

/// What is the effect on the average person, when people of a cluster belong together? (Generalised estimating equations.)
///
/// # Arguments
/// * `outcome` - one value a unit; `cluster` - each unit's cluster number.
/// * `columns` - explanatory variables, a column of ones for the constant among them; `coefficient` - the one asked for.
/// * `family`, `working`, `correction` - kind of outcome, supposed correlation, allowance for few clusters.
/// * `null`, `side`, `level` - question.
///
/// # Result
/// The coefficient with its robust standard error; the reference is Student's t with as many degrees of freedom as there are
/// clusters beyond the coefficients.
///
/// # When not
/// With fewer than about ten clusters prefer [`super::cluster_permutation_difference`] or
/// [`super::cluster_means_welch`]; the corrected variance is then still unsteady.
///
/// # Source
/// Liang and Zeger (1986), Biometrika 73:13-22; Kauermann and Carroll (2001), JASA 96:1387-1396; Mancl and DeRouen (2001),
/// Biometrics 57:126-134; Li and Redden (2015), Statist. Med. 34:281-296 (degrees of freedom).
///
/// # Errors
/// `TooFewUnits` without more clusters than coefficients, `NotEstimable` when a coefficient is infinite, columns depend on each
/// other or the correlation leaves its range, `TooLarge` beyond 200,000 units or 60 columns, `InvalidArgument`.
///
/// ```
/// use fairtrial_stats::cluster::{Family, FewClusters, WorkingCorrelation, estimating_equations};
/// let outcome = [1., 0., 1., 1., 1., 0., 1., 1., 0., 0., 1., 0., 0., 1., 0., 0.];
/// let cluster = [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7];
/// let arm: Vec<f64> = cluster.iter().map(|&c| if c < 4 { 1.0 } else { 0.0 }).collect();
/// let effect = estimating_equations(
///     &outcome, &cluster, &[&[1.0; 16], &arm], 1, Family::Binary, WorkingCorrelation::Exchangeable,
///     FewClusters::ManclDeRouen, 0.0, fairtrial_stats::Side::Two, 0.95,
/// )?;
/// // Clusters of equal size: the log odds ratio of 6/8 and 2/8.
/// assert!((effect.estimate.point.unwrap() - 9f64.ln()).abs() < 1e-9);
/// # Ok::<(), fairtrial_stats::StatError>(())
/// ```
#[expect(clippy::too_many_arguments, reason = "data, model and question are three separate things")]
pub fn estimating_equations(
    outcome: &[f64],
    cluster: &[usize],
    columns: &[&[f64]],
    coefficient: usize,
    family: Family,
    working: WorkingCorrelation,
    correction: FewClusters,
    null: f64,
    side: Side,
    level: f64,
) -> Result<MarginalEffect, StatError> {
    let design = Matrix::from_columns(columns)?;
    let (n, k) = (outcome.len(), design.columns());
    if design.rows() != n || cluster.len() != n {
        return Err(StatError::invalid("columns", "outcome, cluster and columns must have the same length"));
    }
    if coefficient >= k {
        return Err(StatError::invalid("coefficient", format!("there are {k} columns")));
    }
    if n > MOST_UNITS || k > MOST_COLUMNS {
        return Err(StatError::TooLarge { reason: format!("more than {MOST_UNITS} units or {MOST_COLUMNS} columns") });
    }
    check_all_finite("outcome", outcome)?;
    for column in columns {
        check_all_finite("columns", column)?;
    }
    family.check(outcome)?;
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (unit, &name) in cluster.iter().enumerate() {
        members.entry(name).or_default().push(unit);
    }
    let clusters: Vec<Vec<usize>> = members.into_values().collect();
    if clusters.len() <= k {
        return Err(StatError::TooFewUnits { need: k as u64 + 1, got: clusters.len() as u64 });
    }
    let equations = Equations { outcome, design: &design, clusters: &clusters, family, working };
    let solution = equations.solve()?;
    let bread = inverse_spd(&solution.information)?;
    let variance = solution.variance(&bread, coefficient, correction)?;
    let method = match correction {
        FewClusters::None => "generalised estimating equations, robust variance",
        FewClusters::KauermannCarroll => "generalised estimating equations, Kauermann-Carroll variance",
        FewClusters::ManclDeRouen => "generalised estimating equations, Mancl-DeRouen variance",
    };
    let wald = Wald {
        point: solution.coefficients[coefficient],
        standard_error: variance.sqrt(),
        reference: Reference::Student((clusters.len() - k) as f64),
        null,
        side,
        level,
    };
    Ok(MarginalEffect {
        estimate: wald.estimate(method, Guarantee::Asymptotic)?,
        correlation: solution.correlation,
        dispersion: solution.dispersion,
    })
}

struct Equations<'a> {
    outcome: &'a [f64],
    design: &'a Matrix,
    clusters: &'a [Vec<usize>],
    family: Family,
    working: WorkingCorrelation,
}

/// The sums at given coefficients and correlation. Only sums of a cluster enter, whatever its size.
struct Sums {
    /// `D'V⁻¹D` of each cluster and `D'V⁻¹(y - mean)`.
    parts: Vec<(Matrix, Vec<f64>)>,
    correlation: f64,
    dispersion: f64,
}

struct Solution {
    coefficients: Vec<f64>,
    information: Matrix,
    parts: Vec<(Matrix, Vec<f64>)>,
    correlation: f64,
    dispersion: f64,
}

impl Equations<'_> {
    /// Scoring, the correlation being estimated anew in every round.
    fn solve(&self) -> Result<Solution, StatError> {
        let k = self.design.columns();
        let mut coefficients = self.start()?;
        let mut correlation = 0.0;
        for _ in 0..MOST_ROUNDS {
            let sums = self.sums(&coefficients, correlation)?;
            let mut information = Matrix::zeros(k, k);
            let mut score = vec![0.0; k];
            for (part, gradient) in &sums.parts {
                information = information.plus(part, 1.0);
                score.iter_mut().zip(gradient).for_each(|(sum, value)| *sum += value);
            }
            let step = inverse_spd(&information)?.times_vector(&score);
            let settled = step.iter().zip(&coefficients).all(|(step, value)| step.abs() <= 1e-11 * (1.0 + value.abs()))
                && (sums.correlation - correlation).abs() <= 1e-11;
            coefficients.iter_mut().zip(&step).for_each(|(value, step)| *value += step);
            correlation = sums.correlation;
            if settled {
                let Sums { parts, dispersion, .. } = sums;
                return Ok(Solution { coefficients, information, parts, correlation, dispersion });
            }
        }
        Err(StatError::NoConvergence { reason: "the estimating equations do not settle".to_owned() })
    }

    /// Coefficients that fit the overall mean, where the columns hold a constant; zeros elsewhere.
    fn start(&self) -> Result<Vec<f64>, StatError> {
        let mut coefficients = vec![0.0; self.design.columns()];
        let mean = self.outcome.iter().sum::<f64>() / self.outcome.len() as f64;
        let constant = (0..coefficients.len()).find(|&j| self.design.column(j).iter().all(|&value| value == 1.0));
        let predictor = match self.family {
            Family::Normal => mean,
            Family::Binary => ln(mean / (1.0 - mean)),
            Family::Count => ln(mean),
        };
        if !predictor.is_finite() {
            return Err(StatError::ZeroVariance);
        }
        if let Some(j) = constant {
            coefficients[j] = predictor;
        }
        Ok(coefficients)
    }

    fn sums(&self, coefficients: &[f64], correlation: f64) -> Result<Sums, StatError> {
        let (n, k) = (self.outcome.len() as f64, self.design.columns());
        let (mut squares, mut products, mut pairs) = (0.0, 0.0, 0.0);
        let mut parts = Vec::with_capacity(self.clusters.len());
        for units in self.clusters {
            let size = units.len() as f64;
            let spread = 1.0 + (size - 1.0) * correlation;
            if spread <= 1e-9 || correlation >= 1.0 - 1e-9 {
                return Err(StatError::not_estimable("the correlation within clusters leaves its range"));
            }
            let (mut cross, mut gradient) = (Matrix::zeros(k, k), vec![0.0; k]);
            let (mut column_sums, mut residual_sum, mut own) = (vec![0.0; k], 0.0, 0.0);
            for &unit in units {
                let row = self.design.row(unit);
                let predictor: f64 = row.iter().zip(coefficients).map(|(x, b)| x * b).sum();
                if !predictor.is_finite() || (self.family != Family::Normal && predictor.abs() > LARGEST) {
                    return Err(StatError::not_estimable("a coefficient is infinite: a group has one kind of outcome"));
                }
                let (mean, slope, deviation) = self.family.at(predictor);
                let residual = (self.outcome[unit] - mean) / deviation;
                let scaled: Vec<f64> = row.iter().map(|x| x * slope / deviation).collect();
                cross.add_outer(&scaled, 1.0);
                for j in 0..k {
                    gradient[j] += scaled[j] * residual;
                    column_sums[j] += scaled[j];
                }
                residual_sum += residual;
                own += residual * residual;
            }
            let shrink = correlation / spread;
            cross.add_outer(&column_sums, -shrink);
            gradient.iter_mut().zip(&column_sums).for_each(|(value, sum)| *value -= shrink * sum * residual_sum);
            let front = 1.0 / (1.0 - correlation);
            parts.push((Matrix::zeros(k, k).plus(&cross, front), gradient.iter().map(|value| front * value).collect()));
            squares += own;
            products += 0.5 * (residual_sum * residual_sum - own);
            pairs += 0.5 * size * (size - 1.0);
        }
        let dispersion = squares / (n - k as f64);
        if dispersion <= 0.0 {
            return Err(StatError::ZeroVariance);
        }
        let correlation = match self.working {
            WorkingCorrelation::Independent => 0.0,
            WorkingCorrelation::Exchangeable if pairs > k as f64 => products / dispersion / (pairs - k as f64),
            WorkingCorrelation::Exchangeable => {
                return Err(StatError::not_estimable("too few pairs within clusters for a correlation"));
            }
        };
        Ok(Sums { parts, correlation, dispersion })
    }
}

impl Solution {
    /// Robust variance of a coefficient.
    ///
    /// With `H = D B⁻¹ D'V⁻¹` in a cluster, `D'V⁻¹ f(H) = f(Q B⁻¹) D'V⁻¹` for `Q = D'V⁻¹D`: the correction of the residuals is one
    /// of the cluster's sums, with as many rows as there are coefficients.
    fn variance(&self, bread: &Matrix, coefficient: usize, correction: FewClusters) -> Result<f64, StatError> {
        let power = match correction {
            FewClusters::None => 0.0,
            FewClusters::KauermannCarroll => -0.5,
            FewClusters::ManclDeRouen => -1.0,
        };
        let half = power_symmetric(bread, 0.5, 0.0)?;
        let unhalf = power_symmetric(bread, -0.5, 0.0)?;
        let direction = bread.column(coefficient);
        let mut variance = 0.0;
        for (part, gradient) in &self.parts {
            let corrected = if correction == FewClusters::None {
                gradient.clone()
            } else {
                let leverage = half.times(part).times(&half);
                let rest = Matrix::identity(bread.rows()).plus(&leverage, -1.0);
                unhalf.times_vector(&power_symmetric(&rest, power, 1e-9)?.times_vector(&half.times_vector(gradient)))
            };
            variance += direction.iter().zip(&corrected).map(|(a, b)| a * b).sum::<f64>().powi(2);
        }
        Ok(variance)
    }
}
